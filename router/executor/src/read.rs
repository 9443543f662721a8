//! Reads an answer of a subgraph into the arena: one pass, directed by shapes.
//!
//! The next key is guessed to be that of the next slot and only compared; keys that nobody asked
//! for are passed over (checked, but not kept). A value that its field cannot have costs that
//! value: it becomes null, with a record. Only what makes the answer as a whole doubtful refuses
//! it: text that is not JSON, a key that stands twice, an envelope that is none. Then nothing of it
//! is kept.

use braid_model::json::{DEPTH_MAX, JsonError, Kind, Reader, Span, Text};
use bytes::Bytes;
use smallvec::SmallVec;

use crate::compile::{Compiled, Content, FetchKind, Leaf, Shape, Slot};
use crate::data::{Bit, Data, NONE, Node, State, UNITS_MAX, Value, index};
use crate::fault::{Failure, Record, Step, What};

mod errors;

/// The most records of one fetch; further ones are counted.
const RECORDS_MAX: usize = 50;

/// The nodes that a fetch is to bring.
#[derive(Debug)]
pub(crate) enum Targets {
    /// The root node.
    Root(u32),
    /// For each group, the first of its nodes, and how many there are.
    Entities(SmallVec<[(u32, u32); 2]>),
}

/// An answer that is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It cannot be read.
    Malformed,
    /// It holds more than a request may hold.
    TooLarge,
    /// It is JSON, but not an answer of GraphQL: neither `data` nor `errors`.
    NoAnswer,
}

impl From<JsonError> for Refused {
    fn from(_: JsonError) -> Self {
        Self::Malformed
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed | Refused::NoAnswer => Self::Malformed,
            Refused::TooLarge => Self::TooLarge,
        }
    }
}

impl Targets {
    /// All nodes.
    pub(crate) fn nodes(&self) -> Vec<u32> {
        match self {
            Self::Root(node) => vec![*node],
            Self::Entities(groups) => {
                groups.iter().flat_map(|&(first, count)| first..first + count).collect()
            }
        }
    }
}

/// Reads the answer to a fetch. If it is refused, the arena is as before, but for the nodes of
/// `targets`, of which [`Data::fail`] is to be told.
pub(crate) fn answer(
    compiled: &Compiled,
    data: &mut Data,
    fetch: u32,
    targets: &Targets,
    body: &Bytes,
) -> Result<(), Refused> {
    within(compiled, data, fetch, body, |reading, reader| {
        reading.envelope(reader, targets)?;
        reader.end()?;
        Ok(())
    })
}

/// Reads the `data` of a root fetch whose answer was known beforehand.
pub(crate) fn known(
    compiled: &Compiled,
    data: &mut Data,
    fetch: u32,
    targets: &Targets,
    body: &Bytes,
) -> Result<(), Refused> {
    within(compiled, data, fetch, body, |reading, reader| {
        reading.data(reader, targets)?;
        reader.end()?;
        Ok(())
    })
}

fn within(
    compiled: &Compiled,
    data: &mut Data,
    fetch: u32,
    body: &Bytes,
    read: impl FnOnce(&mut Reading<'_>, &mut Reader<'_>) -> Result<(), Refused>,
) -> Result<(), Refused> {
    let mark = data.mark();
    let buffer = index(data.buffers.len());
    data.buffers.push(body.clone());
    let mut reader = Reader::new(body, DEPTH_MAX)?;
    let mut reading = Reading {
        compiled,
        data,
        fetch,
        buffer,
        scratch: Vec::new(),
        positions: SmallVec::new(),
        outer: 0,
        breaches: 0,
        records: 0,
    };
    let outcome = read(&mut reading, &mut reader);
    if outcome.is_err() {
        data.rewind(mark);
    }
    outcome
}

/// Reading one answer.
struct Reading<'a> {
    compiled: &'a Compiled,
    data: &'a mut Data,
    fetch: u32,
    buffer: u32,
    /// Items of the lists that are being read.
    scratch: Vec<Value>,
    /// Where we are in the lists around the value, for records; those of outer nodes stand first.
    positions: SmallVec<[u32; 8]>,
    /// How many of [`Self::positions`] belong to outer nodes.
    outer: usize,
    /// How many values were not what they should be.
    breaches: usize,
    records: usize,
}

