//! One service on its own: HTTP, health, signals. `main.rs` of every subgraph is a call of
//! [`run`].
//!
//! Configured by the environment, all problems told at once:
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `BRAID_LISTEN` | address, such as `127.0.0.1:4101` | required |
//! | `BRAID_DATABASE_URL` | see [`crate::db::Db::open`] | `sqlite:data/<name>.sqlite` |
//! | `BRAID_BUS_URL` | the bus between processes: see [`RedisBus::connect`] | none: events wait in the outbox |
//! | `BRAID_ROUTER_KEY` | `id:secret` (base64url, 32 bytes or more) shared with the router | required |
//! | `BRAID_ROUTER_KEY_OLD` | the key before, while rotating | none |
//! | `BRAID_QUOTE_SECRET` | base64url, 32 bytes or more, shared by catalog and orders | required there |
//! | `BRAID_SEED` | `tiny`, `demo` or `load`: write the demo world at the first start | nothing |
//! | `BRAID_DRAIN` | seconds that open requests may take when stopping | `10` |
//! | `BRAID_LOG` | what to log, such as `info,sqlx=warn` (JSON lines on standard error) | `info` |

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{any, get};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use braid_vouch::Verifier;
use bytes::Bytes;
use http::StatusCode;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::app::{Deps, Service, StartError};
use crate::bus::{Bus, LocalBus, RedisBus};
use crate::clock::Clock;
use crate::ids::IdGen;
use crate::seed::Scale;
use crate::tasks::Tasks;

/// Bytes of a request body that are read; the subgraph's own limit is below it.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What the environment says.
struct Config {
    listen: String,
    database_url: String,
    bus: Option<RedisBus>,
    verifier: Verifier,
    quote_secret: Arc<[u8]>,
    seed: Option<Scale>,
    drain: Duration,
}

#[derive(Clone)]
struct App {
    service: Service,
    is_draining: Arc<AtomicBool>,
}

/// Runs a service until it is told to stop. The body of every subgraph's `main`.
///
/// Between processes the bus is a broker; until one is configured the service has a bus of its
/// own, and its events stay in its outbox.
///
/// # Errors
/// The configuration is wrong, the service does not start, the address is taken.
pub async fn run<F>(name: &'static str, build: impl FnOnce(Deps) -> F) -> Result<(), StartError>
where
    F: Future<Output = Result<Service, StartError>>,
{
    log();
    let config = Config::from_env(name)?;
    let tasks = Tasks::new();
    let clock = Clock::system();
    let bus: Arc<dyn Bus> = match config.bus {
        Some(bus) => Arc::new(bus),
        // Never started: what is published here would reach nobody, and be marked as if it had.
        None => Arc::new(LocalBus::new()),
    };
    let service = build(Deps {
        database_url: config.database_url,
        ids: Arc::new(IdGen::new(clock.clone())),
        clock,
        bus,
        verifier: Arc::new(config.verifier),
        quote_secret: config.quote_secret,
        tasks: tasks.clone(),
    })
    .await?;
    if let Some(scale) = config.seed {
        service.seed(scale, Arc::new(|_, _| {})).await?;
    }
    let listener = TcpListener::bind(&config.listen).await.map_err(|error| StartError::Config {
        name: "BRAID_LISTEN".to_owned(),
        problem: format!("`{}`: {error}", config.listen),
    })?;
    tracing::info!(service.name = name, listen = config.listen, "serving");
    serve(listener, service, tasks, config.drain).await;
    Ok(())
}

/// JSON lines on standard error. A subscriber that is there already stays.
fn log() {
    let filter = variable("BRAID_LOG").unwrap_or_else(|| "info".to_owned());
    let filter = EnvFilter::builder().parse_lossy(filter);
    let subscriber = tracing_subscriber::fmt().json().with_writer(std::io::stderr);
    if subscriber.with_env_filter(filter).try_init().is_err() {
        tracing::debug!("logging was set up before");
    }
}

/// Serves a service on a listener until SIGINT, SIGTERM or `tasks` begin to stop; then drains.
pub async fn serve(listener: TcpListener, service: Service, tasks: Tasks, drain: Duration) {
    let is_draining = Arc::new(AtomicBool::new(false));
    let db = service.db.clone();
    let app = router(App { service, is_draining: Arc::clone(&is_draining) });
    let stopping = tasks.token();
    let signalled = stopping.clone();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        tokio::select! {
            () = stop_signal() => {}
            () = signalled.cancelled() => {}
        }
        // Unready first, so that balancers look elsewhere while open requests end.
        is_draining.store(true, Ordering::SeqCst);
        signalled.cancel();
    });
    tokio::select! {
        served = async { server.await } => if let Err(error) = served {
            tracing::error!(%error, "the server ended");
        },
        () = async { stopping.cancelled().await; tokio::time::sleep(drain).await } => {
            tracing::warn!("open requests were cut at the end of the drain time");
        }
    }
    if !tasks.shutdown(drain).await {
        tracing::warn!("background tasks were cut at the end of the drain time");
    }
    db.close().await;
}

