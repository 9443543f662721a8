//! Input types, and what they ask of the domain.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::domain::account::{self, Address, Status};
use crate::domain::contact;

/// `input AccountFilter`.
#[derive(InputObject, Default)]
pub struct AccountFilter {
    pub(super) text: Option<String>,
    pub(super) status: Option<Status>,
    pub(super) owner_id: Option<ID>,
    pub(super) industry: Option<String>,
}

/// `input AccountInput`.
#[derive(InputObject)]
pub struct AccountInput {
    name: String,
    domain: Option<String>,
    industry: Option<String>,
    employee_count: Option<i32>,
    tax_id: Option<String>,
    billing_address: Option<Address>,
    owner_id: Option<ID>,
}

/// `input AccountPatch`: absent keeps, null clears.
#[derive(InputObject)]
pub struct AccountPatch {
    name: MaybeUndefined<String>,
    domain: MaybeUndefined<String>,
    industry: MaybeUndefined<String>,
    employee_count: MaybeUndefined<i32>,
    status: MaybeUndefined<Status>,
    billing_address: MaybeUndefined<Address>,
}

/// `input ContactInput`.
#[derive(InputObject)]
pub struct ContactInput {
    account_id: ID,
    full_name: String,
    email: Option<String>,
    phone: Option<String>,
    job_title: Option<String>,
}

/// `input ContactPatch`: absent keeps, null clears.
#[derive(InputObject)]
pub struct ContactPatch {
    full_name: MaybeUndefined<String>,
    email: MaybeUndefined<String>,
    phone: MaybeUndefined<String>,
    job_title: MaybeUndefined<String>,
    do_not_contact: MaybeUndefined<bool>,
}

/// `input DuplicateProbe`.
#[derive(InputObject)]
pub struct DuplicateProbe {
    pub(super) name: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) tax_id: Option<String>,
    pub(super) email: Option<String>,
}

impl From<AccountInput> for account::Wish {
    fn from(input: AccountInput) -> Self {
        Self {
            name: input.name,
            domain: input.domain,
            industry: input.industry,
            employee_count: input.employee_count,
            tax_id: input.tax_id,
            billing_address: input.billing_address,
            owner_id: input.owner_id.map(|id| id.0),
        }
    }
}

impl From<AccountPatch> for account::Patch {
    fn from(input: AccountPatch) -> Self {
        Self {
            name: input.name.into(),
            domain: input.domain.into(),
            industry: input.industry.into(),
            employee_count: input.employee_count.into(),
            status: input.status.into(),
            billing_address: input.billing_address.into(),
        }
    }
}

impl From<ContactInput> for contact::Wish {
    fn from(input: ContactInput) -> Self {
        Self {
            account_id: input.account_id.0,
            full_name: input.full_name,
            email: input.email,
            phone: input.phone,
            job_title: input.job_title,
        }
    }
}

impl From<ContactPatch> for contact::Patch {
    fn from(input: ContactPatch) -> Self {
        Self {
            full_name: input.full_name.into(),
            email: input.email.into(),
            phone: input.phone.into(),
            job_title: input.job_title.into(),
            do_not_contact: input.do_not_contact.into(),
        }
    }
}
