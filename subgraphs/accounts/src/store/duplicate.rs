//! Finding records that may be the same, by indexed keys.

use braid_service::db::{Db, DbError, Dialect, Row, Sql, Tx, sql};

use crate::domain::account::{Account, AccountId, Status};
use crate::domain::contact::{Contact, ContactId};
use crate::domain::duplicate::{Candidate, Mark, Probe, ranked};
use crate::store::{Store, row};

/// Rows of one kind that are compared; a name shared by more is no sign any more.
const ROWS_MAX: i64 = 200;

impl Store {
    /// What exists and may be what `probe` describes, the likeliest first. Archived accounts are
    /// left out.
    ///
    /// # Errors
    /// The database.
    pub async fn duplicate_candidates(&self, probe: &Probe) -> Result<Vec<Candidate>, DbError> {
        let accounts = read(&self.db, same_accounts(probe), row::account).await?;
        let mut candidates: Vec<Candidate> = accounts
            .iter()
            .map(|account| Candidate::account(account, probe.marks(account)))
            .filter(|candidate| !candidate.matched_on.is_empty())
            .collect();
        if let Some(email) = &probe.email {
            let contacts = read(&self.db, same_contacts(email), row::contact).await?;
            candidates.extend(contacts.iter().map(|contact| {
                let account = accounts.iter().find(|account| account.id == contact.account);
                let marks = account.map(|account| probe.marks(account)).unwrap_or_default();
                Candidate::contact(contact, marks)
            }));
        }
        Ok(ranked(candidates))
    }
}

/// The accounts that are certainly what `account` is, besides itself. Takes the lock under which
/// accounts get names and domains, so that of two equal ones only the first is made.
pub(super) async fn certain_accounts(
    tx: &mut Tx,
    account: &Account,
) -> Result<Vec<Candidate>, DbError> {
    if tx.dialect() == Dialect::Postgres {
        // SQLite has one writer anyway.
        tx.fetch_all(sql("SELECT pg_advisory_xact_lock(7216201)")).await?;
    }
    let probe = Probe::of_account(account);
    let rows = tx.fetch_all(same_accounts(&probe)).await?;
    let others: Vec<Account> = rows.iter().map(row::account).collect::<Result<_, _>>()?;
    let same = others.iter().filter(|other| other.id != account.id && probe.is_same(other));
    Ok(ranked(same.map(|other| Candidate::account(other, probe.marks(other)))))
}

/// The contacts of the same account with the same e-mail address, besides `id` itself. The caller
/// holds the lock on the account.
pub(super) async fn certain_contacts(
    tx: &mut Tx,
    account: &AccountId,
    email_key: &str,
    id: &ContactId,
) -> Result<Vec<Candidate>, DbError> {
    let statement = sql("SELECT * FROM contacts WHERE account = $1 AND email_key = $2 \
         AND id <> $3 ORDER BY id LIMIT 5");
    let rows = tx.fetch_all(statement.bind(account).bind(email_key).bind(id)).await?;
    let contacts: Vec<Contact> = rows.iter().map(row::contact).collect::<Result<_, _>>()?;
    Ok(ranked(contacts.iter().map(|contact| Candidate::contact(contact, Vec::<Mark>::new()))))
}

/// Accounts that share a key with the probe. Written as a union, so that each part uses its index.
fn same_accounts(probe: &Probe) -> Sql {
    let mut statement =
        sql("SELECT * FROM accounts WHERE id IN (SELECT id FROM accounts WHERE 1 = 0");
    let parts = [
        (" UNION SELECT id FROM accounts WHERE tax_key = ", &probe.tax),
        (" UNION SELECT id FROM accounts WHERE domain = ", &probe.domain),
        (" UNION SELECT id FROM accounts WHERE match_key = ", &probe.name),
    ];
    for (text, key) in parts {
        if let Some(key) = key {
            statement = statement.push(text).push_bind(key);
        }
    }
    if let Some(email) = &probe.email {
        let text = " UNION SELECT account FROM contacts WHERE email_key = ";
        statement = statement.push(text).push_bind(email);
    }
    statement
        .push(") AND status <> ")
        .push_bind(Status::Archived.as_str())
        .push(" ORDER BY id LIMIT ")
        .push_bind(ROWS_MAX)
}

fn same_contacts(email_key: &str) -> Sql {
    let statement = sql("SELECT c.* FROM contacts c JOIN accounts a ON a.id = c.account \
         WHERE c.email_key = $1 AND a.status <> $2 ORDER BY c.id LIMIT $3");
    statement.bind(email_key).bind(Status::Archived.as_str()).bind(ROWS_MAX)
}

async fn read<T>(
    db: &Db,
    statement: Sql,
    parse: fn(&Row) -> Result<T, DbError>,
) -> Result<Vec<T>, DbError> {
    db.fetch_all(statement).await?.iter().map(parse).collect()
}
