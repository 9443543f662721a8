//! Texts that people type, checked and brought into one form.

use crate::domain::problem::{Path, Problem};

/// The longest name or title, in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// The longest e-mail address, in bytes (RFC 5321 4.5.3.1.3 less the brackets).
const EMAIL_BYTES_MAX: usize = 254;
/// The longest domain name, in bytes (RFC 1035 2.3.4).
const DOMAIN_BYTES_MAX: usize = 253;

/// A line of text: trimmed, 1 to [`NAME_CHARS_MAX`] characters, none of them a control character.
pub fn line(path: Path, text: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let text = text.trim();
    let count = text.chars().count();
    if count == 0 || count > NAME_CHARS_MAX || text.contains(char::is_control) {
        let message = format!("1 to {NAME_CHARS_MAX} characters without control characters");
        problems.push(Problem::invalid(path, message));
        return None;
    }
    Some(text.to_owned())
}

/// An Internet domain as it is compared: lower case, without scheme, `www.`, port and path.
pub fn domain(path: Path, text: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let found = normal_domain(text);
    if found.is_none() {
        problems.push(Problem::invalid(path, "a domain such as example.com"));
    }
    found
}

/// The domain in a text, if there is one; see [`domain`].
pub fn normal_domain(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let text = text.strip_prefix("https://").or(text.strip_prefix("http://")).unwrap_or(&text);
    let host = text.split(['/', ':', '?', '#']).next().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host);
    let label = |label: &str| {
        let inner = label.chars().all(|c| c.is_alphanumeric() || c == '-');
        inner && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_domain = host.len() <= DOMAIN_BYTES_MAX && host.contains('.');
    (is_domain && host.split('.').all(label)).then(|| host.to_owned())
}

/// An e-mail address: something before and a domain after one `@`; trimmed, case kept.
pub fn email(path: Path, text: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let text = text.trim();
    let is_email = text.split_once('@').is_some_and(|(local, host)| {
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '@';
        (1..=64).contains(&local.len())
            && local.chars().all(plain)
            && !host.contains(['/', ':', '?', '#'])
            && normal_domain(host).is_some()
    });
    if !is_email || text.len() > EMAIL_BYTES_MAX {
        problems.push(Problem::invalid(path, "an e-mail address such as name@example.com"));
        return None;
    }
    Some(text.to_owned())
}

/// An e-mail address as it is compared.
pub fn email_key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A telephone number: 5 to 30 of digits, spaces and `+-().`, at least five of them digits.
pub fn phone(path: Path, text: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.chars().all(|c| c.is_ascii_digit() || " +-().".contains(c));
    if digits < 5 || text.len() > 30 || !plain {
        problems.push(Problem::invalid(path, "a telephone number such as +31 20 555 0100"));
        return None;
    }
    Some(text.to_owned())
}

/// A tax number: 4 to 30 letters and digits, with spaces, dots, slashes or hyphens between.
pub fn tax_id(path: Path, text: &str, problems: &mut Vec<Problem>) -> Option<String> {
    let text = text.trim();
    let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || " ./-".contains(c));
    if !plain || !(4..=30).contains(&tax_key(text).len()) {
        problems.push(Problem::invalid(path, "a tax number of 4 to 30 letters and digits"));
        return None;
    }
    Some(text.to_owned())
}

/// A tax number as it is compared: letters and digits only, upper case.
pub fn tax_key(text: &str) -> String {
    let kept = text.chars().filter(char::is_ascii_alphanumeric);
    kept.take(60).map(|c| c.to_ascii_uppercase()).collect()
}

/// A company's name as it is compared: lower case, letters and digits only, without the legal form
/// at its end. `Müller & Söhne GmbH` and `müller söhne` are one.
pub fn match_key(name: &str) -> String {
    const LEGAL_FORMS: [&str; 20] = [
        "ab",
        "ag",
        "as",
        "bv",
        "co",
        "company",
        "corp",
        "corporation",
        "gmbh",
        "inc",
        "kg",
        "limited",
        "llc",
        "llp",
        "ltd",
        "nv",
        "oy",
        "plc",
        "sa",
        "se",
    ];
    let name = name.replace(['.', '\''], "").to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let mut words: Vec<&str> = words.collect();
    while let [_, .., last] = words.as_slice()
        && LEGAL_FORMS.contains(last)
    {
        words.pop();
    }
    words.join(" ")
}
