//! Checks that a plan hangs together: what the executor relies on without looking.

use braid_model::Supergraph;
use braid_model::schema::Kind;
use rustc_hash::FxHashMap;

use super::{
    EntityGroup, FetchId, FetchKind, LinkIndex, OutputId, OutputValue, Plan, RepresentationField,
    ShapeId, SlotIndex, SourceIndex,
};
use crate::operation::OperationKind;

impl Plan {
    /// Whether every field of the answer can be read, every node that a fetch brings has its
    /// place, and no fetch comes before what it needs. The error says what does not hold.
    pub fn check(&self, schema: &Supergraph) -> Result<(), String> {
        let checker = Checker { plan: self, schema, owners: self.owners()? };
        checker.fetches()?;
        checker.links()?;
        checker.output(self.root)?;
        let root = &self.outputs[self.root];
        let shapes: Vec<ShapeId> =
            self.roots.iter().filter_map(|&id| self.root_shape(id)).collect();
        ensure(root.sources == shapes, || "the root's sources are not the root fetches".to_owned())
    }

    fn root_shape(&self, fetch: FetchId) -> Option<ShapeId> {
        match self.fetches.get(fetch)?.kind {
            FetchKind::Root(shape) => Some(shape),
            FetchKind::Entities(_) => None,
        }
    }

    /// For each shape, the fetch that it is part of.
    fn owners(&self) -> Result<Vec<FetchId>, String> {
        let mut owners: Vec<Option<FetchId>> = vec![None; self.shapes.len()];
        for (id, fetch) in self.fetches.iter().enumerate() {
            let mut open: Vec<ShapeId> = match &fetch.kind {
                FetchKind::Root(shape) => vec![*shape],
                FetchKind::Entities(groups) => groups.iter().map(|group| group.shape).collect(),
            };
            while let Some(shape) = open.pop() {
                let owner = owners.get_mut(shape).ok_or_else(|| format!("no shape {shape}"))?;
                ensure(owner.is_none(), || format!("shape {shape} stands in two places"))?;
                *owner = Some(id);
                open.extend(self.shapes[shape].slots.iter().filter_map(|slot| slot.shape));
            }
        }
        let owned = |(shape, owner): (usize, Option<FetchId>)| {
            owner.ok_or_else(|| format!("shape {shape} belongs to no fetch"))
        };
        owners.into_iter().enumerate().map(owned).collect()
    }
}

struct Checker<'p> {
    plan: &'p Plan,
    schema: &'p Supergraph,
    owners: Vec<FetchId>,
}

