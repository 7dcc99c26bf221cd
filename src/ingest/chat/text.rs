//! Reads WhatsApp chat exports, the `.txt` of Android and iOS: text in, records with civil times out.
//! Here: records with their place, author, text and kind, and how sure it is that a text is such an export.
//! Not here: timestamps (`stamp`), line shapes and date order (`shapes`), words (`words`), zones.

use std::borrow::Cow;

use serde::Deserialize;

use super::super::time::DateOrder;
use super::cursor::is_mark;
use super::shapes::{Head, Scan, ShapeState, blank, split_author};
use super::stamp::Frame;
use super::words::{Words, words};

/// How the order of day and month became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderBasis {
    /// The date's own form: the year first, or dots between the numbers.
    Shape,
    /// Some date of the shape exists in this order only, as with a day over 12.
    ValueOver12,
    /// Only this order lets time run forward through the file.
    Monotony,
    /// Both orders fit; day first was assumed.
    Assumed,
    /// The caller said so.
    Told,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Words of a person.
    Text,
    /// A picture, recording, document or contact, or the note that it was left out.
    Media,
    /// The note that a message was deleted.
    Deleted,
    /// A notice of the app; nobody sent it.
    System,
}

/// What a notice of the app tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The encryption notice that opens a chat.
    Encrypted,
    /// A broadcast list was made: what follows went to many.
    BroadcastCreated,
    /// Recipients of a broadcast list were added or removed.
    BroadcastChanged,
    /// A group was made.
    GroupCreated,
    /// Somebody was added to a group.
    Added,
    /// Somebody joined a group by a link or an invitation.
    Joined,
    /// Somebody left a group.
    Left,
    /// Somebody was removed from a group.
    Removed,
    /// The subject of a group changed.
    Subject,
    /// The picture of a group changed.
    Icon,
    /// The description of a group changed.
    Description,
    /// Administrators or settings of a group changed.
    Settings,
    /// Somebody changed their phone number.
    Number,
    /// A call, mostly a missed one.
    Call,
    /// The security code of a contact changed.
    SecurityCode,
    /// Disappearing messages were turned on or off.
    Disappearing,
    /// A notice that the other side is a business.
    Business,
    /// A contact was blocked or unblocked.
    Blocked,
    /// A message was pinned.
    Pinned,
}

/// One record of a chat export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatRecord<'a> {
    /// Byte offset of the record's first byte in the text.
    pub offset: usize,
    /// Length in bytes with its continuation lines, without the last line end.
    pub bytes: usize,
    /// Number of its first line, from 1.
    pub line: u32,
    /// What the record is.
    pub kind: Kind,
    /// What a `System` record tells, where the phrase is known.
    pub event: Option<Event>,
    /// Name or number of the sender as it stands; none for notices of the app.
    pub author: Option<&'a str>,
    /// The message, lines joined by `\n`, without leading marks and without the note that it was edited.
    pub text: Cow<'a, str>,
    /// The message carried the note that it was edited.
    pub edited: bool,
    /// The local wall clock read as if it were UTC, in milliseconds; 0 if rejected.
    pub civil_ms: i64,
    /// How day and month were told apart.
    pub order: OrderBasis,
    /// Why the record cannot be used.
    pub reject: Option<&'static str>,
}

/// What was decided for one shape of line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShapeReading<'a> {
    /// The head of the first line of this shape.
    pub example: &'a str,
    /// How many lines have this shape.
    pub lines: u32,
    /// The order its dates were read in.
    pub order: DateOrder,
    /// How that order became known.
    pub basis: OrderBasis,
    /// Its times carry seconds; without them they are exact to the minute.
    pub seconds: bool,
    /// Lines of this shape open records. If not they were taken for quoted text.
    pub opens: bool,
}

/// A chat export as read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat<'a> {
    /// All records in file order; they cover every line but blank ones before the first.
    pub records: Vec<ChatRecord<'a>>,
    /// The shapes of dated lines, in order of first appearance.
    pub shapes: Vec<ShapeReading<'a>>,
}

/// The reason given to lines before the first dated one.
pub const PREAMBLE: &str = "text before the first dated line";

