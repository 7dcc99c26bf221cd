//! The first export of the matter: what the provider's panel gave out about the newsletter.

use crate::calendar::{DAY, HOUR, MINUTE, berlin, german, local_date};
use crate::editions::{EDITIONS, FIRST_NAMES, Pace, REMARKS, STOP_WORDS};
use crate::numbers;
use crate::random::Random;

pub const FILE: &str = "newsletter-2019.csv";
/// The panel's word for a message that did not arrive.
pub const FAILED: &str = "fehlgeschlagen";

const SUBSCRIBERS: usize = 420;
/// The others sign up while the log runs, and the log shows how.
const FROM_THE_START: usize = 396;
/// Served on although they had said STOP, once each; both have German numbers.
const STOP_IGNORED: [(usize, Day); 2] = [(18, (2019, 11, 12)), (146, (2019, 12, 7))];
/// Said STOP and then START: what follows is lawful and must not count as sent after STOP.
const CAME_BACK: (usize, Day) = (88, (2019, 10, 22));
/// Entered twice by a merge of lists, and served twice each evening since.
const LISTED_TWICE: [usize; 3] = [25, 201, 333];
const MERGED: Day = (2019, 11, 10);

type Day = (i64, i64, i64);

/// One row of the panel, before it is written.
pub struct Row {
    pub id: String,
    /// Unix seconds.
    pub at: i64,
    pub person: usize,
    pub text: String,
    pub status: &'static str,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A message of the edition with this index.
    Sent(usize),
    Remark,
    Stop,
    Start,
}

pub struct Newsletter {
    pub numbers: Vec<String>,
    pub rows: Vec<Row>,
}

/// When a subscriber is served: from one time until before another.
struct Spell {
    person: usize,
    from: i64,
    until: i64,
}

struct Making {
    random: Random,
    rows: Vec<Row>,
    spells: Vec<Spell>,
}

impl Newsletter {
    pub fn new(seed: u64) -> Newsletter {
        let mut making = Making { random: Random::new(seed), rows: Vec::new(), spells: Vec::new() };
        let mut numbers = numbers::subscribers(SUBSCRIBERS);
        making.random.shuffle(&mut numbers);
        making.sign_up();
        for index in 0..EDITIONS.len() {
            let end = making.send(index);
            making.answer(index, end);
        }
        let mut rows = making.rows;
        // Stable, so rows of one second keep the order in which they were sent.
        rows.sort_by_key(|row| row.at);
        for (position, row) in rows.iter_mut().enumerate() {
            row.id = format!("KW{}", 100_001 + position);
        }
        Newsletter { numbers, rows }
    }

    pub fn csv(&self) -> String {
        let mut out =
            String::from("\u{feff}Nachrichten-ID;Gesendet am;Absender;Empfänger;Nachricht;Status;Richtung\r\n");
        for row in &self.rows {
            let reader = self.numbers[row.person].as_str();
            let (sender, recipient, direction) = match row.kind {
                Kind::Sent(_) => (numbers::NEWSLETTER, reader, "ausgehend"),
                _ => (reader, numbers::NEWSLETTER, "eingehend"),
            };
            let body = row.text.replace('"', "\"\"");
            out += &format!(
                "{};{};{sender};{recipient};\"{body}\";{};{direction}\r\n",
                row.id,
                german(row.at),
                row.status
            );
        }
        out
    }
}

impl Making {
    fn sign_up(&mut self) {
        let always = i64::MIN;
        for person in 0..FROM_THE_START {
            self.subscribe(person, always);
        }
        for person in FROM_THE_START..SUBSCRIBERS {
            let days = self.random.between(1, 60) * DAY;
            let morning = self.random.between(8 * HOUR, 16 * HOUR);
            let at = berlin((2019, 10, 1), 0, 0, 0) + days + morning;
            self.receive(at, person, "Start", Kind::Start);
            self.subscribe(person, at);
        }
        // A remark in the hour that comes twice, so the wall time alone does not say when.
        self.receive(berlin((2019, 10, 27), 2, 31, 7), 5, "Schlaflos...", Kind::Remark);
    }

    fn subscribe(&mut self, person: usize, from: i64) {
        self.spells.push(Spell { person, from, until: i64::MAX });
    }

