//! From the solution to a draft of the plan: shapes with their slots, entity groups, outputs.
//!
//! See [`super::draft`] for what is made here.

use braid_model::bits::TypeSet;
use braid_model::ids::{Name, SubgraphId, TypeId};
use braid_model::schema::TypeRef;
use smallvec::SmallVec;

use super::draft::{
    AnchorDraft, Draft, FieldDraft, GroupDraft, LinkDraft, OutputDraft, Owner, PartDraft,
    RecipeDraft, RootDraft, ShapeDraft, SlotDraft, SlotRef, ValueDraft,
};
use super::place::{Jump, Part, Pick, Solution};
use super::search::Search;
use super::selection::{ArgsId, Sel, SelId, UnitField, What};

/// A holder of a place, drafted.
#[derive(Clone, Copy)]
struct Held {
    shape: usize,
    /// The holder and link that lead to it.
    from: Option<(usize, usize)>,
}

/// What a slot is to hold.
struct Wanted<'a> {
    name: Name,
    args: ArgsId,
    ty: TypeRef,
    types: TypeSet,
    /// The client's key and its place, if the client asks for it.
    key: Option<(&'a str, usize)>,
    child: Option<SelId>,
}

impl<'a> Draft<'a> {
    /// A new root fetch.
    pub(super) fn add_root(&mut self, graph: SubgraphId, on: TypeId) -> usize {
        let owner = Owner::Root(self.roots.len());
        let shape = self.add_shape(graph, on, TypeSet::of(on), owner);
        self.roots.push(RootDraft { graph, segment: self.segment, shape });
        shape
    }

    fn add_shape(&mut self, graph: SubgraphId, on: TypeId, types: TypeSet, owner: Owner) -> usize {
        self.shapes.push(ShapeDraft {
            graph,
            on,
            types,
            interface_object: false,
            entity: false,
            owner,
            slots: Vec::new(),
            typename: false,
            links: Vec::new(),
        });
        self.shapes.len() - 1
    }

    /// Drafts a place whose used entries have these shapes; returns its output.
    pub(super) fn place(
        &mut self,
        search: &mut Search<'a>,
        (sel, solution): (SelId, &Solution),
        entries: &[usize],
    ) -> usize {
        let held = self.holders(solution, entries);
        let sel = search.sels.get(sel);
        let sources = output_sources(solution);
        let source_of = |holder: usize| sources.iter().position(|&at| at == holder);
        let at = self.outputs.len();
        self.outputs.push(OutputDraft {
            on: sel.on,
            sources: sources.iter().filter_map(|&at| held[at]).map(|held| held.shape).collect(),
            links: Vec::new(),
            typed_by: Vec::new(),
            fields: Vec::new(),
        });
        for &source in &sources {
            if let Some(Held { from: Some((holder, link)), .. }) = held[source]
                && let Some(from) = source_of(holder)
            {
                self.outputs[at].links.push((from, link));
            }
        }
        if let Some(typed) = solution.typed {
            let others = sources.iter().copied().filter(|&other| {
                let holder = &solution.holders[other];
                other != typed && holder.jump.is_none() && !holder.interface_object
            });
            let knowing: Vec<usize> = std::iter::once(typed).chain(others).collect();
            for &holder in &knowing {
                if let Some(held) = held[holder] {
                    self.tell_type(search, held.shape);
                }
            }
            self.outputs[at].typed_by = knowing.into_iter().filter_map(source_of).collect();
        }
        let possible = solution.possible();
        let mut fields = unfetched(search, &sel, &possible);
        // The widest first, so that narrower ones share its slots, whatever the order of the
        // operation.
        let mut picks: Vec<&Pick> = solution.picks.iter().collect();
        picks.sort_by_key(|pick| std::cmp::Reverse(pick.types.len()));
        for pick in picks {
            let def = &sel.units[pick.unit];
            let What::Field(field) = def.what else { continue };
            let value = self.pick(search, pick, field, (&held, &sources), def.key);
            let Some(value) = value else { continue };
            // What is asked of any object is there for any, as far as the sources know its type.
            let asked = if possible.is_subset(&def.types) { &solution.types } else { &possible };
            let everywhere = asked.is_subset(&pick.types);
            fields.push(FieldDraft {
                unit: pick.unit,
                key: def.key,
                types: (!everywhere).then(|| pick.types.clone()),
                ty: field.ty,
                coordinate: search.facts.schema.coordinate(field.field),
                shaping: def.shaping,
                value,
            });
        }
        // In the order of the operation.
        fields.sort_by_key(|field| field.unit);
        self.outputs[at].fields = fields;
        // Last, so that what the client asks for comes first in every selection.
        self.anchors(search, solution, &held);
        at
    }

