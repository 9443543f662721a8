//! The deterministic demo world: how large it is, its random numbers, and batched inserts.
//!
//! Every service seeds its own part; they agree because what they share (ids, who belongs where,
//! prices) is computed by [`world`] from an index alone.

pub mod credit;
pub mod world;

use std::sync::Arc;

use crate::db::{Db, Value, sql};

use crate::app::StartError;

/// How large a demo world is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Enough to click through; the default.
    Tiny,
    /// A company's year.
    Demo,
    /// For load tests.
    Load,
}

/// Told how far seeding is: rows done, rows in all.
pub type Progress = Arc<dyn Fn(u64, u64) + Send + Sync>;

/// A seeded stream of random numbers: splitmix64 (Steele, Lea, Flood, OOPSLA 2014). Not for
/// secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

/// Rows of one insert; with up to 20 columns it stays within the databases' limits.
pub const BATCH_ROWS: usize = 500;

// === impl Scale ===

impl Scale {
    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tiny => "tiny",
            Self::Demo => "demo",
            Self::Load => "load",
        }
    }
}

impl std::str::FromStr for Scale {
    type Err = StartError;

    fn from_str(text: &str) -> Result<Self, StartError> {
        match text {
            "tiny" => Ok(Self::Tiny),
            "demo" => Ok(Self::Demo),
            "load" => Ok(Self::Load),
            _ => Err(StartError::Config {
                name: "scale".to_owned(),
                problem: format!("`{text}` is none of tiny, demo, load"),
            }),
        }
    }
}

// === impl Random ===

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream that belongs to thing `n` of a kind.
    pub fn of(kind: &str, n: u64) -> Self {
        // FNV-1a over the kind, then the index.
        let hash = kind.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = Self(hash ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.next();
        random
    }

    /// The next number.
    #[expect(clippy::should_implement_trait, reason = "an endless stream is no iterator here")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    /// One of `items`, which are not empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let index = self.below(items.len() as u64);
        &items[usize::try_from(index).unwrap_or(0)]
    }
}

/// Inserts rows in batches, each a transaction of its own: `insert` is
/// `INSERT INTO t (…) VALUES $ROWS ON CONFLICT DO NOTHING`. Tells `progress` after every batch, with
/// `before` rows already done of `total`.
///
/// # Errors
/// The database refuses.
pub async fn insert_rows<const N: usize>(
    db: &Db,
    insert: &'static str,
    rows: impl Iterator<Item = [Value; N]>,
    mut told: impl FnMut(u64),
) -> Result<(), StartError> {
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    for row in rows {
        batch.push(row);
        if batch.len() == BATCH_ROWS {
            let count = batch.len() as u64;
            db.execute(sql(insert).bind_rows(batch.drain(..))).await?;
            told(count);
        }
    }
    if !batch.is_empty() {
        let count = batch.len() as u64;
        db.execute(sql(insert).bind_rows(batch)).await?;
        told(count);
    }
    Ok(())
}