/// How sure it is, from 0 to 100, that the sample is a chat export: the share of lines that open a record.
#[must_use]
pub fn recognise(sample: &str) -> u8 {
    let scan = Scan::of(sample, words());
    let filled = sample.lines().filter(|line| !line.trim_matches(blank).is_empty()).count();
    let opening = scan.heads.iter().filter(|h| !is_log_line(h.rest(sample))).count();
    if opening == 0 || filled == 0 {
        return 0;
    }
    let share = (opening * 100 / filled).min(100);
    // Messages may have many lines, so a file that starts with a record needs few of them.
    let starts =
        scan.heads.first().is_some_and(|h| sample.get(..h.start).is_some_and(|s| s.trim_matches(blank).is_empty()));
    let mut sure = if starts { 50 + share / 2 } else { share };
    let authored = scan.heads.iter().filter(|h| split_author(h.first_line(sample)).is_some()).count();
    if authored * 2 < scan.heads.len() && scan.heads.len() > 3 {
        sure /= 2;
    }
    if scan.shapes.iter().all(|s| s.shape.frame == Frame::Bare) {
        sure = sure.min(30);
    }
    u8::try_from(sure.max(1)).unwrap_or(100)
}

/// Reads a chat export. `told` is the order of day and month where the caller knows it.
#[must_use]
pub fn read<'a>(text: &'a str, told: Option<DateOrder>) -> Chat<'a> {
    let words = words();
    let mut scan = Scan::of(text, words);
    scan.decide_orders(told);
    scan.decide_shapes();
    let opens = |h: &&Head| scan.shapes.get(h.shape()).is_some_and(|s| s.opens);
    let heads: Vec<&Head> = scan.heads.iter().filter(opens).collect();
    let reader = Reader { text, words, marks_lost: !text.contains('\u{200E}') };
    let first = heads.first().map_or(text.len(), |h| h.start);
    let mut records = reader.preamble(first);
    records.reserve(heads.len());
    for (i, head) in heads.iter().enumerate() {
        let end = heads.get(i + 1).map_or(text.len(), |next| next.start);
        if let Some(shape) = scan.shapes.get(head.shape()) {
            records.push(reader.record(head, shape, end));
        }
    }
    let shapes = scan.shapes.iter().map(|s| s.reading(text)).collect();
    Chat { records, shapes }
}

/// Turns heads into records.
struct Reader<'a> {
    text: &'a str,
    words: &'static Words,
    /// The file has no U+200E at all: something stripped it, so its absence proves nothing.
    marks_lost: bool,
}

impl<'a> Reader<'a> {
    fn preamble(&self, end: usize) -> Vec<ChatRecord<'a>> {
        let before = self.text.get(..end).unwrap_or_default();
        let mut offset = 0;
        let mut records = Vec::new();
        for (line, raw) in (1_u32..).zip(before.split_inclusive('\n')) {
            let content = without_line_end(raw);
            if !content.trim_matches(blank).is_empty() {
                records.push(ChatRecord {
                    offset,
                    bytes: content.len(),
                    line,
                    kind: Kind::Text,
                    event: None,
                    author: None,
                    text: Cow::Borrowed(content),
                    edited: false,
                    civil_ms: 0,
                    order: OrderBasis::Assumed,
                    reject: Some(PREAMBLE),
                });
            }
            offset += raw.len();
        }
        records
    }

    fn record(&self, head: &Head, shape: &ShapeState, end: usize) -> ChatRecord<'a> {
        let raw = without_line_end(self.text.get(head.start..end).unwrap_or_default());
        let body = raw.get(head.body()..).unwrap_or_default();
        let ios = shape.shape.frame != Frame::Dash;
        let said = split_author(body).filter(|&(author, _)| ios || !self.quotes_a_title(author));
        let (author, said) = said.map_or((None, body), |(author, said)| (Some(author), said));
        let (kind, event) = match author {
            Some(_) => self.classify(said, ios),
            None => (Kind::System, self.words.event(said)),
        };
        let said = said.trim_start_matches(is_mark).trim_end_matches(['\r', '\n']);
        let unedited = if kind == Kind::Text { self.words.without_edit_note(said) } else { None };
        let (civil_ms, reject) = match head.stamp.civil_ms(shape.order) {
            Ok(ms) => (ms, None),
            Err(reason) => (0, Some(reason)),
        };
        ChatRecord {
            offset: head.start,
            bytes: raw.len(),
            line: head.line,
            kind,
            event,
            author: author.filter(|_| kind != Kind::System),
            text: joined(unedited.unwrap_or(said)),
            edited: unedited.is_some(),
            civil_ms,
            order: shape.basis,
            reject,
        }
    }

    fn classify(&self, said: &str, ios: bool) -> (Kind, Option<Event>) {
        if let Some(kind) = self.words.note(said, ios && self.marks_lost) {
            return (kind, None);
        }
        // A person may type the words of a notice, but not the mark that iOS sets before it.
        if !ios || !said.chars().take_while(|&c| is_mark(c)).any(|c| c == '\u{200E}') {
            return (Kind::Text, None);
        }
        match self.words.event(said) {
            Some(event) => (Kind::System, Some(event)),
            None => (Kind::Text, None),
        }
    }

    /// True if what looks like an author is a notice with a colon in a title: `Ana created group "Work: new"`.
    fn quotes_a_title(&self, author: &str) -> bool {
        let quotes = author.chars().filter(|c| matches!(c, '"' | '“' | '”' | '„' | '«' | '»' | '「' | '」')).count();
        quotes % 2 == 1 && self.words.event(&format!("{author}\"")).is_some()
    }
}

