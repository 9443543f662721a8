//! Plans for people and tools: a tree, JSON, a flow chart.

use std::fmt::Write as _;

use braid_model::Supergraph;
use braid_planner::operation::{Operation, OperationKind};
use braid_planner::plan::{
    EntityGroup, Fetch, FetchId, FetchKind, Plan, Representation, RepresentationField, Service,
};
use serde_json::{Value, json};

/// A tree: every fetch stands below the last that it waits for.
pub(crate) fn text(schema: &Supergraph, operation: &Operation, plan: &Plan) -> String {
    let mut tree = Tree { schema, plan, out: String::new() };
    let name = operation.name.as_deref().unwrap_or("(without a name)");
    let (count, depth) = (plan.fetches.len(), depths(plan).into_iter().max().unwrap_or(0));
    let s = if count == 1 { "" } else { "es" };
    tree.line(0, &format!("{} {name}: {count} fetch{s}, depth {depth}", kind(plan.kind)));
    for (id, fetch) in plan.fetches.iter().enumerate() {
        if fetch.after.is_empty() {
            tree.fetch(id, 0);
        }
    }
    tree.out
}

/// The same for tools.
pub(crate) fn json(schema: &Supergraph, operation: &Operation, plan: &Plan) -> String {
    let depths = depths(plan);
    let fetches: Vec<Value> = plan
        .fetches
        .iter()
        .enumerate()
        .map(|(id, fetch)| {
            let variables: Vec<&str> =
                fetch.variables.iter().map(|&at| &*plan.variables[at].name).collect();
            let entities: Vec<Value> = groups(fetch)
                .iter()
                .map(|group| {
                    json!({
                        "key": group.key,
                        "variable": group.variable,
                        "representations": representations(schema, plan, group),
                    })
                })
                .collect();
            json!({
                "id": id,
                "service": service(schema, fetch),
                "after": fetch.after,
                "depth": depths[id],
                "operation": fetch.operation,
                "variables": variables,
                "entities": entities,
            })
        })
        .collect();
    let plan = json!({
        "kind": kind(plan.kind),
        "name": operation.name,
        "depth": depths.iter().max().copied().unwrap_or(0),
        "fetches": fetches,
    });
    format!("{plan:#}\n")
}

/// A flow chart: from the client through the fetches.
pub(crate) fn mermaid(schema: &Supergraph, plan: &Plan) -> String {
    let mut out = format!("flowchart LR\n  client([{}])\n", kind(plan.kind));
    for (id, fetch) in plan.fetches.iter().enumerate() {
        let mut label = service(schema, fetch).to_owned();
        for group in groups(fetch) {
            let types = representations(schema, plan, group).join(", ");
            label.push_str("<br/>");
            label.push_str(&types.replace('"', "'"));
        }
        writeln!(out, "  f{id}[\"{label}\"]").expect("writing to a string does not fail");
    }
    for (id, fetch) in plan.fetches.iter().enumerate() {
        if fetch.after.is_empty() {
            writeln!(out, "  client --> f{id}").expect("writing to a string does not fail");
        }
        for after in &fetch.after {
            writeln!(out, "  f{after} --> f{id}").expect("writing to a string does not fail");
        }
    }
    out
}

struct Tree<'a> {
    schema: &'a Supergraph,
    plan: &'a Plan,
    out: String,
}

impl Tree<'_> {
    /// Depth is bounded by the number of fetches that depend on each other.
    fn fetch(&mut self, id: FetchId, indent: usize) {
        let fetch = &self.plan.fetches[id];
        let mut head = format!("[{id}] {}", service(self.schema, fetch));
        if !fetch.after.is_empty() {
            let after: Vec<String> = fetch.after.iter().map(|id| format!("[{id}]")).collect();
            write!(head, ", after {}", after.join(" ")).expect("writing to a string does not fail");
        }
        self.line(indent, "");
        self.line(indent, &head);
        for group in groups(fetch) {
            for representation in representations(self.schema, self.plan, group) {
                let line = format!("for each {representation} as ${}", group.variable);
                self.line(indent + 1, &line);
            }
        }
        for line in indented(&fetch.operation) {
            self.line(indent + 1, &line);
        }
        for (next, later) in self.plan.fetches.iter().enumerate() {
            if later.after.iter().max() == Some(&id) {
                self.fetch(next, indent + 1);
            }
        }
    }

    fn line(&mut self, indent: usize, text: &str) {
        if !text.is_empty() {
            self.out.push_str(&"  ".repeat(indent));
            self.out.push_str(text);
        }
        self.out.push('\n');
    }
}

