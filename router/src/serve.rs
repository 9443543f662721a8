//! Serving HTTP on a listener: limits on connections and requests, timeouts, and a graceful end.
//!
//! One loop for the router and all edges. What the application never needs to think about is done
//! here: slow and silent clients, headers that are too large, more connections or requests than
//! allowed (refused at once with 503, health exempt), and draining.

mod connection;
mod shutdown;
mod timed_io;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::http::metrics::Metrics;
pub use shutdown::Shutdown;

/// The limits of a listener.
#[derive(Debug, Clone)]
pub struct ServeLimits {
    /// Connections that are served. A few more are taken, for health and to refuse the rest.
    pub connections_max: usize,
    /// Requests that are served at once.
    pub requests_max: usize,
    /// The size of a request's headers, in bytes.
    pub headers_bytes_max: usize,
    /// From the first byte of a request, or from the start of a connection, to the end of the
    /// headers.
    pub header_time: Duration,
    /// Between requests.
    pub idle_time: Duration,
    /// How long a client may read nothing of its answer.
    pub write_stall_time: Duration,
    /// Streams of one HTTP/2 connection.
    pub streams_max: u32,
    /// From the wish to stop to the end of the last request.
    pub drain_time: Duration,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            connections_max: 4_096,
            requests_max: 1_024,
            headers_bytes_max: 32 * 1024,
            header_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            write_stall_time: Duration::from_secs(30),
            streams_max: 100,
            drain_time: Duration::from_secs(30),
        }
    }
}

/// Something that answers requests.
pub trait App: Clone + Send + Sync + 'static {
    /// Answers one request. Dropped when the client leaves.
    fn call(&self, request: Request<Body>) -> impl Future<Output = Response<Body>> + Send;
}

impl App for axum::Router {
    async fn call(&self, request: Request<Body>) -> Response<Body> {
        let Ok(response) = self.clone().oneshot(request).await;
        response
    }
}

/// The other end of a request's connection; an extension of the request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Connections beyond the cap that are still looked at.
const RESERVE: usize = 64;
/// How long such a connection may take to say what it wants.
const RESERVE_HEADER_TIME: Duration = Duration::from_secs(1);
/// The wait after the system had no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Serves `app` until the shutdown, then lets the requests in progress end.
///
/// Returns when the last connection is closed, at the end of the drain time, or when the shutdown
/// is enforced.
pub async fn serve<A: App>(
    listener: TcpListener,
    app: A,
    limits: &ServeLimits,
    metrics: Arc<Metrics>,
    shutdown: &Shutdown,
) {
    let server = Arc::new(connection::Server {
        app,
        limits: limits.clone(),
        requests: Arc::new(Semaphore::new(limits.requests_max.min(Semaphore::MAX_PERMITS))),
        metrics,
        shutdown: shutdown.clone(),
    });
    let connections =
        Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS - RESERVE)));
    let reserve = Arc::new(Semaphore::new(RESERVE));
    let tasks = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = shutdown.draining() => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    accept_failed(&error).await;
                    continue;
                }
            },
        };
        let slot = match Arc::clone(&connections).try_acquire_owned() {
            Ok(permit) => connection::Slot::Served(permit),
            Err(_) => match Arc::clone(&reserve).try_acquire_owned() {
                Ok(permit) => connection::Slot::Reserve(permit),
                Err(_) => continue, // closed without a word: it is one of thousands
            },
        };
        tasks.spawn(connection::run(Arc::clone(&server), stream, peer, slot));
    }
    drop(listener);
    tasks.close();
    tokio::select! {
        () = tasks.wait() => {}
        () = shutdown.aborted() => {}
        () = tokio::time::sleep(limits.drain_time) => {
            tracing::warn!(connections = tasks.len(), "drain time is over, closing connections");
            shutdown.abort();
        }
    }
}

/// Binds a listener.
///
/// # Errors
/// The address is in use or not ours; the message names it.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { address, source })
}

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("listen on {address}: {}", reason(source))]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use by another process".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "not permitted (ports below 1024 need privileges)".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}

async fn accept_failed(error: &io::Error) {
    let of_the_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    );
    if !of_the_connection {
        tracing::warn!(%error, "could not accept a connection");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
