//! Plans operations: which subgraph is asked for what, after which other requests.
//!
//! The flow: [`selection`] makes one tree of the operation and of the field sets it meets;
//! [`search`] (with [`offer`] and [`jump`]) finds the cheapest way to answer each selection set from where its
//! objects are held; [`build`] turns that into a [`draft`] of shapes, groups and outputs; [`merge`] and
//! [`emit`] (with [`layout`]) let equal requests travel together and write the plan. [`facts`] is all they ask
//! of the supergraph.

mod build;
mod draft;
mod emit;
mod facts;
mod jump;
mod layout;
mod merge;
mod offer;
mod place;
mod search;
mod selection;
mod text;

use braid_model::ids::Name;
use braid_model::schema::Supergraph;

use crate::operation::{Operation, OperationKind, Selection};
use crate::plan::Plan;
use draft::{Draft, FieldDraft, OutputDraft, ValueDraft};
use facts::{Facts, ProvidedId, Vertex};
use place::{Cost, Entry, Solution};
use search::Search;
use selection::{SelId, Selections, What};
use std::rc::Rc;

/// What a plan depends on besides schema and operation.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// The labels of progressive overrides that are on.
    pub labels: Vec<Name>,
    /// How many steps the search may take: 200,000, which is about a second; a screen takes some
    /// hundreds.
    pub steps_max: usize,
}

impl Default for PlanOptions {
    fn default() -> Self {
        Self { labels: Vec::new(), steps_max: 200_000 }
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// No subgraph can be asked for the field from where its parent comes from.
    #[error("plan `{coordinate}`: no subgraph resolves it from where the operation reaches it")]
    Unreachable {
        /// `Type.field`
        coordinate: String,
    },
    /// The operation has more possibilities than may be tried.
    #[error("plan the operation within {limit} steps: it can be answered in too many ways")]
    TooComplex {
        /// [`PlanOptions::steps_max`]
        limit: usize,
    },
    /// Selections within selections: more than any sensible document has, and than the stack holds.
    #[error("plan the operation: selections nest deeper than {limit}")]
    TooDeep {
        /// How deep they may nest: 100.
        limit: usize,
    },
    /// The schema has no subgraph with the operation's root type.
    #[error("plan the operation: no subgraph has the root type `{0}`")]
    NoRoot(String),
}

/// Plans an operation.
///
/// The same schema, operation and options give the same plan. The cheapest plan is the one with
/// the fewest fetches, then the fewest waves, then the fewest fields.
pub fn plan(
    schema: &Supergraph,
    operation: &Operation,
    options: &PlanOptions,
) -> Result<Plan, PlanError> {
    if is_deeper(&operation.selections, search::NESTING_MAX) {
        return Err(PlanError::TooDeep { limit: search::NESTING_MAX });
    }
    let facts = Facts::new(schema, &options.labels);
    let variables = operation.variables.iter().map(|variable| variable.name.as_str()).collect();
    let mut sels = Selections::new(schema, variables);
    sels.omit_null = operation.omit_null;
    let root = sels.of_client(operation.root, &operation.selections);
    let mut search = Search::new(facts, sels, options.steps_max);
    let mut planner = Planner { search: &mut search, operation, draft: Draft::default() };
    match planner.draft(root) {
        Some(output) => {
            let draft = planner.draft;
            let plan = emit::emit(draft, &mut search, operation, output);
            debug_assert_eq!(plan.check(schema), Ok(()), "{}", plan.tree(schema));
            Ok(plan)
        }
        None if search.is_exhausted() => Err(PlanError::TooComplex { limit: options.steps_max }),
        None => Err(match search.failed_field() {
            Some(field) => PlanError::Unreachable { coordinate: schema.coordinate(field) },
            None => PlanError::NoRoot(schema.type_name(operation.root).to_owned()),
        }),
    }
}

/// Whether selections nest deeper than that; without recursion.
fn is_deeper(selections: &[Selection], limit: usize) -> bool {
    let mut open = vec![(selections, 1)];
    while let Some((selections, depth)) = open.pop() {
        if depth > limit {
            return true;
        }
        for selection in selections {
            match selection {
                Selection::Typename { .. } => {}
                Selection::Field(field) => open.push((&field.selections, depth + 1)),
                Selection::Fragment { selections, .. } => open.push((selections, depth + 1)),
            }
        }
    }
    false
}

struct Planner<'p, 'a> {
    search: &'p mut Search<'a>,
    operation: &'a Operation,
    draft: Draft<'a>,
}

impl Planner<'_, '_> {
    fn draft(&mut self, root: SelId) -> Option<usize> {
        let sel = self.search.sels.get(root);
        let fetched = |unit: &selection::Unit<'_>| matches!(unit.what, What::Field(_));
        if !sel.units.iter().any(fetched) {
            return Some(self.whole(root, &nothing(sel.types.clone()), &[]));
        }
        match self.operation.kind {
            OperationKind::Query => {
                let mut entries = self.roots();
                for entry in &mut entries {
                    entry.price = 1;
                }
                let solution = self.search.solve(root, &entries)?;
                Some(self.whole(root, &solution, &entries))
            }
            OperationKind::Mutation | OperationKind::Subscription => self.serial(root),
        }
    }

