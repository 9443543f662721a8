//! From the draft to the plan: waves, groups that travel together, final ids and text.

use std::fmt::Write;

use braid_model::bits::TypeSet;
use rustc_hash::FxHashMap;

use super::build::typename_type;
use super::draft::{
    AnchorDraft, Draft, FieldDraft, Owner, PartDraft, RecipeDraft, SlotRef, ValueDraft,
};
use super::layout::{Layout, Text, lay_out};
use super::merge::{self, Same};
use super::search::Search;
use super::text;
use crate::operation::Operation;
use crate::plan::{
    Anchor, EntityGroup, Fetch, FetchKind, Output, OutputField, OutputValue, Plan, Representation,
    RepresentationField, Service, Shape, Slot,
};

/// Writes the plan; `root` is the output that is the answer's data.
pub(super) fn emit<'a>(
    mut draft: Draft<'a>,
    search: &mut Search<'a>,
    operation: &Operation,
    root: usize,
) -> Plan {
    let waves = merge::waves(&draft);
    let mut same = merge::merge_entities(&mut draft, &waves);
    merge::merge_equal(&mut draft, &waves, &mut same);
    let layout = lay_out(&mut draft, search);
    let emitter = Emitter { draft, layout, waves, same };
    emitter.write(search, operation, root)
}

struct Emitter<'a> {
    draft: Draft<'a>,
    layout: Layout,
    waves: Vec<usize>,
    same: Same,
}

/// A fetch of the plan: a root, or groups that travel together.
struct Travel {
    segment: usize,
    wave: usize,
    graph: braid_model::ids::SubgraphId,
    root: Option<usize>,
    groups: Vec<usize>,
}

