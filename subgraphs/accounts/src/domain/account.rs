//! An account: an organisation that Corridor knows.

use std::str::FromStr;

use async_graphql::{Enum, InputObject};
use braid_service::id_type;
use serde::{Deserialize, Serialize};

use crate::domain::patch::Change;
use crate::domain::problem::{Path, Problem};
use crate::domain::text;

id_type!(
    /// An account.
    AccountId,
    "acc"
);
id_type!(
    /// A user; the user itself lives in another service.
    UserId,
    "usr"
);

/// The largest number of employees that is believed.
const EMPLOYEES_MAX: i32 = 10_000_000;

/// A text that names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown status")]
pub struct UnknownStatus;

/// Where the account stands. `enum AccountStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "AccountStatus")]
pub enum Status {
    /// Has bought nothing yet.
    Prospect,
    /// Buys.
    Customer,
    /// Has bought, and does no more.
    Churned,
    /// Kept for the record only; nothing changes any more.
    Archived,
}

/// A postal address. `input AddressInput`; stored as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, InputObject)]
#[graphql(name = "AddressInput")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// More of it.
    pub line2: Option<String>,
    /// As the country writes it.
    pub postal_code: Option<String>,
    /// The town.
    pub city: String,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: String,
}

/// An account as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// What people call it.
    pub name: String,
    /// What the register calls it.
    pub legal_name: Option<String>,
    /// Its Internet domain, normalised.
    pub domain: Option<String>,
    /// Its tax number as given.
    pub tax_id: Option<String>,
    /// Its trade.
    pub industry: Option<String>,
    /// About how many work there.
    pub employee_count: Option<i32>,
    /// Where it stands.
    pub status: Status,
    /// Who looks after it.
    pub owner: Option<UserId>,
    /// Where invoices go.
    pub billing_address: Option<Address>,
    /// The account that it turned out to be.
    pub merged_into: Option<AccountId>,
    /// Counts its changes from 1.
    pub version: i64,
    /// UTC microseconds.
    pub created_at_us: i64,
    /// UTC microseconds.
    pub updated_at_us: i64,
}

/// What somebody wants a new account to be: the fields of `AccountInput`. Serialised for the
/// fingerprint of idempotency keys only.
#[derive(Clone, Debug, Serialize)]
pub struct Wish {
    /// See [`Account::name`].
    pub name: String,
    /// See [`Account::domain`].
    pub domain: Option<String>,
    /// See [`Account::industry`].
    pub industry: Option<String>,
    /// See [`Account::employee_count`].
    pub employee_count: Option<i32>,
    /// See [`Account::tax_id`].
    pub tax_id: Option<String>,
    /// See [`Account::billing_address`].
    pub billing_address: Option<Address>,
    /// See [`Account::owner`]; by default whoever makes it.
    pub owner_id: Option<String>,
}

/// The changes of `AccountPatch`.
#[derive(Clone, Debug)]
pub struct Patch {
    /// See [`Account::name`].
    pub name: Change<String>,
    /// See [`Account::domain`].
    pub domain: Change<String>,
    /// See [`Account::industry`].
    pub industry: Change<String>,
    /// See [`Account::employee_count`].
    pub employee_count: Change<i32>,
    /// See [`Account::status`].
    pub status: Change<Status>,
    /// See [`Account::billing_address`].
    pub billing_address: Change<Address>,
}

// === impl Account ===

impl Account {
    /// A new account, or everything that is wrong with the wish.
    pub fn new(
        id: AccountId,
        wish: Wish,
        creator: &str,
        now_us: i64,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let problems_ref = &mut problems;
        let name = text::line(&["input", "name"], &wish.name, problems_ref);
        let domain = wish
            .domain
            .and_then(|domain| text::domain(&["input", "domain"], &domain, problems_ref));
        let industry = wish
            .industry
            .and_then(|industry| text::line(&["input", "industry"], &industry, problems_ref));
        let employee_count = wish.employee_count.and_then(|count| employees(count, problems_ref));
        let tax_id =
            wish.tax_id.and_then(|tax| text::tax_id(&["input", "taxId"], &tax, problems_ref));
        let billing_address =
            wish.billing_address.and_then(|address| address.checked(problems_ref));
        let owner = match wish.owner_id {
            // An API client owns nothing.
            None => UserId::from_str(creator).ok(),
            Some(owner) => user_id(&["input", "ownerId"], &owner, problems_ref),
        };
        let account = |name| Self {
            id,
            name,
            legal_name: None,
            domain,
            tax_id,
            industry,
            employee_count,
            status: Status::Prospect,
            owner,
            billing_address,
            merged_into: None,
            version: 1,
            created_at_us: now_us,
            updated_at_us: now_us,
        };
        match name {
            Some(name) if problems.is_empty() => Ok(account(name)),
            _ => Err(problems),
        }
    }

