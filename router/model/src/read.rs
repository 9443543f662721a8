//! Supergraph SDL into the model (join specification v0.1 to v0.5).
//!
//! Three passes over the parsed document: names of types, then their definitions, then what the
//! join directives say, once every field they may name exists.

mod builtin;
mod directives;
mod joins;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use crate::bits::{SubgraphSet, TypeSet};
use crate::ids::{FieldId, InputId, Name, SubgraphId, TypeId};
use crate::schema::{
    DirectiveDef, EnumValue, FieldDef, InputDef, Kind, Subgraph, Supergraph, TypeDef, TypeRef, Wrap,
};
use crate::syntax::{
    self, Directive, Document, InputDefinition, Limits, List, OperationKind, Span, Type, TypeRefId,
    TypeSystem, TypeSystemKind,
};
use directives::Features;

/// Why a supergraph could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (line {}, column {})", position.0, position.1)]
pub struct ReadError {
    /// What is wrong.
    pub message: String,
    /// Line and column, counted from one.
    pub position: (u32, u32),
}

impl Supergraph {
    /// Reads supergraph SDL, ours or another composer's.
    ///
    /// The schema itself is taken to be valid, as a composer leaves it; what the model relies on
    /// (names that resolve, well-formed field sets, a query type) is checked.
    pub fn read(sdl: &str) -> Result<Self, ReadError> {
        let doc = syntax::parse(sdl, Limits::SCHEMA)
            .map_err(|error| ReadError { message: error.message, position: error.position })?;
        let features = Features::of(&doc);
        let mut reader =
            Reader { doc: &doc, features, schema: Self::default(), graphs: FxHashMap::default() };
        reader.graphs()?;
        reader.type_names()?;
        reader.roots()?;
        reader.definitions()?;
        reader.possible_types()?;
        reader.joins()?;
        let mut schema = reader.schema;
        builtin::add(&mut schema);
        Ok(schema)
    }
}

type Read<T> = Result<T, ReadError>;

struct Reader<'a> {
    doc: &'a Document,
    features: Features<'a>,
    schema: Supergraph,
    /// Values of `join__Graph`.
    graphs: FxHashMap<&'a str, SubgraphId>,
}

impl<'a> Reader<'a> {
    fn error(&self, span: Span, message: impl Into<String>) -> ReadError {
        ReadError { message: message.into(), position: self.doc.position(span.start) }
    }

    fn graphs(&mut self) -> Read<()> {
        let doc = self.doc;
        for def in &doc.type_system {
            let TypeSystemKind::Enum(values) = def.kind else { continue };
            if doc.text(def.name) != "join__Graph" {
                continue;
            }
            for value in &doc[values] {
                let graph = doc.text(value.name);
                let id = SubgraphId::new(self.schema.subgraphs.len());
                let mut name = graph.to_owned();
                let mut url = String::new();
                if let Some(join) = self.directive(value.directives, "join__graph") {
                    name = self.string_argument(&join, "name").unwrap_or(name);
                    url = self.string_argument(&join, "url").unwrap_or_default();
                }
                let subgraph = Subgraph { name, graph: self.schema.names.intern(graph), url };
                self.schema.subgraphs.push(subgraph);
                self.graphs.insert(graph, id);
            }
        }
        if self.schema.subgraphs.is_empty() {
            let message = "this is not a supergraph: there is no enum `join__Graph`; compose the \
                           subgraphs first";
            return Err(self.error(Span::default(), message));
        }
        Ok(())
    }

    /// Definitions that are part of the schema, not of the machinery.
    fn schema_types(&self) -> impl Iterator<Item = &'a TypeSystem> + use<'a> {
        let machinery = self.features.machinery();
        let doc = self.doc;
        doc.type_system.iter().filter(move |def| {
            kind_of(&def.kind).is_some() && !machinery.is_machinery(doc.text(def.name))
        })
    }

    fn type_names(&mut self) -> Read<()> {
        for def in self.schema_types() {
            let Some(kind) = kind_of(&def.kind) else { continue };
            if def.extension {
                return Err(self.error(def.span, "a supergraph has no extensions"));
            }
            let text = self.doc.text(def.name);
            if text.starts_with("__") {
                let message = format!("the name `{text}` is reserved for introspection");
                return Err(self.error(def.name, message));
            }
            if self.schema.type_named(text).is_some() {
                return Err(self.error(def.name, format!("the type `{text}` is defined twice")));
            }
            builtin::push_type(&mut self.schema, text, kind);
        }
        for scalar in builtin::SCALARS {
            if self.schema.type_named(scalar).is_none() {
                builtin::push_type(&mut self.schema, scalar, Kind::Scalar);
            }
        }
        Ok(())
    }

