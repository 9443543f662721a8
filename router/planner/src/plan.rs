//! The plan: which requests to send, how their answers hang together, and how the client's answer
//! is written from them.
//!
//! # How data is held
//! Every object of a subgraph's answer becomes a *node*. A [`Shape`] says what a node of one place
//! of one fetch holds: *slots* for the fields that this fetch selected there, and *links* to the
//! nodes that entity fetches bring for the same object. Nothing is merged: an object of the
//! client's answer is read from several nodes side by side, its *sources*. Entities that were asked
//! for once are one node, however many links lead to it.
//!
//! # How the answer is written
//! An [`Output`] is an object of the client's answer. Its sources are those that its parent's field
//! names (several, where several fetches each bring a part of a value without a key, such as a
//! `@shareable` root field), followed by what its links lead to. Every field says which source and
//! slot it is read from.
//!
//! A plan has no conditions (see [`crate::operation`]) and is the same for all requests of an
//! operation.

mod check;
mod render;

use braid_model::bits::TypeSet;
use braid_model::ids::{SubgraphId, TypeId};
use braid_model::schema::TypeRef;

use crate::operation::{OperationKind, Shaping, Variable, VariableIndex};

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Query, mutation or subscription.
    pub kind: OperationKind,
    /// The operation's variables; fetches name them by index.
    pub variables: Vec<Variable>,
    /// The requests. Whatever a fetch comes after stands before it.
    pub fetches: Vec<Fetch>,
    /// What nodes hold.
    pub shapes: Vec<Shape>,
    /// Objects of the client's answer.
    pub outputs: Vec<Output>,
    /// The answer's `data`. Its sources are the root nodes of the root fetches, in the order of
    /// [`Self::roots`].
    pub root: OutputId,
    /// The root fetches.
    pub roots: Vec<FetchId>,
}

/// A place in [`Plan::fetches`].
pub type FetchId = usize;
/// A place in [`Plan::shapes`].
pub type ShapeId = usize;
/// A place in [`Plan::outputs`].
pub type OutputId = usize;
/// A place in [`Shape::slots`].
pub type SlotIndex = usize;
/// A place in [`Shape::links`].
pub type LinkIndex = usize;
/// A place among the sources of an [`Output`].
pub type SourceIndex = usize;

/// Who answers a fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// A subgraph.
    Subgraph(SubgraphId),
    /// We do: `__schema` and `__type`.
    Introspection,
}

/// A request to a subgraph.
#[derive(Debug, Clone)]
pub struct Fetch {
    /// Who is asked.
    pub service: Service,
    /// The fetches whose answers must be there before, in rising order: those that bring what the
    /// representations need, and in a mutation all that belong to earlier root fields.
    pub after: Vec<FetchId>,
    /// The text of the operation. An entity fetch declares `$r0: [_Any!]!`, `$r1`, … for its
    /// groups ([`EntityGroup::variable`]: named otherwise where a client's variable is called so),
    /// besides the client's variables.
    pub operation: String,
    /// The client's variables that the text uses.
    pub variables: Vec<VariableIndex>,
    /// What is asked.
    pub kind: FetchKind,
}

/// What a fetch asks.
#[derive(Debug, Clone)]
pub enum FetchKind {
    /// Fields of the root type: the answer's `data` is one node of this shape.
    Root(ShapeId),
    /// Entities: one group for each `_entities` field of the request.
    Entities(Vec<EntityGroup>),
}

/// Entities of one type with one selection. Equal representations are asked once.
#[derive(Debug, Clone)]
pub struct EntityGroup {
    /// The key of its `_entities` field in the answer.
    pub key: String,
    /// The name of the variable with its representations, without `$`.
    pub variable: String,
    /// What the entities' nodes hold.
    pub shape: ShapeId,
    /// Where the entities hang.
    pub anchors: Vec<Anchor>,
}

/// A place at which entities are asked for: each node of a shape, if its type is right.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// The shape of the nodes whose objects are asked for.
    pub at: ShapeId,
    /// The link of that shape which takes the entity's node.
    pub link: LinkIndex,
    /// How the representation is made, depending on the object's type: the first that applies. A
    /// node to which none applies has no entity.
    pub representations: Vec<Representation>,
}

