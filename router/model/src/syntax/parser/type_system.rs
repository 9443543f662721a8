//! Type-system definitions and extensions (specification, section 3).

use super::super::ast::{
    EnumValueDefinition, FieldDefinition, InputDefinition, List, OperationKind, RootOperation,
    Span, StringValue, TypeSystem, TypeSystemKind,
};
use super::super::lexer::Token;
use super::{Parsed, Parser, keep};

impl Parser<'_> {
    pub(super) fn type_system(
        &mut self,
        description: Option<StringValue>,
        start: u32,
    ) -> Parsed<()> {
        let extension = description.is_none() && self.eat_keyword("extend")?;
        let keyword = if self.token == Token::Name { self.text() } else { "" };
        let wanted = if extension { "a type to extend" } else { "a definition" };
        let (name, directives, kind) = match keyword {
            "schema" => self.schema()?,
            "scalar" => {
                let name = self.keyword_and_name()?;
                (name, self.directives(true)?, TypeSystemKind::Scalar)
            }
            "type" => {
                let (name, implements, directives, fields) = self.fields_type()?;
                (name, directives, TypeSystemKind::Object { implements, fields })
            }
            "interface" => {
                let (name, implements, directives, fields) = self.fields_type()?;
                (name, directives, TypeSystemKind::Interface { implements, fields })
            }
            "union" => self.union()?,
            "enum" => self.enumeration()?,
            "input" => self.input_object()?,
            "directive" if !extension => self.directive_definition()?,
            _ => return Err(self.unexpected(wanted)),
        };
        let span = self.since(start);
        let definition = TypeSystem { description, extension, name, directives, kind, span };
        self.doc.type_system.push(definition);
        Ok(())
    }

    fn keyword_and_name(&mut self) -> Parsed<Span> {
        self.advance()?;
        self.name()
    }

    fn description(&mut self) -> Parsed<Option<StringValue>> {
        Ok(match self.token {
            Token::String | Token::BlockString => Some(self.string_value()?),
            _ => None,
        })
    }

    fn schema(&mut self) -> Parsed<(Span, List<super::super::ast::Directive>, TypeSystemKind)> {
        self.advance()?;
        let directives = self.directives(true)?;
        let roots = self.optional_many(b'{', b'}', |p| {
            let kind = match p.text() {
                "query" => OperationKind::Query,
                "mutation" => OperationKind::Mutation,
                "subscription" => OperationKind::Subscription,
                _ => return Err(p.unexpected("`query`, `mutation` or `subscription`")),
            };
            p.advance()?;
            p.expect(b':')?;
            Ok(RootOperation { kind, ty: p.name()? })
        })?;
        let roots = keep(&mut self.doc.root_operations, roots);
        Ok((Span::default(), directives, TypeSystemKind::Schema(roots)))
    }

    #[expect(clippy::type_complexity, reason = "the parts of one production, taken apart at once")]
    fn fields_type(
        &mut self,
    ) -> Parsed<(Span, List<Span>, List<super::super::ast::Directive>, List<FieldDefinition>)> {
        let name = self.keyword_and_name()?;
        let mut implements = Vec::new();
        if self.eat_keyword("implements")? {
            self.eat(b'&')?;
            implements.push(self.name()?);
            while self.eat(b'&')? {
                implements.push(self.name()?);
            }
        }
        let implements = keep(&mut self.doc.names, implements);
        let directives = self.directives(true)?;
        let fields = self.optional_many(b'{', b'}', Self::field_definition)?;
        Ok((name, implements, directives, keep(&mut self.doc.field_definitions, fields)))
    }

    fn field_definition(&mut self) -> Parsed<FieldDefinition> {
        let start = self.span.start;
        let description = self.description()?;
        let name = self.name()?;
        let arguments = self.optional_many(b'(', b')', Self::input_definition)?;
        let arguments = keep(&mut self.doc.input_definitions, arguments);
        self.expect(b':')?;
        let ty = self.ty()?;
        let directives = self.directives(true)?;
        let span = self.since(start);
        Ok(FieldDefinition { description, name, arguments, ty, directives, span })
    }

    fn input_definition(&mut self) -> Parsed<InputDefinition> {
        let start = self.span.start;
        let description = self.description()?;
        let name = self.name()?;
        self.expect(b':')?;
        let ty = self.ty()?;
        let default = if self.eat(b'=')? { Some(self.value(true)?) } else { None };
        let directives = self.directives(true)?;
        let span = self.since(start);
        Ok(InputDefinition { description, name, ty, default, directives, span })
    }

    fn union(&mut self) -> Parsed<(Span, List<super::super::ast::Directive>, TypeSystemKind)> {
        let name = self.keyword_and_name()?;
        let directives = self.directives(true)?;
        let mut members = Vec::new();
        if self.eat(b'=')? {
            self.eat(b'|')?;
            members.push(self.name()?);
            while self.eat(b'|')? {
                members.push(self.name()?);
            }
        }
        Ok((name, directives, TypeSystemKind::Union(keep(&mut self.doc.names, members))))
    }

    fn enumeration(
        &mut self,
    ) -> Parsed<(Span, List<super::super::ast::Directive>, TypeSystemKind)> {
        let name = self.keyword_and_name()?;
        let directives = self.directives(true)?;
        let values = self.optional_many(b'{', b'}', |p| {
            let description = p.description()?;
            if matches!(p.text(), "true" | "false" | "null") {
                return Err(p.unexpected("an enum value"));
            }
            let name = p.name()?;
            let directives = p.directives(true)?;
            Ok(EnumValueDefinition { description, name, directives })
        })?;
        Ok((name, directives, TypeSystemKind::Enum(keep(&mut self.doc.enum_values, values))))
    }

    fn input_object(
        &mut self,
    ) -> Parsed<(Span, List<super::super::ast::Directive>, TypeSystemKind)> {
        let name = self.keyword_and_name()?;
        let directives = self.directives(true)?;
        let fields = self.optional_many(b'{', b'}', Self::input_definition)?;
        let fields = keep(&mut self.doc.input_definitions, fields);
        Ok((name, directives, TypeSystemKind::InputObject(fields)))
    }

    fn directive_definition(
        &mut self,
    ) -> Parsed<(Span, List<super::super::ast::Directive>, TypeSystemKind)> {
        self.advance()?;
        self.expect(b'@')?;
        let name = self.name()?;
        let arguments = self.optional_many(b'(', b')', Self::input_definition)?;
        let arguments = keep(&mut self.doc.input_definitions, arguments);
        let repeatable = self.eat_keyword("repeatable")?;
        self.expect_keyword("on")?;
        self.eat(b'|')?;
        let mut locations = vec![self.name()?];
        while self.eat(b'|')? {
            locations.push(self.name()?);
        }
        let locations = keep(&mut self.doc.names, locations);
        let kind = TypeSystemKind::Directive { arguments, repeatable, locations };
        Ok((name, List::EMPTY, kind))
    }
}
