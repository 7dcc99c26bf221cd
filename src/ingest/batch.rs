//! What one stretch of one file gave: rows, rejects, ignored records, consents, all in local indices.
//! Readers write into a batch and know nothing of other batches; `fold` joins them in file order.
//! Every record ends in exactly one call of `message`s, `ignore` or `reject`.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hashbrown::{HashMap, HashTable};
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::context::{Context, FileContext};
use super::echo::{Echo, Firsts};
use super::identity::Identity;
use super::local_contents::{LocalContents, RecentContents, sample_of};
use super::normalise::{normalise, values};
use super::people::{AddressKind, Hint, People};
use super::proof::Proof;
use crate::message::{
    Automation, Category, Columns, ContentKind, Direction, FORWARD_UNKNOWN, Form, NO_CONTENT, Place, Platform,
    RecipientKind, Route, Status, Texts, ZoneBasis,
};

/// One send as a reader found it, before canonical addresses and interning.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// UTC milliseconds.
    pub sent_at: i64,
    /// How the offset was known.
    pub zone: ZoneBasis,
    /// Platform.
    pub platform: Platform,
    /// Route the export implies.
    pub route: Route,
    /// Direction.
    pub direction: Direction,
    /// The sending identity as written; `None` gives the file's provisional account.
    pub account: Option<&'a str>,
    /// The other side as written.
    pub recipient: &'a str,
    /// What the export guarantees of its addresses.
    pub hint: Hint,
    /// What stands behind the recipient, where the export says so.
    pub recipient_kind: RecipientKind,
    /// People reached; 1 where the export states no size.
    pub audience: u32,
    /// Status.
    pub status: Status,
    /// The export's own id.
    pub message_id: &'a str,
    /// Name of a campaign or batch.
    pub campaign: &'a str,
    /// Name of a template.
    pub template: &'a str,
    /// The text.
    pub text: &'a str,
    /// Category.
    pub category: Category,
    /// Template or free text.
    pub form: Form,
    /// Automation.
    pub automation: Automation,
    /// How often forwarded, or [`FORWARD_UNKNOWN`].
    pub forward_score: u8,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Self {
            sent_at: 0,
            zone: ZoneBasis::Guessed,
            platform: Platform::Unknown,
            route: Route::Unknown,
            direction: Direction::Outbound,
            account: None,
            recipient: "",
            hint: Hint::Unknown,
            recipient_kind: RecipientKind::Unknown,
            audience: 1,
            status: Status::Unknown,
            message_id: "",
            campaign: "",
            template: "",
            text: "",
            category: Category::Unknown,
            form: Form::Unknown,
            automation: Automation::Unknown,
            forward_score: FORWARD_UNKNOWN,
        }
    }
}

/// Why a record gave no message, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Index of the file.
    pub file: u32,
    /// Place of the record.
    pub place: Place,
    /// Reason, in words for people.
    pub reason: Cow<'static, str>,
    /// The record's first bytes as text; shown only masked.
    pub excerpt: String,
}

/// Whether somebody asked to be sent messages or not to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsentKind {
    /// Signed up or resumed.
    OptIn,
    /// Asked to stop.
    OptOut,
}

impl ConsentKind {
    /// The one spelling.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OptIn => "opt_in",
            Self::OptOut => "opt_out",
        }
    }
}

/// What somebody said of being sent messages, as a reader found it.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Who said it, as written.
    pub recipient: &'a str,
    /// What the export guarantees of its addresses.
    pub hint: Hint,
    /// UTC milliseconds.
    pub at: i64,
    /// What was said.
    pub kind: ConsentKind,
    /// How.
    pub source: &'static str,
}

/// One opt-in or opt-out, with the record that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// Index of the account it was said to.
    pub account: u32,
    /// Index of the recipient who said it.
    pub recipient: u32,
    /// UTC milliseconds.
    pub at: i64,
    /// What was said.
    pub kind: ConsentKind,
    /// How: `user_preferences`, `reply`.
    pub source: &'static str,
    /// What stands beside it that helps to prove it.
    pub proof: Proof,
    /// Index of the file.
    pub file: u32,
    /// Place of the record.
    pub place: Place,
}

/// Distinct texts with their hashes, by exact comparison.
#[derive(Debug, Default)]
pub struct Interner {
    table: HashTable<u32>,
    hashes: Vec<u64>,
    /// The texts, by index.
    pub texts: Texts,
}

impl Interner {
    /// The index of a text, new or known, and whether it was new.
    pub fn intern(&mut self, text: &str) -> (u32, bool) {
        self.intern_hashed(text, xxh3_64(text.as_bytes()))
    }

