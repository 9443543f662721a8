//! Field sets: the text in `@key(fields:)`, `@requires(fields:)` and `@provides(fields:)`.
//!
//! A selection set without the outer braces. Arguments, directives and aliases are recorded, not
//! interpreted: rules refuse them where they are not allowed.

use crate::{
    names::{Name, Names},
    source::Span,
};

/// Bytes of one field set.
pub(crate) const TEXT_BYTES_MAX: usize = 64 * 1024;
/// Nesting of one field set.
const DEPTH_MAX: usize = 32;

/// A parsed field set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FieldSet {
    pub(crate) selections: Vec<Selection>,
}

/// One selection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selection {
    pub(crate) kind: SelectionKind,
    pub(crate) span: Span,
    /// Without braces: empty.
    pub(crate) children: Vec<Selection>,
    pub(crate) has_braces: bool,
    /// The text between the parentheses, if any.
    pub(crate) arguments: Option<String>,
    pub(crate) has_alias: bool,
    pub(crate) has_directive: bool,
}

/// What a selection selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SelectionKind {
    Field(Name),
    /// An inline fragment, with its type condition.
    Fragment(Option<Name>),
}

/// A syntax error in a field set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldSetError {
    pub(crate) message: String,
    pub(crate) span: Span,
}

/// Parses `text`, whose first byte is at `origin` in the document.
///
/// `origin` is `None` when positions inside the text are unknown (escapes, block strings); spans
/// then all are `whole`.
pub(crate) fn parse(
    names: &mut Names,
    text: &str,
    origin: Option<u32>,
    whole: Span,
) -> Result<FieldSet, FieldSetError> {
    let mut parser = Parser { names, text, at: 0, origin, whole };
    if text.len() > TEXT_BYTES_MAX {
        return Err(parser.error(format!("a field set is limited to {TEXT_BYTES_MAX} bytes")));
    }
    // The outer braces are optional in practice.
    parser.skip_ignored();
    let braced = parser.eat('{');
    let selections = parser.selections(0)?;
    if braced && !parser.eat('}') {
        return Err(parser.error("expected \"}\"".to_owned()));
    }
    parser.skip_ignored();
    if parser.at < text.len() {
        return Err(parser.error(format!("unexpected {}", parser.found())));
    }
    if selections.is_empty() {
        return Err(parser.error("it selects nothing".to_owned()));
    }
    Ok(FieldSet { selections })
}

struct Parser<'p> {
    names: &'p mut Names,
    text: &'p str,
    at: usize,
    origin: Option<u32>,
    whole: Span,
}

