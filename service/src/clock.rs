//! Time, as one value that tests can own: UTC microseconds since the epoch.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where a service reads the time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until told; for tests.
    pub fn manual(start_us: i64) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start_us))))
    }

    /// Microseconds since the epoch.
    pub fn now_us(&self) -> i64 {
        match &self.0 {
            Source::System => {
                // Before 1970 or after the year 294 000 the machine's clock is broken anyway.
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX)
            }
            Source::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Milliseconds since the epoch.
    pub fn now_ms(&self) -> i64 {
        self.now_us().div_euclid(1_000)
    }

    /// Moves a manual clock, also backwards; a system clock stays.
    pub fn advance_us(&self, by_us: i64) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(by_us, Ordering::SeqCst);
        }
    }
}
