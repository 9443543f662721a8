//! Writes the client's answer: straight from the spans of the subgraphs' answers into one buffer.
//!
//! An object is read from its sources side by side; a null where none may be takes back what was
//! written of the object around it (section 6.4.4 of the specification).
//!
//! The same walk exists twice, told apart at compile time. The first, for answers without any
//! error, knows no paths and gives up at the first null where none may be. The second, [`Report`],
//! tracks the path and tells every error where it shows; it costs only requests that have one.

use braid_model::bits::TypeSet;
use braid_model::ids::TypeId;
use braid_model::schema::Wrap;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::compile::{Compiled, Field, FieldValue, Output};
use crate::data::{Data, NONE, State, Value};
use crate::fault::{INVALID_MESSAGE, INVALID_VALUE, UNAUTHORIZED};

mod report;

pub use report::ErrorOptions;
use report::{Report, Segment};

/// A written answer.
#[derive(Debug, Clone)]
pub struct Response {
    /// The answer: `{"data":…,"errors":[…]}`.
    pub body: Bytes,
    /// How many errors it reports, those that were left out included.
    pub errors: usize,
    /// `data` is null: nothing of the answer stands.
    pub data_null: bool,
}

/// Writes the answer. `services` names the services of errors, by fetch.
pub(crate) fn response(
    compiled: &Compiled,
    data: &Data,
    services: &dyn Fn(u32) -> Option<String>,
    options: ErrorOptions,
) -> Response {
    if !compiled.denies && !data.has_errors() {
        let mut writer = Writer::<false>::new(compiled, data, None);
        if writer.root() {
            writer.out.push(b'}');
            return Response { body: writer.out.into(), errors: 0, data_null: false };
        }
    }
    let report = Report::new(compiled, data, services, options);
    let mut writer = Writer::<true>::new(compiled, data, Some(report));
    let data_null = !writer.root();
    if data_null {
        writer.out.extend_from_slice(b"null");
    }
    let mut errors = 0;
    if let Some(report) = writer.report.take() {
        errors = report.finish(&mut writer.out);
    }
    writer.out.push(b'}');
    Response { body: writer.out.into(), errors, data_null }
}

/// What became of a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrote {
    /// It stands, and may be null.
    Value,
    /// Nothing: it is null, here.
    Null,
    /// Nothing: something inside is null that may not be, which was told there.
    Bubbled,
}

struct Writer<'a, const REPORT: bool> {
    compiled: &'a Compiled,
    data: &'a Data,
    out: Vec<u8>,
    /// The sources of the objects that are being written, outer ones first.
    sources: Vec<u32>,
    /// Where an object of a shared node was written, by output (its address) and node. Only without
    /// errors: nothing that was written is taken back then.
    written: FxHashMap<(usize, u32), (usize, usize)>,
    report: Option<Report<'a>>,
}

/// The object that a field is of.
#[derive(Clone, Copy)]
struct Around<'a> {
    output: &'a Output,
    /// Its first source in [`Writer::sources`].
    base: usize,
}

impl<'a, const REPORT: bool> Writer<'a, REPORT> {
    fn new(compiled: &'a Compiled, data: &'a Data, report: Option<Report<'a>>) -> Self {
        let size: usize = data.buffers.iter().map(Bytes::len).sum();
        let mut out = Vec::with_capacity(size + size / 8 + 64);
        out.extend_from_slice(b"{\"data\":");
        Self { compiled, data, out, sources: Vec::new(), written: FxHashMap::default(), report }
    }

    /// Writes the root object; false if it is null.
    fn root(&mut self) -> bool {
        let start = self.out.len();
        for &root in &self.compiled.roots {
            self.sources.push(self.data.roots[root as usize]);
        }
        let wrote = self.object(&self.compiled.outputs[self.compiled.root as usize], 0, None);
        if wrote != Wrote::Value {
            self.out.truncate(start);
        }
        wrote == Wrote::Value
    }

