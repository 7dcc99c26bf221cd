//! What a column's header says: names known as a whole, else the words it is made of, in six languages.
//! The words are data (`data/formats/delimited.toml`); here is the small grammar of what words together mean.
//! Whether the values agree with the header is weighed in `shapes`.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::Role;
use crate::ingest::time::{DateOrder, Zones};

/// What one word of a header can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    Filler,
    Noise,
    Message,
    Time,
    Sent,
    Created,
    Received,
    Later,
    Zone,
    Number,
    Sender,
    Recipient,
    Contact,
    Account,
    Status,
    Direction,
    Kind,
    Id,
    Name,
    Campaign,
    Template,
    Category,
    Channel,
    Text,
    Audience,
}

/// A set of classes, one bit each.
type Classes = u32;

const fn bit(class: Class) -> Classes {
    1 << class as u32
}

const fn bits(classes: &[Class]) -> Classes {
    match classes {
        [] => 0,
        [first, rest @ ..] => bit(*first) | bits(rest),
    }
}

/// What the time of a column means for a send; the earlier is the better send time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    /// The moment of sending.
    Sent,
    /// A time that the header says nothing of.
    Said,
    /// When the message was made or handed in.
    Created,
    /// When something came in.
    Received,
    /// When something happened to it later.
    Later,
}

/// One thing that a header can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A role; the lower the rank, the surer.
    Role(Role, u16),
    /// A time, and the rank among names of its kind.
    Time(When, u16),
}

/// Rank of the first meaning that only the words of a header give.
const BY_WORDS: u16 = 1000;

/// A header whose words are in `may` or one of `must`, each of `must` at least once, means `meaning`.
struct Rule {
    must: &'static [Classes],
    may: Classes,
    meaning: Meaning,
}

const fn role(role: Role, rank: u16, must: &'static [Classes], may: Classes) -> Rule {
    Rule { must, may, meaning: Meaning::Role(role, BY_WORDS + rank) }
}

const fn time(when: When, rank: u16, must: &'static [Classes], may: Classes) -> Rule {
    Rule { must, may, meaning: Meaning::Time(when, BY_WORDS + rank) }
}

const LITTLE: Classes = bits(&[Class::Filler, Class::Noise, Class::Message]);
const OF_TIME: Classes = LITTLE | bits(&[Class::Time, Class::Zone]);
const ADDRESS: Classes = LITTLE | bits(&[Class::Number, Class::Id]);

