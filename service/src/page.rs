//! Cursor pages: `first`, `after`, `PageInfo`.
//!
//! A page is read by key, never by offset: the cursor holds the sort key of the last row, the
//! statement asks for rows after it and one more than wanted, and [`Page::new`] makes the page.

use async_graphql::SimpleObject;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::fault::Fault;

/// The largest page anybody gets.
pub const PAGE_MAX: i32 = 100;
/// The longest cursor that is read, in bytes.
pub const CURSOR_BYTES_MAX: usize = 1_024;

/// Where a page begins: the sort key of the row before it. Opaque to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Vec<String>);

/// The checked arguments of a list field.
#[derive(Clone, Debug)]
pub struct PageArgs {
    first: i32,
    after: Option<Cursor>,
}

/// One page of rows.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub nodes: Vec<T>,
    /// Where they stand in the list.
    pub page_info: PageInfo,
}

/// `type PageInfo`.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
pub struct PageInfo {
    /// Whether rows follow.
    pub has_next_page: bool,
    /// Whether the page was asked for after a cursor.
    pub has_previous_page: bool,
    /// The cursor of the first row.
    pub start_cursor: Option<String>,
    /// The cursor of the last row.
    pub end_cursor: Option<String>,
}

// === impl Cursor ===

impl Cursor {
    /// A cursor of the parts of a sort key, in order.
    pub fn new<const N: usize>(parts: [String; N]) -> Self {
        Self(parts.into())
    }

    /// Part `index` as text.
    pub fn text(&self, index: usize) -> Result<&str, Fault> {
        self.0.get(index).map(String::as_str).ok_or_else(malformed)
    }

    /// Part `index` as a number.
    pub fn int(&self, index: usize) -> Result<i64, Fault> {
        self.text(index)?.parse().map_err(|_| malformed())
    }

    /// What the client sees.
    pub fn encode(&self) -> String {
        // Lengths in front, so that parts may hold anything.
        let parts = self.0.iter().map(|part| format!("{}:{part}", part.len()));
        URL_SAFE_NO_PAD.encode(parts.collect::<String>())
    }

    /// Reads what a client sent back; a fault when we never made it.
    pub fn decode(text: &str) -> Result<Self, Fault> {
        if text.len() > CURSOR_BYTES_MAX {
            return Err(malformed());
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        let decoded = String::from_utf8(bytes).map_err(|_| malformed())?;
        // No sort key has one, and PostgreSQL takes none in a text.
        if decoded.contains('\0') {
            return Err(malformed());
        }
        let (mut rest, mut parts) = (decoded.as_str(), Vec::new());
        while !rest.is_empty() {
            let (length, tail) = rest.split_once(':').ok_or_else(malformed)?;
            let length: usize = length.parse().map_err(|_| malformed())?;
            let part = tail.get(..length).ok_or_else(malformed)?;
            parts.push(part.to_owned());
            rest = &tail[length..];
        }
        Ok(Self(parts))
    }
}

fn malformed() -> Fault {
    Fault::bad_input("`after` is not a cursor of this list")
}

// === impl PageArgs ===

impl PageArgs {
    /// Checks `first` (0 to [`PAGE_MAX`]; `default` when absent) and `after`.
    pub fn new(first: Option<i32>, after: Option<&str>, default: i32) -> Result<Self, Fault> {
        let first = first.unwrap_or(default);
        if !(0..=PAGE_MAX).contains(&first) {
            return Err(Fault::BadInput(format!("`first` must be between 0 and {PAGE_MAX}")));
        }
        Ok(Self { first, after: after.map(Cursor::decode).transpose()? })
    }

    /// The cursor to begin after.
    pub fn after(&self) -> Option<&Cursor> {
        self.after.as_ref()
    }

    /// How many rows the statement must ask for: one more than wanted.
    pub fn limit(&self) -> i64 {
        i64::from(self.first) + 1
    }
}

// === impl Page ===

impl<T> Page<T> {
    /// The page of up to [`PageArgs::limit`] rows that were found after the cursor.
    pub fn new(args: &PageArgs, mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> Self {
        let wanted = usize::try_from(args.first).unwrap_or(0);
        let has_next_page = rows.len() > wanted;
        rows.truncate(wanted);
        let page_info = PageInfo {
            has_next_page,
            has_previous_page: args.after.is_some(),
            start_cursor: rows.first().map(|row| cursor(row).encode()),
            end_cursor: rows.last().map(|row| cursor(row).encode()),
        };
        Self { nodes: rows, page_info }
    }

    /// The same page of other things.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { nodes: self.nodes.into_iter().map(convert).collect(), page_info: self.page_info }
    }
}
