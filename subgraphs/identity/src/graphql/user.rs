//! `type User`, its memberships and consents, and lists of users.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::loader::Loader;
use braid_service::page::{Page, PageInfo};
use braid_service::scalars::DateTime;

use super::loaders::{Consents, Memberships, RequestsOf, Shared, Users};
use super::privacy::PrivacyRequest;
use crate::domain::access::{self, Access, Subject};
use crate::domain::{AccountRole, ConsentPurpose, UserGroup, UserStatus};
use crate::store::Store;
use crate::store::users::{ConsentRow, UserFilter as Filter, UserRow};

/// A user as far as the caller may see them.
pub struct User {
    row: UserRow,
    access: Access,
}

/// `type Account`: only its id is known here.
#[derive(SimpleObject)]
#[graphql(name = "Account", unresolvable)]
pub struct Account {
    id: ID,
}

/// `type Membership`.
#[derive(SimpleObject)]
pub struct Membership {
    account: Option<Account>,
    role: AccountRole,
}

/// `type Consent`.
#[derive(SimpleObject)]
pub struct Consent {
    purpose: ConsentPurpose,
    granted: bool,
    at: DateTime,
}

/// `type UserConnection`.
pub struct UserConnection {
    page: Page<UserRow>,
    filter: Filter,
}

/// `input UserFilter`.
#[derive(InputObject)]
#[graphql(name = "UserFilter")]
pub struct UserFilter {
    group: Option<UserGroup>,
    status: Option<UserStatus>,
    text: Option<String>,
}

/// The longest search text, in characters.
const TEXT_CHARS_MAX: usize = 100;

// === impl User ===

impl User {
    /// The user as the caller may see them; `None` when they do not exist for the caller.
    pub async fn load(ctx: &Context<'_>, id: &str) -> Result<Option<Self>, Fault> {
        let Some(row) = ctx.get::<Loader<Users>>()?.load(id.to_owned()).await? else {
            return Ok(None);
        };
        let subject =
            |shares_account| Subject { id: &row.id, groups_mask: row.groups_mask, shares_account };
        let caller = ctx.caller_opt();
        let mut access = access::of(caller, subject(false));
        if access == Access::Nothing
            && let Some(caller) = caller
        {
            let key = (caller.subject.clone(), row.id.clone());
            let shares = ctx.get::<Loader<Shared>>()?.load(key).await?.is_some();
            access = access::of(Some(caller), subject(shares));
        }
        Ok((access != Access::Nothing).then_some(Self { row, access }))
    }

    /// `value` if the caller may see everything of this user.
    fn whole<T>(&self, value: T) -> Option<T> {
        (self.access == Access::Everything).then_some(value)
    }
}

#[Object]
impl User {
    async fn id(&self) -> ID {
        ID::from(&self.row.id)
    }

    async fn display_name(&self) -> Option<&str> {
        self.row.display_name.as_deref()
    }

    async fn email(&self) -> Option<&str> {
        self.whole(self.row.email.as_deref()).flatten()
    }

    async fn phone(&self) -> Option<&str> {
        self.whole(self.row.phone.as_deref()).flatten()
    }

    async fn avatar_url(&self) -> Option<&str> {
        self.row.avatar_url.as_deref()
    }

    async fn locale(&self) -> Option<&str> {
        self.whole(&self.row.locale)
    }

    async fn status(&self) -> Option<UserStatus> {
        self.whole(self.row.status)
    }

    async fn groups(&self) -> Option<Vec<UserGroup>> {
        self.whole(UserGroup::of_mask(self.row.groups_mask))
    }

    async fn memberships(&self, ctx: &Context<'_>) -> Result<Option<Vec<Membership>>, Fault> {
        if self.access != Access::Everything {
            return Ok(None);
        }
        let found = ctx.get::<Loader<Memberships>>()?.load(self.row.id.clone()).await?;
        let memberships = found
            .unwrap_or_default()
            .into_iter()
            .map(|row| Membership { account: Some(Account::of(&row.account_id)), role: row.role });
        Ok(Some(memberships.collect()))
    }

    async fn consents(&self, ctx: &Context<'_>) -> Result<Option<Vec<Consent>>, Fault> {
        if self.access != Access::Everything {
            return Ok(None);
        }
        let found = ctx.get::<Loader<Consents>>()?.load(self.row.id.clone()).await?;
        Ok(Some(found.unwrap_or_default().into_iter().map(Consent::from).collect()))
    }

    async fn privacy_requests(
        &self,
        ctx: &Context<'_>,
    ) -> Result<Option<Vec<PrivacyRequest>>, Fault> {
        let is_own = ctx.caller()?.subject == self.row.id;
        if !is_own && ctx.require_scope("privacy:admin").is_err() {
            return Ok(None);
        }
        let found = ctx.get::<Loader<RequestsOf>>()?.load(self.row.id.clone()).await?;
        Ok(Some(found.unwrap_or_default().into_iter().map(PrivacyRequest).collect()))
    }

    async fn created_at(&self) -> Option<DateTime> {
        self.whole(DateTime(self.row.created_at))
    }
}

impl Account {
    /// The account with this id.
    pub fn of(id: &str) -> Self {
        Self { id: ID::from(id) }
    }
}

impl From<ConsentRow> for Consent {
    fn from(row: ConsentRow) -> Self {
        Self { purpose: row.purpose, granted: row.granted, at: DateTime(row.changed_at) }
    }
}

impl UserConnection {
    /// A page for somebody who holds `users:read`.
    pub fn new(page: Page<UserRow>, filter: Filter) -> Self {
        Self { page, filter }
    }
}

#[Object]
impl UserConnection {
    async fn nodes(&self) -> Vec<User> {
        let rows = self.page.nodes.iter().cloned();
        rows.map(|row| User { row, access: Access::Everything }).collect()
    }

    async fn page_info(&self) -> &PageInfo {
        &self.page.page_info
    }

    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>, Fault> {
        let count = ctx.get::<Store>()?.users_count(&self.filter).await?;
        Ok(Some(i32::try_from(count).unwrap_or(i32::MAX)))
    }
}

impl UserFilter {
    /// The filter, checked.
    pub fn check(self) -> Result<Filter, Fault> {
        let is_long = |text: &String| text.chars().count() > TEXT_CHARS_MAX;
        if self.text.as_ref().is_some_and(is_long) {
            let message = format!("`text` is longer than {TEXT_CHARS_MAX} characters");
            return Err(Fault::BadInput(message));
        }
        Ok(Filter { group: self.group, status: self.status, text: self.text })
    }
}
