//! Reads a client's stored documents and checks them against the schema, at build and at start.
//!
//! A document is a file `operations/NAME.graphql` with one operation; clients call it by its name
//! or by the SHA-256 of its text. An edge's build script calls [`build::embed`], so that a schema
//! change which breaks a document is a build error that names it; the edge then has its documents
//! compiled in and calls [`read`] on them when it starts.
//!
//! `@rest(method:, path:, status:)` on an operation is the REST edge's; it is taken off before the
//! document is validated, in such a way that every place in the text stays where it is.

pub mod build;
mod rest;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use braid_model::Supergraph;
use braid_planner::document::ValidDocument;
use braid_planner::validate::Options;
use braid_planner::view::View;

pub use rest::{Method, Rest};

/// A document as it is compiled into an edge.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The file's name without its ending: the document's id.
    pub id: &'static str,
    /// The text.
    pub text: &'static str,
}

/// What a client's documents may see of the supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// The API schema.
    Everything,
    /// A contract of it: see [`View::tagged`].
    Tagged {
        /// What has this tag is seen.
        include: &'static str,
        /// What has this tag is not.
        exclude: &'static str,
    },
}

impl Audience {
    /// The view of a supergraph.
    pub fn view(self, schema: &Supergraph) -> View {
        match self {
            Self::Everything => View::api(schema),
            Self::Tagged { include, exclude } => View::tagged(schema, include, exclude),
        }
    }
}

/// A stored document, checked.
#[derive(Debug)]
pub struct Stored {
    /// The file's name without its ending.
    pub id: String,
    /// The SHA-256 of the file's text, in lower-case hexadecimal digits.
    pub hash: String,
    /// The text to execute: the file's without `@rest`.
    pub text: Arc<str>,
    /// Its route on the REST edge.
    pub rest: Option<Rest>,
    /// The document, valid.
    pub document: ValidDocument,
}

/// What is wrong with a stored document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct Problem {
    /// The file.
    pub file: String,
    /// The line, counted from one.
    pub line: u32,
    /// The column, counted from one.
    pub column: u32,
    /// What is wrong, and what to do about it.
    pub message: String,
}

/// Checks a document against what `view` shows of the schema. `file` is named in problems.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(
    schema: &Supergraph,
    view: &View,
    id: &str,
    file: &str,
    text: &str,
) -> Result<Stored, Vec<Problem>> {
    let problem = |(line, column): (u32, u32), message: String| Problem {
        file: file.to_owned(),
        line,
        column,
        message,
    };
    let (executable, rest) =
        rest::take(text).map_err(|(position, message)| vec![problem(position, message)])?;
    let options = Options { stored: true, suggest: true, ..Options::default() };
    let document = ValidDocument::read(schema, view, &executable, None, &options);
    let document = document.map_err(|errors| -> Vec<Problem> {
        let place = |locations: &[(u32, u32)]| locations.first().copied().unwrap_or((1, 1));
        errors.into_iter().map(|error| problem(place(&error.locations), error.message)).collect()
    })?;
    if let Some(missing) = rest.as_ref().and_then(|rest| rest.unknown_parameter(&document)) {
        let message = format!("the path names `{missing}`, which is no variable of the operation");
        return Err(vec![problem((1, 1), message)]);
    }
    Ok(Stored { id: id.to_owned(), hash: hash(text), text: executable.into(), rest, document })
}

/// The SHA-256 of a text, in lower-case hexadecimal digits.
pub fn hash(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in digest.as_ref() {
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}
