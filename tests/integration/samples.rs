//! What issue 2 must show on real exports and on the made-up matter of `data/samples`, figure by figure.
//! The expected figures come from the exports themselves, from files beside them, or from the generator's own account.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::harness::{Matter, Message, Report, Row, millis, number, project, samples};

/// The number that sent the newsletter, as `data/samples/case.toml` names it.
const NEWSLETTER: &str = "+4915228817386";
/// Who answers in the help desk.
const HELP_DESK: [&str; 2] = ["+4915228895456", "Kundendienst Unterland"];

fn argument(path: &Path) -> &str {
    path.to_str().expect("a name in UTF-8")
}

fn ends(row: &Row) -> [u64; 5] {
    ["records", "read", "folded", "ignored", "rejected"].map(|end| number(&row[end]))
}

#[test]
fn the_school_log_is_one_burst_and_one_campaign() {
    let Some(folder) = samples("bulk-sender-logs") else { return };
    let matter = Matter::new();
    matter.run(&["report", argument(&folder), "-o", "out"]).with_code(0);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let inputs = report.csv("inputs");
    let mut counts: Vec<u64> = inputs.iter().map(|input| number(&input["messages"])).collect();
    counts.sort_unstable();
    assert_eq!(counts, [2, 5, 98]);
    assert_eq!(inputs.iter().map(|input| number(&input["rejected"])).sum::<u64>(), 0);
    assert!(report.csv("rejects").is_empty());

    let bursts = report.csv("bursts");
    let [burst] = bursts.as_slice() else { panic!("one burst, but {bursts:#?}") };
    assert_eq!(burst["detector"], "over-50-messages-in-1min");
    assert_eq!([&burst["messages"], &burst["peak"], &burst["threshold"]], ["98", "98", "51"]);
    assert_eq!(burst["start"], burst["end"], "all in one second");
    let campaigns = report.csv("campaigns");
    let [campaign] = campaigns.as_slice() else { panic!("one campaign, but {campaigns:#?}") };
    assert_eq!([&campaign["messages"], &campaign["recipients"], &campaign["runs"]], ["98", "98", "1"]);
    assert_eq!([&campaign["coordinated"], &campaign["drip"]], ["false", "false"]);
    assert_eq!(campaign["first_sent"], burst["start"]);
}

#[test]
fn chats_give_the_messages_authors_and_local_times_of_the_files_beside_them() {
    let Some(folder) = samples("whatsapp-export") else { return };
    let matter = Matter::new();
    // Without a zone all is read as UTC, so that the clock on the wall stands in `sent_at`.
    let pattern = folder.join("chatcarve_*.txt");
    matter.run(&["report", argument(&pattern), "-o", "out", "--with-messages", "--reveal"]).with_code(0);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let messages = report.messages();
    let mut compared = 0;
    for input in report.csv("inputs") {
        let Ok(told) = fs::read_to_string(Path::new(&input["file"]).with_extension("jsonl")) else { continue };
        let entries: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let expected: Vec<(String, i64)> = entries
            .iter()
            .filter(|entry| entry["kind"] != "system")
            .map(|entry| {
                let local = entry["timestamp"].as_str().expect("a time");
                (entry["author"].as_str().expect("an author").to_owned(), millis(&format!("{local}Z")))
            })
            .collect();
        let of_file = messages.iter().filter(|message| message.file == input["file"]);
        let found: Vec<(String, i64)> = of_file.map(|message| (message.account.clone(), message.sent_at)).collect();
        assert_eq!(found, expected, "{}", input["file"]);
        assert_eq!(number(&input["records"]), entries.len() as u64, "{}: system lines are records too", input["file"]);
        assert_eq!(input["zone_basis"], "guessed", "a zone that nobody named is marked as guessed");
        compared += 1;
    }
    assert_eq!(compared, 7);
}

#[test]
fn a_chat_whose_days_and_months_could_be_swapped_is_flagged() {
    let Some(folder) = samples("whatsapp-export") else { return };
    let matter = Matter::new();
    let ambiguous = folder.join("chatcarve_ambiguous-mdy-android.txt");
    let plain = folder.join("chatcarve_de-de-android.txt");
    let run = |extra: &[&str]| {
        let arguments = [&["report", argument(&ambiguous), argument(&plain), "-o", "out"], extra].concat();
        let ended = matter.run(&arguments).with_code(0);
        let input = matter.report("out").input(argument(&ambiguous));
        (input["date_order"].clone(), input["first_sent"].clone(), ended.stdout)
    };
    let (order, first, said) = run(&[]);
    assert_eq!(
        (order.as_str(), first.as_str()),
        ("month first: times run forward in this order only", "2024-05-06T09:00:00.000Z")
    );
    assert!(said.contains("--date-order") && said.contains("ambiguous-mdy"), "the summary names the file\n{said}");
    assert_eq!(matter.report("out").input(argument(&plain))["date_order"], "", "dots say day first");
    let (order, first, said) = run(&["--date-order", "dmy"]);
    assert_eq!((order.as_str(), first.as_str()), ("day first: told by --date-order", "2024-05-06T09:30:00.000Z"));
    assert!(!said.contains("--date-order"), "what was told is no doubt any more\n{said}");
}

