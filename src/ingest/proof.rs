//! What stands on record beside an opt-in that helps to prove it, and for which channels it was given.
//! Art. 7(1) GDPR puts the burden of proof on who sends; which fields are wanted is our own list.
//! Whether a lack matters is decided by rules.

use crate::message::Platform;

/// Fields of proof beside an opt-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Whether the time of the opt-in is stated.
    pub time: bool,
    /// Whether the wording that was agreed to is stated.
    pub text_version: bool,
    /// Whether it is stated where the opt-in was given.
    pub source: bool,
    /// Whether a document, an address of the network or a message is referred to.
    pub reference: bool,
    /// Channels that were agreed to.
    pub channels: Channels,
}

/// Channels of an opt-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channels {
    /// The register does not say.
    #[default]
    NotStated,
    /// Several, or any.
    Several,
    /// One.
    One(Platform),
}

impl Proof {
    /// A declaration that the log itself holds: it came by the channel it is about, and its record is the proof.
    #[must_use]
    pub const fn in_the_log() -> Self {
        Self { time: true, text_version: true, source: true, reference: true, channels: Channels::NotStated }
    }

    /// Names of the fields that are missing, in a fixed order.
    #[must_use]
    pub fn missing(&self) -> Vec<&'static str> {
        let fields = [
            ("grant_ts", self.time),
            ("text_version", self.text_version),
            ("source", self.source),
            ("proof_ref", self.reference),
        ];
        fields.into_iter().filter(|(_, there)| !there).map(|(name, _)| name).collect()
    }

    /// Whether the opt-in names one channel, and another one.
    #[must_use]
    pub fn is_for_another_channel(&self, platform: Platform) -> bool {
        match self.channels {
            Channels::One(channel) => platform != Platform::Unknown && channel != platform,
            Channels::Several | Channels::NotStated => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_in_a_fixed_order() {
        assert!(Proof::in_the_log().missing().is_empty());
        let register = Proof { time: true, source: true, ..Proof::default() };
        assert_eq!(register.missing(), ["text_version", "proof_ref"]);
    }

    #[test]
    fn an_opt_in_for_mail_is_none_for_whatsapp() {
        let of = |channels| Proof { channels, ..Proof::default() };
        assert!(of(Channels::One(Platform::Email)).is_for_another_channel(Platform::Whatsapp));
        assert!(!of(Channels::One(Platform::Whatsapp)).is_for_another_channel(Platform::Whatsapp));
        assert!(!of(Channels::Several).is_for_another_channel(Platform::Whatsapp));
        assert!(!of(Channels::NotStated).is_for_another_channel(Platform::Whatsapp));
    }
}