    /// As [`Self::intern`], with the text's xxh3-64 known.
    pub fn intern_hashed(&mut self, text: &str, hash: u64) -> (u32, bool) {
        let texts = &self.texts;
        let same = |index: &u32| texts.get(*index as usize) == text;
        if let Some(index) = self.table.find(hash, same) {
            return (*index, false);
        }
        let index = self.texts.push(text) as u32;
        self.hashes.push(hash);
        let hashes = &self.hashes;
        debug_assert_eq!(hashes.len(), self.texts.len());
        self.table.insert_unique(hash, index, |known| hashes.get(*known as usize).copied().unwrap_or(0));
        (index, true)
    }

    /// Adds a text that is not among those before, without looking; it cannot be found by [`Self::intern`].
    pub fn append(&mut self, text: &str) {
        self.texts.push(text);
        self.hashes.push(xxh3_64(text.as_bytes()));
    }

    /// Hash of the text at an index.
    #[must_use]
    pub fn hash(&self, index: u32) -> u64 {
        self.hashes.get(index as usize).copied().unwrap_or(0)
    }
}

/// Canonical addresses of a batch, found by the raw spelling.
#[derive(Debug, Default)]
struct AddressBook {
    raw: Interner,
    /// Local canonical index of each raw spelling.
    canonical_of: Vec<u32>,
    canonical: Interner,
    kind: Vec<RecipientKind>,
    guessed: u64,
    /// The raw spelling asked for last: exports keep the sender in every row.
    last: Option<u32>,
}

impl AddressBook {
    fn index(&mut self, raw: &str, hint: Hint, kind: RecipientKind, people: &People) -> Option<u32> {
        if let Some(last) = self.last
            && self.raw.texts.get(last as usize) == raw
        {
            return self.canonical_of.get(last as usize).copied();
        }
        let (raw_index, new) = self.raw.intern(raw);
        if new {
            let (text, found, guessed) = match people.canonical(raw, hint) {
                Some(address) => (address.text, kind_of(address.kind), address.guessed),
                None => (String::new(), RecipientKind::Unknown, false),
            };
            self.guessed += u64::from(guessed);
            let (index, new) = self.canonical.intern(&text);
            if new {
                self.kind.push(RecipientKind::Unknown);
            }
            if let Some(known) = self.kind.get_mut(index as usize)
                && *known == RecipientKind::Unknown
            {
                *known = found;
            }
            self.canonical_of.push(index);
        }
        self.last = Some(raw_index);
        let index = self.canonical_of.get(raw_index as usize).copied()?;
        if kind != RecipientKind::Unknown
            && let Some(known) = self.kind.get_mut(index as usize)
        {
            *known = kind;
        }
        (!self.canonical.texts.get(index as usize).is_empty()).then_some(index)
    }
}

fn kind_of(kind: AddressKind) -> RecipientKind {
    match kind {
        AddressKind::Group => RecipientKind::Group,
        AddressKind::BroadcastList | AddressKind::Newsletter | AddressKind::Status => RecipientKind::BroadcastList,
        AddressKind::Phone | AddressKind::Lid | AddressKind::Bsuid | AddressKind::Email => RecipientKind::Person,
        AddressKind::ShortCode | AddressKind::Channel | AddressKind::Name => RecipientKind::Unknown,
    }
}

/// What [`Batch::restored`] takes.
#[derive(Debug, Default)]
pub(super) struct Restored {
    pub(super) rows: Columns,
    pub(super) echoes: Vec<Echo>,
    pub(super) echoing: u64,
    pub(super) accounts: Interner,
    pub(super) recipients: Interner,
    pub(super) kinds: Vec<RecipientKind>,
    pub(super) contents: LocalContents,
    pub(super) consents: Vec<Consent>,
    pub(super) rejects: Vec<Reject>,
}

/// See the module.
#[derive(Debug)]
pub struct Batch<'c> {
    context: &'c Context,
    /// Index of the file.
    pub file: u32,
    /// Records seen, however they ended.
    pub records: u32,
    /// Rows, with account, recipient and content as local indices.
    pub rows: Columns,
    /// What later records tell of messages in `rows`, in their order.
    pub echoes: Vec<Echo>,
    /// Records that gave echoes only; set by [`Self::close`].
    pub echoing: u64,
    firsts: Firsts,
    closed: bool,
    accounts: AddressBook,
    recipients: AddressBook,
    /// Contents by local index; index 0 is "none".
    pub contents: LocalContents,
    content_of: RecentContents,
    content_of_fingerprint: HashMap<u128, u32, FxBuildHasher>,
    normal: String,
    /// Rejects in order of record.
    pub rejects: Vec<Reject>,
    /// Ignored records by reason.
    pub ignored: BTreeMap<&'static str, u64>,
    /// Opt-ins and opt-outs, with local indices.
    pub consents: Vec<Consent>,
    provisional: String,
    /// Rows that named no sender.
    pub without_sender: u64,
    /// Whether a reader had to give up the rest of the file.
    pub broken_off: bool,
    /// Things to be told of single records, by kind, with how many records they concern.
    pub notes: BTreeMap<&'static str, u64>,
}

