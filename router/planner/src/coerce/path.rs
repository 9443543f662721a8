//! The place of a value in the variables, for messages.

use std::fmt;

use crate::validate::error::excerpt;

/// `$in.lines[0].quantity`
#[derive(Debug, Default)]
pub(super) struct Path<'a> {
    segments: Vec<Segment<'a>>,
}

#[derive(Debug)]
enum Segment<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// The path of a variable.
    pub(super) fn restart(&mut self, variable: &'a str) {
        self.segments.clear();
        self.push_field(variable);
    }

    /// Goes to a field of an input object.
    pub(super) fn push_field(&mut self, name: &'a str) {
        self.segments.push(Segment::Name(name));
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

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Name(name) if at == 0 => write!(f, "${}", excerpt(name))?,
                Segment::Name(name) => write!(f, ".{}", excerpt(name))?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
