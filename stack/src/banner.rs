//! What a start prints: what runs where, how to sign in, and queries to paste.

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;

use braid_service::seed::world;

/// Where everything listens.
pub(crate) struct Addresses {
    pub(crate) router: SocketAddr,
    pub(crate) mobile: SocketAddr,
    pub(crate) web: SocketAddr,
    pub(crate) rest: SocketAddr,
    pub(crate) admin: SocketAddr,
}

/// Prints to the standard output; colours on a terminal only.
pub(crate) fn print(addresses: &Addresses, is_dev: bool, took_ms: u128) {
    let paint = Paint { on: std::io::stdout().is_terminal() };
    let text = text(&paint, addresses, is_dev, took_ms);
    // A closed pipe is the reader's choice, not a failure of ours.
    drop(std::io::stdout().write_all(text.as_bytes()));
}

struct Paint {
    on: bool,
}

impl Paint {
    fn strong(&self, text: &str) -> String {
        if self.on { format!("\u{1b}[1;36m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn faint(&self, text: &str) -> String {
        if self.on { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn text(paint: &Paint, addresses: &Addresses, is_dev: bool, took_ms: u128) -> String {
    let mut out = format!("\n{} ready in {took_ms} ms\n\n", paint.strong("Corridor"));
    let explorer = if is_dev { "  explorer: /graphiql" } else { "" };
    let rows = [
        ("router", addresses.router, "/graphql", ""),
        ("mobile", addresses.mobile, "/graphql", "  stored documents by id"),
        ("web", addresses.web, "/graphql", explorer),
        ("REST", addresses.rest, "/v1", "  OpenAPI: /v1/openapi.json"),
        ("admin", addresses.admin, "/metrics", "  health: /health/ready"),
    ];
    for (name, address, path, note) in rows {
        out.push_str(&format!("  {name:<7} http://{address}{path}{}\n", paint.faint(note)));
    }
    if is_dev {
        out.push_str(&sign_in(paint, addresses));
        out.push_str(&queries(paint, addresses));
    }
    out.push_str(&paint.faint("\nCtrl-C drains and stops.\n"));
    out
}

fn sign_in(paint: &Paint, addresses: &Addresses) -> String {
    let mut out = format!("\n{}\n", paint.strong("Sign in as"));
    let users = identity::demo_users();
    for user in &users {
        out.push_str(&format!(
            "  {:<31} {}  {}\n",
            user.email,
            user.password,
            paint.faint(user.role)
        ));
    }
    let (client, secret) = identity::demo_client();
    out.push_str(&format!(
        "  {client} {secret}  {}\n",
        paint.faint("partner's API client, for REST")
    ));
    let Some(first) = users.first() else { return out };
    out.push_str(&format!(
        "\n  TOKEN=$(curl -s {}/auth/sign-in -H 'content-type: application/json' \\\n    -d '{{\"email\":\"{}\",\"password\":\"{}\"}}' | sed 's/.*\"access_token\":\"\\([^\"]*\\).*/\\1/')\n",
        format_args!("http://{}", addresses.mobile),
        first.email,
        first.password,
    ));
    out
}

fn queries(paint: &Paint, addresses: &Addresses) -> String {
    let json = "-H 'content-type: application/json'";
    let order = world::order(0);
    format!(
        "\n{}\n\
         \x20 curl -s http://{}/graphql {json} \\\n    -d '{{\"query\":\"{{ products(first: 3) {{ nodes {{ id name price {{ amount currency }} }} }} }}\"}}'\n\
         \x20 curl -s http://{}/graphql {json} \\\n    -d '{{\"documentId\":\"M06_Shop\"}}'\n\
         \x20 curl -s http://{}/graphql {json} -H \"authorization: Bearer $TOKEN\" \\\n    -d '{{\"documentId\":\"W05_Order\",\"variables\":{{\"id\":\"{order}\"}}}}'\n",
        paint.strong("Try"),
        addresses.router,
        addresses.mobile,
        addresses.web,
    )
}
