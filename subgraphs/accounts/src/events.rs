//! What accounts tells others: the streams `accounts.*` and `contacts.*` of
//! [`braid_service::streams`]. `sequence` is the record's version. Persons' data stays at home:
//! events of contacts carry ids only.

use braid_service::streams::{AccountChanged, ContactChanged};

use crate::domain::account::Account;
use crate::domain::contact::Contact;

/// The state of an account.
pub fn account(account: &Account) -> AccountChanged {
    AccountChanged {
        account_id: account.id.to_string(),
        name: account.name.clone(),
        domain: account.domain.clone(),
        owner_id: account.owner.as_ref().map(ToString::to_string),
        status: account.status.as_str().to_owned(),
    }
}

/// The state of a contact.
pub fn contact(contact: &Contact) -> ContactChanged {
    ContactChanged {
        contact_id: contact.id.to_string(),
        account_id: contact.account.to_string(),
        user_id: contact.user.as_ref().map(ToString::to_string),
    }
}
