//! From a valid document to [`crate::operation`]: fragments inlined, conditions decided, equal
//! fields merged as `CollectFields` and `CollectSubfields` of the specification do (section 6.3.2),
//! type conditions that are always or never met taken away, fields marked that are denied.
//!
//! A level of the result is the selection set of one object, for one type condition. The work is
//! that of a walk over the expanded operation, which [`crate::limits`] bounded.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use braid_model::Supergraph;
use braid_model::bits::{AuthSet, TypeSet};
use braid_model::ids::{AuthId, FieldId, InputId, TypeId};
use braid_model::schema::Kind;
use braid_model::syntax::{self, Directive, Document, List, ValueKind};

use crate::document::{Conditions, ValidDocument};
use crate::operation::{Field, Operation, Selection, Shaping, Value};
use crate::validate::{Target, placed};

/// See [`ValidDocument::normalise`].
pub(crate) fn operation(
    valid: &ValidDocument,
    schema: &Supergraph,
    conditions: Conditions,
    denied: &AuthSet,
) -> Operation {
    let auth = Auth::Deny(denied);
    let normaliser =
        Normaliser { valid, schema, doc: &valid.document, conditions: Some(conditions), auth };
    Operation {
        kind: valid.operation.kind,
        name: valid.name().map(str::to_owned),
        root: valid.root,
        variables: valid.variables.clone(),
        selections: normaliser.root(),
        omit_null: normaliser.shaping(valid.operation.directives).omit_null,
    }
}

/// Every requirement that [`operation`] may look at, whatever the conditions are: those of all
/// that it would look at if nothing were skipped.
pub(crate) fn touched(valid: &ValidDocument, schema: &Supergraph) -> AuthSet {
    let noted = RefCell::new(AuthSet::new());
    if !schema.auth.is_empty() {
        let auth = Auth::Note(&noted);
        let everything = Normaliser { valid, schema, doc: &valid.document, conditions: None, auth };
        everything.root();
    }
    noted.into_inner()
}

/// Tells all requirements on the caller for a field of an object that is one of `possible`: of the
/// field, of the type that it is of and of the type that it returns; where these are abstract, of
/// every type that the object can be.
fn requirements(
    schema: &Supergraph,
    field: FieldId,
    possible: &TypeSet,
    tell: &mut dyn FnMut(AuthId),
) {
    let def = schema.field_def(field);
    let (parent, returned) = (schema.ty(def.parent), schema.ty(def.ty.named));
    [def.auth, parent.auth, returned.auth].into_iter().flatten().for_each(&mut *tell);
    if parent.kind != Kind::Object {
        for object in possible.iter() {
            schema.ty(object).auth.into_iter().for_each(&mut *tell);
            if let Some(own) = schema.field(object, def.name) {
                let own = schema.field_def(own);
                let returned = schema.ty(own.ty.named).auth;
                [own.auth, returned].into_iter().flatten().for_each(&mut *tell);
            }
        }
    }
    if matches!(returned.kind, Kind::Interface | Kind::Union) {
        returned.possible.iter().filter_map(|object| schema.ty(object).auth).for_each(tell);
    }
}

/// What is done about requirements on the caller.
#[derive(Clone, Copy)]
enum Auth<'a> {
    /// Fields that need any of these are marked.
    Deny(&'a AuthSet),
    /// All of them are noted.
    Note(&'a RefCell<AuthSet>),
}

struct Normaliser<'a> {
    valid: &'a ValidDocument,
    schema: &'a Supergraph,
    doc: &'a Document,
    /// Nothing: no field is left out.
    conditions: Option<Conditions>,
    auth: Auth<'a>,
}

/// What objects a level is about.
#[derive(Clone, Copy)]
struct Scope<'s> {
    /// The type of the selection set or of the condition.
    on: TypeId,
    /// What the objects can be, after all conditions around.
    possible: &'s TypeSet,
}

/// A level while it is collected, in the order of the answer.
#[derive(Default)]
struct Level<'a> {
    items: Vec<Item<'a>>,
    by_key: FxHashMap<&'a str, usize>,
}

enum Item<'a> {
    Typename(&'a str),
    Field(Collected<'a>),
    Fragment { on: TypeId, possible: TypeSet, sets: Vec<List<syntax::Selection>> },
}

struct Collected<'a> {
    key: &'a str,
    id: FieldId,
    /// The first of the equal fields: the others have the same arguments.
    field: &'a syntax::Field,
    /// The selection sets of all equal fields.
    sets: Vec<List<syntax::Selection>>,
}

/// The levels around a fragment's, for the same object.
struct Around<'l, 'a> {
    level: &'l Level<'a>,
    /// How many items stand before the fragment.
    before: usize,
    outer: Option<&'l Around<'l, 'a>>,
}

