//! Reads chats of Facebook Messenger and Instagram as "Download your information" writes them (`message_1.json`).
//! Such a file names people by their display names only, and writes UTF-8 as if each byte were a character.
//! Who owns the account is told by the case file, or by the title of a chat of two; nothing else tells it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::FileRead;
use super::batch::{Batch, Draft};
use super::context::FileContext;
use super::people::Hint;
use super::time::{self, DateOrder};
use crate::message::{Automation, Direction, Form, Place, Platform, RecipientKind, Route, ZoneBasis};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "messenger-chat";

/// Note on files whose account is read off the chat's title.
const BY_TITLE: &str = "the chat's title names one of its two people; the other is taken for the account";

const CALL: &str = "call";
const SYSTEM: &str = "system message";

#[derive(Deserialize)]
struct Chat<'a> {
    #[serde(borrow, default)]
    participants: Vec<Participant<'a>>,
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    title: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Participant<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, default)]
    sender_name: Cow<'a, str>,
    #[serde(default)]
    timestamp_ms: Option<u64>,
    #[serde(borrow, default)]
    content: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(default)]
    call_duration: Option<serde::de::IgnoredAny>,
}

/// Whether a JSON text looks like such a chat, 0 to 100.
#[must_use]
pub fn recognise(sample: &[u8]) -> u8 {
    let head = sample.get(..sample.len().min(1 << 16)).unwrap_or_default();
    let has = |key: &str| memchr::memmem::find(head, key.as_bytes()).is_some();
    match has("\"messages\"") && has("\"sender_name\"") && has("\"timestamp_ms\"") {
        true if has("\"participants\"") => 99,
        true => 90,
        false => 0,
    }
}

/// Reads a chat that is wholly in memory. `hashed` goes on to the account of the file.
#[must_use]
pub fn read<'c>(file: &FileContext<'c>, text: &str, hashed: u64) -> FileRead<'c> {
    let mut batch = Batch::new(file);
    match serde_json::from_str::<Chat<'_>>(text.trim_start_matches('\u{FEFF}')) {
        Ok(chat) => messages(file, text, &chat, &mut batch),
        Err(error) => {
            let place = Place { record: 1, line: 1, offset: 0, length: u32::try_from(text.len()).unwrap_or(u32::MAX) };
            let told = error.to_string();
            let reason = told.rsplit_once(" at line").map_or(told.as_str(), |(head, _)| head).to_owned();
            batch.reject(place, format!("not a chat as Facebook and Instagram write it: {reason}"), text.as_bytes());
            batch.broken_off = true;
        }
    }
    batch.close();
    FileRead { batches: vec![batch], sha256: None, hashed, date_order: None }
}

fn messages(file: &FileContext<'_>, text: &str, chat: &Chat<'_>, batch: &mut Batch<'_>) {
    let items: Vec<Result<Item<'_>, String>> =
        chat.messages.iter().map(|raw| serde_json::from_str(raw.get()).map_err(|error| error.to_string())).collect();
    let mut people: BTreeSet<String> = chat.participants.iter().map(|one| repaired(&one.name).into_owned()).collect();
    if people.is_empty() {
        people = items.iter().flatten().map(|item| repaired(&item.sender_name).into_owned()).collect();
    }
    people.remove("");
    let parties = Parties::new(file, people, &repaired(&chat.title));
    if parties.by_title {
        batch.note(BY_TITLE);
    }
    let (mut line, mut counted_to) = (1, 0);
    for (raw, item) in chat.messages.iter().zip(items) {
        let raw = raw.get();
        let offset = (raw.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
        let between = text.as_bytes().get(counted_to..offset).unwrap_or_default();
        line += memchr::memchr_iter(b'\n', between).count() as u32;
        counted_to = counted_to.max(offset);
        let length = u32::try_from(raw.len()).unwrap_or(u32::MAX);
        let place = Place { record: batch.records + 1, line, offset: offset as u64, length };
        let reason = match item {
            Ok(item) => match message(batch, place, &parties, &item) {
                Ok(()) => continue,
                Err(reason) => reason,
            },
            Err(error) => error.into(),
        };
        batch.reject(place, reason, raw.as_bytes());
    }
}

fn message(batch: &mut Batch<'_>, place: Place, parties: &Parties, item: &Item<'_>) -> Result<(), Cow<'static, str>> {
    if item.call_duration.is_some() || item.kind.as_deref() == Some("Call") {
        batch.ignore(CALL);
        return Ok(());
    }
    if matches!(item.kind.as_deref(), Some("Subscribe" | "Unsubscribe")) {
        batch.ignore(SYSTEM);
        return Ok(());
    }
    let author = repaired(&item.sender_name);
    if author.is_empty() {
        return Err("no author".into());
    }
    let millis = item.timestamp_ms.ok_or("no time")?.to_string();
    let stamp =
        time::parse(millis.as_bytes(), DateOrder::DayMonth).map_err(|error| format!("time not readable: {error}"))?;
    let sent_at = stamp.instant_ms().ok_or("a time without its offset from UTC")?;
    let (account, recipient, direction) = parties.of(&author);
    let content = item.content.as_deref().map(repaired).unwrap_or_default();
    batch.read();
    batch.message(
        place,
        &Draft {
            sent_at,
            zone: ZoneBasis::Record,
            platform: Platform::Messenger,
            route: Route::Other,
            direction,
            account,
            recipient,
            hint: Hint::Unknown,
            recipient_kind: if parties.group { RecipientKind::Group } else { RecipientKind::Unknown },
            text: &content,
            form: Form::FreeForm,
            automation: Automation::Unknown,
            ..Draft::default()
        },
    );
    Ok(())
}

