//! The second export of the matter: the help desk at the official interface in January 2020, as
//! lines in the shape of Meta's Cloud API webhooks.
//!
//! Every answer goes out within 24 hours of the customer's message. Most customers get the same
//! canned greeting first: one content, many recipients, and still no campaign.

use crate::calendar::{DAY, HOUR, MINUTE, berlin};
use crate::editions::FIRST_NAMES;
use crate::envelope::{self, Inbound, Status};
use crate::json::{Json, count, text};
use crate::numbers;
use crate::random::Random;

pub const FILE: &str = "webhooks-2020-01.jsonl";

/// What the provider's system calls the canned greeting.
const GREETING: &str = "begruessung";
const CUSTOMERS: usize = 72;
/// The customer who switches advertising off, and the one who later switches it on again.
const SWITCHED_OFF: usize = 30;
const SWITCHED_BACK: usize = 11;

const QUESTIONS: [&str; 16] = [
    "Guten Tag, meine Zeitung kam heute nicht.",
    "Hallo, ich ziehe um. Wie ändere ich die Adresse?",
    "Was kostet das E-Paper im Studium?",
    "Die Rechnung vom Dezember stimmt nicht.",
    "Kann ich mein Abo im Urlaub ruhen lassen?",
    "Ich möchte eine Kleinanzeige aufgeben:\nKinderwagen, blau, 60 Euro",
    "Wo finde ich den Artikel über die Talstrecke?",
    "Gibt es noch Karten für die Lesung?",
    "Das Passwort für die App geht nicht mehr",
    "Bitte um Rückruf wegen der Traueranzeige.",
    "Ist das Gewinnspiel schon ausgelost?",
    "Der Bote klingelt jeden Morgen um vier!",
    "Haben Sie das Heft \"Wandern im Unterland\" noch?",
    "Ich habe zweimal bezahlt; was nun?",
    "Wie erreiche ich die Sportredaktion?",
    "Meine Mutter ist verstorben, ich muss ihr Abo kündigen.",
];

/// Codes Meta gives for a message that did not arrive, with their titles.
const ERRORS: [(i64, &str); 2] = [(131_026, "Message undeliverable"), (131_000, "Something went wrong")];

#[derive(Default)]
struct Counts {
    inbound: usize,
    sent: usize,
    delivered: usize,
    read: usize,
    failed: usize,
    outbound: usize,
    greeted: usize,
    preferences: usize,
    templates: usize,
}

pub struct Webhooks {
    /// Each line with the second at which it arrived.
    lines: Vec<(i64, String)>,
    counts: Counts,
}

struct Making {
    random: Random,
    numbers: Vec<String>,
    made: Webhooks,
}

impl Webhooks {
    pub fn new(seed: u64) -> Webhooks {
        // Not the newsletter's sequence again, or the two files would be related.
        let mut random = Random::new(!seed);
        let mut numbers = numbers::subscribers(420);
        random.shuffle(&mut numbers);
        let mut making = Making { random, numbers, made: Webhooks { lines: Vec::new(), counts: Counts::default() } };
        for customer in 0..CUSTOMERS {
            making.conversation(customer);
        }
        making.preferences();
        making.template();
        let mut made = making.made;
        made.lines.sort_by_key(|(arrived, _)| *arrived);
        made
    }

    pub fn json_lines(&self) -> String {
        let lines = self.lines.iter();
        lines.flat_map(|(_, line)| [line.as_str(), "\n"]).collect()
    }

    pub fn truth(&self) -> Json {
        let counts = &self.counts;
        Json::Object(vec![
            ("file", text(FILE)),
            ("account", text(numbers::HELP_DESK)),
            ("lines", count(self.lines.len())),
            ("inbound", count(counts.inbound)),
            ("outbound", count(counts.outbound)),
            ("outbound_recipients", count(CUSTOMERS)),
            ("outbound_failed", count(counts.failed)),
            ("initiated_messages", count(0)),
            ("campaigns", count(0)),
            (
                "status_lines",
                Json::Object(vec![
                    ("sent", count(counts.sent)),
                    ("delivered", count(counts.delivered)),
                    ("read", count(counts.read)),
                    ("failed", count(counts.failed)),
                ]),
            ),
            ("user_preferences", count(counts.preferences)),
            ("template_events", count(counts.templates)),
            (
                "greeting",
                Json::Object(vec![
                    ("name", text(GREETING)),
                    ("messages", count(counts.greeted)),
                    ("recipients", count(counts.greeted)),
                ]),
            ),
        ])
    }
}

