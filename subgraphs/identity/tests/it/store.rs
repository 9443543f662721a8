//! The same story on every database: each statement of the store runs on SQLite and on PostgreSQL.

use std::sync::Arc;

use braid_service::ids::IdGen;
use braid_service::outbox::Outbox;
use braid_service::page::PageArgs;
use braid_service::seed::{Scale, world};
use braid_service::testkit::{TestKit, database_urls};
use identity::domain::problem::ErrorCode;
use identity::domain::{AccountRole, ConsentPurpose, PrivacyStatus, UserGroup, UserStatus};
use identity::store::clients::NewClient;
use identity::store::privacy::Wish;
use identity::store::sessions::Refreshed;
use identity::store::users::{NewUser, ProfileChange, UserFilter};
use identity::store::{Failure, Store};

/// Stores on every database, with the tiny world.
async fn stores() -> Vec<(&'static str, TestKit, Store)> {
    let mut stores = Vec::new();
    for (name, url) in database_urls().await {
        let kit = TestKit::new();
        let (service, _) = identity::start(kit.deps(&url)).await.unwrap();
        service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
        service.seed(Scale::Tiny, Arc::new(|_, _| {})).await.unwrap();
        let ids = Arc::new(IdGen::new(kit.clock.clone()));
        let outbox = Outbox::new("identity", kit.clock.clone(), Arc::clone(&ids));
        let store = Store::new(service.db.clone(), kit.clock.clone(), ids, outbox);
        stores.push((name, kit, store));
    }
    stores
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> ErrorCode {
    match result {
        Err(Failure::Problem(problem)) => problem.code,
        other => panic!("no problem: {other:?}"),
    }
}

#[tokio::test]
async fn users_are_registered_found_and_changed() {
    for (name, _kit, store) in stores().await {
        let id = store.ids().id("usr");
        let new = NewUser {
            id: id.clone(),
            display_name: "Nel New".to_owned(),
            email: "Nel@corridor.example".to_owned(),
            groups: vec![UserGroup::Passenger, UserGroup::Driver],
            locale: "en".to_owned(),
        };
        store.register(new.clone(), "usr_admin").await.unwrap();
        let twin = NewUser { id: store.ids().id("usr"), ..new };
        assert_eq!(code(store.register(twin.clone(), "usr_admin").await), ErrorCode::Invalid);
        assert!(store.user(&twin.id).await.unwrap().is_none(), "{name}: all or nothing");
        let args = PageArgs::new(Some(3), None, 3).unwrap();
        let filter = UserFilter {
            group: Some(UserGroup::Driver),
            status: Some(UserStatus::Active),
            text: Some("N".to_owned()),
        };
        let page = store.users_page(&filter, &args).await.unwrap();
        assert_eq!(page.nodes[0].id, id, "{name}");
        let after = page.page_info.end_cursor.as_deref();
        let rest = PageArgs::new(Some(100), after, 3).unwrap();
        let shown = page.nodes.len() + store.users_page(&filter, &rest).await.unwrap().nodes.len();
        assert_eq!(i64::try_from(shown).unwrap(), store.users_count(&filter).await.unwrap());
        let change = ProfileChange {
            display_name: Some("Nel Newer".to_owned()),
            phone: Some(Some("+49 30 1234567".to_owned())),
            locale: None,
        };
        store.change_profile(&id, change).await.unwrap();
        store.set_groups(&id, &[UserGroup::FleetManager], "usr_admin").await.unwrap();
        store.set_consent(&id, ConsentPurpose::Marketing, true).await.unwrap();
        store.set_consent(&id, ConsentPurpose::Marketing, false).await.unwrap();
        let user = store.user(&id).await.unwrap().unwrap();
        assert_eq!((user.version, user.display_name.as_deref()), (5, Some("Nel Newer")));
        let consents = store.consents(vec![id.clone()]).await.unwrap();
        assert!(!consents[&id][0].granted, "{name}");
        let unknown = store.change_profile("usr_none", ProfileChange::default()).await;
        assert_eq!(code(unknown), ErrorCode::NotFound, "{name}");
    }
}

#[tokio::test]
async fn memberships_come_and_go() {
    for (name, _kit, store) in stores().await {
        let (user, account) = (world::user(2), world::account(0));
        let buyer = world::user(3);
        let shares = async || store.sharing_account(&buyer, vec![user.clone()]).await.unwrap();
        assert!(shares().await.is_empty());
        for role in [Some(AccountRole::Member), Some(AccountRole::Buyer)] {
            store.set_membership(&user, &account, role, "usr_admin").await.unwrap();
        }
        assert_eq!(shares().await, std::slice::from_ref(&user), "{name}");
        let standing = store.standing(&user).await.unwrap().unwrap();
        assert_eq!(standing.roles, [AccountRole::Buyer], "{name}");
        store.set_membership(&user, &account, None, "usr_admin").await.unwrap();
        assert!(store.memberships(vec![user.clone()]).await.unwrap().is_empty(), "{name}");
        assert!(store.standing("usr_none").await.unwrap().is_none());
        let finance = store.standing(&world::user(1)).await.unwrap().unwrap();
        assert_eq!(finance.teams, ["FINANCE"]);
    }
}

#[tokio::test]
async fn privacy_requests_are_noted() {
    for (name, _kit, store) in stores().await {
        let user = world::user(2);
        let id = store.request_privacy(&user, Wish::Export, "k").await.unwrap();
        assert_eq!(store.request_privacy(&user, Wish::Export, "k").await.unwrap(), id, "{name}");
        let other = store.request_privacy(&user, Wish::Export, "l").await;
        assert_eq!(code(other), ErrorCode::AlreadyRunning);
        let held = store.place_hold(&user, "court", None, "usr_admin").await.unwrap();
        assert_eq!(held, None);
        let wish = Wish::Erasure("passenger@corridor.example");
        assert_eq!(code(store.request_privacy(&user, wish, "m").await), ErrorCode::LegalHold);
        assert_eq!(store.outcomes(vec![id.clone()]).await.unwrap()[&id].len(), 5, "{name}");
        assert_eq!(store.requests_of(vec![user.clone()]).await.unwrap()[&user].len(), 1);
        let args = PageArgs::new(None, None, 20).unwrap();
        let page = store.requests_page(Some(PrivacyStatus::Requested), &args).await.unwrap();
        let after = page.page_info.end_cursor.as_deref();
        let next = PageArgs::new(None, after, 20).unwrap();
        assert_eq!(page.nodes.len(), 1);
        assert!(store.requests_page(None, &next).await.unwrap().nodes.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn sessions_rotate_and_end() {
    for (name, kit, store) in stores().await {
        let user = world::user(2);
        let row = store.sign_in_row("PASSENGER@corridor.example").await.unwrap().unwrap();
        assert_eq!(row.user_id, user, "{name}");
        let first = store.open_family(&user).await.unwrap();
        let Refreshed::Next { token, user_id } = store.refresh(&first).await.unwrap() else {
            panic!("{name}: a fresh token is good")
        };
        assert_eq!(user_id, user);
        assert_eq!(store.refresh(&first).await.unwrap(), Refreshed::Reused, "{name}");
        assert_eq!(store.refresh(&token).await.unwrap(), Refreshed::Refused, "{name}");
        let second = store.open_family(&user).await.unwrap();
        store.sign_out(&second).await.unwrap();
        assert_eq!(store.refresh(&second).await.unwrap(), Refreshed::Refused);
        kit.clock.advance_us(60 * braid_service::scalars::DAY_US);
        store.prune_families().await.unwrap();
        assert_eq!(store.refresh("unknown").await.unwrap(), Refreshed::Refused);
    }
}

#[tokio::test]
async fn clients_are_made_used_and_revoked() {
    for (name, _kit, store) in stores().await {
        let client = NewClient {
            name: "Expenses".to_owned(),
            scopes: vec!["orders:read".to_owned()],
            account_id: Some(world::account(0)),
            rate_limit_per_minute: 60,
        };
        let (id, secret) = store.create_client(client).await.unwrap();
        assert_eq!(store.clients().await.unwrap().len(), 2, "{name}");
        assert!(store.authenticate_client(&id, "wrong").await.unwrap().is_none());
        let used = store.authenticate_client(&id, &secret).await.unwrap().unwrap();
        assert!(used.last_used_at.is_some() && used.account_id == Some(world::account(0)));
        store.revoke_client(&id).await.unwrap();
        store.revoke_client(&id).await.unwrap();
        assert!(store.authenticate_client(&id, &secret).await.unwrap().is_none(), "{name}");
        assert_eq!(code(store.revoke_client("cli_none").await), ErrorCode::NotFound);
    }
}