/// Turns "Ã¼" back into "ü": text whose characters are the bytes of another text in UTF-8. What is none stays.
fn repaired(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let bytes: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(right) => Cow::Owned(right),
        None => Cow::Borrowed(text),
    }
}

/// Who is who in a chat.
struct Parties {
    accounts: BTreeSet<String>,
    people: BTreeSet<String>,
    title: String,
    group: bool,
    by_title: bool,
}

impl Parties {
    fn new(file: &FileContext<'_>, people: BTreeSet<String>, title: &str) -> Self {
        let canonical = |name: &str| file.context.people.canonical(name, Hint::Unknown).map(|address| address.text);
        let known = |name: &&String| {
            let spelling = canonical(name);
            file.known_accounts.iter().any(|known| known == *name || spelling.as_ref() == Some(known))
        };
        let mut accounts: BTreeSet<String> = people.iter().filter(known).cloned().collect();
        let by_title = accounts.is_empty() && people.len() == 2 && people.contains(title);
        if by_title {
            accounts = people.iter().filter(|name| name.as_str() != title).cloned().collect();
        }
        let stem = file.file_name.rsplit_once('.').map_or(file.file_name.as_str(), |(stem, _)| stem);
        Self {
            accounts,
            group: people.len() > 2,
            people,
            title: format!("chat {}", if title.is_empty() { stem } else { title }),
            by_title,
        }
    }

