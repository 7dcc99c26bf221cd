//! One thing that was found, as a row of the stream `activity`: bursts, campaigns, and what is measured of accounts.
//! Numbers of rows, recipients, accounts and contents are those of all messages. Which fields a kind fills stands below,
//! and in docs/kernels.md. How things are found is not known here.

mod rows;
#[cfg(test)]
mod tests;

pub use rows::{read_activity, write};

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
