//! The router's configuration: one YAML file, every field with a safe default.
//!
//! ```yaml
//! version: 1
//! listen: 127.0.0.1:4000
//! admin: 127.0.0.1:8088        # or off
//! subgraphs:
//!   orders:
//!     url: ${ORDERS_URL:-http://127.0.0.1:4105/graphql}
//!     timeout: 5s
//!     key: { id: router-1, secret: "${ORDERS_KEY}" }
//! tokens:
//!   jwks_url: http://127.0.0.1:4101/.well-known/jwks.json
//!   issuer: https://identity.example.com
//!   audience: braid
//! ```
//!
//! Flags win over the environment, which wins over the file, which wins over the defaults.
//! Unknown keys are refused ([`load`]), because a misspelt limit is no limit.

pub mod load;
mod units;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use units::{Header, Listen, Secret, Size, Span};

use crate::http::body::BodyLimits;
use crate::serve::ServeLimits;

/// The version of the configuration that this build reads.
pub const VERSION: u32 = 1;

/// The whole configuration.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Always [`VERSION`].
    pub version: u32,
    /// Where GraphQL is served.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Where health and metrics are served, besides.
    #[serde(default = "default_admin")]
    pub admin: Listen,
    /// Whether clients may read the schema, and are helped with suggestions. For development.
    #[serde(default)]
    pub introspection: bool,
    /// Whether clients see the messages of subgraphs' errors. For development.
    #[serde(default)]
    pub expose_messages: bool,
    /// Limits of all kinds.
    #[serde(default)]
    pub limits: Limits,
    /// How long a subgraph may take, body included, unless it has a time of its own.
    #[serde(default = "default_subgraph_timeout")]
    pub subgraph_timeout: Span,
    /// What is special about a subgraph, by its name.
    #[serde(default)]
    pub subgraphs: BTreeMap<String, SubgraphConfig>,
    /// Headers of clients that travel on to all subgraphs. Never those that say who the caller is.
    #[serde(default)]
    pub forward_headers: Vec<Header>,
    /// How access tokens are verified; without it every caller is unknown.
    #[serde(default)]
    pub tokens: Option<TokenConfig>,
    /// Which web pages may call the router.
    #[serde(default)]
    pub cors: CorsConfig,
}

/// What is special about a subgraph.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SubgraphConfig {
    /// Where it is, instead of the URL in the supergraph.
    #[serde(default)]
    pub url: Option<String>,
    /// How long it may take.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// The key that requests to it are signed with.
    #[serde(default)]
    pub key: Option<KeyConfig>,
}

/// A signing key.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeyConfig {
    /// Its id, which the subgraph knows it by.
    pub id: String,
    /// The secret: base64url of 32 bytes or more.
    pub secret: Secret,
}

impl KeyConfig {
    /// What signs with it.
    ///
    /// # Errors
    /// Its id cannot be one, or its secret is too short.
    pub fn signer(&self) -> Result<braid_vouch::Signer, braid_vouch::request::KeyError> {
        braid_vouch::Signer::new(&self.id, &self.secret.0)
    }
}

/// How access tokens are verified. One of the sources of keys is to be given.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// Where the provider publishes its keys.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// A file with the keys.
    #[serde(default)]
    pub jwks_file: Option<PathBuf>,
    /// Who must have issued a token (`iss`).
    pub issuer: String,
    /// For whom a token must be (`aud`).
    pub audience: String,
}

/// Which web pages may call the router.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CorsConfig {
    /// Origins such as `https://app.example.com`, compared whole.
    #[serde(default)]
    pub origins: Vec<String>,
}

/// Limits of all kinds. The names say what, the last word says in what unit.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The size of a request's body.
    pub body: Size,
    /// The time for it.
    pub body_time: Span,
    /// The size of a request's headers.
    pub headers: Size,
    /// The time for them.
    pub header_time: Span,
    /// The time between requests of a connection.
    pub idle_time: Span,
    /// The time from a stop to its end.
    pub drain_time: Span,
    /// The time for a whole request, from its body to the answer.
    pub request_time: Span,
    /// The time to plan an operation that is not known yet.
    pub planning_time: Span,
    /// Connections at once.
    pub connections: usize,
    /// Requests at once.
    pub requests: usize,
    /// Streams of an HTTP/2 connection.
    pub streams: u32,
    /// Fields within each other.
    pub depth: usize,
    /// Tokens of a document.
    pub tokens: usize,
    /// Aliases of an operation.
    pub aliases: usize,
    /// Fields of the root type of an operation.
    pub root_fields: usize,
    /// Directives of a document.
    pub directives: usize,
    /// Selections of all operations of a document, expanded.
    pub selections: usize,
    /// Errors that are told of one document.
    pub errors: usize,
    /// The size of a subgraph's answer.
    pub subgraph_answer: Size,
    /// The size of all compiled operations that are kept.
    pub plan_cache: Size,
}

impl Default for Limits {
    fn default() -> Self {
        let (serve, body) = (ServeLimits::default(), BodyLimits::default());
        let documents = braid_planner::limits::Limits::default();
        Self {
            body: Size(body.bytes_max),
            body_time: Span(body.time),
            headers: Size(serve.headers_bytes_max),
            header_time: Span(serve.header_time),
            idle_time: Span(serve.idle_time),
            drain_time: Span(serve.drain_time),
            request_time: Span(Duration::from_secs(30)),
            planning_time: Span(Duration::from_secs(5)),
            connections: serve.connections_max,
            requests: serve.requests_max,
            streams: serve.streams_max,
            depth: documents.depth,
            tokens: documents.tokens,
            aliases: documents.aliases,
            root_fields: documents.root_fields,
            directives: documents.directives,
            selections: documents.selections,
            errors: 20,
            subgraph_answer: Size(8 * 1024 * 1024),
            plan_cache: Size(64 * 1024 * 1024),
        }
    }
}

impl Limits {
    /// The limits of a listener.
    pub fn serve(&self) -> ServeLimits {
        ServeLimits {
            connections_max: self.connections,
            requests_max: self.requests,
            headers_bytes_max: self.headers.0,
            header_time: self.header_time.0,
            idle_time: self.idle_time.0,
            streams_max: self.streams,
            drain_time: self.drain_time.0,
            ..ServeLimits::default()
        }
    }

    /// The limits of a body.
    pub fn body(&self) -> BodyLimits {
        BodyLimits { bytes_max: self.body.0, time: self.body_time.0 }
    }

    /// The limits of a document.
    pub fn document(&self) -> braid_planner::limits::Limits {
        braid_planner::limits::Limits {
            tokens: self.tokens,
            depth: self.depth,
            aliases: self.aliases,
            root_fields: self.root_fields,
            directives: self.directives,
            selections: self.selections,
            ..braid_planner::limits::Limits::default()
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            version: VERSION,
            listen: default_listen(),
            admin: default_admin(),
            introspection: false,
            expose_messages: false,
            limits: Limits::default(),
            subgraph_timeout: default_subgraph_timeout(),
            subgraphs: BTreeMap::new(),
            forward_headers: Vec::new(),
            tokens: None,
            cors: CorsConfig::default(),
        }
    }
}

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 4000).into()
}

fn default_admin() -> Listen {
    Listen::On((Ipv4Addr::LOCALHOST, 8088).into())
}

fn default_subgraph_timeout() -> Span {
    Span(Duration::from_secs(15))
}
