//! Builds the extract from what the stages found: names for indices, words for people, sums for tables.
//! It computes nothing that a stage has not measured, save counts by day and hour.
//! How the extract is written or drawn is not known here.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::boundaries::boundaries;
use super::extract::{
    AccountRow, AmountRow, BeforeAfterRow, BoundaryDayRow, BurstRow, CampaignRow, Completeness, DayRow, EvidenceRow,
    ExposureRow, Extract, FindingRow, InputRow, MarkedText, MethodRow, PackRow, PeriodRow, SCHEMA, SentRow, words,
};
use super::instants::{local, utc};
use super::measures;
use super::{ReportInput, Shown};
use crate::assess::{BeforeAfter, Finding, LimitationEnd, Sent};
use crate::case::Language;
use crate::detect::campaigns::Campaign;
use crate::detect::name::LEAST_AGREEMENT;
use crate::detect::settings::Title;
use crate::detect::transactional::Ground;
use crate::detect::{Innocent, SetAside};
use crate::ingest::InputFile;
use crate::message::{Direction, Route, country_text};

/// Messages of a finding shown as samples: the first ones, and the last.
const SAMPLE_ROWS: usize = 5;

/// The extract.
#[must_use]
pub fn build(input: &ReportInput<'_>) -> Extract {
    let mass = mass_rows(input);
    let (timeline, week) = calendar_counts(input, &mass);
    Extract {
        schema: SCHEMA,
        program: input.program.clone(),
        matter: input.case.matter.name.clone(),
        language: input.language.as_str(),
        timezone: input.calendar.name().to_owned(),
        revealed: *input.shown == Shown::Revealed,
        completeness: completeness(input),
        source_checks: measures::source_checks(input),
        exposure: exposure(input),
        boundary: periods(input),
        before_after: before_after(input),
        findings: input.assessment.findings.par_iter().map(|finding| finding_row(input, finding)).collect(),
        accounts: accounts(input),
        campaigns: campaigns(input),
        bursts: bursts(input),
        limit_checks: measures::limit_checks(input),
        speed: measures::speeds(input),
        intensity: measures::intensity(input),
        account_clusters: measures::clusters(input),
        boundaries: boundaries(input),
        timeline,
        week,
        limits: limits(input),
        method: method(input),
        packs: input
            .packs
            .iter()
            .map(|pack| PackRow {
                id: pack.id.clone(),
                title: words(&pack.title, input.language),
                version: pack.version.clone(),
            })
            .collect(),
    }
}

/// For each row, whether it lies in a campaign or a burst.
fn mass_rows(input: &ReportInput<'_>) -> Vec<bool> {
    let marks = &input.activity.marks;
    let mut mass: Vec<bool> = marks.campaign.iter().map(|campaign| *campaign > 0).collect();
    for (row, _) in &marks.bursts {
        if let Some(slot) = mass.get_mut(*row as usize) {
            *slot = true;
        }
    }
    mass
}

fn completeness(input: &ReportInput<'_>) -> Completeness {
    let ingested = input.ingested;
    let sum = |count: fn(&InputFile) -> u64| ingested.inputs.iter().map(count).sum();
    let outbound = input.activity.accounts.iter().map(|account| account.messages).sum();
    Completeness {
        files: ingested.inputs.len() as u64,
        failed: ingested.inputs.iter().filter(|file| file.failed).count() as u64,
        records: sum(|file| file.records),
        read: sum(|file| file.read),
        folded: sum(|file| file.folded),
        ignored: sum(|file| file.ignored),
        rejected: sum(|file| file.rejected),
        messages: ingested.messages.columns.len() as u64,
        outbound,
        inbound: input.activity.accounts.iter().map(|account| account.inbound).sum(),
        consents: ingested.consents.len() as u64,
        first_sent: ingested.messages.columns.sent_at.iter().min().copied().map(utc),
        last_sent: ingested.messages.columns.sent_at.iter().max().copied().map(utc),
        inputs: ingested.inputs.iter().map(input_row).collect(),
    }
}

