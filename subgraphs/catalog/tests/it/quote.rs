//! Price quotes: exact sums, prices of accounts, and the signed promise.

use braid_service::braid_vouch::Caller;
use braid_service::quote::{QUOTE_LIFETIME_US, QuoteError, QuoteKey};
use braid_service::seed::world;
use braid_service::testkit::{client, user};
use serde_json::{Value, json};

use crate::{code, editor, reads, seeded};

const QUOTE: &str = "query($in: PriceQuoteInput!) { priceQuote(input: $in) {
    lines { product { id sku } quantity unitPrice { amount currency } total { amount } }
    subtotal { amount currency } discount { amount } tax { amount } total { amount }
    validUntil quoteToken } }";

fn buyer() -> Caller {
    user(&world::user(3), &[], &["PASSENGER"])
}

fn basket(currency: &str, account: Option<&str>, lines: &[(u64, i32)]) -> Value {
    let line = |(n, quantity): &(u64, i32)| json!({"productId": world::product(*n).id, "quantity": quantity});
    let lines: Vec<Value> = lines.iter().map(line).collect();
    json!({"in": {"currency": currency, "accountId": account, "lines": lines}})
}

fn cents(money: &Value) -> i64 {
    money["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

#[tokio::test]
async fn a_quote_adds_up_and_its_token_says_the_same() {
    let test = seeded().await;
    let (a, b) = (world::product(0).price_minor, world::product(1).price_minor);
    let variables = basket("EUR", None, &[(0, 2), (1, 12)]);
    let quote = &test.data(Some(&buyer()), QUOTE, variables).await["priceQuote"];
    let subtotal = 2 * a + 12 * b;
    let discount = (12 * b * 5 + 50) / 100;
    let tax = ((subtotal - discount) * 10 + 50) / 100;
    assert_eq!(cents(&quote["subtotal"]), subtotal);
    assert_eq!(cents(&quote["discount"]), discount);
    assert_eq!(cents(&quote["tax"]), tax);
    assert_eq!(cents(&quote["total"]), subtotal - discount + tax);
    assert_eq!(cents(&quote["lines"][1]["total"]), 12 * b);
    assert_eq!(quote["lines"][0]["product"]["sku"], world::product(0).sku);
    let key = QuoteKey::new(&test.kit.deps("ephemeral:").quote_secret);
    let token = quote["quoteToken"].as_str().unwrap();
    let now_us = test.kit.clock.now_us();
    let promised = key.verify(token, now_us).unwrap();
    assert_eq!(promised.total_minor, subtotal - discount + tax);
    assert_eq!(promised.valid_until_us, now_us + QUOTE_LIFETIME_US);
    assert_eq!(promised.lines.len(), 2);
    assert_eq!(key.verify(token, now_us + QUOTE_LIFETIME_US), Err(QuoteError::Expired));
}

#[tokio::test]
async fn an_accounts_prices_are_for_its_members_its_client_and_staff() {
    let test = seeded().await;
    let variables = basket("EUR", Some(&world::account(0)), &[(0, 1)]);
    let price = world::product(0).price_minor;
    let partner = client(&world::partner_client(), &[], &world::account(0));
    for caller in [buyer(), editor(), partner] {
        let data = test.data(Some(&caller), QUOTE, variables.clone()).await;
        assert_eq!(cents(&data["priceQuote"]["discount"]), price - price * 9 / 10);
    }
    let elsewhere = client("cli_other", &[], &world::account(1));
    for caller in [user(&world::user(2), &[], &["PASSENGER"]), elsewhere] {
        let answer = test.ask(Some(&caller), QUOTE, variables.clone()).await;
        assert_eq!(code(&answer), "FORBIDDEN");
    }
    let unknown = basket("EUR", Some(&world::account(999)), &[(0, 1)]);
    assert_eq!(code(&test.ask(Some(&buyer()), QUOTE, unknown).await), "FORBIDDEN", "alike");
    let answer = test.ask(None, QUOTE, variables).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
    assert_eq!(answer["data"]["priceQuote"], Value::Null);
}

#[tokio::test]
async fn a_quote_is_in_the_currency_asked_for() {
    let test = seeded().await;
    let data = test.data(Some(&buyer()), QUOTE, basket("USD", None, &[(2, 1)])).await;
    let dollars = world::product(2).price_minor * 108 / 100;
    assert_eq!(cents(&data["priceQuote"]["lines"][0]["unitPrice"]), dollars);
    assert_eq!(data["priceQuote"]["subtotal"]["currency"], "USD");
    let answer = test.ask(Some(&buyer()), QUOTE, basket("JPY", None, &[(2, 1)])).await;
    assert_eq!(code(&answer), "BAD_USER_INPUT");
}

#[tokio::test]
async fn baskets_that_cannot_be_priced_are_refused() {
    let test = seeded().await;
    let many: Vec<(u64, i32)> = (0..101).map(|n| (n % 20, 1)).collect();
    let baskets: [&[(u64, i32)]; 7] =
        [&[], &[(0, 0)], &[(0, -1)], &[(0, 10_001)], &[(24, 1)], &[(999, 1)], &many];
    for lines in baskets {
        let answer = test.ask(Some(&buyer()), QUOTE, basket("EUR", None, lines)).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{lines:?}");
    }
    for currency in ["eur", "EURO", "", "E\u{0}R"] {
        let answer = test.ask(Some(&buyer()), QUOTE, basket(currency, None, &[(0, 1)])).await;
        assert_eq!(code(&answer), "BAD_USER_INPUT", "{currency}");
    }
}

#[tokio::test]
async fn a_quote_costs_as_many_reads_for_many_lines_as_for_one() {
    let test = seeded().await;
    let lines: Vec<(u64, i32)> = (0..20).map(|n| (n, 1)).collect();
    let before = reads(&test).await;
    let account = world::account(0);
    test.data(Some(&editor()), QUOTE, basket("EUR", Some(&account), &lines)).await;
    assert_eq!(reads(&test).await - before, 3, "products, list prices, account prices");
}
