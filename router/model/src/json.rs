//! A bounded pull reader for JSON (RFC 8259): answers of subgraphs, and variables.
//!
//! The caller asks for what it expects ([`Reader::enter_object`], [`Reader::next_key`],
//! [`Reader::string`], …) and gets spans of the input; nothing is unescaped, converted or allocated.
//! Everything that is passed over is checked all the same: UTF-8 (the whole input, at once), the
//! grammar of numbers and strings, escapes (a lone surrogate is refused, because no string could
//! hold it), and depth. [`Reader::skip`] does not recurse, so no input can use up the stack.
//!
//! Duplicate keys are the caller's business: only it knows which keys matter.

/// The greatest depth that a reader can be told to allow.
pub const DEPTH_MAX: u32 = 128;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// The offset in bytes.
    pub at: usize,
}

/// What can be wrong with a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// Not UTF-8.
    #[error("text is not UTF-8")]
    Utf8,
    /// The text ends inside a value.
    #[error("unexpected end")]
    End,
    /// A byte that cannot stand there.
    #[error("unexpected byte")]
    Byte,
    /// Something else than what the caller asked for.
    #[error("unexpected kind of value")]
    Kind,
    /// An escape that is none, or half of a surrogate pair.
    #[error("malformed escape")]
    Escape,
    /// A number that is none.
    #[error("malformed number")]
    Number,
    /// Nested deeper than allowed.
    #[error("nested too deep")]
    Depth,
    /// Something stands behind the value.
    #[error("more than one value")]
    Trailing,
    /// More than 4 GiB.
    #[error("text too long")]
    Length,
}

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A part of the input, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

/// A string of the input, as it is written there.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// What stands between the quotes.
    pub raw: &'a str,
    /// Whether there are escapes in it.
    pub escaped: bool,
    /// Where it stands, with its quotes.
    pub span: Span,
}

/// A number of the input.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a> {
    /// As it is written.
    pub raw: &'a str,
    /// It has neither fraction nor exponent.
    pub integer: bool,
    /// Where it stands.
    pub span: Span,
}

/// Reads one text. See the module's documentation.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    depth_max: u32,
    /// An object or array was just entered: no comma comes before its first member.
    fresh: bool,
}

type Result<T> = std::result::Result<T, JsonError>;

impl Span {
    /// Its length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// As a range, to index bytes with.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Text<'_> {
    /// Whether the string is `text`, whatever its escapes.
    pub fn is(&self, text: &str) -> bool {
        if self.escaped { Unescape(self.raw).eq(text.chars()) } else { self.raw == text }
    }

    /// The string itself.
    pub fn to_text(&self) -> String {
        if self.escaped { Unescape(self.raw).collect() } else { self.raw.to_owned() }
    }
}

