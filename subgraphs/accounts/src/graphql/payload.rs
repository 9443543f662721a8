//! What mutations answer: the record after the change, or why there was none.

use async_graphql::{Context, Interface, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;

use crate::domain::duplicate::{Candidate, Mark};
use crate::domain::problem::{ErrorCode, Problem};
use crate::graphql::access::{self, CONTACTS_READ, is_staff};
use crate::graphql::account::Account;
use crate::graphql::contact::Contact;
use crate::store::{Failure, Store};

/// `type AccountPayload`.
pub struct AccountPayload {
    pub(super) account: Option<Account>,
    pub(super) problems: Vec<Problem>,
}

/// `type ContactPayload`.
pub struct ContactPayload {
    pub(super) contact: Option<Contact>,
    pub(super) problems: Vec<Problem>,
}

/// `interface UserError`.
#[derive(Interface)]
#[graphql(
    name = "UserError",
    field(name = "message", ty = "String"),
    field(name = "path", ty = "Option<Vec<String>>")
)]
pub enum UserError {
    /// The only kind in this subgraph.
    Account(AccountError),
}

/// `type AccountError`.
pub struct AccountError(Problem);

/// `type DuplicateCandidate`.
pub struct DuplicateCandidate(pub(super) Candidate);

/// The id that was written, or the business reasons why nothing was; anything else is a fault.
pub(super) fn settled(
    written: Result<String, Failure>,
) -> Result<Result<String, Vec<Problem>>, Fault> {
    match written {
        Ok(id) => Ok(Ok(id)),
        Err(Failure::Refused(problems)) => Ok(Err(problems)),
        Err(Failure::Db(error)) => Err(Fault::from(error)),
        Err(Failure::Messaging(error)) => Err(Fault::from(error)),
    }
}

/// The account as it is now, past what the request has loaded before the change.
async fn fresh_account(ctx: &Context<'_>, id: String) -> Result<Option<Account>, Fault> {
    let Some(view) = access::view(ctx, &id).await? else { return Ok(None) };
    let rows = ctx.get::<Store>()?.accounts_by_id(vec![id]).await?;
    Ok(rows.into_values().next().map(|row| Account { row, view }))
}

/// The contact as it is now. Whoever may write contacts but not read them gets none.
async fn fresh_contact(ctx: &Context<'_>, id: String) -> Result<Option<Contact>, Fault> {
    let is_allowed = ctx.caller_opt().is_some_and(|caller| is_staff(caller, CONTACTS_READ));
    if !is_allowed {
        return Ok(None);
    }
    let rows = ctx.get::<Store>()?.contacts_by_id(vec![id]).await?;
    Ok(rows.into_values().next().map(Contact))
}

impl AccountPayload {
    /// The payload of a command.
    pub(super) async fn of(
        ctx: &Context<'_>,
        written: Result<String, Failure>,
    ) -> Result<Self, Fault> {
        Ok(match settled(written)? {
            Ok(id) => Self { account: fresh_account(ctx, id).await?, problems: Vec::new() },
            Err(problems) => Self { account: None, problems },
        })
    }
}

impl ContactPayload {
    /// The payload of a command.
    pub(super) async fn of(
        ctx: &Context<'_>,
        written: Result<String, Failure>,
    ) -> Result<Self, Fault> {
        Ok(match settled(written)? {
            Ok(id) => Self { contact: fresh_contact(ctx, id).await?, problems: Vec::new() },
            Err(problems) => Self { contact: None, problems },
        })
    }
}

#[Object]
impl AccountPayload {
    async fn account(&self) -> Option<Account> {
        self.account.clone()
    }

    async fn user_errors(&self) -> Vec<AccountError> {
        self.problems.iter().cloned().map(AccountError).collect()
    }
}

#[Object]
impl ContactPayload {
    async fn contact(&self) -> Option<Contact> {
        self.contact.clone()
    }

    async fn user_errors(&self) -> Vec<AccountError> {
        self.problems.iter().cloned().map(AccountError).collect()
    }
}

#[Object]
impl AccountError {
    async fn message(&self) -> String {
        self.0.message.to_string()
    }

    async fn path(&self) -> Option<Vec<String>> {
        Some(self.0.path.iter().copied().map(str::to_owned).collect())
    }

    async fn code(&self) -> ErrorCode {
        self.0.code
    }

    async fn duplicates(&self) -> Vec<DuplicateCandidate> {
        self.0.duplicates.iter().cloned().map(DuplicateCandidate).collect()
    }
}

#[Object]
impl DuplicateCandidate {
    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        access::account(ctx, self.0.account.as_str()).await
    }

    async fn contact(&self, ctx: &Context<'_>) -> Result<Option<Contact>, Fault> {
        match &self.0.contact {
            None => Ok(None),
            Some(id) => Ok(access::contact(ctx, id.as_str()).await?.map(Contact)),
        }
    }

    async fn score(&self) -> f64 {
        f64::from(self.0.score_permille) / 1_000.0
    }

    async fn matched_on(&self) -> Vec<&'static str> {
        self.0.matched_on.iter().copied().map(Mark::as_str).collect()
    }
}
