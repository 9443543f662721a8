//! Source texts and positions in them.

use crate::SubgraphInput;

/// A byte range in one subgraph's SDL. Which subgraph is known from what carries the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// Of elements that no one wrote.
    pub(crate) const NONE: Self = Self { start: u32::MAX, end: u32::MAX };
}

/// One subgraph's text, its name and its line table.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) text: String,
    line_starts: Vec<u32>,
}

impl Source {
    pub(crate) fn new(input: &SubgraphInput) -> Self {
        let newlines = input.sdl.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = newlines.filter_map(|(at, _)| u32::try_from(at + 1).ok());
        Self {
            name: input.name.clone(),
            url: input.url.clone(),
            text: input.sdl.clone(),
            line_starts: std::iter::once(0).chain(starts).collect(),
        }
    }

    /// Line and column (in characters) of a byte offset, both from 1.
    pub(crate) fn line_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start as usize <= offset);
        let start = self.line_starts.get(line.saturating_sub(1)).map_or(0, |start| *start as usize);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        (line.max(1), column + 1)
    }
}
