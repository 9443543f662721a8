//! From a valid schema of the GraphQL layer to the flat representation.

use apollo_compiler::{
    Name as AstName, Node,
    ast::{self, Directive, OperationType, Type},
    collections::{IndexMap, IndexSet},
    schema::{Component, ComponentName, ComponentOrigin, ExtendedType},
};
use rustc_hash::FxHashMap;

use crate::{
    code::Code,
    diagnostic::Diagnostic,
    expanded::{Expanded, known::Known},
    ir::{
        DirectiveDef, FieldDef, FieldSetUse, InputDef, Key, Kind, LIST_DEPTH_MAX, Override, Run,
        Subgraph, TypeDef, TypeRef, ValueDef, field_set, marks,
    },
    names::{Name, Names},
    source::Span,
};

/// Lowers one subgraph. Findings are added to `errors`; the result is usable for further rules
/// even then.
pub(crate) fn lower(
    names: &mut Names,
    expanded: &Expanded,
    errors: &mut Vec<Diagnostic>,
) -> Subgraph {
    let sub = Subgraph {
        source: expanded.source.clone(),
        version: expanded.links.version,
        types: Vec::new(),
        by_name: FxHashMap::default(),
        fields: Vec::new(),
        inputs: Vec::new(),
        values: Vec::new(),
        keys: Vec::new(),
        links: Vec::new(),
        directives: Vec::new(),
        composed: Vec::new(),
        features: expanded.links.features.clone(),
        schema_marks: marks::Marks::default(),
    };
    let mut lowering =
        Lowering { names, expanded, sub, roots: Vec::new(), errors, place: String::new() };
    lowering.read_roots();
    lowering.schema_element();
    let schema = &expanded.schema;
    for (name, ty) in &schema.types {
        if !ty.is_built_in() && !lowering.is_machinery(name) {
            lowering.lower_type(ty);
        }
    }
    for definition in schema.directive_definitions.values() {
        lowering.directive_definition(definition);
    }
    lowering.sub
}

/// Structural federation directives found on one element.
#[derive(Default)]
struct Structural {
    found: Vec<(Known, Node<Directive>, Span)>,
}

impl Structural {
    fn first(&self, known: Known) -> Option<&(Known, Node<Directive>, Span)> {
        self.found.iter().find(|found| found.0 == known)
    }

    fn span(&self, known: Known) -> Option<Span> {
        self.first(known).map(|found| found.2)
    }
}

struct Lowering<'l> {
    names: &'l mut Names,
    expanded: &'l Expanded,
    sub: Subgraph,
    /// Own names of the root types and the names they get.
    roots: Vec<(AstName, &'static str)>,
    errors: &'l mut Vec<Diagnostic>,
    /// Coordinate of the element that is being lowered, for diagnostics.
    place: String,
}

/// The type-level part that fields inherit, per definition or extension.
struct Inherited {
    external: Vec<(ComponentOrigin, Span)>,
    shareable: Vec<(ComponentOrigin, Span)>,
}

