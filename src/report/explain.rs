//! What is behind an id, in words and figures: the rule with its figures and whose they are, the window, what speaks
//! against it, and what came near. Sources are read again, for near misses stand in no table.
//! How it is printed is the business of the command line; nothing here is measured anew but by detection itself.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::again::{Again, AgainError, Assessed, Places, Sources, Standing, read_again};
use super::instants::utc;
use super::near::{self, NearContent, NearDetector, NearLink, NearMessage, NearRule, NearRun};
use super::reading::Report;
use super::trace::{Kind, TraceError, of_message, own_row, shown_id, unknown};
use crate::assess::{Finding, Wording};
use crate::case::Language;
use crate::detect::peaks::Lookout;
use crate::detect::settings::Title;
use crate::detect::{Burst, Campaign, Run};
use crate::ingest::{Progress, masked};
use crate::message::{Direction, Messages};

/// A text and whose figure it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marked {
    /// The words.
    pub text: String,
    /// `published`, `law`, `own` or `unconfirmed`.
    pub mark: String,
    /// Source.
    pub source: String,
}

/// A range of money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Money {
    /// What it is.
    pub text: String,
    /// Least.
    pub min: String,
    /// Greatest.
    pub max: String,
    /// Currency.
    pub currency: String,
    /// What it is for.
    pub per: String,
    /// Whose figure it is.
    pub mark: String,
    /// Source.
    pub source: String,
}

/// A finding with its rule; the members are those of findings.json.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FindingTold {
    /// Id.
    pub finding_id: String,
    /// Rule.
    pub rule: String,
    /// Title of the rule.
    pub title: String,
    /// What the rule says.
    pub explanation: String,
    /// Severity.
    pub severity: String,
    /// Account.
    pub subject: String,
    /// Exposed parties.
    pub exposed: Vec<String>,
    /// Clauses in force.
    pub basis: Vec<Marked>,
    /// Figures of the rule.
    pub figures: Vec<Marked>,
    /// What was measured.
    pub measured: Vec<String>,
    /// Messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// Runs.
    pub runs: u64,
    /// First send.
    pub first_sent: String,
    /// Last send.
    pub last_sent: String,
    /// Campaigns of its messages.
    pub campaigns: Vec<String>,
    /// Bursts of its messages.
    pub bursts: Vec<String>,
    /// Amounts; never to be added up.
    pub amounts: Vec<Money>,
    /// Limitation periods.
    pub limitation: Vec<Marked>,
    /// What speaks for the sender.
    pub counter_evidence: Vec<String>,
    /// What the logs cannot show.
    pub limits: Vec<String>,
}

/// A detector and what it counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BurstTold {
    /// Detector in words.
    pub title: String,
    /// Whose figure it is.
    pub mark: &'static str,
    /// Source of it.
    pub source: String,
    /// Window.
    pub window_ms: i64,
    /// Threshold.
    pub threshold: u64,
    /// What is counted.
    pub counts: &'static str,
    /// Over which messages.
    pub over: &'static str,
    /// Within what.
    pub scope: &'static str,
    /// First message.
    pub start: String,
    /// Last message.
    pub end: String,
    /// Messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// Highest count.
    pub peak: u64,
    /// First moment of it.
    pub peak_at: String,
    /// The counted message before.
    pub before: Option<NearMessage>,
    /// The counted message after.
    pub after: Option<NearMessage>,
    /// Findings that hold messages of it.
    pub findings: Vec<String>,
}

