//! A valid document: the only way to get one is to read it through all checks.
//!
//! It holds the text's tree, what every selection is, and which of its operations is meant.
//! [`ValidDocument::normalise`] makes of it what planning starts from; that depends on the values
//! of a few boolean variables ([`ValidDocument::conditions`]) and on what the caller may not see
//! ([`ValidDocument::auth`]), and on nothing else of a request.

use rustc_hash::FxHashMap;

use braid_model::Supergraph;
use braid_model::bits::AuthSet;
use braid_model::ids::TypeId;
use braid_model::schema::ConstValue;
use braid_model::syntax::{self, Directive, Document, List, OperationKind, Selection, ValueKind};

use crate::limits;
use crate::normalise;
use crate::operation::{Operation, Variable, VariableIndex};
use crate::validate::error::{DocumentError, Errors, Rule, excerpt};
use crate::validate::{self, Options, Resolved, Target};
use crate::view::View;

/// Which of the variables that decide `@skip` and `@include` are true: one bit for each of
/// [`ValidDocument::conditions`]. Part of the key under which a plan is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Conditions(u64);

impl Conditions {
    /// The same, with the condition at `index` true.
    #[must_use]
    pub fn with(self, index: usize) -> Self {
        Self(self.0 | 1_u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0))
    }

    /// Whether the condition at `index` is true.
    pub fn is_true(self, index: usize) -> bool {
        self.0 & Self::default().with(index).0 != 0
    }
}

/// A document that passed validation, with the operation that is meant.
#[derive(Debug)]
pub struct ValidDocument {
    pub(crate) document: Document,
    pub(crate) resolved: Resolved,
    pub(crate) operation: syntax::Operation,
    pub(crate) root: TypeId,
    pub(crate) variables: Vec<Variable>,
    pub(crate) variable_index: FxHashMap<String, VariableIndex>,
    pub(crate) conditions: Vec<VariableIndex>,
    pub(crate) stored: bool,
    auth: AuthSet,
}

impl ValidDocument {
    /// Parses and validates `text` and finds the operation of that name, or the only one.
    ///
    /// # Errors
    /// All that is wrong, in the order of the text, up to [`Options::errors_max`]. Limits are
    /// checked before anything else.
    pub fn read(
        schema: &Supergraph,
        view: &View,
        text: &str,
        operation_name: Option<&str>,
        options: &Options,
    ) -> Result<Self, Vec<DocumentError>> {
        let document = syntax::parse(text, options.limits.syntax()).map_err(syntax_error)?;
        let mut errors = Errors::new(options.errors_max);
        limits::check(&document, &options.limits, &mut errors);
        if !errors.is_empty() {
            return Err(errors.finish(|byte| document.position(byte)));
        }
        let resolved = validate::validate(schema, view, &document, options, &mut errors);
        if !errors.is_empty() {
            return Err(errors.finish(|byte| document.position(byte)));
        }
        let operation = choose(&document, operation_name).map_err(|error| vec![error])?;
        let mut valid = Self {
            root: root(schema, operation.kind),
            variables: variables(schema, view, &document, &operation),
            variable_index: FxHashMap::default(),
            conditions: Vec::new(),
            stored: options.stored,
            auth: AuthSet::new(),
            document,
            resolved,
            operation,
        };
        let names = valid.variables.iter().enumerate();
        valid.variable_index = names.map(|(at, variable)| (variable.name.clone(), at)).collect();
        valid.conditions = valid.find_conditions().map_err(|error| vec![error])?;
        valid.auth = normalise::touched(&valid, schema);
        Ok(valid)
    }

    /// Query, mutation or subscription.
    pub fn kind(&self) -> OperationKind {
        self.operation.kind
    }

    /// The operation's name.
    pub fn name(&self) -> Option<&str> {
        self.operation.name.map(|name| self.document.text(name))
    }

    /// The operation's variables, in order.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The boolean variables that decide `@skip` and `@include`; the place here is the bit in
    /// [`Conditions`]. At most 64.
    pub fn conditions(&self) -> &[VariableIndex] {
        &self.conditions
    }

    /// The requirements on the caller that decide what is left of the operation.
    pub fn auth(&self) -> &AuthSet {
        &self.auth
    }

    /// The operation with its fragments inlined, its conditions decided and the fields that need
    /// anything of `denied` marked. `schema` is the one that the document was validated against.
    pub fn normalise(
        &self,
        schema: &Supergraph,
        conditions: Conditions,
        denied: &AuthSet,
    ) -> Operation {
        normalise::operation(self, schema, conditions, denied)
    }

    /// Where a variable is defined.
    pub(crate) fn variable_span(&self, variable: VariableIndex) -> Option<syntax::Span> {
        self.document[self.operation.variables].get(variable).map(|definition| definition.span)
    }

    /// Line and column of a place in the text, counted from one.
    pub(crate) fn position(&self, span: syntax::Span) -> (u32, u32) {
        self.document.position(span.start)
    }

    /// The variable of that name. Validation proved that it exists.
    pub(crate) fn variable(&self, name: syntax::Span) -> VariableIndex {
        self.variable_index.get(self.document.text(name)).copied().unwrap_or_default()
    }

