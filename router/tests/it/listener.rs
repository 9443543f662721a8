//! The listener over sockets: limits, slow clients, draining.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use braid_router::http::metrics::Metrics;
use braid_router::serve::{self, ServeLimits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::support::TestApp;

struct Server {
    address: SocketAddr,
    app: TestApp,
    task: JoinHandle<()>,
    metrics: Arc<Metrics>,
}

async fn start(limits: ServeLimits) -> Server {
    let app = TestApp::plain();
    let listener = serve::bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let address = listener.local_addr().unwrap();
    let metrics = Arc::new(Metrics::default());
    let (own, shutdown, counted) = (app.app.clone(), app.shutdown.clone(), Arc::clone(&metrics));
    let task = tokio::spawn(async move {
        serve::serve(listener, own, &limits, counted, &shutdown).await;
    });
    Server { address, app, task, metrics }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes on a connection of its own and reads to the end.
    async fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect().await;
        // The server may close before it took everything.
        stream.write_all(bytes).await.ok();
        read_to_end(&mut stream).await
    }
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let reading = stream.read_to_end(&mut text);
    // A reset after the answer is as good as an end.
    tokio::time::timeout(Duration::from_secs(10), reading).await.expect("a server that hangs").ok();
    String::from_utf8_lossy(&text).into_owned()
}

