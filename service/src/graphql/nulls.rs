//! Nulls for failed fields.
//!
//! async-graphql 7.2 leaves a failed field out of the answer. The specification (6.4.4, "Handling
//! Execution Errors") wants null there, and null at the nearest nullable ancestor where the field
//! is non-null. This walks each error's path through the document and the data and puts the nulls
//! in. It runs only for answers with errors.

use std::collections::HashMap;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, Selection, SelectionSet, Type, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::{Name, PathSegment, Response, Value};

use crate::sdl::SdlError;

/// The types of all fields of a schema.
pub(super) struct Types {
    fields: HashMap<String, HashMap<String, Type>>,
}

/// A place in the answer whose fields come from these selections on this type.
#[derive(Clone)]
struct Place<'d> {
    selections: Vec<(&'d SelectionSet, &'d str)>,
    type_name: &'d str,
}

struct Walk<'d> {
    document: &'d ExecutableDocument,
    types: &'d Types,
}

/// Whether a null now stands where none may, so that the parent must become null.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Bubbles {
    Yes,
    No,
}

impl Types {
    /// Reads the finalised SDL.
    pub(super) fn of(sdl: &str) -> Result<Self, SdlError> {
        let document = async_graphql::parser::parse_schema(sdl)?;
        let mut fields: HashMap<String, HashMap<String, Type>> = HashMap::new();
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let own = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::Scalar
                | TypeKind::Union(_)
                | TypeKind::Enum(_)
                | TypeKind::InputObject(_) => continue,
            };
            let types =
                own.into_iter().map(|field| (field.node.name.node.to_string(), field.node.ty.node));
            fields.insert(definition.node.name.node.to_string(), types.collect());
        }
        let query = fields.entry("Query".to_owned()).or_default();
        if let Some(entities) = Type::new("[_Entity]!") {
            query.insert("_entities".to_owned(), entities);
        }
        Ok(Self { fields })
    }

    fn field(&self, parent: &str, name: &str) -> Option<&Type> {
        self.fields.get(parent)?.get(name)
    }
}

/// Puts nulls where errors left nothing.
pub(super) fn complete(
    response: &mut Response,
    document: &ExecutableDocument,
    operation_name: Option<&str>,
    types: &Types,
) {
    let operation = document.operations.iter().find(|(name, _)| {
        operation_name.is_none() || name.map(|name| name.as_str()) == operation_name
    });
    let Some((_, operation)) = operation else { return };
    let root = match operation.node.ty {
        async_graphql::parser::types::OperationType::Mutation => "Mutation",
        async_graphql::parser::types::OperationType::Query
        | async_graphql::parser::types::OperationType::Subscription => "Query",
    };
    let walk = Walk { document, types };
    let place =
        Place { selections: vec![(&operation.node.selection_set.node, root)], type_name: root };
    let mut nulled: Vec<Vec<PathSegment>> = Vec::new();
    let mut data = std::mem::take(&mut response.data);
    for error in response.errors.iter().filter(|error| !error.path.is_empty()) {
        if nulled.iter().any(|null| error.path.starts_with(null)) {
            continue;
        }
        let mut nulled_at = None;
        if walk.object(&mut data, &place, &error.path, &mut nulled_at) == Bubbles::Yes {
            data = Value::Null;
            break;
        }
        if let Some(length) = nulled_at {
            nulled.push(error.path[..error.path.len() - length].to_vec());
        }
    }
    response.data = data;
}

impl<'d> Walk<'d> {
    /// `value` is the object at `place`; the error is at `path` below it. `nulled_at` gets the
    /// number of path segments below the place that became null by bubbling.
    fn object(
        &self,
        value: &mut Value,
        place: &Place<'d>,
        path: &[PathSegment],
        nulled_at: &mut Option<usize>,
    ) -> Bubbles {
        let Some((PathSegment::Field(key), rest)) = path.split_first() else {
            return Bubbles::No;
        };
        if *value == Value::Null {
            // All its fields failed: async-graphql writes null for the empty object.
            *value = Value::Object(IndexMap::new());
        }
        let Value::Object(fields) = value else { return Bubbles::No };
        let found = self.find(place, key);
        let Some((field, parent)) = found.first() else { return Bubbles::No };
        let Some(ty) = self.types.field(parent, &field.name.node) else { return Bubbles::No };
        let child = fields.entry(Name::new(key)).or_default();
        let below = found.iter().map(|(field, _)| &field.selection_set.node).collect();
        match self.position(child, ty, below, rest, nulled_at) {
            Bubbles::Yes if ty.nullable => {
                *child = Value::Null;
                *nulled_at = Some(rest.len());
                Bubbles::No
            }
            bubbles => bubbles,
        }
    }

    /// `value` is at a position of type `ty`.
    fn position(
        &self,
        value: &mut Value,
        ty: &'d Type,
        below: Vec<&'d SelectionSet>,
        path: &[PathSegment],
        nulled_at: &mut Option<usize>,
    ) -> Bubbles {
        match path.split_first() {
            None => {
                if *value == Value::Null && !ty.nullable {
                    Bubbles::Yes
                } else {
                    Bubbles::No
                }
            }
            Some((PathSegment::Index(index), rest)) => {
                let BaseType::List(item) = &ty.base else { return Bubbles::No };
                let Value::List(items) = value else {
                    return if ty.nullable { Bubbles::No } else { Bubbles::Yes };
                };
                let Some(child) = items.get_mut(*index) else { return Bubbles::No };
                match self.position(child, item, below, rest, nulled_at) {
                    Bubbles::Yes if item.nullable => {
                        *child = Value::Null;
                        *nulled_at = Some(rest.len());
                        Bubbles::No
                    }
                    bubbles => bubbles,
                }
            }
            Some((PathSegment::Field(_), _)) => {
                let BaseType::Named(name) = &ty.base else { return Bubbles::No };
                let selections = below.into_iter().map(|set| (set, name.as_str())).collect();
                self.object(value, &Place { selections, type_name: name }, path, nulled_at)
            }
        }
    }

    /// The fields of a place with this response key, each with the type it is selected on.
    fn find(&self, place: &Place<'d>, key: &str) -> Vec<(&'d Field, &'d str)> {
        let mut found = Vec::new();
        let mut open = place.selections.clone();
        // The document was measured before, so its fragments have no cycles.
        while let Some((set, parent)) = open.pop() {
            for item in &set.items {
                match &item.node {
                    Selection::Field(field) => {
                        if field.node.response_key().node == key {
                            found.push((&field.node, parent));
                        }
                    }
                    Selection::InlineFragment(fragment) => {
                        let on = fragment.node.type_condition.as_ref();
                        let on = on.map_or(parent, |on| on.node.on.node.as_str());
                        open.push((&fragment.node.selection_set.node, on));
                    }
                    Selection::FragmentSpread(spread) => {
                        let name = &spread.node.fragment_name.node;
                        if let Some(fragment) = self.document.fragments.get(name) {
                            let on = fragment.node.type_condition.node.on.node.as_str();
                            open.push((&fragment.node.selection_set.node, on));
                        }
                    }
                }
            }
        }
        // Fields on the place's own type first: they say the type best.
        found.sort_by_key(|(_, parent)| *parent != place.type_name);
        found
    }
}
