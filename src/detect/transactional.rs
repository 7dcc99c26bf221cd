//! Tells notices that people caused themselves (orders, parcels, appointments, codes) from mass sends.
//! Four things must come together: what the notice says, a filling of its own for each person, no rush, no clockwork.
//! What a campaign is stands in `campaigns`; the words are data (`data/languages/transactional_words.toml`).

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::Deserialize;

use super::bursts::{Series, bursts};
use super::groups::pick;
use super::settings::{Counts, SettingsError};
use crate::case::explain;
use crate::ingest::words_of;
use crate::message::{Category, Messages};

/// Window in which a rush is looked for.
const RUSH_MS: i64 = 600_000;
/// A rush is so many times the mean rate.
const RUSH_FACTOR: f64 = 8.0;
/// The mean rate is taken over at least so long.
const DAY_MS: i64 = 86_400_000;
/// Share of messages whose category must be utility or authentication.
const CATEGORY_SHARE: f64 = 0.9;
/// Effective number of fillings from which on they are each person's own.
const FILLINGS: f64 = 10.0;
/// Share of messages without any filling up to which fillings count.
const WITHOUT_FILLING: f64 = 0.2;
/// Share of gaps within half of the median around it, from which on a machine keeps time.
const CLOCKWORK: f64 = 0.6;
/// Messages of an account from which on its gaps say something.
const LEAST_GAPS: usize = 12;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    transactional: BTreeMap<String, Vec<String>>,
    advertising: BTreeMap<String, Vec<String>>,
}

/// The words of notices and of advertising, ready to be looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    transactional: Vec<String>,
    advertising: Vec<String>,
}

impl Wording {
    /// Reads the compiled-in lists.
    ///
    /// # Errors
    /// When the data file of the build is damaged.
    pub fn load() -> Result<Self, SettingsError> {
        let file: File = toml::from_str(include_str!("../../data/languages/transactional_words.toml"))
            .map_err(|error| SettingsError(explain(&error)))?;
        // " bestell" for `bestell*`, " code " for `code`: searched in words with one blank on each side.
        let ready = |lists: BTreeMap<String, Vec<String>>| {
            let of = |word: String| match word.strip_suffix('*') {
                Some(head) => format!(" {head}"),
                None => format!(" {word} "),
            };
            let mut ready: Vec<String> = lists.into_values().flatten().map(of).collect();
            ready.sort();
            ready.dedup();
            ready
        };
        Ok(Self { transactional: ready(file.transactional), advertising: ready(file.advertising) })
    }

    /// Whether a text has words of notices, and whether it has words of advertising.
    #[must_use]
    pub fn of(&self, text: &str) -> (bool, bool) {
        let mut words = String::from(" ");
        words_of(text, |_, normal| {
            let bare = normal.trim_matches(|character: char| !character.is_alphanumeric() && character != '%');
            words.push_str(bare);
            words.push(' ');
        });
        let any = |list: &[String]| list.iter().any(|word| words.contains(word.as_str()));
        (any(&self.transactional), any(&self.advertising))
    }
}

/// Why a content is transactional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The platform's category says so.
    Category,
    /// Its words and a filling of each person's own say so.
    Wording,
}

/// Whether messages of one content are notices that their recipients caused, and why. `rows` are initiated, by time;
/// `text` is what they have in common.
#[must_use]
pub fn ground(messages: &Messages, rows: &[u32], text: &str, wording: &Wording, threshold: u64) -> Option<Ground> {
    let columns = &messages.columns;
    let share = |wanted: &[Category]| {
        let of = pick(&columns.category, rows).iter().filter(|category| wanted.contains(category)).count();
        of as f64 / rows.len().max(1) as f64
    };
    let (notice, advertising) = wording.of(text);
    if advertising || share(&[Category::Marketing]) > 1.0 - CATEGORY_SHARE {
        return None;
    }
    let by_category = share(&[Category::Utility, Category::Authentication]) >= CATEGORY_SHARE;
    let filled = has_own_fillings(&pick(&columns.values, rows));
    let ground = match (by_category, notice, filled) {
        (true, _, true) | (true, true, _) => Ground::Category,
        (true, false, false) if text.is_empty() => Ground::Category,
        (false, true, true) => Ground::Wording,
        _ => return None,
    };
    (!is_rush(messages, rows, threshold) && !is_clockwork(messages, rows)).then_some(ground)
}

