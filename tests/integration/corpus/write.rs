//! Writes one variant of the log: columns and their order, headers, times, numbers, encoding, quoting, line ends, clutter.
//! Beside the bytes it gives what a right reading must find, cut to what the variant carries.
//! A variant is made from its seed and number alone.

use jiff::tz::TimeZone;

use super::log::Known;
use super::random::Random;
use super::times::{Clock, Date, Shape, ZoneSaid};
use super::words::{LANGUAGES, Language};

/// What must be found of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub at: i64,
    /// `None` where the variant names no sender.
    pub account: Option<String>,
    pub other: String,
    pub inbound: bool,
    pub state: Option<usize>,
    /// What makes messages the same, where the variant carries any of it.
    pub content: Option<String>,
    pub id: Option<String>,
}

/// One file.
pub struct Variant {
    pub bytes: Vec<u8>,
    pub expected: Vec<Expected>,
    pub case_zone: Option<&'static str>,
    pub country: Option<&'static str>,
    /// Digits were lost when it was written: no reader can give the messages back.
    pub lossy: bool,
    /// In words, for a failing test.
    pub told: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    Plus,
    Grouped,
    Zeros,
    Bare,
    National,
    WhatsApp,
    Apostrophe,
    Formula,
    Jid,
    Brackets,
    Lossy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quoting {
    All,
    Minimal,
    None,
}

/// One column: its header, and its value of each message.
struct Column {
    header: String,
    values: Vec<String>,
}

/// Changes of a variant that are asked for by a test of their own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Only messages of one day of the month up to the 12th, in a shape with slashes.
    pub ambiguous: bool,
    /// Numbers as a spreadsheet cuts them down.
    pub lossy: bool,
}

