//! One thing that was found, as a row of the stream `activity`: bursts, campaigns, and what is measured of accounts.
//! Numbers of rows, recipients, accounts and contents are those of all messages. Which fields a kind fills stands below,
//! and in docs/kernels.md. How things are found is not known here.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef, PrimitiveArray, StringArray};

use super::KernelError;
use super::schema::ACTIVITY;
use super::stream::{Out, Taken, lists, lists_of_fractions, lists_of_texts, read_folder};
use crate::detect::campaigns::{Campaign, JoinedBy, Run};
use crate::detect::limits::Reach;
use crate::detect::measures::{Intense, LimitCheck, LimitScope};
use crate::detect::of_accounts::Judged;
use crate::detect::of_contents::FoundCampaign;
use crate::detect::robustness::Setting;
use crate::detect::slices::Hot;
use crate::detect::speed::Step;
use crate::detect::transactional::Ground;
use crate::detect::{AccountActivity, Burst, Innocent, SetAside, id};

/// Rows of lists that are written at a time.
const PIECE_ROWS: usize = 1 << 20;
/// Stands for "never" in lists of numbers.
const NEVER: i64 = i64::MIN;

/// See the module. Numbers that are not told are absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Which kind of thing.
    pub what: String,
    id: String,
    account: Option<u32>,
    accounts: Vec<u32>,
    client: Option<String>,
    detector: Option<u32>,
    content: Option<u32>,
    start: Option<i64>,
    end: Option<i64>,
    messages: Option<u64>,
    recipients: Option<u64>,
    peak: Option<u64>,
    peak_at: Option<i64>,
    rows: Vec<u32>,
    beside: Vec<u32>,
    numbers: Vec<i64>,
    runs: Vec<i64>,
    fractions: Vec<Option<f64>>,
    depends_on: Vec<String>,
    texts: Vec<String>,
}

/// The numbers that rows and contents of a portion have among all messages.
#[derive(Clone, Copy, Debug)]
pub struct Numbers<'a> {
    /// Of rows.
    pub rows: &'a [u32],
    /// Of contents.
    pub contents: &'a [u32],
}

impl Numbers<'_> {
    fn row(self, local: u32) -> u32 {
        self.rows.get(local as usize).copied().unwrap_or_default()
    }

    fn rows(self, locals: &[u32]) -> Vec<u32> {
        locals.iter().map(|local| self.row(*local)).collect()
    }

    fn content(self, local: u32) -> u32 {
        self.contents.get(local as usize).copied().unwrap_or_default()
    }
}

/// What a row of `activity` tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// What an account did.
    Account(u32, AccountActivity),
    /// A burst.
    Burst(Judged),
    /// A limit check.
    Limit(LimitCheck),
    /// A limit check at the moments of one slice.
    LimitOfSlice(LimitCheck),
    /// A burst as one slice sees it.
    Hot(Hot),
    /// That a slice of a subject was worked on.
    Slice(u32, i32),
    /// The speed profile of an account.
    Speed(u32, Vec<Step>),
    /// A stretch of raised intensity.
    Intense(Intense),
    /// A campaign with its runs.
    Campaign(Box<FoundCampaign>),
    /// A content that is no campaign, and its first message.
    SetAside(SetAside, u32),
}

