//! `corridor schema`: the files of the schema folder that are made of the supergraph and of the
//! edges' documents.

use std::fs;
use std::path::Path;

use braid_edge::Bundle;
use braid_model::Supergraph;

use crate::error::StackError;

/// Writes the files into `folder`, or with `check_only` says which are stale.
pub(crate) fn run(folder: &Path, check_only: bool) -> Result<(), StackError> {
    let schema = crate::graph::supergraph()?;
    let mut stale = Vec::new();
    for (name, text) in files(&schema)? {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        if check_only {
            stale.push(name.to_owned());
            continue;
        }
        fs::write(&path, text).map_err(|source| StackError::File { path: path.clone(), source })?;
        eprintln!("wrote {}", path.display());
    }
    if stale.is_empty() { Ok(()) } else { Err(StackError::Stale(stale)) }
}

fn files(schema: &Supergraph) -> Result<Vec<(&'static str, String)>, StackError> {
    let rest = rest_shim::bundle(schema).map_err(crate::graph::problems)?;
    let openapi = rest_shim::openapi(schema, &rest);
    Ok(vec![
        ("openapi.json", format!("{openapi:#}\n")),
        (
            "mobile-documents.json",
            manifest(&bff_mobile::bundle(schema).map_err(crate::graph::problems)?),
        ),
        ("web-documents.json", manifest(&bff_web::bundle(schema).map_err(crate::graph::problems)?)),
    ])
}

/// The documents in the format of Apollo's persisted query manifests.
fn manifest(bundle: &Bundle) -> String {
    let operations: Vec<_> = bundle
        .documents()
        .iter()
        .map(|stored| {
            serde_json::json!({
                "id": stored.hash,
                "name": stored.document.name().unwrap_or(&stored.id),
                "type": match stored.document.kind() {
                    braid_model::syntax::OperationKind::Query => "query",
                    braid_model::syntax::OperationKind::Mutation => "mutation",
                    braid_model::syntax::OperationKind::Subscription => "subscription",
                },
                "body": &*stored.text,
            })
        })
        .collect();
    let manifest = serde_json::json!({
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": operations,
    });
    format!("{manifest:#}\n")
}