impl<'c> Batch<'c> {
    /// An empty batch for a stretch of a file.
    #[must_use]
    pub fn new(file: &FileContext<'c>) -> Self {
        Self {
            context: file.context,
            file: file.index,
            records: 0,
            rows: Columns::default(),
            echoes: Vec::new(),
            echoing: 0,
            firsts: Firsts::default(),
            closed: false,
            accounts: AddressBook::default(),
            recipients: AddressBook::default(),
            contents: LocalContents::with_none(),
            content_of: RecentContents::default(),
            content_of_fingerprint: HashMap::default(),
            normal: String::new(),
            rejects: Vec::new(),
            ignored: BTreeMap::new(),
            consents: Vec::new(),
            provisional: file.provisional.clone(),
            without_sender: 0,
            broken_off: false,
            notes: BTreeMap::new(),
        }
    }

    /// Counts a record that gives no send, by reason.
    pub fn ignore(&mut self, reason: &'static str) {
        self.records += 1;
        *self.ignored.entry(reason).or_default() += 1;
    }

    /// Counts a record that could not be read.
    pub fn reject(&mut self, place: Place, reason: impl Into<Cow<'static, str>>, record: &[u8]) {
        self.records += 1;
        let head = record.get(..record.len().min(EXCERPT_BYTES)).unwrap_or(record);
        let excerpt = String::from_utf8_lossy(head).into_owned();
        self.rejects.push(Reject { file: self.file, place, reason: reason.into(), excerpt });
    }

    /// What a platform's category word means.
    #[must_use]
    pub fn category(&self, word: &str) -> Option<Category> {
        self.context.delimited.category.get(word)
    }

    /// Counts a record of which something must be told.
    pub fn note(&mut self, kind: &'static str) {
        *self.notes.entry(kind).or_default() += 1;
    }

    /// Counts a record that gave messages; follow it with one [`Self::message`] for each.
    pub fn read(&mut self) {
        self.records += 1;
    }

    /// Whether a draft's recipient is an address at all. Ask before [`Self::read`].
    pub fn knows_recipient(&mut self, raw: &str, hint: Hint) -> bool {
        self.recipients.index(raw, hint, RecipientKind::Unknown, &self.context.people).is_some()
    }

    /// Adds one message of a record.
    pub fn message(&mut self, place: Place, draft: &Draft<'_>) {
        let account = self.account_index(draft.account, draft.hint);
        let recipient = self
            .recipients
            .index(draft.recipient, draft.hint, draft.recipient_kind, &self.context.people)
            .unwrap_or_else(|| self.recipients.canonical.intern("").0);
        if draft.direction == Direction::Inbound
            && let Some(kind) = self.context.consent_words.meaning(draft.text)
        {
            self.consents.push(Consent {
                account,
                recipient,
                at: draft.sent_at,
                kind,
                source: "reply",
                proof: Proof::in_the_log(),
                file: self.file,
                place,
            });
        }
        let (content, values) = self.content(draft);
        let key = self.key(account, recipient, content, draft);
        let audience = draft.audience.max(1);
        if !self.context.keep_folded {
            let first = self.firsts.row_of(key, &self.rows.key);
            self.firsts.see(place.record, first.is_none());
            if let Some(row) = first {
                self.echoes.push(Echo {
                    row,
                    record: place.record,
                    sent_at: draft.sent_at,
                    content,
                    values,
                    audience,
                    zone: draft.zone,
                    platform: draft.platform,
                    route: draft.route,
                    status: draft.status,
                    category: draft.category,
                    automation: draft.automation,
                    form: draft.form,
                    forward_score: draft.forward_score,
                });
                return;
            }
        }
        let rows = &mut self.rows;
        rows.sent_at.push(draft.sent_at);
        rows.account.push(account);
        rows.recipient.push(recipient);
        rows.content.push(content);
        rows.values.push(values);
        rows.audience.push(audience);
        rows.platform.push(draft.platform);
        rows.route.push(draft.route);
        rows.direction.push(draft.direction);
        rows.zone.push(draft.zone);
        rows.status.push(draft.status);
        rows.category.push(draft.category);
        rows.automation.push(draft.automation);
        rows.form.push(draft.form);
        rows.forward_score.push(draft.forward_score);
        rows.key.push(key);
        rows.file.push(self.file);
        rows.record.push(place.record);
        rows.line.push(place.line);
        rows.offset.push(place.offset);
        rows.length.push(place.length);
        rows.message_id.push(draft.message_id);
    }

