//! The values of a request's variables (specification, section 6.1.2).
//!
//! From the JSON text of a request's `variables` to the JSON text of each variable's value, as it
//! goes to subgraphs: checked against the variable's type in depth, with the defaults of variables
//! and of input fields filled in at every depth, so that no subgraph needs to know them. Reading
//! is directed by the type and goes through the text once; there is no tree. Strings and numbers
//! leave as they were written; only an `ID` that came as an integer becomes a string.
//!
//! What a client sent is repeated in messages only up to 100 characters.

pub(crate) mod constant;
mod path;

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use braid_model::Supergraph;
use braid_model::ids::{InputId, TypeId};
use braid_model::json::{JsonError, JsonErrorKind, Kind as JsonKind, Reader, Text};
use braid_model::schema::{Kind, TypeRef};

use self::path::Path;
use crate::document::{Conditions, ValidDocument};
use crate::operation::VariableIndex;
use crate::validate::error::{DocumentError, Rule, excerpt};
use crate::validate::values::{Scalar, is_finite, is_int32};
use crate::view::View;

/// How deep values may nest in a request's variables.
const DEPTH_MAX: u32 = 64;
/// How many bytes all values may have once defaults are filled in.
const BYTES_MAX: usize = 8 << 20;

/// The values of an operation's variables.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    values: Vec<Option<String>>,
}

impl Variables {
    /// Coerces the JSON text of a request's `variables`; an empty text and `null` stand for no
    /// variables. Members that are no variables of the operation are ignored.
    ///
    /// # Errors
    /// The first thing that is wrong, with the path to it (`$in.lines[0].quantity`).
    pub fn coerce(
        schema: &Supergraph,
        view: &View,
        valid: &ValidDocument,
        json: &[u8],
    ) -> Result<Self, DocumentError> {
        let mut coercion = Coercion { schema, view, path: Path::default(), out: String::new() };
        let mut values: Vec<Option<String>> = vec![None; valid.variables().len()];
        let failed = |failure: Failure, at: Option<VariableIndex>| failure.report(valid, at);
        let mut left = BYTES_MAX;
        if !json.is_empty() {
            let mut reader = Reader::new(json, DEPTH_MAX).map_err(|e| failed(e.into(), None))?;
            coercion.given(&mut reader, valid, &mut values).map_err(|(f, at)| failed(f, at))?;
        }
        for (at, variable) in valid.variables().iter().enumerate() {
            coercion.path.restart(&variable.name);
            if values[at].is_none() {
                let value = match &variable.default {
                    Some(default) => coercion.default(default, variable.ty).map(Some),
                    None if variable.ty.is_non_null() => Err(coercion.missing(variable.ty)),
                    None => Ok(None),
                };
                values[at] = value.map_err(|failure| failed(failure, Some(at)))?;
            }
            let bytes = values[at].as_ref().map_or(0, String::len);
            let too_large = || failed(Coercion::too_large(), Some(at));
            left = left.checked_sub(bytes).ok_or_else(too_large)?;
        }
        Ok(Self { values })
    }

    /// The JSON of a variable's value; nothing if the request did not give it and it has no
    /// default, which is not the same as `null`.
    pub fn get(&self, variable: VariableIndex) -> Option<&str> {
        self.values.get(variable)?.as_deref()
    }

    /// What the variables decide of the operation's `@skip` and `@include`.
    ///
    /// # Errors
    /// A variable with a default was given as `null`, which is neither.
    pub fn conditions(&self, valid: &ValidDocument) -> Result<Conditions, DocumentError> {
        let mut conditions = Conditions::default();
        for (bit, &variable) in valid.conditions().iter().enumerate() {
            match self.get(variable) {
                Some("true") => conditions = conditions.with(bit),
                Some("false") => {}
                _ => {
                    let name = excerpt(&valid.variables()[variable].name);
                    let message =
                        format!("`${name}` decides `@skip` or `@include`: give a Boolean");
                    return Err(Failure::Value(message).report(valid, Some(variable)));
                }
            }
        }
        Ok(conditions)
    }
}

/// What went wrong, before it is known of which variable.
enum Failure {
    Json(JsonError),
    Value(String),
}

impl From<JsonError> for Failure {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl Failure {
    fn report(self, valid: &ValidDocument, variable: Option<VariableIndex>) -> DocumentError {
        let message = match self {
            Self::Json(JsonError { kind: JsonErrorKind::Depth, .. }) => {
                format!("the variables nest deeper than {DEPTH_MAX}")
            }
            Self::Json(error) => format!("the variables are not a JSON object: {error}"),
            Self::Value(message) => message,
        };
        let span = variable.and_then(|at| valid.variable_span(at));
        let locations = span.map(|span| valid.position(span)).into_iter().collect();
        DocumentError { message, locations, rule: Rule::VariableValues, coordinate: None }
    }
}

type Coerced<T> = Result<T, Failure>;

struct Coercion<'a> {
    schema: &'a Supergraph,
    view: &'a View,
    path: Path<'a>,
    /// The value of one variable, as far as it is written.
    out: String,
}

