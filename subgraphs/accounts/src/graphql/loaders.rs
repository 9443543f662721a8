//! What one request loads in batches.

use std::collections::HashMap;
use std::sync::Arc;

use braid_service::fault::Fault;
use braid_service::loader::{Batch, Loader};
use braid_service::membership::{Memberships, Role};
use braid_service::page::Cursor;

use crate::domain::account::Account;
use crate::domain::contact::Contact;
use crate::store::Store;

/// The loaders of one request.
pub struct Loaders {
    /// Accounts by id.
    pub accounts: Loader<AccountsById>,
    /// Contacts by id.
    pub contacts: Loader<ContactsById>,
    /// Contacts by account.
    pub contacts_of: Loader<ContactsOf>,
    roles: Loader<RolesOf>,
}

/// Loads accounts by id.
pub struct AccountsById(Store);

/// Loads contacts by id.
pub struct ContactsById(Store);

/// Loads a page of contacts for each of many accounts.
pub struct ContactsOf(Store);

/// Loads all roles of the caller.
struct RolesOf(Memberships);

/// A page of an account's contacts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ContactsKey {
    /// Whose.
    pub account: String,
    /// After which cursor, as the client sent it.
    pub after: Option<String>,
    /// At most how many.
    pub limit: i64,
}

impl Loaders {
    /// Fresh loaders.
    pub fn new(store: &Store, memberships: &Memberships) -> Self {
        Self {
            accounts: Loader::new(AccountsById(store.clone())),
            contacts: Loader::new(ContactsById(store.clone())),
            contacts_of: Loader::new(ContactsOf(store.clone())),
            roles: Loader::new(RolesOf(memberships.clone())),
        }
    }

    /// The role of a user in an account; one read for all accounts of the user.
    ///
    /// # Errors
    /// The database.
    pub async fn role(&self, user: &str, account: &str) -> Result<Option<Role>, Fault> {
        let roles = self.roles.load(user.to_owned()).await?;
        Ok(roles.and_then(|roles| roles.get(account).copied()))
    }

    /// The accounts of a user with their roles.
    ///
    /// # Errors
    /// The database.
    pub async fn roles(&self, user: &str) -> Result<Arc<HashMap<String, Role>>, Fault> {
        Ok(self.roles.load(user.to_owned()).await?.unwrap_or_default())
    }
}

impl Batch for AccountsById {
    type Key = String;
    type Value = Arc<Account>;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Arc<Account>>, Fault> {
        Ok(self.0.accounts_by_id(keys).await?)
    }
}

impl Batch for ContactsById {
    type Key = String;
    type Value = Arc<Contact>;

    async fn load(&self, keys: Vec<String>) -> Result<HashMap<String, Arc<Contact>>, Fault> {
        Ok(self.0.contacts_by_id(keys).await?)
    }
}

impl Batch for ContactsOf {
    type Key = ContactsKey;
    type Value = Vec<Arc<Contact>>;

    /// One statement per distinct pair of cursor and limit: usually one, since all accounts of a
    /// list are asked the same question.
    async fn load(
        &self,
        keys: Vec<ContactsKey>,
    ) -> Result<HashMap<ContactsKey, Vec<Arc<Contact>>>, Fault> {
        let mut questions: HashMap<(Option<String>, i64), Vec<String>> = HashMap::new();
        for key in keys {
            questions.entry((key.after, key.limit)).or_default().push(key.account);
        }
        let mut answers = HashMap::new();
        for ((after, limit), accounts) in questions {
            let cursor = after.as_deref().map(Cursor::decode).transpose()?;
            let found = self.0.contacts_of(accounts, cursor.as_ref(), limit).await?;
            answers.extend(found.into_iter().map(|(account, contacts)| {
                (ContactsKey { account, after: after.clone(), limit }, contacts)
            }));
        }
        Ok(answers)
    }
}

impl Batch for RolesOf {
    type Key = String;
    type Value = Arc<HashMap<String, Role>>;

    async fn load(
        &self,
        keys: Vec<String>,
    ) -> Result<HashMap<String, Arc<HashMap<String, Role>>>, Fault> {
        let mut roles = HashMap::new();
        // The only key is the caller.
        for user in keys {
            let memberships = self.0.of(&user).await?.into_iter();
            let of_user = memberships.map(|membership| (membership.account_id, membership.role));
            roles.insert(user, Arc::new(of_user.collect()));
        }
        Ok(roles)
    }
}
