//! Signing in: plain HTTP that the edges mount beside their own routes.
//!
//! | route | body | answer |
//! |---|---|---|
//! | `POST /auth/sign-in` | JSON `{email, password}` | tokens |
//! | `POST /auth/refresh` | JSON `{refresh_token}` | tokens; a token used again revokes its family |
//! | `POST /auth/sign-out` | JSON `{refresh_token}` | 204, always |
//! | `POST /auth/token` | form `grant_type=client_credentials` (RFC 6749, 4.4) | access token |
//! | `GET /.well-known/jwks.json` | | the keys of access tokens |
//!
//! Errors have the form of RFC 6749, 5.2. A wrong password, an unknown address and a suspended user
//! are answered alike and take as long. Bodies are JSON with its content type (or the form, for
//! `/auth/token`), so a foreign page cannot post them without a preflight request.

mod reply;
mod throttle;

use bytes::Bytes;
use http::{Method, StatusCode, header};
use serde::Deserialize;

use braid_service::fault::Fault;
use braid_vouch::{Caller, CallerKind, TokenSigner};

use crate::auth::reply::{Problem, Reply, Tokens};
use crate::auth::throttle::Throttle;
use crate::domain::password::{PASSWORD_BYTES_MAX, PasswordError, Passwords};
use crate::domain::scopes::ScopeTable;
use crate::domain::{UserStatus, email_key};
use crate::store::sessions::Refreshed;
use crate::store::{Failure, Store};

/// Who issues the access tokens (`iss`).
pub const ISSUER: &str = "https://identity.corridor.example";
/// For whom they are (`aud`).
pub const AUDIENCE: &str = "braid";
/// How long an access token lives, in seconds.
pub const ACCESS_S: i64 = 600;
/// The client's address, written by the edge; a value from outside must be overwritten.
pub const PEER_HEADER: &str = "braid-peer";

const BODY_BYTES_MAX: usize = 16 * 1024;
const EMAIL_BYTES_MAX: usize = 254;

/// The sign-in endpoint.
pub struct Auth {
    store: Store,
    passwords: Passwords,
    scopes: ScopeTable,
    signer: TokenSigner,
    jwks: String,
    throttle: Throttle,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    email: String,
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefreshToken {
    refresh_token: String,
}

impl Auth {
    /// An endpoint that signs with the first of `signers` and publishes the keys of all; `None`
    /// without any.
    pub fn new(
        store: Store,
        passwords: Passwords,
        scopes: ScopeTable,
        signers: Vec<TokenSigner>,
    ) -> Option<Self> {
        let jwks = braid_vouch::token::jwks(&signers);
        let signer = signers.into_iter().next()?;
        Some(Self { store, passwords, scopes, signer, jwks, throttle: Throttle::default() })
    }

    /// The key set with which access tokens are verified (issuer [`ISSUER`], audience
    /// [`AUDIENCE`]).
    pub fn jwks(&self) -> &str {
        &self.jwks
    }

    /// Answers one HTTP request.
    pub async fn handle(&self, request: http::Request<Bytes>) -> http::Response<Bytes> {
        let (parts, body) = request.into_parts();
        let reply = match (parts.uri.path(), &parts.method) {
            ("/.well-known/jwks.json", &Method::GET | &Method::HEAD) => {
                return reply::jwks(&self.jwks);
            }
            ("/auth/sign-in", &Method::POST) => self.sign_in(&parts, &body).await,
            ("/auth/refresh", &Method::POST) => self.refresh(&parts, &body).await,
            ("/auth/sign-out", &Method::POST) => self.sign_out(&parts, &body).await,
            ("/auth/token", &Method::POST) => self.client_token(&parts, &body).await,
            ("/.well-known/jwks.json", _) => Err(Problem::method("GET")),
            ("/auth/sign-in" | "/auth/refresh" | "/auth/sign-out" | "/auth/token", _) => {
                Err(Problem::method("POST"))
            }
            _ => Err(Problem::status(StatusCode::NOT_FOUND, "not_found")),
        };
        match reply {
            Ok(reply) => reply.into_response(),
            Err(problem) => problem.into_response(),
        }
    }

    async fn sign_in(&self, parts: &http::request::Parts, body: &[u8]) -> Result<Reply, Problem> {
        let input: SignIn = json(parts, body)?;
        if input.email.len() > EMAIL_BYTES_MAX || input.password.len() > PASSWORD_BYTES_MAX {
            return Err(Problem::invalid_grant());
        }
        let key = email_key(&input.email);
        let peer = parts.headers.get(PEER_HEADER).and_then(|value| value.to_str().ok());
        let peer = peer.unwrap_or("unknown").to_owned();
        let now_us = self.store.now_us();
        self.throttle.admit(&key, &peer, now_us).map_err(Problem::slow_down)?;
        let row = self.store.sign_in_row(&input.email).await.map_err(store_problem)?;
        let hash = row.as_ref().map(|row| row.password_hash.clone());
        let matches =
            self.passwords.verify(input.password, hash).await.map_err(password_problem)?;
        let user = row.filter(|row| matches && row.status == UserStatus::Active);
        let Some(user) = user else {
            self.throttle.failed(&key, &peer, now_us);
            return Err(Problem::invalid_grant());
        };
        self.throttle.succeeded(&key, &peer);
        let refresh_token = self.store.open_family(&user.user_id).await.map_err(failure)?;
        self.user_tokens(&user.user_id, refresh_token).await
    }

