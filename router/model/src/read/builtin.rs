//! What every schema has: the built-in scalars and directives, and the types of introspection
//! (specification, sections 3.5, 3.13 and 4.2).

use crate::bits::{SubgraphSet, TypeSet};
use crate::ids::{FieldId, InputId, TypeId};
use crate::schema::{
    DirectiveDef, EnumValue, FieldDef, InputDef, Introspection, Kind, Supergraph, TypeDef, TypeRef,
    Wrap,
};
use crate::syntax::{
    self, Document, InputDefinition, Limits, List, Type, TypeRefId, TypeSystemKind,
};

pub(super) const SCALARS: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

const DIRECTIVES: [&str; 5] = ["skip", "include", "deprecated", "specifiedBy", "oneOf"];

/// The types of introspection, and the meta fields as fields of a stand-in for the query type.
const SDL: &str = r#"
type __Query { __schema: __Schema! __type(name: String!): __Type }
type __Schema {
  description: String types: [__Type!]! queryType: __Type! mutationType: __Type
  subscriptionType: __Type directives: [__Directive!]!
}
type __Type {
  kind: __TypeKind! name: String description: String specifiedByURL: String
  fields(includeDeprecated: Boolean! = false): [__Field!] interfaces: [__Type!]
  possibleTypes: [__Type!] enumValues(includeDeprecated: Boolean! = false): [__EnumValue!]
  inputFields(includeDeprecated: Boolean! = false): [__InputValue!] ofType: __Type isOneOf: Boolean
}
enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }
type __Field {
  name: String! description: String
  args(includeDeprecated: Boolean! = false): [__InputValue!]!
  type: __Type! isDeprecated: Boolean! deprecationReason: String
}
type __InputValue {
  name: String! description: String type: __Type! defaultValue: String
  isDeprecated: Boolean! deprecationReason: String
}
type __EnumValue {
  name: String! description: String isDeprecated: Boolean! deprecationReason: String
}
type __Directive {
  name: String! description: String isRepeatable: Boolean! locations: [__DirectiveLocation!]!
  args(includeDeprecated: Boolean! = false): [__InputValue!]!
}
enum __DirectiveLocation {
  QUERY MUTATION SUBSCRIPTION FIELD FRAGMENT_DEFINITION FRAGMENT_SPREAD INLINE_FRAGMENT
  VARIABLE_DEFINITION SCHEMA SCALAR OBJECT FIELD_DEFINITION ARGUMENT_DEFINITION INTERFACE UNION
  ENUM ENUM_VALUE INPUT_OBJECT INPUT_FIELD_DEFINITION
}
"Leaves the field or fragment out when the argument is true."
directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Leaves the field or fragment out unless the argument is true."
directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
"Marks an element as no longer supported."
directive @deprecated(reason: String! = "No longer supported") on FIELD_DEFINITION | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION | ENUM_VALUE
"Says where the format of a custom scalar is described."
directive @specifiedBy(url: String!) on SCALAR
"Exactly one field of the input object must be given, and it must not be null."
directive @oneOf on INPUT_OBJECT
"#;

/// Whether the specification defines a directive of that name.
pub(super) fn is_directive(name: &str) -> bool {
    DIRECTIVES.contains(&name)
}

/// Whether a directive at this location stands in a document, not in a schema.
pub(super) fn is_executable_location(location: &str) -> bool {
    matches!(
        location,
        "QUERY"
            | "MUTATION"
            | "SUBSCRIPTION"
            | "FIELD"
            | "FRAGMENT_DEFINITION"
            | "FRAGMENT_SPREAD"
            | "INLINE_FRAGMENT"
            | "VARIABLE_DEFINITION"
    )
}

/// Adds a type without content.
pub(super) fn push_type(schema: &mut Supergraph, name: &str, kind: Kind) -> TypeId {
    let id = TypeId::new(schema.types.len());
    let name = schema.names.intern(name);
    schema.types_by_name.insert(name, id);
    schema.types.push(TypeDef {
        name,
        kind,
        description: None,
        fields: Vec::new(),
        interfaces: Vec::new(),
        possible: TypeSet::new(),
        values: Vec::new(),
        inputs: Vec::new(),
        one_of: false,
        specified_by: None,
        joins: Vec::new(),
        implements: Vec::new(),
        members: Vec::new(),
        inaccessible: false,
        tags: Vec::new(),
        auth: None,
        cost: None,
    });
    id
}

/// Adds a field to its parent.
pub(super) fn push_field(schema: &mut Supergraph, field: FieldDef) -> FieldId {
    let id = FieldId::new(schema.fields.len());
    schema.fields_by_name.insert((field.parent, field.name), id);
    schema.types[field.parent.index()].fields.push(id);
    schema.fields.push(field);
    id
}