impl Lowering<'_> {
    fn read_roots(&mut self) {
        let schema = &self.expanded.schema;
        for (operation, default, code) in [
            (OperationType::Query, "Query", Code::RootQueryUsed),
            (OperationType::Mutation, "Mutation", Code::RootMutationUsed),
            (OperationType::Subscription, "Subscription", Code::RootSubscriptionUsed),
        ] {
            let Some(own) = schema.root_operation(operation) else { continue };
            if own != default {
                if let Some(other) = schema.types.get(default) {
                    let message = format!(
                        "the schema has a type named \"{default}\" but it is not set as the {} \
                         root type (\"{own}\" is): this is not supported by federation",
                        operation.name()
                    );
                    let span = self.expanded.span(other.name().location());
                    self.errors.push(
                        Diagnostic::in_subgraph(code, &self.sub.source, &message)
                            .at(default)
                            .label(&self.sub.source, span, "rename this type"),
                    );
                }
                self.roots.push((own.clone(), default));
            }
        }
    }

    fn schema_element(&mut self) {
        let expanded = self.expanded;
        let definition = &expanded.schema.schema_definition;
        let mut composed = Vec::new();
        let directives = definition.directives.iter().map(|component| &component.node);
        let marks = marks::read(self.names, expanded, directives, |_, known, directive, span| {
            if known == Known::ComposeDirective {
                let name =
                    directive.specified_argument_by_name("name").and_then(|name| name.as_str());
                composed.push((name.unwrap_or_default().to_owned(), span));
            }
        });
        self.sub.composed = composed;
        self.sub.schema_marks = marks;
        self.sub.schema_marks.description = text(definition.description.as_ref());
    }

    /// Types that belong to linked specifications, not to the graph.
    fn is_machinery(&self, name: &str) -> bool {
        let links = &self.expanded.links;
        [&links.field_set, &links.scope, &links.policy].iter().any(|own| own.as_str() == name)
            || name == "_FieldSet" && links.version.is_one()
            || name.split_once("__").is_some_and(|(prefix, _)| {
                prefix == links.link || links.features.iter().any(|feature| feature.alias == prefix)
            })
    }

    fn type_name(&mut self, name: &str) -> Name {
        let root = self.roots.iter().find(|root| root.0 == name);
        self.names.intern(root.map_or(name, |root| root.1))
    }

    fn type_ref(&mut self, ty: &Type) -> TypeRef {
        let mut layers = Vec::new();
        let mut current = ty;
        let base = loop {
            match current {
                Type::List(inner) => {
                    layers.push(false);
                    current = inner;
                }
                Type::NonNullList(inner) => {
                    layers.push(true);
                    current = inner;
                }
                Type::Named(name) => {
                    layers.push(false);
                    break name;
                }
                Type::NonNullNamed(name) => {
                    layers.push(true);
                    break name;
                }
            }
        };
        let base = self.type_name(base);
        if layers.len() > usize::from(LIST_DEPTH_MAX) + 1 {
            let message = format!("a type nests more than {LIST_DEPTH_MAX} lists");
            self.errors.push(Diagnostic::in_subgraph(
                Code::CompositionLimitExceeded,
                &self.sub.source,
                &message,
            ));
            layers.truncate(1);
        }
        let mut non_null = 0;
        for (bit, layer) in layers.iter().rev().enumerate() {
            non_null |= u32::from(*layer) << bit;
        }
        TypeRef { base, depth: u8::try_from(layers.len() - 1).unwrap_or(0), non_null }
    }

    fn marks<'d>(
        &mut self,
        description: Option<&Node<str>>,
        directives: impl Iterator<Item = &'d Node<Directive>>,
    ) -> (marks::Marks, Structural) {
        let mut structural = Structural::default();
        let mut marks =
            marks::read(self.names, self.expanded, directives, |_, known, directive, span| {
                structural.found.push((known, directive.clone(), span));
            });
        marks.description = text(description);
        (marks, structural)
    }

    fn lower_type(&mut self, ty: &ExtendedType) {
        let expanded = self.expanded;
        let directives = ty.directives();
        let (marks, structural) =
            self.marks(ty.description(), directives.iter().map(|component| &component.node));
        let name = self.type_name(ty.name());
        self.place = self.names[name].to_owned();
        let span = expanded.span(ty.name().location());
        let extended = structural.span(Known::Extends).is_some();
        let keys = self.keys(&structural);
        let mut def = TypeDef {
            name,
            kind: Kind::Scalar,
            span,
            extension_only: extended || !expanded.defined.contains(ty.name().as_str()),
            interface_object: structural.span(Known::InterfaceObject),
            fields: Run::default(),
            inputs: Run::default(),
            values: Run::default(),
            members: Run::default(),
            interfaces: Run::default(),
            keys,
            marks,
        };
        let inherited = self.inherited(directives);
        match ty {
            ExtendedType::Scalar(_) => {}
            ExtendedType::Object(object) => {
                def.kind = Kind::Object;
                def.fields = self.fields(&object.fields, &inherited);
                def.interfaces = self.links(&object.implements_interfaces);
            }
            ExtendedType::Interface(interface) => {
                def.kind = Kind::Interface;
                def.fields = self.fields(&interface.fields, &inherited);
                def.interfaces = self.links(&interface.implements_interfaces);
            }
            ExtendedType::Union(union) => {
                def.kind = Kind::Union;
                def.members = self.links(&union.members);
            }
            ExtendedType::Enum(definition) => {
                def.kind = Kind::Enum;
                def.values = self.values(&definition.values);
            }
            ExtendedType::InputObject(input) => {
                def.kind = Kind::Input;
                let fields: Vec<_> =
                    input.fields.values().map(|field| field.node.clone()).collect();
                def.inputs = self.inputs(&fields);
            }
        }
        let index = index(self.sub.types.len());
        self.sub.by_name.insert(name, index);
        self.sub.types.push(def);
    }

    fn inherited(&self, directives: &apollo_compiler::schema::DirectiveList) -> Inherited {
        let all = |wanted: Known| {
            directives
                .iter()
                .filter(|directive| self.expanded.links.known(&directive.name) == Some(wanted))
                .map(|directive| {
                    (directive.origin.clone(), self.expanded.span(directive.node.location()))
                })
                .collect()
        };
        Inherited { external: all(Known::External), shareable: all(Known::Shareable) }
    }

    fn fields(
        &mut self,
        fields: &IndexMap<AstName, Component<ast::FieldDefinition>>,
        inherited: &Inherited,
    ) -> Run {
        let mut lowered = Vec::with_capacity(fields.len());
        let parent = index(self.sub.types.len());
        let type_name = self.place.clone();
        for field in fields.values() {
            // Added by the expansion, so that every subgraph has a query type.
            if !self.expanded.is_written(field.node.location()) {
                continue;
            }
            let (marks, structural) =
                self.marks(field.description.as_ref(), field.directives.iter());
            let by_type = |list: &[(ComponentOrigin, Span)]| {
                list.iter().find(|item| item.0 == field.origin).map(|item| item.1)
            };
            let own_external = structural.span(Known::External);
            let type_external = by_type(&inherited.external);
            let type_shareable = by_type(&inherited.shareable);
            let shareable_count =
                structural.found.iter().filter(|found| found.0 == Known::Shareable).count();
            let args = self.inputs(&field.arguments);
            self.place = format!("{}.{}", type_name, field.name);
            lowered.push(FieldDef {
                name: self.names.intern(&field.name),
                span: self.expanded.span(field.name.location()),
                parent,
                ty: self.type_ref(&field.ty),
                args,
                external: own_external.or(type_external),
                external_by_type: own_external.is_none() && type_external.is_some(),
                shareable: structural.span(Known::Shareable).or(type_shareable),
                shareable_repeated: shareable_count > 1,
                requires: self.field_set(&structural, Known::Requires),
                provides: self.field_set(&structural, Known::Provides),
                override_from: override_of(&structural),
                in_key: false,
                in_field_set: false,
                in_interface: false,
                marks,
            });
        }
        let start = index(self.sub.fields.len());
        self.sub.fields.extend(lowered);
        Run { start, end: index(self.sub.fields.len()) }
    }

    fn inputs(&mut self, inputs: &[Node<ast::InputValueDefinition>]) -> Run {
        let start = index(self.sub.inputs.len());
        for input in inputs {
            let (marks, _) = self.marks(input.description.as_ref(), input.directives.iter());
            let lowered = InputDef {
                name: self.names.intern(&input.name),
                span: self.expanded.span(input.name.location()),
                ty: self.type_ref(&input.ty),
                default: input.default_value.clone(),
                marks,
            };
            self.sub.inputs.push(lowered);
        }
        Run { start, end: index(self.sub.inputs.len()) }
    }

    fn values(&mut self, values: &IndexMap<AstName, Component<ast::EnumValueDefinition>>) -> Run {
        let start = index(self.sub.values.len());
        for value in values.values() {
            let (marks, _) = self.marks(value.description.as_ref(), value.directives.iter());
            let name = self.names.intern(&value.value);
            let span = self.expanded.span(value.value.location());
            self.sub.values.push(ValueDef { name, span, marks });
        }
        Run { start, end: index(self.sub.values.len()) }
    }

    fn links(&mut self, names: &IndexSet<ComponentName>) -> Run {
        let start = index(self.sub.links.len());
        for name in names {
            let span = self.expanded.span(name.name.location());
            let name = self.type_name(&name.name);
            self.sub.links.push((name, span));
        }
        Run { start, end: index(self.sub.links.len()) }
    }

    fn keys(&mut self, structural: &Structural) -> Run {
        let start = index(self.sub.keys.len());
        for (_, directive, span) in structural.found.iter().filter(|found| found.0 == Known::Key) {
            let resolvable = directive
                .specified_argument_by_name("resolvable")
                .and_then(|value| value.to_bool())
                .unwrap_or(true);
            if let Some(fields) = self.parse_fields(directive, *span, Known::Key) {
                self.sub.keys.push(Key { fields, resolvable });
            }
        }
        Run { start, end: index(self.sub.keys.len()) }
    }

    fn field_set(&mut self, structural: &Structural, known: Known) -> Option<FieldSetUse> {
        let (_, directive, span) = structural.first(known)?;
        let (directive, span) = (directive.clone(), *span);
        self.parse_fields(&directive, span, known)
    }

    fn parse_fields(
        &mut self,
        directive: &Directive,
        span: Span,
        known: Known,
    ) -> Option<FieldSetUse> {
        let (invalid, invalid_type, local) = match known {
            Known::Requires => {
                (Code::RequiresInvalidFields, Code::RequiresInvalidFieldsType, "requires")
            }
            Known::Provides => {
                (Code::ProvidesInvalidFields, Code::ProvidesInvalidFieldsType, "provides")
            }
            _ => (Code::KeyInvalidFields, Code::KeyInvalidFieldsType, "key"),
        };
        let value = directive.specified_argument_by_name("fields")?;
        let Some(fields) = value.as_str() else {
            let message = format!(
                "invalid value for argument \"fields\" of \"@{local}\": it must be a string"
            );
            self.errors.push(
                Diagnostic::in_subgraph(invalid_type, &self.sub.source, &message)
                    .at(&self.place)
                    .label(&self.sub.source, span, ""),
            );
            return None;
        };
        let whole = self.expanded.span(value.location());
        let origin = inner_origin(&self.sub.source.text, whole, fields);
        match field_set::parse(self.names, fields, origin, whole) {
            Ok(set) => {
                let text = field_set::print(self.names, &set);
                Some(FieldSetUse { set, text, span })
            }
            Err(error) => {
                let message =
                    format!("invalid field set {fields:?} in \"@{local}\": {}", error.message);
                self.errors.push(
                    Diagnostic::in_subgraph(invalid, &self.sub.source, &message)
                        .at(&self.place)
                        .label(&self.sub.source, error.span, "here"),
                );
                None
            }
        }
    }

    fn directive_definition(&mut self, definition: &Node<ast::DirectiveDefinition>) {
        let standard = ["skip", "include", "deprecated", "specifiedBy", "oneOf", "defer", "stream"];
        let links = &self.expanded.links;
        if !self.expanded.is_written(definition.location())
            || links.known(&definition.name).is_some()
            || *definition.name == *links.link
            || standard.contains(&definition.name.as_str())
        {
            return;
        }
        let name = self.names.intern(&definition.name);
        let span = self.expanded.span(definition.name.location());
        let args = self.inputs(&definition.arguments);
        self.sub.directives.push(DirectiveDef {
            name,
            span,
            description: text(definition.description.as_ref()),
            args,
            repeatable: definition.repeatable,
            locations: definition.locations.clone(),
        });
    }
}

/// Where the text of a string literal starts, if it stands in the document as it is.
fn inner_origin(source: &str, literal: Span, text: &str) -> Option<u32> {
    let start = literal.start.checked_add(1)?;
    let end = start as usize + text.len();
    (source.get(start as usize..end) == Some(text)).then_some(start)
}

fn override_of(structural: &Structural) -> Option<Override> {
    let (_, directive, span) = structural.first(Known::Override)?;
    let argument =
        |name: &str| Some(directive.specified_argument_by_name(name)?.as_str()?.to_owned());
    Some(Override { from: argument("from")?, label: argument("label"), span: *span })
}

fn text(description: Option<&Node<str>>) -> Option<String> {
    description.map(|text| text.as_str().to_owned()).filter(|text| !text.is_empty())
}

/// Element counts are limited by the token limit of the parser, far below 2^32.
fn index(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
