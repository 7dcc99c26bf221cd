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
    /// Whether a document, an address of the network, a message or a confirmation is referred to.
    pub reference: bool,
    /// Whether a second step is on record that confirmed the sign-up (double opt-in).
    pub confirmed: bool,
    /// Channels that were agreed to.
    pub channels: Channels,
}

/// Stands for the time of an opt-in whose register states none; [`Proof::time`] says so.
pub const UNDATED: i64 = 0;

/// Channels of an opt-in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Channels {
    /// The register does not say.
    #[default]
    NotStated,
    /// Any.
    Any,
    /// These.
    Named(Platforms),
}

/// A set of platforms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Platforms(u16);

impl Platforms {
    /// This set and one platform more.
    #[must_use]
    pub const fn with(self, platform: Platform) -> Self {
        Self(self.0 | 1 << platform as u16)
    }

    /// Whether a platform is in the set.
    #[must_use]
    pub const fn holds(self, platform: Platform) -> bool {
        self.0 & 1 << platform as u16 != 0
    }
}

impl FromIterator<Platform> for Platforms {
    fn from_iter<T: IntoIterator<Item = Platform>>(platforms: T) -> Self {
        platforms.into_iter().fold(Self::default(), Self::with)
    }
}

impl Channels {
    /// The channels that a cell names, each word read by `platform`; words that name none say nothing.
    #[must_use]
    pub fn read(cell: &str, any: &[String], platform: impl Fn(&str) -> Option<Platform>) -> Self {
        let words = || cell.split([',', ';', '/', '|', '+', '&']).map(str::trim).filter(|word| !word.is_empty());
        if words().any(|word| any.iter().any(|any| any.eq_ignore_ascii_case(word))) {
            return Self::Any;
        }
        let named: Platforms = words().filter_map(platform).collect();
        if named == Platforms::default() { Self::NotStated } else { Self::Named(named) }
    }
}

impl Proof {
    /// A declaration that the log itself holds: it came by the channel it is about, and its record is the proof.
    #[must_use]
    pub const fn in_the_log() -> Self {
        let channels = Channels::NotStated;
        Self { time: true, text_version: true, source: true, reference: true, confirmed: false, channels }
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

    /// Whether the opt-in names channels, and this one is none of them.
    #[must_use]
    pub fn is_for_another_channel(&self, platform: Platform) -> bool {
        match self.channels {
            Channels::Named(channels) => platform != Platform::Unknown && !channels.holds(platform),
            Channels::Any | Channels::NotStated => false,
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
        let known = |word: &str| Platform::from_word(&word.to_lowercase());
        let of = |cell| Proof { channels: Channels::read(cell, &["alle".to_owned()], known), ..Proof::default() };
        assert!(of("email").is_for_another_channel(Platform::Whatsapp));
        assert!(of("SMS; email").is_for_another_channel(Platform::Whatsapp));
        assert!(!of("SMS, WhatsApp").is_for_another_channel(Platform::Whatsapp));
        assert!(!of("Alle").is_for_another_channel(Platform::Whatsapp));
        assert!(!of("website").is_for_another_channel(Platform::Whatsapp));
        assert!(!of("email").is_for_another_channel(Platform::Unknown));
    }
}
