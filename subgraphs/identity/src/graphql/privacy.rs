//! `type PrivacyRequest` and its outcomes.
#![expect(clippy::unused_async, reason = "the macro wants every resolver to be async")]

use async_graphql::{Context, ID, Object, SimpleObject};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::loader::Loader;
use braid_service::page::{Page, PageInfo};
use braid_service::scalars::{Date, DateTime};

use super::loaders::{Outcomes, Requests};
use super::user::User;
use crate::domain::{PrivacyKind, PrivacyResult, PrivacyStatus};
use crate::store::privacy::{OutcomeRow, RequestRow};

/// A request for export or erasure.
pub struct PrivacyRequest(pub RequestRow);

/// `type PrivacyOutcome`.
#[derive(SimpleObject)]
pub struct PrivacyOutcome {
    service: String,
    result: PrivacyResult,
    reason: Option<String>,
    retained_until: Option<Date>,
    record_count: i32,
}

/// `type PrivacyRequestConnection`.
pub struct PrivacyRequestConnection(pub Page<RequestRow>);

impl PrivacyRequest {
    /// The request, for its subject and for the privacy desk.
    pub async fn load(ctx: &Context<'_>, id: &str) -> Result<Option<Self>, Fault> {
        let Some(caller) = ctx.caller_opt() else { return Ok(None) };
        let found = ctx.get::<Loader<Requests>>()?.load(id.to_owned()).await?;
        let may_see =
            |row: &RequestRow| row.user_id == caller.subject || caller.has_scope("privacy:admin");
        Ok(found.filter(may_see).map(Self))
    }
}

#[Object]
impl PrivacyRequest {
    async fn id(&self) -> ID {
        ID::from(&self.0.id)
    }

    async fn kind(&self) -> PrivacyKind {
        self.0.kind
    }

    async fn status(&self) -> PrivacyStatus {
        self.0.status
    }

    async fn subject(&self, ctx: &Context<'_>) -> Result<Option<User>, Fault> {
        User::load(ctx, &self.0.user_id).await
    }

    async fn requested_at(&self) -> DateTime {
        DateTime(self.0.requested_at)
    }

    async fn due_at(&self) -> DateTime {
        DateTime(self.0.due_at)
    }

    async fn completed_at(&self) -> Option<DateTime> {
        self.0.completed_at.map(DateTime)
    }

    /// The link is for the subject alone.
    async fn download_url(&self, ctx: &Context<'_>) -> Result<Option<&str>, Fault> {
        let is_own = ctx.caller()?.subject == self.0.user_id;
        Ok(self.0.download_url.as_deref().filter(|_| is_own))
    }

    async fn download_expires_at(&self) -> Option<DateTime> {
        self.0.download_expires_at.map(DateTime)
    }

    async fn outcomes(&self, ctx: &Context<'_>) -> Result<Vec<PrivacyOutcome>, Fault> {
        let found = ctx.get::<Loader<Outcomes>>()?.load(self.0.id.clone()).await?;
        Ok(found.unwrap_or_default().into_iter().map(PrivacyOutcome::from).collect())
    }
}

impl From<OutcomeRow> for PrivacyOutcome {
    fn from(row: OutcomeRow) -> Self {
        Self {
            service: row.service,
            result: row.result,
            reason: row.reason,
            retained_until: row.retained_until.map(Date),
            record_count: i32::try_from(row.record_count).unwrap_or(i32::MAX),
        }
    }
}

#[Object]
impl PrivacyRequestConnection {
    async fn nodes(&self) -> Vec<PrivacyRequest> {
        self.0.nodes.iter().cloned().map(PrivacyRequest).collect()
    }

    async fn page_info(&self) -> &PageInfo {
        &self.0.page_info
    }
}
