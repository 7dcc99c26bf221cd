//! What a correct reading of the samples must find, counted from the matter itself and not from
//! the files, so that a mistake in reading them shows.

use std::cmp::Ordering;

use crate::calendar::{is_ambiguous, local_time, utc_time};
use crate::chat;
use crate::editions::EDITIONS;
use crate::json::{Json, count, text};
use crate::newsletter::{self, Kind, Newsletter, Row};
use crate::numbers;
use crate::oracle::{self, Burst, Tally};
use crate::webhooks::Webhooks;

pub const BOUNDARY_DAY: &str = "2019-12-07";

/// Windows in seconds whose peaks are told: those of the detectors that come with the program.
const PEAK_WINDOWS: [(i64, &str); 3] = [(15, "peak_15_s"), (60, "peak_60_s"), (600, "peak_600_s")];

pub struct Truth<'a> {
    rows: &'a [Row],
    numbers: &'a [String],
    initiated: Vec<bool>,
    pub runs: Vec<Run<'a>>,
    pub whole: Portion<'a>,
    webhooks: &'a Webhooks,
}

/// One edition going out.
pub struct Run<'a> {
    pub edition: usize,
    pub all: Portion<'a>,
}

/// Some sent rows, and how many of them no reader's message had called for.
pub struct Portion<'a> {
    pub rows: Vec<&'a Row>,
    pub initiated: Vec<&'a Row>,
}

/// A row of the matter that was sent although its reader had said STOP.
pub struct Ignored<'a> {
    pub stop: &'a Row,
    pub sent: &'a Row,
}

impl<'a> Truth<'a> {
    pub fn new(newsletter: &'a Newsletter, webhooks: &'a Webhooks) -> Truth<'a> {
        let mut truth = Truth {
            rows: &newsletter.rows,
            numbers: &newsletter.numbers,
            initiated: oracle::initiated(&newsletter.rows),
            runs: Vec::new(),
            whole: Portion { rows: Vec::new(), initiated: Vec::new() },
            webhooks,
        };
        truth.whole = truth.portion(Row::outbound);
        truth.runs = (0..EDITIONS.len())
            .map(|edition| Run { edition, all: truth.portion(|row| row.kind == Kind::Sent(edition)) })
            .collect();
        truth
    }

    fn portion(&self, belongs: impl Fn(&Row) -> bool) -> Portion<'a> {
        let marked = self.rows.iter().zip(&self.initiated);
        let belonging = marked.filter(|(row, _)| belongs(row));
        Portion {
            rows: belonging.clone().map(|(row, _)| row).collect(),
            initiated: belonging.filter(|(_, initiated)| **initiated).map(|(row, _)| row).collect(),
        }
    }

    fn received(&self, kind: Kind) -> usize {
        self.rows.iter().filter(|row| row.kind == kind).count()
    }

    /// Every row sent after its reader's last word was STOP.
    pub fn sent_after_stop(&self) -> Vec<Ignored<'a>> {
        let mut found = Vec::new();
        for sent in self.rows.iter().filter(|row| row.outbound()) {
            let last_word = self.rows.iter().rfind(|row| {
                row.person == sent.person && row.at < sent.at && matches!(row.kind, Kind::Stop | Kind::Start)
            });
            if let Some(stop) = last_word.filter(|word| word.kind == Kind::Stop) {
                found.push(Ignored { stop, sent });
            }
        }
        found
    }

    pub fn json(&self) -> String {
        Json::Object(vec![
            ("boundary_day", text(BOUNDARY_DAY)),
            ("timezone", text("Europe/Berlin")),
            ("newsletter", self.newsletter()),
            ("webhooks", self.webhooks.truth()),
            ("chat", chat::truth()),
        ])
        .pretty()
    }

    fn newsletter(&self) -> Json {
        let after_stop = self.sent_after_stop();
        let ambiguous = self.rows.iter().filter(|row| is_ambiguous(row.at));
        Json::Object(vec![
            ("file", text(newsletter::FILE)),
            ("account", text(numbers::NEWSLETTER)),
            ("records", count(self.rows.len())),
            ("outbound", count(self.whole.rows.len())),
            ("inbound", count(self.rows.len() - self.whole.rows.len())),
            ("stops", count(self.received(Kind::Stop))),
            ("starts", count(self.received(Kind::Start))),
            ("ambiguous_local_times", count(ambiguous.count())),
            ("whole", self.whole.json()),
            ("parts", parts(&self.whole)),
            ("sent_after_stop", Json::List(after_stop.iter().map(|item| self.ignored(item)).collect())),
            ("campaigns", self.campaigns()),
            ("runs", Json::List(self.runs.iter().map(Run::json).collect())),
            ("bursts_100_in_15_s", bursts(&self.whole, 15, 100)),
            ("bursts_51_in_60_s", bursts(&self.whole, 60, 51)),
        ])
    }

    fn ignored(&self, item: &Ignored) -> Json {
        Json::Object(vec![
            ("recipient", text(&self.numbers[item.sent.person])),
            ("stop_id", text(&item.stop.id)),
            ("stop_at", text(utc_time(item.stop.at))),
            ("sent_id", text(&item.sent.id)),
            ("sent_at", text(utc_time(item.sent.at))),
        ])
    }

    /// Editions of the same text are runs of one campaign.
    fn campaigns(&self) -> Json {
        let mut texts: Vec<&str> = Vec::new();
        for edition in &EDITIONS {
            if !texts.contains(&edition.text) {
                texts.push(edition.text);
            }
        }
        let campaign = |wanted: &&str| {
            let runs = (0..EDITIONS.len()).filter(|index| EDITIONS[*index].text == *wanted);
            let all = self.portion(|row| matches!(row.kind, Kind::Sent(index) if EDITIONS[index].text == *wanted));
            Json::Object(vec![
                ("text", text(*wanted)),
                ("personalised", Json::Flag(wanted.contains("{name}"))),
                ("editions", Json::List(runs.map(|index| count(index + 1)).collect())),
                ("all", all.json()),
            ])
        };
        Json::List(texts.iter().map(campaign).collect())
    }
}

