//! Failures as people read them: what is wrong, the line it is in, what to do about it; in colour
//! on a terminal, plain in a pipe.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use braid_router::config::load::{Invalid, LoadError};
use braid_router::subgraph_list::ListError;

/// Why a command failed; at least one report.
pub(crate) struct Failure {
    pub(crate) reports: Vec<Report>,
}

/// One thing that is wrong.
pub(crate) struct Report {
    pub(crate) grade: Grade,
    /// A code that tools know.
    pub(crate) code: Option<String>,
    pub(crate) title: String,
    pub(crate) places: Vec<Place>,
    pub(crate) help: Option<String>,
}

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grade {
    Error,
    Warning,
    Note,
}

/// Marked parts of one text.
pub(crate) struct Place {
    /// The file, or what stands for it.
    pub(crate) path: String,
    pub(crate) text: Arc<str>,
    /// Byte ranges with what there is to say about each; the first is what it is about.
    pub(crate) marks: Vec<(Range<usize>, String)>,
}

impl Failure {
    /// A failure without a place.
    pub(crate) fn message(title: impl Display) -> Self {
        Report::error(title).into()
    }

    /// Prints all reports to stderr.
    pub(crate) fn print(&self) {
        print_reports(&self.reports);
    }
}

impl From<Report> for Failure {
    fn from(report: Report) -> Self {
        Self { reports: vec![report] }
    }
}

impl Report {
    pub(crate) fn error(title: impl Display) -> Self {
        let (places, title) = (Vec::new(), title.to_string());
        Self { grade: Grade::Error, code: None, title, places, help: None }
    }

    fn render(&self, renderer: &Renderer) -> String {
        let level = match self.grade {
            Grade::Error => Level::ERROR,
            Grade::Warning => Level::WARNING,
            Grade::Note => Level::NOTE,
        };
        let mut title = level.primary_title(&*self.title);
        if let Some(code) = &self.code {
            title = title.id(&**code);
        }
        let mut group = Group::with_title(title);
        for (index, place) in self.places.iter().enumerate() {
            let mut snippet = Snippet::source(&*place.text).path(&*place.path);
            for (nth, (range, label)) in place.marks.iter().enumerate() {
                let primary = index == 0 && nth == 0;
                let kind = if primary { AnnotationKind::Primary } else { AnnotationKind::Context };
                let label = (!label.is_empty()).then_some(&**label);
                snippet = snippet.annotation(kind.span(range.clone()).label(label));
            }
            group = group.element(snippet);
        }
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(&**help));
        }
        renderer.render(&[group])
    }
}

/// Prints reports to stderr. Nothing can be done if that fails.
pub(crate) fn print_reports(reports: &[Report]) {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let mut err = std::io::stderr().lock();
    for report in reports {
        if writeln!(err, "{}", report.render(&renderer)).is_err() {
            return;
        }
    }
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Invalid(invalid) => Report::from(*invalid).into(),
            LoadError::Read { .. } => Self::message(error),
        }
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        match error {
            ListError::Load(error) => error.into(),
            ListError::Fetch { .. } | ListError::Entry { .. } => Self::message(error),
        }
    }
}

impl From<Invalid> for Report {
    fn from(invalid: Invalid) -> Self {
        let at = offset(&invalid.text, invalid.line, invalid.column);
        let rest = invalid.text.get(at..).unwrap_or_default();
        let word = rest.find(|c: char| c.is_whitespace() || c == ':').unwrap_or(rest.len());
        let place = Place {
            path: invalid.path.display().to_string(),
            marks: vec![(at..at + word, String::new())],
            text: invalid.text.into(),
        };
        Self { places: vec![place], help: invalid.help, ..Self::error(invalid.message) }
    }
}

/// The byte at a line and column, both from 1, columns in characters.
pub(crate) fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(line.saturating_sub(1)).map(str::len).sum();
    let line = lines.next().unwrap_or_default();
    let into = line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at);
    before + into
}
