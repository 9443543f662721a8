//! Serving: from the command line to the last closed connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use braid_edge::auth::{self, AuthHandler};
use braid_edge::stored::EdgeParts;
use braid_router::engine::EngineOptions;
use braid_router::http::body::BodyLimits;
use braid_router::http::caller::Authenticator;
use braid_router::http::cors::Cors;
use braid_router::http::graphql::{GraphqlApp, GraphqlOptions};
use braid_router::http::health;
use braid_router::http::metrics::Metrics;
use braid_router::serve::{ServeLimits, Shutdown, serve};
use braid_vouch::token::TokenVerifier;
use bytes::Bytes;

use crate::args::{Args, Remote};
use crate::error::StackError;
use crate::listen::{self, Listeners};
use crate::services::{self, Services, Storage};
use crate::{banner, graph};

/// From the end of a request's body to its answer.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// Serves until Ctrl-C.
pub(crate) async fn run(args: &Args) -> Result<(), StackError> {
    let begun = Instant::now();
    let listeners = listen::bind(args).await?;
    let addresses = listeners.addresses()?;
    let services = start_services(args).await?;
    services.seed(args.scale.into()).await?;
    let options = EngineOptions {
        introspection: !args.production,
        expose_messages: false,
        ..EngineOptions::default()
    };
    let engine = Arc::new(graph::engine(&services, &args.remote, options)?);
    let auth = sign_in(&services, &args.remote)?;
    let parts = EdgeParts {
        engine: Arc::clone(&engine),
        authenticator: Arc::new(authenticator(&auth, &args.remote).await?),
        body: BodyLimits::default(),
        request_time: REQUEST_TIME,
        metrics: Arc::new(Metrics::default()),
    };
    let shutdown = Shutdown::new();
    let signals = listen_to_signals(&shutdown);
    banner::print(&addresses, !args.production, begun.elapsed().as_millis());
    serve_all(args, listeners, parts, &auth, &shutdown).await?;
    if !shutdown.is_aborted() {
        engine.finish().await;
        stop_services(services, Duration::from_secs(args.drain)).await;
    }
    signals.abort();
    Ok(())
}

async fn start_services(args: &Args) -> Result<Services, StackError> {
    let is_remote = |name: &str| args.remote.iter().any(|remote| remote.name == name);
    if args.ephemeral {
        return services::start(&Storage::Ephemeral, is_remote).await;
    }
    std::fs::create_dir_all(&args.data)
        .map_err(|source| StackError::File { path: args.data.clone(), source })?;
    services::start(&Storage::Folder(&args.data), is_remote).await
}

/// The way to the identity subgraph's plain HTTP.
fn sign_in(services: &Services, remotes: &[Remote]) -> Result<AuthHandler, StackError> {
    if let Some(handler) = &services.auth {
        return Ok(Arc::clone(handler));
    }
    let base = identity_url(remotes).ok_or_else(|| StackError::Keys("it is nowhere".to_owned()))?;
    auth::over_http(&base).map_err(|error| StackError::Keys(error.to_string()))
}

/// Where a remote identity subgraph serves plain HTTP: beside its GraphQL.
fn identity_url(remotes: &[Remote]) -> Option<String> {
    let remote = remotes.iter().find(|remote| remote.name == "identity")?;
    Some(remote.url.trim_end_matches("/graphql").to_owned())
}

/// Verifies with the keys of the identity subgraph: those that it has now, if it is in this
/// process; those that it publishes, elsewhere.
async fn authenticator(
    auth: &AuthHandler,
    remotes: &[Remote],
) -> Result<Authenticator, StackError> {
    if let Some(base) = identity_url(remotes) {
        let url = format!("{base}/.well-known/jwks.json");
        return Ok(Authenticator::provider(&url, identity::ISSUER, identity::AUDIENCE));
    }
    let request = http::Request::get("/.well-known/jwks.json").body(Bytes::new());
    let request = request.map_err(|error| StackError::Keys(error.to_string()))?;
    let answer = auth(request).await;
    let keys = std::str::from_utf8(answer.body()).unwrap_or_default();
    let verifier = TokenVerifier::new(keys, identity::ISSUER, identity::AUDIENCE);
    Ok(Authenticator::fixed(verifier.map_err(|error| StackError::Keys(error.to_string()))?))
}

fn listen_to_signals(shutdown: &Shutdown) -> tokio::task::JoinHandle<()> {
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        if let Err(error) = shutdown.listen_to_signals().await {
            tracing::error!(%error, "signals cannot be listened to");
        }
    })
}

async fn serve_all(
    args: &Args,
    listeners: Listeners,
    parts: EdgeParts,
    auth: &AuthHandler,
    shutdown: &Shutdown,
) -> Result<(), StackError> {
    let schema = Arc::clone(parts.engine.schema());
    let limits =
        ServeLimits { drain_time: Duration::from_secs(args.drain), ..ServeLimits::default() };
    let metrics = Arc::clone(&parts.metrics);
    let router = GraphqlApp::new(graphql_options(&parts), shutdown);
    let bundle = bff_mobile::bundle(&schema).map_err(graph::problems)?;
    let mobile = bff_mobile::app(parts.clone(), bundle, Arc::clone(auth), shutdown);
    let bundle = bff_web::bundle(&schema).map_err(graph::problems)?;
    let web = bff_web::app(parts.clone(), bundle, Arc::clone(auth), web_mode(args), shutdown);
    let bundle = rest_shim::bundle(&schema).map_err(graph::problems)?;
    let rest = rest_shim::app(parts, &bundle, Arc::clone(auth), shutdown);
    let admin = admin(&metrics, shutdown);
    tokio::join!(
        serve(listeners.router, router, &limits, Arc::clone(&metrics), shutdown),
        serve(listeners.mobile, mobile, &limits, Arc::clone(&metrics), shutdown),
        serve(listeners.web, web, &limits, Arc::clone(&metrics), shutdown),
        serve(listeners.rest, rest, &limits, Arc::clone(&metrics), shutdown),
        serve(listeners.admin, admin, &limits, Arc::default(), shutdown),
    );
    Ok(())
}

fn graphql_options(parts: &EdgeParts) -> GraphqlOptions {
    GraphqlOptions {
        engine: Arc::clone(&parts.engine),
        authenticator: Some(Arc::clone(&parts.authenticator)),
        forward: Vec::new(),
        cors: Cors::default(),
        body: parts.body,
        request_time: parts.request_time,
        metrics: Arc::clone(&parts.metrics),
    }
}

fn web_mode(args: &Args) -> bff_web::Mode {
    if args.production {
        return bff_web::Mode::Production;
    }
    let login = |user: &identity::DemoUser| bff_web::Login {
        email: user.email.to_owned(),
        password: user.password.to_owned(),
        role: user.role.to_owned(),
    };
    bff_web::Mode::Development(identity::demo_users().iter().map(login).collect())
}

fn admin(metrics: &Arc<Metrics>, shutdown: &Shutdown) -> Router {
    let metrics = Arc::clone(metrics);
    let text = [(http::header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    health::routes(shutdown).route("/metrics", get(async move || (text, metrics.render())))
}

/// Lets background work end, the outbox among it, then closes the databases.
async fn stop_services(services: Services, drain: Duration) {
    if !services.tasks.shutdown(drain).await {
        tracing::warn!("background tasks were cut at the end of the drain time");
    }
    for (service, _) in &services.subgraphs {
        service.db.close().await;
    }
}
