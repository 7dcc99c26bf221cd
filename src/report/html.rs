//! The HTML report: one self-contained page, rendered from the extract and from nothing else.
//! Every value is escaped by the template engine; the only text that is not comes from `charts` and the template itself.
//! Words stand in `data/languages/report.toml`, the page's form in `report.html.jinja`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, Value, context, escape_formatter};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::charts::{self, HeatWords, TimelineWords, Unit, is_deceptive, number, show_deceptive};
use super::extract::{AccountRow, BOUNDARY_DAY, BurstRow, CampaignRow, DayRow, ExposureRow, Extract, FindingRow};
use super::words::{self, Words};
use crate::case::Language;

/// Findings that are shown in full; the others are lines of a table.
const FULL_FINDINGS: usize = 100;
/// Findings that the page names at all.
const LISTED_FINDINGS: usize = 10_000;
/// Rows of any other table.
const TABLE_ROWS: usize = 800;
/// Campaigns or bursts that one finding links to.
const LINKS: usize = 30;
/// Characters of a sample text that are shown before it is opened.
const TEASER_CHARACTERS: usize = 90;

const TEMPLATE: &str = include_str!("report.html.jinja");
const WORDS: &str = include_str!("../../data/languages/report.toml");

/// Why the page could not be made; both mean a damaged build.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The file of words.
    #[error("words of the HTML report: {0}")]
    Words(#[from] toml::de::Error),
    /// The template.
    #[error("template of the HTML report: {0:#}")]
    Template(#[from] Error),
}

/// Renders the page.
///
/// # Errors
/// When the words or the template of the build are damaged; no data can bring that about.
pub fn page(extract: &Extract, language: Language) -> Result<String, HtmlError> {
    let words = Arc::new(Words::load(WORDS, language)?);
    let view = View::new(extract);
    let script_words: BTreeMap<&str, &str> = words
        .text
        .iter()
        .filter(|(key, _)| key.starts_with("js_"))
        .map(|(key, text)| (key.as_str(), text.as_str()))
        .collect();
    let (timeline, heat) = draw(extract, &words)?;
    let environment = environment(extract, &view, &words)?;
    let page = environment.get_template("report.html")?.render(context! {
        e => Value::from(Serde(&view)),
        lang => language.as_str(),
        boundary_day => BOUNDARY_DAY,
        adds_up => adds_up(extract),
        unit => ["unit_day", "unit_week", "unit_month", "unit_year"].get(Unit::of(&extract.timeline).index()).copied(),
        timeline_chart => Value::from_safe_string(timeline),
        heat_chart => Value::from_safe_string(heat),
        script_words => Value::from(Serde(script_words)),
    })?;
    Ok(page)
}

/// The charts of the page as SVG: the timeline, and the week. An empty one has nothing to show.
///
/// # Errors
/// When the words of the build are damaged.
pub fn charts(extract: &Extract, language: Language) -> Result<Vec<String>, HtmlError> {
    let (timeline, week) = draw(extract, &Words::load(WORDS, language)?)?;
    Ok(vec![timeline, week])
}

impl Words {
    /// What the program said in English words, in the reader's language; `None` where that is not known.
    fn said(&self, text: &str) -> Option<String> {
        if let Some(known) = self.known("said", text) {
            return Some(known.to_owned());
        }
        if let Some((count, rest)) = text.split_once(" × ") {
            let count = count.parse().ok()?;
            return Some(format!("{} × {}", number(count, self.language), self.known("said", rest)?));
        }
        let (order, basis) = text.split_once(": ")?;
        Some(format!("{}: {}", self.known("said", order)?, self.known("said", basis)?))
    }

    /// An exposed party, whose role stands in angle brackets where the case file names nobody.
    fn party(&self, exposed: &str) -> Result<String, Error> {
        for (role, unnamed) in [("client", "unnamed_client"), ("provider", "unnamed_provider")] {
            let suffix = format!(" ({role})");
            let bare = exposed.strip_suffix(suffix.as_str());
            let name = bare.unwrap_or(exposed);
            if let Some(account) =
                name.strip_prefix(format!("<{role} of ").as_str()).and_then(|rest| rest.strip_suffix('>'))
            {
                return self.say(unnamed, &[("account", account.to_owned())]);
            }
            if let Some(name) = bare {
                return self
                    .say("with_role", &[("name", name.to_owned()), ("role", self.word("party", role).to_owned())]);
            }
        }
        Ok(exposed.to_owned())
    }
}

/// What the template sees of the extract: the same values, cut to what the page shows, with the whole counts beside.
#[derive(Serialize)]
struct View<'a> {
    schema: &'a str,
    program: &'a str,
    matter: &'a str,
    timezone: &'a str,
    revealed: bool,
    completeness: &'a super::extract::Completeness,
    exposure: Cut<'a, ExposureRow>,
    boundary: &'a [super::extract::PeriodRow],
    findings: Cut<'a, FindingRow>,
    listed: Vec<ListedFinding<'a>>,
    rules: BTreeMap<&'a str, &'a str>,
    accounts: Cut<'a, AccountRow>,
    campaigns: Cut<'a, CampaignRow>,
    bursts: Cut<'a, BurstRow>,
    timeline: Cut<'a, DayRow>,
    mass: u64,
    week: &'a [Vec<u64>],
    sources: Cut<'a, super::measures::SourceCheckRow>,
    tiers: Cut<'a, super::measures::LimitCheckRow>,
    clusters: Cut<'a, super::measures::ClusterRow>,
    limits: &'a [String],
    method: &'a [super::extract::MethodRow],
    packs: &'a [super::extract::PackRow],
}

