//! What a report is known by: its id, and the SHA-256 of its findings data.
//! The id is the same for a report and its sealed twin; the hash is not, for the data differ.
//! Where they are printed is not known here.

use std::io::Write;

use super::extract::Extract;
use crate::hash::{Sha256, hex};

/// Hex digits of an id.
const DIGITS: usize = 10;

/// The id of a report: `SR-` and 10 hex digits over what was read and what was found in it.
#[must_use]
pub fn report_id(extract: &Extract) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text.as_bytes());
    };
    add("sendeschluss report 1");
    add(&extract.program);
    add(&extract.timezone);
    for input in &extract.completeness.inputs {
        add(&input.sha256);
    }
    for pack in &extract.packs {
        add(&pack.id);
        add(&pack.version);
    }
    let found = extract.findings.iter().map(|row| (&row.finding_id, row.messages));
    let found = found.chain(extract.campaigns.iter().map(|row| (&row.campaign_id, row.messages)));
    for (id, messages) in found.chain(extract.bursts.iter().map(|row| (&row.burst_id, row.messages))) {
        add(id);
        add(&messages.to_string());
    }
    let hash = hex(&digest.finalize());
    format!("SR-{}", hash.get(..DIGITS).unwrap_or_default())
}

/// Writes the findings data: the bytes of `findings.json`.
///
/// # Errors
/// When they cannot be written.
pub fn write_findings(extract: &Extract, out: &mut dyn Write) -> serde_json::Result<()> {
    serde_json::to_writer_pretty(&mut *out, extract)?;
    out.write_all(b"\n").map_err(serde_json::Error::io)
}

/// SHA-256 of the findings data, whether they are written to a file or not.
///
/// # Errors
/// When the extract cannot be serialised.
#[cfg(feature = "pdf")]
pub fn findings_sha256(extract: &Extract) -> serde_json::Result<String> {
    let mut hashing = Hashing(Sha256::new());
    write_findings(extract, &mut hashing)?;
    Ok(hex(&hashing.0.finalize()))
}

#[cfg(feature = "pdf")]
struct Hashing(Sha256);

#[cfg(feature = "pdf")]
impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0.update(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
