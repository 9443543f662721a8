//! The flat representation of all subgraphs: names interned, elements in vectors, a span on each.
//!
//! Subgraphs are sorted by name, so whatever iterates over them is independent of the order in
//! which they were given. Root types are already called `Query`, `Mutation` and `Subscription`,
//! federation directives already have their meaning, and every field set is parsed.

pub(crate) mod field_set;
pub(crate) mod lower;
pub(crate) mod marks;
pub(crate) mod upgrade;
pub(crate) mod walk;

use apollo_compiler::{
    Node,
    ast::{DirectiveLocation, Value},
};
use rustc_hash::FxHashMap;

use crate::{
    expanded::known::FedVersion,
    ir::{field_set::FieldSet, marks::Marks},
    names::{Name, Names},
    source::{Source, Span},
};

/// Everything that was given, lowered.
pub(crate) struct Ir {
    pub(crate) names: Names,
    /// Sorted by name; the index is the graph's number everywhere.
    pub(crate) subgraphs: Vec<Subgraph>,
}

/// A range of indices into one of a subgraph's flat vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Run {
    pub(crate) fn indices(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// What kind of type a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Kind {
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Kind::Scalar => "Scalar Type",
            Kind::Object => "Object Type",
            Kind::Interface => "Interface Type",
            Kind::Union => "Union Type",
            Kind::Enum => "Enum Type",
            Kind::Input => "Input Object Type",
        }
    }

    pub(crate) fn is_composite(self) -> bool {
        matches!(self, Kind::Object | Kind::Interface | Kind::Union)
    }
}

/// A type reference: the innermost name, how many lists around it, and which layers are non-null
/// (bit 0 the name, bit `n` the n-th list from inside).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TypeRef {
    pub(crate) base: Name,
    pub(crate) depth: u8,
    pub(crate) non_null: u32,
}

/// Layers of lists that a type reference may have: the model holds 16 wrappers, that is seven
/// lists, each non-null, of a non-null name.
pub(crate) const LIST_DEPTH_MAX: u8 = 7;

impl TypeRef {
    pub(crate) fn is_non_null(self) -> bool {
        self.non_null >> self.depth & 1 == 1
    }

    pub(crate) fn print(self, names: &Names) -> String {
        let mut text = "[".repeat(usize::from(self.depth));
        text.push_str(&names[self.base]);
        for layer in 0..=self.depth {
            if layer > 0 {
                text.push(']');
            }
            if self.non_null >> layer & 1 == 1 {
                text.push('!');
            }
        }
        text
    }
}

/// One subgraph.
pub(crate) struct Subgraph {
    pub(crate) source: Source,
    pub(crate) version: FedVersion,
    pub(crate) types: Vec<TypeDef>,
    pub(crate) by_name: FxHashMap<Name, u32>,
    pub(crate) fields: Vec<FieldDef>,
    /// Arguments of fields and fields of input objects.
    pub(crate) inputs: Vec<InputDef>,
    pub(crate) values: Vec<ValueDef>,
    pub(crate) keys: Vec<Key>,
    /// Members of unions and interfaces of types.
    pub(crate) links: Vec<(Name, Span)>,
    pub(crate) directives: Vec<DirectiveDef>,
    /// `@composeDirective(name:)` applications.
    pub(crate) composed: Vec<(String, Span)>,
    /// The feature table, for composed directives.
    pub(crate) features: Vec<crate::expanded::links::Feature>,
    /// Applications on the schema element.
    pub(crate) schema_marks: Marks,
}

impl Subgraph {
    pub(crate) fn name(&self) -> &str {
        &self.source.name
    }

    pub(crate) fn type_named(&self, name: Name) -> Option<&TypeDef> {
        self.by_name.get(&name).map(|index| &self.types[*index as usize])
    }

    pub(crate) fn fields_of(&self, ty: &TypeDef) -> &[FieldDef] {
        &self.fields[ty.fields.indices()]
    }

    pub(crate) fn field_named(&self, ty: &TypeDef, name: Name) -> Option<&FieldDef> {
        self.fields_of(ty).iter().find(|field| field.name == name)
    }

    pub(crate) fn args_of(&self, field: &FieldDef) -> &[InputDef] {
        &self.inputs[field.args.indices()]
    }

    pub(crate) fn inputs_of(&self, ty: &TypeDef) -> &[InputDef] {
        &self.inputs[ty.inputs.indices()]
    }

    pub(crate) fn values_of(&self, ty: &TypeDef) -> &[ValueDef] {
        &self.values[ty.values.indices()]
    }

    pub(crate) fn keys_of(&self, ty: &TypeDef) -> &[Key] {
        &self.keys[ty.keys.indices()]
    }

