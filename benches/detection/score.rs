//! Scores `messages.parquet` against the truth. A message counts as found when it has a campaign id.
//! A found campaign belongs to the true campaign that most of its messages are of; what else it holds is wrong there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{self, File};
use std::path::Path;

use arrow_array::cast::AsArray;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

#[derive(Default)]
struct Counts {
    messages: u64,
    found: u64,
    wrong: u64,
}

/// Scores over any number of logs.
#[derive(Default)]
pub struct Score {
    hostile: BTreeMap<String, Counts>,
    innocent: BTreeMap<String, Counts>,
    /// Share of each true campaign in its best found campaign, with its kind.
    whole: Vec<(f64, String)>,
    /// Found campaigns that hold messages of two true campaigns.
    merged: Vec<String>,
    logs: u64,
}

impl Score {
    /// Adds one log.
    pub fn add(&mut self, truth: &Path, parquet: &Path) -> Result<(), String> {
        let text = fs::read_to_string(truth).map_err(|error| format!("{}: {error}", truth.display()))?;
        let file = File::open(parquet).map_err(|error| format!("{}: {error}", parquet.display()))?;
        let in_words = |error: parquet::errors::ParquetError| error.to_string();
        let reader =
            ParquetRecordBatchReaderBuilder::try_new(file).and_then(|reader| reader.build()).map_err(in_words)?;
        let mut found: BTreeMap<String, String> = BTreeMap::new();
        for batch in reader {
            let batch = batch.map_err(|error| error.to_string())?;
            let column = |name: &str| {
                let texts = batch.column_by_name(name).and_then(|column| column.as_string_opt::<i32>());
                texts.ok_or_else(|| format!("{name} is no column of texts"))
            };
            let (ids, campaigns) = (column("message_id")?.iter(), column("campaign_id")?.iter());
            let pairs = ids.zip(campaigns);
            found.extend(pairs.map(|(id, campaign)| (id.unwrap_or("").to_owned(), campaign.unwrap_or("").to_owned())));
        }
        let log = self.logs;
        self.logs += 1;
        let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
        let mut kinds: BTreeMap<&str, &str> = BTreeMap::new();
        let mut parts: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for line in text.lines().skip(1) {
            let [id, kind, campaign] = line.split(',').collect::<Vec<_>>()[..] else {
                return Err(format!("{line} is no line of truth"));
            };
            let Some(in_campaign) = found.get(id) else { return Err(format!("{id} is not in messages.parquet")) };
            let counts = if campaign.is_empty() { &mut self.innocent } else { &mut self.hostile };
            let counts = counts.entry(kind.to_owned()).or_default();
            counts.messages += 1;
            counts.found += u64::from(!in_campaign.is_empty());
            if !campaign.is_empty() {
                *sizes.entry(campaign).or_default() += 1;
                kinds.insert(campaign, kind);
            }
            if !in_campaign.is_empty() {
                *parts.entry(in_campaign).or_default().entry(campaign).or_default() += 1;
            }
        }
        let mut best: BTreeMap<&str, u64> = sizes.keys().map(|campaign| (*campaign, 0)).collect();
        for (found, parts) in &parts {
            let (owner, own) = parts.iter().max_by_key(|(campaign, count)| (**count, **campaign)).unwrap_or((&"", &0));
            if let Some(kind) = kinds.get(owner) {
                let all: u64 = parts.values().sum();
                self.hostile.entry((*kind).to_owned()).or_default().wrong += all - own;
            }
            let true_ones: BTreeSet<&str> = parts.keys().copied().filter(|campaign| !campaign.is_empty()).collect();
            if true_ones.len() > 1 {
                let kinds: Vec<&str> = true_ones.iter().filter_map(|campaign| kinds.get(campaign).copied()).collect();
                self.merged.push(format!("log {log}, {found}: {kinds:?}"));
            }
            for (campaign, count) in parts {
                if let Some(best) = best.get_mut(campaign) {
                    *best = (*best).max(*count);
                }
            }
        }
        for (campaign, count) in best {
            let size = sizes.get(campaign).copied().unwrap_or(1);
            let kind = kinds.get(campaign).copied().unwrap_or("");
            self.whole.push((count as f64 / size as f64, kind.to_owned()));
        }
        Ok(())
    }

    /// Whether everything holds that the project asks of itself.
    pub fn verdict(&self) -> Result<(), String> {
        let mut failures = Vec::new();
        for (kind, counts) in &self.hostile {
            if f1(counts) < 0.99 {
                failures.push(format!("{kind}: F1 is {:.4}", f1(counts)));
            }
        }
        let (wrong, all) =
            self.innocent.values().fold((0, 0), |sum, counts| (sum.0 + counts.found, sum.1 + counts.messages));
        if wrong * 10_000 > all {
            failures.push(format!("{wrong} of {all} innocent messages are called mass messages"));
        }
        for (share, kind) in self.whole.iter().filter(|(share, _)| *share < 0.98) {
            failures.push(format!("a campaign of the kind {kind} is whole to {:.1} % only", share * 100.0));
        }
        failures.extend(self.merged.iter().map(|merged| format!("two campaigns in one: {merged}")));
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
    }
}

fn f1(counts: &Counts) -> f64 {
    let (precision, recall) = rates(counts);
    if precision + recall == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}

fn rates(counts: &Counts) -> (f64, f64) {
    let claimed = counts.found + counts.wrong;
    let precision = if claimed == 0 { 0.0 } else { counts.found as f64 / claimed as f64 };
    (precision, counts.found as f64 / counts.messages.max(1) as f64)
}

impl fmt::Display for Score {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{:<14} {:>9} {:>9} {:>9} {:>7}", "hostile", "messages", "precision", "recall", "F1")?;
        for (kind, counts) in &self.hostile {
            let (precision, recall) = rates(counts);
            writeln!(
                formatter,
                "{kind:<14} {:>9} {precision:>9.4} {recall:>9.4} {:>7.4}",
                counts.messages,
                f1(counts)
            )?;
        }
        writeln!(formatter, "\n{:<14} {:>9} {:>12}", "innocent", "messages", "called mass")?;
        for (kind, counts) in &self.innocent {
            writeln!(formatter, "{kind:<14} {:>9} {:>12}", counts.messages, counts.found)?;
        }
        let least = self.whole.iter().map(|(share, _)| *share).fold(1.0, f64::min);
        let whole = self.whole.iter().filter(|(share, _)| *share >= 0.98).count();
        writeln!(
            formatter,
            "\n{} logs, {} campaigns, {whole} whole to 98 % or more, the least to {:.1} %",
            self.logs,
            self.whole.len(),
            least * 100.0
        )?;
        write!(formatter, "{} found campaigns hold two true ones", self.merged.len())
    }
}