/// The first rows of a table, and how many there are.
#[derive(Serialize)]
struct Cut<'a, T> {
    rows: &'a [T],
    all: u64,
}

/// A finding as a line of a table.
#[derive(Serialize)]
struct ListedFinding<'a> {
    id: &'a str,
    /// Whether it is shown in full as well.
    full: bool,
    severity: &'a str,
    rule: &'a str,
    subject: &'a str,
    exposed: &'a [String],
    messages: u64,
    runs: u64,
    recipients: u64,
    first_sent: &'a str,
    last_sent: &'a str,
}

fn cut<T>(rows: &[T], most: usize) -> Cut<'_, T> {
    Cut { rows: rows.get(..most).unwrap_or(rows), all: rows.len() as u64 }
}

impl<'a> View<'a> {
    fn new(extract: &'a Extract) -> Self {
        let listed = extract.findings.iter().take(LISTED_FINDINGS).enumerate().map(|(index, row)| ListedFinding {
            id: &row.finding_id,
            full: index < FULL_FINDINGS,
            severity: row.severity,
            rule: &row.rule,
            subject: &row.subject,
            exposed: &row.exposed,
            messages: row.messages,
            runs: row.runs,
            recipients: row.recipients,
            first_sent: &row.first_sent,
            last_sent: &row.last_sent,
        });
        Self {
            schema: extract.schema,
            program: &extract.program,
            matter: &extract.matter,
            timezone: &extract.timezone,
            revealed: extract.revealed,
            completeness: &extract.completeness,
            exposure: cut(&extract.exposure, TABLE_ROWS),
            boundary: &extract.boundary,
            findings: cut(&extract.findings, FULL_FINDINGS),
            listed: listed.collect(),
            rules: extract.findings.iter().map(|row| (row.rule.as_str(), row.title.as_str())).collect(),
            accounts: cut(&extract.accounts, TABLE_ROWS),
            campaigns: cut(&extract.campaigns, TABLE_ROWS),
            bursts: cut(&extract.bursts, TABLE_ROWS),
            timeline: cut(&extract.timeline, TABLE_ROWS),
            mass: extract.timeline.iter().map(|row| row.mass).fold(0, u64::saturating_add),
            week: &extract.week,
            sources: cut(&extract.source_checks, TABLE_ROWS),
            tiers: cut(&extract.limit_checks, TABLE_ROWS),
            clusters: cut(&extract.account_clusters, TABLE_ROWS),
            limits: &extract.limits,
            method: &extract.method,
            packs: &extract.packs,
        }
    }
}

