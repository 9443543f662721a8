//! The limits of guessing.

use super::{ACCOUNT_MAX, ENTRIES_MAX, PAIR_MAX, PEER_MAX, Throttle, WINDOW_US};

fn fail(throttle: &Throttle, account: &str, peer: &str, times: u32) {
    for _ in 0..times {
        throttle.failed(account, peer, 0);
    }
}

#[test]
fn a_pair_an_account_and_a_peer_have_limits_of_their_own() {
    let throttle = Throttle::default();
    fail(&throttle, "a", "1", PAIR_MAX - 1);
    assert_eq!(throttle.admit("a", "1", 0), Ok(()));
    fail(&throttle, "a", "1", 1);
    assert_eq!(throttle.admit("a", "1", 0), Err(901));
    assert_eq!(throttle.admit("a", "2", 0), Ok(()), "the owner elsewhere");
    assert_eq!(throttle.admit("b", "1", 0), Ok(()), "a colleague behind the same address");
    for peer in 0..ACCOUNT_MAX {
        fail(&throttle, "a", &format!("p{peer}"), 1);
    }
    assert!(throttle.admit("a", "2", 0).is_err(), "one account from many peers");
    for account in 0..PEER_MAX {
        fail(&throttle, &format!("x{account}"), "9", 1);
    }
    assert!(throttle.admit("c", "9", 0).is_err(), "many accounts from one peer");
    assert_eq!(throttle.admit("a", "1", WINDOW_US), Ok(()), "windows end");
}

#[test]
fn success_forgives_the_pair_only() {
    let throttle = Throttle::default();
    fail(&throttle, "a", "1", PAIR_MAX);
    throttle.succeeded("a", "1");
    assert_eq!(throttle.admit("a", "1", 0), Ok(()));
    fail(&throttle, "a", "2", ACCOUNT_MAX);
    throttle.succeeded("a", "2");
    assert!(throttle.admit("a", "2", 0).is_err());
}

#[test]
fn a_full_memory_refuses_strangers_until_windows_end() {
    let throttle = Throttle::default();
    for n in 0..ENTRIES_MAX / 3 {
        throttle.failed(&format!("a{n}"), &format!("p{n}"), 0);
    }
    assert!(throttle.admit("new", "new", 1).is_err());
    assert_eq!(throttle.admit("a1", "p1", 1), Ok(()), "who is known goes on");
    assert_eq!(throttle.admit("new", "new", WINDOW_US), Ok(()));
}
