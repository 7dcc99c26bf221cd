//! The canonical message: its columns, their units, and the tables its indices point into.
//! One row is one send from one account to one recipient (or to an audience of known size).
//! Kernels take slices from here; nothing here reads files, detects or judges.

mod frame;
mod parquet;
mod texts;
mod vocabulary;

pub use frame::{Marks, frame};
pub use parquet::{Values, read_parquet, write_parquet};
pub use texts::Texts;
pub use vocabulary::{
    Automation, Category, ContentKind, Direction, Form, Owner, Platform, RecipientKind, Route, Status, ZoneBasis,
};

/// Zone that is taken when neither a record, nor the case file, nor an option names one.
pub const DEFAULT_ZONE: &str = "UTC";

/// Index that stands for "no content known".
pub const NO_CONTENT: u32 = 0;

/// Score that stands for "the export does not say how often this was forwarded".
pub const FORWARD_UNKNOWN: u8 = u8::MAX;

/// ISO 3166-1 alpha-2 letters of a country, upper case.
pub type CountryCode = [u8; 2];

/// A country code as text, empty when unknown.
#[must_use]
pub fn country_text(country: &Option<CountryCode>) -> &str {
    country.as_ref().and_then(|code| std::str::from_utf8(code).ok()).unwrap_or("")
}

/// Where a record stands in its source file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Number of the record in the file, the first is 1; a header line is no record.
    pub record: u32,
    /// Line on which the record begins, the first is 1.
    pub line: u32,
    /// Offset of the record's first byte in the file (after decompression).
    pub offset: u64,
    /// Bytes of the record, without the line end.
    pub length: u32,
}

/// A sending identity, with what the case file knows of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Canonical address, or `?` and the file's name while nobody has named it.
    pub id: String,
    /// The business on whose behalf it sends.
    pub client: Option<String>,
    /// The platform that sends.
    pub provider: Option<String>,
    /// Who owns the number.
    pub owner: Owner,
    /// Route that the case file states; it overrides the export's.
    pub route: Option<Route>,
    /// Whether the account stands for a file that names no sender.
    pub provisional: bool,
    /// Country of the number.
    pub country: Option<CountryCode>,
    /// When the number was registered, by the case file, UTC milliseconds.
    pub registered: Option<i64>,
}

/// The recipients, by index.
#[derive(Clone, Debug, Default)]
pub struct Recipients {
    /// Canonical addresses.
    pub address: Texts,
    /// What stands behind each address.
    pub kind: Vec<RecipientKind>,
    /// Country of each address, from its calling code.
    pub country: Vec<Option<CountryCode>>,
    /// Largest audience ever stated for each address; 1 for a person.
    pub audience: Vec<u32>,
}

/// The contents, by index: what makes messages "the same". Index 0 is "no content known".
#[derive(Clone, Debug, Default)]
pub struct Contents {
    /// Whether a text or a name makes it.
    pub kind: Vec<ContentKind>,
    /// xxh3-128 of the kind and the normalised text or name. Equal texts are equal by 128 bits.
    pub fingerprint: Vec<u128>,
    /// Words of the contents that more than one message has, by index.
    pub words: std::collections::BTreeMap<u32, ContentWords>,
    /// One text of each content that a text makes and an outbound message has, cut to [`SAMPLE_CHARACTERS`].
    pub texts: Texts,
    /// Contents of `texts`, in their order.
    pub text_of: Vec<u32>,
}

/// What people see of a content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentWords {
    /// The name, or for texts nothing.
    pub name: String,
    /// The text of the message that comes first by file and record, cut to [`SAMPLE_CHARACTERS`].
    pub sample: String,
    /// Of what a name makes: up to [`TEXTS_OF_NAME`] of the different texts under it, chosen by hash, each cut as the
    /// sample is.
    pub texts: Vec<String>,
}

/// So many different texts are kept of each name, to see whether they agree.
pub const TEXTS_OF_NAME: usize = 8;

impl Contents {
    /// How many contents there are, with "none".
    #[must_use]
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether there is not even "none".
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Fingerprint at an index; 0 past the end.
    #[must_use]
    pub fn fingerprint(&self, index: u32) -> u128 {
        self.fingerprint.get(index as usize).copied().unwrap_or(0)
    }

    /// Kind at an index.
    #[must_use]
    pub fn kind(&self, index: u32) -> ContentKind {
        self.kind.get(index as usize).copied().unwrap_or_default()
    }
}

/// Longest sample kept of a content, in characters.
pub const SAMPLE_CHARACTERS: usize = 600;