fn adds_up(extract: &Extract) -> bool {
    let sums = &extract.completeness;
    let parts = [sums.read, sums.folded, sums.ignored, sums.rejected];
    parts.into_iter().try_fold(0_u64, u64::checked_add) == Some(sums.records)
}

/// The engine with the page's functions.
fn environment(extract: &Extract, view: &View<'_>, words: &Arc<Words>) -> Result<Environment<'static>, Error> {
    let mut environment = words::environment(words)?;
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| {
        match value.as_str().filter(|text| !value.is_safe() && text.chars().any(is_deceptive)) {
            Some(text) => escape_formatter(out, state, &Value::from(show_deceptive(text))),
            None => escape_formatter(out, state, value),
        }
    });
    let of = Arc::clone(words);
    environment.add_filter("amount", move |text: &str| amount(text, of.language));
    let of = Arc::clone(words);
    environment.add_function("said", move |text: &str| of.said(text));
    let of = Arc::clone(words);
    environment.add_function("party", move |exposed: &str| of.party(exposed));
    let titles: BTreeMap<String, String> =
        extract.method.iter().map(|row| (row.name.clone(), row.title.clone())).collect();
    environment.add_function("detector", move |name: &str| titles.get(name).map_or(name, String::as_str).to_owned());
    let campaigns = view.campaigns.rows.iter().map(|row| row.campaign_id.clone());
    let bursts = view.bursts.rows.iter().map(|row| row.burst_id.clone());
    let shown: HashSet<String> = campaigns.chain(bursts).collect();
    environment.add_function("shown", move |id: &str| shown.contains(id));
    environment.add_filter("span", span);
    environment.add_filter("teaser", teaser);
    environment.add_filter("css", css_string);
    environment.add_filter("sha256", |text: &str| base64(&Sha256::digest(text.as_bytes())));
    environment.add_global("LINKS", LINKS);
    environment.add_global("ROWS", TABLE_ROWS);
    environment.add_template("report.html", TEMPLATE)?;
    Ok(environment)
}

/// The two charts.
fn draw(extract: &Extract, words: &Words) -> Result<(String, String), Error> {
    let language = words.language;
    let text = |key: &str| words.say(key, &[]);
    let day = |row: Option<&DayRow>| row.map(|row| row.day.clone()).unwrap_or_default();
    let sum = |count: fn(&DayRow) -> u64| extract.timeline.iter().map(count).fold(0, u64::saturating_add);
    let description = words.say(
        "timeline_desc",
        &[
            ("messages", words.counted("message", sum(|row| row.messages))?),
            ("days", words.counted("on_days", extract.timeline.len() as u64)?),
            ("from", day(extract.timeline.first())),
            ("to", day(extract.timeline.last())),
            ("mass", number(sum(|row| row.mass), language)),
        ],
    )?;
    let [title, mass, other] = [text("timeline_title")?, text("timeline_mass")?, text("timeline_other")?];
    let [boundary, before, after] = [text("mark_boundary")?, text("mark_before")?, text("mark_after")?];
    let axis = [text("axis_day")?, text("axis_week")?, text("axis_month")?, text("axis_year")?];
    let timeline_words = TimelineWords {
        title: &title,
        description: &description,
        mass: &mass,
        other: &other,
        axis: axis.each_ref().map(String::as_str),
        boundary: &boundary,
        boundary_before: &before,
        boundary_after: &after,
    };
    let timeline = charts::timeline(&extract.timeline, BOUNDARY_DAY, &timeline_words, language);
    let cells = extract
        .week
        .iter()
        .enumerate()
        .flat_map(|(weekday, hours)| hours.iter().enumerate().map(move |(hour, count)| (*count, weekday, hour)));
    // The first of the greatest cells.
    let highest = cells.max_by_key(|(count, weekday, hour)| (*count, std::cmp::Reverse((*weekday, *hour))));
    let Some((count, weekday, hour)) = highest.filter(|(count, ..)| *count > 0) else {
        return Ok((timeline, String::new()));
    };
    let weekdays = ["0", "1", "2", "3", "4", "5", "6"].map(|key| words.word("weekday", key));
    let description = words.say(
        "heat_desc",
        &[
            ("weekday", weekdays.get(weekday).copied().unwrap_or_default().to_owned()),
            ("hour", hour.to_string()),
            ("messages", words.counted("message", count)?),
        ],
    )?;
    let (title, legend) = (text("heat_title")?, text("heat_legend")?);
    let hours = words.say("heat_hours", &[("zone", extract.timezone.clone())])?;
    let heat_words = HeatWords { title: &title, description: &description, weekdays, hours: &hours, legend: &legend };
    Ok((timeline, charts::heat_map(&extract.week, &heat_words, language)))
}

