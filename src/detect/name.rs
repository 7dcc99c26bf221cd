//! Whether the texts sent under one name agree: a name ("default", "batch 1") may cover sends that have nothing in
//! common. The name stays the content all the same; that its texts differ is told beside it.
//! Measured on the few texts that ingest keeps of each name.

use std::collections::BTreeSet;

use crate::ingest::words_of;

/// Below this share of words in common, in the median over all pairs of texts, a name does not say what was sent. Our
/// own figure: personalised texts and texts with rotated synonyms share half of their words or more, unrelated ones of
/// one language about a tenth.
pub const LEAST_AGREEMENT: f64 = 0.2;

/// Median over all pairs of the words in common over the words of either (Jaccard); `None` with fewer than two texts.
#[must_use]
pub fn agreement(texts: &[String]) -> Option<f64> {
    let words: Vec<BTreeSet<String>> = texts.iter().map(|text| normal_words(text)).collect();
    let mut shares: Vec<f64> = Vec::new();
    for (at, one) in words.iter().enumerate() {
        for other in words.iter().skip(at + 1) {
            let common = one.intersection(other).count();
            let either = one.len() + other.len() - common;
            shares.push(if either == 0 { 1.0 } else { common as f64 / either as f64 });
        }
    }
    shares.sort_by(f64::total_cmp);
    // With two middle pairs the greater counts: where it is open, the name is believed.
    shares.get(shares.len() / 2).copied()
}

fn normal_words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    words_of(text, |_, normal| {
        words.insert(normal.to_owned());
    });
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Option<f64> {
        agreement(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn personalised_texts_agree_and_unrelated_ones_do_not() {
        assert_eq!(of(&["Hallo Anna"]), None);
        assert_eq!(of(&["Hallo Anna", "Hallo Bert"]), Some(1.0 / 3.0));
        let offer = |name| format!("Liebe {name}, nur heute zwanzig Prozent auf alles im Laden am Markt");
        let told = agreement(&["Anna", "Bert", "Cem"].map(offer)).expect("pairs");
        assert!(told > 0.7, "{told}");
        let unrelated = of(&[
            "Nur heute zwanzig Prozent auf alle Winterjacken im Laden am Markt",
            "Die Schule fällt morgen wegen Sturm aus, bitte sagt es weiter",
            "Ihr Termin beim Zahnarzt wurde verlegt, rufen Sie uns an",
        ]);
        assert!(unrelated.is_some_and(|share| share < LEAST_AGREEMENT), "{unrelated:?}");
        assert_eq!(of(&["", ""]), Some(1.0));
    }
}
