//! Whether `@flatten` is possible: the object must leave exactly one shown member, or be a
//! connection with `nodes`, whatever `@skip` and `@include` decide.
//!
//! The executor compiles shaping into its writer and refuses what is not possible, but only when
//! the operation is first run; here it is found when the document is written.

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::syntax::{self, Document, Limits, List};
use braid_planner::document::{Conditions, ValidDocument};
use braid_planner::operation::{Field, Selection};

use crate::Fault;

/// As many conditions are tried in all combinations; more of them all true and all false.
const CONDITIONS_MAX: usize = 6;

/// What is wrong with the document's shaping. `text` is what `document` was read from.
pub(crate) fn check(schema: &Supergraph, document: &ValidDocument, text: &str) -> Vec<Fault> {
    let mut found: Vec<(Vec<String>, String)> = Vec::new();
    for conditions in combinations(document.conditions().len()) {
        let operation = document.normalise(schema, conditions, &AuthSet::new());
        let mut walk = Walk { schema, path: Vec::new(), found: &mut found };
        walk.level(&[&operation.selections]);
    }
    let Ok(doc) = syntax::parse(text, Limits::OPERATION) else { return Vec::new() };
    let root = doc.operations.first().map_or(List::EMPTY, |operation| operation.selections);
    found
        .into_iter()
        .map(|(path, message)| {
            let place = locate(&doc, root, &path);
            (place.map_or((1, 1), |span| doc.position(span.start)), message)
        })
        .collect()
}

fn combinations(count: usize) -> Vec<Conditions> {
    let with = |bits: usize| {
        let set = (0..count).filter(|&bit| count > CONDITIONS_MAX || bits >> bit & 1 == 1);
        set.fold(Conditions::default(), Conditions::with)
    };
    if count > CONDITIONS_MAX {
        return vec![Conditions::default(), with(0)];
    }
    (0..1_usize << count).map(with).collect()
}

struct Walk<'a> {
    schema: &'a Supergraph,
    path: Vec<String>,
    found: &'a mut Vec<(Vec<String>, String)>,
}

/// A member of an object in the answer; `None` is `__typename`.
type Member<'o> = (&'o str, Option<&'o Field>);

impl Walk<'_> {
    /// Looks at the members that selection sets on one object give it.
    fn level(&mut self, sets: &[&[Selection]]) {
        let members = members(sets);
        let mut seen: Vec<&str> = Vec::new();
        for &(key, _) in &members {
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let of_key = members.iter().filter(|(other, _)| *other == key);
            let fields: Vec<&Field> = of_key.filter_map(|(_, field)| *field).collect();
            let below: Vec<&[Selection]> = fields.iter().map(|f| f.selections.as_slice()).collect();
            self.path.push(key.to_owned());
            if fields.iter().any(|field| field.shaping.flatten)
                && let Some(message) = self.refusal(key, &fields, &below)
                && self.found.iter().all(|(path, _)| *path != self.path)
            {
                self.found.push((self.path.clone(), message));
            }
            self.level(&below);
            self.path.pop();
        }
    }

    /// Why fields of one key cannot be flattened.
    fn refusal(&self, key: &str, fields: &[&Field], below: &[&[Selection]]) -> Option<String> {
        let field = self.schema.field_def(fields.first()?.field);
        if !self.schema.is_composite(field.ty.named) {
            return Some(format!("`@flatten` is for objects, and `{key}` is none"));
        }
        let members = members(below);
        let hidden = |key: &str| {
            let mut same = members.iter().filter(|(other, _)| *other == key);
            same.any(|(_, field)| field.is_some_and(|field| field.shaping.hide))
        };
        let mut shown: Vec<&str> = members.iter().map(|(key, _)| *key).collect();
        shown.retain(|key| !hidden(key));
        shown.sort_unstable();
        shown.dedup();
        let is_nodes = |(key, field): &Member<'_>| {
            field.is_some_and(|f| self.schema.field_name(f.field) == "nodes") && !hidden(key)
        };
        if shown.len() == 1 || members.iter().any(is_nodes) {
            return None;
        }
        let shows = if shown.is_empty() {
            "`@skip`, `@include` and `@hide` can leave none".to_owned()
        } else {
            format!("`{}` are shown; `@hide` all but one", shown.join("`, `"))
        };
        Some(format!("`@flatten` on `{key}` needs one shown member, or `nodes`: {shows}"))
    }
}

fn members<'o>(sets: &[&'o [Selection]]) -> Vec<Member<'o>> {
    let mut found = Vec::new();
    for selection in sets.iter().copied().flatten() {
        match selection {
            Selection::Typename { key } => found.push((key.as_str(), None)),
            Selection::Field(field) => found.push((field.key.as_str(), Some(field))),
            Selection::Fragment { selections, .. } => {
                found.extend(members(&[selections.as_slice()]));
            }
        }
    }
    found
}

/// Where the field at that path of the answer has `@flatten`. The document is valid, so fragments
/// have no cycles.
fn locate(doc: &Document, set: List<syntax::Selection>, path: &[String]) -> Option<syntax::Span> {
    let (key, rest) = path.split_first()?;
    doc[set].iter().find_map(|selection| match selection {
        syntax::Selection::Field(field) if doc.text(field.response_key()) == key => {
            if !rest.is_empty() {
                return locate(doc, field.selections, rest);
            }
            let mut directives = doc[field.directives].iter();
            directives.find(|directive| doc.text(directive.name) == "flatten").map(|d| d.span)
        }
        syntax::Selection::Field(_) => None,
        syntax::Selection::Inline(inline) => locate(doc, inline.selections, path),
        syntax::Selection::Spread(spread) => {
            let name = doc.text(spread.name);
            let fragment = doc.fragments.iter().find(|f| doc.text(f.name) == name)?;
            locate(doc, fragment.selections, path)
        }
    })
}
