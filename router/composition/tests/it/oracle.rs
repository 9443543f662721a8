//! Satisfiability against an oracle: random small federations, judged a second time by a naive
//! search over what was generated (not over what was composed).
//!
//! Types have scalars, references, simple and compound keys, keys that are not resolvable, and
//! chains of `@requires`; everything is `@shareable`, so only satisfiability can refuse them.

use std::collections::BTreeSet;

use braid_composition::{Code, SubgraphInput, compose};

use crate::support::{Random, render_all, subgraph};

const TYPES: usize = 3;
const SCALARS: [&str; 4] = ["id", "a", "b", "c"];
const KEYS: [&[&str]; 4] = [&["id"], &["a"], &["b"], &["a", "b"]];

/// One type in one subgraph.
#[derive(Clone, Default)]
struct Part {
    present: bool,
    /// Scalars that it resolves.
    plain: BTreeSet<String>,
    /// Types that it refers to, as `r0`, `r1`, …
    references: BTreeSet<usize>,
    /// Field sets and whether they are resolvable.
    keys: Vec<(Vec<String>, bool)>,
    /// A field of its own that requires another one.
    requires: Option<String>,
}

struct Federation {
    /// By subgraph, then by type.
    parts: Vec<Vec<Part>>,
    /// By subgraph: types that the query type returns.
    queries: Vec<BTreeSet<usize>>,
}

#[test]
fn satisfiability_agrees_with_a_naive_search() {
    let mut random = Random(77);
    let (mut satisfiable, mut refused) = (0, 0);
    for _ in 0..500 {
        let federation = Federation::generate(&mut random);
        let inputs = federation.print();
        let expected = federation.unresolvable();
        let found: BTreeSet<String> = match compose(&inputs) {
            Ok(_) => BTreeSet::new(),
            Err(errors) => {
                let only = errors.iter().all(|error| error.code == Code::SatisfiabilityError);
                assert!(only, "{}\n{}", render_all(&errors), text(&inputs));
                errors.into_iter().filter_map(|error| error.coordinate).collect()
            }
        };
        // A field that fails hides what lies behind it, so fewer may be reported than there are.
        let agree = found.is_subset(&expected) && found.is_empty() == expected.is_empty();
        assert!(agree, "found {found:?}\nexpected {expected:?}\n{}", text(&inputs));
        if expected.is_empty() { satisfiable += 1 } else { refused += 1 }
    }
    // The generator must not drift to one side.
    assert!(satisfiable > 60 && refused > 60, "{satisfiable} satisfiable, {refused} not");
}

fn text(inputs: &[SubgraphInput]) -> String {
    inputs.iter().map(|input| format!("# {}\n{}\n", input.name, input.sdl)).collect()
}

impl Federation {
    fn generate(random: &mut Random) -> Self {
        let count = 2 + random.below(3);
        let mut parts: Vec<Vec<Part>> =
            (0..count).map(|_| (0..TYPES).map(|_| Part::generate(random)).collect()).collect();
        // Something must be there for the query type to return.
        parts[0][0].present = true;
        parts[0][0].plain.insert("c".to_owned());
        for graph in &mut parts {
            let present: Vec<bool> = graph.iter().map(|part| part.present).collect();
            for part in graph {
                part.references.retain(|target| present[*target]);
            }
        }
        for graph in 0..count {
            for ty in 0..TYPES {
                if parts[graph][ty].present && random.chance(35) {
                    parts[graph][ty].requires = candidate(&parts, graph, ty, random);
                }
            }
        }
        let mut queries: Vec<BTreeSet<usize>> = parts
            .iter()
            .map(|graph| (0..TYPES).filter(|ty| graph[*ty].present && random.chance(45)).collect())
            .collect();
        if queries.iter().all(BTreeSet::is_empty) {
            queries[0].insert(0);
        }
        Self { parts, queries }
    }

    fn print(&self) -> Vec<SubgraphInput> {
        let graphs = self.parts.iter().zip(&self.queries).enumerate();
        graphs.map(|(at, (parts, queries))| print_graph(at, parts, queries)).collect()
    }

    /// Subgraphs that hold objects of `ty` one can come to from `start`.
    fn reach(&self, ty: usize, start: usize) -> BTreeSet<usize> {
        let mut reach = BTreeSet::from([start]);
        loop {
            let can_enter = |graph: &usize| {
                self.parts[*graph][ty].keys.iter().any(|(fields, resolvable)| {
                    *resolvable
                        && fields.iter().all(|field| {
                            reach.iter().any(|from| self.parts[*from][ty].plain.contains(field))
                        })
                })
            };
            let next =
                (0..self.parts.len()).find(|graph| !reach.contains(graph) && can_enter(graph));
            match next {
                Some(graph) => _ = reach.insert(graph),
                None => return reach,
            }
        }
    }

    /// Whether `graph` resolves the field, with no more than `depth` requirements in a row.
    fn has(&self, (graph, ty): (usize, usize), field: &str, depth: usize) -> bool {
        let part = &self.parts[graph][ty];
        if field != own_field(graph) {
            return part.plain.contains(field);
        }
        let Some(required) = &part.requires else { return false };
        let reach = self.reach(ty, graph);
        let can_come_back = part.keys.iter().any(|(fields, resolvable)| {
            *resolvable
                && fields.iter().all(|field| {
                    reach.iter().any(|from| self.parts[*from][ty].plain.contains(field))
                })
        });
        depth > 0
            && can_come_back
            && reach.iter().any(|from| self.has((*from, ty), required, depth - 1))
    }