macro_rules! columns {
    ($($(#[$meta:meta])* $name:ident: $type:ty),+ $(,)?) => {
        /// The columns of the messages; all have one length, row by row the same message.
        #[derive(Clone, Debug, Default)]
        pub struct Columns {
            $($(#[$meta])* pub $name: Vec<$type>,)+
            /// The export's own id; empty where it has none.
            pub message_id: Texts,
        }

        impl Columns {
            /// Appends all rows of another set of columns.
            pub fn append(&mut self, other: &Self) {
                $(self.$name.extend_from_slice(&other.$name);)+
                self.message_id.append(&other.message_id);
            }

            /// Makes room for more rows, exactly.
            pub fn reserve(&mut self, rows: usize) {
                $(self.$name.reserve_exact(rows);)+
            }

            /// The rows with these numbers, in this order.
            #[must_use]
            pub fn pick(&self, rows: &[u32]) -> Self {
                fn at<T: Copy>(column: &[T], rows: &[u32]) -> Vec<T> {
                    rows.iter().filter_map(|row| column.get(*row as usize).copied()).collect()
                }
                let mut message_id = Texts::with_capacity(rows.len(), 0);
                rows.iter().for_each(|row| {
                    message_id.push(self.message_id.get(*row as usize));
                });
                Self { $($name: at(&self.$name, rows),)+ message_id }
            }

            /// Gives back the room that no row needs.
            pub fn shrink(&mut self) {
                $(self.$name.shrink_to_fit();)+
                self.message_id.shrink();
            }

            /// Keeps only the rows that `keep` says yes to, in order.
            pub fn retain(&mut self, keep: &[bool]) {
                $(
                    let mut row = 0;
                    self.$name.retain(|_| { let kept = keep.get(row).copied().unwrap_or(true); row += 1; kept });
                )+
                let mut ids = Texts::with_capacity(self.sent_at.len(), self.message_id.total_bytes());
                for (row, id) in self.message_id.iter().enumerate() {
                    if keep.get(row).copied().unwrap_or(true) {
                        ids.push(id);
                    }
                }
                self.message_id = ids;
            }
        }
    };
}

columns! {
    /// UTC milliseconds of the earliest known time of the send.
    sent_at: i64,
    /// Index into [`Messages::accounts`].
    account: u32,
    /// Index into [`Messages::recipients`].
    recipient: u32,
    /// Index into [`Messages::contents`]; [`NO_CONTENT`] where none is known.
    content: u32,
    /// Hash of the numbers, codes, dates and links in the text, which its content does not tell apart; 0 for none.
    values: u32,
    /// How many people the send reached; 1, or the size the export states.
    audience: u32,
    /// Platform.
    platform: Platform,
    /// Route, after the case file.
    route: Route,
    /// Direction.
    direction: Direction,
    /// How the offset from UTC was known.
    zone: ZoneBasis,
    /// Furthest status.
    status: Status,
    /// Category.
    category: Category,
    /// Automation.
    automation: Automation,
    /// Template or free text.
    form: Form,
    /// How often the text had been forwarded; 255 where unknown.
    forward_score: u8,
    /// Stable identity: xxh3-128 of the id and the parties, or of the message's own parts.
    key: u128,
    /// Index into [`Messages::files`].
    file: u32,
    /// See [`Place::record`].
    record: u32,
    /// See [`Place::line`].
    line: u32,
    /// See [`Place::offset`].
    offset: u64,
    /// See [`Place::length`].
    length: u32,
}

impl Columns {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sent_at.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sent_at.is_empty()
    }

    /// Where the record of a row stands.
    #[must_use]
    pub fn place(&self, row: usize) -> Place {
        Place {
            record: self.record.get(row).copied().unwrap_or_default(),
            line: self.line.get(row).copied().unwrap_or_default(),
            offset: self.offset.get(row).copied().unwrap_or_default(),
            length: self.length.get(row).copied().unwrap_or_default(),
        }
    }
}

/// All messages of a run, in the order of files and records, with their tables.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    /// Accounts, ordered by id.
    pub accounts: Vec<Account>,
    /// Recipients.
    pub recipients: Recipients,
    /// Contents.
    pub contents: Contents,
    /// Input files as named in `inputs.csv`.
    pub files: Vec<String>,
    /// The rows.
    pub columns: Columns,
    /// What is not certain of each file's times, file by file; may be shorter than `files`.
    pub doubts: Vec<Doubt>,
    /// Where records that tell of one message contradict each other.
    pub conflicts: Vec<Conflict>,
}

/// What is not certain of a file's times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    /// Zone in which times without an offset were read.
    pub zone: String,
    /// Whether the order of day and month was a guess.
    pub date_order: bool,
}

/// In what records of one message differ although they should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contradiction {
    /// One id, one status, times that lie whole hours apart.
    WholeHours,
    /// One id, two texts or names.
    Contents,
}

/// A kind of contradiction between two files (or within one), with how often and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// In what.
    pub kind: Contradiction,
    /// The file of the record that came first, and that of the later one.
    pub files: (u32, u32),
    /// How much later the second record's time is, in milliseconds; 0 for contents.
    pub shift_ms: i64,
    /// How many messages.
    pub count: u64,
    /// Record numbers of the first such pair.
    pub records: (u32, u32),
}

impl Messages {
    /// The id that stands for a row in every output: the export's own, else `M-` and 16 hex digits of its key.
    #[must_use]
    pub fn message_id(&self, row: usize) -> String {
        let own = self.columns.message_id.get(row);
        if own.is_empty() {
            let key = self.columns.key.get(row).copied().unwrap_or_default();
            format!("M-{:016x}", (key >> 64) as u64)
        } else {
            own.to_owned()
        }
    }

    /// The account of a row.
    #[must_use]
    pub fn account(&self, row: usize) -> Option<&Account> {
        self.accounts.get(*self.columns.account.get(row)? as usize)
    }

    /// Country of a row's recipient.
    #[must_use]
    pub fn country(&self, row: usize) -> Option<CountryCode> {
        *self.recipients.country.get(*self.columns.recipient.get(row)? as usize)?
    }
}
