//! The page for any data: inert payloads, truthful sums, one file, links that lead somewhere, five megabytes.
//! The pages made here are left in the tests' folder, where `tests/browser/run` opens them in a browser.

use std::collections::{BTreeMap, HashSet};

use sendeschluss::case::Language;
use sendeschluss::report::extract::{
    AccountRow, AmountRow, BOUNDARY_DAY, BoundaryDayRow, BoundaryRow, BurstRow, CampaignRow, Completeness, DayRow,
    EvidenceRow, ExposureRow, Extract, FindingRow, InputRow, MarkedText, MethodRow, PackRow, PeriodRow, SCHEMA,
};
use sendeschluss::report::measures::{ClusterRow, IntensityRow, LimitCheckRow, SourceCheckRow, SpeedRow};
use sendeschluss::report::page;

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
        columns: vec![sendeschluss::ingest::MappedColumn { role: "text", column: both(), found: "header" }],
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
        amounts: vec![AmountRow {
            text: both(),
            min: both(),
            max: both(),
            currency: both(),
            per: "case",
            mark: "law",
            source: both(),
        }],
        level: "fresh",
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
        source_checks: vec![SourceCheckRow {
            check: "silent_period",
            account: both(),
            file: both(),
            other_file: both(),
            from: Some(first_sent.clone()),
            ..Default::default()
        }],
        limit_checks: vec![LimitCheckRow {
            scope: "number",
            subject: both(),
            accounts: vec![both()],
            passed_at: Some(first_sent.clone()),
            ..Default::default()
        }],
        account_clusters: vec![ClusterRow {
            cluster_id: both(),
            account_a: both(),
            account_b: both(),
            link: "lockstep",
            ..Default::default()
        }],
        speed: [1, 10]
            .map(|recipients| SpeedRow { of: "account", subject: both(), recipients, ..Default::default() })
            .to_vec(),
        intensity: vec![IntensityRow { account: both(), ..Default::default() }],
        boundaries: vec![BoundaryRow { day: "2019-12-08".to_owned(), texts: vec![both()], rules: vec![both()] }],
        timeline: vec![DayRow { day: BOUNDARY_DAY.to_owned(), messages: 5, mass: 4, recipients: 3 }],
        week: vec![vec![1; 24]; 7],
        limits: vec![both()],
        method: vec![MethodRow { name: both(), title: both(), mark: "own", source: both() }],
        packs: vec![PackRow { id: both(), title: both(), version: both() }],
        ..Extract::default()
    }
}

/// Leaves a page for the browser.
fn leave(name: &str, page: &str) {
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(name), page).expect("a page");
}

#[test]
fn payloads_stay_inert_in_every_field() {
    for language in [Language::De, Language::En] {
        let page = page(&hostile(), language).expect("a page");
        leave(&format!("hostile-{}.html", language.as_str()), &page);
        // The page's own: its script, its words, and the data of each table.
        let scripts = page.split("<script").skip(1).map(|rest| rest.split('>').next().unwrap_or(rest));
        let (own, data): (Vec<&str>, Vec<&str>) = scripts.partition(|attributes| attributes.is_empty());
        assert_eq!(own.len(), 1, "one script that runs");
        assert!(data.iter().all(|attributes| attributes.starts_with(" type=\"application/json\"")));
        assert_eq!(page.matches("</script").count(), 1 + data.len());
        assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<img"));
        assert!(page.contains("\\u003cimg src=x onerror=alert(2)\\u003e"), "in the data of the tables");
        assert!(
            page.contains("&quot;onmouseover=") && !page.contains(" \"onmouseover=") && !page.contains("'onmouseover=")
        );
        assert!(page.contains("⟨U+202E⟩") && !page.contains('\u{202e}') && !page.contains('\u{2028}'));
    }
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
fn the_page_fetches_nothing_and_links_lead_to_what_is_on_it() {
    let page = page(&hostile(), Language::En).expect("a page");
    let outside = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for reference in ["http://", "https://", "@import", "<link", "<iframe", "<img", "url(http", " src=\"", " src='"] {
        assert!(!outside.contains(reference), "{reference}");
    }
    assert!(!page.contains(" style=\"") && !page.contains(" onclick=\""));
    let ids: HashSet<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(ids.contains(link), "{link}");
    }
    for id in ["F-0123456789", "C-0123456789", "B-0123456789", "cap-findings", "s-manifest"] {
        assert!(ids.contains(id), "{id}");
    }
    let all = page.split(" id=\"").count() - 1;
    assert_eq!(ids.len(), all, "no id stands twice");
}

#[test]
fn an_empty_report_says_why_there_may_be_nothing() {
    let words: toml::Table = toml::from_str(include_str!("../../data/languages/report.toml")).expect("words");
    for language in [Language::De, Language::En] {
        let page = page(&Extract::default(), language).expect("a page");
        leave(&format!("empty-{}.html", language.as_str()), &page);
        for key in
            ["no_finding", "why_no_outbound", "why_no_mass", "nothing_read", "no_matter", "no_packs", "no_outbound"]
        {
            assert!(page.contains(words["text"][key][language.as_str()].as_str().expect("a text")), "{key}");
        }
        assert!(page.contains(&format!("<html lang=\"{}\">", language.as_str())));
    }
}

