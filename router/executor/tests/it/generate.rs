//! Random federated schemas with their data, and random operations on them.
//!
//! Everything follows from a seed. A schema is a handful of entities whose fields are spread over
//! subgraphs, with several keys, `@requires`, `@provides`, `@shareable`, value types, interfaces,
//! unions, and root objects that no single subgraph has whole.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use crate::naive::Object;

/// A generator of numbers (splitmix64).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(bound.max(1)).unwrap()).unwrap()
    }

    /// True in `percent` of cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

/// A schema with its data.
pub(crate) struct Model {
    pub(crate) subgraphs: usize,
    pub(crate) entities: Vec<Entity>,
    /// The fields of value types: `V0`, `V1`.
    pub(crate) values: Vec<Vec<(String, String)>>,
    pub(crate) roots: Vec<FieldModel>,
    /// The subgraph that adds a field to all implementations of the interface of subgraph 0, without
    /// knowing them (`@interfaceObject`).
    pub(crate) interface_object: Option<usize>,
    /// Subgraphs that have a part each of `Query.settings`.
    pub(crate) settings: Vec<usize>,
    /// The objects of each entity type.
    pub(crate) objects: BTreeMap<String, Vec<Object>>,
    /// The fields of the root types, and of other objects without a type of their own.
    pub(crate) root: Object,
}

pub(crate) struct Entity {
    pub(crate) name: String,
    pub(crate) fields: Vec<FieldModel>,
    /// For each subgraph that has it: its keys.
    pub(crate) keys: BTreeMap<usize, Vec<&'static str>>,
    /// The subgraphs whose interface it implements, and whose union it is a member of.
    pub(crate) abstracts: BTreeSet<usize>,
}

#[derive(Clone)]
pub(crate) struct FieldModel {
    pub(crate) name: String,
    pub(crate) ty: String,
    pub(crate) owners: Vec<usize>,
    /// The fields that it is computed from, and of which members.
    pub(crate) requires: Vec<(String, Vec<String>)>,
    /// A field of the entity that comes along with it.
    pub(crate) provides: Option<String>,
    /// It takes `x: Int = 1`.
    pub(crate) argument: bool,
}

pub(crate) fn named(ty: &str) -> &str {
    ty.trim_matches(['[', ']', '!'])
}

const SCALARS: &[&str] = &["Int", "String", "Boolean", "Float", "Color", "ID"];

impl Model {
    /// A model; with `faults` there are nulls where none may be.
    pub(crate) fn new(random: &mut Random, faults: bool) -> Self {
        let mut model = Self {
            subgraphs: 2 + random.below(3),
            entities: Vec::new(),
            values: Vec::new(),
            roots: Vec::new(),
            settings: Vec::new(),
            interface_object: None,
            objects: BTreeMap::new(),
            root: Object::new(),
        };
        for at in 0..random.below(3) {
            let fields = (0..1 + random.below(3)).map(|field| {
                (format!("v{at}{field}"), wrapped(random, SCALARS[field % SCALARS.len()], true))
            });
            let fields = fields.collect();
            model.values.push(fields);
        }
        let count = 2 + random.below(3);
        for at in 0..count {
            model.entity(random, at, count);
        }
        model.spread(random);
        for at in 0..model.subgraphs * 2 {
            let entity = format!("E{}", random.below(count));
            let ty = match random.below(4) {
                0 => entity,
                1 => wrapped(random, &format!("I{}", at % model.subgraphs), true),
                2 => wrapped(random, &format!("U{}", at % model.subgraphs), true),
                _ => wrapped(random, &format!("[{entity}]"), true),
            };
            model.roots.push(FieldModel::of(format!("q{at}"), ty, at % model.subgraphs));
        }
        if random.chance(40) {
            model.settings = (0..model.subgraphs).filter(|_| random.chance(70)).collect();
        }
        if random.chance(40) {
            model.interface_object = Some(model.subgraphs);
        }
        model.complete(random);
        // A subgraph of its own, for it must not have any of the implementations.
        model.subgraphs += usize::from(model.interface_object.is_some());
        model.fill(random, faults);
        model
    }

