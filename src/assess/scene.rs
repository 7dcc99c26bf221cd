//! What triggers look at: the grounds, and what is worked out from them once for all rules.
//! Clients of accounts, advertising, who sent when, the consent register. No rule is applied here.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;

use super::Grounds;
use super::calendar::Calendar;
use super::pack::Rule;
use super::register::Register;
use crate::case::{ClientEntry, Moment};
use crate::detect::groups;
use crate::message::{Category, Direction, Form, Messages, Platform};

/// See the module.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The grounds.
    pub grounds: Grounds<'a>,
    /// Consents.
    pub register: Register<'a>,
    /// For each account, the number of its client; an account without one is a client of its own.
    pub client_of: Vec<u32>,
    /// For each row, whether it is advertising: sent out, and marketing by its category or part of a campaign whose
    /// category says nothing else.
    pub advertising: Vec<bool>,
    /// Rows of each account by time.
    pub rows_of: Vec<Vec<u32>>,
}

impl<'a> Scene<'a> {
    /// Works out what triggers share.
    #[must_use]
    pub fn new(grounds: Grounds<'a>) -> Self {
        let messages = grounds.messages;
        let client_of = number_clients(messages);
        let register = Register::new(grounds.consents, messages, client_of.clone());
        let rows_of = groups::by_account(&messages.columns, messages.accounts.len());
        let columns = &messages.columns;
        let advertising = (0..columns.len())
            .map(|row| {
                let mass = grounds.activity.marks.campaign.get(row).is_some_and(|campaign| *campaign > 0);
                columns.direction.get(row) == Some(&Direction::Outbound)
                    && match columns.category.get(row).copied().unwrap_or_default() {
                        Category::Marketing => true,
                        Category::Unknown => mass,
                        _ => false,
                    }
            })
            .collect();
        Self { grounds, register, client_of, advertising, rows_of }
    }

