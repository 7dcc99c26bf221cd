//! Gives each role its column: headers first, then what the values show, then vague words.
//! Every choice that could be another is told in a note.
//! What headers mean and what values look like is found in `header` and `shapes`.

use std::collections::{BTreeMap, HashSet};

use super::header::{self, Meaning, When, ZoneSaid};
use super::shapes::{self, Column, TimeKind};
use super::{Delimited, Found, Role, Sides};
use crate::ingest::time::{DateOrder, Zones};
use crate::message::Direction;

/// The roles as they are given out.
pub(super) struct Choice<'a> {
    known: &'a Delimited,
    names: &'a [String],
    columns: &'a [Column<'a>],
    header: bool,
    pub(super) found: BTreeMap<Role, (usize, Found)>,
    pub(super) notes: Vec<String>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(known: &'a Delimited, names: &'a [String], columns: &'a [Column<'a>], header: bool) -> Self {
        Self { known, names, columns, header, found: BTreeMap::new(), notes: Vec::new() }
    }

    fn name(&self, column: usize) -> &'a str {
        self.names.get(column).map_or("", String::as_str)
    }

    fn is_free(&self, column: usize) -> bool {
        !self.found.values().any(|(taken, _)| *taken == column)
    }

    /// Columns that no role has yet.
    fn free(&self) -> impl Iterator<Item = (usize, &'a Column<'a>)> {
        self.columns.iter().enumerate().filter(|(column, _)| self.is_free(*column))
    }

    /// Columns whose header means a time, the best send time first.
    fn headed_times(&self) -> Vec<(When, u16, usize, TimeKind)> {
        let mut times: Vec<_> = self
            .columns
            .iter()
            .enumerate()
            .filter_map(|(at, column)| {
                let meaning =
                    self.known.headers.meanings(self.name(at)).into_iter().filter_map(|meaning| match meaning {
                        Meaning::Time(when, rank) => Some((when, rank)),
                        Meaning::Role(..) => None,
                    });
                let (when, rank) = meaning.min()?;
                let kind = if column.values.is_empty() { TimeKind::Full } else { column.kind };
                (kind != TimeKind::None).then_some((when, rank, at, kind))
            })
            .collect();
        times.sort_unstable_by_key(|(when, rank, column, _)| (*when, *rank, *column));
        times
    }

    /// One column of both, a date with a time of day beside it, or a date alone: whichever means the send best.
    pub(super) fn times_by_header(&mut self) {
        let times = self.headed_times();
        let of = |kind: TimeKind| times.iter().filter(move |time| time.3 == kind);
        let full = of(TimeKind::Full).next();
        let pair = of(TimeKind::DateOnly)
            .flat_map(|date| of(TimeKind::ClockOnly).map(move |clock| (date, clock)))
            .map(|(date, clock)| {
                // "Versanddatum" and "Uhrzeit" are one moment; "Datum" and "Zustellzeit" are two.
                let plain = |when: When| when <= When::Said;
                let when = if plain(date.0) && plain(clock.0) { date.0.min(clock.0) } else { date.0.max(clock.0) };
                (when, date.2.abs_diff(clock.2), date.2, clock.2)
            })
            .min();
        let (when, column) = match (full, pair) {
            (Some((when, _, column, _)), pair) if pair.is_none_or(|pair| *when <= pair.0) => {
                self.found.insert(Role::SentAt, (*column, Found::Alias));
                (*when, *column)
            }
            (_, Some((when, _, date, clock))) => {
                self.found.insert(Role::Date, (date, Found::Alias));
                self.found.insert(Role::Time, (clock, Found::Alias));
                (when, date)
            }
            _ => {
                let Some((when, _, column, _)) = of(TimeKind::DateOnly).next() else { return };
                self.found.insert(Role::SentAt, (*column, Found::Alias));
                (*when, *column)
            }
        };
        if when >= When::Received {
            self.found.values_mut().filter(|(taken, _)| *taken == column).for_each(|(_, found)| *found = Found::Weak);
            self.notes
                .push(format!("no column is named as the time of sending; `{}` stands in for it", self.name(column)));
        }
    }

    /// Every other role: the column whose header names it best and whose values do not speak against it.
    pub(super) fn roles_by_header(&mut self) {
        let meanings: Vec<Vec<Meaning>> = self.names.iter().map(|name| self.known.headers.meanings(name)).collect();
        for role in Role::ALL {
            if self.found.contains_key(&role) || matches!(role, Role::SentAt | Role::Date | Role::Time) {
                continue;
            }
            let rank = |column: usize| {
                let ranks = meanings.get(column)?.iter().filter_map(|meaning| match meaning {
                    Meaning::Role(named, rank) if *named == role => Some(*rank),
                    _ => None,
                });
                ranks.min()
            };
            let fits = |column: &Column<'_>, rank: u16| {
                column.fits(self.known, role)
                    && match role {
                        Role::Recipient if rank == header::CONTACT_ONLY => column.addresses >= shapes::SHARE_WITH_ALIAS,
                        Role::Recipient | Role::Sender => rank < header::CONTACT_ONLY - 1 || !column.is_counter(),
                        Role::MessageId if rank == header::BARE_ID => !column.is_no_id(),
                        // "Type" is a direction or a category only where its values say so.
                        Role::Direction if rank > 1000 => {
                            column.share(|value| self.known.direction.get(value).is_some()) >= shapes::SHARE
                        }
                        Role::Category if rank > 1000 => {
                            column.share(|value| self.known.category.get(value).is_some()) >= shapes::SHARE
                        }
                        _ => true,
                    }
            };
            let candidates = self.free().filter_map(|(at, column)| {
                let rank = rank(at).filter(|rank| fits(column, *rank))?;
                // People before their names: a column of addresses wins over one of names.
                let no_address = matches!(role, Role::Sender | Role::Recipient)
                    && column.filled > 0
                    && column.addresses < shapes::SHARE_WITH_ALIAS
                    && (role == Role::Recipient || column.distinct > 1);
                Some((no_address, rank, at))
            });
            if let Some((.., column)) = candidates.min() {
                self.found.insert(role, (column, Found::Alias));
            }
        }
    }

    /// What no header gave, by the values alone.
    pub(super) fn by_shape(&mut self) {
        if !self.found.contains_key(&Role::SentAt) && !self.found.contains_key(&Role::Date) {
            self.times_by_shape();
        }
        if !self.found.contains_key(&Role::Recipient) {
            let candidates: Vec<(usize, usize)> = self
                .free()
                .filter(|(_, column)| column.addresses >= shapes::SHARE && !column.is_counter())
                // Unix times look like telephone numbers; a header that says something else is believed.
                .filter(|(at, column)| {
                    column.strict != TimeKind::Full && !(self.header && self.known.headers.knows(self.name(*at)))
                })
                .map(|(at, column)| (column.distinct, at))
                .collect();
            let recipient = candidates.iter().copied().max_by_key(|(distinct, at)| (*distinct, std::cmp::Reverse(*at)));
            if let Some((distinct, recipient)) = recipient {
                self.found.insert(Role::Recipient, (recipient, Found::Shape));
                let sender = candidates.into_iter().find(|(_, at)| *at != recipient);
                if let Some((others, sender)) = sender.filter(|_| !self.found.contains_key(&Role::Sender)) {
                    self.found.insert(Role::Sender, (sender, Found::Shape));
                    if others * 2 > distinct {
                        self.notes.push("which of two columns of addresses holds the recipients is a guess".to_owned());
                    }
                }
            }
        }
        for role in [Role::Direction, Role::Status] {
            if self.found.contains_key(&role) {
                continue;
            }
            let is_word = |value: &str| match role {
                Role::Direction => self.known.direction.get(value).is_some(),
                _ => self.known.status.get(value).is_some(),
            };
            let candidates: Vec<usize> = self
                .free()
                .filter(|(_, column)| column.share(is_word) >= shapes::SHARE)
                // "sent" and "received" are words of both; a column is a direction only where both sides occur.
                .filter(|(_, column)| role != Role::Direction || shapes::both_sides(self.known, column))
                .map(|(at, _)| at)
                .collect();
            if let Some(column) = candidates.first().copied() {
                self.found.insert(role, (column, Found::Shape));
            }
        }
        if !self.found.contains_key(&Role::Text) {
            // Under a header that is no text, names and remarks are none either: only prose is.
            let text = |at: usize, column: &Column<'_>| {
                let named = self.known.headers.knows(self.name(at));
                shapes::is_wordy(column) && (!self.header || (!named && shapes::is_prose(column)))
            };
            let length = |column: &Column<'_>| column.values.iter().map(|value| value.len()).sum::<usize>();
            let best = self.free().filter(|(at, column)| text(*at, column)).max_by_key(|(_, column)| length(column));
            if let Some((column, _)) = best {
                self.found.insert(Role::Text, (column, Found::Shape));
            }
        }
    }

    fn times_by_shape(&mut self) {
        let of = |kind: TimeKind| self.free().filter(move |(_, column)| column.strict == kind);
        let full: Vec<usize> = of(TimeKind::Full).map(|(at, _)| at).collect();
        // Numbers can be both Unix seconds and telephone numbers: stamps with separators win, then order.
        let digits = |at: &usize| self.columns.get(*at).is_some_and(Column::is_digits);
        if let Some(best) = full.iter().copied().min_by_key(digits) {
            let rivals = full.iter().filter(|at| digits(at) == digits(&best)).count();
            self.found.insert(Role::SentAt, (best, Found::Shape));
            if rivals > 1 {
                let name = self.name(best);
                self.notes.push(format!(
                    "{rivals} columns of unknown names hold times; `{name}` is taken as the time of sending by a guess"
                ));
            }
            return;
        }
        let date = of(TimeKind::DateOnly).next().map(|(at, _)| at);
        let clock = of(TimeKind::ClockOnly).next().map(|(at, _)| at);
        match (date, clock) {
            (Some(date), Some(clock)) => {
                self.found.insert(Role::Date, (date, Found::Shape));
                self.found.insert(Role::Time, (clock, Found::Shape));
            }
            (Some(date), None) => {
                self.found.insert(Role::SentAt, (date, Found::Shape));
            }
            (None, _) => {}
        }
    }

    /// Names or keys as recipients, where the export has no addresses.
    pub(super) fn weak_recipient(&mut self) -> bool {
        if !self.header {
            return false;
        }
        let words = self.known.weak.get(&Role::Recipient).map_or(&[][..], Vec::as_slice);
        let candidate = self.free().filter_map(|(at, column)| {
            let name = self.name(at);
            let rank = words.iter().position(|word| header::tokens(name).any(|token| token == *word))?;
            Some((column.distinct, std::cmp::Reverse(rank), std::cmp::Reverse(at)))
        });
        let Some((_, _, std::cmp::Reverse(column))) = candidate.max() else { return false };
        self.found.insert(Role::Recipient, (column, Found::Weak));
        true
    }

    /// The send time's column, and behind it every other column whose header may mean a send time.
    pub(super) fn times(&self) -> Vec<usize> {
        let Some((first, how)) = self.found.get(&Role::SentAt).copied() else { return Vec::new() };
        let others = self
            .headed_times()
            .into_iter()
            .filter(|(when, .., kind)| how == Found::Alias && *when <= When::Created && *kind == TimeKind::Full);
        std::iter::once(first).chain(others.map(|time| time.2).filter(|column| self.is_free(*column))).collect()
    }

    /// Whether the address columns change places in messages that come in: the rows tell, else the headers.
    pub(super) fn sides(&self) -> Sides {
        let column =
            |role: Role| self.found.get(&role).and_then(|(column, _)| Some((*column, self.columns.get(*column)?)));
        let (Some((sender_at, sender)), Some((recipient_at, recipient)), Some((_, direction))) =
            (column(Role::Sender), column(Role::Recipient), column(Role::Direction))
        else {
            return Sides::FromTo;
        };
        let rows = || {
            let values = sender.values.iter().zip(&recipient.values).zip(&direction.values);
            values.map(|((sender, recipient), direction)| (*sender, *recipient, self.known.direction.get(direction)))
        };
        let ours: HashSet<&str> = rows()
            .filter(|row| row.2 == Some(Direction::Outbound))
            .map(|row| row.0)
            .filter(|one| !one.is_empty())
            .collect();
        let inbound = || rows().filter(|row| row.2 == Some(Direction::Inbound));
        let (stays, moves) = (
            inbound().filter(|row| ours.contains(row.0)).count(),
            inbound().filter(|row| ours.contains(row.1)).count(),
        );
        let headers = &self.known.headers;
        let named = headers.names_account(self.name(sender_at)) && headers.names_contact(self.name(recipient_at));
        match stays.cmp(&moves) {
            std::cmp::Ordering::Greater => Sides::Fixed,
            std::cmp::Ordering::Equal if named && self.header => Sides::Fixed,
            _ => Sides::FromTo,
        }
    }

    /// The zone and the order of day and month that the header of the send time states.
    pub(super) fn said_of_times(&mut self) -> (Option<String>, Option<DateOrder>) {
        if !self.header {
            return (None, None);
        }
        let roles = [Role::SentAt, Role::Time, Role::Date];
        let names: Vec<&str> =
            roles.iter().filter_map(|role| self.found.get(role)).map(|(column, _)| self.name(*column)).collect();
        let order = names.iter().find_map(|name| header::order_of(name));
        for name in names {
            match header::zone_of(name) {
                ZoneSaid::Zone(zone) if Zones::named(&zone).is_ok() => return (Some(zone), order),
                ZoneSaid::Vague(word) => {
                    self.notes.push(format!(
                        "the header `{name}` names the zone {word}, which does not say whether summer time counts; name the zone with --timezone or in the case file"
                    ));
                }
                _ => {}
            }
        }
        (None, order)
    }
}