impl Found {
    /// As a row.
    #[must_use]
    pub fn told(self, numbers: Numbers<'_>) -> Told {
        match self {
            Self::Account(account, activity) => Told {
                what: "account".to_owned(),
                account: Some(account),
                messages: Some(activity.messages),
                recipients: Some(activity.recipients),
                start: activity.first_sent,
                end: activity.last_sent,
                numbers: vec![activity.inbound as i64, activity.initiated as i64],
                ..Told::default()
            },
            Self::Burst(Judged { burst, depends_on }) => Told {
                what: "burst".to_owned(),
                account: Some(burst.account),
                accounts: burst.accounts,
                detector: Some(burst.detector as u32),
                content: Some(numbers.content(burst.content)),
                start: Some(burst.start),
                end: Some(burst.end),
                recipients: Some(burst.recipients),
                peak: Some(burst.peak),
                peak_at: Some(burst.peak_at),
                rows: numbers.rows(&burst.rows),
                client: burst.client,
                id: burst.id,
                depends_on: settings_words(&depends_on),
                ..Told::default()
            },
            Self::Limit(check) => limit_told("limit", check),
            Self::LimitOfSlice(check) => limit_told("limit_of_slice", check),
            Self::Hot(hot) => Told {
                what: "hot".to_owned(),
                account: Some(hot.account),
                detector: Some(hot.detector as u32),
                start: Some(hot.start),
                end: Some(hot.end),
                peak: Some(hot.peak),
                peak_at: Some(hot.peak_at),
                numbers: vec![hot.first_hot, hot.last_hot],
                ..Told::default()
            },
            Self::Slice(subject, slice) => Told {
                what: "slice".to_owned(),
                account: Some(subject),
                numbers: vec![i64::from(slice)],
                ..Told::default()
            },
            Self::Speed(account, steps) => Told {
                what: "speed".to_owned(),
                account: Some(account),
                numbers: steps_numbers(&steps).collect(),
                ..Told::default()
            },
            Self::Intense(stretch) => Told {
                what: "intensity".to_owned(),
                account: Some(stretch.account),
                start: Some(stretch.start),
                end: Some(stretch.end),
                messages: Some(stretch.messages),
                recipients: Some(stretch.recipients),
                numbers: vec![i64::from(stretch.level), i64::from(stretch.from_level)],
                ..Told::default()
            },
            Self::Campaign(found) => campaign_told(*found, numbers),
            Self::SetAside(aside, first_row) => Told {
                what: "set_aside".to_owned(),
                id: innocent_word(aside.why).to_owned(),
                content: Some(numbers.content(aside.content)),
                messages: Some(aside.messages),
                recipients: Some(aside.recipients),
                numbers: vec![i64::from(numbers.row(first_row))],
                ..Told::default()
            },
        }
    }

    /// From a row; `None` when the row does not tell what its kind must.
    #[must_use]
    pub fn of(told: Told) -> Option<Self> {
        Some(match told.what.as_str() {
            "account" => {
                let [inbound, initiated] = told.numbers.try_into().ok()?;
                let activity = AccountActivity {
                    messages: told.messages?,
                    inbound: u64::try_from(inbound).ok()?,
                    recipients: told.recipients?,
                    initiated: u64::try_from(initiated).ok()?,
                    first_sent: told.start,
                    last_sent: told.end,
                    ..AccountActivity::default()
                };
                Self::Account(told.account?, activity)
            }
            "burst" => {
                let burst = Burst {
                    id: told.id,
                    detector: told.detector? as usize,
                    account: told.account?,
                    accounts: told.accounts,
                    client: told.client,
                    content: told.content?,
                    start: told.start?,
                    end: told.end?,
                    recipients: told.recipients?,
                    peak: told.peak?,
                    peak_at: told.peak_at?,
                    rows: told.rows,
                };
                Self::Burst(Judged { burst, depends_on: settings_of(&told.depends_on)? })
            }
            "limit" => Self::Limit(limit_of(told)?),
            "limit_of_slice" => Self::LimitOfSlice(limit_of(told)?),
            "hot" => {
                let [first_hot, last_hot] = told.numbers.try_into().ok()?;
                Self::Hot(Hot {
                    detector: told.detector? as usize,
                    account: told.account?,
                    start: told.start?,
                    end: told.end?,
                    first_hot,
                    last_hot,
                    peak: told.peak?,
                    peak_at: told.peak_at?,
                })
            }
            "slice" => Self::Slice(told.account?, i32::try_from(*told.numbers.first()?).ok()?),
            "speed" => Self::Speed(told.account?, steps_of(&told.numbers)?),
            "intensity" => {
                let [level, from_level] = told.numbers.try_into().ok()?;
                Self::Intense(Intense {
                    account: told.account?,
                    level: u8::try_from(level).ok()?,
                    from_level: u8::try_from(from_level).ok()?,
                    start: told.start?,
                    end: told.end?,
                    messages: told.messages?,
                    recipients: told.recipients?,
                })
            }
            "campaign" => Self::Campaign(Box::new(campaign_of(told)?)),
            "set_aside" => {
                let why = INNOCENT.into_iter().find(|why| innocent_word(*why) == told.id)?;
                let (content, messages, recipients) = (told.content?, told.messages?, told.recipients?);
                let aside = SetAside { content, why, messages, recipients };
                Self::SetAside(aside, u32::try_from(*told.numbers.first()?).ok()?)
            }
            _ => return None,
        })
    }
}

