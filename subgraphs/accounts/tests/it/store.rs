//! The store's contract, on every database that it serves.

use std::sync::Arc;

use accounts::domain::account::{self, Account, AccountId, Patch};
use accounts::domain::contact;
use accounts::domain::duplicate::{Mark, Probe};
use accounts::domain::patch::Change;
use accounts::domain::problem::ErrorCode;
use accounts::store::list::Filter;
use accounts::store::{Command, Failure, Once, Store};
use braid_service::clock::Clock;
use braid_service::db::{Db, sql};
use braid_service::event::Cause;
use braid_service::ids::IdGen;
use braid_service::messaging;
use braid_service::outbox::Outbox;
use braid_service::page::PageArgs;
use braid_service::search::Search;
use braid_service::testkit::databases;

struct World {
    store: Store,
    db: Db,
    cause: Cause,
}

async fn world(db: Db) -> World {
    let clock = Clock::manual(1_000_000_000_000_000);
    let ids = Arc::new(IdGen::new(clock.clone()));
    messaging::migrate(&db).await.unwrap();
    Store::migrate(&db).await.unwrap();
    let outbox = Outbox::new("accounts", clock.clone(), Arc::clone(&ids));
    let store = Store::new(db.clone(), clock, ids, outbox);
    World { store, db, cause: Cause::default() }
}

fn once(key: &str) -> Once<'_> {
    Once { key, fingerprint: key.to_owned() }
}

fn wish(name: &str, domain: Option<&str>) -> account::Wish {
    account::Wish {
        name: name.to_owned(),
        domain: domain.map(str::to_owned),
        industry: Some("Media".to_owned()),
        employee_count: Some(3),
        tax_id: None,
        billing_address: None,
        owner_id: None,
    }
}

fn person(account: &AccountId, name: &str, email: &str) -> contact::Wish {
    contact::Wish {
        account_id: account.to_string(),
        full_name: name.to_owned(),
        email: Some(email.to_owned()),
        phone: None,
        job_title: None,
    }
}

fn patch() -> Patch {
    Patch {
        name: Change::Keep,
        domain: Change::Keep,
        industry: Change::Keep,
        employee_count: Change::Keep,
        status: Change::Keep,
        billing_address: Change::Keep,
    }
}

fn codes<T: std::fmt::Debug>(written: Result<T, Failure>) -> Vec<ErrorCode> {
    match written.unwrap_err() {
        Failure::Refused(problems) => problems.iter().map(|problem| problem.code).collect(),
        failure @ (Failure::Db(_) | Failure::Messaging(_)) => panic!("{failure:?}"),
    }
}

impl World {
    fn command(&self) -> Command<'_> {
        Command { cause: &self.cause, subject: "usr_test" }
    }

    async fn make(&self, name: &str, domain: Option<&str>) -> AccountId {
        let wish = wish(name, domain);
        let id = self.store.create_account(&self.command(), &once(name), wish).await.unwrap();
        id.parse().unwrap()
    }

    async fn account(&self, id: &AccountId) -> Arc<Account> {
        let mut found = self.store.accounts_by_id(vec![id.to_string()]).await.unwrap();
        found.remove(id.as_str()).unwrap()
    }

    async fn rows(&self, table: &'static str) -> i64 {
        let statement = sql("SELECT COUNT(*) AS n FROM ").push(table);
        self.db.fetch_one(statement).await.unwrap().get("n").unwrap()
    }
}