/// One input as every output shows it.
#[must_use]
pub fn input_row(file: &InputFile) -> InputRow {
    InputRow {
        file: file.name.clone(),
        sha256: file.sha256.clone(),
        bytes: file.bytes,
        format: file.format.clone(),
        confidence: file.confidence,
        packing: file.packing,
        encoding: file.encoding.clone(),
        records: file.records,
        read: file.read,
        folded: file.folded,
        ignored: file.ignored,
        ignored_by: file.ignored_by.clone(),
        rejected: file.rejected,
        messages: file.messages,
        first_sent: file.first_sent.map(utc),
        last_sent: file.last_sent.map(utc),
        zone: file.zone.clone(),
        zone_basis: file.zone_basis.as_str(),
        zone_needed: file.zone_needed,
        date_order: file.date_order.map(|decision| format!("{}: {}", decision.order, decision.basis)),
        columns: file.columns.clone(),
        notes: file.notes.clone(),
        failed: file.failed,
    }
}

fn exposure(input: &ReportInput<'_>) -> Vec<ExposureRow> {
    let title = |id: &str| {
        let mut rules = input.packs.iter().flat_map(|pack| &pack.rules);
        rules.find(|rule| rule.id == id).map(|rule| words(&rule.title, input.language)).unwrap_or_default()
    };
    let row = |row: &crate::assess::Exposure| ExposureRow {
        exposed: row.exposed.clone(),
        rule: row.rule.clone(),
        title: title(&row.rule),
        country: row.country.clone(),
        severity: row.severity.as_str(),
        findings: row.findings,
        messages: row.messages,
        runs: row.runs,
        recipients: row.recipients,
        first_sent: utc(row.first_sent),
        last_sent: utc(row.last_sent),
    };
    input.assessment.exposure.iter().map(row).collect()
}

/// Mass sends before, on and after the boundary day, in the matter's calendar.
fn periods(input: &ReportInput<'_>) -> Vec<PeriodRow> {
    let all = input.assessment.before_after.first().cloned();
    let all = all.unwrap_or(BeforeAfter {
        sender: None,
        before: Sent::default(),
        day: Sent::default(),
        after: Sent::default(),
    });
    let row = |(period, sent): (&'static str, Sent)| PeriodRow {
        period,
        messages: sent.messages,
        recipients: sent.recipients,
        runs: sent.runs,
        first_sent: sent.first_sent.map(utc),
        last_sent: sent.last_sent.map(utc),
    };
    [("before", all.before), ("on", all.day), ("after", all.after)].into_iter().map(row).collect()
}

fn before_after(input: &ReportInput<'_>) -> Vec<BeforeAfterRow> {
    let sent = |sent: &Sent| SentRow { messages: sent.messages, recipients: sent.recipients, runs: sent.runs };
    let accounts = &input.ingested.messages.accounts;
    let row = |line: &BeforeAfter| BeforeAfterRow {
        account: line
            .sender
            .map_or("all", |(account, _)| accounts.get(account as usize).map_or("", |known| &known.id))
            .to_owned(),
        route: line.sender.map_or("all", |(_, route)| route.as_str()),
        before: sent(&line.before),
        day: sent(&line.day),
        after: sent(&line.after),
    };
    input.assessment.before_after.iter().map(row).collect()
}

