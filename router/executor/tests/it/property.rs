//! Random schemas, data and operations: what the pipeline answers equals what one naive server
//! with all the data answers.

use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use crate::generate::{FieldModel, Model, Random, operation};
use crate::naive::{self, Object, Source};
use crate::support::{Reply, World, errors};

/// One server with all the data.
struct Monolith<'a>(&'a Model);

impl Source for Monolith<'_> {
    fn field(&self, object: &Object, name: &str, arguments: &Object) -> Value {
        let model = self.0;
        let ty = object["__typename"].as_str().unwrap();
        match (ty, name) {
            ("Query", "settings") => json!({"__typename": "Settings"}),
            ("Query", _) => model.root[name].clone(),
            ("Settings", "c") => json!("common"),
            ("Settings", _) => json!(name.len()),
            _ => match model.entity_named(ty) {
                Some(entity) => {
                    let stored = &model.objects[ty][at(object)];
                    if name == "extra" {
                        return json!(format!("extra of {}", stored["id"]));
                    }
                    let field = entity.fields.iter().find(|field| field.name == name);
                    field.map_or(stored.get(name).cloned().unwrap_or_default(), |field| {
                        computed(field, stored, arguments)
                    })
                }
                None => object[name].clone(),
            },
        }
    }
}

fn at(object: &Object) -> usize {
    usize::try_from(object["$at"].as_u64().unwrap()).unwrap()
}

/// A field's value out of the object's fields.
fn computed(field: &FieldModel, stored: &Object, arguments: &Object) -> Value {
    if !field.requires.is_empty() {
        let parts = field.requires.iter().map(|(name, members)| projected(&stored[name], members));
        return json!(Value::Array(parts.collect()).to_string());
    }
    if field.argument {
        let x = arguments.get("x").cloned().unwrap_or_default();
        return json!(format!("{}/{x}", stored[&field.name]));
    }
    stored[&field.name].clone()
}

/// A value with these members only, as a representation has it.
fn projected(value: &Value, members: &[String]) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| projected(item, members)).collect(),
        Value::Object(object) => members
            .iter()
            .map(|name| (name.clone(), object[name].clone()))
            .collect::<Object>()
            .into(),
        other => other.clone(),
    }
}

/// A subgraph: the fields that its schema has, and entities by strict representations.
struct Subgraph<'a> {
    model: &'a Model,
    at: usize,
}

impl Source for Subgraph<'_> {
    fn field(&self, object: &Object, name: &str, arguments: &Object) -> Value {
        let ty = object["__typename"].as_str().unwrap();
        if ty == "I0" {
            // An `@interfaceObject` does not know what it stands for.
            let inner = object["$object"].as_object().unwrap();
            return Monolith(self.model).field(inner, name, arguments);
        }
        if name == "added" {
            return veiled(&self.model.root["added"]);
        }
        if name == "_entities" {
            let representations = arguments["representations"].as_array().unwrap();
            return representations.iter().map(|of| self.entity(of.as_object().unwrap())).collect();
        }
        if let (Some(entity), Some(of)) = (self.model.entity_named(ty), object.get("$of")) {
            let field = entity.fields.iter().find(|field| field.name == name);
            if let Some(field) = field.filter(|field| !field.requires.is_empty()) {
                let of = of.as_object().unwrap();
                for (name, members) in &field.requires {
                    let required = of.get(name).unwrap_or_else(|| panic!("`{name}` is required"));
                    assert_eq!(*required, projected(required, members), "exactly what is required");
                }
                return computed(field, of, arguments);
            }
        } else if let Some(entity) = self.model.entity_named(ty) {
            let field = entity.fields.iter().find(|field| field.name == name);
            assert!(
                field.is_none_or(|field| field.requires.is_empty()),
                "`{name}` without its requirements"
            );
        }
        Monolith(self.model).field(object, name, arguments)
    }
}

