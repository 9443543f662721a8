//! Field sets of `@key`, `@requires` and `@provides`: they must resolve, and select only what the
//! directive can use.

use crate::{
    code::Code,
    ir::{
        FieldDef, FieldSetUse, Kind, TypeDef,
        field_set::{Selection, SelectionKind},
    },
    names::Name,
    rules::RuleCx,
};

/// What one directive asks of its field set.
struct Spec {
    directive: &'static str,
    invalid_fields: Code,
    in_fields_arg: Code,
    /// Arguments are not allowed.
    has_args: Option<Code>,
    /// Leaves must be `@external` or lie below a field that is.
    missing_external: Option<Code>,
    /// Abstract types may not be selected.
    select_invalid_type: Option<Code>,
}

const KEY: Spec = Spec {
    directive: "key",
    invalid_fields: Code::KeyInvalidFields,
    in_fields_arg: Code::KeyDirectiveInFieldsArg,
    has_args: Some(Code::KeyFieldsHasArgs),
    missing_external: None,
    select_invalid_type: Some(Code::KeyFieldsSelectInvalidType),
};

const REQUIRES: Spec = Spec {
    directive: "requires",
    invalid_fields: Code::RequiresInvalidFields,
    in_fields_arg: Code::RequiresDirectiveInFieldsArg,
    has_args: None,
    missing_external: Some(Code::RequiresFieldsMissingExternal),
    select_invalid_type: None,
};

const PROVIDES: Spec = Spec {
    directive: "provides",
    invalid_fields: Code::ProvidesInvalidFields,
    in_fields_arg: Code::ProvidesDirectiveInFieldsArg,
    has_args: Some(Code::ProvidesFieldsHasArgs),
    missing_external: Some(Code::ProvidesFieldsMissingExternal),
    select_invalid_type: None,
};

pub(super) fn check(cx: &mut RuleCx<'_>) {
    let sub = cx.sub;
    for ty in &sub.types {
        let name = cx.names[ty.name].to_owned();
        for key in sub.keys_of(ty) {
            Check { cx, spec: &KEY, place: name.clone(), used: &key.fields }.run(ty);
        }
        for field in sub.fields_of(ty) {
            let place = cx.coordinate(ty, field);
            if let Some(used) = &field.requires {
                if ty.kind == Kind::Interface {
                    unsupported(cx, Code::RequiresUnsupportedOnInterface, &place, used, "requires");
                } else {
                    Check { cx, spec: &REQUIRES, place: place.clone(), used }.run(ty);
                }
            }
            if let Some(used) = &field.provides {
                check_provides(cx, ty, field, used);
            }
        }
    }
}

fn unsupported(cx: &mut RuleCx<'_>, code: Code, place: &str, used: &FieldSetUse, directive: &str) {
    let message = format!(
        "cannot use @{directive} on field \"{place}\" of an interface: @{directive} is not supported \
         within interfaces"
    );
    cx.report(code, place, used.span, &message);
}

fn check_provides(cx: &mut RuleCx<'_>, ty: &TypeDef, field: &FieldDef, used: &FieldSetUse) {
    let place = cx.coordinate(ty, field);
    if ty.kind == Kind::Interface {
        unsupported(cx, Code::ProvidesUnsupportedOnInterface, &place, used, "provides");
        return;
    }
    let target = cx.sub.type_named(field.ty.base).filter(|target| target.kind.is_composite());
    let Some(target) = target else {
        let message = format!(
            "invalid @provides directive on field \"{place}\": field has type \"{}\" which is not a \
             composite type",
            field.ty.print(cx.names)
        );
        cx.report(Code::ProvidesOnNonObjectField, &place, used.span, &message);
        return;
    };
    Check { cx, spec: &PROVIDES, place, used }.run(target);
}

/// The check of one field set.
struct Check<'c, 'r> {
    cx: &'c mut RuleCx<'r>,
    spec: &'static Spec,
    /// What the directive stands on.
    place: String,
    used: &'c FieldSetUse,
}

impl Check<'_, '_> {
    fn run(&mut self, parent: &TypeDef) {
        let selections = self.used.set.selections.clone();
        self.selections(parent, &selections, false);
    }

    fn fail(&mut self, code: Code, selection: &Selection, what: &str) {
        let message = format!(
            "on \"{}\", for @{}(fields: \"{}\"): {what}",
            self.place, self.spec.directive, self.used.text
        );
        let place = self.place.clone();
        self.cx.report(code, &place, selection.span, &message);
    }

    fn selections(&mut self, parent: &TypeDef, selections: &[Selection], below_external: bool) {
        for selection in selections {
            if selection.has_directive {
                self.fail(
                    self.spec.in_fields_arg,
                    selection,
                    "cannot have directive applications in the \"fields\" argument",
                );
            }
            if selection.has_alias {
                self.fail(self.spec.invalid_fields, selection, "an alias is not allowed here");
            }
            match selection.kind {
                SelectionKind::Field(name) => {
                    self.field(parent, selection, name, below_external);
                }
                SelectionKind::Fragment(condition) => {
                    self.fragment(parent, selection, condition, below_external);
                }
            }
        }
    }

