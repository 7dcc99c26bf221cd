//! Regularity: the rhythm of a run, by its gaps. A machine with a fixed pause has equal gaps, a hand has not.
//! Median and coefficient of variation stand with the run in `campaigns.rs`; here is the share of equal gaps.
//! Nothing is judged: times in whole seconds make gaps equal that were not, and the report says so.

/// The share of gaps that have the most frequent length; `None` with fewer than two gaps.
#[must_use]
pub fn equal_share(times: &[i64]) -> Option<f64> {
    let mut gaps: Vec<i64> = times.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
    if gaps.len() < 2 {
        return None;
    }
    gaps.sort_unstable();
    let most = gaps.chunk_by(|one, next| one == next).map(<[i64]>::len).max()?;
    Some(most as f64 / gaps.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_gaps_are_counted() {
        assert_eq!(equal_share(&[0, 10]), None);
        assert_eq!(equal_share(&[0, 10, 20, 30]), Some(1.0));
        assert_eq!(equal_share(&[0, 10, 20, 50, 57]), Some(0.5));
        assert_eq!(equal_share(&[0, 1, 3, 6, 10]), Some(0.25));
    }
}
