//! Queries and entity resolvers.

use async_graphql::{Context, ID, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::page::PageArgs;
use braid_vouch::CallerKind;

use super::client::ApiClient;
use super::privacy::{PrivacyRequest, PrivacyRequestConnection};
use super::user::{User, UserConnection, UserFilter};
use crate::domain::PrivacyStatus;
use crate::store::Store;

/// `type Query`.
pub struct Query;

#[Object]
impl Query {
    async fn me(&self, ctx: &Context<'_>) -> Result<Option<User>, Fault> {
        match ctx.caller_opt().filter(|caller| caller.kind == CallerKind::User) {
            Some(caller) => User::load(ctx, &caller.subject).await,
            None => Ok(None),
        }
    }

    async fn user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>, Fault> {
        ctx.require_scope("users:read")?;
        User::load(ctx, &id).await
    }

    async fn users(
        &self,
        ctx: &Context<'_>,
        filter: Option<UserFilter>,
        #[graphql(default = 20)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<UserConnection>, Fault> {
        ctx.require_scope("users:read")?;
        let args = PageArgs::new(first, after.as_deref(), 20)?;
        let filter = filter.map(UserFilter::check).transpose()?.unwrap_or_default();
        let page = ctx.get::<Store>()?.users_page(&filter, &args).await?;
        Ok(Some(UserConnection::new(page, filter)))
    }

    async fn privacy_requests(
        &self,
        ctx: &Context<'_>,
        status: Option<PrivacyStatus>,
        #[graphql(default = 20)] first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<PrivacyRequestConnection>, Fault> {
        ctx.require_scope("privacy:admin")?;
        let args = PageArgs::new(first, after.as_deref(), 20)?;
        let page = ctx.get::<Store>()?.requests_page(status, &args).await?;
        Ok(Some(PrivacyRequestConnection(page)))
    }

    async fn api_clients(&self, ctx: &Context<'_>) -> Result<Option<Vec<ApiClient>>, Fault> {
        ctx.require_scope("clients:admin")?;
        let clients = ctx.get::<Store>()?.clients().await?;
        Ok(Some(clients.into_iter().map(ApiClient).collect()))
    }

    #[graphql(entity)]
    async fn find_user(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>, Fault> {
        User::load(ctx, &id).await
    }

    #[graphql(entity)]
    async fn find_privacy_request(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<Option<PrivacyRequest>, Fault> {
        PrivacyRequest::load(ctx, &id).await
    }

    #[graphql(entity)]
    async fn find_api_client(&self, ctx: &Context<'_>, id: ID) -> Result<Option<ApiClient>, Fault> {
        ApiClient::load(ctx, &id).await
    }
}
