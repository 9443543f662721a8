//! What the `join__` directives say of types and fields, with the abbreviations of the join
//! specification undone.

use super::directives::{argument, const_value, string_argument};
use super::{Read, Reader};
use crate::bits::SubgraphSet;
use crate::ids::{FieldId, FieldSetId, Name, SubgraphId, TypeId};
use crate::schema::{
    ConstValue, FieldJoin, FieldSet, OverrideLabel, SetSelection, TypeJoin, TypeRef, Wrap,
};
use crate::syntax::{
    Directive, Document, EnumValueDefinition, FieldDefinition, InputDefinition, Limits, List,
    Selection, Span, TypeSystemKind, ValueKind, parse_selection_set,
};

impl<'a> Reader<'a> {
    pub(super) fn joins(&mut self) -> Read<()> {
        let doc = self.doc;
        let definitions: Vec<_> = self.schema_types().collect();
        // Types first: a field's abbreviation stands for the subgraphs of its type.
        for def in &definitions {
            let id = self.type_id(def.name)?;
            self.type_joins(id, def.directives)?;
        }
        for def in definitions {
            let id = self.type_id(def.name)?;
            match def.kind {
                TypeSystemKind::Object { fields, .. }
                | TypeSystemKind::Interface { fields, .. } => {
                    self.implements(id, def.directives)?;
                    let owner = self.directive(def.directives, "join__owner");
                    let owner = owner.map(|owner| self.graph(&owner)).transpose()?.flatten();
                    for field in &doc[fields] {
                        self.field_joins(id, field, owner)?;
                    }
                }
                TypeSystemKind::Union(members) => {
                    self.union_members(id, members, def.directives)?;
                }
                TypeSystemKind::Enum(values) => self.enum_values(id, values)?,
                TypeSystemKind::InputObject(fields) => self.input_fields(id, fields)?,
                TypeSystemKind::Scalar
                | TypeSystemKind::Schema(_)
                | TypeSystemKind::Directive { .. } => {}
            }
        }
        Ok(())
    }

    /// The `graph` argument of a join directive.
    fn graph(&self, directive: &Directive) -> Read<Option<SubgraphId>> {
        let Some(value) = argument(self.doc, directive, "graph") else { return Ok(None) };
        let name = match value.kind {
            ValueKind::Null => return Ok(None),
            _ => self.doc.text(value.span),
        };
        match self.graphs.get(name) {
            Some(&id) => Ok(Some(id)),
            None => Err(self.error(value.span, format!("there is no graph `{name}`"))),
        }
    }

    fn needed_graph(&self, directive: &Directive) -> Read<SubgraphId> {
        let graph = self.graph(directive)?;
        graph.ok_or_else(|| self.error(directive.span, "the argument `graph` is missing"))
    }

    fn flag(&self, directive: &Directive, name: &str) -> Option<bool> {
        match argument(self.doc, directive, name)?.kind {
            ValueKind::Boolean(value) => Some(value),
            _ => None,
        }
    }

    fn named(&self, list: List<Directive>, name: &str) -> Vec<Directive> {
        let doc = self.doc;
        doc[list].iter().filter(|d| doc.text(d.name) == name).copied().collect()
    }

    fn type_joins(&mut self, id: TypeId, directives: List<Directive>) -> Read<()> {
        let mut joins = Vec::new();
        for join in self.named(directives, "join__type") {
            let key = string_argument(self.doc, &join, "key");
            joins.push(TypeJoin {
                subgraph: self.needed_graph(&join)?,
                key: key.map(|key| self.field_set(id, &key, join.span)).transpose()?,
                resolvable: self.flag(&join, "resolvable").unwrap_or(true),
                interface_object: self.flag(&join, "isInterfaceObject").unwrap_or(false),
            });
        }
        if joins.is_empty() {
            // Before v0.3 only composite types said where they are.
            joins = self.all_graphs().map(bare_join).collect();
        }
        self.def_mut(id).joins = joins;
        Ok(())
    }

    fn all_graphs(&self) -> impl Iterator<Item = SubgraphId> + use<> {
        (0..self.schema.subgraphs.len()).map(SubgraphId::new)
    }

    fn graphs_of(&self, id: TypeId) -> SubgraphSet {
        self.schema.ty(id).joins.iter().map(|join| join.subgraph).collect()
    }

    fn implements(&mut self, id: TypeId, directives: List<Directive>) -> Read<()> {
        let mut implements = Vec::new();
        for join in self.named(directives, "join__implements") {
            let interface = string_argument(self.doc, &join, "interface").unwrap_or_default();
            let interface = self.schema.type_named(&interface).ok_or_else(|| {
                self.error(join.span, format!("there is no interface `{interface}`"))
            })?;
            implements.push((self.needed_graph(&join)?, interface));
        }
        if implements.is_empty() {
            let here = self.graphs_of(id);
            for &interface in &self.schema.ty(id).interfaces {
                let both = here.intersection(&self.graphs_of(interface));
                implements.extend(both.iter().map(|graph| (graph, interface)));
            }
        }
        self.def_mut(id).implements = implements;
        Ok(())
    }

