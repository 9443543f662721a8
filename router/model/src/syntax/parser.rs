//! The parser: recursive descent over the lexer's tokens, one token ahead, bounded by [`Limits`].

mod executable;
mod type_system;

use super::ast::{
    Argument, Directive, Document, List, OperationKind, Selection, Span, StringValue, Type,
    TypeRefId, Value, ValueId, ValueKind,
};
use super::lexer::{LexError, Lexer, Token};

/// What a document may cost.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many tokens it may have.
    pub tokens: usize,
    /// How deep selections, values and types may nest.
    pub depth: usize,
}

impl Limits {
    /// For documents from clients.
    pub const OPERATION: Self = Self { tokens: 15_000, depth: 200 };
    /// For schemas from operators: 10 million tokens.
    pub const SCHEMA: Self = Self { tokens: 10_000_000, depth: 200 };
}

/// Why a document could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, as a fragment: ``expected a name, found `}` ``.
    pub message: String,
    /// Line and column, counted from one.
    pub position: (u32, u32),
    /// The place in bytes.
    pub span: Span,
    /// A limit was exceeded, rather than the grammar broken.
    pub limit: bool,
}

/// Parses a document: executable definitions, type-system definitions, or both.
pub fn parse(source: &str, limits: Limits) -> Result<Document, SyntaxError> {
    let mut parser = Parser::new(source, limits)?;
    if parser.token == Token::End {
        return Err(parser.unexpected("a definition"));
    }
    while parser.token != Token::End {
        parser.definition()?;
    }
    Ok(parser.finish(source))
}

/// Parses the inside of a selection set, with or without the braces, as a field set of a
/// federation directive is written. The selections are returned with the document that holds them.
pub fn parse_selection_set(
    source: &str,
    limits: Limits,
) -> Result<(Document, List<Selection>), SyntaxError> {
    let mut parser = Parser::new(source, limits)?;
    let selections = if parser.token == Token::Punct(b'{') {
        parser.selection_set()?
    } else {
        let mut items = Vec::new();
        while parser.token != Token::End {
            items.push(parser.selection()?);
        }
        keep(&mut parser.doc.selections, items)
    };
    if parser.token != Token::End || selections.is_empty() {
        return Err(parser.unexpected("a field"));
    }
    Ok((parser.finish(source), selections))
}

struct Parser<'a> {
    source: &'a str,
    lexer: Lexer<'a>,
    token: Token,
    span: Span,
    last_end: u32,
    tokens_left: usize,
    depth_left: usize,
    doc: Document,
}

type Parsed<T> = Result<T, SyntaxError>;

/// Moves `items` to the end of `arena`: children stand together.
fn keep<T>(arena: &mut Vec<T>, items: Vec<T>) -> List<T> {
    let list = List::new(arena.len(), items.len());
    arena.extend(items);
    list
}

impl<'a> Parser<'a> {
    fn new(source: &'a str, limits: Limits) -> Parsed<Self> {
        let mut parser = Self {
            source,
            lexer: Lexer::new(source),
            token: Token::End,
            span: Span::default(),
            last_end: 0,
            tokens_left: limits.tokens,
            depth_left: limits.depth,
            doc: Document::default(),
        };
        if u32::try_from(source.len()).is_err() {
            return Err(parser.error(Span::default(), "the document is too large", true));
        }
        parser.advance()?;
        Ok(parser)
    }

    fn finish(mut self, source: &str) -> Document {
        self.doc.source = source.into();
        self.doc
    }

    // === Errors ===

    fn error(&self, span: Span, message: impl Into<String>, limit: bool) -> SyntaxError {
        let before = self.source.get(..span.start as usize).unwrap_or(self.source);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
        let fit = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        SyntaxError { message: message.into(), position: (fit(line), fit(column)), span, limit }
    }

    fn unexpected(&self, wanted: &str) -> SyntaxError {
        let found = match self.token {
            Token::End => "the end of the document".to_owned(),
            _ => format!("`{}`", excerpt(self.text())),
        };
        self.error(self.span, format!("expected {wanted}, found {found}"), false)
    }

    fn lex_error(&self, error: &LexError) -> SyntaxError {
        let at = u32::try_from(error.at).unwrap_or(u32::MAX);
        self.error(Span { start: at, end: at.saturating_add(1) }, error.message, false)
    }

    // === Tokens ===

