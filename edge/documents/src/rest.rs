//! `@rest(method:, path:, status:)`: an operation's route on the REST edge.

use braid_model::syntax::{self, Directive, Document, Limits, ValueKind};
use braid_planner::document::ValidDocument;

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces: `/v1/orders/{id}`.
    pub path: String,
    /// The status of success; 200 if nothing else is said.
    pub status: u16,
}

/// The methods that a route can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Reads.
    Get,
    /// Creates, or runs a command.
    Post,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// As HTTP spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

impl Rest {
    /// The names in the path's braces, in order.
    pub fn parameters(&self) -> impl Iterator<Item = &str> {
        let inner = |segment: &'_ str| -> Option<(usize, usize)> {
            (segment.starts_with('{') && segment.ends_with('}')).then(|| (1, segment.len() - 1))
        };
        self.path.split('/').filter_map(move |segment| {
            let (from, to) = inner(segment)?;
            segment.get(from..to)
        })
    }

    /// A parameter of the path that is no variable.
    pub(crate) fn unknown_parameter(&self, document: &ValidDocument) -> Option<&str> {
        let known = |name: &str| document.variables().iter().any(|variable| variable.name == name);
        self.parameters().find(|name| !known(name))
    }
}

type Refusal = ((u32, u32), String);

/// The text with `@rest` blanked out, and what it said.
pub(crate) fn take(text: &str) -> Result<(String, Option<Rest>), Refusal> {
    let doc =
        syntax::parse(text, Limits::OPERATION).map_err(|error| (error.position, error.message))?;
    let operation = match doc.operations.as_slice() {
        [operation] => operation,
        [] => return Err(((1, 1), "there is no operation; a stored document has one".to_owned())),
        [_, second, ..] => {
            let message = "there is a second operation; a stored document has one".to_owned();
            return Err((doc.position(second.span.start), message));
        }
    };
    let mut found = doc[operation.directives].iter().filter(|d| doc.text(d.name) == "rest");
    let Some(directive) = found.next() else { return Ok((text.to_owned(), None)) };
    let rest =
        route(&doc, directive).map_err(|message| (doc.position(directive.span.start), message))?;
    let (start, end) = (directive.span.start as usize, directive.span.end as usize);
    let mut executable = String::with_capacity(text.len());
    executable.push_str(text.get(..start).unwrap_or_default());
    let blanked = text.get(start..end).unwrap_or_default();
    executable.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
    executable.push_str(text.get(end..).unwrap_or_default());
    Ok((executable, Some(rest)))
}

fn route(doc: &Document, directive: &Directive) -> Result<Rest, String> {
    let (mut method, mut path, mut status) = (None, None, 200);
    for argument in &doc[directive.arguments] {
        let value = doc.value(argument.value);
        match (doc.text(argument.name), value.kind) {
            ("method", ValueKind::Enum) => {
                let name = doc.text(value.span);
                let known = [Method::Get, Method::Post, Method::Patch, Method::Delete];
                method = known.into_iter().find(|method| method.as_str() == name);
                if method.is_none() {
                    return Err(format!("`{name}` is no method; use GET, POST, PATCH or DELETE"));
                }
            }
            ("path", ValueKind::String(string)) => path = Some(doc.string(string).into_owned()),
            ("status", ValueKind::Int) => {
                let code = doc.text(value.span).parse().ok();
                let code = code.filter(|code| (200..300).contains(code));
                status = code.ok_or("`status` is a status of success, 200 to 299")?;
            }
            (other, _) => return Err(format!("`@rest` has no argument `{other}` of this type")),
        }
    }
    let method = method.ok_or("`@rest` needs `method`")?;
    let path = path.filter(|path: &String| path.starts_with('/'));
    let path = path.ok_or("`@rest` needs `path`, which starts with `/`")?;
    Ok(Rest { method, path, status })
}
