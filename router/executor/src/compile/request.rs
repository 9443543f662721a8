//! Fetches: the constant parts of their bodies, and how representations are put together.

use braid_model::Supergraph;
use braid_planner::operation::OperationKind;
use braid_planner::plan::{self, Plan, Service};

use super::{
    Anchor, CompileError, Fetch, FetchKind, Group, Representation, RepresentationField, Target,
    TypeTest, check_index, quoted,
};
use crate::data::index;
use crate::escape;

pub(super) fn compile(schema: &Supergraph, plan: &Plan) -> Result<Vec<Fetch>, CompileError> {
    let mut fetches: Vec<Fetch> = Vec::with_capacity(plan.fetches.len());
    for (at, from) in plan.fetches.iter().enumerate() {
        let target = match from.service {
            Service::Subgraph(id) => Target::Subgraph(id),
            Service::Introspection => Target::Introspection,
        };
        for &before in &from.after {
            if before >= at {
                return Err(CompileError::Order);
            }
            fetches[before].then.push(index(at));
        }
        let mut variables = Vec::with_capacity(from.variables.len());
        for &variable in &from.variables {
            check_index(variable, plan.variables.len(), "variable")?;
            variables.push((key(&plan.variables[variable].name), variable));
        }
        fetches.push(Fetch {
            target,
            waits_for: index(from.after.len()),
            then: Vec::new(),
            prefix: prefix(&from.operation),
            variables,
            kind: kind(schema, plan, from)?,
            mutates: plan.kind == OperationKind::Mutation
                && matches!(from.kind, plan::FetchKind::Root(_)),
        });
    }
    Ok(fetches)
}

/// `{"query":"…"`
fn prefix(operation: &str) -> Box<[u8]> {
    let mut prefix = Vec::with_capacity(operation.len() + 32);
    prefix.extend_from_slice(b"{\"query\":");
    escape::string(&mut prefix, operation);
    prefix.into()
}

/// `"name":`
fn key(name: &str) -> Box<[u8]> {
    format!("\"{name}\":").into_bytes().into()
}

fn kind(schema: &Supergraph, plan: &Plan, from: &plan::Fetch) -> Result<FetchKind, CompileError> {
    match &from.kind {
        plan::FetchKind::Root(shape) => {
            Ok(FetchKind::Root(check_index(*shape, plan.shapes.len(), "shape")?))
        }
        plan::FetchKind::Entities(groups) => {
            let groups = groups.iter().map(|from| group(schema, plan, from));
            Ok(FetchKind::Entities(groups.collect::<Result<_, _>>()?))
        }
    }
}

fn group(
    schema: &Supergraph,
    plan: &Plan,
    from: &plan::EntityGroup,
) -> Result<Group, CompileError> {
    let anchors = from.anchors.iter().map(|from| anchor(schema, plan, from));
    Ok(Group {
        key: from.key.as_str().into(),
        variable: format!("\"{}\":[", from.variable).into_bytes().into(),
        shape: check_index(from.shape, plan.shapes.len(), "shape")?,
        anchors: anchors.collect::<Result<_, _>>()?,
    })
}

fn anchor(schema: &Supergraph, plan: &Plan, from: &plan::Anchor) -> Result<Anchor, CompileError> {
    let shape = plan.shapes.get(from.at).ok_or(CompileError::Reference("anchor"))?;
    let representations = from.representations.iter().map(|from| {
        let head = from.typename.map(|id| {
            let name = quoted(schema.type_name(id));
            [b"{\"__typename\":".as_slice(), &name].concat().into()
        });
        let fields = fields(plan, shape, &from.fields)?;
        Ok(Representation { types: TypeTest::new(from.types.as_ref()), head, fields })
    });
    Ok(Anchor {
        at: index(from.at),
        link: check_index(from.link, shape.links.len(), "link")?,
        representations: representations.collect::<Result<_, _>>()?,
    })
}

fn fields(
    plan: &Plan,
    shape: &plan::Shape,
    from: &[plan::RepresentationField],
) -> Result<Vec<RepresentationField>, CompileError> {
    from.iter().map(|from| field(plan, shape, from)).collect()
}

fn field(
    plan: &Plan,
    shape: &plan::Shape,
    from: &plan::RepresentationField,
) -> Result<RepresentationField, CompileError> {
    let mut at = shape;
    for &link in &from.links {
        at = linked(plan, at, link)?;
    }
    let slot = at.slots.get(from.slot).ok_or(CompileError::Reference("slot"))?;
    let fields = match slot.shape {
        Some(shape) => fields(plan, &plan.shapes[shape], &from.fields)?,
        None => Vec::new(),
    };
    Ok(RepresentationField {
        key: key(&from.name),
        types: TypeTest::new(from.types.as_ref()),
        links: from.links.iter().map(|&link| index(link)).collect(),
        slot: index(from.slot),
        fields,
        nullable: from.nullable && !from.key,
    })
}

/// The shape of the nodes that a link leads to: that of the group which fills it.
pub(super) fn linked<'p>(
    plan: &'p Plan,
    shape: &plan::Shape,
    link: usize,
) -> Result<&'p plan::Shape, CompileError> {
    let &fetch = shape.links.get(link).ok_or(CompileError::Reference("link"))?;
    let fetch = plan.fetches.get(fetch).ok_or(CompileError::Reference("fetch"))?;
    let fills = |anchor: &plan::Anchor| {
        anchor.link == link && plan.shapes.get(anchor.at).is_some_and(|at| std::ptr::eq(at, shape))
    };
    let mut groups = super::shape::groups(fetch).iter();
    let group = groups
        .find(|group| group.anchors.iter().any(fills))
        .ok_or(CompileError::Reference("group of a link"))?;
    plan.shapes.get(group.shape).ok_or(CompileError::Reference("shape"))
}