/// A campaign.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CampaignTold {
    /// What makes it one: `text`, `template` or `name`.
    pub joined_by: &'static str,
    /// A text with `*` for what differs; its shape only, unless clear text is asked for.
    pub template: String,
    /// Distinct texts.
    pub texts: u64,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Initiated messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// From so many on it is a campaign.
    pub threshold: u64,
    /// Whose figure that is.
    pub mark: &'static str,
    /// Source of it.
    pub source: String,
    /// Replies of the same content, which do not count.
    pub replies: u64,
    /// Messages sent with it to people who had just written; they count nowhere.
    pub beside: u64,
    /// Whether several accounts sent it in one run.
    pub coordinated: bool,
    /// Whether it tripped no burst detector.
    pub drip: bool,
    /// Its runs.
    pub runs: Vec<NearRun>,
    /// Longest pause inside a run, from which on it would be two.
    pub run_gap_ms: i64,
    /// Bursts of its messages.
    pub bursts: Vec<String>,
    /// Findings that hold messages of it.
    pub findings: Vec<String>,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MessageTold {
    /// Id.
    pub message_id: String,
    /// When it was sent.
    pub sent_at: String,
    /// Account.
    pub account: String,
    /// `outbound` or `inbound`.
    pub direction: &'static str,
    /// Whether it was outside the recipient's service window.
    pub initiated: bool,
    /// When the recipient last wrote before it.
    pub last_inbound: Option<String>,
    /// Length of the service window.
    pub reply_window_ms: i64,
    /// Campaign; empty for none.
    pub campaign: String,
    /// Run; empty for none.
    pub run: String,
    /// Bursts.
    pub bursts: Vec<String>,
    /// Findings.
    pub findings: Vec<String>,
    /// What became of its content, where it is in no campaign.
    pub content: Option<NearContent>,
    /// What each detector counted around it.
    pub detectors: Vec<NearDetector>,
}

/// What is behind an id.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Explanation {
    /// The id.
    pub id: String,
    /// What it stands for.
    pub kind: Option<Kind>,
    /// Its row in the report, by column.
    pub row: BTreeMap<String, String>,
    /// Whether the sources were read again; without them there are no windows and no near misses.
    pub computed: bool,
    /// Whether what was found again is what the report says.
    pub same: bool,
    /// The finding.
    pub finding: Option<FindingTold>,
    /// The burst.
    pub burst: Option<BurstTold>,
    /// The campaign; of a run that of which it is a part.
    pub campaign: Option<CampaignTold>,
    /// The messages that have the id.
    pub messages: Vec<MessageTold>,
    /// What links the accounts of a cluster.
    pub links: Vec<NearLink>,
    /// What each detector counted at most, over the accounts concerned.
    pub detectors: Vec<NearDetector>,
    /// Contents of the accounts concerned that came near to a campaign.
    pub contents: Vec<NearContent>,
    /// Rules that the messages concerned do not meet, and why.
    pub rules: Vec<NearRule>,
    /// Inputs that are not what they were.
    pub changed_inputs: Vec<String>,
    /// Inputs that are not there.
    pub missing_inputs: Vec<String>,
    /// Files of the report that are not those of its manifest.
    pub altered_report_files: Vec<String>,
}

