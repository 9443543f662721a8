//! Statements: text made of static pieces only, and their parameters.
//!
//! User input can only become a parameter: every function that adds text takes `&'static str`.

use std::borrow::Cow;

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Postgres, Sqlite};

/// The longest list [`Sql::bind_list`] takes, well below the limits of the databases.
pub const LIST_MAX: usize = 4_096;

/// A parameter. `From` exists for the types that columns can hold, and for `Option` of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `BIGINT`.
    Int(Option<i64>),
    /// `TEXT`.
    Text(Option<String>),
    /// `BLOB`.
    Blob(Option<Vec<u8>>),
}

/// A statement with its parameters. Made by [`sql`], given to `Db` or `Tx`.
#[derive(Clone, Debug)]
#[must_use = "a statement does nothing until it is given to Db or Tx"]
pub struct Sql {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// Starts a statement.
///
/// ```text
/// sql("SELECT name FROM users WHERE id = $1").bind(id)
/// sql("SELECT id, name FROM users WHERE id IN ($LIST)").bind_list(ids)
/// sql("INSERT INTO users (id, name) VALUES $ROWS").bind_rows(rows)
/// sql("SELECT id FROM users WHERE 1 = 1").push(" AND status = ").push_bind(status)
/// ```
pub fn sql(text: &'static str) -> Sql {
    Sql { text: Cow::Borrowed(text), values: Vec::new() }
}

impl Sql {
    /// Gives the next `$n` its value.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Appends text.
    pub fn push(mut self, text: &'static str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Appends the next placeholder and its value.
    pub fn push_bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        push_placeholder(self.text.to_mut(), self.values.len());
        self
    }

    /// Replaces the first `$LIST` by one placeholder per value; an empty list by `NULL`, which
    /// `IN` never matches. The number of placeholders is rounded up to a power of two (the last
    /// value is repeated), so that the databases keep few distinct prepared statements.
    ///
    /// At most [`LIST_MAX`] values are used; callers batch below it.
    pub fn bind_list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        let first = self.values.len();
        self.values.extend(values.into_iter().take(LIST_MAX).map(Into::into));
        let count = self.values.len() - first;
        let mut list = String::new();
        if count == 0 {
            list.push_str("NULL");
        } else {
            let last = self.values[self.values.len() - 1].clone();
            self.values.resize(first + count.next_power_of_two(), last);
            for number in first + 1..=self.values.len() {
                if number > first + 1 {
                    list.push(',');
                }
                push_placeholder(&mut list, number);
            }
        }
        self.text = Cow::Owned(self.text.replacen("$LIST", &list, 1));
        self
    }

    /// Replaces the first `$ROWS` by `($1,$2),($3,$4),…`; there must be at least one row.
    /// Callers keep rows × columns below 30 000.
    pub fn bind_rows<const N: usize>(mut self, rows: impl IntoIterator<Item = [Value; N]>) -> Self {
        let mut list = String::new();
        for row in rows {
            list.push_str(if list.is_empty() { "(" } else { ",(" });
            for (index, value) in row.into_iter().enumerate() {
                if index > 0 {
                    list.push(',');
                }
                self.values.push(value);
                push_placeholder(&mut list, self.values.len());
            }
            list.push(')');
        }
        self.text = Cow::Owned(self.text.replacen("$ROWS", &list, 1));
        self
    }

    /// The statement's text, for messages.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn for_sqlite(self) -> Query<'static, Sqlite, SqliteArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.text));
        for value in self.values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Blob(value) => query.bind(value),
            };
        }
        query
    }

    pub(super) fn for_postgres(self) -> Query<'static, Postgres, PgArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.text));
        for value in self.values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Blob(value) => query.bind(value),
            };
        }
        query
    }
}

fn push_placeholder(text: &mut String, number: usize) {
    text.push('$');
    text.push_str(&number.to_string());
}

macro_rules! value_from {
    ($($from:ty => $variant:ident, $convert:expr;)*) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                let convert: fn($from) -> _ = $convert;
                Self::$variant(Some(convert(value)))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                let convert: fn($from) -> _ = $convert;
                Self::$variant(value.map(convert))
            }
        }
    )*};
}

value_from! {
    i64 => Int, |v| v;
    i32 => Int, i64::from;
    u32 => Int, i64::from;
    bool => Int, i64::from;
    String => Text, |v| v;
    &str => Text, str::to_owned;
    &String => Text, String::clone;
    Vec<u8> => Blob, |v| v;
    &[u8] => Blob, <[u8]>::to_vec;
}