impl Run<'_> {
    fn json(&self) -> Json {
        let rows = &self.all.rows;
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Json::Object(Vec::new());
        };
        let mut members = vec![
            ("edition", count(self.edition + 1)),
            ("text", text(EDITIONS[self.edition].text)),
            ("start", text(utc_time(first.at))),
            ("end", text(utc_time(last.at))),
            ("start_local", text(local_time(first.at))),
            ("end_local", text(local_time(last.at))),
            ("failed", count(self.failed())),
            ("all", self.all.json()),
            ("parts", parts(&self.all)),
        ];
        for (seconds, name) in PEAK_WINDOWS {
            members.push((name, count(oracle::peak(&self.all.initiated, seconds))));
        }
        Json::Object(members)
    }

    /// The most initiated messages in any fifteen seconds.
    pub fn peak(&self) -> usize {
        oracle::peak(&self.all.initiated, 15)
    }

    fn failed(&self) -> usize {
        let failed = self.all.rows.iter().filter(|row| row.status == newsletter::FAILED);
        failed.count()
    }
}

impl Portion<'_> {
    fn json(&self) -> Json {
        let all = Tally::of(self.rows.iter().copied());
        let initiated = Tally::of(self.initiated.iter().copied());
        Json::Object(vec![
            ("messages", count(all.messages)),
            ("recipients", count(all.recipients())),
            ("initiated_messages", count(initiated.messages)),
            ("initiated_recipients", count(initiated.recipients())),
        ])
    }

    pub fn tally(&self) -> Tally {
        Tally::of(self.rows.iter().copied())
    }

    /// The rows before, on and after the boundary day in Berlin.
    pub fn part(&self, side: Ordering) -> Portion<'_> {
        let on_side = |row: &&&Row| row.day().as_str().cmp(BOUNDARY_DAY) == side;
        Portion {
            rows: self.rows.iter().filter(on_side).copied().collect(),
            initiated: self.initiated.iter().filter(on_side).copied().collect(),
        }
    }
}

fn parts(portion: &Portion) -> Json {
    Json::Object(vec![
        ("before", portion.part(Ordering::Less).json()),
        ("boundary_day", portion.part(Ordering::Equal).json()),
        ("after", portion.part(Ordering::Greater).json()),
    ])
}

fn bursts(portion: &Portion, seconds: i64, threshold: usize) -> Json {
    let list = |rows: &[&Row]| {
        let found = oracle::bursts(rows, seconds, threshold);
        Json::List(found.iter().map(burst).collect())
    };
    Json::Object(vec![("over_initiated", list(&portion.initiated)), ("over_all", list(&portion.rows))])
}

fn burst(burst: &Burst) -> Json {
    Json::Object(vec![
        ("start", text(utc_time(burst.start))),
        ("end", text(utc_time(burst.end))),
        ("messages", count(burst.tally.messages)),
        ("recipients", count(burst.tally.recipients())),
        ("peak", count(burst.peak)),
        ("peak_at", text(utc_time(burst.peak_at))),
    ])
}
