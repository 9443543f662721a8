//! Payloads of mutations: the thing after the change, and why there was none.

use async_graphql::{Interface, Object, SimpleObject};

use super::client::ApiClient;
use super::privacy::PrivacyRequest;
use super::user::{Consent, User};
use crate::domain::problem::{ErrorCode, Problem};

/// `interface UserError`.
#[derive(Interface)]
#[graphql(
    name = "UserError",
    field(name = "message", ty = "&str"),
    field(name = "path", ty = "Option<Vec<String>>")
)]
pub enum UserError {
    /// The only kind in this subgraph.
    Identity(IdentityError),
}

/// `type IdentityError`.
pub struct IdentityError(Problem);

#[Object]
impl IdentityError {
    async fn message(&self) -> &str {
        &self.0.message
    }

    async fn path(&self) -> Option<Vec<String>> {
        if self.0.path.is_empty() { None } else { Some(self.0.path.clone()) }
    }

    async fn code(&self) -> ErrorCode {
        self.0.code
    }
}

macro_rules! payload {
    ($(#[$doc:meta])* $name:ident { $field:ident: $type:ty }) => {
        $(#[$doc])*
        #[derive(SimpleObject, Default)]
        pub struct $name {
            $field: Option<$type>,
            user_errors: Vec<IdentityError>,
        }

        impl $name {
            /// Done.
            pub fn done($field: Option<$type>) -> Self {
                Self { $field, user_errors: Vec::new() }
            }

            /// Not done.
            pub fn refused(problems: Vec<Problem>) -> Self {
                let user_errors = problems.into_iter().map(IdentityError).collect();
                Self { user_errors, ..Self::default() }
            }
        }
    };
}

payload!(
    /// `type UpdateProfilePayload`.
    UpdateProfilePayload { user: User }
);
payload!(
    /// `type UserPayload`.
    UserPayload { user: User }
);
payload!(
    /// `type PrivacyRequestPayload`.
    PrivacyRequestPayload { request: PrivacyRequest }
);

/// `type ConsentPayload`: all consents of the user.
#[derive(SimpleObject)]
pub struct ConsentPayload {
    consents: Vec<Consent>,
    user_errors: Vec<IdentityError>,
}

impl ConsentPayload {
    /// The consents after the change, or as they are with why there was none.
    pub fn new(consents: Vec<Consent>, problems: Vec<Problem>) -> Self {
        Self { consents, user_errors: problems.into_iter().map(IdentityError).collect() }
    }
}

/// `type ApiClientPayload`: the secret is told once.
#[derive(SimpleObject, Default)]
pub struct ApiClientPayload {
    client: Option<ApiClient>,
    secret: Option<String>,
    user_errors: Vec<IdentityError>,
}

impl ApiClientPayload {
    /// Done.
    pub fn done(client: Option<ApiClient>, secret: Option<String>) -> Self {
        Self { client, secret, user_errors: Vec::new() }
    }

    /// Not done.
    pub fn refused(problems: Vec<Problem>) -> Self {
        Self { user_errors: problems.into_iter().map(IdentityError).collect(), ..Self::default() }
    }
}