impl<'a> Reader<'a> {
    /// A reader of `input` that allows objects and arrays in each other to the depth `depth_max`
    /// (at most [`DEPTH_MAX`]).
    ///
    /// # Errors
    /// `input` is not UTF-8, or too long.
    pub fn new(input: &'a [u8], depth_max: u32) -> Result<Self> {
        let text = std::str::from_utf8(input)
            .map_err(|error| JsonError { kind: JsonErrorKind::Utf8, at: error.valid_up_to() })?;
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError { kind: JsonErrorKind::Length, at: 0 });
        }
        Ok(Self { text, at: 0, depth: 0, depth_max: depth_max.min(DEPTH_MAX), fresh: false })
    }

    /// The input between two offsets, as spans have them.
    pub fn slice(&self, span: Span) -> &'a str {
        &self.text[span.range()]
    }

    /// How deep the reader is in objects and arrays.
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// The offset of the next value, in bytes.
    pub fn offset(&mut self) -> u32 {
        self.space();
        offset(self.at)
    }

    /// The offset behind what was read last, in bytes.
    pub fn offset_behind(&self) -> u32 {
        offset(self.at)
    }

    /// The kind of the next value, by its first byte; nothing is consumed.
    pub fn peek(&mut self) -> Result<Kind> {
        match self.byte()? {
            b'"' => Ok(Kind::String),
            b'{' => Ok(Kind::Object),
            b'[' => Ok(Kind::Array),
            b'n' => Ok(Kind::Null),
            b't' | b'f' => Ok(Kind::Boolean),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            _ => self.fail(JsonErrorKind::Byte),
        }
    }

    /// Reads `null`.
    pub fn null(&mut self) -> Result<()> {
        self.expect(Kind::Null)?;
        self.literal("null")
    }

    /// Reads `true` or `false`.
    pub fn boolean(&mut self) -> Result<bool> {
        self.expect(Kind::Boolean)?;
        let value = self.bytes()[self.at] == b't';
        self.literal(if value { "true" } else { "false" })?;
        Ok(value)
    }

    /// Reads a number.
    pub fn number(&mut self) -> Result<Number<'a>> {
        self.expect(Kind::Number)?;
        let start = self.at;
        let integer = self.scan_number()?;
        self.fresh = false;
        let span = Span { start: offset(start), end: offset(self.at) };
        Ok(Number { raw: self.slice(span), integer, span })
    }

    /// Reads a string.
    pub fn string(&mut self) -> Result<Text<'a>> {
        self.expect(Kind::String)?;
        let text = self.scan_string()?;
        self.fresh = false;
        Ok(text)
    }

    /// Reads `{`. The members follow by [`Self::next_key`].
    pub fn enter_object(&mut self) -> Result<()> {
        self.expect(Kind::Object)?;
        self.enter()
    }

    /// Reads `[`. The items follow by [`Self::next_item`].
    pub fn enter_array(&mut self) -> Result<()> {
        self.expect(Kind::Array)?;
        self.enter()
    }

    /// In an object: the next key, after which exactly one value is to be read. At the object's
    /// end nothing, and the object is left.
    pub fn next_key(&mut self) -> Result<Option<Text<'a>>> {
        if !self.next_member(b'}')? {
            return Ok(None);
        }
        if self.byte()? != b'"' {
            return self.fail(JsonErrorKind::Byte);
        }
        let key = self.scan_string()?;
        self.colon()?;
        Ok(Some(key))
    }

    /// In an object: reads the next key if it is `quoted` (a key with its quotes, without escapes);
    /// else nothing is consumed and [`Self::next_key`] is to be called.
    pub fn accept_key(&mut self, quoted: &[u8]) -> Result<bool> {
        let from = self.at;
        self.space();
        if !self.fresh {
            if self.bytes().get(self.at) != Some(&b',') {
                self.at = from;
                return Ok(false);
            }
            self.at += 1;
            self.space();
        }
        if !self.bytes()[self.at..].starts_with(quoted) {
            self.at = from;
            return Ok(false);
        }
        self.at += quoted.len();
        self.colon()?;
        Ok(true)
    }

    /// In an array: whether there is another item, which is then to be read. At the array's end
    /// the array is left.
    pub fn next_item(&mut self) -> Result<bool> {
        self.next_member(b']')
    }

    /// Reads any one value, checked in full.
    pub fn skip(&mut self) -> Result<Span> {
        self.space();
        let start = self.at;
        let outside = self.depth;
        // Whether each open container is an object; DEPTH_MAX is the width of this stack.
        let mut objects: u128 = 0;
        loop {
            match self.peek()? {
                Kind::Null => self.null()?,
                Kind::Boolean => drop(self.boolean()?),
                Kind::Number => drop(self.number()?),
                Kind::String => drop(self.string()?),
                Kind::Array => {
                    self.enter()?;
                    objects <<= 1;
                }
                Kind::Object => {
                    self.enter()?;
                    objects = objects << 1 | 1;
                }
            }
            // Leave what is complete, and go to the next member of what is not.
            loop {
                if self.depth == outside {
                    return Ok(Span { start: offset(start), end: offset(self.at) });
                }
                let more = match objects & 1 {
                    1 => self.next_key()?.is_some(),
                    _ => self.next_item()?,
                };
                if more {
                    break;
                }
                objects >>= 1;
            }
        }
    }

    /// Checks that nothing but white space is left.
    pub fn end(&mut self) -> Result<()> {
        self.space();
        if self.at == self.text.len() { Ok(()) } else { self.fail(JsonErrorKind::Trailing) }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn fail<T>(&self, kind: JsonErrorKind) -> Result<T> {
        Err(JsonError { kind, at: self.at })
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes().get(self.at) {
            self.at += 1;
        }
    }

    /// The next byte that is not white space; it is not consumed.
    fn byte(&mut self) -> Result<u8> {
        self.space();
        match self.bytes().get(self.at) {
            Some(&byte) => Ok(byte),
            None => self.fail(JsonErrorKind::End),
        }
    }

    fn expect(&mut self, kind: Kind) -> Result<()> {
        if self.peek()? == kind { Ok(()) } else { self.fail(JsonErrorKind::Kind) }
    }

    fn literal(&mut self, word: &str) -> Result<()> {
        if !self.bytes()[self.at..].starts_with(word.as_bytes()) {
            return self.fail(JsonErrorKind::Byte);
        }
        self.at += word.len();
        self.fresh = false;
        Ok(())
    }

    fn enter(&mut self) -> Result<()> {
        if self.depth == self.depth_max {
            return self.fail(JsonErrorKind::Depth);
        }
        self.at += 1;
        self.depth += 1;
        self.fresh = true;
        Ok(())
    }

    /// Consumes the comma before the next member, or the end of the container.
    fn next_member(&mut self, close: u8) -> Result<bool> {
        let byte = self.byte()?;
        if byte == close && self.depth > 0 {
            self.at += 1;
            self.depth -= 1;
            self.fresh = false;
            return Ok(false);
        }
        if !self.fresh {
            if byte != b',' {
                return self.fail(JsonErrorKind::Byte);
            }
            self.at += 1;
        }
        Ok(true)
    }

    fn colon(&mut self) -> Result<()> {
        if self.byte()? != b':' {
            return self.fail(JsonErrorKind::Byte);
        }
        self.at += 1;
        Ok(())
    }

    /// RFC 8259, section 6. Whether the number is an integer.
    fn scan_number(&mut self) -> Result<bool> {
        let bytes = self.bytes();
        let mut integer = true;
        self.at += usize::from(bytes[self.at] == b'-');
        match bytes.get(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if bytes.get(self.at) == Some(&b'.') {
            integer = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = bytes.get(self.at) {
            integer = false;
            self.at += 1;
            self.at += usize::from(matches!(bytes.get(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        match bytes.get(self.at) {
            Some(b'0'..=b'9' | b'.' | b'-' | b'+' | b'a'..=b'z' | b'A'..=b'Z') => {
                self.fail(JsonErrorKind::Number)
            }
            _ => Ok(integer),
        }
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<()> {
        let rest = &self.bytes()[self.at..];
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return self.fail(JsonErrorKind::Number);
        }
        self.at += count;
        Ok(())
    }

    /// RFC 8259, section 7; the reader is at the opening quote.
    fn scan_string(&mut self) -> Result<Text<'a>> {
        let start = self.at;
        let mut escaped = false;
        self.at += 1;
        loop {
            self.at += plain_run(&self.bytes()[self.at..]);
            match self.bytes().get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.scan_escape()?;
                }
                Some(_) => return self.fail(JsonErrorKind::Byte),
                None => return self.fail(JsonErrorKind::End),
            }
        }
        self.at += 1;
        let raw = &self.text[start + 1..self.at - 1];
        Ok(Text { raw, escaped, span: Span { start: offset(start), end: offset(self.at) } })
    }

    fn scan_escape(&mut self) -> Result<()> {
        let rest = &self.bytes()[self.at..];
        let length = match rest.get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') => match hex(&rest[2..]) {
                Some(0xD800..0xDC00) => match rest.get(6..8) {
                    Some(b"\\u") if matches!(hex(&rest[8..]), Some(0xDC00..0xE000)) => 12,
                    _ => return self.fail(JsonErrorKind::Escape),
                },
                Some(0xDC00..0xE000) | None => return self.fail(JsonErrorKind::Escape),
                Some(_) => 6,
            },
            _ => return self.fail(JsonErrorKind::Escape),
        };
        self.at += length;
        Ok(())
    }
}

/// The characters of a checked string with escapes.
struct Unescape<'a>(&'a str);

