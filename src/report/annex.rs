//! `report.pdf`: the annex for court, PDF/A-3 with the machine files embedded, split and numbered when it grows too large.
//! What it says is decided in `parts`, how it looks in the template, how it is set in `press`.
//! Everything in it stands in the extract or in files already written; nothing is measured here.

mod blocks;
mod bundle;
mod findings;
mod parts;
mod press;
mod words;

use jiff::civil::Date;

use super::extract::Extract;
use super::folder::{Folder, FolderError, Output};
use super::{ReportError, ReportInput, SettingRow, html, identity, manifest};
use crate::assess::Calendar;
use crate::case::Language;
use crate::hash::{Sha256, hex};
use blocks::fit;
use bundle::{BLOCK, Candidate, packed_size, piece_name, spread};
use parts::{Cuts, Desk};
use press::{Attached, Copy, Printed, print};
use words::Words;

/// Pages that the annex may have; the rest stands in the embedded files.
const MOST_PAGES: usize = 200;
/// Room that a PDF needs besides the annex and what is embedded.
const FRAME: u64 = 256 << 10;

/// Where the numbers of exhibits begin, as `K 1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhibit {
    /// Letters before the number; may be empty.
    pub prefix: String,
    /// First number.
    pub number: u32,
}

impl Default for Exhibit {
    fn default() -> Self {
        Self { prefix: "K".to_owned(), number: 1 }
    }
}

impl std::str::FromStr for Exhibit {
    type Err = AnnexError;

    fn from_str(text: &str) -> Result<Self, AnnexError> {
        let text = text.trim();
        let digits = text.find(|character: char| character.is_ascii_digit()).unwrap_or(text.len());
        let (prefix, number) = text.split_at_checked(digits).unwrap_or((text, ""));
        let prefix = prefix.trim_end();
        let plain =
            prefix.len() <= 12 && prefix.chars().all(|character| character.is_ascii_alphabetic() || character == ' ');
        match number.parse() {
            Ok(number) if plain && number > 0 => Ok(Self { prefix: prefix.to_owned(), number }),
            _ => Err(AnnexError::Exhibit(text.to_owned())),
        }
    }
}

