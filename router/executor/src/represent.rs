//! Builds the bodies of requests: constant parts, variables as they came, and representations of
//! entities, put together from spans of earlier answers.
//!
//! Representations are compared as bytes: an entity that stands in many places is asked for once,
//! and all its anchors lead to the one node. Hashes (keyed, so that nobody can choose data that
//! collides) only find candidates.

use std::hash::{BuildHasher as _, RandomState};

use braid_planner::coerce::Variables;
use bytes::Bytes;
use smallvec::SmallVec;

use crate::compile::{Compiled, Fetch, FetchKind, Group, Representation, RepresentationField};
use crate::data::{Data, NONE, State, Value, index};
use crate::read::Targets;

/// A request that is ready to be sent.
pub(crate) struct Prepared {
    pub(crate) body: Bytes,
    pub(crate) targets: Targets,
}

/// Why there is no representation of an object.
enum Impossible {
    /// Part of a key is null or not there.
    Missing,
    /// What it needs was to come from a fetch that failed.
    Failed(u32),
}

/// The body of a fetch, and the nodes that it is to bring. Nothing, if there is no entity to ask
/// for.
pub(crate) fn prepare(
    compiled: &Compiled,
    data: &mut Data,
    fetch: u32,
    variables: &Variables,
) -> Option<Prepared> {
    let asked = &compiled.fetches[fetch as usize];
    let mut body = Vec::with_capacity(asked.prefix.len() + 256);
    body.extend_from_slice(&asked.prefix);
    let (first, mut any) = (body.len(), false);
    let targets = match &asked.kind {
        FetchKind::Root(shape) => {
            any = true;
            Targets::Root(data.expect_node(*shape))
        }
        FetchKind::Entities(groups) => {
            let mut targets = SmallVec::with_capacity(groups.len());
            for group in groups {
                separate(&mut body, first);
                body.extend_from_slice(&group.variable);
                let nodes = Representing { compiled, data, body: &mut body }.group(group);
                body.push(b']');
                any |= nodes.1 > 0;
                targets.push(nodes);
            }
            Targets::Entities(targets)
        }
    };
    if let Targets::Root(node) = targets {
        data.roots[fetch as usize] = node;
    }
    if !any {
        return None;
    }
    push_variables(&mut body, asked, first, variables);
    if body.len() > first {
        body.push(b'}');
    }
    body.push(b'}');
    Some(Prepared { body: body.into(), targets })
}

/// The client's variables that were given.
fn push_variables(body: &mut Vec<u8>, fetch: &Fetch, first: usize, variables: &Variables) {
    for (key, at) in &fetch.variables {
        if let Some(value) = variables.get(*at) {
            separate(body, first);
            body.extend_from_slice(key);
            body.extend_from_slice(value.as_bytes());
        }
    }
}

/// What stands before a variable.
fn separate(body: &mut Vec<u8>, first: usize) {
    if body.len() == first {
        body.extend_from_slice(b",\"variables\":{");
    } else {
        body.push(b',');
    }
}

struct Representing<'a> {
    compiled: &'a Compiled,
    data: &'a mut Data,
    body: &'a mut Vec<u8>,
}

