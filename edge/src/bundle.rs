//! The documents of one kind of client.

use std::collections::HashMap;
use std::sync::Arc;

use braid_documents::{File, Problem, Rules, Stored};
use braid_model::Supergraph;

pub use braid_documents::Source;

/// Stored documents by name and by hash.
#[derive(Debug, Clone)]
pub struct Bundle {
    documents: Vec<Arc<Stored>>,
    by_name: HashMap<String, Arc<Stored>>,
    by_hash: HashMap<String, Arc<Stored>>,
}

impl Bundle {
    /// Checks documents by `rules` against the schema.
    ///
    /// # Errors
    /// All problems of all documents.
    pub fn load(
        schema: &Supergraph,
        rules: Rules,
        sources: &[Source],
    ) -> Result<Self, Vec<Problem>> {
        let path = |source: &Source| format!("operations/{}.graphql", source.id);
        let paths: Vec<String> = sources.iter().map(path).collect();
        let files = sources.iter().zip(&paths);
        let files: Vec<File<'_>> =
            files.map(|(source, path)| File { id: source.id, path, text: source.text }).collect();
        let documents = braid_documents::read_all(schema, rules, &files)?;
        let documents: Vec<Arc<Stored>> = documents.into_iter().map(Arc::new).collect();
        let index = |key: fn(&Stored) -> &String| {
            documents.iter().map(|stored| (key(stored).clone(), Arc::clone(stored))).collect()
        };
        let (by_name, by_hash) = (index(|stored| &stored.id), index(|stored| &stored.hash));
        Ok(Self { documents, by_name, by_hash })
    }

    /// The document of that id: its name, its SHA-256, or its SHA-256 after `sha256:`.
    pub fn find(&self, id: &str) -> Option<&Arc<Stored>> {
        match id.strip_prefix("sha256:") {
            Some(hash) => self.find_hash(hash),
            None => self.by_name.get(id).or_else(|| self.find_hash(id)),
        }
    }

    /// The document with that SHA-256, in lower-case hexadecimal digits.
    pub fn find_hash(&self, hash: &str) -> Option<&Arc<Stored>> {
        self.by_hash.get(hash)
    }

    /// All documents, in the order of their names.
    pub fn documents(&self) -> &[Arc<Stored>] {
        &self.documents
    }
}
