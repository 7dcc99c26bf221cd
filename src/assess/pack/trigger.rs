//! The closed set of what a rule can measure, with the parameters that a pack may set.
//! How each is measured stands in `assess/triggers/`, one file each.
//! Figures are those of the pack: nothing here has a threshold of its own.

use serde::{Deserialize, Serialize};

use crate::detect::settings::parse_length;

/// A length of time as packs write it: `15s`, `24h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Length {
    /// Milliseconds.
    pub milliseconds: i64,
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match parse_length(&text) {
            Some(milliseconds) if milliseconds > 0 => Ok(Self { milliseconds }),
            _ => Err(serde::de::Error::custom(format!("`{text}` is no length of time; write 15s, 10min, 24h or 7d"))),
        }
    }
}

impl Serialize for Length {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let units = [(604_800_000, "w"), (86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"), (1, "ms")];
        let (size, unit) = units.into_iter().find(|(size, _)| self.milliseconds % size == 0).unwrap_or((1, "ms"));
        // Weeks are read by nobody who did not write them.
        if unit == "w" {
            return serializer.serialize_str(&format!("{}d", self.milliseconds / 86_400_000));
        }
        serializer.serialize_str(&format!("{}{unit}", self.milliseconds / size))
    }
}

/// A stretch of the age of an opt-in, in years.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Ages {
    /// Years without use after which an opt-in may have lapsed.
    pub unused_years: f64,
    /// Years between opt-in and first use after which it may have lapsed.
    pub first_use_years: f64,
}

/// A paper that data protection asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Paper {
    /// The contract with a processor.
    ProcessorAgreement,
    /// The safeguard for a transfer to a third country.
    TransferSafeguard,
}

