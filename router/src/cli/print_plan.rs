//! Plans for people and tools: a tree, JSON, a flow chart.

use std::fmt::Write as _;

use braid_model::Supergraph;
use braid_planner::operation::{Operation, OperationKind};
use braid_planner::plan::{
    EntityGroup, Fetch, FetchKind, Plan, Representation, RepresentationField, Service,
};
use serde_json::{Value, json};

/// A tree: every fetch stands below the last that it waits for.
pub(crate) fn text(schema: &Supergraph, plan: &Plan) -> String {
    plan.tree_with(schema, &indented)
}

/// The same for tools.
pub(crate) fn json(schema: &Supergraph, operation: &Operation, plan: &Plan) -> String {
    let waves = plan.waves();
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
                "wave": waves[id],
                "operation": fetch.operation,
                "variables": variables,
                "entities": entities,
            })
        })
        .collect();
    let plan = json!({
        "kind": kind(plan.kind),
        "name": operation.name,
        "depth": plan.depth(),
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
                let is_fragment = c == '.' && !line.is_empty() && !line.ends_with('.');
                let is_over = line.ends_with(')') || is_fragment;
                if is_next && is_over && parentheses == 0 && depth > 0 {
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