/// A slot of a node, of the value that is being read.
#[derive(Clone, Copy)]
struct Place {
    node: u32,
    slot: u32,
}

impl Reading<'_> {
    /// Section 7.1 of the specification: `data`, `errors`, `extensions`, in any order.
    fn envelope(&mut self, reader: &mut Reader<'_>, targets: &Targets) -> Result<(), Refused> {
        let (mut has_data, mut errors) = (false, None);
        if reader.peek()? != Kind::Object {
            return Err(Refused::NoAnswer);
        }
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            if key.is("data") {
                if std::mem::replace(&mut has_data, true) {
                    return Err(Refused::Malformed);
                }
                self.data(reader, targets)?;
            } else if key.is("errors") {
                if errors.is_some() {
                    return Err(Refused::Malformed);
                }
                // Read when the data is here, for their paths lead into it.
                let from = reader.clone();
                reader.skip()?;
                errors = Some(from);
            } else {
                reader.skip()?;
            }
        }
        if !has_data {
            if errors.is_none() {
                return Err(Refused::NoAnswer);
            }
            self.no_data(targets);
        }
        if let Some(mut from) = errors {
            self.errors(&mut from, targets, has_data)?;
        }
        Ok(())
    }

    fn data(&mut self, reader: &mut Reader<'_>, targets: &Targets) -> Result<(), Refused> {
        match (reader.peek()?, targets) {
            (Kind::Null, _) => {
                reader.null()?;
                self.no_data(targets);
                Ok(())
            }
            (Kind::Object, &Targets::Root(node)) => {
                if !self.object(reader, node)? {
                    self.data.nodes[node as usize].state = State::Null;
                    self.record(What::Invalid, NONE, NONE, &[]);
                }
                Ok(())
            }
            (Kind::Object, Targets::Entities(groups)) => self.groups(reader, groups),
            _ => Err(Refused::Malformed),
        }
    }

    fn no_data(&mut self, targets: &Targets) {
        for node in targets.nodes() {
            self.data.nodes[node as usize].state = State::Null;
        }
    }

    /// The `_entities` fields of an entity fetch.
    fn groups(&mut self, reader: &mut Reader<'_>, nodes: &[(u32, u32)]) -> Result<(), Refused> {
        let FetchKind::Entities(groups) = &self.compiled.fetches[self.fetch as usize].kind else {
            return Err(Refused::Malformed);
        };
        let mut seen: SmallVec<[bool; 8]> = SmallVec::from_elem(false, groups.len());
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            let Some(at) = groups.iter().position(|group| key.is(&group.key)) else {
                reader.skip()?;
                continue;
            };
            if std::mem::replace(&mut seen[at], true) {
                return Err(Refused::Malformed);
            }
            self.entities(reader, nodes[at])?;
        }
        for (at, &(first, count)) in nodes.iter().enumerate() {
            if !seen[at] && count > 0 {
                self.missing(first, count);
            }
        }
        Ok(())
    }

    /// A list of entities, in the order of the representations. Entities that are too few are
    /// null, and surplus ones are passed over: none is ever taken for another.
    fn entities(
        &mut self,
        reader: &mut Reader<'_>,
        (first, count): (u32, u32),
    ) -> Result<(), Refused> {
        match reader.peek()? {
            Kind::Array => reader.enter_array()?,
            Kind::Null => {
                // An entity resolver failed: the subgraph's errors tell more.
                reader.null()?;
                (first..first + count)
                    .for_each(|node| self.data.nodes[node as usize].state = State::Null);
                return Ok(());
            }
            _ => {
                reader.skip()?;
                self.missing(first, count);
                return Ok(());
            }
        }
        let mut at = 0;
        while reader.next_item()? {
            let kind = reader.peek()?;
            if at >= count || kind != Kind::Object {
                reader.skip()?;
                if at < count {
                    self.data.nodes[(first + at) as usize].state = State::Null;
                    if kind != Kind::Null {
                        self.record(What::Invalid, first + at, NONE, &[]);
                    }
                }
            } else if !self.object(reader, first + at)? {
                self.data.nodes[(first + at) as usize].state = State::Null;
                self.record(What::Invalid, first + at, NONE, &[]);
            }
            at = at.saturating_add(1);
        }
        if at < count {
            self.missing(first + at, count - at);
        }
        Ok(())
    }

    /// Entities that did not come.
    fn missing(&mut self, first: u32, count: u32) {
        for node in first..first + count {
            self.data.nodes[node as usize].state = State::Null;
            self.record(What::Malformed, node, NONE, &[]);
        }
    }

    /// Reads an object into a node. False: its `__typename` is missing or unknown, so it cannot be
    /// used.
    fn object(&mut self, reader: &mut Reader<'_>, node: u32) -> Result<bool, Refused> {
        let compiled = self.compiled;
        let shape_index = self.data.nodes[node as usize].shape;
        let shape = &compiled.shapes[shape_index as usize];
        let base = self.allocate(node, shape)?;
        let outer = std::mem::replace(&mut self.outer, self.positions.len());
        reader.enter_object()?;
        let mut next = 0;
        loop {
            let guess = shape.slots.get(next);
            let slot = if matches!(guess, Some(slot) if reader.accept_key(&slot.quoted)?) {
                next
            } else {
                let Some(key) = reader.next_key()? else { break };
                match find(shape, next, &key) {
                    Some(slot) => slot,
                    None => {
                        reader.skip()?;
                        continue;
                    }
                }
            };
            if self.data.values[base + slot] != Value::Absent {
                return Err(Refused::Malformed);
            }
            let place = Place { node, slot: index(slot) };
            let held = &shape.slots[slot];
            let value = self.value(reader, place, held, held.wrap.list_depth())?;
            self.data.values[base + slot] = value;
            next = slot + 1;
        }
        self.outer = outer;
        if shape.typename != NONE && self.data.nodes[node as usize].ty == NONE {
            return Ok(false);
        }
        self.data.nodes[node as usize].state = State::Present;
        if shape.anchored {
            self.data.anchored[shape_index as usize].push(node);
        }
        Ok(true)
    }

    /// Makes room for a node's values and links.
    fn allocate(&mut self, node: u32, shape: &Shape) -> Result<usize, Refused> {
        let data = &mut *self.data;
        if data.units() + self.scratch.len() + shape.slots.len() > UNITS_MAX {
            return Err(Refused::TooLarge);
        }
        let base = data.values.len();
        data.values.resize(base + shape.slots.len(), Value::Absent);
        let links = data.links.len();
        data.links.resize(links + shape.links as usize, NONE);
        let ty = shape.ty;
        let node = &mut data.nodes[node as usize];
        *node = Node { values: index(base), links: index(links), ty, ..*node };
        Ok(base)
    }

    fn value(
        &mut self,
        reader: &mut Reader<'_>,
        place: Place,
        slot: &Slot,
        lists: usize,
    ) -> Result<Value, Refused> {
        let kind = reader.peek()?;
        if kind == Kind::Null {
            reader.null()?;
            return Ok(Value::Null);
        }
        if lists > 0 {
            return match kind {
                Kind::Array => self.list(reader, place, slot, lists),
                _ => self.breach(reader, place),
            };
        }
        match &slot.content {
            Content::Leaf(leaf) => self.leaf(reader, place, leaf, kind),
            Content::Typename if kind == Kind::String => {
                let text = reader.string()?;
                let shape =
                    &self.compiled.shapes[self.data.nodes[place.node as usize].shape as usize];
                let known = shape.possible.iter().find(|(name, _)| text.is(name));
                // An unknown type makes the whole object unusable, which its reader sees.
                self.data.nodes[place.node as usize].ty = known.map_or(NONE, |&(_, ty)| ty);
                Ok(Value::Leaf(self.bit(text.span)))
            }
            Content::Object(shape) if kind == Kind::Object => {
                let node = self.data.expect_node(*shape);
                if self.object(reader, node)? {
                    Ok(Value::Node(node))
                } else {
                    self.invalid(place);
                    Ok(Value::Null)
                }
            }
            Content::Typename | Content::Object(_) => self.breach(reader, place),
        }
    }

    /// A list. One of leaves that is as it should be is passed on as a whole.
    fn list(
        &mut self,
        reader: &mut Reader<'_>,
        place: Place,
        slot: &Slot,
        lists: usize,
    ) -> Result<Value, Refused> {
        let start = reader.offset();
        let (first, breaches) = (self.scratch.len(), self.breaches);
        let mut item = slot.wrap;
        for _ in lists..=slot.wrap.list_depth() {
            item = item.item().unwrap_or_default();
        }
        reader.enter_array()?;
        self.positions.push(0);
        while reader.next_item()? {
            let value = self.value(reader, place, slot, lists - 1)?;
            self.scratch.push(value);
            if let Some(position) = self.positions.last_mut() {
                *position += 1;
            }
            if self.data.units() + self.scratch.len() > UNITS_MAX {
                return Err(Refused::TooLarge);
            }
        }
        self.positions.pop();
        let items = &self.scratch[first..];
        let as_it_is = |value: &Value| match value {
            Value::Leaf(_) => true,
            Value::Null => !item.is_non_null(),
            Value::Absent | Value::Hidden(_) | Value::Node(_) | Value::List(..) => false,
        };
        let whole = matches!(slot.content, Content::Leaf(_))
            && !slot.itemize
            && self.breaches == breaches
            && items.iter().all(as_it_is);
        let value = if whole {
            Value::Leaf(self.bit(Span { start, end: reader.offset_behind() }))
        } else {
            let at = self.data.lists.len();
            self.data.lists.extend_from_slice(items);
            Value::List(index(at), index(self.scratch.len() - first))
        };
        self.scratch.truncate(first);
        Ok(value)
    }

    fn leaf(
        &mut self,
        reader: &mut Reader<'_>,
        place: Place,
        leaf: &Leaf,
        kind: Kind,
    ) -> Result<Value, Refused> {
        let span = match (leaf, kind) {
            (Leaf::Any, _) => reader.skip()?,
            (Leaf::String, Kind::String) => reader.string()?.span,
            (Leaf::Boolean, Kind::Boolean) => reader.skip()?,
            (Leaf::Float, Kind::Number) => reader.number()?.span,
            (Leaf::Int, Kind::Number) => {
                let number = reader.number()?;
                if !number.integer {
                    self.invalid(place);
                    return Ok(Value::Null);
                }
                number.span
            }
            (Leaf::Enum(values), Kind::String) => {
                let text = reader.string()?;
                return Ok(match enum_value(values, &text) {
                    Some(true) => Value::Leaf(self.bit(text.span)),
                    Some(false) => Value::Hidden(self.bit(text.span)),
                    None => {
                        self.invalid(place);
                        Value::Null
                    }
                });
            }
            _ => return self.breach(reader, place),
        };
        Ok(Value::Leaf(self.bit(span)))
    }

    /// Passes over a value of the wrong kind.
    fn breach(&mut self, reader: &mut Reader<'_>, place: Place) -> Result<Value, Refused> {
        reader.skip()?;
        self.invalid(place);
        Ok(Value::Null)
    }

    fn invalid(&mut self, place: Place) {
        self.breaches += 1;
        let steps: SmallVec<[Step; 8]> =
            self.positions[self.outer..].iter().map(|&at| Step::Index(at)).collect();
        self.record(What::Invalid, place.node, place.slot, &steps);
    }

    /// Records something about a place, or only counts it.
    fn record(&mut self, what: What, node: u32, slot: u32, steps: &[Step]) {
        if self.records >= RECORDS_MAX {
            self.data.unrecorded += 1;
            return;
        }
        self.records += 1;
        let first = index(self.data.steps.len());
        self.data.steps.extend_from_slice(steps);
        let steps = (first, index(steps.len()));
        self.data.records.push(Record { fetch: self.fetch, what, node, slot, steps });
    }

    fn bit(&self, span: Span) -> Bit {
        Bit { buffer: self.buffer, start: span.start, end: span.end }
    }
}

/// The slot of a key that is not the one guessed, looked for from there on: fields that are left
/// out, because they are of other types, are passed over.
fn find(shape: &Shape, from: usize, key: &Text<'_>) -> Option<usize> {
    let from = from.min(shape.slots.len());
    let (before, behind) = shape.slots.split_at(from);
    let is = |slot: &Slot| key.is(&slot.key);
    behind.iter().position(is).map(|at| from + at).or_else(|| before.iter().position(is))
}

/// Whether the enum has the value, and if so, whether clients may see it.
fn enum_value(values: &[(Box<str>, bool)], text: &Text<'_>) -> Option<bool> {
    let found = if text.escaped {
        values.iter().position(|(name, _)| text.is(name))
    } else {
        values.binary_search_by(|(name, _)| (**name).cmp(text.raw)).ok()
    };
    found.map(|at| values[at].1)
}
