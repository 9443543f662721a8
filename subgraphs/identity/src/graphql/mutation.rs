//! Mutations.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object};
use braid_service::fault::Fault;
use braid_service::graphql::ContextExt as _;
use braid_service::idempotency::KEY_BYTES_MAX;
use braid_service::scalars::{DAY_US, Date};
use braid_vouch::{Caller, CallerKind};

use super::client::{ApiClient, ApiClientInput};
use super::payloads::{
    ApiClientPayload, ConsentPayload, PrivacyRequestPayload, UpdateProfilePayload, UserPayload,
};
use super::privacy::PrivacyRequest;
use super::user::User;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::scopes::ScopeTable;
use crate::domain::{ConsentPurpose, UserGroup, is_display_name, is_locale, is_phone};
use crate::store::privacy::Wish;
use crate::store::users::ProfileChange;
use crate::store::{Failure, Store};

/// `type Mutation`.
pub struct Mutation;

/// `input UpdateProfileInput`.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    display_name: MaybeUndefined<String>,
    phone: MaybeUndefined<String>,
    locale: MaybeUndefined<String>,
}

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// Splits a change into done and refused: `Err` is a fault.
fn settle<T>(result: Result<T, Failure>) -> Result<Result<T, Vec<Problem>>, Fault> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Problem(problem)) => Ok(Err(vec![problem])),
        Err(Failure::Fault(fault)) => Err(fault),
    }
}

/// The caller, who must be a person.
fn person<'c>(ctx: &'c Context<'_>) -> Result<&'c Caller, Fault> {
    match ctx.caller()? {
        caller if caller.kind == CallerKind::User => Ok(caller),
        _ => Err(Fault::Forbidden),
    }
}

#[Object]
impl Mutation {
    async fn update_my_profile(
        &self,
        ctx: &Context<'_>,
        input: UpdateProfileInput,
    ) -> Result<UpdateProfilePayload, Fault> {
        let id = &person(ctx)?.subject;
        let change = match input.check() {
            Ok(change) => change,
            Err(problems) => return Ok(UpdateProfilePayload::refused(problems)),
        };
        Ok(match settle(ctx.get::<Store>()?.change_profile(id, change).await)? {
            Ok(()) => UpdateProfilePayload::done(User::load(ctx, id).await?),
            Err(problems) => UpdateProfilePayload::refused(problems),
        })
    }

    async fn set_consent(
        &self,
        ctx: &Context<'_>,
        purpose: ConsentPurpose,
        granted: bool,
    ) -> Result<ConsentPayload, Fault> {
        let id = &person(ctx)?.subject;
        let store = ctx.get::<Store>()?;
        let problems = settle(store.set_consent(id, purpose, granted).await)?.err();
        let rows = store.consents(vec![id.clone()]).await?.remove(id).unwrap_or_default();
        let consents = rows.into_iter().map(Into::into).collect();
        Ok(ConsentPayload::new(consents, problems.unwrap_or_default()))
    }

    async fn request_data_export(
        &self,
        ctx: &Context<'_>,
        idempotency_key: ID,
    ) -> Result<PrivacyRequestPayload, Fault> {
        request_privacy(ctx, Wish::Export, &idempotency_key).await
    }

    async fn request_erasure(
        &self,
        ctx: &Context<'_>,
        idempotency_key: ID,
        confirm: String,
    ) -> Result<PrivacyRequestPayload, Fault> {
        request_privacy(ctx, Wish::Erasure(&confirm), &idempotency_key).await
    }