impl Emitter<'_> {
    fn write(&self, search: &Search<'_>, operation: &Operation, root: usize) -> Plan {
        let mut by_wave: Vec<usize> = (0..self.draft.groups.len()).collect();
        by_wave.retain(|&group| self.same.group(group) == group);
        by_wave.sort_by_key(|&group| (self.waves[group], group));
        let travels = self.travels(&by_wave);
        let mut fetch_of: FxHashMap<Owner, usize> = FxHashMap::default();
        for (fetch, travel) in travels.iter().enumerate() {
            fetch_of.extend(travel.root.map(|root| (Owner::Root(root), fetch)));
            fetch_of.extend(travel.groups.iter().map(|&group| (Owner::Group(group), fetch)));
        }
        for group in 0..self.draft.groups.len() {
            let first = fetch_of[&Owner::Group(self.same.group(group))];
            fetch_of.insert(Owner::Group(group), first);
        }
        let final_ids = FinalIds::new(self);
        let shapes = self.shapes(search, &final_ids, &fetch_of);
        let fetches = travels
            .iter()
            .map(|travel| self.fetch(search, operation, travel, (&travels, &fetch_of, &final_ids)))
            .collect();
        let outputs =
            (0..self.draft.outputs.len()).map(|output| self.output(output, &final_ids)).collect();
        let roots = (0..self.draft.roots.len()).map(|root| fetch_of[&Owner::Root(root)]).collect();
        Plan {
            kind: operation.kind,
            variables: operation.variables.clone(),
            fetches,
            shapes,
            outputs,
            root,
            roots,
        }
    }

    fn travels(&self, groups: &[usize]) -> Vec<Travel> {
        let mut travels: Vec<Travel> = Vec::new();
        for (at, root) in self.draft.roots.iter().enumerate() {
            let (segment, graph) = (root.segment, root.graph);
            let root = Some(at);
            travels.push(Travel { segment, wave: 0, graph, root, groups: Vec::new() });
        }
        for &group in groups {
            let def = &self.draft.groups[group];
            let (segment, wave, graph) = (def.segment, self.waves[group], def.graph);
            let same = |t: &&mut Travel| {
                t.root.is_none() && (t.segment, t.wave, t.graph) == (segment, wave, graph)
            };
            match travels.iter_mut().find(same) {
                Some(travel) => travel.groups.push(group),
                None => {
                    travels.push(Travel { segment, wave, graph, root: None, groups: vec![group] });
                }
            }
        }
        travels.sort_by_key(|travel| (travel.segment, travel.wave, travel.graph));
        travels
    }

    fn shapes(
        &self,
        search: &Search<'_>,
        ids: &FinalIds,
        fetch_of: &FxHashMap<Owner, usize>,
    ) -> Vec<Shape> {
        let typename = typename_type(search);
        let mut shapes = Vec::with_capacity(ids.shapes.len());
        for (at, shape) in self.draft.shapes.iter().enumerate() {
            if self.same.shape(at) != at {
                continue;
            }
            let mut slots = Vec::with_capacity(shape.slots.len() + 1);
            if shape.typename {
                slots.push(Slot { key: "__typename".to_owned(), ty: typename, shape: None });
            }
            for &slot in &self.layout.order[at] {
                let def = &self.draft.slots[slot];
                let shape = def.shape.map(|shape| ids.shape(self, shape));
                slots.push(Slot { key: self.layout.keys[slot].clone(), ty: def.ty, shape });
            }
            let groups = ids.links[at].iter().map(|&link| self.draft.links[link].group);
            shapes.push(Shape {
                on: Some(shape.on),
                slots,
                typename: shape.typename.then_some(0),
                links: groups.map(|group| fetch_of[&Owner::Group(group)]).collect(),
            });
        }
        shapes
    }

    fn fetch(
        &self,
        search: &Search<'_>,
        operation: &Operation,
        travel: &Travel,
        (travels, fetch_of, ids): (&[Travel], &FxHashMap<Owner, usize>, &FinalIds),
    ) -> Fetch {
        let mut after: Vec<usize> = travel
            .groups
            .iter()
            .flat_map(|&group| merge::needs(&self.draft, group))
            .map(|owner| fetch_of[&owner])
            .collect();
        let earlier = (0..travels.len()).filter(|&at| travels[at].segment < travel.segment);
        after.extend(earlier);
        after.sort_unstable();
        after.dedup();
        let service = if travel.graph == search.facts.introspection {
            Service::Introspection
        } else {
            Service::Subgraph(travel.graph)
        };
        if let Some(root) = travel.root {
            let shape = self.draft.roots[root].shape;
            let text = &self.layout.texts[&shape];
            let mut query = operation_kind(operation).to_owned();
            declare(search, operation, &[], text, &mut query);
            if query == "query" {
                query.clear();
            }
            query.push('{');
            query.push_str(&text.text);
            query.push('}');
            let variables = text.variables.clone();
            let kind = FetchKind::Root(ids.shape(self, shape));
            return Fetch { service, after, operation: query, variables, kind };
        }
        let mut all = Text::default();
        let mut groups = Vec::with_capacity(travel.groups.len());
        let prefix = variable_prefix(operation);
        for (at, &group) in travel.groups.iter().enumerate() {
            let def = &self.draft.groups[group];
            let variable = format!("{prefix}{at}");
            let alone = travel.groups.len() == 1;
            let key = if alone { "_entities".to_owned() } else { format!("_{at}") };
            let alias = if alone { String::new() } else { format!("{key}:") };
            let text = &self.layout.texts[&def.shape];
            let separator = if at > 0 { " " } else { "" };
            // Writing to a string cannot fail.
            let _infallible = write!(
                all.text,
                "{separator}{alias}_entities(representations:${variable}){{{}}}",
                text.text
            );
            all.variables.extend_from_slice(&text.variables);
            let shape = ids.shape(self, def.shape);
            let anchors = def.anchors.iter().map(|anchor| self.anchor(search, ids, anchor));
            groups.push(EntityGroup { key, variable, shape, anchors: anchors.collect() });
        }
        all.variables.sort_unstable();
        all.variables.dedup();
        let mut query = "query".to_owned();
        let names: Vec<&str> = groups.iter().map(|group| group.variable.as_str()).collect();
        declare(search, operation, &names, &all, &mut query);
        query.push('{');
        query.push_str(&all.text);
        query.push('}');
        let kind = FetchKind::Entities(groups);
        Fetch { service, after, operation: query, variables: all.variables, kind }
    }

    fn anchor(&self, search: &Search<'_>, ids: &FinalIds, anchor: &AnchorDraft) -> Anchor {
        let recipe = |recipe: &RecipeDraft| Representation {
            types: recipe.types.clone(),
            typename: recipe.typename,
            fields: self.parts(search, ids, &recipe.fields),
        };
        Anchor {
            at: ids.shape(self, anchor.at),
            link: ids.link(self, anchor.at, anchor.link),
            representations: anchor.recipes.iter().map(recipe).collect(),
        }
    }

    fn parts(
        &self,
        search: &Search<'_>,
        ids: &FinalIds,
        parts: &[PartDraft],
    ) -> Vec<RepresentationField> {
        let field = |part: &PartDraft| {
            let name = part.name.map_or("__typename", |name| search.facts.schema.text(name));
            RepresentationField {
                name: name.to_owned(),
                types: part.types.clone(),
                links: part.links.iter().map(|&link| ids.link_of[self.same.link(link)]).collect(),
                slot: ids.slot(self, part.slot),
                fields: self.parts(search, ids, &part.fields),
                key: part.key,
                nullable: part.nullable,
            }
        };
        parts.iter().map(field).collect()
    }

    fn output(&self, at: usize, ids: &FinalIds) -> Output {
        let draft = &self.draft.outputs[at];
        let links =
            draft.links.iter().map(|&(source, link)| (source, ids.link_of[self.same.link(link)]));
        Output {
            on: draft.on,
            sources: draft.sources.iter().map(|&shape| ids.shape(self, shape)).collect(),
            links: links.collect(),
            typed_by: draft.typed_by.clone(),
            fields: draft.fields.iter().map(|field| self.field(field, ids)).collect(),
        }
    }

    fn field(&self, field: &FieldDraft<'_>, ids: &FinalIds) -> OutputField {
        let slot = |slot: usize| ids.slot(self, SlotRef::Slot(slot));
        let value = match &field.value {
            ValueDraft::Typename => OutputValue::Typename,
            ValueDraft::Leaf(source, at) => OutputValue::Leaf(*source, slot(*at)),
            ValueDraft::Object(places, output) => {
                let places = places.iter().map(|&(source, at)| (source, slot(at)));
                OutputValue::Object(places.collect(), *output)
            }
            ValueDraft::Denied => OutputValue::Denied,
        };
        OutputField {
            key: field.key.to_owned(),
            types: field.types.clone().filter(|types: &TypeSet| !types.is_empty()),
            ty: field.ty,
            coordinate: field.coordinate.clone(),
            shaping: field.shaping,
            value,
        }
    }
}