    fn pick(
        &mut self,
        search: &mut Search<'a>,
        pick: &Pick,
        field: UnitField,
        (held, sources): (&[Option<Held>], &[usize]),
        key: &'a str,
    ) -> Option<ValueDraft> {
        let mut places = Vec::with_capacity(pick.sources.len());
        for &(holder, resolved) in &pick.sources {
            let shape = held[holder]?.shape;
            let wanted = Wanted {
                name: field.name,
                args: field.args,
                ty: resolved.ty,
                types: pick.types.clone(),
                key: Some((key, pick.unit)),
                child: field.child,
            };
            let slot = self.slot(search, shape, &wanted);
            places.push((sources.iter().position(|&at| at == holder)?, slot));
        }
        let Some((sel, child)) = &pick.child else {
            let (source, slot) = *places.first()?;
            return Some(ValueDraft::Leaf(source, slot));
        };
        let shapes: Vec<usize> =
            places.iter().filter_map(|&(_, slot)| self.slots[slot].shape).collect();
        let output = self.place(search, (*sel, child), &shapes);
        Some(ValueDraft::Object(places, output))
    }

    /// Drafts the holders of a place and the groups that bring them.
    fn holders(&mut self, solution: &Solution, entries: &[usize]) -> Vec<Option<Held>> {
        let mut held: Vec<Option<Held>> = vec![None; solution.holders.len()];
        for (entry, &shape) in solution.used_entries().zip(entries) {
            held[entry] = Some(Held { shape, from: None });
        }
        let mut jumps: Vec<usize> = (solution.entries..solution.holders.len())
            .filter(|&at| solution.holders[at].used)
            .collect();
        jumps.sort_by_key(|&at| (solution.holders[at].wave, at));
        for &at in &jumps {
            let holder = &solution.holders[at];
            let Some(jump) = &holder.jump else { continue };
            let Some(anchor) = held[jump.anchor] else { continue };
            let group = self.groups.len();
            let graph = holder.vertex.graph;
            let shape =
                self.add_shape(graph, holder.vertex.on, holder.types.clone(), Owner::Group(group));
            self.shapes[shape].entity = true;
            self.shapes[shape].interface_object = holder.interface_object;
            let link = self.links.len();
            self.links.push(LinkDraft { group });
            self.shapes[anchor.shape].links.push(link);
            let segment = self.segment;
            self.groups.push(GroupDraft { graph, segment, shape, anchors: Vec::new() });
            held[at] = Some(Held { shape, from: Some((jump.anchor, link)) });
        }
        held
    }

    /// Drafts what the groups of a place are asked for with.
    fn anchors(&mut self, search: &mut Search<'a>, solution: &Solution, held: &[Option<Held>]) {
        for at in solution.entries..solution.holders.len() {
            let Some(Held { from: Some((anchor, link)), shape }) = held[at] else { continue };
            let Some(jump) = &solution.holders[at].jump else { continue };
            let Owner::Group(group) = self.shapes[shape].owner else { continue };
            let recipes = self.recipes(search, jump, solution, held);
            let Some(anchor) = held[anchor] else { continue };
            self.groups[group].anchors.push(AnchorDraft { at: anchor.shape, link, recipes });
        }
    }

    fn recipes(
        &mut self,
        search: &mut Search<'a>,
        jump: &Jump,
        solution: &Solution,
        held: &[Option<Held>],
    ) -> Vec<RecipeDraft> {
        let anchor = &solution.holders[jump.anchor];
        let mut drafts = Vec::with_capacity(jump.recipes.len());
        let Some(shape) = held[jump.anchor].map(|held| held.shape) else { return drafts };
        for recipe in &jump.recipes {
            let all = anchor.interface_object || anchor.types.is_subset(&recipe.types);
            let mut typename = recipe.typename;
            if typename.is_none() && !search.facts.is_abstract(self.shapes[shape].on) {
                typename = Some(self.shapes[shape].on);
            }
            if !all || typename.is_none() {
                self.tell_type(search, shape);
            }
            let mut fields: Vec<PartDraft> = Vec::with_capacity(recipe.parts.len());
            for part in &recipe.parts {
                let whole = anchor.interface_object || recipe.types.is_subset(&part.types);
                if !whole {
                    self.tell_type(search, shape);
                }
                let links = link_path(held, part.holder, jump.anchor);
                if let Some(drafted) = self.part(search, part, (links, whole), held) {
                    merge_part(&mut fields, drafted);
                }
            }
            let types = (!all).then(|| recipe.types.clone());
            drafts.push(RecipeDraft { types, typename, fields });
        }
        drafts
    }