    /// The account with a patch, as its next version; or everything that is wrong with the patch.
    pub fn patched(&self, patch: Patch, now_us: i64) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut new = self.clone();
        let name: Path = &["input", "name"];
        patch.name.apply_required(name, &mut new.name, &mut problems, |text, problems| {
            text::line(name, &text, problems)
        });
        let status: Path = &["input", "status"];
        patch.status.apply_required(status, &mut new.status, &mut problems, |value, _| Some(value));
        patch.domain.apply(&mut new.domain, |text| {
            text::domain(&["input", "domain"], &text, &mut problems)
        });
        patch.industry.apply(&mut new.industry, |text| {
            text::line(&["input", "industry"], &text, &mut problems)
        });
        patch
            .employee_count
            .apply(&mut new.employee_count, |count| employees(count, &mut problems));
        patch
            .billing_address
            .apply(&mut new.billing_address, |address| address.checked(&mut problems));
        if !problems.is_empty() {
            return Err(problems);
        }
        new.version += 1;
        new.updated_at_us = now_us;
        Ok(new)
    }

    /// This account with what only `dropped` knew, as its next version.
    pub fn merged(&self, dropped: &Self, now_us: i64) -> Self {
        let mut new = self.clone();
        let other = dropped.clone();
        new.legal_name = new.legal_name.or(other.legal_name);
        new.domain = new.domain.or(other.domain);
        new.tax_id = new.tax_id.or(other.tax_id);
        new.industry = new.industry.or(other.industry);
        new.employee_count = new.employee_count.or(other.employee_count);
        new.owner = new.owner.or(other.owner);
        new.billing_address = new.billing_address.or(other.billing_address);
        if new.status == Status::Prospect {
            new.status = other.status;
        }
        new.version += 1;
        new.updated_at_us = now_us;
        new
    }
}

// === impl Patch ===

impl Patch {
    /// Whether the patch touches the billing address only: what an account's admins may change.
    pub fn is_billing_only(&self) -> bool {
        !(self.name.is_some()
            || self.domain.is_some()
            || self.industry.is_some()
            || self.employee_count.is_some()
            || self.status.is_some())
    }
}

// === impl Address ===

impl Address {
    fn checked(self, problems: &mut Vec<Problem>) -> Option<Self> {
        let before = problems.len();
        let country = self.country.trim().to_owned();
        if country.len() != 2 || !country.bytes().all(|c| c.is_ascii_uppercase()) {
            let path: Path = &["input", "billingAddress", "country"];
            problems.push(Problem::invalid(path, "two upper-case letters of ISO 3166-1"));
        }
        let mut optional = |path: Path, text: Option<String>| match text.as_deref().map(str::trim) {
            None | Some("") => None,
            Some(text) => text::line(path, text, problems),
        };
        let line2 = optional(&["input", "billingAddress", "line2"], self.line2);
        let postal_code = optional(&["input", "billingAddress", "postalCode"], self.postal_code);
        let line1 = text::line(&["input", "billingAddress", "line1"], &self.line1, problems);
        let city = text::line(&["input", "billingAddress", "city"], &self.city, problems);
        match (line1, city) {
            (Some(line1), Some(city)) if problems.len() == before => {
                Some(Self { line1, line2, postal_code, city, country })
            }
            _ => None,
        }
    }
}

// === impl Status ===

impl Status {
    /// As stored, in events and in GraphQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prospect => "PROSPECT",
            Self::Customer => "CUSTOMER",
            Self::Churned => "CHURNED",
            Self::Archived => "ARCHIVED",
        }
    }
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        let all = [Self::Prospect, Self::Customer, Self::Churned, Self::Archived];
        all.into_iter().find(|status| status.as_str() == text).ok_or(UnknownStatus)
    }
}

/// A user's id; whether the user exists is identity's knowledge.
pub fn user_id(path: Path, text: &str, problems: &mut Vec<Problem>) -> Option<UserId> {
    let id = UserId::from_str(text).ok();
    if id.is_none() {
        problems.push(Problem::invalid(path, "the id of a user"));
    }
    id
}

fn employees(count: i32, problems: &mut Vec<Problem>) -> Option<i32> {
    if (0..=EMPLOYEES_MAX).contains(&count) {
        return Some(count);
    }
    let message = format!("a number between 0 and {EMPLOYEES_MAX}");
    problems.push(Problem::invalid(&["input", "employeeCount"], message));
    None
}