    /// Finds the variables that decide anything that the operation reaches.
    fn find_conditions(&self) -> Result<Vec<VariableIndex>, DocumentError> {
        let mut conditions = Vec::new();
        let mut visited = vec![false; self.document.fragments.len()];
        let mut open = vec![self.operation.selections];
        while let Some(set) = open.pop() {
            for (place, selection) in validate::placed(&self.document, set) {
                let (directives, inner) = match (selection, self.resolved.target(place)) {
                    (Selection::Field(field), _) => (field.directives, field.selections),
                    (Selection::Inline(inline), _) => (inline.directives, inline.selections),
                    (Selection::Spread(spread), Target::Fragment(at)) => {
                        let fresh = !std::mem::replace(&mut visited[at], true);
                        let fragment = &self.document.fragments[at];
                        let inner = if fresh { fragment.selections } else { List::EMPTY };
                        (spread.directives, inner)
                    }
                    (Selection::Spread(spread), _) => (spread.directives, List::EMPTY),
                };
                self.note_conditions(directives, &mut conditions);
                open.push(inner);
            }
        }
        if conditions.len() > 64 {
            return Err(DocumentError {
                message: "more than 64 variables decide `@skip` and `@include`".to_owned(),
                locations: vec![self.document.position(self.operation.span.start)],
                rule: Rule::MaxConditions,
                coordinate: None,
            });
        }
        // The order of variables, so that equal operations have equal conditions.
        conditions.sort_unstable();
        Ok(conditions)
    }

    fn note_conditions(&self, directives: List<Directive>, conditions: &mut Vec<VariableIndex>) {
        let doc = &self.document;
        for directive in &doc[directives] {
            if !matches!(doc.text(directive.name), "skip" | "include") {
                continue;
            }
            for argument in &doc[directive.arguments] {
                if let ValueKind::Variable(name) = doc.value(argument.value).kind {
                    let index = self.variable(name);
                    if !conditions.contains(&index) {
                        conditions.push(index);
                    }
                }
            }
        }
    }
}

/// A constant value of the document. Validation proved that there is no variable in it.
pub(crate) fn constant(doc: &Document, value: &syntax::Value) -> ConstValue {
    let text = || doc.text(value.span).to_owned();
    match value.kind {
        ValueKind::Variable(_) | ValueKind::Null => ConstValue::Null,
        ValueKind::Int => ConstValue::Int(text()),
        ValueKind::Float => ConstValue::Float(text()),
        ValueKind::String(string) => ConstValue::String(doc.string(string).into_owned()),
        ValueKind::Boolean(value) => ConstValue::Boolean(value),
        ValueKind::Enum => ConstValue::Enum(text()),
        ValueKind::List(items) => {
            ConstValue::List(doc[items].iter().map(|item| constant(doc, item)).collect())
        }
        ValueKind::Object(fields) => {
            let fields = doc[fields].iter().map(|field| {
                let value = constant(doc, doc.value(field.value));
                (doc.text(field.name).to_owned(), value)
            });
            ConstValue::Object(fields.collect())
        }
    }
}

fn syntax_error(error: syntax::SyntaxError) -> Vec<DocumentError> {
    let rule = match (error.limit, error.message.contains("nests")) {
        (false, _) => Rule::Syntax,
        (true, true) => Rule::MaxNesting,
        (true, false) => Rule::MaxTokens,
    };
    let locations = vec![error.position];
    vec![DocumentError { message: error.message, locations, rule, coordinate: None }]
}

/// `GetOperation` (specification, section 6.1).
fn choose(doc: &Document, name: Option<&str>) -> Result<syntax::Operation, DocumentError> {
    let (found, message) = match name {
        Some(name) => {
            let named =
                doc.operations.iter().find(|op| op.name.is_some_and(|n| doc.text(n) == name));
            (named, format!("the document has no operation `{}`", excerpt(name)))
        }
        None => {
            let only = doc.operations.first().filter(|_| doc.operations.len() == 1);
            let message = "the document has several operations; name the one to execute";
            (only, message.to_owned())
        }
    };
    found.copied().ok_or(DocumentError {
        message,
        locations: Vec::new(),
        rule: Rule::KnownOperation,
        coordinate: None,
    })
}

fn root(schema: &Supergraph, kind: OperationKind) -> TypeId {
    let root = match kind {
        OperationKind::Query => schema.roots.query,
        OperationKind::Mutation => schema.roots.mutation,
        OperationKind::Subscription => schema.roots.subscription,
    };
    root.expect("an operation without its root type does not pass validation")
}

fn variables(
    schema: &Supergraph,
    view: &View,
    doc: &Document,
    operation: &syntax::Operation,
) -> Vec<Variable> {
    let definitions = doc[operation.variables].iter();
    definitions
        .map(|definition| Variable {
            name: doc.text(definition.name).to_owned(),
            ty: validate::type_ref(schema, view, doc, definition.ty)
                .expect("a variable of an unknown type does not pass validation"),
            default: definition.default.map(|value| constant(doc, doc.value(value))),
        })
        .collect()
}