/// What words together mean. The order does not matter: a header gets every meaning whose rule it meets.
const RULES: [Rule; 31] = [
    time(When::Sent, 0, &[bit(Class::Sent), bit(Class::Time)], OF_TIME),
    time(When::Sent, 1, &[bit(Class::Sent)], OF_TIME),
    time(When::Said, 0, &[bit(Class::Time)], OF_TIME),
    time(When::Created, 0, &[bit(Class::Created)], OF_TIME),
    time(When::Received, 0, &[bit(Class::Received)], OF_TIME),
    time(When::Later, 0, &[bit(Class::Later)], OF_TIME | bits(&[Class::Status, Class::Received])),
    role(Role::Sender, 0, &[bit(Class::Sender)], ADDRESS | bits(&[Class::Sent, Class::Account])),
    role(Role::Sender, 1, &[bit(Class::Account)], ADDRESS | bits(&[Class::Channel])),
    role(Role::Recipient, 0, &[bit(Class::Recipient)], ADDRESS | bits(&[Class::Sent, Class::Contact])),
    role(Role::Recipient, 1, &[bit(Class::Contact), bit(Class::Number)], ADDRESS | bits(&[Class::Contact])),
    role(Role::Recipient, 2, &[bit(Class::Number)], LITTLE | bits(&[Class::Number])),
    role(Role::Recipient, CONTACT_ONLY - BY_WORDS, &[bit(Class::Contact)], LITTLE | bits(&[Class::Number])),
    role(Role::MessageId, 0, &[bit(Class::Message), bit(Class::Id)], LITTLE | bits(&[Class::Id])),
    role(Role::MessageId, 1, &[bit(Class::Message), bit(Class::Number)], LITTLE | bits(&[Class::Number])),
    role(Role::MessageId, BARE_ID - BY_WORDS, &[bit(Class::Id)], bits(&[Class::Filler, Class::Noise, Class::Id])),
    role(Role::Campaign, 0, &[bit(Class::Campaign), bit(Class::Id)], LITTLE | bits(&[Class::Number])),
    role(Role::Campaign, 1, &[bit(Class::Campaign)], LITTLE | bits(&[Class::Name])),
    role(Role::Template, 0, &[bit(Class::Template)], LITTLE | bits(&[Class::Name])),
    role(Role::Template, 1, &[bit(Class::Template), bit(Class::Id)], LITTLE),
    role(Role::Status, 0, &[bit(Class::Status)], LITTLE),
    role(
        Role::Status,
        1,
        &[bit(Class::Status)],
        LITTLE | bits(&[Class::Later, Class::Sent, Class::Name, Class::Channel]),
    ),
    role(Role::Direction, 0, &[bit(Class::Direction)], LITTLE | bits(&[Class::Kind])),
    role(Role::Direction, 1, &[bit(Class::Kind)], LITTLE),
    role(Role::Category, 0, &[bit(Class::Category)], LITTLE | bits(&[Class::Template, Class::Kind])),
    role(Role::Category, 1, &[bit(Class::Kind)], LITTLE | bits(&[Class::Template])),
    role(Role::Channel, 0, &[bit(Class::Channel)], LITTLE | bits(&[Class::Name, Class::Kind])),
    role(Role::Text, 0, &[bit(Class::Text)], LITTLE),
    role(Role::Text, 1, &[bit(Class::Message)], LITTLE),
    role(Role::Text, 2, &[bit(Class::Text)], LITTLE | bits(&[Class::Template, Class::Campaign])),
    role(Role::Audience, 0, &[bit(Class::Audience)], LITTLE | bits(&[Class::Number])),
    role(Role::Audience, 1, &[bit(Class::Number), bit(Class::Recipient)], 0),
];

/// Rank of a header that names a person and no address; such columns are asked for last.
pub(super) const CONTACT_ONLY: u16 = BY_WORDS + 3;
/// Rank of a header that says "id" and not of what.
pub(super) const BARE_ID: u16 = BY_WORDS + 2;

/// Everything that is known of headers.
#[derive(Debug)]
pub(super) struct Headers {
    exact: HashMap<String, Vec<Meaning>>,
    tokens: HashMap<String, Classes>,
}

impl Headers {
    pub(super) fn new(
        columns: &BTreeMap<Role, Vec<String>>,
        times: &BTreeMap<When, Vec<String>>,
        tokens: &BTreeMap<Class, Vec<String>>,
    ) -> Self {
        let mut exact: HashMap<String, Vec<Meaning>> = HashMap::new();
        for (role, names) in columns {
            for (rank, name) in names.iter().enumerate() {
                exact.entry(plain(name)).or_default().push(Meaning::Role(*role, rank as u16));
            }
        }
        for (when, names) in times {
            for (rank, name) in names.iter().enumerate() {
                exact.entry(plain(name)).or_default().push(Meaning::Time(*when, rank as u16));
            }
        }
        let mut known: HashMap<String, Classes> = HashMap::new();
        for (class, words) in tokens {
            for word in words {
                *known.entry(plain(word)).or_default() |= bit(*class);
            }
        }
        Self { exact, tokens: known }
    }

    /// Everything a header can mean.
    pub(super) fn meanings(&self, name: &str) -> Vec<Meaning> {
        let (outside, brackets) = without_brackets(name);
        let mut found = self.meanings_of(name);
        if found.is_empty() && !brackets.is_empty() {
            found = self.meanings_of(&outside);
        }
        found
    }

