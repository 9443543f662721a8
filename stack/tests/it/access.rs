//! Who sees and changes what (DOMAIN section 10), as tables: every demo user, the partner's client
//! and nobody, by every way that leads to a row, to own rows and to those of others.
//!
//! What somebody may not see must be answered exactly as what does not exist, so every question
//! with a foreign id is asked again with an id that nobody has, and the answers compared.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod reads;
mod writes;

use std::collections::BTreeSet;
use std::sync::Arc;

use braid_service::seed::{Scale, world};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Corridor;

/// The columns of the tables: the roles in the banner, nobody first, the partner's client last.
const WHO: [&str; 10] = [
    "nobody",
    "staff",
    "finance staff",
    "passenger",
    "buyer",
    "account admin",
    "driver",
    "fleet manager",
    "system admin",
    "partner",
];

/// The number of a thing that is not in the world.
const NOBODY: u64 = 999_999;

/// A question, and what each of [`WHO`] gets for it:
///
/// - `D`: something stands at `at`, and nothing went wrong.
/// - `-`: it does not exist: the same answer as for `unknown`, without an error of the request.
/// - `n`: nothing stands at `at`.
/// - `X`: refused for want of a right: nothing at `at`, and the same for `unknown`.
/// - `C`: a mutation that knows the row and refuses for another reason than its absence.
struct Case {
    text: &'static str,
    /// A JSON pointer into the answer.
    at: &'static str,
    variables: Value,
    /// The variables of the same question about what does not exist.
    unknown: Option<Value>,
    expected: &'static str,
}

/// The world with everybody signed in.
struct House {
    corridor: Corridor,
    tokens: Vec<Option<String>>,
}

impl House {
    async fn open() -> Arc<Self> {
        let corridor = Corridor::ephemeral();
        let mut tokens = Vec::new();
        for who in WHO {
            tokens.push(match who {
                "nobody" => None,
                "partner" => Some(corridor.partner_token().await),
                role => Some(corridor.token(role).await),
            });
        }
        Arc::new(Self { corridor, tokens })
    }

    async fn ask(&self, who: usize, text: &str, variables: &Value) -> Value {
        self.corridor.query(self.tokens[who].as_deref(), text, variables.clone()).await
    }

    async fn ask_as(&self, role: &str, text: &str, variables: Value) -> Value {
        let who = WHO.iter().position(|name| *name == role).unwrap();
        self.ask(who, text, &variables).await
    }
}

// The demo world's things (`braid_service::seed::world`).

fn counts() -> world::Counts {
    world::Counts::of(Scale::Tiny)
}

/// The number of the customer that the passenger is.
fn individual() -> u64 {
    world::individual_customer(2, &counts()).unwrap()
}

/// The id of a product with this status; the last one is a draft.
fn product(status: &str) -> String {
    world::product(if status == "DRAFT" { counts().products } else { 0 }).id
}

fn order_of(customer: u64, is_wanted: impl Fn(u64) -> bool) -> String {
    let counts = counts();
    let found = (0..counts.orders)
        .find(|n| world::order_customer(*n, &counts) == customer && is_wanted(*n));
    world::order(found.unwrap())
}

/// An order of a customer.
fn open_order(customer: u64) -> String {
    order_of(customer, |_| true)
}

/// An order of a customer that cannot be approved, declined or cancelled any more.
fn refused_order(customer: u64) -> String {
    order_of(customer, |n| world::order_status(n) == "REJECTED")
}

fn code(answer: &Value) -> Option<&str> {
    answer["errors"][0]["extensions"]["code"].as_str()
}

fn user_error<'a>(case: &Case, answer: &'a Value) -> Option<&'a str> {
    answer.pointer(case.at)?["userErrors"][0]["code"].as_str()
}

/// What is wrong with an answer, if anything is.
fn verdict(case: &Case, letter: char, answer: &Value, unknown: Option<&Value>) -> Option<String> {
    let is_empty = answer.pointer(case.at).is_none_or(Value::is_null);
    let is_same = unknown.is_none_or(|unknown| unknown == answer);
    let is_other = unknown.is_none_or(|unknown| unknown != answer);
    let is_clean = answer["errors"].is_null();
    let refusals = ["UNAUTHORIZED_FIELD_OR_TYPE", "FORBIDDEN", "UNAUTHENTICATED"];
    let is_right = match letter {
        'D' => !is_empty && is_clean,
        '-' => is_clean && is_same && (is_empty || user_error(case, answer) == Some("NOT_FOUND")),
        'n' => is_empty,
        'X' => is_empty && is_same && code(answer).is_some_and(|code| refusals.contains(&code)),
        'C' => is_clean && is_other && user_error(case, answer).is_some(),
        other => panic!("`{other}` is no letter of a table"),
    };
    (!is_right).then(|| format!("not `{letter}`: {answer}\n    unknown: {unknown:?}"))
}

