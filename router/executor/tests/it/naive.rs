//! A naive executor: section 6 of the specification, word for word, over JSON values in memory.
//!
//! It answers an operation as one server with all the data would, and serves as the subgraphs of
//! the property tests. Parsing and validation are those of another implementation, so that nothing
//! of ours judges itself.

use apollo_compiler::ast::{Type, Value as Literal};
use apollo_compiler::executable::{ExecutableDocument, Field, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Node, Schema};
use serde_json::{Map, Value};

use crate::support::Reply;

pub(crate) type Object = Map<String, Value>;

/// Where values come from.
pub(crate) trait Source {
    /// The value of a field: a leaf, an object with `__typename`, null, or lists of them. A
    /// non-null field may be null by a fault.
    fn field(&self, object: &Object, name: &str, arguments: &Object) -> Value;
}

/// An answer: its data, and the paths of its errors.
pub(crate) struct Answer {
    pub(crate) data: Value,
    pub(crate) errors: Vec<Vec<Value>>,
}

/// Validates and runs the only operation of `text`.
pub(crate) fn execute(
    schema: &Valid<Schema>,
    text: &str,
    variables: &Object,
    source: &dyn Source,
) -> Result<Answer, String> {
    let document = ExecutableDocument::parse_and_validate(schema, text, "operation")
        .map_err(|errors| errors.errors.to_string())?;
    let operation = document.operations.get(None).map_err(|error| format!("{error:?}"))?;
    let mut given = variables.clone();
    for definition in &operation.variables {
        if let (None, Some(default)) =
            (given.get(definition.name.as_str()), &definition.default_value)
        {
            given.insert(definition.name.to_string(), literal(default, &Object::new()).unwrap());
        }
    }
    let mut run = Run {
        schema,
        document: &document,
        variables: given,
        source,
        path: Vec::new(),
        errors: Vec::new(),
    };
    let root =
        Map::from_iter([("__typename".to_owned(), Value::from(operation.object_type().as_str()))]);
    let data = run.object(&root, &[&operation.selection_set]).map_or(Value::Null, Value::Object);
    Ok(Answer { data, errors: run.errors })
}

struct Run<'a> {
    schema: &'a Valid<Schema>,
    document: &'a ExecutableDocument,
    variables: Object,
    source: &'a dyn Source,
    path: Vec<Value>,
    errors: Vec<Vec<Value>>,
}

