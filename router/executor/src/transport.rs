//! One exchange with a subgraph: over HTTP/1.1, HTTP/2 without TLS, or in the same process with
//! the same bytes and headers.
//!
//! The time limit covers the whole exchange with the body, the size limit cuts the body off while
//! it comes. Redirects are not followed (a subgraph must not choose whom we call), encodings are
//! not asked for and not undone, so that a compressed bomb stays what it is: refused. Anything but
//! JSON by its media type is refused, also JSON that is called `text/plain`.

use std::error::Error as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use braid_vouch::{CALLER_HEADER, SIGNATURE_HEADER, TIMEOUT_HEADER};
use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::Scheme;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::Instant;

use crate::fault::Failure;
use crate::run::RequestContext;
use crate::subgraphs::{InProcess, Subgraph, Via};

/// The most bytes of an answer's head.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// The most headers of an answer.
const HEADERS_MAX: usize = 100;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(30);
/// How many idle connections are kept to a subgraph.
const IDLE_MAX: usize = 64;

const SIGNATURE: HeaderName = HeaderName::from_static(SIGNATURE_HEADER);
const CALLER: HeaderName = HeaderName::from_static(CALLER_HEADER);
const TIMEOUT: HeaderName = HeaderName::from_static(TIMEOUT_HEADER);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const ACCEPT: HeaderValue =
    HeaderValue::from_static("application/graphql-response+json, application/json;q=0.9");
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// How requests travel.
pub(crate) enum Transport {
    Http(Box<Client<HttpConnector, Full<Bytes>>>),
    Https(Box<Client<HttpsConnector<HttpConnector>, Full<Bytes>>>),
    InProcess(Arc<dyn InProcess>),
}

/// The answer of a subgraph: JSON by its media type.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

impl Transport {
    /// A transport to `uri`. With `https` it needs the system's certificates of authorities.
    pub(crate) fn new(via: Via, uri: &Uri) -> std::io::Result<Self> {
        let http2 = match via {
            Via::InProcess(service) => return Ok(Self::InProcess(service)),
            Via::Http1 => false,
            Via::H2c => true,
        };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_MAX)
            .http2_only(http2);
        if http2 {
            builder.http2_max_header_list_size(HEAD_BYTES_MAX).http2_adaptive_window(true);
        } else {
            builder.http1_max_buf_size(HEAD_BYTES_MAX as usize).http1_max_headers(HEADERS_MAX);
        }
        if uri.scheme() != Some(&Scheme::HTTPS) {
            return Ok(Self::Http(Box::new(builder.build(connector))));
        }
        connector.enforce_http(false);
        let provider = rustls::crypto::ring::default_provider();
        let connector = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)?
            .https_only()
            .enable_http1()
            .wrap_connector(connector);
        Ok(Self::Https(Box::new(builder.build(connector))))
    }
}

/// Sends a request and receives the whole answer. A request that `mutates` is never sent twice.
pub(crate) async fn exchange(
    subgraph: &Subgraph,
    context: &RequestContext,
    body: Bytes,
    mutates: bool,
) -> Result<Answer, Failure> {
    let deadline = context.deadline.min(Instant::now() + subgraph.timeout);
    let sending = Sending { subgraph, context, deadline, body };
    let exchange = async {
        match &subgraph.transport {
            Transport::Http(client) => over_http(client, &sending, mutates).await,
            Transport::Https(client) => over_http(client, &sending, mutates).await,
            Transport::InProcess(service) => {
                let call = service.call(sending.request());
                // A panic there is the fault of that service alone.
                let answered = AssertUnwindSafe(call).catch_unwind().await;
                let (head, body) = answered.map_err(|_| Failure::Unreachable)?.into_parts();
                judge(head.status, &head.headers)?;
                if body.len() > subgraph.answer_bytes_max {
                    return Err(Failure::TooLarge);
                }
                Ok(Answer { status: head.status, body })
            }
        }
    };
    tokio::time::timeout_at(deadline, exchange).await.unwrap_or(Err(Failure::Timeout))
}

/// Why an exchange over HTTP did not come to its end.
enum Broken {
    /// The connection ended without any of an answer.
    Before,
    Failure(Failure),
}

