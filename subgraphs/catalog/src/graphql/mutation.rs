//! Mutations: for those who hold `catalog:write`.

use std::str::FromStr as _;
use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Interface, Object};
use braid_service::braid_vouch::Caller;
use braid_service::event::Cause;
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::ids::IdGen;
use braid_service::money::MoneyInput;
use braid_service::scalars::DateTime;

use crate::domain::draft::{Draft, Wish, check_price};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::product::{Kind, ProductId};
use crate::graphql::access::writer;
use crate::graphql::product::Product;
use crate::store::{Failure, Store};

/// `type Mutation`.
pub struct Mutation;

/// `input ProductInput`.
#[derive(InputObject)]
#[graphql(name = "ProductInput")]
pub struct ProductInput {
    id: Option<ID>,
    sku: String,
    kind: Kind,
    name: String,
    summary: Option<String>,
    category_id: ID,
    price: MoneyInput,
    rides: Option<i32>,
    valid_days: Option<i32>,
    route: Option<String>,
    seats: Option<i32>,
    included_hours: Option<i32>,
}

/// `type ProductPayload`: the product after the change, or why there was none.
pub struct ProductPayload {
    product: Option<Product>,
    problems: Vec<Problem>,
}

/// `interface UserError`.
#[derive(Interface)]
#[graphql(
    name = "UserError",
    field(name = "message", ty = "String"),
    field(name = "path", ty = "Option<Vec<String>>")
)]
pub enum UserError {
    /// The only kind in this subgraph.
    Catalog(CatalogError),
}

/// `type CatalogError`.
pub struct CatalogError(Problem);

#[Object]
impl Mutation {
    /// With an id: changes that product. Without: makes a product, which is for sale at once.
    async fn upsert_product(
        &self,
        ctx: &Context<'_>,
        input: ProductInput,
        expected_version: Option<i32>,
    ) -> Result<ProductPayload, Fault> {
        let cause = cause(writer(ctx)?);
        let id = input.id.as_ref().map(|id| ProductId::from_str(id));
        let draft = match Draft::check(&Wish::from(input)) {
            Ok(draft) => draft,
            Err(problems) => return Ok(ProductPayload { product: None, problems }),
        };
        let store = ctx.get::<Store>()?;
        let written = match id {
            None => store.create(ctx.get::<Arc<IdGen>>()?, draft, &cause).await,
            Some(Ok(id)) => store.update(&id, draft, expected_version, &cause).await.map(|()| id),
            Some(Err(_)) => Err(Problem::not_found(&["input", "id"], "no such product").into()),
        };
        payload(store, written).await
    }

    /// Sets a list price from an instant on.
    async fn change_price(
        &self,
        ctx: &Context<'_>,
        product_id: ID,
        price: MoneyInput,
        effective_from: DateTime,
    ) -> Result<ProductPayload, Fault> {
        let cause = cause(writer(ctx)?);
        let store = ctx.get::<Store>()?;
        let written = match (parse(&product_id), check_price(&["price", "amount"], price)) {
            (Err(problem), _) | (_, Err(problem)) => Err(problem.into()),
            (Ok(id), Ok(price)) => {
                store.change_price(&id, price, effective_from.0, &cause).await.map(|()| id)
            }
        };
        payload(store, written).await
    }

    /// Takes a product off sale.
    async fn retire_product(
        &self,
        ctx: &Context<'_>,
        product_id: ID,
    ) -> Result<ProductPayload, Fault> {
        let cause = cause(writer(ctx)?);
        let store = ctx.get::<Store>()?;
        let written = match parse(&product_id) {
            Ok(id) => store.retire(&id, &cause).await.map(|()| id),
            Err(problem) => Err(problem.into()),
        };
        payload(store, written).await
    }
}

#[Object]
impl ProductPayload {
    async fn product(&self) -> Option<Product> {
        self.product.clone()
    }

    async fn user_errors(&self) -> Vec<CatalogError> {
        self.problems.iter().cloned().map(CatalogError).collect()
    }
}

#[Object]
impl CatalogError {
    async fn message(&self) -> String {
        self.0.message.to_string()
    }

    async fn path(&self) -> Option<Vec<String>> {
        Some(self.0.path.iter().copied().map(str::to_owned).collect())
    }

    async fn code(&self) -> ErrorCode {
        self.0.code
    }
}

impl From<ProductInput> for Wish {
    fn from(input: ProductInput) -> Self {
        Self {
            sku: input.sku,
            kind: input.kind,
            name: input.name,
            summary: input.summary,
            category_id: input.category_id.to_string(),
            price: input.price,
            rides: input.rides,
            valid_days: input.valid_days,
            route: input.route,
            seats: input.seats,
            included_hours: input.included_hours,
        }
    }
}

fn parse(id: &ID) -> Result<ProductId, Problem> {
    ProductId::from_str(id).map_err(|_| Problem::not_found(&["productId"], "no such product"))
}

fn cause(caller: &Caller) -> Cause {
    Cause { actor: Some(caller.subject.clone()), ..Cause::default() }
}

/// The product as it is now, read afresh, or the business reasons why nothing was written.
async fn payload(
    store: &Store,
    written: Result<ProductId, Failure>,
) -> Result<ProductPayload, Fault> {
    match written {
        Ok(id) => {
            let found = store.products_by_id(vec![id.to_string()]).await?;
            let product = found.into_values().next().map(Product::from);
            Ok(ProductPayload { product, problems: Vec::new() })
        }
        Err(Failure::Refused(problems)) => Ok(ProductPayload { product: None, problems }),
        Err(Failure::Db(error)) => Err(Fault::from(error)),
        Err(Failure::Messaging(error)) => Err(Fault::from(error)),
    }
}
