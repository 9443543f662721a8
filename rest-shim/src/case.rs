//! `camelCase` of GraphQL and `snake_case` of REST.

use braid_model::json::{JsonError, Kind, Reader};

/// `quoteToken` -> `quote_token`, `pdfURL` -> `pdf_url`; `__typename` -> `type`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    write_snake(name, &mut out);
    out
}

fn write_snake(name: &str, out: &mut String) {
    if name == "__typename" {
        out.push_str("type");
        return;
    }
    let mut chars = name.chars().peekable();
    let mut before: Option<char> = None;
    while let Some(c) = chars.next() {
        // A word begins after a small letter, and with the last capital of several in a row.
        let starts = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before != '_'
                    && (!before.is_ascii_uppercase()
                        || chars.peek().is_some_and(char::is_ascii_lowercase))
            });
        if starts {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = Some(c);
    }
}

/// A JSON text with all its keys in `snake_case`; values stay as they are written. Recursion is as
/// deep as the reader allows.
///
/// # Errors
/// It is no JSON.
pub(crate) fn snake_keys(json: &str) -> Result<String, JsonError> {
    let mut reader = Reader::new(json.as_bytes(), braid_model::json::DEPTH_MAX)?;
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    write_keys(&mut reader, &mut out)?;
    Ok(out)
}

fn write_keys(reader: &mut Reader<'_>, out: &mut String) -> Result<(), JsonError> {
    match reader.peek()? {
        Kind::Object => {
            reader.enter_object()?;
            out.push('{');
            let mut is_first = true;
            while let Some(key) = reader.next_key()? {
                if !std::mem::take(&mut is_first) {
                    out.push(',');
                }
                out.push('"');
                // Names have no escapes; what has some is inside a scalar, and not ours to change.
                if key.escaped {
                    out.push_str(key.raw);
                } else {
                    write_snake(key.raw, out);
                }
                out.push_str("\":");
                write_keys(reader, out)?;
            }
            out.push('}');
        }
        Kind::Array => {
            reader.enter_array()?;
            out.push('[');
            let mut is_first = true;
            while reader.next_item()? {
                if !std::mem::take(&mut is_first) {
                    out.push(',');
                }
                write_keys(reader, out)?;
            }
            out.push(']');
        }
        Kind::Null | Kind::Boolean | Kind::Number | Kind::String => {
            let span = reader.skip()?;
            out.push_str(reader.slice(span));
        }
    }
    Ok(())
}