fn limit_told(what: &str, LimitCheck { scope, client, accounts, reach }: LimitCheck) -> Told {
    Told {
        what: what.to_owned(),
        id: scope.as_str().to_owned(),
        account: accounts.first().copied(),
        client,
        accounts,
        start: Some(reach.from),
        end: Some(reach.to),
        peak: Some(reach.highest),
        peak_at: Some(reach.highest_at),
        numbers: reach.passed.iter().flat_map(|(tier, at)| [*tier as i64, at.unwrap_or(NEVER)]).collect(),
        ..Told::default()
    }
}

fn limit_of(told: Told) -> Option<LimitCheck> {
    let scope = [LimitScope::Number, LimitScope::Portfolio].into_iter().find(|scope| scope.as_str() == told.id)?;
    let passed = told.numbers.chunks_exact(2).map(|pair| match pair {
        [tier, at] => Some((u64::try_from(*tier).ok()?, (*at != NEVER).then_some(*at))),
        _ => None,
    });
    let passed = passed.collect::<Option<_>>()?;
    let (highest, highest_at, from, to) = (told.peak?, told.peak_at?, told.start?, told.end?);
    let reach = Reach { highest, highest_at, passed, from, to };
    Some(LimitCheck { scope, client: told.client, accounts: told.accounts, reach })
}

fn campaign_told(found: FoundCampaign, numbers: Numbers<'_>) -> Told {
    let FoundCampaign { campaign, runs, depends_on, speed, first_row } = found;
    let head = [
        campaign.texts as i64,
        campaign.replies as i64,
        i64::from(campaign.coordinated),
        i64::from(numbers.row(first_row)),
    ];
    let mut run_numbers = Vec::new();
    let mut fractions = vec![campaign.agreement];
    for (run, equal_share) in &runs {
        let fields = [run.start, run.end, run.recipients as i64, run.rows.start as i64, run.rows.end as i64];
        run_numbers.extend(fields);
        run_numbers.push(run.accounts.len() as i64);
        run_numbers.extend(run.accounts.iter().map(|account| i64::from(*account)));
        fractions.extend([run.median_gap_ms, run.gap_cv, *equal_share]);
    }
    Told {
        what: "campaign".to_owned(),
        content: Some(numbers.content(campaign.content)),
        account: campaign.accounts.first().copied(),
        start: Some(campaign.first_sent),
        end: Some(campaign.last_sent),
        recipients: Some(campaign.recipients),
        rows: numbers.rows(&campaign.rows),
        beside: numbers.rows(&campaign.beside),
        numbers: head.into_iter().chain(steps_numbers(&speed)).collect(),
        runs: run_numbers,
        fractions,
        depends_on: settings_words(&depends_on),
        texts: vec![campaign.sample, campaign.template, campaign.joined_by.as_str().to_owned()],
        id: campaign.id,
        accounts: campaign.accounts,
        ..Told::default()
    }
}