impl Making {
    fn conversation(&mut self, customer: usize) {
        // The two who switch advertising off write at fixed times, so that no answer falls
        // between the switch and a change of mind.
        let day = match customer {
            SWITCHED_OFF => 6,
            SWITCHED_BACK => 22,
            _ => self.random.between(2, 30),
        };
        let asked = berlin((2020, 1, day), 7, 0, 0) + self.random.between(0, 14 * HOUR);
        let question = *self.random.pick(&QUESTIONS);
        let forwarded = customer % 24 == 5;
        self.receive(asked, customer, question, forwarded);
        // Three wrote to a human who was faster than the greeting.
        if customer % 24 != 7 {
            self.made.counts.greeted += 1;
            let greeted = asked + self.random.between(2, 20);
            self.answer(greeted, customer, GREETING);
        }
        // One answer comes at the very end of the window, and still inside it.
        let thought = match customer {
            40 => DAY - 17 * MINUTE,
            _ => self.random.between(5 * MINUTE, 9 * HOUR),
        };
        let ticket = format!("ticket-{}", 4_000 + customer * 7);
        self.answer(asked + thought, customer, &ticket);
        if self.random.chance(2, 5) {
            let thanks = asked + thought + self.random.between(2 * MINUTE, HOUR);
            self.receive(thanks, customer, "Vielen Dank!", false);
            if self.random.chance(1, 3) {
                let welcome = thanks + self.random.between(30, HOUR);
                self.answer(welcome, customer, &ticket);
            }
        }
    }

    fn receive(&mut self, at: i64, customer: usize, body: &str, forwarded: bool) {
        let line = envelope::inbound(&Inbound {
            id: &self.message_id(),
            at,
            number: &self.wa_id(customer),
            name: FIRST_NAMES[customer % FIRST_NAMES.len()],
            body,
            forwarded,
        });
        self.made.counts.inbound += 1;
        self.made.lines.push((at + 1, line));
    }

    /// One message of the help desk, as the webhooks that tell of it.
    fn answer(&mut self, at: i64, customer: usize, name: &str) {
        let index = self.made.counts.outbound;
        self.made.counts.outbound += 1;
        let id = self.message_id();
        let number = self.wa_id(customer);
        let conversation = format!("{:016x}{:016x}", self.random.next(), self.random.next());
        let told = |status, at, error| {
            envelope::status(&Status {
                id: &id,
                status,
                at,
                number: &number,
                callback_data: name,
                conversation: &conversation,
                error,
            })
        };
        // Webhooks overtake each other: some arrive minutes or an hour after the next.
        let sent_arrives = at + self.delay(4 * MINUTE);
        self.made.counts.sent += 1;
        self.made.lines.push((sent_arrives, told("sent", at, None)));
        if index % 37 == 20 {
            let error = ERRORS[index / 37 % ERRORS.len()];
            let failed = told("failed", at + 3, Some(error));
            self.made.counts.failed += 1;
            self.made.lines.push((at + 4, failed));
            return;
        }
        let delivered = at + self.random.between(1, 20);
        // Of a message read at once, no `delivered` is ever told.
        let read_at_once = self.random.chance(1, 12);
        if !read_at_once {
            let arrives = delivered + self.delay(HOUR);
            let line = told("delivered", delivered, None);
            self.made.counts.delivered += 1;
            self.made.lines.push((arrives, line));
        }
        if read_at_once || self.random.chance(4, 5) {
            let later = if read_at_once { 2 } else { self.random.between(3, 3 * HOUR) };
            let read = delivered + later;
            self.made.counts.read += 1;
            self.made.lines.push((read + 1, told("read", read, None)));
        }
    }

    /// How long a webhook is under way: seconds, and one in six is `late`.
    fn delay(&mut self, late: i64) -> i64 {
        let seconds = self.random.between(0, 2);
        if self.random.chance(1, 6) { late + seconds } else { seconds }
    }

    fn preferences(&mut self) {
        let changes = [(SWITCHED_OFF, 14, "stop"), (SWITCHED_BACK, 10, "stop"), (SWITCHED_BACK, 20, "resume")];
        for (customer, day, value) in changes {
            let at = berlin((2020, 1, day), 19, 12, 40);
            let line = envelope::preference(&self.wa_id(customer), value, at);
            self.made.counts.preferences += 1;
            self.made.lines.push((at + 2, line));
        }
    }

    /// The only line that tells of no message and no wish.
    fn template(&mut self) {
        let at = berlin((2020, 1, 16), 10, 4, 0);
        let line = envelope::template_approved("abo_verlaengerung");
        self.made.counts.templates += 1;
        self.made.lines.push((at, line));
    }

    fn message_id(&mut self) -> String {
        format!("wamid.UNTERLAND{:016X}", self.random.next())
    }

    /// Meta writes numbers without the plus sign.
    fn wa_id(&self, customer: usize) -> String {
        self.numbers[customer].trim_start_matches('+').to_owned()
    }
}
