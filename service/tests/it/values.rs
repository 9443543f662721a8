//! Values at the border: money, time, ids, cursors, pages, the demo world.

use braid_service::clock::Clock;
use braid_service::id_type;
use braid_service::ids::IdGen;
use braid_service::money::{Currency, Decimal, Money, MoneyError};
use braid_service::page::{Cursor, Page, PageArgs};
use braid_service::scalars::{Date, DateTime};
use braid_service::seed::world::{self, Counts};
use braid_service::seed::{Random, Scale};

id_type!(
    /// A thing of this test.
    ThingId,
    "thg"
);

#[test]
fn decimals_are_exact() {
    for (text, currency, minor) in [
        ("12.34", "EUR", 1_234),
        ("12", "EUR", 1_200),
        ("12.3", "EUR", 1_230),
        ("12.340", "EUR", 1_234),
        ("-0.01", "EUR", -1),
        ("0", "EUR", 0),
        ("100", "JPY", 100),
        ("1.234", "KWD", 1_234),
        ("9999999999999999.99", "EUR", 999_999_999_999_999_999),
    ] {
        let decimal: Decimal = text.parse().unwrap();
        assert_eq!(decimal.to_string(), text);
        assert_eq!(decimal.to_minor(currency.parse().unwrap()).unwrap(), minor, "{text}");
    }
    for text in ["", "-", ".5", "5.", "1e5", "+1", " 1", "1,5", "0x1", "NaN", "1.2.3", "١", "--1"]
    {
        assert!(text.parse::<Decimal>().is_err(), "{text}");
    }
    assert!("1".repeat(19).parse::<Decimal>().is_err());
    let eur = Currency::EUR;
    assert_eq!("1.001".parse::<Decimal>().unwrap().to_minor(eur), Err(MoneyError::Places(eur)));
    assert_eq!(
        "999999999999999999".parse::<Decimal>().unwrap().to_minor(eur),
        Err(MoneyError::Overflow)
    );
    assert_eq!(Decimal::from_minor(-5, 2).to_string(), "-0.05");
    assert_eq!(Decimal::from_minor(i64::MIN, 0).to_string(), i64::MIN.to_string());
    assert!(Money::new(1, eur).plus(Money::new(1, Currency::USD)).is_err());
    assert!(Money::new(i64::MAX, eur).times(2).is_err());
    for code in ["eur", "EU", "EURO", "E1R", "ÄÖÜ"] {
        assert!(code.parse::<Currency>().is_err(), "{code}");
    }
}

#[test]
fn times_are_rfc_3339() {
    let time: DateTime = "2026-01-31T12:00:00.123456Z".parse().unwrap();
    assert_eq!(time.to_string(), "2026-01-31T12:00:00.123456Z");
    let offset: DateTime = "2026-01-31T13:00:00+01:00".parse().unwrap();
    assert_eq!(offset.to_string(), "2026-01-31T12:00:00Z");
    assert_eq!(DateTime(-1).to_string(), "1969-12-31T23:59:59.999999Z");
    for text in ["", "2026-01-31", "2026-02-30T00:00:00Z", "yesterday"] {
        assert!(text.parse::<DateTime>().is_err(), "{text}");
    }
    let date: Date = "2026-01-31".parse().unwrap();
    assert_eq!((date.to_string(), Date(0).to_string()), ("2026-01-31".into(), "1970-01-01".into()));
    assert!("2026-2-3".parse::<Date>().is_err() && "2025-02-29".parse::<Date>().is_err());
    assert_eq!(DateTime(i64::MAX).to_string().len(), DateTime(i64::MAX).to_string().len());
}

#[test]
fn ids_are_ordered_and_checked() {
    let clock = Clock::manual(1_700_000_000_000_000);
    let ids = IdGen::new(clock.clone());
    let made: Vec<String> = (0..10_000).map(|_| ids.id("thg")).collect();
    assert!(made.is_sorted() && made.windows(2).all(|pair| pair[0] != pair[1]));
    clock.advance_us(-1_000_000);
    assert!(ids.id("thg") > made[9_999], "a clock that goes back does not");
    let id = ThingId::generate(&ids);
    assert_eq!(id.as_str().parse::<ThingId>().unwrap(), id);
    assert_eq!(&id.as_str()[4 + 12..4 + 13], "7", "version 7");
    for text in
        ["", "thg_", "usr_0123456789abcdef0123456789abcdef", "thg_0123456789ABCDEF0123456789abcdef"]
    {
        assert!(text.parse::<ThingId>().is_err(), "{text}");
    }
}

#[test]
fn cursors_are_opaque_and_checked() {
    let cursor = Cursor::new(["a:b".to_owned(), String::new(), "-7".to_owned(), "é".to_owned()]);
    let read = Cursor::decode(&cursor.encode()).unwrap();
    assert_eq!(read, cursor);
    assert_eq!((read.text(0).unwrap(), read.int(2).unwrap()), ("a:b", -7));
    assert!(read.int(0).is_err() && read.text(4).is_err());
    for text in ["%%", "AAAA", "OTk6YQ", &"A".repeat(2_000)] {
        assert!(Cursor::decode(text).is_err(), "{text}");
    }
    for first in [-1, 101, i32::MIN, i32::MAX] {
        assert!(PageArgs::new(Some(first), None, 20).is_err(), "{first}");
    }
    let args = PageArgs::new(Some(2), None, 20).unwrap();
    let page = Page::new(&args, vec![1, 2, 3], |n| Cursor::new([n.to_string()]));
    assert_eq!(page.nodes, [1, 2]);
    assert!(page.page_info.has_next_page && !page.page_info.has_previous_page);
    assert_eq!(page.page_info.end_cursor, Some(Cursor::new(["2".to_owned()]).encode()));
    let none = Page::new(&PageArgs::new(Some(0), None, 20).unwrap(), vec![1], |n: &i32| {
        Cursor::new([n.to_string()])
    });
    assert!(none.nodes.is_empty() && none.page_info.has_next_page);
}

#[test]
fn the_demo_world_agrees_with_itself() {
    for scale in [Scale::Tiny, Scale::Demo, Scale::Load] {
        let counts = Counts::of(scale);
        for user in 0..counts.users {
            if let Some(customer) = world::individual_customer(user, &counts) {
                assert!(customer < counts.customers);
                assert_eq!(world::customer_is(customer, &counts), Err(user));
                assert_eq!(world::membership(user, &counts), None);
            }
            if let Some((account, _)) = world::membership(user, &counts) {
                assert!(account < counts.accounts);
            }
        }
        for customer in counts.accounts..counts.customers {
            let user = world::customer_is(customer, &counts).unwrap_err();
            assert!(user < counts.users);
            assert_eq!(world::individual_customer(user, &counts), Some(customer));
        }
    }
    assert_eq!(world::user(3), world::user(3));
    assert_ne!(world::user(3), world::user(4));
    assert!(braid_service::ids::is_id("usr", &world::user(7)));
    let mut random = Random::new(0);
    // The published first values of splitmix64 for seed 0.
    assert_eq!((random.next(), random.next()), (0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4));
}
