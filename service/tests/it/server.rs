//! A service on its own: real HTTP on a real socket.

use std::net::SocketAddr;
use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
use braid_service::app::{Deps, Service, StartError};
use braid_service::graphql::Subgraph;
use braid_service::server;
use braid_service::testkit::TestService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

struct Query;

#[Object]
impl Query {
    async fn answer(&self) -> i32 {
        42
    }

    async fn slow(&self) -> i32 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        1
    }
}

async fn build(deps: Deps) -> Result<Service, StartError> {
    let db = deps.open("answers", &[]).await?;
    let schema =
        Schema::build(Query, EmptyMutation, EmptySubscription).enable_federation().finish();
    let subgraph = Subgraph::new(deps.subgraph("answers", &[]), schema, |request| request)?;
    Ok(Service::new(&deps, db, subgraph, |_, _| async { Ok(()) }))
}

/// Sends bytes, answers everything that comes back until the server closes.
async fn send(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: SocketAddr, path: &str) -> String {
    send(address, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
        .await
}

/// The router's request as bytes.
fn posted(test: &TestService, query: &str) -> Vec<u8> {
    let body = serde_json::json!({ "query": query }).to_string();
    let (parts, body) = test.kit.signed(None, &body).into_parts();
    let mut text = String::from("POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
    for (name, value) in &parts.headers {
        text.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    [text.into_bytes(), body.to_vec()].concat()
}

#[tokio::test]
async fn a_service_answers_over_http_and_drains() {
    let test = TestService::start(build).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tasks = test.kit.tasks.clone();
    let served = server::serve(listener, test.service.clone(), tasks, Duration::from_secs(5));
    let server = tokio::spawn(served);
    assert!(get(address, "/health/live").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "/health/ready").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "/graphql").await.starts_with("HTTP/1.1 401"));
    assert!(get(address, "/other").await.starts_with("HTTP/1.1 404"));
    let answer = send(address, &posted(&test, "{ answer }")).await;
    assert!(answer.ends_with(r#"{"data":{"answer":42}}"#), "{answer}");
    let replay = posted(&test, "{ answer }");
    assert!(send(address, &replay).await.starts_with("HTTP/1.1 200"));
    assert!(send(address, &replay).await.starts_with("HTTP/1.1 401"));
    let large = "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
        content-length: 100000000\r\n\r\n";
    assert!(send(address, large.as_bytes()).await.starts_with("HTTP/1.1 413"));
    let slow = posted(&test, "{ slow }");
    let open = tokio::spawn(async move { send(address, &slow).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    test.kit.tasks.token().cancel();
    let answer = open.await.unwrap();
    assert!(answer.ends_with(r#"{"data":{"slow":1}}"#), "drained: {answer}");
    tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
