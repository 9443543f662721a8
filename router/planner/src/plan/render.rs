//! Plans for people and tools: a tree, JSON, a mermaid diagram.

use std::fmt::Write;

use braid_model::Supergraph;

use super::{
    EntityGroup, Fetch, FetchId, FetchKind, Plan, Representation, RepresentationField, Service,
    ShapeId,
};
use crate::operation::OperationKind;

impl Plan {
    /// How many waves the fetches take if each starts as soon as it can.
    pub fn depth(&self) -> usize {
        self.waves().into_iter().map(|wave| wave + 1).max().unwrap_or_default()
    }

    /// For each fetch, how many others must be done before it, one after the other.
    pub fn waves(&self) -> Vec<usize> {
        let mut waves: Vec<usize> = Vec::with_capacity(self.fetches.len());
        for fetch in &self.fetches {
            let before = fetch.after.iter().filter_map(|&other| waves.get(other));
            let wave = before.map(|wave| wave + 1).max().unwrap_or_default();
            waves.push(wave);
        }
        waves
    }

    /// The plan as a tree: each fetch below the last one that it waits for, its operation on one
    /// line.
    pub fn tree(&self, schema: &Supergraph) -> String {
        self.tree_with(schema, &|operation| vec![operation.to_owned()])
    }

    /// The same, with the text of an operation broken into lines by `lines`.
    pub fn tree_with(&self, schema: &Supergraph, lines: &dyn Fn(&str) -> Vec<String>) -> String {
        let mut out = String::new();
        let fetches = self.fetches.len();
        let plural = if fetches == 1 { "" } else { "es" };
        // Writing to a string cannot fail, here and below.
        let _infallible = writeln!(
            out,
            "{} in {fetches} fetch{plural}, depth {}",
            kind_text(self.kind),
            self.depth()
        );
        let top: Vec<FetchId> =
            (0..fetches).filter(|&id| self.fetches[id].after.is_empty()).collect();
        let tree = Tree { schema, paths: self.paths(), lines };
        self.branches(&tree, (&top, ""), &mut out);
        out
    }

    fn branches(&self, tree: &Tree<'_>, (ids, indent): (&[FetchId], &str), out: &mut String) {
        for (at, &id) in ids.iter().enumerate() {
            let last = at + 1 == ids.len();
            let (branch, below) = if last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            let fetch = &self.fetches[id];
            let _infallible = write!(out, "{indent}{branch}#{id} {}", service(tree.schema, fetch));
            let others: Vec<String> =
                fetch.after.iter().rev().skip(1).rev().map(|other| format!("#{other}")).collect();
            if !others.is_empty() {
                let _infallible = write!(out, ", also after {}", others.join(" "));
            }
            out.push('\n');
            let children: Vec<FetchId> = (0..self.fetches.len())
                .filter(|&other| self.fetches[other].after.last() == Some(&id))
                .collect();
            let bar = if children.is_empty() { " " } else { "│" };
            let indent = format!("{indent}{below}");
            let anchors = anchors(tree.schema, fetch, &tree.paths);
            for line in (tree.lines)(&fetch.operation).into_iter().chain(anchors) {
                let _infallible = writeln!(out, "{indent}{bar} {line}");
            }
            self.branches(tree, (&children, &indent), out);
        }
    }

    /// For each shape, where it stands: the fetch and the keys.
    fn paths(&self) -> Vec<String> {
        let mut paths = vec![String::new(); self.shapes.len()];
        for (id, fetch) in self.fetches.iter().enumerate() {
            let mut open: Vec<(ShapeId, String)> = match &fetch.kind {
                FetchKind::Root(shape) => vec![(*shape, format!("#{id}"))],
                FetchKind::Entities(groups) => {
                    let path = |group: &EntityGroup| (group.shape, format!("#{id}.{}", group.key));
                    groups.iter().map(path).collect()
                }
            };
            while let Some((shape, path)) = open.pop() {
                for slot in &self.shapes[shape].slots {
                    if let Some(below) = slot.shape {
                        open.push((below, format!("{path}.{}", slot.key)));
                    }
                }
                paths[shape] = path;
            }
        }
        paths
    }
}

/// What all branches of a tree need.
struct Tree<'a> {
    schema: &'a Supergraph,
    /// For each shape, where it stands.
    paths: Vec<String>,
    lines: &'a dyn Fn(&str) -> Vec<String>,
}

fn service<'s>(schema: &'s Supergraph, fetch: &Fetch) -> &'s str {
    match fetch.service {
        Service::Subgraph(id) => schema.subgraphs[id.index()].name.as_str(),
        Service::Introspection => "introspection",
    }
}

fn kind_text(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    }
}

/// One line for each place and way in which representations are made.
fn anchors(schema: &Supergraph, fetch: &Fetch, paths: &[String]) -> Vec<String> {
    let FetchKind::Entities(groups) = &fetch.kind else { return Vec::new() };
    let mut lines = Vec::new();
    for group in groups {
        for anchor in &group.anchors {
            for representation in &anchor.representations {
                let how = representation_text(schema, representation);
                lines.push(format!("${} <- {}: {how}", group.variable, paths[anchor.at]));
            }
        }
    }
    lines
}

fn representation_text(schema: &Supergraph, representation: &Representation) -> String {
    let own = representation.typename.map_or("its type", |id| schema.type_name(id));
    let mut text = format!("{own} {{");
    parts_text(&representation.fields, &mut text);
    text.push('}');
    if let Some(types) = &representation.types {
        let names: Vec<&str> = types.iter().map(|id| schema.type_name(id)).collect();
        text.push_str(" if ");
        text.push_str(&names.join(" or "));
    }
    text
}

fn parts_text(parts: &[RepresentationField], out: &mut String) {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(&part.name);
        if !part.fields.is_empty() {
            out.push('{');
            parts_text(&part.fields, out);
            out.push('}');
        }
    }
}
