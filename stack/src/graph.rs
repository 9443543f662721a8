//! The graph: the checked-in supergraph, and how its subgraphs are called.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use braid_documents::Problem;
use braid_executor::{InProcess, InProcessFuture, SubgraphConfig, Subgraphs, Via};
use braid_model::Supergraph;
use braid_router::engine::{Engine, EngineOptions};
use braid_service::graphql::Subgraph;
use braid_vouch::Signer;
use bytes::Bytes;

use crate::args::Remote;
use crate::error::StackError;
use crate::services::Services;

const SDL: &str = include_str!("../../schema/supergraph.graphql");
/// The variable with the key that remote subgraphs take.
const KEY_VARIABLE: &str = "CORRIDOR_ROUTER_KEY";
/// Where a subgraph in this process would answer; it is part of what is signed.
const IN_PROCESS_URL: &str = "http://in-process/graphql";

/// The supergraph of the subgraphs that are built.
pub(crate) fn supergraph() -> Result<Supergraph, StackError> {
    Supergraph::read(SDL)
        .map_err(|error| StackError::Schema(format!("schema/supergraph.graphql: {error}")))
}

/// Problems of stored documents as one error.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` takes")]
pub(crate) fn problems(problems: Vec<Problem>) -> StackError {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    StackError::Schema(format!("stored documents do not fit the schema:\n  {}", lines.join("\n  ")))
}

/// The engine over subgraphs in this process and elsewhere.
pub(crate) fn engine(
    services: &Services,
    remotes: &[Remote],
    options: EngineOptions,
) -> Result<Engine, StackError> {
    let schema = Arc::new(supergraph()?);
    let remote_signer = if remotes.is_empty() { None } else { Some(Arc::new(remote_signer()?)) };
    let mut configs = Vec::new();
    for subgraph in &schema.subgraphs {
        let local = services.subgraphs.iter().find(|(service, _)| service.name() == subgraph.name);
        let remote = remotes.iter().find(|remote| remote.name == subgraph.name);
        configs.push(match (local, remote) {
            (Some((service, signer)), _) => SubgraphConfig {
                via: Via::InProcess(Arc::new(Local(Arc::clone(&service.subgraph)))),
                signer: Some(Arc::clone(signer)),
                ..SubgraphConfig::new(&subgraph.name, IN_PROCESS_URL)
            },
            (None, Some(remote)) => SubgraphConfig {
                signer: remote_signer.clone(),
                ..SubgraphConfig::new(&subgraph.name, &remote.url)
            },
            (None, None) => {
                return Err(StackError::Schema(format!(
                    "the supergraph has the subgraph `{}`, which is not built",
                    subgraph.name
                )));
            }
        });
    }
    let subgraphs =
        Subgraphs::new(configs).map_err(|error| StackError::Schema(error.to_string()))?;
    Ok(Engine::new(schema, subgraphs, options))
}

fn remote_signer() -> Result<Signer, StackError> {
    let key = std::env::var(KEY_VARIABLE).map_err(|_| StackError::RemoteKey)?;
    let (id, secret) = key.split_once(':').ok_or(StackError::RemoteKey)?;
    let secret = URL_SAFE_NO_PAD.decode(secret).map_err(|_| StackError::RemoteKey)?;
    Signer::new(id, &secret).map_err(StackError::Key)
}

/// A subgraph of this process, called with the bytes that it would get over HTTP.
struct Local(Arc<Subgraph>);

impl InProcess for Local {
    fn call(&self, request: http::Request<Bytes>) -> InProcessFuture {
        let subgraph = Arc::clone(&self.0);
        Box::pin(async move { subgraph.handle(request).await })
    }
}