/// An amount of money as people of a language write it; what is no plain number stays as it is.
pub(super) fn amount(text: &str, language: Language) -> String {
    let (whole, parts) = text.split_once('.').unwrap_or((text, ""));
    match whole.parse() {
        Ok(whole) if parts.is_empty() => number(whole, language),
        Ok(whole) if parts.bytes().all(|digit| digit.is_ascii_digit()) => {
            let point = if language == Language::De { ',' } else { '.' };
            format!("{}{point}{parts}", number(whole, language))
        }
        _ => text.to_owned(),
    }
}

/// A length of time in its largest whole unit.
fn span(milliseconds: u64) -> String {
    let units = [(3_600_000, "h"), (60_000, "min"), (1_000, "s")];
    let fits = units.into_iter().find(|(unit, _)| milliseconds > 0 && milliseconds.is_multiple_of(*unit));
    fits.map_or_else(|| format!("{milliseconds} ms"), |(unit, name)| format!("{} {name}", milliseconds / unit))
}

/// The beginning of a text that is too long to be shown at once; empty for a short one.
fn teaser(text: &str) -> String {
    match text.char_indices().nth(TEASER_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => String::new(),
    }
}

/// Text as a string of a style sheet, in which only letters and digits stand for themselves.
fn css_string(text: &str) -> Value {
    let mut quoted = String::from("\"");
    for character in show_deceptive(text).chars() {
        if character.is_ascii_alphanumeric() {
            quoted.push(character);
        } else {
            quoted.push_str(&format!("\\{:06x}", u32::from(character)));
        }
    }
    quoted.push('"');
    Value::from_safe_string(quoted)
}

