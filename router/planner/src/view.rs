//! What of the supergraph a client can see.
//!
//! Validation, coercion and introspection ask the view before they admit that anything exists:
//! what is not visible is treated exactly like what is not there. The API schema is the view
//! without `@inaccessible` elements; a contract is a narrower one.

use braid_model::bits::{BitSet, TypeSet};
use braid_model::ids::{FieldId, InputId, Name, TypeId};
use braid_model::schema::{EnumValue, Supergraph};

/// The visible elements of one supergraph.
#[derive(Debug, Clone, Default)]
pub struct View {
    types: TypeSet,
    fields: BitSet<FieldId>,
}

impl View {
    /// The view of the API schema: everything that is not `@inaccessible`.
    pub fn api(schema: &Supergraph) -> Self {
        // The stand-in that holds the meta fields is no type of the schema.
        let stand_in = schema.introspection.map(|meta| meta.first_type);
        let types: TypeSet = (0..schema.types.len())
            .map(TypeId::new)
            .filter(|&id| !schema.ty(id).inaccessible && Some(id) != stand_in)
            .collect();
        let fields = (0..schema.fields.len()).map(FieldId::new).filter(|&id| {
            let field = schema.field_def(id);
            !field.inaccessible && types.contains(field.parent) && types.contains(field.ty.named)
        });
        Self { fields: fields.collect(), types }
    }

    /// A contract: of the API, composite types with the tag `include` and fields that have it, or
    /// are of a type that has it; nothing with the tag `exclude`. Leaves and inputs stay as they
    /// are: they can only be reached through fields.
    pub fn tagged(schema: &Supergraph, include: &str, exclude: &str) -> Self {
        let has = |tags: &[Name], tag: &str| tags.iter().any(|&name| schema.text(name) == tag);
        let mut view = Self::api(schema);
        for id in (0..schema.types.len()).map(TypeId::new) {
            let def = schema.ty(id);
            if !schema.is_composite(id) || schema.is_introspection_type(id) {
                continue;
            }
            let whole = has(&def.tags, include);
            let mut is_reached = whole;
            for &field in &def.fields {
                let tags = &schema.field_def(field).tags;
                if has(tags, exclude) || !(whole || has(tags, include)) {
                    view.fields.remove(field);
                } else {
                    is_reached = true;
                }
            }
            if has(&def.tags, exclude) || !is_reached {
                view.types.remove(id);
            }
        }
        let unreachable: Vec<FieldId> = view
            .fields
            .iter()
            .filter(|&id| {
                let field = schema.field_def(id);
                !view.types.contains(field.parent) || !view.types.contains(field.ty.named)
            })
            .collect();
        unreachable.into_iter().for_each(|id| view.fields.remove(id));
        view
    }

    /// Whether the type is visible.
    pub fn ty(&self, id: TypeId) -> bool {
        self.types.contains(id)
    }

    /// Whether the field is visible.
    pub fn field(&self, id: FieldId) -> bool {
        self.fields.contains(id)
    }

    /// Whether the argument or input field is visible.
    pub fn input(&self, schema: &Supergraph, id: InputId) -> bool {
        let input = schema.input(id);
        !input.inaccessible && self.ty(input.ty.named)
    }

    /// Whether the enum value is visible.
    pub fn value(&self, value: &EnumValue) -> bool {
        !value.inaccessible
    }

    /// The visible type of that name.
    pub fn type_named(&self, schema: &Supergraph, name: &str) -> Option<TypeId> {
        schema.type_named(name).filter(|&id| self.ty(id))
    }

    /// The visible field of that name.
    pub fn field_named(&self, schema: &Supergraph, on: TypeId, name: &str) -> Option<FieldId> {
        schema.field_named(on, name).filter(|&id| self.field(id))
    }

    /// The visible argument or input field of that name among `inputs`.
    pub fn input_named(
        &self,
        schema: &Supergraph,
        inputs: &[InputId],
        name: &str,
    ) -> Option<InputId> {
        let name = schema.names.get(name)?;
        let found = inputs.iter().copied().find(|&id| schema.input(id).name == name);
        found.filter(|&id| self.input(schema, id))
    }

    /// The visible value of that name of an enum.
    pub fn value_named<'s>(
        &self,
        schema: &'s Supergraph,
        on: TypeId,
        name: &str,
    ) -> Option<&'s EnumValue> {
        let name = schema.names.get(name)?;
        schema.ty(on).values.iter().find(|value| value.name == name && self.value(value))
    }

    /// The visible object types that a value of the type can be.
    pub fn possible(&self, schema: &Supergraph, id: TypeId) -> TypeSet {
        schema.ty(id).possible.intersection(&self.types)
    }
}