fn campaign_of(told: Told) -> Option<FoundCampaign> {
    let (head, steps) = told.numbers.split_at_checked(4)?;
    let [texts, replies, coordinated, first_row] = head.try_into().ok()?;
    let [sample, template, joined_by] = told.texts.try_into().ok()?;
    let all = [JoinedBy::Text, JoinedBy::Template, JoinedBy::Name];
    let (agreement, mut fractions) = told.fractions.split_first()?;
    let mut numbers = told.runs.as_slice();
    let mut runs = Vec::new();
    while !numbers.is_empty() {
        let (fields, rest) = numbers.split_at_checked(6)?;
        let [start, end, recipients, first_row, end_row, accounts] = fields.try_into().ok()?;
        let (accounts, rest) = rest.split_at_checked(usize::try_from(accounts).ok()?)?;
        let (of_gaps, other) = fractions.split_at_checked(3)?;
        let [median_gap_ms, gap_cv, equal_share] = of_gaps.try_into().ok()?;
        let run = Run {
            id: id("R", &[told.id.as_bytes(), &start.to_le_bytes()]),
            campaign: 0,
            start,
            end,
            accounts: accounts.iter().map(|account| u32::try_from(*account).ok()).collect::<Option<_>>()?,
            recipients: u64::try_from(recipients).ok()?,
            median_gap_ms,
            gap_cv,
            rows: usize::try_from(first_row).ok()?..usize::try_from(end_row).ok()?,
        };
        runs.push((run, equal_share));
        (numbers, fractions) = (rest, other);
    }
    let campaign = Campaign {
        id: told.id,
        content: told.content?,
        sample,
        template,
        texts: u64::try_from(texts).ok()?,
        joined_by: all.into_iter().find(|word| word.as_str() == joined_by)?,
        agreement: *agreement,
        accounts: told.accounts,
        first_sent: told.start?,
        last_sent: told.end?,
        recipients: told.recipients?,
        replies: u64::try_from(replies).ok()?,
        runs: 0..runs.len(),
        coordinated: coordinated != 0,
        drip: true,
        rows: told.rows,
        beside: told.beside,
    };
    let (speed, first_row) = (steps_of(steps)?, u32::try_from(first_row).ok()?);
    Some(FoundCampaign { campaign, runs, depends_on: settings_of(&told.depends_on)?, speed, first_row })
}

fn steps_numbers(steps: &[Step]) -> impl Iterator<Item = i64> {
    steps.iter().flat_map(|step| [step.recipients as i64, step.shortest_ms, step.from, step.to])
}

fn steps_of(numbers: &[i64]) -> Option<Vec<Step>> {
    let step = |numbers: &[i64]| match numbers {
        [recipients, shortest_ms, from, to] => {
            let recipients = u64::try_from(*recipients).ok()?;
            Some(Step { recipients, shortest_ms: *shortest_ms, from: *from, to: *to })
        }
        _ => None,
    };
    numbers.chunks(4).map(step).collect()
}

const INNOCENT: [Innocent; 3] =
    [Innocent::Transactional(Ground::Category), Innocent::Transactional(Ground::Wording), Innocent::Answers];

const fn innocent_word(why: Innocent) -> &'static str {
    match why {
        Innocent::Transactional(Ground::Category) => "transactional by category",
        Innocent::Transactional(Ground::Wording) => "transactional by wording",
        Innocent::Answers => "answers",
    }
}

fn settings_words(settings: &[Setting]) -> Vec<String> {
    let of_file = |word: &str, file: Option<u32>| match file {
        Some(file) => format!("{word} {file}"),
        None => word.to_owned(),
    };
    let word = |setting: &Setting| match setting {
        Setting::Threshold => "threshold".to_owned(),
        Setting::Window => "window".to_owned(),
        Setting::ReplyWindow => "reply_window".to_owned(),
        Setting::RunGap => "run_gap".to_owned(),
        Setting::Zone(file) => of_file("zone", *file),
        Setting::DateOrder(file) => of_file("date_order", *file),
    };
    settings.iter().map(word).collect()
}

