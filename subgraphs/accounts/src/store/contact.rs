//! Commands on contacts: make and change.
//!
//! They lock the contact's account first, which orders them with merges and makes the check for a
//! second contact with the same e-mail address safe.

use braid_service::db::{DbError, Tx, sql};
use braid_service::streams::{CONTACT_CHANGED, CONTACT_CREATED};

use crate::domain::account::{Account, AccountId, Status};
use crate::domain::contact::{Contact, ContactId, Patch, Wish};
use crate::domain::problem::{Path, Problem};
use crate::domain::text::email_key;
use crate::store::duplicate::certain_contacts;
use crate::store::read::{locked_account, locked_contact};
use crate::store::row::{contact_values, insert_contacts};
use crate::store::{Command, Failure, Once, Store};

impl Store {
    /// Makes a contact of an account.
    ///
    /// # Errors
    /// Refused: `INVALID`, `NOT_FOUND`, `ARCHIVED`, `DUPLICATE` for the same e-mail address at the
    /// same account, `IDEMPOTENCY_MISMATCH`; or the store failed.
    pub async fn create_contact(
        &self,
        command: &Command<'_>,
        once: &Once<'_>,
        wish: Wish,
    ) -> Result<String, Failure> {
        let id = ContactId::generate(&self.ids);
        let contact = Contact::new(id, wish, self.clock.now_us())?;
        self.once(command, once, async |tx| {
            open_account(tx, &contact.account, &["input", "accountId"]).await?;
            refuse_duplicate(tx, &contact).await?;
            let statement = sql(insert_contacts!("")).bind_rows([contact_values(&contact)]);
            tx.execute(statement).await?;
            self.tell_contact(tx, command, &CONTACT_CREATED, &contact).await?;
            Ok(contact.id.to_string())
        })
        .await
    }

    /// Changes a contact.
    ///
    /// # Errors
    /// Refused: `NOT_FOUND`, `VERSION_CONFLICT`, `ARCHIVED`, `INVALID`, `DUPLICATE`; or the store
    /// failed.
    pub async fn update_contact(
        &self,
        command: &Command<'_>,
        id: &ContactId,
        patch: Patch,
        expected_version: i32,
    ) -> Result<(), Failure> {
        self.db
            .write::<_, Failure>(async |tx| {
                let no_contact = || Problem::no_contact(&["id"]);
                let account = account_of(tx, id).await?.ok_or_else(no_contact)?;
                open_account(tx, &account, &["id"]).await?;
                let old = locked_contact(tx, id).await?.ok_or_else(no_contact)?;
                // A merge may have moved it between the two statements: seen as a newer version.
                if old.version != i64::from(expected_version) {
                    return Err(Problem::version_conflict(old.version).into());
                }
                let new = old.patched(patch, self.clock.now_us())?;
                if new.email != old.email {
                    refuse_duplicate(tx, &new).await?;
                }
                save(tx, &new).await?;
                self.tell_contact(tx, command, &CONTACT_CHANGED, &new).await
            })
            .await?;
        self.outbox.wake();
        Ok(())
    }
}

async fn account_of(tx: &mut Tx, id: &ContactId) -> Result<Option<AccountId>, DbError> {
    let statement = sql("SELECT account FROM contacts WHERE id = $1").bind(id);
    tx.fetch_optional(statement).await?.map(|row| row.parse("account")).transpose()
}

/// The account, locked; refused when it does not exist or is archived.
async fn open_account(tx: &mut Tx, id: &AccountId, path: Path) -> Result<Account, Failure> {
    let account = locked_account(tx, id).await?.ok_or_else(|| Problem::no_account(path))?;
    if account.status == Status::Archived {
        return Err(Problem::archived(path).into());
    }
    Ok(account)
}

async fn refuse_duplicate(tx: &mut Tx, contact: &Contact) -> Result<(), Failure> {
    let Some(email) = contact.email.as_deref() else { return Ok(()) };
    let same = certain_contacts(tx, &contact.account, &email_key(email), &contact.id).await?;
    if same.is_empty() { Ok(()) } else { Err(Problem::duplicate(&["input", "email"], same).into()) }
}

/// Writes all of a contact over what is stored.
pub(super) async fn save(tx: &mut Tx, contact: &Contact) -> Result<(), DbError> {
    let statement = sql(insert_contacts!(
        " ON CONFLICT (id) DO UPDATE SET account = excluded.account, \
         full_name = excluded.full_name, name_key = excluded.name_key, email = excluded.email, \
         email_key = excluded.email_key, phone = excluded.phone, job_title = excluded.job_title, \
         user_id = excluded.user_id, do_not_contact = excluded.do_not_contact, \
         version = excluded.version, updated_at = excluded.updated_at"
    ));
    tx.execute(statement.bind_rows([contact_values(contact)])).await?;
    Ok(())
}
