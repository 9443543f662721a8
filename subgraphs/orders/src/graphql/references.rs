//! Entities of other subgraphs, with the fields that orders add to them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::ids::is_id;
use braid_service::page::PageArgs;

use super::loaders::{FirstPage, Loaders};
use super::order::OrderConnection;
use crate::access::{Access, READ, is_staff};
use crate::commands::Commands;
use crate::domain::OrderStatus;
use crate::store::read::{Filter, Owner, Visible};

/// Orders on a page when nothing else is asked for.
const ORDERS_DEFAULT: i32 = 10;

/// `type Customer`: only the id is known here.
pub struct Customer(pub String);

#[Object]
impl Customer {
    async fn id(&self) -> ID {
        ID(self.0.clone())
    }

    async fn orders(
        &self,
        ctx: &Context<'_>,
        status: Option<OrderStatus>,
        #[graphql(default = 10)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<OrderConnection>, Fault> {
        let caller = ctx.require_scope(READ)?;
        let visible = ctx.get::<Loaders>()?.visible(ctx.get::<Access>()?, caller).await?;
        let filter = Filter {
            customer: Some(self.0.clone()),
            status: status.map(|status| vec![status]),
            ..Filter::default()
        };
        // Who sees all of a customer's orders gets its first page from the batch.
        let sees_all = match &*visible {
            Visible::All => true,
            Visible::Of { customers, .. } => customers.contains(&self.0),
        };
        let page = PageArgs::new(first, after.as_deref(), ORDERS_DEFAULT)?;
        let first_page = sees_all.then(|| FirstPage {
            owner: Owner::Customer,
            id: self.0.clone(),
            status,
            limit: page.limit(),
        });
        connection(ctx, &page, (visible, filter), first_page).await.map(Some)
    }
}

/// `type User`: only the id is known here.
pub struct User(pub String);

#[Object]
impl User {
    async fn id(&self) -> ID {
        ID(self.0.clone())
    }

    /// What the user placed. Others than staff learn it of themselves only.
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 10)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<OrderConnection>, Fault> {
        let Some(caller) = ctx.caller_opt() else { return Ok(None) };
        let may_see = caller.subject == self.0 || (is_staff(caller) && caller.has_scope(READ));
        if !may_see {
            return Ok(None);
        }
        let page = PageArgs::new(first, after.as_deref(), ORDERS_DEFAULT)?;
        let filter = Filter { placed_by: Some(self.0.clone()), ..Filter::default() };
        let first_page = FirstPage {
            owner: Owner::PlacedBy,
            id: self.0.clone(),
            status: None,
            limit: page.limit(),
        };
        let narrowed = (Arc::new(Visible::All), filter);
        connection(ctx, &page, narrowed, Some(first_page)).await.map(Some)
    }
}

/// A page: the first one in a batch with others, if it may be; later ones on their own.
async fn connection(
    ctx: &Context<'_>,
    page: &PageArgs,
    narrowed: (Arc<Visible>, Filter),
    first_page: Option<FirstPage>,
) -> Result<OrderConnection, Fault> {
    let (visible, filter) = narrowed;
    let rows = match first_page {
        Some(first_page) if page.after().is_none() => {
            ctx.get::<Loaders>()?.first_orders.load(first_page).await?.unwrap_or_default()
        }
        Some(_) | None => ctx.get::<Commands>()?.store.list(&visible, &filter, page).await?,
    };
    OrderConnection::new(page, rows, (Visible::clone(&visible), filter))
}

/// The user behind a subject; programs are none.
pub(super) fn user(subject: &str) -> Option<User> {
    is_id("usr", subject).then(|| User(subject.to_owned()))
}

/// `type Deal`, a reference.
#[derive(SimpleObject)]
pub struct Deal {
    pub id: ID,
}

/// `type Saga`, a reference.
#[derive(SimpleObject)]
pub struct Saga {
    pub id: ID,
}

/// `type Product`, a reference to whatever kind of product it is.
#[derive(SimpleObject)]
pub struct Product {
    pub id: ID,
}
