//! Upgrades of what older documents mean.
//!
//! In every version, a type *extension* marks its key fields `@external` although it can resolve
//! them. In Federation 1 moreover every field counts as shareable, and an `@external` that nothing
//! uses is noise.

use rustc_hash::FxHashSet;

use crate::ir::{Kind, Run, Subgraph, walk};

/// Upgrades `sub`; call after [`walk::mark_uses`].
pub(crate) fn upgrade(sub: &mut Subgraph) {
    clear_externals_of_extension_keys(sub);
    if !sub.version.is_one() {
        return;
    }
    drop_marks_on_interfaces(sub);
    let mut unused = Vec::new();
    for (index, field) in sub.fields.iter_mut().enumerate() {
        if field.external.is_some() && !field.is_used() {
            unused.push(index);
        }
        if field.shareable.is_none() && sub.types[field.parent as usize].kind == Kind::Object {
            field.shareable = Some(field.span);
        }
    }
    remove_fields(sub, &unused);
    walk::mark_uses(sub);
}

fn clear_externals_of_extension_keys(sub: &mut Subgraph) {
    let mut in_keys = FxHashSet::default();
    for ty in sub.types.iter().filter(|ty| ty.extension_only) {
        for key in sub.keys_of(ty) {
            walk::for_each_field(sub, ty, &key.fields.set.selections, &mut |step| {
                in_keys.insert(step.index);
            });
        }
    }
    for index in in_keys {
        sub.fields[index].external = None;
    }
}

/// Federation 1 accepts its directives on interfaces and gives them no meaning there.
fn drop_marks_on_interfaces(sub: &mut Subgraph) {
    for ty in sub.types.iter_mut().filter(|ty| ty.kind == Kind::Interface) {
        ty.keys = Run::default();
        for field in &mut sub.fields[ty.fields.indices()] {
            field.external = None;
            field.requires = None;
            field.provides = None;
        }
    }
}

/// Removes fields by index, keeping the runs of types contiguous.
fn remove_fields(sub: &mut Subgraph, removed: &[usize]) {
    if removed.is_empty() {
        return;
    }
    let before = |at: u32| {
        let count = removed.iter().filter(|index| **index < at as usize).count();
        at - u32::try_from(count).unwrap_or(0)
    };
    for ty in &mut sub.types {
        ty.fields.start = before(ty.fields.start);
        ty.fields.end = before(ty.fields.end);
    }
    let mut index = 0;
    sub.fields.retain(|_| {
        let keep = removed.binary_search(&index).is_err();
        index += 1;
        keep
    });
}