impl<'a> Coercion<'a> {
    /// Reads the object of variables.
    fn given(
        &mut self,
        reader: &mut Reader<'_>,
        valid: &'a ValidDocument,
        values: &mut [Option<String>],
    ) -> Result<(), (Failure, Option<VariableIndex>)> {
        let plain = |error: JsonError| (Failure::Json(error), None);
        if reader.peek().map_err(plain)? == JsonKind::Null {
            return reader.null().and_then(|()| reader.end()).map_err(plain);
        }
        let mut seen = FxHashSet::default();
        reader.enter_object().map_err(plain)?;
        while let Some(key) = reader.next_key().map_err(plain)? {
            let name = content(key);
            let variable = valid.variable_index.get(&*name).copied();
            if seen.contains(&name) {
                let message = format!("variable `{}` is given twice", excerpt(&name));
                return Err((Failure::Value(message), variable));
            }
            match variable {
                Some(at) => {
                    let variable = &valid.variables()[at];
                    self.path.restart(&variable.name);
                    self.value(reader, variable.ty).map_err(|failure| (failure, Some(at)))?;
                    values[at] = Some(std::mem::take(&mut self.out));
                }
                None => drop(reader.skip().map_err(plain)?),
            }
            seen.insert(name);
        }
        reader.end().map_err(plain)
    }

    /// Recursion is as deep as the reader allows.
    fn value(&mut self, reader: &mut Reader<'_>, ty: TypeRef) -> Coerced<()> {
        if self.out.len() > BYTES_MAX {
            return Err(Self::too_large());
        }
        match (reader.peek()?, ty.item()) {
            (JsonKind::Null, _) => {
                if ty.is_non_null() {
                    return Err(self.missing(ty));
                }
                reader.null()?;
                self.out.push_str("null");
                Ok(())
            }
            (JsonKind::Array, Some(item)) => {
                reader.enter_array()?;
                self.out.push('[');
                let mut index = 0;
                while reader.next_item()? {
                    if index > 0 {
                        self.out.push(',');
                    }
                    self.path.push_index(index);
                    self.value(reader, item)?;
                    self.path.pop();
                    index += 1;
                }
                self.out.push(']');
                Ok(())
            }
            // A single value stands for a list of it, at any depth (section 3.11).
            (_, Some(item)) => {
                self.out.push('[');
                self.value(reader, item)?;
                self.out.push(']');
                Ok(())
            }
            (_, None) => match self.schema.ty(ty.named).kind {
                Kind::Enum => self.enum_value(reader, ty),
                Kind::InputObject => self.object(reader, ty),
                Kind::Scalar | Kind::Object | Kind::Interface | Kind::Union => {
                    self.scalar(reader, ty)
                }
            },
        }
    }

    /// Section 3.5.
    fn scalar(&mut self, reader: &mut Reader<'_>, ty: TypeRef) -> Coerced<()> {
        let kind = reader.peek()?;
        match (Scalar::named(self.schema.type_name(ty.named)), kind) {
            (Scalar::Custom, _)
            | (Scalar::String | Scalar::Id, JsonKind::String)
            | (Scalar::Boolean, JsonKind::Boolean) => {
                let span = reader.skip()?;
                self.out.push_str(reader.slice(span));
            }
            (Scalar::Int, JsonKind::Number) => {
                let number = reader.clone().number()?;
                if !number.integer {
                    return Err(self.wrong(reader, "an Int"));
                }
                if !is_int32(number.raw) {
                    return Err(self.wrong(reader, "an Int between -2147483648 and 2147483647"));
                }
                self.out.push_str(reader.number()?.raw);
            }
            (Scalar::Float, JsonKind::Number) => {
                if !is_finite(reader.clone().number()?.raw) {
                    return Err(self.wrong(reader, "a Float that fits a double"));
                }
                self.out.push_str(reader.number()?.raw);
            }
            (Scalar::Id, JsonKind::Number) => {
                if !reader.clone().number()?.integer {
                    return Err(self.wrong(reader, "an ID, a string or an integer"));
                }
                self.out.push('"');
                self.out.push_str(reader.number()?.raw);
                self.out.push('"');
            }
            (Scalar::Int, _) => return Err(self.wrong(reader, "an Int")),
            (Scalar::Float, _) => return Err(self.wrong(reader, "a Float")),
            (Scalar::String, _) => return Err(self.wrong(reader, "a String")),
            (Scalar::Boolean, _) => return Err(self.wrong(reader, "a Boolean")),
            (Scalar::Id, _) => return Err(self.wrong(reader, "an ID, a string or an integer")),
        }
        Ok(())
    }

