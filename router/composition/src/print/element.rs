//! Pieces of SDL that both printers need.

use std::fmt::Write as _;

use crate::{
    ir::marks::{Marks, Requirement},
    merged::MergedInput,
    names::Names,
};

/// A description before an element, on lines of its own, each behind `indent`.
pub(crate) fn description(text: &mut String, indent: &str, description: Option<&str>) {
    let Some(description) = description else { return };
    if !fits_block(description) {
        _ = writeln!(text, "{indent}{}", quoted(description));
        return;
    }
    _ = writeln!(text, "{indent}\"\"\"");
    for line in description.split('\n') {
        if line.is_empty() {
            text.push('\n');
        } else {
            _ = writeln!(text, "{indent}{}", line.replace("\"\"\"", "\\\"\"\""));
        }
    }
    _ = writeln!(text, "{indent}\"\"\"");
}

/// Whether a block string gives back exactly this text (GraphQL 2.9.4: common indentation and
/// blank first and last lines are removed, escapes are not read).
fn fits_block(text: &str) -> bool {
    let blank = |line: Option<&str>| line.is_none_or(|line| line.trim().is_empty());
    let outdented =
        text.split('\n').any(|line| line.starts_with(|first: char| first != ' ' && first != '\t'));
    let printable = text
        .chars()
        .all(|character| character == '\n' || character == '\t' || !character.is_control());
    printable
        && outdented
        && !blank(text.split('\n').next())
        && !blank(text.split('\n').next_back())
}

/// A string literal.
pub(crate) fn quoted(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\r' => literal.push_str("\\r"),
            '\t' => literal.push_str("\\t"),
            control if control.is_control() => {
                _ = write!(literal, "\\u{:04X}", u32::from(control));
            }
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// An argument or input field on one line, with description and standard directives.
pub(crate) fn input_value(names: &Names, input: &MergedInput) -> String {
    let mut text = String::new();
    if let Some(description) = &input.marks.description {
        text.push_str(&quoted(description));
        text.push(' ');
    }
    text.push_str(&bare_input_value(names, input));
    text
}

/// `name: Type = default`, without description and directives.
pub(crate) fn bare_input_value(names: &Names, input: &MergedInput) -> String {
    let mut text = format!("{}: {}", &names[input.name], input.ty.print(names));
    if let Some(default) = &input.default {
        _ = write!(text, " = {}", default.serialize().no_indent());
    }
    text
}

/// Directives that clients may see, too: `@deprecated`, `@specifiedBy`, `@oneOf`.
pub(crate) fn standard_directives(text: &mut String, marks: &Marks) {
    match &marks.deprecated {
        Some((Some(reason), _)) => _ = write!(text, " @deprecated(reason: {})", quoted(reason)),
        Some((None, _)) => text.push_str(" @deprecated"),
        None => {}
    }
    if let Some((url, _)) = &marks.specified_by {
        _ = write!(text, " @specifiedBy(url: {})", quoted(url));
    }
    if marks.one_of.is_some() {
        text.push_str(" @oneOf");
    }
}

/// Directives of linked features, for the supergraph only.
pub(crate) fn feature_directives(text: &mut String, names: &Names, marks: &Marks) {
    if marks.inaccessible.is_some() {
        text.push_str(" @inaccessible");
    }
    for (tag, _) in &marks.tags {
        _ = write!(text, " @tag(name: {})", quoted(&names[*tag]));
    }
    if marks.authenticated.is_some() {
        text.push_str(" @authenticated");
    }
    if let Some((scopes, _)) = &marks.scopes {
        _ = write!(text, " @requiresScopes(scopes: {})", requirement(scopes));
    }
    if let Some((policies, _)) = &marks.policies {
        _ = write!(text, " @policy(policies: {})", requirement(policies));
    }
    if let Some((weight, _)) = &marks.cost {
        _ = write!(text, " @cost(weight: {weight})");
    }
    if let Some((size, _)) = &marks.list_size {
        let mut arguments = Vec::new();
        arguments.extend(size.assumed_size.map(|size| format!("assumedSize: {size}")));
        let list = |name: &str, items: &Vec<String>| format!("{name}: {}", strings(items));
        arguments
            .extend(size.slicing_arguments.as_ref().map(|names| list("slicingArguments", names)));
        arguments.extend(size.sized_fields.as_ref().map(|names| list("sizedFields", names)));
        let one = size.require_one_slicing_argument;
        arguments.extend(one.map(|one| format!("requireOneSlicingArgument: {one}")));
        text.push_str(" @listSize");
        if !arguments.is_empty() {
            _ = write!(text, "({})", arguments.join(", "));
        }
    }
    for custom in &marks.custom {
        _ = write!(text, " @{}{}", &names[custom.name], custom.arguments);
    }
}

fn requirement(requirement: &Requirement) -> String {
    let alternatives: Vec<String> = requirement.iter().map(|items| strings(items)).collect();
    format!("[{}]", alternatives.join(", "))
}

fn strings(items: &[String]) -> String {
    let literals: Vec<String> = items.iter().map(|item| quoted(item)).collect();
    format!("[{}]", literals.join(", "))
}