    /// All fields of the API that some path leads to and nobody there resolves.
    fn unresolvable(&self) -> BTreeSet<String> {
        let mut failed = BTreeSet::new();
        let mut seen: BTreeSet<(usize, BTreeSet<usize>)> = BTreeSet::new();
        let mut pending: Vec<(usize, BTreeSet<usize>)> = (0..TYPES)
            .map(|ty| {
                let holds = |graph: &usize| self.queries[*graph].contains(&ty);
                (ty, (0..self.parts.len()).filter(holds).collect())
            })
            .filter(|(_, graphs): &(usize, BTreeSet<usize>)| !graphs.is_empty())
            .collect();
        while let Some((ty, start)) = pending.pop() {
            if !seen.insert((ty, start.clone())) {
                continue;
            }
            let reach: BTreeSet<usize> =
                start.iter().flat_map(|graph| self.reach(ty, *graph)).collect();
            for field in self.scalars(ty) {
                let depth = self.parts.len();
                if !reach.iter().any(|graph| self.has((*graph, ty), &field, depth)) {
                    failed.insert(format!("T{ty}.{field}"));
                }
            }
            for target in 0..TYPES {
                let refers = |graph: &usize| self.parts[*graph][ty].references.contains(&target);
                let exists = (0..self.parts.len()).any(|graph| refers(&graph));
                let next: BTreeSet<usize> = reach.iter().copied().filter(refers).collect();
                if exists && next.is_empty() {
                    failed.insert(format!("T{ty}.r{target}"));
                } else if exists {
                    pending.push((target, next));
                }
            }
        }
        failed
    }

    /// Scalar fields of a type anywhere.
    fn scalars(&self, ty: usize) -> BTreeSet<String> {
        let mut fields = BTreeSet::new();
        for (graph, parts) in self.parts.iter().enumerate() {
            fields.extend(parts[ty].plain.iter().cloned());
            fields.extend(parts[ty].requires.as_ref().map(|_| own_field(graph)));
        }
        fields
    }
}

fn own_field(graph: usize) -> String {
    format!("own{graph}")
}

/// A field of another subgraph that this one does not resolve itself.
fn candidate(parts: &[Vec<Part>], graph: usize, ty: usize, random: &mut Random) -> Option<String> {
    let mut fields: BTreeSet<String> = BTreeSet::new();
    for (other, there) in parts.iter().enumerate().filter(|(other, _)| *other != graph) {
        fields.extend(there[ty].plain.iter().cloned());
        fields.extend(there[ty].requires.as_ref().map(|_| own_field(other)));
    }
    let fields: Vec<String> =
        fields.into_iter().filter(|field| !parts[graph][ty].plain.contains(field)).collect();
    if fields.is_empty() { None } else { Some(fields[random.below(fields.len())].clone()) }
}

impl Part {
    fn generate(random: &mut Random) -> Self {
        if !random.chance(80) {
            return Self::default();
        }
        let mut part = Self { present: true, ..Self::default() };
        part.plain
            .extend(SCALARS.iter().filter(|_| random.chance(50)).map(|name| (*name).to_owned()));
        part.references.extend((0..TYPES).filter(|_| random.chance(35)));
        for fields in KEYS {
            if random.chance(30) {
                let fields: Vec<String> = fields.iter().map(|name| (*name).to_owned()).collect();
                part.plain.extend(fields.iter().cloned());
                part.keys.push((fields, random.chance(85)));
            }
        }
        if part.plain.is_empty() {
            part.plain.insert("c".to_owned());
        }
        part
    }
}

fn print_graph(at: usize, parts: &[Part], queries: &BTreeSet<usize>) -> SubgraphInput {
    let mut sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", import: \
                   [\"@key\", \"@external\", \"@requires\", \"@shareable\"])\n"
        .to_owned();
    if !queries.is_empty() {
        let fields: Vec<String> = queries.iter().map(|ty| format!("q{ty}: T{ty}")).collect();
        sdl.push_str(&format!("type Query @shareable {{ {} }}\n", fields.join(" ")));
    }
    for (ty, part) in parts.iter().enumerate().filter(|(_, part)| part.present) {
        let keys: String = part
            .keys
            .iter()
            .map(|(fields, resolvable)| {
                format!(" @key(fields: \"{}\", resolvable: {resolvable})", fields.join(" "))
            })
            .collect();
        let mut fields: Vec<String> =
            part.plain.iter().map(|name| format!("{name}: Int @shareable")).collect();
        fields.extend(
            part.references.iter().map(|target| format!("r{target}: T{target} @shareable")),
        );
        if let Some(required) = &part.requires {
            fields.push(format!("{required}: Int @external"));
            fields.push(format!("{}: Int @requires(fields: \"{required}\")", own_field(at)));
        }
        sdl.push_str(&format!("type T{ty}{keys} {{ {} }}\n", fields.join(" ")));
    }
    subgraph(&format!("g{at}"), &sdl)
}
