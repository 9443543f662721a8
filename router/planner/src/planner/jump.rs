//! Jumps: how a place comes to hold its objects in one more subgraph.
//!
//! A jump needs a key of the type there, and what `@requires` of the fields it is made for asks.
//! All of that must be found below one holder, its base: COMPOSITION says that conditions start at
//! one vertex. What the base does not have itself may be one more jump away, so that chains build
//! themselves.

use std::rc::Rc;

use braid_model::bits::TypeSet;
use braid_model::ids::{FieldSetId, SubgraphId, TypeId};
use smallvec::SmallVec;

use super::facts::{ProvidedId, Provider, Vertex};
use super::place::{Entry, Holder, Jump, Part, Place, Recipe};
use super::search::{Search, by_wave};
use super::selection::{Unit, What};

/// How many subgraphs may be needed, one for the other, to enter one.
const CHAIN_MAX: usize = 60;

/// What is to be entered.
struct Target<'t> {
    graph: SubgraphId,
    interface: Option<TypeId>,
    requires: Option<FieldSetId>,
    types: &'t TypeSet,
}

/// Where the parts of a representation may come from.
#[derive(Clone, Copy)]
struct From {
    base: usize,
    /// Further fetches may be made for them.
    fetches: bool,
}

impl Search<'_> {
    /// The holder of objects of these types in that subgraph, with what is required there; opened
    /// if it is not yet. Within a base: only what is reached from it.
    pub(super) fn open(
        &mut self,
        place: &mut Place,
        provider: Provider,
        types: &TypeSet,
        within: Option<usize>,
    ) -> Option<usize> {
        if !self.step() {
            return None;
        }
        let Provider { graph, requires, interface } = provider;
        let covers = |place: &Place, at: usize| {
            let holder = &place.holders[at];
            let carried = requires.is_none_or(|set| {
                holder.jump.as_ref().is_some_and(|jump| jump.requires.contains(&set))
            });
            holder.vertex.graph == graph
                && interface.is_none_or(|interface| holder.vertex.on == interface)
                && types.is_subset(&holder.types)
                && carried
                && within.is_none_or(|base| place.is_below(at, base))
        };
        let open = by_wave(place);
        if let Some(&at) = open.iter().find(|&&at| covers(place, at)) {
            return Some(at);
        }
        if within.is_none() {
            let closed = (0..place.entries).filter(|&at| !place.holders[at].open);
            let cheapest = closed
                .filter(|&at| covers(place, at))
                .min_by_key(|&at| (place.holders[at].price, place.holders[at].wave, at));
            if let Some(at) = cheapest {
                place.holders[at].open = true;
                return Some(at);
            }
        }
        let target = Target { graph, interface, requires, types };
        if place.opening.contains(&provider) {
            return None;
        }
        if place.opening.len() >= CHAIN_MAX {
            self.give_up();
            return None;
        }
        place.opening.push(provider);
        let found =
            self.extend(place, &target, within).or_else(|| self.jump(place, &target, within));
        place.opening.pop();
        found
    }

    /// Lets a jump that is made anyway carry more: other types, or what one more field requires.
    fn extend(
        &mut self,
        place: &mut Place,
        target: &Target<'_>,
        within: Option<usize>,
    ) -> Option<usize> {
        for at in place.entries..place.holders.len() {
            let holder = &place.holders[at];
            let Some(jump) = holder.jump.clone() else { continue };
            let below = within.is_none_or(|base| place.is_below(at, base));
            let interface = holder.interface_object.then_some(holder.vertex.on);
            let same = (holder.vertex.graph, interface) == (target.graph, target.interface);
            if !same || !below || within == Some(at) {
                continue;
            }
            let mut trial = place.clone();
            let from = From { base: jump.base, fetches: true };
            let extended = if target.types.is_subset(&holder.types) {
                self.add_requires(&mut trial, at, target, from)
            } else if jump.requires.is_empty() && target.requires.is_none() {
                self.add_types(&mut trial, at, target, from)
            } else {
                None
            };
            if extended.is_some() {
                trial.settle_waves();
                *place = trial;
                return Some(at);
            }
        }
        None
    }

    fn add_requires(
        &mut self,
        place: &mut Place,
        at: usize,
        target: &Target<'_>,
        from: From,
    ) -> Option<()> {
        let set = target.requires?;
        let recipes = place.holders[at].jump.as_ref()?.recipes.clone();
        let mut extended = Vec::with_capacity(recipes.len());
        for mut recipe in recipes {
            for part in self.gather(place, from, set, &recipe.types, false)? {
                // What comes from this very fetch cannot be sent with it.
                let circular = place.depends(part.holder, at);
                let other = recipe.parts.iter().find(|known| known.name == part.name);
                if circular || other.is_some_and(|known| known.args != part.args) {
                    return None;
                }
                recipe.parts.push(part);
            }
            extended.push(recipe);
        }
        let anchor = Self::anchor(place, from.base, &extended);
        let jump = place.holders[at].jump.as_mut()?;
        jump.recipes = extended;
        jump.requires.push(set);
        jump.anchor = anchor;
        Some(())
    }

    fn add_types(
        &mut self,
        place: &mut Place,
        at: usize,
        target: &Target<'_>,
        from: From,
    ) -> Option<()> {
        let missing = target.types.difference(&place.holders[at].types);
        let target = Target { types: &missing, ..*target };
        let entered = self.recipes(place, from, &target)?;
        let parts = entered.recipes.iter().flat_map(|recipe| &recipe.parts);
        let mut circular = parts.map(|part| place.depends(part.holder, at));
        let other = entered.interface_object != place.holders[at].interface_object;
        if other || circular.any(|circular| circular) {
            return None;
        }
        place.holders[at].types.union_with(&entered.types);
        if !entered.interface_object {
            place.holders[at].vertex.on = place.on;
        }
        let mut recipes = place.holders[at].jump.as_ref()?.recipes.clone();
        for recipe in entered.recipes {
            merge_recipe(&mut recipes, recipe);
        }
        let anchor = Self::anchor(place, from.base, &recipes);
        let jump = place.holders[at].jump.as_mut()?;
        jump.recipes = recipes;
        jump.anchor = anchor;
        Some(())
    }

    /// A new jump: by a key that is at hand if there is one, else by the cheapest to be had.
    fn jump(
        &mut self,
        place: &mut Place,
        target: &Target<'_>,
        within: Option<usize>,
    ) -> Option<usize> {
        let bases: SmallVec<[usize; 4]> = by_wave(place)
            .into_iter()
            .filter(|&at| within.is_none_or(|base| place.is_below(at, base)))
            .collect();
        for &base in &bases {
            let from = From { base, fetches: false };
            if let Some(entered) = self.recipes(place, from, target) {
                return Some(Self::add_holder(place, base, target, entered));
            }
        }
        let mut best: Option<(Place, usize)> = None;
        let mut consider = |place: Place, at: usize| {
            if best.as_ref().is_none_or(|(best, _)| place.cost() < best.cost()) {
                best = Some((place, at));
            }
        };
        for &base in &bases {
            let mut trial = place.clone();
            let from = From { base, fetches: true };
            if let Some(entered) = self.recipes(&mut trial, from, target) {
                let at = Self::add_holder(&mut trial, base, target, entered);
                consider(trial, at);
            }
        }
        let blind = bases.iter().all(|&at| place.holders[at].interface_object);
        if blind && within.is_none() && place.is_abstract {
            // First to a subgraph that knows the objects' types.
            for graph in self.facts.type_knowers(place.on) {
                let mut trial = place.clone();
                let types = place.types.intersection(&self.facts.types_at(graph, place.on));
                if graph == target.graph && target.requires.is_none() {
                    continue;
                }
                let Some(knower) = self.open(&mut trial, Provider::plain(graph), &types, None)
                else {
                    continue;
                };
                let from = From { base: knower, fetches: true };
                if let Some(entered) = self.recipes(&mut trial, from, target) {
                    let at = Self::add_holder(&mut trial, knower, target, entered);
                    consider(trial, at);
                }
            }
        }
        if best.is_none() && within.is_none() {
            // Through an entry that is not had yet.
            for entry in (0..place.entries).filter(|&at| !place.holders[at].open) {
                let mut trial = place.clone();
                trial.holders[entry].open = true;
                let from = From { base: entry, fetches: true };
                if let Some(entered) = self.recipes(&mut trial, from, target) {
                    let at = Self::add_holder(&mut trial, entry, target, entered);
                    if best.as_ref().is_none_or(|(best, _)| trial.cost() < best.cost()) {
                        best = Some((trial, at));
                    }
                }
            }
        }
        let (found, at) = best?;
        *place = found;
        Some(at)
    }

    fn add_holder(place: &mut Place, base: usize, target: &Target<'_>, entered: Entered) -> usize {
        let anchor = Self::anchor(place, base, &entered.recipes);
        let jump = Jump {
            base,
            anchor,
            requires: target.requires.into_iter().collect(),
            recipes: entered.recipes,
        };
        let vertex = Vertex { graph: target.graph, on: entered.on, provided: ProvidedId::NONE };
        place.holders.push(Holder {
            vertex,
            interface_object: entered.interface_object,
            types: entered.types,
            wave: 0,
            price: 0,
            open: true,
            used: false,
            jump: Some(jump),
        });
        place.settle_waves();
        place.holders.len() - 1
    }

    /// Where the entities hang: at the one holder that everything is read from, if it can tell
    /// what the recipes ask of it, else at the base.
    fn anchor(place: &Place, base: usize, recipes: &[Recipe]) -> usize {
        let mut parts = recipes.iter().flat_map(|recipe| &recipe.parts);
        let Some(first) = parts.next() else { return base };
        let one = parts.all(|part| part.holder == first.holder);
        let typeless = recipes.iter().all(|recipe| recipe.typename.is_some());
        let tells = place.knows_type(first.holder) || (typeless && recipes.len() == 1);
        if one && tells { first.holder } else { base }
    }

    /// How objects of the target's types are represented: by interface where the target knows no
    /// more (or the base does not), else by their own types.
    fn recipes(&mut self, place: &mut Place, from: From, target: &Target<'_>) -> Option<Entered> {
        let base = place.holders[from.base].clone();
        if !target.types.is_subset(&base.types) {
            return None;
        }
        let as_object = target.interface;
        let as_interface = (base.interface_object && as_object.is_none()).then_some(base.vertex.on);
        if let Some(interface) = as_object.or(as_interface) {
            let possible = self.facts.types_at(target.graph, interface);
            if !target.types.is_subset(&possible) {
                return None;
            }
            // Without knowledge of its types the base cannot leave out the others.
            let asked = if base.interface_object { &base.types } else { target.types };
            let types = asked.intersection(&possible);
            let mut recipe = self.recipe(place, from, target, interface, asked)?;
            recipe.typename = Some(interface);
            recipe.types = asked.clone();
            return Some(Entered {
                on: interface,
                interface_object: as_object.is_some(),
                types,
                recipes: vec![recipe],
            });
        }
        let single = self.facts.is_abstract(base.vertex.on);
        let mut recipes: Vec<Recipe> = Vec::new();
        for object in target.types.iter() {
            let mut recipe = self.recipe(place, from, target, object, &TypeSet::of(object))?;
            recipe.typename = (!single).then_some(object);
            merge_recipe(&mut recipes, recipe);
        }
        let on = if target.types.len() == 1 { target.types.iter().next()? } else { place.on };
        Some(Entered { on, interface_object: false, types: target.types.clone(), recipes })
    }

    /// The representation of `on` by the first of its keys that can be gathered.
    fn recipe(
        &mut self,
        place: &mut Place,
        from: From,
        target: &Target<'_>,
        on: TypeId,
        types: &TypeSet,
    ) -> Option<Recipe> {
        let mut best: Option<(Place, Vec<Part>)> = None;
        for key in self.facts.keys(target.graph, on) {
            if !from.fetches {
                if let Some(parts) = self.gather(place, from, key, types, true) {
                    best = Some((place.clone(), parts));
                    break;
                }
                continue;
            }
            let mut trial = place.clone();
            if let Some(parts) = self.gather(&mut trial, from, key, types, true)
                && best.as_ref().is_none_or(|(best, _)| trial.cost() < best.cost())
            {
                best = Some((trial, parts));
            }
        }
        let (mut found, mut parts) = best?;
        if let Some(set) = target.requires {
            let required = self.gather(&mut found, from, set, types, false)?;
            // What the key has already is not said twice; the same name can't say two things.
            for part in required {
                match parts.iter().find(|known| known.name == part.name) {
                    Some(known) if known.args != part.args => return None,
                    Some(known) if known.child.is_none() && part.types.is_subset(&known.types) => {}
                    _ => parts.push(part),
                }
            }
        }
        for part in &mut parts {
            let field = self.facts.schema.field(on, part.name);
            let join = field.and_then(|field| self.facts.schema.join(field, target.graph));
            part.ty = join.map_or(part.ty, |join| join.ty);
        }
        *place = found;
        Some(Recipe { types: types.clone(), typename: None, parts })
    }

    /// The parts of a field set, found below the base.
    fn gather(
        &mut self,
        place: &mut Place,
        from: From,
        set: FieldSetId,
        types: &TypeSet,
        key: bool,
    ) -> Option<Vec<Part>> {
        let sel = self.sels.of_set(set, types);
        let sel = self.sels.get(sel);
        let mut parts = Vec::with_capacity(sel.units.len());
        for unit in &sel.units {
            // `__typename` is part of every representation.
            if matches!(unit.what, What::Field(_)) {
                parts.push(self.part(place, from, unit, key)?);
            }
        }
        Some(parts)
    }

    fn part(&mut self, place: &mut Place, from: From, unit: &Unit<'_>, key: bool) -> Option<Part> {
        let mut best: Option<(u32, Part)> = None;
        for at in by_wave(place) {
            if !place.is_below(at, from.base) {
                continue;
            }
            let Some((cost, part)) = self.part_at(place, at, unit, key) else { continue };
            if best.as_ref().is_none_or(|(known, _)| cost < *known) {
                best = Some((cost, part));
            }
            if cost == 0 {
                break;
            }
        }
        if let Some((cost, part)) = best {
            if cost > 0 && !from.fetches {
                return None;
            }
            place.below.fetches += cost;
            return Some(part);
        }
        if !from.fetches {
            return None;
        }
        let What::Field(field) = unit.what else { return None };
        let mut chained: Option<(Place, Part)> = None;
        let mut providers: SmallVec<[Provider; 4]> = SmallVec::new();
        for object in unit.types.iter() {
            let all = self.facts.providers(object, field.name);
            providers.extend(
                all.into_iter()
                    .filter(|found| !providers.contains(found))
                    .collect::<SmallVec<[Provider; 4]>>(),
            );
        }
        providers.sort_unstable();
        for provider in providers {
            let mut trial = place.clone();
            let opened = self.open(&mut trial, provider, &unit.types, Some(from.base));
            let Some(at) = opened else { continue };
            let Some((cost, part)) = self.part_at(&trial, at, unit, key) else { continue };
            trial.below.fetches += cost;
            if chained.as_ref().is_none_or(|(best, _)| trial.cost() < best.cost()) {
                chained = Some((trial, part));
            }
        }
        let (found, part) = chained?;
        *place = found;
        Some(part)
    }

    /// The part as that holder has it, and how many fetches it takes below.
    fn part_at(
        &mut self,
        place: &Place,
        at: usize,
        unit: &Unit<'_>,
        key: bool,
    ) -> Option<(u32, Part)> {
        let What::Field(field) = unit.what else { return None };
        let holder = &place.holders[at];
        let resolved = self.resolves(holder, &unit.types, field.name)?;
        let mut cost = 0;
        let mut child = None;
        if let Some(sel) = field.child {
            let on = resolved.ty.named;
            let vertex = Vertex { graph: holder.vertex.graph, on, provided: resolved.provided };
            let solution = self.solve(sel, &[Entry { vertex, wave: 0, price: 0 }])?;
            cost = solution.cost.fetches;
            child = Some((sel, Rc::clone(&solution)));
        }
        let part = Part {
            name: field.name,
            args: field.args,
            types: unit.types.clone(),
            holder: at,
            resolved,
            child,
            key,
            ty: field.ty,
        };
        Some((cost, part))
    }
}

