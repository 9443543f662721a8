//! The draft of a plan: everything that the plan has, by global ids, so that what is found to be
//! equal can be made one before the plan is written.

use braid_model::bits::TypeSet;
use braid_model::ids::{Name, SubgraphId, TypeId};
use braid_model::schema::TypeRef;
use smallvec::SmallVec;

use super::selection::{ArgsId, SelId};
use crate::operation::Shaping;

/// Whose answer a shape is part of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub(super) enum Owner {
    Root(usize),
    Group(usize),
}

/// The draft of a plan.
#[derive(Default)]
pub(super) struct Draft<'a> {
    pub(super) shapes: Vec<ShapeDraft>,
    pub(super) slots: Vec<SlotDraft<'a>>,
    pub(super) links: Vec<LinkDraft>,
    pub(super) groups: Vec<GroupDraft>,
    pub(super) outputs: Vec<OutputDraft<'a>>,
    pub(super) roots: Vec<RootDraft>,
    /// The part of a mutation that is drafted.
    pub(super) segment: usize,
}

pub(super) struct RootDraft {
    pub(super) graph: SubgraphId,
    pub(super) segment: usize,
    pub(super) shape: usize,
}

pub(super) struct ShapeDraft {
    pub(super) graph: SubgraphId,
    pub(super) on: TypeId,
    pub(super) types: TypeSet,
    pub(super) interface_object: bool,
    /// Directly below `_entities`.
    pub(super) entity: bool,
    pub(super) owner: Owner,
    pub(super) slots: Vec<usize>,
    pub(super) typename: bool,
    pub(super) links: Vec<usize>,
}

pub(super) struct SlotDraft<'a> {
    pub(super) name: Name,
    pub(super) args: ArgsId,
    pub(super) ty: TypeRef,
    pub(super) types: TypeSet,
    /// The client's key, if the client asks for it.
    pub(super) key: Option<&'a str>,
    /// The place of that key among those that the client asks for.
    pub(super) rank: usize,
    pub(super) child: Option<SelId>,
    pub(super) shape: Option<usize>,
}

pub(super) struct LinkDraft {
    pub(super) group: usize,
}

pub(super) struct GroupDraft {
    pub(super) graph: SubgraphId,
    pub(super) segment: usize,
    pub(super) shape: usize,
    pub(super) anchors: Vec<AnchorDraft>,
}

pub(super) struct AnchorDraft {
    pub(super) at: usize,
    pub(super) link: usize,
    pub(super) recipes: Vec<RecipeDraft>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct RecipeDraft {
    pub(super) types: Option<TypeSet>,
    pub(super) typename: Option<TypeId>,
    pub(super) fields: Vec<PartDraft>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct PartDraft {
    /// Nothing: `__typename`.
    pub(super) name: Option<Name>,
    pub(super) types: Option<TypeSet>,
    pub(super) links: SmallVec<[usize; 1]>,
    pub(super) slot: SlotRef,
    pub(super) fields: Vec<PartDraft>,
    pub(super) key: bool,
    pub(super) nullable: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SlotRef {
    /// `__typename` of that shape.
    Typename(usize),
    Slot(usize),
}

pub(super) struct OutputDraft<'a> {
    pub(super) on: TypeId,
    pub(super) sources: Vec<usize>,
    pub(super) links: Vec<(usize, usize)>,
    pub(super) typed_by: Vec<usize>,
    pub(super) fields: Vec<FieldDraft<'a>>,
}

pub(super) struct FieldDraft<'a> {
    pub(super) unit: usize,
    pub(super) key: &'a str,
    pub(super) types: Option<TypeSet>,
    pub(super) ty: TypeRef,
    pub(super) coordinate: String,
    pub(super) shaping: Shaping,
    pub(super) value: ValueDraft,
}

pub(super) enum ValueDraft {
    Typename,
    /// Sources of the output with slots.
    Leaf(usize, usize),
    Object(Vec<(usize, usize)>, usize),
    Denied,
}