fn post(query: &str) -> Vec<u8> {
    let body = serde_json::json!({ "query": query }).to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

const HEALTH: &[u8] = b"GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn serves_and_counts() {
    let server = start(ServeLimits::default()).await;
    let answer = server.raw(&post("{ __typename }")).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with(r#"{"data":{"__typename":"Query"}}"#), "{answer}");
    let text = server.metrics.render();
    assert!(text.contains("braid_http_responses_total{status=\"2xx\"} 1\n"), "{text}");
}

#[tokio::test]
async fn hosts_and_headers() {
    let server = start(ServeLimits::default()).await;
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(100_000));
    let large = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "a".repeat(40_000));
    let many: String = (0..2_000).map(|n| format!("x-{n}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    for (what, request, status) in [
        ("no host", "GET /health/live HTTP/1.1\r\n\r\n", "400"),
        ("two hosts", "GET /health/live HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "400"),
        ("long header", &*long, "431"),
        ("large header", &*large, "431"),
        ("many headers", &*many, "431"),
        ("nonsense", "\0\0\0\r\n\r\n", "400"),
        (
            "coded",
            "POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
            "400",
        ),
        (
            "coded twice",
            "POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
            "400",
        ),
        (
            "both lengths",
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: x\r\n\r\n",
            "400",
        ),
    ] {
        let answer = server.raw(request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{what}: {answer:.200}");
    }
    assert!(server.raw(HEALTH).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_announced_giant_is_refused_unread() {
    let server = start(ServeLimits::default()).await;
    let begun = Instant::now();
    let answer = server
        .raw(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
              content-length: 10000000000\r\n\r\n{",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn slow_and_silent_clients_are_closed() {
    let limits = ServeLimits {
        header_time: Duration::from_millis(200),
        idle_time: Duration::from_millis(700),
        ..ServeLimits::default()
    };
    let server = start(limits).await;
    // Silent from the start.
    let begun = Instant::now();
    assert_eq!(read_to_end(&mut server.connect().await).await, "");
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert!(begun.elapsed() < Duration::from_secs(2));
    // Half a head, a byte at a time: every byte is in time, the head is not.
    let mut slow = server.connect().await;
    let begun = Instant::now();
    for byte in HEALTH.iter().cycle().take(60) {
        if slow.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        if begun.elapsed() > Duration::from_millis(600) {
            break;
        }
    }
    assert_eq!(read_to_end(&mut slow).await, "");
    assert!(begun.elapsed() < Duration::from_secs(3));
    // Idle after a request: longer than a head may take, then closed.
    let mut idle = server.connect().await;
    idle.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let begun = Instant::now();
    assert!(read_to_end(&mut idle).await.starts_with("HTTP/1.1 200"));
    let elapsed = begun.elapsed();
    assert!(
        elapsed > Duration::from_millis(500) && elapsed < Duration::from_secs(3),
        "{elapsed:?}"
    );
}

#[tokio::test]
async fn beyond_the_caps_health_is_served_and_the_rest_refused() {
    let limits = ServeLimits { connections_max: 2, requests_max: 1, ..ServeLimits::default() };
    let server = start(limits).await;
    let mut slow = server.connect().await;
    slow.write_all(&post("{ slow }")).await.unwrap();
    server.app.seen.slow_begun.notified().await;
    // The one request that is served at once is taken.
    let begun = Instant::now();
    let answer = server.raw(&post("{ __typename }")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("retry-after: 1") && answer.contains("OVERLOADED"), "{answer}");
    assert!(begun.elapsed() < Duration::from_millis(500));
    // All connections are taken, too.
    let _second = server.connect().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(server.raw(&post("{ __typename }")).await.starts_with("HTTP/1.1 503"));
    assert!(server.raw(HEALTH).await.starts_with("HTTP/1.1 200"));
    server.app.seen.release.notify_one();
    assert!(read_to_end(&mut slow).await.contains(r#"{"data":{"slow":"done"}}"#));
}

#[tokio::test]
async fn draining_answers_what_has_begun() {
    let server = start(ServeLimits::default()).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = server.connect().await;
        stream.write_all(&post("{ slow }")).await.unwrap();
        server.app.seen.slow_begun.notified().await;
        slow.push(stream);
    }
    let mut idle = server.connect().await;
    idle.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 16];
    idle.read_exact(&mut head).await.unwrap();
    let _half_open = server.connect().await;
    server.app.shutdown.drain();
    for _ in 0..50 {
        server.app.seen.release.notify_one();
        tokio::task::yield_now().await;
    }
    // A notification may have met nobody who waited yet.
    let release = tokio::spawn({
        let seen = Arc::clone(&server.app.seen);
        async move {
            loop {
                seen.release.notify_waiters();
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });
    for stream in &mut slow {
        let answer = read_to_end(stream).await;
        assert!(answer.contains(r#"{"data":{"slow":"done"}}"#), "{answer}");
    }
    tokio::time::timeout(Duration::from_secs(5), server.task).await.expect("drained").unwrap();
    release.abort();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn draining_ends_with_its_time_or_a_second_wish() {
    let limits = ServeLimits { drain_time: Duration::from_millis(200), ..ServeLimits::default() };
    let server = start(limits).await;
    let mut slow = server.connect().await;
    slow.write_all(&post("{ slow }")).await.unwrap();
    server.app.seen.slow_begun.notified().await;
    server.app.shutdown.drain();
    tokio::time::timeout(Duration::from_secs(3), server.task).await.expect("in time").unwrap();

    let server = start(ServeLimits::default()).await;
    let mut slow = server.connect().await;
    slow.write_all(&post("{ slow }")).await.unwrap();
    server.app.seen.slow_begun.notified().await;
    server.app.shutdown.drain();
    server.app.shutdown.abort();
    tokio::time::timeout(Duration::from_secs(1), server.task).await.expect("at once").unwrap();
}

#[tokio::test]
async fn http2_with_prior_knowledge() {
    let server = start(ServeLimits::default()).await;
    let client = crate::support::client().http2_prior_knowledge().build().unwrap();
    let url = format!("http://{}/graphql", server.address);
    let request = client.post(url).header("content-type", "application/json");
    let response = request.body(r#"{"query":"{ __typename }"}"#).send().await.unwrap();
    assert_eq!(response.version(), http::Version::HTTP_2);
    assert_eq!(response.text().await.unwrap(), r#"{"data":{"__typename":"Query"}}"#);
}
