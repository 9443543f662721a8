//! The documents of one kind of client.

use std::collections::HashMap;
use std::sync::Arc;

use braid_documents::{Audience, Problem, Stored};
use braid_model::Supergraph;

pub use braid_documents::Source;

/// Stored documents by id and by hash.
#[derive(Debug, Clone)]
pub struct Bundle {
    documents: Vec<Arc<Stored>>,
    by_id: HashMap<String, Arc<Stored>>,
}

impl Bundle {
    /// Checks documents against what `audience` sees of the schema.
    ///
    /// # Errors
    /// All problems of all documents.
    pub fn load(
        schema: &Supergraph,
        audience: Audience,
        sources: &[Source],
    ) -> Result<Self, Vec<Problem>> {
        let view = audience.view(schema);
        let mut documents = Vec::new();
        let mut problems = Vec::new();
        for source in sources {
            let file = format!("operations/{}.graphql", source.id);
            match braid_documents::read(schema, &view, source.id, &file, source.text) {
                Ok(stored) => documents.push(Arc::new(stored)),
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut by_id = HashMap::new();
        for stored in &documents {
            by_id.insert(stored.id.clone(), Arc::clone(stored));
            by_id.insert(stored.hash.clone(), Arc::clone(stored));
        }
        Ok(Self { documents, by_id })
    }

    /// The document of that id: its name, its SHA-256, or its SHA-256 after `sha256:`.
    pub fn find(&self, id: &str) -> Option<&Arc<Stored>> {
        self.by_id.get(id.strip_prefix("sha256:").unwrap_or(id))
    }

    /// All documents, in the order of their names.
    pub fn documents(&self) -> &[Arc<Stored>] {
        &self.documents
    }
}