    /// Writes the object whose places are the sources from `base` on: whole, or (`flat`) only the
    /// one of those members that applies.
    fn object(&mut self, output: &'a Output, base: usize, flat: Option<&'a [u32]>) -> Wrote {
        for link in &output.links {
            let from = self.sources[base + link.source as usize];
            self.sources.push(self.data.link(from, link.link));
        }
        let around = Around { output, base };
        if REPORT {
            self.tell_records(around, flat.is_some());
        }
        let ty = self.type_of(around);
        if ty == NONE && output.needs_type {
            let excused = REPORT && self.is_excused(around, output.typed_by.first().copied());
            return if excused { Wrote::Bubbled } else { Wrote::Null };
        }
        let hides = |hidden: &TypeSet| ty != NONE && hidden.contains(TypeId::new(ty as usize));
        if output.hidden.as_ref().is_some_and(hides) {
            if REPORT {
                self.tell(INVALID_VALUE, INVALID_MESSAGE, None);
            }
            return Wrote::Bubbled;
        }
        if let Some(flat) = flat {
            let mut members = flat.iter().map(|&at| &output.fields[at as usize]);
            return match members.find(|field| field.types.meets(ty)) {
                Some(field) => self.value(field, around, ty),
                None => Wrote::Null,
            };
        }
        let start = self.out.len();
        let memory = self.memory(around);
        if let Some(&(from, to)) = memory.and_then(|key| self.written.get(&key)) {
            self.out.extend_from_within(from..to);
            return Wrote::Value;
        }
        let wrote = self.members(around, ty);
        if let (Some(key), Wrote::Value) = (memory, wrote) {
            self.written.insert(key, (start, self.out.len()));
        }
        wrote
    }

    /// Under which key an object is remembered once it is written: it is all of a node that stands
    /// in several places.
    fn memory(&self, around: Around<'a>) -> Option<(usize, u32)> {
        if REPORT || around.output.only == NONE {
            return None;
        }
        let node = self.sources[around.base + around.output.only as usize];
        let shared = self.data.present(node).is_some_and(|node| node.shared);
        shared.then_some((std::ptr::from_ref(around.output).addr(), node))
    }

    /// Writes an object with all its members.
    fn members(&mut self, around: Around<'a>, ty: u32) -> Wrote {
        self.out.push(b'{');
        let (open, mut bubbled) = (self.out.len(), false);
        for field in &around.output.fields {
            if !field.types.meets(ty) {
                continue;
            }
            let start = self.out.len();
            let comma = usize::from(start == open);
            self.out.extend_from_slice(&field.head[comma..]);
            let value = self.out.len();
            if self.field_value(field, around, ty) != Wrote::Value {
                if !self.goes_on(&mut bubbled) {
                    return Wrote::Bubbled;
                }
                continue;
            }
            if field.omit_null && self.out[value..] == *b"null" {
                self.out.truncate(start);
            }
        }
        self.out.push(b'}');
        self.ends(bubbled)
    }

    /// The object's type, from the first source that knows it.
    fn type_of(&self, around: Around<'a>) -> u32 {
        let output = around.output;
        if output.ty != NONE || !output.needs_type {
            return output.ty;
        }
        let mut nodes = output.typed_by.iter().map(|&at| self.sources[around.base + at as usize]);
        let ty = |node| self.data.present(node).map(|node| node.ty).filter(|&ty| ty != NONE);
        nodes.find_map(ty).unwrap_or(NONE)
    }

    /// Writes a field's value, or a null in its place; else the object around it is null.
    fn field_value(&mut self, field: &'a Field, around: Around<'a>, ty: u32) -> Wrote {
        if REPORT {
            self.enter(Segment::Key(&field.head));
        }
        let wrote = self.value(field, around, ty);
        if REPORT {
            self.leave();
        }
        wrote
    }

    fn value(&mut self, field: &'a Field, around: Around<'a>, ty: u32) -> Wrote {
        match &field.value {
            FieldValue::Typename => {
                self.out.extend_from_slice(&self.compiled.type_names[ty as usize]);
                Wrote::Value
            }
            FieldValue::Denied => {
                if REPORT {
                    self.tell(UNAUTHORIZED, "not allowed to see this field", None);
                }
                self.settle(field, around, field.wrap.is_non_null(), Wrote::Bubbled)
            }
            FieldValue::Leaf { source, slot } => {
                let node = self.sources[around.base + *source as usize];
                self.leaf(field, around, field.wrap, self.data.value(node, *slot))
            }
            FieldValue::Object { places, .. } => {
                let value = |&(source, slot): &(u32, u32)| {
                    self.data.value(self.sources[around.base + source as usize], slot)
                };
                let values: SmallVec<[Value; 2]> = places.iter().map(value).collect();
                self.objects(field, around, field.wrap, &values)
            }
        }
    }

    /// Writes a leaf, or lists of them.
    fn leaf(&mut self, field: &'a Field, around: Around<'a>, wrap: Wrap, value: Value) -> Wrote {
        let wrote = match value {
            Value::Leaf(bit) => {
                self.out.extend_from_slice(self.data.bytes(bit));
                return Wrote::Value;
            }
            Value::List(start, count) => {
                let (open, item) = (self.out.len(), wrap.item().unwrap_or_default());
                self.out.push(b'[');
                let mut wrote = Wrote::Value;
                for at in 0..count {
                    if at > 0 {
                        self.out.push(b',');
                    }
                    if REPORT {
                        self.enter(Segment::Index(at));
                    }
                    let value = self.data.lists[(start + at) as usize];
                    wrote = self.leaf(field, around, item, value);
                    if REPORT {
                        self.leave();
                    }
                    if wrote != Wrote::Value {
                        break;
                    }
                }
                if wrote == Wrote::Value {
                    self.out.push(b']');
                } else {
                    self.out.truncate(open);
                }
                wrote
            }
            Value::Hidden(_) => {
                if !REPORT {
                    // There is an error to tell.
                    return Wrote::Bubbled;
                }
                self.tell_hidden(field, around);
                Wrote::Bubbled
            }
            Value::Absent | Value::Null | Value::Node(_) => Wrote::Null,
        };
        self.settle(field, around, wrap.is_non_null(), wrote)
    }