    fn union_members(
        &mut self,
        id: TypeId,
        members: List<Span>,
        directives: List<Directive>,
    ) -> Read<()> {
        let mut joined = Vec::new();
        for join in self.named(directives, "join__unionMember") {
            let member = string_argument(self.doc, &join, "member").unwrap_or_default();
            let member = self
                .schema
                .type_named(&member)
                .ok_or_else(|| self.error(join.span, format!("there is no type `{member}`")))?;
            joined.push((self.needed_graph(&join)?, member));
        }
        if joined.is_empty() {
            let here = self.graphs_of(id);
            for &member in &self.doc[members] {
                let member = self.type_id(member)?;
                let both = here.intersection(&self.graphs_of(member));
                joined.extend(both.iter().map(|graph| (graph, member)));
            }
        }
        self.def_mut(id).members = joined;
        Ok(())
    }

    fn enum_values(&mut self, id: TypeId, values: List<EnumValueDefinition>) -> Read<()> {
        for (at, value) in self.doc[values].iter().enumerate() {
            let joins = self.named(value.directives, "join__enumValue");
            let subgraphs = self.joined_graphs(id, &joins)?;
            self.def_mut(id).values[at].subgraphs = subgraphs;
        }
        Ok(())
    }

    fn input_fields(&mut self, id: TypeId, fields: List<InputDefinition>) -> Read<()> {
        for (at, field) in self.doc[fields].iter().enumerate() {
            let joins = self.named(field.directives, "join__field");
            let subgraphs = self.joined_graphs(id, &joins)?;
            let input = self.schema.ty(id).inputs[at];
            self.schema.inputs[input.index()].subgraphs = subgraphs;
        }
        Ok(())
    }

    /// The graphs that directives name, or else all of the type.
    fn joined_graphs(&self, id: TypeId, joins: &[Directive]) -> Read<SubgraphSet> {
        let graphs: Vec<_> = joins.iter().map(|join| self.graph(join)).collect::<Read<_>>()?;
        let set: SubgraphSet = graphs.into_iter().flatten().collect();
        Ok(if joins.is_empty() { self.graphs_of(id) } else { set })
    }

    fn field_joins(
        &mut self,
        parent: TypeId,
        field: &FieldDefinition,
        owner: Option<SubgraphId>,
    ) -> Read<()> {
        let name = self.schema.names.get(self.doc.text(field.name));
        let id = name.and_then(|name| self.schema.field(parent, name));
        let Some(id) = id else { return Ok(()) };
        let directives = self.named(field.directives, "join__field");
        let ty = self.schema.field_def(id).ty;
        let mut joins = Vec::new();
        if directives.is_empty() {
            let graphs = match owner {
                Some(owner) => SubgraphSet::of(owner),
                None => self.graphs_of(parent),
            };
            joins.extend(graphs.iter().map(|subgraph| plain_join(subgraph, ty)));
        }
        for join in directives {
            // Without a graph: the field comes from an `@interfaceObject`, see the interface.
            if let Some(subgraph) = self.graph(&join)? {
                joins.push(self.field_join(id, subgraph, &join)?);
            }
        }
        if owner.is_some() {
            self.add_key_joins(id, &mut joins);
        }
        for &arg in &self.schema.field_def(id).args.clone() {
            let graphs = joins.iter().map(|join| join.subgraph).collect();
            self.schema.inputs[arg.index()].subgraphs = graphs;
        }
        self.schema.fields[id.index()].joins = joins;
        Ok(())
    }

    /// In join v0.1 an extension's key fields are not mentioned, though every graph with the key
    /// can tell them.
    fn add_key_joins(&self, id: FieldId, joins: &mut Vec<FieldJoin>) {
        let field = self.schema.field_def(id);
        for join in &self.schema.ty(field.parent).joins {
            let there = joins.iter().any(|other| other.subgraph == join.subgraph);
            let Some(key) = join.key.filter(|_| !there) else { continue };
            let named = self.schema.set(key).selections.iter().any(
                |selection| matches!(selection, SetSelection::Field { field, .. } if *field == id),
            );
            if named {
                joins.push(plain_join(join.subgraph, field.ty));
            }
        }
    }

