//! What was read of one source, as pieces of bytes that another process puts together again.
//! The forms are those of a ledger: rows as Parquet, tables as packed JSON; what a register would hold comes as JSON.
//! Who carries the pieces, and where to, is not known here.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::LedgerError;
use super::account::{StoredAccount, fixed};
use super::import::consents_of;
use super::load::add_consents;
use super::part::PartRows;
pub use super::part::vocabulary;
use super::register::{StoredConsent, proof_from, proof_words};
use super::words::Words;
use crate::ingest::whole::{Whole, interned};
use crate::ingest::{Consent, ConsentKind, Input, InputFile, Reading, Reject, SourceRead};
use crate::message::{Place, RecipientKind};

/// Rows of one piece.
const PIECE_ROWS: usize = 1 << 20;

/// What a piece holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// What the source is, with its account, rejects and consents.
    Source,
    /// Recipients and contents.
    Words,
    /// Rows, and what later records tell of them.
    Rows,
}

impl What {
    /// All of them, in the order of pieces.
    pub const ALL: [Self; 3] = [Self::Source, Self::Words, Self::Rows];

    /// Word for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Words => "words",
            Self::Rows => "rows",
        }
    }
}

/// Number of the record, line, offset, length.
type StoredPlace = (u32, u32, u64, u32);

fn stored(place: Place) -> StoredPlace {
    (place.record, place.line, place.offset, place.length)
}

fn place((record, line, offset, length): StoredPlace) -> Place {
    Place { record, line, offset, length }
}

#[derive(Debug, Serialize, Deserialize)]
struct CarriedReject {
    place: StoredPlace,
    reason: String,
    excerpt: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct CarriedConsent {
    account: u32,
    recipient: String,
    recipient_kind: RecipientKind,
    at: i64,
    opt_in: bool,
    source: String,
    proof: u8,
    channels: Option<i64>,
    place: StoredPlace,
}

/// The piece that says what the others are of.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// The words that are kept as numbers: pieces are read only by a program that has the same.
    vocabulary: String,
    /// With what it was read.
    circumstances: BTreeMap<String, String>,
    name: String,
    path: PathBuf,
    named: bool,
    member: Option<String>,
    account: StoredAccount,
    accounts: Vec<String>,
    provisional: Option<u32>,
    echoing: u64,
    rejects: Vec<CarriedReject>,
    consents: Vec<CarriedConsent>,
}

/// One source as pieces.
#[derive(Debug)]
pub struct Carried {
    /// Its name.
    pub name: String,
    /// The pieces, in an order in which they can be put together.
    pub pieces: Vec<(What, Vec<u8>)>,
}

impl Carried {
    /// What was read of a source, and with what; see [`Reading::circumstances`].
    ///
    /// # Errors
    /// When it cannot be put into bytes.
    pub fn of(read: SourceRead<'_>, circumstances: BTreeMap<String, String>) -> Result<Self, LedgerError> {
        let SourceRead { input, account, batches } = read;
        let whole = Whole::of(batches);
        let consent = |StoredConsent { consent, recipient, kind }: StoredConsent| {
            let (proof, channels) = proof_words(&consent.proof);
            CarriedConsent {
                account: consent.account,
                recipient,
                recipient_kind: kind,
                at: consent.at,
                opt_in: consent.kind == ConsentKind::OptIn,
                source: consent.source.to_owned(),
                proof,
                channels,
                place: stored(consent.place),
            }
        };
        let reject = |reject: &Reject| CarriedReject {
            place: stored(reject.place),
            reason: reject.reason.to_string(),
            excerpt: reject.excerpt.clone(),
        };
        let head = Head {
            vocabulary: vocabulary(),
            circumstances,
            name: input.name.clone(),
            path: input.path,
            named: input.named,
            member: input.member,
            account: StoredAccount::from(&account),
            accounts: whole.accounts.texts.iter().map(str::to_owned).collect(),
            provisional: whole.provisional,
            echoing: whole.echoing,
            rejects: whole.rejects.iter().map(reject).collect(),
            consents: consents_of(&whole).into_iter().map(consent).collect(),
        };
        let wrong = |error: serde_json::Error| LedgerError::Unwritable { what: "a source", reason: error.to_string() };
        let mut pieces = vec![(What::Source, serde_json::to_vec(&head).map_err(wrong)?)];
        if !whole.rows.is_empty() {
            pieces.push((What::Words, Words::of(&whole).to_bytes()?));
            for piece in row_pieces(&whole) {
                pieces.push((What::Rows, piece.to_bytes()?));
            }
        }
        Ok(Self { name: input.name, pieces })
    }

