//! MinHash (Broder 1997) in 64 bits with fixed seeds: how alike two sets are, from short signatures.
//! Banding for candidates (locality-sensitive hashing) is done by who joins; here are only the hash functions.

/// The seed from which all hash functions are drawn.
const SEED: u64 = 0x5345_4e44_4553_4348;

/// One step of splitmix64 (Steele, Lea and Flood 2014): a bijection that mixes all bits.
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// The hash functions `h_k(x) = mix(x xor s_k)`, k from 0, each with a seed of its own.
#[derive(Clone, Copy, Debug)]
pub struct Function(u64);

impl Function {
    /// The k-th function.
    #[must_use]
    pub const fn new(k: u64) -> Self {
        Self(mix(SEED ^ mix(k)))
    }

    /// Hash of one element.
    #[must_use]
    pub const fn hash(self, element: u32) -> u64 {
        mix(element as u64 ^ self.0)
    }

    /// Least hash over a set; `u64::MAX` for the empty set.
    #[must_use]
    pub fn least(self, set: &[u32]) -> u64 {
        set.iter().map(|element| self.hash(*element)).min().unwrap_or(u64::MAX)
    }
}

/// The signature of a set: its least hash under each of the first `length` functions.
#[must_use]
pub fn signature(set: &[u32], length: usize) -> Vec<u64> {
    (0..length as u64).map(|k| Function::new(k).least(set)).collect()
}

/// Share of positions at which two signatures agree: an estimate of [`jaccard`] with standard error
/// √(J(1−J)/length).
#[must_use]
pub fn estimate(left: &[u64], right: &[u64]) -> f64 {
    let agree = left.iter().zip(right).filter(|(left, right)| left == right).count();
    if left.is_empty() { 0.0 } else { agree as f64 / left.len().max(right.len()) as f64 }
}

/// How many elements two ascending sets share.
#[must_use]
pub fn shared(left: &[u32], right: &[u32]) -> usize {
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let mut shared = 0;
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => {
                left.next();
            }
            std::cmp::Ordering::Greater => {
                right.next();
            }
            std::cmp::Ordering::Equal => {
                shared += 1;
                left.next();
                right.next();
            }
        }
    }
    shared
}

/// Jaccard's similarity of two ascending sets: shared elements over all elements; 0 for two empty sets.
#[must_use]
pub fn jaccard(left: &[u32], right: &[u32]) -> f64 {
    let shared = shared(left, right);
    let all = left.len() + right.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}
