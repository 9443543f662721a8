//! Row rules (DOMAIN section 10). What a caller may not see is as if it did not exist.
//!
//! | caller | account | contact |
//! |---|---|---|
//! | staff with the scope | all of every account | all |
//! | API client | its linked account, without the internal fields | – |
//! | buyer, admin of the account | it, without the internal fields | – |
//! | member of the account | its name | – |
//! | system admin | its name, for the list of who belongs where | – |
//! | others | – | – |
//!
//! Staff makes and changes; an account's admin changes its billing address.

use std::sync::Arc;

use async_graphql::Context;
use braid_service::braid_vouch::{Caller, CallerKind};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::ids::is_id;
use braid_service::membership::Role;

use crate::domain::account::{Account as Stored, AccountId};
use crate::domain::contact::{Contact as StoredContact, ContactId};
use crate::graphql::account::Account;
use crate::graphql::loaders::Loaders;

const STAFF: &str = "STAFF";
const SYSTEM_ADMIN: &str = "SYSTEM_ADMIN";

/// Reading accounts.
pub(super) const ACCOUNTS_READ: &str = "accounts:read";
/// Making and changing accounts.
pub(super) const ACCOUNTS_WRITE: &str = "accounts:write";
/// Reading contacts.
pub(super) const CONTACTS_READ: &str = "contacts:read";
/// Making and changing contacts.
pub(super) const CONTACTS_WRITE: &str = "contacts:write";

/// How much of an account somebody sees; each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Its name.
    Name,
    /// What it may know about itself.
    Own,
    /// Everything.
    Staff,
}

/// Whether the caller is staff with a scope.
pub(super) fn is_staff(caller: &Caller, scope: &str) -> bool {
    caller.kind == CallerKind::User && caller.is_in(STAFF) && caller.has_scope(scope)
}

/// The caller, who must be staff with a scope.
pub(super) fn staff<'c>(ctx: &'c Context<'_>, scope: &str) -> Result<&'c Caller, Fault> {
    let caller = ctx.require_scope(scope)?;
    if is_staff(caller, scope) { Ok(caller) } else { Err(Fault::Forbidden) }
}

/// How much of an account the caller sees, `None` for nothing.
pub(super) async fn view(ctx: &Context<'_>, account: &str) -> Result<Option<View>, Fault> {
    let Some(caller) = ctx.caller_opt() else { return Ok(None) };
    if is_staff(caller, ACCOUNTS_READ) {
        return Ok(Some(View::Staff));
    }
    if caller.kind == CallerKind::Client {
        let is_linked = caller.account.as_deref() == Some(account);
        return Ok(is_linked.then_some(View::Own));
    }
    let is_admin = caller.is_in(SYSTEM_ADMIN);
    Ok(match ctx.get::<Loaders>()?.role(&caller.subject, account).await? {
        Some(Role::Buyer | Role::Admin) => Some(View::Own),
        Some(Role::Member) => Some(View::Name),
        None => is_admin.then_some(View::Name),
    })
}

/// An account by id, if it exists for the caller.
pub(super) async fn account(ctx: &Context<'_>, id: &str) -> Result<Option<Account>, Fault> {
    if !is_id(AccountId::PREFIX, id) {
        return Ok(None);
    }
    let Some(view) = view(ctx, id).await? else { return Ok(None) };
    let row = ctx.get::<Loaders>()?.accounts.load(id.to_owned()).await?;
    Ok(row.map(|row: Arc<Stored>| Account { row, view }))
}

/// A contact by id, if it exists for the caller.
pub(super) async fn contact(
    ctx: &Context<'_>,
    id: &str,
) -> Result<Option<Arc<StoredContact>>, Fault> {
    let is_allowed = ctx.caller_opt().is_some_and(|caller| is_staff(caller, CONTACTS_READ));
    if !is_allowed || !is_id(ContactId::PREFIX, id) {
        return Ok(None);
    }
    ctx.get::<Loaders>()?.contacts.load(id.to_owned()).await
}