/// How a subgraph is entered.
struct Entered {
    on: TypeId,
    interface_object: bool,
    types: TypeSet,
    recipes: Vec<Recipe>,
}

/// Adds a recipe, to one that is the same but for its types if there is one.
fn merge_recipe(recipes: &mut Vec<Recipe>, recipe: Recipe) {
    let same = |known: &Recipe| {
        known.typename == recipe.typename
            && known.parts.len() == recipe.parts.len()
            && known.parts.iter().zip(&recipe.parts).all(|(a, b)| same_part(a, b))
    };
    match recipes.iter_mut().find(|known| same(known)) {
        Some(known) => {
            for (part, other) in known.parts.iter_mut().zip(&recipe.parts) {
                part.types.union_with(&other.types);
            }
            known.types.union_with(&recipe.types);
        }
        None => recipes.push(recipe),
    }
}

fn same_part(a: &Part, b: &Part) -> bool {
    let child = match (&a.child, &b.child) {
        (None, None) => true,
        (Some((a, _)), Some((b, _))) => a == b,
        (None, Some(_)) | (Some(_), None) => false,
    };
    child
        && a.name == b.name
        && a.args == b.args
        && a.holder == b.holder
        && a.resolved == b.resolved
        && a.ty == b.ty
        && a.key == b.key
}