    /// Adds an opt-in or opt-out; the record is counted by whoever calls.
    pub fn consent(&mut self, place: Place, account: Option<&str>, said: Said<'_>) {
        self.consent_with(place, account, said, Proof::in_the_log());
    }

    /// As [`Self::consent`], for registers that state what proves an opt-in.
    pub fn consent_with(&mut self, place: Place, account: Option<&str>, said: Said<'_>, proof: Proof) {
        let account = self.account_index(account, said.hint);
        if let Some(recipient) =
            self.recipients.index(said.recipient, said.hint, RecipientKind::Unknown, &self.context.people)
        {
            let Said { at, kind, source, .. } = said;
            self.consents.push(Consent { account, recipient, at, kind, source, proof, file: self.file, place });
        }
    }

    fn account_index(&mut self, raw: Option<&str>, hint: Hint) -> u32 {
        let named = raw.and_then(|raw| self.accounts.index(raw, hint, RecipientKind::Unknown, &self.context.people));
        named.unwrap_or_else(|| {
            self.without_sender += 1;
            let (index, new) = self.accounts.canonical.intern(&self.provisional);
            if new {
                self.accounts.kind.push(RecipientKind::Unknown);
            }
            index
        })
    }

    /// Index of the content, and the hash of what its masks hide.
    fn content(&mut self, draft: &Draft<'_>) -> (u32, u32) {
        let found = self.content_by_its_words(draft);
        if found.0 != NO_CONTENT && !(draft.campaign.is_empty() && draft.template.is_empty()) {
            self.contents.under_name.entry(found.0).or_default().see(draft.text, sample_of);
        }
        found
    }

    fn content_by_its_words(&mut self, draft: &Draft<'_>) -> (u32, u32) {
        let (kind, name) = if !draft.campaign.is_empty() {
            (ContentKind::Campaign, draft.campaign)
        } else if !draft.template.is_empty() {
            (ContentKind::Template, draft.template)
        } else if !draft.text.is_empty() {
            (ContentKind::Text, draft.text)
        } else {
            return (NO_CONTENT, 0);
        };
        let raw = xxh3_128(name.as_bytes()) ^ (kind as u128);
        if let Some((index, known)) = self.content_of.get(raw) {
            // A name says nothing of the values in the text beside it.
            return (index, if kind == ContentKind::Text { known } else { values(draft.text) });
        }
        let fingerprint = if kind == ContentKind::Text {
            normalise(name, &mut self.normal);
            if self.normal.is_empty() {
                self.content_of.set(raw, (NO_CONTENT, 0));
                return (NO_CONTENT, 0);
            }
            xxh3_128(self.normal.as_bytes()) ^ (kind as u128)
        } else {
            raw
        };
        let next = self.contents.fingerprint.len() as u32;
        let index = *self.content_of_fingerprint.entry(fingerprint).or_insert(next);
        if index == next {
            self.contents.push(kind, fingerprint, if kind == ContentKind::Text { "" } else { name }, draft.text);
        }
        let values = values(draft.text);
        self.content_of.set(raw, (index, values));
        (index, values)
    }

    fn key(&self, account: u32, recipient: u32, content: u32, draft: &Draft<'_>) -> u128 {
        Identity {
            message_id: draft.message_id,
            account: self.accounts.canonical.hash(account),
            recipient: self.recipients.canonical.hash(recipient),
            direction: draft.direction,
            sent_at: draft.sent_at,
            content: self.contents.fingerprint.get(content as usize).copied().unwrap_or(0),
        }
        .key()
    }

    /// The accounts of this batch, canonical, by local index.
    #[must_use]
    pub fn accounts(&self) -> &Interner {
        &self.accounts.canonical
    }

    /// The recipients of this batch, canonical, by local index.
    #[must_use]
    pub fn recipients(&self) -> &Interner {
        &self.recipients.canonical
    }

    /// What stands behind a recipient, by local index.
    #[must_use]
    pub fn recipient_kind(&self, index: u32) -> RecipientKind {
        self.recipients.kind.get(index as usize).copied().unwrap_or_default()
    }

    /// How many distinct spellings were read by a guess (national form completed, digits without `+`).
    #[must_use]
    pub fn guessed_addresses(&self) -> u64 {
        self.recipients.guessed + self.accounts.guessed
    }

