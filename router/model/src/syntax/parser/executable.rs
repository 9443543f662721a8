//! Operations, fragments and selections (specification, sections 2.3 to 2.8).

use super::super::ast::{
    Field, Fragment, Inline, List, Operation, OperationKind, Selection, Spread, VariableDefinition,
};
use super::super::lexer::Token;
use super::{Parsed, Parser, keep};

impl Parser<'_> {
    pub(super) fn operation(&mut self, kind: OperationKind, start: u32) -> Parsed<()> {
        let (mut name, mut variables) = (None, List::EMPTY);
        let mut directives = List::EMPTY;
        if !self.is(b'{') {
            self.advance()?;
            if self.token == Token::Name {
                name = Some(self.name()?);
            }
            let defined = self.optional_many(b'(', b')', Self::variable)?;
            variables = keep(&mut self.doc.variables, defined);
            directives = self.directives(false)?;
        }
        let selections = self.selection_set()?;
        let span = self.since(start);
        let operation = Operation { kind, name, variables, directives, selections, span };
        self.doc.operations.push(operation);
        Ok(())
    }

    fn variable(&mut self) -> Parsed<VariableDefinition> {
        let start = self.span.start;
        // The specification of September 2025 allows descriptions on variables.
        if matches!(self.token, Token::String | Token::BlockString) {
            self.advance()?;
        }
        self.expect(b'$')?;
        let name = self.name()?;
        self.expect(b':')?;
        let ty = self.ty()?;
        let default = if self.eat(b'=')? { Some(self.value(true)?) } else { None };
        let directives = self.directives(true)?;
        Ok(VariableDefinition { name, ty, default, directives, span: self.since(start) })
    }

    pub(super) fn fragment(&mut self, start: u32) -> Parsed<()> {
        self.expect_keyword("fragment")?;
        if self.is_keyword("on") {
            return Err(self.unexpected("a fragment's name"));
        }
        let name = self.name()?;
        self.expect_keyword("on")?;
        let on = self.name()?;
        let directives = self.directives(false)?;
        let selections = self.selection_set()?;
        let span = self.since(start);
        self.doc.fragments.push(Fragment { name, on, directives, selections, span });
        Ok(())
    }

    pub(super) fn selection_set(&mut self) -> Parsed<List<Selection>> {
        if !self.is(b'{') {
            return Err(self.unexpected("`{`"));
        }
        let items = self.nested(|p| p.optional_many(b'{', b'}', Self::selection))?;
        Ok(keep(&mut self.doc.selections, items))
    }

    pub(super) fn selection(&mut self) -> Parsed<Selection> {
        let start = self.span.start;
        if self.token != Token::Spread {
            return Ok(Selection::Field(self.field()?));
        }
        self.advance()?;
        if self.token == Token::Name && !self.is_keyword("on") {
            let name = self.name()?;
            let directives = self.directives(false)?;
            return Ok(Selection::Spread(Spread { name, directives, span: self.since(start) }));
        }
        let on = if self.eat_keyword("on")? { Some(self.name()?) } else { None };
        let directives = self.directives(false)?;
        let selections = self.selection_set()?;
        Ok(Selection::Inline(Inline { on, directives, selections, span: self.since(start) }))
    }

    fn field(&mut self) -> Parsed<Field> {
        let start = self.span.start;
        let mut name = self.name()?;
        let mut alias = None;
        if self.eat(b':')? {
            alias = Some(name);
            name = self.name()?;
        }
        let arguments = self.arguments(false)?;
        let directives = self.directives(false)?;
        let selections = if self.is(b'{') { self.selection_set()? } else { List::EMPTY };
        Ok(Field { alias, name, arguments, directives, selections, span: self.since(start) })
    }
}
