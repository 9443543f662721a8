//! Prices: in force by currency, of accounts, and those whose time has come.

use std::collections::HashMap;

use braid_service::db::{DbError, Tx, sql};
use braid_service::event::Cause;
use braid_service::money::{Currency, Money};
use braid_service::outbox::Fact;
use braid_service::streams;

use crate::domain::product::{AccountId, ProductId};
use crate::events;
use crate::store::read::locked;
use crate::store::{Failure, Store};

/// How many due prices one round of [`Store::announce_due`] takes.
const DUE_MAX: i64 = 50;

/// A price to be stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewPrice {
    pub(super) price: Money,
    pub(super) effective_from_us: i64,
    /// Its product's change is published together with it.
    pub(super) is_announced: bool,
}

impl Store {
    /// List prices in force in one currency; products without one are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn list_prices(
        &self,
        products: Vec<String>,
        currency: Currency,
        at_us: i64,
    ) -> Result<HashMap<String, i64>, DbError> {
        let statement = sql("SELECT f.product, f.minor FROM prices f \
             WHERE f.currency = $1 AND f.effective_from = (SELECT MAX(g.effective_from) \
             FROM prices g WHERE g.product = f.product AND g.currency = f.currency \
             AND g.effective_from <= $2) AND f.product IN ($LIST)");
        let statement = statement.bind(currency).bind(at_us).bind_list(products);
        let rows = self.db.fetch_all(statement).await?;
        rows.iter().map(|row| Ok((row.get("product")?, row.get("minor")?))).collect()
    }

    /// The prices that an account has of its own in one currency.
    ///
    /// # Errors
    /// The database.
    pub async fn account_prices(
        &self,
        account: &AccountId,
        products: Vec<String>,
        currency: Currency,
    ) -> Result<HashMap<String, i64>, DbError> {
        let statement = sql("SELECT product, minor FROM account_prices \
             WHERE account = $1 AND currency = $2 AND product IN ($LIST)");
        let statement = statement.bind(account).bind(currency).bind_list(products);
        let rows = self.db.fetch_all(statement).await?;
        rows.iter().map(|row| Ok((row.get("product")?, row.get("minor")?))).collect()
    }

    /// Publishes the changes of products whose next price has come into force since the last
    /// call, and answers how many there were.
    ///
    /// # Errors
    /// The database or the outbox; what was not published stays due.
    pub async fn announce_due(&self) -> Result<usize, Failure> {
        let statement = sql("SELECT DISTINCT product FROM prices \
             WHERE announced = 0 AND effective_from <= $1 LIMIT $2");
        let rows = self.db.fetch_all(statement.bind(self.now_us()).bind(DUE_MAX)).await?;
        for row in &rows {
            let product: ProductId = row.parse("product")?;
            self.db.write(async |tx| self.announce(tx, &product).await).await?;
            self.outbox.wake();
        }
        Ok(rows.len())
    }

    async fn announce(&self, tx: &mut Tx, id: &ProductId) -> Result<(), Failure> {
        let now_us = self.now_us();
        let Some(mut product) = locked(tx, id, now_us).await? else { return Ok(()) };
        let statement = sql("UPDATE prices SET announced = 1 \
             WHERE product = $1 AND announced = 0 AND effective_from <= $2");
        if tx.execute(statement.bind(id).bind(now_us)).await? == 0 {
            return Ok(()); // Another replica was first.
        }
        product.version += 1;
        product.updated_at_us = now_us;
        let statement = sql("UPDATE products SET version = $1, updated_at = $2 WHERE id = $3");
        tx.execute(statement.bind(product.version).bind(now_us).bind(id)).await?;
        let fact = Fact {
            subject: id.as_str(),
            sequence: product.version,
            cause: &Cause::default(),
            data: &events::state(&product),
        };
        self.outbox.emit(tx, &streams::PRODUCT_CHANGED, fact).await?;
        Ok(())
    }
}

/// Stores a price; one that begins at the same instant is replaced.
pub(super) async fn set(tx: &mut Tx, id: &ProductId, new: NewPrice) -> Result<(), DbError> {
    let statement =
        sql("INSERT INTO prices (product, currency, effective_from, minor, announced) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (product, currency, effective_from) \
         DO UPDATE SET minor = excluded.minor, announced = excluded.announced")
        .bind(id)
        .bind(new.price.currency)
        .bind(new.effective_from_us)
        .bind(new.price.minor)
        .bind(new.is_announced);
    tx.execute(statement).await?;
    Ok(())
}
