//! The supergraph: what exists in the composed schema and, for each subgraph, what it can resolve.
//!
//! Built by [`crate::Supergraph::read`] from SDL that carries the join specification's directives
//! (join v0.2 to v0.5). Facts are normalised here so that nobody behind needs to know how the join
//! specification abbreviates: a field without `@join__field` has one [`FieldJoin`] for every
//! subgraph of its type.

use rustc_hash::FxHashMap;

use crate::bits::{SubgraphSet, TypeSet};
use crate::ids::{AuthId, FieldId, FieldSetId, InputId, Interner, Name, SubgraphId, TypeId};

/// A composed schema with its join facts.
#[derive(Debug, Clone, Default)]
pub struct Supergraph {
    /// All names.
    pub names: Interner,
    /// The subgraphs, in the order of the `join__Graph` enum.
    pub subgraphs: Vec<Subgraph>,
    /// All types of the schema, without the machinery of `join`, `link` and features.
    pub types: Vec<TypeDef>,
    /// All fields of object and interface types; a type's fields stand together.
    pub fields: Vec<FieldDef>,
    /// All arguments and input fields; those of one owner stand together.
    pub inputs: Vec<InputDef>,
    /// Field sets of keys, `@requires` and `@provides`.
    pub field_sets: Vec<FieldSet>,
    /// Requirements on the caller.
    pub auth: Vec<AuthRequirement>,
    /// Directives that a document may use, among them `@skip` and `@include`.
    pub directives: Vec<DirectiveDef>,
    /// The root types.
    pub roots: Roots,
    /// The schema's description.
    pub description: Option<String>,
    /// The elements of introspection. Always there after reading.
    pub introspection: Option<Introspection>,
    pub(crate) types_by_name: FxHashMap<Name, TypeId>,
    pub(crate) fields_by_name: FxHashMap<(TypeId, Name), FieldId>,
}

/// The elements of introspection, which are no part of any subgraph: [`Supergraph::field`] finds the
/// meta fields on the query type, but they are not among its [`TypeDef::fields`].
#[derive(Debug, Clone, Copy)]
pub struct Introspection {
    /// The stand-in that holds the meta fields; it and all types behind it are introspection's.
    pub first_type: TypeId,
    /// `Query.__schema`
    pub schema_field: FieldId,
    /// `Query.__type`
    pub type_field: FieldId,
}

/// The root operation types.
#[derive(Debug, Clone, Copy, Default)]
pub struct Roots {
    /// Always there after reading.
    pub query: Option<TypeId>,
    /// There if any subgraph has mutations.
    pub mutation: Option<TypeId>,
    /// There if any subgraph has subscriptions.
    pub subscription: Option<TypeId>,
}

/// A subgraph.
#[derive(Debug, Clone)]
pub struct Subgraph {
    /// Its name, as people wrote it (`@join__graph(name:)`).
    pub name: String,
    /// Its value in the enum `join__Graph`.
    pub graph: Name,
    /// Where it is served; may be empty.
    pub url: String,
}

/// The kinds of types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A leaf with a format of its own.
    Scalar,
    /// A concrete composite type.
    Object,
    /// An abstract type with fields.
    Interface,
    /// An abstract type without fields.
    Union,
    /// A leaf out of a list of values.
    Enum,
    /// A composite type of arguments.
    InputObject,
}

/// A type.
#[derive(Debug, Clone)]
pub struct TypeDef {
    /// Its name.
    pub name: Name,
    /// Its kind.
    pub kind: Kind,
    /// Its description.
    pub description: Option<String>,
    /// Object, interface: the fields, in the order of the SDL.
    pub fields: Vec<FieldId>,
    /// Object, interface: every interface that it implements.
    pub interfaces: Vec<TypeId>,
    /// Object: itself; interface, union: every object type that it can be.
    pub possible: TypeSet,
    /// Enum: the values.
    pub values: Vec<EnumValue>,
    /// Input object: the fields.
    pub inputs: Vec<InputId>,
    /// Input object: exactly one field is to be given (`@oneOf`).
    pub one_of: bool,
    /// Scalar: the URL of `@specifiedBy`.
    pub specified_by: Option<String>,
    /// For each subgraph that has the type, once for each key in it.
    pub joins: Vec<TypeJoin>,
    /// Object, interface: which interfaces it implements in which subgraph.
    pub implements: Vec<(SubgraphId, TypeId)>,
    /// Union: which members it has in which subgraph.
    pub members: Vec<(SubgraphId, TypeId)>,
    /// Not part of the API schema.
    pub inaccessible: bool,
    /// Names of `@tag`.
    pub tags: Vec<Name>,
    /// What the caller must have to see anything of this type.
    pub auth: Option<AuthId>,
    /// `@cost(weight:)`.
    pub cost: Option<i32>,
}