    /// The source again, its records without a sender under `label`. Pieces of rows may stand in any order. `now` is
    /// with what it would be read.
    ///
    /// # Errors
    /// When a piece is damaged or missing, or was read by a program with other words, or with other settings.
    pub fn into_read<'c>(
        self,
        reading: &'c Reading,
        index: u32,
        label: &str,
        now: &BTreeMap<String, String>,
    ) -> Result<SourceRead<'c>, LedgerError> {
        let damaged = |reason: &str| LedgerError::Carried { name: self.name.clone(), reason: reason.to_owned() };
        let broken = |error: LedgerError| match error {
            LedgerError::Damaged { reason, .. } => damaged(&reason),
            other => other,
        };
        let (mut head, mut words, mut rows) = (None, None, PartRows::default());
        for (what, bytes) in self.pieces {
            match what {
                What::Source => {
                    let read: Head = serde_json::from_slice(&bytes).map_err(|error| damaged(&error.to_string()))?;
                    head = Some(read);
                }
                What::Words => words = Some(Words::from_bytes(&bytes, &self.name).map_err(broken)?),
                What::Rows => rows.append(&PartRows::from_bytes(bytes, &self.name).map_err(broken)?),
            }
        }
        let head = head.ok_or_else(|| damaged("the piece that says what it is is missing"))?;
        if head.vocabulary != vocabulary() {
            return Err(damaged("it was read by a program with other words"));
        }
        if let Some((setting, _)) = now.iter().find(|(setting, value)| head.circumstances.get(*setting) != Some(*value))
        {
            return Err(damaged(&format!("it was read with another {setting} than that of this run")));
        }
        let mut whole = Whole::empty();
        whole.accounts = interned(&head.accounts);
        whole.provisional = head.provisional;
        whole.echoing = head.echoing;
        let reject = |reject: CarriedReject| Reject {
            file: 0,
            place: place(reject.place),
            reason: reject.reason.into(),
            excerpt: reject.excerpt,
        };
        whole.rejects = head.rejects.into_iter().map(reject).collect();
        if !rows.is_empty() {
            let words = words.ok_or_else(|| damaged("its tables are missing"))?;
            (whole.recipients, whole.kinds, whole.contents) = words.into_tables();
            (whole.rows, _, whole.echoes) = rows.in_order();
        }
        let consent = |consent: CarriedConsent| StoredConsent {
            consent: Consent {
                account: consent.account,
                recipient: 0,
                at: consent.at,
                kind: if consent.opt_in { ConsentKind::OptIn } else { ConsentKind::OptOut },
                source: fixed(&consent.source),
                proof: proof_from(consent.proof, consent.channels),
                file: 0,
                place: place(consent.place),
            },
            recipient: consent.recipient,
            kind: consent.recipient_kind,
        };
        add_consents(&mut whole, head.consents.into_iter().map(consent).collect());
        whole.rename_provisional(&format!("?{label}"));
        let account = InputFile::from(head.account);
        let input = Input { name: head.name, path: head.path, named: head.named, member: head.member };
        Ok(SourceRead { input, account, batches: vec![whole.into_batch(reading, index)] })
    }
}

/// Rows and echoes of a source in pieces of about one size; an echo goes with the stretch of rows that its own lies in.
fn row_pieces(whole: &Whole) -> Vec<PartRows> {
    let all: Vec<u32> = (0..whole.rows.len() as u32).collect();
    let piece_of = |row: u32| row as usize / PIECE_ROWS;
    let mut echoes: Vec<Vec<u32>> = vec![Vec::new(); all.len().div_ceil(PIECE_ROWS)];
    for (at, echo) in (0_u32..).zip(&whole.echoes) {
        if let Some(own) = echoes.get_mut(piece_of(echo.row)) {
            own.push(at);
        }
    }
    let piece = |(rows, echoes): (&[u32], Vec<u32>)| {
        let mut part = PartRows::default();
        part.add(0, whole, rows, &echoes);
        part
    };
    all.chunks(PIECE_ROWS).zip(echoes).map(piece).collect()
}
