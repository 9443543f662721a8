//! Merging: an account turns out to be another one.

use braid_service::db::{DbError, Tx, sql};
use braid_service::outbox::Fact;
use braid_service::streams::{ACCOUNT_CHANGED, ACCOUNT_MERGED, AccountMerged, CONTACT_CHANGED};

use crate::domain::account::{Account, AccountId, Status};
use crate::domain::contact::Contact;
use crate::domain::problem::{Path, Problem};
use crate::store::account::save as save_account;
use crate::store::contact::save as save_contact;
use crate::store::read::locked_account;
use crate::store::{Command, Failure, Once, Store, row};

/// The most contacts that one merge moves: it is one transaction.
pub const CONTACTS_MAX: usize = 2_000;

impl Store {
    /// Makes `drop` part of `keep`: its contacts move, `keep` learns what only `drop` knew, and
    /// `drop` is archived for the record.
    ///
    /// # Errors
    /// Refused: `INVALID`, `NOT_FOUND`, `ARCHIVED`, `IDEMPOTENCY_MISMATCH`; or the store failed.
    pub async fn merge_accounts(
        &self,
        command: &Command<'_>,
        once: &Once<'_>,
        keep: &AccountId,
        drop: &AccountId,
    ) -> Result<String, Failure> {
        if keep == drop {
            let message = "an account cannot be merged with itself";
            return Err(Problem::invalid(&["dropId"], message).into());
        }
        self.once(command, once, async |tx| {
            let (kept, dropped) = both(tx, keep, drop).await?;
            let now_us = self.clock.now_us();
            self.move_contacts(tx, command, &kept, &dropped).await?;
            let merged = kept.merged(&dropped, now_us);
            let archived = Account {
                status: Status::Archived,
                merged_into: Some(keep.clone()),
                version: dropped.version + 1,
                updated_at_us: now_us,
                ..dropped
            };
            save_account(tx, &merged).await?;
            save_account(tx, &archived).await?;
            record(tx, command, &archived, keep).await?;
            self.tell_account(tx, command, &ACCOUNT_CHANGED, &merged).await?;
            let data = AccountMerged { account_id: drop.to_string(), kept_id: keep.to_string() };
            let fact = Fact {
                subject: drop.as_str(),
                sequence: archived.version,
                cause: command.cause,
                data: &data,
            };
            self.outbox.emit(tx, &ACCOUNT_MERGED, fact).await?;
            Ok(keep.to_string())
        })
        .await
    }

    async fn move_contacts(
        &self,
        tx: &mut Tx,
        command: &Command<'_>,
        kept: &Account,
        dropped: &Account,
    ) -> Result<(), Failure> {
        let limit = i64::try_from(CONTACTS_MAX + 1).unwrap_or(i64::MAX);
        let statement = sql("SELECT * FROM contacts WHERE account = $1 ORDER BY id LIMIT $2");
        let rows = tx.fetch_all(statement.bind(&dropped.id).bind(limit)).await?;
        if rows.len() > CONTACTS_MAX {
            let message = format!("more than {CONTACTS_MAX} contacts cannot be moved at once");
            return Err(Problem::invalid(&["dropId"], message).into());
        }
        let contacts: Vec<Contact> = rows.iter().map(row::contact).collect::<Result<_, _>>()?;
        for mut contact in contacts {
            contact.account = kept.id.clone();
            contact.version += 1;
            contact.updated_at_us = self.clock.now_us();
            save_contact(tx, &contact).await?;
            self.tell_contact(tx, command, &CONTACT_CHANGED, &contact).await?;
        }
        Ok(())
    }
}

/// Both accounts, locked in the order of their ids, so that two merges cannot wait for each other.
async fn both(
    tx: &mut Tx,
    keep: &AccountId,
    drop: &AccountId,
) -> Result<(Account, Account), Failure> {
    let (keep_path, drop_path): (Path, Path) = (&["keepId"], &["dropId"]);
    let (kept, dropped) = if keep < drop {
        let kept = locked_account(tx, keep).await?;
        (kept, locked_account(tx, drop).await?)
    } else {
        let dropped = locked_account(tx, drop).await?;
        (locked_account(tx, keep).await?, dropped)
    };
    let kept = kept.ok_or_else(|| Problem::no_account(keep_path))?;
    let dropped = dropped.ok_or_else(|| Problem::no_account(drop_path))?;
    for (account, path) in [(&kept, keep_path), (&dropped, drop_path)] {
        if account.status == Status::Archived {
            return Err(Problem::archived(path).into());
        }
    }
    Ok((kept, dropped))
}

async fn record(
    tx: &mut Tx,
    command: &Command<'_>,
    archived: &Account,
    keep: &AccountId,
) -> Result<(), DbError> {
    let statement =
        sql("INSERT INTO merges (dropped, kept, merged_by, merged_at) VALUES ($1, $2, $3, $4)");
    let statement = statement.bind(&archived.id).bind(keep);
    tx.execute(statement.bind(command.subject).bind(archived.updated_at_us)).await?;
    Ok(())
}