    async fn refresh(&self, parts: &http::request::Parts, body: &[u8]) -> Result<Reply, Problem> {
        let input: RefreshToken = json(parts, body)?;
        match self.store.refresh(&input.refresh_token).await.map_err(failure)? {
            Refreshed::Next { user_id, token } => self.user_tokens(&user_id, token).await,
            Refreshed::Refused => Err(Problem::invalid_grant()),
            Refreshed::Reused => {
                tracing::warn!("a refresh token was used twice; its family is revoked");
                Err(Problem::invalid_grant())
            }
        }
    }

    async fn sign_out(&self, parts: &http::request::Parts, body: &[u8]) -> Result<Reply, Problem> {
        let input: RefreshToken = json(parts, body)?;
        self.store.sign_out(&input.refresh_token).await.map_err(fault)?;
        Ok(Reply::Nothing)
    }

    async fn client_token(
        &self,
        parts: &http::request::Parts,
        body: &[u8],
    ) -> Result<Reply, Problem> {
        expect_type(parts, body, "application/x-www-form-urlencoded")?;
        let form = reply::form(body).ok_or_else(Problem::invalid_request)?;
        let field = |name: &str| form.get(name).map(String::as_str);
        if field("grant_type") != Some("client_credentials") {
            return Err(Problem::status(StatusCode::BAD_REQUEST, "unsupported_grant_type"));
        }
        let basic = reply::basic(&parts.headers)?;
        let (id, secret) = match (&basic, field("client_id"), field("client_secret")) {
            (Some((id, secret)), None, None) => (id.as_str(), secret.as_str()),
            (None, Some(id), Some(secret)) => (id, secret),
            _ => return Err(Problem::invalid_request()),
        };
        let client = self.store.authenticate_client(id, secret).await.map_err(fault)?;
        let client = client.ok_or_else(Problem::invalid_client)?;
        let caller = Caller {
            subject: client.id,
            kind: CallerKind::Client,
            scopes: client.scopes,
            groups: Vec::new(),
            account: client.account_id,
        };
        Ok(Reply::Tokens(Tokens { access_token: self.issue(&caller)?, refresh_token: None }))
    }

    /// An access token with what the user is and may do right now.
    async fn user_tokens(&self, user_id: &str, refresh_token: String) -> Result<Reply, Problem> {
        let standing = self.store.standing(user_id).await.map_err(store_problem)?;
        let standing = standing.ok_or_else(Problem::invalid_grant)?;
        let teams = standing.teams.iter().map(String::as_str);
        let caller = Caller {
            subject: user_id.to_owned(),
            kind: CallerKind::User,
            scopes: self.scopes.of_user(&standing.groups, standing.roles, teams),
            groups: standing.groups.iter().map(|group| group.as_str().to_owned()).collect(),
            account: None,
        };
        let access_token = self.issue(&caller)?;
        Ok(Reply::Tokens(Tokens { access_token, refresh_token: Some(refresh_token) }))
    }

    fn issue(&self, caller: &Caller) -> Result<String, Problem> {
        let now_s = self.store.now_us().div_euclid(1_000_000);
        let id = self.store.ids().id("tok");
        let token = self.signer.issue(caller, &id, now_s, ACCESS_S);
        token.map_err(|error| fault(Fault::internal(error)))
    }
}

fn json<T: for<'de> Deserialize<'de>>(
    parts: &http::request::Parts,
    body: &[u8],
) -> Result<T, Problem> {
    expect_type(parts, body, "application/json")?;
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::invalid_request());
    }
    serde_json::from_slice(body).map_err(|_| Problem::invalid_request())
}

fn expect_type(parts: &http::request::Parts, body: &[u8], wanted: &str) -> Result<(), Problem> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Problem::status(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request"));
    }
    let mut types = parts.headers.get_all(header::CONTENT_TYPE).iter();
    let sent = match (types.next(), types.next()) {
        (Some(sent), None) => sent.to_str().unwrap_or_default(),
        _ => "",
    };
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        Ok(())
    } else {
        Err(Problem::status(StatusCode::UNSUPPORTED_MEDIA_TYPE, "invalid_request"))
    }
}

fn password_problem(error: PasswordError) -> Problem {
    match error {
        PasswordError::Busy => Problem::slow_down(1),
        PasswordError::Hash => fault(Fault::internal(error)),
    }
}

fn store_problem(error: braid_service::db::DbError) -> Problem {
    fault(Fault::from(error))
}

fn failure(failure: Failure) -> Problem {
    match failure {
        // No rule of the business is broken by signing in.
        Failure::Problem(problem) => fault(Fault::internal(problem.message)),
        Failure::Fault(inner) => fault(inner),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the end of a fault")]
fn fault(fault: Fault) -> Problem {
    if let Some(error) = fault.for_log() {
        tracing::error!(error, "signing in failed");
    }
    Problem::unavailable()
}
