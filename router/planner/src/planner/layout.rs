//! The selection text of a draft's shapes: which keys the slots get, in which order the subgraph
//! will answer them, and how they are written down.
//!
//! Slots take the client's keys where they can, so that an answer can be passed on as it is.
//! Whatever collides is aliased.

use braid_model::ids::{Name, TypeId};
use braid_model::schema::{Kind, Supergraph};
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::draft::Draft;
use super::search::Search;
use crate::operation::VariableIndex;

/// How the shapes of a draft are written.
pub(super) struct Layout {
    /// For each shape, its slots in the order of the answer.
    pub(super) order: Vec<Vec<usize>>,
    /// For each slot, its key.
    pub(super) keys: Vec<String>,
    /// For each shape that is the first of a fetch or group: its selections, without braces.
    pub(super) texts: FxHashMap<usize, Text>,
}

/// Text with the variables that it uses.
#[derive(Default, Clone, PartialEq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) variables: Vec<VariableIndex>,
}

/// Decides keys and order of all shapes, and writes those that fetches begin with.
pub(super) fn lay_out<'a>(draft: &mut Draft<'a>, search: &mut Search<'a>) -> Layout {
    let mut layout = Layout {
        order: vec![Vec::new(); draft.shapes.len()],
        keys: vec![String::new(); draft.slots.len()],
        texts: FxHashMap::default(),
    };
    for shape in 0..draft.shapes.len() {
        // An object must be asked for something, and its type is always there to ask for.
        let empty = draft.shapes[shape].slots.is_empty();
        draft.shapes[shape].typename |= empty;
        let mut slots = std::mem::take(&mut draft.shapes[shape].slots);
        slots.sort_by_key(|&slot| draft.slots[slot].rank);
        draft.shapes[shape].slots = slots;
        assign_keys(draft, search.facts.schema, shape, &mut layout.keys);
        let (plain, typed) = divide(draft, search, shape);
        let order = &mut layout.order[shape];
        order.extend(plain);
        for (_, slots) in &typed {
            for slot in slots {
                if !order.contains(slot) {
                    order.push(*slot);
                }
            }
        }
    }
    let roots = draft.roots.iter().map(|root| root.shape);
    let groups = draft.groups.iter().map(|group| group.shape);
    for shape in roots.chain(groups).collect::<Vec<_>>() {
        let mut text = Text::default();
        write_selections(draft, search, &layout, shape, &mut text);
        text.variables.sort_unstable();
        text.variables.dedup();
        layout.texts.insert(shape, text);
    }
    layout
}

fn assign_keys(draft: &Draft<'_>, schema: &Supergraph, shape: usize, keys: &mut [String]) {
    let slots = &draft.shapes[shape].slots;
    let mut taken: SmallVec<[&str; 16]> = SmallVec::new();
    taken.push("__typename");
    let mut aliased: SmallVec<[usize; 4]> = SmallVec::new();
    let asked = slots.iter().filter(|&&slot| draft.slots[slot].key.is_some());
    let added = slots.iter().filter(|&&slot| draft.slots[slot].key.is_none());
    for &slot in asked.chain(added) {
        let key = draft.slots[slot].key.unwrap_or_else(|| schema.text(draft.slots[slot].name));
        if taken.contains(&key) {
            aliased.push(slot);
        } else {
            taken.push(key);
            key.clone_into(&mut keys[slot]);
        }
    }
    let mut number = 0;
    for slot in aliased {
        let name = schema.text(draft.slots[slot].name);
        let alias = loop {
            number += 1;
            let alias = format!("{name}_{number}");
            if !slots.iter().any(|&other| keys[other] == alias) {
                break alias;
            }
        };
        keys[slot] = alias;
    }
}

/// Slots that are selected on the shape's own type, and for each object type those that are
/// selected under its condition.
fn divide(
    draft: &Draft<'_>,
    search: &mut Search<'_>,
    shape: usize,
) -> (Vec<usize>, Vec<(TypeId, Vec<usize>)>) {
    let def = &draft.shapes[shape];
    let mut plain = Vec::new();
    let mut typed: Vec<(TypeId, Vec<usize>)> = Vec::new();
    for &slot in &def.slots {
        if is_plain(draft, search, shape, slot) {
            plain.push(slot);
            continue;
        }
        for object in draft.slots[slot].types.intersection(&def.types).iter() {
            match typed.iter_mut().find(|(known, _)| *known == object) {
                Some((_, slots)) => slots.push(slot),
                None => typed.push((object, vec![slot])),
            }
        }
    }
    (plain, typed)
}

fn is_plain(draft: &Draft<'_>, search: &mut Search<'_>, shape: usize, slot: usize) -> bool {
    let schema = search.facts.schema;
    let (shape, slot) = (&draft.shapes[shape], &draft.slots[slot]);
    if shape.interface_object || schema.ty(shape.on).kind == Kind::Object {
        return true;
    }
    if !shape.types.is_subset(&slot.types) {
        return false;
    }
    let Some(field) = schema.field(shape.on, slot.name) else { return false };
    let Some(join) = schema.join(field, shape.graph) else { return false };
    let same = slot.shape.is_none() || join.ty.named == slot.ty.named;
    let whole = search.facts.types_at(shape.graph, shape.on);
    same && (!shape.entity || shape.types.is_subset(&whole))
}

fn write_selections(
    draft: &Draft<'_>,
    search: &mut Search<'_>,
    layout: &Layout,
    shape: usize,
    out: &mut Text,
) {
    let (plain, typed) = divide(draft, search, shape);
    let schema = search.facts.schema;
    let def = &draft.shapes[shape];
    if def.typename {
        out.text.push_str("__typename");
    }
    let wrapped = def.entity && !plain.is_empty();
    if wrapped {
        begin_fragment(schema, def.on, out);
    }
    for slot in plain {
        write_slot(draft, search, layout, slot, out);
    }
    if wrapped {
        out.text.push('}');
    }
    for (object, slots) in typed {
        begin_fragment(schema, object, out);
        for slot in slots {
            write_slot(draft, search, layout, slot, out);
        }
        out.text.push('}');
    }
}

fn begin_fragment(schema: &Supergraph, on: TypeId, out: &mut Text) {
    out.text.push_str("...on ");
    out.text.push_str(schema.type_name(on));
    out.text.push('{');
}

fn write_slot(
    draft: &Draft<'_>,
    search: &mut Search<'_>,
    layout: &Layout,
    slot: usize,
    out: &mut Text,
) {
    let def = &draft.slots[slot];
    separate(&mut out.text);
    let name = text_of(search, def.name);
    let key = &layout.keys[slot];
    if key != name {
        out.text.push_str(key);
        out.text.push(':');
    }
    out.text.push_str(name);
    let args = search.sels.args(def.args);
    out.text.push_str(&args.text);
    out.variables.extend_from_slice(&args.variables);
    if let Some(shape) = def.shape {
        out.text.push('{');
        write_selections(draft, search, layout, shape, out);
        out.text.push('}');
    }
}

fn text_of<'a>(search: &Search<'a>, name: Name) -> &'a str {
    search.facts.schema.text(name)
}

/// Names that follow each other need a space between them.
fn separate(text: &mut String) {
    if text.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        text.push(' ');
    }
}