pub fn variant(seed: u64, number: usize, log: &[Known], asked: Asked) -> Variant {
    let mut random = Random::new(seed.wrapping_mul(1_000_003).wrapping_add(number as u64));
    let random = &mut random;
    let language = random.one(&LANGUAGES);
    let has_direction = random.percent(55);
    let fixed = has_direction && random.percent(25);
    let has_sender = random.percent(75) || (has_direction && !fixed);
    let mut rows: Vec<&Known> = log.iter().filter(|known| has_direction || !known.inbound).collect();
    if asked.ambiguous {
        rows.retain(|known| known.at / 86_400 == log[0].at / 86_400 + 16);
        rows = if rows.is_empty() { vec![&log[20]] } else { rows };
    }
    match random.below(3) {
        0 => {}
        1 => rows.reverse(),
        _ => random.shuffle(&mut rows),
    }

    // Times.
    let split = random.percent(25) && !asked.ambiguous;
    let shape = if asked.ambiguous { Shape::Parts(Date::DayFirst, Clock::Seconds, " ") } else { Shape::random(random) };
    let (date, clock) = Shape::random_parts(random);
    let zoned = shape.has_zone() && !split;
    let said = match random.below(3) {
        0 if !zoned => ZoneSaid::Header,
        1 => ZoneSaid::Nothing,
        _ => ZoneSaid::Case,
    };
    let case_zone = if said == ZoneSaid::Nothing { None } else { Some("Europe/Berlin") };
    let local = said == ZoneSaid::Case || (zoned && random.percent(50));
    let zone = if local { TimeZone::get("Europe/Berlin").expect("the zone") } else { TimeZone::UTC };
    let step = if split { clock.step() } else { shape.step() };
    let unit = if said == ZoneSaid::Header { " (UTC)" } else { "" };

    // Numbers.
    let spelling = match random.below(20) {
        _ if asked.lossy => Spelling::Lossy,
        0..=6 => Spelling::Plus,
        7 | 8 => Spelling::Grouped,
        9 | 10 => Spelling::Zeros,
        11 | 12 => Spelling::Bare,
        13 | 14 => Spelling::National,
        15 => Spelling::WhatsApp,
        16 => Spelling::Apostrophe,
        17 => Spelling::Formula,
        18 => Spelling::Jid,
        _ => Spelling::Brackets,
    };
    let country = (spelling == Spelling::National || random.percent(40)).then_some("DE");
    let spell = |number: &str| spelled(number, spelling);

    // Columns.
    let column = |header: String, value: &dyn Fn(&Known) -> String| Column {
        header,
        values: rows.iter().map(|known| value(known)).collect(),
    };
    let mut columns = Vec::new();
    let style = random.below(6);
    let styled = |name: &str| header(name, style, language);
    if split {
        let (mut first, second) = (styled(random.word(language.date)), styled(random.word(language.clock)));
        let second = if second == first { styled(language.clock[0]) } else { second };
        first = if first == second { styled(language.date[0]) } else { first };
        columns.push(column(first, &|known| date.write_at(known.at, &zone, language)));
        columns.push(column(format!("{second}{unit}"), &|known| clock.write_at(known.at, &zone)));
    } else {
        let name = styled(random.word(language.sent)) + unit;
        columns.push(column(name, &|known| shape.write(known.at, &zone, language)));
    }
    let (from, to): (&dyn Fn(&Known) -> String, &dyn Fn(&Known) -> String) = if fixed || !has_sender {
        (&|known| spell(&known.account), &|known| spell(&known.other))
    } else {
        (&|known| spell(if known.inbound { &known.other } else { &known.account }), &|known| {
            spell(if known.inbound { &known.account } else { &known.other })
        })
    };
    let (senders, recipients) = match (fixed, has_direction && !has_sender) {
        (true, _) => (language.account, language.contact),
        (false, true) => (language.sender, language.contact),
        (false, false) if random.percent(20) => (language.sender, language.contact),
        _ => (language.sender, language.recipient),
    };
    if has_sender {
        columns.push(column(styled(random.word(senders)), from));
    }
    columns.push(column(styled(random.word(recipients)), to));
    let has_text = random.percent(85);
    let has_campaign = random.percent(35);
    let has_template = random.percent(15);
    let quoting = *random.one(&[Quoting::All, Quoting::Minimal, Quoting::Minimal, Quoting::None]);
    let one_line = quoting == Quoting::None;
    let text = |known: &Known| if one_line { known.text.replace('\n', " ") } else { known.text.to_owned() };
    if has_text {
        columns.push(column(styled(random.word(language.text)), &text));
    }
    if has_campaign {
        columns.push(column(styled(random.word(language.campaign)), &|known| known.campaign.to_owned()));
    }
    if has_template {
        columns.push(column(styled(random.word(language.template)), &|known| known.template.to_owned()));
    }
    let has_status = random.percent(80);
    if has_status {
        let words: Vec<&str> = language.states.iter().map(|words| random.word(words)).collect();
        columns.push(column(styled(random.word(language.status)), &|known| {
            known.state.map_or(String::new(), |state| words[state].to_owned())
        }));
    }
    if has_direction {
        let (out, back) = *random.one(language.directions);
        columns.push(column(styled(random.word(language.direction)), &|known| {
            if known.inbound { back } else { out }.to_owned()
        }));
    }
    let has_id = random.percent(75);
    if has_id {
        columns.push(column(styled(random.word(language.id)), &|known| known.id.clone()));
    }
    if random.percent(30) {
        columns.push(column(styled(random.word(language.channel)), &|_| "WhatsApp".to_owned()));
    }
    for _ in 0..random.below(4) {
        let name = styled(random.word(language.other_times));
        let late = random.below(600) as i64;
        let early = ["cre", "erst", "cri"].iter().any(|word| name.to_lowercase().starts_with(word));
        let gaps = random.percent(30);
        columns.push(column(name, &|known| match gaps && known.at % 3 == 0 {
            true => String::new(),
            false => {
                let at = known.at + if early { -late } else { late };
                if split {
                    Shape::Parts(date, clock, " ").write(at, &zone, language)
                } else {
                    shape.write(at, &zone, language)
                }
            }
        }));
    }
    for _ in 0..random.below(6) {
        let (name, values) = *random.one(language.extra);
        let name = styled(name);
        let picks: Vec<String> = (0..rows.len())
            .map(|row| if values == ["#"] { (row + 1).to_string() } else { (*random.one(values)).to_owned() })
            .collect();
        columns.push(Column { header: name, values: picks });
    }
    // A panel names no two columns alike.
    let mut seen = std::collections::BTreeSet::new();
    columns.retain(|column| seen.insert(column.header.to_lowercase()));
    random.shuffle(&mut columns);

    // Writing.
    let line_end = *random.one(&["\n", "\n", "\r\n", "\r\n", "\r"]);
    let delimiter = if one_line { *random.one(&['\t', '|']) } else { *random.one(&[',', ';', ';', '\t', '|']) };
    let raw_formula = random.percent(50);
    let cell = |value: &str| -> String {
        let value = value.replace('\n', if line_end == "\r" { "\r" } else { "\n" });
        let formula = value.starts_with("=\"");
        let needs = value.contains(delimiter)
            || value.contains(['\n', '\r'])
            || (value.contains('"') && !(formula && raw_formula));
        match quoting {
            Quoting::None => value,
            Quoting::Minimal if !needs => value,
            _ => format!("\"{}\"", value.replace('"', "\"\"")),
        }
    };
    let width = columns.len();
    let tail = if random.percent(5) { delimiter.to_string() } else { String::new() };
    let line = |cells: Vec<String>| cells.join(&delimiter.to_string()) + &tail + line_end;
    let mut text_out = String::new();
    if random.percent(6) {
        text_out += &format!("sep={delimiter}{line_end}");
    }
    if random.percent(25) {
        let padded = random.percent(50);
        let pad = |title: String| match padded {
            true => {
                let mut cells = vec![String::new(); width];
                cells[0] = title;
                line(cells.iter().map(|value| cell(value)).collect())
            }
            false => cell(&title) + line_end,
        };
        text_out += &pad(language.title.to_owned());
        if random.percent(50) {
            text_out += &pad("01.09.2019 - 30.11.2019".to_owned());
        }
        if random.percent(50) {
            text_out += line_end;
        }
    }
    let head: String = line(columns.iter().map(|column| cell(&column.header)).collect());
    text_out += &head;
    let repeats = random.percent(4);
    let blanks = random.percent(10);
    for row in 0..rows.len() {
        text_out += &line(columns.iter().map(|column| cell(&column.values[row])).collect());
        if repeats && row % 50 == 49 {
            text_out += &head;
        }
        if blanks && row % 17 == 3 {
            text_out += line_end;
        }
    }
    if random.percent(12) {
        let mut cells = vec![String::new(); if random.percent(50) { width } else { 2 }];
        cells[0] = language.total.to_owned();
        if let Some(second) = cells.get_mut(1) {
            *second = rows.len().to_string();
        }
        text_out += &line(cells.iter().map(|value| cell(value)).collect());
    }
    let (encoding, bytes) = encoded(&text_out, random);
    let headers: Vec<&str> = columns.iter().map(|column| column.header.as_str()).collect();
    let told = format!(
        "{} {encoding} {delimiter:?} {line_end:?} {quoting:?} {spelling:?} shape {:?} zone {said:?} headers {headers:?}",
        language.code,
        if split { Shape::Parts(date, clock, "|") } else { shape },
    );
    let content = |known: &Known| {
        if has_campaign && !known.campaign.is_empty() {
            Some(known.campaign.to_owned())
        } else if has_template && !known.template.is_empty() {
            Some(known.template.to_owned())
        } else {
            has_text.then(|| known.text.replace('\n', " "))
        }
    };
    let expected = rows.iter().map(|known| Expected {
        at: known.at.div_euclid(step) * step,
        account: has_sender.then(|| known.account.clone()),
        other: known.other.clone(),
        inbound: known.inbound,
        state: known.state.filter(|_| has_status),
        content: content(known),
        id: has_id.then(|| known.id.clone()),
    });
    Variant { bytes, expected: expected.collect(), case_zone, country, lossy: spelling == Spelling::Lossy, told }
}