/// Lines of program logs share the shape of a chat line; their author is a severity.
fn is_log_line(rest: &str) -> bool {
    let word = rest.split([':', ' ', ']', '-', '\n']).find(|w| !w.is_empty()).unwrap_or_default();
    let level = word.rsplit('.').next().unwrap_or(word).trim_start_matches('[');
    matches!(level, "TRACE" | "DEBUG" | "INFO" | "NOTICE" | "WARN" | "WARNING" | "ERROR" | "CRITICAL" | "FATAL")
}

fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn joined(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    /// The folder of chat samples; none, with a word on stderr, where it is missing.
    fn samples() -> Option<PathBuf> {
        let folder = std::env::var_os("SENDESCHLUSS_SAMPLES")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/samples"), PathBuf::from);
        let folder = folder.join("whatsapp-export");
        if folder.is_dir() {
            return Some(folder);
        }
        eprintln!("skipped: no samples at {}", folder.display());
        None
    }

    fn iso(ms: i64) -> String {
        let (days, second) = (ms.div_euclid(86_400_000), ms.div_euclid(1000).rem_euclid(86_400));
        // The inverse of the reader's own day count, by another way: one day at a time.
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for _ in 0..days {
            let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            let length = match month {
                2 => 28 + i32::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }

    fn kinds(text: &str) -> Vec<Kind> {
        read(text, None).records.iter().map(|r| r.kind).collect()
    }

    fn said(text: &str) -> Vec<(Option<String>, String)> {
        let chat = read(text, None);
        chat.records.iter().map(|r| (r.author.map(str::to_owned), r.text.to_string())).collect()
    }

    #[test]
    fn goldens_of_another_author() {
        let Some(folder) = samples() else { return };
        let mut count = 0;
        for entry in fs::read_dir(&folder).unwrap() {
            let golden = entry.unwrap().path();
            if golden.extension().is_none_or(|e| e != "jsonl") {
                continue;
            }
            count += 1;
            let text = fs::read_to_string(golden.with_extension("txt")).unwrap();
            let chat = read(&text, None);
            let expected = fs::read_to_string(&golden).unwrap();
            let expected: Vec<serde_json::Value> =
                expected.lines().filter(|l| !l.is_empty()).map(|l| serde_json::from_str(l).unwrap()).collect();
            assert_eq!(chat.records.len(), expected.len(), "{}", golden.display());
            for (record, want) in chat.records.iter().zip(&expected) {
                let kind = format!("{:?}", record.kind).to_lowercase();
                assert_eq!(Some(kind.as_str()), want["kind"].as_str(), "{record:?}");
                assert_eq!(record.author, want["author"].as_str(), "{record:?}");
                assert_eq!(Some(u64::from(record.line)), want["line"].as_u64(), "{record:?}");
                assert_eq!(Some(iso(record.civil_ms).as_str()), want["timestamp"].as_str(), "{record:?}");
                assert_eq!(Some(record.text.replace('\u{200E}', "").as_str()), want["text"].as_str());
                assert_eq!(record.event.is_some(), want["system"].is_object(), "{record:?}");
                assert_eq!(record.reject, None);
            }
            assert!(recognise(&text) > 70, "{}", golden.display());
        }
        assert_eq!(count, 7);
    }

    #[test]
    fn samples_without_goldens() {
        let Some(folder) = samples() else { return };
        for (name, count, first, last) in [
            ("chat-miner_test_[mmddyy]_24hrs.txt", 9, "2019-01-01T11:25:00", "2021-12-30T22:01:00"),
            ("chat-miner_test_ddmmyy_24hrs.txt", 9, "2019-01-01T11:25:00", "2021-12-30T22:01:00"),
            ("chat-miner_test_mmddyy_24hrs.txt", 9, "2019-01-01T11:25:00", "2021-12-30T22:01:00"),
            ("chat-miner_test_mmddyyyy_12hrs.txt", 9, "2019-01-01T11:25:00", "2021-12-30T22:01:00"),
            ("chat-miner_test_yyyymmdd_24hrs.txt", 9, "2019-01-01T11:25:00", "2021-12-30T22:01:00"),
            ("chatcarve_family-trip.txt", 11, "2024-08-30T10:12:45", "2024-08-31T18:22:05"),
            ("wcp-rb_sample.txt", 7, "2025-12-15T10:30:00", "2025-12-15T10:36:00"),
        ] {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            let chat = read(&text, None);
            assert_eq!(chat.records.len(), count, "{name}: {chat:#?}");
            assert_eq!(iso(chat.records.first().unwrap().civil_ms), first, "{name}");
            assert_eq!(iso(chat.records.last().unwrap().civil_ms), last, "{name}");
            assert!(chat.records.iter().all(|r| r.reject.is_none()), "{name}");
        }
        let text = fs::read_to_string(folder.join("wcp-rb_sample.txt")).unwrap();
        let chat = read(&text, None);
        let authors: Vec<_> = chat.records.iter().map(|r| r.author).collect();
        let people = ["John Doe", "Jane Smith", "Alice", "Bob", "Charlie"];
        assert_eq!(authors, people.map(Some).into_iter().chain([None, None]).collect::<Vec<_>>());
        assert_eq!(chat.shapes.iter().map(|s| s.opens).collect::<Vec<_>>(), [true, true, true]);
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Layouts {
        layout: Vec<Layout>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Layout {
        platform: String,
        language: String,
        lines: Vec<String>,
        civil: Vec<String>,
        authors: Vec<String>,
        basis: Option<String>,
    }

    #[test]
    fn every_layout() {
        let layouts: Layouts = toml::from_str(include_str!("../../../tests/data/chat_layouts.toml")).unwrap();
        assert!(layouts.layout.len() >= 60);
        for layout in &layouts.layout {
            let name = format!("{} {}", layout.platform, layout.language);
            for end in ["\n", "\r\n"] {
                let text = layout.lines.join(end);
                let chat = read(&text, None);
                let civil: Vec<_> = chat
                    .records
                    .iter()
                    .map(|r| if r.reject.is_some() { String::new() } else { iso(r.civil_ms) })
                    .collect();
                assert_eq!(civil, layout.civil, "{name}: {chat:#?}");
                let authors: Vec<_> = chat.records.iter().map(|r| r.author.unwrap_or_default()).collect();
                assert_eq!(authors, layout.authors, "{name}");
                let basis = match chat.records.first().unwrap().order {
                    OrderBasis::Shape => "shape",
                    OrderBasis::ValueOver12 => "value_over_12",
                    OrderBasis::Monotony => "monotony",
                    OrderBasis::Assumed => "assumed",
                    OrderBasis::Told => "told",
                };
                assert!(layout.basis.as_deref().is_none_or(|b| b == basis), "{name}: {basis}");
                assert!(chat.records.iter().all(|r| r.kind == Kind::Text && !r.text.contains(['\r', '\n'])), "{name}");
                assert!(recognise(&text) > 90, "{name}");
            }
        }
    }

    #[test]
    fn records_cover_the_text() {
        let text = "\u{FEFF}Export of a chat\r\n\r\n31.12.24, 10:00 - Ana: one\r\ntwo\r\n\r\nthree\r\n31.12.24, 10:01 - Ben: four\r\n";
        let chat = read(text, None);
        let cut: Vec<_> = chat.records.iter().map(|r| text.get(r.offset..r.offset + r.bytes).unwrap()).collect();
        assert_eq!(
            cut,
            [
                "\u{FEFF}Export of a chat",
                "31.12.24, 10:00 - Ana: one\r\ntwo\r\n\r\nthree",
                "31.12.24, 10:01 - Ben: four"
            ]
        );
        assert_eq!(chat.records.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 3, 7]);
        assert_eq!(chat.records.first().unwrap().reject, Some(PREAMBLE));
        assert_eq!(chat.records.get(1).unwrap().text, "one\ntwo\n\nthree");
    }

    #[test]
    fn told_order_wins() {
        let text = "05/06/24, 09:00 - Ana: a\n06/05/24, 09:00 - Ana: b\n";
        let chat = read(text, Some(DateOrder::DayMonth));
        let first = chat.records.first().unwrap();
        assert_eq!((iso(first.civil_ms).as_str(), first.order), ("2024-06-05T09:00:00", OrderBasis::Told));
        // A year at the end stays there whatever the caller says.
        let text = "05/06/2024, 09:00 - Ana: a\n13/05/2024, 09:00 - Ana: b\n";
        let chat = read(text, Some(DateOrder::YearMonthDay));
        assert_eq!(chat.records.first().unwrap().order, OrderBasis::ValueOver12);
    }

    #[test]
    fn text_that_looks_like_a_date() {
        // A chat copied into a message, a list of appointments, an ISO date: none is a record of this file.
        let text = "31.12.24, 10:00 - Ana: read this:\n[28.12.24, 09:00:00] Ben: old\n[28.12.24, 09:00:05] Ben: older\n\
                    2024-12-30 10:30:00\n05/01/2025, 18:00 - Dentist: bring card\n\
                    31.12.24, 10:01 - Ben: ok\n01.01.25, 0:01 - Ana: happy new year\n";
        let chat = read(text, None);
        assert_eq!(chat.records.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 6, 7]);
        // The same in the last message, and before the first.
        let text = "01.01.2024 10:00 Exported by: Ana\n31.12.24, 10:00 - Ana: a\n31.12.24, 10:01 - Ben: b\n31.12.24, 10:02 - Ben: c\n\
                    05/01/2025, 18:00 - Dentist: bring card\n";
        assert_eq!(
            read(text, None).records.iter().map(|r| (r.line, r.reject)).collect::<Vec<_>>(),
            [(1, Some(PREAMBLE)), (2, None), (3, None), (4, None)]
        );
        // Another phone's export put behind the first is not a quotation.
        let mut text = String::from("31.12.24, 10:00 - Ana: a\n31.12.24, 10:01 - Ben: b\n");
        text.push_str("[28.12.24, 09:00:00] Ben: c\n[28.12.24, 09:00:05] Ben: d\n");
        assert_eq!(read(&text, None).records.len(), 4);
    }

    #[test]
    fn kinds_by_platform() {
        use Kind::{Deleted, Media, System, Text};
        let ios = "\u{200E}[31.12.24, 10:00:00] Gruppe: \u{200E}Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\n\
                   [31.12.24, 10:00:01] Ana: Missed voice call\n\
                   [31.12.24, 10:00:02] Ana: \u{200E}Missed voice call\n\
                   [31.12.24, 10:00:03] Ana: image omitted\n\
                   [31.12.24, 10:00:04] Ana: \u{200E}image omitted\n\
                   [31.12.24, 10:00:05] Ana: \u{200E}Plan.pdf • \u{200E}2 Seiten \u{200E}Dokument weggelassen\n\
                   [31.12.24, 10:00:06] Ana: Strand\n\u{200E}<Anhang: 0001-PHOTO.jpg>\n\
                   [31.12.24, 10:00:07] Ana: \u{200E}Diese Nachricht wurde gelöscht.\n\
                   [31.12.24, 10:00:08] Gruppe: \u{200E}\u{2068}Ana\u{2069} hat \u{2068}Ben\u{2069} hinzugefügt\n\
                   [31.12.24, 10:00:09] Ana: \u{200E}POLL:\nWhen?\n\
                   [31.12.24, 10:00:10] \u{200E}You were added\n\
                   [31.12.24, 10:00:11] Ana: \u{200E}You received a view once message. For added privacy, you can only open it on your phone.\n";
        assert_eq!(kinds(ios), [System, Text, System, Text, Media, Media, Media, Deleted, System, Text, System, Media]);
        let android = "12/31/24, 8:00 PM - Ana created group \"Work: new\"\n\
                       12/31/24, 8:01 PM - You created a broadcast list with 212 recipients\n\
                       12/31/24, 8:02 PM - Ana: Missed voice call\n\
                       12/31/24, 8:03 PM - Ana: \u{200E}IMG-1.jpg (file attached)\nlook\n\
                       12/31/24, 8:04 PM - Ana: <Media omitted>\n\
                       12/31/24, 8:05 PM - Ana: This message was deleted by admin Ben\n\
                       12/31/24, 8:06 PM - Ana: I think this message was deleted\n\
                       12/31/24, 8:07 PM - Ben \"B\" X: added: milk\n";
        assert_eq!(kinds(android), [System, System, Text, Media, Media, Deleted, Text, Text]);
        let events: Vec<_> = read(android, None).records.iter().filter_map(|r| r.event).collect();
        assert_eq!(events, [Event::GroupCreated, Event::BroadcastCreated]);
    }

    #[test]
    fn marks_stripped_by_a_tool() {
        let text = "[31.12.24, 10:00:00] Ana: Bild weggelassen\n[31.12.24, 10:00:01] Ana: Verpasster Sprachanruf\n";
        assert_eq!(kinds(text), [Kind::Media, Kind::Text]);
    }

    #[test]
    fn edited_notes_are_cut_off() {
        for note in ["\u{200E}<This message was edited>", " <Diese Nachricht wurde bearbeitet.>", "<Mensagem editada>"]
        {
            let text = format!("31.12.24, 10:00 - Ana: new words{note}\n31.12.24, 10:00 - Ana: <b>bold</b>\n");
            let chat = read(&text, None);
            let first = chat.records.first().unwrap();
            assert_eq!((first.text.as_ref(), first.edited, first.kind), ("new words", true, Kind::Text));
            assert_eq!(chat.records.last().unwrap().text, "<b>bold</b>");
        }
    }

    #[test]
    fn logs_and_tables_are_no_chats() {
        for text in [
            "",
            "\n\n",
            "Nothing here\nat all\n",
            "2024-01-01,10:00:00,Ana,hello\n2024-01-01,10:00:01,Ben,hello\n",
            "[2024-01-01 10:00:00] production.ERROR: broken\n[2024-01-01 10:00:01] production.INFO: fine\n",
            "2024-01-01 10:00:00 - INFO: started\n2024-01-01 10:00:01 - WARNING: slow\n",
            "2024-01-01T10:00:00Z started\n",
            "date;text\n01.01.2024 10:00;hello: you\n",
        ] {
            assert_eq!(recognise(text), 0, "{text}");
        }
        assert!(recognise("2024-01-01 10:00:00 server: up\n2024-01-01 10:00:01 server: down\n") <= 30);
    }

    #[test]
    fn hostile_inputs_do_not_panic() {
        let long = format!("31.12.24, 10:00 - {}", "x: ".repeat(100_000));
        let digits = "1".repeat(100_000);
        let open = "[".repeat(100_000);
        let marks = "\u{200E}".repeat(100_000);
        let mixed = "[31.12.24, 10:00:00] \u{200E}\u{200E}: <\n1/1/1, 1:1 - \n[1/\u{200E}\n٣١/١٢/\n31.12.24, 10:00 -";
        let notice = format!("[31.12.24, 10:00:00] a: \u{200E}{}", " hat die Gruppe ".repeat(100_000));
        let crlf = "\r\r\n\n\r31.12.24, 10:00 - a: b\r\r\n\r";
        for text in [
            "",
            "[",
            "[]",
            "[1",
            "\u{FEFF}",
            "\u{200E}[",
            "only\nwords",
            &long,
            &digits,
            &open,
            &marks,
            &notice,
            mixed,
            crlf,
        ] {
            let chat = read(text, None);
            assert!(chat.records.iter().all(|r| text.get(r.offset..r.offset + r.bytes).is_some()));
            let _ = (recognise(text), read(text, Some(DateOrder::YearMonthDay)));
        }
        // Every cut of a real line, at every character.
        let line = "\u{200E}[٢٧/٣/٢٠٢٢، ٩:٤١:٥٥ م] Ana: \u{200E}<المُرفق: a.jpg>\u{200E}<This message was edited>";
        for (at, _) in line.char_indices() {
            let _ = (read(line.get(..at).unwrap(), None), read(line.get(at..).unwrap(), None));
        }
    }

    #[test]
    fn continuation_lines_keep_their_place() {
        let text = "1/5/24, 9:07 AM - Ana: \nfirst\n 1/6/24, 9:07 AM - Ben: indented\n1/13/24, 9:07 AM - Ben: x\n";
        assert_eq!(
            said(text),
            [
                (Some("Ana".to_owned()), "\nfirst\n 1/6/24, 9:07 AM - Ben: indented".to_owned()),
                (Some("Ben".to_owned()), "x".to_owned())
            ]
        );
    }
}
