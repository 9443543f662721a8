//! Who sees what (DOMAIN section 10: everybody reads products and quotes, staff writes them).
//!
//! Drafts are visible only to those who write the catalog. What an account pays is the account's
//! business: it is quoted to its members, to its linked client and to staff.

use std::str::FromStr as _;
use std::sync::Arc;

use async_graphql::Context;
use braid_service::braid_vouch::{Caller, CallerKind};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::membership::Memberships;

use crate::domain::product::{AccountId, Product, ProductId, Sku, Status};
use crate::graphql::loaders::Loaders;

/// The scope of those who write the catalog.
const WRITE: &str = "catalog:write";

/// What staff is in besides holding scopes.
const STAFF: &str = "STAFF";

/// Whether the caller writes the catalog.
pub(super) fn writes(ctx: &Context<'_>) -> bool {
    ctx.caller_opt().is_some_and(|caller| is_staff(caller, WRITE))
}

/// The caller, who must write the catalog.
pub(super) fn writer<'c>(ctx: &'c Context<'_>) -> Result<&'c Caller, Fault> {
    let caller = ctx.require_scope(WRITE)?;
    if is_staff(caller, WRITE) { Ok(caller) } else { Err(Fault::Forbidden) }
}

/// Whether the caller is staff with a scope.
fn is_staff(caller: &Caller, scope: &str) -> bool {
    caller.kind == CallerKind::User && caller.is_in(STAFF) && caller.has_scope(scope)
}

/// A product by id, if it exists for the caller.
pub(super) async fn product(ctx: &Context<'_>, id: &str) -> Result<Option<Arc<Product>>, Fault> {
    if ProductId::from_str(id).is_err() {
        return Ok(None);
    }
    let product = ctx.get::<Loaders>()?.products.load(id.to_owned()).await?;
    Ok(product.filter(|product| is_visible(ctx, product)))
}

/// A product by SKU, if it exists for the caller.
pub(super) async fn product_by_sku(
    ctx: &Context<'_>,
    sku: &str,
) -> Result<Option<Arc<Product>>, Fault> {
    if Sku::from_str(sku).is_err() {
        return Ok(None);
    }
    let product = ctx.get::<Loaders>()?.products_by_sku.load(sku.to_owned()).await?;
    Ok(product.filter(|product| is_visible(ctx, product)))
}

/// The statuses that a list shows: those asked for, or by default everything to those who write
/// the catalog and what is for sale to others. Drafts never leave the house.
pub(super) fn listed(ctx: &Context<'_>, wanted: Option<Status>) -> Vec<Status> {
    match (wanted, writes(ctx)) {
        (Some(Status::Draft), false) => Vec::new(),
        (Some(status), _) => vec![status],
        (None, true) => vec![Status::Draft, Status::Active, Status::Retired],
        (None, false) => vec![Status::Active],
    }
}

/// The account whose prices the caller may see; FORBIDDEN alike for foreign and unknown ones.
pub(super) async fn account(ctx: &Context<'_>, id: &str) -> Result<AccountId, Fault> {
    let caller = ctx.caller()?;
    let account = AccountId::from_str(id).map_err(|_| Fault::Forbidden)?;
    if is_staff(caller, "accounts:read") || caller.account.as_deref() == Some(id) {
        return Ok(account);
    }
    let role = ctx.get::<Memberships>()?.role(&caller.subject, id).await?;
    if role.is_some() { Ok(account) } else { Err(Fault::Forbidden) }
}

fn is_visible(ctx: &Context<'_>, product: &Product) -> bool {
    product.status != Status::Draft || writes(ctx)
}