impl Subgraph<'_> {
    /// The object that the interface's representation stands for.
    fn implementation(&self, of: &Object) -> Value {
        assert_eq!(of.keys().collect::<Vec<_>>(), ["__typename", "id"]);
        let implementing =
            self.model.entities.iter().filter(|entity| entity.abstracts.contains(&0));
        let mut found = implementing.filter_map(|entity| {
            let mut objects = self.model.objects[&entity.name].iter();
            let at = objects.position(|object| object["id"] == of["id"])?;
            Some(json!({"__typename": entity.name, "$at": at, "$of": of}))
        });
        found.next().unwrap_or_default()
    }

    /// The entity of a representation, which carries a key, what is required, and nothing more.
    fn entity(&self, of: &Object) -> Value {
        let ty = of["__typename"].as_str().unwrap();
        if ty == "I0" {
            let object = self.implementation(of);
            return if self.model.interface_object == Some(self.at) {
                veiled(&object)
            } else {
                object
            };
        }
        let entity = self.model.entity_named(ty).unwrap();
        let keys = &entity.keys[&self.at];
        let has = |key: &&&str| key.split(' ').all(|part| of.contains_key(part));
        let key = keys.iter().find(has).unwrap_or_else(|| panic!("no key in {of:?}"));
        let required = |name: &str| {
            let mut fields = entity.fields.iter().filter(|field| field.owners.contains(&self.at));
            fields.any(|field| field.requires.iter().any(|(other, _)| other == name))
        };
        for name in of.keys().filter(|name| *name != "__typename") {
            let of_key = keys.iter().any(|key| key.split(' ').any(|part| part == name));
            assert!(of_key || required(name), "`{name}` in {of:?}");
        }
        let is = |object: &&Object| key.split(' ').all(|part| object[part] == of[part]);
        let position = self.model.objects[ty].iter().position(|object| is(&object));
        position.map_or(Value::Null, |at| json!({"__typename": ty, "$at": at, "$of": of}))
    }
}

/// Objects as an `@interfaceObject` has them.
fn veiled(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(veiled).collect(),
        Value::Null => Value::Null,
        object => json!({"__typename": "I0", "$object": object}),
    }
}

/// A composed model with its subgraphs in memory; nothing, if it cannot be composed.
struct Composed {
    model: Arc<Model>,
    api: Valid<Schema>,
    world: World,
}

fn compose(seed: u64, faults: bool) -> Option<Composed> {
    let mut random = Random::new(seed);
    let model = Arc::new(Model::new(&mut random, faults));
    let sdls: Vec<(String, String)> =
        (0..model.subgraphs).map(|at| (format!("s{at}"), model.sdl(at, false))).collect();
    let borrowed: Vec<(&str, &str)> =
        sdls.iter().map(|(name, sdl)| (name.as_str(), sdl.as_str())).collect();
    let (mut world, api) = World::composed(&borrowed).ok()?;
    let api = Schema::parse_and_validate(api, "api").unwrap();
    for at in 0..model.subgraphs {
        let plain = Schema::parse_and_validate(model.sdl(at, true), "subgraph").unwrap();
        let model = Arc::clone(&model);
        world = world.on(&format!("s{at}"), move |asked| {
            let variables = asked["variables"].as_object().cloned().unwrap_or_default();
            let text = asked["query"].as_str().unwrap();
            let source = Subgraph { model: &model, at };
            let answer = naive::execute(&plain, text, &variables, &source)
                .unwrap_or_else(|error| panic!("{text}\n{error}"));
            let errors: Vec<Value> =
                answer.errors.iter().map(|path| json!({"message": "null", "path": path})).collect();
            let mut body = json!({"data": answer.data});
            if !errors.is_empty() {
                body["errors"] = Value::Array(errors);
            }
            Reply::bytes(body.to_string())
        });
    }
    Some(Composed { model, api, world })
}

/// What is wrong with the world.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Nothing,
    /// There are nulls where none may be.
    Nulls,
    /// A subgraph is down.
    Down,
}