    fn entity(&mut self, random: &mut Random, at: usize, count: usize) {
        let mut fields = Vec::new();
        for field in 0..3 + random.below(4) {
            let named = match random.below(10) {
                0..5 => random.pick(SCALARS).to_owned(),
                5 if !self.values.is_empty() => format!("V{}", random.below(self.values.len())),
                _ => format!("E{}", random.below(count)),
            };
            let strict = !named.starts_with('E');
            let owner = random.below(self.subgraphs);
            let ty = wrapped(random, &named, strict);
            let mut made = FieldModel::of(format!("f{at}{field}"), ty, owner);
            if random.chance(15) {
                made.owners.push((owner + 1) % self.subgraphs);
            }
            made.argument = named == "String" && random.chance(50);
            if made.argument {
                made.ty = "String".to_owned();
            }
            fields.push(made);
        }
        let name = format!("E{at}");
        self.entities.push(Entity {
            name,
            fields,
            keys: BTreeMap::new(),
            abstracts: BTreeSet::new(),
        });
    }

    /// `@requires`, `@provides`, interfaces and unions.
    fn spread(&mut self, random: &mut Random) {
        for entity in &mut self.entities {
            let plain: Vec<FieldModel> = entity
                .fields
                .iter()
                .filter(|field| !field.argument && !named(&field.ty).starts_with('E'))
                .cloned()
                .collect();
            for at in 0..random.below(3) {
                let owner = random.below(self.subgraphs);
                let mut made =
                    FieldModel::of(format!("r{}{at}", entity.name), "String".to_owned(), owner);
                for field in &plain {
                    let fits = !field.owners.contains(&owner) && random.chance(50);
                    if fits {
                        let members = match named(&field.ty).strip_prefix('V') {
                            Some(value) => self.values[value.parse::<usize>().unwrap()]
                                .iter()
                                .map(|(name, _)| name.clone())
                                .collect(),
                            None => Vec::new(),
                        };
                        made.requires.push((field.name.clone(), members));
                    }
                }
                if !made.requires.is_empty() {
                    entity.fields.push(made);
                }
            }
            for subgraph in 0..self.subgraphs {
                if random.chance(60) {
                    entity.abstracts.insert(subgraph);
                    let label =
                        FieldModel::of(format!("label{subgraph}"), "String".to_owned(), subgraph);
                    entity.fields.push(label);
                }
            }
        }
        for subgraph in 0..self.subgraphs {
            // An interface or union of nothing would be none.
            let first = &mut self.entities[0];
            if first.abstracts.insert(subgraph) {
                let label =
                    FieldModel::of(format!("label{subgraph}"), "String".to_owned(), subgraph);
                first.fields.push(label);
            }
        }
        self.provide(random);
    }

    fn provide(&mut self, random: &mut Random) {
        let scalars: BTreeMap<String, Vec<(String, Vec<usize>)>> = self
            .entities
            .iter()
            .map(|entity| {
                let fits = |field: &&FieldModel| {
                    SCALARS.contains(&named(&field.ty))
                        && !field.argument
                        && field.requires.is_empty()
                };
                let fields = entity.fields.iter().filter(fits);
                let fields = fields.map(|field| (field.name.clone(), field.owners.clone()));
                (entity.name.clone(), fields.collect())
            })
            .collect();
        for field in self.entities.iter_mut().flat_map(|entity| &mut entity.fields) {
            let of = scalars.get(named(&field.ty)).filter(|of| !of.is_empty());
            let Some(of) = of else { continue };
            let (name, owners) = random.pick(of);
            if field.owners.len() == 1 && !owners.contains(&field.owners[0]) && random.chance(25) {
                field.provides = Some(name);
            }
        }
    }

    /// Every subgraph has the entities that it mentions, by some key.
    fn complete(&mut self, random: &mut Random) {
        let mut mentioned: BTreeSet<(String, usize)> = BTreeSet::new();
        for entity in &self.entities {
            for field in &entity.fields {
                for &owner in &field.owners {
                    mentioned.insert((entity.name.clone(), owner));
                    mentioned.insert((named(&field.ty).to_owned(), owner));
                }
            }
            mentioned.extend(entity.abstracts.iter().map(|&at| (entity.name.clone(), at)));
        }
        for root in &self.roots {
            mentioned.insert((named(&root.ty).to_owned(), root.owners[0]));
        }
        for entity in &mut self.entities {
            let alternative = random.chance(40);
            for subgraph in 0..self.subgraphs {
                if mentioned.contains(&(entity.name.clone(), subgraph)) {
                    let keys = match random.below(4) {
                        0 if alternative => vec!["code"],
                        1 if alternative => vec!["id", "code"],
                        2 if alternative => vec!["id code"],
                        _ => vec!["id"],
                    };
                    let by_interface = subgraph == 0
                        && self.interface_object.is_some()
                        && entity.abstracts.contains(&0);
                    let keys = if by_interface { vec!["id"] } else { keys };
                    entity.keys.insert(subgraph, keys);
                }
            }
        }
    }