/// Explains an id.
///
/// # Errors
/// When there is no such id, or the report is damaged, or it cannot be found again with what is there.
pub fn explain(
    report: &mut Report,
    sources: &mut Sources,
    places: &Places,
    id: &str,
    (language, reveal): (Language, bool),
    progress: &dyn Progress,
) -> Result<Explanation, TraceError> {
    let ids = report.ids()?;
    let known = ids.iter().any(|known| known == id);
    let letter = id.chars().next().filter(|_| known).unwrap_or_default();
    let row = if known { own_row(report, letter, id)? } else { BTreeMap::new() };
    let mut told = Explanation {
        id: id.to_owned(),
        kind: Some(Kind::of_letter(letter)),
        row,
        changed_inputs: sources.standing(Standing::Changed),
        missing_inputs: sources.standing(Standing::Missing),
        ..Explanation::default()
    };
    if told.changed_inputs.is_empty() && told.missing_inputs.is_empty() {
        let again = read_again(report, sources, places, progress)?;
        let assessed = again.assess(report, places)?;
        let wording = Wording::load().map_err(AgainError::from)?;
        let lookout = Lookout::new(&again.ingested.messages, &again.detection, &again.activity);
        let seen = Seen { again: &again, assessed: &assessed, wording: &wording, lookout: &lookout, language };
        if !seen.explain(&mut told, reveal) {
            return Err(unknown(&ids, id));
        }
        told.computed = true;
        let counted = told.row.get("messages").map(|count| count.parse::<u64>().ok());
        let found = told.finding.as_ref().map(|finding| finding.messages);
        let found = found.or(told.burst.as_ref().map(|burst| burst.messages));
        let found = found.or(told.campaign.as_ref().filter(|_| letter == 'C').map(|campaign| campaign.messages));
        told.same = counted.is_none_or(|counted| found.is_none() || counted == found);
    } else if !known {
        let missing = told.missing_inputs.join(", ");
        return Err(match missing.is_empty() {
            true => unknown(&ids, id),
            false => TraceError::NotLookedFor { id: id.to_owned(), missing },
        });
    } else if letter == 'F' {
        told.finding = in_report(report, id)?;
    }
    told.altered_report_files = report.altered().map(str::to_owned).collect();
    Ok(told)
}

/// What findings.json says of a finding.
fn in_report(report: &mut Report, id: &str) -> Result<Option<FindingTold>, TraceError> {
    let Some(found) = report.findings_json()? else { return Ok(None) };
    let findings = found.get("findings").and_then(serde_json::Value::as_array);
    let own = findings.into_iter().flatten().find(|row| row.get("finding_id").is_some_and(|own| own == id));
    Ok(own.and_then(|row| serde_json::from_value(row.clone()).ok()))
}

/// What was found again, and how it is looked at.
pub(super) struct Seen<'a> {
    pub(super) again: &'a Again,
    pub(super) assessed: &'a Assessed,
    pub(super) wording: &'a Wording,
    pub(super) lookout: &'a Lookout<'a>,
    pub(super) language: Language,
}

