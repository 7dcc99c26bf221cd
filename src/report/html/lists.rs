//! Every table of the page: which columns it has, and what stands in them, from the extract.
//! How a cell is written is `cells`' business; which words stand around a table, the template's.
//! A table has a share of the page; beyond it rows stand in `csv/` only, and the page says how many.

use std::collections::HashSet;

use minijinja::Error;
use serde::Serialize;

use super::cells::{Cell, Column, Kind, Style, Table, column, table};
use super::clock::Clock;
use super::forms::span;
use crate::report::charts::number;
use crate::report::extract::{AccountRow, BOUNDARY_DAY, BurstRow, CampaignRow, Extract, FindingRow, InputRow};
use crate::report::measures::SourceCheckRow;
use crate::report::words::{Words, fault};

/// Bytes of data that tables may take of the page.
const FINDINGS_SHARE: usize = 1_900_000;
const CAMPAIGNS_SHARE: usize = 500_000;
const BURSTS_SHARE: usize = 400_000;
const EXPOSURE_SHARE: usize = 250_000;
const SHARE: usize = 120_000;
/// Characters of a sample text, accounts of a campaign: the rest stands in `csv/campaigns.csv`.
const SAMPLE_CHARACTERS: usize = 600;
const LINES: usize = 12;

/// The tables.
#[derive(Debug, Serialize)]
pub struct Lists {
    inputs: Table,
    files: Table,
    columns: Table,
    hashes: Table,
    sources: Table,
    exposure: Table,
    before_after: Table,
    findings: Table,
    campaigns: Table,
    bursts: Table,
    accounts: Table,
    tiers: Table,
    clusters: Table,
    speed: Table,
    intensity: Table,
    days: Table,
    /// Ids that lie on the page, in full or as rows.
    #[serde(skip)]
    pub ids: HashSet<String>,
}

/// What cells are made with.
struct Maker<'a> {
    words: &'a Words,
    clock: &'a Clock,
    elsewhere: &'a HashSet<&'a str>,
}

