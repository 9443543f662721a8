//! Queries and entity resolvers.

use async_graphql::{Context, ID, InputObject, Object};
use braid_service::braid_vouch::CallerKind;
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::page::PageArgs;
use braid_service::scalars::DateTime;

use super::loaders::Loaders;
use super::order::{Order, OrderConnection};
use super::references::{Customer, User};
use crate::access::{Access, READ, sees};
use crate::commands::Commands;
use crate::domain::{self, OrderStatus};
use crate::store::events::Until;
use crate::store::read::{Filter, Visible};

/// Orders on a page when nothing else is asked for.
const ORDERS_DEFAULT: i32 = 20;
/// Statuses in one filter.
const STATUSES_MAX: usize = 16;

/// `type Query`.
pub struct Query;

/// `input OrderFilter`.
#[derive(InputObject)]
pub struct OrderFilter {
    customer_id: Option<ID>,
    status: Option<Vec<OrderStatus>>,
    placed_after: Option<DateTime>,
    placed_before: Option<DateTime>,
    number: Option<String>,
}

#[Object]
impl Query {
    async fn me(&self, ctx: &Context<'_>) -> Option<User> {
        let caller = ctx.caller_opt()?;
        (caller.kind == CallerKind::User).then(|| User(caller.subject.clone()))
    }

    async fn order(
        &self,
        ctx: &Context<'_>,
        id: ID,
        as_of: Option<DateTime>,
    ) -> Result<Option<Order>, Fault> {
        ctx.require_scope(READ)?;
        let Some(order) = seen(ctx, id.0).await? else { return Ok(None) };
        let Some(DateTime(as_of_us)) = as_of else { return Order::new(order).map(Some) };
        let store = &ctx.get::<Commands>()?.store;
        let then = store.fold(&order.id, Until::Instant(as_of_us)).await?;
        then.map(Order::new).transpose()
    }

    async fn orders(
        &self,
        ctx: &Context<'_>,
        filter: Option<OrderFilter>,
        #[graphql(default = 20)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<OrderConnection>, Fault> {
        let caller = ctx.require_scope(READ)?;
        let page = PageArgs::new(first, after.as_deref(), ORDERS_DEFAULT)?;
        let filter = filter.map(OrderFilter::checked).transpose()?.unwrap_or_default();
        let visible = ctx.get::<Loaders>()?.visible(ctx.get::<Access>()?, caller).await?;
        let rows = ctx.get::<Commands>()?.store.list(&visible, &filter, &page).await?;
        OrderConnection::new(&page, rows, (Visible::clone(&visible), filter)).map(Some)
    }

    #[graphql(entity)]
    async fn find_order_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Order>, Fault> {
        seen(ctx, id.0).await?.map(Order::new).transpose()
    }

    #[graphql(entity)]
    async fn find_customer_by_id(&self, id: ID) -> Option<Customer> {
        Some(Customer(id.0))
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<User> {
        Some(User(id.0))
    }
}

/// The order if the caller may see it; what may not be seen does not exist.
pub(super) async fn seen(ctx: &Context<'_>, id: String) -> Result<Option<domain::Order>, Fault> {
    let Some(caller) = ctx.caller_opt() else { return Ok(None) };
    let loaders = ctx.get::<Loaders>()?;
    let Some(order) = loaders.orders.load(id).await? else { return Ok(None) };
    let visible = loaders.visible(ctx.get::<Access>()?, caller).await?;
    Ok(sees(&visible, &order).then_some(order))
}

impl OrderFilter {
    fn checked(self) -> Result<Filter, Fault> {
        if self.status.as_ref().is_some_and(|status| status.len() > STATUSES_MAX) {
            return Err(Fault::BadInput(format!("`status` takes {STATUSES_MAX} values at most")));
        }
        Ok(Filter {
            customer: self.customer_id.map(|id| id.0),
            placed_by: None,
            status: self.status,
            placed_after_us: self.placed_after.map(|at| at.0),
            placed_before_us: self.placed_before.map(|at| at.0),
            number: self.number,
        })
    }
}