fn kind(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Query => "query",
        OperationKind::Mutation => "mutation",
        OperationKind::Subscription => "subscription",
    }
}

fn service<'s>(schema: &'s Supergraph, fetch: &Fetch) -> &'s str {
    match fetch.service {
        Service::Subgraph(id) => &schema.subgraphs[id.index()].name,
        Service::Introspection => "(introspection)",
    }
}

fn groups(fetch: &Fetch) -> &[EntityGroup] {
    match &fetch.kind {
        FetchKind::Root(_) => &[],
        FetchKind::Entities(groups) => groups,
    }
}

/// For each fetch, how many fetches come one after the other up to it.
fn depths(plan: &Plan) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(plan.fetches.len());
    for fetch in &plan.fetches {
        // Whatever a fetch comes after stands before it.
        let before = fetch.after.iter().filter_map(|&id| depths.get(id)).max();
        depths.push(before.copied().unwrap_or(0) + 1);
    }
    depths
}

/// `Product { upc }` for each different representation of a group.
fn representations(schema: &Supergraph, plan: &Plan, group: &EntityGroup) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let all = group.anchors.iter().flat_map(|anchor| {
        let on = plan.shapes[anchor.at].on;
        anchor.representations.iter().map(move |representation| (on, representation))
    });
    for (on, Representation { types, typename, fields }) in all {
        let name = match (typename.or(on), types) {
            (Some(id), None) => schema.type_name(id).to_owned(),
            (id, Some(types)) => {
                let names: Vec<&str> = types.iter().map(|id| schema.type_name(id)).collect();
                typename
                    .and(id)
                    .map_or_else(|| names.join("|"), |id| schema.type_name(id).to_owned())
            }
            (None, None) => "object".to_owned(),
        };
        let text = format!("{name} {}", field_set(fields));
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    texts
}

fn field_set(fields: &[RepresentationField]) -> String {
    let texts: Vec<String> = fields
        .iter()
        .map(|field| {
            if field.fields.is_empty() {
                field.name.clone()
            } else {
                format!("{} {}", field.name, field_set(&field.fields))
            }
        })
        .collect();
    format!("{{ {} }}", texts.join(" "))
}

/// A one-line operation, broken at its braces.
fn indented(operation: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let (mut line, mut depth, mut parentheses) = (String::new(), 0_usize, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    let mut flush = |line: &mut String, depth: usize| {
        if !line.trim().is_empty() {
            lines.push(format!("{}{}", "  ".repeat(depth), line.trim()));
        }
        line.clear();
    };
    for c in operation.chars() {
        if quoted {
            line.push(c);
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            '{' if parentheses == 0 => {
                line.truncate(line.trim_end().len());
                line.push_str(if line.is_empty() { "{" } else { " {" });
                flush(&mut line, depth);
                depth += 1;
            }
            '}' if parentheses == 0 => {
                flush(&mut line, depth);
                depth = depth.saturating_sub(1);
                line.push(c);
                flush(&mut line, depth);
            }
            ' ' | '\n' if parentheses == 0 && depth > 0 && ends_field(&line) => {
                flush(&mut line, depth);
            }
            _ => {
                let is_next = c.is_ascii_alphabetic() || c == '_' || c == '.';
                if is_next && parentheses == 0 && depth > 0 && line.ends_with(')') {
                    flush(&mut line, depth);
                }
                quoted = c == '"';
                parentheses = match c {
                    '(' => parentheses + 1,
                    ')' => parentheses.saturating_sub(1),
                    _ => parentheses,
                };
                line.push(c);
            }
        }
    }
    flush(&mut line, depth);
    lines
}

/// Whether what stands on the line is whole: no alias, fragment or directive waits for its rest.
fn ends_field(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.ends_with(':') && !line.starts_with("...")
}
