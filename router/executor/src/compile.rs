//! From a plan to tables: everything that does not depend on a request is done here, once.
//!
//! Texts of requests are escaped, keys of the answer rendered, shapes laid out as slots with the
//! checks of their leaves, types become integers. All references of the plan are checked, so that
//! whoever runs the tables may index without looking.

use std::sync::Arc;

use braid_model::bits::TypeSet;
use braid_model::ids::{SubgraphId, TypeId};
use braid_model::schema::{Supergraph, Wrap};
use braid_planner::operation::OperationKind;
use braid_planner::plan::Plan;

use crate::data::{NONE, index};

mod output;
mod request;
mod shape;

/// Why a plan cannot be compiled. A plan of our planner always can; this is an internal error, not
/// one of the client, save for [`CompileError::Flatten`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The plan refers to something that is not there.
    #[error("plan refers to a {0} that it does not have")]
    Reference(&'static str),
    /// A fetch comes after one that does not stand before it.
    #[error("plan puts a fetch before what it waits for")]
    Order,
    /// Two fields of one place are answered under one key.
    #[error("plan asks for `{0}` twice in one place")]
    DuplicateKey(String),
    /// `@flatten` on an object that shows several members.
    #[error("`{0}` cannot be flattened: it shows more or less than one member, and no `nodes`")]
    Flatten(String),
}

/// A compiled operation: run it with [`crate::execute`], as often as you like.
#[derive(Debug)]
pub struct Compiled {
    pub(crate) kind: OperationKind,
    pub(crate) fetches: Vec<Fetch>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) root: u32,
    pub(crate) roots: Vec<u32>,
    /// For each type, its name as a JSON string.
    pub(crate) type_names: Arc<[Box<[u8]>]>,
    /// Some field is denied, so every answer has errors.
    pub(crate) denies: bool,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Fetch {
    pub(crate) target: Target,
    /// How many fetches must be done before.
    pub(crate) waits_for: u32,
    /// The fetches that wait for this one.
    pub(crate) then: Vec<u32>,
    /// The request's body up to its variables.
    pub(crate) prefix: Box<[u8]>,
    /// The client's variables: `"name":` and where the value is found.
    pub(crate) variables: Vec<(Box<[u8]>, usize)>,
    pub(crate) kind: FetchKind,
    /// Sending it twice could do harm.
    pub(crate) mutates: bool,
}

/// Who answers.
#[derive(Debug)]
pub(crate) enum Target {
    Subgraph(SubgraphId),
    /// We do: the answer comes with the request.
    Introspection,
}

#[derive(Debug)]
pub(crate) enum FetchKind {
    Root(u32),
    Entities(Vec<Group>),
}

/// Entities of one type.
#[derive(Debug)]
pub(crate) struct Group {
    /// The key of the `_entities` field in the answer.
    pub(crate) key: Box<str>,
    /// `"r0":[`
    pub(crate) variable: Box<[u8]>,
    pub(crate) shape: u32,
    pub(crate) anchors: Vec<Anchor>,
}

#[derive(Debug)]
pub(crate) struct Anchor {
    pub(crate) at: u32,
    pub(crate) link: u32,
    pub(crate) representations: Vec<Representation>,
}

#[derive(Debug)]
pub(crate) struct Representation {
    pub(crate) types: TypeTest,
    /// `{"__typename":"Product"`; nothing where the object's own type is named.
    pub(crate) head: Option<Box<[u8]>>,
    pub(crate) fields: Vec<RepresentationField>,
}

#[derive(Debug)]
pub(crate) struct RepresentationField {
    /// `"name":`
    pub(crate) key: Box<[u8]>,
    pub(crate) types: TypeTest,
    pub(crate) links: Vec<u32>,
    pub(crate) slot: u32,
    pub(crate) fields: Vec<RepresentationField>,
    /// Null may be sent.
    pub(crate) nullable: bool,
}

/// What the nodes of one place hold.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) slots: Vec<Slot>,
    /// The slot of `__typename`, or [`NONE`].
    pub(crate) typename: u32,
    /// The type of nodes that do not tell it, or [`NONE`].
    pub(crate) ty: u32,
    /// What `__typename` may say.
    pub(crate) possible: Vec<(Box<str>, u32)>,
    pub(crate) links: u32,
    /// Entities are asked for at these nodes.
    pub(crate) anchored: bool,
}

/// A field of a node.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) key: Box<str>,
    /// The key with its quotes, as the answer is expected to have it next.
    pub(crate) quoted: Box<[u8]>,
    pub(crate) wrap: Wrap,
    pub(crate) content: Content,
    /// A list is never passed on as a whole, because the client's type is stricter.
    pub(crate) itemize: bool,
}

#[derive(Debug)]
pub(crate) enum Content {
    Typename,
    Leaf(Leaf),
    Object(u32),
}

/// How a leaf is checked.
#[derive(Debug)]
pub(crate) enum Leaf {
    /// Any well-formed JSON: a custom scalar.
    Any,
    String,
    Int,
    Float,
    Boolean,
    /// The values, sorted, and whether clients may see them.
    Enum(Box<[(Box<str>, bool)]>),
}