    /// The messages.
    #[must_use]
    pub fn messages(&self) -> &'a Messages {
        self.grounds.messages
    }

    /// The matter's calendar.
    #[must_use]
    pub fn calendar(&self) -> &'a Calendar {
        self.grounds.calendar
    }

    /// When a row was sent, UTC milliseconds.
    #[must_use]
    pub fn sent_at(&self, row: u32) -> i64 {
        self.messages().columns.sent_at.get(row as usize).copied().unwrap_or_default()
    }

    /// Account of a row.
    #[must_use]
    pub fn account(&self, row: u32) -> u32 {
        self.messages().columns.account.get(row as usize).copied().unwrap_or_default()
    }

    /// Recipient of a row.
    #[must_use]
    pub fn recipient(&self, row: u32) -> u32 {
        self.messages().columns.recipient.get(row as usize).copied().unwrap_or_default()
    }

    /// Whether a row was sent out.
    #[must_use]
    pub fn is_outbound(&self, row: u32) -> bool {
        self.messages().columns.direction.get(row as usize) == Some(&Direction::Outbound)
    }

    /// Whether a row was sent outside the recipient's service window.
    #[must_use]
    pub fn is_initiated(&self, row: u32) -> bool {
        self.grounds.activity.marks.initiated.get(row as usize) == Some(&true)
    }

    /// Whether a row is advertising.
    #[must_use]
    pub fn is_advertising(&self, row: u32) -> bool {
        self.advertising.get(row as usize) == Some(&true)
    }

    /// Whether a row is free text; `None` where the export does not say.
    #[must_use]
    pub fn is_free_form(&self, row: u32) -> Option<bool> {
        match self.messages().columns.form.get(row as usize)? {
            Form::FreeForm => Some(true),
            Form::Template => Some(false),
            Form::Unknown => None,
        }
    }

    /// Number of the campaign of a row, from 1; 0 for none.
    #[must_use]
    pub fn campaign(&self, row: u32) -> u32 {
        self.grounds.activity.marks.campaign.get(row as usize).copied().unwrap_or_default()
    }

    /// The contents of which one text is known that a test says yes to; each is asked once, however often it was sent.
    pub fn contents_where(&self, test: impl Fn(&str) -> bool) -> BTreeSet<u32> {
        let words = self.messages().contents.words.iter();
        let saying = words.filter(|(_, words)| !words.sample.is_empty() && test(&words.sample));
        saying.map(|(content, _)| *content).collect()
    }

    /// Content of a row.
    #[must_use]
    pub fn content(&self, row: u32) -> u32 {
        self.messages().columns.content.get(row as usize).copied().unwrap_or_default()
    }

    /// What the case file knows of the client of an account.
    #[must_use]
    pub fn client(&self, account: u32) -> Option<&'a ClientEntry> {
        let name = self.messages().accounts.get(account as usize)?.client.as_deref()?;
        self.grounds.case.client(name)
    }

    /// The instant from which a moment of the case file counts.
    #[must_use]
    pub fn instant(&self, moment: Moment) -> i64 {
        match moment {
            Moment::Day(day) => self.calendar().end(day),
            Moment::Instant(at) => at,
        }
    }

    /// Whether a rule covers the route, platform and country of a row. Its days are looked at later.
    #[must_use]
    pub fn covers(&self, rule: &Rule, platforms: &[Platform], row: u32) -> bool {
        let columns = &self.messages().columns;
        let row = row as usize;
        let platforms = rule.platforms.as_deref().unwrap_or(platforms);
        let on_platform = columns.platform.get(row).is_some_and(|platform| platforms.contains(platform));
        let on_route =
            rule.routes.is_empty() || columns.route.get(row).is_some_and(|route| rule.routes.contains(route));
        on_platform && on_route && self.is_in(&rule.countries, row)
    }

    /// Whether a row's recipient is in one of these countries. One whose country is not known is taken to be in the
    /// matter's own.
    #[must_use]
    pub fn is_in(&self, countries: &[String], row: usize) -> bool {
        if countries.is_empty() {
            return true;
        }
        match self.messages().country(row) {
            Some(country) => countries.iter().any(|code| code.as_bytes() == country),
            None => self.grounds.case.matter.country.as_ref().is_some_and(|country| countries.contains(country)),
        }
    }

    /// Rows by client and recipient, those of one pair by time.
    #[must_use]
    pub fn by_pair(&self, rows: Vec<u32>) -> Vec<Paired> {
        let paired = |row: u32| {
            let client = self.client_of.get(self.account(row) as usize).copied().unwrap_or_default();
            Paired { pair: (client, self.recipient(row)), at: self.sent_at(row), row }
        };
        let mut paired: Vec<Paired> = rows.into_iter().map(paired).collect();
        paired.par_sort_unstable();
        paired
    }

    /// All rows that a test says yes to, ascending.
    pub fn rows(&self, test: impl Fn(u32) -> bool) -> Vec<u32> {
        (0..self.messages().columns.len() as u32).filter(|row| test(*row)).collect()
    }
}

/// A row with the client that sent it and the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Paired {
    /// Number of the client, and recipient.
    pub pair: (u32, u32),
    /// UTC milliseconds.
    pub at: i64,
    /// The row.
    pub row: u32,
}

/// Whether an address of the case file is one of the log. Telephone numbers are compared by their digits, for people
/// write them with blanks, with `+`, or with `00`.
#[must_use]
pub fn is_same_address(written: &str, canonical: &str) -> bool {
    let digits = |text: &str| -> String {
        let all: String = text.chars().filter(char::is_ascii_digit).collect();
        all.trim_start_matches("00").to_owned()
    };
    let number = |text: &str| text.chars().all(|letter| letter.is_ascii_digit() || "+-() /.".contains(letter));
    written == canonical
        || (number(written) && number(canonical) && digits(written).len() >= 6 && digits(written) == digits(canonical))
}

/// Numbers the clients: accounts of one client have one number.
fn number_clients(messages: &Messages) -> Vec<u32> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let count = messages.accounts.len() as u32;
    messages
        .accounts
        .iter()
        .enumerate()
        .map(|(index, account)| match &account.client {
            Some(client) => {
                let next = count + numbers.len() as u32;
                *numbers.entry(client).or_insert(next)
            }
            None => index as u32,
        })
        .collect()
}