fn base64(bytes: &[u8]) -> Value {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4_usize {
            let digit = DIGITS.get((bits >> (18 - 6 * place) & 63) as usize).filter(|_| place <= group.len());
            text.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    Value::from_safe_string(text)
}

#[cfg(test)]
mod tests {
    use super::super::extract::{
        BoundaryDayRow, Completeness, EvidenceRow, InputRow, MarkedText, MethodRow, PackRow, PeriodRow, SCHEMA,
    };
    use super::*;

    const SCRIPT: &str = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u{202e}";
    const ATTRIBUTE: &str = "\"onmouseover=\"alert(3)\" '";

    /// An extract in which every text that can come from data is hostile.
    fn hostile() -> Extract {
        let both = || format!("{SCRIPT}{ATTRIBUTE}");
        let marked = || MarkedText { text: both(), mark: "unconfirmed", source: both() };
        let (first_sent, last_sent) = ("2019-12-06T22:50:05.000Z".to_owned(), "2019-12-07T22:50:05.000Z".to_owned());
        let input = InputRow {
            file: both(),
            sha256: both(),
            format: both(),
            encoding: both(),
            zone: both(),
            zone_basis: "guessed",
            zone_needed: 1,
            date_order: Some(both()),
            columns: vec![crate::ingest::MappedColumn { role: "text", column: both(), found: "header" }],
            notes: vec![both(), "12 × status word not known, read as unknown".to_owned()],
            ignored_by: BTreeMap::from([("system line", 2)]),
            failed: true,
            ..InputRow::default()
        };
        let evidence = EvidenceRow {
            message_id: both(),
            sent_at: first_sent.clone(),
            local: both(),
            recipient: both(),
            status: "delivered",
            campaign_id: both(),
            file: both(),
            record: 7,
            line: 8,
        };
        let finding = FindingRow {
            finding_id: "F-0123456789".to_owned(),
            rule: both(),
            severity: "critical",
            subject: both(),
            exposed: vec![both(), format!("{SCRIPT} (client)"), format!("<provider of {SCRIPT}> (provider)")],
            basis: vec![marked()],
            first_sent: first_sent.clone(),
            last_sent: last_sent.clone(),
            messages: 1,
            runs: 2,
            recipients: 1_234,
            amount_min: both(),
            amount_max: both(),
            currency: both(),
            amounts: Vec::new(),
            level: "",
            measured: vec![both()],
            limitation: vec![marked()],
            title: both(),
            explanation: both(),
            boundary_day: Some(BoundaryDayRow { day: BOUNDARY_DAY.to_owned(), readings: vec![(both(), 1)] }),
            counter_evidence: vec![both()],
            limits: vec![both()],
            figures: vec![marked()],
            campaigns: vec!["C-0123456789".to_owned(), both()],
            bursts: vec!["B-0123456789".to_owned(), both()],
            evidence_rows: 1,
            evidence_sample: vec![evidence],
        };
        let campaign = CampaignRow {
            campaign_id: "C-0123456789".to_owned(),
            content_kind: "text",
            content: both(),
            sample: both().repeat(3),
            accounts: vec![both()],
            first_sent: first_sent.clone(),
            last_sent: last_sent.clone(),
            coordinated: true,
            drip: true,
            ..CampaignRow::default()
        };
        Extract {
            schema: SCHEMA,
            program: both(),
            matter: both(),
            timezone: both(),
            completeness: Completeness {
                files: 1,
                failed: 1,
                records: 1_237,
                read: 1_230,
                folded: 4,
                ignored: 2,
                rejected: 1,
                first_sent: Some(first_sent.clone()),
                last_sent: Some(last_sent.clone()),
                inputs: vec![input],
                ..Completeness::default()
            },
            exposure: vec![ExposureRow {
                exposed: both(),
                rule: both(),
                title: both(),
                country: both(),
                severity: "high",
                ..ExposureRow::default()
            }],
            boundary: vec![PeriodRow { period: "on", messages: 1, ..PeriodRow::default() }],
            findings: vec![finding],
            accounts: vec![AccountRow {
                account: both(),
                route: "sms other".to_owned(),
                client: both(),
                provider: both(),
                ..AccountRow::default()
            }],
            campaigns: vec![campaign],
            bursts: vec![BurstRow {
                burst_id: "B-0123456789".to_owned(),
                detector: both(),
                account: both(),
                window_ms: 15_000,
                threshold: 100,
                counts: "messages",
                robustness: "robust",
                depends_on: vec![both()],
                ..BurstRow::default()
            }],
            source_checks: vec![crate::report::measures::SourceCheckRow {
                check: "silent_period",
                account: both(),
                file: both(),
                other_file: both(),
                from: Some(first_sent.clone()),
                ..Default::default()
            }],
            limit_checks: vec![crate::report::measures::LimitCheckRow {
                scope: "number",
                subject: both(),
                accounts: vec![both()],
                passed_at: Some(first_sent.clone()),
                ..Default::default()
            }],
            account_clusters: vec![crate::report::measures::ClusterRow {
                cluster_id: both(),
                account_a: both(),
                account_b: both(),
                link: "lockstep",
                ..Default::default()
            }],
            timeline: vec![DayRow { day: BOUNDARY_DAY.to_owned(), messages: 5, mass: 4, recipients: 3 }],
            week: vec![vec![1; 24]; 7],
            limits: vec![both()],
            method: vec![MethodRow { name: both(), title: both(), mark: "own", source: both() }],
            packs: vec![PackRow { id: both(), title: both(), version: both() }],
            ..Extract::default()
        }
    }

    #[test]
    fn payloads_stay_inert_in_every_field() {
        for language in [Language::De, Language::En] {
            let page = page(&hostile(), language).expect("a page");
            // The page's own: its words, and its script.
            assert_eq!(page.matches("<script").count(), 2);
            assert_eq!(page.matches("</script").count(), 2);
            assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<img"));
            assert!(
                page.contains("&quot;onmouseover=")
                    && !page.contains("\"onmouseover=")
                    && !page.contains("'onmouseover=")
            );
            assert!(page.contains("⟨U+202E⟩") && !page.contains('\u{202e}'));
        }
    }

    #[test]
    fn both_languages_have_the_same_keys_and_places() {
        fn places(text: &str) -> Vec<&str> {
            let mut places: Vec<&str> = text.split('{').skip(1).filter_map(|part| part.split('}').next()).collect();
            places.sort_unstable();
            places
        }
        // That a key has both languages and no third one is already settled by the type.
        let file: words::WordsFile = toml::from_str(WORDS).expect("the words of the build");
        let texts = file.text.iter().chain(file.word.values().flatten()).map(|(key, both)| (key, &both.de, &both.en));
        let forms =
            file.count.iter().flat_map(|(key, both)| both.de.iter().zip(&both.en).map(move |(de, en)| (key, de, en)));
        for (key, de, en) in texts.chain(forms) {
            assert!(!de.trim().is_empty() && !en.trim().is_empty(), "{key} is empty");
            assert_eq!(places(de), places(en), "{key}");
        }
        let (de, en) =
            (Words::load(WORDS, Language::De).expect("German"), Words::load(WORDS, Language::En).expect("English"));
        assert!(
            de.text.keys().eq(en.text.keys())
                && de.count.keys().eq(en.count.keys())
                && de.word.keys().eq(en.word.keys())
        );
    }

    #[test]
    fn the_sum_of_records_is_shown_and_a_wrong_one_is_told() {
        let mut extract = hostile();
        let told = page(&extract, Language::De).expect("a page");
        assert!(told.contains("1.237 = 1.230 + 4 + 2 + 1.") && told.contains("Nicht alles konnte gelesen werden"));
        let told = page(&extract, Language::En).expect("a page");
        assert!(told.contains("The sum adds up: 1,237 = 1,230 + 4 + 2 + 1."));
        extract.completeness.folded = 5;
        assert!(page(&extract, Language::En).expect("a page").contains("The sum does not add up"));
        extract.completeness.folded = u64::MAX;
        assert!(page(&extract, Language::En).expect("a page").contains("The sum does not add up"));
    }

    #[test]
    fn the_page_fetches_nothing_and_allows_only_its_own_script_and_style() {
        let page = page(&hostile(), Language::En).expect("a page");
        let outside = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for reference in ["http://", "https://", "@import", "<link", "<iframe", "<img", "url(http", "src=\"", "src='"] {
            assert!(!outside.contains(reference), "{reference}");
        }
        for (tag, end, directive) in [("<script>", "</script>", "script-src"), ("<style>", "</style>", "style-src")] {
            let content = page.split(tag).nth(1).and_then(|rest| rest.split(end).next()).expect("the element");
            assert!(
                page.contains(&format!("{directive} 'sha256-{}'", base64(&Sha256::digest(content.as_bytes())))),
                "{directive}"
            );
        }
        assert!(!page.contains(" style=\"") && !page.contains(" onclick=\""));
        // A link leads to what is on the page; what is not there is no link.
        assert!(page.contains("href=\"#C-0123456789\"") && page.contains("id=\"C-0123456789\""));
        assert!(page.contains("id=\"B-0123456789\"") && page.contains("id=\"F-0123456789\""));
        assert!(!page.contains("href=\"#&lt;"));
    }

    #[test]
    fn an_empty_report_says_why_there_may_be_nothing() {
        for language in [Language::De, Language::En] {
            let words = Words::load(WORDS, language).expect("words");
            let page = page(&Extract::default(), language).expect("a page");
            for key in
                ["no_finding", "why_no_outbound", "why_no_mass", "nothing_read", "no_matter", "no_packs", "no_outbound"]
            {
                assert!(page.contains(&words.text[key]), "{key}");
            }
            assert!(page.contains(&format!("<html lang=\"{}\">", language.as_str())));
        }
    }

    #[test]
    fn ten_thousand_findings_stay_below_five_megabytes() {
        let mut extract = hostile();
        let mut finding = extract.findings.remove(0);
        for text in [&mut finding.rule, &mut finding.subject, &mut finding.title, &mut finding.explanation] {
            *text = "a text of thirty characters …".to_owned();
        }
        finding.exposed = vec!["Verlag Unterland GmbH (client)".to_owned(), "Kanalwerk GmbH (provider)".to_owned()];
        extract.findings = (0..10_001)
            .map(|number| FindingRow { finding_id: format!("F-{number:010x}"), ..finding.clone() })
            .collect();
        let page = page(&extract, Language::De).expect("a page");
        assert!(page.len() < 5_000_000, "{}", page.len());
        assert_eq!(page.matches("<article id=").count(), FULL_FINDINGS);
        assert!(page.contains("<tr id=\"F-000000270f\">") && !page.contains("F-0000002710"));
        assert!(
            page.contains("die ersten 100 von 10.001 Befunden")
                && page.contains("Die ersten 10.000 von 10.001 Befunden")
        );
    }

    #[test]
    fn words_have_number_party_and_origin() {
        let (de, en) =
            (Words::load(WORDS, Language::De).expect("German"), Words::load(WORDS, Language::En).expect("English"));
        assert_eq!(de.counted("message", 1).expect("a form"), "1 Nachricht");
        assert_eq!(de.counted("message", 1_234).expect("a form"), "1.234 Nachrichten");
        assert_eq!(en.counted("message", 0).expect("a form"), "0 messages");
        assert_eq!(de.party("Verlag (client)").expect("a party"), "Verlag (Auftraggeber)");
        assert_eq!(
            de.party("<client of +49> (client)").expect("a party"),
            "Auftraggeber von +49, in der Falldatei nicht benannt"
        );
        assert_eq!(en.party("<provider of {a}>").expect("a party"), "provider of {a}, not named in the case file");
        assert_eq!(
            de.said("1234 × status word not known, read as unknown").as_deref(),
            Some("1.234 × Statuswort nicht bekannt, als unbekannt gelesen")
        );
        assert_eq!(de.said("day first: a value over 12").as_deref(), Some("Tag zuerst: ein Wert über 12 zeigt es"));
        assert_eq!(de.said("cannot be looked into: no such file"), None);
        assert!(
            en.say("js_all", &[]).is_err()
                && en.say("lead", &[("n", String::new())]).is_err()
                && en.say("no such", &[]).is_err()
        );
    }

    #[test]
    fn small_forms() {
        assert_eq!(
            [span(15_000), span(600_000), span(86_400_000), span(1_500), span(0)],
            ["15 s", "10 min", "24 h", "1500 ms", "0 ms"]
        );
        assert_eq!(
            ["1234.50", "250000", "x", "1.a"].map(|text| amount(text, Language::De)),
            ["1.234,50", "250.000", "x", "1.a"]
        );
        assert_eq!(amount("1234.50", Language::En), "1,234.50");
        assert_eq!(teaser("short"), "");
        assert_eq!(teaser(&"ä".repeat(91)), format!("{}…", "ä".repeat(90)));
        assert_eq!(css_string("a b\"</style>").to_string(), "\"a\\000020b\\000022\\00003c\\00002fstyle\\00003e\"");
        assert_eq!(
            ["", "f", "fo", "foo"].map(|text| base64(text.as_bytes()).to_string()),
            ["", "Zg==", "Zm8=", "Zm9v"]
        );
    }
}