    pub(crate) fn members_of(&self, ty: &TypeDef) -> &[(Name, Span)] {
        &self.links[ty.members.indices()]
    }

    pub(crate) fn interfaces_of(&self, ty: &TypeDef) -> &[(Name, Span)] {
        &self.links[ty.interfaces.indices()]
    }

    /// Object types of this subgraph that a value of `ty` may have.
    pub(crate) fn runtime_types(&self, ty: &TypeDef) -> Vec<Name> {
        match ty.kind {
            Kind::Union => self.members_of(ty).iter().map(|member| member.0).collect(),
            Kind::Interface => self
                .types
                .iter()
                .filter(|other| other.kind == Kind::Object)
                .filter(|other| self.interfaces_of(other).iter().any(|link| link.0 == ty.name))
                .map(|other| other.name)
                .collect(),
            Kind::Object | Kind::Scalar | Kind::Enum | Kind::Input => vec![ty.name],
        }
    }
}

/// A type of one subgraph.
pub(crate) struct TypeDef {
    pub(crate) name: Name,
    pub(crate) kind: Kind,
    pub(crate) span: Span,
    /// Only extended here (`extend type`, `@extends`), never defined.
    pub(crate) extension_only: bool,
    /// `@interfaceObject`: an object here, an interface in the supergraph.
    pub(crate) interface_object: Option<Span>,
    pub(crate) fields: Run,
    pub(crate) inputs: Run,
    pub(crate) values: Run,
    pub(crate) members: Run,
    pub(crate) interfaces: Run,
    pub(crate) keys: Run,
    pub(crate) marks: Marks,
}

impl TypeDef {
    /// The kind that the type has in the supergraph.
    pub(crate) fn merged_kind(&self) -> Kind {
        if self.interface_object.is_some() { Kind::Interface } else { self.kind }
    }
}

/// A field of an object or interface type.
pub(crate) struct FieldDef {
    pub(crate) name: Name,
    /// Of the field's name.
    pub(crate) span: Span,
    /// Index of the type in `types`.
    pub(crate) parent: u32,
    pub(crate) ty: TypeRef,
    pub(crate) args: Run,
    pub(crate) marks: Marks,
    pub(crate) external: Option<Span>,
    /// The `@external` stands on the type, so being unused is no mistake.
    pub(crate) external_by_type: bool,
    pub(crate) shareable: Option<Span>,
    pub(crate) shareable_repeated: bool,
    pub(crate) requires: Option<FieldSetUse>,
    pub(crate) provides: Option<FieldSetUse>,
    pub(crate) override_from: Option<Override>,
    /// Selected by a key of its type.
    pub(crate) in_key: bool,
    /// Selected by any key, requires or provides of this subgraph.
    pub(crate) in_field_set: bool,
    /// Needed to satisfy an interface of its type.
    pub(crate) in_interface: bool,
}

impl FieldDef {
    /// Whether the field is used in its subgraph although that does not resolve it.
    pub(crate) fn is_used(&self) -> bool {
        self.in_field_set || self.in_interface
    }
}

/// An argument or a field of an input object.
pub(crate) struct InputDef {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) ty: TypeRef,
    pub(crate) default: Option<Node<Value>>,
    pub(crate) marks: Marks,
}

impl InputDef {
    /// Whether callers must give it.
    pub(crate) fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

/// A value of an enum.
pub(crate) struct ValueDef {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) marks: Marks,
}

/// `@key`.
pub(crate) struct Key {
    pub(crate) fields: FieldSetUse,
    pub(crate) resolvable: bool,
}

/// The `fields` argument of `@key`, `@requires` or `@provides`.
#[derive(Clone)]
pub(crate) struct FieldSetUse {
    pub(crate) set: FieldSet,
    /// Canonical text: single spaces.
    pub(crate) text: String,
    /// Of the directive.
    pub(crate) span: Span,
}

/// `@override`.
#[derive(Clone)]
pub(crate) struct Override {
    pub(crate) from: String,
    pub(crate) label: Option<String>,
    pub(crate) span: Span,
}

/// A directive definition of the subgraph's own.
pub(crate) struct DirectiveDef {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) description: Option<String>,
    pub(crate) args: Run,
    pub(crate) repeatable: bool,
    pub(crate) locations: Vec<DirectiveLocation>,
}

impl Ir {
    /// `Type.field`.
    pub(crate) fn coordinate(&self, ty: Name, member: Name) -> String {
        format!("{}.{}", &self.names[ty], &self.names[member])
    }

    /// `Type.field(arg:)`.
    pub(crate) fn argument_coordinate(&self, ty: Name, field: Name, argument: Name) -> String {
        format!("{}.{}({}:)", &self.names[ty], &self.names[field], &self.names[argument])
    }
}
