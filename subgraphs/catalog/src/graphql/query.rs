//! Queries and entities.

use std::str::FromStr as _;
use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::page::{Page, PageArgs, PageInfo};

use crate::domain::product::{CategoryId, Kind, Product as Stored, Status};
use crate::graphql::access;
use crate::graphql::loaders::Loaders;
use crate::graphql::product::{AddOn, Category, Charter, Product, RidePass, ShuttleSeat};
use crate::graphql::quote::{self, PriceQuote, PriceQuoteInput};
use crate::store::Store;
use crate::store::list::{Filter, Sort};
use braid_service::search::Search;

/// The length of a page when nobody says.
const PAGE_DEFAULT: i32 = 20;

/// `type Query`.
pub struct Query;

/// `input ProductFilter`.
#[derive(InputObject)]
#[graphql(name = "ProductFilter")]
pub struct ProductFilter {
    text: Option<String>,
    category_id: Option<ID>,
    kind: Option<Kind>,
    status: Option<Status>,
}

/// `type ProductConnection`.
pub struct ProductConnection {
    filter: Filter,
    page: Page<Stored>,
}

#[Object]
impl Query {
    /// Exactly one of `id` and `sku`.
    async fn product(
        &self,
        ctx: &Context<'_>,
        id: Option<ID>,
        sku: Option<String>,
    ) -> Result<Option<Product>, Fault> {
        let product = match (id, sku) {
            (Some(id), None) => access::product(ctx, &id).await?,
            (None, Some(sku)) => access::product_by_sku(ctx, &sku).await?,
            _ => return Err(Fault::bad_input("give exactly one of `id` and `sku`")),
        };
        Ok(product.map(Product::from))
    }

    async fn products(
        &self,
        ctx: &Context<'_>,
        filter: Option<ProductFilter>,
        #[graphql(default_with = "Some(Sort::Relevance)")] sort: Option<Sort>,
        #[graphql(default_with = "Some(20)")] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<ProductConnection>, Fault> {
        let args = PageArgs::new(first, after.as_deref(), PAGE_DEFAULT)?;
        let filter = filter_of(ctx, filter);
        let sort = sort.unwrap_or(Sort::Relevance);
        let page = ctx.get::<Store>()?.products(&filter, sort, &args).await?;
        Ok(Some(ProductConnection { filter, page }))
    }

    async fn categories(&self, ctx: &Context<'_>) -> Result<Option<Vec<Category>>, Fault> {
        let categories = ctx.get::<Store>()?.categories().await?;
        Ok(Some(categories.into_iter().map(Category::from).collect()))
    }

    async fn price_quote(
        &self,
        ctx: &Context<'_>,
        input: PriceQuoteInput,
    ) -> Result<Option<PriceQuote>, Fault> {
        quote::quote(ctx, input).await.map(Some)
    }

    #[graphql(entity)]
    async fn find_product_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Product> {
        told(ctx, access::product(ctx, &id).await).map(Product::from)
    }

    #[graphql(entity)]
    async fn find_product_by_sku(&self, ctx: &Context<'_>, sku: String) -> Option<Product> {
        told(ctx, access::product_by_sku(ctx, &sku).await).map(Product::from)
    }

    #[graphql(entity)]
    async fn find_ride_pass_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<RidePass> {
        match self.find_product_by_id(ctx, id).await.ok()?? {
            Product::RidePass(pass) => Some(pass),
            Product::ShuttleSeat(_) | Product::Charter(_) | Product::AddOn(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_ride_pass_by_sku(&self, ctx: &Context<'_>, sku: String) -> Option<RidePass> {
        match self.find_product_by_sku(ctx, sku).await.ok()?? {
            Product::RidePass(pass) => Some(pass),
            Product::ShuttleSeat(_) | Product::Charter(_) | Product::AddOn(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_shuttle_seat_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<ShuttleSeat> {
        match self.find_product_by_id(ctx, id).await.ok()?? {
            Product::ShuttleSeat(seat) => Some(seat),
            Product::RidePass(_) | Product::Charter(_) | Product::AddOn(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_shuttle_seat_by_sku(
        &self,
        ctx: &Context<'_>,
        sku: String,
    ) -> Option<ShuttleSeat> {
        match self.find_product_by_sku(ctx, sku).await.ok()?? {
            Product::ShuttleSeat(seat) => Some(seat),
            Product::RidePass(_) | Product::Charter(_) | Product::AddOn(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_charter_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Charter> {
        match self.find_product_by_id(ctx, id).await.ok()?? {
            Product::Charter(charter) => Some(charter),
            Product::RidePass(_) | Product::ShuttleSeat(_) | Product::AddOn(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_charter_by_sku(&self, ctx: &Context<'_>, sku: String) -> Option<Charter> {
        match self.find_product_by_sku(ctx, sku).await.ok()?? {
            Product::Charter(charter) => Some(charter),
            Product::RidePass(_) | Product::ShuttleSeat(_) | Product::AddOn(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_add_on_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<AddOn> {
        match self.find_product_by_id(ctx, id).await.ok()?? {
            Product::AddOn(add_on) => Some(add_on),
            Product::RidePass(_) | Product::ShuttleSeat(_) | Product::Charter(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_add_on_by_sku(&self, ctx: &Context<'_>, sku: String) -> Option<AddOn> {
        match self.find_product_by_sku(ctx, sku).await.ok()?? {
            Product::AddOn(add_on) => Some(add_on),
            Product::RidePass(_) | Product::ShuttleSeat(_) | Product::Charter(_) => None,
        }
    }

    #[graphql(entity)]
    async fn find_category_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Category> {
        let category = async {
            if CategoryId::from_str(&id).is_err() {
                return Ok(None);
            }
            ctx.get::<Loaders>()?.categories.load(id.to_string()).await
        };
        told(ctx, category.await).map(Category::from)
    }
}

#[Object]
impl ProductConnection {
    async fn nodes(&self) -> Vec<Product> {
        let products = self.page.nodes.iter();
        products.map(|product| Product::from(Arc::new(product.clone()))).collect()
    }

    async fn page_info(&self) -> PageInfo {
        self.page.page_info.clone()
    }

    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>, Fault> {
        let count = ctx.get::<Store>()?.count_products(&self.filter).await?;
        Ok(i32::try_from(count).ok())
    }
}

/// The value of an entity; a fault is reported beside it and leaves it `None`, so that the other
/// entities of the list stay (DEPENDENCIES.md 1.5).
fn told<T>(ctx: &Context<'_>, found: Result<Option<T>, Fault>) -> Option<T> {
    found.unwrap_or_else(|fault| {
        let error = async_graphql::Error::from(fault);
        ctx.add_error(ctx.set_error_path(error.into_server_error(ctx.item.pos)));
        None
    })
}

fn filter_of(ctx: &Context<'_>, filter: Option<ProductFilter>) -> Filter {
    let status = filter.as_ref().and_then(|filter| filter.status);
    let mut listed =
        Filter { search: None, category: None, kind: None, statuses: access::listed(ctx, status) };
    if let Some(filter) = filter {
        listed.search = filter.text.as_deref().and_then(Search::new);
        listed.kind = filter.kind;
        if let Some(category) = filter.category_id {
            match CategoryId::from_str(&category) {
                Ok(category) => listed.category = Some(category),
                // A text that is no id names no category: nothing is in it.
                Err(_) => listed.statuses.clear(),
            }
        }
    }
    listed
}