/// An object of the answer.
#[derive(Debug)]
pub(crate) struct Output {
    /// How many sources the parent's field gives.
    pub(crate) places: u32,
    /// The further sources.
    pub(crate) links: Vec<SourceLink>,
    /// Its type, where that is known beforehand, or [`NONE`].
    pub(crate) ty: u32,
    pub(crate) typed_by: Vec<u32>,
    /// Some field depends on the object's type.
    pub(crate) needs_type: bool,
    /// Types of objects that clients may not see, if there are any.
    pub(crate) hidden: Option<TypeSet>,
    /// The only source that decides what is written, where remembering that pays; else [`NONE`].
    pub(crate) only: u32,
    pub(crate) fields: Vec<Field>,
}

/// A source that is found by a link of an earlier one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceLink {
    pub(crate) source: u32,
    pub(crate) link: u32,
    /// The fetch that brings it.
    pub(crate) fetch: u32,
}

/// A field of the answer.
#[derive(Debug)]
pub(crate) struct Field {
    /// `,"name":`
    pub(crate) head: Box<[u8]>,
    pub(crate) types: TypeTest,
    pub(crate) wrap: Wrap,
    pub(crate) value: FieldValue,
    /// Left out where it is null.
    pub(crate) omit_null: bool,
    /// `Type.field`
    pub(crate) coordinate: Box<str>,
}

#[derive(Debug)]
pub(crate) enum FieldValue {
    Typename,
    Leaf {
        source: u32,
        slot: u32,
    },
    Object {
        places: Vec<(u32, u32)>,
        output: u32,
        /// The members of that object of which the applicable one takes its place.
        flat: Option<Box<[u32]>>,
    },
    Denied,
}

/// A condition on an object's type.
#[derive(Debug, Clone)]
pub(crate) enum TypeTest {
    All,
    One(u32),
    Many(TypeSet),
}

impl TypeTest {
    fn new(types: Option<&TypeSet>) -> Self {
        let Some(types) = types else { return Self::All };
        let mut members = types.iter();
        match (members.next(), members.next()) {
            (Some(only), None) => Self::One(index(only.index())),
            _ => Self::Many(types.clone()),
        }
    }

    /// Whether an object of type `ty` meets it; [`NONE`] meets no condition.
    pub(crate) fn meets(&self, ty: u32) -> bool {
        match self {
            Self::All => true,
            Self::One(only) => *only == ty,
            Self::Many(types) => ty != NONE && types.contains(TypeId::new(ty as usize)),
        }
    }
}

/// Compiles a plan over a supergraph.
///
/// # Errors
/// See [`CompileError`].
pub fn compile(schema: &Supergraph, plan: &Plan) -> Result<Compiled, CompileError> {
    let mut shapes = shape::compile(schema, plan)?;
    let fetches = request::compile(schema, plan)?;
    let outputs = output::compile(schema, plan, &mut shapes)?;
    match outputs.get(plan.root) {
        Some(root) if root.places as usize == plan.roots.len() => {}
        _ => return Err(CompileError::Reference("root output")),
    }
    for &root in &plan.roots {
        match plan.fetches.get(root) {
            Some(fetch) if matches!(fetch.kind, braid_planner::plan::FetchKind::Root(_)) => {}
            _ => return Err(CompileError::Reference("root fetch")),
        }
    }
    let names = schema.types.iter().map(|ty| quoted(schema.text(ty.name)));
    Ok(Compiled {
        kind: plan.kind,
        fetches,
        shapes,
        root: index(plan.root),
        roots: plan.roots.iter().map(|&root| index(root)).collect(),
        type_names: names.collect(),
        denies: outputs.iter().any(Output::denies),
        outputs,
    })
}

impl Compiled {
    /// Whether it asks for `__schema` or `__type`, so that a request has to bring the answer.
    pub fn introspects(&self) -> bool {
        self.fetches.iter().any(|fetch| matches!(fetch.target, Target::Introspection))
    }

    /// About how much memory it holds, in bytes: to weigh it in a cache.
    pub fn weight(&self) -> usize {
        let fetches = self.fetches.iter().map(|fetch| fetch.prefix.len() + 256);
        let shapes = self.shapes.iter().map(|shape| shape.slots.len() * size_of::<Slot>() + 64);
        let outputs = self.outputs.iter().map(|output| output.fields.len() * 256 + 128);
        fetches.chain(shapes).chain(outputs).sum::<usize>() + self.type_names.len() * 48
    }
}

impl Output {
    fn denies(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.value, FieldValue::Denied))
    }
}

fn check_index(at: usize, length: usize, what: &'static str) -> Result<u32, CompileError> {
    if at < length { Ok(index(at)) } else { Err(CompileError::Reference(what)) }
}

/// A name as a JSON string. Names of GraphQL need no escapes.
fn quoted(name: &str) -> Box<[u8]> {
    format!("\"{name}\"").into_bytes().into()
}