impl<'a> Run<'a> {
    /// 6.3.1 and 6.3.2; nothing, if a null bubbles.
    fn object(&mut self, object: &Object, sets: &[&'a SelectionSet]) -> Option<Object> {
        let ty = object["__typename"].as_str().unwrap();
        let mut grouped: Vec<(&str, Vec<&'a Node<Field>>)> = Vec::new();
        for set in sets {
            self.collect(ty, set, &mut grouped);
        }
        let mut result = Map::new();
        for (key, fields) in grouped {
            self.path.push(Value::from(key));
            let value = self.field(object, &fields);
            self.path.pop();
            result.insert(key.to_owned(), value?);
        }
        Some(result)
    }

    fn collect(
        &self,
        ty: &str,
        set: &'a SelectionSet,
        grouped: &mut Vec<(&'a str, Vec<&'a Node<Field>>)>,
    ) {
        for selection in &set.selections {
            let directives = selection.directives();
            let decided = |name: &str| {
                let argument = directives.get(name)?.specified_argument_by_name("if")?;
                literal(argument, &self.variables)?.as_bool()
            };
            if decided("skip") == Some(true) || decided("include") == Some(false) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let key = field.response_key().as_str();
                    match grouped.iter_mut().find(|(other, _)| *other == key) {
                        Some((_, fields)) => fields.push(field),
                        None => grouped.push((key, vec![field])),
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let on = fragment.type_condition.as_ref();
                    if on.is_none_or(|on| self.applies(on, ty)) {
                        self.collect(ty, &fragment.selection_set, grouped);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let fragment = &self.document.fragments[&spread.fragment_name];
                    if self.applies(fragment.type_condition(), ty) {
                        self.collect(ty, &fragment.selection_set, grouped);
                    }
                }
            }
        }
    }

    fn applies(&self, on: &str, ty: &str) -> bool {
        on == ty || self.schema.is_subtype(on, ty)
    }

    fn field(&mut self, object: &Object, fields: &[&'a Node<Field>]) -> Option<Value> {
        let first = fields[0];
        if first.name == "__typename" {
            return Some(object["__typename"].clone());
        }
        let mut arguments = Object::new();
        for definition in &first.definition.arguments {
            let name = definition.name.as_str();
            let given = match first.specified_argument_by_name(name) {
                Some(value) => literal(value, &self.variables),
                None => None,
            };
            let default = || {
                definition.default_value.as_ref().and_then(|value| literal(value, &Object::new()))
            };
            if let Some(value) = given.or_else(default) {
                arguments.insert(name.to_owned(), value);
            }
        }
        let value = self.source.field(object, &first.name, &arguments);
        self.complete(first.ty(), fields, value)
    }

    /// 6.4.3 and 6.4.4
    fn complete(&mut self, ty: &Type, fields: &[&'a Node<Field>], value: Value) -> Option<Value> {
        if ty.is_non_null() {
            let before = self.errors.len();
            let value = self.complete(&ty.clone().nullable(), fields, value);
            if value.is_none() || value == Some(Value::Null) {
                if self.errors.len() == before {
                    self.errors.push(self.path.clone());
                }
                return None;
            }
            return value;
        }
        match (ty, value) {
            (_, Value::Null) => Some(Value::Null),
            (Type::List(item), Value::Array(items)) => {
                let mut completed = Vec::new();
                for (at, value) in items.into_iter().enumerate() {
                    self.path.push(Value::from(at));
                    let value = self.complete(item, fields, value);
                    self.path.pop();
                    let Some(value) = value else { return Some(Value::Null) };
                    completed.push(value);
                }
                Some(Value::Array(completed))
            }
            (_, Value::Object(object)) if object.contains_key("__typename") => {
                let sets: Vec<&SelectionSet> =
                    fields.iter().map(|field| &field.selection_set).collect();
                Some(self.object(&object, &sets).map_or(Value::Null, Value::Object))
            }
            (_, value) => Some(value),
        }
    }
}

/// The value of an argument; nothing for a variable that was not given.
fn literal(value: &Literal, variables: &Object) -> Option<Value> {
    Some(match value {
        Literal::Null => Value::Null,
        Literal::Boolean(value) => Value::from(*value),
        Literal::Enum(value) => Value::from(value.as_str()),
        Literal::String(value) => Value::from(value.as_str()),
        Literal::Int(value) => Value::from(value.try_to_i32().unwrap()),
        Literal::Float(value) => Value::from(value.try_to_f64().unwrap()),
        Literal::Variable(name) => variables.get(name.as_str())?.clone(),
        Literal::List(items) => Value::Array(
            items.iter().map(|item| literal(item, variables).unwrap_or_default()).collect(),
        ),
        Literal::Object(fields) => Value::Object(
            fields
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), literal(value, variables)?)))
                .collect(),
        ),
    })
}

/// Objects that hold their fields themselves.
struct Plain {
    query: Object,
}

impl Source for Plain {
    fn field(&self, object: &Object, name: &str, _arguments: &Object) -> Value {
        let root = object["__typename"] == "Query";
        let object = if root { &self.query } else { object };
        object.get(name).cloned().unwrap_or_default()
    }
}

/// A subgraph of that schema whose root fields have these values.
pub(crate) fn serve(sdl: &str, query: &Value) -> impl Fn(&Value) -> Reply + Send + Sync + 'static {
    let schema = Schema::parse_and_validate(sdl, "subgraph").unwrap();
    let source = Plain { query: query.as_object().unwrap().clone() };
    move |asked| {
        let text = asked["query"].as_str().unwrap();
        let answer = execute(&schema, text, &Object::new(), &source).unwrap();
        assert!(answer.errors.is_empty());
        Reply::data(&answer.data.to_string())
    }
}