impl Lists {
    /// All tables of an extract; findings in `full` are shown elsewhere on the page.
    pub fn new(extract: &Extract, words: &Words, clock: &Clock, full: &HashSet<&str>) -> Result<Self, Error> {
        let maker = Maker { words, clock, elsewhere: full };
        let inputs = &extract.completeness.inputs;
        let findings = maker.table(&FINDINGS, &extract.findings, FINDINGS_SHARE, |row| maker.finding(row))?;
        let campaigns = maker.table(&CAMPAIGNS, &extract.campaigns, CAMPAIGNS_SHARE, |row| maker.campaign(row))?;
        let detector = |name: &str| {
            let known = extract.method.iter().find(|row| row.name == name);
            known.map_or(name, |row| row.title.as_str()).to_owned()
        };
        let bursts =
            maker.table(&BURSTS, &extract.bursts, BURSTS_SHARE, |row| maker.burst(row, detector(&row.detector)))?;
        let first = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let mut ids: HashSet<String> = full.iter().map(|id| (*id).to_owned()).collect();
        ids.extend(extract.findings.iter().take(first(findings.shown)).map(|row| row.finding_id.clone()));
        ids.extend(extract.campaigns.iter().take(first(campaigns.shown)).map(|row| row.campaign_id.clone()));
        ids.extend(extract.bursts.iter().take(first(bursts.shown)).map(|row| row.burst_id.clone()));
        let columns: Vec<(&InputRow, &crate::ingest::MappedColumn)> =
            inputs.iter().flat_map(|input| input.columns.iter().map(move |column| (input, column))).collect();
        let pair = |one: &str, other: &str| Cell::Lines(vec![one.to_owned(), other.to_owned()]);
        Ok(Self {
            inputs: maker.table(&INPUTS, inputs, SHARE, |row| maker.input(row))?,
            files: maker.table(&FILES, inputs, SHARE, |row| maker.file(row))?,
            columns: maker.table(&COLUMNS, &columns, SHARE, |(input, column)| {
                let found = words.word("found", column.found).to_owned();
                Ok(vec![
                    word(&input.file),
                    word(words.word("role", column.role)),
                    word(&column.column),
                    Cell::Word(found),
                ])
            })?,
            hashes: maker.table(&HASHES, inputs, SHARE, |row| {
                let hash = if row.sha256.is_empty() { words.say("hash_none", &[])? } else { row.sha256.clone() };
                Ok(vec![word(&row.file), Cell::Number(row.bytes), Cell::Word(hash)])
            })?,
            sources: maker.table(&SOURCES, &extract.source_checks, SHARE, |row| maker.source_check(row))?,
            exposure: maker.table(&EXPOSURE, &extract.exposure, EXPOSURE_SHARE, |row| {
                let country = if row.country.is_empty() { words.say("unknown", &[])? } else { row.country.clone() };
                Ok(vec![
                    Cell::Word(words.party(&row.exposed)?),
                    Cell::Noted(row.title.clone(), row.rule.clone()),
                    Cell::Word(country),
                    word(row.severity),
                    Cell::Number(row.findings),
                    Cell::Number(row.messages),
                    Cell::Number(row.runs),
                    Cell::Number(row.recipients),
                    maker.period(Some(&row.first_sent), Some(&row.last_sent)),
                ])
            })?,
            before_after: maker.table(
                &BEFORE_AFTER,
                extract.before_after.get(1..).unwrap_or_default(),
                SHARE,
                |row| {
                    let who = Cell::Noted(row.account.clone(), words.word("route", row.route).to_owned());
                    let counts =
                        [row.before, row.day, row.after].map(|sent| [sent.messages, sent.recipients, sent.runs]);
                    Ok([who].into_iter().chain(counts.into_iter().flatten().map(Cell::Number)).collect())
                },
            )?,
            findings,
            campaigns,
            bursts,
            accounts: maker.table(&ACCOUNTS, &extract.accounts, SHARE, |row| maker.account(row))?,
            tiers: maker.table(&TIERS, &extract.limit_checks, SHARE, |row| {
                Ok(vec![
                    Cell::Noted(row.subject.clone(), words.word("limit_scope", row.scope).to_owned()),
                    Cell::Number(row.tier),
                    maker.period(row.passed_at.as_deref(), row.passed_at.as_deref()),
                    maker.counted_at(row.highest, &row.highest_at),
                ])
            })?,
            clusters: maker.table(&CLUSTERS, &extract.account_clusters, SHARE, |row| {
                let link = Cell::Word(words.word("link", row.link).to_owned());
                let pair = pair(&row.account_a, &row.account_b);
                let of = [row.of_a, row.of_b].map(Cell::Number);
                Ok([word(&row.cluster_id), pair, link, Cell::Number(row.shared)].into_iter().chain(of).collect())
            })?,
            speed: maker.table(&SPEED, &extract.speed, SHARE, |row| {
                Ok(vec![
                    Cell::Noted(row.subject.clone(), words.word("speed_of", row.of).to_owned()),
                    Cell::Number(row.recipients),
                    maker.span(row.shortest_ms)?,
                    maker.period(Some(&row.from), Some(&row.to)),
                ])
            })?,
            intensity: maker.table(&INTENSITY, &extract.intensity, SHARE, |row| {
                Ok(vec![
                    word(&row.account),
                    Cell::Number(u64::from(row.level)),
                    Cell::Number(row.messages),
                    Cell::Number(row.recipients),
                    maker.period(Some(&row.start), Some(&row.end)),
                ])
            })?,
            days: maker.table(&DAYS, &extract.timeline, SHARE, |row| {
                let mark = if row.day == BOUNDARY_DAY { words.say("boundary_day_mark", &[])? } else { String::new() };
                let order = row.day.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
                let counts = [row.messages, row.mass, row.recipients].map(Cell::Number);
                Ok([Cell::Valued(order, clock.day(&row.day), mark)].into_iter().chain(counts).collect())
            })?,
            ids,
        })
    }
}

const fn count(heading: &'static str) -> Column {
    column(heading, Kind::Number, "n")
}

const PERIOD: Column = column("period", Kind::Period, "p");
const SEVERITY: Column = column("severity", Kind::Severity, "");

