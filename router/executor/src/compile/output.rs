//! Outputs: what the writer goes through, with its shaping decided.

use braid_model::Supergraph;
use braid_model::bits::TypeSet;
use braid_model::schema::{Kind, Wrap};
use braid_planner::plan::{self, OutputValue, Plan};

use super::{
    CompileError, Content, Field, FieldValue, Output, Shape, SourceLink, TypeTest, check_index,
};
use crate::data::{NONE, index};

/// So few leaves are written faster than a copy of them is found.
const FEW_FIELDS: usize = 4;

pub(super) fn compile(
    schema: &Supergraph,
    plan: &Plan,
    shapes: &mut [Shape],
) -> Result<Vec<Output>, CompileError> {
    plan.outputs.iter().map(|from| output(schema, plan, shapes, from)).collect()
}

fn output(
    schema: &Supergraph,
    plan: &Plan,
    shapes: &mut [Shape],
    from: &plan::Output,
) -> Result<Output, CompileError> {
    for &shape in &from.sources {
        check_index(shape, shapes.len(), "shape")?;
    }
    let places = from
        .sources
        .len()
        .checked_sub(from.links.len())
        .ok_or(CompileError::Reference("source"))?;
    let mut links = Vec::with_capacity(from.links.len());
    for (at, &(source, link)) in from.links.iter().enumerate() {
        let source = check_index(source, places + at, "source")?;
        let shape = &plan.shapes[from.sources[source as usize]];
        let link = check_index(link, shape.links.len(), "link")?;
        links.push(SourceLink { source, link, fetch: index(shape.links[link as usize]) });
    }
    let mut typed_by = Vec::with_capacity(from.typed_by.len());
    for &source in &from.typed_by {
        typed_by.push(check_index(source, from.sources.len(), "source")?);
    }
    let mut fields = Vec::with_capacity(from.fields.len());
    for field in from.fields.iter().filter(|field| !field.shaping.hide) {
        fields.push(self::field(plan, shapes, from, field)?);
    }
    let conditional = |field: &Field| {
        !matches!(field.types, TypeTest::All) || matches!(field.value, FieldValue::Typename)
    };
    let on = schema.ty(from.on);
    let known = on.kind == Kind::Object;
    let hidden: TypeSet = on.possible.iter().filter(|&id| schema.ty(id).inaccessible).collect();
    let hidden = Some(hidden).filter(|hidden| !hidden.is_empty() && !typed_by.is_empty());
    Ok(Output {
        places: index(places),
        links,
        ty: if known { index(from.on.index()) } else { NONE },
        typed_by,
        needs_type: !known && (hidden.is_some() || fields.iter().any(conditional)),
        hidden,
        only: only_source(&fields, &from.typed_by),
        fields,
    })
}

/// The source that all fields are read from, if that is one and rendering it is more work than
/// remembering what was rendered.
fn only_source(fields: &[Field], typed_by: &[usize]) -> u32 {
    let (mut sources, mut leaves) = (Vec::new(), true);
    for field in fields {
        match &field.value {
            FieldValue::Leaf { source, .. } => sources.push(*source),
            FieldValue::Object { places, .. } => {
                leaves = false;
                sources.extend(places.iter().map(|&(source, _)| source));
            }
            FieldValue::Typename | FieldValue::Denied => {}
        }
    }
    sources.extend(typed_by.iter().map(|&source| index(source)));
    sources.sort_unstable();
    sources.dedup();
    match sources.as_slice() {
        [only] if !leaves || fields.len() > FEW_FIELDS => *only,
        _ => NONE,
    }
}

fn field(
    plan: &Plan,
    shapes: &mut [Shape],
    output: &plan::Output,
    from: &plan::OutputField,
) -> Result<Field, CompileError> {
    let mut slot_of = |source: usize, slot: usize| {
        let source = check_index(source, output.sources.len(), "source")?;
        let shape = &mut shapes[output.sources[source as usize]];
        let slot = check_index(slot, shape.slots.len(), "slot")?;
        let held = &mut shape.slots[slot as usize];
        held.itemize |= !is_as_strict(held.wrap, from.ty.wrap);
        let composite = matches!(held.content, Content::Object(_));
        Ok::<_, CompileError>((source, slot, composite))
    };
    let value = match &from.value {
        OutputValue::Typename => FieldValue::Typename,
        OutputValue::Denied => FieldValue::Denied,
        OutputValue::Leaf(source, slot) => {
            let (source, slot, composite) = slot_of(*source, *slot)?;
            if composite {
                return Err(CompileError::Reference("leaf"));
            }
            FieldValue::Leaf { source, slot }
        }
        OutputValue::Object(from_places, output) => {
            let mut places = Vec::with_capacity(from_places.len());
            for &(source, slot) in from_places {
                let (source, slot, composite) = slot_of(source, slot)?;
                if !composite {
                    return Err(CompileError::Reference("object"));
                }
                places.push((source, slot));
            }
            let child = plan.outputs.get(*output).ok_or(CompileError::Reference("output"))?;
            if child.sources.len() != places.len() + child.links.len() {
                return Err(CompileError::Reference("source of an output"));
            }
            let flat = from.shaping.flatten.then(|| flat(child, &from.coordinate)).transpose()?;
            FieldValue::Object { places, output: index(*output), flat }
        }
    };
    Ok(Field {
        head: format!(",\"{}\":", from.key).into_bytes().into(),
        types: TypeTest::new(from.types.as_ref()),
        wrap: from.ty.wrap,
        value,
        omit_null: from.shaping.omit_null,
        coordinate: from.coordinate.as_str().into(),
    })
}

/// Whether a list that is right for `held` is right for `asked`, item by item.
fn is_as_strict(held: Wrap, asked: Wrap) -> bool {
    match (held.item(), asked.item()) {
        (Some(held), Some(asked)) => {
            (held.is_non_null() || !asked.is_non_null()) && is_as_strict(held, asked)
        }
        (None, None) => true,
        _ => false,
    }
}

/// The members that take the place of a flattened object: all of the one key that it shows, or of
/// `nodes` if it is a connection. Members of one key apply to different types.
fn flat(child: &plan::Output, coordinate: &str) -> Result<Box<[u32]>, CompileError> {
    let shown: Vec<&plan::OutputField> =
        child.fields.iter().filter(|field| !field.shaping.hide).collect();
    let only = shown.first().filter(|first| shown.iter().all(|field| field.key == first.key));
    let nodes = || shown.iter().find(|field| field.coordinate.ends_with(".nodes"));
    let key = only
        .or_else(nodes)
        .map(|field| &field.key)
        .ok_or_else(|| CompileError::Flatten(coordinate.to_owned()))?;
    // Hidden fields are not compiled, so places are counted among the shown.
    let places = shown.iter().enumerate().filter(|(_, field)| field.key == *key);
    Ok(places.map(|(at, _)| index(at)).collect())
}
