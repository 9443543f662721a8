//! When two records are one: what is compared, how much it says, and when it is certain.
//!
//! Each thing that two records share leaves a doubt; the doubts multiply. A shared tax number
//! leaves 5 %, an e-mail address 10 %, a domain 30 %, a name (without its legal form) 40 %. A
//! candidate's score is one minus the doubt that is left, in thousandths.
//!
//! A score only informs. Making an account is refused when it is the same by [`Probe::is_same`].

use std::collections::BTreeMap;

use crate::domain::account::{Account, AccountId};
use crate::domain::contact::{Contact, ContactId};
use crate::domain::text;

/// The most candidates that are told.
pub const CANDIDATES_MAX: usize = 20;

/// What two records can share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// The tax number.
    TaxId,
    /// The e-mail address of a contact.
    Email,
    /// The Internet domain.
    Domain,
    /// The name.
    Name,
}

/// What a new record would be compared by; `None` is not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Probe {
    /// From [`text::match_key`].
    pub name: Option<String>,
    /// From [`text::normal_domain`].
    pub domain: Option<String>,
    /// From [`text::tax_key`].
    pub tax: Option<String>,
    /// From [`text::email_key`].
    pub email: Option<String>,
}

/// Something that exists and may be the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The account, or that of the contact.
    pub account: AccountId,
    /// The contact, if it is one.
    pub contact: Option<ContactId>,
    /// How likely it is the same, in thousandths.
    pub score_permille: u32,
    /// What is shared, the strongest first.
    pub matched_on: Vec<Mark>,
}

// === impl Mark ===

impl Mark {
    /// As told in `matchedOn`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TaxId => "taxId",
            Self::Email => "email",
            Self::Domain => "domain",
            Self::Name => "name",
        }
    }

    /// The doubt that is left when two records share it, in thousandths.
    fn doubt_permille(self) -> u64 {
        match self {
            Self::TaxId => 50,
            Self::Email => 100,
            Self::Domain => 300,
            Self::Name => 400,
        }
    }
}

// === impl Probe ===

impl Probe {
    /// Normalises what somebody typed; an unusable text is not compared.
    pub fn new(
        name: Option<&str>,
        domain: Option<&str>,
        tax_id: Option<&str>,
        email: Option<&str>,
    ) -> Self {
        let usable = |key: String| (!key.is_empty() && key.len() <= 1_000).then_some(key);
        Self {
            name: name.map(text::match_key).and_then(usable),
            domain: domain.and_then(text::normal_domain),
            tax: tax_id.map(text::tax_key).and_then(usable),
            email: email
                .map(text::email_key)
                .and_then(usable)
                .filter(|email| !email.contains(char::is_control)),
        }
    }

    /// What an account is compared by.
    pub fn of_account(account: &Account) -> Self {
        Self::new(Some(&account.name), account.domain.as_deref(), account.tax_id.as_deref(), None)
    }

    /// What the probe and an account share.
    pub fn marks(&self, account: &Account) -> Vec<Mark> {
        let other = Self::of_account(account);
        let shares =
            |mine: &Option<String>, theirs: &Option<String>| mine.is_some() && mine == theirs;
        let mut marks = Vec::new();
        if shares(&self.tax, &other.tax) {
            marks.push(Mark::TaxId);
        }
        if shares(&self.domain, &other.domain) {
            marks.push(Mark::Domain);
        }
        if shares(&self.name, &other.name) {
            marks.push(Mark::Name);
        }
        marks
    }

    /// Whether an account is certainly what the probe describes. Two tax numbers decide alone, one
    /// way or the other. Otherwise the same domain decides, and the same name does when not both
    /// have a domain.
    pub fn is_same(&self, account: &Account) -> bool {
        let other = Self::of_account(account);
        if let (Some(mine), Some(theirs)) = (&self.tax, &other.tax) {
            return mine == theirs;
        }
        match (&self.domain, &other.domain) {
            (Some(mine), Some(theirs)) => mine == theirs,
            _ => self.name.is_some() && self.name == other.name,
        }
    }
}

// === impl Candidate ===

impl Candidate {
    /// An account that shares `marks`.
    pub fn account(account: &Account, marks: Vec<Mark>) -> Self {
        let score_permille = score(&marks);
        Self { account: account.id.clone(), contact: None, score_permille, matched_on: marks }
    }

    /// A contact with the same e-mail address, and what its account shares.
    pub fn contact(contact: &Contact, mut marks: Vec<Mark>) -> Self {
        marks.push(Mark::Email);
        marks.sort_unstable();
        Self {
            account: contact.account.clone(),
            contact: Some(contact.id.clone()),
            score_permille: score(&marks),
            matched_on: marks,
        }
    }
}

/// The likeliest candidates, best first, each record once.
pub fn ranked(candidates: impl IntoIterator<Item = Candidate>) -> Vec<Candidate> {
    let mut best = BTreeMap::new();
    for candidate in candidates {
        let key = (candidate.account.clone(), candidate.contact.clone());
        best.entry(key).or_insert(candidate);
    }
    let mut ranked: Vec<Candidate> = best.into_values().collect();
    ranked.sort_by(|a, b| {
        let ids = |candidate: &Candidate| (candidate.account.clone(), candidate.contact.clone());
        b.score_permille.cmp(&a.score_permille).then_with(|| ids(a).cmp(&ids(b)))
    });
    ranked.truncate(CANDIDATES_MAX);
    ranked
}

fn score(marks: &[Mark]) -> u32 {
    let doubt = marks.iter().fold(1_000, |doubt, mark| doubt * mark.doubt_permille() / 1_000);
    u32::try_from(1_000 - doubt).unwrap_or(0)
}
