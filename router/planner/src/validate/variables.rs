//! Variables of an operation, with all fragments that it spreads (specification, section 5.8).

use rustc_hash::FxHashMap;

use braid_model::schema::{Kind, TypeRef};
use braid_model::syntax::{Operation, Type, TypeRefId, ValueKind, VariableDefinition};

use super::error::Rule;
use super::{Check, Usage, Uses};

/// A variable of the operation.
struct Declared {
    /// Nothing if the type does not exist: nothing more is said about its uses.
    ty: Option<TypeRef>,
    has_default: bool,
    used: bool,
}

impl Check<'_> {
    /// Checks the definitions of the operation's variables, then every use of them.
    pub(super) fn variables(&mut self, operation: &Operation, uses: &Uses, fragments: &[Uses]) {
        let doc = self.doc;
        let mut declared: FxHashMap<&str, Declared> = FxHashMap::default();
        for definition in &doc[operation.variables] {
            let variable = self.definition(definition);
            if declared.insert(doc.text(definition.name), variable).is_some() {
                let message = format!("`${}` is defined twice", self.name(definition.name));
                self.error(Rule::UniqueVariableNames, message, definition.name);
            }
        }
        let mut visited = vec![false; fragments.len()];
        let mut open = vec![uses];
        while let Some(uses) = open.pop() {
            for usage in &uses.variables {
                if self.errors.is_full() {
                    return;
                }
                self.usage(usage, &mut declared);
            }
            for &at in &uses.fragments {
                if !std::mem::replace(&mut visited[at], true) {
                    open.push(&fragments[at]);
                }
            }
        }
        for definition in &doc[operation.variables] {
            if declared.get(doc.text(definition.name)).is_some_and(|variable| !variable.used) {
                let message =
                    format!("`${}` is not used; take it away", self.name(definition.name));
                self.error(Rule::NoUnusedVariables, message, definition.name);
            }
        }
    }

    fn definition(&mut self, definition: &VariableDefinition) -> Declared {
        let (schema, doc) = (self.schema, self.doc);
        self.directives(definition.directives, "VARIABLE_DEFINITION");
        let ty = self.type_ref(definition.ty);
        let input = ty.filter(|ty| {
            matches!(schema.ty(ty.named).kind, Kind::Scalar | Kind::Enum | Kind::InputObject)
        });
        let name = self.name(definition.name);
        if ty.is_none() {
            let ty = self.named_type(definition.ty);
            let message = format!("there is no type `{ty}`, of which `${name}` is to be");
            self.error(Rule::KnownTypeNames, message, definition.span);
        } else if input.is_none() {
            let ty = self.named_type(definition.ty);
            let message = format!("`${name}` can't be of `{ty}`, which is not an input type");
            self.error(Rule::VariablesAreInputTypes, message, definition.span);
        }
        let default = definition.default.map(|id| doc.value(id));
        if let (Some(ty), Some(default)) = (input, default) {
            self.value(default, ty, false);
        }
        let null = default.is_some_and(|value| matches!(value.kind, ValueKind::Null));
        Declared { ty: input, has_default: default.is_some() && !null, used: false }
    }

    /// The name of the type inside, as written.
    fn named_type(&self, id: TypeRefId) -> String {
        let mut ty = self.doc.ty(id);
        loop {
            match ty {
                Type::Named { name, .. } => return self.name(name),
                Type::List { item, .. } => ty = self.doc.ty(item),
            }
        }
    }

    fn usage(&mut self, usage: &Usage, declared: &mut FxHashMap<&str, Declared>) {
        let Some(variable) = declared.get_mut(self.doc.text(usage.name)) else {
            let message = format!("`${}` is not defined by the operation", self.name(usage.name));
            self.error(Rule::NoUndefinedVariables, message, usage.name);
            return;
        };
        variable.used = true;
        let (Some(ty), Some(expected)) = (variable.ty, usage.expected) else { return };
        if !allowed(ty, variable.has_default, expected, usage) {
            let schema = self.schema;
            let name = self.name(usage.name);
            let hint = self.hint(|| {
                let bang = if usage.one_of { "!" } else { "" };
                format!(", where `{}{bang}` is expected", schema.type_text(expected))
            });
            let given = schema.type_text(ty);
            let message = format!("`${name}` of type `{given}` can't be used here{hint}");
            self.error(Rule::VariablesInAllowedPosition, message, usage.name);
        }
    }
}

/// `IsVariableUsageAllowed` (5.8.5).
fn allowed(variable: TypeRef, has_default: bool, location: TypeRef, usage: &Usage) -> bool {
    let not_null = location.is_non_null() || usage.one_of;
    if not_null && !variable.is_non_null() {
        (has_default || usage.has_default) && compatible(variable, location.nullable())
    } else {
        compatible(variable, location)
    }
}

/// `AreTypesCompatible` (5.8.5).
fn compatible(variable: TypeRef, location: TypeRef) -> bool {
    if location.is_non_null() && !variable.is_non_null() {
        return false;
    }
    match (variable.item(), location.item()) {
        (Some(variable), Some(location)) => compatible(variable, location),
        (None, None) => variable.named == location.named,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
