//! Entity groups that are one: those that ask for the same entities, and those that ask the same.
//!
//! Groups are compared wave by wave, because what hangs below two groups can be the same only once
//! they are. Ids of what was merged stay valid through [`Same`].

use braid_model::bits::TypeSet;
use braid_model::ids::{Name, SubgraphId, TypeId};
use braid_model::schema::TypeRef;
use rustc_hash::FxHashMap;

use super::draft::{AnchorDraft, Draft, Owner, PartDraft, SlotRef};
use super::selection::ArgsId;

/// For each id of a draft, the one that stands for it.
pub(super) struct Same {
    shapes: Vec<usize>,
    slots: Vec<usize>,
    links: Vec<usize>,
    groups: Vec<usize>,
}

impl Same {
    fn new(draft: &Draft<'_>) -> Self {
        Self {
            shapes: (0..draft.shapes.len()).collect(),
            slots: (0..draft.slots.len()).collect(),
            links: (0..draft.links.len()).collect(),
            groups: (0..draft.groups.len()).collect(),
        }
    }

    pub(super) fn shape(&self, id: usize) -> usize {
        find(&self.shapes, id)
    }

    pub(super) fn slot(&self, id: usize) -> usize {
        find(&self.slots, id)
    }

    pub(super) fn link(&self, id: usize) -> usize {
        find(&self.links, id)
    }

    pub(super) fn group(&self, id: usize) -> usize {
        find(&self.groups, id)
    }

    /// Replaces ids by those that stand for them.
    fn settle(&self, anchor: &mut AnchorDraft) {
        anchor.at = self.shape(anchor.at);
        for recipe in &mut anchor.recipes {
            self.settle_parts(&mut recipe.fields);
        }
    }

    fn settle_parts(&self, parts: &mut [PartDraft]) {
        for part in parts {
            for link in &mut part.links {
                *link = self.link(*link);
            }
            part.slot = match part.slot {
                SlotRef::Typename(shape) => SlotRef::Typename(self.shape(shape)),
                SlotRef::Slot(slot) => SlotRef::Slot(self.slot(slot)),
            };
            self.settle_parts(&mut part.fields);
        }
    }
}

fn find(same: &[usize], mut id: usize) -> usize {
    while same[id] != id {
        id = same[id];
    }
    id
}

/// The waves of all groups: one after the latest of what each needs.
pub(super) fn waves(draft: &Draft<'_>) -> Vec<usize> {
    let mut waves = vec![0; draft.groups.len()];
    for group in 0..draft.groups.len() {
        wave(draft, group, &mut waves);
    }
    waves
}

fn wave(draft: &Draft<'_>, group: usize, waves: &mut [usize]) -> usize {
    if waves[group] == 0 {
        let mut latest = 0;
        for owner in needs(draft, group) {
            if let Owner::Group(other) = owner {
                latest = latest.max(wave(draft, other, waves));
            }
        }
        waves[group] = latest + 1;
    }
    waves[group]
}

