//! Tables of no known format that are registers of consent: told by the words of their headers, else by their values.
//! A table that says of its times that something was sent is a log of sends, whatever else stands in it.
//! The words are data (`data/formats/registers.toml`); reading the lines is for `ingest/register.rs`.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::header::{self, BARE_ID, Meaning, When, ZoneSaid};
use super::shapes::{Column, SHARE, SHARE_WITH_ALIAS, TimeKind};
use super::{Delimited, Mapping, Role};
use crate::ingest::formats::schema::Consent;
use crate::ingest::formats::{ConsentKindOf, ProofColumns, TableConsent, register};
use crate::ingest::time::{OrderEvidence, Zones};
use crate::message::Status;

/// Name of the format in `inputs.csv`.
pub(super) const FORMAT: &str = "consent-register";
/// How sure a table is of being a register: by its headers, and where a column is known by its values only.
const BY_HEADER: u8 = 80;
const BY_SHAPE: u8 = 65;

/// What a column of a register holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Holds {
    Recipient,
    Email,
    OptInAt,
    OptOutAt,
    ConfirmedAt,
    At,
    State,
    Word,
    OptInFlag,
    OptOutFlag,
    Account,
    Channel,
    TextVersion,
    ObtainedFrom,
    Reference,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    small: Vec<String>,
    columns: BTreeMap<Holds, Vec<String>>,
    words: Words,
}

/// `[words]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    opt_in: Vec<String>,
    opt_out: Vec<String>,
    pub(super) nothing: Vec<String>,
    yes: Vec<String>,
    pub(super) no: Vec<String>,
    /// Words for any channel.
    pub(super) any_channel: Vec<String>,
    /// Words for channels that are none of ours.
    pub(super) other_channel: Vec<String>,
}

/// Everything that is known of registers.
#[derive(Debug)]
pub(super) struct Registers {
    small: HashSet<String>,
    columns: BTreeMap<Holds, Vec<String>>,
    pub(super) words: Words,
}

impl Registers {
    pub(super) fn new(file: File) -> Self {
        let mut registers =
            Self { small: file.small.into_iter().collect(), columns: BTreeMap::new(), words: file.words };
        let columns = file.columns.into_iter();
        registers.columns =
            columns.map(|(holds, names)| (holds, names.iter().map(|name| registers.key(name)).collect())).collect();
        registers
    }

    /// A header without what differs between registers that mean the same.
    fn key(&self, name: &str) -> String {
        header::tokens(name).filter(|word| !self.small.contains(word)).collect()
    }

    /// What a header names, with its rank in the list.
    fn of(&self, name: &str) -> BTreeMap<Holds, usize> {
        let key = self.key(name);
        let rank = |names: &Vec<String>| names.iter().position(|known| *known == key);
        self.columns.iter().filter_map(|(holds, names)| Some((*holds, rank(names)?))).collect()
    }
}

/// The columns of a table, as they are given out to what a register holds.
struct Choice<'a> {
    names: &'a [String],
    columns: &'a [Column<'a>],
    meanings: Vec<BTreeMap<Holds, usize>>,
    taken: HashSet<usize>,
    /// Whether a column was known by its values only.
    by_shape: bool,
}

