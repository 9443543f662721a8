//! Users, their memberships and consents.

use std::collections::HashMap;

use braid_service::db::{DbError, Row, Sql, Tx, sql};
use braid_service::outbox::Fact;
use braid_service::page::{Cursor, Page, PageArgs};
use braid_service::streams::{MEMBERSHIP_CHANGED, MembershipChanged};

use super::{Failure, Store, cause};
use crate::domain::problem::Problem;
use crate::domain::{AccountRole, ConsentPurpose, UserGroup, UserStatus, email_key};
use crate::events::{
    CONSENT_CHANGED, ConsentChanged, GROUPS_CHANGED, PROFILE_CHANGED, USER_REGISTERED, UserChanged,
};

/// Memberships of one user that are read.
pub const MEMBERSHIPS_MAX: i64 = 1_000;

macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.status, u.groups_mask, u.locale, u.created_at, u.version, ",
            "d.display_name, d.email, d.phone, d.avatar_url ",
            "FROM users u LEFT JOIN user_details d ON d.user_id = u.id",
            $rest
        )
    };
}

/// A user as stored. Who they are is `None` after erasure.
#[derive(Clone, Debug)]
pub struct UserRow {
    /// The id.
    pub id: String,
    /// Whether they may sign in.
    pub status: UserStatus,
    /// Their groups.
    pub groups_mask: i64,
    /// Their language.
    pub locale: String,
    /// When they were registered, in microseconds.
    pub created_at: i64,
    /// Grows with every change.
    pub version: i64,
    /// Personal data.
    pub display_name: Option<String>,
    /// Personal data.
    pub email: Option<String>,
    /// Personal data.
    pub phone: Option<String>,
    /// Personal data.
    pub avatar_url: Option<String>,
}

/// A user's role in an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipRow {
    /// The account.
    pub account_id: String,
    /// The role.
    pub role: AccountRole,
}

/// A user's word on a use of their data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentRow {
    /// For what.
    pub purpose: ConsentPurpose,
    /// Whether it is allowed.
    pub granted: bool,
    /// Since when, in microseconds.
    pub changed_at: i64,
}

/// Which users a list has.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// In this group.
    pub group: Option<UserGroup>,
    /// With this status.
    pub status: Option<UserStatus>,
    /// Name or e-mail contains this.
    pub text: Option<String>,
}

/// What a user changes of their profile; `None` leaves as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The name.
    pub display_name: Option<String>,
    /// The phone number; `Some(None)` removes it.
    pub phone: Option<Option<String>>,
    /// The language.
    pub locale: Option<String>,
}

/// A user who is to be registered.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// The id.
    pub id: String,
    /// The name.
    pub display_name: String,
    /// The address; nobody else may have it.
    pub email: String,
    /// The groups.
    pub groups: Vec<UserGroup>,
    /// The language.
    pub locale: String,
}

impl UserRow {
    fn read(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.get("id")?,
            status: row.parse("status")?,
            groups_mask: row.get("groups_mask")?,
            locale: row.get("locale")?,
            created_at: row.get("created_at")?,
            version: row.get("version")?,
            display_name: row.get("display_name")?,
            email: row.get("email")?,
            phone: row.get("phone")?,
            avatar_url: row.get("avatar_url")?,
        })
    }
}

/// What name and e-mail are searched by.
pub(crate) fn search_key(display_name: &str, email: &str) -> String {
    format!("{} {}", display_name.to_lowercase(), email_key(email))
}

impl UserFilter {
    fn apply(&self, mut query: Sql) -> Sql {
        if let Some(group) = self.group {
            query = query.push(" AND (u.groups_mask & ").push_bind(group.bit()).push(") <> 0");
        }
        if let Some(status) = self.status {
            query = query.push(" AND u.status = ").push_bind(status);
        }
        if let Some(text) = &self.text {
            let escaped = text.to_lowercase().replace('\\', "\\\\");
            let escaped = escaped.replace('%', "\\%").replace('_', "\\_");
            query = query.push(" AND d.search_key LIKE ").push_bind(format!("%{escaped}%"));
            query = query.push(" ESCAPE '\\'");
        }
        query
    }
}

impl Store {
    /// Users by id; unknown ids are left out.
    pub async fn users(&self, ids: Vec<String>) -> Result<HashMap<String, UserRow>, DbError> {
        let query = sql(select_user!(" WHERE u.id IN ($LIST)")).bind_list(ids);
        let rows = self.db.fetch_all(query).await?;
        rows.iter().map(|row| UserRow::read(row).map(|user| (user.id.clone(), user))).collect()
    }

    /// One user.
    pub async fn user(&self, id: &str) -> Result<Option<UserRow>, DbError> {
        Ok(self.users(vec![id.to_owned()]).await?.remove(id))
    }