/// Items of a webhook file that are records: those of the four lists, or the event itself where it has none.
fn count_items(document: &Value) -> u64 {
    const LISTS: [&str; 4] = ["messages", "statuses", "message_echoes", "user_preferences"];
    match document {
        Value::Array(documents) => documents.iter().map(count_items).sum(),
        Value::Object(fields) if fields.contains_key("entry") => {
            let entries = fields["entry"].as_array().expect("a list");
            let changes = entries.iter().flat_map(|entry| entry["changes"].as_array().expect("a list"));
            let items = |change: &Value| {
                LISTS.iter().filter_map(|list| change["value"][*list].as_array()).map(Vec::len).sum::<usize>().max(1)
            };
            changes.map(items).sum::<usize>() as u64
        }
        Value::Object(fields) => fields.values().map(count_items).sum(),
        _ => 0,
    }
}

#[test]
fn every_item_of_the_webhooks_is_accounted_for_and_opt_ins_are_read() {
    let Some(folder) = samples("meta-cloud-api") else { return };
    let matter = Matter::new();
    let pattern = folder.join("*.json");
    matter.run(&["report", argument(&pattern), "-o", "out", "--reveal"]).with_code(0);
    let report = matter.report("out");
    report.assert_every_record_is_accounted_for();
    let inputs = report.csv("inputs");
    assert!(inputs.len() >= 19);
    for input in &inputs {
        let text = fs::read_to_string(&input["file"]).expect("the sample");
        let document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(number(&input["records"]), count_items(&document), "{}", input["file"]);
        assert_eq!((input["format"].as_str(), input["rejected"].as_str()), ("meta-cloud-api", "0"));
    }
    let consents = report.csv("consents");
    let told: Vec<[&str; 4]> = consents
        .iter()
        .map(|row| ["recipient", "account", "kind", "source"].map(|column| row[column].as_str()))
        .collect();
    assert_eq!(told, [["+16505551234", "+15550783881", "opt_in", "user_preferences"]; 2]);
}

#[test]
fn statuses_of_one_id_are_one_message() {
    let Some(folder) = samples("meta-cloud-api") else { return };
    let matter = Matter::new();
    let file = folder.join("pywa_message_status.json");
    matter.run(&["report", argument(&file), "-o", "out", "--with-messages", "--reveal"]).with_code(0);
    let report = matter.report("out");
    assert_eq!(ends(&report.input(argument(&file))), [7, 2, 5, 0, 0]);
    let document: Value = serde_json::from_slice(&fs::read(&file).unwrap()).expect("JSON");
    let statuses: Vec<Value> = document
        .as_object()
        .expect("webhooks by name")
        .values()
        .map(|webhook| webhook["entry"][0]["changes"][0]["value"]["statuses"][0].clone())
        .collect();
    let mut earliest: BTreeMap<String, i64> = BTreeMap::new();
    for status in &statuses {
        let at = status["timestamp"].as_str().expect("a time").parse::<i64>().expect("seconds") * 1000;
        let known = earliest.entry(status["id"].as_str().expect("an id").to_owned()).or_insert(at);
        *known = at.min(*known);
    }
    let found = report.messages().into_iter().map(|message| (message.message_id, message.sent_at)).collect();
    assert_eq!(earliest, found, "one message for each id, at the earliest time told");
}

/// The made-up matter, reported once for all tests here.
fn made_up() -> &'static (Matter, Report, Value) {
    static DONE: OnceLock<(Matter, Report, Value)> = OnceLock::new();
    DONE.get_or_init(|| {
        let matter = Matter::new();
        let folder = project("data/samples");
        matter
            .run(&["report", argument(&folder), "-o", "out", "--with-messages", "--reveal", "--lang", "en"])
            .with_code(0);
        let report = matter.report("out");
        let truth = fs::read(project("tests/data/samples_truth.json")).expect("the generator's account");
        (matter, report, serde_json::from_slice(&truth).expect("JSON"))
    })
}

fn count(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

/// Which side of 7 December 2019, in Berlin, a message lies on.
fn side(message: &Message) -> &'static str {
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let at = jiff::Timestamp::from_millisecond(message.sent_at).expect("a time");
    match at.to_zoned(berlin).date().cmp(&jiff::civil::date(2019, 12, 7)) {
        std::cmp::Ordering::Less => "before",
        std::cmp::Ordering::Equal => "boundary_day",
        std::cmp::Ordering::Greater => "after",
    }
}

