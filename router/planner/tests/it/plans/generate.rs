//! Operations made from a stream of choices. All are valid; every key has one meaning.

use braid_model::Supergraph;
use braid_model::ids::{FieldId, TypeId};
use braid_planner::operation::{Field, Operation, OperationKind, Selection, Shaping, Value};

pub(crate) struct Generator<'a> {
    schema: &'a Supergraph,
    choices: std::slice::Iter<'a, u8>,
    depth_max: usize,
}

/// An operation of that kind, if the schema has such.
pub(crate) fn operation(
    schema: &Supergraph,
    kind: OperationKind,
    choices: &[u8],
) -> Option<Operation> {
    let root = match kind {
        OperationKind::Query => schema.roots.query?,
        OperationKind::Mutation => schema.roots.mutation?,
        OperationKind::Subscription => schema.roots.subscription?,
    };
    let mut generator = Generator { schema, choices: choices.iter(), depth_max: 7 };
    let mut selections = generator.selections(root, 0);
    if kind == OperationKind::Subscription {
        selections.truncate(1);
    }
    Some(Operation { kind, name: None, root, variables: Vec::new(), selections, omit_null: false })
}

/// Selections as text, without arguments.
pub(crate) fn text(schema: &Supergraph, selections: &[Selection]) -> String {
    let one = |selection: &Selection| match selection {
        Selection::Typename { key } => format!("{key}: __typename"),
        Selection::Fragment { on, selections } => {
            format!("... on {} {}", schema.type_name(*on), text(schema, selections))
        }
        Selection::Field(field) => {
            let denied = if field.denied { " @denied" } else { "" };
            let below = if field.selections.is_empty() {
                String::new()
            } else {
                text(schema, &field.selections)
            };
            format!("{}: {}{denied} {below}", field.key, schema.field_name(field.field))
        }
    };
    let parts: Vec<String> = selections.iter().map(one).collect();
    format!("{{ {} }}", parts.join(" "))
}

impl Generator<'_> {
    fn choose(&mut self, count: usize) -> usize {
        let choice = self.choices.next().copied().map_or(0, usize::from);
        if count == 0 { 0 } else { choice % count }
    }

    fn selections(&mut self, on: TypeId, depth: usize) -> Vec<Selection> {
        let schema = self.schema;
        let def = schema.ty(on);
        let fields: Vec<FieldId> =
            def.fields.iter().copied().filter(|&id| !schema.field_def(id).inaccessible).collect();
        let mut made = Vec::new();
        for _ in 0..=self.choose(5) {
            let kind = self.choose(8);
            let types: Vec<TypeId> = def.possible.iter().collect();
            if kind == 0 {
                made.push(Selection::Typename { key: "__typename".to_owned() });
            } else if (kind == 1 || fields.is_empty()) && types.len() > 1 && depth < self.depth_max
            {
                let on = types[self.choose(types.len())];
                let selections = self.selections(on, depth + 1);
                made.push(Selection::Fragment { on, selections });
            } else if !fields.is_empty() {
                let field = fields[self.choose(fields.len())];
                made.extend(self.field(field, depth));
            }
        }
        if made.is_empty() {
            made.push(Selection::Typename { key: "__typename".to_owned() });
        }
        made
    }

    fn field(&mut self, field: FieldId, depth: usize) -> Option<Selection> {
        let schema = self.schema;
        let def = schema.field_def(field);
        let composite = schema.is_composite(def.ty.named);
        if composite && depth >= self.depth_max {
            return None;
        }
        // The same arguments everywhere, so that equal keys can be merged.
        let required = def.args.iter().filter(|&&arg| schema.input(arg).ty.is_non_null());
        let arguments = required.map(|&arg| (arg, literal(schema, schema.input(arg).ty))).collect();
        let selections =
            if composite { self.selections(def.ty.named, depth + 1) } else { Vec::new() };
        let name = schema.field_name(field);
        // Types of equal names may differ between the objects of a union.
        let key = format!("{name}_{}", schema.type_text(def.ty).replace(['[', ']', '!'], "_"));
        Some(Selection::Field(Field {
            key: if self.choose(4) == 0 { key } else { name.to_owned() },
            field,
            arguments,
            selections,
            denied: self.choose(60) == 59,
            shaping: Shaping::default(),
        }))
    }
}

/// A value of a type.
fn literal(schema: &Supergraph, ty: braid_model::schema::TypeRef) -> Value {
    use braid_model::schema::Kind;
    if ty.is_list() {
        return Value::List(Vec::new());
    }
    let def = schema.ty(ty.named);
    match def.kind {
        Kind::Enum => Value::Enum(schema.text(def.values[0].name).to_owned()),
        Kind::InputObject => {
            let required = def.inputs.iter().filter(|&&input| schema.input(input).ty.is_non_null());
            let field = |&input: &braid_model::ids::InputId| {
                let def = schema.input(input);
                (schema.text(def.name).to_owned(), literal(schema, def.ty))
            };
            Value::Object(required.map(field).collect())
        }
        _ => match schema.type_name(ty.named) {
            "Int" => Value::Int("1".to_owned()),
            "Float" => Value::Float("1.5".to_owned()),
            "Boolean" => Value::Boolean(true),
            _ => Value::String("a\"b".to_owned()),
        },
    }
}
