//! The shapes in which a log of any size is written: a provider's CSV, Meta's webhooks, a chat.
//!
//! Rows are put together as bytes: at ten million of them, the standard formatting would take
//! longer than all else.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::{self, Write};

use crate::calendar::{DAY, chat_time, date_of};
use crate::log::{Message, Mix, Status, Traffic};
use crate::random::splitmix64;
use crate::words::{push_number, push_padded};

/// A platform's log: of all messages, with the campaigns, a twentieth comes in.
const PLATFORM: Mix = Mix { inbound_of_1000: 60, campaigns: true };

/// A chat of two.
const CHAT: Mix = Mix { inbound_of_1000: 500, campaigns: false };

pub fn csv(messages: u64, seed: u64, output: &mut dyn Write) -> io::Result<()> {
    output.write_all(b"message_id,sent_at,sender,recipient,status,direction,template,body\n")?;
    let mut traffic = Traffic::new(messages, seed, PLATFORM);
    let mut clock = Clock::default();
    let mut text = Vec::new();
    let mut row = Vec::new();
    while let Some(message) = traffic.next(&mut text) {
        row.clear();
        row.push(b'm');
        push_padded(message.index + 1, 10, &mut row);
        row.push(b',');
        clock.push(message.at_ms, &mut row);
        let (sender, recipient): (Push, Push) = match message.inbound {
            false => (push_account, push_person),
            true => (push_person, push_account),
        };
        row.extend_from_slice(b",+");
        sender(&message, &mut row);
        row.extend_from_slice(b",+");
        recipient(&message, &mut row);
        row.push(b',');
        row.extend_from_slice(word_for(message.status).as_bytes());
        row.extend_from_slice(if message.inbound { b",inbound," } else { b",outbound," });
        push_template(&message, &mut row);
        row.extend_from_slice(b",\"");
        push_escaped(&text, b"\"\"", b"\n", &mut row);
        row.extend_from_slice(b"\"\n");
        output.write_all(&row)?;
    }
    Ok(())
}

/// A webhook that is still under way: when it arrives, which of a message's it is, the message.
type UnderWay = Reverse<(u64, u64, u8, u64)>;

pub fn meta(messages: u64, seed: u64, output: &mut dyn Write) -> io::Result<()> {
    let mut traffic = Traffic::new(messages, seed, PLATFORM);
    let mut text = Vec::new();
    let mut line = Vec::new();
    // A webhook is under way for a minute at most, so there are never many.
    let mut under_way: BinaryHeap<(UnderWay, Sending)> = BinaryHeap::new();
    while let Some(message) = traffic.next(&mut text) {
        let now = message.at_ms / 1_000;
        while let Some((Reverse((arrives, ..)), _)) = under_way.peek() {
            if *arrives > now {
                break;
            }
            write_status(&mut under_way, seed, &mut line, output)?;
        }
        if message.inbound {
            write_inbound(&message, &text, seed, &mut line, output)?;
            continue;
        }
        let chance = splitmix64(seed ^ message.index);
        let delivered = now + 1 + (chance & 0x7);
        let read = delivered + 1 + (chance >> 8 & 0x1F);
        // Each status with its own delay, so they overtake each other.
        let stages = [(now, chance >> 16 & 0x7), (delivered, chance >> 24 & 0x3), (read, chance >> 32 & 0x7)];
        for (stage, (at, delay)) in stages.into_iter().enumerate() {
            let key = Reverse((at + delay, message.index, stage as u8, at));
            let sending = Sending { account: message.account, person: message.person, template: message.template };
            under_way.push((key, sending));
        }
    }
    while !under_way.is_empty() {
        write_status(&mut under_way, seed, &mut line, output)?;
    }
    Ok(())
}

/// What a status webhook has to say beside its time.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Sending {
    account: u64,
    person: u64,
    template: Option<u64>,
}

fn write_status(
    under_way: &mut BinaryHeap<(UnderWay, Sending)>,
    seed: u64,
    line: &mut Vec<u8>,
    output: &mut dyn Write,
) -> io::Result<()> {
    let Some((Reverse((_, index, stage, at)), sending)) = under_way.pop() else {
        return Ok(());
    };
    begin_line(sending.account, line);
    line.extend_from_slice(b"\"statuses\":[{\"id\":\"");
    push_wamid(seed, index, line);
    line.extend_from_slice(b"\",\"status\":\"");
    let statuses: [&[u8]; 3] = [b"sent", b"delivered", b"read"];
    line.extend_from_slice(statuses[usize::from(stage)]);
    line.extend_from_slice(b"\",\"timestamp\":\"");
    push_number(at, line);
    line.extend_from_slice(b"\",\"recipient_id\":\"");
    push_person_number(sending.person, line);
    line.push(b'"');
    if let Some(campaign) = sending.template {
        line.extend_from_slice(b",\"biz_opaque_callback_data\":\"campaign_");
        push_number(campaign, line);
        line.push(b'"');
    }
    line.extend_from_slice(b"}]}}]}]}\n");
    output.write_all(line)
}

