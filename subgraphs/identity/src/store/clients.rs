//! API clients of third parties. Their secrets are random, so a plain hash keeps them.

use std::collections::HashMap;

use braid_service::db::{DbError, Row, sql};
use braid_service::fault::Fault;

use super::{Failure, Store};
use crate::domain::ClientId;
use crate::domain::problem::Problem;

/// Clients that are listed.
pub const CLIENTS_MAX: i64 = 500;

macro_rules! select_client {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, scopes, account_id, rate_limit_per_minute, created_at, revoked_at, ",
            "last_used_at FROM api_clients",
            $rest
        )
    };
}

/// A client as stored, without its secret.
#[derive(Clone, Debug)]
pub struct ClientRow {
    /// The id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The account it is linked to.
    pub account_id: Option<String>,
    /// How often it may ask.
    pub rate_limit_per_minute: i32,
    /// When it was made.
    pub created_at: i64,
    /// Since when it may not any more.
    pub revoked_at: Option<i64>,
    /// When it last got a token.
    pub last_used_at: Option<i64>,
}

/// A client that is to be made.
#[derive(Clone, Debug)]
pub struct NewClient {
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The account it is linked to.
    pub account_id: Option<String>,
    /// How often it may ask.
    pub rate_limit_per_minute: i32,
}

impl ClientRow {
    fn read(row: &Row) -> Result<Self, DbError> {
        let scopes: String = row.get("scopes")?;
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            scopes: scopes.split_ascii_whitespace().map(str::to_owned).collect(),
            account_id: row.get("account_id")?,
            rate_limit_per_minute: row.get("rate_limit_per_minute")?,
            created_at: row.get("created_at")?,
            revoked_at: row.get("revoked_at")?,
            last_used_at: row.get("last_used_at")?,
        })
    }
}

impl Store {
    /// All clients, newest first.
    pub async fn clients(&self) -> Result<Vec<ClientRow>, DbError> {
        let query = sql(select_client!(" ORDER BY created_at DESC, id DESC LIMIT "));
        let rows = self.db.fetch_all(query.push_bind(CLIENTS_MAX)).await?;
        rows.iter().map(ClientRow::read).collect()
    }

    /// Clients by id.
    pub async fn clients_by_id(
        &self,
        ids: Vec<String>,
    ) -> Result<HashMap<String, ClientRow>, DbError> {
        let query = sql(select_client!(" WHERE id IN ($LIST)")).bind_list(ids);
        let rows = self.db.fetch_all(query).await?;
        rows.iter().map(|row| ClientRow::read(row).map(|c| (c.id.clone(), c))).collect()
    }

    /// Makes a client; answers its id and its secret, which nobody can read again.
    pub async fn create_client(&self, client: NewClient) -> Result<(String, String), Failure> {
        let id = ClientId::generate(&self.ids).to_string();
        let secret = self.new_secret()?;
        let insert = sql("INSERT INTO api_clients \
             (id, name, secret_hash, scopes, account_id, rate_limit_per_minute, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(&id)
        .bind(client.name)
        .bind(hash_secret(&secret))
        .bind(client.scopes.join(" "))
        .bind(client.account_id)
        .bind(client.rate_limit_per_minute)
        .bind(self.now_us());
        self.db.execute(insert).await?;
        Ok((id, secret))
    }

    /// Ends a client; again is no error.
    pub async fn revoke_client(&self, id: &str) -> Result<(), Failure> {
        let update = sql("UPDATE api_clients SET revoked_at = COALESCE(revoked_at, $1) \
             WHERE id = $2");
        match self.db.execute(update.bind(self.now_us()).bind(id)).await? {
            0 => Err(Problem::not_found(&["id"], "no such client").into()),
            _ => Ok(()),
        }
    }

    /// The client with this id and secret, unless revoked; notes that it was used.
    pub async fn authenticate_client(
        &self,
        id: &str,
        secret: &str,
    ) -> Result<Option<ClientRow>, Fault> {
        // The secret's hash is found by the index or not: what time tells about it is of no use.
        let update = sql("UPDATE api_clients SET last_used_at = $1 \
             WHERE id = $2 AND secret_hash = $3 AND revoked_at IS NULL");
        let update = update.bind(self.now_us()).bind(id).bind(hash_secret(secret));
        if self.db.execute(update).await? == 0 {
            return Ok(None);
        }
        Ok(self.clients_by_id(vec![id.to_owned()]).await?.remove(id))
    }

    /// 256 random bits as text.
    pub(super) fn new_secret(&self) -> Result<String, Fault> {
        use base64::Engine as _;
        let bytes: [u8; 32] = self.ids.secret().ok_or_else(|| Fault::internal("no randomness"))?;
        Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// What is kept of a random secret.
pub(crate) fn hash_secret(secret: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, secret.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