    async fn place_legal_hold(
        &self,
        ctx: &Context<'_>,
        user_id: ID,
        reason: String,
        until: Option<Date>,
    ) -> Result<PrivacyRequestPayload, Fault> {
        let actor = &ctx.require_scope("privacy:admin")?.subject;
        let store = ctx.get::<Store>()?;
        let mut problems = Vec::new();
        if reason.trim().is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            problems.push(Problem::invalid(&["reason"], "must have 1 to 500 characters"));
        }
        if until.is_some_and(|day| day.0 < store.now_us().div_euclid(DAY_US)) {
            problems.push(Problem::invalid(&["until"], "is in the past"));
        }
        if !problems.is_empty() {
            return Ok(PrivacyRequestPayload::refused(problems));
        }
        let held = store.place_hold(&user_id, &reason, until.map(|day| day.0), actor).await;
        match settle(held)? {
            Ok(None) => Ok(PrivacyRequestPayload::done(None)),
            Ok(Some(id)) => Ok(PrivacyRequestPayload::done(PrivacyRequest::load(ctx, &id).await?)),
            Err(problems) => Ok(PrivacyRequestPayload::refused(problems)),
        }
    }

    async fn set_user_groups(
        &self,
        ctx: &Context<'_>,
        user_id: ID,
        groups: Vec<UserGroup>,
    ) -> Result<UserPayload, Fault> {
        let actor = &ctx.require_scope("users:admin")?.subject;
        if let Err(problem) = check_groups(&groups, &user_id, actor) {
            return Ok(UserPayload::refused(vec![problem]));
        }
        match settle(ctx.get::<Store>()?.set_groups(&user_id, &groups, actor).await)? {
            Ok(()) => Ok(UserPayload::done(User::load(ctx, &user_id).await?)),
            Err(problems) => Ok(UserPayload::refused(problems)),
        }
    }

    async fn create_api_client(
        &self,
        ctx: &Context<'_>,
        input: ApiClientInput,
    ) -> Result<ApiClientPayload, Fault> {
        ctx.require_scope("clients:admin")?;
        let client = match input.check(ctx.get::<ScopeTable>()?) {
            Ok(client) => client,
            Err(problems) => return Ok(ApiClientPayload::refused(problems)),
        };
        match settle(ctx.get::<Store>()?.create_client(client).await)? {
            Ok((id, secret)) => {
                Ok(ApiClientPayload::done(ApiClient::load(ctx, &id).await?, Some(secret)))
            }
            Err(problems) => Ok(ApiClientPayload::refused(problems)),
        }
    }

    async fn revoke_api_client(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> Result<ApiClientPayload, Fault> {
        ctx.require_scope("clients:admin")?;
        match settle(ctx.get::<Store>()?.revoke_client(&id).await)? {
            Ok(()) => Ok(ApiClientPayload::done(ApiClient::load(ctx, &id).await?, None)),
            Err(problems) => Ok(ApiClientPayload::refused(problems)),
        }
    }
}

async fn request_privacy(
    ctx: &Context<'_>,
    wish: Wish<'_>,
    key: &ID,
) -> Result<PrivacyRequestPayload, Fault> {
    let id = &person(ctx)?.subject;
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        let message = "must have 1 to 128 bytes";
        let problem = Problem::invalid(&["idempotencyKey"], message);
        return Ok(PrivacyRequestPayload::refused(vec![problem]));
    }
    match settle(ctx.get::<Store>()?.request_privacy(id, wish, key).await)? {
        Ok(id) => Ok(PrivacyRequestPayload::done(PrivacyRequest::load(ctx, &id).await?)),
        Err(problems) => Ok(PrivacyRequestPayload::refused(problems)),
    }
}

/// Separation of duty: who operates the platform does not see the business; and no admin locks
/// the last admin out by mistake.
fn check_groups(groups: &[UserGroup], user: &str, actor: &str) -> Result<(), Problem> {
    let has = |group| groups.contains(&group);
    if has(UserGroup::SystemAdmin) && has(UserGroup::Staff) {
        let message = "nobody is staff and system admin at once";
        return Err(Problem::invalid(&["groups"], message));
    }
    if user == actor && !has(UserGroup::SystemAdmin) {
        let message = "another admin must take your admin rights away";
        return Err(Problem::new(ErrorCode::Forbidden, &["groups"], message));
    }
    Ok(())
}

impl UpdateProfileInput {
    /// The change, or everything that is wrong with it.
    fn check(self) -> Result<ProfileChange, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut refuse = |field: &str, message: &str| {
            problems.push(Problem::invalid(&["input", field], message));
        };
        let display_name = match self.display_name {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Value(name) if is_display_name(&name) => Some(name),
            MaybeUndefined::Null | MaybeUndefined::Value(_) => {
                refuse("displayName", "must have 1 to 100 visible characters");
                None
            }
        };
        let phone = match self.phone {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(phone) if is_phone(&phone) => Some(Some(phone)),
            MaybeUndefined::Value(_) => {
                refuse("phone", "must be like +49 30 1234567");
                None
            }
        };
        let locale = match self.locale {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Value(locale) if is_locale(&locale) => Some(locale),
            MaybeUndefined::Null | MaybeUndefined::Value(_) => {
                refuse("locale", "must be a language tag such as en or de-AT");
                None
            }
        };
        if problems.is_empty() {
            Ok(ProfileChange { display_name, phone, locale })
        } else {
            Err(problems)
        }
    }
}
