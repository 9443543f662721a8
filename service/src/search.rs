//! Search by words: how text is normalised, and what a search may hold.
//!
//! Both sides are lowered the same way, so that a portable `LIKE` without a collation finds them.
//! A search is cut to [`WORDS_MAX`] words and [`TEXT_CHARS_MAX`] characters, and its wildcards are
//! escaped: no text makes the database do more than a scan of substrings.

/// The longest search text that is used, in characters; the rest is ignored.
pub const TEXT_CHARS_MAX: usize = 100;
/// The most words that are used.
pub const WORDS_MAX: usize = 8;

/// A search that found its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    words: Vec<String>,
}

/// `text` as it is stored for searching and sorting: lowered, single spaces, no control characters.
pub fn normalised(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ")
}

impl Search {
    /// The words of a text; `None` when it has none.
    pub fn new(text: &str) -> Option<Self> {
        let text: String = text.chars().take(TEXT_CHARS_MAX).collect();
        let words: Vec<String> = normalised(&text)
            .split(' ')
            .filter(|word| !word.is_empty())
            .take(WORDS_MAX)
            .map(str::to_owned)
            .collect();
        if words.is_empty() { None } else { Some(Self { words }) }
    }

    /// One pattern per word: it may stand anywhere. For `LIKE … ESCAPE '\'`.
    pub fn anywhere(&self) -> impl Iterator<Item = String> {
        self.words.iter().map(|word| format!("%{}%", escaped(word)))
    }

    /// The pattern of a text that begins with the search.
    pub fn at_start(&self) -> String {
        format!("{}%", escaped(&self.words.join(" ")))
    }

    /// The pattern of a text that holds the first word.
    pub fn first_word(&self) -> String {
        format!("%{}%", escaped(self.words.first().map_or("", String::as_str)))
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