/// A type in a subgraph (`@join__type`).
#[derive(Debug, Clone, Copy)]
pub struct TypeJoin {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// A key by which the subgraph knows the type, if it is an entity there.
    pub key: Option<FieldSetId>,
    /// Whether the subgraph can be entered by this key.
    pub resolvable: bool,
    /// The subgraph declares this interface as an object type (`@interfaceObject`): it adds
    /// fields to all implementations, and can't tell which one an object is.
    pub interface_object: bool,
}

/// A value of an enum.
#[derive(Debug, Clone)]
pub struct EnumValue {
    /// The value.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// The reason, if it is deprecated.
    pub deprecated: Option<String>,
    /// Not part of the API schema.
    pub inaccessible: bool,
    /// Names of `@tag`.
    pub tags: Vec<Name>,
    /// The subgraphs that know it.
    pub subgraphs: SubgraphSet,
}

/// A field of an object or interface type.
#[derive(Debug, Clone)]
pub struct FieldDef {
    /// The type that it is a field of.
    pub parent: TypeId,
    /// Its name.
    pub name: Name,
    /// Its type in the API.
    pub ty: TypeRef,
    /// Its arguments.
    pub args: Vec<InputId>,
    /// Its description.
    pub description: Option<String>,
    /// The reason, if it is deprecated.
    pub deprecated: Option<String>,
    /// For each subgraph that defines the field. Empty on an implementation of an interface whose
    /// field comes from an `@interfaceObject`: the interface's field has the join then.
    pub joins: Vec<FieldJoin>,
    /// Not part of the API schema.
    pub inaccessible: bool,
    /// Names of `@tag`.
    pub tags: Vec<Name>,
    /// What the caller must have to see this field.
    pub auth: Option<AuthId>,
    /// `@cost(weight:)`.
    pub cost: Option<i32>,
    /// `@listSize`.
    pub list_size: Option<ListSize>,
}

/// A field in a subgraph (`@join__field`).
#[derive(Debug, Clone)]
pub struct FieldJoin {
    /// The subgraph.
    pub subgraph: SubgraphId,
    /// The subgraph only mentions the field, as part of a key, `@requires` or `@provides`. It can
    /// be selected there below a `@provides` that names it and as part of a key, not otherwise.
    pub external: bool,
    /// What a representation must carry besides the key, for this subgraph to resolve the field.
    pub requires: Option<FieldSetId>,
    /// What of the returned type this subgraph can resolve on this path.
    pub provides: Option<FieldSetId>,
    /// The field's type in this subgraph, which may be stricter than that of the API.
    pub ty: TypeRef,
    /// The field moved elsewhere (`@override`), and is only kept for keys and `@requires` here.
    pub used_overridden: bool,
    /// A progressive `@override`: this join counts only while the label is as told.
    pub label: Option<OverrideLabel>,
}

/// The condition of a progressive `@override(label:)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverrideLabel {
    /// The label, such as `percent(25)`.
    pub label: Name,
    /// The join counts while the label is on (the new owner) or while it is off (the old one).
    pub when: bool,
}

/// `@listSize`.
#[derive(Debug, Clone, Default)]
pub struct ListSize {
    /// The size to assume when nothing tells more.
    pub assumed: Option<i32>,
    /// Arguments that bound the size.
    pub slicing_arguments: Vec<Name>,
    /// Fields of the returned object that are the list, instead of the field itself.
    pub sized_fields: Vec<Name>,
    /// Exactly one slicing argument must be given.
    pub require_one_slicing_argument: bool,
}

/// An argument or an input field.
#[derive(Debug, Clone)]
pub struct InputDef {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeRef,
    /// Its default.
    pub default: Option<ConstValue>,
    /// Its description.
    pub description: Option<String>,
    /// The reason, if it is deprecated.
    pub deprecated: Option<String>,
    /// Not part of the API schema.
    pub inaccessible: bool,
    /// Names of `@tag`.
    pub tags: Vec<Name>,
    /// The subgraphs that know it.
    pub subgraphs: SubgraphSet,
}

