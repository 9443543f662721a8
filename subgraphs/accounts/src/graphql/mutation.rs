//! Mutations: for staff; an account's admin may change its billing address.

use std::str::FromStr as _;

use async_graphql::{Context, ID, Object};
use braid_service::braid_vouch::Caller;
use braid_service::event::Cause;
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::idempotency::{KEY_BYTES_MAX, fingerprint};
use braid_service::membership::Role;
use serde::Serialize;

use crate::domain::account::Wish;
use crate::domain::account::{AccountId, Patch, user_id};
use crate::domain::contact::{self, ContactId};
use crate::domain::problem::{Path, Problem};
use crate::graphql::access::{ACCOUNTS_WRITE, CONTACTS_WRITE, is_staff, staff};
use crate::graphql::input::{AccountInput, AccountPatch, ContactInput, ContactPatch};
use crate::graphql::loaders::Loaders;
use crate::graphql::payload::{AccountPayload, ContactPayload};
use crate::store::{Command, Failure, Once, Store};

/// `type Mutation`.
pub struct Mutation;

#[Object]
impl Mutation {
    async fn create_account(
        &self,
        ctx: &Context<'_>,
        input: AccountInput,
        idempotency_key: ID,
    ) -> Result<AccountPayload, Fault> {
        let caller = staff(ctx, ACCOUNTS_WRITE)?;
        let wish = Wish::from(input);
        let written = match once("createAccount", &idempotency_key, &wish)? {
            Ok(once) => {
                let store = ctx.get::<Store>()?;
                store.create_account(&command(caller, &cause(caller)), &once, wish).await
            }
            Err(problem) => Err(problem.into()),
        };
        AccountPayload::of(ctx, written).await
    }

    async fn update_account(
        &self,
        ctx: &Context<'_>,
        id: ID,
        input: AccountPatch,
        expected_version: i32,
    ) -> Result<AccountPayload, Fault> {
        let caller = ctx.require_scope(ACCOUNTS_WRITE)?;
        let patch = Patch::from(input);
        let written = match may_update(ctx, caller, &id, &patch).await? {
            Ok(account) => {
                let store = ctx.get::<Store>()?;
                let cause = cause(caller);
                let command = command(caller, &cause);
                let updated =
                    store.update_account(&command, &account, patch, expected_version).await;
                updated.map(|()| id.0)
            }
            Err(problem) => Err(problem.into()),
        };
        AccountPayload::of(ctx, written).await
    }

    async fn assign_account_owner(
        &self,
        ctx: &Context<'_>,
        id: ID,
        owner_id: ID,
    ) -> Result<AccountPayload, Fault> {
        let caller = staff(ctx, ACCOUNTS_WRITE)?;
        let mut problems = Vec::new();
        let account = account_id(&["id"], &id, &mut problems);
        let owner = user_id(&["ownerId"], &owner_id, &mut problems);
        let written = match (account, owner) {
            (Some(account), Some(owner)) => {
                let store = ctx.get::<Store>()?;
                let cause = cause(caller);
                let command = command(caller, &cause);
                store.assign_account(&command, &account, owner).await.map(|()| id.0)
            }
            _ => Err(Failure::Refused(problems)),
        };
        AccountPayload::of(ctx, written).await
    }

    async fn merge_accounts(
        &self,
        ctx: &Context<'_>,
        keep_id: ID,
        drop_id: ID,
        idempotency_key: ID,
    ) -> Result<AccountPayload, Fault> {
        let caller = staff(ctx, ACCOUNTS_WRITE)?;
        let mut problems = Vec::new();
        let keep = account_id(&["keepId"], &keep_id, &mut problems);
        let drop = account_id(&["dropId"], &drop_id, &mut problems);
        let input = [&keep_id.0, &drop_id.0];
        let written = match (keep, drop, once("mergeAccounts", &idempotency_key, &input)?) {
            (_, _, Err(problem)) => Err(problem.into()),
            (Some(keep), Some(drop), Ok(once)) => {
                let store = ctx.get::<Store>()?;
                let cause = cause(caller);
                store.merge_accounts(&command(caller, &cause), &once, &keep, &drop).await
            }
            _ => Err(Failure::Refused(problems)),
        };
        AccountPayload::of(ctx, written).await
    }

    async fn create_contact(
        &self,
        ctx: &Context<'_>,
        input: ContactInput,
        idempotency_key: ID,
    ) -> Result<ContactPayload, Fault> {
        let caller = staff(ctx, CONTACTS_WRITE)?;
        let wish = contact::Wish::from(input);
        let written = match once("createContact", &idempotency_key, &wish)? {
            Ok(once) => {
                let store = ctx.get::<Store>()?;
                store.create_contact(&command(caller, &cause(caller)), &once, wish).await
            }
            Err(problem) => Err(problem.into()),
        };
        ContactPayload::of(ctx, written).await
    }

    async fn update_contact(
        &self,
        ctx: &Context<'_>,
        id: ID,
        input: ContactPatch,
        expected_version: i32,
    ) -> Result<ContactPayload, Fault> {
        let caller = staff(ctx, CONTACTS_WRITE)?;
        let patch = contact::Patch::from(input);
        let written = match ContactId::from_str(&id) {
            Ok(contact) => {
                let store = ctx.get::<Store>()?;
                let cause = cause(caller);
                let command = command(caller, &cause);
                let updated =
                    store.update_contact(&command, &contact, patch, expected_version).await;
                updated.map(|()| id.0)
            }
            Err(_) => Err(Problem::no_contact(&["id"]).into()),
        };
        ContactPayload::of(ctx, written).await
    }
}

/// Staff may change everything, an account's admin its billing address; for others the account
/// does not exist.
async fn may_update(
    ctx: &Context<'_>,
    caller: &Caller,
    id: &str,
    patch: &Patch,
) -> Result<Result<AccountId, Problem>, Fault> {
    let Ok(account) = AccountId::from_str(id) else {
        return Ok(Err(Problem::no_account(&["id"])));
    };
    if is_staff(caller, ACCOUNTS_WRITE) {
        return Ok(Ok(account));
    }
    let role = ctx.get::<Loaders>()?.role(&caller.subject, id).await?;
    Ok(match role {
        Some(Role::Admin) if patch.is_billing_only() => Ok(account),
        Some(Role::Admin) => {
            let message = "an account's admins change its billing address only";
            Err(Problem::invalid(&["input"], message))
        }
        Some(Role::Member | Role::Buyer) | None => Err(Problem::no_account(&["id"])),
    })
}

fn account_id(path: Path, id: &str, problems: &mut Vec<Problem>) -> Option<AccountId> {
    let account = AccountId::from_str(id).ok();
    if account.is_none() {
        problems.push(Problem::no_account(path));
    }
    account
}

/// The checked key with the digest of what is asked for.
fn once<'k, T: Serialize>(
    operation: &str,
    key: &'k str,
    input: &T,
) -> Result<Result<Once<'k>, Problem>, Fault> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.contains(char::is_control) {
        let message = format!("1 to {KEY_BYTES_MAX} bytes without control characters");
        return Ok(Err(Problem::invalid(&["idempotencyKey"], message)));
    }
    let fingerprint = fingerprint(operation, input).map_err(Fault::internal)?;
    Ok(Ok(Once { key, fingerprint }))
}

fn cause(caller: &Caller) -> Cause {
    Cause { actor: Some(caller.subject.clone()), ..Cause::default() }
}

fn command<'a>(caller: &'a Caller, cause: &'a Cause) -> Command<'a> {
    Command { cause, subject: &caller.subject }
}