    fn meanings_of(&self, name: &str) -> Vec<Meaning> {
        let mut found = self.exact.get(&plain(name)).cloned().unwrap_or_default();
        let Some(classes) = self.classes(name) else { return found };
        for rule in &RULES {
            let all = rule.must.iter().fold(rule.may, |all, one| all | one);
            let fits = classes.iter().all(|class| class & all != 0);
            if fits && rule.must.iter().all(|one| classes.iter().any(|class| class & one != 0)) {
                found.push(rule.meaning);
            }
        }
        found
    }

    /// Whether a header means anything to us.
    pub(super) fn knows(&self, name: &str) -> bool {
        !self.meanings(name).is_empty()
    }

    /// Whether a header names our own side, so that it stays so for messages that come in.
    pub(super) fn names_account(&self, name: &str) -> bool {
        self.has_class(name, Class::Account) && !self.has_class(name, Class::Sender)
    }

    /// Whether a header names the other side, whoever sends.
    pub(super) fn names_contact(&self, name: &str) -> bool {
        (self.has_class(name, Class::Contact) || self.has_class(name, Class::Number))
            && !self.has_class(name, Class::Recipient)
    }

    fn has_class(&self, name: &str, class: Class) -> bool {
        self.classes(name).is_some_and(|classes| classes.iter().any(|found| found & bit(class) != 0))
    }

    /// The classes of every word of a header; `None` if one of them is none of ours.
    fn classes(&self, name: &str) -> Option<Vec<Classes>> {
        let mut classes = Vec::new();
        for token in tokens(name) {
            classes.extend(self.parts(&token, 3)?);
        }
        (!classes.is_empty()).then_some(classes)
    }

    /// A word, or the words that a compound is made of: `versanddatum`, `messageid`.
    fn parts(&self, token: &str, most: usize) -> Option<Vec<Classes>> {
        if let Some(known) = self.tokens.get(token) {
            return Some(vec![*known]);
        }
        if most < 2 {
            return None;
        }
        // The longest first part wins; what joins two German words is passed over.
        for (cut, _) in token.char_indices().rev() {
            let Some((head, tail)) = token.split_at_checked(cut) else { continue };
            let Some(first) = self.tokens.get(head).filter(|_| head.len() >= 3) else { continue };
            for joint in ["", "s", "en", "n", "e"] {
                let Some(rest) = tail.strip_prefix(joint).filter(|rest| rest.len() >= 2) else { continue };
                if let Some(others) = self.parts(rest, most - 1) {
                    return Some(std::iter::once(*first).chain(others).collect());
                }
            }
        }
        None
    }
}

/// A text in lower case without accents: what differs between panels that mean the same.
pub(in crate::ingest) fn folded(text: &str) -> String {
    text.nfkd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase).collect()
}

/// A header name without case, accents, blanks and punctuation.
pub(in crate::ingest) fn plain(name: &str) -> String {
    folded(name).chars().filter(|character| character.is_alphanumeric()).collect()
}

/// The words of a header name: `student_name`, `studentName` and `Student Name` are the same two.
pub(super) fn tokens(name: &str) -> impl Iterator<Item = String> + use<> {
    let mut words: Vec<String> = vec![String::new()];
    let mut lower = false;
    for character in name.chars() {
        let mark = is_combining_mark(character);
        if !mark && (!character.is_alphanumeric() || (character.is_uppercase() && lower)) {
            words.push(String::new());
        }
        lower = character.is_lowercase() || (mark && lower);
        if character.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(character);
        }
    }
    words.into_iter().map(|word| folded(&word)).filter(|word| !word.is_empty())
}