/// Whether each person got numbers, dates, codes or links of their own: by the effective number of fillings 1/Σp².
fn has_own_fillings(values: &[u32]) -> bool {
    let mut counts: HashMap<u32, u64, FxBuildHasher> = HashMap::default();
    values.iter().for_each(|value| *counts.entry(*value).or_default() += 1);
    let all = values.len().max(1) as f64;
    let without = counts.remove(&0).unwrap_or(0) as f64 / all;
    let squares: u64 = counts.values().map(|count| count * count).sum();
    let filled: u64 = counts.values().sum();
    without <= WITHOUT_FILLING && squares > 0 && (filled as f64).powi(2) / squares as f64 >= FILLINGS
}

/// Whether so many people were reached at once that no coincidence of their own acts explains it.
#[must_use]
pub fn is_rush(messages: &Messages, rows: &[u32], threshold: u64) -> bool {
    let columns = &messages.columns;
    let times = pick(&columns.sent_at, rows);
    let recipients = pick(&columns.recipient, rows);
    let weights = pick(&messages.recipients.audience, &recipients);
    let series = Series { times: &times, recipients: &recipients, weights: &weights };
    let span = times.last().zip(times.first()).map_or(0, |(last, first)| last - first).max(DAY_MS);
    let mean = rows.len() as f64 * RUSH_MS as f64 / span as f64;
    let peaks = bursts(series, RUSH_MS, threshold, Counts::Recipients);
    peaks.iter().any(|peak| peak.peak as f64 >= RUSH_FACTOR * mean)
}

/// Whether most messages come from accounts that keep nearly the same pause.
fn is_clockwork(messages: &Messages, rows: &[u32]) -> bool {
    let mut of: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    let columns = &messages.columns;
    for row in rows {
        let at = columns.sent_at.get(*row as usize).copied().unwrap_or_default();
        of.entry(columns.account.get(*row as usize).copied().unwrap_or_default()).or_default().push(at);
    }
    let steady: usize = of.values().filter(|times| keeps_time(times)).map(Vec::len).sum();
    steady * 2 > rows.len()
}

fn keeps_time(times: &[i64]) -> bool {
    let mut gaps: Vec<i64> = times.windows(2).filter_map(|pair| Some(pair.last()? - pair.first()?)).collect();
    if gaps.len() < LEAST_GAPS {
        return false;
    }
    gaps.sort_unstable();
    let median = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    let near = gaps.iter().filter(|gap| (**gap - median).abs() * 2 <= median).count();
    near as f64 >= CLOCKWORK * gaps.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_and_advertising_are_told_by_their_words() {
        let wording = Wording::load().expect("the data of the build");
        for (text, wanted) in [
            ("Hallo *, vielen Dank für Ihre Bestellung *. Wir packen Ihr Paket.", (true, false)),
            ("* ist Ihr Bestätigungscode für die Anmeldung.", (true, false)),
            ("Bestellen Sie jetzt: 20 Prozent Rabatt auf alles!", (true, true)),
            ("Votre rendez-vous du * est confirmé.", (true, false)),
            ("Wizyta * została potwierdzona", (true, false)),
            ("Bis morgen dann", (false, false)),
        ] {
            assert_eq!(wording.of(text), wanted, "{text}");
        }
    }

    #[test]
    fn every_language_has_both_lists() {
        let file: File = toml::from_str(include_str!("../../data/languages/transactional_words.toml"))
            .expect("the data of the build");
        for language in ["de", "en", "fr", "es", "it", "pt", "tr", "pl", "nl"] {
            assert!(file.transactional.get(language).is_some_and(|words| words.len() > 10), "{language}");
            assert!(file.advertising.get(language).is_some_and(|words| words.len() > 10), "{language}");
        }
    }

    #[test]
    fn fillings_are_counted_by_how_evenly_they_are_spread() {
        let own: Vec<u32> = (1..100).collect();
        assert!(has_own_fillings(&own));
        // One price in nearly all of them.
        let price: Vec<u32> = (0..100).map(|index| if index < 90 { 7 } else { index }).collect();
        assert!(!has_own_fillings(&price));
        assert!(!has_own_fillings(&[0; 100]));
    }

    #[test]
    fn clockwork_is_told_from_chance() {
        let steady: Vec<i64> = (0..60).map(|index| index * 600_000 + index % 7 * 20_000).collect();
        assert!(keeps_time(&steady));
        let mut state = 7_u64;
        let mut at = 0;
        let chance: Vec<i64> = (0..400)
            .map(|_| {
                state = super::super::mining::minhash::mix(state);
                at += (-((state >> 11) as f64 / (1_u64 << 53) as f64).max(1e-12).ln() * 600_000.0) as i64;
                at
            })
            .collect();
        assert!(!keeps_time(&chance));
    }
}