/// An extract of a million messages: findings, campaigns and bursts beyond any page.
fn large(findings: u32) -> Extract {
    let mut extract = hostile();
    let template = extract.findings.remove(0);
    let plain = |text: &str| MarkedText { text: text.to_owned(), mark: "published", source: "S1, S2".to_owned() };
    let day = |index: u32| {
        format!(
            "20{:02}-{:02}-{:02}T08:{:02}:{:02}.000Z",
            19 + index / 360 % 6,
            index / 30 % 12 + 1,
            index % 28 + 1,
            index % 60,
            index * 7 % 60
        )
    };
    let severities = ["critical", "high", "medium", "low", "info"];
    let rules = ["R01", "R02", "R04", "R07", "R08", "R11", "R12", "R16"];
    extract.findings = (0..findings)
        .map(|index| FindingRow {
            finding_id: format!("F-{index:010x}"),
            rule: rules[index as usize % rules.len()].to_owned(),
            severity: severities[(index as usize * 5 / findings as usize).min(4)],
            subject: format!("+49155{:08}", index % 4_000),
            title: format!("Massenversand auf nicht zugelassenem Weg, Regel {}", index % 8),
            explanation: "Ein Inhalt ging an mehr als 50 verschiedene Empfänger.".to_owned(),
            exposed: vec![
                format!("Verlag Unterland {} GmbH (client)", index % 40),
                "Kanalwerk GmbH (provider)".to_owned(),
            ],
            basis: vec![plain("Nutzungsbedingungen (EWR) vom 24.04.2018, Zulässige Nutzung, Buchst. (e), (f)")],
            limitation: vec![plain("Vertrag: Irland 6 Jahre → 2025-12-20")],
            counter_evidence: vec![
                "62 der Nachrichten wurden laut Protokoll nicht zugestellt; sie zählen als Versuch mit.".to_owned(),
            ],
            figures: Vec::new(),
            limits: Vec::new(),
            measured: Vec::new(),
            first_sent: day(index),
            last_sent: day(index + 3),
            messages: u64::from(index % 3_000) + 51,
            recipients: u64::from(index % 900) + 51,
            campaigns: (0..6).map(|next| format!("C-{:010x}", (index + next) % 5_000)).collect(),
            bursts: (0..12).map(|next| format!("B-{:010x}", (index + next) % 20_000)).collect(),
            ..template.clone()
        })
        .collect();
    let campaign = extract.campaigns.remove(0);
    extract.campaigns = (0..5_000_u32)
        .map(|index| CampaignRow {
            campaign_id: format!("C-{index:010x}"),
            sample: format!(
                "Hallo Bernd,\nam Sonntag ist Erntemarkt in Unterheim {index}! Alle Stände: unterland.example/{index}"
            ),
            template: format!("Hallo * am Sonntag ist Erntemarkt in Unterheim {index}! Alle Stände: *"),
            accounts: vec![format!("+49155{:08}", index % 4_000)],
            first_sent: day(index),
            last_sent: day(index + 1),
            messages: 396,
            recipients: 395,
            ..campaign.clone()
        })
        .collect();
    let burst = extract.bursts.remove(0);
    extract.bursts = (0..20_000_u32)
        .map(|index| BurstRow {
            burst_id: format!("B-{index:010x}"),
            account: format!("+49155{:08}", index % 4_000),
            start: day(index),
            end: day(index),
            peak_at: day(index),
            messages: 130,
            ..burst.clone()
        })
        .collect();
    extract.accounts = (0..4_000_u32)
        .map(|index| AccountRow {
            account: format!("+49155{index:08}"),
            route: "sms".to_owned(),
            ..AccountRow::default()
        })
        .collect();
    let first: jiff::civil::Date = jiff::civil::date(2019, 1, 1);
    extract.timeline = (0..2_000_i64)
        .map(|index| DayRow {
            day: first.saturating_add(jiff::SignedDuration::from_hours(24 * index)).to_string(),
            messages: 500,
            mass: 400,
            recipients: 350,
        })
        .collect();
    extract
}

#[test]
fn ten_thousand_findings_stay_below_five_megabytes() {
    let page = page(&large(10_000), Language::De).expect("a page");
    leave("large-de.html", &page);
    assert!(page.len() < 5_000_000, "{}", page.len());
    assert_eq!(page.matches("<article id=").count(), 100);
    assert!(page.contains("F-000000270f") && page.contains("die ersten 100 von 10.000 Befunden"));
}

#[test]
fn a_hundred_thousand_findings_are_cut_and_counted() {
    let page = page(&large(100_000), Language::De).expect("a page");
    leave("huge-de.html", &page);
    assert!(page.len() < 5_000_000, "{}", page.len());
    let cut = page.split(" von 100.000 Zeilen; alle stehen in csv").next().unwrap_or_default();
    let shown: usize =
        cut.rsplit(' ').next().unwrap_or_default().replace('.', "").parse().expect("how many the page holds");
    assert!((10_000..100_000).contains(&shown), "{shown}");
    assert!(page.contains(&format!("F-{:010x}", shown - 1)) && !page.contains(&format!("F-{shown:010x}")));
}