const INPUTS: [Column; 8] = [
    column("file", Kind::Noted, "file"),
    count("records"),
    count("read"),
    count("folded"),
    count("ignored"),
    count("rejected"),
    count("messages"),
    PERIOD,
];
const FILES: [Column; 5] = [
    column("file", Kind::Noted, "file"),
    column("format", Kind::Noted, ""),
    column("zone", Kind::Noted, "wide"),
    column("date_order", Kind::Text, ""),
    column("notes", Kind::Lines, "wide"),
];
const COLUMNS: [Column; 4] = [
    column("file", Kind::Text, "file"),
    column("role", Kind::Text, ""),
    column("column", Kind::Text, ""),
    column("found", Kind::Text, ""),
];
const HASHES: [Column; 3] = [column("file", Kind::Text, "file"), count("bytes"), column("sha256", Kind::Text, "hash")];
const SOURCES: [Column; 6] = [
    column("check", Kind::Text, ""),
    column("account", Kind::Text, "account"),
    column("place", Kind::Lines, "wide"),
    column("number", Kind::Valued, "n"),
    PERIOD,
    column("size", Kind::Valued, "n"),
];
const EXPOSURE: [Column; 9] = [
    column("exposed", Kind::Text, "account"),
    column("rule", Kind::Noted, "wide"),
    column("country", Kind::Text, ""),
    SEVERITY,
    count("findings"),
    count("messages"),
    count("runs"),
    count("recipients"),
    PERIOD,
];
const BEFORE_AFTER: [Column; 10] = [
    column("account", Kind::Noted, "account"),
    count("before_messages"),
    count("before_recipients"),
    count("before_runs"),
    count("day_messages"),
    count("day_recipients"),
    count("day_runs"),
    count("after_messages"),
    count("after_recipients"),
    count("after_runs"),
];
const FINDINGS: [Column; 8] = [
    column("finding", Kind::Id, "id"),
    SEVERITY,
    column("rule", Kind::Noted, "wide"),
    column("subject_exposed", Kind::Noted, "wide"),
    count("messages"),
    count("runs"),
    count("recipients"),
    PERIOD,
];
const CAMPAIGNS: [Column; 8] = [
    column("campaign", Kind::Id, "id"),
    column("content", Kind::Content, "wider"),
    column("accounts", Kind::Lines, "account"),
    count("messages"),
    count("runs"),
    count("recipients"),
    count("replies"),
    PERIOD,
];
const BURSTS: [Column; 8] = [
    column("burst", Kind::Id, "id"),
    column("detector", Kind::Noted, "account"),
    column("account", Kind::Text, "account"),
    PERIOD,
    count("messages"),
    count("recipients"),
    column("peak", Kind::Valued, "n p"),
    column("robustness", Kind::Lines, "account"),
];
const ACCOUNTS: [Column; 9] = [
    column("account", Kind::Noted, "account"),
    column("client_provider", Kind::Lines, "account"),
    count("messages"),
    count("initiated"),
    count("recipients"),
    count("inbound"),
    count("campaigns"),
    count("bursts"),
    PERIOD,
];
const TIERS: [Column; 4] = [
    column("subject", Kind::Noted, "account"),
    count("tier"),
    column("passed_at", Kind::Period, "p"),
    column("highest", Kind::Valued, "n p"),
];
const CLUSTERS: [Column; 6] = [
    column("cluster", Kind::Text, "id"),
    column("accounts", Kind::Lines, "account"),
    column("link", Kind::Text, ""),
    count("shared"),
    count("of_one"),
    count("of_other"),
];
const SPEED: [Column; 4] = [
    column("speed_of", Kind::Noted, "account"),
    count("recipients"),
    column("shortest", Kind::Valued, "n"),
    column("stretch", Kind::Period, "p"),
];
const INTENSITY: [Column; 5] =
    [column("account", Kind::Text, "account"), count("level"), count("messages"), count("recipients"), PERIOD];
const DAYS: [Column; 4] = [column("day", Kind::Valued, "p"), count("messages"), count("mass"), count("recipients")];

fn word(text: &str) -> Cell {
    Cell::Word(text.to_owned())
}

