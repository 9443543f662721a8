//! Tells errors while the answer is written: each at every place of the answer where it shows,
//! with the path that the client knows.
//!
//! A failure of a fetch is told once, at the first field that is null for it. A record is told for
//! every object that its node is a source of, where that shows the field. What shows nowhere (a key
//! that nobody selected, say) is told at the end, at the first object that it is about, or without
//! a path. Errors beyond the limit are only counted.

use braid_planner::operation::OperationKind;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::{Around, Writer};
use crate::compile::{Compiled, Field, FieldValue, Output};
use crate::data::{Data, NONE, State};
use crate::escape;
use crate::fault::{
    Failure, INVALID_MESSAGE, INVALID_VALUE, MORE_ERRORS, Record, SUBGRAPH_ERROR, Step, What,
};

/// How errors are told.
#[derive(Debug, Clone, Copy)]
pub struct ErrorOptions {
    /// The messages of subgraphs' errors are passed on; else a message of ours takes their place.
    pub expose_messages: bool,
    /// How many errors an answer has; further ones are counted in one more.
    pub errors_max: usize,
}

/// A step of the path to what is being written.
#[derive(Clone, Copy)]
pub(super) enum Segment<'a> {
    /// A field: its `,"name":`.
    Key(&'a [u8]),
    /// An item of a list.
    Index(u32),
}

/// The errors of an answer, as they are told.
pub(super) struct Report<'a> {
    data: &'a Data,
    services: &'a dyn Fn(u32) -> Option<String>,
    options: ErrorOptions,
    path: Vec<Segment<'a>>,
    /// The records about each node.
    about: FxHashMap<u32, SmallVec<[u32; 2]>>,
    /// For each record, whether it was told.
    told: Vec<bool>,
    /// For each record whose field does not show, the first object that it is about.
    places: Vec<Option<Vec<Segment<'a>>>>,
    /// For each failure, whether it was told.
    failures_told: Vec<bool>,
    /// Why places of the objects around are missing, by their place in [`Writer::sources`].
    excuses: Vec<(usize, Cause)>,
    /// How many of the objects and lists around are null already.
    pub(super) doomed: usize,
    errors: Vec<u8>,
    count: usize,
}

/// Why a source of an object is not here.
#[derive(Clone, Copy)]
enum Cause {
    /// Its fetch failed.
    Failure(u32),
    /// The data of its fetch is null, and something was reported about the fetch as a whole.
    Whole(u32),
    /// Something was recorded that is told where it belongs.
    Told,
    /// Nobody said.
    Unknown,
}

impl<'a> Report<'a> {
    pub(super) fn new(
        compiled: &Compiled,
        data: &'a Data,
        services: &'a dyn Fn(u32) -> Option<String>,
        options: ErrorOptions,
    ) -> Self {
        debug_assert!(compiled.kind != OperationKind::Subscription);
        let mut about: FxHashMap<u32, SmallVec<[u32; 2]>> = FxHashMap::default();
        for (at, record) in data.records.iter().enumerate() {
            about.entry(record.node).or_default().push(crate::data::index(at));
        }
        Self {
            data,
            services,
            options,
            path: Vec::new(),
            about,
            told: vec![false; data.records.len()],
            places: vec![None; data.records.len()],
            failures_told: vec![false; data.failures.len()],
            excuses: Vec::new(),
            doomed: 0,
            errors: Vec::new(),
            count: 0,
        }
    }

