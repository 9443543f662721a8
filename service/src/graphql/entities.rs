//! `_entities`, one field per representation.
//!
//! async-graphql resolves `_entities` as one field: one failing representation (an error, an
//! unknown `__typename`, a missing key) nulls the whole list, and errors inside an entity have no
//! index in their path. So the field is expanded before execution: for every representation an
//! alias of its own, all of them spreading the same fragments. They execute together, so loaders
//! still see one batch, and each fails alone. After execution the aliases are collapsed into the
//! list again and error paths get their index. `_service { sdl }` is answered here, too: with the
//! finalised schema.

use std::collections::{HashMap, HashSet};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Name, PathSegment, Positioned, Request, Response, ServerError, Value};

use crate::fault::Fault;

/// What was changed in the document, to be undone in the answer.
#[derive(Default)]
pub(super) struct Expansion {
    lists: Vec<List>,
    services: Vec<Service>,
}

/// An `_entities` field that became `count` aliases.
struct List {
    key: Name,
    count: usize,
    /// Under `@skip` or `@include`: the field may rightly be absent.
    is_conditional: bool,
}

/// A `_service` field and the keys under which it asks for `sdl`.
struct Service {
    key: Name,
    sdl_keys: Vec<Name>,
}

type Fragments = HashMap<Name, Positioned<FragmentDefinition>>;

const EXECUTED: &str = "braid_executed";

/// Expands the `_entities` fields at the root of the operation that will run.
///
/// # Errors
/// More representations than allowed.
pub(super) fn expand(
    document: &mut ExecutableDocument,
    request: &mut Request,
    representations_max: usize,
) -> Result<Expansion, Fault> {
    let mut expansion = Expansion::default();
    let ExecutableDocument { operations, fragments } = document;
    let operation = match operations {
        DocumentOperations::Single(operation) => Some(&mut operation.node),
        DocumentOperations::Multiple(named) => match &request.operation_name {
            Some(name) => named.get_mut(name.as_str()).map(|operation| &mut operation.node),
            None => named.values_mut().next().map(|operation| &mut operation.node),
        },
    };
    let Some(operation) = operation.filter(|found| found.ty == OperationType::Query) else {
        return Ok(expansion);
    };
    let mut left = representations_max;
    let mut items = Vec::new();
    for item in std::mem::take(&mut operation.selection_set.node.items) {
        let Selection::Field(field) = &item.node else {
            items.push(item);
            continue;
        };
        if field.node.name.node == "_service" {
            expansion.services.push(Service::of(&field.node));
        }
        let Some(representations) = representations(&field.node, request) else {
            items.push(item);
            continue;
        };
        left = left.checked_sub(representations.len()).ok_or_else(|| {
            Fault::BadInput(format!("more than {representations_max} representations"))
        })?;
        let slot = expansion.lists.len();
        expansion.lists.push(List {
            key: field.node.response_key().node.clone(),
            count: representations.len(),
            is_conditional: !field.node.directives.is_empty(),
        });
        let shared = share(slot, &field.node.selection_set.node, fragments);
        // What is no object is not even asked for: `null` would invalidate the whole document.
        let objects = representations.into_iter().enumerate();
        let objects = objects.filter(|(_, value)| matches!(value, Value::Object(_)));
        items.extend(objects.map(|(index, value)| alias(slot, index, field, &shared, value)));
    }
    if !expansion.lists.is_empty() {
        items.push(executed_marker(&operation.selection_set));
        forget_representations(operation, request);
    }
    operation.selection_set.node.items = items;
    Ok(expansion)
}

/// The representations an `_entities` field asks for; `None` for any other field, for an empty
/// list, and for what is no list (which execution refuses as it is).
fn representations(field: &Field, request: &Request) -> Option<Vec<Value>> {
    if field.name.node != "_entities" {
        return None;
    }
    let argument = field.get_argument("representations")?.node.clone();
    let value =
        argument.into_const_with(|name| request.variables.get(&name).cloned().ok_or(())).ok()?;
    match value {
        Value::List(list) if !list.is_empty() => Some(list),
        _ => None,
    }
}

fn alias_name(slot: usize, index: usize) -> Name {
    Name::new(format!("braid_{slot}_{index}"))
}

/// The selections of an `_entities` field in a form that is cheap to repeat: the selection of each
/// `... on Type { … }` becomes a fragment, spread by name.
fn share(slot: usize, set: &SelectionSet, fragments: &mut Fragments) -> SelectionSet {
    let items = set.items.iter().enumerate().map(|(number, item)| {
        let Selection::InlineFragment(inline) = &item.node else { return item.clone() };
        let Some(condition) = &inline.node.type_condition else { return item.clone() };
        let name = Name::new(format!("BraidEntities{slot}_{number}"));
        let definition = FragmentDefinition {
            type_condition: condition.clone(),
            directives: Vec::new(),
            selection_set: inline.node.selection_set.clone(),
        };
        fragments.insert(name.clone(), inline.position_node(definition));
        inline.position_node(Selection::FragmentSpread(inline.position_node(FragmentSpread {
            fragment_name: inline.position_node(name),
            directives: inline.node.directives.clone(),
        })))
    });
    SelectionSet { items: items.collect() }
}

