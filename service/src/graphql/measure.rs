//! The size of a document before anything is done with it: depth, and fields with fragments
//! expanded, in one pass over each fragment (a fragment is measured once, however often it is
//! spread).

use std::collections::HashMap;

use async_graphql::Name;
use async_graphql::parser::types::{ExecutableDocument, Selection, SelectionSet};

use super::Limits;
use crate::fault::Fault;

#[derive(Clone, Copy)]
struct Size {
    fields: u64,
    depth: usize,
}

/// Refuses a document that is too deep or too large.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Fault> {
    let mut measured = HashMap::new();
    for (_, operation) in document.operations.iter() {
        let set = &operation.node.selection_set.node;
        let size = measure(document, set, &mut measured, 0)?;
        if size.depth > limits.depth_max {
            return Err(Fault::BadInput(format!("deeper than {} levels", limits.depth_max)));
        }
        if size.fields > limits.fields_max {
            return Err(Fault::BadInput(format!("more than {} fields", limits.fields_max)));
        }
    }
    Ok(())
}

/// `None` in `measured` is a fragment that is being measured: meeting it again is a cycle.
fn measure<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    measured: &mut HashMap<&'d Name, Option<Size>>,
    nesting: usize,
) -> Result<Size, Fault> {
    // Fragments that spread each other in a long chain must not exhaust the stack.
    const NESTING_MAX: usize = 200;
    if nesting > NESTING_MAX {
        return Err(Fault::bad_input("fragments nested too deeply"));
    }
    let mut size = Size { fields: 0, depth: 0 };
    for selection in &set.items {
        let part = match &selection.node {
            Selection::Field(field) => {
                let below =
                    measure(document, &field.node.selection_set.node, measured, nesting + 1)?;
                Size { fields: below.fields.saturating_add(1), depth: below.depth + 1 }
            }
            Selection::InlineFragment(fragment) => {
                measure(document, &fragment.node.selection_set.node, measured, nesting + 1)?
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                match measured.get(name) {
                    Some(Some(size)) => *size,
                    Some(None) => return Err(Fault::bad_input("a fragment spreads itself")),
                    None => {
                        let Some((name, fragment)) = document.fragments.get_key_value(name) else {
                            continue; // Validation says which fragment is unknown.
                        };
                        measured.insert(name, None);
                        let set = &fragment.node.selection_set.node;
                        let size = measure(document, set, measured, nesting + 1)?;
                        measured.insert(name, Some(size));
                        size
                    }
                }
            }
        };
        size.fields = size.fields.saturating_add(part.fields);
        size.depth = size.depth.max(part.depth);
    }
    Ok(size)
}