    fn part(
        &mut self,
        search: &mut Search<'a>,
        part: &Part,
        (links, whole): (SmallVec<[usize; 1]>, bool),
        held: &[Option<Held>],
    ) -> Option<PartDraft> {
        let shape = held[part.holder]?.shape;
        let wanted = Wanted {
            name: part.name,
            args: part.args,
            ty: part.resolved.ty,
            types: part.types.clone(),
            key: None,
            child: part.child.as_ref().map(|(sel, _)| *sel),
        };
        let slot = self.slot(search, shape, &wanted);
        let fields = match (&part.child, self.slots[slot].shape) {
            (Some((sel, child)), Some(shape)) => {
                self.nested_parts(search, (*sel, child), shape, part.key)
            }
            _ => Vec::new(),
        };
        Some(PartDraft {
            name: Some(part.name),
            types: (!whole).then(|| part.types.clone()),
            links,
            slot: SlotRef::Slot(slot),
            fields,
            key: part.key,
            nullable: !part.ty.is_non_null(),
        })
    }

    /// The fields of an object in a representation.
    fn nested_parts(
        &mut self,
        search: &mut Search<'a>,
        (sel, solution): (SelId, &Solution),
        shape: usize,
        key: bool,
    ) -> Vec<PartDraft> {
        let held = self.holders(solution, &[shape]);
        self.anchors(search, solution, &held);
        let sel = search.sels.get(sel);
        let Some(root) = solution.used_entries().next() else { return Vec::new() };
        let mut parts = Vec::with_capacity(solution.picks.len() + 1);
        if let Some(typed) = solution.typed
            && let Some(at) = held[typed]
        {
            self.shapes[at.shape].typename = true;
            parts.push(PartDraft {
                name: None,
                types: None,
                links: link_path(&held, typed, root),
                slot: SlotRef::Typename(at.shape),
                fields: Vec::new(),
                key,
                nullable: false,
            });
        }
        for pick in &solution.picks {
            let What::Field(field) = sel.units[pick.unit].what else { continue };
            let Some(&(holder, resolved)) = pick.sources.first() else { continue };
            let Some(at) = held[holder] else { continue };
            let wanted = Wanted {
                name: field.name,
                args: field.args,
                ty: resolved.ty,
                types: pick.types.clone(),
                key: None,
                child: field.child,
            };
            let slot = self.slot(search, at.shape, &wanted);
            let fields = match (&pick.child, self.slots[slot].shape) {
                (Some((sel, child)), Some(shape)) => {
                    self.nested_parts(search, (*sel, child), shape, key)
                }
                _ => Vec::new(),
            };
            let everywhere = solution.types.is_subset(&pick.types);
            parts.push(PartDraft {
                name: Some(field.name),
                types: (!everywhere).then(|| pick.types.clone()),
                links: link_path(&held, holder, root),
                slot: SlotRef::Slot(slot),
                fields,
                key,
                nullable: !field.ty.is_non_null(),
            });
        }
        parts
    }

    /// The slot for a field: one that is there, if it says the same.
    fn slot(&mut self, search: &mut Search<'a>, shape: usize, wanted: &Wanted<'a>) -> usize {
        let types = wanted.types.intersection(&self.shapes[shape].types);
        let found = self.shapes[shape].slots.iter().copied().find(|&at| {
            let slot = &self.slots[at];
            // For different objects, selections below are kept apart unless they are the same.
            let together =
                slot.child.is_none() || slot.child == wanted.child || slot.types.intersects(&types);
            slot.name == wanted.name && slot.args == wanted.args && slot.ty == wanted.ty && together
        });
        if let Some(at) = found {
            let slot = &mut self.slots[at];
            slot.types.union_with(&types);
            if let Some((key, rank)) = wanted.key {
                slot.key = slot.key.or(Some(key));
                slot.rank = slot.rank.min(rank);
            }
            return at;
        }
        let mut child = None;
        if wanted.child.is_some() {
            let (graph, owner) = (self.shapes[shape].graph, self.shapes[shape].owner);
            let on = wanted.ty.named;
            let below = search.facts.types_at(graph, on);
            let id = self.add_shape(graph, on, (*below).clone(), owner);
            let interface_object = search.facts.schema.is_interface_object(graph, on);
            self.shapes[id].interface_object = interface_object;
            child = Some(id);
        }
        self.slots.push(SlotDraft {
            name: wanted.name,
            args: wanted.args,
            ty: wanted.ty,
            types,
            key: wanted.key.map(|(key, _)| key),
            rank: wanted.key.map_or(usize::MAX, |(_, rank)| rank),
            child: wanted.child,
            shape: child,
        });
        let at = self.slots.len() - 1;
        self.shapes[shape].slots.push(at);
        at
    }

