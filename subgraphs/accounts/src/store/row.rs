//! Records as rows: the columns, and what is derived from a record for searching.

use std::str::FromStr;

use braid_service::db::{DbError, Row, Value};
use braid_service::search::normalised;

use crate::domain::account::Account;
use crate::domain::contact::Contact;
use crate::domain::text::{email_key, match_key, tax_key};

/// Inserts accounts of which [`account_values`] made the values.
macro_rules! insert_accounts {
    ($tail:literal) => {
        concat!(
            "INSERT INTO accounts (id, name, name_key, match_key, search_text, legal_name, ",
            "domain, tax_id, tax_key, industry, industry_key, employee_count, status, owner, ",
            "billing_address, merged_into, version, created_at, updated_at) VALUES $ROWS",
            $tail
        )
    };
}
pub(crate) use insert_accounts;

/// Inserts contacts of which [`contact_values`] made the values.
macro_rules! insert_contacts {
    ($tail:literal) => {
        concat!(
            "INSERT INTO contacts (id, account, full_name, name_key, email, email_key, phone, ",
            "job_title, user_id, do_not_contact, version, created_at, updated_at) VALUES $ROWS",
            $tail
        )
    };
}
pub(crate) use insert_contacts;

/// Columns of [`insert_accounts`].
pub(crate) const ACCOUNT_COLUMNS: usize = 19;
/// Columns of [`insert_contacts`].
pub(crate) const CONTACT_COLUMNS: usize = 13;

/// The values of an account, in the order of the insert.
pub(crate) fn account_values(account: &Account) -> Result<[Value; ACCOUNT_COLUMNS], DbError> {
    let address = account.billing_address.as_ref().map(serde_json::to_string).transpose();
    let address = address.map_err(|error| column("billing_address", &error))?;
    let searched =
        [Some(account.name.as_str()), account.legal_name.as_deref(), account.domain.as_deref()];
    let searched: Vec<&str> = searched.into_iter().flatten().collect();
    Ok([
        Value::from(&account.id),
        Value::from(&account.name),
        Value::from(normalised(&account.name)),
        Value::from(match_key(&account.name)),
        Value::from(normalised(&searched.join(" "))),
        Value::from(account.legal_name.as_deref()),
        Value::from(account.domain.as_deref()),
        Value::from(account.tax_id.as_deref()),
        Value::from(account.tax_id.as_deref().map(tax_key)),
        Value::from(account.industry.as_deref()),
        Value::from(account.industry.as_deref().map(normalised)),
        Value::from(account.employee_count),
        Value::from(account.status.as_str()),
        Value::from(account.owner.as_ref().map(ToString::to_string)),
        Value::from(address),
        Value::from(account.merged_into.as_ref().map(ToString::to_string)),
        Value::from(account.version),
        Value::from(account.created_at_us),
        Value::from(account.updated_at_us),
    ])
}

/// The values of a contact, in the order of the insert.
pub(crate) fn contact_values(contact: &Contact) -> [Value; CONTACT_COLUMNS] {
    [
        Value::from(&contact.id),
        Value::from(&contact.account),
        Value::from(&contact.full_name),
        Value::from(normalised(&contact.full_name)),
        Value::from(contact.email.as_deref()),
        Value::from(contact.email.as_deref().map(email_key)),
        Value::from(contact.phone.as_deref()),
        Value::from(contact.job_title.as_deref()),
        Value::from(contact.user.as_ref().map(ToString::to_string)),
        Value::from(contact.do_not_contact),
        Value::from(contact.version),
        Value::from(contact.created_at_us),
        Value::from(contact.updated_at_us),
    ]
}

/// An account from a row of `accounts`.
pub(super) fn account(row: &Row) -> Result<Account, DbError> {
    let address: Option<String> = row.get("billing_address")?;
    let address = address.as_deref().map(serde_json::from_str).transpose();
    Ok(Account {
        id: row.parse("id")?,
        name: row.get("name")?,
        legal_name: row.get("legal_name")?,
        domain: row.get("domain")?,
        tax_id: row.get("tax_id")?,
        industry: row.get("industry")?,
        employee_count: row.get("employee_count")?,
        status: row.parse("status")?,
        owner: optional(row, "owner")?,
        billing_address: address.map_err(|error| column("billing_address", &error))?,
        merged_into: optional(row, "merged_into")?,
        version: row.get("version")?,
        created_at_us: row.get("created_at")?,
        updated_at_us: row.get("updated_at")?,
    })
}

/// A contact from a row of `contacts`.
pub(super) fn contact(row: &Row) -> Result<Contact, DbError> {
    Ok(Contact {
        id: row.parse("id")?,
        account: row.parse("account")?,
        full_name: row.get("full_name")?,
        email: row.get("email")?,
        phone: row.get("phone")?,
        job_title: row.get("job_title")?,
        user: optional(row, "user_id")?,
        do_not_contact: row.get("do_not_contact")?,
        version: row.get("version")?,
        created_at_us: row.get("created_at")?,
        updated_at_us: row.get("updated_at")?,
    })
}

fn optional<T: FromStr>(row: &Row, name: &str) -> Result<Option<T>, DbError> {
    let text: Option<String> = row.get(name)?;
    match text {
        None => Ok(None),
        Some(_) => row.parse(name).map(Some),
    }
}

fn column(name: &str, error: &serde_json::Error) -> DbError {
    DbError::Column { column: name.to_owned(), problem: error.to_string() }
}
