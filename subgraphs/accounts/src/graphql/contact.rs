//! `type Contact` and its connection. Whoever holds one was allowed to by
//! [`super::access::contact`].

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use braid_service::fault::Fault;
use braid_service::page::{Page, PageInfo};

use crate::domain::contact::Contact as Stored;
use crate::graphql::access;
use crate::graphql::account::{Account, User};

/// `type Contact`.
#[derive(Clone)]
pub struct Contact(pub(super) Arc<Stored>);

/// `type ContactConnection`.
pub struct ContactConnection(pub(super) Page<Arc<Stored>>);

#[Object]
impl Contact {
    async fn id(&self) -> ID {
        ID::from(&self.0.id)
    }

    async fn full_name(&self) -> &str {
        &self.0.full_name
    }

    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }

    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    async fn job_title(&self) -> Option<&str> {
        self.0.job_title.as_deref()
    }

    async fn account(&self, ctx: &Context<'_>) -> Result<Option<Account>, Fault> {
        access::account(ctx, self.0.account.as_str()).await
    }

    async fn user(&self) -> Option<User> {
        self.0.user.as_ref().map(User::from)
    }

    async fn do_not_contact(&self) -> bool {
        self.0.do_not_contact
    }

    async fn version(&self) -> i32 {
        i32::try_from(self.0.version).unwrap_or(i32::MAX)
    }
}

#[Object]
impl ContactConnection {
    async fn nodes(&self) -> Vec<Contact> {
        self.0.nodes.iter().cloned().map(Contact).collect()
    }

    async fn page_info(&self) -> PageInfo {
        self.0.page_info.clone()
    }
}
