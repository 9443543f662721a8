//! A normalised operation: what planning starts from.
//!
//! Made from a valid document by inlining fragments (bounded), deciding `@skip` and `@include`,
//! and taking out what the caller may not see. Both decisions are part of the key under which a
//! plan is cached, so a plan has no conditions: what is skipped is never asked for, and neither is
//! what only that would have needed.

use braid_model::ids::{FieldId, InputId, TypeId};
use braid_model::schema::{ConstValue, TypeRef};
pub use braid_model::syntax::OperationKind;

/// An operation, ready to be planned.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// Its name.
    pub name: Option<String>,
    /// The root type.
    pub root: TypeId,
    /// The variables that it declares, in order.
    pub variables: Vec<Variable>,
    /// What it selects.
    pub selections: Vec<Selection>,
    /// Null members are left out everywhere in the answer (`@omitNull` on the operation).
    pub omit_null: bool,
}

/// A declared variable.
#[derive(Debug, Clone)]
pub struct Variable {
    /// The name, without `$`.
    pub name: String,
    /// Its type.
    pub ty: TypeRef,
    /// Its default.
    pub default: Option<ConstValue>,
}

/// A place in [`Operation::variables`].
pub type VariableIndex = usize;

/// A selection.
#[derive(Debug, Clone)]
pub enum Selection {
    /// `__typename` under a response key.
    Typename {
        /// The key in the answer.
        key: String,
    },
    /// A field.
    Field(Field),
    /// A fragment with a type condition that is not implied by the type around it.
    Fragment {
        /// The condition: an object, interface or union type.
        on: TypeId,
        /// What it selects.
        selections: Vec<Selection>,
    },
}

/// A selected field.
#[derive(Debug, Clone)]
pub struct Field {
    /// The key in the answer.
    pub key: String,
    /// The field, of the type of the selection set or fragment it stands in.
    pub field: FieldId,
    /// The arguments as given, in the order of the definition; those left out are not here.
    pub arguments: Vec<(InputId, Value)>,
    /// What is selected of a composite type. Empty if all of it was skipped: then each object is
    /// `{}`.
    pub selections: Vec<Selection>,
    /// The caller may not see it: it is null in the answer, with an error, and is not fetched.
    pub denied: bool,
    /// How the answer is to show it. Planning is not to look at it, only to hand it on.
    pub shaping: Shaping,
}

/// The shaping directives of a stored document: they change how a field is written, not what is
/// fetched. All off in a document that a client sent as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shaping {
    /// `@flatten`: the object is replaced by its one shown member, a connection by its `nodes`.
    pub flatten: bool,
    /// `@hide`: fetched, not shown.
    pub hide: bool,
    /// `@omitNull`: left out where it is null.
    pub omit_null: bool,
}

/// A value of an argument.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A variable of the operation.
    Variable(VariableIndex),
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
    List(Vec<Value>),
    /// An input object, in the order written.
    Object(Vec<(String, Value)>),
}