/// A directive that documents may use.
#[derive(Debug, Clone)]
pub struct DirectiveDef {
    /// Its name, without `@`.
    pub name: Name,
    /// Its description.
    pub description: Option<String>,
    /// Its arguments.
    pub args: Vec<InputId>,
    /// Whether it may stand more than once at one place.
    pub repeatable: bool,
    /// Where it may stand, as the SDL spells it (`FIELD`, `QUERY`, …).
    pub locations: Vec<String>,
}

/// What the caller must have: every part that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthRequirement {
    /// The caller is known.
    pub authenticated: bool,
    /// Any one of these groups of scopes, all scopes of the group; empty asks nothing.
    pub scopes: Vec<Vec<Name>>,
    /// Any one of these groups of policies, all policies of the group; empty asks nothing.
    pub policies: Vec<Vec<Name>>,
}

/// A parsed field set.
#[derive(Debug, Clone)]
pub struct FieldSet {
    /// The type that it selects from.
    pub on: TypeId,
    /// The selections.
    pub selections: Vec<SetSelection>,
    /// The text it was parsed from.
    pub text: String,
}

/// A selection of a field set.
#[derive(Debug, Clone, PartialEq)]
pub enum SetSelection {
    /// `__typename`.
    Typename,
    /// A field, with its arguments and, for a composite type, what is selected of it.
    Field { field: FieldId, arguments: Vec<(Name, ConstValue)>, selections: Vec<SetSelection> },
    /// `... on T { … }`
    Fragment { on: TypeId, selections: Vec<SetSelection> },
}

/// A constant value. Numbers keep their text.
#[derive(Debug, Clone, PartialEq)]
pub enum ConstValue {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// An integer, as written.
    Int(String),
    /// A number with a fraction or exponent, as written.
    Float(String),
    /// A string, unescaped.
    String(String),
    /// An enum value.
    Enum(String),
    /// A list.
    List(Vec<ConstValue>),
    /// An input object, in the order written.
    Object(Vec<(String, ConstValue)>),
}

/// A type with its list and non-null wrappers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TypeRef {
    /// The named type inside.
    pub named: TypeId,
    /// The wrappers around it.
    pub wrap: Wrap,
}

impl TypeRef {
    /// Whether the outermost wrapper is `!`.
    pub fn is_non_null(self) -> bool {
        self.wrap.is_non_null()
    }

    /// Whether it is a list, nullable or not.
    pub fn is_list(self) -> bool {
        self.wrap.item().is_some()
    }

    /// The type of the list's items.
    pub fn item(self) -> Option<Self> {
        self.wrap.item().map(|wrap| Self { wrap, ..self })
    }

    /// The same type without an outer `!`.
    pub fn nullable(self) -> Self {
        Self { wrap: self.wrap.nullable(), ..self }
    }
}

/// List and non-null wrappers, two bits each, the outermost lowest. At most 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Wrap(u32);

const NON_NULL: u32 = 1;
const LIST: u32 = 2;

impl Wrap {
    /// No wrapper: a nullable named type.
    pub const NONE: Self = Self(0);

    /// `T!`; the same if it is non-null already.
    pub fn non_null(self) -> Option<Self> {
        if self.is_non_null() { Some(self) } else { self.push(NON_NULL) }
    }

    /// `[T]`; nothing if there are 16 wrappers already.
    pub fn list(self) -> Option<Self> {
        self.push(LIST)
    }

    /// Whether the outermost wrapper is `!`.
    pub fn is_non_null(self) -> bool {
        self.0 & 3 == NON_NULL
    }

    /// Without an outer `!`.
    pub fn nullable(self) -> Self {
        if self.is_non_null() { Self(self.0 >> 2) } else { self }
    }

    /// The wrappers of the items, if this is a list.
    pub fn item(self) -> Option<Self> {
        let inner = self.nullable();
        (inner.0 & 3 == LIST).then_some(Self(inner.0 >> 2))
    }

    /// How many lists there are.
    pub fn list_depth(self) -> usize {
        std::iter::successors(self.item(), |wrap| wrap.item()).count()
    }

    fn push(self, wrapper: u32) -> Option<Self> {
        (self.0 >> 30 == 0).then_some(Self(self.0 << 2 | wrapper))
    }
}

impl Supergraph {
    /// The type of that name.
    pub fn type_named(&self, name: &str) -> Option<TypeId> {
        self.types_by_name.get(&self.names.get(name)?).copied()
    }

