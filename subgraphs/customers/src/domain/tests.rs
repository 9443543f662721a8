//! The rules about what people enter, and the credit check.

use braid_service::money::{Currency, Money};

use super::{
    CreditCheck, CreditOutcome, Customer, CustomerKind, CustomerStatus, Opening, PaymentTerms,
    checked_reason,
};

fn eur() -> Currency {
    Currency::EUR
}

fn customer(limit: i64, held: i64, receivable: i64) -> Customer {
    Customer {
        id: "cus_00000000000000000000000000000000".parse().unwrap(),
        kind: CustomerKind::Business,
        account: None,
        user: None,
        status: CustomerStatus::Active,
        terms: PaymentTerms::Net30,
        currency: eur(),
        limit_minor: limit,
        held_minor: held,
        receivable_minor: receivable,
        version: 1,
        sequence: 1,
    }
}

#[test]
fn a_credit_check_tells_what_is_missing() {
    let check =
        |customer: &Customer, minor| CreditCheck::of(Some(customer), Money::new(minor, eur()));
    let full = customer(1_000, 300, 200);
    assert_eq!(check(&full, 500).outcome, CreditOutcome::Fits);
    let over = check(&full, 501);
    assert_eq!((over.outcome, over.shortfall.map(|m| m.minor)), (CreditOutcome::Exceeds, Some(1)));
    let lowered = customer(100, 300, 0);
    assert_eq!(check(&lowered, 0).available.map(|m| m.minor), Some(0));
    let held = Customer { status: CustomerStatus::OnHold, ..full.clone() };
    assert_eq!(check(&held, 1).outcome, CreditOutcome::OnHold);
    let dollars = Money::new(1, "USD".parse().unwrap());
    assert_eq!(CreditCheck::of(Some(&full), dollars).outcome, CreditOutcome::CurrencyMismatch);
    assert_eq!(CreditCheck::of(None, dollars).outcome, CreditOutcome::NoCustomer);
}

#[test]
fn an_opening_names_the_wrong_field() {
    let account = || Some(format!("acc_{}", "0".repeat(32)));
    let wrong = |owner, terms, limit: Option<i64>| {
        let limit = limit.map(|minor| Money::new(minor, eur()));
        Opening::check(owner, eur(), terms, limit).unwrap_err().path.join(".")
    };
    assert_eq!(wrong((None, None), PaymentTerms::Net15, None), "input");
    assert_eq!(wrong((account(), account()), PaymentTerms::Net15, None), "input");
    assert_eq!(wrong((Some("x".to_owned()), None), PaymentTerms::Net15, None), "input.accountId");
    assert_eq!(wrong((None, account()), PaymentTerms::Net15, None), "input.userId");
    assert_eq!(wrong((account(), None), PaymentTerms::Net15, Some(-1)), "input.creditLimit");
    assert_eq!(wrong((account(), None), PaymentTerms::Prepaid, Some(1)), "input.creditLimit");
    let dollars = Some(Money::new(1, "USD".parse().unwrap()));
    assert!(Opening::check((account(), None), eur(), PaymentTerms::Net15, dollars).is_err());
    assert!(Opening::check((account(), None), eur(), PaymentTerms::Prepaid, None).is_ok());
}

#[test]
fn a_reason_is_needed() {
    assert_eq!(checked_reason("  late payer "), Ok("late payer"));
    assert!(checked_reason("   ").is_err());
    assert!(checked_reason(&"x".repeat(501)).is_err());
}
