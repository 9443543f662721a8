//! The store's contract, on every database that it serves.

use std::str::FromStr as _;
use std::sync::Arc;

use braid_service::clock::Clock;
use braid_service::db::{Db, sql};
use braid_service::event::Cause;
use braid_service::ids::IdGen;
use braid_service::messaging;
use braid_service::money::{Currency, Decimal, Money, MoneyInput};
use braid_service::outbox::Outbox;
use braid_service::page::PageArgs;
use braid_service::search::Search;
use braid_service::testkit::databases;
use catalog::domain::draft::{Draft, Wish};
use catalog::domain::problem::ErrorCode;
use catalog::domain::product::{AccountId, Kind, ProductId, Status};
use catalog::store::list::{Filter, Sort};
use catalog::store::{Failure, Store};

struct World {
    store: Store,
    ids: Arc<IdGen>,
    clock: Clock,
    db: Db,
}

async fn world(db: Db) -> World {
    let clock = Clock::manual(1_000_000_000_000_000);
    let ids = Arc::new(IdGen::new(clock.clone()));
    messaging::migrate(&db).await.unwrap();
    Store::migrate(&db).await.unwrap();
    let category = format!("cat_{}", "0".repeat(32));
    let insert = sql("INSERT INTO categories (id, name, position) VALUES ($1, 'All', 0)");
    db.execute(insert.bind(category)).await.unwrap();
    let outbox = Outbox::new("catalog", clock.clone(), Arc::clone(&ids));
    World { store: Store::new(db.clone(), clock.clone(), outbox), ids, clock, db }
}

fn draft(sku: &str, name: &str, cents: i64) -> Draft {
    let price = MoneyInput { amount: Decimal::from_minor(cents, 2), currency: Currency::EUR };
    Draft::check(&Wish {
        sku: sku.to_owned(),
        kind: Kind::RidePass,
        name: name.to_owned(),
        summary: None,
        category_id: format!("cat_{}", "0".repeat(32)),
        price,
        rides: Some(10),
        valid_days: Some(30),
        route: None,
        seats: None,
        included_hours: None,
    })
    .unwrap()
}

impl World {
    async fn create(&self, sku: &str, name: &str, cents: i64) -> ProductId {
        self.clock.advance_us(1_000);
        let draft = draft(sku, name, cents);
        self.store.create(&self.ids, draft, &Cause::default()).await.unwrap()
    }

    /// Names of all products, page by page.
    async fn walk(&self, filter: &Filter, sort: Sort) -> Vec<String> {
        let (mut names, mut after) = (Vec::new(), None);
        loop {
            let args = PageArgs::new(Some(2), after.as_deref(), 2).unwrap();
            let page = self.store.products(filter, sort, &args).await.unwrap();
            names.extend(page.nodes.into_iter().map(|product| product.name));
            after = page.page_info.end_cursor;
            if !page.page_info.has_next_page {
                return names;
            }
        }
    }
}

fn everything() -> Filter {
    Filter {
        search: None,
        category: None,
        kind: None,
        statuses: vec![Status::Draft, Status::Active, Status::Retired],
    }
}

fn codes(failure: &Failure) -> Vec<ErrorCode> {
    match failure {
        Failure::Refused(problems) => problems.iter().map(|problem| problem.code).collect(),
        Failure::Db(_) | Failure::Messaging(_) => panic!("{failure:?}"),
    }
}

#[tokio::test]
async fn lists_filter_sort_and_page_alike() {
    for (name, db) in databases().await {
        let world = world(db).await;
        for (sku, product, cents) in [
            ("AA-1", "Cedar pass", 300),
            ("AA-2", "apple 100% pass", 300),
            ("AA-3", "Birch", 900),
            ("AA-4", "apple_pie", 100),
            ("AA-5", "Pass for all", 500),
        ] {
            world.create(sku, product, cents).await;
        }
        let all = everything();
        let newest = world.walk(&all, Sort::Newest).await;
        assert_eq!(newest[0], "Pass for all", "{name}");
        assert_eq!(newest.len(), 5, "{name}");
        let cheapest = world.walk(&all, Sort::PriceAsc).await;
        let mut dearest = world.walk(&all, Sort::PriceDesc).await;
        dearest.reverse();
        assert_eq!(cheapest, dearest, "{name}");
        assert_eq!(cheapest[0], "apple_pie", "{name}");
        assert_eq!(world.walk(&all, Sort::Relevance).await.len(), 5, "{name}");
        let search = |text: &str| Filter { search: Search::new(text), ..everything() };
        let found = world.walk(&search("PASS"), Sort::Relevance).await;
        assert_eq!(found[0], "Pass for all", "{name}");
        assert_eq!(found.len(), 3, "{name}");
        assert_eq!(world.walk(&search("100%"), Sort::Relevance).await, ["apple 100% pass"]);
        assert_eq!(world.walk(&search("e_p"), Sort::Newest).await, ["apple_pie"], "{name}");
        assert_eq!(world.store.count_products(&search("apple")).await.unwrap(), 2, "{name}");
        let none = Filter { statuses: Vec::new(), ..everything() };
        assert_eq!(world.walk(&none, Sort::Newest).await, [""; 0], "{name}");
    }
}