fn alias(
    slot: usize,
    index: usize,
    field: &Positioned<Field>,
    shared: &SelectionSet,
    representation: Value,
) -> Positioned<Selection> {
    let argument = Value::List(vec![representation]).into_value();
    field.position_node(Selection::Field(field.position_node(Field {
        alias: Some(field.position_node(alias_name(slot, index))),
        name: field.node.name.clone(),
        arguments: vec![(
            field.position_node(Name::new("representations")),
            field.position_node(argument),
        )],
        directives: field.node.directives.clone(),
        selection_set: field.position_node(shared.clone()),
    })))
}

/// `__typename` under a key of ours: it is in the data exactly when the document was executed.
fn executed_marker(set: &Positioned<SelectionSet>) -> Positioned<Selection> {
    set.position_node(Selection::Field(set.position_node(Field {
        alias: Some(set.position_node(Name::new(EXECUTED))),
        name: set.position_node(Name::new("__typename")),
        arguments: Vec::new(),
        directives: Vec::new(),
        selection_set: Positioned::default(),
    })))
}

/// The variables that held representations are used nowhere else (nothing else takes `_Any`), and
/// an unused variable is an error.
fn forget_representations(operation: &mut OperationDefinition, request: &mut Request) {
    operation.variable_definitions.retain(|definition| {
        let mut base = &definition.node.var_type.node.base;
        while let BaseType::List(inner) = base {
            base = &inner.base;
        }
        let is_any = matches!(base, BaseType::Named(name) if name == "_Any");
        if is_any {
            request.variables.remove(&definition.node.name.node);
        }
        !is_any
    });
}

impl Service {
    fn of(field: &Field) -> Self {
        let items = &field.selection_set.node.items;
        let sdl_keys = items.iter().filter_map(|item| match &item.node {
            Selection::Field(field) if field.node.name.node == "sdl" => {
                Some(field.node.response_key().node.clone())
            }
            Selection::Field(_) | Selection::FragmentSpread(_) | Selection::InlineFragment(_) => {
                None
            }
        });
        Self { key: field.response_key().node.clone(), sdl_keys: sdl_keys.collect() }
    }
}

impl Expansion {
    /// Undoes the expansion in the answer.
    pub(super) fn collapse(self, response: &mut Response, sdl: &str) {
        if self.lists.is_empty() && self.services.is_empty() {
            return;
        }
        let Value::Object(data) = &mut response.data else { return };
        for service in &self.services {
            service.answer(data, sdl);
        }
        if data.swap_remove(EXECUTED).is_none() {
            return;
        }
        // What async-graphql says of representations that it cannot resolve has no path; it is
        // said again below, with the index.
        response.errors.retain(|error| !error.path.is_empty());
        let failed: HashSet<String> =
            response.errors.iter().filter_map(|error| alias_of(&error.path)).collect();
        for (slot, list) in self.lists.iter().enumerate() {
            for index in list.collapse(slot, data) {
                if !failed.contains(alias_name(slot, index).as_str()) {
                    response.errors.push(list.unresolvable(index));
                }
            }
        }
        for error in &mut response.errors {
            self.index_path(&mut error.path);
        }
    }

    /// `braid_0_7.name` becomes `_entities.7.name`.
    fn index_path(&self, path: &mut Vec<PathSegment>) {
        let Some(PathSegment::Field(first)) = path.first() else { return };
        let Some((slot, index)) = first.strip_prefix("braid_").and_then(|s| s.split_once('_'))
        else {
            return;
        };
        let list = slot.parse::<usize>().ok().and_then(|slot| self.lists.get(slot));
        if let (Some(list), Ok(index)) = (list, index.parse::<usize>()) {
            path[0] = PathSegment::Field(list.key.to_string());
            path.insert(1, PathSegment::Index(index));
        }
    }
}

fn alias_of(path: &[PathSegment]) -> Option<String> {
    match path.first() {
        Some(PathSegment::Field(name)) => Some(name.clone()),
        Some(PathSegment::Index(_)) | None => None,
    }
}

impl List {
    /// Makes the list of the aliases' values; answers the indices for which nothing was answered.
    fn collapse(&self, slot: usize, data: &mut IndexMap<Name, Value>) -> Vec<usize> {
        let mut missing = Vec::new();
        let mut items = Vec::with_capacity(self.count);
        for index in 0..self.count {
            items.push(match data.swap_remove(&alias_name(slot, index)) {
                Some(Value::List(mut one)) => one.pop().unwrap_or_default(),
                _ => {
                    missing.push(index);
                    Value::Null
                }
            });
        }
        if self.is_conditional && missing.len() == self.count {
            return Vec::new();
        }
        data.insert(self.key.clone(), Value::List(items));
        missing
    }

    fn unresolvable(&self, index: usize) -> ServerError {
        let path = vec![PathSegment::Field(self.key.to_string()), PathSegment::Index(index)];
        ServerError::new("no entity here has this __typename and key", None).with_path(path)
    }
}

impl Service {
    fn answer(&self, data: &mut IndexMap<Name, Value>, sdl: &str) {
        if let Some(Value::Object(service)) = data.get_mut(&self.key) {
            for key in &self.sdl_keys {
                service.insert(key.clone(), Value::String(sdl.to_owned()));
            }
        }
    }
}