fn finding_row(input: &ReportInput<'_>, finding: &Finding) -> FindingRow {
    let language = input.language;
    let rule = input.packs.get(finding.pack).and_then(|pack| pack.rules.get(finding.rule));
    let marked = |title: &Title, mark: crate::detect::Mark, source: &str| MarkedText {
        text: words(title, language),
        mark: mark.as_str(),
        source: source.to_owned(),
    };
    let marks = &input.activity.marks;
    FindingRow {
        finding_id: finding.id.clone(),
        rule: rule.map(|rule| rule.id.clone()).unwrap_or_default(),
        severity: finding.severity.as_str(),
        subject: input
            .ingested
            .messages
            .accounts
            .get(finding.account as usize)
            .map(|account| account.id.clone())
            .unwrap_or_default(),
        exposed: finding.exposed.iter().map(|(party, name)| format!("{name} ({})", party.as_str())).collect(),
        basis: finding.basis.iter().map(|clause| marked(&clause.text, clause.mark, &clause.source)).collect(),
        first_sent: utc(finding.first_sent),
        last_sent: utc(finding.last_sent),
        messages: finding.rows.len() as u64,
        runs: finding.runs,
        recipients: finding.recipients,
        amount_min: finding.amounts.first().map(|amount| amount.min.clone()).unwrap_or_default(),
        amount_max: finding.amounts.first().map(|amount| amount.max.clone()).unwrap_or_default(),
        currency: finding.amounts.first().map(|amount| amount.currency.clone()).unwrap_or_default(),
        amounts: finding.amounts.iter().map(|amount| AmountRow::of(amount, language)).collect(),
        limitation: finding
            .limitation
            .iter()
            .map(|period| MarkedText {
                text: limitation_text(period, language),
                mark: period.mark.as_str(),
                source: period.source.clone(),
            })
            .collect(),
        title: rule.map(|rule| words(&rule.title, language)).unwrap_or_default(),
        explanation: rule.map(|rule| words(&rule.explanation, language)).unwrap_or_default(),
        boundary_day: finding
            .boundary_day
            .as_ref()
            .map(|boundary| BoundaryDayRow { day: boundary.day.to_string(), readings: boundary.readings.clone() }),
        level: finding.level.unwrap_or_default(),
        measured: finding.measured.iter().map(|title| words(title, language)).collect(),
        counter_evidence: finding.counter_evidence.iter().map(|title| words(title, language)).collect(),
        limits: finding.limits.iter().map(|title| words(title, language)).collect(),
        figures: rule
            .map(|rule| rule.figures.iter().map(|figure| marked(&figure.name, figure.mark, &figure.source)).collect())
            .unwrap_or_default(),
        campaigns: marks.campaigns_with(&finding.rows),
        bursts: marks.bursts_with(&finding.rows),
        evidence_rows: input.evidence.of(&finding.rows).len() as u64,
        evidence_sample: samples(&finding.rows).into_iter().map(|row| evidence_row(input, row)).collect(),
    }
}

/// A limitation period with its last day, and whether that had passed on the day as of which the report stands.
pub(super) fn limitation_text(period: &LimitationEnd, language: Language) -> String {
    let text = words(&period.text, language);
    let Some(end) = period.end else {
        let open = match language {
            Language::De => "Tag der Kenntnis nicht angegeben",
            Language::En => "day of knowledge not given",
        };
        return format!("{text} → {open}");
    };
    match (period.over, language) {
        (Some(true), Language::De) => format!("{text} → {end} (abgelaufen)"),
        (Some(true), Language::En) => format!("{text} → {end} (over)"),
        _ => format!("{text} → {end}"),
    }
}

/// The first rows and the last one.
fn samples(rows: &[u32]) -> Vec<u32> {
    let mut samples: Vec<u32> = rows.iter().copied().take(SAMPLE_ROWS).collect();
    if rows.len() > SAMPLE_ROWS {
        samples.extend(rows.last());
    }
    samples
}

fn evidence_row(input: &ReportInput<'_>, row: u32) -> EvidenceRow {
    let messages = &input.ingested.messages;
    let columns = &messages.columns;
    let row = row as usize;
    let sent_at = columns.sent_at.get(row).copied().unwrap_or_default();
    let place = columns.place(row);
    EvidenceRow {
        message_id: input.shown.message_id(messages, row),
        sent_at: utc(sent_at),
        local: local(input.calendar, sent_at),
        recipient: input.shown.recipient(messages, columns.recipient.get(row).copied().unwrap_or_default()),
        status: columns.status.get(row).map_or("", |status| status.as_str()),
        campaign_id: input.activity.marks.campaign_id(row).to_owned(),
        file: columns.file.get(row).and_then(|file| messages.files.get(*file as usize)).cloned().unwrap_or_default(),
        record: place.record,
        line: place.line,
    }
}