/// Adds the directives and the types of introspection to a schema that has the built-in scalars
/// and a query type.
pub(super) fn add(schema: &mut Supergraph) {
    let doc = syntax::parse(SDL, Limits::SCHEMA).expect("the SDL above is well-formed: see tests");
    let first_type = TypeId::new(schema.types.len());
    for def in &doc.type_system {
        match def.kind {
            TypeSystemKind::Object { .. } => {
                let id = push_type(schema, doc.text(def.name), Kind::Object);
                schema.types[id.index()].possible = TypeSet::of(id);
            }
            TypeSystemKind::Enum(values) => {
                let id = push_type(schema, doc.text(def.name), Kind::Enum);
                for value in &doc[values] {
                    let name = schema.names.intern(doc.text(value.name));
                    schema.types[id.index()].values.push(plain_value(name));
                }
            }
            _ => {}
        }
    }
    for def in &doc.type_system {
        match def.kind {
            TypeSystemKind::Object { fields, .. } => {
                let parent = schema.type_named(doc.text(def.name));
                let parent = parent.expect("pushed by the loop above");
                for field in &doc[fields] {
                    let name = schema.names.intern(doc.text(field.name));
                    let ty = type_ref(schema, &doc, field.ty);
                    let args = inputs(schema, &doc, field.arguments);
                    push_field(schema, plain_field(parent, name, ty, args));
                }
            }
            TypeSystemKind::Directive { arguments, repeatable, locations } => {
                let directive = DirectiveDef {
                    name: schema.names.intern(doc.text(def.name)),
                    description: def.description.map(|text| doc.string(text).into_owned()),
                    args: inputs(schema, &doc, arguments),
                    repeatable,
                    locations: doc[locations].iter().map(|&at| doc.text(at).to_owned()).collect(),
                };
                schema.directives.push(directive);
            }
            _ => {}
        }
    }
    let field = |name: &str| {
        schema.field_named(first_type, name).expect("the SDL above has both meta fields")
    };
    let (schema_field, type_field) = (field("__schema"), field("__type"));
    let query = schema.roots.query.expect("`roots` refuses a schema without a query type");
    for id in [schema_field, type_field] {
        let name = schema.field_def(id).name;
        schema.fields[id.index()].parent = query;
        schema.fields_by_name.insert((query, name), id);
    }
    schema.introspection = Some(Introspection { first_type, schema_field, type_field });
}

fn plain_value(name: crate::ids::Name) -> EnumValue {
    EnumValue {
        name,
        description: None,
        deprecated: None,
        inaccessible: false,
        tags: Vec::new(),
        subgraphs: SubgraphSet::new(),
    }
}

fn plain_field(
    parent: TypeId,
    name: crate::ids::Name,
    ty: TypeRef,
    args: Vec<InputId>,
) -> FieldDef {
    FieldDef {
        parent,
        name,
        ty,
        args,
        description: None,
        deprecated: None,
        joins: Vec::new(),
        inaccessible: false,
        tags: Vec::new(),
        auth: None,
        cost: None,
        list_size: None,
    }
}

fn inputs(schema: &mut Supergraph, doc: &Document, list: List<InputDefinition>) -> Vec<InputId> {
    let mut ids = Vec::with_capacity(list.len());
    for input in &doc[list] {
        let def = InputDef {
            name: schema.names.intern(doc.text(input.name)),
            ty: type_ref(schema, doc, input.ty),
            default: input.default.map(|value| super::directives::const_value(doc, value)),
            description: None,
            deprecated: None,
            inaccessible: false,
            tags: Vec::new(),
            subgraphs: SubgraphSet::new(),
        };
        ids.push(InputId::new(schema.inputs.len()));
        schema.inputs.push(def);
    }
    ids
}

fn type_ref(schema: &Supergraph, doc: &Document, id: TypeRefId) -> TypeRef {
    let (inner, non_null) = match doc.ty(id) {
        Type::Named { name, non_null } => {
            let named =
                schema.type_named(doc.text(name)).expect("the SDL above names its own types");
            (TypeRef { named, wrap: Wrap::NONE }, non_null)
        }
        Type::List { item, non_null, .. } => {
            let item = type_ref(schema, doc, item);
            let wrap = item.wrap.list().expect("the SDL above nests one list");
            (TypeRef { wrap, ..item }, non_null)
        }
    };
    let wrap = if non_null { inner.wrap.non_null() } else { Some(inner.wrap) };
    TypeRef { wrap: wrap.expect("the SDL above nests one list"), ..inner }
}
