//! `type ApiClient`.

use async_graphql::{Context, ID, InputObject, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::ids::is_id;
use braid_service::loader::Loader;
use braid_service::scalars::DateTime;

use super::loaders::{Clients, Memberships};
use super::user::Account;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::scopes::ScopeTable;
use crate::domain::{AccountRole, is_display_name};
use crate::store::clients::{ClientRow, NewClient};

/// A third party's program.
pub struct ApiClient(pub ClientRow);

/// `input ApiClientInput`.
#[derive(InputObject)]
pub struct ApiClientInput {
    name: String,
    scopes: Vec<String>,
    account_id: Option<ID>,
    #[graphql(default = 120)]
    rate_limit_per_minute: Option<i32>,
}

/// The most scopes of one client.
const SCOPES_MAX: usize = 32;
/// The highest rate that can be given.
const RATE_MAX: i32 = 100_000;

impl ApiClient {
    /// The client, for who manages clients, for itself, and for admins of the account it is
    /// linked to.
    pub async fn load(ctx: &Context<'_>, id: &str) -> Result<Option<Self>, Fault> {
        let Some(caller) = ctx.caller_opt() else { return Ok(None) };
        let found = ctx.get::<Loader<Clients>>()?.load(id.to_owned()).await?;
        let Some(row) = found else { return Ok(None) };
        if caller.has_scope("clients:admin") || caller.subject == row.id {
            return Ok(Some(Self(row)));
        }
        let Some(account) = row.account_id.clone() else { return Ok(None) };
        let memberships = ctx.get::<Loader<Memberships>>()?.load(caller.subject.clone()).await?;
        let is_admin = memberships.unwrap_or_default().iter().any(|membership| {
            membership.account_id == account && membership.role == AccountRole::Admin
        });
        Ok(is_admin.then_some(Self(row)))
    }
}

#[Object]
impl ApiClient {
    async fn id(&self) -> ID {
        ID::from(&self.0.id)
    }

    async fn name(&self) -> &str {
        &self.0.name
    }

    async fn scopes(&self) -> &[String] {
        &self.0.scopes
    }

    async fn account(&self) -> Option<Account> {
        self.0.account_id.as_deref().map(Account::of)
    }

    async fn rate_limit_per_minute(&self) -> i32 {
        self.0.rate_limit_per_minute
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }

    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }
}

impl ApiClientInput {
    /// The client to make, or everything that is wrong with it.
    pub fn check(self, table: &ScopeTable) -> Result<NewClient, Vec<Problem>> {
        let mut problems = Vec::new();
        if !is_display_name(&self.name) {
            let message = "must have 1 to 100 visible characters";
            problems.push(Problem::invalid(&["input", "name"], message));
        }
        if self.scopes.is_empty() || self.scopes.len() > SCOPES_MAX {
            let message = "give between 1 and 32 scopes";
            problems.push(Problem::invalid(&["input", "scopes"], message));
        }
        for (index, scope) in self.scopes.iter().enumerate().take(SCOPES_MAX) {
            if !table.is_grantable(scope) {
                let path = ["input", "scopes", &index.to_string()];
                let message = "not a scope that an API client can have";
                problems.push(Problem::new(ErrorCode::UnknownScope, &path, message));
            }
        }
        let rate = self.rate_limit_per_minute.unwrap_or(120);
        if !(1..=RATE_MAX).contains(&rate) {
            let message = "must be between 1 and 100000";
            problems.push(Problem::invalid(&["input", "rateLimitPerMinute"], message));
        }
        if self.account_id.as_ref().is_some_and(|id| !is_id("acc", id)) {
            problems.push(Problem::invalid(&["input", "accountId"], "not an account's id"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut scopes = self.scopes;
        scopes.sort();
        scopes.dedup();
        Ok(NewClient {
            name: self.name,
            scopes,
            account_id: self.account_id.map(|id| id.to_string()),
            rate_limit_per_minute: rate,
        })
    }
}
