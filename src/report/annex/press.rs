//! Sets the annex: the template and its data go to the typesetter, a PDF/A-3 comes back.
//! The typesetter sees one source, four fonts and the values handed over; no file, no package and no clock.
//! Text from logs reaches it only as values of a JSON document, never as markup.

use std::sync::LazyLock;

use jiff::civil::Date;
use typst::World;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Array, Bytes, Datetime, Dict, Duration, Smart, Value};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::AnnexError;

const TEMPLATE: &str = include_str!("annex.typ");
const FONTS: [&[u8]; 4] = [
    include_bytes!("fonts/LibertinusSerif-Regular.otf"),
    include_bytes!("fonts/LibertinusSerif-Bold.otf"),
    include_bytes!("fonts/LibertinusSerif-Italic.otf"),
    include_bytes!("fonts/DejaVuSansMono.ttf"),
];

/// The fonts, read once.
static FONT_SET: LazyLock<Vec<Font>> =
    LazyLock::new(|| FONTS.into_iter().filter_map(|font| Font::new(Bytes::new(font), 0)).collect());

/// Whether every font that can be chosen for a text has the character, so that none is left blank.
pub fn has_glyph(character: char) -> bool {
    let regular = [FONT_SET.first(), FONT_SET.last()];
    // Private characters have no meaning that could be read back, which the standard forbids.
    !matches!(character, '\u{e000}'..='\u{f8ff}')
        && regular.into_iter().flatten().any(|font| font.info().coverage.contains(u32::from(character)))
}

/// A file to be embedded.
#[derive(Clone, Debug)]
pub struct Attached {
    /// Name in the PDF.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Media type.
    pub media: &'static str,
    /// What it is, for people.
    pub description: String,
}

/// What is set.
#[derive(Debug)]
pub struct Copy {
    /// The document as JSON.
    pub data: Vec<u8>,
    /// Charts as SVG.
    pub charts: Vec<String>,
    /// Files to embed.
    pub attached: Vec<Attached>,
    /// What the PDF's own id is made from.
    pub identity: String,
    /// Program and version.
    pub program: String,
    /// The date that the PDF bears.
    pub date: Date,
}

/// A set document.
#[derive(Debug)]
pub struct Printed {
    /// The PDF.
    pub bytes: Vec<u8>,
    /// Its pages.
    pub pages: usize,
}

/// All that the typesetter can see.
struct Desk {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    source: Source,
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.source.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.source.id() { Ok(self.source.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        FONT_SET.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// Sets and exports a document.
///
/// # Errors
/// When the template does not fit its data, or the result is no PDF/A-3.
pub fn print(copy: &Copy) -> Result<Printed, AnnexError> {
    let mut inputs = Dict::new();
    inputs.insert("data".into(), Value::Bytes(Bytes::new(copy.data.clone())));
    let charts = copy.charts.iter().map(|chart| Value::Bytes(Bytes::from_string(chart.clone())));
    inputs.insert("charts".into(), Value::Array(charts.collect::<Array>()));
    let attached = copy.attached.iter().map(|file| {
        let mut entry = Dict::new();
        entry.insert("name".into(), Value::Str(file.name.as_str().into()));
        entry.insert("bytes".into(), Value::Bytes(Bytes::new(file.bytes.clone())));
        entry.insert("media".into(), Value::Str(file.media.into()));
        entry.insert("description".into(), Value::Str(file.description.as_str().into()));
        Value::Dict(entry)
    });
    inputs.insert("attached".into(), Value::Array(attached.collect::<Array>()));
    let path = VirtualPath::new("annex.typ").map_err(|_| AnnexError::Setting("the template's path".to_owned()))?;
    let desk = Desk {
        library: LazyHash::new(Library::builder().with_inputs(inputs).build()),
        book: LazyHash::new(FontBook::from_fonts(FONT_SET.iter())),
        source: Source::new(RootedPath::new(VirtualRoot::Project, path).intern(), TEMPLATE.to_owned()),
    };
    let printed = export(&desk, copy);
    // What the typesetter remembers between documents would stay for the life of the program.
    typst::comemo::evict(0);
    printed
}

fn export(desk: &Desk, copy: &Copy) -> Result<Printed, AnnexError> {
    let document: PagedDocument = typst::compile(desk).output.map_err(|errors| fault(&errors))?;
    let standards =
        PdfStandards::new(&[PdfStandard::A_3a]).map_err(|error| AnnexError::Setting(error.message().to_string()))?;
    let (month, day) = (copy.date.month().unsigned_abs(), copy.date.day().unsigned_abs());
    let date = Datetime::from_ymd_hms(i32::from(copy.date.year()), month, day, 0, 0, 0);
    let options = PdfOptions {
        ident: Smart::Custom(copy.identity.clone()),
        creator: Smart::Custom(Some(copy.program.clone())),
        timestamp: date.map(Timestamp::new_utc),
        standards,
        ..PdfOptions::default()
    };
    let bytes = typst_pdf::pdf(&document, &options).map_err(|errors| fault(&errors))?;
    Ok(Printed { bytes, pages: document.pages().len() })
}

fn fault(errors: &[SourceDiagnostic]) -> AnnexError {
    // The first tells; what follows is mostly its consequence.
    AnnexError::Setting(errors.first().map(|error| error.message.to_string()).unwrap_or_default())
}
