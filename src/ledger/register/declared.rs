//! Rows of the register about single records: rejects with their places, and consents with what proves them.
//! They stand in the register rather than in files of their sources, for a report needs all of them, of any period.
//! What a consent is worth is judged elsewhere.

use std::collections::BTreeMap;

use rusqlite::params;

use super::Register;
use crate::ingest::proof::{Channels, Platforms, Proof};
use crate::ingest::{Consent, ConsentKind, Reject};
use crate::ledger::LedgerError;
use crate::ledger::account::fixed;
use crate::message::{Place, Platform, RecipientKind};

/// A consent as the register has it: recipients by their addresses, for their tables may not be there.
#[derive(Clone, Debug)]
pub struct StoredConsent {
    pub consent: Consent,
    pub recipient: String,
    pub kind: RecipientKind,
}

impl Register {
    pub fn add_rejects(&self, source: u32, rejects: &[Reject]) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM rejects WHERE source = ?1", [source])?;
        let mut insert = self.connection.prepare("INSERT INTO rejects VALUES (?1,?2,?3,?4,?5,?6,?7,?8)")?;
        for (number, reject) in rejects.iter().enumerate() {
            let Place { record, line, offset, length } = reject.place;
            let (number, offset) = (number as i64, offset as i64);
            insert.execute(params![source, number, record, line, offset, length, reject.reason, reject.excerpt])?;
        }
        Ok(())
    }

    /// The rejects of all sources, in order of records.
    pub fn rejects(&self) -> Result<BTreeMap<u32, Vec<Reject>>, LedgerError> {
        let query = "SELECT source, record, line, offset, length, reason, excerpt FROM rejects ORDER BY source, number";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], |row| {
            let place = Place {
                record: row.get(1)?,
                line: row.get(2)?,
                offset: row.get::<_, i64>(3)? as u64,
                length: row.get(4)?,
            };
            let reason: String = row.get(5)?;
            Ok((row.get(0)?, Reject { file: 0, place, reason: reason.into(), excerpt: row.get(6)? }))
        })?;
        let mut rejects: BTreeMap<u32, Vec<Reject>> = BTreeMap::new();
        for row in rows {
            let (source, reject) = row?;
            rejects.entry(source).or_default().push(reject);
        }
        Ok(rejects)
    }

    pub fn add_consents(&self, source: u32, consents: &[StoredConsent]) -> Result<(), LedgerError> {
        self.connection.execute("DELETE FROM consents WHERE source = ?1", [source])?;
        let query = "INSERT INTO consents VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)";
        let mut insert = self.connection.prepare(query)?;
        for (number, StoredConsent { consent, recipient, kind }) in consents.iter().enumerate() {
            let Place { record, line, offset, length } = consent.place;
            let (proof, channels) = proof_words(&consent.proof);
            insert.execute(params![
                source,
                number as i64,
                consent.account,
                recipient,
                *kind as u8,
                consent.at,
                consent.kind as u8,
                consent.source,
                proof,
                channels,
                record,
                line,
                offset as i64,
                length,
            ])?;
        }
        Ok(())
    }

    /// The consents of all sources, in order of records.
    pub fn consents(&self) -> Result<BTreeMap<u32, Vec<StoredConsent>>, LedgerError> {
        let query = "SELECT source, account, recipient, recipient_kind, at, kind, said, proof, channels, record, line, \
                     offset, length FROM consents ORDER BY source, number";
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], |row| {
            let (kind, stated): (u8, u8) = (row.get(5)?, row.get(3)?);
            let said: String = row.get(6)?;
            let consent = Consent {
                account: row.get(1)?,
                recipient: 0,
                at: row.get(4)?,
                kind: if kind == ConsentKind::OptIn as u8 { ConsentKind::OptIn } else { ConsentKind::OptOut },
                source: fixed(&said),
                proof: proof_from(row.get(7)?, row.get(8)?),
                file: 0,
                place: Place {
                    record: row.get(9)?,
                    line: row.get(10)?,
                    offset: row.get::<_, i64>(11)? as u64,
                    length: row.get(12)?,
                },
            };
            let kind = RecipientKind::ALL.get(usize::from(stated)).copied().unwrap_or_default();
            Ok((row.get(0)?, StoredConsent { consent, recipient: row.get(2)?, kind }))
        })?;
        let mut consents: BTreeMap<u32, Vec<StoredConsent>> = BTreeMap::new();
        for row in rows {
            let (source, consent) = row?;
            consents.entry(source).or_default().push(consent);
        }
        Ok(consents)
    }
}

/// Proof as bits, and its channels as a number.
pub fn proof_words(proof: &Proof) -> (u8, Option<i64>) {
    let Proof { time, text_version, source, reference, confirmed, channels } = *proof;
    let fields = [time, text_version, source, reference, confirmed];
    let bits = fields.iter().enumerate().map(|(bit, there)| u8::from(*there) << bit).sum();
    let channels = match channels {
        Channels::NotStated => None,
        Channels::Any => Some(-1),
        Channels::Named(platforms) => {
            let named = Platform::ALL.iter().filter(|platform| platforms.holds(**platform));
            Some(named.map(|platform| 1_i64 << (*platform as u8)).sum())
        }
    };
    (bits, channels)
}

/// Proof from what [`proof_words`] gave.
pub fn proof_from(bits: u8, channels: Option<i64>) -> Proof {
    let there = |bit: u8| bits & 1 << bit != 0;
    let channels = match channels {
        None => Channels::NotStated,
        Some(-1) => Channels::Any,
        Some(named) => {
            let holds = |platform: &Platform| named & 1 << (*platform as u8) != 0;
            Channels::Named(Platform::ALL.iter().copied().filter(holds).collect::<Platforms>())
        }
    };
    Proof {
        time: there(0),
        text_version: there(1),
        source: there(2),
        reference: there(3),
        confirmed: there(4),
        channels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proofs_come_back_as_they_were() {
        let named = Channels::Named([Platform::Whatsapp, Platform::Other].into_iter().collect());
        for channels in [Channels::NotStated, Channels::Any, named, Channels::Named(Platforms::default())] {
            let proof = Proof { time: true, source: true, confirmed: true, channels, ..Proof::default() };
            let (bits, channels) = proof_words(&proof);
            assert_eq!(proof_from(bits, channels), proof);
        }
    }
}
