//! What a request has received: an arena of nodes, values and spans of the answers' bytes.
//!
//! An object of an answer is a [`Node`]: a run of values, one for each slot of its shape, and a run
//! of links to the entities that later fetches bring for the same object. Leaves stay where they
//! came, as spans of the answer. Nothing is merged and nothing is copied before the answer to the
//! client is written.

use bytes::Bytes;

use crate::fault::{Failure, Record, Step};

/// No node, no slot, no type.
pub(crate) const NONE: u32 = u32::MAX;

/// The most nodes, values, links and list items that one request may hold: some 100 MB. An answer of
/// small objects with many fields left out would otherwise grow far beyond its size.
pub(crate) const UNITS_MAX: usize = 4_000_000;

/// An object of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    /// Its shape.
    pub(crate) shape: u32,
    /// Its type, or [`NONE`] where the answer does not tell.
    pub(crate) ty: u32,
    /// The first of its values.
    pub(crate) values: u32,
    /// The first of its links.
    pub(crate) links: u32,
    /// What became of it.
    pub(crate) state: State,
    /// More than one link leads to it.
    pub(crate) shared: bool,
}

/// What became of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Asked for, not answered yet.
    Pending,
    /// Here.
    Present,
    /// The subgraph answered null, or nothing that is an object.
    Null,
    /// The fetch, of that index, that was to bring it failed.
    Failed(u32),
}

/// What stands in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value {
    /// The answer did not have the field.
    Absent,
    /// Null, or something that the field cannot be.
    Null,
    /// A leaf, or a list of leaves that can be passed on as it is.
    Leaf(Bit),
    /// An enum value that clients may not see.
    Hidden(Bit),
    /// An object.
    Node(u32),
    /// A list: its first item in [`Data::lists`], and how many there are.
    List(u32, u32),
}

/// A part of one of the [`Data::buffers`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bit {
    pub(crate) buffer: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// All that a request has received. See the module's documentation.
#[derive(Debug, Default)]
pub(crate) struct Data {
    pub(crate) nodes: Vec<Node>,
    pub(crate) values: Vec<Value>,
    pub(crate) links: Vec<u32>,
    pub(crate) lists: Vec<Value>,
    pub(crate) buffers: Vec<Bytes>,
    /// For each shape at which entities hang, its nodes.
    pub(crate) anchored: Vec<Vec<u32>>,
    /// For each root fetch, its node; [`NONE`] for other fetches.
    pub(crate) roots: Vec<u32>,
    /// What subgraphs reported, and what was wrong with what they answered.
    pub(crate) records: Vec<Record>,
    /// The paths of the records below their slots.
    pub(crate) steps: Vec<Step>,
    /// How many errors were not recorded, because there were too many.
    pub(crate) unrecorded: usize,
    /// For each fetch, why it failed.
    pub(crate) failures: Vec<Option<Failure>>,
}

/// Lengths of the arena, to which a refused answer is taken back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    nodes: usize,
    values: usize,
    links: usize,
    lists: usize,
    records: usize,
    steps: usize,
    unrecorded: usize,
}

impl Data {
    /// An arena for a plan of so many shapes and fetches.
    pub(crate) fn new(shapes: usize, fetches: usize) -> Self {
        Self {
            anchored: vec![Vec::new(); shapes],
            roots: vec![NONE; fetches],
            failures: vec![None; fetches],
            ..Self::default()
        }
    }

    /// A node that is asked for.
    pub(crate) fn expect_node(&mut self, shape: u32) -> u32 {
        self.push_node(Node {
            shape,
            ty: NONE,
            values: 0,
            links: 0,
            state: State::Pending,
            shared: false,
        })
    }

    /// A node that stands for what a failed fetch would have brought.
    pub(crate) fn failed_node(&mut self, fetch: u32) -> u32 {
        let state = State::Failed(fetch);
        self.push_node(Node { shape: NONE, ty: NONE, values: 0, links: 0, state, shared: false })
    }

    fn push_node(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        index(self.nodes.len() - 1)
    }

    /// The node, if it is here.
    pub(crate) fn present(&self, node: u32) -> Option<&Node> {
        self.nodes.get(node as usize).filter(|node| node.state == State::Present)
    }

    /// What stands in a slot of a node; [`Value::Absent`] if the node is not here.
    pub(crate) fn value(&self, node: u32, slot: u32) -> Value {
        match self.present(node) {
            Some(node) => self.values[(node.values + slot) as usize],
            None => Value::Absent,
        }
    }

    /// Where a link of a node leads; [`NONE`] if nowhere.
    pub(crate) fn link(&self, node: u32, link: u32) -> u32 {
        match self.present(node) {
            Some(node) => self.links[(node.links + link) as usize],
            None => NONE,
        }
    }

    /// The bytes of a span.
    pub(crate) fn bytes(&self, bit: Bit) -> &[u8] {
        &self.buffers[bit.buffer as usize][bit.start as usize..bit.end as usize]
    }

    /// How much of the budget of [`UNITS_MAX`] is used.
    pub(crate) fn units(&self) -> usize {
        self.nodes.len() + self.values.len() + self.links.len() + self.lists.len()
    }

    /// Whether anything is to be reported to the client.
    pub(crate) fn has_errors(&self) -> bool {
        !self.records.is_empty() || self.unrecorded > 0 || self.failures.iter().any(Option::is_some)
    }

    /// The present lengths.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            nodes: self.nodes.len(),
            values: self.values.len(),
            links: self.links.len(),
            lists: self.lists.len(),
            records: self.records.len(),
            steps: self.steps.len(),
            unrecorded: self.unrecorded,
        }
    }

    /// Forgets what came after `mark`.
    pub(crate) fn rewind(&mut self, mark: Mark) {
        self.nodes.truncate(mark.nodes);
        self.values.truncate(mark.values);
        self.links.truncate(mark.links);
        self.lists.truncate(mark.lists);
        self.records.truncate(mark.records);
        self.steps.truncate(mark.steps);
        self.unrecorded = mark.unrecorded;
    }

    /// Marks the nodes that a fetch was to bring as failed, and takes them from the anchors.
    pub(crate) fn fail(&mut self, fetch: u32, failure: Failure, targets: &[u32]) {
        self.failures[fetch as usize] = Some(failure);
        for &target in targets {
            self.nodes[target as usize].state = State::Failed(fetch);
        }
        let nodes = &self.nodes;
        for anchored in &mut self.anchored {
            anchored.retain(|&node| {
                nodes.get(node as usize).is_some_and(|node| node.state == State::Present)
            });
        }
    }
}

/// An index into the arena. [`UNITS_MAX`] and the cap on answers keep it far below 2^32.
pub(crate) fn index(at: usize) -> u32 {
    u32::try_from(at).expect("the arena is bounded far below 2^32")
}
