//! Reading products and categories by their keys.

use std::collections::HashMap;
use std::sync::Arc;

use braid_service::db::{DbError, Row, Tx, sql};
use braid_service::money::Money;

use crate::domain::product::{Category, CategoryId, Details, Product, ProductId};
use crate::store::Store;

/// Categories are few by nature; more than this are not shown.
pub const CATEGORIES_MAX: i64 = 200;

/// The columns of a product; `$1` is the time whose price is in force. Should the clock stand
/// before the first price, the first price counts.
macro_rules! product_columns {
    ($($tail:literal),*) => {
        concat!(
            "SELECT p.id, p.sku, p.name, p.name_key, p.summary, p.category, p.status, p.currency, ",
            "p.image, p.attrs, p.version, p.created_at, p.updated_at, ",
            "COALESCE((SELECT f.minor FROM prices f WHERE f.product = p.id ",
            "AND f.currency = p.currency AND f.effective_from <= $1 ",
            "ORDER BY f.effective_from DESC LIMIT 1), ",
            "(SELECT e.minor FROM prices e WHERE e.product = p.id ",
            "AND e.currency = p.currency ORDER BY e.effective_from LIMIT 1)) AS price_minor"
            $(, $tail)*
        )
    };
}
pub(super) use product_columns;

impl Store {
    /// Products by id; those that do not exist are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn products_by_id(
        &self,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<Product>>, DbError> {
        let statement = sql(product_columns!(" FROM products p WHERE p.id IN ($LIST)"));
        let rows = self.db.fetch_all(statement.bind(self.now_us()).bind_list(ids)).await?;
        let keyed = |row: &Row| {
            let product = product(row)?;
            Ok((product.id.as_str().to_owned(), Arc::new(product)))
        };
        rows.iter().map(keyed).collect()
    }

    /// Products by SKU; those that do not exist are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn products_by_sku(
        &self,
        skus: Vec<String>,
    ) -> Result<HashMap<String, Arc<Product>>, DbError> {
        let statement = sql(product_columns!(" FROM products p WHERE p.sku IN ($LIST)"));
        let rows = self.db.fetch_all(statement.bind(self.now_us()).bind_list(skus)).await?;
        let keyed = |row: &Row| {
            let product = product(row)?;
            Ok((product.sku.as_str().to_owned(), Arc::new(product)))
        };
        rows.iter().map(keyed).collect()
    }

    /// All categories, in their order.
    ///
    /// # Errors
    /// The database.
    pub async fn categories(&self) -> Result<Vec<Category>, DbError> {
        let statement = sql("SELECT id, name FROM categories ORDER BY position, id LIMIT $1");
        let rows = self.db.fetch_all(statement.bind(CATEGORIES_MAX)).await?;
        rows.iter().map(category).collect()
    }

    /// Categories by id; those that do not exist are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn categories_by_id(
        &self,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Category>, DbError> {
        let statement = sql("SELECT id, name FROM categories WHERE id IN ($LIST)");
        let rows = self.db.fetch_all(statement.bind_list(ids)).await?;
        let keyed = |row: &Row| {
            let category = category(row)?;
            Ok((category.id.as_str().to_owned(), category))
        };
        rows.iter().map(keyed).collect()
    }
}

/// A product inside a transaction, locked until its end.
pub(super) async fn locked(
    tx: &mut Tx,
    id: &ProductId,
    now_us: i64,
) -> Result<Option<Product>, DbError> {
    let lock = tx.dialect().for_update();
    let statement = sql(product_columns!(" FROM products p WHERE p.id = $2"));
    let row = tx.fetch_optional(statement.bind(now_us).bind(id).push(lock)).await?;
    row.as_ref().map(product).transpose()
}

/// Whether a category exists.
pub(super) async fn has_category(tx: &mut Tx, id: &CategoryId) -> Result<bool, DbError> {
    let statement = sql("SELECT id FROM categories WHERE id = $1");
    Ok(tx.fetch_optional(statement.bind(id)).await?.is_some())
}

/// A row of [`product_columns`].
pub(super) fn product(row: &Row) -> Result<Product, DbError> {
    let attrs: String = row.get("attrs")?;
    let details: Details = serde_json::from_str(&attrs).map_err(|error| DbError::Column {
        column: "attrs".to_owned(),
        problem: error.to_string(),
    })?;
    Ok(Product {
        id: row.parse("id")?,
        sku: row.parse("sku")?,
        name: row.get("name")?,
        summary: row.get("summary")?,
        category: row.parse("category")?,
        status: row.parse("status")?,
        price: Money::new(row.get("price_minor")?, row.parse("currency")?),
        image: row.get("image")?,
        details,
        version: row.get("version")?,
        created_at_us: row.get("created_at")?,
        updated_at_us: row.get("updated_at")?,
    })
}

fn category(row: &Row) -> Result<Category, DbError> {
    Ok(Category { id: row.parse("id")?, name: row.get("name")? })
}
