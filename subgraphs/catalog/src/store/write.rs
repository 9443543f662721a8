//! Commands: making, changing and retiring products, and setting prices.
//!
//! Each is one transaction: lock the product, check it, write it with the next version, append
//! its events. Two writers that saw the same version cannot both succeed, since the second finds
//! the first one's version under the lock.

use braid_service::db::{DbError, Tx, Value, sql};
use braid_service::event::{Cause, Topic};
use braid_service::ids::IdGen;
use braid_service::money::Money;
use braid_service::outbox::Fact;
use braid_service::streams::{self, ProductChanged};

use crate::domain::draft::{Draft, no_such_category};
use crate::domain::problem::Problem;
use crate::domain::product::{Details, Product, ProductId, Status};
use crate::events;
use crate::store::price::{self, NewPrice};
use crate::store::read::{has_category, locked};
use crate::store::{Failure, Store};
use braid_service::search::normalised;

/// A start this much in the past is taken as "now": clocks differ.
pub const BACKDATING_US_MAX: i64 = 5 * 60 * 1_000_000;
/// How far ahead a price may be set.
pub const AHEAD_US_MAX: i64 = 2 * 366 * 86_400_000_000;

impl Store {
    /// Makes a product. It is for sale at once.
    ///
    /// # Errors
    /// Refused with `SKU_TAKEN` or an unknown category; or the store failed.
    pub async fn create(
        &self,
        ids: &IdGen,
        draft: Draft,
        cause: &Cause,
    ) -> Result<ProductId, Failure> {
        let now_us = self.now_us();
        let product = Product {
            id: ProductId::generate(ids),
            sku: draft.sku,
            name: draft.name,
            summary: draft.summary,
            category: draft.category,
            status: Status::Active,
            price: draft.price,
            image: None,
            details: draft.details,
            version: 1,
            created_at_us: now_us,
            updated_at_us: now_us,
        };
        let written: Result<(), Failure> = self
            .db
            .write::<_, Failure>(async |tx| {
                if !has_category(tx, &product.category).await? {
                    return Err(no_such_category().into());
                }
                insert(tx, &product).await?;
                let new = NewPrice {
                    price: product.price,
                    effective_from_us: now_us,
                    is_announced: true,
                };
                price::set(tx, &product.id, new).await?;
                self.tell(tx, &product, cause, &streams::PRODUCT_CHANGED).await
            })
            .await;
        written.map_err(sku_taken)?;
        self.outbox.wake();
        Ok(product.id)
    }

    /// Changes a product. Without `expected_version` the last writer wins.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND`, `RETIRED`, `VERSION_CONFLICT`, `SKU_TAKEN`, or `INVALID` for
    /// another kind; or the store failed.
    pub async fn update(
        &self,
        id: &ProductId,
        draft: Draft,
        expected_version: Option<i32>,
        cause: &Cause,
    ) -> Result<(), Failure> {
        let now_us = self.now_us();
        let written: Result<(), Failure> = self
            .db
            .write::<_, Failure>(async |tx| {
                let Some(old) = locked(tx, id, now_us).await? else {
                    return Err(Problem::not_found(&["input", "id"], "no such product").into());
                };
                check_update(&old, &draft, expected_version)?;
                if !has_category(tx, &draft.category).await? {
                    return Err(no_such_category().into());
                }
                let is_new_price = old.price != draft.price;
                let mut product = updated(old, draft, now_us);
                if is_new_price {
                    let new = NewPrice {
                        price: product.price,
                        effective_from_us: now_us,
                        is_announced: true,
                    };
                    price::set(tx, id, new).await?;
                    self.tell(tx, &product, cause, &streams::PRICE_CHANGED).await?;
                    // The two streams have no order between them: with versions of their own the
                    // one that tells everything counts, whichever comes first.
                    product.version += 1;
                }
                save(tx, &product).await?;
                self.tell(tx, &product, cause, &streams::PRODUCT_CHANGED).await
            })
            .await;
        written.map_err(sku_taken)?;
        self.outbox.wake();
        Ok(())
    }

    /// Sets a list price in any currency, for now or for later. Prices already set for later stay.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND`, `RETIRED`, or `INVALID` for a start too far away; or the store
    /// failed.
    pub async fn change_price(
        &self,
        id: &ProductId,
        price: Money,
        effective_from_us: i64,
        cause: &Cause,
    ) -> Result<(), Failure> {
        let now_us = self.now_us();
        let ahead_us = effective_from_us.saturating_sub(now_us);
        if !(-BACKDATING_US_MAX..=AHEAD_US_MAX).contains(&ahead_us) {
            let message = "a price begins now or within two years";
            return Err(Problem::invalid(&["effectiveFrom"], message).into());
        }
        let effective_from_us = effective_from_us.max(now_us);
        let is_now = effective_from_us == now_us;
        self.db
            .write::<_, Failure>(async |tx| {
                let mut product = locked(tx, id, now_us).await?.ok_or_else(no_such_product)?;
                if product.status == Status::Retired {
                    return Err(Problem::retired(&["productId"]).into());
                }
                let is_list_currency = price.currency == product.price.currency;
                // Only the list price is part of the product's published state.
                let is_announced = is_now || !is_list_currency;
                price::set(tx, id, NewPrice { price, effective_from_us, is_announced }).await?;
                if is_now && is_list_currency {
                    product.price = price;
                }
                product.version += 1;
                product.updated_at_us = now_us;
                save(tx, &product).await?;
                let data = events::priced(&product, price, effective_from_us);
                let fact =
                    Fact { subject: id.as_str(), sequence: product.version, cause, data: &data };
                Ok(self.outbox.emit(tx, &streams::PRICE_CHANGED, fact).await?)
            })
            .await?;
        self.outbox.wake();
        Ok(())
    }