/// Compares some operations on the model of a seed; how many were compared.
async fn compare(seed: u64, operations: u64, fault: Fault) -> usize {
    let Some(mut composed) = compose(seed, fault == Fault::Nulls) else { return 0 };
    if fault == Fault::Down {
        let down = format!("s{}", seed % u64::try_from(composed.model.subgraphs).unwrap());
        composed.world = composed.world.answers(&down, Reply::bytes("").status(503));
    }
    let Composed { model, api, world } = &composed;
    let mut compared = 0;
    for round in 0..operations {
        let mut random = Random::new(seed * 1000 + round);
        let (text, variables) = operation(&mut random, api);
        let Ok(expected) = naive::execute(api, &text, &variables, &Monolith(model)) else {
            continue;
        };
        if !world.is_planned(&text) {
            continue;
        }
        let context = format!("seed {seed}, round {round}\n{text}\n{}", json!(variables));
        let actual = world.try_run(&text, &json!(variables).to_string()).await;
        let actual = actual.unwrap_or_else(|error| panic!("{error}\n{context}"));
        compared += 1;
        let told = errors(&actual);
        let context = format!("{context}\n{actual}\n{}", expected.data);
        if told.is_empty() {
            assert_eq!(actual["data"], expected.data, "{context}");
            assert!(expected.errors.is_empty(), "{context}");
            continue;
        }
        assert!(fault != Fault::Nothing, "{context}");
        assert!(is_part(&actual["data"], &expected.data), "{context}");
        let mut pathless = 0;
        for error in actual["errors"].as_array().unwrap() {
            let more = error["extensions"]["code"] == "MORE_ERRORS";
            // A failure that costs nothing visible has no path.
            let path = error["path"].as_array();
            assert!(path.is_none_or(|path| leads_to_null(&actual["data"], path)), "{context}");
            pathless += usize::from(path.is_none() && !more);
        }
        assert!(pathless < told.len() || actual["data"] == expected.data, "{context}");
    }
    compared
}

/// Whether `part` is `whole` with nulls in some places.
fn is_part(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Null, _) => true,
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len()
                && part.iter().zip(whole).all(|(part, whole)| is_part(part, whole))
        }
        (Value::Object(part), Value::Object(whole)) => {
            part.keys().eq(whole.keys())
                && part.iter().all(|(name, part)| is_part(part, &whole[name.as_str()]))
        }
        _ => part == whole,
    }
}

/// Whether a path of an error ends at a null, or behind one.
fn leads_to_null(mut value: &Value, path: &[Value]) -> bool {
    for step in path {
        value = match (value, step) {
            (Value::Null, _) => return true,
            (Value::Array(items), Value::Number(at)) => {
                &items[usize::try_from(at.as_u64().unwrap()).unwrap()]
            }
            (Value::Object(object), Value::String(name)) => &object[name],
            _ => return false,
        };
    }
    value.is_null()
}

/// `BRAID_SEEDS` says how many seeds to try, `BRAID_SEED` where to begin. Of a single one the schemas
/// are shown.
async fn compare_all(fault: Fault, seeds: u64) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (from, seeds) = (number("BRAID_SEED").unwrap_or(0), number("BRAID_SEEDS").unwrap_or(seeds));
    if seeds == 1 {
        let model = Model::new(&mut Random::new(from), fault == Fault::Nulls);
        (0..model.subgraphs).for_each(|at| eprintln!("# s{at}\n{}", model.sdl(at, false)));
    }
    let mut compared = 0;
    for seed in from..from + seeds {
        compared += compare(seed, 8, fault).await;
    }
    // The generator must not have become useless.
    assert!(seeds < 50 || compared > usize::try_from(seeds).unwrap() * 2, "{compared} operations");
}

#[tokio::test]
async fn federated_answers_equal_those_of_one_server() {
    compare_all(Fault::Nothing, 100).await;
}

#[tokio::test]
async fn nulls_where_none_may_be_cost_no_more_than_on_one_server() {
    compare_all(Fault::Nulls, 50).await;
}

#[tokio::test]
async fn a_subgraph_that_is_down_costs_only_what_needs_it() {
    compare_all(Fault::Down, 50).await;
}
