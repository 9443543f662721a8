//! The flat tree of a document.

use std::marker::PhantomData;
use std::ops::Index;

/// A range of bytes of the source.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Nodes of one kind that stand together in the document.
pub struct List<T> {
    start: u32,
    len: u32,
    node: PhantomData<T>,
}

impl<T> List<T> {
    /// No nodes.
    pub const EMPTY: Self = Self { start: 0, len: 0, node: PhantomData };

    pub(super) fn new(start: usize, len: usize) -> Self {
        // Documents are under 4 GiB (`parse` refuses larger ones), and a node takes a byte at least.
        let fit = |n: usize| u32::try_from(n).expect("a document has fewer than 2^32 nodes");
        Self { start: fit(start), len: fit(len), node: PhantomData }
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }

    /// The places of the nodes in their vector, which serve as ids.
    pub fn ids(self) -> std::ops::Range<usize> {
        self.range()
    }
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for List<T> {}

impl<T> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.range())
    }
}

/// A parsed document with its source.
#[derive(Debug, Default)]
pub struct Document {
    pub(super) source: Box<str>,
    /// Operations, in order.
    pub operations: Vec<Operation>,
    /// Fragment definitions, in order.
    pub fragments: Vec<Fragment>,
    /// Type-system definitions and extensions, in order.
    pub type_system: Vec<TypeSystem>,
    pub(super) selections: Vec<Selection>,
    pub(super) arguments: Vec<Argument>,
    pub(super) directives: Vec<Directive>,
    pub(super) variables: Vec<VariableDefinition>,
    pub(super) values: Vec<Value>,
    pub(super) types: Vec<Type>,
    pub(super) field_definitions: Vec<FieldDefinition>,
    pub(super) input_definitions: Vec<InputDefinition>,
    pub(super) enum_values: Vec<EnumValueDefinition>,
    pub(super) names: Vec<Span>,
    pub(super) root_operations: Vec<RootOperation>,
}

impl Document {
    /// The whole source.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The source of a span of this document.
    pub fn text(&self, span: Span) -> &str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The content of a string value, unescaped (section 2.9.4 of the specification).
    pub fn string(&self, string: StringValue) -> std::borrow::Cow<'_, str> {
        super::lexer::string_content(self.text(string.span), string.block)
    }

    /// A type reference by its id.
    pub fn ty(&self, id: TypeRefId) -> Type {
        self.types[id.0 as usize]
    }

    /// A value by its id.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0 as usize]
    }

    /// Line and column of a byte, both counted from one; columns in characters.
    pub fn position(&self, byte: u32) -> (u32, u32) {
        let before = self.source.get(..byte as usize).unwrap_or(&self.source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let fit = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        (fit(line), fit(column))
    }
}

macro_rules! lists {
    ($($node:ty => $field:ident),* $(,)?) => {$(
        impl Index<List<$node>> for Document {
            type Output = [$node];
            fn index(&self, list: List<$node>) -> &[$node] {
                &self.$field[list.range()]
            }
        }
    )*};
}
lists! {
    Selection => selections,
    Argument => arguments,
    Directive => directives,
    VariableDefinition => variables,
    Value => values,
    FieldDefinition => field_definitions,
    InputDefinition => input_definitions,
    EnumValueDefinition => enum_values,
    Span => names,
    RootOperation => root_operations,
}

/// The kinds of operations.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OperationKind {
    /// Reads.
    Query,
    /// Writes, in order.
    Mutation,
    /// A stream of answers.
    Subscription,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// Its name; the anonymous have none.
    pub name: Option<Span>,
    /// Its variables.
    pub variables: List<VariableDefinition>,
    /// Its directives.
    pub directives: List<Directive>,
    /// What it selects.
    pub selections: List<Selection>,
    /// All of it.
    pub span: Span,
}

/// A fragment definition.
#[derive(Clone, Copy, Debug)]
pub struct Fragment {
    /// Its name.
    pub name: Span,
    /// Its type condition.
    pub on: Span,
    /// Its directives.
    pub directives: List<Directive>,
    /// What it selects.
    pub selections: List<Selection>,
    /// All of it.
    pub span: Span,
}

/// A variable definition.
#[derive(Clone, Copy, Debug)]
pub struct VariableDefinition {
    /// The name, without `$`.
    pub name: Span,
    /// The type.
    pub ty: TypeRefId,
    /// The default.
    pub default: Option<ValueId>,
    /// Its directives.
    pub directives: List<Directive>,
    /// All of it.
    pub span: Span,
}

/// A member of a selection set.
#[derive(Clone, Copy, Debug)]
pub enum Selection {
    /// A field.
    Field(Field),
    /// `...name`
    Spread(Spread),
    /// `... on T { }`, `... { }`
    Inline(Inline),
}

/// A field of a selection set.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The alias.
    pub alias: Option<Span>,
    /// The name.
    pub name: Span,
    /// The arguments.
    pub arguments: List<Argument>,
    /// The directives.
    pub directives: List<Directive>,
    /// What is selected of it; empty without braces.
    pub selections: List<Selection>,
    /// All of it.
    pub span: Span,
}

impl Field {
    /// The alias or the name: the key in the answer.
    pub fn response_key(&self) -> Span {
        self.alias.unwrap_or(self.name)
    }
}

