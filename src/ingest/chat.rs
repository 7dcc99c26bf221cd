//! Turns WhatsApp and Signal chat exports (`.txt`) into messages: who is the account, who the other side, what is no send.
//! The text itself is taken apart in `text`; the export names neither recipients nor a zone.
//! A chat tells its partner by the file's name and its authors alone.

mod cursor;
mod shapes;
mod stamp;
pub mod text;
mod words;

use std::collections::BTreeSet;

use super::batch::{Batch, Draft};
use super::context::FileContext;
use super::delimited::{instant, order_text};
use super::people::Hint;
use super::time::{Separator, Shape, Stamp};
use super::{DateOrderDecision, FileRead, OrderCounts};
use crate::message::{Automation, Direction, Form, Place, Platform, RecipientKind, Route};
use text::{Kind, OrderBasis};

/// Name in `inputs.csv`.
pub const FORMAT: &str = "whatsapp-chat";
/// Name of Signal's chat text in `inputs.csv`.
pub const SIGNAL_FORMAT: &str = "signal-text";

/// Whether a text is a chat of Signal, 0 to 100: every head is `[2019-12-24, 12:23] name: `, without seconds, which
/// WhatsApp writes within brackets.
#[must_use]
pub fn recognise_signal(sample: &str) -> u8 {
    let is_head = |line: &str| {
        let shape = b"[dddd-dd-dd, dd:dd] ";
        let fits = |(byte, want): (u8, &u8)| if *want == b'd' { byte.is_ascii_digit() } else { byte == *want };
        line.len() > shape.len() && line.bytes().zip(shape).all(fits) && line.contains(": ")
    };
    let mut lines = sample.trim_start_matches('\u{FEFF}').lines().filter(|line| !line.trim().is_empty());
    let first = lines.next().is_some_and(is_head);
    // Lines that open with another bracketed time are heads of another app; other lines go on with the one before.
    let foreign = lines.any(|line| {
        let line = line.trim_start_matches('\u{200E}');
        line.starts_with('[') && line.as_bytes().get(1).is_some_and(u8::is_ascii_digit) && !is_head(line)
    });
    if first && !foreign && !sample.contains('\u{200E}') { 97 } else { 0 }
}

/// What apps put before the partner's name in the file name.
const TITLE_PREFIXES: [&str; 8] = [
    "WhatsApp Chat with ",
    "WhatsApp Chat mit ",
    "WhatsApp-Chat mit ",
    "WhatsApp Chat - ",
    "Chat de WhatsApp con ",
    "Discussion WhatsApp avec ",
    "Conversa do WhatsApp com ",
    "Chat WhatsApp con ",
];

/// Reads a chat that is wholly in memory. `hashed` goes on to the account of the file; `platform` is WhatsApp or Signal.
#[must_use]
pub fn read<'c>(file: &FileContext<'c>, content: &str, hashed: u64, platform: Platform) -> FileRead<'c> {
    let chat = text::read(content, file.context.date_order);
    let mut batch = Batch::new(file);
    let authors: BTreeSet<&str> =
        chat.records.iter().filter(|record| record.kind != Kind::System).filter_map(|record| record.author).collect();
    let parties = Parties::new(file, &authors);
    for record in &chat.records {
        let place = Place {
            record: batch.records + 1,
            line: record.line,
            offset: record.offset as u64,
            length: record.bytes as u32,
        };
        let raw = content.as_bytes().get(record.offset..record.offset + record.bytes).unwrap_or_default();
        if let Some(reason) = record.reject {
            batch.reject(place, reason, raw);
            continue;
        }
        let Some(author) = record.author.filter(|_| record.kind != Kind::System) else {
            batch.ignore("system line");
            continue;
        };
        let stamp = Stamp {
            civil_ms: record.civil_ms,
            offset_seconds: None,
            shape: Shape::DayMonthYear(Separator::Dot),
            swappable: false,
            digits: 0,
        };
        let (sent_at, zone) = instant(stamp, &file.zones, file.zone_basis, &mut batch);
        let (account, recipient, direction) = parties.of(author);
        batch.read();
        batch.message(
            place,
            &Draft {
                sent_at,
                zone,
                platform,
                route: if platform == Platform::Signal { Route::Other } else { Route::Unknown },
                direction,
                account,
                recipient,
                hint: Hint::Unknown,
                recipient_kind: if parties.group { RecipientKind::Group } else { RecipientKind::Unknown },
                text: if record.kind == Kind::Text { record.text.as_ref() } else { "" },
                form: Form::FreeForm,
                automation: Automation::Unknown,
                ..Draft::default()
            },
        );
    }
    batch.close();
    FileRead { batches: vec![batch], sha256: None, hashed, date_order: date_order(&chat) }
}

/// The least certain decision of the chat's line shapes: one doubtful shape makes the file doubtful.
fn date_order(chat: &text::Chat<'_>) -> Option<DateOrderDecision> {
    let doubt = |basis: OrderBasis| match basis {
        OrderBasis::Shape | OrderBasis::Told => 0,
        OrderBasis::ValueOver12 => 1,
        OrderBasis::Monotony => 2,
        OrderBasis::Assumed => 3,
    };
    let shape = chat.shapes.iter().filter(|shape| shape.opens).max_by_key(|shape| doubt(shape.basis))?;
    let basis = match shape.basis {
        OrderBasis::Shape => return None,
        OrderBasis::ValueOver12 => DateOrderDecision::BY_VALUE,
        OrderBasis::Monotony => DateOrderDecision::BY_MONOTONY,
        OrderBasis::Assumed => DateOrderDecision::UNDECIDED,
        OrderBasis::Told => DateOrderDecision::TOLD,
    };
    Some(DateOrderDecision { order: order_text(shape.order), basis, counts: OrderCounts::default() })
}

/// Who is who in a chat.
struct Parties<'a> {
    accounts: BTreeSet<&'a str>,
    authors: Vec<&'a str>,
    title: String,
    group: bool,
}

impl<'a> Parties<'a> {
    fn new(file: &FileContext<'_>, authors: &BTreeSet<&'a str>) -> Self {
        let same = |author: &str, known: &String| {
            author == known
                || file.context.people.canonical(author, Hint::Unknown).is_some_and(|address| address.text == *known)
        };
        let accounts =
            authors.iter().copied().filter(|author| file.known_accounts.iter().any(|known| same(author, known)));
        Self {
            accounts: accounts.collect(),
            authors: authors.iter().copied().collect(),
            title: title(&file.file_name),
            group: authors.len() > 2,
        }
    }

    /// Account, other side and direction of what an author wrote.
    fn of<'s>(&'s self, author: &'s str) -> (Option<&'s str>, &'s str, Direction) {
        let own = self.accounts.is_empty() || self.accounts.contains(author);
        if own {
            // Without a known account every author is one: the export does not say whose telephone it came from.
            let other = self.authors.iter().copied().find(|other| *other != author && self.authors.len() == 2);
            (Some(author), other.unwrap_or(&self.title), Direction::Outbound)
        } else {
            let other = if self.group { self.title.as_str() } else { author };
            (self.accounts.first().copied(), other, Direction::Inbound)
        }
    }
}

/// The chat's name, from the file's.
fn title(file_name: &str) -> String {
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let stem = TITLE_PREFIXES.iter().find_map(|prefix| stem.strip_prefix(prefix)).unwrap_or(stem);
    format!("chat {}", stem.trim())
}