    fn fill(&mut self, random: &mut Random, faults: bool) {
        let counts: BTreeMap<String, usize> =
            self.entities.iter().map(|entity| (entity.name.clone(), 1 + random.below(4))).collect();
        for entity in &self.entities {
            let objects = (0..counts[&entity.name]).map(|at| {
                let mut object = Object::new();
                object.insert("id".to_owned(), json!(format!("{}-{at}", entity.name)));
                object.insert("code".to_owned(), json!(format!("c{at}")));
                for field in &entity.fields {
                    let required = entity.fields.iter().flat_map(|field| &field.requires);
                    // What others are computed from is sound, or their values would differ.
                    let sound = named(&field.ty).starts_with('V')
                        || required.clone().any(|(name, _)| *name == field.name);
                    let value = match faults && !sound && random.chance(10) {
                        true => Value::Null,
                        false => self.value(random, &field.ty, &counts),
                    };
                    object.insert(field.name.clone(), value);
                }
                object
            });
            let objects = objects.collect();
            self.objects.insert(entity.name.clone(), objects);
        }
        for root in &self.roots {
            let value = self.value(random, &root.ty, &counts);
            self.root.insert(root.name.clone(), value);
        }
        let value = self.value(random, "[I0]", &counts);
        self.root.insert("added".to_owned(), value);
    }

