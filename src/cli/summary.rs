//! What the terminal says after a run: completeness first, then findings, then where the report lies.
//! Words for a lawyer, no colour that carries meaning by itself, no contents and no numbers of persons.
//! Everything comes from the extract.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use super::arguments::{TalkArguments, When};
use crate::report::extract::Extract;

/// Findings that the terminal lists; all with --verbose.
const SHOWN_FINDINGS: usize = 12;

/// Paints words, or not.
#[derive(Clone, Copy, Debug)]
pub struct Paint(bool);

impl Paint {
    /// As the arguments, NO_COLOR and the terminal want it.
    #[must_use]
    pub fn new(talk: &TalkArguments) -> Self {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(match talk.color {
            When::Always => true,
            When::Never => false,
            When::Auto => !no_color && io::stdout().is_terminal(),
        })
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// A heading.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Something to look at.
    #[must_use]
    pub fn warn(self, text: &str) -> String {
        self.with("33", text)
    }
}

/// A text from outside as a terminal may show it: control characters, which could move the cursor or hide words, are
/// written out. Line ends stay.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\n' {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// As [`plain`], for what stands in a line: line ends are written out too.
#[must_use]
pub fn plain_line(text: &str) -> String {
    plain(text).replace('\n', "\\n")
}

/// A number with its noun, singular or plural.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// Digits in groups of three, by narrow blanks that no one mistakes for a decimal sign.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Prints the summary of a report.
///
/// # Errors
/// When printing fails.
pub fn report(
    extract: &Extract,
    folder: &Path,
    case_file: Option<&Path>,
    talk: &TalkArguments,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint::new(talk);
    let completeness = &extract.completeness;
    if !extract.matter.is_empty() {
        writeln!(out, "{}", paint.bold(&plain_line(&extract.matter)))?;
    }
    if let Some(case_file) = case_file {
        writeln!(out, "Case file: {}", case_file.display())?;
    }
    writeln!(out, "{}", paint.bold("What was read"))?;
    writeln!(
        out,
        "  {}, {} = {} read + {} folded + {} ignored + {} rejected",
        counted(completeness.files, "file", "files"),
        counted(completeness.records, "record", "records"),
        grouped(completeness.read),
        grouped(completeness.folded),
        grouped(completeness.ignored),
        grouped(completeness.rejected)
    )?;
    writeln!(
        out,
        "  {}: {} sent, {} received",
        counted(completeness.messages, "message", "messages"),
        grouped(completeness.outbound),
        grouped(completeness.inbound)
    )?;
    if let (Some(first), Some(last)) = (&completeness.first_sent, &completeness.last_sent) {
        writeln!(out, "  from {first} to {last}")?;
    }
    for input in completeness.inputs.iter().filter(|input| input.failed) {
        writeln!(
            out,
            "  {} {}: {}",
            paint.warn("NOT READ"),
            plain_line(&input.file),
            plain_line(&input.notes.join("; "))
        )?;
    }
    if completeness.rejected > 0 {
        writeln!(out, "  Every rejected record stands with its place and reason in csv/rejects.csv.")?;
    }
    if talk.verbose {
        for input in &completeness.inputs {
            writeln!(
                out,
                "  {}: {}, {}, {}",
                plain_line(&input.file),
                input.format,
                counted(input.records, "record", "records"),
                counted(input.messages, "message", "messages")
            )?;
        }
    }
    writeln!(out, "{}", paint.bold("What was found"))?;
    writeln!(
        out,
        "  {}, {}, {}",
        counted(extract.campaigns.len() as u64, "campaign", "campaigns"),
        counted(extract.bursts.len() as u64, "burst", "bursts"),
        counted(extract.findings.len() as u64, "finding", "findings")
    )?;
    let shown = if talk.verbose { usize::MAX } else { SHOWN_FINDINGS };
    for finding in extract.findings.iter().take(shown) {
        writeln!(
            out,
            "  {:<8} {} {} {}",
            finding.severity.to_uppercase(),
            finding.rule,
            paint.bold(&finding.finding_id),
            finding.title
        )?;
        writeln!(
            out,
            "           {}: {} to {} in {}",
            plain_line(&finding.subject),
            counted(finding.messages, "message", "messages"),
            counted(finding.recipients, "recipient", "recipients"),
            counted(finding.runs, "run", "runs")
        )?;
    }
    if extract.findings.len() > shown {
        let more = counted((extract.findings.len() - shown) as u64, "more finding", "more findings");
        writeln!(out, "  … and {more}, in the report and in csv/findings.csv.")?;
    }
    if extract.findings.is_empty() {
        let why = if completeness.messages == 0 {
            "no message was read"
        } else {
            "no rule's trigger was met by what was read"
        };
        writeln!(out, "  No finding: {why}.")?;
    }
    if !extract.limits.is_empty() {
        writeln!(out, "{}", paint.bold("What the logs cannot show"))?;
        for limit in &extract.limits {
            writeln!(out, "  - {}", plain_line(limit))?;
        }
    }
    writeln!(out, "Report: {}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!(counted(0, "file", "files"), "0 files");
        assert_eq!(grouped(1_234_567), "1 234 567");
        assert_eq!(grouped(999), "999");
    }
}