impl<'a> Choice<'a> {
    /// The free column whose header names it best and whose values pass a test.
    fn take(&mut self, holds: Holds, test: impl Fn(&Column<'a>) -> bool) -> Option<usize> {
        let named = self.meanings.iter().enumerate().filter_map(|(at, of)| Some((*of.get(&holds)?, at)));
        let fits = |at: &usize| !self.taken.contains(at) && self.columns.get(*at).is_some_and(&test);
        let (_, at) = named.filter(|(_, at)| fits(at)).min()?;
        self.taken.insert(at);
        Some(at)
    }

    /// All free columns that a header names so.
    fn take_all(&mut self, holds: Holds) -> Vec<usize> {
        std::iter::from_fn(|| self.take(holds, |_| true)).collect()
    }

    /// The only free column whose values pass a test.
    fn take_by_shape(&mut self, test: impl Fn(&Column<'a>) -> bool) -> Option<usize> {
        let mut fit = self.columns.iter().enumerate().filter(|(at, column)| !self.taken.contains(at) && test(column));
        let (at, _) = fit.next()?;
        if fit.next().is_some() {
            return None;
        }
        self.taken.insert(at);
        self.by_shape = true;
        Some(at)
    }

    fn named(&self, columns: impl IntoIterator<Item = usize>) -> Vec<String> {
        columns.into_iter().filter_map(|at| self.names.get(at).cloned()).collect()
    }

    fn name(&self, column: usize) -> String {
        self.names.get(column).cloned().unwrap_or_default()
    }

    /// Whether a free column shows that the table is a log of sends.
    fn is_log(&self, known: &Delimited) -> bool {
        let free = self.names.iter().zip(self.columns).enumerate().filter(|(at, _)| !self.taken.contains(at));
        free.into_iter().any(|(_, (name, column))| {
            known.headers.meanings(name).into_iter().any(|meaning| match meaning {
                Meaning::Time(when, _) => when == When::Sent,
                Meaning::Role(Role::Text | Role::Direction | Role::Template | Role::Audience, _) => true,
                Meaning::Role(Role::MessageId, rank) => rank != BARE_ID,
                Meaning::Role(Role::Status, _) => {
                    let told = |value: &str| {
                        matches!(
                            known.status.get(value),
                            Some(Status::Sent | Status::Delivered | Status::Read | Status::Failed)
                        )
                    };
                    column.filled > 0 && column.share(told) >= SHARE_WITH_ALIAS
                }
                Meaning::Role(..) => false,
            })
        })
    }
}

/// Whether a column's filled values are all words of these lists, and one of them is of the first.
fn is_made_of(column: &Column<'_>, telling: &[&[String]], others: &[&[String]]) -> bool {
    let keys = |lists: &[&[String]]| -> HashSet<String> {
        lists.iter().flat_map(|list| list.iter()).map(|word| header::plain(word)).collect()
    };
    let (telling, others) = (keys(telling), keys(others));
    let values = || column.values.iter().filter(|value| !value.is_empty()).map(|value| header::plain(value));
    values().all(|value| telling.contains(&value) || others.contains(&value))
        && values().any(|value| telling.contains(&value))
}

/// The mapping of a register, where the table is one.
pub(super) fn mapping(known: &Delimited, names: &[String], columns: &[Column<'_>]) -> Option<Mapping> {
    let registers = &known.registers;
    let words = &registers.words;
    let meanings: Vec<_> = names.iter().map(|name| registers.of(name)).collect();
    let mut choice = Choice { names, columns, meanings, taken: HashSet::new(), by_shape: false };
    let is_time = |column: &Column<'_>| column.kind != TimeKind::None;
    let is_address = |column: &Column<'_>| column.addresses >= SHARE_WITH_ALIAS;
    // Words that also are states of delivery (`blocked`, `cancelado`) do not make a register alone.
    let tells = |value: &str| !value.is_empty() && known.status.get(value).is_none();
    let declares = |column: &Column<'_>| {
        is_made_of(column, &[&words.opt_in, &words.opt_out], &[&words.nothing, &words.no]) && column.share(tells) > 0.0
    };
    let says = |column: &Column<'_>| {
        is_made_of(column, &[&words.opt_in, &words.opt_out, &words.yes, &words.no], &[&words.nothing])
    };
    let opt_in_at = choice.take(Holds::OptInAt, is_time);
    let opt_out_at = choice.take(Holds::OptOutAt, |column| is_time(column) || column.filled == 0);
    let opt_in_flag = choice.take(Holds::OptInFlag, says);
    let opt_out_flag = choice.take(Holds::OptOutFlag, says);
    let state = choice.take(Holds::State, says);
    let found = [opt_in_at, opt_out_at, opt_in_flag, opt_out_flag, state].iter().any(Option::is_some);
    let word = choice.take(Holds::Word, declares);
    let word = if found { word } else { word.or_else(|| choice.take_by_shape(declares)) };
    if !found && word.is_none() {
        return None;
    }
    let confirmed = choice.take(Holds::ConfirmedAt, |_| true);
    let mut recipients: Vec<usize> = choice.take(Holds::Recipient, is_address).into_iter().collect();
    recipients.extend(choice.take(Holds::Email, is_address));
    if recipients.is_empty() {
        let address = |column: &Column<'_>| column.addresses >= SHARE && !is_time(column);
        recipients.extend(choice.take_by_shape(address));
    }
    let mut at = choice.take(Holds::At, is_time);
    if at.is_none() && opt_in_at.is_none() {
        at = choice
            .take_by_shape(|column| column.filled > 0 && matches!(column.strict, TimeKind::Full | TimeKind::DateOnly));
    }
    let account = choice.take(Holds::Account, is_address);
    let channel = choice.take(Holds::Channel, |_| true);
    let text_version = choice.take_all(Holds::TextVersion);
    let obtained_from = choice.take_all(Holds::ObtainedFrom);
    let reference = choice.take_all(Holds::Reference);
    if recipients.is_empty() || choice.is_log(known) {
        return None;
    }
    let confirmed_at = confirmed.filter(|at| columns.get(*at).is_some_and(is_time));
    let proof = ProofColumns {
        channel: channel.map(|at| choice.name(at)),
        text_version: choice.named(text_version),
        obtained_from: choice.named(obtained_from),
        reference: choice.named(reference),
        confirmed: choice.named(confirmed),
    };
    let consent = |kind, at: Vec<usize>, needs: Option<usize>, may_be_undated| TableConsent {
        kind,
        source: "register",
        recipients: choice.named(recipients.iter().copied()),
        at: choice.named(at),
        needs: needs.map(|at| choice.name(at)),
        account: account.map(|at| choice.name(at)),
        proof: proof.clone(),
        may_be_undated,
    };
    let list = |lists: &[&Vec<String>]| lists.iter().flat_map(|list| list.iter().cloned()).collect::<Vec<_>>();
    let told = |column: usize, opt_in: &[&Vec<String>], opt_out: &[&Vec<String>]| {
        let all = [&words.opt_in, &words.opt_out, &words.yes, &words.no, &words.nothing];
        let nothing =
            all.into_iter().filter(|one| !opt_in.iter().chain(opt_out).any(|other| std::ptr::eq(*one, *other)));
        ConsentKindOf::Told {
            column: choice.name(column),
            opt_in: list(opt_in),
            opt_out: list(opt_out),
            nothing: nothing.flatten().cloned().collect(),
        }
    };
    let mut consents = Vec::new();
    let granted: Vec<usize> = confirmed_at.into_iter().chain(opt_in_at.or(at)).collect();
    match (opt_in_at, opt_in_flag) {
        (Some(_), _) => {
            consents.push(consent(ConsentKindOf::Always(Consent::OptIn), granted.clone(), opt_in_at, false))
        }
        (None, Some(flag)) => {
            consents.push(consent(told(flag, &[&words.yes, &words.opt_in], &[]), granted.clone(), None, true));
        }
        (None, None) => {}
    }
    match (opt_out_at, opt_out_flag) {
        (Some(_), _) => {
            let at = opt_out_at.into_iter().collect();
            consents.push(consent(ConsentKindOf::Always(Consent::OptOut), at, opt_out_at, false));
        }
        (None, Some(flag)) => {
            consents.push(consent(
                told(flag, &[], &[&words.yes, &words.opt_out]),
                at.into_iter().collect(),
                None,
                false,
            ));
        }
        (None, None) => {}
    }
    let (ins, outs) = (opt_in_at.or(opt_in_flag).is_none(), opt_out_at.or(opt_out_flag).is_none());
    if let Some(column) = state.or(word)
        && (ins || outs)
    {
        let of_state = state.is_some();
        let opt_in: Vec<&Vec<String>> = match (ins, of_state) {
            (true, true) => vec![&words.opt_in, &words.yes],
            (true, false) => vec![&words.opt_in],
            (false, _) => Vec::new(),
        };
        let opt_out: Vec<&Vec<String>> = if outs { vec![&words.opt_out] } else { Vec::new() };
        let at = at.into_iter().chain(confirmed_at.filter(|_| at.is_none())).collect();
        consents.push(consent(told(column, &opt_in, &opt_out), at, None, ins));
    }
    let times = [opt_in_at, opt_out_at, confirmed_at, at];
    let mut evidence = OrderEvidence::default();
    if let Some(column) = times.iter().flatten().find_map(|at| columns.get(*at)) {
        column.values.iter().for_each(|value| evidence.see(value.as_bytes()));
    }
    let zone = times.iter().flatten().find_map(|at| match header::zone_of(names.get(*at)?) {
        ZoneSaid::Zone(zone) => Zones::named(&zone).ok(),
        ZoneSaid::Nothing | ZoneSaid::Vague(_) => None,
    });
    let format = register(FORMAT, consents, evidence.decide().order(), zone);
    Some(Mapping {
        format: FORMAT.to_owned(),
        confidence: if choice.by_shape { BY_SHAPE } else { BY_HEADER },
        header: true,
        names: names.to_vec(),
        known: Some(Arc::new(format)),
        ..Mapping::default()
    })
}