    /// Sends an edition to all who are subscribed, and returns when the last message left.
    fn send(&mut self, index: usize) -> i64 {
        let edition = &EDITIONS[index];
        let (hour, minute) = edition.starts;
        let second = self.random.between(0, 9);
        let start = berlin(edition.date, hour, minute, second);
        let mut list: Vec<usize> = self
            .spells
            .iter()
            .filter(|spell| (spell.from..spell.until).contains(&start))
            .map(|spell| spell.person)
            .collect();
        if start > berlin(MERGED, 0, 0, 0) {
            list.extend(LISTED_TWICE);
        }
        let times = self.times(start, &edition.pace, list.len());
        for (&person, &at) in list.iter().zip(&times) {
            let text = edition.text.replace("{name}", FIRST_NAMES[person % FIRST_NAMES.len()]);
            let status = match self.random.below(100) {
                0..3 => FAILED,
                3..40 => "zugestellt",
                _ => "gelesen",
            };
            self.push(at, person, text, status, Kind::Sent(index));
        }
        times.last().copied().unwrap_or(start)
    }

    fn times(&mut self, start: i64, pace: &Pace, messages: usize) -> Vec<i64> {
        let even;
        let batches: &[(i64, usize, i64)] = match pace {
            Pace::Even(per_hundred_seconds) => {
                even = [(0, usize::MAX, *per_hundred_seconds)];
                &even
            }
            Pace::Batches(batches) => batches,
        };
        let mut times = Vec::with_capacity(messages);
        for &(after, size, per_hundred_seconds) in batches {
            let full = times.len().saturating_add(size).min(messages);
            let mut second = start + after;
            // In whole numbers, hundredths of a message: no rounding differs between machines.
            let mut due = 99;
            while times.len() < full {
                // Now and then the provider's connection hiccups.
                if !self.random.chance(1, 40) {
                    due += per_hundred_seconds * self.random.between(85, 115) / 100;
                }
                while due >= 100 && times.len() < full {
                    times.push(second);
                    due -= 100;
                }
                second += 1;
            }
        }
        times
    }

    /// What readers write back after an edition that ended at `end`.
    fn answer(&mut self, index: usize, end: i64) {
        let late = EDITIONS[index].starts.0 > 20;
        for (person, day) in STOP_IGNORED {
            if EDITIONS[index].date == day {
                let next_gone = EDITIONS[index + 1].date;
                self.receive(end + 11 * MINUTE, person, "STOP", Kind::Stop);
                self.leave(person, berlin(next_gone, 23, 0, 0));
            }
        }
        let (person, day) = CAME_BACK;
        if EDITIONS[index].date == day {
            let gone = end + 4 * MINUTE;
            self.receive(gone, person, "Stopp", Kind::Stop);
            self.leave(person, gone);
            let back = berlin((2019, 11, 4), 16, 20, 33);
            self.receive(back, person, "START", Kind::Start);
            self.subscribe(person, back);
        }
        let stops = if late { 4 } else { self.random.between(0, 2) };
        for _ in 0..stops {
            let at = self.moment(end, late);
            let person = self.anyone(at);
            let word = *self.random.pick(&STOP_WORDS);
            self.receive(at, person, word, Kind::Stop);
            self.leave(person, at);
        }
        for _ in 0..self.random.between(1, 4) {
            let at = self.moment(end, late);
            let person = self.anyone(at);
            let remark = *self.random.pick(&REMARKS);
            self.receive(at, person, remark, Kind::Remark);
        }
    }

    /// Most answer within the hours after; of a newsletter at midnight, half read in the morning.
    fn moment(&mut self, end: i64, late: bool) -> i64 {
        if late && self.random.chance(1, 2) {
            end + self.random.between(7 * HOUR, 10 * HOUR)
        } else {
            end + self.random.between(MINUTE, 2 * HOUR)
        }
    }

    /// Somebody subscribed whose story is not told elsewhere.
    fn anyone(&mut self, at: i64) -> usize {
        loop {
            let position = self.random.below(self.spells.len() as u64) as usize;
            let spell = &self.spells[position];
            let told_elsewhere = spell.person == CAME_BACK.0
                || LISTED_TWICE.contains(&spell.person)
                || STOP_IGNORED.iter().any(|(person, _)| *person == spell.person);
            // Nobody leaves on the day of joining.
            if !told_elsewhere && spell.from < at - DAY && spell.until == i64::MAX {
                return spell.person;
            }
        }
    }

    fn leave(&mut self, person: usize, at: i64) {
        for spell in &mut self.spells {
            if spell.person == person && spell.until == i64::MAX {
                spell.until = at;
            }
        }
    }

    fn receive(&mut self, at: i64, person: usize, text: &str, kind: Kind) {
        self.push(at, person, text.to_owned(), "zugestellt", kind);
    }

    fn push(&mut self, at: i64, person: usize, text: String, status: &'static str, kind: Kind) {
        self.rows.push(Row { id: String::new(), at, person, text, status, kind });
    }
}

impl Row {
    pub fn outbound(&self) -> bool {
        matches!(self.kind, Kind::Sent(_))
    }

    /// The day in Berlin on which it was sent.
    pub fn day(&self) -> String {
        local_date(self.at)
    }
}
