//! Who can sign in, and families of refresh tokens.
//!
//! A sign-in opens a family; each refresh uses one token up and hands out the next. A token that
//! is used again was stolen, by whoever comes second: the whole family is revoked, and both have
//! to sign in again.

use braid_service::db::{DbError, sql};
use braid_service::fault::Fault;

use super::clients::hash_secret;
use super::{Failure, Store};
use crate::domain::{AccountRole, UserGroup, UserStatus, email_key};

/// How long a family lives, refreshed or not, in microseconds: 30 days.
pub const FAMILY_US: i64 = 30 * braid_service::scalars::DAY_US;
/// Families are removed this long after their end, in microseconds.
const FAMILY_KEPT_US: i64 = 7 * braid_service::scalars::DAY_US;

/// What sign-in needs to know of a user.
#[derive(Clone, Debug)]
pub struct SignInRow {
    /// The user.
    pub user_id: String,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// The hash of their password.
    pub password_hash: String,
}

/// What a user's token says.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The groups.
    pub groups: Vec<UserGroup>,
    /// The roles in any account.
    pub roles: Vec<AccountRole>,
    /// The teams.
    pub teams: Vec<String>,
}

/// What became of a refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// Used up; here is the next, for this user.
    Next {
        /// The user.
        user_id: String,
        /// The next refresh token.
        token: String,
    },
    /// Unknown, expired or revoked.
    Refused,
    /// Used before: the family is revoked now.
    Reused,
}

impl Store {
    /// The credentials behind an e-mail address.
    pub async fn sign_in_row(&self, email: &str) -> Result<Option<SignInRow>, DbError> {
        let query = sql("SELECT u.id, u.status, c.password_hash FROM user_details d \
             JOIN users u ON u.id = d.user_id JOIN credentials c ON c.user_id = d.user_id \
             WHERE d.email_key = $1");
        let row = self.db.fetch_optional(query.bind(email_key(email))).await?;
        row.map(|row| {
            Ok(SignInRow {
                user_id: row.get("id")?,
                status: row.parse("status")?,
                password_hash: row.get("password_hash")?,
            })
        })
        .transpose()
    }

    /// Groups, roles and teams of a user who may sign in; `None` for everybody else.
    pub async fn standing(&self, user_id: &str) -> Result<Option<Standing>, DbError> {
        let query = sql("SELECT groups_mask FROM users WHERE id = $1 AND status = 'ACTIVE'");
        let Some(row) = self.db.fetch_optional(query.bind(user_id)).await? else {
            return Ok(None);
        };
        let roles = sql("SELECT DISTINCT role FROM memberships WHERE user_id = $1").bind(user_id);
        let roles = self.db.fetch_all(roles).await?;
        let teams = sql("SELECT team FROM user_teams WHERE user_id = $1").bind(user_id);
        let teams = self.db.fetch_all(teams).await?;
        Ok(Some(Standing {
            groups: UserGroup::of_mask(row.get("groups_mask")?),
            roles: roles.iter().map(|row| row.parse("role")).collect::<Result<_, _>>()?,
            teams: teams.iter().map(|row| row.get("team")).collect::<Result<_, _>>()?,
        }))
    }

    /// Opens a family; answers its first refresh token.
    pub async fn open_family(&self, user_id: &str) -> Result<String, Failure> {
        let token = self.new_secret()?;
        let family = self.ids.id("fam");
        let now_us = self.now_us();
        self.change(async |tx| {
            let insert = sql("INSERT INTO refresh_families (id, user_id, created_at, expires_at) \
                 VALUES ($1, $2, $3, $4)");
            let insert = insert.bind(&family).bind(user_id).bind(now_us).bind(now_us + FAMILY_US);
            tx.execute(insert).await?;
            tx.execute(insert_token(&token, &family, now_us)).await?;
            Ok(token)
        })
        .await
    }

    /// Uses a refresh token up.
    pub async fn refresh(&self, token: &str) -> Result<Refreshed, Failure> {
        let next = self.new_secret()?;
        let now_us = self.now_us();
        self.change(async |tx| {
            let use_up = sql("UPDATE refresh_tokens SET used_at = $1 \
                 WHERE token_hash = $2 AND used_at IS NULL");
            let was_fresh = tx.execute(use_up.bind(now_us).bind(hash_secret(token))).await? == 1;
            let find = sql("SELECT f.id, f.user_id, f.expires_at, f.revoked_at \
                 FROM refresh_tokens t JOIN refresh_families f ON f.id = t.family_id \
                 WHERE t.token_hash = $1")
            .bind(hash_secret(token));
            let Some(row) = tx.fetch_optional(find).await? else { return Ok(Refreshed::Refused) };
            let family: String = row.get("id")?;
            let is_revoked = row.get::<Option<i64>>("revoked_at")?.is_some();
            if !was_fresh {
                let revoke = sql("UPDATE refresh_families SET revoked_at = $1, \
                     revoked_for = 'REUSE' WHERE id = $2 AND revoked_at IS NULL");
                tx.execute(revoke.bind(now_us).bind(&family)).await?;
                return Ok(Refreshed::Reused);
            }
            if is_revoked || row.get::<i64>("expires_at")? <= now_us {
                return Ok(Refreshed::Refused);
            }
            tx.execute(insert_token(&next, &family, now_us)).await?;
            Ok(Refreshed::Next { user_id: row.get("user_id")?, token: next })
        })
        .await
    }

    /// Revokes the family of a refresh token; an unknown token is no error.
    pub async fn sign_out(&self, token: &str) -> Result<(), Fault> {
        let revoke = sql("UPDATE refresh_families SET revoked_at = $1, revoked_for = 'SIGN_OUT' \
             WHERE revoked_at IS NULL AND id = \
             (SELECT family_id FROM refresh_tokens WHERE token_hash = $2)");
        self.db.execute(revoke.bind(self.now_us()).bind(hash_secret(token))).await?;
        Ok(())
    }

    /// Removes families that ended a while ago.
    pub async fn prune_families(&self) -> Result<(), Failure> {
        let before = self.now_us() - FAMILY_KEPT_US;
        self.change(async |tx| {
            let tokens = sql("DELETE FROM refresh_tokens WHERE family_id IN \
                 (SELECT id FROM refresh_families WHERE expires_at < $1)");
            tx.execute(tokens.bind(before)).await?;
            let families = sql("DELETE FROM refresh_families WHERE expires_at < $1");
            tx.execute(families.bind(before)).await?;
            Ok(())
        })
        .await
    }
}

fn insert_token(token: &str, family: &str, now_us: i64) -> braid_service::db::Sql {
    sql("INSERT INTO refresh_tokens (token_hash, family_id, issued_at) VALUES ($1, $2, $3)")
        .bind(hash_secret(token))
        .bind(family)
        .bind(now_us)
}