    /// Section 3.9.
    fn enum_value(&mut self, reader: &mut Reader<'_>, ty: TypeRef) -> Coerced<()> {
        if reader.peek()? != JsonKind::String {
            return Err(self.wrong(reader, "a value of the enum, as a string"));
        }
        let text = content(reader.clone().string()?);
        let Some(value) = self.view.value_named(self.schema, ty.named, &text) else {
            return Err(self.wrong(reader, "a value of the enum"));
        };
        reader.string()?;
        self.out.push('"');
        self.out.push_str(self.schema.text(value.name));
        self.out.push('"');
        Ok(())
    }

    /// Section 3.10: fields that exist, once each; then the defaults of those that are not there.
    fn object(&mut self, reader: &mut Reader<'_>, ty: TypeRef) -> Coerced<()> {
        if reader.peek()? != JsonKind::Object {
            return Err(self.wrong(reader, "an input object"));
        }
        let def = self.schema.ty(ty.named);
        let mut given = vec![false; def.inputs.len()];
        let mut null = false;
        reader.enter_object()?;
        self.out.push('{');
        while let Some(key) = reader.next_key()? {
            let name = content(key);
            let Some(at) = self.input_position(&def.inputs, &name) else {
                let message = format!("`{}` has no field `{}`", self.path, excerpt(&name));
                return Err(Failure::Value(message));
            };
            let input = self.schema.input(def.inputs[at]);
            self.path.push_field(self.schema.text(input.name));
            if std::mem::replace(&mut given[at], true) {
                return Err(Failure::Value(format!("`{}` is given twice", self.path)));
            }
            null |= reader.peek()? == JsonKind::Null;
            self.key(def.inputs[at]);
            self.value(reader, input.ty)?;
            self.path.pop();
        }
        if def.one_of {
            let count = given.iter().filter(|&&given| given).count();
            self.one_of(count, null)?;
        }
        self.absent(ty.named, &given)?;
        self.out.push('}');
        Ok(())
    }

    fn input_position(&self, inputs: &[InputId], name: &str) -> Option<usize> {
        let id = self.view.input_named(self.schema, inputs, name)?;
        inputs.iter().position(|&input| input == id)
    }

    /// Writes the key of the next member.
    fn key(&mut self, input: InputId) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        // Names need no escapes.
        self.out.push('"');
        self.out.push_str(self.schema.text(self.schema.input(input).name));
        self.out.push_str("\":");
    }

    /// Writes the defaults of an input object's fields that were not given.
    fn absent(&mut self, on: TypeId, given: &[bool]) -> Coerced<()> {
        let schema = self.schema;
        for (&id, _) in schema.ty(on).inputs.iter().zip(given).filter(|(_, given)| !**given) {
            let input = schema.input(id);
            if !self.view.input(schema, id) {
                continue;
            }
            if let Some(default) = &input.default {
                self.key(id);
                self.path.push_field(schema.text(input.name));
                self.constant(default, input.ty)?;
                self.path.pop();
            } else if input.ty.is_non_null() {
                self.path.push_field(schema.text(input.name));
                return Err(self.missing(input.ty));
            }
        }
        Ok(())
    }

    fn one_of(&self, count: usize, null: bool) -> Coerced<()> {
        if count == 1 && !null {
            return Ok(());
        }
        let message = format!("`{}` must have exactly one field, which is not null", self.path);
        Err(Failure::Value(message))
    }

    fn missing(&self, ty: TypeRef) -> Failure {
        let ty = self.schema.type_text(ty);
        Failure::Value(format!("`{}` of type `{ty}` must be given and not be null", self.path))
    }

    fn too_large() -> Failure {
        Failure::Value(format!("the variables have more than {BYTES_MAX} bytes with all defaults"))
    }

    /// `reader` is at the value.
    fn wrong(&self, reader: &Reader<'_>, expected: &str) -> Failure {
        let mut reader = reader.clone();
        match reader.skip() {
            Ok(span) => {
                let found = excerpt(reader.slice(span));
                Failure::Value(format!("`{}` must be {expected}, found `{found}`", self.path))
            }
            Err(error) => error.into(),
        }
    }
}

/// A string's content.
fn content(text: Text<'_>) -> Cow<'_, str> {
    if text.escaped { Cow::Owned(text.to_text()) } else { Cow::Borrowed(text.raw) }
}
