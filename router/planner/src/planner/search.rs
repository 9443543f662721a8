//! The search for the cheapest plan.
//!
//! An operation is a tree, so the cheapest answer of a place depends on nothing but its selection
//! set and the vertices at which it is entered: solutions are kept by these two. Within a place
//! the order is: what is there for nothing, then what only one subgraph can give, and only what is
//! left is tried in different ways, of which there are few.
//!
//! Everything is visited in an order that depends on names, not on the order of the operation.

use std::rc::Rc;

use braid_model::bits::TypeSet;
use braid_model::ids::{FieldId, Name};
use rustc_hash::FxHashMap;
use smallvec::{SmallVec, smallvec};

use super::facts::{Facts, Provider, Resolved};
use super::place::{Cost, Entry, Holder, Pick, Place, Solution, Todo};
use super::selection::{Sel, SelId, Selections, UnitField, What};

/// How many places may be solved within each other: selections of the operation and of field sets.
pub(super) const NESTING_MAX: usize = 100;
/// How many subgraphs are tried as first choice at one place.
const SEEDS_MAX: usize = 8;
/// Up to how many of them are tried in pairs, too.
const PAIRED_SEEDS_MAX: usize = 5;

/// The state of a search.
pub(super) struct Search<'a> {
    pub(super) facts: Facts<'a>,
    pub(super) sels: Selections<'a>,
    known: FxHashMap<State, Option<Rc<Solution>>>,
    stack: Vec<State>,
    /// The lowest place of the stack that a solution under way would have needed for itself.
    cycle: usize,
    steps_left: usize,
    /// The field that could not be planned, and how deep it was: the deepest tells most.
    failure: Option<(usize, FieldId)>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    sel: SelId,
    entries: SmallVec<[Entry; 2]>,
}

impl<'a> Search<'a> {
    pub(super) fn new(facts: Facts<'a>, sels: Selections<'a>, steps: usize) -> Self {
        Self {
            facts,
            sels,
            known: FxHashMap::default(),
            stack: Vec::new(),
            cycle: usize::MAX,
            steps_left: steps,
            failure: None,
        }
    }

