//! The place of a value in the variables, for messages.

use std::fmt;

use crate::validate::error::excerpt;

/// `$in.lines[0].quantity`
#[derive(Debug, Default)]
pub(super) struct Path {
    segments: Vec<Segment>,
}

#[derive(Debug)]
enum Segment {
    Name(String),
    Index(usize),
}

impl Path {
    /// The path of a variable.
    pub(super) fn restart(&mut self, variable: &str) {
        self.segments.clear();
        self.push_field(variable);
    }

    /// Goes to a field of an input object.
    pub(super) fn push_field(&mut self, name: &str) {
        self.segments.push(Segment::Name(excerpt(name)));
    }

    /// Goes to an item of a list.
    pub(super) fn push_index(&mut self, index: usize) {
        self.segments.push(Segment::Index(index));
    }

    /// Goes back.
    pub(super) fn pop(&mut self) {
        self.segments.pop();
    }

    /// How deep the place is.
    pub(super) fn len(&self) -> usize {
        self.segments.len()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Name(name) if at == 0 => write!(f, "${name}")?,
                Segment::Name(name) => write!(f, ".{name}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
