//! Reading accounts and contacts by id, and contacts by account.

use std::collections::HashMap;
use std::sync::Arc;

use braid_service::db::{DbError, Tx, sql};
use braid_service::fault::Fault;
use braid_service::page::Cursor;

use crate::domain::account::{Account, AccountId};
use crate::domain::contact::{Contact, ContactId};
use crate::store::{Store, row};

impl Store {
    /// Accounts by id; those that do not exist are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn accounts_by_id(
        &self,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<Account>>, DbError> {
        let statement = sql("SELECT * FROM accounts WHERE id IN ($LIST)").bind_list(ids);
        let rows = self.db.fetch_all(statement).await?;
        let keyed = |found: &_| {
            let account = row::account(found)?;
            Ok((account.id.as_str().to_owned(), Arc::new(account)))
        };
        rows.iter().map(keyed).collect()
    }

    /// Contacts by id; those that do not exist are left out.
    ///
    /// # Errors
    /// The database.
    pub async fn contacts_by_id(
        &self,
        ids: Vec<String>,
    ) -> Result<HashMap<String, Arc<Contact>>, DbError> {
        let statement = sql("SELECT * FROM contacts WHERE id IN ($LIST)").bind_list(ids);
        let rows = self.db.fetch_all(statement).await?;
        let keyed = |found: &_| {
            let contact = row::contact(found)?;
            Ok((contact.id.as_str().to_owned(), Arc::new(contact)))
        };
        rows.iter().map(keyed).collect()
    }

    /// The first `limit` contacts of each account after `after`, by name; one statement for all
    /// accounts.
    ///
    /// # Errors
    /// The database, or a cursor of another list.
    pub async fn contacts_of(
        &self,
        accounts: Vec<String>,
        after: Option<&Cursor>,
        limit: i64,
    ) -> Result<HashMap<String, Vec<Arc<Contact>>>, Fault> {
        let mut statement = sql("SELECT * FROM (SELECT c.*, ROW_NUMBER() OVER \
             (PARTITION BY c.account ORDER BY c.name_key, c.id) AS place FROM contacts c \
             WHERE c.account IN ($LIST)")
        .bind_list(accounts);
        if let Some(cursor) = after {
            statement = statement
                .push(" AND (c.name_key, c.id) > (")
                .push_bind(cursor.text(0)?)
                .push(", ")
                .push_bind(cursor.text(1)?)
                .push(")");
        }
        let statement = statement.push(") q WHERE q.place <= ").push_bind(limit);
        let rows = self.db.fetch_all(statement.push(" ORDER BY q.account, q.place")).await?;
        let mut found: HashMap<String, Vec<Arc<Contact>>> = HashMap::new();
        for contact in rows.iter().map(row::contact) {
            let contact = contact?;
            found.entry(contact.account.to_string()).or_default().push(Arc::new(contact));
        }
        Ok(found)
    }
}

/// An account inside a transaction, locked until its end.
pub(super) async fn locked_account(
    tx: &mut Tx,
    id: &AccountId,
) -> Result<Option<Account>, DbError> {
    let lock = tx.dialect().for_update();
    let statement = sql("SELECT * FROM accounts WHERE id = $1").bind(id).push(lock);
    tx.fetch_optional(statement).await?.as_ref().map(row::account).transpose()
}

/// A contact inside a transaction, locked until its end.
pub(super) async fn locked_contact(
    tx: &mut Tx,
    id: &ContactId,
) -> Result<Option<Contact>, DbError> {
    let lock = tx.dialect().for_update();
    let statement = sql("SELECT * FROM contacts WHERE id = $1").bind(id).push(lock);
    tx.fetch_optional(statement).await?.as_ref().map(row::contact).transpose()
}