impl Broken {
    fn failure(self) -> Failure {
        match self {
            Self::Before => Failure::Unreachable,
            Self::Failure(failure) => failure,
        }
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Tries once, and once more if the connection broke before an answer and nothing can be done
/// twice by that.
async fn over_http<C: Connect + Clone + Send + Sync + 'static>(
    client: &Client<C, Full<Bytes>>,
    sending: &Sending<'_>,
    mutates: bool,
) -> Result<Answer, Failure> {
    let answer = match once(client, sending).await {
        Err(Broken::Before) if !mutates => once(client, sending).await,
        answer => answer,
    };
    answer.map_err(Broken::failure)
}

async fn once<C: Connect + Clone + Send + Sync + 'static>(
    client: &Client<C, Full<Bytes>>,
    sending: &Sending<'_>,
) -> Result<Answer, Broken> {
    let request = sending.request().map(Full::new);
    let response = client.request(request).await.map_err(|error| cause(&error))?;
    let (head, body) = response.into_parts();
    judge(head.status, &head.headers)?;
    let body = receive(body, sending.subgraph.answer_bytes_max).await?;
    Ok(Answer { status: head.status, body })
}

/// What is sent, to whom.
struct Sending<'a> {
    subgraph: &'a Subgraph,
    context: &'a RequestContext,
    deadline: Instant,
    body: Bytes,
}

impl Sending<'_> {
    /// The request as every transport sends it, signed anew each time.
    fn request(&self) -> Request<Bytes> {
        let Self { subgraph, context, deadline, body } = self;
        let mut request = Request::new(body.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = subgraph.uri.clone();
        let headers = request.headers_mut();
        headers.reserve(9 + context.headers.len() + subgraph.headers.len());
        for (name, value) in &context.headers {
            headers.append(name.clone(), value.clone());
        }
        for (name, value) in &subgraph.headers {
            headers.insert(name.clone(), value.clone());
        }
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::ACCEPT, ACCEPT);
        headers.insert(header::ACCEPT_ENCODING, IDENTITY);
        let left_ms = deadline.saturating_duration_since(Instant::now()).as_millis();
        headers.insert(TIMEOUT, u64::try_from(left_ms).unwrap_or(u64::MAX).into());
        if let Some(signer) = &subgraph.signer {
            let path = subgraph.uri.path_and_query().map_or("/", |path| path.as_str());
            // A caller is only believed under a signature, so it only travels with one.
            let caller = context.caller.as_ref();
            let text = caller.and_then(|caller| caller.to_str().ok());
            let signature = signer.sign("POST", path, text, body, now_ms());
            if let (Some(caller), Some(_)) = (caller, text) {
                headers.insert(CALLER, caller.clone());
            }
            if let Ok(signature) = HeaderValue::try_from(signature) {
                headers.insert(SIGNATURE, signature);
            }
        }
        request
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Whether the body is worth reading.
fn judge(status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    if status.is_redirection() {
        return Err(Failure::Http(status.as_u16()));
    }
    let both = headers.contains_key(header::CONTENT_LENGTH)
        && headers.contains_key(header::TRANSFER_ENCODING);
    if both {
        return Err(Failure::Malformed);
    }
    let encoded = |value: &HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !is_json(headers) || headers.get_all(header::CONTENT_ENCODING).iter().any(encoded) {
        return Err(match status.is_success() {
            true => Failure::Malformed,
            false => Failure::Http(status.as_u16()),
        });
    }
    Ok(())
}

/// The media types of GraphQL over HTTP (section 6.4).
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.eq_ignore_ascii_case("application/graphql-response+json")
}

/// The whole body, if it is within the limit.
async fn receive(mut body: Incoming, bytes_max: usize) -> Result<Bytes, Failure> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > bytes_max {
        return Err(Failure::TooLarge);
    }
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // A body that ends too early is no answer, whatever of it is here.
        let frame = frame.map_err(|_| Failure::Malformed)?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + all.len() + data.len() > bytes_max {
            return Err(Failure::TooLarge);
        }
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            all.reserve(announced.max(first.len() + data.len()));
            all.extend_from_slice(&first);
            first = Bytes::new();
        }
        all.extend_from_slice(&data);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

/// What an error of the client means.
fn cause(error: &ClientError) -> Broken {
    if error.is_connect() {
        return Failure::Unreachable.into();
    }
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_parse_too_large() {
                return Failure::TooLarge.into();
            }
            if error.is_parse() {
                return Failure::Malformed.into();
            }
        }
        source = error.source();
    }
    Broken::Before
}
