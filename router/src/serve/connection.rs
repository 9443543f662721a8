//! One connection: HTTP/1.1 or h2c, with limits on each request before the application sees it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http::request::Parts;
use http::{HeaderValue, Request, Response, Version, header};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::timed_io::{Activity, InProgress, TimedIo, Times};
use super::{App, Peer, RESERVE_HEADER_TIME, ServeLimits, Shutdown};
use crate::http::health;
use crate::http::metrics::{Metrics, Serving};
use crate::http::negotiate::{MediaType, refuse};
use crate::refusal::{Refusal, RefusalCode};

/// What all connections of a listener share.
pub(super) struct Server<A> {
    pub(super) app: A,
    pub(super) limits: ServeLimits,
    pub(super) requests: Arc<Semaphore>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) shutdown: Shutdown,
}

/// What a connection is good for.
pub(super) enum Slot {
    /// Everything.
    Served(#[expect(dead_code, reason = "held until the connection ends")] OwnedSemaphorePermit),
    /// Health; all else is refused.
    Reserve(#[expect(dead_code, reason = "held until the connection ends")] OwnedSemaphorePermit),
}

/// How much HTTP/1 may buffer of a head before it is refused without a look, in bytes.
const HEAD_BUFFER_MIN: usize = 8 * 1024;

/// Serves a connection to its end.
pub(super) async fn run<A: App>(
    server: Arc<Server<A>>,
    stream: TcpStream,
    peer: SocketAddr,
    slot: Slot,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not set nodelay"); // the connection is gone already
    }
    let serves_all = matches!(slot, Slot::Served(_));
    let limits = &server.limits;
    let times = Times {
        header: if serves_all { limits.header_time } else { RESERVE_HEADER_TIME },
        idle: if serves_all { limits.idle_time } else { RESERVE_HEADER_TIME },
        write_stall: limits.write_stall_time,
    };
    let activity = Arc::new(Activity::default());
    let io = TokioIo::new(TimedIo::new(stream, times, Arc::clone(&activity)));
    let service = service_fn(|request: Request<Incoming>| {
        let (server, in_progress) = (Arc::clone(&server), activity.begin());
        async move {
            let response = handle(&server, request, peer, serves_all).await;
            Ok::<_, Infallible>(response.map(|(body, serving)| Held { body, serving, in_progress }))
        }
    });
    let builder = builder(limits);
    let mut connection = pin!(builder.serve_connection(io, service));
    let mut draining = false;
    loop {
        tokio::select! {
            biased;
            () = server.shutdown.aborted() => return,
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%error, "connection ended");
                }
                return;
            }
            () = server.shutdown.draining(), if !draining => {
                draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder(limits: &ServeLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The timeout of headers is kept by `TimedIo`, which tells them from idleness.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size((limits.headers_bytes_max * 2).max(HEAD_BUFFER_MIN));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_header_list_size(u32::try_from(limits.headers_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(limits.idle_time))
        .keep_alive_timeout(limits.header_time);
    builder
}

/// What is held while an answer is sent.
type HeldParts = (Body, Option<(Serving, OwnedSemaphorePermit)>);

async fn handle<A: App>(
    server: &Server<A>,
    request: Request<Incoming>,
    peer: SocketAddr,
    serves_all: bool,
) -> Response<HeldParts> {
    let (mut parts, body) = request.into_parts();
    if let Err(refusal) = check_head(&parts, server.limits.headers_bytes_max) {
        return refused(server, &refusal);
    }
    parts.extensions.insert(Peer(peer));
    let exempt = parts.uri.path().starts_with(health::PATH_PREFIX);
    let request = Request::from_parts(parts, Body::new(body));
    if exempt {
        return server.app.call(request).await.map(|body| (body, None));
    }
    let permit = match Arc::clone(&server.requests).try_acquire_owned() {
        Ok(permit) if serves_all => permit,
        _ => {
            let message = "the server is serving as many requests as it can; try again";
            let refusal = Refusal::new(RefusalCode::Overloaded, message);
            return refused(server, &refusal.with_header(header::RETRY_AFTER, "1"));
        }
    };
    let serving = server.metrics.begin();
    let response = server.app.call(request).await;
    server.metrics.answered(response.status());
    response.map(|body| (body, Some((serving, permit))))
}

fn refused<A>(server: &Server<A>, refusal: &Refusal) -> Response<HeldParts> {
    server.metrics.answered(refusal.status());
    let mut response = refuse(MediaType::Json, refusal);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response.map(|body| (body, None))
}

/// Checks what HTTP asks of a request's head (RFC 9112, section 3.2) and its size.
fn check_head(parts: &Parts, bytes_max: usize) -> Result<(), Refusal> {
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    let http1 = parts.version <= Version::HTTP_11;
    if hosts > 1 || (hosts == 0 && parts.version == Version::HTTP_11) {
        return Err(Refusal::bad_request("a request has exactly one host header"));
    }
    if !http1 && hosts == 0 && parts.uri.authority().is_none() {
        return Err(Refusal::bad_request("a request has an authority"));
    }
    let mut codings = parts.headers.get_all(header::TRANSFER_ENCODING).iter();
    let chunked = codings.next().is_none_or(|coding| coding.as_bytes() == b"chunked");
    if !chunked || codings.next().is_some() {
        return Err(Refusal::bad_request("the only transfer coding is `chunked`, once"));
    }
    let fields = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let bytes: usize =
        fields.sum::<usize>() + parts.uri.path_and_query().map_or(0, |p| p.as_str().len());
    if bytes > bytes_max {
        let message = format!("the headers are larger than {bytes_max} bytes");
        return Err(Refusal::new(RefusalCode::HeadersTooLarge, message));
    }
    Ok(())
}

/// An answer's body that keeps the request counted until it is sent.
struct Held {
    body: Body,
    #[expect(dead_code, reason = "held until the body is sent")]
    serving: Option<(Serving, OwnedSemaphorePermit)>,
    #[expect(dead_code, reason = "held until the body is sent")]
    in_progress: InProgress,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
