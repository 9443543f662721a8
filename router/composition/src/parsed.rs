//! Stage 1: text to syntax tree, with limits. Nothing here knows federation.

mod limits;

use apollo_compiler::{
    ast,
    diagnostic::ToCliReport,
    parser::{FileId, Parser, SourceSpan},
    validation::{DiagnosticData, DiagnosticList},
};

use crate::{
    SubgraphInput,
    code::Code,
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// Bytes of one subgraph's SDL.
pub(crate) const SDL_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Tokens of one subgraph's SDL.
const TOKENS_MAX: usize = 2_000_000;
/// Nesting of lists, values and selections in SDL.
const NESTING_MAX: usize = 64;
/// Syntax and validation errors reported of one subgraph.
const ERRORS_MAX: usize = 100;

/// A syntactically correct document.
pub(crate) struct Parsed {
    pub(crate) source: Source,
    pub(crate) document: ast::Document,
    file: Option<FileId>,
}

impl Parsed {
    /// The span of a location of this very document; [`Span::NONE`] for others.
    pub(crate) fn span(&self, location: Option<SourceSpan>) -> Span {
        span_in(self.file, location)
    }

    pub(crate) fn file(&self) -> Option<FileId> {
        self.file
    }
}

/// `location` as a span, if it lies in `file`.
pub(crate) fn span_in(file: Option<FileId>, location: Option<SourceSpan>) -> Span {
    match location {
        Some(at) if Some(at.file_id()) == file => Span {
            start: u32::try_from(at.offset()).unwrap_or(u32::MAX),
            end: u32::try_from(at.end_offset()).unwrap_or(u32::MAX),
        },
        _ => Span::NONE,
    }
}

/// Parses one subgraph.
pub(crate) fn parse(input: &SubgraphInput) -> Result<Parsed, Vec<Diagnostic>> {
    if input.sdl.len() > SDL_BYTES_MAX {
        let message = format!(
            "subgraph \"{}\" has {} bytes of SDL; the limit is {SDL_BYTES_MAX}",
            input.name,
            input.sdl.len()
        );
        let mut error = Diagnostic::error(Code::CompositionLimitExceeded, message);
        error.subgraph = Some(input.name.clone());
        return Err(vec![error]);
    }
    let source = Source::new(input);
    let mut parser = Parser::new().recursion_limit(NESTING_MAX).token_limit(TOKENS_MAX);
    match parser.parse_ast(input.sdl.as_str(), &input.name) {
        Ok(document) => {
            let file = document.sources.keys().next().copied();
            let parsed = Parsed { source, document, file };
            limits::check(&parsed)?;
            Ok(parsed)
        }
        Err(errors) => {
            let file = errors.partial.sources.keys().next().copied();
            Err(invalid_graphql(&source, file, &errors.errors))
        }
    }
}

/// Errors of the GraphQL layer as ours.
pub(crate) fn invalid_graphql(
    source: &Source,
    file: Option<FileId>,
    errors: &DiagnosticList,
) -> Vec<Diagnostic> {
    let convert = |error: apollo_compiler::diagnostic::Diagnostic<'_, DiagnosticData>| {
        let span = span_in(file, ToCliReport::location(error.error));
        Diagnostic::in_subgraph(Code::InvalidGraphql, source, &error.error.to_string())
            .label(source, span, "")
    };
    errors.iter().take(ERRORS_MAX).map(convert).collect()
}