/// Why the annex could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AnnexError {
    /// The words of the build.
    #[error("words of the annex: {0}")]
    Words(#[from] toml::de::Error),
    /// A word that the build lacks.
    #[error("words of the annex: no {0}")]
    Missing(String),
    /// The template and its data do not fit, or the result is no PDF/A.
    #[error("setting the annex: {0}")]
    Setting(String),
    /// The data cannot be written as JSON.
    #[error("data of the annex: {0}")]
    Data(#[from] serde_json::Error),
    /// The limit is too small.
    #[error("the annex alone has {bytes} bytes, which is over the limit of {limit}; raise --bundle-size")]
    TooLarge {
        /// Its bytes.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// No number of an exhibit.
    #[error("`{0}` is no number of an exhibit; write it as K 1")]
    Exhibit(String),
    /// The report folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// Reading or writing.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// What the annex is made from.
#[derive(Debug)]
pub struct AnnexInput<'a> {
    /// Language.
    pub language: Language,
    /// Zone of days and times.
    pub calendar: &'a Calendar,
    /// Names of the clients.
    pub clients: Vec<String>,
    /// Settings with their origin.
    pub settings: &'a [SettingRow],
    /// The extract.
    pub extract: &'a Extract,
    /// Id of the report.
    pub report_id: String,
    /// SHA-256 of the findings data.
    pub digest: String,
    /// Files written so far.
    pub outputs: &'a [Output],
    /// The manifest of these files.
    pub manifest: String,
    /// Charts as SVG: the timeline, and the week.
    pub charts: Vec<String>,
    /// Where exhibits begin.
    pub exhibit: Exhibit,
    /// Day as of which limitation is told.
    pub as_of: Option<Date>,
    /// Largest size of a PDF.
    pub limit: u64,
}

/// How the annex is numbered and split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Where exhibits begin.
    pub exhibit: Exhibit,
    /// Day as of which limitation is told.
    pub as_of: Option<Date>,
    /// Largest size of a PDF.
    pub limit: u64,
}

impl Default for Form {
    fn default() -> Self {
        // What a message to a German court may hold since 2023.
        Self { exhibit: Exhibit::default(), as_of: None, limit: 200_000_000 }
    }
}

/// The name under which a file of the folder is embedded.
fn attached_name(file: &str) -> String {
    file.replace('/', "_")
}

/// A file to be embedded, with where its bytes come from.
struct Enclosure {
    name: String,
    media: &'static str,
    description: String,
    /// `None` for a file of the folder.
    own: Option<Vec<u8>>,
    file: String,
    bytes: u64,
    sha256: String,
}

/// Writes the annex into the folder.
///
/// # Errors
/// When it cannot be set or written.
pub fn write(report: &ReportInput<'_>, extract: &Extract, folder: &mut Folder) -> Result<(), ReportError> {
    let outputs = folder.outputs();
    let Form { exhibit, as_of, limit } = report.annex.clone();
    let input = AnnexInput {
        language: report.language,
        calendar: report.calendar,
        clients: report.case.client_names().into_iter().map(str::to_owned).collect(),
        settings: report.settings,
        extract,
        report_id: identity::report_id(extract),
        digest: identity::findings_sha256(extract)?,
        manifest: manifest::manifest(report, extract, outputs.clone())?,
        outputs: &outputs,
        charts: html::charts(extract, report.language)?,
        exhibit,
        as_of,
        limit,
    };
    Ok(print_all(&input, folder)?)
}

fn print_all(input: &AnnexInput<'_>, folder: &mut Folder) -> Result<(), AnnexError> {
    let words = Words::load(input.language)?;
    let enclosures = enclosures(input, &words);
    let mut candidates = Vec::new();
    for enclosure in &enclosures {
        candidates.push(Candidate { bytes: enclosure.bytes, blocks: packed(enclosure, folder)? });
    }
    let (mut cuts, mut text_bytes) = (Cuts::FIRST, FRAME + (2 << 20));
    let (mut first_try, mut shortenings) = (true, 0);
    let volumes = loop {
        let (first, further) = (input.limit.saturating_sub(text_bytes), input.limit.saturating_sub(FRAME));
        let plan = spread(&candidates, first, further.max(1));
        let mut volumes = Vec::new();
        for (index, pieces) in plan.iter().enumerate() {
            let attached = pieces.iter().map(|piece| attached(&enclosures, piece, folder));
            let attached: Vec<Attached> = attached.collect::<Result<_, AnnexError>>()?;
            let embedded: u64 = attached.iter().map(|file| file.bytes.len() as u64).sum();
            let printed = set(input, &words, cuts, attached, (index + 1, plan.len()))?;
            if index == 0 && printed.pages > MOST_PAGES {
                break;
            }
            volumes.push((printed, embedded));
        }
        let Some((annex, embedded)) = volumes.first() else {
            // Thirty times two thirds leave no row.
            shortenings += 1;
            if shortenings > 30 {
                return Err(AnnexError::Setting(format!("more than {MOST_PAGES} pages without any table")));
            }
            cuts = cuts.less();
            continue;
        };
        let largest = volumes.iter().map(|(printed, _)| printed.bytes.len() as u64).max().unwrap_or(0);
        if largest <= input.limit {
            break volumes;
        }
        let size = annex.bytes.len() as u64;
        if *embedded == 0 || !first_try {
            return Err(AnnexError::TooLarge { bytes: size, limit: input.limit });
        }
        // The text alone is larger than was thought: with its true size, plan again.
        let bare = set(input, &words, cuts, Vec::new(), (1, 2))?;
        text_bytes = bare.bytes.len() as u64 + FRAME;
        first_try = false;
    };
    let count = volumes.len();
    for (index, (printed, _)) in volumes.into_iter().enumerate() {
        let name = volume_name(index + 1, count, input.language);
        folder.write::<AnnexError>(&name, |out| Ok(out.write_all(&printed.bytes)?))?;
    }
    Ok(())
}

/// Names as the mailboxes of courts take them: at most 90 characters, letters, digits, `_` and `-`, one dot.
fn volume_name(number: usize, count: usize, language: Language) -> String {
    let of = match language {
        Language::De => "von",
        Language::En => "of",
    };
    if number == 1 { "report.pdf".to_owned() } else { format!("report_{number:02}_{of}_{count:02}.pdf") }
}

fn set(
    input: &AnnexInput<'_>,
    words: &Words,
    cuts: Cuts,
    attached: Vec<Attached>,
    volume: (usize, usize),
) -> Result<Printed, AnnexError> {
    let listed: Vec<(String, u64, String)> = attached
        .iter()
        .map(|file| (file.name.clone(), file.bytes.len() as u64, hex(&Sha256::digest(&file.bytes))))
        .collect();
    let desk = Desk { input, words, cuts, attached: &listed, volume };
    let document = if volume.0 == 1 { parts::document(&desk) } else { parts::carrier(&desk) };
    words.complete()?;
    let mut data = serde_json::to_value(document)?;
    fit(&mut data, true);
    let last = input.extract.completeness.last_sent.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let last = last.map(|at| input.calendar.day(at.as_millisecond()));
    let copy = Copy {
        data: serde_json::to_vec(&data)?,
        charts: input.charts.clone(),
        attached,
        identity: format!("{} {} {}/{}", input.report_id, input.digest, volume.0, volume.1),
        program: input.extract.program.clone(),
        // No clock: the day as of which the report stands, else the last day of the log.
        date: input.as_of.or(last).unwrap_or(Date::constant(1970, 1, 1)),
    };
    print(&copy)
}

/// The exact tables, the findings data, and the manifest of both.
fn enclosures(input: &AnnexInput<'_>, words: &Words) -> Vec<Enclosure> {
    let mut enclosures: Vec<Enclosure> = input
        .outputs
        .iter()
        .filter_map(|output| {
            let (media, key) = match output.file.as_str() {
                "findings.json" => ("application/json", "d_json"),
                file if file.starts_with("csv/") => ("text/csv", "d_csv"),
                _ => return None,
            };
            Some(Enclosure {
                name: attached_name(&output.file),
                media,
                description: words.fill(key, &[("file", &output.file)]),
                own: None,
                file: output.file.clone(),
                bytes: output.bytes,
                sha256: output.sha256.clone(),
            })
        })
        .collect();
    // Small ones first, so that the annex itself holds as many as possible.
    enclosures.sort_by(|one, other| (one.bytes, &one.name).cmp(&(other.bytes, &other.name)));
    let manifest = input.manifest.clone().into_bytes();
    enclosures.insert(
        0,
        Enclosure {
            name: "manifest.json".to_owned(),
            media: "application/json",
            description: words.text("d_manifest"),
            file: String::new(),
            bytes: manifest.len() as u64,
            sha256: hex(&Sha256::digest(&manifest)),
            own: Some(manifest),
        },
    );
    enclosures
}

fn stretch(enclosure: &Enclosure, folder: &Folder, start: u64, length: u64) -> Result<Vec<u8>, AnnexError> {
    match &enclosure.own {
        Some(bytes) => {
            let end = start.saturating_add(length).min(bytes.len() as u64);
            Ok(bytes.get(start as usize..end as usize).unwrap_or_default().to_vec())
        }
        None => Ok(folder.read(&enclosure.file, start, length)?),
    }
}

/// Sizes of an enclosure's blocks once compressed.
fn packed(enclosure: &Enclosure, folder: &Folder) -> Result<Vec<u64>, AnnexError> {
    let starts = (0..enclosure.bytes.div_ceil(BLOCK)).map(|block| block * BLOCK);
    starts.map(|start| Ok(packed_size(&stretch(enclosure, folder, start, BLOCK)?)?)).collect()
}

fn attached(enclosures: &[Enclosure], piece: &bundle::Piece, folder: &Folder) -> Result<Attached, AnnexError> {
    let Some(enclosure) = enclosures.get(piece.file) else {
        return Err(AnnexError::Setting("a file that is not there".to_owned()));
    };
    let bytes = stretch(enclosure, folder, piece.start, piece.length)?;
    let mut description = enclosure.description.clone();
    if piece.number.is_some() {
        description.push_str(&format!(" (SHA-256 {})", enclosure.sha256));
    }
    let media = if piece.number.is_some() { "application/octet-stream" } else { enclosure.media };
    Ok(Attached { name: piece_name(&enclosure.name, piece.number), bytes, media, description })
}

#[cfg(test)]
mod tests;
