//! Queries and entity resolvers.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use braid_service::braid_vouch::CallerKind;
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::money::MoneyInput;
use braid_service::page::{PageArgs, PageInfo};

use super::access::{READ, seen, visible};
use super::customer::Customer;
use super::loaders::Loaders;
use super::references::{Account, Deal, User};
use crate::domain::{CustomerKind, CustomerStatus};
use crate::store::Store;
use crate::store::read::{Filter, Visible};

/// Customers on a page when nothing else is asked for.
const CUSTOMERS_DEFAULT: i32 = 20;

/// `type Query`.
pub struct Query;

/// `input CustomerFilter`.
#[derive(InputObject)]
pub struct CustomerFilter {
    kind: Option<CustomerKind>,
    status: Option<CustomerStatus>,
    account_id: Option<ID>,
    over_limit: Option<bool>,
}

/// `type CustomerConnection`; counts only when asked.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct CustomerConnection {
    nodes: Vec<Customer>,
    page_info: PageInfo,
    #[graphql(skip)]
    counted: (Visible, Filter),
}

#[ComplexObject]
impl CustomerConnection {
    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>, Fault> {
        let (visible, filter) = &self.counted;
        let count = ctx.get::<Store>()?.count(visible, filter).await?;
        Ok(i32::try_from(count).ok())
    }
}

#[Object]
impl Query {
    async fn me(&self, ctx: &Context<'_>) -> Option<User> {
        let caller = ctx.caller_opt()?;
        (caller.kind == CallerKind::User).then(|| User(caller.subject.clone()))
    }

    async fn customer(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Customer>, Fault> {
        ctx.require_scope(READ)?;
        let found = ctx.get::<Loaders>()?.by_id.load(id.0).await?;
        Ok(seen(ctx, found).await?.map(Customer))
    }

    async fn customers(
        &self,
        ctx: &Context<'_>,
        filter: Option<CustomerFilter>,
        #[graphql(default = 20)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<CustomerConnection>, Fault> {
        let caller = ctx.require_scope(READ)?;
        let page = PageArgs::new(first, after.as_deref(), CUSTOMERS_DEFAULT)?;
        let filter = filter.map(Filter::from).unwrap_or_default();
        let visible = visible(caller);
        let found = ctx.get::<Store>()?.list(&visible, &filter, &page).await?.map(Customer);
        Ok(Some(CustomerConnection {
            nodes: found.nodes,
            page_info: found.page_info,
            counted: (visible, filter),
        }))
    }

    #[graphql(entity)]
    async fn find_customer_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<Customer>, Fault> {
        let found = ctx.get::<Loaders>()?.by_id.load(id.0).await?;
        Ok(seen(ctx, found).await?.map(Customer))
    }

    #[graphql(entity)]
    async fn find_account_by_id(&self, id: ID) -> Option<Account> {
        Some(Account(id.0))
    }

    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<User> {
        Some(User(id.0))
    }

    #[graphql(entity)]
    async fn find_deal_by_id(
        &self,
        #[graphql(key)] id: ID,
        amount: Option<MoneyInput>,
        account_id: Option<ID>,
    ) -> Option<Deal> {
        Some(Deal { id, amount, account_id })
    }
}

impl From<CustomerFilter> for Filter {
    fn from(filter: CustomerFilter) -> Self {
        Self {
            kind: filter.kind,
            status: filter.status,
            account: filter.account_id.map(|id| id.0),
            over_limit: filter.over_limit,
        }
    }
}
