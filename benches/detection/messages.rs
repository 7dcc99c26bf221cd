//! One line of a made-up log with its truth, and the files they are written to. The truth stands in a file of its
//! own that the program never sees. What is sent by whom, and why, is decided in `hostile` and `innocent`.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

/// Whether a message is part of a mass send, and of which.
#[derive(Clone, PartialEq, Eq)]
pub struct Truth {
    /// Kind of sending, as it stands in the table of scores.
    pub kind: &'static str,
    /// The campaign; `None` for innocent messages.
    pub campaign: Option<u32>,
}

/// One message.
pub struct Line {
    /// Milliseconds since 1970.
    pub at: i64,
    pub account: String,
    pub contact: String,
    pub outbound: bool,
    pub body: String,
    pub truth: Truth,
}

/// Writes one log for each account, `truth.csv`, and nothing else.
pub fn write(directory: &Path, mut lines: Vec<Line>) -> io::Result<()> {
    lines.sort_by(|one, other| (one.at, &one.account, &one.contact).cmp(&(other.at, &other.account, &other.contact)));
    let logs = directory.join("logs");
    fs::create_dir_all(&logs)?;
    let mut truth = String::from("message_id,kind,campaign\n");
    let mut files: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        let id = format!("{:032x}", u128::from(crate::random::splitmix64(number as u64)) << 64 | number as u128);
        let campaign = line.truth.campaign.map_or(String::new(), |campaign| campaign.to_string());
        if line.outbound {
            let _ = writeln!(truth, "{id},{},{campaign}", line.truth.kind);
        }
        let file = files
            .entry(line.account.clone())
            .or_insert_with(|| "message_id,sent_at,sender,recipient,status,direction,body\n".to_owned());
        let (sender, recipient, direction) = match line.outbound {
            true => (&line.account, &line.contact, "outbound"),
            false => (&line.contact, &line.account, "inbound"),
        };
        let (seconds, milliseconds) = (line.at.div_euclid(1000), line.at.rem_euclid(1000));
        let time = crate::calendar::utc_time(seconds);
        let _ = writeln!(
            file,
            "{id},{}.{milliseconds:03}Z,{sender},{recipient},delivered,{direction},\"{}\"",
            time.trim_end_matches('Z'),
            line.body.replace('"', "\"\"")
        );
    }
    for (account, text) in files {
        fs::write(logs.join(format!("{}.csv", account.trim_start_matches('+'))), text)?;
    }
    fs::write(directory.join("truth.csv"), truth)
}
