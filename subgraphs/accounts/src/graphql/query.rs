//! Queries and entities.

use async_graphql::{Context, ID, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::membership::Role;
use braid_service::page::PageArgs;
use braid_service::search::Search;

use crate::domain::duplicate::Probe;
use crate::graphql::access::{self, ACCOUNTS_READ, CONTACTS_READ, View};
use crate::graphql::account::{Account, AccountConnection};
use crate::graphql::contact::Contact;
use crate::graphql::input::{AccountFilter, DuplicateProbe};
use crate::graphql::loaders::Loaders;
use crate::graphql::payload::DuplicateCandidate;
use crate::store::Store;
use crate::store::list::Filter;

/// The length of a page when nobody says.
const PAGE_DEFAULT: i32 = 20;

/// `type Query`.
pub struct Query;

#[Object]
impl Query {
    async fn account(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Account>, Fault> {
        ctx.require_scope(ACCOUNTS_READ)?;
        access::account(ctx, &id).await
    }

    /// All accounts for staff; for others those that they see more of than the name.
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        filter: Option<AccountFilter>,
        #[graphql(default_with = "Some(20)")] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<AccountConnection>, Fault> {
        ctx.require_scope(ACCOUNTS_READ)?;
        let args = PageArgs::new(first, after.as_deref(), PAGE_DEFAULT)?;
        let (view, ids) = listed(ctx).await?;
        let filter = filter.unwrap_or_default();
        // Who owns an account is internal: a filter must not tell it either.
        let is_hidden = view < View::Staff && filter.owner_id.is_some();
        let ids = if is_hidden { Some(Vec::new()) } else { ids };
        let filter = filter_of(filter, ids);
        let page = ctx.get::<Store>()?.accounts(&filter, &args).await?;
        Ok(Some(AccountConnection { filter, page, view }))
    }

    async fn contact(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Contact>, Fault> {
        ctx.require_scope(CONTACTS_READ)?;
        Ok(access::contact(ctx, &id).await?.map(Contact))
    }

    async fn duplicate_candidates(
        &self,
        ctx: &Context<'_>,
        input: DuplicateProbe,
    ) -> Result<Option<Vec<DuplicateCandidate>>, Fault> {
        access::staff(ctx, ACCOUNTS_READ)?;
        let probe = Probe::new(
            input.name.as_deref(),
            input.domain.as_deref(),
            input.tax_id.as_deref(),
            input.email.as_deref(),
        );
        let candidates = ctx.get::<Store>()?.duplicate_candidates(&probe).await?;
        Ok(Some(candidates.into_iter().map(DuplicateCandidate).collect()))
    }

    #[graphql(entity)]
    async fn find_account_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Account> {
        told(ctx, access::account(ctx, &id).await)
    }

    #[graphql(entity)]
    async fn find_contact_by_id(&self, ctx: &Context<'_>, id: ID) -> Option<Contact> {
        told(ctx, access::contact(ctx, &id).await).map(Contact)
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

/// Which accounts the caller's lists have, and how much of each; `None` is all of them.
async fn listed(ctx: &Context<'_>) -> Result<(View, Option<Vec<String>>), Fault> {
    let caller = ctx.caller()?;
    if access::is_staff(caller, ACCOUNTS_READ) {
        return Ok((View::Staff, None));
    }
    let own = match &caller.account {
        Some(account) => vec![account.clone()],
        None => {
            let roles = ctx.get::<Loaders>()?.roles(&caller.subject).await?;
            let buys = roles.iter().filter(|(_, role)| **role >= Role::Buyer);
            buys.map(|(account, _)| account.clone()).collect()
        }
    };
    Ok((View::Own, Some(own)))
}

fn filter_of(input: AccountFilter, ids: Option<Vec<String>>) -> Filter {
    Filter {
        search: input.text.as_deref().and_then(Search::new),
        status: input.status,
        // PostgreSQL takes no NUL; no owner and no industry has one.
        owner: input.owner_id.map(|id| id.0.replace('\0', " ")),
        industry: input.industry,
        ids,
    }
}