/// A header without what stands in brackets, and what stands there.
fn without_brackets(name: &str) -> (String, Vec<String>) {
    let (mut outside, mut inside, mut depth) = (String::new(), Vec::<String>::new(), 0_u32);
    for character in name.chars() {
        match character {
            '(' | '[' | '{' => {
                depth += 1;
                inside.push(String::new());
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => inside.extend_last(character),
            _ => outside.push(character),
        }
    }
    (outside, inside)
}

trait ExtendLast {
    fn extend_last(&mut self, character: char);
}

impl ExtendLast for Vec<String> {
    fn extend_last(&mut self, character: char) {
        if let Some(last) = self.last_mut() {
            last.push(character);
        }
    }
}

/// What the header of a time column says of its zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ZoneSaid {
    /// Nothing.
    Nothing,
    /// A zone that fixes the times: `UTC`, `+02:00`, `Europe/Berlin`.
    Zone(String),
    /// A word for a zone that leaves summer time or the place open.
    Vague(String),
}

/// The zone that a header names: `Sent At (UTC)`, `TIMESTAMP_UTC`, `Date (GMT+2)`, `Zeit [Europe/Berlin]`.
pub(super) fn zone_of(name: &str) -> ZoneSaid {
    let (_, brackets) = without_brackets(name);
    for inside in &brackets {
        let inside = inside.trim();
        if inside.contains('/') && Zones::named(inside).is_ok() {
            return ZoneSaid::Zone(inside.to_owned());
        }
    }
    let lower = name.to_lowercase();
    for mark in ["utc", "gmt"] {
        let Some(at) = lower.find(mark) else { continue };
        let before = lower.get(..at).and_then(|head| head.chars().next_back());
        // "sentAtUtc" has a capital there; "outcome" has not.
        let capital = name.get(at..).and_then(|tail| tail.chars().next()).is_some_and(char::is_uppercase);
        if before.is_some_and(char::is_alphanumeric) && !capital {
            continue;
        }
        let rest = lower.get(at + mark.len()..).unwrap_or_default().trim_start();
        let offset: String = rest.chars().take_while(|c| c.is_ascii_digit() || "+-:\u{2212}".contains(*c)).collect();
        let offset = offset.replace('\u{2212}', "-");
        let digits: Vec<&str> = offset.trim_start_matches(['+', '-']).split(':').collect();
        let hours = digits.first().and_then(|hours| hours.parse::<u8>().ok());
        return match (offset.chars().next(), hours) {
            (Some(sign @ ('+' | '-')), Some(hours)) => {
                let minutes = digits.get(1).and_then(|minutes| minutes.parse::<u8>().ok()).unwrap_or(0);
                ZoneSaid::Zone(format!("{sign}{hours:02}:{minutes:02}"))
            }
            _ => ZoneSaid::Zone("UTC".to_owned()),
        };
    }
    let vague =
        tokens(name).find(|token| matches!(token.as_str(), "cet" | "cest" | "mez" | "mesz" | "est" | "pst" | "ist"));
    vague.map_or(ZoneSaid::Nothing, |word| ZoneSaid::Vague(word.to_uppercase()))
}

