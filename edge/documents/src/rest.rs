//! `@rest(method:, path:, status:)`: an operation's route on the REST edge.

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::syntax::{self, Directive, Document, Limits, OperationKind, ValueKind};
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::operation::Selection;

use crate::{Fault, Stored};

/// A route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces: `/v1/orders/{id}`.
    pub path: String,
    /// The segments of the path, in order.
    pub segments: Vec<Segment>,
    /// The status of success; 200 if nothing else is said.
    pub status: u16,
}

/// A segment of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// This text.
    Fixed(String),
    /// The value of the parameter of this name.
    Named(String),
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
    const ALL: [Self; 4] = [Self::Get, Self::Post, Self::Patch, Self::Delete];

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
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Named(name) => Some(name.as_str()),
            Segment::Fixed(_) => None,
        })
    }

    /// Why the document cannot be served at this route.
    pub(crate) fn check(&self, schema: &Supergraph, document: &ValidDocument) -> Vec<String> {
        let mut faults = Vec::new();
        for name in self.parameters() {
            if !document.variables().iter().any(|variable| variable.name == name) {
                faults.push(format!(
                    "the path names `{name}`, which is no variable of the operation"
                ));
            }
        }
        if self.method == Method::Get && document.kind() != OperationKind::Query {
            faults.push("a GET changes nothing: use POST, PATCH or DELETE".to_owned());
        }
        let operation = document.normalise(schema, Conditions::default(), &AuthSet::new());
        let [Selection::Field(root)] = operation.selections.as_slice() else {
            faults.push("a route answers with one root field, without conditions".to_owned());
            return faults;
        };
        let ty = schema.field_def(root.field).ty;
        if ty.is_list() || !schema.is_composite(ty.named) || root.shaping.flatten {
            faults.push(format!("`{}`, the root field of a route, must be an object", root.key));
        }
        faults
    }
}

/// Whether some request would match the routes of both.
pub(crate) fn overlap(one: &Stored, other: &Stored) -> bool {
    let (Some(one), Some(other)) = (&one.rest, &other.rest) else { return false };
    let pairs = || one.segments.iter().zip(&other.segments);
    one.method == other.method
        && one.segments.len() == other.segments.len()
        && pairs().all(|pair| match pair {
            (Segment::Fixed(one), Segment::Fixed(other)) => one == other,
            (Segment::Named(_), _) | (_, Segment::Named(_)) => true,
        })
}

/// A route and where it stands.
type Placed = (Rest, (u32, u32));

/// The text with `@rest` blanked out, and what it said.
pub(crate) fn take(text: &str) -> Result<(String, Option<Placed>), Fault> {
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
    let place = doc.position(directive.span.start);
    if let Some(second) = found.next() {
        let message = "`@rest` stands here a second time".to_owned();
        return Err((doc.position(second.span.start), message));
    }
    let rest = route(&doc, directive).map_err(|message| (place, message))?;
    let (start, end) = (directive.span.start as usize, directive.span.end as usize);
    let mut executable = String::with_capacity(text.len());
    executable.push_str(text.get(..start).unwrap_or_default());
    let blanked = text.get(start..end).unwrap_or_default();
    executable.extend(blanked.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
    executable.push_str(text.get(end..).unwrap_or_default());
    Ok((executable, Some((rest, place))))
}

fn route(doc: &Document, directive: &Directive) -> Result<Rest, String> {
    let (mut method, mut path, mut status) = (None, None, None);
    for argument in &doc[directive.arguments] {
        let value = doc.value(argument.value);
        match (doc.text(argument.name), value.kind) {
            ("method", ValueKind::Enum) if method.is_none() => {
                let name = doc.text(value.span);
                method = Method::ALL.into_iter().find(|method| method.as_str() == name);
                if method.is_none() {
                    return Err(format!("`{name}` is no method; use GET, POST, PATCH or DELETE"));
                }
            }
            ("path", ValueKind::String(string)) if path.is_none() => {
                path = Some(doc.string(string).into_owned());
            }
            // Every route answers with a body, so 204 and 205 are out.
            ("status", ValueKind::Int) if status.is_none() => {
                let code = doc.text(value.span).parse().ok();
                let code: Option<u16> = code.filter(|code| matches!(code, 200..=202));
                status = Some(code.ok_or("`status` is a status of success: 200, 201 or 202")?);
            }
            (name @ ("method" | "path" | "status"), _) => {
                return Err(format!("`{name}` of `@rest` is there twice or of another type"));
            }
            (other, _) => return Err(format!("`@rest` has no argument `{other}`")),
        }
    }
    let method = method.ok_or("`@rest` needs `method`")?;
    let path = path.ok_or("`@rest` needs `path`")?;
    let segments = segments(&path)?;
    Ok(Rest { method, path, segments, status: status.unwrap_or(200) })
}

fn segments(path: &str) -> Result<Vec<Segment>, String> {
    let inner = path.strip_prefix('/').ok_or("`path` starts with `/`")?;
    let mut segments = Vec::new();
    for text in inner.split('/') {
        let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let word = name.unwrap_or(text);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        if word.is_empty() || !word.chars().all(is_plain) {
            return Err(format!(
                "`{text}` is no segment of a path: use a plain word or `{{name}}`"
            ));
        }
        let segment = match name {
            Some(name) => Segment::Named(name.to_owned()),
            None => Segment::Fixed(text.to_owned()),
        };
        if name.is_some() && segments.contains(&segment) {
            return Err(format!("the path names `{word}` twice"));
        }
        segments.push(segment);
    }
    Ok(segments)
}