#[test]
fn messages_on_both_sides_of_the_boundary_day_are_those_that_were_made_up() {
    let (_, report, truth) = made_up();
    report.assert_every_record_is_accounted_for();
    let newsletter: Vec<Message> =
        report.messages().into_iter().filter(|message| message.account == NEWSLETTER).collect();
    let outbound: Vec<&Message> = newsletter.iter().filter(|message| message.direction == "outbound").collect();
    for (name, part) in truth["newsletter"]["parts"].as_object().expect("the parts") {
        let sent: Vec<&&Message> = outbound.iter().filter(|message| side(message) == name).collect();
        let initiated: Vec<&&Message> = sent.iter().copied().filter(|message| message.initiated).collect();
        let recipients =
            |of: &[&&Message]| of.iter().map(|message| &message.recipient).collect::<BTreeSet<_>>().len() as u64;
        assert_eq!(sent.len() as u64, count(&part["messages"]), "{name}");
        assert_eq!(recipients(&sent), count(&part["recipients"]), "{name}");
        assert_eq!(initiated.len() as u64, count(&part["initiated_messages"]), "{name}");
        assert_eq!(recipients(&initiated), count(&part["initiated_recipients"]), "{name}");
    }
    let inbound = newsletter.iter().filter(|message| message.direction == "inbound").count() as u64;
    assert_eq!(inbound, count(&truth["newsletter"]["inbound"]));
    assert!(newsletter.iter().all(|message| message.route == "unofficial_automation"), "as the case file says");
}

#[test]
fn the_newsletter_breaks_r02_before_and_r01_after() {
    let (_, report, truth) = made_up();
    let parts = &truth["newsletter"]["parts"];
    let findings = report.csv("findings");
    let of_rule = |rule: &str| {
        let found: Vec<&Row> = findings.iter().filter(|finding| finding["rule"] == rule).collect();
        let [finding] = found.as_slice() else { panic!("one finding of {rule}, but {found:#?}") };
        (*finding).clone()
    };
    let initiated = |part: &str| count(&parts[part]["initiated_messages"]);
    let (before, after) = (of_rule("R02"), of_rule("R01"));
    // Midnight in Berlin is 23:00 in UTC.
    let boundary = millis("2019-12-06T23:00:00Z");
    assert!(millis(&before["last_sent"]) < boundary && millis(&after["first_sent"]) >= boundary);
    assert_eq!(number(&before["messages"]), initiated("before"));
    assert_eq!(number(&after["messages"]), initiated("boundary_day") + initiated("after"));
    assert!(after["boundary_day"].contains(&format!("Europe/Berlin {}", initiated("boundary_day"))), "{after:#?}");
    for finding in &findings {
        assert_eq!(finding["subject"], NEWSLETTER);
        assert!(finding["exposed"].contains("Verlag Unterland GmbH"), "the case names the client: {finding:#?}");
    }
}

/// Campaigns whose words are the same for all; a personalised one is told by its words only once templates are mined.
#[test]
fn every_campaign_of_equal_words_is_found_with_its_figures() {
    let (_, report, truth) = made_up();
    let found = report.csv("campaigns");
    let made = truth["newsletter"]["campaigns"].as_array().expect("campaigns");
    for campaign in made.iter().filter(|campaign| campaign["personalised"] == false) {
        let head = campaign["text"].as_str().expect("a text").lines().next().expect("a line");
        let matching: Vec<&Row> = found.iter().filter(|row| row["sample"].starts_with(head)).collect();
        let [row] = matching.as_slice() else { panic!("one campaign for `{head}`, but {matching:#?}") };
        assert_eq!(number(&row["messages"]), count(&campaign["all"]["initiated_messages"]), "{head}");
        assert_eq!(number(&row["recipients"]), count(&campaign["all"]["initiated_recipients"]), "{head}");
        assert_eq!(number(&row["runs"]), campaign["editions"].as_array().expect("editions").len() as u64, "{head}");
        let replies = count(&campaign["all"]["messages"]) - count(&campaign["all"]["initiated_messages"]);
        assert_eq!(number(&row["replies"]), replies, "{head}");
    }
    assert!(found.len() <= made.len(), "nothing else is a campaign");
    assert!(found.iter().all(|row| row["accounts"] == NEWSLETTER));
    let boundary = millis("2019-12-06T23:00:00Z");
    let after = found.iter().filter(|row| millis(&row["first_sent"]) >= boundary).count();
    assert!(after > 0 && after < found.len(), "on both sides of 7 December 2019");
}

