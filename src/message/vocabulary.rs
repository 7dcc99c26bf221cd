//! The closed sets of words that a message can carry: platform, route, direction, status and so on.
//! Every word has one spelling, used in code, CSV, JSON, Parquet and the report alike.
//! No parsing of foreign words lives here; formats map their own words onto these.

/// Declares a one-byte enum whose variants have one fixed spelling each.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// All values, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The one spelling of this value.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The value with this spelling, if there is one.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::from_word(&word).ok_or_else(|| {
                    serde::de::Error::unknown_variant(&word, &[$($word),+])
                })
            }
        }
    };
}

words! {
    /// The messenger or channel a message travelled on.
    Platform {
        /// The export does not say.
        #[default] Unknown = "unknown",
        /// WhatsApp, by any route.
        Whatsapp = "whatsapp",
        /// SMS and MMS.
        Sms = "sms",
        /// E-mail.
        Email = "email",
        /// Telegram.
        Telegram = "telegram",
        /// Facebook Messenger and Instagram.
        Messenger = "messenger",
        /// Viber.
        Viber = "viber",
        /// Signal.
        Signal = "signal",
        /// A known platform without a word of its own here.
        Other = "other",
    }
}

words! {
    /// How a message was sent; it decides which terms apply.
    Route {
        /// Neither the export nor the case file says.
        #[default] Unknown = "unknown",
        /// WhatsApp's official business platform (API).
        BusinessApi = "business_api",
        /// The WhatsApp Business App, by hand.
        BusinessApp = "business_app",
        /// The ordinary WhatsApp app.
        PersonalApp = "personal_app",
        /// Automation of an app or of its web client.
        UnofficialAutomation = "unofficial_automation",
        /// A number that the platform operator owns and lends out.
        ProviderNumber = "provider_number",
        /// SMS.
        Sms = "sms",
        /// E-mail.
        Email = "email",
        /// Telegram.
        Telegram = "telegram",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Who wrote: the account or the other side.
    Direction {
        /// Sent by the account.
        #[default] Outbound = "outbound",
        /// Received by the account.
        Inbound = "inbound",
    }
}

words! {
    /// How the offset from UTC of a time was known.
    ZoneBasis {
        /// Nothing named a zone; the default was taken, and the report says so.
        #[default] Guessed = "guessed",
        /// The case file or an option named the zone.
        Case = "case",
        /// The record itself fixes the instant.
        Record = "record",
    }
}

words! {
    /// How far a message got. The order is the order of "furthest".
    Status {
        /// The export does not say.
        #[default] Unknown = "unknown",
        /// Taken by the platform.
        Accepted = "accepted",
        /// Handed to the network.
        Sent = "sent",
        /// Not delivered; ranks below delivered, which disproves it.
        Failed = "failed",
        /// On the recipient's device.
        Delivered = "delivered",
        /// Seen by the recipient.
        Read = "read",
    }
}

words! {
    /// What stands behind a recipient address.
    RecipientKind {
        /// The export does not say.
        #[default] Unknown = "unknown",
        /// One person.
        Person = "person",
        /// A group chat.
        Group = "group",
        /// A broadcast list or channel.
        BroadcastList = "broadcast_list",
    }
}

words! {
    /// The platform's own category of a template message.
    Category {
        /// None given.
        #[default] Unknown = "unknown",
        /// Advertising.
        Marketing = "marketing",
        /// Order confirmations and the like.
        Utility = "utility",
        /// One-time codes.
        Authentication = "authentication",
        /// Answers inside the service window.
        Service = "service",
    }
}

words! {
    /// What pressed the button.
    Automation {
        /// The export does not say.
        #[default] Unknown = "unknown",
        /// An official programming interface.
        Api = "api",
        /// A script that drives an app.
        Scripted = "scripted",
        /// A person.
        Manual = "manual",
    }
}

words! {
    /// Whether a message was an approved template or free text.
    Form {
        /// The export does not say.
        #[default] Unknown = "unknown",
        /// An approved template.
        Template = "template",
        /// Free text.
        FreeForm = "free_form",
    }
}

words! {
    /// What makes messages "the same content".
    ContentKind {
        /// The normalised text.
        #[default] Text = "text",
        /// A template that the export names.
        Template = "template",
        /// A campaign, batch or newsletter that the export names.
        Campaign = "campaign",
    }
}

words! {
    /// Who owns a sending number.
    Owner {
        /// Nobody said.
        #[default] Unknown = "unknown",
        /// The business on whose behalf it sends.
        Client = "client",
        /// The platform that sends.
        Provider = "provider",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_itself() {
        for route in Route::ALL {
            assert_eq!(Route::from_word(route.as_str()), Some(*route));
        }
        for status in Status::ALL {
            assert_eq!(Status::from_word(status.as_str()), Some(*status));
        }
        assert_eq!(Route::from_word("Business_API"), None);
    }

    #[test]
    fn the_furthest_status_is_the_greatest() {
        assert!(Status::Read > Status::Delivered);
        assert!(Status::Delivered > Status::Failed);
        assert!(Status::Failed > Status::Sent);
    }
}
