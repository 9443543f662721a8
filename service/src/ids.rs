//! Ids: `prefix_` and a UUIDv7 in 32 hexadecimal digits, such as `usr_0197…`.
//!
//! They are opaque to clients, sort by creation time, and tell by their prefix what they name.
//! [`id_type!`](crate::id_type) makes a newtype per entity.

use std::sync::Mutex;

use ring::rand::SecureRandom as _;

use crate::clock::Clock;

/// A text that is not an id of the expected kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the form `{0}_…`")]
pub struct MalformedId(pub &'static str);

/// Makes ids: ordered within a process, unguessable across.
pub struct IdGen {
    clock: Clock,
    random: ring::rand::SystemRandom,
    last: Mutex<Last>,
}

struct Last {
    ms: u64,
    counter: u16,
}

impl IdGen {
    /// A generator on a clock.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            random: ring::rand::SystemRandom::new(),
            last: Mutex::new(Last { ms: 0, counter: 0 }),
        }
    }

    /// A new id: `prefix_` and a UUIDv7 (RFC 9562 5.7, with its method 1 counter in `rand_a`).
    pub fn id(&self, prefix: &str) -> String {
        let (ms, counter) = self.tick();
        let mut random = [0_u8; 10];
        // Without system randomness ids stay unique and ordered by time and counter.
        let filled = self.random.fill(&mut random[2..]).is_ok();
        debug_assert!(filled, "the system gives randomness");
        random[..2].copy_from_slice(&counter.to_be_bytes());
        let uuid = uuid::Builder::from_unix_timestamp_millis(ms, &random).into_uuid();
        format!("{prefix}_{}", uuid.simple())
    }

    /// Random bytes for secrets and tokens. `None` when the system has none to give.
    pub fn secret<const N: usize>(&self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).ok().map(|()| bytes)
    }

    fn tick(&self) -> (u64, u16) {
        const COUNTER_MAX: u16 = 0x0fff;
        let now = u64::try_from(self.clock.now_ms()).unwrap_or(0);
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if now > last.ms {
            *last = Last { ms: now, counter: 0 };
        } else if last.counter == COUNTER_MAX {
            *last = Last { ms: last.ms + 1, counter: 0 };
        } else {
            last.counter += 1;
        }
        (last.ms, last.counter)
    }
}

/// Whether `text` is `prefix_` and 32 lower-case hexadecimal digits.
pub fn is_id(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Declares an id newtype: `id_type!(/// A user. UserId, "usr");`
///
/// It has `generate(&IdGen)`, `as_str`, `FromStr`, `Display`, and converts into a SQL value and (by
/// `Display`) a GraphQL `ID`.
#[macro_export]
macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// What ids of this kind begin with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id.
            pub fn generate(ids: &$crate::ids::IdGen) -> Self {
                Self(ids.id(Self::PREFIX))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ids::MalformedId;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if $crate::ids::is_id(Self::PREFIX, text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($crate::ids::MalformedId(Self::PREFIX))
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for $crate::db::Value {
            fn from(id: $name) -> Self {
                Self::from(id.0)
            }
        }

        impl From<&$name> for $crate::db::Value {
            fn from(id: &$name) -> Self {
                Self::from(id.as_str())
            }
        }
    };
}
