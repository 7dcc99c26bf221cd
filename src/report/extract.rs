//! The canonical extract: all that a report says, in one value, in the order in which it is shown.
//! `findings.json` is this value; the HTML page is rendered from it and from nothing else.
//! Times are RFC 3339 in UTC; recipients are shown as the matter's pseudonyms unless they are revealed.

use std::collections::BTreeMap;

use serde::Serialize;

use super::measures::{ClusterRow, IntensityRow, LimitCheckRow, SourceCheckRow, SpeedRow};
use crate::assess::pack::Amount;
use crate::case::Language;
use crate::ingest::MappedColumn;

/// See the module.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Extract {
    /// Version of this schema.
    pub schema: &'static str,
    /// Program and version.
    pub program: String,
    /// Name of the matter; empty when none was given.
    pub matter: String,
    /// Language of the words for people.
    pub language: &'static str,
    /// Zone of calendar days.
    pub timezone: String,
    /// Whether recipients are shown in clear.
    pub revealed: bool,
    /// What was read and what not.
    pub completeness: Completeness,
    /// What the logs tell of themselves.
    pub source_checks: Vec<SourceCheckRow>,
    /// The roll-up.
    pub exposure: Vec<ExposureRow>,
    /// Before and after 7 December 2019.
    pub boundary: Vec<PeriodRow>,
    /// The same by account and route, side by side; the first line is all together.
    pub before_after: Vec<BeforeAfterRow>,
    /// Findings, gravest first.
    pub findings: Vec<FindingRow>,
    /// Accounts by id.
    pub accounts: Vec<AccountRow>,
    /// Campaigns by first send.
    pub campaigns: Vec<CampaignRow>,
    /// Bursts by detector, account and time.
    pub bursts: Vec<BurstRow>,
    /// What was reached against the messaging limits.
    pub limit_checks: Vec<LimitCheckRow>,
    /// Speed profiles.
    pub speed: Vec<SpeedRow>,
    /// Stretches of raised intensity.
    pub intensity: Vec<IntensityRow>,
    /// Accounts that hang together.
    pub account_clusters: Vec<ClusterRow>,
    /// Days inside the period from which another text applies.
    pub boundaries: Vec<BoundaryRow>,
    /// Outbound messages by calendar day.
    pub timeline: Vec<DayRow>,
    /// Outbound messages by weekday (0 = Monday) and hour.
    pub week: Vec<Vec<u64>>,
    /// What the whole report cannot show.
    pub limits: Vec<String>,
    /// Settings of detection, with whose figure each is.
    pub method: Vec<MethodRow>,
    /// Rule packs applied.
    pub packs: Vec<PackRow>,
}

/// Mass sends of one account by one route before, on and after 7 December 2019 in the matter's calendar.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BeforeAfterRow {
    /// Account; `all` in the first line.
    pub account: String,
    /// Route; `all` in the first line.
    pub route: &'static str,
    /// Until 6 December 2019.
    pub before: SentRow,
    /// On 7 December 2019.
    pub day: SentRow,
    /// From 8 December 2019.
    pub after: SentRow,
}

/// Mass sends of one stretch of time.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct SentRow {
    /// Messages.
    pub messages: u64,
    /// Distinct recipients.
    pub recipients: u64,
    /// Runs.
    pub runs: u64,
}

/// What was read and what not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Completeness {
    /// Inputs.
    pub files: u64,
    /// Inputs that could not be read, wholly or in part.
    pub failed: u64,
    /// Records.
    pub records: u64,
    /// Records that gave a new message.
    pub read: u64,
    /// Records that told more of a known message.
    pub folded: u64,
    /// Records that are no send.
    pub ignored: u64,
    /// Records that could not be read.
    pub rejected: u64,
    /// Messages.
    pub messages: u64,
    /// Outbound messages.
    pub outbound: u64,
    /// Inbound messages.
    pub inbound: u64,
    /// Opt-ins and opt-outs found.
    pub consents: u64,
    /// First message.
    pub first_sent: Option<String>,
    /// Last message.
    pub last_sent: Option<String>,
    /// One line for each input.
    pub inputs: Vec<InputRow>,
}