impl Around<'_, '_> {
    /// Whether a leaf of that response key was selected before, for all objects of the fragment.
    fn has_leaf(&self, key: &str) -> bool {
        let leaf = |&at: &usize| {
            at < self.before
                && match &self.level.items[at] {
                    Item::Typename(_) => true,
                    Item::Field(field) => field.field.selections.is_empty(),
                    Item::Fragment { .. } => false,
                }
        };
        self.level.by_key.get(key).is_some_and(leaf)
            || self.outer.is_some_and(|outer| outer.has_leaf(key))
    }
}

impl<'a> Normaliser<'a> {
    fn root(&self) -> Vec<Selection> {
        let possible = TypeSet::of(self.valid.root);
        let scope = Scope { on: self.valid.root, possible: &possible };
        self.level(&[self.valid.operation.selections], scope, None)
    }

    /// The merged selections of some sets, all about the same objects.
    fn level(
        &self,
        sets: &[List<syntax::Selection>],
        scope: Scope<'_>,
        around: Option<&Around<'_, 'a>>,
    ) -> Vec<Selection> {
        let mut level = Level::default();
        for &set in sets {
            self.collect(set, scope, &mut level);
        }
        let mut selections = Vec::with_capacity(level.items.len());
        for (before, item) in level.items.iter().enumerate() {
            match item {
                Item::Typename(key) if around.is_some_and(|around| around.has_leaf(key)) => {}
                Item::Typename(key) => {
                    selections.push(Selection::Typename { key: (*key).to_owned() });
                }
                Item::Field(field) => {
                    let denied = self.is_denied(field.id, scope);
                    let leaf = field.field.selections.is_empty();
                    if !(leaf && around.is_some_and(|around| around.has_leaf(field.key))) {
                        selections.push(Selection::Field(self.field(field, denied)));
                    }
                }
                Item::Fragment { on, possible, sets } => {
                    let around = Around { level: &level, before, outer: around };
                    let inner = self.level(sets, Scope { on: *on, possible }, Some(&around));
                    if !inner.is_empty() {
                        selections.push(Selection::Fragment { on: *on, selections: inner });
                    }
                }
            }
        }
        selections
    }

    fn collect(&self, set: List<syntax::Selection>, scope: Scope<'_>, level: &mut Level<'a>) {
        for (place, selection) in placed(self.doc, set) {
            match (selection, self.valid.resolved.target(place)) {
                (syntax::Selection::Field(field), target) => {
                    if self.is_included(field.directives) {
                        self.collect_field(field, target, scope, level);
                    }
                }
                (syntax::Selection::Inline(inline), Target::On(on)) => {
                    if self.is_included(inline.directives) {
                        self.collect_fragment(inline.selections, on, scope, level);
                    }
                }
                (syntax::Selection::Spread(spread), Target::Fragment(at)) => {
                    let on = self.valid.resolved.fragments.get(at).copied().flatten();
                    if let Some(on) = on.filter(|_| self.is_included(spread.directives)) {
                        let selections = self.doc.fragments[at].selections;
                        self.collect_fragment(selections, on, scope, level);
                    }
                }
                // Validation leaves no selection unresolved.
                (syntax::Selection::Inline(_) | syntax::Selection::Spread(_), _) => {}
            }
        }
    }

    fn collect_field(
        &self,
        field: &'a syntax::Field,
        target: Target,
        scope: Scope<'_>,
        level: &mut Level<'a>,
    ) {
        let key = self.doc.text(field.response_key());
        if let Some(&at) = level.by_key.get(key) {
            // Validation proved that fields of one key are equal here.
            if let Item::Field(known) = &mut level.items[at]
                && !field.selections.is_empty()
            {
                known.sets.push(field.selections);
            }
            return;
        }
        let item = match target {
            Target::Field(id) => {
                // The same field of the type in hand: the selection may stand in a fragment on an
                // interface that this type implements.
                let name = self.schema.field_def(id).name;
                let id = self.schema.field(scope.on, name).unwrap_or(id);
                let sets = Vec::from_iter(Some(field.selections).filter(|set| !set.is_empty()));
                Item::Field(Collected { key, id, field, sets })
            }
            Target::Typename => Item::Typename(key),
            Target::Unknown | Target::On(_) | Target::Fragment(_) => return,
        };
        level.by_key.insert(key, level.items.len());
        level.items.push(item);
    }

    fn collect_fragment(
        &self,
        set: List<syntax::Selection>,
        on: TypeId,
        scope: Scope<'_>,
        level: &mut Level<'a>,
    ) {
        if on == scope.on {
            return self.collect(set, scope, level);
        }
        let condition = self.schema.ty(on);
        let possible = scope.possible.intersection(&condition.possible);
        if possible.is_empty() {
            return;
        }
        // The fields of an implied condition must exist on the type in hand, too. A union has none.
        let has_fields =
            condition.kind == Kind::Union || self.schema.ty(scope.on).interfaces.contains(&on);
        if has_fields && possible == *scope.possible {
            return self.collect(set, scope, level);
        }
        level.add_fragment(on, possible, set);
    }

