//! Diagnostics as data: what is wrong, where, in which subgraph. Rendering is the caller's.

use std::{fmt, ops::Range};

use crate::{
    code::Code,
    source::{Source, Span},
};

/// How grave a diagnostic is. Only errors stop a composition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// There is no supergraph.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Worth knowing.
    Info,
    /// Normal in most graphs; interesting when looking for something.
    Debug,
}

/// A piece of one subgraph's SDL that a diagnostic is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Name of the subgraph whose text `span` points into.
    pub subgraph: String,
    /// Byte range in that subgraph's `sdl`.
    pub span: Range<usize>,
    /// Line of the span's start, from 1.
    pub line: usize,
    /// Column of the span's start in characters, from 1.
    pub column: usize,
    /// What this place has to do with it; may be empty.
    pub text: String,
}

/// One finding: an error or a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of finding.
    pub code: Code,
    /// Error or level of hint.
    pub severity: Severity,
    /// One or more sentences; several lines only for satisfiability errors.
    pub message: String,
    /// The subgraph at fault, when it is one.
    pub subgraph: Option<String>,
    /// Schema coordinate (`Type`, `Type.field`, `Type.field(arg:)`, `@directive`).
    pub coordinate: Option<String>,
    /// Places in the sources, most important first.
    pub labels: Vec<Label>,
    /// How to repair it.
    pub help: Option<String>,
}

impl Diagnostic {
    pub(crate) fn error(code: Code, message: String) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message,
            subgraph: None,
            coordinate: None,
            labels: Vec::new(),
            help: None,
        }
    }

    pub(crate) fn hint(code: Code, severity: Severity, message: String) -> Self {
        Self { severity, ..Self::error(code, message) }
    }

    /// An error inside one subgraph; the message gets its `[name]` prefix.
    pub(crate) fn in_subgraph(code: Code, source: &Source, message: &str) -> Self {
        Self {
            subgraph: Some(source.name.clone()),
            ..Self::error(code, format!("[{}] {message}", source.name))
        }
    }

    pub(crate) fn at(mut self, coordinate: impl Into<String>) -> Self {
        self.coordinate = Some(coordinate.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a place. Synthetic elements have no place and add none.
    pub(crate) fn label(mut self, source: &Source, span: Span, text: impl Into<String>) -> Self {
        if span != Span::NONE {
            let (line, column) = source.line_column(span.start as usize);
            self.labels.push(Label {
                subgraph: source.name.clone(),
                span: span.start as usize..span.end as usize,
                line,
                column,
                text: text.into(),
            });
        }
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Diagnostic {}
