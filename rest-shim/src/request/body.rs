//! A JSON body into the JSON of a variable: keys from `snake_case` to the schema's, everything else
//! as it is written.
//!
//! What the schema does not know is refused here, with a pointer; so is a member that is there
//! twice. The values themselves are the engine's to check.

use std::collections::HashSet;

use braid_model::Supergraph;
use braid_model::json::{JsonError, JsonErrorKind, Kind as JsonKind, Reader};
use braid_model::schema::{Kind, TypeRef};
use braid_router::http::params::JSON_DEPTH_MAX;
use braid_router::refusal::excerpt;

use crate::case::snake;
use crate::problem::Problem;

/// The body stands in the object of variables, which is one level.
const DEPTH_MAX: u32 = JSON_DEPTH_MAX - 1;

/// Translates a body for a variable of that type.
///
/// # Errors
/// It is no JSON object (400), or has a member that the type does not (422).
pub(super) fn translate(schema: &Supergraph, ty: TypeRef, body: &[u8]) -> Result<String, Problem> {
    let mut reader = Reader::new(body, DEPTH_MAX).map_err(malformed)?;
    if reader.peek().map_err(malformed)? != JsonKind::Object {
        return Err(Problem::bad_request("the body must be a JSON object"));
    }
    let out = String::with_capacity(body.len());
    let mut translation = Translation { schema, reader, pointer: String::new(), out };
    translation.value(ty)?;
    translation.reader.end().map_err(malformed)?;
    Ok(translation.out)
}

struct Translation<'a> {
    schema: &'a Supergraph,
    reader: Reader<'a>,
    /// Where the reader is (RFC 6901).
    pointer: String,
    out: String,
}

impl Translation<'_> {
    /// Recursion is as deep as the reader allows.
    fn value(&mut self, ty: TypeRef) -> Result<(), Problem> {
        let is_input = self.schema.ty(ty.named).kind == Kind::InputObject;
        match (self.reader.peek().map_err(malformed)?, ty.item()) {
            (JsonKind::Object, _) if is_input => self.object(ty),
            (JsonKind::Array, Some(item)) => self.array(item),
            _ => {
                let span = self.reader.skip().map_err(malformed)?;
                self.out.push_str(self.reader.slice(span));
                Ok(())
            }
        }
    }

    fn array(&mut self, item: TypeRef) -> Result<(), Problem> {
        self.reader.enter_array().map_err(malformed)?;
        self.out.push('[');
        let (outside, mut index) = (self.pointer.len(), 0_usize);
        while self.reader.next_item().map_err(malformed)? {
            if index > 0 {
                self.out.push(',');
            }
            self.pointer.push_str(&format!("/{index}"));
            self.value(item)?;
            self.pointer.truncate(outside);
            index += 1;
        }
        self.out.push(']');
        Ok(())
    }

    fn object(&mut self, ty: TypeRef) -> Result<(), Problem> {
        self.reader.enter_object().map_err(malformed)?;
        self.out.push('{');
        let outside = self.pointer.len();
        let mut seen = HashSet::new();
        while let Some(key) = self.reader.next_key().map_err(malformed)? {
            let key = key.to_text();
            self.pointer.push('/');
            self.pointer.push_str(&excerpt(&key).replace('~', "~0").replace('/', "~1"));
            let inputs = self.schema.ty(ty.named).inputs.iter().map(|&id| self.schema.input(id));
            let mut visible = inputs.filter(|input| !input.inaccessible);
            let input = visible.find(|input| snake(self.schema.text(input.name)) == key);
            let Some(input) = input else {
                return Err(Problem::member(&self.pointer, "UNKNOWN_MEMBER", "is not known here"));
            };
            if !seen.insert(input.name) {
                return Err(Problem::member(&self.pointer, "DUPLICATE_MEMBER", "is there twice"));
            }
            if seen.len() > 1 {
                self.out.push(',');
            }
            self.out.push('"');
            self.out.push_str(self.schema.text(input.name));
            self.out.push_str("\":");
            self.value(input.ty)?;
            self.pointer.truncate(outside);
        }
        self.out.push('}');
        Ok(())
    }
}

fn malformed(error: JsonError) -> Problem {
    Problem::bad_request(match error.kind {
        JsonErrorKind::Depth => format!("the body nests deeper than {DEPTH_MAX}"),
        _ => format!("the body is not valid JSON: {error}"),
    })
}