#[test]
fn every_burst_is_found_with_its_peak() {
    let (_, report, truth) = made_up();
    let bursts = report.csv("bursts");
    for (detector, made) in
        [("100-messages-in-15s", "bursts_100_in_15_s"), ("over-50-messages-in-1min", "bursts_51_in_60_s")]
    {
        let expected: Vec<[String; 6]> = truth["newsletter"][made]["over_initiated"]
            .as_array()
            .expect("bursts")
            .iter()
            .map(|burst| {
                let at = |name: &str| millis(burst[name].as_str().expect("a time")).to_string();
                let whole = |name: &str| count(&burst[name]).to_string();
                [at("start"), at("end"), whole("messages"), whole("recipients"), whole("peak"), at("peak_at")]
            })
            .collect();
        let at = |row: &Row, name: &str| millis(&row[name]).to_string();
        let found: Vec<[String; 6]> = bursts
            .iter()
            .filter(|row| row["detector"] == detector)
            .map(|row| {
                let [messages, recipients, peak] = ["messages", "recipients", "peak"].map(|name| row[name].clone());
                [at(row, "start"), at(row, "end"), messages, recipients, peak, at(row, "peak_at")]
            })
            .collect();
        assert_eq!(found, expected, "{detector}");
    }
    assert!(bursts.iter().all(|row| row["account"] == NEWSLETTER));
}

#[test]
fn nothing_is_found_in_the_help_desk() {
    let (_, report, truth) = made_up();
    let accounts = report.csv("accounts");
    let account = |name: &str| accounts.iter().find(|row| row["account"] == name).expect("the account").clone();
    for name in HELP_DESK {
        let row = account(name);
        assert_eq!([&row["initiated"], &row["bursts"], &row["campaigns"]], ["0", "0", "0"], "{name}");
        for table in ["findings", "evidence", "bursts", "campaigns", "runs", "exposure"] {
            let text = report.text(&format!("csv/{table}.csv"));
            assert!(!text.contains(name), "{name} in {table}.csv");
        }
    }
    let (webhooks, chat) = (&truth["webhooks"], &truth["chat"]);
    let traffic = |name: &str| ["messages", "inbound", "recipients"].map(|column| number(&account(name)[column]));
    assert_eq!(traffic(HELP_DESK[0]), ["outbound", "inbound", "outbound_recipients"].map(|key| count(&webhooks[key])));
    assert_eq!(traffic(HELP_DESK[1]), [count(&chat["outbound"]), count(&chat["inbound"]), 1]);
}

#[test]
fn every_record_of_the_made_up_files_ends_as_it_should() {
    let (_, report, truth) = made_up();
    let input = |name: &str| {
        let rows = report.csv("inputs");
        rows.into_iter().find(|row| row["file"].ends_with(name)).expect("the input")
    };
    let (newsletter, webhooks, chat) = (&truth["newsletter"], &truth["webhooks"], &truth["chat"]);
    let records = count(&newsletter["records"]);
    assert_eq!(ends(&input("newsletter-2019.csv")), [records, records, 0, 0, 0]);
    let statuses: u64 = webhooks["status_lines"].as_object().expect("counts").values().map(count).sum();
    let messages = count(&webhooks["inbound"]) + count(&webhooks["outbound"]);
    let ignored = count(&webhooks["user_preferences"]) + count(&webhooks["template_events"]);
    assert_eq!(
        ends(&input("webhooks-2020-01.jsonl")),
        [count(&webhooks["lines"]), messages, statuses - count(&webhooks["outbound"]), ignored, 0]
    );
    let system = count(&chat["system_lines"]);
    assert_eq!(
        ends(&input("Kundendienst Unterland.txt")),
        [count(&chat["records"]), count(&chat["records"]) - system, 0, system, 0]
    );
}

#[test]
fn what_was_sent_after_stop_stands_beside_the_stop() {
    let (_, report, truth) = made_up();
    let consents = report.csv("consents");
    let kind =
        |kind: &str| consents.iter().filter(|row| row["account"] == NEWSLETTER && row["kind"] == kind).count() as u64;
    assert_eq!(kind("opt_out"), count(&truth["newsletter"]["stops"]));
    assert_eq!(kind("opt_in"), count(&truth["newsletter"]["starts"]));
    let messages = report.messages();
    let sent_after_stop = truth["newsletter"]["sent_after_stop"].as_array().expect("the sends");
    assert_eq!(sent_after_stop.len(), 2);
    for case in sent_after_stop {
        let text = |key: &str| case[key].as_str().expect("a text");
        let stopped = consents.iter().any(|row| {
            row["recipient"] == text("recipient")
                && row["kind"] == "opt_out"
                && millis(&row["at"]) == millis(text("stop_at"))
        });
        assert!(stopped, "{case}");
        let sent = messages.iter().find(|message| message.message_id == text("sent_id")).expect("the message");
        assert_eq!((sent.recipient.as_str(), sent.sent_at), (text("recipient"), millis(text("sent_at"))));
        assert_eq!((sent.direction.as_str(), sent.initiated), ("outbound", true));
    }
}
