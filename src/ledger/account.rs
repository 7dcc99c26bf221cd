//! Accounts of inputs as the register keeps them: JSON with every field of [`InputFile`] that reading one input fills.
//! Words that the program has as constants come back as such; what only the other inputs tell is not kept.
//! Where the texts lie is the register's business.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::LedgerError;
use crate::ingest::time::OrderCounts;
use crate::ingest::{ColumnSeen, DateOrderDecision, InputFile, MappedColumn};
use crate::message::ZoneBasis;

/// A word that was a constant of the program that wrote it. There are few of them, and each is kept once for good.
pub fn fixed(word: &str) -> &'static str {
    static KNOWN: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut known = KNOWN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = known.get(word) {
        return known;
    }
    let kept: &'static str = Box::leak(word.to_owned().into_boxed_str());
    known.insert(kept);
    kept
}

#[derive(Debug, Serialize, Deserialize)]
struct Column {
    role: String,
    column: String,
    found: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Seen {
    column: String,
    role: Option<String>,
    found: Option<String>,
    examples: Vec<String>,
    filled: u64,
    looked_at: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Order {
    order: String,
    basis: String,
    counts: [u64; 4],
}

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub struct StoredAccount {
    name: String,
    sha256: String,
    bytes: u64,
    format: String,
    confidence: u8,
    runner_up: Option<(String, u8)>,
    packing: String,
    encoding: String,
    records: u64,
    ignored: u64,
    rejected: u64,
    ignored_by: BTreeMap<String, u64>,
    columns: Vec<Column>,
    seen: Vec<Seen>,
    zone: String,
    zone_basis: ZoneBasis,
    date_order: Option<Order>,
    guessed_addresses: u64,
    notes: Vec<String>,
    failed: bool,
}

impl From<&InputFile> for StoredAccount {
    fn from(account: &InputFile) -> Self {
        let column = |column: &MappedColumn| Column {
            role: column.role.to_owned(),
            column: column.column.clone(),
            found: column.found.to_owned(),
        };
        let seen = |seen: &ColumnSeen| Seen {
            column: seen.column.clone(),
            role: seen.role.map(str::to_owned),
            found: seen.found.map(str::to_owned),
            examples: seen.examples.clone(),
            filled: seen.filled,
            looked_at: seen.looked_at,
        };
        let order = |decision: &DateOrderDecision| {
            let OrderCounts { day_first, month_first, year_first, either } = decision.counts;
            Order {
                order: decision.order.to_owned(),
                basis: decision.basis.to_owned(),
                counts: [day_first, month_first, year_first, either],
            }
        };
        Self {
            name: account.name.clone(),
            sha256: account.sha256.clone(),
            bytes: account.bytes,
            format: account.format.clone(),
            confidence: account.confidence,
            runner_up: account.runner_up.clone(),
            packing: account.packing.to_owned(),
            encoding: account.encoding.clone(),
            records: account.records,
            ignored: account.ignored,
            rejected: account.rejected,
            ignored_by: account.ignored_by.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect(),
            columns: account.columns.iter().map(column).collect(),
            seen: account.seen.iter().map(seen).collect(),
            zone: account.zone.clone(),
            zone_basis: account.zone_basis,
            date_order: account.date_order.as_ref().map(order),
            guessed_addresses: account.guessed_addresses,
            notes: account.notes.clone(),
            failed: account.failed,
        }
    }
}

impl From<StoredAccount> for InputFile {
    fn from(stored: StoredAccount) -> Self {
        let column = |column: Column| MappedColumn {
            role: fixed(&column.role),
            column: column.column,
            found: fixed(&column.found),
        };
        let seen = |seen: Seen| ColumnSeen {
            column: seen.column,
            role: seen.role.as_deref().map(fixed),
            found: seen.found.as_deref().map(fixed),
            examples: seen.examples,
            filled: seen.filled,
            looked_at: seen.looked_at,
        };
        let order = |decision: Order| {
            let [day_first, month_first, year_first, either] = decision.counts;
            DateOrderDecision {
                order: fixed(&decision.order),
                basis: fixed(&decision.basis),
                counts: OrderCounts { day_first, month_first, year_first, either },
            }
        };
        Self {
            name: stored.name,
            sha256: stored.sha256,
            bytes: stored.bytes,
            format: stored.format,
            confidence: stored.confidence,
            runner_up: stored.runner_up,
            packing: fixed(&stored.packing),
            encoding: stored.encoding,
            records: stored.records,
            ignored: stored.ignored,
            rejected: stored.rejected,
            ignored_by: stored.ignored_by.iter().map(|(reason, count)| (fixed(reason), *count)).collect(),
            columns: stored.columns.into_iter().map(column).collect(),
            seen: stored.seen.into_iter().map(seen).collect(),
            zone: stored.zone,
            zone_basis: stored.zone_basis,
            date_order: stored.date_order.map(order),
            guessed_addresses: stored.guessed_addresses,
            notes: stored.notes,
            failed: stored.failed,
            ..Self::default()
        }
    }
}

/// An account as JSON.
pub fn account_json(account: &InputFile) -> Result<String, LedgerError> {
    let wrong = |error: serde_json::Error| LedgerError::Unwritable { what: "an account", reason: error.to_string() };
    serde_json::to_string(&StoredAccount::from(account)).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_comes_back_whole() {
        let account = InputFile {
            name: "exports/a.csv".to_owned(),
            sha256: "ab".repeat(32),
            bytes: 7,
            format: "csv".to_owned(),
            confidence: 90,
            runner_up: Some(("json".to_owned(), 10)),
            packing: "gzip",
            encoding: "UTF-8".to_owned(),
            records: 3,
            ignored: 1,
            rejected: 1,
            ignored_by: BTreeMap::from([("no send", 1)]),
            columns: vec![MappedColumn { role: "sent_at", column: "Zeit".to_owned(), found: "name" }],
            seen: vec![ColumnSeen { column: "Zeit".to_owned(), role: Some("sent_at"), ..ColumnSeen::default() }],
            zone: "Europe/Berlin".to_owned(),
            zone_basis: ZoneBasis::Case,
            date_order: Some(DateOrderDecision {
                order: "dmy",
                basis: DateOrderDecision::BY_VALUE,
                counts: OrderCounts { day_first: 1, month_first: 2, year_first: 3, either: 4 },
            }),
            guessed_addresses: 2,
            notes: vec!["a note".to_owned()],
            failed: true,
            ..InputFile::default()
        };
        let text = serde_json::to_string(&StoredAccount::from(&account)).expect("JSON");
        let stored: StoredAccount = serde_json::from_str(&text).expect("an account");
        assert_eq!(InputFile::from(stored), account);
    }
}
