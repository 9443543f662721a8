//! Definitions and operations (specification, sections 5.1, 5.2 and 5.5.1.1).

use rustc_hash::{FxHashMap, FxHashSet};

use braid_model::ids::TypeId;
use braid_model::syntax::{List, Operation, OperationKind, Selection};

use super::Check;
use super::error::Rule;

impl Check<'_> {
    /// What can be said about the definitions without looking into them.
    pub(super) fn definitions(&mut self) {
        let doc = self.doc;
        for definition in &doc.type_system {
            let message = "only operations and fragments can be executed; take this away";
            self.error(Rule::ExecutableDefinitions, message, definition.span);
        }
        let mut names = FxHashMap::default();
        for operation in &doc.operations {
            let Some(name) = operation.name else {
                if doc.operations.len() > 1 {
                    let message = "an operation without a name must be alone; name all of them";
                    self.error(Rule::LoneAnonymousOperation, message, operation.span);
                }
                continue;
            };
            if let Some(&first) = names.get(doc.text(name)) {
                let message = format!("there are two operations `{}`", self.name(name));
                self.errors.push(Rule::UniqueOperationNames, message, &[first, name]);
            } else {
                names.insert(doc.text(name), name);
            }
        }
        let mut names = FxHashMap::default();
        for fragment in &doc.fragments {
            if let Some(&first) = names.get(doc.text(fragment.name)) {
                let message = format!("there are two fragments `{}`", self.name(fragment.name));
                self.errors.push(Rule::UniqueFragmentNames, message, &[first, fragment.name]);
            } else {
                names.insert(doc.text(fragment.name), fragment.name);
            }
        }
        if doc.operations.is_empty() && doc.type_system.is_empty() {
            let message = "the document has no operation".to_owned();
            self.errors.push(Rule::KnownOperation, message, &[]);
        }
    }

    /// The operation's root type (5.2.1.1); a subscription is checked, too (5.2.4.1).
    pub(super) fn operation_root(&mut self, operation: &Operation) -> Option<TypeId> {
        let roots = &self.schema.roots;
        let (root, what) = match operation.kind {
            OperationKind::Query => (roots.query, "queries"),
            OperationKind::Mutation => (roots.mutation, "mutations"),
            OperationKind::Subscription => (roots.subscription, "subscriptions"),
        };
        let root = root.filter(|&id| self.view.ty(id));
        if root.is_none() {
            let message = format!("the schema has no {what}");
            self.error(Rule::KnownOperationTypes, message, operation.span);
        }
        if operation.kind == OperationKind::Subscription {
            self.single_root_field(operation);
        }
        root
    }

    /// 5.2.4.1: one response key, which is no introspection field, and no condition at the root.
    fn single_root_field(&mut self, operation: &Operation) {
        let doc = self.doc;
        let mut keys = FxHashSet::default();
        let mut visited = FxHashSet::default();
        let mut open: Vec<List<Selection>> = vec![operation.selections];
        let mut problem = None;
        while let Some(set) = open.pop() {
            for selection in &doc[set] {
                let directives = match selection {
                    Selection::Field(field) => {
                        keys.insert(doc.text(field.response_key()));
                        if doc.text(field.name).starts_with("__") {
                            problem = Some("a subscription is to no introspection field");
                        }
                        field.directives
                    }
                    Selection::Inline(inline) => {
                        open.push(inline.selections);
                        inline.directives
                    }
                    Selection::Spread(spread) => {
                        let target = self.by_name.get(doc.text(spread.name)).copied();
                        if let Some(at) = target.filter(|&at| visited.insert(at)) {
                            open.push(doc.fragments[at].selections);
                        }
                        spread.directives
                    }
                };
                let conditional = doc[directives]
                    .iter()
                    .any(|directive| matches!(doc.text(directive.name), "skip" | "include"));
                if conditional {
                    problem = Some("a subscription has no `@skip` and `@include` at its root");
                }
            }
        }
        if keys.len() > 1 {
            problem = Some("a subscription is to one field; make several subscriptions of it");
        }
        if let Some(problem) = problem {
            self.error(Rule::SingleFieldSubscriptions, problem, operation.span);
        }
    }
}
