//! A list of subgraphs to compose, in the format of rover:
//!
//! ```yaml
//! subgraphs:
//!   orders:
//!     routing_url: http://127.0.0.1:4105/graphql
//!     schema: { file: orders.graphql }        # beside the list
//!   catalog:
//!     schema: { subgraph_url: http://127.0.0.1:4103/graphql }   # asked for its SDL
//! ```

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Duration;

use braid_composition::SubgraphInput;
use serde::Deserialize;

use crate::config::SubgraphConfig;
use crate::config::load::{self, LoadError};
use crate::fetch::{self, FetchError};

/// The largest SDL that is read, in bytes.
pub const SDL_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long a subgraph may take to tell its SDL.
const SDL_TIME: Duration = Duration::from_secs(10);

/// Why a list could not be read whole.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The list or a file that it names.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A subgraph did not tell its SDL.
    #[error("fetch the schema of subgraph `{name}` from {url}: {source}")]
    Fetch {
        /// The subgraph.
        name: String,
        /// Where it was asked.
        url: String,
        /// Why.
        source: FetchError,
    },
    /// An entry of the list says too little or too much.
    #[error("{}: subgraph `{name}`: {problem}", path.display())]
    Entry {
        /// The list.
        path: PathBuf,
        /// The subgraph.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    /// Which composer is meant; there is one here.
    #[serde(default, rename = "federation_version")]
    _federation_version: Option<String>,
    subgraphs: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    routing_url: Option<String>,
    schema: Schema,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schema {
    #[serde(default)]
    file: Option<PathBuf>,
    #[serde(default)]
    subgraph_url: Option<String>,
    #[serde(default)]
    introspection_headers: BTreeMap<String, String>,
}

/// Reads the list and all schemas, those at URLs concurrently. `subgraphs` is what the router's
/// configuration says of them: keys to sign the question with.
///
/// # Errors
/// The first thing that is wrong.
pub async fn read(
    path: &Path,
    variables: HashMap<String, String>,
    subgraphs: &BTreeMap<String, SubgraphConfig>,
) -> Result<Vec<SubgraphInput>, ListError> {
    let list: List = load::yaml(path, variables)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut reading = tokio::task::JoinSet::new();
    let mut inputs = Vec::new();
    for (name, entry) in list.subgraphs {
        let wrong =
            |problem| ListError::Entry { path: path.to_owned(), name: name.clone(), problem };
        let Schema { file, subgraph_url, introspection_headers } = entry.schema;
        match (file, subgraph_url) {
            (Some(file), None) => {
                let file = folder.join(file);
                let sdl = load::text(&file, SDL_BYTES_MAX as u64)?;
                let url = entry.routing_url.unwrap_or_default();
                inputs.push(SubgraphInput {
                    name,
                    url,
                    sdl,
                    file: Some(file.display().to_string()),
                });
            }
            (None, Some(url)) => {
                let key = subgraphs.get(&name).and_then(|subgraph| subgraph.key.clone());
                reading.spawn(async move {
                    let question = fetch::Question {
                        url: &url,
                        headers: &introspection_headers,
                        key: key.as_ref(),
                        time: SDL_TIME,
                        bytes_max: SDL_BYTES_MAX,
                    };
                    match fetch::sdl(question).await {
                        Ok(sdl) => {
                            let file = Some(url.clone());
                            let url = entry.routing_url.unwrap_or(url);
                            Ok(SubgraphInput { name, url, sdl, file })
                        }
                        Err(source) => Err(ListError::Fetch { name, url, source }),
                    }
                });
            }
            (None, None) => return Err(wrong("`schema` needs `file` or `subgraph_url`")),
            (Some(_), Some(_)) => {
                return Err(wrong("`schema` has both `file` and `subgraph_url`; keep one"));
            }
        }
    }
    while let Some(result) = reading.join_next().await {
        match result {
            Ok(input) => inputs.push(input?),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    inputs.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(inputs)
}
