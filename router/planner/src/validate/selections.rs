//! Fields, arguments and fragments (specification, sections 5.3.1, 5.3.3, 5.4 and 5.5).

use rustc_hash::FxHashSet;

use braid_model::ids::{FieldId, InputId, TypeId};
use braid_model::schema::Kind;
use braid_model::syntax::{Argument, Field, Inline, List, Selection, Span, Spread};

use super::error::{Rule, excerpt};
use super::{AllUses, Check, Target, placed, suggest};

impl Check<'_> {
    /// Walks a selection set on a type; nothing is said about what is below an unknown type, but
    /// its variables and spreads are noted. Recursion is as deep as the text nests.
    pub(super) fn selections(&mut self, set: List<Selection>, on: Option<TypeId>) {
        let doc = self.doc;
        for (place, selection) in placed(doc, set) {
            if self.errors.is_full() {
                return;
            }
            match selection {
                Selection::Field(field) => self.field(place, field, on),
                Selection::Spread(spread) => self.spread(place, spread, on),
                Selection::Inline(inline) => self.inline(place, inline, on),
            }
        }
    }

    fn field(&mut self, place: usize, field: &Field, on: Option<TypeId>) {
        self.directives(field.directives, "FIELD");
        let name = self.doc.text(field.name);
        if name == "__typename" && on.is_some() {
            self.resolve(place, Target::Typename);
            self.arguments(Some(&[]), field.arguments, field.name);
            if !field.selections.is_empty() {
                let message = "`__typename` has no fields; take the braces away".to_owned();
                self.error(Rule::ScalarLeafs, message, field.span);
            }
            return;
        }
        let found = on.and_then(|on| self.view.field_named(self.schema, on, name));
        let Some(id) = found else {
            if let Some(on) = on {
                self.unknown_field(field, on);
            }
            self.arguments(None, field.arguments, field.name);
            self.selections(field.selections, None);
            return;
        };
        let schema = self.schema;
        if schema.is_introspection_field(id) && !self.options.introspection {
            let message = "introspection is closed; use the published schema";
            self.error(Rule::IntrospectionClosed, message, field.name);
        }
        self.resolve(place, Target::Field(id));
        let def = schema.field_def(id);
        self.arguments(Some(&def.args), field.arguments, field.name);
        self.leaf(field, id);
        let composite = schema.is_composite(def.ty.named);
        self.selections(field.selections, composite.then_some(def.ty.named));
    }

    /// 5.3.1
    fn unknown_field(&mut self, field: &Field, on: TypeId) {
        let schema = self.schema;
        let name = self.doc.text(field.name);
        let hint = self.hint(|| {
            let fields = schema.ty(on).fields.iter().filter(|&&id| self.view.field(id));
            let near = suggest::nearest(name, fields.map(|&id| schema.field_name(id)));
            let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            format!(" on type `{}`{near}", schema.type_name(on))
        });
        let message = format!("there is no field `{}` here{hint}", excerpt(name));
        let coordinate = format!("{}.{}", schema.type_name(on), excerpt(name));
        self.error_at(Rule::FieldsOnCorrectType, message, field.name, coordinate);
    }

    /// 5.3.3
    fn leaf(&mut self, field: &Field, id: FieldId) {
        let schema = self.schema;
        let ty = schema.field_def(id).ty;
        let name = self.name(field.name);
        let hint = self.hint(|| format!(" of type `{}`", schema.type_text(ty)));
        let message = match (schema.is_composite(ty.named), field.selections.is_empty()) {
            (true, true) => {
                format!("field `{name}`{hint} has fields; select some of them in braces")
            }
            (false, false) => format!("field `{name}`{hint} has no fields; take the braces away"),
            (true, false) | (false, true) => return,
        };
        self.error_at(Rule::ScalarLeafs, message, field.name, schema.coordinate(id));
    }

    /// Arguments of a field or directive: 5.4. `defs` is nothing where the owner is not known.
    pub(super) fn arguments(
        &mut self,
        defs: Option<&[InputId]>,
        given: List<Argument>,
        owner: Span,
    ) {
        let (schema, doc) = (self.schema, self.doc);
        let given = &doc[given];
        self.unique_names(given, Rule::UniqueArgumentNames);
        for argument in given {
            let name = doc.text(argument.name);
            let def = defs.and_then(|defs| self.view.input_named(schema, defs, name));
            if let Some(id) = def {
                let def = schema.input(id);
                self.value(doc.value(argument.value), def.ty, def.default.is_some());
                continue;
            }
            self.unknown_value(doc.value(argument.value));
            if let Some(defs) = defs {
                let hint = self.hint(|| {
                    let names = defs.iter().filter(|&&id| self.view.input(schema, id));
                    let names = names.map(|&id| schema.text(schema.input(id).name));
                    let near = suggest::nearest(name, names);
                    near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
                });
                let (name, owner) = (excerpt(name), self.name(owner));
                let message = format!("`{owner}` has no argument `{name}`{hint}");
                self.error(Rule::KnownArgumentNames, message, argument.name);
            }
        }
        for &id in defs.unwrap_or_default() {
            let def = schema.input(id);
            let required = def.ty.is_non_null() && def.default.is_none();
            if required && self.view.input(schema, id) {
                let name = schema.text(def.name);
                if !given.iter().any(|argument| doc.text(argument.name) == name) {
                    let hint = self.hint(|| format!(": `{name}: {}`", schema.type_text(def.ty)));
                    let owner_name = self.name(owner);
                    let message = format!("`{owner_name}` lacks a required argument{hint}");
                    self.error(Rule::ProvidedRequiredArguments, message, owner);
                }
            }
        }
    }

    /// 5.4.2 and 5.6.3
    pub(super) fn unique_names(&mut self, given: &[Argument], rule: Rule) {
        if given.len() < 2 {
            return;
        }
        let mut seen = FxHashSet::default();
        for argument in given {
            if !seen.insert(self.doc.text(argument.name)) {
                let message = format!("`{}` is given twice", self.name(argument.name));
                self.error(rule, message, argument.name);
            }
        }
    }

    fn spread(&mut self, place: usize, spread: &Spread, on: Option<TypeId>) {
        self.directives(spread.directives, "FRAGMENT_SPREAD");
        let Some(&target) = self.by_name.get(self.doc.text(spread.name)) else {
            let message = format!("there is no fragment `{}`; define it", self.name(spread.name));
            self.error(Rule::KnownFragmentNames, message, spread.name);
            return;
        };
        self.resolve(place, Target::Fragment(target));
        self.uses.fragments.push(target);
        let condition = self.resolved.fragments.get(target).copied().flatten();
        self.possible(on, condition, spread.span);
    }

    fn inline(&mut self, place: usize, inline: &Inline, on: Option<TypeId>) {
        self.directives(inline.directives, "INLINE_FRAGMENT");
        let inner = match inline.on {
            None => on,
            Some(name) => {
                let condition = self.type_condition(name);
                self.possible(on, condition, inline.span);
                condition
            }
        };
        if let Some(inner) = inner {
            self.resolve(place, Target::On(inner));
        }
        self.selections(inline.selections, inner);
    }

    /// 5.5.1.2 and 5.5.1.3
    pub(super) fn type_condition(&mut self, name: Span) -> Option<TypeId> {
        let schema = self.schema;
        let text = self.doc.text(name);
        let Some(id) = self.view.type_named(schema, text) else {
            let hint = self.hint(|| {
                let visible = (0..schema.types.len()).map(TypeId::new);
                let visible = visible.filter(|&id| self.view.ty(id) && schema.is_composite(id));
                let near = suggest::nearest(text, visible.map(|id| schema.type_name(id)));
                near.map_or(String::new(), |near| format!("; did you mean `{near}`?"))
            });
            let message = format!("there is no type `{}`{hint}", excerpt(text));
            self.error(Rule::KnownTypeNames, message, name);
            return None;
        };
        if !schema.is_composite(id) {
            let what = match schema.ty(id).kind {
                Kind::InputObject => "an input object",
                Kind::Enum => "an enum",
                Kind::Scalar | Kind::Object | Kind::Interface | Kind::Union => "a scalar",
            };
            let message = format!(
                "`{}` is {what}; a fragment is on an object, interface or union",
                excerpt(text)
            );
            self.error(Rule::FragmentsOnCompositeTypes, message, name);
            return None;
        }
        Some(id)
    }

    /// 5.5.2.3
    fn possible(&mut self, on: Option<TypeId>, condition: Option<TypeId>, span: Span) {
        let (Some(on), Some(condition)) = (on, condition) else { return };
        if on == condition {
            return;
        }
        let schema = self.schema;
        let around = self.view.possible(schema, on);
        if !around.intersects(&self.view.possible(schema, condition)) {
            let hint = self.hint(|| format!(" `{}`", schema.type_name(on)));
            let message = format!(
                "an object of the type{hint} around this fragment is never of type `{}`",
                excerpt(schema.type_name(condition))
            );
            self.error(Rule::PossibleFragmentSpreads, message, span);
        }
    }

    /// 5.5.1.4
    pub(super) fn fragments_used(&mut self, all: &AllUses) {
        let mut used = vec![false; all.fragments.len()];
        let mut open: Vec<usize> =
            all.operations.iter().flat_map(|uses| uses.fragments.iter().copied()).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut used[at], true) {
                open.extend(&all.fragments[at].fragments);
            }
        }
        for (at, fragment) in self.doc.fragments.iter().enumerate() {
            let first = self.by_name.get(self.doc.text(fragment.name)) == Some(&at);
            if first && !used[at] {
                let name = self.name(fragment.name);
                let message = format!("no operation uses fragment `{name}`; take it away");
                self.error(Rule::NoUnusedFragments, message, fragment.name);
            }
        }
    }
}
