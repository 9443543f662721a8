//! What a request asks: the parameters of GraphQL over HTTP (section 5), from a JSON body or the
//! query string of a GET.
//!
//! Whatever is unclear is refused: batches, a parameter twice, parameters in body and URL. So what
//! is checked, logged and cached is what is executed.

use braid_model::json::{JsonError, Kind, Reader, Span, Text};
use bytes::Bytes;

use crate::refusal::{Refusal, RefusalCode};

/// How deep JSON may nest.
pub const JSON_DEPTH_MAX: u32 = 64;

/// The parameters of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// The text of the document.
    pub query: Option<String>,
    /// The id of a stored document: `documentId`, or `id` as Relay spells it.
    pub document_id: Option<String>,
    /// Which operation of the document is meant.
    pub operation_name: Option<String>,
    /// A JSON object; empty if there is none. Well-formed and not deeper than [`JSON_DEPTH_MAX`].
    pub variables: Bytes,
    /// A JSON object, as [`Self::variables`].
    pub extensions: Bytes,
}

impl Params {
    /// Reads a JSON body.
    ///
    /// # Errors
    /// It is no JSON object with parameters of the right types, each once at most.
    pub fn from_body(body: &Bytes) -> Result<Self, Refusal> {
        let malformed = |error: JsonError| {
            Refusal::bad_request(format!("the body is not a valid JSON object: {error}"))
        };
        let mut reader = Reader::new(body, JSON_DEPTH_MAX).map_err(malformed)?;
        match reader.peek().map_err(malformed)? {
            Kind::Object => {}
            Kind::Array => {
                let message = "batches are not supported; send one operation for each request";
                return Err(Refusal::new(RefusalCode::Batch, message));
            }
            Kind::Null | Kind::Boolean | Kind::Number | Kind::String => {
                return Err(Refusal::bad_request("the body must be a JSON object"));
            }
        }
        let mut collected = Collected::default();
        reader.enter_object().map_err(malformed)?;
        while let Some(key) = reader.next_key().map_err(malformed)? {
            let parameter = Parameter::named(|name| key.is(name));
            let kind = reader.peek().map_err(malformed)?;
            match parameter {
                Some(parameter) if kind == Kind::String && parameter.is_text() => {
                    let text: Text<'_> = reader.string().map_err(malformed)?;
                    collected.text(parameter, text.to_text())?;
                }
                Some(parameter) => {
                    let span: Span = reader.skip().map_err(malformed)?;
                    collected.value(parameter, kind, body.slice(span.range()))?;
                }
                // Others are left for extensions of the specification.
                None => {
                    reader.skip().map_err(malformed)?;
                }
            }
        }
        reader.end().map_err(malformed)?;
        Ok(collected.params)
    }

