//! The errors of an answer: each is tied to the place that its path leads to.

use braid_model::json::{Kind, Reader, Text};

use super::{RECORDS_MAX, Reading, Refused, Targets};
use crate::compile::{Content, FetchKind};
use crate::data::{Bit, NONE, Value};
use crate::fault::{Step, What};

/// The longest code of a subgraph that is passed on, in bytes.
const CODE_BYTES_MAX: usize = 64;
/// The longest message of a subgraph that is passed on, in bytes of JSON.
const MESSAGE_BYTES_MAX: usize = 2048;

/// A step of a path as the subgraph wrote it.
enum Written<'a> {
    Key(Text<'a>),
    Index(u32),
}

/// Where a path has led so far.
struct Place {
    node: u32,
    slot: u32,
    steps: Vec<Step>,
    /// The shape that the next key is of, below the last node that is there; [`NONE`]: it cannot be
    /// followed any further.
    shape: u32,
    /// What stands in the slot, as long as items of it are there.
    value: Option<Value>,
}

impl Reading<'_> {
    /// Section 7.1.2 of the specification. What is not a list of errors is itself an error.
    pub(super) fn errors(
        &mut self,
        reader: &mut Reader<'_>,
        targets: &Targets,
        has_data: bool,
    ) -> Result<(), Refused> {
        match reader.peek()? {
            Kind::Null if has_data => return Ok(()),
            Kind::Array => reader.enter_array()?,
            _ if has_data => {
                self.record(What::Malformed, NONE, NONE, &[]);
                return Ok(());
            }
            _ => return Err(Refused::NoAnswer),
        }
        let (mut any, mut read) = (false, 0);
        while reader.next_item()? {
            any = true;
            if read >= RECORDS_MAX || reader.peek()? != Kind::Object {
                if read >= RECORDS_MAX {
                    self.data.unrecorded += 1;
                } else {
                    self.record(What::Malformed, NONE, NONE, &[]);
                }
                reader.skip()?;
            } else {
                self.error(reader, targets)?;
            }
            read += 1;
        }
        // Without data there must be a reason.
        if any || has_data { Ok(()) } else { Err(Refused::NoAnswer) }
    }

    fn error(&mut self, reader: &mut Reader<'_>, targets: &Targets) -> Result<(), Refused> {
        let (mut message, mut code, mut place) = (None, None, None);
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            let kind = reader.peek()?;
            if key.is("message") && kind == Kind::String {
                message = Some(self.bit(reader.string()?.span));
            } else if key.is("path") && kind == Kind::Array {
                place = Some(self.path(reader, targets)?);
            } else if key.is("extensions") && kind == Kind::Object {
                code = self.code(reader)?;
            } else {
                reader.skip()?;
            }
        }
        let what = match message {
            Some(bit) if ((bit.end - bit.start) as usize) <= MESSAGE_BYTES_MAX => {
                What::Reported { message: bit, code }
            }
            _ => What::Malformed,
        };
        match place {
            Some(place) => self.record(what, place.node, place.slot, &place.steps),
            None => self.record(what, NONE, NONE, &[]),
        }
        Ok(())
    }

    /// `extensions.code`, if it is a name: nothing else of extensions is passed on.
    fn code(&mut self, reader: &mut Reader<'_>) -> Result<Option<Bit>, Refused> {
        let mut code = None;
        reader.enter_object()?;
        while let Some(key) = reader.next_key()? {
            if !key.is("code") || reader.peek()? != Kind::String {
                reader.skip()?;
                continue;
            }
            let text = reader.string()?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            let fits = (1..=CODE_BYTES_MAX).contains(&text.raw.len());
            if fits && text.raw.bytes().all(plain) {
                let whole = self.bit(text.span);
                code = Some(Bit { start: whole.start + 1, end: whole.end - 1, ..whole });
            }
        }
        Ok(code)
    }

    /// Follows a path as far as it leads. It is cut where it leaves what was asked for.
    fn path(&mut self, reader: &mut Reader<'_>, targets: &Targets) -> Result<Place, Refused> {
        let mut place =
            Place { node: NONE, slot: NONE, steps: Vec::new(), shape: NONE, value: None };
        let mut group = None;
        if let &Targets::Root(node) = targets {
            self.reach(&mut place, node);
        }
        let mut lost = false;
        reader.enter_array()?;
        while reader.next_item()? {
            let step = match reader.peek()? {
                Kind::String => Some(Written::Key(reader.string()?)),
                Kind::Number => reader.number()?.raw.parse().ok().map(Written::Index),
                _ => {
                    reader.skip()?;
                    None
                }
            };
            if lost {
                continue;
            }
            lost = !match (step, targets) {
                (Some(step), Targets::Entities(groups)) if place.node == NONE => {
                    match (step, group) {
                        (Written::Key(key), None) => {
                            group = self.group(&key);
                            group.is_some()
                        }
                        (Written::Index(at), Some(found)) => match groups.get(found) {
                            Some(&(first, count)) if at < count => {
                                self.reach(&mut place, first + at);
                                true
                            }
                            _ => false,
                        },
                        _ => false,
                    }
                }
                (Some(step), _) => self.step(&mut place, &step),
                (None, _) => false,
            };
        }
        Ok(place)
    }

    fn group(&self, key: &Text<'_>) -> Option<usize> {
        match &self.compiled.fetches[self.fetch as usize].kind {
            FetchKind::Entities(groups) => groups.iter().position(|group| key.is(&group.key)),
            FetchKind::Root(_) => None,
        }
    }

    fn reach(&self, place: &mut Place, node: u32) {
        place.node = node;
        place.slot = NONE;
        place.steps.clear();
        place.shape = self.data.nodes[node as usize].shape;
        place.value = None;
    }

    /// One step further; false if there is nothing.
    fn step(&self, place: &mut Place, step: &Written<'_>) -> bool {
        match step {
            Written::Key(key) => {
                let Some(shape) = self.compiled.shapes.get(place.shape as usize) else {
                    return false;
                };
                let Some(at) = shape.slots.iter().position(|slot| key.is(&slot.key)) else {
                    return false;
                };
                let slot = crate::data::index(at);
                let top = place.slot == NONE;
                if top {
                    place.slot = slot;
                    place.value = Some(self.data.value(place.node, slot));
                } else {
                    place.steps.push(Step::Slot(slot));
                    place.value = None;
                }
                place.shape = match shape.slots[at].content {
                    Content::Object(below) => below,
                    Content::Typename | Content::Leaf(_) => NONE,
                };
            }
            Written::Index(at) => {
                if place.slot == NONE {
                    return false;
                }
                place.steps.push(Step::Index(*at));
                place.value = match place.value {
                    Some(Value::List(first, count)) if *at < count => {
                        Some(self.data.lists[(first + at) as usize])
                    }
                    _ => None,
                };
            }
        }
        if let Some(Value::Node(node)) = place.value {
            self.reach(place, node);
        }
        true
    }
}
