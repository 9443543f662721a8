//! `@override` as far as one subgraph can tell.

use crate::{code::Code, ir::Kind, rules::RuleCx};

pub(super) fn check(cx: &mut RuleCx<'_>) {
    let sub = cx.sub;
    for ty in &sub.types {
        for field in sub.fields_of(ty) {
            let Some(directive) = &field.override_from else { continue };
            let coordinate = cx.coordinate(ty, field);
            if ty.kind == Kind::Interface || ty.interface_object.is_some() {
                let message = format!(
                    "@override cannot be used on field \"{coordinate}\": @override is not supported \
                     on fields of interfaces and of types with @interfaceObject"
                );
                cx.report(Code::OverrideOnInterface, &coordinate, directive.span, &message);
            }
            if directive.from == sub.name() {
                let message = format!(
                    "source and destination subgraphs \"{}\" are the same for overridden field \
                     \"{coordinate}\"",
                    directive.from
                );
                cx.report(Code::OverrideFromSelfError, &coordinate, directive.span, &message);
            }
            let label = directive.label.as_deref();
            if let Some(label) = label.filter(|label| !is_valid_label(label)) {
                let message = format!(
                    "invalid @override label \"{label}\" on field \"{coordinate}\": labels must start \
                     with a letter and after that contain letters, digits, \"_\", \"-\", \":\", \".\" \
                     or \"/\" only, or have the form \"percent(x)\" with x between 0 and 100 and at \
                     most 8 decimals"
                );
                cx.report(Code::OverrideLabelInvalid, &coordinate, directive.span, &message);
            }
        }
    }
}

fn is_valid_label(label: &str) -> bool {
    let percent = label.strip_prefix("percent(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(number) = percent {
        return is_percentage(number);
    }
    label.starts_with(|first: char| first.is_ascii_alphabetic())
        && label
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "_-:./".contains(character))
}

fn is_percentage(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most: usize| {
        !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 3) || !digits(fraction, 8) {
        return false;
    }
    match whole.parse::<u32>() {
        Ok(100) => fraction.bytes().all(|byte| byte == b'0'),
        Ok(number) => number < 100,
        Err(_) => false,
    }
}