#[tokio::test]
async fn accounts_are_made_found_and_listed_alike() {
    for (name, db) in databases().await {
        let world = world(db).await;
        for n in 0..5 {
            world.make(&format!("Firm {n} 100%"), Some(&format!("firm{n}.example"))).await;
        }
        let (command, other) = (world.command(), wish("Other", Some("firm3.example")));
        let same = world.store.create_account(&command, &once("other"), other).await;
        assert_eq!(codes(same), [ErrorCode::Duplicate], "{name}");
        let again = world.make("Firm 0 100%", Some("firm0.example")).await;
        assert_eq!(world.account(&again).await.name, "Firm 0 100%", "{name}: a repeat");
        assert_eq!((world.rows("accounts").await, world.rows("outbox").await), (5, 5), "{name}");
        let filter = Filter {
            search: Search::new("firm 100%"),
            industry: Some("MEDIA".to_owned()),
            ..Filter::default()
        };
        assert_eq!(world.store.count_accounts(&filter).await.unwrap(), 5, "{name}");
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let args = PageArgs::new(Some(2), after.as_deref(), 2).unwrap();
            let page = world.store.accounts(&filter, &args).await.unwrap();
            names.extend(page.nodes.into_iter().map(|account| account.name));
            after = page.page_info.end_cursor;
            if !page.page_info.has_next_page {
                break;
            }
        }
        let expected: Vec<String> = (0..5).map(|n| format!("Firm {n} 100%")).collect();
        assert_eq!(names, expected, "{name}");
        let none = Filter { ids: Some(Vec::new()), ..Filter::default() };
        assert_eq!(world.store.count_accounts(&none).await.unwrap(), 0, "{name}");
    }
}

#[tokio::test]
async fn versions_guard_and_merges_move_alike() {
    for (name, db) in databases().await {
        let world = world(db).await;
        let (keep, drop) =
            (world.make("Keep", None).await, world.make("Drop", Some("drop.example")).await);
        for (n, account) in [&keep, &drop, &drop].into_iter().enumerate() {
            let wish = person(account, &format!("P{n}"), &format!("p{n}@x.example"));
            let key = format!("c{n}");
            world.store.create_contact(&world.command(), &once(&key), wish).await.unwrap();
        }
        let changed = Patch { employee_count: Change::Set(9), industry: Change::Clear, ..patch() };
        let command = world.command();
        world.store.update_account(&command, &keep, changed.clone(), 1).await.unwrap();
        let late = world.store.update_account(&command, &keep, changed, 1).await;
        assert_eq!(codes(late), [ErrorCode::VersionConflict], "{name}");
        for _ in 0..2 {
            world.store.merge_accounts(&command, &once("m"), &keep, &drop).await.unwrap();
        }
        let kept = world.account(&keep).await;
        assert_eq!(kept.domain.as_deref(), Some("drop.example"), "{name}: learnt");
        assert_eq!((kept.employee_count, kept.version), (Some(9), 3), "{name}");
        assert_eq!(world.account(&drop).await.merged_into.as_ref(), Some(&keep), "{name}");
        let of = world.store.contacts_of(vec![keep.to_string(), drop.to_string()], None, 2).await;
        let of = of.unwrap();
        assert_eq!(of[keep.as_str()].len(), 2, "{name}: limited per account");
        assert!(!of.contains_key(drop.as_str()), "{name}");
        let probe = Probe::new(None, Some("drop.example"), None, Some("P1@X.example"));
        let candidates = world.store.duplicate_candidates(&probe).await.unwrap();
        assert_eq!(candidates.len(), 2, "{name}: a contact and its account, nothing archived");
        assert_eq!(candidates[0].matched_on, [Mark::Email, Mark::Domain], "{name}");
        assert_eq!(candidates[0].score_permille, 970, "{name}");
    }
}

#[tokio::test]
async fn of_many_equal_accounts_one_is_made_alike() {
    for (name, db) in databases().await {
        let world = Arc::new(world(db).await);
        let mut makers = tokio::task::JoinSet::new();
        for n in 0..8 {
            let world = Arc::clone(&world);
            makers.spawn(async move {
                let key = format!("k{n}");
                let wish = wish("Same", Some("same.example"));
                world.store.create_account(&world.command(), &once(&key), wish).await.is_ok()
            });
        }
        let made = makers.join_all().await.into_iter().filter(|made| *made).count();
        assert_eq!((made, world.rows("accounts").await), (1, 1), "{name}");
        let mut repeats = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let world = Arc::clone(&world);
            repeats.spawn(async move { world.make("Once", None).await });
        }
        let ids = repeats.join_all().await;
        assert!(ids.iter().all(|id| *id == ids[0]), "{name}");
        assert_eq!(world.rows("accounts").await, 2, "{name}");
    }
}