    fn fragment(
        &mut self,
        parent: &TypeDef,
        selection: &Selection,
        condition: Option<Name>,
        below_external: bool,
    ) {
        let sub = self.cx.sub;
        let target = match condition {
            None => Some(parent),
            Some(name) => sub.type_named(name).filter(|target| target.kind.is_composite()),
        };
        let Some(target) = target else {
            let name = condition.map_or("", |name| &self.cx.names[name]).to_owned();
            let what =
                format!("the type condition \"{name}\" is no composite type of this subgraph");
            self.fail(self.spec.invalid_fields, selection, &what);
            return;
        };
        let possible = sub.runtime_types(parent);
        if !sub.runtime_types(target).iter().any(|name| possible.contains(name)) {
            let what = format!(
                "a \"{}\" can never be a \"{}\"",
                &self.cx.names[parent.name], &self.cx.names[target.name]
            );
            self.fail(self.spec.invalid_fields, selection, &what);
            return;
        }
        self.selections(target, &selection.children, below_external);
    }

    fn field(&mut self, parent: &TypeDef, selection: &Selection, name: Name, below_external: bool) {
        let sub = self.cx.sub;
        let text = &self.cx.names[name];
        if text == "__typename" {
            return;
        }
        let Some(field) = sub.field_named(parent, name) else {
            let what = format!(
                "cannot query field \"{text}\" on type \"{}\" (the field should either be added to \
                 this subgraph or, if it should not be resolved by this subgraph, be declared as \
                 @external there)",
                &self.cx.names[parent.name]
            );
            self.fail(self.spec.invalid_fields, selection, &what);
            return;
        };
        let coordinate = self.cx.coordinate(parent, field);
        self.arguments(selection, field, &coordinate);
        let target = sub.type_named(field.ty.base);
        let composite = target.filter(|target| target.kind.is_composite());
        if composite.is_some() != selection.has_braces {
            let what = match composite {
                Some(_) => format!("field \"{coordinate}\" must have a selection of subfields"),
                None => format!(
                    "field \"{coordinate}\" must not have a selection since type \"{}\" has no \
                     subfields",
                    field.ty.print(self.cx.names)
                ),
            };
            self.fail(self.spec.invalid_fields, selection, &what);
            return;
        }
        let is_abstract = composite.is_some_and(|target| target.kind != Kind::Object);
        if let (true, Some(code)) = (is_abstract, self.spec.select_invalid_type) {
            let what = format!(
                "field \"{coordinate}\" is of an interface or union type, which is not allowed in \
                 @{}",
                self.spec.directive
            );
            self.fail(code, selection, &what);
        }
        let external = below_external || self.is_external(parent, field);
        match composite {
            Some(target) => self.selections(target, &selection.children, external),
            None => self.leaf(selection, (parent, field), external),
        }
    }

    fn arguments(&mut self, selection: &Selection, field: &FieldDef, coordinate: &str) {
        let defined = self.cx.sub.args_of(field);
        match (&selection.arguments, self.spec.has_args) {
            (None, None) => {
                if let Some(missing) = defined.iter().find(|argument| argument.is_required()) {
                    let what = format!(
                        "field \"{coordinate}\" needs the argument \"{}\"",
                        &self.cx.names[missing.name]
                    );
                    self.fail(self.spec.invalid_fields, selection, &what);
                }
            }
            (Some(_), None) => {}
            (given, Some(code)) => {
                if given.is_some() || !defined.is_empty() {
                    let what = format!(
                        "field \"{coordinate}\" cannot be included because it has arguments (fields \
                         with arguments are not allowed in @{})",
                        self.spec.directive
                    );
                    self.fail(code, selection, &what);
                }
            }
        }
    }

    /// The field, or on an interface that of any implementation, is `@external`.
    fn is_external(&self, parent: &TypeDef, field: &FieldDef) -> bool {
        if field.external.is_some() {
            return true;
        }
        let sub = self.cx.sub;
        parent.kind == Kind::Interface
            && sub.runtime_types(parent).iter().any(|name| {
                let implementation = sub.type_named(*name);
                let there = implementation.and_then(|ty| sub.field_named(ty, field.name));
                there.is_some_and(|field| field.external.is_some())
            })
    }

    fn leaf(
        &mut self,
        selection: &Selection,
        (parent, field): (&TypeDef, &FieldDef),
        external: bool,
    ) {
        let Some(code) = self.spec.missing_external else { return };
        // Federation 1 servers write both, and nothing breaks.
        if external || self.cx.sub.version.is_one() {
            return;
        }
        let coordinate = self.cx.coordinate(parent, field);
        let what = format!(
            "field \"{coordinate}\" should not be part of a @{} since it is already provided by this \
             subgraph (it is not marked @external)",
            self.spec.directive
        );
        self.fail(code, selection, &what);
    }
}
