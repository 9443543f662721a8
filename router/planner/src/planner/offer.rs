//! Units of composite type: which holders they are read from depends on what is asked below them.
//!
//! The place below is solved with every vertex at which its objects could be entered; those that
//! it does not use are not asked. Where it uses several, its objects stand side by side: that is
//! how values without keys, and shared roots, come together from several subgraphs.

use std::rc::Rc;

use braid_model::bits::TypeSet;
use braid_model::ids::SubgraphId;
use smallvec::{SmallVec, smallvec};

use super::facts::{ProvidedId, Provider, Resolved, Vertex};
use super::place::{Cost, Entry, Pick, Place, Solution, Todo};
use super::search::Search;
use super::selection::{SelId, UnitField};

/// How a unit of composite type could be answered.
pub(super) struct Offer {
    sources: SmallVec<[(Source, Resolved); 2]>,
    sel: SelId,
    pub(super) child: Rc<Solution>,
    wave: u16,
}

#[derive(Clone, Copy)]
enum Source {
    Holder(usize),
    /// To be jumped to.
    Jump(Provider),
}

impl Search<'_> {
    /// The cheapest answer of a unit of composite type from the holders that there are and, if
    /// `others` may be had, from those.
    pub(super) fn offer(
        &mut self,
        place: &Place,
        todo: &Todo,
        field: UnitField,
        others: bool,
    ) -> Option<Offer> {
        let sel = field.child?;
        let mut all: SmallVec<[(Entry, Source, Resolved); 4]> = SmallVec::new();
        for (at, holder) in place.holders.iter().enumerate() {
            if !holder.open && !others {
                continue;
            }
            let Some(resolved) = self.resolves(holder, &todo.types, field.name) else { continue };
            let price = if holder.open { 0 } else { holder.price };
            let entry = entry(holder.vertex.graph, &resolved, holder.wave, price);
            all.push((entry, Source::Holder(at), resolved));
        }
        let free: SmallVec<_> = all.iter().filter(|offer| offer.0.price == 0).copied().collect();
        if self.sels.get(place.sel).is_set {
            // A representation is read from one place.
            let mut best: Option<Offer> = None;
            for one in free {
                let offer = self.offer_from(sel, smallvec![one]);
                best = match (best, offer) {
                    (Some(best), Some(offer)) if offer.cost() < best.cost() => Some(offer),
                    (best, offer) => best.or(offer),
                };
            }
            return best;
        }
        let from_free = self.offer_from(sel, free);
        if !others || from_free.as_ref().is_some_and(|offer| offer.child.cost.fetches == 0) {
            return from_free;
        }
        let earliest = place.holders.iter().filter(|h| h.open).map(|h| h.wave).min();
        let wave = earliest.unwrap_or(0).saturating_add(1);
        for provider in self.options(place, todo) {
            let graph = provider.graph;
            let held = all.iter().any(|(entry, ..)| entry.vertex.graph == graph);
            if held || provider.requires.is_some() {
                continue;
            }
            let resolved = self.resolved_by_jump(provider, &todo.types, field);
            let Some(resolved) = resolved else { continue };
            all.push((entry(graph, &resolved, wave, 1), Source::Jump(provider), resolved));
        }
        if all.iter().all(|offer| offer.0.price == 0) {
            return from_free;
        }
        let from_all = self.offer_from(sel, all);
        // On a tie what is held is enough: no second list whose positions must agree.
        match (from_free, from_all) {
            (Some(free), Some(all)) => Some(if all.cost() < free.cost() { all } else { free }),
            (free, all) => free.or(all),
        }
    }

    fn resolved_by_jump(
        &mut self,
        provider: Provider,
        types: &TypeSet,
        field: UnitField,
    ) -> Option<Resolved> {
        let on = provider.interface.or_else(|| types.iter().next())?;
        let vertex = Vertex { graph: provider.graph, on, provided: ProvidedId::NONE };
        self.facts.resolve_all(vertex, types, field.name)
    }

    fn offer_from(
        &mut self,
        sel: SelId,
        mut all: SmallVec<[(Entry, Source, Resolved); 4]>,
    ) -> Option<Offer> {
        all.sort_by_key(|(entry, ..)| (entry.price, entry.wave, entry.vertex.graph));
        let entries: SmallVec<[Entry; 4]> = all.iter().map(|(entry, ..)| *entry).collect();
        let wave = entries.iter().map(|entry| entry.wave).min()?;
        let child = self.solve(sel, &entries)?;
        if let Some(only) = child.only_entry()
            && child.holders[only].types != child.types
        {
            // Nothing stands beside it, so all that it knows can be there.
            return self.offer_from(sel, smallvec![all[only]]);
        }
        let sources = all.into_iter().map(|(_, source, resolved)| (source, resolved)).collect();
        Some(Offer { sources, sel, child, wave })
    }

    /// Answers the unit as offered: opens what the offer takes.
    pub(super) fn accept(&mut self, place: &mut Place, todo: &Todo, offer: Offer) -> bool {
        let Some(unit) = todo.unit else { return false };
        let used: SmallVec<[usize; 4]> = offer.child.used_entries().collect();
        let mut sources = SmallVec::new();
        for at in used {
            let (source, resolved) = offer.sources[at];
            let holder = match source {
                Source::Holder(holder) => holder,
                Source::Jump(provider) => match self.open(place, provider, &todo.types, None) {
                    Some(holder) => holder,
                    None => return false,
                },
            };
            place.holders[holder].open = true;
            place.holders[holder].used = true;
            sources.push((holder, resolved));
        }
        place.below = place.below.beside(offer.child.cost.after(offer.wave));
        place.below.fields += 1;
        let types = todo.types.clone();
        place.picks.push(Pick { unit, types, sources, child: Some((offer.sel, offer.child)) });
        true
    }
}

impl Offer {
    fn cost(&self) -> Cost {
        self.child.whole_cost().after(self.wave)
    }
}

fn entry(graph: SubgraphId, resolved: &Resolved, wave: u16, price: u16) -> Entry {
    let vertex = Vertex { graph, on: resolved.ty.named, provided: resolved.provided };
    Entry { vertex, wave, price }
}
