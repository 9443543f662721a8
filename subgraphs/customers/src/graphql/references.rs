//! Entities of other subgraphs, with the fields that customers add to them.

use async_graphql::{Context, ID, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::money::{Money, MoneyInput};

use super::access::{READ, is_staff, seen};
use super::customer::Customer;
use super::loaders::Loaders;
use crate::domain::{self, CreditOutcome};

/// `type Account`: only its id is known here.
pub struct Account(pub String);

#[Object]
impl Account {
    async fn id(&self) -> ID {
        ID(self.0.clone())
    }

    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        let found = ctx.get::<Loaders>()?.by_account.load(self.0.clone()).await?;
        Ok(seen(ctx, found).await?.map(Customer))
    }
}

/// `type User`: only the id is known here.
pub struct User(pub String);

#[Object]
impl User {
    async fn id(&self) -> ID {
        ID(self.0.clone())
    }

    /// The customer that the user is, or else that of the first account the user buys for. Others
    /// than staff learn it of themselves only.
    async fn customer(&self, ctx: &Context<'_>) -> Result<Option<Customer>, Fault> {
        let Some(caller) = ctx.caller_opt() else { return Ok(None) };
        if caller.subject != self.0 && !is_staff(caller) {
            return Ok(None);
        }
        let loaders = ctx.get::<Loaders>()?;
        let mut found = loaders.by_user.load(self.0.clone()).await?;
        if found.is_none() {
            let accounts = loaders.buying_accounts.load(self.0.clone()).await?.unwrap_or_default();
            for account in accounts {
                found = loaders.by_account.load(account).await?;
                if found.is_some() {
                    break;
                }
            }
        }
        Ok(seen(ctx, found).await?.map(Customer))
    }
}

/// `type Order`, a reference.
#[derive(SimpleObject)]
pub struct Order {
    pub id: ID,
}

/// `type Deal` with what its representation brought.
pub struct Deal {
    pub id: ID,
    pub amount: Option<MoneyInput>,
    pub account_id: Option<ID>,
}

#[Object]
impl Deal {
    async fn id(&self) -> ID {
        self.id.clone()
    }

    #[expect(clippy::unused_async, reason = "a resolver")]
    async fn amount(&self) -> Result<Money, Fault> {
        let amount = self.amount.ok_or_else(|| Fault::bad_input("the deal came without amount"))?;
        amount.to_money().map_err(|error| Fault::BadInput(error.to_string()))
    }

    async fn account_id(&self) -> Option<ID> {
        self.account_id.clone()
    }

    async fn credit_check(&self, ctx: &Context<'_>) -> Result<Option<CreditCheck>, Fault> {
        let caller = ctx.require_scope(READ)?;
        if !is_staff(caller) {
            return Err(Fault::Forbidden);
        }
        let Some(amount) = self.amount else { return Ok(None) };
        let amount = amount.to_money().map_err(|error| Fault::BadInput(error.to_string()))?;
        let customer = match &self.account_id {
            Some(account) => ctx.get::<Loaders>()?.by_account.load(account.to_string()).await?,
            None => None,
        };
        let check = domain::CreditCheck::of(customer.as_ref(), amount);
        Ok(Some(CreditCheck {
            outcome: check.outcome,
            available: check.available,
            shortfall: check.shortfall,
        }))
    }
}

/// `type CreditCheck`.
#[derive(SimpleObject)]
pub struct CreditCheck {
    outcome: CreditOutcome,
    available: Option<Money>,
    shortfall: Option<Money>,
}