    fn roots(&mut self) -> Read<()> {
        let doc = self.doc;
        let schema_def = doc.type_system.iter().find_map(|def| match def.kind {
            TypeSystemKind::Schema(roots) => Some((def, roots)),
            _ => None,
        });
        let mut roots = crate::schema::Roots::default();
        match schema_def {
            Some((def, named)) => {
                for root in &doc[named] {
                    let id = self.type_id(root.ty)?;
                    match root.kind {
                        OperationKind::Query => roots.query = Some(id),
                        OperationKind::Mutation => roots.mutation = Some(id),
                        OperationKind::Subscription => roots.subscription = Some(id),
                    }
                }
                self.schema.description = def.description.map(|text| doc.string(text).into_owned());
            }
            None => {
                roots.query = self.schema.type_named("Query");
                roots.mutation = self.schema.type_named("Mutation");
                roots.subscription = self.schema.type_named("Subscription");
            }
        }
        if roots.query.is_none() {
            return Err(self.error(Span::default(), "the supergraph has no query type"));
        }
        self.schema.roots = roots;
        Ok(())
    }

    fn type_id(&self, name: Span) -> Read<TypeId> {
        let text = self.doc.text(name);
        self.schema
            .type_named(text)
            .ok_or_else(|| self.error(name, format!("there is no type `{text}`")))
    }

    fn type_ref(&self, id: TypeRefId) -> Read<TypeRef> {
        let (inner, non_null, span) = match self.doc.ty(id) {
            Type::Named { name, non_null } => {
                (TypeRef { named: self.type_id(name)?, wrap: Wrap::NONE }, non_null, name)
            }
            Type::List { item, non_null, span } => {
                let item = self.type_ref(item)?;
                let wrap = item.wrap.list();
                let wrap = wrap.ok_or_else(|| self.error(span, "lists nest too deep"))?;
                (TypeRef { wrap, ..item }, non_null, span)
            }
        };
        if !non_null {
            return Ok(inner);
        }
        let wrap = inner.wrap.non_null().ok_or_else(|| self.error(span, "lists nest too deep"))?;
        Ok(TypeRef { wrap, ..inner })
    }

    fn definitions(&mut self) -> Read<()> {
        for def in self.schema_types() {
            self.definition(def)?;
        }
        let doc = self.doc;
        for def in &doc.type_system {
            if let TypeSystemKind::Directive { arguments, repeatable, locations } = def.kind {
                self.directive_definition(def, arguments, repeatable, locations)?;
            }
        }
        Ok(())
    }

    fn definition(&mut self, def: &'a TypeSystem) -> Read<()> {
        let doc = self.doc;
        let id = self.type_id(def.name)?;
        let marks = self.marks(def.directives)?;
        match def.kind {
            TypeSystemKind::Object { implements, fields }
            | TypeSystemKind::Interface { implements, fields } => {
                for &name in &doc[implements] {
                    let interface = self.type_id(name)?;
                    self.def_mut(id).interfaces.push(interface);
                }
                for field in &doc[fields] {
                    self.field(id, field)?;
                }
            }
            TypeSystemKind::Enum(values) => {
                for value in &doc[values] {
                    let marks = self.marks(value.directives)?;
                    let value = EnumValue {
                        name: self.schema.names.intern(doc.text(value.name)),
                        description: value.description.map(|text| doc.string(text).into_owned()),
                        deprecated: marks.deprecated,
                        inaccessible: marks.inaccessible,
                        tags: marks.tags,
                        subgraphs: SubgraphSet::new(),
                    };
                    self.def_mut(id).values.push(value);
                }
            }
            TypeSystemKind::InputObject(fields) => {
                let inputs = self.inputs(fields)?;
                self.def_mut(id).inputs = inputs;
            }
            TypeSystemKind::Scalar | TypeSystemKind::Union(_) => {}
            TypeSystemKind::Schema(_) | TypeSystemKind::Directive { .. } => {}
        }
        let ty = self.def_mut(id);
        ty.description = def.description.map(|text| doc.string(text).into_owned());
        ty.one_of = marks.one_of;
        ty.specified_by = marks.specified_by;
        ty.inaccessible = marks.inaccessible;
        ty.tags = marks.tags;
        ty.auth = marks.auth;
        ty.cost = marks.cost;
        Ok(())
    }

