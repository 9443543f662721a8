//! What every driver of the bus promises, asked of each; and what Redis has to survive beside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use braid_service::bus::redis::RETAINED;
use braid_service::bus::{Bus, BusError, Delivery, LocalBus, Message, RedisBus, Subscription};
use braid_service::event::Envelope;
use braid_service::testkit::redis_url;
use tokio::task::JoinSet;
use tokio::time::timeout;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(20);
const STREAM: &str = "tests.contract";

pub(super) fn message(key: &str, number: usize) -> Message {
    let text = serde_json::json!({
        "specversion": "1.0", "id": format!("evt_{}", Uuid::now_v7()), "source": "/tests",
        "type": STREAM, "dataschema": "x", "subject": key, "time": "2026-01-01T00:00:00Z",
        "datacontenttype": "application/json", "partitionkey": key,
        "sequence": format!("{number:020}"), "correlationid": "c",
        "dataclassification": "internal", "data": number,
    });
    Message { stream: STREAM.into(), event: Arc::new(Envelope::parse(&text.to_string()).unwrap()) }
}

/// A bus of its own on the Redis of the tests, with a connection to look behind it.
pub(super) async fn redis() -> Option<(RedisBus, String, redis::aio::MultiplexedConnection)> {
    let url = redis_url()?;
    let prefix = format!("test-{}", Uuid::now_v7().simple());
    let bus = RedisBus::connect(&format!("{url}#{prefix}")).unwrap();
    let client = redis::Client::open(url).unwrap();
    Some((bus, prefix, client.get_multiplexed_async_connection().await.unwrap()))
}