impl Seen<'_> {
    pub(super) fn messages(&self) -> &Messages {
        &self.again.ingested.messages
    }

    pub(super) fn say(&self, title: &Title) -> String {
        title.in_language(self.language).to_owned()
    }

    pub(super) fn account(&self, account: u32) -> String {
        self.messages().accounts.get(account as usize).map(|account| account.id.clone()).unwrap_or_default()
    }

    pub(super) fn at(&self, row: u32) -> i64 {
        self.messages().columns.sent_at.get(row as usize).copied().unwrap_or_default()
    }

    /// Finds the id and tells of it; `false` when there is none.
    fn explain(&self, told: &mut Explanation, reveal: bool) -> bool {
        let activity = &self.again.activity;
        let id = told.id.clone();
        let (accounts, rows): (BTreeSet<u32>, Vec<u32>);
        if let Some(finding) = self.assessed.assessment.findings.iter().find(|finding| finding.id == id) {
            told.kind = Some(Kind::Finding);
            told.finding = Some(self.finding(finding));
            (accounts, rows) = (BTreeSet::from([finding.account]), finding.rows.clone());
        } else if let Some(burst) = activity.bursts.iter().find(|burst| burst.id == id) {
            told.kind = Some(Kind::Burst);
            told.burst = self.burst(burst);
            (accounts, rows) = (burst.accounts.iter().copied().collect(), burst.rows.clone());
        } else if let Some(campaign) = activity.campaigns.iter().find(|campaign| campaign.id == id) {
            told.kind = Some(Kind::Campaign);
            told.campaign = Some(self.campaign(campaign, reveal));
            (accounts, rows) = (campaign.accounts.iter().copied().collect(), campaign.rows.clone());
        } else if let Some((run, campaign)) = self.run(&id) {
            told.kind = Some(Kind::Run);
            told.campaign = Some(self.campaign(campaign, reveal));
            accounts = run.accounts.iter().copied().collect();
            rows = campaign.rows.get(run.rows.clone()).unwrap_or_default().to_vec();
        } else if let Some(cluster) = activity.measures.clusters.iter().find(|cluster| cluster.id == id) {
            told.kind = Some(Kind::Cluster);
            told.links = near::links(self, cluster);
            accounts = cluster.accounts.iter().copied().collect();
            rows = Vec::new();
        } else {
            rows = of_message(self.messages(), &id);
            told.kind = Some(Kind::Message);
            told.messages = rows.iter().map(|row| self.message(*row)).collect();
            accounts = BTreeSet::new();
            if rows.is_empty() {
                return false;
            }
        }
        // A cluster is no stretch of messages: for it the whole of its accounts counts.
        let only = FxHashSet::from_iter(rows.iter().copied());
        let only = (told.kind != Some(Kind::Cluster)).then_some(&only);
        told.detectors = accounts.iter().flat_map(|account| near::detectors(self, *account, only)).collect();
        told.contents = near::contents(self, &accounts);
        told.rules = near::rules(self, &rows);
        true
    }

    fn run(&self, id: &str) -> Option<(&Run, &Campaign)> {
        let run = self.again.activity.runs.iter().find(|run| run.id == id)?;
        Some((run, self.again.activity.campaigns.get(run.campaign)?))
    }

    fn finding(&self, finding: &Finding) -> FindingTold {
        let pack = self.assessed.packs.get(finding.pack);
        let Some(rule) = pack.and_then(|pack| pack.rules.get(finding.rule)) else { return FindingTold::default() };
        let marks = &self.again.activity.marks;
        let figure = |name: &Title, mark: crate::detect::Mark, source: &str| Marked {
            text: self.say(name),
            mark: mark.as_str().to_owned(),
            source: source.to_owned(),
        };
        let amount = |amount: &crate::assess::pack::Amount| Money {
            text: self.say(&amount.text),
            min: amount.min.clone(),
            max: amount.max.clone(),
            currency: amount.currency.clone(),
            per: amount.per.as_str().to_owned(),
            mark: amount.mark.as_str().to_owned(),
            source: amount.source.clone(),
        };
        let limitation = |period: &crate::assess::LimitationEnd| Marked {
            text: super::build::limitation_text(period, self.language),
            mark: period.mark.as_str().to_owned(),
            source: period.source.clone(),
        };
        let campaigns: BTreeSet<&str> = finding.rows.iter().map(|row| marks.campaign_id(*row as usize)).collect();
        let words = |titles: &[Title]| titles.iter().map(|title| self.say(title)).collect();
        FindingTold {
            finding_id: finding.id.clone(),
            rule: rule.id.clone(),
            title: self.say(&rule.title),
            explanation: self.say(&rule.explanation),
            severity: finding.severity.as_str().to_owned(),
            subject: self.account(finding.account),
            exposed: finding.exposed.iter().map(|(party, name)| format!("{name} ({})", party.as_str())).collect(),
            basis: finding.basis.iter().map(|one| figure(&one.text, one.mark, &one.source)).collect(),
            figures: rule.figures.iter().map(|one| figure(&one.name, one.mark, &one.source)).collect(),
            measured: words(&finding.measured),
            messages: finding.rows.len() as u64,
            recipients: finding.recipients,
            runs: finding.runs,
            first_sent: utc(finding.first_sent),
            last_sent: utc(finding.last_sent),
            campaigns: campaigns.into_iter().filter(|id| !id.is_empty()).map(str::to_owned).collect(),
            bursts: self.again.activity.marks.bursts_with(&finding.rows),
            amounts: finding.amounts.iter().map(amount).collect(),
            limitation: finding.limitation.iter().map(limitation).collect(),
            counter_evidence: words(&finding.counter_evidence),
            limits: words(&finding.limits),
        }
    }

    fn burst(&self, burst: &Burst) -> Option<BurstTold> {
        let detector = self.again.detection.detectors.get(burst.detector)?;
        let (before, after) = self.lookout.beside(burst);
        let beside = |neighbour: crate::detect::peaks::Neighbour| NearMessage {
            message_id: shown_id(self.messages(), neighbour.row, false),
            sent_at: utc(neighbour.at),
            apart_ms: if neighbour.at < burst.start { burst.start - neighbour.at } else { neighbour.at - burst.end },
            count: neighbour.count,
        };
        Some(BurstTold {
            title: self.say(&detector.title),
            mark: detector.mark.as_str(),
            source: detector.source.clone(),
            window_ms: detector.window_ms,
            threshold: detector.threshold,
            counts: detector.counts.as_str(),
            over: detector.over.as_str(),
            scope: detector.scope.as_str(),
            start: utc(burst.start),
            end: utc(burst.end),
            messages: burst.rows.len() as u64,
            recipients: burst.recipients,
            peak: burst.peak,
            peak_at: utc(burst.peak_at),
            before: before.map(beside),
            after: after.map(beside),
            findings: self.findings_of(&burst.rows),
        })
    }

    fn campaign(&self, campaign: &Campaign, reveal: bool) -> CampaignTold {
        let threshold = &self.again.detection.campaign;
        CampaignTold {
            joined_by: campaign.joined_by.as_str(),
            template: if reveal { campaign.template.clone() } else { masked(&campaign.template) },
            texts: campaign.texts,
            accounts: campaign.accounts.iter().map(|account| self.account(*account)).collect(),
            messages: campaign.rows.len() as u64,
            recipients: campaign.recipients,
            threshold: threshold.recipients,
            mark: threshold.mark.as_str(),
            source: threshold.source.clone(),
            replies: campaign.replies,
            beside: campaign.beside.len() as u64,
            coordinated: campaign.coordinated,
            drip: campaign.drip,
            runs: near::runs(self, campaign),
            run_gap_ms: self.again.detection.run.milliseconds,
            bursts: self.again.activity.marks.bursts_with(&campaign.rows),
            findings: self.findings_of(&campaign.rows),
        }
    }

    fn message(&self, row: u32) -> MessageTold {
        let (messages, marks) = (self.messages(), &self.again.activity.marks);
        let at = row as usize;
        let direction = messages.columns.direction.get(at).copied().unwrap_or_default();
        let outbound = direction == Direction::Outbound;
        let campaign = marks.campaign_id(at).to_owned();
        let account = messages.columns.account.get(at).copied();
        let around = |account| near::detectors(self, account, Some(&FxHashSet::from_iter([row])));
        MessageTold {
            message_id: shown_id(messages, row, false),
            sent_at: utc(self.at(row)),
            account: messages.account(at).map(|account| account.id.clone()).unwrap_or_default(),
            direction: direction.as_str(),
            initiated: marks.initiated.get(at).copied().unwrap_or_default(),
            last_inbound: near::last_inbound(self, row).filter(|_| outbound).map(utc),
            reply_window_ms: self.again.detection.reply.milliseconds,
            run: marks.run_id(at).to_owned(),
            bursts: self.again.activity.marks.bursts_with(&[row]),
            findings: self.findings_of(&[row]),
            content: if outbound && campaign.is_empty() { near::content_of(self, row) } else { None },
            detectors: account.filter(|_| outbound).map(around).unwrap_or_default(),
            campaign,
        }
    }

    /// Findings that hold one of some rows.
    fn findings_of(&self, rows: &[u32]) -> Vec<String> {
        let rows: BTreeSet<u32> = rows.iter().copied().collect();
        let holds = |finding: &&Finding| finding.rows.iter().any(|row| rows.contains(row));
        self.assessed.assessment.findings.iter().filter(holds).map(|finding| finding.id.clone()).collect()
    }
}