impl Maker<'_> {
    fn table<T>(
        &self,
        columns: &[Column],
        rows: &[T],
        share: usize,
        cells: impl Fn(&T) -> Result<Vec<Cell>, Error>,
    ) -> Result<Table, Error> {
        let headings: Result<Vec<String>, Error> =
            columns.iter().map(|column| self.words.heading(column.heading)).collect();
        let sample = self.words.say("sample", &[])?;
        let style = Style {
            language: self.words.language,
            headings: headings?,
            severity: &|key| self.words.word("severity", key).to_owned(),
            sample: &sample,
            elsewhere: &|id| self.elsewhere.contains(id),
        };
        // An error among rows that the share has no room for is none of the page's.
        let mut failed = None;
        let cells = rows.iter().map(|row| {
            cells(row).unwrap_or_else(|error| {
                failed.get_or_insert(error);
                Vec::new()
            })
        });
        let table = table(columns, &style, cells, share).map_err(|error| fault(error.to_string()))?;
        failed.map_or(Ok(table), Err)
    }

    fn period(&self, from: Option<&str>, to: Option<&str>) -> Cell {
        let at = |time: Option<&str>| time.and_then(|time| self.clock.seconds(time));
        Cell::Period(at(from).zip(at(to)))
    }

    fn span(&self, milliseconds: i64) -> Result<Cell, Error> {
        Ok(Cell::Valued(milliseconds, span(milliseconds.unsigned_abs(), self.words)?, String::new()))
    }

    fn counted_at(&self, count: u64, at: &str) -> Cell {
        let sorted = i64::try_from(count).unwrap_or(i64::MAX);
        Cell::Valued(sorted, number(count, self.words.language), self.clock.text(at))
    }

    fn robustness(&self, robustness: &str, depends_on: &[String]) -> Vec<String> {
        let settings = depends_on.iter().map(|setting| match setting.split_once(':') {
            Some((kind @ ("zone" | "date_order"), file)) => format!("{}: {file}", self.words.word("depends", kind)),
            _ => self.words.word("depends", setting).to_owned(),
        });
        [self.words.word("robustness", robustness).to_owned()].into_iter().chain(settings).collect()
    }

    fn input(&self, row: &InputRow) -> Result<Vec<Cell>, Error> {
        let note = if row.failed { format!("✕ {}", self.words.say("unreadable", &[])?) } else { String::new() };
        let counts = [row.records, row.read, row.folded, row.ignored, row.rejected, row.messages].map(Cell::Number);
        let period = self.period(row.first_sent.as_deref(), row.last_sent.as_deref());
        Ok([Cell::Noted(row.file.clone(), note)].into_iter().chain(counts).chain([period]).collect())
    }

    fn file(&self, row: &InputRow) -> Result<Vec<Cell>, Error> {
        let words = self.words;
        let said = |text: &str| words.said(text).unwrap_or_else(|| text.to_owned());
        let mut format = words.say("confidence", &[("n", row.confidence.to_string())])?;
        if !row.encoding.is_empty() {
            format = format!("{format}; {}", row.encoding);
        }
        if !matches!(row.packing, "" | "none") {
            format = format!("{format}; {}", words.say("packed", &[("packing", row.packing.to_owned())])?);
        }
        let zone = if row.zone_needed > 0 {
            let needed = words.say("zone_needed", &[("messages", words.counted("message", row.zone_needed)?)])?;
            format!("{}; {needed}", words.word("zone_basis", row.zone_basis))
        } else {
            words.say("zone_not_needed", &[])?
        };
        let order = match &row.date_order {
            Some(order) => said(order),
            None => words.say("date_order_clear", &[])?,
        };
        let ignored = words.heading("ignored")?;
        let notes = row.notes.iter().map(|note| said(note)).chain(
            row.ignored_by
                .iter()
                .map(|(reason, times)| format!("{ignored}: {} × {}", number(*times, words.language), said(reason))),
        );
        Ok(vec![
            Cell::Noted(row.file.clone(), words.counted("byte", row.bytes)?),
            Cell::Noted(row.format.clone(), format),
            Cell::Noted(row.zone.clone(), zone),
            Cell::Word(order),
            Cell::Lines(notes.collect()),
        ])
    }

    fn source_check(&self, row: &SourceCheckRow) -> Result<Vec<Cell>, Error> {
        let record = self.words.say("record", &[])?;
        let place = |file: &str, at: u32| format!("{file}, {record} {}", number(u64::from(at), self.words.language));
        let count = number(row.count, self.words.language);
        let count = row.of.map_or_else(|| count.clone(), |of| format!("{count} / {}", number(of, self.words.language)));
        Ok(vec![
            word(self.words.word("check", row.check)),
            word(&row.account),
            Cell::Lines(vec![place(&row.file, row.record), place(&row.other_file, row.other_record)]),
            Cell::Valued(i64::try_from(row.count).unwrap_or(i64::MAX), count, String::new()),
            self.period(row.from.as_deref(), row.to.as_deref()),
            row.size_ms.map_or_else(|| Ok(Cell::Valued(0, String::new(), String::new())), |size| self.span(size))?,
        ])
    }

    fn finding(&self, row: &FindingRow) -> Result<Vec<Cell>, Error> {
        let parties: Result<Vec<String>, Error> = row.exposed.iter().map(|party| self.words.party(party)).collect();
        let level = self.words.known("level", row.level).map(|level| format!(", {level}")).unwrap_or_default();
        Ok(vec![
            word(&row.finding_id),
            word(row.severity),
            Cell::Noted(row.title.clone(), format!("{}{level}", row.rule)),
            Cell::Noted(row.subject.clone(), parties?.join("; ")),
            Cell::Number(row.messages),
            Cell::Number(row.runs),
            Cell::Number(row.recipients),
            self.period(Some(&row.first_sent), Some(&row.last_sent)),
        ])
    }

    fn campaign(&self, row: &CampaignRow) -> Result<Vec<Cell>, Error> {
        let words = self.words;
        let named = if row.content_kind == "text" { String::new() } else { format!(": {}", row.content) };
        let mut label = vec![format!("{}{named}", words.word("content_kind", row.content_kind))];
        if row.texts > 1 {
            label.push(words.counted("texts", row.texts)?);
        }
        for (holds, key) in [(row.coordinated, "coordinated"), (row.drip, "drip")] {
            if holds {
                label.push(words.say(key, &[])?);
            }
        }
        label.extend(self.robustness(row.robustness, &row.depends_on));
        let mut sample: String = row.sample.chars().take(SAMPLE_CHARACTERS).collect();
        if sample.len() < row.sample.len() {
            sample.push('…');
        }
        let mut accounts: Vec<String> = row.accounts.iter().take(LINES).cloned().collect();
        if row.accounts.len() > LINES {
            accounts
                .push(words.say("and_more", &[("n", number((row.accounts.len() - LINES) as u64, words.language))])?);
        }
        let counts = [row.messages, row.runs, row.recipients, row.replies].map(Cell::Number);
        let period = self.period(Some(&row.first_sent), Some(&row.last_sent));
        Ok([
            word(&row.campaign_id),
            Cell::Content(label.join("; "), row.template.clone(), sample),
            Cell::Lines(accounts),
        ]
        .into_iter()
        .chain(counts)
        .chain([period])
        .collect())
    }

    fn burst(&self, row: &BurstRow, detector: String) -> Result<Vec<Cell>, Error> {
        let words = self.words;
        let counted = format!("{} {}", number(row.threshold, words.language), words.word("counts", row.counts));
        let window = span(row.window_ms.unsigned_abs(), words)?;
        let threshold = words.say("threshold_in", &[("count", counted), ("window", window)])?;
        Ok(vec![
            word(&row.burst_id),
            Cell::Noted(detector, threshold),
            word(if row.client.is_empty() { &row.account } else { &row.client }),
            self.period(Some(&row.start), Some(&row.end)),
            Cell::Number(row.messages),
            Cell::Number(row.recipients),
            self.counted_at(row.peak, &row.peak_at),
            Cell::Lines(self.robustness(row.robustness, &row.depends_on)),
        ])
    }

    fn account(&self, row: &AccountRow) -> Result<Vec<Cell>, Error> {
        let named = |name: &str| if name.is_empty() { self.words.say("not_named", &[]) } else { Ok(name.to_owned()) };
        let routes: Vec<&str> = row
            .route
            .split(' ')
            .filter(|route| !route.is_empty())
            .map(|route| self.words.word("route", route))
            .collect();
        let counts = [row.messages, row.initiated, row.recipients, row.inbound, row.campaigns, row.bursts];
        let period = self.period(row.first_sent.as_deref(), row.last_sent.as_deref());
        let parties = vec![named(&row.client)?, named(&row.provider)?];
        let who = [Cell::Noted(row.account.clone(), routes.join("; ")), Cell::Lines(parties)];
        Ok(who.into_iter().chain(counts.map(Cell::Number)).chain([period]).collect())
    }
}
