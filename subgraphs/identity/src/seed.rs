//! The demo world's users (the shape is `braid_service::seed::world`'s), and who can sign in.

use braid_service::app::StartError;
use braid_service::db::{Db, Value, sql};
use braid_service::seed::world::{self, Counts};
use braid_service::seed::{Progress, Random, Scale, insert_rows};

use crate::domain::{ConsentPurpose, UserGroup, UserStatus, email_key, password};
use crate::store::clients::hash_secret;
use crate::store::users::search_key;

/// The password of every demo user. The demo world is public; real users never get it.
pub const DEMO_PASSWORD: &str = "corridor-demo";
/// The secret of the demo partner's API client.
pub const DEMO_CLIENT_SECRET: &str = "corridor-demo-partner-secret";

/// Somebody who can sign in to the demo world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DemoUser {
    /// The e-mail address, or the id of an API client.
    pub email: &'static str,
    /// The password.
    pub password: &'static str,
    /// In a word.
    pub role: &'static str,
    /// In a sentence.
    pub description: &'static str,
}

/// A demo user with what the tables need.
struct Demo {
    user: DemoUser,
    name: &'static str,
    groups: &'static [UserGroup],
    team: Option<&'static str>,
}

const DEMO: [Demo; 8] = [
    demo("staff@corridor.example", "staff", "Sasha Staff", &[UserGroup::Staff]),
    Demo {
        team: Some("FINANCE"),
        ..demo("finance@corridor.example", "finance staff", "Finley Finance", &[UserGroup::Staff])
    },
    demo("passenger@corridor.example", "passenger", "Pat Passenger", &[UserGroup::Passenger]),
    demo("buyer@corridor.example", "buyer", "Bailey Buyer", &[UserGroup::Passenger]),
    demo(
        "account-admin@corridor.example",
        "account admin",
        "Addison Admin",
        &[UserGroup::Passenger],
    ),
    demo("driver@corridor.example", "driver", "Drew Driver", &[UserGroup::Driver]),
    demo("fleet@corridor.example", "fleet manager", "Flynn Fleet", &[UserGroup::FleetManager]),
    demo("admin@corridor.example", "system admin", "Sydney System", &[UserGroup::SystemAdmin]),
];

const fn demo(
    email: &'static str,
    role: &'static str,
    name: &'static str,
    groups: &'static [UserGroup],
) -> Demo {
    let user = DemoUser { email, password: DEMO_PASSWORD, role, description: "" };
    Demo { user, name, groups, team: None }
}

/// Who can sign in to the demo world, in the order of the world's first users. (The partner's API
/// client has its id in [`demo_client`].)
pub fn demo_users() -> Vec<DemoUser> {
    let descriptions = [
        "works for Corridor in sales: accounts, customers, catalog, orders",
        "staff who also sets credit limits and holds",
        "rides, and buys for themselves",
        "buys for the first account of the world",
        "manages the first account of the world",
        "drives",
        "runs a fleet",
        "operates the platform: users, API clients, privacy; no business data",
    ];
    let users = DEMO.iter().zip(descriptions);
    users.map(|(demo, description)| DemoUser { description, ..demo.user }).collect()
}

/// Id and secret of the demo partner's API client, which is linked to the first account.
pub fn demo_client() -> (String, &'static str) {
    (world::partner_client(), DEMO_CLIENT_SECRET)
}

/// Writes the world's users, memberships, consents, credentials and API client.
pub async fn world(db: &Db, scale: Scale, progress: &Progress) -> Result<(), StartError> {
    let counts = Counts::of(scale);
    let total = counts.users * 4;
    let mut done = 0;
    let mut told = |rows: u64| {
        done += rows;
        progress(done.min(total), total);
    };
    let rows = (0..counts.users).map(user_row);
    let insert = "INSERT INTO users (id, status, groups_mask, locale, created_at, version) \
         VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, rows, &mut told).await?;
    let insert = "INSERT INTO user_details \
         (user_id, display_name, email, email_key, phone, avatar_url, search_key) \
         VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, (0..counts.users).map(details_row), &mut told).await?;
    let rows = (0..counts.users).filter_map(|n| {
        let (account, role) = world::membership(n, &counts)?;
        Some([world::user(n).into(), world::account(account).into(), role.into()])
    });
    let insert = "INSERT INTO memberships (user_id, account_id, role) \
         VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, rows, &mut told).await?;
    let rows = (0..counts.users).map(|n| {
        let purpose = ConsentPurpose::ALL[usize::try_from(n % 3).unwrap_or(0)];
        let granted = Random::of("consent", n).below(4) > 0;
        [world::user(n).into(), purpose.into(), granted.into(), world::created_at_us(n).into()]
    });
    let insert = "INSERT INTO consents (user_id, purpose, granted, changed_at) \
         VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, rows, &mut told).await?;
    sign_in(db).await?;
    progress(total, total);
    Ok(())
}

