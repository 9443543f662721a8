//! Shapes: slot tables for the reader, with the checks of their leaves.

use braid_model::Supergraph;
use braid_model::ids::TypeId;
use braid_model::schema::Kind;
use braid_planner::plan::{self, Plan};

use super::{CompileError, Content, Leaf, Shape, Slot, check_index, quoted};
use crate::data::{NONE, index};

pub(super) fn compile(schema: &Supergraph, plan: &Plan) -> Result<Vec<Shape>, CompileError> {
    let mut shapes =
        plan.shapes.iter().map(|from| shape(schema, plan, from)).collect::<Result<Vec<_>, _>>()?;
    for group in plan.fetches.iter().flat_map(groups) {
        for anchor in &group.anchors {
            let at = check_index(anchor.at, shapes.len(), "anchor")?;
            shapes[at as usize].anchored = true;
        }
    }
    Ok(shapes)
}

pub(super) fn groups(fetch: &plan::Fetch) -> &[plan::EntityGroup] {
    match &fetch.kind {
        plan::FetchKind::Root(_) => &[],
        plan::FetchKind::Entities(groups) => groups,
    }
}

fn shape(schema: &Supergraph, plan: &Plan, from: &plan::Shape) -> Result<Shape, CompileError> {
    let mut slots: Vec<Slot> = Vec::with_capacity(from.slots.len());
    for (at, slot) in from.slots.iter().enumerate() {
        if slots.iter().any(|other| *other.key == *slot.key) {
            return Err(CompileError::DuplicateKey(slot.key.clone()));
        }
        let content = match slot.shape {
            _ if from.typename == Some(at) => Content::Typename,
            Some(shape) => Content::Object(check_index(shape, plan.shapes.len(), "shape")?),
            None => Content::Leaf(leaf(schema, slot.ty.named)),
        };
        slots.push(Slot {
            key: slot.key.as_str().into(),
            quoted: quoted(&slot.key),
            wrap: slot.ty.wrap,
            content,
            itemize: false,
        });
    }
    let typename = match from.typename {
        Some(at) => check_index(at, slots.len(), "typename slot")?,
        None => NONE,
    };
    for &fetch in &from.links {
        check_index(fetch, plan.fetches.len(), "fetch")?;
    }
    let known = from.on.filter(|&on| typename == NONE && schema.ty(on).kind == Kind::Object);
    Ok(Shape {
        slots,
        typename,
        ty: known.map_or(NONE, |on| index(on.index())),
        possible: if typename == NONE { Vec::new() } else { possible(schema, from.on) },
        links: index(from.links.len()),
        anchored: false,
    })
}

/// What `__typename` may say of an object where `on` is expected: an object type of it, or `on`
/// itself, which is what an `@interfaceObject` says.
fn possible(schema: &Supergraph, on: Option<TypeId>) -> Vec<(Box<str>, u32)> {
    let entry = |id: TypeId| (schema.type_name(id).into(), index(id.index()));
    match on {
        Some(on) => {
            let def = schema.ty(on);
            let itself = def.kind == Kind::Interface;
            itself.then_some(on).into_iter().chain(def.possible.iter()).map(entry).collect()
        }
        None => {
            let objects = schema.types.iter().enumerate();
            objects
                .filter(|(_, def)| def.kind == Kind::Object)
                .map(|(at, _)| entry(TypeId::new(at)))
                .collect()
        }
    }
}

/// How values of a leaf type are checked: the scalars of the specification (section 3.5) by the
/// kind of JSON value, enums by their values, and other scalars not at all.
fn leaf(schema: &Supergraph, id: TypeId) -> Leaf {
    let def = schema.ty(id);
    match def.kind {
        Kind::Enum => {
            let mut values: Vec<(Box<str>, bool)> = def
                .values
                .iter()
                .map(|value| (schema.text(value.name).into(), !value.inaccessible))
                .collect();
            values.sort_unstable();
            Leaf::Enum(values.into())
        }
        Kind::Scalar => match schema.text(def.name) {
            "String" | "ID" => Leaf::String,
            "Int" => Leaf::Int,
            "Float" => Leaf::Float,
            "Boolean" => Leaf::Boolean,
            _ => Leaf::Any,
        },
        // Only introspection, which we answer ourselves, stands in a slot without a shape.
        Kind::Object | Kind::Interface | Kind::Union | Kind::InputObject => Leaf::Any,
    }
}