    fn def_mut(&mut self, id: TypeId) -> &mut TypeDef {
        &mut self.schema.types[id.index()]
    }

    fn field(&mut self, parent: TypeId, field: &syntax::FieldDefinition) -> Read<FieldId> {
        let doc = self.doc;
        let name = self.schema.names.intern(doc.text(field.name));
        if self.schema.field(parent, name).is_some() {
            let message = format!("the field `{}` is defined twice", doc.text(field.name));
            return Err(self.error(field.name, message));
        }
        let marks = self.marks(field.directives)?;
        let def = FieldDef {
            parent,
            name,
            ty: self.type_ref(field.ty)?,
            args: self.inputs(field.arguments)?,
            description: field.description.map(|text| doc.string(text).into_owned()),
            deprecated: marks.deprecated,
            joins: Vec::new(),
            inaccessible: marks.inaccessible,
            tags: marks.tags,
            auth: marks.auth,
            cost: marks.cost,
            list_size: marks.list_size,
        };
        Ok(builtin::push_field(&mut self.schema, def))
    }

    fn inputs(&mut self, list: List<InputDefinition>) -> Read<Vec<InputId>> {
        let doc = self.doc;
        let mut ids = Vec::with_capacity(list.len());
        for input in &doc[list] {
            let marks = self.marks(input.directives)?;
            let def = InputDef {
                name: self.schema.names.intern(doc.text(input.name)),
                ty: self.type_ref(input.ty)?,
                default: input.default.map(|value| directives::const_value(doc, value)),
                description: input.description.map(|text| doc.string(text).into_owned()),
                deprecated: marks.deprecated,
                inaccessible: marks.inaccessible,
                tags: marks.tags,
                subgraphs: SubgraphSet::new(),
            };
            ids.push(InputId::new(self.schema.inputs.len()));
            self.schema.inputs.push(def);
        }
        Ok(ids)
    }

    /// Keeps definitions that documents can use; those of type systems only are not needed.
    fn directive_definition(
        &mut self,
        def: &TypeSystem,
        arguments: List<InputDefinition>,
        repeatable: bool,
        locations: List<Span>,
    ) -> Read<()> {
        let doc = self.doc;
        let name = doc.text(def.name);
        let locations: Vec<String> =
            doc[locations].iter().map(|&span| doc.text(span).to_owned()).collect();
        let executable = locations.iter().any(|at| builtin::is_executable_location(at));
        if !executable || builtin::is_directive(name) || self.features.is_machinery(name) {
            return Ok(());
        }
        let args = self.inputs(arguments)?;
        let name = self.schema.names.intern(name);
        let description = def.description.map(|text| doc.string(text).into_owned());
        self.schema.directives.push(DirectiveDef {
            name,
            description,
            args,
            repeatable,
            locations,
        });
        Ok(())
    }

    fn possible_types(&mut self) -> Read<()> {
        for def in self.schema_types() {
            let TypeSystemKind::Union(members) = def.kind else { continue };
            let id = self.type_id(def.name)?;
            for &member in &self.doc[members] {
                let member = self.type_id(member)?;
                self.def_mut(id).possible.insert(member);
            }
        }
        for at in 0..self.schema.types.len() {
            let id = TypeId::new(at);
            if self.schema.ty(id).kind != Kind::Object {
                continue;
            }
            self.def_mut(id).possible = TypeSet::of(id);
            for interface in self.schema.ty(id).interfaces.clone() {
                self.def_mut(interface).possible.insert(id);
            }
        }
        Ok(())
    }

    fn directive(&self, list: List<Directive>, name: &str) -> Option<Directive> {
        self.doc[list].iter().find(|directive| self.doc.text(directive.name) == name).copied()
    }

    fn string_argument(&self, directive: &Directive, name: &str) -> Option<String> {
        directives::string_argument(self.doc, directive, name)
    }

    fn intern(&mut self, text: &str) -> Name {
        self.schema.names.intern(text)
    }
}

fn kind_of(kind: &TypeSystemKind) -> Option<Kind> {
    Some(match kind {
        TypeSystemKind::Scalar => Kind::Scalar,
        TypeSystemKind::Object { .. } => Kind::Object,
        TypeSystemKind::Interface { .. } => Kind::Interface,
        TypeSystemKind::Union(_) => Kind::Union,
        TypeSystemKind::Enum(_) => Kind::Enum,
        TypeSystemKind::InputObject(_) => Kind::InputObject,
        TypeSystemKind::Schema(_) | TypeSystemKind::Directive { .. } => return None,
    })
}
