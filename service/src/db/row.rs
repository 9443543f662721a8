//! Rows and the types that columns are read as.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::DbError;

/// One row of an answer.
pub enum Row {
    /// From SQLite.
    Sqlite(SqliteRow),
    /// From PostgreSQL.
    Postgres(PgRow),
}

impl Row {
    /// The value of a column, by name: `let at: i64 = row.get("created_at")?`.
    pub fn get<T: Column>(&self, column: &str) -> Result<T, DbError> {
        T::read(self, column)
    }

    /// A text column parsed by `FromStr`, such as an enum or an id.
    pub fn parse<T: std::str::FromStr>(&self, column: &str) -> Result<T, DbError> {
        let text: String = self.get(column)?;
        text.parse().map_err(|_| DbError::Column {
            column: column.to_owned(),
            problem: format!("unknown value `{}`", text.chars().take(40).collect::<String>()),
        })
    }
}

/// What a column can be read as: `i64`, `i32`, `bool`, `String`, `Vec<u8>`, and `Option` of them.
pub trait Column: Sized {
    /// Reads the column named `column`.
    fn read(row: &Row, column: &str) -> Result<Self, DbError>;
}

impl<T: Nullable> Column for T {
    fn read(row: &Row, column: &str) -> Result<Self, DbError> {
        T::read_nullable(row, column)?.ok_or_else(|| DbError::Column {
            column: column.to_owned(),
            problem: "unexpected NULL".to_owned(),
        })
    }
}

impl<T: Nullable> Column for Option<T> {
    fn read(row: &Row, column: &str) -> Result<Self, DbError> {
        T::read_nullable(row, column)
    }
}

/// Implementation detail of [`Column`]: a type with a reading of its own.
pub trait Nullable: Sized {
    /// Reads the column, `None` for NULL.
    fn read_nullable(row: &Row, column: &str) -> Result<Option<Self>, DbError>;
}

impl Nullable for i64 {
    fn read_nullable(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        use sqlx::Row as _;
        match row {
            Row::Sqlite(row) => Ok(row.try_get(column)?),
            // PostgreSQL types literals and some functions as int4.
            Row::Postgres(row) => match row.try_get::<Option<i64>, _>(column) {
                Ok(value) => Ok(value),
                Err(_) => Ok(row.try_get::<Option<i32>, _>(column)?.map(i64::from)),
            },
        }
    }
}

impl Nullable for String {
    fn read_nullable(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        use sqlx::Row as _;
        match row {
            Row::Sqlite(row) => Ok(row.try_get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}

impl Nullable for Vec<u8> {
    fn read_nullable(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        use sqlx::Row as _;
        match row {
            Row::Sqlite(row) => Ok(row.try_get(column)?),
            Row::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}

impl Nullable for bool {
    fn read_nullable(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        Ok(i64::read_nullable(row, column)?.map(|value| value != 0))
    }
}

impl Nullable for i32 {
    fn read_nullable(row: &Row, column: &str) -> Result<Option<Self>, DbError> {
        i64::read_nullable(row, column)?
            .map(|value| {
                i32::try_from(value).map_err(|_| DbError::Column {
                    column: column.to_owned(),
                    problem: format!("{value} does not fit 32 bits"),
                })
            })
            .transpose()
    }
}
