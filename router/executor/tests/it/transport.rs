//! Exchanges over sockets: what a server may do wrong on the wire, and what we send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use braid_executor::{ConfigError, RequestContext, SubgraphConfig, Subgraphs, Via, forwardable};
use braid_vouch::{Signer, Verifier};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Reply, World, errors};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn world() -> World {
    World::new(&[
        ("sick", "type Query { name: String } type Mutation { change: String }"),
        ("sound", "type Query { ok: Boolean }"),
    ])
    .answers("sound", Reply::data(r#"{"ok":true}"#))
}

fn over_http(mut world: World, port: u16) -> World {
    let mut config = SubgraphConfig::new("sick", format!("http://127.0.0.1:{port}/graphql?x=1"));
    config.timeout = Duration::from_millis(400);
    config.answer_bytes_max = 100_000;
    world.configs.insert("sick".to_owned(), config);
    world
}

/// What a server does with a connection, given how many there were before. It gets the request's
/// head and body first.
async fn serve<F, Fut>(handle: F) -> (u16, Arc<AtomicUsize>)
where
    F: Fn(usize, TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let handle = Arc::new(handle);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let before = counted.fetch_add(1, Ordering::SeqCst);
            let handle = Arc::clone(&handle);
            tokio::spawn(async move { handle(before, socket).await });
        }
    });
    (port, count)
}

/// Reads one request, as far as it is here.
async fn request(socket: &mut TcpStream) -> String {
    let mut bytes = vec![0; 64 * 1024];
    let mut length = 0;
    loop {
        let read = socket.read(&mut bytes[length..]).await.unwrap_or(0);
        length += read;
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        let announced = text.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok()
        });
        if read == 0 || body.is_some_and(|body| Some(body) >= announced) {
            return text;
        }
    }
}