    fn is_denied(&self, field: FieldId, scope: Scope<'_>) -> bool {
        let mut is_denied = false;
        match self.auth {
            Auth::Deny(denied) if denied.is_empty() => {}
            Auth::Deny(denied) => requirements(self.schema, field, scope.possible, &mut |auth| {
                is_denied |= denied.contains(auth);
            }),
            Auth::Note(noted) => requirements(self.schema, field, scope.possible, &mut |auth| {
                noted.borrow_mut().insert(auth);
            }),
        }
        is_denied
    }

    fn field(&self, collected: &Collected<'_>, denied: bool) -> Field {
        let schema = self.schema;
        let def = schema.field_def(collected.id);
        let inner = Scope { on: def.ty.named, possible: &schema.ty(def.ty.named).possible };
        let sets: &[_] = if denied { &[] } else { &collected.sets };
        Field {
            key: collected.key.to_owned(),
            field: collected.id,
            arguments: self.arguments(&def.args, collected.field.arguments),
            selections: self.level(sets, inner, None),
            denied,
            shaping: self.shaping(collected.field.directives),
        }
    }

    /// The arguments in the order of the definition.
    fn arguments(&self, defs: &[InputId], given: List<syntax::Argument>) -> Vec<(InputId, Value)> {
        let given = &self.doc[given];
        let mut arguments = Vec::with_capacity(given.len());
        for &id in defs {
            let name = self.schema.text(self.schema.input(id).name);
            if let Some(found) = given.iter().find(|given| self.doc.text(given.name) == name) {
                arguments.push((id, self.value(self.doc.value(found.value))));
            }
        }
        arguments
    }

    fn value(&self, value: &syntax::Value) -> Value {
        let doc = self.doc;
        let text = || doc.text(value.span).to_owned();
        match value.kind {
            ValueKind::Variable(name) => Value::Variable(self.valid.variable(name)),
            ValueKind::Null => Value::Null,
            ValueKind::Int => Value::Int(text()),
            ValueKind::Float => Value::Float(text()),
            ValueKind::String(string) => Value::String(doc.string(string).into_owned()),
            ValueKind::Boolean(value) => Value::Boolean(value),
            ValueKind::Enum => Value::Enum(text()),
            ValueKind::List(items) => {
                Value::List(doc[items].iter().map(|item| self.value(item)).collect())
            }
            ValueKind::Object(fields) => {
                let fields = doc[fields].iter().map(|field| {
                    let value = self.value(doc.value(field.value));
                    (doc.text(field.name).to_owned(), value)
                });
                Value::Object(fields.collect())
            }
        }
    }

    /// `@skip` and `@include` (specification, section 3.13).
    fn is_included(&self, directives: List<Directive>) -> bool {
        let Some(conditions) = self.conditions else { return true };
        self.doc[directives].iter().all(|directive| match self.doc.text(directive.name) {
            "skip" => !self.condition(directive, conditions),
            "include" => self.condition(directive, conditions),
            _ => true,
        })
    }

    fn condition(&self, directive: &Directive, conditions: Conditions) -> bool {
        self.doc[directive.arguments].iter().any(|argument| {
            match self.doc.value(argument.value).kind {
                ValueKind::Boolean(value) => value,
                ValueKind::Variable(name) => {
                    let variable = self.valid.variable(name);
                    let bit = self.valid.conditions.iter().position(|&at| at == variable);
                    bit.is_some_and(|bit| conditions.is_true(bit))
                }
                _ => false,
            }
        })
    }

    fn shaping(&self, directives: List<Directive>) -> Shaping {
        let mut shaping = Shaping::default();
        if self.valid.stored {
            for directive in &self.doc[directives] {
                match self.doc.text(directive.name) {
                    "flatten" => shaping.flatten = true,
                    "hide" => shaping.hide = true,
                    "omitNull" => shaping.omit_null = true,
                    _ => {}
                }
            }
        }
        shaping
    }
}

impl Level<'_> {
    /// Adds to the last fragment with the same condition, if nothing that stands behind it can
    /// apply to the same objects: the order of the answer must not change.
    fn add_fragment(&mut self, on: TypeId, possible: TypeSet, set: List<syntax::Selection>) {
        for item in self.items.iter_mut().rev() {
            match item {
                Item::Fragment { on: known, sets, .. } if *known == on => return sets.push(set),
                Item::Fragment { possible: other, .. } if !other.intersects(&possible) => {}
                Item::Fragment { .. } | Item::Field(_) | Item::Typename(_) => break,
            }
        }
        self.items.push(Item::Fragment { on, possible, sets: vec![set] });
    }
}