fn settings_of(words: &[String]) -> Option<Vec<Setting>> {
    let setting = |word: &String| {
        let (word, file) = word.split_once(' ').map_or((word.as_str(), None), |(word, file)| (word, Some(file)));
        let file = file.map(str::parse).transpose().ok()?;
        Some(match word {
            "threshold" => Setting::Threshold,
            "window" => Setting::Window,
            "reply_window" => Setting::ReplyWindow,
            "run_gap" => Setting::RunGap,
            "zone" => Setting::Zone(file),
            "date_order" => Setting::DateOrder(file),
            _ => return None,
        })
    };
    words.iter().map(setting).collect()
}

/// Writes what was found as a stream.
///
/// # Errors
/// When it cannot be written.
pub fn write(found: Vec<Told>, out: impl Write) -> Result<(), KernelError> {
    let mut writer = Out::begin(&ACTIVITY, out)?;
    let mut rest = found.as_slice();
    while !rest.is_empty() {
        let mut rows = 0;
        let fits = |told: &&Told| {
            rows += 1 + told.rows.len() + told.beside.len();
            rows <= PIECE_ROWS
        };
        let count = rest.iter().take_while(fits).count().max(1);
        let (piece, other) = rest.split_at(count);
        writer.write(columns(piece))?;
        rest = other;
    }
    writer.end()
}

fn columns(piece: &[Told]) -> Vec<ArrayRef> {
    fn texts(values: impl Iterator<Item = Option<String>>) -> ArrayRef {
        Arc::new(values.collect::<StringArray>())
    }
    let short = |of: fn(&Told) -> Option<u32>| -> ArrayRef {
        Arc::new(piece.iter().map(|told| of(told).map(|value| value as i32)).collect::<PrimitiveArray<Int32Type>>())
    };
    let long = |of: fn(&Told) -> Option<i64>| -> ArrayRef {
        Arc::new(piece.iter().map(of).collect::<PrimitiveArray<Int64Type>>())
    };
    let wide = |values: &[u32]| values.iter().map(|value| i64::from(*value)).collect::<Vec<i64>>();
    vec![
        texts(piece.iter().map(|told| Some(told.what.clone()))),
        texts(piece.iter().map(|told| Some(told.id.clone()))),
        short(|told| told.account),
        lists(piece.iter().map(|told| wide(&told.accounts))),
        texts(piece.iter().map(|told| told.client.clone())),
        short(|told| told.detector),
        long(|told| told.content.map(i64::from)),
        long(|told| told.start),
        long(|told| told.end),
        long(|told| told.messages.map(|value| value as i64)),
        long(|told| told.recipients.map(|value| value as i64)),
        long(|told| told.peak.map(|value| value as i64)),
        long(|told| told.peak_at),
        lists(piece.iter().map(|told| wide(&told.rows))),
        lists(piece.iter().map(|told| wide(&told.beside))),
        lists(piece.iter().map(|told| told.numbers.clone())),
        lists(piece.iter().map(|told| told.runs.clone())),
        lists_of_fractions(piece.iter().map(|told| told.fractions.clone())),
        lists_of_texts(piece.iter().map(|told| told.depends_on.clone())),
        lists_of_texts(piece.iter().map(|told| told.texts.clone())),
    ]
}

/// What kernels found, from the Parquet files of a folder.
///
/// # Errors
/// When a file is damaged, or a row does not tell what its kind must.
pub fn read_activity(folder: &Path) -> Result<Vec<Found>, KernelError> {
    let mut found = Vec::new();
    for batch in read_folder(&ACTIVITY, folder)? {
        let taken = Taken::new(&ACTIVITY, &batch);
        for row in 0..taken.rows() {
            let told = row_of(taken, row)?;
            let what = told.what.clone();
            found.push(Found::of(told).ok_or_else(|| KernelError::Value {
                stream: ACTIVITY.name,
                column: "what",
                reason: format!("a row does not tell what `{what}` must"),
            })?);
        }
    }
    Ok(found)
}

