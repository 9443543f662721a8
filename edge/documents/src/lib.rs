//! Reads a client's stored documents and checks them against the schema, at build and at start.
//!
//! A document is a file `operations/NAME.graphql` with one operation; clients call it by its name
//! or by the SHA-256 of its text. An edge's build script calls [`build::embed`], so that a schema
//! change which breaks a document is a build error that names it; the edge then has its documents
//! compiled in and calls [`read_all`] on them when it starts. Both check the same [`Rules`].
//!
//! Beyond what validation says, `@flatten` must be possible ([`shaping`]) and a route must be one
//! that can be served ([`rest`]). `@rest(method:, path:, status:)` is taken off before the document
//! is validated, in such a way that every place in the text stays where it is.

pub mod build;
mod rest;
mod shaping;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use braid_model::Supergraph;
use braid_planner::document::ValidDocument;
use braid_planner::validate::Options;
use braid_planner::view::View;

pub use rest::{Method, Rest, Segment};

/// A document as it is compiled into an edge.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The file's name without its ending: the document's id.
    pub id: &'static str,
    /// The text.
    pub text: &'static str,
}

/// A document to be checked.
#[derive(Debug, Clone, Copy)]
pub struct File<'f> {
    /// The document's id.
    pub id: &'f str,
    /// How problems name the file.
    pub path: &'f str,
    /// The text.
    pub text: &'f str,
}

/// What the documents of an edge must keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// What they may see.
    pub audience: Audience,
    /// Whether they are routes.
    pub routes: Routes,
}

impl Rules {
    /// For clients of our own: all of the API, called by id.
    pub const OWN: Self = Self { audience: Audience::Everything, routes: Routes::None };
    /// For third parties: what is tagged for them, called by routes.
    pub const PARTNER: Self = Self {
        audience: Audience::Tagged { include: "partner", exclude: "internal" },
        routes: Routes::Each,
    };
}

/// Whether documents have routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routes {
    /// None has `@rest`.
    None,
    /// Each has `@rest`, and no two of them take the same requests.
    Each,
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

/// Line and column with what is wrong there.
type Fault = ((u32, u32), String);

/// Checks the documents of an edge, in their order.
///
/// # Errors
/// Everything that is wrong with any of them.
pub fn read_all(
    schema: &Supergraph,
    rules: Rules,
    files: &[File<'_>],
) -> Result<Vec<Stored>, Vec<Problem>> {
    let view = rules.audience.view(schema);
    let mut documents: Vec<Stored> = Vec::with_capacity(files.len());
    let mut problems = Vec::new();
    for file in files {
        match read(schema, &view, rules.routes, file) {
            Ok(stored) => {
                let other = documents.iter().find(|other| rest::overlap(&stored, other));
                if let Some(other) = other {
                    let message = format!("`{}` takes the same requests", other.id);
                    problems.push(file.problem(((1, 1), message)));
                }
                documents.push(stored);
            }
            Err(faults) => problems.extend(faults.into_iter().map(|fault| file.problem(fault))),
        }
    }
    if problems.is_empty() { Ok(documents) } else { Err(problems) }
}

fn read(
    schema: &Supergraph,
    view: &View,
    routes: Routes,
    file: &File<'_>,
) -> Result<Stored, Vec<Fault>> {
    let (executable, found) = rest::take(file.text).map_err(|fault| vec![fault])?;
    match (routes, &found) {
        (Routes::None, Some((_, place))) => {
            return Err(vec![(*place, "`@rest` is for documents of the REST edge".to_owned())]);
        }
        (Routes::Each, None) => {
            let message = "a document of the REST edge needs `@rest(method:, path:)`";
            return Err(vec![((1, 1), message.to_owned())]);
        }
        (Routes::None, None) | (Routes::Each, Some(_)) => {}
    }
    let options = Options { stored: true, suggest: true, ..Options::default() };
    let document = ValidDocument::read(schema, view, &executable, None, &options);
    let document = document.map_err(|errors| -> Vec<Fault> {
        let place = |locations: &[(u32, u32)]| locations.first().copied().unwrap_or((1, 1));
        errors.into_iter().map(|error| (place(&error.locations), error.message)).collect()
    })?;
    let mut faults = shaping::check(schema, &document, &executable);
    if let Some((rest, place)) = &found {
        faults.extend(rest.check(schema, &document).into_iter().map(|message| (*place, message)));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Stored {
        id: file.id.to_owned(),
        hash: hash(file.text),
        text: executable.into(),
        rest: found.map(|(rest, _)| rest),
        document,
    })
}

impl File<'_> {
    fn problem(&self, ((line, column), message): Fault) -> Problem {
        Problem { file: self.path.to_owned(), line, column, message }
    }
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