    fn field_join(
        &mut self,
        id: FieldId,
        subgraph: SubgraphId,
        join: &Directive,
    ) -> Read<FieldJoin> {
        let doc = self.doc;
        let (parent, ty) = {
            let def = self.schema.field_def(id);
            (def.parent, def.ty)
        };
        let requires = string_argument(doc, join, "requires");
        let provides = string_argument(doc, join, "provides");
        let own_type = string_argument(doc, join, "type");
        let label = string_argument(doc, join, "overrideLabel");
        let overrides = string_argument(doc, join, "override").is_some();
        Ok(FieldJoin {
            subgraph,
            external: self.flag(join, "external").unwrap_or(false),
            requires: requires.map(|set| self.field_set(parent, &set, join.span)).transpose()?,
            provides: provides.map(|set| self.field_set(ty.named, &set, join.span)).transpose()?,
            ty: match own_type {
                Some(text) => self.parse_type(&text, join.span)?,
                None => ty,
            },
            used_overridden: self.flag(join, "usedOverridden").unwrap_or(false),
            label: label.map(|label| OverrideLabel { label: self.intern(&label), when: overrides }),
        })
    }

    /// A type reference in a string: `[Product!]!`.
    fn parse_type(&self, text: &str, span: Span) -> Read<TypeRef> {
        let bad = || self.error(span, format!("`{text}` is not a type"));
        let name = text.trim_matches(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let named = self.schema.type_named(name).ok_or_else(bad)?;
        let lists = text.bytes().take_while(|&b| b == b'[').count();
        let mut wrap = Wrap::NONE;
        let mut closed = 0;
        for byte in text.bytes().skip(lists + name.len()) {
            wrap = match byte {
                b'!' => wrap.non_null(),
                b']' => {
                    closed += 1;
                    wrap.list()
                }
                _ => None,
            }
            .ok_or_else(bad)?;
        }
        if closed == lists { Ok(TypeRef { named, wrap }) } else { Err(bad()) }
    }

    fn field_set(&mut self, on: TypeId, text: &str, span: Span) -> Read<FieldSetId> {
        let known = |set: &FieldSet| set.on == on && set.text == text;
        if let Some(at) = self.schema.field_sets.iter().rposition(known) {
            return Ok(FieldSetId::new(at));
        }
        let (doc, selections) = parse_selection_set(text, Limits::OPERATION).map_err(|error| {
            self.error(span, format!("invalid field set `{text}`: {}", error.message))
        })?;
        let selections = self.set_selections(&doc, selections, on).map_err(|message| {
            self.error(span, format!("invalid field set `{text}`: {message}"))
        })?;
        self.schema.field_sets.push(FieldSet { on, selections, text: text.to_owned() });
        Ok(FieldSetId::new(self.schema.field_sets.len() - 1))
    }

    fn set_selections(
        &self,
        doc: &Document,
        list: List<Selection>,
        on: TypeId,
    ) -> Result<Vec<SetSelection>, String> {
        let mut selections = Vec::with_capacity(list.len());
        for selection in &doc[list] {
            selections.push(match selection {
                Selection::Field(field) if doc.text(field.name) == "__typename" => {
                    SetSelection::Typename
                }
                Selection::Field(field) => {
                    let name = doc.text(field.name);
                    let id = self.schema.field_named(on, name).ok_or_else(|| {
                        format!("`{}` has no field `{name}`", self.schema.type_name(on))
                    })?;
                    let named = self.schema.field_def(id).ty.named;
                    let arguments = doc[field.arguments].iter().map(|argument| {
                        let name = self.schema.names.get(doc.text(argument.name));
                        name.map(|name| (name, const_value(doc, argument.value)))
                    });
                    let arguments: Option<Vec<(Name, ConstValue)>> = arguments.collect();
                    SetSelection::Field {
                        field: id,
                        arguments: arguments.ok_or("unknown argument")?,
                        selections: self.set_selections(doc, field.selections, named)?,
                    }
                }
                Selection::Inline(inline) => {
                    let on = match inline.on {
                        Some(name) => {
                            let name = doc.text(name);
                            let id = self.schema.type_named(name);
                            id.ok_or_else(|| format!("there is no type `{name}`"))?
                        }
                        None => on,
                    };
                    let selections = self.set_selections(doc, inline.selections, on)?;
                    SetSelection::Fragment { on, selections }
                }
                Selection::Spread(_) => return Err("fragment spreads are not allowed".into()),
            });
        }
        Ok(selections)
    }
}

fn bare_join(subgraph: SubgraphId) -> TypeJoin {
    TypeJoin { subgraph, key: None, resolvable: true, interface_object: false }
}

fn plain_join(subgraph: SubgraphId, ty: TypeRef) -> FieldJoin {
    FieldJoin {
        subgraph,
        external: false,
        requires: None,
        provides: None,
        ty,
        used_overridden: false,
        label: None,
    }
}