/// A header as different panels style it.
fn header(name: &str, style: usize, language: &Language) -> String {
    match style {
        0 => name.to_uppercase(),
        1 => name.to_lowercase(),
        2 => name.to_lowercase().replace([' ', '-', '/'], "_"),
        3 if language.code == "en" => {
            let words = name.split([' ', '-', '/']).enumerate();
            words.map(|(at, word)| if at == 0 { word.to_lowercase() } else { capital(word) }).collect()
        }
        _ => name.to_owned(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or(String::new(), |first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect())
}

fn spelled(number: &str, spelling: Spelling) -> String {
    let digits = &number[1..];
    match spelling {
        Spelling::Plus => number.to_owned(),
        Spelling::Grouped => format!("+{} {} {}", &digits[..2], &digits[2..5], &digits[5..]),
        Spelling::Zeros => format!("00{digits}"),
        Spelling::Bare => digits.to_owned(),
        Spelling::National => match digits.strip_prefix("49") {
            Some(rest) => format!("0{rest}"),
            None => format!("00{digits}"),
        },
        Spelling::WhatsApp => format!("whatsapp:{number}"),
        Spelling::Apostrophe => format!("'{number}"),
        Spelling::Formula => format!("=\"{number}\""),
        Spelling::Jid => format!("{digits}@s.whatsapp.net"),
        Spelling::Brackets => format!("+{} ({}) {}", &digits[..2], &digits[2..5], &digits[5..]),
        Spelling::Lossy => format!("{}.{}E+{}", &digits[..1], &digits[1..6], digits.len() - 1),
    }
}

fn encoded(text: &str, random: &mut Random) -> (&'static str, Vec<u8>) {
    let sixteen = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
        mark.iter().copied().chain(text.encode_utf16().flat_map(bytes)).collect::<Vec<u8>>()
    };
    // A file that the old encoding cannot hold is written in Unicode, as the panel would.
    let old = |encoding: &'static encoding_rs::Encoding, name: &'static str| {
        let (bytes, _, lost) = encoding.encode(text);
        if lost { ("UTF-8", text.as_bytes().to_vec()) } else { (name, bytes.into_owned()) }
    };
    match random.below(20) {
        0..=6 => ("UTF-8", text.as_bytes().to_vec()),
        7..=11 => ("UTF-8 with BOM", [b"\xEF\xBB\xBF", text.as_bytes()].concat()),
        12 => ("UTF-16LE", sixteen(&[0xFF, 0xFE], u16::to_le_bytes)),
        13 => ("UTF-16BE", sixteen(&[0xFE, 0xFF], u16::to_be_bytes)),
        14 => ("UTF-16LE without BOM", sixteen(&[], u16::to_le_bytes)),
        15..=17 => old(encoding_rs::WINDOWS_1252, "Windows-1252"),
        18 => match text.chars().all(|character| u32::from(character) < 256) {
            true => ("Latin-1", text.chars().map(|character| character as u8).collect()),
            false => old(encoding_rs::WINDOWS_1252, "Windows-1252"),
        },
        _ => old(encoding_rs::MACINTOSH, "Macintosh"),
    }
}