/// The answer over a server that sends these bytes and then (unless told to `linger`) closes.
async fn over_raw(text: &str, bytes: Vec<u8>, linger: bool) -> (Value, usize) {
    let (port, count) = serve(move |_, mut socket| {
        let bytes = bytes.clone();
        async move {
            request(&mut socket).await;
            let _sent = socket.write_all(&bytes).await;
            let _sent = socket.flush().await;
            if linger {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
        }
    })
    .await;
    let answer = over_http(world(), port).run(text).await;
    (answer, count.load(Ordering::SeqCst))
}

const GOOD: &str = r#"{"data":{"name":"x"}}"#;

fn http(head: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{head}\r\n{body}").into_bytes()
}

#[tokio::test]
async fn faults_on_the_wire() {
    let length = GOOD.len();
    let exact = format!("content-length: {length}\r\n");
    let huge_head = format!("{exact}x-filler: {}\r\n", "a".repeat(2 << 20));
    let many_headers = format!("{exact}{}", "x-more: y\r\n".repeat(2_000));
    let announced = http("content-length: 600000000\r\n", "{");
    let chunk = "a".repeat(60_000);
    let endless = format!("ea60\r\n{chunk}\r\n").repeat(3);
    let gzip = http(&format!("{exact}content-encoding: gzip\r\n"), GOOD);
    for (what, bytes, told) in [
        (
            "body shorter than announced",
            http("content-length: 500\r\n", GOOD),
            "SUBREQUEST_MALFORMED",
        ),
        (
            "cut in a chunk",
            http("transfer-encoding: chunked\r\n", "ff\r\n{\"data\""),
            "SUBREQUEST_MALFORMED",
        ),
        ("garbage status line", b"HTTP/1.1 abc def\r\n\r\n".to_vec(), "SUBREQUEST_MALFORMED"),
        ("not HTTP", b"220 smtp.example ESMTP\r\n".to_vec(), "SUBREQUEST_MALFORMED"),
        ("HTTP/0.9", GOOD.as_bytes().to_vec(), "SUBREQUEST_MALFORMED"),
        ("huge head", http(&huge_head, GOOD), "SUBREQUEST_TOO_LARGE"),
        ("many headers", http(&many_headers, GOOD), "SUBREQUEST_TOO_LARGE"),
        (
            "length and chunks",
            http(
                &format!("{exact}transfer-encoding: chunked\r\n"),
                "15\r\n{\"data\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
            ),
            "SUBREQUEST_MALFORMED",
        ),
        ("too large, announced", announced, "SUBREQUEST_TOO_LARGE"),
        (
            "too large, in chunks",
            http("transfer-encoding: chunked\r\n", &endless),
            "SUBREQUEST_TOO_LARGE",
        ),
        ("encoded", gzip, "SUBREQUEST_MALFORMED"),
        ("empty", http("content-length: 0\r\n", ""), "SUBREQUEST_MALFORMED"),
    ] {
        let (answer, _) = over_raw("{ ok name }", bytes, false).await;
        assert_eq!(answer["data"], json!({"ok": true, "name": null}), "{what}");
        assert_eq!(errors(&answer), [format!("{told} sick name")], "{what}");
    }
}

#[tokio::test]
async fn what_is_served_all_the_same() {
    let length = format!("content-length: {}\r\n", GOOD.len());
    let early =
        [b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".to_vec(), http(&length, GOOD)].concat();
    for (what, bytes) in [
        ("103 first", early),
        ("until the end of the connection", http("connection: close\r\n", GOOD)),
        (
            "in chunks",
            http(
                "transfer-encoding: chunked\r\n",
                "5\r\n{\"dat\r\n10\r\na\":{\"name\":\"x\"}}\r\n0\r\n\r\n",
            ),
        ),
        ("with surplus bytes behind", http(&length, &format!("{GOOD}HTTP/1.1 200 OK\r\n\r\n"))),
    ] {
        let (answer, _) = over_raw("{ ok name }", bytes, false).await;
        assert_eq!(answer, json!({"data": {"ok": true, "name": "x"}}), "{what}");
    }
}

#[tokio::test]
async fn nobody_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let start = Instant::now();
    let answer = over_http(world(), port).run("{ ok name }").await;
    assert_eq!(errors(&answer), ["SUBREQUEST_UNREACHABLE sick name"]);
    assert!(start.elapsed() < Duration::from_millis(300));
}

/// Silence, a head without a body, a body that drips: the limit is on the whole exchange.
#[tokio::test]
async fn silence_costs_the_timeout() {
    for (head, drip) in
        [("", false), ("content-length: 100\r\n", false), ("content-length: 100\r\n", true)]
    {
        let (port, _) = serve(move |_, mut socket| async move {
            request(&mut socket).await;
            if head.is_empty() {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            let _sent = socket.write_all(&http(head, "{")).await;
            loop {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if drip && socket.write_all(b" ").await.is_err() {
                    return;
                }
            }
        })
        .await;
        let start = Instant::now();
        let answer = over_http(world(), port).run("{ ok name }").await;
        assert_eq!(answer["data"], json!({"ok": true, "name": null}));
        assert_eq!(errors(&answer), ["SUBREQUEST_TIMEOUT sick name"]);
        let took = start.elapsed();
        assert!(
            (Duration::from_millis(390)..Duration::from_millis(500)).contains(&took),
            "{took:?}"
        );
    }
}

/// A connection that breaks before an answer: a query is tried once more, a mutation never is.
#[tokio::test]
async fn what_may_be_tried_again() {
    for (text, tries) in [("{ ok name }", 2), ("mutation { change }", 1)] {
        let (answer, count) = over_raw(text, Vec::new(), false).await;
        let field = if tries == 2 { "name" } else { "change" };
        assert_eq!(errors(&answer), [format!("SUBREQUEST_UNREACHABLE sick {field}")]);
        assert_eq!(count, tries);
    }
    let (port, _) = serve(|before, mut socket| async move {
        request(&mut socket).await;
        if before > 0 {
            let head = format!("content-length: {}\r\n", GOOD.len());
            let _sent = socket.write_all(&http(&head, GOOD)).await;
        }
    })
    .await;
    let answer = over_http(world(), port).run("{ ok name }").await;
    assert_eq!(answer, json!({"data": {"ok": true, "name": "x"}}));
}

/// A pooled connection that was closed while it was idle is not the client's business.
#[tokio::test]
async fn idle_connections_may_close() {
    let (port, count) = serve(|_, mut socket| async move {
        request(&mut socket).await;
        let body = r#"{"data":{"name":"x","change":"y"}}"#;
        let head = format!("content-length: {}\r\n", body.len());
        let _sent = socket.write_all(&http(&head, body)).await;
    })
    .await;
    let world = over_http(world(), port);
    let subgraphs = world.subgraphs();
    for text in ["{ name }", "{ name }", "mutation { change }", "mutation { change }"] {
        let (compiled, variables) = world.compiled(text, "");
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        let response = braid_executor::execute(
            &compiled,
            &subgraphs,
            variables,
            RequestContext::new(deadline),
        )
        .await;
        assert_eq!(response.errors, 0, "{}", String::from_utf8_lossy(&response.body));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

/// HTTP/1.1 and HTTP/2 without TLS carry the same request, which the subgraph can verify.
#[tokio::test]
async fn requests_are_signed() {
    for via in [Via::Http1, Via::H2c] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let verifier = Arc::new(Verifier::new(&[("k1", SECRET)]).unwrap());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let verifier = Arc::clone(&verifier);
                let service = hyper::service::service_fn(
                    move |request: http::Request<hyper::body::Incoming>| {
                        let verifier = Arc::clone(&verifier);
                        async move {
                            let (head, body) = request.into_parts();
                            let body = body.collect().await.unwrap().to_bytes();
                            let now = std::time::SystemTime::now()
                                .duration_since(std::time::UNIX_EPOCH)
                                .unwrap();
                            let now = i64::try_from(now.as_millis()).unwrap();
                            let verified = verifier.verify_request(&head, &body, now);
                            assert_eq!(head.headers["x-trace"], "t");
                            assert_eq!(head.headers["x-fixed"], "f");
                            let left = head.headers["braid-timeout-ms"].to_str().unwrap();
                            let left: u64 = left.parse().unwrap();
                            assert!((1..=10_000).contains(&left), "{left}");
                            assert_eq!(head.headers["braid-caller"], "somebody");
                            assert_eq!(head.headers["content-type"], "application/json");
                            let name = format!("{{\"data\":{{\"name\":\"{verified:?}\"}}}}");
                            let body = http_body_util::Full::new(bytes::Bytes::from(name));
                            http::Response::builder()
                                .header("content-type", "application/json")
                                .body(body)
                        }
                    },
                );
                tokio::spawn(async move {
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let _served = server.serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        let mut world = over_http(world(), port);
        let config = world.configs.get_mut("sick").unwrap();
        config.via = via;
        config.signer = Some(Arc::new(Signer::new("k1", SECRET).unwrap()));
        config.headers = vec![(HeaderName::from_static("x-fixed"), HeaderValue::from_static("f"))];
        world.context = Arc::new(|context| RequestContext {
            caller: Some(HeaderValue::from_static("somebody")),
            headers: vec![(HeaderName::from_static("x-trace"), HeaderValue::from_static("t"))],
            ..context
        });
        assert_eq!(world.run("{ name }").await, json!({"data": {"name": "Ok(())"}}));
    }
}

/// Without a signature nobody would believe a caller, so none is named.
#[tokio::test]
async fn callers_travel_only_signed() {
    let mut world = world().answers("sick", Reply::data(r#"{"name":"x"}"#));
    world.context = Arc::new(|context| RequestContext {
        caller: Some(HeaderValue::from_static("somebody")),
        ..context
    });
    world.run("{ name }").await;
    let log = world.log.lock().unwrap();
    assert!(!log[0].1.headers().contains_key("braid-caller"));
    assert!(!log[0].1.headers().contains_key("braid-signature"));
}

#[test]
fn headers_that_are_never_passed_on() {
    let mut incoming = HeaderMap::new();
    for (name, value) in [
        ("connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("authorization", "Bearer t"),
        ("cookie", "c"),
        ("braid-caller", "admin"),
        ("braid-signature", "s"),
        ("braid-timeout-ms", "9"),
        ("x-user-id", "1"),
        ("x-forwarded-for", "1.2.3.4"),
        ("host", "evil"),
        ("content-length", "3"),
        ("x-trace", "t"),
        ("te", "trailers"),
        ("x-unasked", "u"),
    ] {
        incoming.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let allowed: Vec<HeaderName> =
        incoming.keys().filter(|name| *name != "x-unasked").cloned().collect();
    let mut passed: Vec<String> =
        forwardable(&incoming, &allowed).into_iter().map(|(name, _)| name.to_string()).collect();
    passed.sort();
    assert_eq!(passed, ["authorization", "cookie", "x-trace"]);
}

#[test]
fn subgraphs_that_cannot_be_called() {
    for (url, via) in [
        ("", Via::Http1),
        ("/graphql", Via::Http1),
        ("ftp://x/", Via::Http1),
        ("https://x/", Via::H2c),
    ] {
        let config = SubgraphConfig { via, ..SubgraphConfig::new("s", url) };
        assert!(matches!(Subgraphs::new(vec![config]), Err(ConfigError::Url { .. })), "{url}");
    }
    let mut config = SubgraphConfig::new("s", "http://x/");
    config.headers = vec![(HeaderName::from_static("host"), HeaderValue::from_static("y"))];
    assert!(matches!(Subgraphs::new(vec![config]), Err(ConfigError::Header { .. })));
}

/// A service in the same process that panics costs its own fields only.
#[tokio::test]
async fn a_panic_in_process_is_a_fault_of_that_service() {
    let world = world().on("sick", |_| panic!("a fault of the service"));
    let answer = world.run("{ ok name }").await;
    assert_eq!(answer["data"], json!({"ok": true, "name": null}));
    assert_eq!(errors(&answer), ["SUBREQUEST_UNREACHABLE sick name"]);
}

#[tokio::test]
async fn answers_in_process_are_limited_too() {
    let mut world =
        world().answers("sick", Reply::data(&format!("{{\"name\":\"{}\"}}", "x".repeat(5000))));
    world.configs.get_mut("sick").unwrap().answer_bytes_max = 1000;
    assert_eq!(errors(&world.run("{ ok name }").await), ["SUBREQUEST_TOO_LARGE sick name"]);
}