/// The words of routes, of each of which there is a bit, in the order of words.
fn route_words(bits: u32) -> String {
    let mut words: Vec<&str> =
        Route::ALL.iter().filter(|route| bits >> **route as u32 & 1 == 1).map(|route| route.as_str()).collect();
    words.sort_unstable();
    words.join(" ")
}

fn accounts(input: &ReportInput<'_>) -> Vec<AccountRow> {
    let messages = &input.ingested.messages;
    let columns = &messages.columns;
    // A bit for each route that an account has sent on.
    let mut routes = vec![0_u32; messages.accounts.len()];
    for ((account, route), direction) in columns.account.iter().zip(&columns.route).zip(&columns.direction) {
        if *direction == Direction::Outbound
            && let Some(used) = routes.get_mut(*account as usize)
        {
            *used |= 1 << *route as u32;
        }
    }
    let rows =
        messages.accounts.iter().zip(&input.activity.accounts).enumerate().map(|(index, (account, activity))| {
            let stated = account.route.map(|route| route.as_str());
            let used = routes.get(index).copied().filter(|used| *used != 0).map(route_words);
            AccountRow {
                account: account.id.clone(),
                route: used.or(stated.map(str::to_owned)).unwrap_or_default(),
                client: account.client.clone().unwrap_or_default(),
                provider: account.provider.clone().unwrap_or_default(),
                first_sent: activity.first_sent.map(utc),
                last_sent: activity.last_sent.map(utc),
                messages: activity.messages,
                recipients: activity.recipients,
                initiated: activity.initiated,
                inbound: activity.inbound,
                bursts: activity.bursts,
                campaigns: activity.campaigns,
                replies_from: activity.replies_from.as_str(),
            }
        });
    rows.collect()
}

fn campaigns(input: &ReportInput<'_>) -> Vec<CampaignRow> {
    let messages = &input.ingested.messages;
    let account =
        |account: &u32| messages.accounts.get(*account as usize).map(|account| account.id.clone()).unwrap_or_default();
    let settings = &input.activity.measures.campaign_settings;
    let rows = input.activity.campaigns.iter().enumerate().map(|(index, campaign)| {
        let (robustness, depends_on) = measures::robustness(input, settings.get(index));
        let contents = &messages.contents;
        let words = contents.words.get(&campaign.content).cloned().unwrap_or_default();
        let named = !words.name.is_empty();
        let name = if named { words.name } else { format!("{:032x}", contents.fingerprint(campaign.content)) };
        CampaignRow {
            campaign_id: campaign.id.clone(),
            content_kind: contents.kind(campaign.content).as_str(),
            content: name,
            sample: campaign.sample.clone(),
            accounts: campaign.accounts.iter().map(account).collect(),
            first_sent: utc(campaign.first_sent),
            last_sent: utc(campaign.last_sent),
            messages: campaign.rows.len() as u64,
            recipients: campaign.recipients,
            runs: campaign.runs.len() as u64,
            replies: campaign.replies,
            coordinated: campaign.coordinated,
            drip: campaign.drip,
            template: campaign.template.clone(),
            texts: campaign.texts,
            joined_by: campaign.joined_by.as_str(),
            agreement: campaign.agreement.map(|share| (share * 100.0).round() / 100.0),
            robustness,
            depends_on,
        }
    });
    rows.collect()
}

fn bursts(input: &ReportInput<'_>) -> Vec<BurstRow> {
    let messages = &input.ingested.messages;
    let settings = &input.activity.measures.burst_settings;
    let rows = input.activity.bursts.iter().enumerate().filter_map(|(index, burst)| {
        let (robustness, depends_on) = measures::robustness(input, settings.get(index));
        let accounts = burst.accounts.iter().filter_map(|account| messages.accounts.get(*account as usize));
        let detector = input.detection.detectors.get(burst.detector)?;
        Some(BurstRow {
            burst_id: burst.id.clone(),
            detector: detector.name.clone(),
            account: accounts.map(|account| account.id.as_str()).collect::<Vec<_>>().join(" "),
            start: utc(burst.start),
            end: utc(burst.end),
            messages: burst.rows.len() as u64,
            recipients: burst.recipients,
            peak: burst.peak,
            peak_at: utc(burst.peak_at),
            window_ms: detector.window_ms,
            threshold: detector.threshold,
            counts: detector.counts.as_str(),
            over: detector.over.as_str(),
            scope: detector.scope.as_str(),
            client: burst.client.clone().unwrap_or_default(),
            robustness,
            depends_on,
        })
    });
    rows.collect()
}