    /// Takes a product off sale. Doing it again changes nothing and is no error.
    ///
    /// # Errors
    /// Refused with `NOT_FOUND`; or the store failed.
    pub async fn retire(&self, id: &ProductId, cause: &Cause) -> Result<(), Failure> {
        let now_us = self.now_us();
        self.db
            .write::<_, Failure>(async |tx| {
                let mut product = locked(tx, id, now_us).await?.ok_or_else(no_such_product)?;
                if product.status == Status::Retired {
                    return Ok(());
                }
                product.status = Status::Retired;
                product.version += 1;
                product.updated_at_us = now_us;
                save(tx, &product).await?;
                self.tell(tx, &product, cause, &streams::PRODUCT_RETIRED).await
            })
            .await?;
        self.outbox.wake();
        Ok(())
    }

    /// Appends the product's state to a stream.
    async fn tell(
        &self,
        tx: &mut Tx,
        product: &Product,
        cause: &Cause,
        topic: &Topic<ProductChanged>,
    ) -> Result<(), Failure> {
        let fact = Fact {
            subject: product.id.as_str(),
            sequence: product.version,
            cause,
            data: &events::state(product),
        };
        Ok(self.outbox.emit(tx, topic, fact).await?)
    }
}

fn no_such_product() -> Problem {
    Problem::not_found(&["productId"], "no such product")
}

/// The only unique columns besides fresh ids are SKUs.
fn sku_taken(failure: Failure) -> Failure {
    match failure {
        Failure::Db(error) if error.is_unique_violation() => Problem::sku_taken().into(),
        other => other,
    }
}

fn check_update(
    old: &Product,
    draft: &Draft,
    expected_version: Option<i32>,
) -> Result<(), Problem> {
    if expected_version.is_some_and(|expected| i64::from(expected) != old.version) {
        return Err(Problem::version_conflict(old.version));
    }
    if old.status == Status::Retired {
        return Err(Problem::retired(&["input", "id"]));
    }
    if old.kind() != draft.details.kind() {
        let message = format!("the product is and stays a {}", old.kind().as_str());
        return Err(Problem::invalid(&["input", "kind"], message));
    }
    Ok(())
}

/// The old product with the draft's values; what no input holds stays.
fn updated(old: Product, draft: Draft, now_us: i64) -> Product {
    let details = match (old.details, draft.details) {
        (Details::ShuttleSeat { departures, .. }, Details::ShuttleSeat { route, .. }) => {
            Details::ShuttleSeat { route, departures }
        }
        (Details::AddOn { applies_to }, Details::AddOn { .. }) => Details::AddOn { applies_to },
        (_, details) => details,
    };
    Product {
        sku: draft.sku,
        name: draft.name,
        summary: draft.summary,
        category: draft.category,
        price: draft.price,
        details,
        version: old.version + 1,
        updated_at_us: now_us,
        id: old.id,
        status: old.status,
        image: old.image,
        created_at_us: old.created_at_us,
    }
}

async fn save(tx: &mut Tx, product: &Product) -> Result<(), DbError> {
    let statement =
        sql("UPDATE products SET sku = $1, name = $2, name_key = $3, search_text = $4, \
         summary = $5, category = $6, status = $7, currency = $8, attrs = $9, version = $10, \
         updated_at = $11 WHERE id = $12")
        .bind(product.sku.as_str())
        .bind(&product.name)
        .bind(normalised(&product.name))
        .bind(search_text(product))
        .bind(product.summary.as_deref())
        .bind(&product.category)
        .bind(product.status.as_str())
        .bind(product.price.currency)
        .bind(attrs(product)?)
        .bind(product.version)
        .bind(product.updated_at_us)
        .bind(&product.id);
    tx.execute(statement).await?;
    Ok(())
}

async fn insert(tx: &mut Tx, product: &Product) -> Result<(), DbError> {
    tx.execute(sql(INSERT).bind_rows([row(product)?])).await?;
    Ok(())
}

macro_rules! insert_products {
    ($tail:literal) => {
        concat!(
            "INSERT INTO products (id, sku, kind, name, name_key, search_text, summary, category, ",
            "status, currency, image, attrs, version, created_at, updated_at) VALUES $ROWS",
            $tail
        )
    };
}

/// Inserts products of which [`row`] made the values; those that exist stay.
pub(crate) const INSERT_IF_ABSENT: &str = insert_products!(" ON CONFLICT DO NOTHING");
const INSERT: &str = insert_products!("");

/// The values of a product, in the order of [`INSERT`].
pub(crate) fn row(product: &Product) -> Result<[Value; 15], DbError> {
    Ok([
        Value::from(&product.id),
        Value::from(product.sku.as_str()),
        Value::from(product.kind().as_str()),
        Value::from(&product.name),
        Value::from(normalised(&product.name)),
        Value::from(search_text(product)),
        Value::from(product.summary.as_deref()),
        Value::from(&product.category),
        Value::from(product.status.as_str()),
        Value::from(product.price.currency),
        Value::from(product.image.as_deref()),
        Value::from(attrs(product)?),
        Value::from(product.version),
        Value::from(product.created_at_us),
        Value::from(product.updated_at_us),
    ])
}

fn search_text(product: &Product) -> String {
    let summary = product.summary.as_deref().unwrap_or_default();
    normalised(&format!("{} {} {summary}", product.name, product.sku))
}

fn attrs(product: &Product) -> Result<String, DbError> {
    serde_json::to_string(&product.details)
        .map_err(|error| DbError::Column { column: "attrs".to_owned(), problem: error.to_string() })
}
