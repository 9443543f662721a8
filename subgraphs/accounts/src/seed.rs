//! The accounts of the demo world. Names, owners and who belongs where come from [`world`]; here
//! accounts get what only this service knows, and their contacts.

use std::str::FromStr;

use braid_service::app::StartError;
use braid_service::db::{Db, Value};
use braid_service::membership::Memberships;
use braid_service::seed::world::{self, Counts};
use braid_service::seed::{Progress, Random, Scale, insert_rows};

use crate::domain::account::{Account, Address, Status};
use crate::domain::contact::Contact;
use crate::store::row::{
    ACCOUNT_COLUMNS, account_values, contact_values, insert_accounts, insert_contacts,
};

const INDUSTRIES: [&str; 6] =
    ["Logistics", "Software", "Manufacturing", "Health care", "Media", "Retail"];
const CITIES: [(&str, &str, &str); 6] = [
    ("Rotterdam", "NL", "3011 AB"),
    ("Hamburg", "DE", "20457"),
    ("Antwerp", "BE", "2000"),
    ("Lyon", "FR", "69002"),
    ("Milan", "IT", "20121"),
    ("Porto", "PT", "4050-253"),
];
const GIVEN_NAMES: [&str; 10] =
    ["Alex", "Bo", "Casey", "Dana", "Eli", "Frankie", "Jordan", "Kim", "Robin", "Sam"];
const FAMILY_NAMES: [&str; 10] = [
    "Berg", "Costa", "Dijk", "Eriksen", "Fischer", "Garnier", "Horvat", "Jansen", "Lind", "Moreau",
];
const JOB_TITLES: [&str; 4] =
    ["Office manager", "Head of operations", "Travel manager", "Finance director"];

/// Writes the world; what exists already stays.
pub(crate) async fn world(db: &Db, scale: Scale, progress: &Progress) -> Result<(), StartError> {
    let counts = Counts::of(scale);
    Memberships::seed(db, scale).await?;
    let total = counts.accounts + counts.contacts;
    let mut done = 0;
    let mut told = |rows| {
        done += rows;
        progress(done, total);
    };
    let accounts: Vec<[Value; ACCOUNT_COLUMNS]> = (0..counts.accounts)
        .map(|n| Ok(account_values(&account(n)?)?))
        .collect::<Result<_, StartError>>()?;
    let insert = insert_accounts!(" ON CONFLICT DO NOTHING");
    insert_rows(db, insert, accounts.into_iter(), &mut told).await?;
    let contacts: Vec<_> = (0..counts.contacts)
        .map(|n| Ok(contact_values(&contact(n, &counts)?)))
        .collect::<Result<_, StartError>>()?;
    let insert = insert_contacts!(" ON CONFLICT DO NOTHING");
    insert_rows(db, insert, contacts.into_iter(), &mut told).await
}

fn account(n: u64) -> Result<Account, StartError> {
    let mut random = Random::of("account-details", n);
    let name = world::account_name(n);
    let (city, country, postal_code) = *random.pick(&CITIES);
    let at_us = world::created_at_us(n);
    let statuses = [Status::Customer, Status::Customer, Status::Prospect, Status::Churned];
    Ok(Account {
        id: parsed(&world::account(n))?,
        legal_name: Some(format!("{name} Ltd")),
        domain: Some(domain(n)),
        tax_id: Some(format!("{country}{:09}", 100_000_000 + n)),
        industry: Some((*random.pick(&INDUSTRIES)).to_owned()),
        employee_count: i32::try_from(10 + random.below(5_000)).ok(),
        // The demo users' account buys.
        status: if n == 0 { Status::Customer } else { *random.pick(&statuses) },
        owner: Some(parsed(&world::user(world::account_owner(n)))?),
        billing_address: Some(Address {
            line1: format!("{} Station Road", 1 + random.below(200)),
            line2: None,
            postal_code: Some(postal_code.to_owned()),
            city: city.to_owned(),
            country: country.to_owned(),
        }),
        merged_into: None,
        version: 1,
        created_at_us: at_us,
        updated_at_us: at_us,
        name,
    })
}

fn contact(n: u64, counts: &Counts) -> Result<Contact, StartError> {
    let mut random = Random::of("contact-details", n);
    let account = n % counts.accounts;
    let given = *random.pick(&GIVEN_NAMES);
    let family = *random.pick(&FAMILY_NAMES);
    let at_us = world::created_at_us(n);
    Ok(Contact {
        id: parsed(&world::contact(n))?,
        account: parsed(&world::account(account))?,
        full_name: format!("{given} {family}"),
        email: Some(format!("{given}.{family}.{n}@{}", domain(account)).to_lowercase()),
        phone: Some(format!("+31 20 555 {:04}", n % 10_000)),
        job_title: Some((*random.pick(&JOB_TITLES)).to_owned()),
        user: None,
        do_not_contact: n % 17 == 16,
        version: 1,
        created_at_us: at_us,
        updated_at_us: at_us,
    })
}

/// A domain that nobody can own (RFC 2606).
fn domain(account: u64) -> String {
    let name = world::account_name(account).to_lowercase().replace(' ', "-");
    format!("{name}-{account}.example")
}

fn parsed<T: FromStr>(text: &str) -> Result<T, StartError> {
    text.parse().map_err(|_| StartError::Seed(format!("`{text}` is not what it should be")))
}
