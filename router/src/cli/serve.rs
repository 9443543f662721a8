//! `braid serve`: the router as a process.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use braid_model::Supergraph;
use braid_router::config::{Config, Listen, load};
use braid_router::engine::{Engine, EngineOptions};
use braid_router::http::caller::Authenticator;
use braid_router::http::cors::Cors;
use braid_router::http::graphql::{GraphqlApp, GraphqlOptions};
use braid_router::http::health;
use braid_router::http::metrics::Metrics;
use braid_router::serve::{self, ServeLimits, Shutdown};
use braid_router::upstream;
use braid_vouch::token::TokenVerifier;
use tokio::net::TcpListener;

use super::report::Failure;
use super::{ServeArgs, compose, environment, plan};

/// Connections and requests of the admin listener.
const ADMIN_MAX: usize = 64;
/// The largest key set of a file, in bytes.
const KEY_SET_BYTES_MAX: u64 = 64 * 1024;

/// Runs the command until a signal ends it.
pub(crate) fn run(args: &ServeArgs) -> Result<(), Failure> {
    start_logging();
    let config = config(args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::message(format!("start the runtime: {error}")))?;
    let result = runtime.block_on(serve(args, &config));
    // Planning that nobody waits for any longer does not hold up the end.
    runtime.shutdown_timeout(Duration::from_millis(100));
    result
}

async fn serve(args: &ServeArgs, config: &Config) -> Result<(), Failure> {
    // Listening comes first: that a port is in use is known before anything costs time.
    let main = serve::bind(config.listen).await.map_err(Failure::message)?;
    let admin = match config.admin {
        Listen::On(address) => Some(serve::bind(address).await.map_err(Failure::message)?),
        Listen::Off => None,
    };
    let schema = Arc::new(supergraph(args, config).await?);
    let subgraphs = upstream::subgraphs(&schema, config).map_err(Failure::message)?;
    let authenticator = authenticator(config)?.map(Arc::new);
    let (shutdown, metrics) = (Shutdown::new(), Arc::new(Metrics::default()));
    let engine = Arc::new(Engine::new(Arc::clone(&schema), subgraphs, engine_options(config)));
    let options = GraphqlOptions {
        engine: Arc::clone(&engine),
        authenticator: authenticator.clone(),
        forward: config.forward_headers.iter().map(|name| name.0.clone()).collect(),
        cors: Cors { origins: config.cors.origins.clone() },
        body: config.limits.body(),
        request_time: config.limits.request_time.0,
        metrics: Arc::clone(&metrics),
    };
    let app = GraphqlApp::new(options, &shutdown);
    let mut tasks = tokio::task::JoinSet::new();
    let signals = shutdown.clone();
    tasks.spawn(async move {
        if let Err(error) = signals.listen_to_signals().await {
            tracing::error!(%error, "signals cannot be listened to");
        }
    });
    if let Some(authenticator) = authenticator {
        let shutdown = shutdown.clone();
        tasks.spawn(async move { authenticator.keep_fresh(&shutdown).await });
    }
    announce(&schema, &main, admin.as_ref());
    let limits = config.limits.serve();
    let admin = async {
        if let Some(listener) = admin {
            let limits = admin_limits(&limits);
            let app = admin_app(&metrics, &shutdown);
            serve::serve(listener, app, &limits, Arc::default(), &shutdown).await;
        }
    };
    tokio::join!(serve::serve(main, app, &limits, Arc::clone(&metrics), &shutdown), admin);
    if !shutdown.is_aborted() {
        // Mutations whose clients left; their own deadline bounds them.
        engine.finish().await;
    }
    tasks.abort_all();
    tracing::info!("stopped");
    Ok(())
}

fn config(args: &ServeArgs) -> Result<Config, Failure> {
    let mut config = match &args.config {
        Some(path) => load::config(path, environment())?,
        None => Config::default(),
    };
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    if let Some(admin) = args.admin {
        config.admin = admin;
    }
    config.introspection |= args.introspection;
    Ok(config)
}

async fn supergraph(args: &ServeArgs, config: &Config) -> Result<Supergraph, Failure> {
    if let Some(path) = &args.source.supergraph {
        return plan::read_supergraph(path);
    }
    let list = args.source.subgraphs.as_deref().unwrap_or(std::path::Path::new("subgraphs.yaml"));
    let inputs = compose::read_inputs(list, &config.subgraphs).await?;
    let composed = compose::compose_inputs(&inputs)?;
    Supergraph::read(&composed.supergraph_sdl)
        .map_err(|error| Failure::message(format!("read the composed supergraph: {error}")))
}

fn engine_options(config: &Config) -> EngineOptions {
    EngineOptions {
        introspection: config.introspection,
        expose_messages: config.expose_messages,
        limits: config.limits.document(),
        errors_max: config.limits.errors,
        planning_time: config.limits.planning_time.0,
        cache_bytes: config.limits.plan_cache.0,
        ..EngineOptions::default()
    }
}

fn authenticator(config: &Config) -> Result<Option<Authenticator>, Failure> {
    let Some(tokens) = &config.tokens else { return Ok(None) };
    if let Some(url) = &tokens.jwks_url {
        return Ok(Some(Authenticator::provider(url, &tokens.issuer, &tokens.audience)));
    }
    let Some(path) = &tokens.jwks_file else { return Ok(None) };
    let keys = load::text(path, KEY_SET_BYTES_MAX)?;
    let verifier = TokenVerifier::new(&keys, &tokens.issuer, &tokens.audience)
        .map_err(|error| Failure::message(format!("read {}: {error}", path.display())))?;
    Ok(Some(Authenticator::fixed(verifier)))
}

fn admin_app(metrics: &Arc<Metrics>, shutdown: &Shutdown) -> Router {
    let metrics = Arc::clone(metrics);
    let text = [(http::header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    health::app(shutdown).route("/metrics", get(async move || (text, metrics.render())))
}

fn admin_limits(limits: &ServeLimits) -> ServeLimits {
    ServeLimits { connections_max: ADMIN_MAX, requests_max: ADMIN_MAX, ..limits.clone() }
}

fn announce(schema: &Supergraph, main: &TcpListener, admin: Option<&TcpListener>) {
    let subgraphs = schema.subgraphs.len();
    if let Ok(address) = main.local_addr() {
        tracing::info!(subgraphs, "serving GraphQL on http://{address}/graphql");
    }
    if let Some(Ok(address)) = admin.map(TcpListener::local_addr) {
        tracing::info!("serving health and metrics on http://{address}");
    }
}

/// Logs go to stderr, in colour on a terminal; `BRAID_LOG` says how much.
fn start_logging() {
    use std::io::IsTerminal as _;
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("BRAID_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}