fn router(app: App) -> Router {
    Router::new()
        .route("/graphql", any(graphql))
        .route("/health/live", get(|| async { "live" }))
        .route("/health/ready", get(ready))
        .fallback(plain)
        .with_state(app)
}

async fn graphql(State(app): State<App>, request: Request) -> Response {
    match collect(request).await {
        Ok(request) => app.service.subgraph.handle(request).await.map(Body::from),
        Err(status) => status_only(status),
    }
}

async fn plain(State(app): State<App>, request: Request) -> Response {
    let Some(handler) = app.service.http.clone() else {
        return status_only(StatusCode::NOT_FOUND);
    };
    match collect(request).await {
        Ok(request) => handler(request).await.map(Body::from),
        Err(status) => status_only(status),
    }
}

async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if !app.is_draining.load(Ordering::SeqCst) && app.service.is_ready().await {
        (StatusCode::OK, "ready")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready")
    }
}

async fn collect(request: Request) -> Result<http::Request<Bytes>, StatusCode> {
    let (parts, body) = request.into_parts();
    // An announced length is refused before a byte of the body is waited for.
    let announced = body.size_hint().lower();
    if announced > BODY_BYTES_MAX as u64 {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, BODY_BYTES_MAX));
    let body = body.await.map_err(|_| StatusCode::REQUEST_TIMEOUT)?;
    let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    Ok(http::Request::from_parts(parts, body))
}

fn status_only(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if interrupt.await.is_err() {
        tracing::warn!("signals cannot be heard; stop the process to stop the service");
        std::future::pending::<()>().await;
    }
}

// === impl Config ===

impl Config {
    fn from_env(name: &str) -> Result<Self, StartError> {
        let mut problems = Vec::new();
        let listen = variable("BRAID_LISTEN").unwrap_or_else(|| {
            problems.push("BRAID_LISTEN is not set (an address such as 127.0.0.1:4101)".to_owned());
            String::new()
        });
        let verifier = verifier().map_err(|problem| problems.push(problem)).ok();
        let quote_secret = match variable("BRAID_QUOTE_SECRET").map(|text| secret(&text)) {
            None => Arc::from([]),
            Some(Some(bytes)) => Arc::from(bytes),
            Some(None) => {
                problems.push("BRAID_QUOTE_SECRET is not base64url of 32 bytes or more".to_owned());
                Arc::from([])
            }
        };
        let seed = match variable("BRAID_SEED").map(|text| text.parse()) {
            None => None,
            Some(Ok(scale)) => Some(scale),
            Some(Err(error)) => {
                problems.push(format!("BRAID_SEED: {error}"));
                None
            }
        };
        let bus = variable("BRAID_BUS_URL").and_then(|url| {
            let bus = RedisBus::connect(&url);
            bus.map_err(|error| problems.push(format!("BRAID_BUS_URL: {error}"))).ok()
        });
        let drain = match variable("BRAID_DRAIN").map(|text| text.parse()) {
            None => 10,
            Some(Ok(seconds)) => seconds,
            Some(Err(_)) => {
                problems.push("BRAID_DRAIN is not a number of seconds".to_owned());
                10
            }
        };
        let (Some(verifier), []) = (verifier, problems.as_slice()) else {
            return Err(StartError::Config {
                name: "environment".to_owned(),
                problem: problems.join("; "),
            });
        };
        Ok(Self {
            listen,
            database_url: variable("BRAID_DATABASE_URL")
                .unwrap_or_else(|| format!("sqlite:data/{name}.sqlite")),
            bus,
            verifier,
            quote_secret,
            seed,
            drain: Duration::from_secs(drain),
        })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn secret(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() >= 32)
}

fn verifier() -> Result<Verifier, String> {
    let mut keys = Vec::new();
    for name in ["BRAID_ROUTER_KEY", "BRAID_ROUTER_KEY_OLD"] {
        if let Some(text) = variable(name) {
            let key = text
                .split_once(':')
                .and_then(|(id, text)| Some((id.to_owned(), secret(text)?)))
                .ok_or_else(|| format!("{name} is not `id:secret` with 32 bytes in base64url"))?;
            keys.push(key);
        }
    }
    if keys.is_empty() {
        let problem = "BRAID_ROUTER_KEY is not set (`id:secret`, the secret 32 bytes in base64url)";
        return Err(problem.to_owned());
    }
    let keys: Vec<(&str, &[u8])> =
        keys.iter().map(|(id, secret)| (id.as_str(), secret.as_slice())).collect();
    Verifier::new(&keys).map_err(|error| format!("BRAID_ROUTER_KEY: {error}"))
}