    /// Whether the search was given up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps_left == 0
    }

    /// The field for which no way was found.
    pub(super) fn failed_field(&self) -> Option<FieldId> {
        self.failure.map(|(_, field)| field)
    }

    /// Ends the search without a plan.
    pub(super) fn give_up(&mut self) {
        self.steps_left = 0;
    }

    /// Counts a step of work; false once the budget is used up.
    pub(super) fn step(&mut self) -> bool {
        self.steps_left = self.steps_left.saturating_sub(1);
        self.steps_left > 0
    }

    /// The cheapest answer of a selection set that is entered at these vertices.
    pub(super) fn solve(&mut self, sel: SelId, entries: &[Entry]) -> Option<Rc<Solution>> {
        let base = entries.iter().map(|entry| entry.wave).min()?;
        let relative = |entry: &Entry| Entry { wave: entry.wave - base, ..*entry };
        let state = State { sel, entries: entries.iter().map(relative).collect() };
        if let Some(known) = self.known.get(&state) {
            return known.clone();
        }
        if let Some(at) = self.stack.iter().position(|other| *other == state) {
            self.cycle = self.cycle.min(at);
            return None;
        }
        if self.stack.len() > NESTING_MAX {
            self.give_up();
        }
        if !self.step() {
            return None;
        }
        let depth = self.stack.len();
        let outer_cycle = std::mem::replace(&mut self.cycle, usize::MAX);
        let place = self.place(sel, &state.entries);
        self.stack.push(state);
        let solution = self.solve_place(place);
        let state = self.stack.pop();
        // What was found while an outer state was taken for impossible holds only within it.
        if self.cycle >= depth {
            self.cycle = usize::MAX;
            if let Some(state) = state {
                self.known.insert(state, solution.clone());
            }
        }
        self.cycle = self.cycle.min(outer_cycle);
        solution
    }

    fn place(&mut self, id: SelId, entries: &[Entry]) -> Place {
        let sel = self.sels.get(id);
        let mut common: Option<TypeSet> = None;
        let mut holders = Vec::with_capacity(entries.len() + 2);
        for entry in entries {
            let here = self.facts.types_at(entry.vertex.graph, entry.vertex.on);
            let here = here.intersection(&sel.types);
            // Where several subgraphs answer side by side, only what all of them know is asked for.
            common = Some(match common {
                Some(common) if common.intersects(&here) => common.intersection(&here),
                Some(common) => common,
                None => here.clone(),
            });
            holders.push(Holder {
                vertex: entry.vertex,
                interface_object: self.facts.is_interface_object(entry.vertex),
                types: here,
                wave: entry.wave,
                price: entry.price,
                open: entry.price == 0,
                used: false,
                jump: None,
            });
        }
        Place {
            sel: id,
            on: sel.on,
            is_abstract: self.facts.is_abstract(sel.on),
            types: common.unwrap_or_default(),
            entries: entries.len(),
            holders,
            picks: Vec::new(),
            typed: None,
            opening: SmallVec::new(),
            below: Cost::default(),
        }
    }

    fn solve_place(&mut self, place: Place) -> Option<Rc<Solution>> {
        let sel = self.sels.get(place.sel);
        let mut pending = Vec::with_capacity(sel.units.len() + 1);
        if sel.typed {
            pending.push(Todo { unit: None, types: place.types.clone() });
        }
        for at in self.canonical_order(&sel) {
            let types = sel.units[at].types.intersection(&place.types);
            if !types.is_empty() {
                pending.push(Todo { unit: Some(at), types });
            }
        }
        let place = self.run(place, pending, true)?;
        Some(Rc::new(finish(place)))
    }

    /// The units that are fetched, in an order that is that of names.
    fn canonical_order(&self, sel: &Sel<'a>) -> Vec<usize> {
        let rank = |at: usize| match &sel.units[at].what {
            What::Field(field) => {
                Some((field.name, self.sels.args(field.args).text.as_str(), sel.units[at].key))
            }
            What::Typename | What::Denied(..) => None,
        };
        let mut order: Vec<usize> = (0..sel.units.len()).filter(|&at| rank(at).is_some()).collect();
        order.sort_by(|&a, &b| rank(a).cmp(&rank(b)).then(a.cmp(&b)));
        order
    }

    /// Answers all that is pending. With `choose`, other choices are tried where there are any.
    fn run(&mut self, mut place: Place, mut pending: Vec<Todo>, choose: bool) -> Option<Place> {
        loop {
            if !self.step() {
                return None;
            }
            pending.retain(|todo| !self.take_free(&mut place, todo));
            if pending.is_empty() {
                return Some(place);
            }
            let options: Vec<_> = pending.iter().map(|todo| self.options(&place, todo)).collect();
            if let Some(at) = options.iter().position(|options| options.is_empty()) {
                let todo = pending.remove(at);
                self.split(&place, &todo, &mut pending)?;
                continue;
            }
            let forced = |at: &usize| options[*at].len() == 1;
            // Those with `@requires` first: others can travel on their fetches.
            let first = (0..pending.len())
                .filter(forced)
                .min_by_key(|&at| (options[at][0].requires.is_none(), at));
            if let Some(at) = first {
                self.open_for_all(&mut place, &pending, &options, options[at][0]);
                let todo = pending.remove(at);
                if !self.take(&mut place, &todo, options[at][0]) {
                    self.split(&place, &todo, &mut pending)?;
                }
                continue;
            }
            if choose {
                return self.choose(&place, &pending, &options);
            }
            self.take_next(&mut place, &mut pending, &options)?;
        }
    }

    /// Opens a subgraph for the types of all units that only it can answer, rather than for one
    /// after the other. If that cannot be, each is tried alone.
    fn open_for_all(
        &mut self,
        place: &mut Place,
        pending: &[Todo],
        options: &[SmallVec<[Provider; 4]>],
        provider: Provider,
    ) {
        let mut types = TypeSet::new();
        let mut count = 0;
        for (todo, _) in pending.iter().zip(options).filter(|(_, all)| all[..] == [provider]) {
            types.union_with(&todo.types);
            count += usize::from(todo.unit.is_some());
        }
        if count < 2 {
            return;
        }
        let mut trial = place.clone();
        if self.open(&mut trial, provider, &types, None).is_some() {
            *place = trial;
        }
    }

    /// Replaces a unit for which no way was found by one for each of its types, which may have
    /// different ways.
    fn split(&mut self, place: &Place, todo: &Todo, pending: &mut Vec<Todo>) -> Option<()> {
        if todo.types.len() > 1 && todo.unit.is_some() {
            let typed = place.typed.is_some() || pending.iter().any(|todo| todo.unit.is_none());
            if !typed {
                pending.push(Todo { unit: None, types: place.types.clone() });
            }
            let single = |object| Todo { unit: todo.unit, types: TypeSet::of(object) };
            pending.extend(todo.types.iter().map(single));
            return Some(());
        }
        let field = todo.unit.and_then(|unit| self.field(place, unit)).map(|field| field.field);
        if let Some(field) = field {
            let depth = self.stack.len();
            if self.failure.is_none_or(|(known, _)| depth > known) {
                self.failure = Some((depth, field));
            }
        }
        None
    }

    pub(super) fn field(&self, place: &Place, unit: usize) -> Option<UnitField> {
        match self.sels.get(place.sel).units[unit].what {
            What::Field(field) => Some(field),
            What::Typename | What::Denied(..) => None,
        }
    }

    /// Whether the holder resolves the field with nothing more.
    pub(super) fn resolves(
        &mut self,
        holder: &Holder,
        types: &TypeSet,
        name: Name,
    ) -> Option<Resolved> {
        if !types.is_subset(&holder.types) {
            return None;
        }
        let resolved = self.facts.resolve_all(holder.vertex, types, name)?;
        let carried = |set| holder.jump.as_ref().is_some_and(|jump| jump.requires.contains(&set));
        resolved.requires.is_none_or(carried).then_some(resolved)
    }

    /// Answers the unit if that takes no fetch.
    fn take_free(&mut self, place: &mut Place, todo: &Todo) -> bool {
        let Some(unit) = todo.unit else {
            let known = best(place, |_, holder| !holder.interface_object);
            return mark_typed(place, known);
        };
        let Some(field) = self.field(place, unit) else { return false };
        if field.child.is_some() {
            let Some(offer) = self.offer(place, todo, field, false) else { return false };
            return offer.child.cost.fetches == 0 && self.accept(place, todo, offer);
        }
        let mut found = None;
        for at in by_wave(place) {
            if let Some(resolved) = self.resolves(&place.holders[at], &todo.types, field.name) {
                found = Some((at, resolved));
                break;
            }
        }
        let Some(source) = found else { return false };
        place.holders[source.0].used = true;
        place.below.fields += 1;
        let types = todo.types.clone();
        place.picks.push(Pick { unit, types, sources: smallvec![source], child: None });
        true
    }

    /// The subgraphs that can answer the unit, with what they require.
    pub(super) fn options(&mut self, place: &Place, todo: &Todo) -> SmallVec<[Provider; 4]> {
        let mut found: SmallVec<[Provider; 4]> = SmallVec::new();
        let Some(unit) = todo.unit else {
            let known = place.holders.iter().filter(|holder| !holder.interface_object);
            found.extend(known.map(|holder| Provider::plain(holder.vertex.graph)));
            found.extend(self.facts.type_knowers(place.on).into_iter().map(Provider::plain));
            found.sort_unstable();
            found.dedup();
            return found;
        };
        let Some(field) = self.field(place, unit) else { return found };
        let mut entered: Option<SmallVec<[Provider; 4]>> = None;
        for object in todo.types.iter() {
            let providers = self.facts.providers(object, field.name);
            match &mut entered {
                Some(entered) => entered.retain(|known| providers.contains(known)),
                None => entered = Some(providers),
            }
        }
        found.extend(entered.unwrap_or_default());
        for holder in &place.holders {
            if self.resolves(holder, &todo.types, field.name).is_some() {
                let graph = holder.vertex.graph;
                if !found.iter().any(|known| known.graph == graph) {
                    let interface = holder.interface_object.then_some(holder.vertex.on);
                    found.push(Provider { interface, ..Provider::plain(graph) });
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// Answers the unit from that subgraph.
    fn take(&mut self, place: &mut Place, todo: &Todo, provider: Provider) -> bool {
        let mut trial = place.clone();
        let entry = (0..place.entries).find(|&at| {
            let holder = &place.holders[at];
            todo.unit.is_none() && !holder.interface_object && holder.vertex.graph == provider.graph
        });
        if let Some(entry) = entry {
            trial.holders[entry].open = true;
        }
        let opened = entry.or_else(|| self.open(&mut trial, provider, &todo.types, None));
        let Some(holder) = opened else { return false };
        let done = match todo.unit.and_then(|unit| self.field(place, unit)) {
            None => mark_typed(&mut trial, Some(holder)),
            Some(field) if field.child.is_none() => self.take_free(&mut trial, todo),
            Some(field) => match self.offer(&trial, todo, field, true) {
                Some(offer) => self.accept(&mut trial, todo, offer),
                None => false,
            },
        };
        if done {
            *place = trial;
        }
        done
    }

    /// Tries what is left in different ways and takes the cheapest: first without more ado, then
    /// with each of the subgraphs in question, or two of them, had from the start.
    fn choose(
        &mut self,
        place: &Place,
        pending: &[Todo],
        options: &[SmallVec<[Provider; 4]>],
    ) -> Option<Place> {
        let mut best = self.run(place.clone(), pending.to_vec(), false);
        let cost_min = place.cost().fetches + u32::from(!self.all_held(place, pending));
        // One unit of composite type alone has been offered all that there is.
        let alone = pending.len() == 1
            && pending[0]
                .unit
                .and_then(|unit| self.field(place, unit))
                .is_some_and(|f| f.child.is_some());
        let mut seeds: Vec<(Provider, usize)> = Vec::new();
        for (at, options) in options.iter().enumerate().filter(|_| !alone) {
            for &provider in options {
                let graph = provider.graph;
                let open = place.holders.iter().any(|h| h.open && h.vertex.graph == graph);
                let known = seeds.iter().any(|seed| seed.0 == provider);
                if provider.requires.is_none() && !open && !known {
                    seeds.push((provider, at));
                }
            }
        }
        seeds.sort_unstable();
        seeds.truncate(SEEDS_MAX);
        let mut trials: Vec<SmallVec<[(Provider, usize); 2]>> =
            seeds.iter().map(|&seed| smallvec![seed]).collect();
        if seeds.len() <= PAIRED_SEEDS_MAX {
            for (at, &first) in seeds.iter().enumerate() {
                trials.extend(seeds[at + 1..].iter().map(|&second| smallvec![first, second]));
            }
        }
        for trial in trials {
            let at_best = best.as_ref().is_some_and(|best| best.cost().fetches <= cost_min);
            if at_best || self.is_exhausted() {
                break;
            }
            let mut place = place.clone();
            let opened = trial.iter().all(|&(provider, at)| {
                self.open(&mut place, provider, &pending[at].types, None).is_some()
            });
            let tried = if opened { self.run(place, pending.to_vec(), false) } else { None };
            if let Some(tried) = tried
                && best.as_ref().is_none_or(|best| tried.cost() < best.cost())
            {
                best = Some(tried);
            }
        }
        best
    }

    fn all_held(&mut self, place: &Place, pending: &[Todo]) -> bool {
        pending.iter().all(|todo| {
            let field = todo.unit.and_then(|unit| self.field(place, unit));
            field.is_some_and(|field| {
                let mut open = place.holders.iter().filter(|holder| holder.open);
                open.any(|holder| self.resolves(holder, &todo.types, field.name).is_some())
            })
        })
    }

    /// Answers one more unit where there is a choice: composite ones first, which tell most about
    /// what is needed; then the subgraph that answers most.
    fn take_next(
        &mut self,
        place: &mut Place,
        pending: &mut Vec<Todo>,
        options: &[SmallVec<[Provider; 4]>],
    ) -> Option<()> {
        let composite = pending.iter().position(|todo| {
            let field = todo.unit.and_then(|unit| self.field(place, unit));
            field.is_some_and(|field| field.child.is_some())
        });
        if let Some(at) = composite {
            let todo = pending.remove(at);
            let field = self.field(place, todo.unit?)?;
            let mut trial = place.clone();
            if let Some(offer) = self.offer(place, &todo, field, true)
                && self.accept(&mut trial, &todo, offer)
            {
                *place = trial;
                return Some(());
            }
            if options[at].iter().any(|&provider| self.take(place, &todo, provider)) {
                return Some(());
            }
            return self.split(place, &todo, pending);
        }
        let mut ranked: Vec<(usize, Provider)> = Vec::new();
        for &provider in options.iter().flatten() {
            if !ranked.iter().any(|(_, known)| *known == provider) {
                let answers = options.iter().filter(|options| options.contains(&provider)).count();
                ranked.push((answers, provider));
            }
        }
        let price = |provider: &Provider| {
            let entry =
                place.holders.iter().find(|h| h.jump.is_none() && h.vertex.graph == provider.graph);
            (provider.requires.is_some(), entry.map_or(1, |entry| entry.wave))
        };
        ranked.sort_by_key(|(answers, provider)| {
            (std::cmp::Reverse(*answers), price(provider), *provider)
        });
        for (_, provider) in ranked {
            let Some(at) = options.iter().position(|options| options.contains(&provider)) else {
                continue;
            };
            if self.take(place, &pending[at].clone(), provider) {
                pending.remove(at);
                return Some(());
            }
        }
        let todo = pending.remove(0);
        self.split(place, &todo, pending)
    }
}

/// The open holders, the earliest first.
pub(super) fn by_wave(place: &Place) -> SmallVec<[usize; 4]> {
    let mut open: SmallVec<[usize; 4]> =
        (0..place.holders.len()).filter(|&at| place.holders[at].open).collect();
    open.sort_by_key(|&at| (place.holders[at].wave, at));
    open
}

fn best(place: &Place, fits: impl Fn(usize, &Holder) -> bool) -> Option<usize> {
    by_wave(place).into_iter().find(|&at| fits(at, &place.holders[at]))
}

fn mark_typed(place: &mut Place, holder: Option<usize>) -> bool {
    let Some(holder) = holder else { return false };
    place.typed = Some(holder);
    place.holders[holder].used = true;
    true
}

fn finish(mut place: Place) -> Solution {
    // What a used entity fetch reads from is used.
    loop {
        let mut found: SmallVec<[usize; 4]> = SmallVec::new();
        for holder in place.holders.iter().filter(|holder| holder.used) {
            let Some(jump) = &holder.jump else { continue };
            found.push(jump.anchor);
            found.extend(jump.recipes.iter().flat_map(|recipe| &recipe.parts).map(|p| p.holder));
        }
        found.retain(|at| !place.holders[*at].used);
        if found.is_empty() {
            break;
        }
        for at in found {
            place.holders[at].used = true;
        }
    }
    if !place.holders[..place.entries].iter().any(|holder| holder.used) {
        // Something must be asked, to learn whether there is an object at all.
        let first = (0..place.entries).min_by_key(|&at| {
            let holder = &place.holders[at];
            (!holder.open, holder.price, holder.wave, holder.vertex.graph)
        });
        if let Some(first) = first {
            place.holders[first].used = true;
        }
    }
    for holder in &mut place.holders {
        holder.open = holder.used;
    }
    let entries = &place.holders[..place.entries];
    let prices: u32 = entries.iter().filter(|h| h.open).map(|h| u32::from(h.price)).sum();
    let whole = place.cost();
    Solution {
        cost: Cost { fetches: whole.fetches - prices, ..whole },
        holders: place.holders,
        entries: place.entries,
        picks: place.picks,
        typed: place.typed,
        types: place.types,
    }
}