/// Asks all at once, so that nobody gets another's answer either (RELIABILITY attack 53).
async fn check(cases: Vec<Case>) {
    let house = House::open().await;
    let mut wrong = Vec::new();
    for case in cases {
        assert_eq!(case.expected.len(), WHO.len(), "{}", case.text);
        let mut answers = tokio::task::JoinSet::new();
        for who in 0..WHO.len() {
            let (house, text) = (Arc::clone(&house), case.text);
            let (variables, unknown) = (case.variables.clone(), case.unknown.clone());
            answers.spawn(async move {
                let answer = house.ask(who, text, &variables).await;
                let unknown = match unknown {
                    Some(unknown) => Some(house.ask(who, text, &unknown).await),
                    None => None,
                };
                (who, answer, unknown)
            });
        }
        for (who, answer, unknown) in answers.join_all().await {
            let letter = case.expected.chars().nth(who).unwrap();
            if let Some(problem) = verdict(&case, letter, &answer, unknown.as_ref()) {
                let (text, variables) = (case.text, &case.variables);
                wrong.push(format!("{}, {text}, {variables}: {problem}", WHO[who]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong answers:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_the_matrix_says() {
    check(reads::cases()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_changes_what_the_matrix_says() {
    check(writes::cases()).await;
}

/// A new field of the graph must get its rows in the tables.
#[tokio::test(flavor = "multi_thread")]
async fn every_root_field_is_in_the_tables() {
    let house = House::open().await;
    let roots = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }";
    let answer = house.ask(0, roots, &json!({})).await;
    let texts: Vec<&str> = reads::cases().iter().chain(&writes::cases()).map(|c| c.text).collect();
    for kind in ["queryType", "mutationType"] {
        for field in answer["data"]["__schema"][kind]["fields"].as_array().unwrap() {
            let name = field["name"].as_str().unwrap();
            // These are lists for everybody: the next test has them.
            if ["orders", "customers", "accounts", "products"].contains(&name) {
                continue;
            }
            let is_asked = texts.iter().any(|text| {
                let words = text.split(|c: char| !c.is_alphanumeric());
                words.into_iter().any(|word| word == name)
            });
            assert!(is_asked, "`{name}` is in no table");
        }
    }
}

/// The ids that a user's list of a kind may have; `None`: it is refused.
fn visible(kind: &str, role: &str) -> Option<BTreeSet<String>> {
    let counts = counts();
    let orders = |customer: Option<u64>| {
        let all = 0..counts.orders;
        let of = all.filter(|n| customer.is_none_or(|c| world::order_customer(*n, &counts) == c));
        Some(of.map(world::order).collect())
    };
    let of = |id: String| Some(BTreeSet::from([id]));
    match (kind, role) {
        ("orders", "staff" | "finance staff") => orders(None),
        ("orders", "buyer" | "account admin" | "partner") => orders(Some(0)),
        ("orders", "passenger") => orders(Some(individual())),
        ("accounts", "staff" | "finance staff") => {
            Some((0..counts.accounts).map(world::account).collect())
        }
        ("accounts", "buyer" | "account admin" | "partner") => of(world::account(0)),
        ("customers", "staff" | "finance staff") => {
            Some((0..counts.customers).map(world::customer).collect())
        }
        ("customers", "buyer" | "account admin") => of(world::customer(0)),
        ("customers", "passenger") => of(world::customer(individual())),
        ("customers", "partner") => Some(BTreeSet::new()),
        _ => None,
    }
}

fn ids(list: &Value) -> BTreeSet<String> {
    let nodes = list["nodes"].as_array().unwrap().iter();
    nodes.map(|node| node["id"].as_str().unwrap().to_owned()).collect()
}

/// Kinds of lists, the types of their filters, and filters by which somebody could ask whether a
/// foreign row is there.
fn lists() -> [(&'static str, &'static str, Vec<Value>); 3] {
    let orders = vec![
        json!({}),
        json!({ "customerId": world::customer(1) }),
        json!({ "number": "C-2026-000001" }),
        json!({ "status": ["APPROVED"] }),
    ];
    let customers = vec![
        json!({}),
        json!({ "accountId": world::account(1) }),
        json!({ "overLimit": false }),
        json!({ "kind": "BUSINESS" }),
    ];
    let accounts = vec![
        json!({}),
        json!({ "text": world::account_name(1) }),
        json!({ "ownerId": world::user(1) }),
    ];
    [
        ("orders", "OrderFilter", orders),
        ("customers", "CustomerFilter", customers),
        ("accounts", "AccountFilter", accounts),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_page_and_count_over_own_rows_only() {
    let house = House::open().await;
    for (kind, filter_type, filters) in lists() {
        let text = format!(
            "query($f: {filter_type}, $after: String) {{ list: {kind}(filter: $f, first: 100, \
             after: $after) {{ totalCount nodes {{ id }} pageInfo {{ endCursor }} }} }}"
        );
        let first = text.replace("first: 100", "first: 2");
        let staffs = house.ask_as("staff", &first, json!({})).await;
        let cursor = &staffs["data"]["list"]["pageInfo"]["endCursor"];
        assert!(cursor.is_string(), "{staffs}");
        for (who, role) in WHO.iter().enumerate() {
            for filter in &filters {
                let answer = house.ask(who, &text, &json!({ "f": filter })).await;
                let list = &answer["data"]["list"];
                let Some(visible) = visible(kind, role) else {
                    let refused = Some("UNAUTHORIZED_FIELD_OR_TYPE");
                    assert_eq!((code(&answer), list), (refused, &Value::Null), "{role} {kind}");
                    continue;
                };
                let seen = ids(list);
                assert!(seen.is_subset(&visible), "{role} {kind} {filter}: {answer}");
                assert_eq!(list["totalCount"], seen.len(), "{role} {kind} {filter}");
                let is_whole = *filter == json!({});
                assert!(!is_whole || seen == visible, "{role} {kind}: {answer}");
                // A cursor that somebody else got tells nothing more.
                let variables = json!({ "f": filter, "after": cursor });
                let later = house.ask(who, &text, &variables).await;
                assert!(ids(&later["data"]["list"]).is_subset(&seen), "{role}: {later}");
            }
        }
    }
}

/// Who owns an account is internal: nobody else finds it out by asking for accounts of an owner.
#[tokio::test(flavor = "multi_thread")]
async fn a_filter_tells_nothing_that_the_row_hides() {
    let house = House::open().await;
    let text = "query($o: ID!) { accounts(filter: { ownerId: $o }) { totalCount nodes { id } } }";
    for owner in [0, 1] {
        let variables = json!({ "o": world::user(owner) });
        let staff = house.ask_as("staff", text, variables.clone()).await;
        assert_eq!(staff["data"]["accounts"]["totalCount"], counts().accounts / 2);
        for role in ["buyer", "account admin", "partner"] {
            let answer = house.ask_as(role, text, variables.clone()).await;
            let nothing = json!({ "accounts": { "totalCount": 0, "nodes": [] } });
            assert_eq!(answer, json!({ "data": nothing }), "{role}");
        }
    }
    let drafts = "{ products(filter: { status: DRAFT }, first: 100) { totalCount nodes { id } } }";
    for (who, role) in WHO.iter().enumerate() {
        let answer = house.ask(who, drafts, &json!({})).await;
        let count = answer["data"]["products"]["totalCount"].as_u64().unwrap();
        let nodes = answer["data"]["products"]["nodes"].as_array().unwrap().len() as u64;
        assert_eq!(count, nodes);
        assert_eq!(count > 0, role.contains("staff"), "{role}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accounts_admin_changes_its_billing_address_and_nothing_else() {
    let house = House::open().await;
    let update = "mutation($id: ID!, $in: AccountPatch!, $v: Int!) { \
         updateAccount(id: $id, input: $in, expectedVersion: $v) { \
         account { version billingAddress { city } taxId owner { id } } userErrors { code } } }";
    let billing = json!({ "line1": "Markt 1", "city": "Gouda", "country": "NL" });
    let ask = async |role: &str, account: u64, patch: Value| {
        let variables = json!({ "id": world::account(account), "in": patch, "v": 1 });
        house.ask_as(role, update, variables).await
    };
    let whole = json!({ "billingAddress": billing, "status": "ARCHIVED" });
    let refused = ask("account admin", 0, whole).await;
    assert_eq!(refused["data"]["updateAccount"]["userErrors"][0]["code"], "INVALID", "{refused}");
    let billing = json!({ "billingAddress": billing });
    let foreign = ask("account admin", 1, billing.clone()).await;
    assert_eq!(foreign["data"]["updateAccount"]["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(code(&ask("buyer", 0, billing.clone()).await), Some("UNAUTHORIZED_FIELD_OR_TYPE"));
    let changed = ask("account admin", 0, billing).await;
    let account = json!({ "version": 2, "billingAddress": { "city": "Gouda" }, "taxId": null,
        "owner": null });
    let expected = json!({ "updateAccount": { "account": account, "userErrors": [] } });
    assert_eq!(changed, json!({ "data": expected }));
}

/// RELIABILITY attack 64.
#[tokio::test(flavor = "multi_thread")]
async fn idempotency_keys_belong_to_who_sent_them() {
    let house = House::open().await;
    let place = "mutation($c: ID!, $p: ID!, $d: ID) { placeOrder(idempotencyKey: \"shared\", \
         input: { customerId: $c, lines: [{ productId: $p, quantity: 1 }], dealId: $d }) { \
         replayed order { id } userErrors { code path } } }";
    let order = |customer: u64| json!({ "c": world::customer(customer), "p": product("ACTIVE") });
    let mut placed = BTreeSet::new();
    let own = [("staff", 0), ("buyer", 0), ("account admin", 0), ("partner", 0)];
    for (role, customer) in own.into_iter().chain([("passenger", individual())]) {
        let first = house.ask_as(role, place, order(customer)).await["data"]["placeOrder"].take();
        assert_eq!(first["replayed"], false, "{role}: {first}");
        assert!(placed.insert(first["order"]["id"].as_str().unwrap().to_owned()), "{role}");
        let again = house.ask_as(role, place, order(customer)).await["data"]["placeOrder"].take();
        assert_eq!((&again["replayed"], &again["order"]), (&json!(true), &first["order"]));
    }
    // Deals are for staff: nobody else ties an order to one.
    let mut with_deal = order(0);
    with_deal["d"] = json!(world::id("dea", 0));
    for role in ["buyer", "account admin", "partner"] {
        let answer = house.ask_as(role, place, with_deal.clone()).await;
        let error = json!([{ "code": "NOT_FOUND", "path": ["input", "dealId"] }]);
        assert_eq!(answer["data"]["placeOrder"]["userErrors"], error, "{role}");
    }
}

/// RELIABILITY attacks 40 and 48: only a verified token says who asks.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_cannot_be_forged() {
    let house = House::open().await;
    let caller = braid_vouch::Caller {
        subject: world::user(7),
        kind: braid_vouch::CallerKind::User,
        scopes: vec!["users:read".to_owned(), "accounts:read".to_owned()],
        groups: vec!["STAFF".to_owned(), "SYSTEM_ADMIN".to_owned()],
        account: None,
    };
    let text = "{ me { id } users { totalCount } accounts { totalCount } }";
    let body = json!({ "query": text });
    for token in [&house.tokens[0], &house.tokens[4]] {
        let honest = house.corridor.query(token.as_deref(), text, json!({})).await;
        let url = format!("{}/graphql", house.corridor.router);
        let mut request = house.corridor.client.post(url).json(&body);
        request = request.header(braid_vouch::CALLER_HEADER, caller.encode().unwrap());
        request = request.header(braid_vouch::SIGNATURE_HEADER, "v1 router 0 0 0");
        request = request.header("x-user-id", world::user(7)).header("x-tenant", "all");
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let forged: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(forged, honest);
    }
}

/// A partner cannot tell a foreign thing from none over REST either.
#[tokio::test(flavor = "multi_thread")]
async fn foreign_things_are_not_found_over_rest() {
    let house = House::open().await;
    let partner = house.tokens[9].as_deref();
    let get = async |path: String| {
        let (status, _, mut body) =
            house.corridor.rest(Method::GET, &path, partner, &[], None).await;
        // Names the request, not the thing.
        for own in ["instance", "request_id", "trace_id"] {
            body.as_object_mut().unwrap().remove(own);
        }
        (status, body)
    };
    let none = get(format!("/v1/orders/{}", world::order(NOBODY))).await;
    assert_eq!(none.0, 404);
    for order in [open_order(1), open_order(individual())] {
        assert_eq!(get(format!("/v1/orders/{order}")).await, none);
    }
    assert_eq!(get(format!("/v1/orders/{}", open_order(0))).await.0, 200);
    let none = get(format!("/v1/accounts/{}", world::account(NOBODY))).await;
    assert_eq!(none.0, 404);
    assert_eq!(get(format!("/v1/accounts/{}", world::account(1))).await, none);
    assert_eq!(get(format!("/v1/accounts/{}", world::account(0))).await.0, 200);
}
