//! The lexer: bytes to tokens (specification, appendix B.1), and the content of strings.

use std::borrow::Cow;

use super::ast::Span;

/// A token's kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Token {
    /// One of `! $ & ( ) : = @ [ ] { | }`.
    Punct(u8),
    /// `...`
    Spread,
    Name,
    Int,
    Float,
    String,
    BlockString,
    End,
}

/// Why there is no token; the byte is where.
pub(super) struct LexError {
    pub(super) at: usize,
    pub(super) message: &'static str,
}

/// Reads tokens off a source.
pub(super) struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token, Span), LexError> {
        self.skip_ignored();
        let start = self.at;
        let token = match self.peek(0) {
            None => Token::End,
            Some(b @ (b'!' | b'$' | b'&' | b'(' | b')' | b':' | b'=' | b'@')) => self.punct(b),
            Some(b @ (b'[' | b']' | b'{' | b'|' | b'}')) => self.punct(b),
            Some(b'.') => self.spread()?,
            Some(b'A'..=b'Z' | b'a'..=b'z' | b'_') => self.name(),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b'"') if self.rest().starts_with(b"\"\"\"") => self.block_string()?,
            Some(b'"') => self.string()?,
            Some(_) => return Err(self.error("unexpected character")),
        };
        // `parse` refuses sources of 4 GiB and more.
        let fit = |n: usize| u32::try_from(n).expect("sources are under 4 GiB");
        Ok((token, Span { start: fit(start), end: fit(self.at) }))
    }

    fn rest(&self) -> &'a [u8] {
        &self.source.as_bytes()[self.at..]
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at + ahead).copied()
    }

    fn error(&self, message: &'static str) -> LexError {
        LexError { at: self.at, message }
    }

    /// White space, commas, comments and a byte order mark.
    fn skip_ignored(&mut self) {
        loop {
            match self.peek(0) {
                Some(b' ' | b'\t' | b'\n' | b'\r' | b',') => self.at += 1,
                Some(b'#') => {
                    while !matches!(self.peek(0), None | Some(b'\n' | b'\r')) {
                        self.at += 1;
                    }
                }
                Some(0xEF) if self.rest().starts_with("\u{FEFF}".as_bytes()) => self.at += 3,
                _ => return,
            }
        }
    }

    fn punct(&mut self, byte: u8) -> Token {
        self.at += 1;
        Token::Punct(byte)
    }

    fn spread(&mut self) -> Result<Token, LexError> {
        if !self.rest().starts_with(b"...") {
            return Err(self.error("unexpected character: did you mean `...`?"));
        }
        self.at += 3;
        Ok(Token::Spread)
    }

    fn name(&mut self) -> Token {
        while matches!(self.peek(0), Some(b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_')) {
            self.at += 1;
        }
        Token::Name
    }

    fn number(&mut self) -> Result<Token, LexError> {
        let mut token = Token::Int;
        if self.peek(0) == Some(b'-') {
            self.at += 1;
        }
        if self.peek(0) == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(0), Some(b'0'..=b'9')) {
                return Err(self.error("a number does not start with 0"));
            }
        } else {
            self.digits()?;
        }
        if self.peek(0) == Some(b'.') {
            self.at += 1;
            self.digits()?;
            token = Token::Float;
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(0), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
            token = Token::Float;
        }
        match self.peek(0) {
            Some(b'.' | b'_' | b'A'..=b'Z' | b'a'..=b'z') => {
                Err(self.error("a number is followed by a letter or dot"))
            }
            _ => Ok(token),
        }
    }

    fn digits(&mut self) -> Result<(), LexError> {
        if !matches!(self.peek(0), Some(b'0'..=b'9')) {
            return Err(self.error("a digit is missing"));
        }
        while matches!(self.peek(0), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Token, LexError> {
        self.at += 1;
        loop {
            match self.peek(0) {
                None | Some(b'\n' | b'\r') => return Err(self.error("a string does not end")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Token::String);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<(), LexError> {
        let rest = self.rest();
        match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let (_, len) =
                    unicode_escape(rest).ok_or_else(|| self.error("an invalid escape"))?;
                self.at += len;
            }
            _ => return Err(self.error("an invalid escape")),
        }
        Ok(())
    }

    fn block_string(&mut self) -> Result<Token, LexError> {
        self.at += 3;
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return Err(self.error("a block string does not end"));
            } else if rest.starts_with(b"\\\"\"\"") {
                self.at += 4;
            } else if rest.starts_with(b"\"\"\"") {
                self.at += 3;
                return Ok(Token::BlockString);
            } else {
                self.at += 1;
            }
        }
    }
}

/// The character of `\uXXXX`, `\u{X…}` or a surrogate pair at the start of `bytes`, and its length.
fn unicode_escape(bytes: &[u8]) -> Option<(char, usize)> {
    if bytes.get(2) == Some(&b'{') {
        let close = bytes.iter().take(12).position(|&b| b == b'}')?;
        let code = hex(bytes.get(3..close)?)?;
        return Some((char::from_u32(code)?, close + 1));
    }
    let high = hex(bytes.get(2..6)?)?;
    if let Some(c) = char::from_u32(high) {
        return Some((c, 6));
    }
    // A surrogate: only a pair, the high one first, says a character.
    let low = bytes.get(6..8).filter(|u| u == b"\\u").and_then(|_| hex(bytes.get(8..12)?))?;
    let pair = (0xD800..0xDC00).contains(&high) && (0xDC00..0xE000).contains(&low);
    let code = pair.then(|| 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))?;
    Some((char::from_u32(code)?, 12))
}

fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The content of a string token, quotes included in `text` (specification, section 2.9.4).
pub(super) fn string_content(text: &str, block: bool) -> Cow<'_, str> {
    if block {
        let inner = text.get(3..text.len().saturating_sub(3)).unwrap_or_default();
        return Cow::Owned(block_content(inner));
    }
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (c, len) = match rest.as_bytes().get(1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{C}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => unicode_escape(rest.as_bytes()).unwrap_or(('\u{FFFD}', 2)),
            Some(&c) => (char::from(c), 2),
            None => break,
        };
        out.push(c);
        rest = rest.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// `BlockStringValue()` of the specification: without the common indentation and without blank
/// first and last lines.
fn block_content(raw: &str) -> String {
    let raw = raw.replace("\\\"\"\"", "\"\"\"").replace("\r\n", "\n").replace('\r', "\n");
    let blank = |line: &str| line.bytes().all(|b| matches!(b, b' ' | b'\t'));
    let indent = |line: &str| line.bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    let lines: Vec<&str> = raw.split('\n').collect();
    let common = lines.iter().skip(1).filter(|line| !blank(line)).map(|line| indent(line)).min();
    let first = lines.iter().position(|line| !blank(line)).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !blank(line)).map_or(first, |at| at + 1);
    let mut out = String::with_capacity(raw.len());
    for (at, line) in lines.iter().enumerate().take(last).skip(first) {
        if at > first {
            out.push('\n');
        }
        let cut = if at == 0 { 0 } else { common.unwrap_or(0) };
        out.push_str(line.get(cut..).unwrap_or_default());
    }
    out
}
