//! The subgraphs of a supergraph, as the configuration says they are reached.

use std::sync::Arc;

use braid_executor::{ConfigError, SubgraphConfig, Subgraphs};
use braid_model::Supergraph;
use braid_vouch::request::KeyError;

use crate::config::Config;

/// Why a subgraph could not be made reachable.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The configuration speaks of a subgraph that the supergraph does not have.
    #[error("the configuration has a subgraph `{name}`, the supergraph does not; it has {known}")]
    Unknown {
        /// The subgraph.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// There is no usable URL.
    #[error("reach a subgraph: {0}; set it under `subgraphs.<name>.url` of the configuration")]
    Config(#[from] ConfigError),
    /// A key that cannot sign.
    #[error("sign for subgraph `{name}`: {source}")]
    Key {
        /// The subgraph.
        name: String,
        /// Why.
        source: KeyError,
    },
}

/// All subgraphs, over HTTP.
///
/// # Errors
/// See [`UpstreamError`].
pub fn subgraphs(schema: &Supergraph, config: &Config) -> Result<Subgraphs, UpstreamError> {
    let names: Vec<&str> = schema.subgraphs.iter().map(|subgraph| &*subgraph.name).collect();
    if let Some(name) = config.subgraphs.keys().find(|name| !names.contains(&name.as_str())) {
        let known = names.join(", ");
        return Err(UpstreamError::Unknown { name: name.clone(), known });
    }
    let mut all = Vec::with_capacity(schema.subgraphs.len());
    for subgraph in &schema.subgraphs {
        let own = config.subgraphs.get(&subgraph.name);
        let url = own.and_then(|own| own.url.as_ref()).unwrap_or(&subgraph.url);
        let mut reached = SubgraphConfig::new(&subgraph.name, url);
        reached.timeout = own.and_then(|own| own.timeout).unwrap_or(config.subgraph_timeout).0;
        reached.answer_bytes_max = config.limits.subgraph_answer.0;
        if let Some(key) = own.and_then(|own| own.key.as_ref()) {
            let signer = key
                .signer()
                .map_err(|source| UpstreamError::Key { name: subgraph.name.clone(), source })?;
            reached.signer = Some(Arc::new(signer));
        }
        all.push(reached);
    }
    Ok(Subgraphs::new(all)?)
}