    /// The slot of a shape that holds the same for these objects.
    pub(super) fn matching_slot(
        &self,
        shape: usize,
        what: (Name, ArgsId, TypeRef),
        child: Option<SelId>,
        types: &TypeSet,
    ) -> Option<usize> {
        self.shapes[shape].slots.iter().copied().find(|&at| {
            let slot = &self.slots[at];
            // For different objects, selections below are kept apart unless they are the same.
            let together =
                slot.child.is_none() || slot.child == child || slot.types.intersects(types);
            (slot.name, slot.args, slot.ty) == what && together
        })
    }

    /// Has the shape tell the type of its objects, unless that is known.
    fn tell_type(&mut self, search: &Search<'a>, shape: usize) {
        let draft = &mut self.shapes[shape];
        if search.facts.is_abstract(draft.on) && !draft.interface_object {
            draft.typename = true;
        }
    }
}

/// The fields of an output that are not read from anywhere.
fn unfetched<'a>(search: &Search<'a>, sel: &Sel<'a>, types: &TypeSet) -> Vec<FieldDraft<'a>> {
    let schema = search.facts.schema;
    let mut fields = Vec::with_capacity(sel.units.len());
    for (unit, def) in sel.units.iter().enumerate() {
        if !types.intersects(&def.types) {
            continue;
        }
        let (ty, coordinate, value) = match def.what {
            What::Field(_) => continue,
            What::Typename => {
                let coordinate = format!("{}.__typename", schema.type_name(sel.on));
                (typename_type(search), coordinate, ValueDraft::Typename)
            }
            What::Denied(field, ty) => (ty, schema.coordinate(field), ValueDraft::Denied),
        };
        let (key, shaping) = (def.key, def.shaping);
        let types = (!types.is_subset(&def.types)).then(|| def.types.clone());
        fields.push(FieldDraft { unit, key, types, ty, coordinate, shaping, value });
    }
    fields
}

/// The type of `__typename`: `String!`.
pub(super) fn typename_type(search: &Search<'_>) -> TypeRef {
    let schema = search.facts.schema;
    let string = schema.type_named("String").expect("every supergraph that was read has it");
    let plain = braid_model::schema::Wrap::NONE;
    TypeRef { named: string, wrap: plain.non_null().unwrap_or(plain) }
}

/// The holders that an output reads from or passes through: entries, then those behind links.
fn output_sources(solution: &Solution) -> Vec<usize> {
    let mut needed = vec![false; solution.holders.len()];
    let read = solution.picks.iter().flat_map(|pick| &pick.sources).map(|source| source.0);
    for holder in read.chain(solution.typed) {
        let mut at = holder;
        while !needed[at] {
            needed[at] = true;
            match &solution.holders[at].jump {
                Some(jump) => at = jump.anchor,
                None => break,
            }
        }
    }
    let mut jumps: Vec<usize> =
        (solution.entries..solution.holders.len()).filter(|&at| needed[at]).collect();
    jumps.sort_by_key(|&at| (solution.holders[at].wave, at));
    solution.used_entries().chain(jumps).collect()
}

/// The links from the nodes of one holder to those of another behind it.
fn link_path(held: &[Option<Held>], to: usize, from: usize) -> SmallVec<[usize; 1]> {
    let mut path = SmallVec::new();
    let mut at = to;
    while at != from {
        let Some(Held { from: Some((before, link)), .. }) = held[at] else { break };
        path.push(link);
        at = before;
    }
    path.reverse();
    path
}

/// Adds a field to a representation; a field that is there takes in what it has below.
fn merge_part(parts: &mut Vec<PartDraft>, part: PartDraft) {
    let same = |known: &PartDraft| {
        known.name == part.name && known.links == part.links && known.slot == part.slot
    };
    let Some(known) = parts.iter_mut().find(|known| same(known)) else {
        parts.push(part);
        return;
    };
    known.key |= part.key;
    known.nullable &= part.nullable;
    match (&mut known.types, &part.types) {
        (Some(types), Some(more)) => types.union_with(more),
        (types, _) => *types = None,
    }
    for field in part.fields {
        merge_part(&mut known.fields, field);
    }
}
