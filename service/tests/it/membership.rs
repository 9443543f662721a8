//! The view of memberships: fed by identity's events, the latest change stays.

use std::sync::Arc;
use std::time::Duration;

use braid_service::event::Cause;
use braid_service::inbox::dead_letters;
use braid_service::membership::{Membership, Memberships, Role};
use braid_service::outbox::{Fact, Outbox, Relay, RelayConfig};
use braid_service::seed::{Scale, world};
use braid_service::streams::{MEMBERSHIP_CHANGED, MembershipChanged};
use braid_service::testkit::TestKit;

#[tokio::test]
async fn roles_come_change_and_go_and_late_news_are_no_news() {
    let kit = TestKit::new();
    let deps = kit.deps("ephemeral:");
    let db = deps.open("test", &[]).await.unwrap();
    let outbox = Outbox::new("identity", deps.clock.clone(), Arc::clone(&deps.ids));
    let view = Memberships::follow(&deps, &db, &outbox, "test.memberships").await.unwrap();
    kit.bus.start();
    let relay =
        Relay::new(db.clone(), outbox.clone(), Arc::clone(&deps.bus), RelayConfig::default());
    kit.tasks.spawn("relay", relay.run(kit.tasks.token()));
    let tell = async |account: &str, role: Option<&str>, sequence: i64| {
        let data = MembershipChanged {
            user_id: "usr_1".to_owned(),
            account_id: account.to_owned(),
            role: role.map(str::to_owned),
        };
        let fact = Fact { subject: "usr_1", sequence, cause: &Cause::default(), data: &data };
        let mut tx = db.begin().await.unwrap();
        outbox.emit(&mut tx, &MEMBERSHIP_CHANGED, fact).await.unwrap();
        outbox.commit(tx).await.unwrap();
    };
    let role = async |account: &str| view.role("usr_1", account).await.unwrap();
    let eventually = async |account: &str, expected: Option<Role>| {
        for _ in 0..200 {
            if role(account).await == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{account} never became {expected:?}");
    };
    tell("acc_1", Some("MEMBER"), 1).await;
    tell("acc_2", Some("ADMIN"), 2).await;
    eventually("acc_2", Some(Role::Admin)).await;
    assert_eq!(role("acc_1").await, Some(Role::Member));
    tell("acc_1", Some("BUYER"), 5).await;
    eventually("acc_1", Some(Role::Buyer)).await;
    // Late: both are older than what is known. The last event shows that they have been taken in.
    tell("acc_1", None, 3).await;
    tell("acc_2", None, 6).await;
    eventually("acc_2", None).await;
    assert_eq!(role("acc_1").await, Some(Role::Buyer));
    tell("acc_2", Some("ADMIN"), 4).await;
    tell("acc_3", Some("KING"), 7).await;
    tell("acc_1", Some("ADMIN"), 8).await;
    eventually("acc_1", Some(Role::Admin)).await;
    assert_eq!(role("acc_2").await, None, "a role that was taken away does not come back");
    assert_eq!(role("acc_3").await, None);
    assert_eq!(dead_letters(&db, 10).await.unwrap().len(), 1, "there is no such role");
    let all = view.of("usr_1").await.unwrap();
    assert_eq!(all, [Membership { account_id: "acc_1".to_owned(), role: Role::Admin }]);
    assert_eq!(view.of("usr_2").await.unwrap(), []);
}

#[tokio::test]
async fn the_demo_world_is_seeded_once() {
    let kit = TestKit::new();
    let deps = kit.deps("ephemeral:");
    let db = deps.open("test", &[]).await.unwrap();
    let outbox = Outbox::new("test", deps.clock.clone(), Arc::clone(&deps.ids));
    let view = Memberships::follow(&deps, &db, &outbox, "test.memberships").await.unwrap();
    for _ in 0..2 {
        Memberships::seed(&db, Scale::Tiny).await.unwrap();
    }
    let role = view.role(&world::user(4), &world::account(0)).await.unwrap();
    assert_eq!(role, Some(Role::Admin));
    assert_eq!(view.of(&world::user(2)).await.unwrap(), [], "an individual");
}
