//! Lists of products: filters, four orders, pages by key.

use braid_service::db::{DbError, Sql, Value, sql};
use braid_service::fault::Fault;
use braid_service::page::{Cursor, Page, PageArgs};

use crate::domain::product::{CategoryId, Kind, Product, Status};
use crate::store::Store;
use crate::store::read::{product, product_columns};
use braid_service::search::{Search, normalised};

/// In which order. `RELEVANCE` without a text is by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
#[graphql(name = "ProductSort")]
pub enum Sort {
    /// Names that begin with the text, then names that hold its first word, then the rest; by name.
    Relevance,
    /// By list currency, then list price, cheapest first.
    PriceAsc,
    /// By list currency, then list price, dearest first.
    PriceDesc,
    /// Latest first.
    Newest,
}

/// Which products.
#[derive(Clone, Debug)]
pub struct Filter {
    /// All words must occur in name, SKU or summary.
    pub search: Option<Search>,
    /// Id of a category; an unknown one has no products.
    pub category: Option<CategoryId>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only with one of these; empty means none at all.
    pub statuses: Vec<Status>,
}

/// A listed product with its place in the list.
struct Ranked {
    product: Product,
    rank: i64,
}

impl Store {
    /// One page of the products that `filter` lets through.
    ///
    /// # Errors
    /// The database, or a cursor of another list.
    pub async fn products(
        &self,
        filter: &Filter,
        sort: Sort,
        page: &PageArgs,
    ) -> Result<Page<Product>, Fault> {
        // A derived table, so that the computed columns have names to compare.
        let statement = sql(concat!("SELECT * FROM (", product_columns!(), ", "));
        let statement = rank(statement.bind(self.now_us()), filter.search.as_ref());
        let statement = filtered(statement.push(" FROM products p WHERE 1 = 1"), filter);
        let mut statement = statement.push(") q WHERE 1 = 1");
        if let Some(cursor) = page.after() {
            statement = after(statement, sort, cursor)?;
        }
        let statement = statement.push(order(sort)).push(" LIMIT ").push_bind(page.limit());
        let rows = self.db.fetch_all(statement).await?;
        let ranked = |row| Ok(Ranked { product: product(row)?, rank: row.get("match_rank")? });
        let rows: Vec<Ranked> = rows.iter().map(ranked).collect::<Result<_, DbError>>()?;
        Ok(Page::new(page, rows, |row| cursor(sort, row)).map(|row| row.product))
    }

    /// How many products `filter` lets through.
    ///
    /// # Errors
    /// The database.
    pub async fn count_products(&self, filter: &Filter) -> Result<i64, DbError> {
        let statement = sql("SELECT COUNT(*) AS total FROM products p WHERE 1 = 1");
        self.db.fetch_one(filtered(statement, filter)).await?.get("total")
    }
}

fn rank(statement: Sql, search: Option<&Search>) -> Sql {
    let Some(search) = search else { return statement.push("0 AS match_rank") };
    statement
        .push("CASE WHEN p.name_key LIKE ")
        .push_bind(search.at_start())
        .push(" ESCAPE '\\' THEN 0 WHEN p.name_key LIKE ")
        .push_bind(search.first_word())
        .push(" ESCAPE '\\' THEN 1 ELSE 2 END AS match_rank")
}

fn filtered(mut statement: Sql, filter: &Filter) -> Sql {
    let statuses = filter.statuses.iter().map(|status| status.as_str());
    statement = statement.push(" AND p.status IN ($LIST)").bind_list(statuses);
    if let Some(category) = &filter.category {
        statement = statement.push(" AND p.category = ").push_bind(category);
    }
    if let Some(kind) = filter.kind {
        statement = statement.push(" AND p.kind = ").push_bind(kind.as_str());
    }
    for pattern in filter.search.iter().flat_map(Search::anywhere) {
        statement = statement.push(" AND p.search_text LIKE ").push_bind(pattern);
        statement = statement.push(" ESCAPE '\\'");
    }
    statement
}

fn order(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => " ORDER BY match_rank, name_key, id",
        Sort::PriceAsc => " ORDER BY currency, price_minor, id",
        Sort::PriceDesc => " ORDER BY currency DESC, price_minor DESC, id DESC",
        Sort::Newest => " ORDER BY created_at DESC, id DESC",
    }
}

/// First the order's name, so that a cursor of another order is not taken for one of this.
fn cursor(sort: Sort, row: &Ranked) -> Cursor {
    let product = &row.product;
    let id = product.id.to_string();
    match sort {
        Sort::Relevance => {
            Cursor::new(["r".to_owned(), row.rank.to_string(), normalised(&product.name), id])
        }
        Sort::PriceAsc | Sort::PriceDesc => Cursor::new([
            tag(sort).to_owned(),
            product.price.currency.to_string(),
            product.price.minor.to_string(),
            id,
        ]),
        Sort::Newest => Cursor::new(["n".to_owned(), product.created_at_us.to_string(), id]),
    }
}

fn tag(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => "r",
        Sort::PriceAsc => "pa",
        Sort::PriceDesc => "pd",
        Sort::Newest => "n",
    }
}

fn after(statement: Sql, sort: Sort, cursor: &Cursor) -> Result<Sql, Fault> {
    if cursor.text(0)? != tag(sort) {
        return Err(Fault::bad_input("`after` is not a cursor of this list"));
    }
    let text = |index| cursor.text(index).map(Value::from);
    let (columns, values) = match sort {
        Sort::Relevance => (
            " AND (match_rank, name_key, id) > (",
            vec![Value::from(cursor.int(1)?), text(2)?, text(3)?],
        ),
        Sort::PriceAsc => (
            " AND (currency, price_minor, id) > (",
            vec![text(1)?, Value::from(cursor.int(2)?), text(3)?],
        ),
        Sort::PriceDesc => (
            " AND (currency, price_minor, id) < (",
            vec![text(1)?, Value::from(cursor.int(2)?), text(3)?],
        ),
        Sort::Newest => (" AND (created_at, id) < (", vec![Value::from(cursor.int(1)?), text(2)?]),
    };
    let mut statement = statement.push(columns);
    for (index, value) in values.into_iter().enumerate() {
        statement = statement.push(if index == 0 { "" } else { ", " }).push_bind(value);
    }
    Ok(statement.push(")"))
}