/// The ids of the plan for those of the draft.
struct FinalIds {
    shapes: Vec<usize>,
    slots: Vec<usize>,
    /// For each shape of the draft, the links that are left.
    links: Vec<Vec<usize>>,
    /// For each link of the draft that is left, its place in its shape.
    link_of: Vec<usize>,
}

impl FinalIds {
    fn new(emitter: &Emitter<'_>) -> Self {
        let draft = &emitter.draft;
        let mut shapes = vec![0; draft.shapes.len()];
        let mut slots = vec![0; draft.slots.len()];
        let mut links = vec![Vec::new(); draft.shapes.len()];
        let mut link_of = vec![0; draft.links.len()];
        let mut next = 0;
        for (at, shape) in draft.shapes.iter().enumerate() {
            if emitter.same.shape(at) != at {
                continue;
            }
            shapes[at] = next;
            next += 1;
            for (place, &slot) in emitter.layout.order[at].iter().enumerate() {
                slots[slot] = place + usize::from(shape.typename);
            }
            links[at] =
                shape.links.iter().copied().filter(|&l| emitter.same.link(l) == l).collect();
            for (place, &link) in links[at].iter().enumerate() {
                link_of[link] = place;
            }
        }
        Self { shapes, slots, links, link_of }
    }

    fn shape(&self, emitter: &Emitter<'_>, shape: usize) -> usize {
        self.shapes[emitter.same.shape(shape)]
    }

    fn slot(&self, emitter: &Emitter<'_>, slot: SlotRef) -> usize {
        match slot {
            SlotRef::Typename(_) => 0,
            SlotRef::Slot(slot) => self.slots[emitter.same.slot(slot)],
        }
    }

    fn link(&self, emitter: &Emitter<'_>, _at: usize, link: usize) -> usize {
        self.link_of[emitter.same.link(link)]
    }
}

/// How variables of representations begin: as none of the client's does.
fn variable_prefix(operation: &Operation) -> String {
    let mut prefix = "r".to_owned();
    let collides = |prefix: &str| {
        let rest = |name: &str| name.strip_prefix(prefix).map(|rest| rest.parse::<usize>().is_ok());
        operation.variables.iter().any(|variable| rest(&variable.name) == Some(true))
    };
    while collides(&prefix) {
        prefix.push('_');
    }
    prefix
}

fn operation_kind(operation: &Operation) -> &'static str {
    match operation.kind {
        crate::operation::OperationKind::Query => "query",
        crate::operation::OperationKind::Mutation => "mutation",
        crate::operation::OperationKind::Subscription => "subscription",
    }
}

/// Declares the variables of representations and those of the client that are used.
fn declare(
    search: &Search<'_>,
    operation: &Operation,
    representations: &[&str],
    text: &Text,
    out: &mut String,
) {
    let mut declared = 0;
    let mut separator = || {
        declared += 1;
        if declared == 1 { "(" } else { "," }
    };
    for name in representations {
        out.push_str(separator());
        out.push('$');
        out.push_str(name);
        out.push_str(":[_Any!]!");
    }
    for &index in &text.variables {
        let variable = &operation.variables[index];
        out.push_str(separator());
        out.push('$');
        out.push_str(&variable.name);
        out.push(':');
        out.push_str(&search.facts.schema.type_text(variable.ty));
        if let Some(default) = &variable.default {
            out.push('=');
            out.push_str(&text::constant(default));
        }
    }
    if declared > 0 {
        out.push(')');
    }
}
