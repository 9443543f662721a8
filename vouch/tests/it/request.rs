//! Row 42: a subgraph reached directly, changed requests, replays, rotation.

use braid_vouch::request::{KeyError, Message};
use braid_vouch::{
    CALLER_HEADER, Caller, CallerKind, SIGNATURE_HEADER, Signer, Verifier, VerifyError,
};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const OTHER: &[u8] = b"another secret of 32 bytes or so";
const NOW: i64 = 1_800_000_000_000;
const MESSAGE: Message<'static> =
    Message { method: "POST", path: "/graphql", caller: Some("abc"), body: b"{}" };

fn sign(signer: &Signer, message: &Message<'_>, now_ms: i64) -> String {
    signer.sign(message.method, message.path, message.caller, message.body, now_ms)
}

#[test]
fn a_signature_is_good_for_its_request_only() {
    let signer = Signer::new("k1", SECRET).unwrap();
    let changes: [(&str, Message<'_>); 7] = [
        ("method", Message { method: "GET", ..MESSAGE }),
        ("path", Message { path: "/other", ..MESSAGE }),
        ("query", Message { path: "/graphql?x=1", ..MESSAGE }),
        ("caller", Message { caller: Some("abd"), ..MESSAGE }),
        ("no caller", Message { caller: None, ..MESSAGE }),
        ("body", Message { body: b"{ }", ..MESSAGE }),
        ("shifted", Message { method: "POST/", path: "graphql", ..MESSAGE }),
    ];
    for (what, changed) in changes {
        let verifier = Verifier::new(&[("k1", SECRET)]).unwrap();
        let signature = sign(&signer, &MESSAGE, NOW);
        assert_eq!(
            verifier.verify(&changed, &signature, NOW),
            Err(VerifyError::Mismatch),
            "{what}"
        );
        assert_eq!(verifier.verify(&MESSAGE, &signature, NOW), Ok(()), "{what}");
    }
    let verifier = Verifier::new(&[("k1", SECRET)]).unwrap();
    let anonymous = Message { caller: None, ..MESSAGE };
    let empty = Message { caller: Some(""), ..MESSAGE };
    let signature = sign(&signer, &anonymous, NOW);
    assert_eq!(verifier.verify(&empty, &signature, NOW), Err(VerifyError::Mismatch));
}

#[test]
fn keys_are_per_subgraph_and_two_while_rotating() {
    let old = Signer::new("old", SECRET).unwrap();
    let new = Signer::new("new", OTHER).unwrap();
    let stranger = Signer::new("old", OTHER).unwrap();
    let rotating = Verifier::new(&[("old", SECRET), ("new", OTHER)]).unwrap();
    let after = Verifier::new(&[("new", OTHER)]).unwrap();
    assert_eq!(rotating.verify(&MESSAGE, &sign(&old, &MESSAGE, NOW), NOW), Ok(()));
    assert_eq!(rotating.verify(&MESSAGE, &sign(&new, &MESSAGE, NOW), NOW), Ok(()));
    assert_eq!(after.verify(&MESSAGE, &sign(&new, &MESSAGE, NOW), NOW), Ok(()));
    let unknown = after.verify(&MESSAGE, &sign(&old, &MESSAGE, NOW), NOW);
    assert_eq!(unknown, Err(VerifyError::UnknownKey));
    let mismatch = rotating.verify(&MESSAGE, &sign(&stranger, &MESSAGE, NOW), NOW);
    assert_eq!(mismatch, Err(VerifyError::Mismatch));
    for (keys, error) in [
        (vec![], KeyError::Count),
        (vec![("a", SECRET), ("a", OTHER)], KeyError::Count),
        (vec![("a", SECRET), ("b", OTHER), ("c", OTHER)], KeyError::Count),
        (vec![("", SECRET)], KeyError::Id),
        (vec![("a b", SECRET)], KeyError::Id),
        (vec![("a", b"short".as_slice())], KeyError::Secret("a".to_owned())),
    ] {
        assert_eq!(Verifier::new(&keys).err(), Some(error));
    }
}

#[test]
fn the_window_is_thirty_seconds() {
    let signer = Signer::new("k1", SECRET).unwrap();
    let verifier = Verifier::new(&[("k1", SECRET)]).unwrap();
    for (signed_at, expected) in [
        (NOW, Ok(())),
        (NOW - 30_000, Ok(())),
        (NOW + 30_000, Ok(())),
        (NOW - 30_001, Err(VerifyError::OutsideWindow)),
        (NOW + 30_001, Err(VerifyError::OutsideWindow)),
        (i64::MIN, Err(VerifyError::OutsideWindow)),
        (i64::MAX, Err(VerifyError::OutsideWindow)),
        (0, Err(VerifyError::OutsideWindow)),
    ] {
        let signature = sign(&signer, &MESSAGE, signed_at);
        assert_eq!(verifier.verify(&MESSAGE, &signature, NOW), expected, "{signed_at}");
    }
}

#[test]
fn a_replay_is_refused_while_it_could_be_one() {
    let signer = Signer::new("k1", SECRET).unwrap();
    let verifier = Verifier::new(&[("k1", SECRET)]).unwrap();
    let early = sign(&signer, &MESSAGE, NOW + 30_000);
    assert_eq!(verifier.verify(&MESSAGE, &early, NOW), Ok(()));
    for later in [0, 1, 29_000, 59_000, 60_000] {
        let replayed = verifier.verify(&MESSAGE, &early, NOW + later);
        assert_eq!(replayed, Err(VerifyError::Replayed), "{later} ms later");
    }
    let outside = verifier.verify(&MESSAGE, &early, NOW + 60_001);
    assert_eq!(outside, Err(VerifyError::OutsideWindow));
}

#[test]
fn a_full_memory_refuses_and_recovers() {
    let signer = Signer::new("k1", SECRET).unwrap();
    let verifier = Verifier::with_memory(&[("k1", SECRET)], 3).unwrap();
    let first = sign(&signer, &MESSAGE, NOW);
    assert_eq!(verifier.verify(&MESSAGE, &first, NOW), Ok(()));
    for _ in 0..2 {
        assert_eq!(verifier.verify(&MESSAGE, &sign(&signer, &MESSAGE, NOW), NOW), Ok(()));
    }
    let full = verifier.verify(&MESSAGE, &sign(&signer, &MESSAGE, NOW), NOW);
    assert_eq!(full, Err(VerifyError::ReplayMemoryFull));
    let replayed = verifier.verify(&MESSAGE, &first, NOW);
    assert_eq!(replayed, Err(VerifyError::Replayed), "it forgets nothing that lives");
    let later = NOW + 31_000;
    assert_eq!(verifier.verify(&MESSAGE, &sign(&signer, &MESSAGE, later), later), Ok(()));
}

#[test]
fn malformed_signatures_are_refused() {
    let signer = Signer::new("k1", SECRET).unwrap();
    let verifier = Verifier::new(&[("k1", SECRET)]).unwrap();
    let good = sign(&signer, &MESSAGE, NOW);
    let with = |from: &str, to: &str| good.replacen(from, to, 1);
    for bad in [
        String::new(),
        "v1".to_owned(),
        with("v1", "v2"),
        with("v1", "V1"),
        with(" ", "  "),
        with(&NOW.to_string(), &format!("+{NOW}")),
        with(&NOW.to_string(), &format!("0{NOW}")),
        with(&NOW.to_string(), "1e12"),
        with(&NOW.to_string(), "99999999999999999999"),
        format!("{good} x"),
        format!("{good}="),
        good[..good.len() - 1].to_owned(),
        "v1 k1 ".to_owned() + &"9".repeat(10_000),
    ] {
        let refused = verifier.verify(&MESSAGE, &bad, NOW);
        assert_eq!(refused, Err(VerifyError::Malformed), "{bad:.80}");
    }
    let mut flipped = good.clone().into_bytes();
    let last = flipped.len() - 10;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    assert_eq!(verifier.verify(&MESSAGE, &flipped, NOW), Err(VerifyError::Mismatch));
    assert_eq!(verifier.verify(&MESSAGE, &good, NOW), Ok(()));
}

#[test]
fn headers_that_are_there_twice_are_refused() {
    let signer = Signer::new("k1", SECRET).unwrap();
    let verifier = Verifier::new(&[("k1", SECRET)]).unwrap();
    let signature = signer.sign("POST", "/graphql?a=b", Some("abc"), b"x", NOW);
    let request = || {
        http::Request::post("http://somewhere/graphql?a=b")
            .header(SIGNATURE_HEADER, &signature)
            .header(CALLER_HEADER, "abc")
    };
    let parts = |builder: http::request::Builder| builder.body(()).unwrap().into_parts().0;
    let twice = parts(request().header(CALLER_HEADER, "evil"));
    assert_eq!(verifier.verify_request(&twice, b"x", NOW), Err(VerifyError::Malformed));
    let twice = parts(request().header(SIGNATURE_HEADER, &signature));
    assert_eq!(verifier.verify_request(&twice, b"x", NOW), Err(VerifyError::Malformed));
    let none = parts(http::Request::post("/graphql"));
    assert_eq!(verifier.verify_request(&none, b"x", NOW), Err(VerifyError::Missing));
    assert_eq!(verifier.verify_request(&parts(request()), b"x", NOW), Ok(()));
}

#[test]
fn callers_survive_their_header_and_only_so() {
    let caller = Caller {
        subject: "usr_1".to_owned(),
        kind: CallerKind::Client,
        scopes: vec!["orders:read".to_owned()],
        groups: vec!["STAFF".to_owned()],
        account: Some("acc_1".to_owned()),
    };
    assert_eq!(Caller::decode(&caller.encode().unwrap()), Ok(caller.clone()));
    assert!(caller.has_scope("orders:read") && !caller.has_scope("orders"));
    for bad in ["", "%%%", "e30", "bnVsbA", "eyJzdWIiOiIiLCJraW5kIjoidXNlciJ9"] {
        assert!(Caller::decode(bad).is_err(), "{bad}");
    }
    let large = Caller { scopes: vec!["x".repeat(9_000)], ..caller };
    assert!(large.encode().is_err());
    assert!(Caller::decode(&"A".repeat(9_000)).is_err());
}