impl Iterator for Unescape<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut rest = self.0.chars();
        let char = rest.next()?;
        self.0 = rest.as_str();
        if char != '\\' {
            return Some(char);
        }
        let escape = rest.next()?;
        self.0 = rest.as_str();
        Some(match escape {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = hex(self.0.as_bytes())?;
                self.0 = &self.0[4..];
                if (0xD800..0xDC00).contains(&high) {
                    let low = hex(self.0.as_bytes().get(2..)?)?;
                    self.0 = &self.0[6..];
                    char::from_u32(0x10000 + ((high - 0xD800) << 10) + low.checked_sub(0xDC00)?)?
                } else {
                    char::from_u32(high)?
                }
            }
            other => other,
        })
    }
}

/// The value of four hexadecimal digits.
fn hex(digits: &[u8]) -> Option<u32> {
    let digits = digits.get(..4)?;
    digits.iter().try_fold(0, |value, &digit| Some(value << 4 | char::from(digit).to_digit(16)?))
}

/// Offsets fit: [`Reader::new`] checked the length.
fn offset(at: usize) -> u32 {
    u32::try_from(at).expect("the reader refuses texts of more than 4 GiB")
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes stand before the first quote, backslash or control character, eight at a time.
fn plain_run(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let quote = zero_bytes(word ^ (ONES * b'"' as u64));
        let backslash = zero_bytes(word ^ (ONES * b'\\' as u64));
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let found = quote | backslash | control;
        if found != 0 {
            // Borrows make false hits only above a true one, and the lowest counts.
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let done = words.len() * 8;
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    done + bytes[done..].iter().position(special).unwrap_or(bytes.len() - done)
}

fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

#[cfg(test)]
mod tests;
