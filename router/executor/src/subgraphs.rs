//! The subgraphs as a router knows them: where each is, how it is called, what it may cost.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use braid_model::ids::SubgraphId;
use braid_vouch::Signer;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Uri};

use crate::headers::is_own;
use crate::transport::Transport;

/// The time a request to a subgraph may take, unless told otherwise.
pub const TIMEOUT: Duration = Duration::from_secs(10);
/// The most bytes of a subgraph's answer, unless told otherwise.
pub const ANSWER_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The answer of a service in the same process.
pub type InProcessFuture = Pin<Box<dyn Future<Output = http::Response<Bytes>> + Send>>;

/// A service in the same process. It gets the bytes and headers that it would get over HTTP.
pub trait InProcess: Send + Sync {
    /// Answers a request.
    fn call(&self, request: http::Request<Bytes>) -> InProcessFuture;
}

/// How a subgraph is called.
#[derive(Clone)]
pub enum Via {
    /// HTTP/1.1, over TLS if the URL says `https`.
    Http1,
    /// HTTP/2 by prior knowledge: `http` only.
    H2c,
    /// Without a socket.
    InProcess(Arc<dyn InProcess>),
}

/// What a router is told of a subgraph.
#[derive(Clone)]
pub struct SubgraphConfig {
    /// Its name in the supergraph; clients see it in `extensions.service`.
    pub name: String,
    /// Where it answers GraphQL.
    pub url: String,
    /// How it is called.
    pub via: Via,
    /// Vouches for our requests, if the subgraph asks for that.
    pub signer: Option<Arc<Signer>>,
    /// Headers that every request carries.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// How long a request may take, from the first byte sent to the last one received.
    pub timeout: Duration,
    /// The most bytes of an answer.
    pub answer_bytes_max: usize,
}

/// A subgraph that cannot be called as it is told.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not a URL with a host.
    #[error("`{url}` of subgraph `{name}` is not an http or https URL with a host")]
    Url {
        /// The subgraph.
        name: String,
        /// What was given.
        url: String,
    },
    /// There are no certificates of authorities to check an `https` subgraph by.
    #[error("load certificates of authorities for subgraph `{name}`")]
    Roots {
        /// The subgraph.
        name: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// Only the router itself may set that header.
    #[error("header `{header}` of subgraph `{name}` is set by the router itself")]
    Header {
        /// The subgraph.
        name: String,
        /// The header.
        header: String,
    },
}

/// A subgraph, ready to be called.
pub(crate) struct Subgraph {
    pub(crate) name: String,
    pub(crate) uri: Uri,
    pub(crate) transport: Transport,
    pub(crate) signer: Option<Arc<Signer>>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) timeout: Duration,
    pub(crate) answer_bytes_max: usize,
}

/// All subgraphs, in the order of the supergraph's.
pub struct Subgraphs {
    all: Vec<Subgraph>,
}

impl SubgraphConfig {
    /// A subgraph with the default limits, called over HTTP/1.1, unsigned.
    pub fn new(name: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            url: url.into(),
            via: Via::Http1,
            signer: None,
            headers: Vec::new(),
            timeout: TIMEOUT,
            answer_bytes_max: ANSWER_BYTES_MAX,
        }
    }
}

impl Subgraphs {
    /// The subgraphs, given in the order of [`braid_model::Supergraph::subgraphs`].
    ///
    /// # Errors
    /// See [`ConfigError`].
    pub fn new(configs: Vec<SubgraphConfig>) -> Result<Self, ConfigError> {
        let all = configs.into_iter().map(Subgraph::new).collect::<Result<_, _>>()?;
        Ok(Self { all })
    }

    pub(crate) fn get(&self, id: SubgraphId) -> Option<&Subgraph> {
        self.all.get(id.index())
    }
}

impl Subgraph {
    fn new(config: SubgraphConfig) -> Result<Self, ConfigError> {
        let uri: Option<Uri> = config.url.parse().ok();
        let fits = |uri: &Uri| match config.via {
            Via::Http1 => matches!(uri.scheme_str(), Some("http" | "https")),
            Via::H2c => uri.scheme_str() == Some("http"),
            Via::InProcess(_) => true,
        };
        let Some(uri) = uri.filter(fits) else {
            return Err(ConfigError::Url { name: config.name, url: config.url });
        };
        if let Some((header, _)) = config.headers.iter().find(|(header, _)| is_own(header)) {
            return Err(ConfigError::Header {
                name: config.name,
                header: header.as_str().to_owned(),
            });
        }
        let transport = Transport::new(config.via, &uri)
            .map_err(|source| ConfigError::Roots { name: config.name.clone(), source })?;
        Ok(Self {
            name: config.name,
            uri,
            transport,
            signer: config.signer,
            headers: config.headers,
            timeout: config.timeout,
            answer_bytes_max: config.answer_bytes_max,
        })
    }
}