/// One input.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InputRow {
    /// Name.
    pub file: String,
    /// SHA-256.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Format.
    pub format: String,
    /// Confidence, 0 to 100.
    pub confidence: u8,
    /// Packing.
    pub packing: &'static str,
    /// Encoding.
    pub encoding: String,
    /// Records.
    pub records: u64,
    /// Read.
    pub read: u64,
    /// Folded.
    pub folded: u64,
    /// Ignored.
    pub ignored: u64,
    /// Ignored by reason.
    pub ignored_by: BTreeMap<&'static str, u64>,
    /// Rejected.
    pub rejected: u64,
    /// Messages.
    pub messages: u64,
    /// First message.
    pub first_sent: Option<String>,
    /// Last message.
    pub last_sent: Option<String>,
    /// Zone of times without an offset.
    pub zone: String,
    /// How that zone was known.
    pub zone_basis: &'static str,
    /// Messages that needed it.
    pub zone_needed: u64,
    /// How day and month were told apart, where that was open.
    pub date_order: Option<String>,
    /// Columns of a delimited file.
    pub columns: Vec<MappedColumn>,
    /// Things to be told.
    pub notes: Vec<String>,
    /// Whether it could not be read, wholly or in part.
    pub failed: bool,
}

/// One line of the roll-up.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ExposureRow {
    /// Exposed party.
    pub exposed: String,
    /// Rule.
    pub rule: String,
    /// Title of the rule.
    pub title: String,
    /// Country of the recipients.
    pub country: String,
    /// Severity.
    pub severity: &'static str,
    /// Findings.
    pub findings: u64,
    /// Messages.
    pub messages: u64,
    /// Runs.
    pub runs: u64,
    /// Recipients.
    pub recipients: u64,
    /// First send.
    pub first_sent: String,
    /// Last send.
    pub last_sent: String,
}

/// Mass sends of a period: before, on and after the boundary day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PeriodRow {
    /// `before`, `on` or `after`.
    pub period: &'static str,
    /// Messages in campaigns or bursts.
    pub messages: u64,
    /// Their distinct recipients.
    pub recipients: u64,
    /// Their runs.
    pub runs: u64,
    /// First send.
    pub first_sent: Option<String>,
    /// Last send.
    pub last_sent: Option<String>,
}

/// A day inside the period of the messages from which another version of a text, or a rule, applies.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BoundaryRow {
    /// The day.
    pub day: String,
    /// The texts that begin to apply, and rules that begin.
    pub texts: Vec<String>,
    /// Rules of findings that rest on them.
    pub rules: Vec<String>,
}

/// A clause or figure with whose it is.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MarkedText {
    /// The words.
    pub text: String,
    /// Whose figure it is.
    pub mark: &'static str,
    /// Source, where there is one beside the mark.
    pub source: String,
}

/// A finding.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FindingRow {
    /// Id.
    pub finding_id: String,
    /// Rule.
    pub rule: String,
    /// Severity.
    pub severity: &'static str,
    /// Account.
    pub subject: String,
    /// Exposed parties.
    pub exposed: Vec<String>,
    /// Clauses in force.
    pub basis: Vec<MarkedText>,
    /// First send.
    pub first_sent: String,
    /// Last send.
    pub last_sent: String,
    /// Messages.
    pub messages: u64,
    /// Runs.
    pub runs: u64,
    /// Recipients.
    pub recipients: u64,
    /// Least amount, empty where the rule has none.
    pub amount_min: String,
    /// Greatest amount.
    pub amount_max: String,
    /// Currency.
    pub currency: String,
    /// All amounts that apply; never to be added up.
    pub amounts: Vec<AmountRow>,
    /// Level of the rule's trigger, where it tells levels apart.
    pub level: &'static str,
    /// What was measured.
    pub measured: Vec<String>,
    /// Limitation periods, with the last day of each.
    pub limitation: Vec<MarkedText>,
    /// Title of the rule.
    pub title: String,
    /// What the rule says.
    pub explanation: String,
    /// Messages on a boundary day, by zone in which the day is read.
    pub boundary_day: Option<BoundaryDayRow>,
    /// What speaks for the sender.
    pub counter_evidence: Vec<String>,
    /// What the logs cannot show.
    pub limits: Vec<String>,
    /// Figures of the rule.
    pub figures: Vec<MarkedText>,
    /// Campaigns of its messages.
    pub campaigns: Vec<String>,
    /// Bursts of its messages.
    pub bursts: Vec<String>,
    /// Lines of this finding in `evidence.csv`.
    pub evidence_rows: u64,
    /// A few of its messages: the first ones, and the last.
    pub evidence_sample: Vec<EvidenceRow>,
}

/// A range of money with its case and source.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AmountRow {
    /// What it is.
    pub text: String,
    /// Least.
    pub min: String,
    /// Greatest.
    pub max: String,
    /// Currency.
    pub currency: String,
    /// What it is for: message, recipient, violation, case.
    pub per: &'static str,
    /// Whose figure it is.
    pub mark: &'static str,
    /// Source.
    pub source: String,
}