/// The order of day and month that a header spells out: `Datum (TT.MM.JJJJ)`, `Date (MM/DD/YYYY)`.
pub(super) fn order_of(name: &str) -> Option<DateOrder> {
    let (_, brackets) = without_brackets(name);
    brackets.iter().find_map(|inside| {
        let letters: Vec<String> = tokens(&inside.to_lowercase()).collect();
        let is = |at: usize, words: &[&str]| letters.get(at).is_some_and(|word| words.contains(&word.as_str()));
        let (day, month) = (["dd", "d", "tt", "t", "jj", "j", "gg", "g"], ["mm", "m"]);
        let year = ["yyyy", "yy", "jjjj", "aaaa", "aa"];
        match () {
            () if is(0, &day) && is(1, &month) => Some(DateOrder::DayMonth),
            () if is(0, &month) && is(1, &day) => Some(DateOrder::MonthDay),
            () if is(0, &year) && is(1, &month) => Some(DateOrder::YearMonthDay),
            () => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::Delimited;
    use super::*;

    #[test]
    fn headers_of_six_languages_mean_what_they_say() {
        let known = Delimited::load().expect("the data of the build");
        let when = |name: &str| {
            known.headers.meanings(name).iter().find_map(|meaning| match meaning {
                Meaning::Time(when, _) => Some(*when),
                Meaning::Role(..) => None,
            })
        };
        for name in [
            "Sent At (UTC)",
            "sent_at",
            "SENT_TIME",
            "DateSent",
            "Gesendet am",
            "Versanddatum",
            "Sendezeitpunkt",
            "Gesendet um (Ortszeit)",
            "Date d'envoi",
            "Envoyé le",
            "Date et heure d’envoi",
            "Fecha de envío",
            "Fecha y hora de envio",
            "Enviado el",
            "Data invio",
            "Data e ora di invio",
            "Inviato il",
            "Data de envio",
            "Enviado em",
            "Data/Hora do envio",
            "messageSentDate",
        ] {
            assert_eq!(when(name), Some(When::Sent), "{name}");
        }
        for (name, expected) in [
            ("Zugestellt am", When::Later),
            ("Date de livraison", When::Later),
            ("Fecha de entrega", When::Later),
            ("Read at", When::Later),
            ("Erstellt am", When::Created),
            ("Datum", When::Said),
            ("Uhrzeit", When::Said),
            ("Empfangen am", When::Received),
        ] {
            assert_eq!(when(name), Some(expected), "{name}");
        }
        for (name, expected) in [
            ("Empfänger-Nummer", Role::Recipient),
            ("Numéro du destinataire", Role::Recipient),
            ("Teléfono del destinatario", Role::Recipient),
            ("Gesendet an", Role::Recipient),
            ("Customer Phone Number", Role::Recipient),
            ("Absendernummer", Role::Sender),
            ("Nachrichteninhalt", Role::Text),
            ("Corps du message", Role::Text),
            ("Zustellstatus", Role::Status),
            ("État du message", Role::Status),
            ("Nachrichten-ID", Role::MessageId),
            ("ID do mensagem", Role::MessageId),
            ("Nom de la campagne", Role::Campaign),
            ("Vorlagenname", Role::Template),
            ("Richtung", Role::Direction),
        ] {
            let meanings = known.headers.meanings(name);
            let says = |meaning: &Meaning| matches!(meaning, Meaning::Role(role, _) if *role == expected);
            assert!(meanings.iter().any(says), "{name}: {meanings:?}");
        }
        for name in ["Preis (EUR)", "Agent", "Price", "Vorname", "Segments", "Operator", "Opt-in date"] {
            assert!(!known.headers.knows(name), "{name}: {:?}", known.headers.meanings(name));
        }
    }

    #[test]
    fn headers_name_zones_and_orders() {
        let zone = |name: &str| zone_of(name);
        for (name, expected) in [
            ("Sent At (UTC)", "UTC"),
            ("TIMESTAMP_UTC", "UTC"),
            ("sentAtUtc", "UTC"),
            ("Date [GMT+2]", "+02:00"),
            ("Time (UTC-03:30)", "-03:30"),
            ("Zeit (Europe/Berlin)", "Europe/Berlin"),
            ("GMT Date", "UTC"),
        ] {
            assert_eq!(zone(name), ZoneSaid::Zone(expected.to_owned()), "{name}");
        }
        assert_eq!(zone("Gesendet am"), ZoneSaid::Nothing);
        assert_eq!(zone("Outcome"), ZoneSaid::Nothing);
        assert_eq!(zone("Zeit (MEZ)"), ZoneSaid::Vague("MEZ".to_owned()));
        assert_eq!(order_of("Datum (TT.MM.JJJJ)"), Some(DateOrder::DayMonth));
        assert_eq!(order_of("Date (MM/DD/YYYY)"), Some(DateOrder::MonthDay));
        assert_eq!(order_of("Date (UTC)"), None);
    }
}