    /// Writes an object, or lists of them, from what stands in its places: lists go by position.
    fn objects(
        &mut self,
        field: &'a Field,
        around: Around<'a>,
        wrap: Wrap,
        values: &[Value],
    ) -> Wrote {
        let open = self.out.len();
        let wrote = match wrap.item() {
            Some(item) => self.object_list(field, around, item, values),
            None => self.one_object(field, around, values),
        };
        if wrote == Wrote::Value {
            return wrote;
        }
        self.out.truncate(open);
        self.settle(field, around, wrap.is_non_null(), wrote)
    }

    fn object_list(
        &mut self,
        field: &'a Field,
        around: Around<'a>,
        item: Wrap,
        values: &[Value],
    ) -> Wrote {
        let lists = values.iter().filter_map(|value| match value {
            Value::List(_, count) => Some(*count),
            _ => None,
        });
        let Some(count) = lists.clone().next() else { return Wrote::Null };
        if REPORT && lists.clone().any(|other| other != count) {
            self.tell_lengths(field, around);
        } else if !REPORT && lists.clone().any(|other| other != count) {
            return Wrote::Bubbled;
        }
        self.out.push(b'[');
        let mut bubbled = false;
        for at in 0..count {
            if at > 0 {
                self.out.push(b',');
            }
            if REPORT {
                self.enter(Segment::Index(at));
            }
            // A list of another length tells nothing about which item is which.
            let items: SmallVec<[Value; 2]> = values
                .iter()
                .map(|value| match value {
                    Value::List(start, length) if *length == count => {
                        self.data.lists[(start + at) as usize]
                    }
                    _ => Value::Absent,
                })
                .collect();
            let wrote = self.objects(field, around, item, &items);
            if REPORT {
                self.leave();
            }
            if wrote != Wrote::Value && !self.goes_on(&mut bubbled) {
                return wrote;
            }
        }
        self.out.push(b']');
        self.ends(bubbled)
    }

    fn one_object(&mut self, field: &'a Field, around: Around<'a>, values: &[Value]) -> Wrote {
        let FieldValue::Object { output, flat, .. } = &field.value else { return Wrote::Null };
        let base = self.sources.len();
        let mut any = false;
        for value in values {
            let node = if let Value::Node(node) = value { *node } else { NONE };
            any |= node != NONE;
            self.sources.push(node);
        }
        let wrote = if any {
            if REPORT {
                self.excuse(field, around, base);
            }
            let output = &self.compiled.outputs[*output as usize];
            self.object(output, base, flat.as_deref())
        } else {
            Wrote::Null
        };
        self.sources.truncate(base);
        if REPORT {
            self.forget_excuses(base);
        }
        wrote
    }

    /// Writes null where that is possible; else the error that makes it impossible is told, once.
    fn settle(
        &mut self,
        field: &'a Field,
        around: Around<'a>,
        non_null: bool,
        wrote: Wrote,
    ) -> Wrote {
        if wrote == Wrote::Value {
            return wrote;
        }
        if REPORT && wrote == Wrote::Null {
            self.tell_null(field, around, non_null);
        }
        if non_null {
            return Wrote::Bubbled;
        }
        if !REPORT && wrote == Wrote::Bubbled {
            return wrote;
        }
        self.out.extend_from_slice(b"null");
        Wrote::Value
    }

    /// Whether the walk goes on through what a null just made null: only to tell what else there
    /// is, each failure with a path.
    fn goes_on(&mut self, bubbled: &mut bool) -> bool {
        if let Some(report) = &mut self.report {
            report.doomed += usize::from(!std::mem::replace(bubbled, true));
        }
        REPORT
    }

    /// The end of an object or list of which something may have bubbled.
    fn ends(&mut self, bubbled: bool) -> Wrote {
        if let (true, Some(report)) = (bubbled, &mut self.report) {
            report.doomed -= 1;
        }
        if bubbled { Wrote::Bubbled } else { Wrote::Value }
    }

    /// Whether a node is here.
    fn is_present(&self, node: u32) -> bool {
        self.data.nodes.get(node as usize).is_some_and(|node| node.state == State::Present)
    }
}
