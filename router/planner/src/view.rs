//! What of the supergraph a client can see.
//!
//! Validation, coercion and introspection ask the view before they admit that anything exists:
//! what is not visible is treated exactly like what is not there. The API schema is the view
//! without `@inaccessible` elements; a contract is a narrower one.

use braid_model::bits::{BitSet, TypeSet};
use braid_model::ids::{FieldId, InputId, TypeId};
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