    /// The vertices of the root type: every subgraph that has it, and for queries ourselves.
    fn roots(&self) -> Vec<Entry> {
        let on = self.operation.root;
        let schema = self.search.facts.schema;
        let mut graphs: Vec<_> = schema.ty(on).joins.iter().map(|join| join.subgraph).collect();
        graphs.sort_unstable();
        graphs.dedup();
        if self.operation.kind == OperationKind::Query {
            graphs.push(self.search.facts.introspection);
        }
        let vertex = |graph| Vertex { graph, on, provided: ProvidedId::NONE };
        graphs.into_iter().map(|graph| Entry { vertex: vertex(graph), wave: 0, price: 0 }).collect()
    }

    /// Drafts the place of a whole operation, with a root fetch for each entry that is used.
    fn whole(&mut self, sel: SelId, solution: &Solution, entries: &[Entry]) -> usize {
        let used = solution.used_entries().map(|entry| entries[entry].vertex);
        let used: Vec<Vertex> = used.collect();
        let shapes: Vec<usize> =
            used.into_iter().map(|vertex| self.draft.add_root(vertex.graph, vertex.on)).collect();
        self.draft.place(self.search, (sel, solution), &shapes)
    }

    /// Root fields one after the other, each in exactly one subgraph (GraphQL specification
    /// 6.2.2). Neighbours of one subgraph are one request, as far as the earlier ones need no
    /// further fetch: the subgraph runs them in order, too.
    fn serial(&mut self, root: SelId) -> Option<usize> {
        let entries = self.roots();
        let sel = self.search.sels.get(root);
        let whole = self.draft.outputs.len();
        self.draft.outputs.push(OutputDraft {
            on: sel.on,
            sources: Vec::new(),
            links: Vec::new(),
            typed_by: Vec::new(),
            fields: Vec::new(),
        });
        let mut start = 0;
        while start < sel.units.len() {
            let (mut entry, mut solution) = self.cheapest(root, start..start + 1, &entries)?;
            let mut end = start + 1;
            while end < sel.units.len() && solution.cost.fetches == 0 {
                let Some((next, _)) = self.cheapest(root, end..end + 1, &entries) else { break };
                let part = self.search.sels.part(root, start..end + 1);
                let entry_too = next.vertex == entry.vertex;
                let Some(together) = self.search.solve(part, &[next]).filter(|_| entry_too) else {
                    break;
                };
                (entry, solution) = (next, together);
                end += 1;
            }
            let part = self.search.sels.part(root, start..end);
            self.append(whole, part, (&solution, entry), start);
            start = end;
            self.draft.segment += 1;
        }
        Some(whole)
    }

    fn cheapest(
        &mut self,
        root: SelId,
        units: std::ops::Range<usize>,
        entries: &[Entry],
    ) -> Option<(Entry, Rc<Solution>)> {
        let part = self.search.sels.part(root, units);
        let mut best: Option<(Cost, Entry, Rc<Solution>)> = None;
        for &entry in entries {
            let Some(solution) = self.search.solve(part, &[entry]) else { continue };
            if best.as_ref().is_none_or(|(cost, ..)| solution.cost < *cost) {
                best = Some((solution.cost, entry, solution));
            }
        }
        best.map(|(_, entry, solution)| (entry, solution))
    }

    /// Adds a part of a mutation to the output of the whole.
    fn append(
        &mut self,
        whole: usize,
        part: SelId,
        (solution, entry): (&Solution, Entry),
        start: usize,
    ) {
        let sel = self.search.sels.get(part);
        let fetched = sel.units.iter().any(|unit| matches!(unit.what, What::Field(_)));
        let mut shapes = Vec::new();
        if fetched {
            shapes.push(self.draft.add_root(entry.vertex.graph, entry.vertex.on));
        }
        let offset = self.draft.outputs[whole].sources.len();
        let output = self.draft.place(self.search, (part, solution), &shapes);
        // It was drafted as an output of its own, after which come those of its fields.
        let drafted = std::mem::take(&mut self.draft.outputs[output].fields);
        self.draft.outputs[output].sources.clear();
        let moved = drafted.into_iter().map(|field| FieldDraft {
            unit: field.unit + start,
            value: match field.value {
                ValueDraft::Leaf(source, slot) => ValueDraft::Leaf(source + offset, slot),
                ValueDraft::Object(places, output) => ValueDraft::Object(
                    places.into_iter().map(|(source, slot)| (source + offset, slot)).collect(),
                    output,
                ),
                other @ (ValueDraft::Typename | ValueDraft::Denied) => other,
            },
            ..field
        });
        let moved: Vec<FieldDraft<'_>> = moved.collect();
        self.draft.outputs[whole].fields.extend(moved);
        self.draft.outputs[whole].sources.extend(shapes);
    }
}

/// The solution of a place that needs no fetch.
fn nothing(types: braid_model::bits::TypeSet) -> Solution {
    Solution {
        holders: Vec::new(),
        entries: 0,
        picks: Vec::new(),
        typed: None,
        types,
        cost: Cost::default(),
    }
}
