//! Validation of executable documents: all rules of section 5 of the specification (September
//! 2025), against what a [`View`] shows of the supergraph.
//!
//! [`ValidDocument::read`](crate::document::ValidDocument::read) is the door; nothing else makes
//! one. Work is bounded: [`crate::limits`] comes first; then every definition is walked once
//! ([`selections`], with [`values`] and [`directives`]); what depends on the operation that uses a
//! fragment ([`variables`]) is decided from what that walk noted down; and overlapping fields
//! ([`overlap`]) are grouped, not compared in pairs. The walk also resolves every selection, so
//! nobody behind looks a name up again.

pub(crate) mod directives;
pub mod error;
mod operations;
mod overlap;
mod selections;
mod suggest;
pub(crate) mod values;
mod variables;

use rustc_hash::FxHashMap;

use braid_model::Supergraph;
use braid_model::ids::{FieldId, TypeId};
use braid_model::schema::TypeRef;
use braid_model::syntax::{Document, Selection, Span, Type, TypeRefId};

use crate::limits::Limits;
use crate::validate::error::{Errors, Rule, excerpt};
use crate::view::View;

/// How a document is to be validated.
#[derive(Debug, Clone)]
pub struct Options {
    /// What it may cost.
    pub limits: Limits,
    /// It is a document that we store: shaping directives (`@flatten`, `@hide`, `@omitNull`) are
    /// known.
    pub stored: bool,
    /// `__schema` and `__type` may be asked.
    pub introspection: bool,
    /// Messages may name schema elements that the document does not name. For development, and
    /// wherever introspection is open.
    pub suggest: bool,
    /// How many errors are reported at most.
    pub errors_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            stored: false,
            introspection: true,
            suggest: false,
            errors_max: 20,
        }
    }
}

/// What a selection is, after its name was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Nothing that exists; only while there are errors.
    Unknown,
    /// `__typename`
    Typename,
    /// A field.
    Field(FieldId),
    /// An inline fragment: its type condition, or the type around it.
    On(TypeId),
    /// A spread of [`Document::fragments`] at this place.
    Fragment(usize),
}

/// What the walk found, to be kept with a valid document.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// For each selection of the document, by its place.
    pub(crate) targets: Vec<Target>,
    /// The type condition of each fragment.
    pub(crate) fragments: Vec<Option<TypeId>>,
}

impl Resolved {
    /// What the selection at a place is.
    pub(crate) fn target(&self, selection: usize) -> Target {
        self.targets.get(selection).copied().unwrap_or(Target::Unknown)
    }
}

/// A variable in a value.
struct Usage {
    name: Span,
    /// The type expected there, if that is known.
    expected: Option<TypeRef>,
    /// The argument or input field has a default.
    has_default: bool,
    /// It is the field of a `@oneOf` input object, where null is no value.
    one_of: bool,
}

/// What one operation or fragment uses, not counting what it spreads.
#[derive(Default)]
struct Uses {
    variables: Vec<Usage>,
    fragments: Vec<usize>,
}

/// Validates; if there are errors the result is of no use.
pub(crate) fn validate(
    schema: &Supergraph,
    view: &View,
    doc: &Document,
    options: &Options,
    errors: &mut Errors,
) -> Resolved {
    let mut by_name = FxHashMap::default();
    for (at, fragment) in doc.fragments.iter().enumerate() {
        by_name.entry(doc.text(fragment.name)).or_insert(at);
    }
    let resolved = Resolved::default();
    let mut check =
        Check { schema, view, doc, options, errors, by_name, resolved, uses: Uses::default() };
    check.definitions();
    let operations = check.walk();
    check.fragments_used(&operations);
    for (at, uses) in operations.operations.iter().enumerate() {
        check.variables(&doc.operations[at], uses, &operations.fragments);
    }
    if check.errors.is_empty() {
        overlap::check(&mut check);
    }
    check.resolved
}

/// What all definitions use.
struct AllUses {
    operations: Vec<Uses>,
    fragments: Vec<Uses>,
}

/// The state of a validation.
struct Check<'a> {
    schema: &'a Supergraph,
    view: &'a View,
    doc: &'a Document,
    options: &'a Options,
    errors: &'a mut Errors,
    by_name: FxHashMap<&'a str, usize>,
    resolved: Resolved,
    /// Of the definition that is being walked.
    uses: Uses,
}

impl<'a> Check<'a> {
    fn error(&mut self, rule: Rule, message: impl Into<String>, span: Span) {
        self.errors.push(rule, message.into(), &[span]);
    }

    /// An error about a schema element, which is only told where suggestions are on.
    fn error_at(&mut self, rule: Rule, message: String, span: Span, coordinate: String) {
        let coordinate = self.options.suggest.then_some(coordinate);
        self.errors.push_about(rule, message, &[span], coordinate);
    }

    /// A part of a message that names what the document does not name.
    fn hint(&self, text: impl FnOnce() -> String) -> String {
        if self.options.suggest { text() } else { String::new() }
    }

    /// The document's text of a name, cut for a message.
    fn name(&self, span: Span) -> String {
        excerpt(self.doc.text(span))
    }

    fn resolve(&mut self, selection: usize, target: Target) {
        let targets = &mut self.resolved.targets;
        if selection >= targets.len() {
            targets.resize(selection + 1, Target::Unknown);
        }
        targets[selection] = target;
    }

    /// Walks every definition once.
    fn walk(&mut self) -> AllUses {
        let doc = self.doc;
        let fragments: Vec<Option<TypeId>> =
            doc.fragments.iter().map(|fragment| self.type_condition(fragment.on)).collect();
        self.resolved.fragments = fragments;
        let mut all = AllUses { operations: Vec::new(), fragments: Vec::new() };
        for operation in &doc.operations {
            let root = self.operation_root(operation);
            self.directives(operation.directives, directives::operation(operation.kind));
            self.selections(operation.selections, root);
            all.operations.push(std::mem::take(&mut self.uses));
        }
        for (at, fragment) in doc.fragments.iter().enumerate() {
            self.directives(fragment.directives, "FRAGMENT_DEFINITION");
            self.selections(fragment.selections, self.resolved.fragments[at]);
            all.fragments.push(std::mem::take(&mut self.uses));
        }
        all
    }

    /// The supergraph's type of a type reference, if its named type is visible.
    fn type_ref(&self, id: TypeRefId) -> Option<TypeRef> {
        type_ref(self.schema, self.view, self.doc, id)
    }
}

/// The supergraph's type of a type reference; nothing if its named type is not visible, or it has
/// more wrappers than a type can have.
pub(crate) fn type_ref(
    schema: &Supergraph,
    view: &View,
    doc: &Document,
    id: TypeRefId,
) -> Option<TypeRef> {
    match doc.ty(id) {
        Type::Named { name, non_null } => {
            let named = view.type_named(schema, doc.text(name))?;
            let bare = TypeRef { named, wrap: braid_model::schema::Wrap::NONE };
            if non_null {
                Some(TypeRef { wrap: bare.wrap.non_null()?, ..bare })
            } else {
                Some(bare)
            }
        }
        Type::List { item, non_null, .. } => {
            let item = type_ref(schema, view, doc, item)?;
            let wrap = item.wrap.list()?;
            Some(TypeRef { wrap: if non_null { wrap.non_null()? } else { wrap }, ..item })
        }
    }
}

/// The selections of a list with their places.
pub(crate) fn placed(
    doc: &Document,
    list: braid_model::syntax::List<Selection>,
) -> impl Iterator<Item = (usize, &Selection)> {
    list.ids().zip(&doc[list])
}
