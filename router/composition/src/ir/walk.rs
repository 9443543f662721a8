//! Resolving field sets against their subgraph, and what they tell about fields.

use rustc_hash::FxHashSet;

use crate::{
    ir::{
        FieldDef, Kind, Subgraph, TypeDef,
        field_set::{Selection, SelectionKind},
    },
    names::Name,
};

/// One resolved selection of a field set.
pub(crate) struct Step<'s> {
    pub(crate) parent: &'s TypeDef,
    pub(crate) field: &'s FieldDef,
    /// Index of `field` in the subgraph's fields.
    pub(crate) index: usize,
}

/// Calls `visit` for every field that resolves, outer before inner. Selections that do not
/// resolve are skipped: rules report them.
pub(crate) fn for_each_field<'s>(
    sub: &'s Subgraph,
    parent: &'s TypeDef,
    selections: &'s [Selection],
    visit: &mut dyn FnMut(&Step<'s>),
) {
    for selection in selections {
        match selection.kind {
            SelectionKind::Fragment(condition) => {
                let inner = condition.map_or(Some(parent), |name| sub.type_named(name));
                if let Some(inner) = inner {
                    for_each_field(sub, inner, &selection.children, visit);
                }
            }
            SelectionKind::Field(name) => {
                let start = parent.fields.indices().start;
                let position = sub.fields_of(parent).iter().position(|field| field.name == name);
                let Some(position) = position else { continue };
                let index = start + position;
                let field = &sub.fields[index];
                visit(&Step { parent, field, index });
                if let Some(inner) = sub.type_named(field.ty.base) {
                    for_each_field(sub, inner, &selection.children, visit);
                }
            }
        }
    }
}

/// Marks fields that are selected by field sets or needed by interfaces.
pub(crate) fn mark_uses(sub: &mut Subgraph) {
    let mut in_key = FxHashSet::default();
    let mut in_set = FxHashSet::default();
    for ty in &sub.types {
        for key in sub.keys_of(ty) {
            for_each_field(sub, ty, &key.fields.set.selections, &mut |step| {
                in_set.insert(step.index);
                in_key.insert(step.index);
                also_in_implementations(sub, step, &mut in_set);
            });
        }
        for field in sub.fields_of(ty) {
            if let Some(requires) = &field.requires {
                for_each_field(sub, ty, &requires.set.selections, &mut |step| {
                    in_set.insert(step.index);
                    also_in_implementations(sub, step, &mut in_set);
                });
            }
            let target = sub.type_named(field.ty.base);
            if let (Some(provides), Some(target)) = (&field.provides, target) {
                for_each_field(sub, target, &provides.set.selections, &mut |step| {
                    in_set.insert(step.index);
                    also_in_implementations(sub, step, &mut in_set);
                });
            }
        }
    }
    let in_interface = interface_fields(sub);
    for index in in_key {
        sub.fields[index].in_key = true;
    }
    for index in in_set {
        sub.fields[index].in_field_set = true;
    }
    for index in in_interface {
        sub.fields[index].in_interface = true;
    }
}

/// A field selected on an interface is selected on what implements that.
fn also_in_implementations(sub: &Subgraph, step: &Step<'_>, in_set: &mut FxHashSet<usize>) {
    if step.parent.kind != Kind::Interface {
        return;
    }
    for ty in sub.types.iter().filter(|ty| ty.kind == Kind::Object) {
        if sub.interfaces_of(ty).iter().any(|link| link.0 == step.parent.name) {
            in_set.extend(field_index(sub, ty, step.field.name));
        }
    }
}

fn interface_fields(sub: &Subgraph) -> Vec<usize> {
    let mut needed = Vec::new();
    for ty in sub.types.iter().filter(|ty| ty.kind == Kind::Object) {
        for (interface, _) in sub.interfaces_of(ty) {
            let Some(interface) = sub.type_named(*interface) else { continue };
            for field in sub.fields_of(interface) {
                needed.extend(field_index(sub, ty, field.name));
            }
        }
    }
    needed
}

fn field_index(sub: &Subgraph, ty: &TypeDef, name: Name) -> Option<usize> {
    let position = sub.fields_of(ty).iter().position(|field| field.name == name)?;
    Some(ty.fields.indices().start + position)
}