/// Outbound messages by day, and by weekday and hour, in the matter's calendar.
fn calendar_counts(input: &ReportInput<'_>, mass: &[bool]) -> (Vec<DayRow>, Vec<Vec<u64>>) {
    let columns = &input.ingested.messages.columns;
    let mut week = vec![vec![0_u64; 24]; 7];
    let mut order: Vec<u32> = (0..columns.len() as u32)
        .filter(|row| columns.direction.get(*row as usize) == Some(&Direction::Outbound))
        .collect();
    order.sort_unstable_by_key(|row| columns.sent_at.get(*row as usize).copied());
    let hour_of = |row: &u32| columns.sent_at.get(*row as usize).copied().unwrap_or_default().div_euclid(900_000);
    let mut days: BTreeMap<jiff::civil::Date, Vec<&[u32]>> = BTreeMap::new();
    // Quarters of an hour: no zone's days or hours are cut finer.
    for quarter in order.chunk_by(|one, next| hour_of(one) == hour_of(next)) {
        let Some(first) = quarter.first() else { continue };
        let civil = input.calendar.local(columns.sent_at.get(*first as usize).copied().unwrap_or_default());
        days.entry(civil.date()).or_default().push(quarter);
        let weekday = civil.date().weekday().to_monday_zero_offset() as usize;
        if let Some(count) = week.get_mut(weekday).and_then(|hours| hours.get_mut(civil.hour() as usize)) {
            *count += quarter.len() as u64;
        }
    }
    let rows = days.into_iter().map(|(day, quarters)| {
        let rows = || quarters.iter().flat_map(|quarter| quarter.iter().map(|row| *row as usize));
        let mut recipients: Vec<u32> = rows().filter_map(|row| columns.recipient.get(row)).copied().collect();
        recipients.sort_unstable();
        recipients.dedup();
        DayRow {
            day: day.to_string(),
            messages: rows().count() as u64,
            mass: rows().filter(|row| mass.get(*row) == Some(&true)).count() as u64,
            recipients: recipients.len() as u64,
        }
    });
    (rows.collect(), week)
}