    /// Appends `,"errors":[…]`, if there are any; how many there are.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) -> usize {
        for at in 0..self.told.len() {
            if !self.told[at] {
                self.path = self.places[at].take().unwrap_or_default();
                self.record(at, &[]);
            }
        }
        self.path.clear();
        for at in 0..self.failures_told.len() {
            if let Some(failure) = self.data.failures[at] {
                self.failure(crate::data::index(at), failure);
            }
        }
        let total = self.count + self.data.unrecorded;
        let left_out = total.saturating_sub(self.count.min(self.options.errors_max));
        if left_out > 0 {
            let message = format!("… and {left_out} more");
            self.push(&message, MORE_ERRORS, None, &[]);
        }
        if total > 0 {
            out.extend_from_slice(b",\"errors\":[");
            out.extend_from_slice(&self.errors);
            out.push(b']');
        }
        total
    }

    /// Tells a record, with `below` behind the path.
    fn record(&mut self, at: usize, below: &[Segment<'_>]) {
        self.told[at] = true;
        let record = self.data.records[at];
        if !self.has_room() {
            return;
        }
        let service = (self.services)(record.fetch);
        let service = service.as_deref();
        match record.what {
            What::Reported { message, code } => {
                let code = code.and_then(|bit| std::str::from_utf8(self.data.bytes(bit)).ok());
                let code = code.unwrap_or(SUBGRAPH_ERROR);
                if self.options.expose_messages {
                    let message = self.data.bytes(message);
                    self.push_raw(message, code, service, None, below);
                } else {
                    self.push("the service reported an error", code, service, below);
                }
            }
            What::Invalid => {
                self.push(INVALID_MESSAGE, INVALID_VALUE, service, below);
            }
            What::Malformed => {
                let failure = Failure::Malformed;
                self.push(failure.message(), failure.code(), service, below);
            }
        }
    }

    /// Tells the failure of a fetch, if it was not told yet.
    fn failure(&mut self, fetch: u32, failure: Failure) {
        if std::mem::replace(&mut self.failures_told[fetch as usize], true) || !self.has_room() {
            return;
        }
        let service = (self.services)(fetch);
        let status = if let Failure::Http(status) = failure { Some(status) } else { None };
        let mut message = Vec::new();
        escape::string(&mut message, failure.message());
        self.push_raw(&message, failure.code(), service.as_deref(), status, &[]);
    }

    /// What explains that a root node is null.
    fn whole(&self, node: u32) -> Cause {
        let Some(fetch) = self.data.roots.iter().position(|&root| root == node) else {
            return Cause::Unknown;
        };
        let fetch = crate::data::index(fetch);
        let whole = self.about.get(&NONE).map(SmallVec::as_slice).unwrap_or_default();
        match whole.iter().any(|&at| self.data.records[at as usize].fetch == fetch) {
            true => Cause::Whole(fetch),
            false => Cause::Unknown,
        }
    }

    /// Counts an error; whether there is room to tell it.
    fn has_room(&mut self) -> bool {
        self.count += 1;
        self.count <= self.options.errors_max
    }

    fn push(&mut self, message: &str, code: &str, service: Option<&str>, below: &[Segment<'_>]) {
        let mut text = Vec::with_capacity(message.len() + 2);
        escape::string(&mut text, message);
        self.push_raw(&text, code, service, None, below);
    }

    /// Section 7.1.2 of the specification.
    fn push_raw(
        &mut self,
        message: &[u8],
        code: &str,
        service: Option<&str>,
        status: Option<u16>,
        below: &[Segment<'_>],
    ) {
        let out = &mut self.errors;
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"message\":");
        out.extend_from_slice(message);
        let mut before: &[u8] = b",\"path\":[";
        for segment in self.path.iter().chain(below) {
            out.extend_from_slice(before);
            before = b",";
            match segment {
                // Between the comma and the colon stands the key with its quotes.
                Segment::Key(head) => out.extend_from_slice(&head[1..head.len() - 1]),
                Segment::Index(at) => escape::number(out, u64::from(*at)),
            }
        }
        if before == b"," {
            out.push(b']');
        }
        out.extend_from_slice(b",\"extensions\":{\"code\":");
        escape::string(out, code);
        if let Some(service) = service {
            out.extend_from_slice(b",\"service\":");
            escape::string(out, service);
        }
        if let Some(status) = status {
            out.extend_from_slice(b",\"http\":{\"status\":");
            escape::number(out, u64::from(status));
            out.push(b'}');
        }
        out.extend_from_slice(b"}}");
    }
}

impl<'a, const REPORT: bool> Writer<'a, REPORT> {
    pub(super) fn enter(&mut self, segment: Segment<'a>) {
        if let Some(report) = &mut self.report {
            report.path.push(segment);
        }
    }

    pub(super) fn leave(&mut self) {
        if let Some(report) = &mut self.report {
            report.path.pop();
        }
    }

    /// Tells an error of ours about the field that is being written.
    pub(super) fn tell(&mut self, code: &str, message: &str, fetch: Option<u32>) {
        if let Some(report) = &mut self.report
            && report.has_room()
        {
            let service = fetch.and_then(report.services);
            report.push(message, code, service.as_deref(), &[]);
        }
    }

    /// Tells what was recorded about the sources of an object. One that is flattened has no members
    /// in the answer, so
    /// the paths end at it.
    pub(super) fn tell_records(&mut self, around: Around<'a>, flat: bool) {
        let Some(report) = &mut self.report else { return };
        let sources = &self.sources[around.base..];
        for (source, &node) in sources.iter().enumerate() {
            let about = report.about.get(&node).filter(|_| node != NONE);
            for at in about.cloned().unwrap_or_default() {
                let record = report.data.records[at as usize];
                let below = below(self.compiled, report.data, around.output, source, &record);
                if record.slot != NONE && below.is_empty() {
                    // Another place may show the field; this one only matters if none does.
                    let place = &mut report.places[at as usize];
                    place.get_or_insert_with(|| report.path.clone());
                    continue;
                }
                report.record(at as usize, if flat { &[] } else { &below });
            }
        }
        // What is about a fetch as a whole is told where its entities first stand.
        let Some(whole) = report.about.get(&NONE).cloned() else { return };
        for at in whole {
            let fetch = report.data.records[at as usize].fetch;
            let here = around.output.links.iter().any(|link| link.fetch == fetch);
            if here && !report.told[at as usize] {
                report.record(at as usize, &[]);
            }
        }
    }

    /// Tells why a field is null: the failure that it comes from; or, where it may not be null and
    /// nothing else explains it, that.
    pub(super) fn tell_null(&mut self, field: &'a Field, around: Around<'a>, non_null: bool) {
        let places: SmallVec<[(u32, u32); 2]> = match &field.value {
            FieldValue::Leaf { source, slot } => SmallVec::from_slice(&[(*source, *slot)]),
            FieldValue::Object { places, .. } => SmallVec::from_slice(places),
            FieldValue::Typename | FieldValue::Denied => return,
        };
        let mut explained = false;
        for &(source, slot) in &places {
            let node = self.sources[around.base + source as usize];
            explained |= if self.is_present(node) {
                self.is_told(node, slot)
            } else {
                self.is_excused(around, Some(source))
            };
        }
        let doomed = self.report.as_ref().is_some_and(|report| report.doomed > 0);
        if non_null && !explained && !doomed {
            let message = format!("`{}` may not be null, but there is no value", field.coordinate);
            self.tell(INVALID_VALUE, &message, None);
        }
    }

    /// An enum value that clients may not see.
    pub(super) fn tell_hidden(&mut self, field: &'a Field, around: Around<'a>) {
        let fetch = fetch_of(field, around);
        self.tell(INVALID_VALUE, INVALID_MESSAGE, fetch);
    }

    /// Lists of several services that cannot be joined by position.
    pub(super) fn tell_lengths(&mut self, field: &'a Field, _around: Around<'a>) {
        let message = format!("services disagree on the length of `{}`", field.coordinate);
        self.tell(INVALID_VALUE, &message, None);
    }

    /// Whether something was recorded about a slot of a node, or the node.
    fn is_told(&self, node: u32, slot: u32) -> bool {
        let Some(report) = &self.report else { return false };
        let about = report.about.get(&node).map(SmallVec::as_slice).unwrap_or_default();
        about.iter().any(|&at| {
            let record = &report.data.records[at as usize];
            record.slot == slot || record.slot == NONE
        })
    }

    /// Tells why a source is not here, if a failure is the reason. Whether anything explains it.
    pub(super) fn is_excused(&mut self, around: Around<'a>, source: Option<u32>) -> bool {
        let cause = source.map_or(Cause::Unknown, |source| self.cause(around, source));
        let Some(report) = &mut self.report else { return false };
        match cause {
            Cause::Unknown => return false,
            Cause::Told => {}
            Cause::Failure(fetch) => {
                if let Some(failure) = report.data.failures[fetch as usize] {
                    report.failure(fetch, failure);
                }
            }
            Cause::Whole(fetch) => {
                for at in report.about.get(&NONE).cloned().unwrap_or_default() {
                    let record = report.data.records[at as usize];
                    if record.fetch == fetch && !report.told[at as usize] {
                        report.record(at as usize, &[]);
                    }
                }
            }
        }
        true
    }

    /// Why a source of an object is not here.
    fn cause(&self, around: Around<'a>, source: u32) -> Cause {
        let at = around.base + source as usize;
        let node = self.sources[at];
        let Some(report) = &self.report else { return Cause::Unknown };
        if let Some(found) = report.data.nodes.get(node as usize) {
            return match found.state {
                State::Failed(fetch) => Cause::Failure(fetch),
                State::Null if report.about.contains_key(&node) => Cause::Told,
                State::Null => report.whole(node),
                State::Pending | State::Present => Cause::Unknown,
            };
        }
        if let Some((_, cause)) = report.excuses.iter().find(|(of, _)| *of == at) {
            return *cause;
        }
        let Some(further) = source.checked_sub(around.output.places) else { return Cause::Unknown };
        let from = around.output.links[further as usize].source;
        match self.is_present(self.sources[around.base + from as usize]) {
            true => Cause::Unknown,
            false => self.cause(around, from),
        }
    }

    /// Before an object of several places is written: notes why some are missing.
    pub(super) fn excuse(&mut self, field: &'a Field, around: Around<'a>, base: usize) {
        let FieldValue::Object { places, .. } = &field.value else { return };
        for (at, &(source, slot)) in places.iter().enumerate() {
            if self.sources[base + at] != NONE {
                continue;
            }
            let node = self.sources[around.base + source as usize];
            let cause = match self.is_present(node) {
                true if self.is_told(node, slot) => Cause::Told,
                true => Cause::Unknown,
                false => self.cause(around, source),
            };
            if let Some(report) = &mut self.report {
                report.excuses.push((base + at, cause));
            }
        }
    }

    pub(super) fn forget_excuses(&mut self, base: usize) {
        if let Some(report) = &mut self.report {
            report.excuses.retain(|(at, _)| *at < base);
        }
    }
}

/// The fetch that a leaf comes from, as far as the object's links tell it.
fn fetch_of(field: &Field, around: Around<'_>) -> Option<u32> {
    let FieldValue::Leaf { source, .. } = field.value else { return None };
    let further = source.checked_sub(around.output.places)?;
    Some(around.output.links[further as usize].fetch)
}

/// The path from an object to what a record about one of its sources is about, as the client
/// knows it: cut where the answer does not show it.
fn below<'a>(
    compiled: &'a Compiled,
    data: &Data,
    output: &'a Output,
    source: usize,
    record: &Record,
) -> SmallVec<[Segment<'a>; 4]> {
    let mut path = SmallVec::new();
    let present = data.present(record.node).is_some();
    let (mut output, mut source) = (output, crate::data::index(source));
    if record.slot == NONE {
        // A node that is not here shows as the first field that it should have brought.
        let mut fields = output.fields.iter().filter(|_| !present);
        if let Some(field) = fields.find(|field| field.reads(source, None).is_some()) {
            path.push(Segment::Key(&field.head));
        }
        return path;
    }
    let (first, count) = record.steps;
    let mut steps = data.steps[first as usize..(first + count) as usize].iter();
    let mut slot = record.slot;
    loop {
        let mut fields = output.fields.iter();
        let found = fields.find_map(|field| Some((field, field.reads(source, Some(slot))?)));
        let Some((field, place)) = found else { return path };
        path.push(Segment::Key(&field.head));
        slot = loop {
            match steps.next() {
                Some(Step::Index(at)) => path.push(Segment::Index(*at)),
                Some(Step::Slot(slot)) => break *slot,
                None => return path,
            }
        };
        // The members of a flattened object have no place of their own in the answer.
        let FieldValue::Object { output: child, flat: None, .. } = &field.value else {
            return path;
        };
        source = place;
        output = &compiled.outputs[*child as usize];
    }
}

impl Field {
    /// Whether the field is read from that slot (or any) of that source, and if so, which of its
    /// places that is.
    fn reads(&self, source: u32, slot: Option<u32>) -> Option<u32> {
        let is = |at: u32, of: u32| at == source && slot.is_none_or(|slot| slot == of);
        match &self.value {
            FieldValue::Leaf { source, slot } => is(*source, *slot).then_some(0),
            FieldValue::Object { places, .. } => {
                let mut places = places.iter();
                places.position(|&(source, slot)| is(source, slot)).map(crate::data::index)
            }
            FieldValue::Typename | FieldValue::Denied => None,
        }
    }
}
