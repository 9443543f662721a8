//! Who sees which customer (DOMAIN section 10): people their own and those of accounts they buy
//! for, staff all, programs of third parties none. Limits and holds need `credit:write`, which
//! finance staff hold.

use async_graphql::Context;
use braid_service::braid_vouch::{Caller, CallerKind};
use braid_service::event::Cause;
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;

use super::loaders::Loaders;
use crate::domain::Customer;
use crate::store::read::Visible;

pub(super) const READ: &str = "customers:read";
pub(super) const WRITE: &str = "customers:write";
pub(super) const CREDIT_WRITE: &str = "credit:write";
const STAFF: &str = "STAFF";

/// Staff of Corridor.
pub(super) fn is_staff(caller: &Caller) -> bool {
    caller.kind == CallerKind::User && caller.is_in(STAFF)
}

/// The caller, who must be staff with a scope.
pub(super) fn staff<'c>(ctx: &'c Context<'_>, scope: &str) -> Result<&'c Caller, Fault> {
    let caller = ctx.require_scope(scope)?;
    if is_staff(caller) { Ok(caller) } else { Err(Fault::Forbidden) }
}

/// What a caller's lists are limited to.
pub(super) fn visible(caller: &Caller) -> Visible {
    match caller.kind {
        CallerKind::Client => Visible::None,
        CallerKind::User if is_staff(caller) => Visible::All,
        CallerKind::User => Visible::Of { user: caller.subject.clone() },
    }
}

/// The customer if the caller may see it; what may not be seen does not exist.
pub(super) async fn seen(
    ctx: &Context<'_>,
    customer: Option<Customer>,
) -> Result<Option<Customer>, Fault> {
    let (Some(customer), Some(caller)) = (customer, ctx.caller_opt()) else { return Ok(None) };
    let may_see = match caller.kind {
        CallerKind::Client => false,
        CallerKind::User if is_staff(caller) => true,
        CallerKind::User if customer.user.as_ref() == Some(&caller.subject) => true,
        CallerKind::User => match &customer.account {
            None => false,
            Some(account) => {
                let loaders = ctx.get::<Loaders>()?;
                let accounts = loaders.buying_accounts.load(caller.subject.clone()).await?;
                accounts.is_some_and(|accounts| accounts.contains(account))
            }
        },
    };
    Ok(may_see.then_some(customer))
}

/// The cause of what a caller does.
pub(super) fn cause(caller: &Caller) -> Cause {
    Cause { actor: Some(caller.subject.clone()), ..Cause::default() }
}