    /// Account, other side and direction of what an author wrote.
    fn of<'s>(&'s self, author: &'s str) -> (Option<&'s str>, &'s str, Direction) {
        let own = self.accounts.is_empty() || self.accounts.contains(author);
        if own {
            // Without a known account every author is one: the export does not say whose download it is.
            let others = || self.people.iter().filter(|other| *other != author);
            let other = others().next().filter(|_| !self.group && others().count() == 1);
            (Some(author), other.unwrap_or(&self.title), Direction::Outbound)
        } else {
            (
                self.accounts.first().map(String::as_str),
                if self.group { &self.title } else { author },
                Direction::Inbound,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::context::Context;
    use crate::ingest::time::Zones;

    fn with<R>(known_accounts: &[String], text: &str, look: impl FnOnce(&Batch<'_>) -> R) -> R {
        let context = Context::load(None, None, 1).expect("the data of the build");
        let file = FileContext {
            context: &context,
            index: 0,
            provisional: "?message_1.json".to_owned(),
            file_name: "message_1.json".to_owned(),
            zones: Zones::named("UTC").expect("a zone"),
            zone_basis: ZoneBasis::Guessed,
            known_accounts,
        };
        let read = read(&file, text, 0);
        look(&read.batches[0])
    }

    fn rows(batch: &Batch<'_>) -> Vec<(String, String, &'static str, i64)> {
        (0..batch.rows.len())
            .map(|row| {
                let name = |texts: &crate::message::Texts, index: u32| texts.get(index as usize).to_owned();
                (
                    name(&batch.accounts().texts, batch.rows.account[row]),
                    name(&batch.recipients().texts, batch.rows.recipient[row]),
                    batch.rows.direction[row].as_str(),
                    batch.rows.sent_at[row],
                )
            })
            .collect()
    }

    const TWO: &str = r#"{"participants":[{"name":"J\u00c3\u00b6rg Muster"},{"name":"Anna Beispiel"}],
        "messages":[
          {"sender_name":"Anna Beispiel","timestamp_ms":1714557600123,"content":"Gr\u00c3\u00bc\u00c3\u009fe \u00f0\u009f\u0098\u0080"},
          {"sender_name":"J\u00c3\u00b6rg Muster","timestamp_ms":1714557660000,"content":"Hallo"},
          {"sender_name":"Anna Beispiel","timestamp_ms":1714557700000,"call_duration":12},
          {"sender_name":"Anna Beispiel","content":"ohne Zeit"}
        ],"title":"J\u00c3\u00b6rg Muster","thread_path":"inbox/joergmuster_1"}"#;

    #[test]
    fn the_title_of_a_chat_of_two_tells_whose_it_is() {
        with(&[], TWO, |batch| {
            assert_eq!(
                rows(batch),
                [
                    ("Anna Beispiel".to_owned(), "Jörg Muster".to_owned(), "outbound", 1_714_557_600_123),
                    ("Anna Beispiel".to_owned(), "Jörg Muster".to_owned(), "inbound", 1_714_557_660_000),
                ]
            );
            assert_eq!((batch.records, batch.ignored.get(CALL), batch.rejects.len()), (4, Some(&1), 1));
            assert!(batch.notes.contains_key(BY_TITLE));
            assert_eq!(batch.contents.sample.get(1), "Grüße 😀");
            let place = batch.rejects[0].place;
            let at = TWO.get(place.offset as usize..place.offset as usize + place.length as usize);
            assert!(at.is_some_and(|text| text.starts_with('{') && text.contains("ohne Zeit")));
            assert_eq!(place.line, 6);
        });
    }

    #[test]
    fn the_case_file_outweighs_the_title_and_groups_have_none() {
        with(&["Jörg Muster".to_owned()], TWO, |batch| {
            let directions: Vec<_> =
                rows(batch).into_iter().map(|(account, _, direction, _)| (account, direction)).collect();
            assert_eq!(directions, [("Jörg Muster".to_owned(), "inbound"), ("Jörg Muster".to_owned(), "outbound")]);
        });
        let group = r#"{"participants":[{"name":"A"},{"name":"B"},{"name":"C"}],"title":"B",
            "messages":[{"sender_name":"A","timestamp_ms":1714557600000},{"sender_name":"B","timestamp_ms":1714557600001}]}"#;
        with(&[], group, |batch| {
            let all: Vec<_> =
                rows(batch).into_iter().map(|(account, other, direction, _)| (account, other, direction)).collect();
            let row = |account: &str| (account.to_owned(), "chat B".to_owned(), "outbound");
            assert_eq!(all, [row("A"), row("B")]);
        });
    }

    #[test]
    fn moved_fields_are_noticed() {
        for key in ["sender_name", "timestamp_ms", "messages"] {
            let moved = TWO.replace(&format!("\"{key}\""), "\"moved\"");
            with(&[], &moved, |batch| assert_eq!(batch.rows.len(), 0, "{key}"));
            assert!(recognise(TWO.as_bytes()) > 0 && recognise(moved.as_bytes()) == 0, "{key}");
        }
        with(&[], &TWO.replace("\"content\"", "\"moved\""), |batch| assert_eq!(batch.contents.sample.len(), 1));
        with(&[], &TWO.replace("\"title\"", "\"moved\""), |batch| {
            assert!(rows(batch).iter().all(|(.., direction, _)| *direction == "outbound"));
        });
    }

    #[test]
    fn right_text_stays_as_it_is() {
        for text in ["plain", "schon richtig: ü", "Kyrillisch: Привет", "Ã allein"] {
            assert_eq!(repaired(text), text);
        }
        assert_eq!(repaired("Ã¼"), "ü");
    }
}
