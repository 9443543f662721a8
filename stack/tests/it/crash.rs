//! `kill -9` in the middle of orders: nothing acknowledged is lost, and every order ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Corridor, eventually};

const WRITERS: usize = 8;
const ROUNDS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_order_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<(String, String)> = Vec::new();
    for round in 0..ROUNDS {
        let mut corridor = Corridor::on(folder.path());
        let placed = write_until_killed(&mut corridor, round).await;
        assert!(!placed.is_empty(), "round {round} placed nothing");
        acknowledged.extend(placed);
    }
    let corridor = Corridor::on(folder.path());
    let token = corridor.token("buyer").await;
    let text = "query($id: ID!) { order(id: $id) { id number status } }";
    let mut numbers = std::collections::BTreeSet::new();
    for (id, number) in &acknowledged {
        let mut last = Value::Null;
        let ended = eventually(Duration::from_secs(60), async || {
            last = corridor.query(Some(&token), text, json!({ "id": id })).await;
            last["data"]["order"].is_object() && last["data"]["order"]["status"] != "PENDING"
        })
        .await;
        assert!(ended, "{id} is lost or stuck: {last}");
        assert_eq!(last["data"]["order"]["number"], number.as_str());
        assert!(numbers.insert(number.clone()), "a number twice: {number}");
    }
}

/// Places orders from several writers, kills the program in the middle, and answers what had been
/// acknowledged.
async fn write_until_killed(corridor: &mut Corridor, round: usize) -> Vec<(String, String)> {
    let token = corridor.token("buyer").await;
    let me = "{ me { memberships { account { customer { id } } } } products(first: 1) { nodes { id } } }";
    let me = corridor.query(Some(&token), me, json!({})).await;
    let customer = me["data"]["me"]["memberships"][0]["account"]["customer"]["id"].clone();
    let product = me["data"]["products"]["nodes"][0]["id"].clone();
    assert!(customer.is_string() && product.is_string(), "{me}");
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (client, url) = (corridor.client.clone(), format!("{}/graphql", corridor.mobile));
            let (token, stop) = (token.clone(), Arc::clone(&stop));
            let input = json!({ "customerId": customer, "lines": [{ "productId": product, "quantity": 1 }] });
            tokio::spawn(async move {
                let mut placed = Vec::new();
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("crash-{round}-{writer}-{n}");
                    let body = json!({ "documentId": "M08_PlaceOrder", "variables": { "in": input, "key": key } });
                    let request = client.post(&url).bearer_auth(&token).json(&body);
                    let Ok(answer) = request.send().await else { break };
                    let Ok(answer) = answer.json::<Value>().await else { break };
                    let order = &answer["data"]["placeOrder"]["order"];
                    if let (Some(id), Some(number)) = (order["id"].as_str(), order["number"].as_str()) {
                        placed.push((id.to_owned(), number.to_owned()));
                    }
                }
                placed
            })
        })
        .collect();
    // A different moment of the work in each round.
    tokio::time::sleep(Duration::from_millis(700 + 230 * round as u64)).await;
    corridor.kill();
    stop.store(true, Ordering::Relaxed);
    let mut placed = Vec::new();
    for writer in writers {
        placed.extend(writer.await.expect("a writer does not panic"));
    }
    placed
}
