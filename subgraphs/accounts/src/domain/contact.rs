//! A contact: a person at an account.

use braid_service::id_type;
use serde::Serialize;

use crate::domain::account::{AccountId, UserId};
use crate::domain::patch::Change;
use crate::domain::problem::{Path, Problem};
use crate::domain::text;

id_type!(
    /// A contact.
    ContactId,
    "con"
);

/// A contact as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// Where the person works.
    pub account: AccountId,
    /// The person's name.
    pub full_name: String,
    /// As given; compared without regard to case.
    pub email: Option<String>,
    /// As given.
    pub phone: Option<String>,
    /// What the person does there.
    pub job_title: Option<String>,
    /// The person as a user, once known.
    pub user: Option<UserId>,
    /// The person wants to be left alone.
    pub do_not_contact: bool,
    /// Counts its changes from 1.
    pub version: i64,
    /// UTC microseconds.
    pub created_at_us: i64,
    /// UTC microseconds.
    pub updated_at_us: i64,
}

/// What somebody wants a new contact to be: the fields of `ContactInput`. Serialised for the
/// fingerprint of idempotency keys only.
#[derive(Clone, Debug, Serialize)]
pub struct Wish {
    /// See [`Contact::account`].
    pub account_id: String,
    /// See [`Contact::full_name`].
    pub full_name: String,
    /// See [`Contact::email`].
    pub email: Option<String>,
    /// See [`Contact::phone`].
    pub phone: Option<String>,
    /// See [`Contact::job_title`].
    pub job_title: Option<String>,
}

/// The changes of `ContactPatch`.
#[derive(Clone, Debug)]
pub struct Patch {
    /// See [`Contact::full_name`].
    pub full_name: Change<String>,
    /// See [`Contact::email`].
    pub email: Change<String>,
    /// See [`Contact::phone`].
    pub phone: Change<String>,
    /// See [`Contact::job_title`].
    pub job_title: Change<String>,
    /// See [`Contact::do_not_contact`].
    pub do_not_contact: Change<bool>,
}

impl Contact {
    /// A new contact, or everything that is wrong with the wish.
    pub fn new(id: ContactId, wish: Wish, now_us: i64) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let account = wish.account_id.parse();
        if account.is_err() {
            problems.push(Problem::no_account(&["input", "accountId"]));
        }
        let full_name = text::line(&["input", "fullName"], &wish.full_name, &mut problems);
        let email =
            wish.email.and_then(|email| text::email(&["input", "email"], &email, &mut problems));
        let phone =
            wish.phone.and_then(|phone| text::phone(&["input", "phone"], &phone, &mut problems));
        let job_title = wish
            .job_title
            .and_then(|title| text::line(&["input", "jobTitle"], &title, &mut problems));
        match (account, full_name) {
            (Ok(account), Some(full_name)) if problems.is_empty() => Ok(Self {
                id,
                account,
                full_name,
                email,
                phone,
                job_title,
                user: None,
                do_not_contact: false,
                version: 1,
                created_at_us: now_us,
                updated_at_us: now_us,
            }),
            _ => Err(problems),
        }
    }

    /// The contact with a patch, as its next version; or everything that is wrong with the patch.
    pub fn patched(&self, patch: Patch, now_us: i64) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut new = self.clone();
        let name: Path = &["input", "fullName"];
        patch.full_name.apply_required(
            name,
            &mut new.full_name,
            &mut problems,
            |text, problems| text::line(name, &text, problems),
        );
        let flag: Path = &["input", "doNotContact"];
        patch.do_not_contact.apply_required(
            flag,
            &mut new.do_not_contact,
            &mut problems,
            |value, _| Some(value),
        );
        patch
            .email
            .apply(&mut new.email, |text| text::email(&["input", "email"], &text, &mut problems));
        patch
            .phone
            .apply(&mut new.phone, |text| text::phone(&["input", "phone"], &text, &mut problems));
        patch.job_title.apply(&mut new.job_title, |text| {
            text::line(&["input", "jobTitle"], &text, &mut problems)
        });
        if !problems.is_empty() {
            return Err(problems);
        }
        new.version += 1;
        new.updated_at_us = now_us;
        Ok(new)
    }
}