#[tokio::test]
async fn commands_lock_check_and_append_alike() {
    for (name, db) in databases().await {
        let world = world(db).await;
        let (store, cause) = (&world.store, Cause::default());
        let first = world.create("AA-1", "First", 100).await;
        let second = world.create("AA-2", "Second", 200).await;
        let taken = store.create(&world.ids, draft("AA-1", "Third", 1), &cause).await;
        assert_eq!(codes(&taken.unwrap_err()), [ErrorCode::SkuTaken], "{name}");
        let taken = store.update(&second, draft("AA-1", "Second", 1), None, &cause).await;
        assert_eq!(codes(&taken.unwrap_err()), [ErrorCode::SkuTaken], "{name}");
        store.update(&first, draft("AA-1", "First!", 150), Some(1), &cause).await.unwrap();
        let late = store.update(&first, draft("AA-1", "Late", 150), Some(1), &cause).await;
        assert_eq!(codes(&late.unwrap_err()), [ErrorCode::VersionConflict], "{name}");
        store.retire(&second, &cause).await.unwrap();
        let retired = store.update(&second, draft("AA-2", "Second", 1), None, &cause).await;
        assert_eq!(codes(&retired.unwrap_err()), [ErrorCode::Retired], "{name}");
        let products = store.products_by_sku(vec!["AA-1".to_owned()]).await.unwrap();
        let product = &products["AA-1"];
        assert_eq!((product.name.as_str(), product.version), ("First!", 3), "{name}");
        assert_eq!(product.price.minor, 150, "{name}");
        let rows = sql("SELECT COUNT(*) AS n FROM outbox");
        let events: i64 = world.db.fetch_one(rows).await.unwrap().get("n").unwrap();
        assert_eq!(events, 5, "{name}: two made, two of the update, one retired");
    }
}

#[tokio::test]
async fn prices_hold_from_their_beginning_alike() {
    for (name, db) in databases().await {
        let world = world(db).await;
        let (store, cause) = (&world.store, Cause::default());
        let id = world.create("AA-1", "First", 100).await;
        let now_us = world.clock.now_us();
        let dollars = Money::new(130, Currency::USD);
        store.change_price(&id, dollars, now_us, &cause).await.unwrap();
        let later = Money::new(120, Currency::EUR);
        store.change_price(&id, later, now_us + 5_000, &cause).await.unwrap();
        let price = async |currency, at_us| {
            let ids = vec![id.to_string()];
            store.list_prices(ids, currency, at_us).await.unwrap().get(id.as_str()).copied()
        };
        assert_eq!(price(Currency::EUR, now_us + 4_999).await, Some(100), "{name}");
        assert_eq!(price(Currency::EUR, now_us + 5_000).await, Some(120), "{name}");
        assert_eq!(price(Currency::USD, now_us).await, Some(130), "{name}");
        assert_eq!(price(Currency::from_str("CHF").unwrap(), now_us).await, None, "{name}");
        assert_eq!(store.announce_due().await.unwrap(), 0, "{name}");
        world.clock.advance_us(5_000);
        assert_eq!(store.announce_due().await.unwrap(), 1, "{name}");
        assert_eq!(store.announce_due().await.unwrap(), 0, "{name}: only once");
        let products = store.products_by_id(vec![id.to_string()]).await.unwrap();
        assert_eq!(products[id.as_str()].price.minor, 120, "{name}");
        let account = AccountId::from_str(&format!("acc_{}", "1".repeat(32))).unwrap();
        let insert = sql("INSERT INTO account_prices (account, product, currency, minor) \
             VALUES ($1, $2, 'EUR', 90)");
        world.db.execute(insert.bind(&account).bind(&id)).await.unwrap();
        let own = store.account_prices(&account, vec![id.to_string()], Currency::EUR).await;
        assert_eq!(own.unwrap()[id.as_str()], 90, "{name}");
    }
}