impl AmountRow {
    /// An amount of a rule in a language.
    #[must_use]
    pub fn of(amount: &Amount, language: Language) -> Self {
        Self {
            text: words(&amount.text, language),
            min: amount.min.clone(),
            max: amount.max.clone(),
            currency: amount.currency.clone(),
            per: amount.per.as_str(),
            mark: amount.mark.as_str(),
            source: amount.source.clone(),
        }
    }
}

/// Messages on a boundary day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BoundaryDayRow {
    /// The day.
    pub day: String,
    /// (zone, messages).
    pub readings: Vec<(String, u64)>,
}

/// A message as evidence.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EvidenceRow {
    /// Message.
    pub message_id: String,
    /// Send time.
    pub sent_at: String,
    /// Send time in the matter's zone, for people.
    pub local: String,
    /// Recipient.
    pub recipient: String,
    /// Status.
    pub status: &'static str,
    /// Campaign.
    pub campaign_id: String,
    /// File.
    pub file: String,
    /// Record.
    pub record: u32,
    /// Line.
    pub line: u32,
}

/// An account.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AccountRow {
    /// Account.
    pub account: String,
    /// Routes of its outbound messages, joined by a blank.
    pub route: String,
    /// Client.
    pub client: String,
    /// Provider.
    pub provider: String,
    /// First outbound send.
    pub first_sent: Option<String>,
    /// Last outbound send.
    pub last_sent: Option<String>,
    /// Outbound messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// Initiated messages.
    pub initiated: u64,
    /// Inbound messages.
    pub inbound: u64,
    /// Bursts.
    pub bursts: u64,
    /// Campaigns.
    pub campaigns: u64,
    /// Whose inbound messages showed its replies: `own`, `client` or `none`.
    pub replies_from: &'static str,
}

/// A campaign.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CampaignRow {
    /// Id.
    pub campaign_id: String,
    /// What makes the content.
    pub content_kind: &'static str,
    /// Name, or fingerprint of the text.
    pub content: String,
    /// Sample text.
    pub sample: String,
    /// Accounts.
    pub accounts: Vec<String>,
    /// First send.
    pub first_sent: String,
    /// Last send.
    pub last_sent: String,
    /// Initiated messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// Runs.
    pub runs: u64,
    /// Replies of the same content.
    pub replies: u64,
    /// Whether several accounts sent it in one run.
    pub coordinated: bool,
    /// Whether it tripped no burst detector.
    pub drip: bool,
    /// A text with `*` for what differs.
    pub template: String,
    /// Distinct normalised texts.
    pub texts: u64,
    /// What makes the messages one campaign: `text`, `template` or `name`.
    pub joined_by: &'static str,
    /// Where a name joins them: how far a few texts under it agree, 0 to 1.
    pub agreement: Option<f64>,
    /// `robust` or `depends on a setting`.
    pub robustness: &'static str,
    /// The settings.
    pub depends_on: Vec<String>,
}

/// A burst.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BurstRow {
    /// Id.
    pub burst_id: String,
    /// Detector.
    pub detector: String,
    /// Account.
    pub account: String,
    /// First message.
    pub start: String,
    /// Last message.
    pub end: String,
    /// Messages.
    pub messages: u64,
    /// Recipients.
    pub recipients: u64,
    /// Highest windowed count.
    pub peak: u64,
    /// First moment of the peak.
    pub peak_at: String,
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
    /// Client, for detectors over all its accounts.
    pub client: String,
    /// `robust` or `depends on a setting`.
    pub robustness: &'static str,
    /// The settings.
    pub depends_on: Vec<String>,
}

/// A calendar day.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DayRow {
    /// The day.
    pub day: String,
    /// Outbound messages.
    pub messages: u64,
    /// Of these, messages in campaigns or bursts.
    pub mass: u64,
    /// Distinct recipients of outbound messages.
    pub recipients: u64,
}

/// A setting of detection.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MethodRow {
    /// Name.
    pub name: String,
    /// What it means.
    pub title: String,
    /// Whose figure it is.
    pub mark: &'static str,
    /// Source.
    pub source: String,
}

/// A rule pack.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PackRow {
    /// Name.
    pub id: String,
    /// Title.
    pub title: String,
    /// Version.
    pub version: String,
}

/// The day from which WhatsApp, as announced, acts on evidence from outside the platform too (rule R01).
pub const BOUNDARY_DAY: &str = "2019-12-07";

/// Version of the schema of [`Extract`].
pub const SCHEMA: &str = "sendeschluss-findings-1";

/// A title's words in a language.
#[must_use]
pub fn words(title: &crate::detect::settings::Title, language: Language) -> String {
    title.in_language(language).to_owned()
}