    /// A page of users, newest first.
    pub async fn users_page(
        &self,
        filter: &UserFilter,
        args: &PageArgs,
    ) -> Result<Page<UserRow>, braid_service::fault::Fault> {
        let mut query = filter.apply(sql(select_user!(" WHERE 1 = 1")));
        if let Some(after) = args.after() {
            query = query.push(" AND (u.created_at, u.id) < (").push_bind(after.int(0)?);
            query = query.push(", ").push_bind(after.text(1)?).push(")");
        }
        query = query.push(" ORDER BY u.created_at DESC, u.id DESC LIMIT ");
        let rows = self.db.fetch_all(query.push_bind(args.limit())).await?;
        let rows = rows.iter().map(UserRow::read).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::new(args, rows, |user| {
            Cursor::new([user.created_at.to_string(), user.id.clone()])
        }))
    }

    /// How many users the filter finds.
    pub async fn users_count(&self, filter: &UserFilter) -> Result<i64, DbError> {
        let all = sql("SELECT COUNT(*) AS n FROM users u \
             LEFT JOIN user_details d ON d.user_id = u.id WHERE 1 = 1");
        self.db.fetch_one(filter.apply(all)).await?.get("n")
    }

    /// Memberships by user.
    pub async fn memberships(
        &self,
        users: Vec<String>,
    ) -> Result<HashMap<String, Vec<MembershipRow>>, DbError> {
        let limit = MEMBERSHIPS_MAX * i64::try_from(users.len()).unwrap_or(1);
        let query = sql("SELECT user_id, account_id, role FROM memberships \
             WHERE user_id IN ($LIST) ORDER BY user_id, account_id LIMIT ")
        .bind_list(users)
        .push_bind(limit);
        let mut found: HashMap<String, Vec<MembershipRow>> = HashMap::new();
        for row in self.db.fetch_all(query).await? {
            let membership =
                MembershipRow { account_id: row.get("account_id")?, role: row.parse("role")? };
            found.entry(row.get("user_id")?).or_default().push(membership);
        }
        Ok(found)
    }

    /// Consents by user.
    pub async fn consents(
        &self,
        users: Vec<String>,
    ) -> Result<HashMap<String, Vec<ConsentRow>>, DbError> {
        let query = sql("SELECT user_id, purpose, granted, changed_at FROM consents \
             WHERE user_id IN ($LIST) ORDER BY user_id, purpose")
        .bind_list(users);
        let mut found: HashMap<String, Vec<ConsentRow>> = HashMap::new();
        for row in self.db.fetch_all(query).await? {
            let consent = ConsentRow {
                purpose: row.parse("purpose")?,
                granted: row.get("granted")?,
                changed_at: row.get("changed_at")?,
            };
            found.entry(row.get("user_id")?).or_default().push(consent);
        }
        Ok(found)
    }

    /// Which of `others` are in an account with `user`.
    pub async fn sharing_account(
        &self,
        user: &str,
        others: Vec<String>,
    ) -> Result<Vec<String>, DbError> {
        let query = sql("SELECT DISTINCT b.user_id FROM memberships a \
             JOIN memberships b ON b.account_id = a.account_id \
             WHERE a.user_id = $1 AND b.user_id IN ($LIST)")
        .bind(user)
        .bind_list(others);
        self.db.fetch_all(query).await?.iter().map(|row| row.get("user_id")).collect()
    }

    /// Registers a user.
    pub async fn register(&self, user: NewUser, actor: &str) -> Result<(), Failure> {
        let now_us = self.now_us();
        let mask = UserGroup::mask(&user.groups);
        self.change(async |tx| {
            let insert = sql("INSERT INTO users \
                 (id, status, groups_mask, locale, created_at, version) \
                 VALUES ($1, $2, $3, $4, $5, 1)")
            .bind(&user.id)
            .bind(UserStatus::Active)
            .bind(mask)
            .bind(&user.locale)
            .bind(now_us);
            tx.execute(insert).await?;
            let details = sql("INSERT INTO user_details \
                 (user_id, display_name, email, email_key, search_key) \
                 VALUES ($1, $2, $3, $4, $5)")
            .bind(&user.id)
            .bind(&user.display_name)
            .bind(&user.email)
            .bind(email_key(&user.email))
            .bind(search_key(&user.display_name, &user.email));
            match tx.execute(details).await {
                Err(error) if error.is_unique_violation() => {
                    return Err(Problem::invalid(&["email"], "address is taken").into());
                }
                written => written?,
            };
            let data = UserChanged {
                user_id: user.id.clone(),
                groups_mask: mask,
                locale: user.locale.clone(),
            };
            let cause = cause(actor);
            let fact = Fact { subject: &user.id, sequence: 1, cause: &cause, data: &data };
            Ok(self.outbox.emit(tx, &USER_REGISTERED, fact).await?)
        })
        .await
    }

    /// Changes a profile.
    pub async fn change_profile(&self, id: &str, change: ProfileChange) -> Result<(), Failure> {
        self.change(async |tx| {
            let user = lock(tx, id).await?;
            let name = change.display_name.or(user.display_name).unwrap_or_default();
            let email = user.email.unwrap_or_default();
            let phone = change.phone.unwrap_or(user.phone);
            let locale = change.locale.unwrap_or(user.locale);
            let details = sql("UPDATE user_details \
                 SET display_name = $1, phone = $2, search_key = $3 WHERE user_id = $4");
            let details = details.bind(&name).bind(phone).bind(search_key(&name, &email)).bind(id);
            tx.execute(details).await?;
            let version = user.version + 1;
            let update = sql("UPDATE users SET locale = $1, version = $2 WHERE id = $3");
            tx.execute(update.bind(&locale).bind(version).bind(id)).await?;
            let data =
                UserChanged { user_id: id.to_owned(), groups_mask: user.groups_mask, locale };
            let cause = cause(id);
            let fact = Fact { subject: id, sequence: version, cause: &cause, data: &data };
            Ok(self.outbox.emit(tx, &PROFILE_CHANGED, fact).await?)
        })
        .await
    }

    /// Sets a user's groups.
    pub async fn set_groups(
        &self,
        id: &str,
        groups: &[UserGroup],
        actor: &str,
    ) -> Result<(), Failure> {
        let mask = UserGroup::mask(groups);
        self.change(async |tx| {
            let user = lock(tx, id).await?;
            let version = user.version + 1;
            let update = sql("UPDATE users SET groups_mask = $1, version = $2 WHERE id = $3");
            tx.execute(update.bind(mask).bind(version).bind(id)).await?;
            let data =
                UserChanged { user_id: id.to_owned(), groups_mask: mask, locale: user.locale };
            let cause = cause(actor);
            let fact = Fact { subject: id, sequence: version, cause: &cause, data: &data };
            Ok(self.outbox.emit(tx, &GROUPS_CHANGED, fact).await?)
        })
        .await
    }

    /// Sets a user's word on a use of their data.
    pub async fn set_consent(
        &self,
        id: &str,
        purpose: ConsentPurpose,
        granted: bool,
    ) -> Result<(), Failure> {
        let now_us = self.now_us();
        self.change(async |tx| {
            let user = lock(tx, id).await?;
            let upsert = sql("INSERT INTO consents (user_id, purpose, granted, changed_at) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (user_id, purpose) \
                 DO UPDATE SET granted = excluded.granted, changed_at = excluded.changed_at");
            let upsert = upsert.bind(id).bind(purpose).bind(granted).bind(now_us);
            tx.execute(upsert).await?;
            let version = bump(tx, &user).await?;
            let data = ConsentChanged {
                user_id: id.to_owned(),
                purpose: purpose.as_str().to_owned(),
                granted,
            };
            let cause = cause(id);
            let fact = Fact { subject: id, sequence: version, cause: &cause, data: &data };
            Ok(self.outbox.emit(tx, &CONSENT_CHANGED, fact).await?)
        })
        .await
    }

    /// Sets (or with `None` takes away) a user's role in an account.
    pub async fn set_membership(
        &self,
        id: &str,
        account: &str,
        role: Option<AccountRole>,
        actor: &str,
    ) -> Result<(), Failure> {
        self.change(async |tx| {
            let user = lock(tx, id).await?;
            let statement = match role {
                Some(role) => sql("INSERT INTO memberships (user_id, account_id, role) \
                     VALUES ($1, $2, $3) \
                     ON CONFLICT (user_id, account_id) DO UPDATE SET role = excluded.role")
                .bind(id)
                .bind(account)
                .bind(role),
                None => sql("DELETE FROM memberships WHERE user_id = $1 AND account_id = $2")
                    .bind(id)
                    .bind(account),
            };
            tx.execute(statement).await?;
            let version = bump(tx, &user).await?;
            let data = MembershipChanged {
                user_id: id.to_owned(),
                account_id: account.to_owned(),
                role: role.map(|role| role.as_str().to_owned()),
            };
            let cause = cause(actor);
            let fact = Fact { subject: id, sequence: version, cause: &cause, data: &data };
            Ok(self.outbox.emit(tx, &MEMBERSHIP_CHANGED, fact).await?)
        })
        .await
    }
}

/// Reads a user who is about to change, and keeps others from changing them meanwhile.
pub(super) async fn lock(tx: &mut Tx, id: &str) -> Result<UserRow, Failure> {
    let lock = tx.dialect().pick("", " FOR UPDATE OF u");
    let query = sql(select_user!(" WHERE u.id = ")).push_bind(id).push(lock);
    match tx.fetch_optional(query).await? {
        Some(row) => Ok(UserRow::read(&row)?),
        None => Err(Problem::not_found(&["userId"], "no such user").into()),
    }
}

async fn bump(tx: &mut Tx, user: &UserRow) -> Result<i64, Failure> {
    let version = user.version + 1;
    let update = sql("UPDATE users SET version = $1 WHERE id = $2").bind(version);
    tx.execute(update.bind(&user.id)).await?;
    Ok(version)
}
