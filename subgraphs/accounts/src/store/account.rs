//! Commands on accounts: make, change, assign. Merging is in [`super::merge`].

use braid_service::db::{DbError, Tx, sql};
use braid_service::streams::{ACCOUNT_ARCHIVED, ACCOUNT_CHANGED, ACCOUNT_CREATED};

use crate::domain::account::{Account, AccountId, Patch, Status, UserId, Wish};
use crate::domain::duplicate::Probe;
use crate::domain::problem::Problem;
use crate::store::duplicate::certain_accounts;
use crate::store::read::locked_account;
use crate::store::row::{account_values, insert_accounts};
use crate::store::{Command, Failure, Once, Store};

impl Store {
    /// Makes an account.
    ///
    /// # Errors
    /// Refused: `INVALID`, `DUPLICATE`, `IDEMPOTENCY_MISMATCH`; or the store failed.
    pub async fn create_account(
        &self,
        command: &Command<'_>,
        once: &Once<'_>,
        wish: Wish,
    ) -> Result<String, Failure> {
        let id = AccountId::generate(&self.ids);
        let account = Account::new(id, wish, command.subject, self.clock.now_us())?;
        self.once(command, once, async |tx| {
            let same = certain_accounts(tx, &account).await?;
            if !same.is_empty() {
                return Err(Problem::duplicate(&["input"], same).into());
            }
            insert(tx, &account).await?;
            self.tell_account(tx, command, &ACCOUNT_CREATED, &account).await?;
            Ok(account.id.to_string())
        })
        .await
    }

    /// Changes an account.
    ///
    /// # Errors
    /// Refused: `NOT_FOUND`, `VERSION_CONFLICT`, `ARCHIVED`, `INVALID`, `DUPLICATE`; or the store
    /// failed.
    pub async fn update_account(
        &self,
        command: &Command<'_>,
        id: &AccountId,
        patch: Patch,
        expected_version: i32,
    ) -> Result<(), Failure> {
        self.db
            .write::<_, Failure>(async |tx| {
                let Some(old) = locked_account(tx, id).await? else {
                    return Err(Problem::no_account(&["id"]).into());
                };
                if old.version != i64::from(expected_version) {
                    return Err(Problem::version_conflict(old.version).into());
                }
                if old.status == Status::Archived {
                    return Err(Problem::archived(&["id"]).into());
                }
                let new = old.patched(patch, self.clock.now_us())?;
                if Probe::of_account(&old) != Probe::of_account(&new) {
                    let same = certain_accounts(tx, &new).await?;
                    if !same.is_empty() {
                        return Err(Problem::duplicate(&["input"], same).into());
                    }
                }
                save(tx, &new).await?;
                let is_archived = new.status == Status::Archived;
                let topic = if is_archived { &ACCOUNT_ARCHIVED } else { &ACCOUNT_CHANGED };
                self.tell_account(tx, command, topic, &new).await
            })
            .await?;
        self.outbox.wake();
        Ok(())
    }

    /// Gives an account to a user. Doing it again changes nothing and is no error.
    ///
    /// # Errors
    /// Refused: `NOT_FOUND`, `ARCHIVED`; or the store failed.
    pub async fn assign_account(
        &self,
        command: &Command<'_>,
        id: &AccountId,
        owner: UserId,
    ) -> Result<(), Failure> {
        self.db
            .write::<_, Failure>(async |tx| {
                let Some(mut account) = locked_account(tx, id).await? else {
                    return Err(Problem::no_account(&["id"]).into());
                };
                if account.status == Status::Archived {
                    return Err(Problem::archived(&["id"]).into());
                }
                if account.owner.as_ref() == Some(&owner) {
                    return Ok(());
                }
                account.owner = Some(owner);
                account.version += 1;
                account.updated_at_us = self.clock.now_us();
                save(tx, &account).await?;
                self.tell_account(tx, command, &ACCOUNT_CHANGED, &account).await
            })
            .await?;
        self.outbox.wake();
        Ok(())
    }
}

async fn insert(tx: &mut Tx, account: &Account) -> Result<(), DbError> {
    let statement = sql(insert_accounts!("")).bind_rows([account_values(account)?]);
    tx.execute(statement).await?;
    Ok(())
}

/// Writes all of an account over what is stored.
pub(super) async fn save(tx: &mut Tx, account: &Account) -> Result<(), DbError> {
    let statement = sql(insert_accounts!(
        " ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, \
         match_key = excluded.match_key, search_text = excluded.search_text, \
         legal_name = excluded.legal_name, domain = excluded.domain, tax_id = excluded.tax_id, \
         tax_key = excluded.tax_key, industry = excluded.industry, \
         industry_key = excluded.industry_key, employee_count = excluded.employee_count, \
         status = excluded.status, owner = excluded.owner, \
         billing_address = excluded.billing_address, merged_into = excluded.merged_into, \
         version = excluded.version, updated_at = excluded.updated_at"
    ));
    tx.execute(statement.bind_rows([account_values(account)?])).await?;
    Ok(())
}