    /// Reads the query string of a GET.
    ///
    /// # Errors
    /// It is not UTF-8 in percent encoding, or a parameter is malformed or there twice.
    pub fn from_query_string(query: &str) -> Result<Self, Refusal> {
        let mut collected = Collected::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            let Some(parameter) = Parameter::named(|known| known == name) else { continue };
            let value = decode(value)?;
            if parameter.is_text() {
                collected.text(parameter, value)?;
                continue;
            }
            let value = Bytes::from(value);
            let kind = check_json(&value).map_err(|error| {
                let name = parameter.name();
                Refusal::bad_request(format!("the parameter `{name}` is not valid JSON: {error}"))
            })?;
            collected.value(parameter, kind, value)?;
        }
        Ok(collected.params)
    }

    /// Refuses a POST that has parameters in its URL, too.
    ///
    /// # Errors
    /// It does.
    pub fn none_in_url(query: Option<&str>) -> Result<(), Refusal> {
        let pairs = query.unwrap_or_default().split('&');
        let names = pairs.map(|pair| pair.split('=').next().unwrap_or_default());
        let stray = names.filter_map(|name| decode(name).ok()).find(|name| {
            // `operationName` beside the body is a habit of clients, for the sake of access logs.
            Parameter::named(|known| known == name)
                .is_some_and(|parameter| parameter != Parameter::OperationName)
        });
        match stray {
            Some(name) => Err(Refusal::bad_request(format!(
                "the parameter `{name}` is in the URL of a POST; send it in the body"
            ))),
            None => Ok(()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameter {
    Query,
    DocumentId,
    Id,
    OperationName,
    Variables,
    Extensions,
}

impl Parameter {
    const ALL: [Self; 6] = [
        Self::Query,
        Self::DocumentId,
        Self::Id,
        Self::OperationName,
        Self::Variables,
        Self::Extensions,
    ];

    fn named(is: impl Fn(&str) -> bool) -> Option<Self> {
        Self::ALL.into_iter().find(|parameter| is(parameter.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::DocumentId => "documentId",
            Self::Id => "id",
            Self::OperationName => "operationName",
            Self::Variables => "variables",
            Self::Extensions => "extensions",
        }
    }

    /// A string, or else a JSON object.
    fn is_text(self) -> bool {
        !matches!(self, Self::Variables | Self::Extensions)
    }
}

#[derive(Default)]
struct Collected {
    params: Params,
    seen: [bool; Parameter::ALL.len()],
}

impl Collected {
    fn text(&mut self, parameter: Parameter, value: String) -> Result<(), Refusal> {
        self.once(parameter)?;
        let params = &mut self.params;
        match parameter {
            Parameter::Query => params.query = Some(value),
            Parameter::DocumentId | Parameter::Id => params.document_id = Some(value),
            // A name is never empty; clients send "" for none.
            Parameter::OperationName => {
                params.operation_name = Some(value).filter(|v| !v.is_empty());
            }
            Parameter::Variables | Parameter::Extensions => {}
        }
        Ok(())
    }

    /// A value that is not the string of a text parameter.
    fn value(&mut self, parameter: Parameter, kind: Kind, json: Bytes) -> Result<(), Refusal> {
        self.once(parameter)?;
        match (parameter, kind) {
            (_, Kind::Null) => {}
            (Parameter::Variables, Kind::Object) => self.params.variables = json,
            (Parameter::Extensions, Kind::Object) => self.params.extensions = json,
            _ => {
                let wanted = if parameter.is_text() { "a string" } else { "a JSON object" };
                let name = parameter.name();
                return Err(Refusal::bad_request(format!("`{name}` must be {wanted}")));
            }
        }
        Ok(())
    }

    fn once(&mut self, parameter: Parameter) -> Result<(), Refusal> {
        // `id` and `documentId` say the same: one of them.
        let same = if parameter == Parameter::Id { Parameter::DocumentId } else { parameter };
        if std::mem::replace(&mut self.seen[same as usize], true) {
            let name = parameter.name();
            return Err(Refusal::bad_request(format!("`{name}` is there more than once")));
        }
        Ok(())
    }
}

/// Checks a whole JSON text and tells its kind.
fn check_json(text: &[u8]) -> Result<Kind, JsonError> {
    let mut reader = Reader::new(text, JSON_DEPTH_MAX)?;
    let kind = reader.peek()?;
    reader.skip()?;
    reader.end()?;
    Ok(kind)
}

/// `application/x-www-form-urlencoded` (URL standard, section 5.1), strictly: a broken escape or
/// broken UTF-8 is refused rather than replaced.
///
/// # Errors
/// It is.
pub fn decode(text: &str) -> Result<String, Refusal> {
    let malformed = || Refusal::bad_request("the query string is not valid percent encoding");
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                let (high, low) = (digit().ok_or_else(malformed)?, digit().ok_or_else(malformed)?);
                u8::try_from(high * 16 + low).map_err(|_| malformed())?
            }
            byte => byte,
        });
    }
    String::from_utf8(decoded).map_err(|_| malformed())
}