impl Representing<'_> {
    /// Writes the representations of a group and links its anchors; the first of the entities'
    /// nodes, and how many there are.
    fn group(&mut self, group: &Group) -> (u32, u32) {
        let mut known = Known::new();
        let first = index(self.data.nodes.len());
        // Nodes of the group stand together, so those of failed fetches are made afterwards.
        let mut blocked: SmallVec<[(u32, u32, u32); 4]> = SmallVec::new();
        for anchor in &group.anchors {
            let nodes = std::mem::take(&mut self.data.anchored[anchor.at as usize]);
            for &node in &nodes {
                let ty = self.data.nodes[node as usize].ty;
                let mut ways = anchor.representations.iter();
                let Some(way) = ways.find(|way| way.types.meets(ty)) else { continue };
                let start = self.body.len();
                if known.count() > 0 {
                    self.body.push(b',');
                }
                let from = self.body.len();
                match self.representation(way, node, ty) {
                    Ok(()) => {
                        let (entity, fresh) = known.entity(self.body, from);
                        if fresh {
                            self.data.expect_node(group.shape);
                        } else {
                            self.body.truncate(start);
                            self.data.nodes[(first + entity) as usize].shared = true;
                        }
                        self.link(node, anchor.link, first + entity);
                    }
                    Err(Impossible::Missing) => self.body.truncate(start),
                    Err(Impossible::Failed(fetch)) => {
                        self.body.truncate(start);
                        blocked.push((node, anchor.link, fetch));
                    }
                }
            }
            self.data.anchored[anchor.at as usize] = nodes;
        }
        for (node, link, fetch) in blocked {
            let failed = self.data.failed_node(fetch);
            self.link(node, link, failed);
        }
        (first, known.count())
    }

    fn link(&mut self, node: u32, link: u32, to: u32) {
        let links = self.data.nodes[node as usize].links;
        self.data.links[(links + link) as usize] = to;
    }

    /// `{"__typename":"Product","id":"7"}`
    fn representation(
        &mut self,
        way: &Representation,
        node: u32,
        ty: u32,
    ) -> Result<(), Impossible> {
        match &way.head {
            Some(head) => self.body.extend_from_slice(head),
            None => {
                let name = self.compiled.type_names.get(ty as usize).ok_or(Impossible::Missing)?;
                self.body.extend_from_slice(b"{\"__typename\":");
                self.body.extend_from_slice(name);
            }
        }
        for field in &way.fields {
            if field.types.meets(ty) {
                self.body.push(b',');
                self.field(field, node)?;
            }
        }
        self.body.push(b'}');
        Ok(())
    }

    fn field(&mut self, field: &RepresentationField, node: u32) -> Result<(), Impossible> {
        let mut at = node;
        for &link in &field.links {
            at = self.data.link(at, link);
            if let Some(State::Failed(fetch)) =
                self.data.nodes.get(at as usize).map(|node| node.state)
            {
                return Err(Impossible::Failed(fetch));
            }
        }
        self.body.extend_from_slice(&field.key);
        match self.data.value(at, field.slot) {
            Value::Absent | Value::Null if !field.nullable => Err(Impossible::Missing),
            value => self.value(field, value),
        }
    }

    fn value(&mut self, field: &RepresentationField, value: Value) -> Result<(), Impossible> {
        match value {
            Value::Absent | Value::Null => self.body.extend_from_slice(b"null"),
            Value::Leaf(bit) | Value::Hidden(bit) => {
                self.body.extend_from_slice(self.data.bytes(bit));
            }
            Value::Node(node) => {
                let ty = self.data.nodes[node as usize].ty;
                self.body.push(b'{');
                let mut first = true;
                for inner in &field.fields {
                    if inner.types.meets(ty) {
                        if !std::mem::take(&mut first) {
                            self.body.push(b',');
                        }
                        self.field(inner, node)?;
                    }
                }
                self.body.push(b'}');
            }
            Value::List(start, count) => {
                self.body.push(b'[');
                for at in 0..count {
                    if at > 0 {
                        self.body.push(b',');
                    }
                    self.value(field, self.data.lists[(start + at) as usize])?;
                }
                self.body.push(b']');
            }
        }
        Ok(())
    }
}

/// The representations of a group so far: a hash table of their places in the body.
struct Known {
    state: RandomState,
    /// Where each stands in the body.
    spans: Vec<(usize, usize)>,
    hashes: Vec<u64>,
    /// Open addressing over the representations, at most half full.
    table: Vec<u32>,
}

impl Known {
    fn new() -> Self {
        let state = RandomState::new();
        Self { state, spans: Vec::new(), hashes: Vec::new(), table: vec![NONE; 16] }
    }

    fn count(&self) -> u32 {
        index(self.spans.len())
    }

    /// The number of the representation that was just written from `start` on, and whether it is
    /// the first of its like.
    fn entity(&mut self, body: &[u8], start: usize) -> (u32, bool) {
        if (self.spans.len() + 1) * 2 > self.table.len() {
            self.grow();
        }
        let hash = self.state.hash_one(&body[start..]);
        let mut at = self.slot(hash);
        while let Some(&(from, to)) = self.spans.get(self.table[at] as usize) {
            let entity = self.table[at];
            if self.hashes[entity as usize] == hash && body[from..to] == body[start..] {
                return (entity, false);
            }
            at = (at + 1) & (self.table.len() - 1);
        }
        let entity = self.count();
        self.table[at] = entity;
        self.hashes.push(hash);
        self.spans.push((start, body.len()));
        (entity, true)
    }

    fn slot(&self, hash: u64) -> usize {
        let mask = self.table.len() - 1;
        // What is left of the hash is below the table's length.
        usize::try_from(hash & mask as u64).unwrap_or(0)
    }

    fn grow(&mut self) {
        self.table = vec![NONE; self.table.len() * 2];
        for entity in 0..self.spans.len() {
            let mut at = self.slot(self.hashes[entity]);
            while self.table[at] != NONE {
                at = (at + 1) & (self.table.len() - 1);
            }
            self.table[at] = index(entity);
        }
    }
}
