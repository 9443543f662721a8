//! The rules without a database.

use std::str::FromStr as _;

use braid_service::money::{Currency, Decimal, MoneyInput};
use braid_service::search::{Search, normalised};
use catalog::domain::draft::{Draft, Wish};
use catalog::domain::problem::ErrorCode;
use catalog::domain::product::{Details, Kind, Sku};

fn wish(kind: Kind) -> Wish {
    Wish {
        sku: "PASS-10".to_owned(),
        kind,
        name: " Ten rides ".to_owned(),
        summary: Some("  ".to_owned()),
        category_id: format!("cat_{}", "0".repeat(32)),
        price: MoneyInput { amount: Decimal::from_minor(1_950, 2), currency: Currency::EUR },
        rides: (kind == Kind::RidePass).then_some(10),
        valid_days: (kind == Kind::RidePass).then_some(30),
        route: (kind == Kind::ShuttleSeat).then(|| "A - B".to_owned()),
        seats: (kind == Kind::Charter).then_some(8),
        included_hours: (kind == Kind::Charter).then_some(4),
    }
}

fn paths(wish: &Wish) -> Vec<&'static str> {
    let problems = Draft::check(wish).unwrap_err();
    problems.iter().map(|problem| *problem.path.last().unwrap()).collect()
}

#[test]
fn a_draft_of_each_kind_has_its_details_and_trimmed_texts() {
    for kind in [Kind::RidePass, Kind::ShuttleSeat, Kind::Charter, Kind::AddOn] {
        let draft = Draft::check(&wish(kind)).unwrap();
        assert_eq!(draft.details.kind(), kind);
        assert_eq!((draft.name.as_str(), draft.summary.as_deref()), ("Ten rides", None));
        assert_eq!(draft.price.minor, 1_950);
    }
    let pass = Draft::check(&wish(Kind::RidePass)).unwrap();
    assert_eq!(pass.details, Details::RidePass { rides: 10, valid_days: 30 });
}

#[test]
fn all_problems_are_told_at_once_with_their_paths() {
    let price = MoneyInput { amount: Decimal::from_minor(-1, 2), currency: Currency::EUR };
    let bad = Wish {
        sku: "pass 10".to_owned(),
        name: "a\u{7}".to_owned(),
        summary: Some("x".repeat(2_001)),
        category_id: "cat_1".to_owned(),
        price,
        rides: Some(0),
        valid_days: None,
        seats: Some(4),
        ..wish(Kind::RidePass)
    };
    let expected =
        ["seats", "rides", "validDays", "sku", "name", "summary", "categoryId", "amount"];
    assert_eq!(paths(&bad), expected);
}

#[test]
fn prices_have_limits_and_no_more_places_than_their_currency() {
    let priced = |amount: &str, currency: &str| {
        let price = MoneyInput {
            amount: Decimal::from_str(amount).unwrap(),
            currency: Currency::from_str(currency).unwrap(),
        };
        Draft::check(&Wish { price, ..wish(Kind::AddOn) }).map(|draft| draft.price.minor)
    };
    assert_eq!(priced("0", "EUR").unwrap(), 0);
    assert_eq!(priced("100000000", "EUR").unwrap(), 10_000_000_000);
    for (amount, currency) in [("100000000.01", "EUR"), ("1.234", "EUR"), ("1.5", "JPY")] {
        assert_eq!(priced(amount, currency).unwrap_err()[0].code, ErrorCode::Invalid);
    }
}

#[test]
fn skus_have_a_grammar() {
    for sku in ["AB", "A-1", "RID-0000", &"A".repeat(40)] {
        assert!(Sku::from_str(sku).is_ok(), "{sku}");
    }
    for sku in ["", "A", "-A", "A-", "ab", "A B", "Ä1", &"A".repeat(41)] {
        assert!(Sku::from_str(sku).is_err(), "{sku}");
    }
}

#[test]
fn a_search_is_words_with_its_wildcards_escaped() {
    let search = Search::new("  10%\tOFF_ \\ ").unwrap();
    let anywhere: Vec<String> = search.anywhere().collect();
    assert_eq!(anywhere, ["%10\\%%", "%off\\_%", "%\\\\%"]);
    assert_eq!(search.at_start(), "10\\% off\\_ \\\\%");
    assert_eq!(Search::new(" \n"), None);
    assert_eq!(Search::new(&"word ".repeat(1_000)).unwrap().anywhere().count(), 8);
    assert_eq!(normalised("  ÄRGER\u{0} im  Bus"), "ärger im bus");
}
