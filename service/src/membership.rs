//! Who belongs to which account, as a service's own copy (DOMAIN section 9, `membership_view`).
//!
//! Identity owns memberships and tells their changes as `identity.membership-changed`; a service
//! whose row rules need them keeps this view and asks nobody. Of two changes the later one stays:
//! the sequence grows per user, and a role that was taken away leaves its row without a role, so
//! that an older change that arrives late cannot bring it back.

use std::str::FromStr;
use std::sync::Arc;

use crate::app::{Deps, StartError};
use crate::bus::{BoxFuture, Message};
use crate::db::{Db, DbError, Migration, Tx, Value, sql};
use crate::inbox::{Consumer, Handler};
use crate::messaging::MessagingError;
use crate::outbox::Outbox;
use crate::seed::{Scale, insert_rows, world};
use crate::streams::MEMBERSHIP_CHANGED;

/// The most accounts of one user that are read.
pub const ACCOUNTS_MAX: i64 = 1_000;

const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "membership-view",
    sql: "CREATE TABLE membership_view (
        user_id TEXT NOT NULL,
        account_id TEXT NOT NULL,
        role TEXT,
        sequence BIGINT NOT NULL,
        PRIMARY KEY (user_id, account_id)
    )",
}];

/// What a user may do for an account; each role includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Rides on the account.
    Member,
    /// Buys for the account.
    Buyer,
    /// Manages the account.
    Admin,
}

/// A text that is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a role")]
pub struct UnknownRole;

/// A user's role in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The account.
    pub account_id: String,
    /// What the user may do for it.
    pub role: Role,
}

/// Reads the view. Cheap to clone.
#[derive(Clone)]
pub struct Memberships(Db);

/// Keeps the view up to date.
struct Projection;

// === impl Role ===

impl Role {
    /// As stored and in events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Member => "MEMBER",
            Self::Buyer => "BUYER",
            Self::Admin => "ADMIN",
        }
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        let all = [Self::Member, Self::Buyer, Self::Admin];
        all.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

// === impl Memberships ===

impl Memberships {
    /// Creates the view in `db` and follows identity's changes as `group` (unique among all
    /// services, such as `orders.memberships`). For `build`, before the bus starts.
    ///
    /// # Errors
    /// The database or the bus refuses.
    pub async fn follow(
        deps: &Deps,
        db: &Db,
        outbox: &Outbox,
        group: &'static str,
    ) -> Result<Self, StartError> {
        db.migrate("membership", MIGRATIONS).await?;
        let consumer = Consumer {
            group,
            db: db.clone(),
            outbox: outbox.clone(),
            handler: Arc::new(Projection),
        };
        let events = consumer.subscribe(deps.bus.as_ref(), &[MEMBERSHIP_CHANGED.name])?;
        drop(deps.tasks.spawn("membership view", consumer.run(events, deps.tasks.token())));
        Ok(Self(db.clone()))
    }

    /// The role of a user in an account.
    ///
    /// # Errors
    /// The database.
    pub async fn role(&self, user: &str, account: &str) -> Result<Option<Role>, DbError> {
        let statement = sql("SELECT role FROM membership_view \
             WHERE user_id = $1 AND account_id = $2 AND role IS NOT NULL");
        let row = self.0.fetch_optional(statement.bind(user).bind(account)).await?;
        row.map(|row| row.parse("role")).transpose()
    }

    /// All accounts of a user, at most [`ACCOUNTS_MAX`].
    ///
    /// # Errors
    /// The database.
    pub async fn of(&self, user: &str) -> Result<Vec<Membership>, DbError> {
        let statement = sql("SELECT account_id, role FROM membership_view \
             WHERE user_id = $1 AND role IS NOT NULL ORDER BY account_id LIMIT $2");
        let rows = self.0.fetch_all(statement.bind(user).bind(ACCOUNTS_MAX)).await?;
        let membership = |row: &crate::db::Row| {
            Ok(Membership { account_id: row.get("account_id")?, role: row.parse("role")? })
        };
        rows.iter().map(membership).collect()
    }

    /// Writes the memberships of the demo world.
    ///
    /// # Errors
    /// The database.
    pub async fn seed(db: &Db, scale: Scale) -> Result<(), StartError> {
        let counts = world::Counts::of(scale);
        let rows = (0..counts.users).filter_map(|user| {
            let (account, role) = world::membership(user, &counts)?;
            let ids = [world::user(user), world::account(account)].map(Value::from);
            let [user, account] = ids;
            Some([user, account, Value::from(role), Value::from(0_i64)])
        });
        let insert = "INSERT INTO membership_view (user_id, account_id, role, sequence) \
             VALUES $ROWS ON CONFLICT DO NOTHING";
        insert_rows(db, insert, rows, |_| {}).await
    }
}

// === impl Projection ===

impl Handler for Projection {
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<(), MessagingError>> {
        Box::pin(async move {
            let change = MEMBERSHIP_CHANGED.read(&message.event)?;
            let role = change.role.as_deref().map(Role::from_str).transpose();
            let role = role.map_err(|error| MessagingError::Poison(error.to_string()))?;
            let statement = sql("INSERT INTO membership_view \
                 (user_id, account_id, role, sequence) VALUES ($1, $2, $3, $4) \
                 ON CONFLICT (user_id, account_id) DO UPDATE \
                 SET role = excluded.role, sequence = excluded.sequence \
                 WHERE excluded.sequence > membership_view.sequence")
            .bind(&change.user_id)
            .bind(&change.account_id)
            .bind(role.map(Role::as_str))
            .bind(message.event.sequence_number()?);
            tx.execute(statement).await?;
            Ok(())
        })
    }
}
