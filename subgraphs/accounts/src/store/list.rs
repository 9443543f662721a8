//! Lists of accounts, by name.

use braid_service::db::{DbError, Sql, sql};
use braid_service::fault::Fault;
use braid_service::page::{Cursor, Page, PageArgs};
use braid_service::search::{Search, normalised};

use crate::domain::account::{Account, Status};
use crate::store::{Store, row};

/// Which accounts.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// All words must occur in name, legal name or domain.
    pub search: Option<Search>,
    /// Only with this status; by default all but the archived.
    pub status: Option<Status>,
    /// Only of this owner.
    pub owner: Option<String>,
    /// Only of this industry, compared without regard to case.
    pub industry: Option<String>,
    /// Only these; `None` is no restriction.
    pub ids: Option<Vec<String>>,
}

impl Store {
    /// One page of the accounts that `filter` lets through.
    ///
    /// # Errors
    /// The database, or a cursor of another list.
    pub async fn accounts(&self, filter: &Filter, page: &PageArgs) -> Result<Page<Account>, Fault> {
        let mut statement = filtered(sql("SELECT * FROM accounts WHERE 1 = 1"), filter);
        if let Some(cursor) = page.after() {
            statement = statement
                .push(" AND (name_key, id) > (")
                .push_bind(cursor.text(0)?)
                .push(", ")
                .push_bind(cursor.text(1)?)
                .push(")");
        }
        let statement = statement.push(" ORDER BY name_key, id LIMIT ").push_bind(page.limit());
        let rows = self.db.fetch_all(statement).await?;
        let rows: Vec<Account> = rows.iter().map(row::account).collect::<Result<_, DbError>>()?;
        Ok(Page::new(page, rows, |row| Cursor::new([normalised(&row.name), row.id.to_string()])))
    }

    /// How many accounts `filter` lets through.
    ///
    /// # Errors
    /// The database.
    pub async fn count_accounts(&self, filter: &Filter) -> Result<i64, DbError> {
        let statement = sql("SELECT COUNT(*) AS total FROM accounts WHERE 1 = 1");
        self.db.fetch_one(filtered(statement, filter)).await?.get("total")
    }
}

fn filtered(mut statement: Sql, filter: &Filter) -> Sql {
    statement = match filter.status {
        Some(status) => statement.push(" AND status = ").push_bind(status.as_str()),
        None => statement.push(" AND status <> ").push_bind(Status::Archived.as_str()),
    };
    if let Some(ids) = &filter.ids {
        statement = statement.push(" AND id IN ($LIST)").bind_list(ids);
    }
    if let Some(owner) = &filter.owner {
        statement = statement.push(" AND owner = ").push_bind(owner);
    }
    if let Some(industry) = &filter.industry {
        statement = statement.push(" AND industry_key = ").push_bind(normalised(industry));
    }
    for pattern in filter.search.iter().flat_map(Search::anywhere) {
        statement = statement.push(" AND search_text LIKE ").push_bind(pattern);
        statement = statement.push(" ESCAPE '\\'");
    }
    statement
}