/// Whose answers must be there before a group can be asked for.
pub(super) fn needs(draft: &Draft<'_>, group: usize) -> Vec<Owner> {
    let mut found = Vec::new();
    for anchor in &draft.groups[group].anchors {
        found.push(draft.shapes[anchor.at].owner);
        for recipe in &anchor.recipes {
            part_needs(draft, &recipe.fields, &mut found);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn part_needs(draft: &Draft<'_>, parts: &[PartDraft], found: &mut Vec<Owner>) {
    for part in parts {
        found.extend(part.links.iter().map(|&link| Owner::Group(draft.links[link].group)));
        part_needs(draft, &part.fields, found);
    }
}

fn by_wave(waves: &[usize]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..waves.len()).collect();
    order.sort_by_key(|&group| (waves[group], group));
    order
}

/// Makes groups one that ask the same subgraph for the same entities at the same time: their
/// selections are put together.
pub(super) fn merge_entities(draft: &mut Draft<'_>, waves: &[usize]) -> Same {
    let mut same = Same::new(draft);
    let mut known: Vec<usize> = Vec::new();
    for group in by_wave(waves) {
        for anchor in &mut draft.groups[group].anchors {
            same.settle(anchor);
        }
        let first = known
            .iter()
            .copied()
            .find(|&first| waves[first] == waves[group] && asks_for_same(draft, first, group));
        let Some(first) = first else {
            known.push(group);
            continue;
        };
        same.groups[group] = first;
        let anchors = std::mem::take(&mut draft.groups[group].anchors);
        for (anchor, known) in anchors.iter().zip(&draft.groups[first].anchors) {
            same.links[anchor.link] = known.link;
        }
        let (a, b) = (draft.groups[first].shape, draft.groups[group].shape);
        absorb(draft, &mut same, a, b);
    }
    same
}

fn asks_for_same(draft: &Draft<'_>, first: usize, second: usize) -> bool {
    let (a, b) = (&draft.groups[first], &draft.groups[second]);
    let (on_a, on_b) = (&draft.shapes[a.shape], &draft.shapes[b.shape]);
    let same_anchors = || {
        let mut pairs = a.anchors.iter().zip(&b.anchors);
        a.anchors.len() == b.anchors.len()
            && pairs.all(|(a, b)| a.at == b.at && a.recipes == b.recipes)
    };
    (a.graph, a.segment, on_a.on) == (b.graph, b.segment, on_b.on)
        && on_a.types == on_b.types
        && same_anchors()
}

/// Moves all of shape `b` into shape `a`.
fn absorb(draft: &mut Draft<'_>, same: &mut Same, a: usize, b: usize) {
    same.shapes[b] = a;
    let links = std::mem::take(&mut draft.shapes[b].links);
    draft.shapes[a].links.extend(links);
    draft.shapes[a].typename |= draft.shapes[b].typename;
    for slot in std::mem::take(&mut draft.shapes[b].slots) {
        let def = &draft.slots[slot];
        let known = draft.matching_slot(a, (def.name, def.args, def.ty), def.child, &def.types);
        let Some(known) = known else {
            draft.shapes[a].slots.push(slot);
            continue;
        };
        same.slots[slot] = known;
        let (types, key, rank, below) = (def.types.clone(), def.key, def.rank, def.shape);
        let first = &mut draft.slots[known];
        first.types.union_with(&types);
        first.key = first.key.or(key);
        first.rank = first.rank.min(rank);
        if let (Some(a), Some(b)) = (first.shape, below) {
            absorb(draft, same, a, b);
        }
    }
}

/// Makes groups one that ask the same of the same subgraph at the same time, for whatever
/// entities, whatever the client calls it.
pub(super) fn merge_equal(draft: &mut Draft<'_>, waves: &[usize], same: &mut Same) {
    let mut known: FxHashMap<(usize, usize, SubgraphId, Asked), usize> = FxHashMap::default();
    let order: Vec<usize> =
        by_wave(waves).into_iter().filter(|&group| same.group(group) == group).collect();
    for &group in &order {
        let def = &draft.groups[group];
        let asked = (def.segment, waves[group], def.graph, asked(draft, def.shape));
        let first = *known.entry(asked).or_insert(group);
        if first != group {
            same.groups[group] = first;
            let (a, b) = (draft.groups[first].shape, draft.groups[group].shape);
            absorb(draft, same, a, b);
            let anchors = std::mem::take(&mut draft.groups[group].anchors);
            draft.groups[first].anchors.extend(anchors);
        }
    }
    for group in order {
        if same.groups[group] == group {
            merge_anchors(draft, same, group);
        }
    }
}

/// What a shape asks for, in the order of names.
#[derive(PartialEq, Eq, Hash)]
struct Asked {
    on: TypeId,
    types: TypeSet,
    typename: bool,
    slots: Vec<(Name, ArgsId, TypeRef, TypeSet, Option<Asked>)>,
}

fn asked(draft: &Draft<'_>, shape: usize) -> Asked {
    let def = &draft.shapes[shape];
    let mut slots: Vec<_> = def
        .slots
        .iter()
        .map(|&slot| {
            let slot = &draft.slots[slot];
            let below = slot.shape.map(|shape| asked(draft, shape));
            (slot.name, slot.args, slot.ty, slot.types.clone(), below)
        })
        .collect();
    slots.sort_by_key(|(name, args, ty, types, _)| (*name, *args, ty.named, types.iter().next()));
    Asked { on: def.on, types: def.types.clone(), typename: def.typename, slots }
}

/// Makes links one that lead from the same nodes to the same group in the same way.
fn merge_anchors(draft: &mut Draft<'_>, same: &mut Same, group: usize) {
    let anchors = std::mem::take(&mut draft.groups[group].anchors);
    let mut kept: Vec<AnchorDraft> = Vec::with_capacity(anchors.len());
    for mut anchor in anchors {
        same.settle(&mut anchor);
        let known = kept.iter().find(|k| k.at == anchor.at && k.recipes == anchor.recipes);
        match known {
            Some(known) => same.links[anchor.link] = known.link,
            None => kept.push(anchor),
        }
    }
    draft.groups[group].anchors = kept;
}