impl Parser<'_> {
    fn selections(&mut self, depth: usize) -> Result<Vec<Selection>, FieldSetError> {
        if depth > DEPTH_MAX {
            return Err(self.error(format!("it nests more than {DEPTH_MAX} deep")));
        }
        let mut selections = Vec::new();
        loop {
            self.skip_ignored();
            match self.peek() {
                None | Some('}') => return Ok(selections),
                Some('.') => selections.push(self.fragment(depth)?),
                Some(_) => selections.push(self.field(depth)?),
            }
        }
    }

    fn field(&mut self, depth: usize) -> Result<Selection, FieldSetError> {
        let start = self.at;
        let mut name = self.name()?;
        let mut end = self.at;
        self.skip_ignored();
        let has_alias = self.eat(':');
        if has_alias {
            self.skip_ignored();
            name = self.name()?;
            end = self.at;
        }
        let kind = SelectionKind::Field(self.names.intern(&name));
        self.rest(kind, (start, end), has_alias, depth)
    }

    fn fragment(&mut self, depth: usize) -> Result<Selection, FieldSetError> {
        let start = self.at;
        if !self.text[self.at..].starts_with("...") {
            return Err(self.error("unexpected \".\"".to_owned()));
        }
        self.at += 3;
        self.skip_ignored();
        let mut condition = None;
        if self.peek().is_some_and(is_name_start) {
            let keyword = self.name()?;
            if keyword != "on" {
                return Err(self.error(format!("named fragment \"{keyword}\" cannot be used here")));
            }
            self.skip_ignored();
            let name = self.name()?;
            condition = Some(self.names.intern(&name));
        }
        let kind = SelectionKind::Fragment(condition);
        let selection = self.rest(kind, (start, self.at), false, depth)?;
        if !selection.has_braces {
            return Err(self.error("an inline fragment needs a selection".to_owned()));
        }
        Ok(selection)
    }

    /// Arguments, directives and the sub-selection.
    fn rest(
        &mut self,
        kind: SelectionKind,
        range: (usize, usize),
        has_alias: bool,
        depth: usize,
    ) -> Result<Selection, FieldSetError> {
        let span = self.span(range.0, range.1);
        self.skip_ignored();
        let arguments = if self.peek() == Some('(') { Some(self.parenthesis()?) } else { None };
        self.skip_ignored();
        let mut has_directive = false;
        while self.eat('@') {
            has_directive = true;
            self.name()?;
            self.skip_ignored();
            if self.peek() == Some('(') {
                self.parenthesis()?;
                self.skip_ignored();
            }
        }
        let has_braces = self.eat('{');
        let mut children = Vec::new();
        if has_braces {
            children = self.selections(depth + 1)?;
            if !self.eat('}') {
                return Err(self.error("expected \"}\"".to_owned()));
            }
            if children.is_empty() {
                return Err(self.error("empty selection".to_owned()));
            }
        }
        Ok(Selection { kind, span, children, has_braces, arguments, has_alias, has_directive })
    }

    /// The text between balanced parentheses; strings inside are skipped as a whole.
    fn parenthesis(&mut self) -> Result<String, FieldSetError> {
        let start = self.at + 1;
        let mut in_string = false;
        let mut escaped = false;
        for (offset, character) in self.text[start..].char_indices() {
            match character {
                _ if escaped => escaped = false,
                '\\' if in_string => escaped = true,
                '"' => in_string = !in_string,
                ')' if !in_string => {
                    self.at = start + offset + 1;
                    return Ok(self.text[start..start + offset].trim().to_owned());
                }
                _ => {}
            }
        }
        Err(self.error("expected \")\"".to_owned()))
    }

    fn name(&mut self) -> Result<String, FieldSetError> {
        let rest = &self.text[self.at..];
        if !rest.chars().next().is_some_and(is_name_start) {
            return Err(self.error(format!("expected a name, found {}", self.found())));
        }
        let length =
            rest.bytes().take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric()).count();
        self.at += length;
        Ok(rest[..length].to_owned())
    }

    fn found(&self) -> String {
        self.peek().map_or_else(|| "the end".to_owned(), |character| format!("\"{character}\""))
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// White space, commas and comments.
    fn skip_ignored(&mut self) {
        while let Some(character) = self.peek() {
            if character == '#' {
                let rest = &self.text[self.at..];
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if character.is_whitespace() || character == ',' || character == '\u{feff}' {
                self.at += character.len_utf8();
            } else {
                return;
            }
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        match self.origin {
            Some(origin) => Span {
                start: origin.saturating_add(offset(start)),
                end: origin.saturating_add(offset(end)),
            },
            None => self.whole,
        }
    }

    fn error(&self, message: String) -> FieldSetError {
        let end = self.peek().map_or(self.at, |character| self.at + character.len_utf8());
        FieldSetError { message, span: self.span(self.at, end) }
    }
}

fn is_name_start(character: char) -> bool {
    character == '_' || character.is_ascii_alphabetic()
}

/// Canonical text of a field set.
pub(crate) fn print(names: &Names, set: &FieldSet) -> String {
    let mut text = String::new();
    print_selections(names, &set.selections, &mut text);
    text
}

fn print_selections(names: &Names, selections: &[Selection], text: &mut String) {
    for (index, selection) in selections.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        match selection.kind {
            SelectionKind::Field(name) => text.push_str(&names[name]),
            SelectionKind::Fragment(None) => text.push_str("..."),
            SelectionKind::Fragment(Some(name)) => {
                text.push_str("... on ");
                text.push_str(&names[name]);
            }
        }
        if let Some(arguments) = &selection.arguments {
            text.push('(');
            text.push_str(arguments);
            text.push(')');
        }
        if selection.has_braces {
            text.push_str(" { ");
            print_selections(names, &selection.children, text);
            text.push_str(" }");
        }
    }
}