/// Credentials of the demo users and of the partner.
async fn sign_in(db: &Db) -> Result<(), StartError> {
    // One hash serves all: the password is public anyway.
    let hash = tokio::task::spawn_blocking(|| password::hash(DEMO_PASSWORD));
    let hash = hash.await.map_err(|error| StartError::Seed(error.to_string()))?;
    let hash = hash.map_err(|error| StartError::Seed(error.to_string()))?;
    let rows = (0..world::FIRST_PLAIN_USER)
        .map(|n| [world::user(n).into(), hash.as_str().into(), world::created_at_us(n).into()]);
    let insert = "INSERT INTO credentials (user_id, password_hash, changed_at) \
         VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, rows, |_| {}).await?;
    let teams = (0..)
        .zip(&DEMO)
        .filter_map(|(n, demo)| Some([world::user(n).into(), Value::from(demo.team?)]));
    let insert = "INSERT INTO user_teams (user_id, team) VALUES $ROWS ON CONFLICT DO NOTHING";
    insert_rows(db, insert, teams, |_| {}).await?;
    let (id, secret) = demo_client();
    let client = sql("INSERT INTO api_clients \
         (id, name, secret_hash, scopes, account_id, rate_limit_per_minute, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
    .bind(id)
    .bind("Demo partner")
    .bind(hash_secret(secret))
    .bind(
        "accounts:read customers:read invoices:read leads:create orders:read orders:write \
           trips:read trips:request webhooks:manage",
    )
    .bind(world::account(0))
    .bind(600_i64)
    .bind(world::created_at_us(0));
    db.execute(client).await?;
    Ok(())
}

fn demo_of(n: u64) -> Option<&'static Demo> {
    usize::try_from(n).ok().and_then(|n| DEMO.get(n))
}

fn user_row(n: u64) -> [Value; 6] {
    const LOCALES: &[&str] = &["en", "de", "fr", "en-GB"];
    let groups = demo_of(n).map_or(&[UserGroup::Passenger][..], |demo| demo.groups);
    let locale = if demo_of(n).is_some() { "en" } else { Random::of("locale", n).pick(LOCALES) };
    [
        world::user(n).into(),
        UserStatus::Active.into(),
        UserGroup::mask(groups).into(),
        locale.into(),
        world::created_at_us(n).into(),
        1_i64.into(),
    ]
}

fn details_row(n: u64) -> [Value; 7] {
    let (name, email) = match demo_of(n) {
        Some(demo) => (demo.name.to_owned(), demo.user.email.to_owned()),
        None => (plain_name(n), format!("user{n}@people.corridor.example")),
    };
    let phone = format!("+49 30 {:07}", 1_000_000 + n);
    let avatar = format!("/images/avatars/{}.svg", n % 24);
    [
        world::user(n).into(),
        name.as_str().into(),
        email.as_str().into(),
        email_key(&email).into(),
        phone.into(),
        avatar.into(),
        search_key(&name, &email).into(),
    ]
}

fn plain_name(n: u64) -> String {
    const FIRST: &[&str] = &[
        "Alex", "Casey", "Charlie", "Dana", "Elliot", "Frankie", "Jamie", "Jordan", "Kim", "Lee",
        "Morgan", "Nico", "Quinn", "Riley", "Robin", "Sam", "Taylor", "Toni",
    ];
    const LAST: &[&str] = &[
        "Ash", "Birch", "Brook", "Dale", "Elm", "Field", "Glen", "Hill", "Lake", "Marsh", "Moor",
        "Reed", "Stone", "Vale", "West", "Wood",
    ];
    let mut random = Random::of("user-name", n);
    format!("{} {}", random.pick(FIRST), random.pick(LAST))
}
