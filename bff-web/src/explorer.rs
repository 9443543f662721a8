//! `/graphiql`: a page to write and run queries on; see `docs/decisions/0004-explorer.md`.
//!
//! For development only. Its content security policy allows no inline script and no other origin.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use braid_edge::Bundle;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// Somebody to sign in as.
#[derive(Debug, Clone)]
pub struct Login {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// What the user may do, for people.
    pub role: String,
}

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const FILES: [(&str, &str, &str); 4] = [
    ("explorer.css", "text/css; charset=utf-8", include_str!("../explorer/explorer.css")),
    ("main.js", "text/javascript; charset=utf-8", include_str!("../explorer/main.js")),
    ("docs.js", "text/javascript; charset=utf-8", include_str!("../explorer/docs.js")),
    ("language.js", "text/javascript; charset=utf-8", include_str!("../explorer/language.js")),
];

/// The page and its files.
pub(crate) fn routes(bundle: &Bundle, logins: &[Login]) -> Router {
    let data: Arc<str> = data(bundle, logins).into();
    Router::new()
        .route("/", get(async || Redirect::temporary("/graphiql")))
        .route("/graphiql", get(async || page()))
        .route("/explorer/{file}", get(file))
        .with_state(data)
}

/// What the page needs to know: whom one can sign in as, and the stored documents.
fn data(bundle: &Bundle, logins: &[Login]) -> String {
    let users = logins.iter().map(
        |login| json!({ "email": login.email, "password": login.password, "role": login.role }),
    );
    let documents = bundle.documents().iter().map(|stored| {
        let names = stored.document.variables().iter();
        let variables: serde_json::Map<_, _> =
            names.map(|variable| (variable.name.clone(), serde_json::Value::Null)).collect();
        json!({ "id": stored.id, "text": &*stored.text, "variables": variables })
    });
    json!({ "users": users.collect::<Vec<_>>(), "documents": documents.collect::<Vec<_>>() })
        .to_string()
}

fn page() -> Response {
    with_type("text/html; charset=utf-8", include_str!("../explorer/index.html").to_owned())
}

async fn file(State(data): State<Arc<str>>, Path(name): Path<String>) -> Response {
    if name == "data.json" {
        return with_type("application/json", data.to_string());
    }
    match FILES.iter().find(|(file, _, _)| *file == name) {
        Some((_, kind, text)) => with_type(kind, (*text).to_owned()),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn with_type(kind: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}
