//! How much an input may unpack to: a bound over everything nested in it, and a guard against bombs.
//! Every decoder reads through [`Bounded`], and every size that an archive states is spent before it is believed.
//! What is done with a refusal, the callers decide.

use std::cell::Cell;
use std::io::{self, Read};

/// The bound that holds where the user names none.
pub const DEFAULT_MAX_UNPACKED: u64 = 64 << 30;
/// How many times its own size an input may unpack to, past [`GRACE`], while the user has named no bound.
pub const RATIO: u64 = 200;
/// Bytes that any input may unpack to, however small it is.
pub const GRACE: u64 = 256 << 20;

/// Why unpacking was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    /// The bound is passed.
    #[error("unpacks to more than {limit} bytes; raise --max-unpacked if that is right")]
    Bound {
        /// The bound.
        limit: u64,
    },
    /// So much out of so little is what bombs do.
    #[error(
        "unpacks to more than {RATIO} times its {packed} bytes, as bombs do; if that is right, state with --max-unpacked \
         how large it may get"
    )]
    Ratio {
        /// Size of the input as it lies there.
        packed: u64,
    },
}

/// See the module.
#[derive(Debug)]
pub struct Budget {
    packed: u64,
    limit: u64,
    used: Cell<u64>,
    refused: Cell<Option<TooLarge>>,
}

impl Budget {
    /// The budget of an input of `packed` bytes. A limit other than the default was named by the user, who knows how
    /// large it may get: then only that limit holds.
    #[must_use]
    pub const fn new(packed: u64, limit: u64) -> Self {
        Self { packed, limit, used: Cell::new(0), refused: Cell::new(None) }
    }

    /// Takes note of bytes that are unpacked or stated.
    ///
    /// # Errors
    /// When they are too many.
    pub fn spend(&self, bytes: u64) -> Result<(), TooLarge> {
        let used = self.used.get().saturating_add(bytes);
        self.used.set(used);
        let refused = if used > self.limit {
            TooLarge::Bound { limit: self.limit }
        } else if self.limit == DEFAULT_MAX_UNPACKED && used > GRACE && used / RATIO > self.packed {
            TooLarge::Ratio { packed: self.packed }
        } else {
            return Ok(());
        };
        self.refused.set(Some(refused));
        Err(refused)
    }

    /// The refusal, if there was one: readers in between may have turned it into words of their own.
    #[must_use]
    pub fn refused(&self) -> Option<TooLarge> {
        self.refused.get()
    }
}

/// A decoder whose bytes are counted.
#[derive(Debug)]
pub struct Bounded<'b, R> {
    inner: R,
    budget: &'b Budget,
}

impl<'b, R: Read> Bounded<'b, R> {
    /// Counts what `inner` gives.
    pub const fn new(inner: R, budget: &'b Budget) -> Self {
        Self { inner, budget }
    }
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.budget.spend(count as u64).map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_a_bound_and_the_ratio_guards_only_the_default() {
        let budget = Budget::new(10, 1000);
        assert!(budget.spend(1000).is_ok() && budget.refused().is_none());
        assert_eq!(budget.spend(1), Err(TooLarge::Bound { limit: 1000 }));
        assert!(Budget::new(1 << 20, 1 << 40).spend(1 << 39).is_ok(), "the user has named a bound");
        let guarded = Budget::new(1 << 20, DEFAULT_MAX_UNPACKED);
        assert!(guarded.spend(GRACE).is_ok());
        assert_eq!(guarded.spend(1 << 20), Err(TooLarge::Ratio { packed: 1 << 20 }));
        assert!(Budget::new(1 << 30, DEFAULT_MAX_UNPACKED).spend(20 << 30).is_ok());
        assert!(TooLarge::Ratio { packed: 7 }.to_string().contains("--max-unpacked"));
    }
}
