//! Named fail points: where a test lets the process "die" between two statements.
//!
//! A handle is passed down with the messaging parts. In production it is empty and a hit is one
//! branch; a test arms a name with a countdown, gets [`Crash`] at exactly that statement, and
//! starts everything anew over the same database.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The process is dead at the named point: whoever gets this does nothing more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fail point `{0}` reached")]
pub struct Crash(pub &'static str);

/// A set of armed fail points; cheap to clone, shared by its clones.
#[derive(Debug, Clone, Default)]
pub struct FailPoints(Option<Arc<Mutex<Armed>>>);

#[derive(Debug, Default)]
struct Armed {
    /// Hits left until the crash, by point.
    countdown: BTreeMap<&'static str, u32>,
    /// How often each point was passed.
    seen: BTreeMap<&'static str, u32>,
    /// Set once a point has fired: a dead process reaches no further point.
    dead: Option<&'static str>,
}

impl FailPoints {
    /// No fail points: the handle of production.
    #[must_use]
    pub const fn none() -> Self {
        Self(None)
    }

    /// Counts every point passed and crashes at the `nth` (from 1) passing of `point`.
    #[must_use]
    pub fn crash_at(point: &'static str, nth: u32) -> Self {
        let armed = Armed { countdown: BTreeMap::from([(point, nth)]), ..Armed::default() };
        Self(Some(Arc::new(Mutex::new(armed))))
    }

    /// Only counts the points passed, to learn which there are.
    #[must_use]
    pub fn counting() -> Self {
        Self(Some(Arc::default()))
    }

    /// Passes `point`.
    ///
    /// # Errors
    /// [`Crash`] when the point is armed and due, and at every point after that.
    pub fn hit(&self, point: &'static str) -> Result<(), Crash> {
        let Some(armed) = &self.0 else { return Ok(()) };
        let mut armed = armed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dead) = armed.dead {
            return Err(Crash(dead));
        }
        *armed.seen.entry(point).or_default() += 1;
        if let Some(left) = armed.countdown.get_mut(point) {
            *left -= 1;
            if *left == 0 {
                armed.dead = Some(point);
                return Err(Crash(point));
            }
        }
        Ok(())
    }

    /// Points passed so far with their counts.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<&'static str, u32> {
        let Some(armed) = &self.0 else { return BTreeMap::new() };
        armed.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }

    /// Whether a point has fired.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        let Some(armed) = &self.0 else { return false };
        armed.lock().unwrap_or_else(PoisonError::into_inner).dead.is_some()
    }
}