fn row_of(taken: Taken<'_>, row: usize) -> Result<Told, KernelError> {
    let wrong = |column| KernelError::Value {
        stream: ACTIVITY.name,
        column,
        reason: "a number is missing or out of bounds".to_owned(),
    };
    let short = |name| -> Result<Option<u32>, KernelError> {
        let column = taken.numbers::<Int32Type>(name)?;
        column.is_valid(row).then(|| u32::try_from(column.value(row)).map_err(|_| wrong(name))).transpose()
    };
    let long = |name| -> Result<Option<i64>, KernelError> {
        let column = taken.numbers::<Int64Type>(name)?;
        Ok(column.is_valid(row).then(|| column.value(row)))
    };
    let count = |name| -> Result<Option<u64>, KernelError> {
        long(name)?.map(|value| u64::try_from(value).map_err(|_| wrong(name))).transpose()
    };
    let text = |name| -> Result<Option<String>, KernelError> {
        let column = taken.texts(name)?;
        Ok(column.is_valid(row).then(|| column.value(row).to_owned()))
    };
    let whole = |name| -> Result<Vec<i64>, KernelError> {
        let list = taken.list_of_numbers::<Int64Type>(name, row)?;
        list.into_iter().map(|value| value.ok_or_else(|| wrong(name))).collect()
    };
    let indices = |name| -> Result<Vec<u32>, KernelError> {
        whole(name)?.into_iter().map(|value| u32::try_from(value).map_err(|_| wrong(name))).collect()
    };
    Ok(Told {
        what: text("what")?.unwrap_or_default(),
        id: text("id")?.unwrap_or_default(),
        account: short("account")?,
        accounts: indices("accounts")?,
        client: text("client")?,
        detector: short("detector")?,
        content: long("content")?.map(|value| u32::try_from(value).map_err(|_| wrong("content"))).transpose()?,
        start: long("start")?,
        end: long("end")?,
        messages: count("messages")?,
        recipients: count("recipients")?,
        peak: count("peak")?,
        peak_at: long("peak_at")?,
        rows: indices("rows")?,
        beside: indices("beside")?,
        numbers: whole("numbers")?,
        runs: whole("runs")?,
        fractions: taken.list_of_numbers::<Float64Type>("fractions", row)?,
        depends_on: taken.list_of_texts("depends_on", row)?,
        texts: taken.list_of_texts("texts", row)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::stream::read;
    use super::*;

    fn through_a_stream(found: Vec<Found>, numbers: Numbers<'_>) -> Vec<Found> {
        let mut bytes = Vec::new();
        write(found.into_iter().map(|found| found.told(numbers)).collect(), &mut bytes).expect("a stream");
        let batches = read(&ACTIVITY, bytes.as_slice()).expect("a stream");
        let mut back = Vec::new();
        for batch in batches {
            let batch = batch.expect("a batch");
            let taken = Taken::new(&ACTIVITY, &batch);
            back.extend((0..taken.rows()).map(|row| Found::of(row_of(taken, row).expect("a row")).expect("a finding")));
        }
        back
    }

    fn run(id_of: &str, start: i64, rows: std::ops::Range<usize>, median_gap_ms: Option<f64>) -> Run {
        Run {
            id: id("R", &[id_of.as_bytes(), &start.to_le_bytes()]),
            campaign: 0,
            start,
            end: start + 5,
            accounts: vec![1, 4],
            recipients: 2,
            median_gap_ms,
            gap_cv: median_gap_ms.map(|gap| gap / 3.0),
            rows,
        }
    }

    #[test]
    fn what_is_found_comes_back_as_it_was() {
        let steps = vec![
            Step { recipients: 1, shortest_ms: 0, from: -7, to: -7 },
            Step { recipients: 2, shortest_ms: 9, from: 1, to: 10 },
        ];
        let campaign = Campaign {
            id: "C-0123456789".to_owned(),
            content: 1,
            sample: "Grüße, *Anna*".to_owned(),
            template: "Grüße *".to_owned(),
            texts: 3,
            joined_by: JoinedBy::Template,
            agreement: Some(0.1 + 0.2),
            accounts: vec![1, 4],
            first_sent: 10,
            last_sent: 99,
            recipients: 4,
            replies: 1,
            runs: 0..2,
            coordinated: true,
            drip: true,
            rows: vec![0, 2],
            beside: vec![1],
        };
        let found = vec![
            Found::Account(
                3,
                AccountActivity {
                    messages: 5,
                    inbound: 2,
                    first_sent: None,
                    last_sent: Some(-1),
                    ..AccountActivity::default()
                },
            ),
            Found::Burst(Judged {
                burst: Burst {
                    id: "B-0123456789".to_owned(),
                    detector: 2,
                    account: 1,
                    accounts: vec![1, 4],
                    client: Some("Kunde".to_owned()),
                    content: 0,
                    start: -3,
                    end: 4,
                    recipients: 7,
                    peak: 6,
                    peak_at: 2,
                    rows: vec![2, 1],
                },
                depends_on: vec![
                    Setting::Threshold,
                    Setting::Zone(None),
                    Setting::DateOrder(Some(12)),
                    Setting::ReplyWindow,
                ],
            }),
            Found::Limit(LimitCheck {
                scope: LimitScope::Portfolio,
                client: None,
                accounts: vec![0],
                reach: Reach { highest: 3, highest_at: 1, passed: vec![(2, Some(0)), (4, None)], from: 0, to: 8 },
            }),
            Found::Hot(Hot {
                detector: 1,
                account: 0,
                start: 1,
                end: 9,
                first_hot: 3,
                last_hot: 8,
                peak: 5,
                peak_at: 4,
            }),
            Found::Slice(3, 2),
            Found::Speed(6, steps.clone()),
            Found::Intense(Intense {
                account: 1,
                level: 4,
                from_level: 2,
                start: 1,
                end: 2,
                messages: 3,
                recipients: 3,
            }),
            Found::Campaign(Box::new(FoundCampaign {
                runs: vec![
                    (run(&campaign.id, 10, 0..1, None), None),
                    (run(&campaign.id, 94, 1..2, Some(1.0 / 3.0)), Some(0.7)),
                ],
                campaign,
                depends_on: vec![Setting::RunGap],
                speed: steps,
                first_row: 2,
            })),
            Found::SetAside(SetAside { content: 1, why: INNOCENT[1], messages: 30, recipients: 20 }, 1),
        ];
        let same = through_a_stream(found.clone(), Numbers { rows: &[0, 1, 2], contents: &[0, 1] });
        assert_eq!(same, found);
        // Numbers of the portion become those of all messages.
        let moved = through_a_stream(found, Numbers { rows: &[10, 20, 4_000_000_000], contents: &[0, 77] });
        let Found::Burst(judged) = &moved[1] else { panic!("a burst") };
        assert_eq!((judged.burst.rows.as_slice(), judged.burst.content), (&[4_000_000_000, 20][..], 0));
        let Found::Campaign(campaign) = &moved[7] else { panic!("a campaign") };
        assert_eq!(
            (campaign.first_row, campaign.campaign.content, campaign.campaign.beside[0]),
            (4_000_000_000, 77, 20)
        );
    }

    #[test]
    fn a_row_that_tells_too_little_is_none() {
        let told = |what: &str| Told { what: what.to_owned(), ..Told::default() };
        for what in ["account", "burst", "limit", "campaign", "set_aside", "intensity", "hot", "slice", "nothing"] {
            assert_eq!(Found::of(told(what)), None, "{what}");
        }
    }
}
