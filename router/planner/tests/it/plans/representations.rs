//! Representations carry a key of the entity and what the fetched fields require, nothing more:
//! checked from the text that is sent, without looking at how the plan was found.

use std::collections::{BTreeMap, BTreeSet};

use braid_model::Supergraph;
use braid_model::bits::TypeSet;
use braid_model::ids::{FieldSetId, SubgraphId, TypeId};
use braid_model::schema::SetSelection;
use braid_model::syntax::{self, Document, Limits, List, Selection};
use braid_planner::plan::{
    EntityGroup, FetchKind, Plan, Representation, RepresentationField, Service, Shape,
};

/// Names with what is below them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tree(BTreeMap<String, Tree>);

/// What is wrong with the representations of a plan.
pub(crate) fn wrong(schema: &Supergraph, plan: &Plan) -> Vec<String> {
    let mut wrong = Vec::new();
    for fetch in &plan.fetches {
        let (Service::Subgraph(graph), FetchKind::Entities(groups)) = (fetch.service, &fetch.kind)
        else {
            continue;
        };
        let doc = syntax::parse(&fetch.operation, Limits::OPERATION).unwrap();
        for group in groups {
            let asked = asked(&doc, group);
            for anchor in &group.anchors {
                for representation in &anchor.representations {
                    let at = &plan.shapes[anchor.at];
                    for entity in entities(schema, representation, at) {
                        let right = is_right(schema, graph, (entity, representation), &asked);
                        if let Err(error) = right {
                            wrong.push(format!("{error}\n{}", fetch.operation));
                        }
                    }
                }
            }
        }
    }
    wrong
}

/// The fields asked of the entities of a group, under their type conditions.
fn asked(doc: &Document, group: &EntityGroup) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for selection in &doc[doc.operations[0].selections] {
        let Selection::Field(field) = selection else { continue };
        if doc.text(field.response_key()) == group.key {
            conditions(doc, field.selections, "", &mut asked);
        }
    }
    assert!(!asked.is_empty(), "no field `{}`", group.key);
    asked
}

fn conditions(doc: &Document, list: List<Selection>, on: &str, asked: &mut Vec<(String, String)>) {
    for selection in &doc[list] {
        match selection {
            Selection::Field(field) => {
                asked.push((on.to_owned(), doc.text(field.name).to_owned()));
            }
            Selection::Inline(inline) => {
                let on = inline.on.map_or(on, |on| doc.text(on));
                conditions(doc, inline.selections, on, asked);
            }
            Selection::Spread(_) => panic!("fetches have no fragments of names"),
        }
    }
}

/// The types that the representation is made for.
fn entities(schema: &Supergraph, made: &Representation, at: &Shape) -> Vec<(TypeId, TypeSet)> {
    let all = made.types.clone().unwrap_or_else(|| schema.ty(at.on.unwrap()).possible.clone());
    match made.typename {
        Some(typename) => vec![(typename, all)],
        None => all.iter().map(|object| (object, TypeSet::of(object))).collect(),
    }
}

fn is_right(
    schema: &Supergraph,
    graph: SubgraphId,
    ((entity, objects), made): ((TypeId, TypeSet), &Representation),
    asked: &[(String, String)],
) -> Result<(), String> {
    let name = schema.type_name(entity);
    let joins = schema.ty(entity).joins.iter().filter(|join| join.subgraph == graph);
    let keys: BTreeSet<FieldSetId> = joins.filter(|j| j.resolvable).filter_map(|j| j.key).collect();
    if keys.is_empty() && made.types.is_none() {
        // Of an interface's objects, not all are in the subgraph.
        return Ok(());
    }
    let mut required: Vec<FieldSetId> = Vec::new();
    for (on, field) in asked.iter().filter(|(_, field)| field != "__typename") {
        let on = schema.type_named(on).unwrap();
        let applies = on == entity || schema.ty(on).possible.intersects(&objects);
        let field = applies.then(|| schema.field_named(entity, field)).flatten();
        let join = field.and_then(|field| schema.join(field, graph));
        required.extend(join.and_then(|join| join.requires));
    }
    let carried = carried(&made.fields, &objects, false);
    let key_parts = carried_keys(&made.fields, &objects);
    let fits = keys.iter().any(|&key| {
        let mut whole = tree(schema, &schema.set(key).selections);
        let key_only = whole == key_parts;
        for &set in &required {
            merge(&mut whole, tree(schema, &schema.set(set).selections));
        }
        key_only && whole == carried
    });
    if fits { Ok(()) } else { Err(format!("{name} is represented by {carried:?}")) }
}

fn carried(fields: &[RepresentationField], objects: &TypeSet, nested: bool) -> Tree {
    let mut tree = Tree::default();
    for field in fields {
        let applies = field.types.as_ref().is_none_or(|types| nested || types.intersects(objects));
        if applies && field.name != "__typename" {
            let below = carried(&field.fields, objects, true);
            merge(tree.0.entry(field.name.clone()).or_default(), below);
        }
    }
    tree
}

fn carried_keys(fields: &[RepresentationField], objects: &TypeSet) -> Tree {
    let keys: Vec<RepresentationField> = fields.iter().filter_map(only_keys).collect();
    carried(&keys, objects, false)
}

fn only_keys(field: &RepresentationField) -> Option<RepresentationField> {
    let fields = field.fields.iter().filter_map(only_keys).collect();
    field.key.then(|| RepresentationField { fields, ..field.clone() })
}

fn tree(schema: &Supergraph, selections: &[SetSelection]) -> Tree {
    let mut made = Tree::default();
    for selection in selections {
        match selection {
            SetSelection::Typename => {}
            SetSelection::Field { field, selections, .. } => {
                let below = made.0.entry(schema.field_name(*field).to_owned()).or_default();
                merge(below, tree(schema, selections));
            }
            SetSelection::Fragment { selections, .. } => {
                merge(&mut made, tree(schema, selections));
            }
        }
    }
    made
}

fn merge(into: &mut Tree, other: Tree) {
    for (name, below) in other.0 {
        merge(into.0.entry(name).or_default(), below);
    }
}