/// What a rule measures.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Trigger {
    /// Messages of campaigns to at least so many recipients, and of bursts of these detectors that reach as many.
    Bulk {
        /// Distinct recipients of one content.
        recipients: u64,
        /// Names of detectors.
        bursts: Vec<String>,
    },
    /// Advertising by template or by text.
    PromotionalApiMessage {},
    /// Messages of bursts of one detector. Level `fresh` where the number was registered not longer than
    /// `fresh_within` before the burst.
    Burst {
        /// Name of the detector.
        detector: String,
        /// Age of the number at the start of the burst.
        #[serde(default)]
        fresh_within: Option<Length>,
    },
    /// First messages of a number younger than `age` to people who had not written to it.
    FreshNumber {
        /// Age of the number.
        age: Length,
        /// Distinct strangers.
        first_contacts: u64,
    },
    /// One content from several numbers within a sliding window.
    SplitOverNumbers {
        /// The window.
        within: Length,
        /// Numbers.
        accounts: u64,
    },
    /// Runs whose gaps are those of a machine.
    MachineRegularity {
        /// Messages of the run.
        messages: u64,
        /// Coefficient of variation of the gaps below which they are.
        variation: f64,
        /// Median gap below which they are.
        median_gap: Length,
    },
    /// Numbers of a provider that serve several clients or are paid by the message, as the case file says.
    RentedNumber {
        /// Clients on one number.
        clients: u64,
    },
    /// Free text that an account initiated, where the log shows inbound messages at all.
    FreeFormOutsideWindow {},
    /// Advertising without an opt-in on record.
    NoOptIn {},
    /// Advertising before the opt-in.
    LateOptIn {},
    /// Advertising on an opt-in that lacks what its proof needs.
    UnprovableOptIn {},
    /// Advertising on an opt-in for other channels only.
    OtherChannelOptIn {},
    /// Advertising on an opt-in that nobody used for long. Levels `unused` and `first_use`.
    StaleOptIn {
        /// How long.
        ages: Ages,
    },
    /// Messages after an opt-out. Levels by the time since: `within_24h`, `within_48h`, `over_48h`.
    AfterOptOut {
        /// Time that may pass before an opt-out must be honoured.
        #[serde(default)]
        grace: Option<Length>,
        /// Business days that may pass.
        #[serde(default)]
        grace_business_days: Option<u32>,
    },
    /// Advertising under the exception for customers without words on how to object.
    NoStopNotice {},
    /// Advertising that names nobody.
    HiddenSender {},
    /// More distinct recipients in a moving window than the number's or portfolio's limit.
    OverMessagingLimit {
        /// The window.
        window: Length,
    },
    /// More than the platform can carry: messages a second, or two to one recipient too close.
    ImplausibleRate {
        /// Messages in any second.
        per_second: u64,
        /// Least gap between two messages to one recipient.
        pair_gap: Length,
    },
    /// Advertising to one person at least so often in a moving window without an answer.
    TooFrequent {
        /// Messages.
        messages: u64,
        /// The window.
        window: Length,
    },
    /// Marketing templates to numbers of a country to which they are not delivered.
    BlockedCountry {
        /// ISO 3166-1 alpha-2.
        country: String,
    },
    /// Mass sends of a political sender through the official interface.
    PoliticalSender {},
    /// Mass sends within a time after a warning that the case file names.
    WentOnAfterWarning {
        /// The time.
        within: Length,
    },
    /// Advertising after a cease-and-desist undertaking.
    AfterUndertaking {},
    /// Advertising after a court order.
    AfterCourtOrder {},
    /// Sends without a paper that the case file would name.
    TransferGap {
        /// The paper.
        lacks: Paper,
    },
    /// Runs to more than so many recipients of a country without an opt-in.
    CountryCount {
        /// ISO 3166-1 alpha-2.
        country: String,
        /// Distinct recipients in a run.
        recipients: u64,
    },
    /// Advertising to people of the rule's countries without an opt-in, or after an opt-out, or at night.
    NoConsentAbroad {
        /// Business days that may pass after an opt-out; none means at once.
        #[serde(default)]
        grace_business_days: Option<u32>,
        /// Local hours in which advertising may come, as `[from, to)`; the recipient's zone is not known, so only
        /// messages outside these hours in every zone of the country count.
        #[serde(default)]
        hours: Option<[u32; 2]>,
    },
    /// Mass messages of a political sender to a country in which they need consent. Level `after_opt_out` beyond the
    /// grace.
    ElectoralMassMessaging {
        /// Time in which an opt-out must be honoured.
        grace: Length,
    },
    /// One content forwarded to more chats at once than the app allows.
    ForwardFanOut {
        /// Chats.
        chats: u64,
        /// Chats for what was already forwarded many times.
        chats_if_frequent: u64,
        /// How close together "at once" is.
        within: Length,
    },
}

impl Trigger {
    /// Names of detectors that it refers to.
    #[must_use]
    pub fn detectors(&self) -> &[String] {
        match self {
            Self::Bulk { bursts, .. } => bursts,
            Self::Burst { detector, .. } => std::slice::from_ref(detector),
            _ => &[],
        }
    }

    /// Its kind and its parameters, both as packs write them.
    #[must_use]
    pub fn parts(&self) -> (String, serde_json::Value) {
        let mut parameters = serde_json::to_value(self).unwrap_or_default();
        let kind = parameters.as_object_mut().and_then(|values| values.remove("kind"));
        (kind.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(), parameters)
    }

    /// Levels that it tells apart: the names a rule may give severities to.
    #[must_use]
    pub fn levels(&self) -> &'static [&'static str] {
        match self {
            Self::Burst { .. } => &["fresh"],
            Self::StaleOptIn { .. } => &["unused", "first_use"],
            Self::AfterOptOut { .. } => &["within_24h", "within_48h", "over_48h"],
            Self::ElectoralMassMessaging { .. } => &["no_consent", "after_opt_out"],
            Self::NoConsentAbroad { .. } => &["no_opt_in", "after_opt_out", "at_night"],
            _ => &[],
        }
    }
}
