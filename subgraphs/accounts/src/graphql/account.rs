//! `type Account` and its connection.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::page::{Cursor, Page, PageArgs, PageInfo};
use braid_service::scalars::DateTime;
use braid_service::search::normalised;

use crate::domain::account::{Account as Stored, Address as StoredAddress, Status, UserId};
use crate::graphql::access::{CONTACTS_READ, View, is_staff};
use crate::graphql::contact::ContactConnection;
use crate::graphql::loaders::{ContactsKey, Loaders};
use crate::store::Store;
use crate::store::list::Filter;

/// The length of a page of contacts when nobody says.
const CONTACTS_DEFAULT: i32 = 10;

/// `type Account`: the row and how much of it the caller sees.
#[derive(Clone)]
pub struct Account {
    pub(super) row: Arc<Stored>,
    pub(super) view: View,
}

/// `type User`, a reference.
#[derive(SimpleObject)]
pub struct User {
    id: ID,
}

/// `type Address`.
#[derive(SimpleObject)]
pub struct Address {
    line1: String,
    line2: Option<String>,
    postal_code: Option<String>,
    city: String,
    country: String,
}

/// `type AccountConnection`.
pub struct AccountConnection {
    pub(super) filter: Filter,
    pub(super) page: Page<Stored>,
    pub(super) view: View,
}

#[Object]
impl Account {
    async fn id(&self) -> ID {
        ID::from(&self.row.id)
    }

    async fn name(&self) -> &str {
        &self.row.name
    }

    async fn legal_name(&self) -> Option<&str> {
        self.own()?.legal_name.as_deref()
    }

    async fn domain(&self) -> Option<&str> {
        self.own()?.domain.as_deref()
    }

    async fn industry(&self) -> Option<&str> {
        self.own()?.industry.as_deref()
    }

    async fn employee_count(&self) -> Option<i32> {
        self.own()?.employee_count
    }

    /// Where it stands is not for members; the field cannot be null, so they get a fault.
    async fn status(&self) -> Result<Status, Fault> {
        std::future::ready(self.own().map(|row| row.status).ok_or(Fault::Forbidden)).await
    }

    async fn tax_id(&self) -> Option<&str> {
        self.staff()?.tax_id.as_deref()
    }

    async fn billing_address(&self) -> Option<Address> {
        self.own()?.billing_address.as_ref().map(Address::from)
    }

    async fn owner(&self) -> Option<User> {
        self.staff()?.owner.as_ref().map(User::from)
    }

    async fn contacts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Some(10)")] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<ContactConnection>, Fault> {
        let args = PageArgs::new(first, after.as_deref(), CONTACTS_DEFAULT)?;
        let is_allowed = ctx.caller_opt().is_some_and(|caller| is_staff(caller, CONTACTS_READ));
        if !is_allowed {
            return Ok(None);
        }
        let account = self.row.id.to_string();
        let key = ContactsKey { account, after, limit: args.limit() };
        let found = ctx.get::<Loaders>()?.contacts_of.load(key).await?.unwrap_or_default();
        let page = Page::new(&args, found, |contact| {
            Cursor::new([normalised(&contact.full_name), contact.id.to_string()])
        });
        Ok(Some(ContactConnection(page)))
    }

    async fn version(&self) -> i32 {
        i32::try_from(self.row.version).unwrap_or(i32::MAX)
    }

    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at_us)
    }

    async fn updated_at(&self) -> DateTime {
        DateTime(self.row.updated_at_us)
    }
}

impl Account {
    /// The row for those who see more than the name.
    fn own(&self) -> Option<&Stored> {
        (self.view >= View::Own).then_some(&*self.row)
    }

    /// The row for staff.
    fn staff(&self) -> Option<&Stored> {
        (self.view == View::Staff).then_some(&*self.row)
    }
}

#[Object]
impl AccountConnection {
    async fn nodes(&self) -> Vec<Account> {
        let rows = self.page.nodes.iter();
        rows.map(|row| Account { row: Arc::new(row.clone()), view: self.view }).collect()
    }

    async fn page_info(&self) -> PageInfo {
        self.page.page_info.clone()
    }

    async fn total_count(&self, ctx: &Context<'_>) -> Result<Option<i32>, Fault> {
        let count = ctx.get::<Store>()?.count_accounts(&self.filter).await?;
        Ok(i32::try_from(count).ok())
    }
}

impl From<&UserId> for User {
    fn from(id: &UserId) -> Self {
        Self { id: ID::from(id) }
    }
}

impl From<&StoredAddress> for Address {
    fn from(address: &StoredAddress) -> Self {
        let address = address.clone();
        Self {
            line1: address.line1,
            line2: address.line2,
            postal_code: address.postal_code,
            city: address.city,
            country: address.country,
        }
    }
}
