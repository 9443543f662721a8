//! `interface Product` and its four types.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::money::Money;
use braid_service::scalars::DateTime;

use crate::domain::product::{Category as StoredCategory, Details, Product as Stored, Status};
use crate::graphql::access;
use crate::graphql::loaders::Loaders;

/// Where pictures are: `<base>/<image>/<width>.webp`.
#[derive(Clone, Debug)]
pub struct ImageBase(pub String);

/// The widths that pictures exist in; another width gets the next larger one, so that caches keep
/// few variants.
const WIDTHS: [i32; 6] = [96, 160, 320, 640, 1_280, 2_048];

/// `interface Product`.
#[expect(clippy::duplicated_attributes, reason = "every field of the interface has a type")]
#[derive(Clone, Interface)]
#[graphql(
    name = "Product",
    field(name = "id", ty = "ID"),
    field(name = "sku", ty = "String"),
    field(name = "name", ty = "String"),
    field(name = "summary", ty = "Option<String>"),
    field(
        name = "image_url",
        ty = "Option<String>",
        arg(name = "width", ty = "Option<i32>", default_with = "Some(320)")
    ),
    field(name = "status", ty = "Status"),
    field(name = "price", ty = "Money"),
    field(name = "category", ty = "Category"),
    field(name = "updated_at", ty = "DateTime")
)]
pub enum Product {
    /// Rides within days.
    RidePass(RidePass),
    /// A seat on a route.
    ShuttleSeat(ShuttleSeat),
    /// A vehicle for hours.
    Charter(Charter),
    /// Goes with others.
    AddOn(AddOn),
}

/// `type RidePass`.
#[derive(Clone)]
pub struct RidePass {
    product: Arc<Stored>,
    rides: i32,
    valid_days: i32,
}

/// `type ShuttleSeat`.
#[derive(Clone)]
pub struct ShuttleSeat {
    product: Arc<Stored>,
    route: String,
    departures: Vec<String>,
}

/// `type Charter`.
#[derive(Clone)]
pub struct Charter {
    product: Arc<Stored>,
    seats: i32,
    included_hours: i32,
}

/// `type AddOn`.
#[derive(Clone)]
pub struct AddOn {
    product: Arc<Stored>,
    applies_to: Vec<String>,
}

/// `type Category`.
#[derive(Clone)]
pub struct Category(StoredCategory);

// === impl Product ===

impl From<Arc<Stored>> for Product {
    fn from(product: Arc<Stored>) -> Self {
        match product.details.clone() {
            Details::RidePass { rides, valid_days } => {
                Self::RidePass(RidePass { product, rides, valid_days })
            }
            Details::ShuttleSeat { route, departures } => {
                Self::ShuttleSeat(ShuttleSeat { product, route, departures })
            }
            Details::Charter { seats, included_hours } => {
                Self::Charter(Charter { product, seats, included_hours })
            }
            Details::AddOn { applies_to } => Self::AddOn(AddOn { product, applies_to }),
        }
    }
}

/// An object type with the fields of the interface and those given.
macro_rules! product_type {
    ($type:ident { $($own:tt)* }) => {
        #[Object]
        impl $type {
            async fn id(&self) -> ID {
                ID::from(&self.product.id)
            }

            async fn sku(&self) -> String {
                self.product.sku.to_string()
            }

            async fn name(&self) -> String {
                self.product.name.clone()
            }

            async fn summary(&self) -> Option<String> {
                self.product.summary.clone()
            }

            async fn image_url(
                &self,
                ctx: &Context<'_>,
                #[graphql(default_with = "Some(320)")] width: Option<i32>,
            ) -> Option<String> {
                image_url(ctx, &self.product, width)
            }

            async fn status(&self) -> Status {
                self.product.status
            }

            async fn price(&self) -> Money {
                self.product.price
            }

            async fn category(&self, ctx: &Context<'_>) -> Result<Category, Fault> {
                category_of(ctx, &self.product).await
            }

            async fn updated_at(&self) -> DateTime {
                DateTime(self.product.updated_at_us)
            }

            $($own)*
        }
    };
}

product_type!(RidePass {
    async fn rides(&self) -> i32 {
        self.rides
    }

    async fn valid_days(&self) -> i32 {
        self.valid_days
    }
});

product_type!(ShuttleSeat {
    async fn route(&self) -> &str {
        &self.route
    }

    async fn departures(&self) -> &[String] {
        &self.departures
    }
});

product_type!(Charter {
    async fn seats(&self) -> i32 {
        self.seats
    }

    async fn included_hours(&self) -> i32 {
        self.included_hours
    }
});

product_type!(AddOn {
    /// Those of the products that exist for the caller.
    async fn applies_to(&self, ctx: &Context<'_>) -> Result<Vec<Product>, Fault> {
        let products = self.applies_to.iter().map(|id| access::product(ctx, id));
        let products = async_graphql::futures_util::future::try_join_all(products).await?;
        Ok(products.into_iter().flatten().map(Product::from).collect())
    }
});

#[Object]
impl Category {
    async fn id(&self) -> ID {
        ID::from(&self.0.id)
    }

    async fn name(&self) -> &str {
        &self.0.name
    }
}

impl From<StoredCategory> for Category {
    fn from(category: StoredCategory) -> Self {
        Self(category)
    }
}

async fn category_of(ctx: &Context<'_>, product: &Stored) -> Result<Category, Fault> {
    let id = product.category.as_str();
    let category = ctx.get::<Loaders>()?.categories.load(id.to_owned()).await?;
    let category = category.ok_or_else(|| {
        Fault::internal(format_args!("category {id} of product {} is gone", product.id))
    })?;
    Ok(Category(category))
}

fn image_url(ctx: &Context<'_>, product: &Stored, width: Option<i32>) -> Option<String> {
    let base = ctx.get::<ImageBase>().ok()?;
    let image = product.image.as_deref()?;
    let wanted = width.unwrap_or(320);
    let width = WIDTHS.into_iter().find(|width| *width >= wanted).unwrap_or(2_048);
    Some(format!("{}/{image}/{width}.webp", base.0))
}