    fn text(&self) -> &'a str {
        self.source.get(self.span.start as usize..self.span.end as usize).unwrap_or_default()
    }

    fn advance(&mut self) -> Parsed<()> {
        self.last_end = self.span.end;
        match self.lexer.next() {
            Ok((token, span)) => (self.token, self.span) = (token, span),
            Err(error) => return Err(self.lex_error(&error)),
        }
        match self.tokens_left.checked_sub(1) {
            Some(left) => self.tokens_left = left,
            None => return Err(self.error(self.span, "the document has too many tokens", true)),
        }
        Ok(())
    }

    fn is(&self, punct: u8) -> bool {
        self.token == Token::Punct(punct)
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        self.token == Token::Name && self.text() == keyword
    }

    fn eat(&mut self, punct: u8) -> Parsed<bool> {
        let there = self.is(punct);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn eat_keyword(&mut self, keyword: &str) -> Parsed<bool> {
        let there = self.is_keyword(keyword);
        if there {
            self.advance()?;
        }
        Ok(there)
    }

    fn expect(&mut self, punct: u8) -> Parsed<()> {
        if self.eat(punct)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{}`", char::from(punct))))
    }

    fn expect_keyword(&mut self, keyword: &str) -> Parsed<()> {
        if self.eat_keyword(keyword)? {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{keyword}`")))
    }

    fn name(&mut self) -> Parsed<Span> {
        if self.token != Token::Name {
            return Err(self.unexpected("a name"));
        }
        let span = self.span;
        self.advance()?;
        Ok(span)
    }

    /// From `start` to the end of the last token eaten.
    fn since(&self, start: u32) -> Span {
        Span { start, end: self.last_end }
    }

    /// Runs `parse` one level deeper.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let Some(left) = self.depth_left.checked_sub(1) else {
            return Err(self.error(self.span, "the document nests too deep", true));
        };
        self.depth_left = left;
        let result = parse(self);
        self.depth_left += 1;
        result
    }

    /// `open item+ close`, or nothing if `open` is not there.
    fn optional_many<T>(
        &mut self,
        open: u8,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        let mut items = Vec::new();
        if self.eat(open)? {
            loop {
                items.push(item(self)?);
                if self.eat(close)? {
                    break;
                }
            }
        }
        Ok(items)
    }

    // === Parts that executable and type-system documents share ===

    fn definition(&mut self) -> Parsed<()> {
        let described = matches!(self.token, Token::String | Token::BlockString);
        let start = self.span.start;
        let description = if described { Some(self.string_value()?) } else { None };
        if self.is(b'{') && !described {
            return self.operation(OperationKind::Query, start);
        }
        let keyword = if self.token == Token::Name { self.text() } else { "" };
        // The specification of September 2025 allows descriptions on executable definitions.
        match keyword {
            "query" => self.operation(OperationKind::Query, start),
            "mutation" => self.operation(OperationKind::Mutation, start),
            "subscription" => self.operation(OperationKind::Subscription, start),
            "fragment" => self.fragment(start),
            _ => self.type_system(description, start),
        }
    }

    fn directives(&mut self, constant: bool) -> Parsed<List<Directive>> {
        let mut directives = Vec::new();
        while self.is(b'@') {
            let start = self.span.start;
            self.advance()?;
            let name = self.name()?;
            let arguments = self.arguments(constant)?;
            directives.push(Directive { name, arguments, span: self.since(start) });
        }
        Ok(keep(&mut self.doc.directives, directives))
    }

    fn arguments(&mut self, constant: bool) -> Parsed<List<Argument>> {
        let arguments = self.optional_many(b'(', b')', |p| p.argument(constant))?;
        Ok(keep(&mut self.doc.arguments, arguments))
    }

    fn argument(&mut self, constant: bool) -> Parsed<Argument> {
        let start = self.span.start;
        let name = self.name()?;
        self.expect(b':')?;
        let value = self.value(constant)?;
        Ok(Argument { name, value, span: self.since(start) })
    }

    fn value(&mut self, constant: bool) -> Parsed<ValueId> {
        let value = self.nested(|p| p.bare_value(constant))?;
        let id = u32::try_from(self.doc.values.len()).expect("sources are under 4 GiB");
        self.doc.values.push(value);
        Ok(ValueId(id))
    }

    fn bare_value(&mut self, constant: bool) -> Parsed<Value> {
        let start = self.span.start;
        let kind = match self.token {
            Token::Punct(b'$') if !constant => {
                self.advance()?;
                ValueKind::Variable(self.name()?)
            }
            Token::Punct(b'[') => self.list_value(constant)?,
            Token::Punct(b'{') => {
                self.advance()?;
                let mut fields = Vec::new();
                while !self.eat(b'}')? {
                    fields.push(self.argument(constant)?);
                }
                ValueKind::Object(keep(&mut self.doc.arguments, fields))
            }
            Token::Int => self.scalar(ValueKind::Int)?,
            Token::Float => self.scalar(ValueKind::Float)?,
            Token::String | Token::BlockString => ValueKind::String(self.string_value()?),
            Token::Name => match self.text() {
                "true" => self.scalar(ValueKind::Boolean(true))?,
                "false" => self.scalar(ValueKind::Boolean(false))?,
                "null" => self.scalar(ValueKind::Null)?,
                _ => self.scalar(ValueKind::Enum)?,
            },
            Token::Punct(_) | Token::Spread | Token::End => {
                return Err(self.unexpected(if constant { "a constant value" } else { "a value" }));
            }
        };
        Ok(Value { kind, span: self.since(start) })
    }

    fn list_value(&mut self, constant: bool) -> Parsed<ValueKind> {
        self.advance()?;
        let mut items = Vec::new();
        while !self.eat(b']')? {
            items.push(self.nested(|p| p.bare_value(constant))?);
        }
        Ok(ValueKind::List(keep(&mut self.doc.values, items)))
    }

    fn scalar(&mut self, kind: ValueKind) -> Parsed<ValueKind> {
        self.advance()?;
        Ok(kind)
    }

    fn string_value(&mut self) -> Parsed<StringValue> {
        let value = StringValue { span: self.span, block: self.token == Token::BlockString };
        self.advance()?;
        Ok(value)
    }

    fn ty(&mut self) -> Parsed<TypeRefId> {
        let start = self.span.start;
        let ty = if self.eat(b'[')? {
            let item = self.nested(Self::ty)?;
            self.expect(b']')?;
            let non_null = self.eat(b'!')?;
            Type::List { item, non_null, span: self.since(start) }
        } else {
            let name = self.name()?;
            Type::Named { name, non_null: self.eat(b'!')? }
        };
        let id = u32::try_from(self.doc.types.len()).expect("sources are under 4 GiB");
        self.doc.types.push(ty);
        Ok(TypeRefId(id))
    }
}

/// At most 100 characters of a text that is repeated in a message.
fn excerpt(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}