    fn value(&self, random: &mut Random, ty: &str, counts: &BTreeMap<String, usize>) -> Value {
        let (ty, strict) = ty.strip_suffix('!').map_or((ty, false), |ty| (ty, true));
        if !strict && random.chance(12) {
            return Value::Null;
        }
        if let Some(item) = ty.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return (0..random.below(4)).map(|_| self.value(random, item, counts)).collect();
        }
        match ty {
            "Int" => json!(random.below(1000)),
            "Float" => json!(0.5),
            "Boolean" => json!(random.chance(50)),
            "Color" => json!(random.pick(&["RED", "GREEN", "BLUE"])),
            "String" | "ID" => json!(random.pick(&["", "a", "é\"\\\n", "long text with more"])),
            _ => match ty.split_at(1) {
                ("V", at) => {
                    let fields = &self.values[at.parse::<usize>().unwrap()];
                    let mut object = Object::from_iter([("__typename".to_owned(), json!(ty))]);
                    for (name, ty) in fields {
                        object.insert(name.clone(), self.value(random, ty, counts));
                    }
                    Value::Object(object)
                }
                ("E", _) => json!({"__typename": ty, "$at": random.below(counts[ty])}),
                (_, at) => {
                    let at: usize = at.parse().unwrap();
                    let mut members = self.entities.iter();
                    let members: Vec<&str> = members
                        .by_ref()
                        .filter(|entity| entity.abstracts.contains(&at))
                        .map(|entity| entity.name.as_str())
                        .collect();
                    let ty = random.pick(&members);
                    json!({"__typename": ty, "$at": random.below(counts[ty])})
                }
            },
        }
    }

    pub(crate) fn entity_named(&self, name: &str) -> Option<&Entity> {
        self.entities.iter().find(|entity| entity.name == name)
    }

    /// The SDL of a subgraph: with its federation directives, or (`plain`) as the schema that it
    /// serves.
    pub(crate) fn sdl(&self, subgraph: usize, plain: bool) -> String {
        let mut out = String::from("enum Color { RED GREEN BLUE }\n");
        let mark = |text: &str| if plain { String::new() } else { format!(" {text}") };
        let mut query = String::new();
        for root in self.roots.iter().filter(|root| root.owners.contains(&subgraph)) {
            writeln!(query, "  {}: {}", root.name, root.ty).unwrap();
        }
        if self.settings.contains(&subgraph) {
            writeln!(query, "  settings: Settings{}", mark("@shareable")).unwrap();
            writeln!(out, "type Settings {{ s{subgraph}: Int c: String{} }}", mark("@shareable"))
                .unwrap();
        }
        for (at, fields) in self.values.iter().enumerate() {
            writeln!(out, "type V{at}{} {{", mark("@shareable")).unwrap();
            fields.iter().for_each(|(name, ty)| writeln!(out, "  {name}: {ty}").unwrap());
            writeln!(out, "}}").unwrap();
        }
        let mut members = Vec::new();
        for entity in &self.entities {
            if entity.keys.contains_key(&subgraph) {
                self.entity_sdl(&mut out, entity, subgraph, plain);
                members.push(entity.name.as_str());
            }
        }
        if self.interface_object == Some(subgraph) {
            let marks = mark("@interfaceObject @key(fields: \"id\")");
            writeln!(out, "type I0{marks} {{ id: ID! extra: String }}").unwrap();
            writeln!(query, "  added: [I0]").unwrap();
            members.push("I0");
        } else {
            self.abstract_sdl(&mut out, subgraph, plain);
        }
        if plain {
            writeln!(out, "scalar _Any\nunion _Entity = {}", members.join(" | ")).unwrap();
            writeln!(query, "  _entities(representations: [_Any!]!): [_Entity]!").unwrap();
        }
        writeln!(out, "type Query {{\n{query}}}").unwrap();
        out
    }

    /// The interface and the union of a subgraph.
    fn abstract_sdl(&self, out: &mut String, subgraph: usize, plain: bool) {
        let of = |entity: &&Entity| entity.abstracts.contains(&subgraph);
        let possible: Vec<&str> =
            self.entities.iter().filter(of).map(|entity| entity.name.as_str()).collect();
        let by_id = subgraph == 0 && self.interface_object.is_some();
        let key = if by_id && !plain { " @key(fields: \"id\")" } else { "" };
        let id = if by_id { "id: ID! " } else { "" };
        writeln!(out, "interface I{subgraph}{key} {{ {id}label{subgraph}: String }}").unwrap();
        writeln!(out, "union U{subgraph} = {}", possible.join(" | ")).unwrap();
    }

    fn entity_sdl(&self, out: &mut String, entity: &Entity, subgraph: usize, plain: bool) {
        let mark = |text: String| if plain { String::new() } else { format!(" {text}") };
        let keys = &entity.keys[&subgraph];
        write!(out, "type {}", entity.name).unwrap();
        if entity.abstracts.contains(&subgraph) {
            write!(out, " implements I{subgraph}").unwrap();
        }
        for key in keys {
            write!(out, "{}", mark(format!("@key(fields: \"{key}\")"))).unwrap();
        }
        writeln!(out, " {{").unwrap();
        for name in ["id", "code"] {
            if keys.iter().any(|key| key.split(' ').any(|part| part == name)) {
                writeln!(out, "  {name}: ID!").unwrap();
            }
        }
        let mut external: BTreeSet<&str> = BTreeSet::new();
        for field in entity.fields.iter().filter(|field| field.owners.contains(&subgraph)) {
            write!(out, "  {}", field.name).unwrap();
            if field.argument {
                write!(out, "(x: Int = 1)").unwrap();
            }
            write!(out, ": {}", field.ty).unwrap();
            if field.owners.len() > 1 {
                write!(out, "{}", mark("@shareable".to_owned())).unwrap();
            }
            if !field.requires.is_empty() {
                write!(out, "{}", mark(format!("@requires(fields: \"{}\")", requires_text(field))))
                    .unwrap();
                external.extend(field.requires.iter().map(|(name, _)| name.as_str()));
            }
            if let Some(provided) = &field.provides {
                write!(out, "{}", mark(format!("@provides(fields: \"{provided}\")"))).unwrap();
            }
            writeln!(out).unwrap();
        }
        for field in self.entities.iter().flat_map(|entity| &entity.fields) {
            if let (Some(name), true) = (&field.provides, field.owners.contains(&subgraph)) {
                external.extend((named(&field.ty) == entity.name).then_some(name.as_str()));
            }
        }
        for field in entity.fields.iter().filter(|field| external.contains(field.name.as_str())) {
            if !field.owners.contains(&subgraph) {
                writeln!(out, "  {}: {}{}", field.name, field.ty, mark("@external".to_owned()))
                    .unwrap();
            }
        }
        writeln!(out, "}}").unwrap();
    }
}

fn requires_text(field: &FieldModel) -> String {
    let part = |(name, members): &(String, Vec<String>)| match members.is_empty() {
        true => name.clone(),
        false => format!("{name} {{ {} }}", members.join(" ")),
    };
    field.requires.iter().map(part).collect::<Vec<_>>().join(" ")
}