/// How to make a representation (Federation: `_Any`).
#[derive(Debug, Clone, PartialEq)]
pub struct Representation {
    /// The types of objects for which it is right; nothing: for all.
    pub types: Option<TypeSet>,
    /// What `__typename` says; nothing: the object's own type. (An `@interfaceObject` is asked
    /// for by the interface's name.)
    pub typename: Option<TypeId>,
    /// The fields besides `__typename`.
    pub fields: Vec<RepresentationField>,
}

/// A field of a representation, or of an object in one.
#[derive(Debug, Clone, PartialEq)]
pub struct RepresentationField {
    /// Its name in the representation.
    pub name: String,
    /// For which types of the object it stands in; nothing: for all.
    pub types: Option<TypeSet>,
    /// The links to follow from the node of the object that the field is of.
    pub links: Vec<LinkIndex>,
    /// The slot of the node that the links lead to.
    pub slot: SlotIndex,
    /// For an object or a list of objects: their fields, read from the nodes in the slot.
    pub fields: Vec<RepresentationField>,
    /// Part of a key: without it (null or not there) there is no entity. A field of `@requires`
    /// is sent as null, if [`Self::nullable`], else there is no entity either.
    pub key: bool,
    /// Null is a valid value.
    pub nullable: bool,
}

/// What the nodes of one place hold.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    /// The type that the selection set is on.
    pub on: Option<TypeId>,
    /// The fields, in the order in which the subgraph will answer.
    pub slots: Vec<Slot>,
    /// The slot of `__typename`. Without it the type is [`Self::on`], an object type, or (below an
    /// `@interfaceObject`) not known from this node.
    pub typename: Option<SlotIndex>,
    /// For each link, the fetch that fills it.
    pub links: Vec<FetchId>,
}

/// A field of a node.
#[derive(Debug, Clone)]
pub struct Slot {
    /// The key in the subgraph's answer.
    pub key: String,
    /// The field's type, as the subgraph has it. Its leaves are checked by its named type.
    pub ty: TypeRef,
    /// For a composite type: the shape of its nodes.
    pub shape: Option<ShapeId>,
}

/// An object of the client's answer.
#[derive(Debug, Clone)]
pub struct Output {
    /// The declared type of the object in the supergraph.
    pub on: TypeId,
    /// The shapes of all sources: first those that the parent's field names, then those of the
    /// links.
    pub sources: Vec<ShapeId>,
    /// For each further source: the source (an earlier one) and the link of it.
    pub links: Vec<(SourceIndex, LinkIndex)>,
    /// The sources that know the object's type, the best first; empty where `on` is an object type
    /// and where nothing depends on the type.
    pub typed_by: Vec<SourceIndex>,
    /// The fields, in the order of the answer.
    pub fields: Vec<OutputField>,
}

/// A field of the client's answer.
#[derive(Debug, Clone)]
pub struct OutputField {
    /// Its key.
    pub key: String,
    /// For which types of the object; nothing: for all. Fields of one key apply to different types.
    pub types: Option<TypeSet>,
    /// Its type in the API: what decides how far a null bubbles.
    pub ty: TypeRef,
    /// `Type.field`, for messages.
    pub coordinate: String,
    /// Where it is read from.
    pub value: OutputValue,
    /// How it is written: that of the operation's field, with `@omitNull` also where the whole
    /// operation has it.
    pub shaping: Shaping,
}

/// Where a field of the answer is read from.
#[derive(Debug, Clone)]
pub enum OutputValue {
    /// The name of the object's type.
    Typename,
    /// A leaf, or lists of leaves.
    Leaf(SourceIndex, SlotIndex),
    /// Objects, or lists of them: each place is a source of the object; lists go by position. The
    /// field is null if it is null in all places.
    Object(Vec<(SourceIndex, SlotIndex)>, OutputId),
    /// The caller may not see it: null, and an error.
    Denied,
}