impl Checker<'_> {
    fn fetches(&self) -> Result<(), String> {
        for (id, fetch) in self.plan.fetches.iter().enumerate() {
            let rising = fetch.after.windows(2).all(|pair| pair[0] < pair[1]);
            let before = fetch.after.iter().all(|&other| other < id);
            ensure(rising && before, || format!("fetch {id} comes after {:?}", fetch.after))?;
            match &fetch.kind {
                FetchKind::Root(_) => {
                    let listed = self.plan.roots.contains(&id);
                    ensure(listed, || format!("root fetch {id} is not listed"))?;
                    let serial = self.plan.kind == OperationKind::Mutation;
                    ensure(!serial || fetch.after.len() == id, || {
                        format!("fetch {id} of a mutation does not wait for those before")
                    })?;
                }
                FetchKind::Entities(groups) => {
                    for group in groups {
                        ensure(!group.anchors.is_empty(), || format!("fetch {id} hangs nowhere"))?;
                        self.group(id, group)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn group(&self, fetch: FetchId, group: &EntityGroup) -> Result<(), String> {
        for anchor in &group.anchors {
            self.needs(fetch, anchor.at)?;
            let linked = self.plan.shapes[anchor.at].links.get(anchor.link) == Some(&fetch);
            ensure(linked, || format!("shape {} does not link to fetch {fetch}", anchor.at))?;
            let representations = &anchor.representations;
            ensure(!representations.is_empty(), || format!("no representation for fetch {fetch}"))?;
            for representation in representations {
                if representation.typename.is_none() || representation.types.is_some() {
                    self.tells_type(anchor.at)?;
                }
                for field in &representation.fields {
                    self.part(fetch, anchor.at, field)?;
                }
            }
        }
        Ok(())
    }

    fn part(&self, fetch: FetchId, at: ShapeId, part: &RepresentationField) -> Result<(), String> {
        let mut shape = at;
        for &link in &part.links {
            shape = self.linked(shape, link)?;
            self.needs(fetch, shape)?;
        }
        if part.types.is_some() {
            self.tells_type(at)?;
        }
        let slot = self.slot(shape, part.slot)?;
        match slot {
            None => ensure(part.fields.is_empty(), || format!("`{}` has no fields", part.name)),
            Some(below) => {
                ensure(!part.fields.is_empty(), || format!("`{}` needs fields", part.name))?;
                part.fields.iter().try_for_each(|field| self.part(fetch, below, field))
            }
        }
    }

    /// Every link has exactly one anchor.
    fn links(&self) -> Result<(), String> {
        let mut anchors: FxHashMap<(ShapeId, LinkIndex), usize> = FxHashMap::default();
        for fetch in &self.plan.fetches {
            let FetchKind::Entities(groups) = &fetch.kind else { continue };
            for anchor in groups.iter().flat_map(|group| &group.anchors) {
                *anchors.entry((anchor.at, anchor.link)).or_default() += 1;
            }
        }
        for (at, shape) in self.plan.shapes.iter().enumerate() {
            for link in 0..shape.links.len() {
                let count = anchors.get(&(at, link)).copied().unwrap_or_default();
                ensure(count == 1, || format!("link {link} of shape {at} has {count} anchors"))?;
            }
        }
        Ok(())
    }

    fn output(&self, id: OutputId) -> Result<(), String> {
        let output = &self.plan.outputs[id];
        let own = output.sources.len().checked_sub(output.links.len());
        let own = own.ok_or_else(|| format!("output {id} has more links than sources"))?;
        for (at, &(source, link)) in output.links.iter().enumerate() {
            let known = source < own + at;
            ensure(known, || format!("output {id} links from a later source"))?;
            let shape = self.linked(output.sources[source], link)?;
            ensure(shape == output.sources[own + at], || format!("output {id}: wrong link"))?;
        }
        let is_abstract = matches!(self.schema.ty(output.on).kind, Kind::Interface | Kind::Union);
        let by_type = output
            .fields
            .iter()
            .any(|field| field.types.is_some() || matches!(field.value, OutputValue::Typename));
        ensure(!is_abstract || !by_type || !output.typed_by.is_empty(), || {
            format!("output {id} does not know its type")
        })?;
        for &source in &output.typed_by {
            self.tells_type(self.source(id, source)?)?;
        }
        for field in &output.fields {
            self.value(id, &field.value).map_err(|error| format!("`{}`: {error}", field.key))?;
        }
        Ok(())
    }

    fn value(&self, output: OutputId, value: &OutputValue) -> Result<(), String> {
        match value {
            OutputValue::Typename | OutputValue::Denied => Ok(()),
            OutputValue::Leaf(source, slot) => {
                let below = self.slot(self.source(output, *source)?, *slot)?;
                ensure(below.is_none(), || "a leaf is read from an object".to_owned())
            }
            OutputValue::Object(places, child) => {
                let mut shapes = Vec::with_capacity(places.len());
                for &(source, slot) in places {
                    let below = self.slot(self.source(output, source)?, slot)?;
                    shapes.push(below.ok_or("an object is read from a leaf")?);
                }
                ensure(*child > output, || "an output stands before its parent".to_owned())?;
                let def = &self.plan.outputs[*child];
                let own = def.sources.len().saturating_sub(def.links.len());
                ensure(!shapes.is_empty() && def.sources[..own] == shapes, || {
                    format!("output {child} has other sources than its field")
                })?;
                self.output(*child)
            }
        }
    }

    fn source(&self, output: OutputId, source: SourceIndex) -> Result<ShapeId, String> {
        let sources = &self.plan.outputs[output].sources;
        sources.get(source).copied().ok_or_else(|| format!("output {output}: no source {source}"))
    }

    fn slot(&self, shape: ShapeId, slot: SlotIndex) -> Result<Option<ShapeId>, String> {
        let slot = self.plan.shapes[shape].slots.get(slot);
        slot.map(|slot| slot.shape).ok_or_else(|| format!("shape {shape} has no such slot"))
    }

    /// The shape that a link leads to.
    fn linked(&self, shape: ShapeId, link: LinkIndex) -> Result<ShapeId, String> {
        let missing = || format!("shape {shape} has no link {link}");
        let fetch = *self.plan.shapes[shape].links.get(link).ok_or_else(missing)?;
        let FetchKind::Entities(groups) = &self.plan.fetches[fetch].kind else {
            return Err(missing());
        };
        let is_anchor = |group: &&EntityGroup| {
            group.anchors.iter().any(|anchor| anchor.at == shape && anchor.link == link)
        };
        groups.iter().find(is_anchor).map(|group| group.shape).ok_or_else(missing)
    }

    fn tells_type(&self, shape: ShapeId) -> Result<(), String> {
        let def = &self.plan.shapes[shape];
        let object = def.on.is_some_and(|on| self.schema.ty(on).kind == Kind::Object);
        ensure(object || def.typename.is_some(), || format!("shape {shape} does not know its type"))
    }

    fn needs(&self, fetch: FetchId, shape: ShapeId) -> Result<(), String> {
        let owner = self.owners[shape];
        let waits = self.plan.fetches[fetch].after.contains(&owner);
        ensure(waits, || format!("fetch {fetch} does not wait for {owner}"))
    }
}

fn ensure(holds: bool, message: impl Fn() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(message()) }
}