    /// Moves every place by what stood before this batch in its file.
    pub fn shift(&mut self, records: u32, lines: u32, offset: u64) {
        self.rows.record.iter_mut().for_each(|record| *record += records);
        self.rows.line.iter_mut().for_each(|line| *line += lines);
        self.rows.offset.iter_mut().for_each(|at| *at += offset);
        self.echoes.iter_mut().for_each(|echo| echo.record += records);
        let places = self.rejects.iter_mut().map(|reject| &mut reject.place);
        for place in places.chain(self.consents.iter_mut().map(|consent| &mut consent.place)) {
            place.record += records;
            place.line += lines;
            place.offset += offset;
        }
    }

    /// Gives every place the row of the table that its record is; rows of tables are records and lines alike.
    pub fn number_rows(&mut self, row: &dyn Fn(u32) -> u32) {
        for (record, line) in self.rows.record.iter_mut().zip(&mut self.rows.line) {
            *record = row(*record);
            *line = *record;
        }
        self.echoes.iter_mut().for_each(|echo| echo.record = row(echo.record));
        let places = self.rejects.iter_mut().map(|reject| &mut reject.place);
        for place in places.chain(self.consents.iter_mut().map(|consent| &mut consent.place)) {
            place.record = row(place.record);
            place.line = place.record;
        }
    }

    /// Moves every offset by a function that is asked in ascending order; lengths follow.
    pub fn move_places(&mut self, to: &mut dyn FnMut(u64) -> u64) {
        // Rows and rejects are each in order, but not among each other: walk them merged.
        let rows = self.rows.offset.iter_mut().zip(self.rows.length.iter_mut());
        let rejects = self.rejects.iter_mut().map(|reject| (&mut reject.place.offset, &mut reject.place.length));
        let consents = self.consents.iter_mut().map(|consent| (&mut consent.place.offset, &mut consent.place.length));
        let mut places: Vec<(&mut u64, &mut u32)> = rows.chain(rejects).chain(consents).collect();
        places.sort_by_key(|(offset, _)| **offset);
        let mut done = (0, 0, 0, 0);
        for (offset, length) in places {
            // Several messages of one record share its place, which may be asked for only once.
            if (*offset, *length) != (done.0, done.1) || done.3 == 0 {
                let start = to(*offset);
                let end = to(*offset + u64::from(*length));
                done = (*offset, *length, start, (end - start) as u32);
            }
            (*offset, *length) = (done.2, done.3);
        }
    }

    /// Drops every message and consent, of a file that another equals byte for byte; its rejects stay.
    pub fn forget_messages(&mut self) {
        self.rows = Columns::default();
        (self.echoes, self.echoing, self.firsts) = (Vec::new(), 0, Firsts::default());
        self.consents.clear();
        (self.accounts, self.recipients) = (AddressBook::default(), AddressBook::default());
        self.contents = LocalContents::with_none();
    }

    /// A batch as `whole` has put it together from those of one source.
    #[must_use]
    pub(super) fn restored(context: &'c Context, file: u32, whole: Restored) -> Self {
        let Restored { rows, echoes, echoing, accounts, recipients, kinds, contents, consents, rejects } = whole;
        let book = |canonical, kind| AddressBook { canonical, kind, ..AddressBook::default() };
        Self {
            context,
            file,
            records: 0,
            rows,
            echoes,
            echoing,
            firsts: Firsts::default(),
            closed: true,
            accounts: book(accounts, Vec::new()),
            recipients: book(recipients, kinds),
            contents,
            content_of: RecentContents::default(),
            content_of_fingerprint: HashMap::default(),
            normal: String::new(),
            rejects,
            ignored: BTreeMap::new(),
            consents,
            provisional: String::new(),
            without_sender: 0,
            broken_off: false,
            notes: BTreeMap::new(),
        }
    }

    /// The account of records that name no sender, as the readers were told it.
    #[must_use]
    pub fn provisional(&self) -> &str {
        &self.provisional
    }

    /// Frees what only reading needs. Nothing is added behind it.
    pub fn close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        if !self.context.keep_folded {
            self.echoing = std::mem::take(&mut self.firsts).silent();
            self.echoes.shrink_to_fit();
        }
        self.rows.shrink();
        self.content_of = RecentContents::default();
        self.content_of_fingerprint = HashMap::default();
        self.recipients.raw = Interner::default();
        self.recipients.canonical_of = Vec::new();
        self.accounts.raw = Interner::default();
        self.recipients.canonical.table = HashTable::new();
    }
}

/// Longest excerpt kept of a rejected record.
const EXCERPT_BYTES: usize = 160;