/// What the whole report cannot show.
fn limits(input: &ReportInput<'_>) -> Vec<String> {
    let messages = &input.ingested.messages;
    let columns = &messages.columns;
    let count = |test: &dyn Fn(usize) -> bool| (0..columns.len()).filter(|row| test(*row)).count();
    let mut limits: Vec<Title> = Vec::new();
    let mut say = |de: String, en: String| limits.push(Title { de, en });
    let failed: Vec<&str> =
        input.ingested.inputs.iter().filter(|file| file.failed).map(|file| file.name.as_str()).collect();
    if !failed.is_empty() {
        say(
            format!("Nicht oder nicht ganz gelesen: {}.", failed.join(", ")),
            format!("Not read, or not wholly: {}.", failed.join(", ")),
        );
    }
    for doubt in &input.ingested.case_doubts {
        say(doubt.text(crate::case::Language::De), doubt.text(crate::case::Language::En));
    }
    let guessed = count(&|row| columns.zone.get(row) == Some(&crate::message::ZoneBasis::Guessed));
    if guessed > 0 {
        let (de, en) = if guessed == 1 {
            ("Nachricht steht", "message stands in its")
        } else {
            ("Nachrichten stehen", "messages stand in their")
        };
        let zone = crate::message::DEFAULT_ZONE;
        say(
            format!(
                "{guessed} {de} ohne Zeitzone im Export; gelesen als {zone}. Mit --timezone oder in der Falldatei lässt sie sich nennen."
            ),
            format!(
                "{guessed} {en} export without a time zone; read as {zone}. Name it with --timezone or in the case file."
            ),
        );
    }
    for file in input.ingested.inputs.iter().filter(|file| file.date_order.is_some_and(|decision| decision.is_guess()))
    {
        let basis = file.date_order.map_or("", |decision| decision.basis);
        say(
            format!(
                "{}: Tag und Monat sind nicht sicher zu unterscheiden ({basis}). Mit --date-order lässt es sich festlegen.",
                file.name
            ),
            format!(
                "{}: day and month cannot be told apart for certain ({basis}). Settle it with --date-order.",
                file.name
            ),
        );
    }
    let silent: Vec<&str> = messages
        .accounts
        .iter()
        .zip(&input.activity.accounts)
        .filter(|(_, activity)| activity.messages > 0 && activity.replies_from == crate::detect::Inbound::None)
        .map(|(account, _)| account.id.as_str())
        .collect();
    if !silent.is_empty() {
        let (names, more) =
            (silent.iter().take(10).copied().collect::<Vec<_>>().join(", "), silent.len().saturating_sub(10));
        let rest = |word: &str| if more > 0 { format!(" {word} {more}") } else { String::new() };
        say(
            format!(
                "Ohne eingehende Nachrichten im Protokoll, daher ohne erkennbare Antworten: {names}{}.",
                rest("und weitere")
            ),
            format!(
                "Without inbound messages in the log, hence without replies that could be told: {names}{}.",
                rest("and more:")
            ),
        );
    }
    let without_content = count(&|row| {
        columns.content.get(row) == Some(&crate::message::NO_CONTENT)
            && columns.direction.get(row) == Some(&Direction::Outbound)
    });
    if without_content > 0 {
        let (de, en) = if without_content == 1 {
            ("ausgehende Nachricht hat", "outbound message has")
        } else {
            ("ausgehende Nachrichten haben", "outbound messages have")
        };
        let (they_de, they_en) = if without_content == 1 { ("sie kann", "it") } else { ("sie können", "they") };
        say(
            format!(
                "{without_content} {de} weder Text noch Vorlage noch Kampagne im Export; {they_de} nur nach Tempo beurteilt werden."
            ),
            format!(
                "{without_content} {en} neither text nor template nor campaign in the export; {they_en} can be judged by rate only."
            ),
        );
    }
    let is_doubtful = |campaign: &&Campaign| campaign.agreement.is_some_and(|share| share < LEAST_AGREEMENT);
    let doubtful = input.activity.campaigns.iter().filter(is_doubtful).count();
    if doubtful > 0 {
        let (de, en) = if doubtful == 1 {
            (
                "Kampagne trägt im Export einen Namen, unter dem deutlich verschiedene Texte gesendet wurden; der Name allein belegt",
                "campaign has a name in the export under which clearly different texts were sent; the name alone does",
            )
        } else {
            (
                "Kampagnen tragen im Export einen Namen, unter dem deutlich verschiedene Texte gesendet wurden; der Name allein belegt",
                "campaigns have a name in the export under which clearly different texts were sent; the name alone does",
            )
        };
        say(
            format!("{doubtful} {de} keinen gemeinsamen Inhalt (Spalte agreement in campaigns.csv)."),
            format!("{doubtful} {en} not show one content (column agreement in campaigns.csv)."),
        );
    }
    for Title { de, en } in set_aside(&input.activity.set_aside) {
        say(de, en);
    }
    let unknown_country = messages.recipients.country.iter().filter(|country| country_text(country).is_empty()).count();
    if unknown_country > 0 {
        let (de, en) = if unknown_country == 1 { ("Adresse", "address") } else { ("Adressen", "addresses") };
        say(
            format!("Bei {unknown_country} {de} ist das Land nicht bekannt."),
            format!("For {unknown_country} {en} the country is not known."),
        );
    }
    if input.ingested.consents.is_empty() {
        say(
            "Die Eingaben enthalten weder Einwilligungen noch Abmeldungen.".to_owned(),
            "The inputs hold neither opt-ins nor opt-outs.".to_owned(),
        );
    }
    limits.iter().map(|title| words(title, input.language)).collect()
}