/// A fragment spread.
#[derive(Clone, Copy, Debug)]
pub struct Spread {
    /// The fragment's name.
    pub name: Span,
    /// The directives.
    pub directives: List<Directive>,
    /// All of it.
    pub span: Span,
}

/// An inline fragment.
#[derive(Clone, Copy, Debug)]
pub struct Inline {
    /// The type condition.
    pub on: Option<Span>,
    /// The directives.
    pub directives: List<Directive>,
    /// What it selects.
    pub selections: List<Selection>,
    /// All of it.
    pub span: Span,
}

/// An argument, or a field of an object value.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// The name.
    pub name: Span,
    /// The value.
    pub value: ValueId,
    /// All of it.
    pub span: Span,
}

/// An applied directive.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// The name, without `@`.
    pub name: Span,
    /// The arguments.
    pub arguments: List<Argument>,
    /// All of it.
    pub span: Span,
}

/// The place of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ValueId(pub(super) u32);

/// A value with its place in the source.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// What it is.
    pub kind: ValueKind,
    /// All of it.
    pub span: Span,
}

/// What a value is.
#[derive(Clone, Copy, Debug)]
pub enum ValueKind {
    /// `$name`; the span is that of the name without `$`.
    Variable(Span),
    /// An integer; its text is the value's span.
    Int,
    /// A number with a fraction or exponent; its text is the value's span.
    Float,
    /// A string; see [`Document::string`].
    String(StringValue),
    /// `true`, `false`
    Boolean(bool),
    /// `null`
    Null,
    /// An enum value; its text is the value's span.
    Enum,
    /// A list.
    List(List<Value>),
    /// An input object.
    Object(List<Argument>),
}

/// A string literal.
#[derive(Clone, Copy, Debug)]
pub struct StringValue {
    /// With its quotes.
    pub span: Span,
    /// A block string (`"""`).
    pub block: bool,
}

/// The place of a type reference.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TypeRefId(pub(super) u32);

/// A type reference.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// A named type.
    Named {
        /// The name.
        name: Span,
        /// Followed by `!`.
        non_null: bool,
    },
    /// A list.
    List {
        /// The type of the items.
        item: TypeRefId,
        /// Followed by `!`.
        non_null: bool,
        /// All of it.
        span: Span,
    },
}

/// A type-system definition or extension.
#[derive(Clone, Copy, Debug)]
pub struct TypeSystem {
    /// Its description.
    pub description: Option<StringValue>,
    /// `extend …`
    pub extension: bool,
    /// The name; empty for a schema definition.
    pub name: Span,
    /// Its directives.
    pub directives: List<Directive>,
    /// What it defines.
    pub kind: TypeSystemKind,
    /// All of it.
    pub span: Span,
}

/// What a type-system definition defines.
#[derive(Clone, Copy, Debug)]
pub enum TypeSystemKind {
    /// `schema { query: Query }`
    Schema(List<RootOperation>),
    /// `scalar Date`
    Scalar,
    /// `type T implements I { … }`
    Object {
        /// The interfaces' names.
        implements: List<Span>,
        /// The fields.
        fields: List<FieldDefinition>,
    },
    /// `interface I implements J { … }`
    Interface {
        /// The interfaces' names.
        implements: List<Span>,
        /// The fields.
        fields: List<FieldDefinition>,
    },
    /// `union U = A | B`
    Union(List<Span>),
    /// `enum E { A B }`
    Enum(List<EnumValueDefinition>),
    /// `input I { … }`
    InputObject(List<InputDefinition>),
    /// `directive @d(…) repeatable on FIELD`
    Directive {
        /// The arguments.
        arguments: List<InputDefinition>,
        /// Whether it may be repeated.
        repeatable: bool,
        /// The locations.
        locations: List<Span>,
    },
}

/// `query: Query` of a schema definition.
#[derive(Clone, Copy, Debug)]
pub struct RootOperation {
    /// The kind of operation.
    pub kind: OperationKind,
    /// The type's name.
    pub ty: Span,
}

/// A field of an object or interface definition.
#[derive(Clone, Copy, Debug)]
pub struct FieldDefinition {
    /// Its description.
    pub description: Option<StringValue>,
    /// Its name.
    pub name: Span,
    /// Its arguments.
    pub arguments: List<InputDefinition>,
    /// Its type.
    pub ty: TypeRefId,
    /// Its directives.
    pub directives: List<Directive>,
    /// All of it.
    pub span: Span,
}

/// An argument definition or a field of an input object definition.
#[derive(Clone, Copy, Debug)]
pub struct InputDefinition {
    /// Its description.
    pub description: Option<StringValue>,
    /// Its name.
    pub name: Span,
    /// Its type.
    pub ty: TypeRefId,
    /// Its default.
    pub default: Option<ValueId>,
    /// Its directives.
    pub directives: List<Directive>,
    /// All of it.
    pub span: Span,
}

/// A value of an enum definition.
#[derive(Clone, Copy, Debug)]
pub struct EnumValueDefinition {
    /// Its description.
    pub description: Option<StringValue>,
    /// The value.
    pub name: Span,
    /// Its directives.
    pub directives: List<Directive>,
}