impl FieldModel {
    fn of(name: String, ty: String, owner: usize) -> Self {
        Self {
            name,
            ty,
            owners: vec![owner],
            requires: Vec::new(),
            provides: None,
            argument: false,
        }
    }
}

/// The type with random wrappers; non-null only where that is allowed.
fn wrapped(random: &mut Random, named: &str, strict: bool) -> String {
    let mut ty = named.to_owned();
    let bang = |random: &mut Random, ty: &mut String| {
        if strict && random.chance(20) {
            ty.push('!');
        }
    };
    bang(random, &mut ty);
    for _ in 0..[0, 0, 0, 1, 1, 2][random.below(6)] {
        ty = format!("[{ty}]");
        bang(random, &mut ty);
    }
    ty
}

/// A random query over an API schema, with its variables. It may turn out not to be valid, where
/// fields of one key cannot be merged.
pub(crate) fn operation(random: &mut Random, api: &Valid<Schema>) -> (String, Object) {
    let mut writing = Writing { random, api, out: String::new(), variables: Object::new() };
    writing.selections("Query", 0);
    let mut head = String::from("query");
    let names: Vec<String> = writing.variables.keys().map(|name| format!("${name}: Int")).collect();
    if !names.is_empty() {
        write!(head, "({})", names.join(", ")).unwrap();
    }
    let given: Object =
        writing.variables.into_iter().filter(|(_, value)| !value.is_null()).collect();
    (format!("{head} {}", writing.out), given)
}

struct Writing<'a> {
    random: &'a mut Random,
    api: &'a Valid<Schema>,
    out: String,
    variables: Object,
}

impl Writing<'_> {
    fn selections(&mut self, ty: &str, depth: usize) {
        self.out.push('{');
        let mut any = false;
        let definition = &self.api.types[ty];
        let fields: Vec<(String, String, bool)> = match definition {
            ExtendedType::Object(object) => {
                object.fields.values().map(|field| facts(field)).collect()
            }
            ExtendedType::Interface(interface) => {
                interface.fields.values().map(|field| facts(field)).collect()
            }
            _ => Vec::new(),
        };
        for (name, of, argument) in fields {
            let composite = self.api.types[of.as_str()].is_object()
                || self.api.types[of.as_str()].is_interface()
                || self.api.types[of.as_str()].is_union();
            let wanted = if depth == 0 { 40 } else { 45 };
            if !self.random.chance(wanted) || (composite && depth >= 4) {
                continue;
            }
            any = true;
            for _ in 0..1 + usize::from(self.random.chance(8)) {
                self.field(&name, &of, argument, composite, depth);
            }
        }
        if !definition.is_object() || self.random.chance(10) {
            for on in self.members(ty) {
                if self.random.chance(60) {
                    any = true;
                    write!(self.out, " ... on {on} ").unwrap();
                    self.selections(&on, depth + 1);
                }
            }
        }
        if !any || self.random.chance(15) {
            self.out.push_str(" __typename");
        }
        self.out.push('}');
    }

    fn field(&mut self, name: &str, of: &str, argument: bool, composite: bool, depth: usize) {
        self.out.push(' ');
        if self.random.chance(15) {
            write!(self.out, "a{}: ", self.random.below(1000)).unwrap();
        }
        self.out.push_str(name);
        if argument {
            match self.random.below(4) {
                0 => {}
                1 => write!(self.out, "(x: {})", self.random.below(3)).unwrap(),
                2 => self.out.push_str("(x: null)"),
                _ => {
                    let variable = format!("x{}", self.random.below(3));
                    write!(self.out, "(x: ${variable})").unwrap();
                    let value = self.random.pick(&[json!(7), Value::Null]);
                    self.variables.insert(variable, value);
                }
            }
        }
        if composite {
            self.selections(of, depth + 1);
        }
    }

    /// The object types that an object of this type can be, and the type's interfaces.
    fn members(&self, ty: &str) -> Vec<String> {
        let objects = self.api.types.iter().filter(|(_, definition)| definition.is_object());
        let names = objects.map(|(name, _)| name.to_string());
        names.filter(|name| name == ty || self.api.is_subtype(ty, name)).collect()
    }
}

fn facts(field: &apollo_compiler::schema::FieldDefinition) -> (String, String, bool) {
    let of = field.ty.inner_named_type().to_string();
    (field.name.to_string(), of, !field.arguments.is_empty())
}