/// What reached enough recipients and is no campaign, by why: nothing is left out in silence.
fn set_aside(contents: &[SetAside]) -> Vec<Title> {
    let grounds = [
        (
            Innocent::Transactional(Ground::Wording),
            "als Benachrichtigung genommen, die ihre Empfänger selbst ausgelöst haben: Wortlaut einer solchen, je Empfänger eigene Nummern oder Daten, weder in einem Schub noch im Takt gesendet",
            "taken as notices that their recipients caused: worded so, with numbers or dates of each recipient's own, sent neither in a rush nor by the clock",
        ),
        (
            Innocent::Transactional(Ground::Category),
            "als Benachrichtigung genommen, weil die Plattform sie so einstuft (utility, authentication) und nichts dagegen spricht",
            "taken as notices because the platform's category says so (utility, authentication) and nothing speaks against it",
        ),
        (
            Innocent::Answers,
            "als vorbereitete Antwort genommen: mindestens so oft im offenen 24-Stunden-Fenster gesendet wie außerhalb",
            "taken as ready-made answers: sent inside an open 24-hour window at least as often as outside",
        ),
    ];
    let of = |(why, de, en): (Innocent, &str, &str)| {
        let own: Vec<&SetAside> = contents.iter().filter(|aside| aside.why == why).collect();
        let messages: u64 = own.iter().map(|aside| aside.messages).sum();
        let (one_de, one_en) = if messages == 1 { ("Nachricht", "message") } else { ("Nachrichten", "messages") };
        (!own.is_empty()).then(|| Title {
            de: format!(
                "Inhalte mit genügend Empfängern, aber keine Kampagne: {} ({messages} {one_de}), {de}.",
                own.len()
            ),
            en: format!(
                "Contents with enough recipients that are no campaign: {} ({messages} {one_en}), {en}.",
                own.len()
            ),
        })
    };
    grounds.into_iter().filter_map(of).collect()
}

fn method(input: &ReportInput<'_>) -> Vec<MethodRow> {
    let settings = input.detection;
    let detectors = settings.detectors.iter().map(|detector| MethodRow {
        name: detector.name.clone(),
        title: words(&detector.title, input.language),
        mark: detector.mark.as_str(),
        source: detector.source.clone(),
    });
    let row = |name: &str, title: Title, mark: crate::detect::Mark, source: &str| MethodRow {
        name: name.to_owned(),
        title: words(&title, input.language),
        mark: mark.as_str(),
        source: source.to_owned(),
    };
    let campaign = settings.campaign.recipients;
    let minutes = settings.run.milliseconds / 60_000;
    let hours = settings.reply.milliseconds / 3_600_000;
    let others = [
        row(
            "campaign",
            Title {
                de: format!("Kampagne: ein Inhalt an mindestens {campaign} verschiedene Empfänger"),
                en: format!("campaign: one content to at least {campaign} distinct recipients"),
            },
            settings.campaign.mark,
            &settings.campaign.source,
        ),
        row(
            "run",
            Title {
                de: format!("Lauf: Teil einer Kampagne ohne Pause über {minutes} Minuten"),
                en: format!("run: part of a campaign without a gap over {minutes} minutes"),
            },
            settings.run.mark,
            &settings.run.source,
        ),
        row(
            "reply",
            Title {
                de: format!("Antwort: innerhalb von {hours} Stunden nach der letzten Nachricht des Empfängers"),
                en: format!("reply: within {hours} hours of the recipient's last message"),
            },
            settings.reply.mark,
            &settings.reply.source,
        ),
    ];
    let limit = MethodRow {
        name: "limit".to_owned(),
        title: words(
            &Title {
                de: "Nachrichtenlimits: verschiedene Empfänger selbst begonnener Nachrichten in gleitenden 24 Stunden"
                    .to_owned(),
                en: "messaging limits: distinct recipients of initiated messages in a moving 24 hours".to_owned(),
            },
            input.language,
        ),
        mark: settings.limit.mark.as_str(),
        source: settings.limit.source.clone(),
    };
    detectors.chain(others).chain([limit]).collect()
}