/// A bus and how to start it.
type Subject = (&'static str, Arc<dyn Bus>, Box<dyn Fn() + Send>);

/// Each driver; start it when all have subscribed.
async fn drivers() -> Vec<Subject> {
    let local = LocalBus::new();
    let starting = local.clone();
    let mut all: Vec<Subject> =
        vec![("local", Arc::new(local), Box::new(move || starting.start()))];
    if let Some((bus, _, _)) = redis().await {
        all.push(("redis", Arc::new(bus), Box::new(|| {})));
    }
    all
}

/// As the relay does: again until the bus answers for it.
pub(super) async fn publish(bus: &dyn Bus, message: &Message) {
    timeout(PATIENCE, async {
        while bus.publish(message).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the bus takes the message in time");
}

/// The next delivery, with its key and number.
async fn next(events: &mut Box<dyn Subscription>) -> (String, usize, Delivery) {
    let delivery = timeout(PATIENCE, events.next()).await.expect("a delivery in time").unwrap();
    let event = &delivery.message.event;
    (event.partitionkey.clone(), event.sequence.parse().unwrap(), delivery)
}

async fn nothing_for(events: &mut Box<dyn Subscription>, time: Duration) -> bool {
    timeout(time, events.next()).await.is_err()
}

#[tokio::test]
async fn every_group_has_every_message_in_order_of_its_key() {
    for (name, bus, start) in drivers().await {
        let groups =
            ["tests.one", "tests.two"].map(|group| bus.subscribe(group, &[STREAM]).unwrap());
        let other = bus.subscribe("tests.other", &["tests.elsewhere"]).unwrap();
        start();
        let mut readers = JoinSet::new();
        for mut events in groups {
            readers.spawn(async move {
                let mut seen: BTreeMap<String, Vec<usize>> = BTreeMap::new();
                let mut tasks = JoinSet::new();
                for count in 0..5 * 40 {
                    let (key, number, delivery) = next(&mut events).await;
                    seen.entry(key).or_default().push(number);
                    tasks.spawn(async move {
                        tokio::time::sleep(Duration::from_millis(count % 3)).await;
                        drop(delivery.ack().await);
                    });
                }
                tasks.join_all().await;
                seen
            });
        }
        let mut writers = JoinSet::new();
        for key in 0..5 {
            let bus = Arc::clone(&bus);
            writers.spawn(async move {
                for number in 0..40 {
                    publish(&*bus, &message(&format!("key-{key}"), number)).await;
                }
            });
        }
        writers.join_all().await;
        for seen in readers.join_all().await {
            assert_eq!(seen.len(), 5, "{name}");
            for (key, numbers) in seen {
                assert_eq!(numbers, (0..40).collect::<Vec<_>>(), "{name} {key}");
            }
        }
        let mut other = other;
        assert!(nothing_for(&mut other, Duration::from_millis(50)).await, "{name}");
    }
}

#[tokio::test]
async fn what_is_refused_or_dropped_comes_again_before_the_next_of_its_key() {
    for (name, bus, start) in drivers().await {
        let mut events = bus.subscribe("tests.group", &[STREAM]).unwrap();
        start();
        let publisher = Arc::clone(&bus);
        let writer = tokio::spawn(async move {
            for number in 0..3 {
                publish(&*publisher, &message("key", number)).await;
            }
        });
        let (_, number, delivery) = next(&mut events).await;
        assert_eq!(number, 0, "{name}");
        assert!(nothing_for(&mut events, Duration::from_millis(100)).await, "{name}: one in hand");
        delivery.refuse().await.unwrap();
        let (_, number, delivery) = next(&mut events).await;
        assert_eq!(number, 0, "{name}: refused");
        drop(delivery);
        for expected in 0..3 {
            let (_, number, delivery) = next(&mut events).await;
            assert_eq!(number, expected, "{name}");
            delivery.ack().await.unwrap();
        }
        writer.await.unwrap();
        assert!(nothing_for(&mut events, Duration::from_millis(200)).await, "{name}: settled");
    }
}

#[tokio::test]
async fn waiting_for_the_next_delivery_may_be_given_up() {
    for (name, bus, start) in drivers().await {
        let mut events = bus.subscribe("tests.group", &[STREAM]).unwrap();
        start();
        let publisher = Arc::clone(&bus);
        let writer = tokio::spawn(async move {
            for number in 0..20 {
                publish(&*publisher, &message("key", number)).await;
            }
        });
        for expected in 0..20 {
            let delivery = loop {
                if let Ok(delivery) = timeout(Duration::from_millis(1), events.next()).await {
                    break delivery.unwrap();
                }
            };
            assert_eq!(delivery.message.event.sequence.parse(), Ok(expected), "{name}");
            delivery.ack().await.unwrap();
        }
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_member_takes_over_what_a_dead_one_held() {
    let Some((bus, _, _)) = redis().await else { return };
    for number in 0..30 {
        publish(&bus, &message("key", number)).await;
    }
    // The group comes after the messages.
    let mut first = bus.subscribe("tests.group", &[STREAM]).unwrap();
    for expected in 0..10 {
        let (_, number, delivery) = next(&mut first).await;
        assert_eq!(number, expected);
        delivery.ack().await.unwrap();
    }
    let mut second = bus.subscribe("tests.group", &[STREAM]).unwrap();
    assert!(nothing_for(&mut second, Duration::from_millis(300)).await, "one reads at a time");
    let (_, number, _held) = next(&mut first).await;
    assert_eq!(number, 10);
    drop(first);
    for expected in 10..30 {
        let (_, number, delivery) = next(&mut second).await;
        assert_eq!(number, expected);
        delivery.ack().await.unwrap();
    }
}

#[tokio::test]
async fn a_stream_that_vanishes_is_made_anew() {
    let Some((bus, prefix, mut redis)) = redis().await else { return };
    let mut events = bus.subscribe("tests.group", &[STREAM]).unwrap();
    publish(&bus, &message("key", 0)).await;
    next(&mut events).await.2.ack().await.unwrap();
    let () = redis::cmd("DEL")
        .arg(format!("{prefix}:stream:{STREAM}"))
        .query_async(&mut redis)
        .await
        .unwrap();
    publish(&bus, &message("key", 1)).await;
    let (_, number, delivery) = next(&mut events).await;
    assert_eq!(number, 1);
    delivery.ack().await.unwrap();
}

#[tokio::test]
async fn trimming_spares_what_a_group_has_not_acknowledged() {
    let Some((bus, prefix, mut redis)) = redis().await else { return };
    let key = format!("{prefix}:stream:{STREAM}");
    // An old entry that the group never acknowledges; the rest is written in one go.
    let mut events = bus.subscribe("tests.group", &[STREAM]).unwrap();
    publish(&bus, &message("held", 0)).await;
    let (_, _, held) = next(&mut events).await;
    let fill = "for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'event', 'x') end";
    let extra = RETAINED + 2_000;
    let mut script = redis::cmd("EVAL");
    script.arg(fill).arg(1).arg(&key).arg(extra);
    let () = script.query_async(&mut redis).await.unwrap();
    for number in 0..300 {
        publish(&bus, &message("more", number)).await;
    }
    let length: u64 = redis::cmd("XLEN").arg(&key).query_async(&mut redis).await.unwrap();
    assert_eq!(length, extra + 301, "nothing is cut while the oldest is held");
    held.ack().await.unwrap();
    // Entries that are no envelopes are passed over.
    for expected in 0..300 {
        let (_, number, delivery) = next(&mut events).await;
        assert_eq!(number, expected);
        delivery.ack().await.unwrap();
    }
    for number in 300..600 {
        publish(&bus, &message("more", number)).await;
    }
    let length: u64 = redis::cmd("XLEN").arg(&key).query_async(&mut redis).await.unwrap();
    assert!((RETAINED..RETAINED + 1_000).contains(&length), "{length}");
    for expected in 300..600 {
        let (_, number, delivery) = next(&mut events).await;
        assert_eq!(number, expected, "nothing that is new was cut");
        delivery.ack().await.unwrap();
    }
}

#[tokio::test]
async fn a_broker_that_is_away_is_an_error_in_time() {
    let bus = RedisBus::connect("redis://127.0.0.1:1").unwrap();
    let answer = timeout(PATIENCE, bus.publish(&message("key", 0))).await.unwrap();
    assert!(matches!(answer, Err(BusError::Broker(_))), "{answer:?}");
    assert!(RedisBus::connect("http://127.0.0.1").is_err());
    let secret = RedisBus::connect("redis://user:hunter2@:bad").map(drop).unwrap_err();
    assert!(!secret.to_string().contains("hunter2"), "{secret}");
}
