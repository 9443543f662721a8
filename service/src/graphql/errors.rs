//! Errors as the client may see them.
//!
//! Three kinds meet here: our [`Fault`]s (they know their code and message), errors that
//! async-graphql made itself about the request (parsing, validation, coercion: no source, told as
//! they are), and anything else, which is a fault of ours: logged here, once, and told as INTERNAL.

use async_graphql::{ErrorExtensionValues, ServerError};

use crate::db::DbError;
use crate::fault::Fault;

/// Errors in one answer; the rest is cut with a count.
const ERRORS_MAX: usize = 200;
/// Faults of ours that one answer writes to the log.
const LOGGED_MAX: usize = 5;
/// The longest message of async-graphql that is told, in characters: it quotes input.
const MESSAGE_CHARS_MAX: usize = 300;

/// Gives every error its code and its client's message, and logs what is ours.
pub(super) fn mask(subgraph: &str, errors: &mut Vec<ServerError>) {
    let cut = errors.len().saturating_sub(ERRORS_MAX);
    errors.truncate(ERRORS_MAX);
    let mut logged = 0;
    for error in errors.iter_mut() {
        let (code, message, details) = told(error);
        if let Some(details) = details
            && logged < LOGGED_MAX
        {
            logged += 1;
            let path = path_text(error);
            tracing::error!(subgraph.name = subgraph, path, error = details, "a field failed");
        }
        error.message = message;
        error.source = None;
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code);
        error.extensions = Some(extensions);
    }
    if cut > 0 {
        let mut more = ServerError::new(format!("{cut} more errors"), None);
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", "INTERNAL");
        more.extensions = Some(extensions);
        errors.push(more);
    }
}

/// Code, client's message, and what the log should say.
fn told(error: &ServerError) -> (&'static str, String, Option<String>) {
    if let Some(fault) = error.source::<Fault>() {
        return (fault.code(), fault.to_string(), fault.for_log());
    }
    let internal = || Fault::internal("").to_string();
    if let Some(store) = error.source::<DbError>() {
        return ("INTERNAL", internal(), Some(store.to_string()));
    }
    if error.source.is_some() {
        return ("INTERNAL", internal(), Some(error.message.clone()));
    }
    ("BAD_USER_INPUT", error.message.chars().take(MESSAGE_CHARS_MAX).collect(), None)
}

fn path_text(error: &ServerError) -> String {
    let parts = error.path.iter().map(|segment| match segment {
        async_graphql::PathSegment::Field(name) => name.clone(),
        async_graphql::PathSegment::Index(index) => index.to_string(),
    });
    parts.collect::<Vec<_>>().join(".")
}
