//! The rules without a database.

use accounts::domain::account::{Account, AccountId, Wish};
use accounts::domain::duplicate::Probe;
use accounts::domain::text;

#[test]
fn domains_are_brought_into_one_form() {
    for (typed, domain) in [
        ("Example.COM", "example.com"),
        (" https://www.example.com/a?b#c ", "example.com"),
        ("http://sub.example.com:8080", "sub.example.com"),
        ("example.com.", "example.com"),
        ("bücher.example", "bücher.example"),
    ] {
        assert_eq!(text::normal_domain(typed).as_deref(), Some(domain), "{typed}");
    }
    let long = format!("{}.com", "a".repeat(64));
    for typed in
        ["", "localhost", "a b.com", "-a.com", "a-.com", "a..com", ".com", &long, "a\u{0}.b"]
    {
        assert_eq!(text::normal_domain(typed), None, "{typed}");
    }
}

#[test]
fn emails_phones_and_tax_numbers_have_grammars() {
    let email = |text: &str| text::email(&[], text, &mut Vec::new());
    assert_eq!(email(" Ann.Bell+x@example.com ").as_deref(), Some("Ann.Bell+x@example.com"));
    for bad in
        ["", "a", "a@", "@b.com", "a@b", "a b@c.com", "a@b@c.com", "a@b.com/x", "a\u{0}@b.com"]
    {
        assert_eq!(email(bad), None, "{bad}");
    }
    let phone = |text: &str| text::phone(&[], text, &mut Vec::new());
    assert!(phone("+31 (20) 555-0100").is_some());
    for bad in ["", "1234", "call me", "+3120555010012345678901234567890", "12345\u{0}"] {
        assert_eq!(phone(bad), None, "{bad}");
    }
    let tax = |text: &str| text::tax_id(&[], text, &mut Vec::new());
    assert!(tax("NL 8123.45.678-B01").is_some());
    for bad in ["", "12 3", "NL*81234", "é12345"] {
        assert_eq!(tax(bad), None, "{bad}");
    }
    assert_eq!(text::tax_key("nl 8123.45"), "NL812345");
}

#[test]
fn names_match_without_their_legal_form() {
    for (a, b) in [
        ("Müller & Söhne GmbH", "müller söhne"),
        ("Acme, Inc.", "ACME"),
        ("Acme Co. Ltd", "acme"),
        ("O'Neil S.A.", "ONeil"),
    ] {
        assert_eq!(text::match_key(a), text::match_key(b));
    }
    assert_eq!(text::match_key("Limited"), "limited", "a name is never empty by this");
    assert_ne!(text::match_key("Acme North"), text::match_key("Acme South"));
}

fn account(name: &str, domain: Option<&str>, tax_id: Option<&str>) -> Account {
    let id: AccountId = format!("acc_{}", "0".repeat(32)).parse().unwrap();
    let wish = Wish {
        name: name.to_owned(),
        domain: domain.map(str::to_owned),
        industry: None,
        employee_count: None,
        tax_id: tax_id.map(str::to_owned),
        billing_address: None,
        owner_id: None,
    };
    Account::new(id, wish, "usr_1", 0).unwrap()
}

#[test]
fn what_is_certainly_the_same() {
    let same = |a: &Account, b: &Account| {
        let forth = Probe::of_account(a).is_same(b);
        assert_eq!(forth, Probe::of_account(b).is_same(a), "symmetric");
        forth
    };
    let acme = account("Acme Ltd", Some("acme.com"), Some("NL81234"));
    assert!(same(&acme, &account("Other", None, Some("nl 81234"))), "one tax number");
    assert!(!same(&acme, &account("Acme", Some("acme.com"), Some("NL99999"))), "two tax numbers");
    assert!(same(&acme, &account("Other", Some("www.acme.com"), None)), "one domain");
    assert!(!same(&acme, &account("Acme", Some("acme.de"), None)), "two domains");
    assert!(same(&acme, &account("ACME", None, None)), "one name, no second domain");
    assert!(!same(&acme, &account("Acme West", None, None)));
}