fn write_inbound(
    message: &Message,
    text: &[u8],
    seed: u64,
    line: &mut Vec<u8>,
    output: &mut dyn Write,
) -> io::Result<()> {
    begin_line(message.account, line);
    line.extend_from_slice(b"\"messages\":[{\"from\":\"");
    push_person(message, line);
    line.extend_from_slice(b"\",\"id\":\"");
    push_wamid(seed, message.index, line);
    line.extend_from_slice(b"\",\"timestamp\":\"");
    push_number(message.at_ms / 1_000, line);
    line.extend_from_slice(b"\",\"type\":\"text\",\"text\":{\"body\":\"");
    push_escaped(text, b"\\\"", b"\\n", line);
    line.extend_from_slice(b"\"}}]}}]}]}\n");
    output.write_all(line)
}

fn begin_line(account: u64, line: &mut Vec<u8>) {
    line.clear();
    line.extend_from_slice(
        b"{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"104400000000000\",\
        \"changes\":[{\"field\":\"messages\",\"value\":{\"messaging_product\":\"whatsapp\",\
        \"metadata\":{\"display_phone_number\":\"",
    );
    push_account_number(account, line);
    line.extend_from_slice(b"\",\"phone_number_id\":\"104400000000");
    push_padded(account, 3, line);
    line.extend_from_slice(b"\"},");
}

pub fn chat(messages: u64, seed: u64, output: &mut dyn Write) -> io::Result<()> {
    let mut traffic = Traffic::new(messages, seed, CHAT);
    let mut text = Vec::new();
    let mut line = Vec::new();
    // The line of the system itself, before the first message.
    output.write_all("01.01.24, 00:59 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\n".as_bytes())?;
    while let Some(message) = traffic.next(&mut text) {
        line.clear();
        line.extend_from_slice(chat_time((message.at_ms / 1_000) as i64).as_bytes());
        line.extend_from_slice(match message.inbound {
            true => b" - Erika Kundin: ".as_slice(),
            false => b" - Kundendienst: ".as_slice(),
        });
        match message.index % 500 {
            0 => line.extend_from_slice(b"<Medien ausgeschlossen>"),
            _ => line.extend_from_slice(&text),
        }
        line.push(b'\n');
        output.write_all(&line)?;
    }
    Ok(())
}

type Push = fn(&Message, &mut Vec<u8>);

fn push_account(message: &Message, out: &mut Vec<u8>) {
    push_account_number(message.account, out);
}

/// From Berlin's numbers for film and television.
fn push_account_number(account: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"493023125");
    push_padded(account, 3, out);
}

fn push_person(message: &Message, out: &mut Vec<u8>) {
    push_person_number(message.person, out);
}

/// No range reserved for fiction holds millions of numbers; these are well formed, and begin as the
/// reserved ones do. They belong in benchmarks, not in a file that is passed on.
fn push_person_number(person: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"491760");
    push_padded(person, 7, out);
}

fn push_template(message: &Message, out: &mut Vec<u8>) {
    if let Some(campaign) = message.template {
        out.extend_from_slice(b"campaign_");
        push_number(campaign, out);
    }
}

fn push_wamid(seed: u64, index: u64, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(b"wamid.BENCH");
    push_number(index, out);
    out.push(b'X');
    let mixed = splitmix64(seed.rotate_left(32) ^ index);
    out.extend((0..8).map(|place| DIGITS[(mixed >> (4 * place) & 0xF) as usize]));
}

fn push_escaped(text: &[u8], quote: &[u8], line_break: &[u8], out: &mut Vec<u8>) {
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(quote),
            b'\n' => out.extend_from_slice(line_break),
            _ => out.push(*byte),
        }
    }
}

fn word_for(status: Status) -> &'static str {
    match status {
        Status::Sent => "sent",
        Status::Delivered => "delivered",
        Status::Read => "read",
        Status::Failed => "failed",
        Status::Received => "received",
    }
}

/// Writes times as `2024-01-01T00:00:00.000Z`; the date is worked out once a day.
#[derive(Default)]
struct Clock {
    day: i64,
    date: Vec<u8>,
}

impl Clock {
    fn push(&mut self, at_ms: u64, out: &mut Vec<u8>) {
        let seconds = at_ms / 1_000;
        let day = seconds as i64 / DAY;
        if day != self.day {
            let (year, month, day_of_month) = date_of(day);
            self.day = day;
            self.date = format!("{year:04}-{month:02}-{day_of_month:02}T").into_bytes();
        }
        out.extend_from_slice(&self.date);
        push_padded(seconds / 3_600 % 24, 2, out);
        out.push(b':');
        push_padded(seconds / 60 % 60, 2, out);
        out.push(b':');
        push_padded(seconds % 60, 2, out);
        out.push(b'.');
        push_padded(at_ms % 1_000, 3, out);
        out.push(b'Z');
    }
}