    /// The field `name` of an object or interface type.
    pub fn field(&self, on: TypeId, name: Name) -> Option<FieldId> {
        self.fields_by_name.get(&(on, name)).copied()
    }

    /// The field `name` of an object or interface type.
    pub fn field_named(&self, on: TypeId, name: &str) -> Option<FieldId> {
        self.field(on, self.names.get(name)?)
    }

    /// The definition of a type.
    pub fn ty(&self, id: TypeId) -> &TypeDef {
        &self.types[id.index()]
    }

    /// The definition of a field.
    pub fn field_def(&self, id: FieldId) -> &FieldDef {
        &self.fields[id.index()]
    }

    /// The definition of an argument or input field.
    pub fn input(&self, id: InputId) -> &InputDef {
        &self.inputs[id.index()]
    }

    /// A field set.
    pub fn set(&self, id: FieldSetId) -> &FieldSet {
        &self.field_sets[id.index()]
    }

    /// The text of a name.
    pub fn text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// A type's name.
    pub fn type_name(&self, id: TypeId) -> &str {
        self.text(self.ty(id).name)
    }

    /// A field's name.
    pub fn field_name(&self, id: FieldId) -> &str {
        self.text(self.field_def(id).name)
    }

    /// `Type.field`, for messages.
    pub fn coordinate(&self, id: FieldId) -> String {
        format!("{}.{}", self.type_name(self.field_def(id).parent), self.field_name(id))
    }

    /// The subgraph of that name.
    pub fn subgraph_named(&self, name: &str) -> Option<SubgraphId> {
        self.subgraphs.iter().position(|subgraph| subgraph.name == name).map(SubgraphId::new)
    }

    /// A type as the SDL writes it: `[Product!]!`.
    pub fn type_text(&self, ty: TypeRef) -> String {
        let bang = if ty.is_non_null() { "!" } else { "" };
        match ty.item() {
            Some(item) => format!("[{}]{bang}", self.type_text(item)),
            None => format!("{}{bang}", self.type_name(ty.named)),
        }
    }

    /// Whether the type has selections: an object, interface or union.
    pub fn is_composite(&self, id: TypeId) -> bool {
        matches!(self.ty(id).kind, Kind::Object | Kind::Interface | Kind::Union)
    }

    /// Whether the subgraph has the type.
    pub fn has_type(&self, subgraph: SubgraphId, id: TypeId) -> bool {
        self.ty(id).joins.iter().any(|join| join.subgraph == subgraph)
    }

    /// Whether the subgraph has this interface as an `@interfaceObject`.
    pub fn is_interface_object(&self, subgraph: SubgraphId, id: TypeId) -> bool {
        self.ty(id).joins.iter().any(|join| join.subgraph == subgraph && join.interface_object)
    }

    /// The object types that a value of type `id` can be in that subgraph: an object is itself, an
    /// `@interfaceObject` stands for none.
    pub fn possible_in(&self, subgraph: SubgraphId, id: TypeId) -> TypeSet {
        let def = self.ty(id);
        match def.kind {
            Kind::Object if self.has_type(subgraph, id) => TypeSet::of(id),
            Kind::Interface => def
                .possible
                .iter()
                .filter(|&object| {
                    let implements = &self.ty(object).implements;
                    implements.iter().any(|&(graph, of)| graph == subgraph && of == id)
                })
                .collect(),
            Kind::Union => {
                let here = def.members.iter().filter(|(graph, _)| *graph == subgraph);
                here.map(|&(_, member)| member).collect()
            }
            Kind::Object | Kind::Scalar | Kind::Enum | Kind::InputObject => TypeSet::new(),
        }
    }

    /// Whether the type is one of introspection's.
    pub fn is_introspection_type(&self, id: TypeId) -> bool {
        self.introspection.is_some_and(|meta| id >= meta.first_type)
    }

    /// Whether the field is `__schema` or `__type` of the query type.
    pub fn is_introspection_field(&self, id: FieldId) -> bool {
        self.introspection.is_some_and(|meta| id == meta.schema_field || id == meta.type_field)
    }

    /// How the subgraph has the field, if it does.
    pub fn join(&self, field: FieldId, subgraph: SubgraphId) -> Option<&FieldJoin> {
        self.field_def(field).joins.iter().find(|join| join.subgraph == subgraph)
    }
}
