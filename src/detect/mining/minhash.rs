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

/// An element in 64 bits, as all functions take it: mixed once, since each function only multiplies.
#[must_use]
pub const fn spread(element: u32) -> u64 {
    let spread = (element as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let spread = (spread ^ (spread >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    spread ^ (spread >> 32)
}

/// The hash functions `h_k(x) = a_k · spread(x)` modulo 2⁶⁴ (multiplicative hashing, Dietzfelbinger et al. 1997), k from
/// 0, each with an odd factor of its own.
#[derive(Clone, Copy, Debug)]
pub struct Function(u64);

impl Function {
    /// The k-th function.
    #[must_use]
    pub const fn new(k: u64) -> Self {
        Self(mix(SEED ^ mix(k)) | 1)
    }

    /// Hash of an element, which [`spread`] gave.
    #[must_use]
    pub const fn hash(self, spread: u64) -> u64 {
        self.0.wrapping_mul(spread)
    }

    /// Least hash over a set; `u64::MAX` for the empty set.
    #[must_use]
    pub fn least(self, set: &[u32]) -> u64 {
        least([self], set)[0]
    }
}

/// Least hash over a set under each of some functions; `u64::MAX` for the empty set.
#[must_use]
pub fn least<const COUNT: usize>(functions: [Function; COUNT], set: &[u32]) -> [u64; COUNT] {
    let mut least = [u64::MAX; COUNT];
    for element in set {
        let spread = spread(*element);
        for (least, function) in least.iter_mut().zip(functions) {
            *least = (*least).min(function.hash(spread));
        }
    }
    least
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
    let (mut at, mut other_at, mut shared) = (0, 0, 0);
    while let (Some(one), Some(other)) = (left.get(at), right.get(other_at)) {
        // Without branches: which of the two is less is as good as chance.
        shared += usize::from(one == other);
        at += usize::from(one <= other);
        other_at += usize::from(other <= one);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(of: std::collections::BTreeSet<u32>) -> Vec<u32> {
        of.into_iter().collect()
    }

    proptest! {
        #[test]
        fn sharing_is_what_it_says(
            left in proptest::collection::btree_set(0_u32..60, 0..40),
            right in proptest::collection::btree_set(0_u32..60, 0..40),
        ) {
            let common = left.intersection(&right).count();
            let all = left.union(&right).count();
            let (left, right) = (set(left), set(right));
            prop_assert_eq!(shared(&left, &right), common);
            let expected = if all == 0 { 0.0 } else { common as f64 / all as f64 };
            prop_assert!((jaccard(&left, &right) - expected).abs() < 1e-12);
        }

        #[test]
        fn estimates_lie_near_the_truth(
            left in proptest::collection::btree_set(any::<u32>(), 1..60),
            right in proptest::collection::btree_set(any::<u32>(), 1..60),
            both in proptest::collection::btree_set(any::<u32>(), 0..120),
        ) {
            let left = set(left.union(&both).copied().collect());
            let right = set(right.union(&both).copied().collect());
            let truth = jaccard(&left, &right);
            let guess = estimate(&signature(&left, 512), &signature(&right, 512));
            // Six standard errors: once in a thousand million.
            prop_assert!((guess - truth).abs() <= 6.0 * (truth * (1.0 - truth) / 512.0).sqrt() + 0.01);
        }
    }

    #[derive(serde::Deserialize)]
    struct Golden {
        permutations: usize,
        pair: Vec<Pair>,
    }

    #[derive(serde::Deserialize)]
    struct Pair {
        left: [u32; 2],
        right: [u32; 2],
        estimate: f64,
    }

    #[test]
    fn estimates_agree_with_datasketch() {
        let golden: Golden =
            toml::from_str(include_str!("../../../tests/data/minhash_datasketch.toml")).expect("the golden file");
        for pair in golden.pair {
            let sets = [pair.left, pair.right].map(|[start, end]| (start..end).collect::<Vec<u32>>());
            let ours = estimate(&signature(&sets[0], golden.permutations), &signature(&sets[1], golden.permutations));
            let truth = jaccard(&sets[0], &sets[1]);
            // Two estimates, each with its standard error; four of their common one.
            let error = (2.0 * truth * (1.0 - truth) / golden.permutations as f64).sqrt();
            let apart = (ours - pair.estimate).abs();
            assert!(apart <= 4.0 * error + 1e-9, "{:?} {:?}: {ours} and {}", pair.left, pair.right, pair.estimate);
        }
    }

    #[test]
    fn signatures_are_the_same_in_every_build() {
        assert_eq!(mix(0), 0xE220_A839_7B1D_CDAF);
        assert_eq!(signature(&[], 2), [u64::MAX, u64::MAX]);
        assert_eq!(signature(&[1, 2, 3], 3), signature(&[3, 1, 2], 3));
    }
}
