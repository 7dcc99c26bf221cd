//! Zip archives: their members in the order of the directory, twice the same name too, and what makes one a workbook.
//! Sizes that the directory states are spent before anything is unpacked, so that a bomb costs nothing.
//! Encrypted members and unknown compressions are told one by one; their neighbours are read.

use std::io::{Read, Seek};

use zip::read::{Config, ZipFileEntry};
use zip::unstable::read::ZipIterable;
use zip::{HasZipMetadata, SUPPORTED_COMPRESSION_METHODS, ZipReadOptions};

use super::{Container, Content, Event, LINK, ReadSeek, TOO_MANY, Walker};
use crate::ingest::tables::workbook;

/// Longest name of a media type that is looked at.
const MEDIA_TYPE: u64 = 100;

impl Walker<'_> {
    pub(super) fn zip(&mut self, prefix: &str, source: &mut (dyn ReadSeek + '_), depth: usize, told: &mut Container) {
        let mut archive = match ZipIterable::try_new(&mut *source, Config::default()) {
            Ok(archive) => archive,
            Err(error) => {
                told.problem = Some(format!("the zip archive is damaged or cut off: {error}"));
                return;
            }
        };
        if archive.len() > super::MEMBERS {
            told.problem = Some(TOO_MANY.to_owned());
            return;
        }
        let files = match archive.files() {
            Ok(files) => files,
            Err(error) => {
                told.problem = Some(format!("the zip archive is damaged: {error}"));
                return;
            }
        };
        let (mut entries, mut damage) = (Vec::new(), None);
        for entry in files.by_ref() {
            match entry {
                Ok(entry) => entries.push(entry),
                Err(error) => damage = Some(super::cut_off(entries.len() as u64, &error.to_string())),
            }
        }
        // The sizes stated, all together, before a single byte is unpacked. A member that holds more than is stated
        // for it is cut there.
        for entry in &entries {
            if self.budget.spend(entry.size()).is_err() {
                return;
            }
        }
        let reader = files.reader_mut();
        match workbook_kind(&entries, &mut *reader) {
            Inside::Workbook(kind) => {
                drop(entries);
                self.sheets(prefix, Box::new(source), kind, told);
                return;
            }
            Inside::Document(what) => {
                told.format = "unknown";
                told.problem = Some(format!("is not text: {what}"));
                return;
            }
            Inside::Files => {}
        }
        for entry in entries {
            if entry.is_dir() {
                continue;
            }
            let raw = match entry.name() {
                Ok(name) if std::str::from_utf8(entry.name_raw()).is_err() => name.into_owned().into_bytes(),
                _ => entry.name_raw().to_vec(),
            };
            let Some(name) = self.name(prefix, &raw) else {
                told.problem = Some(TOO_MANY.to_owned());
                return;
            };
            let refusal = if entry.is_symlink() {
                Some(Content::Ignored(LINK))
            } else if entry.encrypted() {
                Some(Content::Refused("is encrypted; put it there without its password".to_owned()))
            } else if !SUPPORTED_COMPRESSION_METHODS.contains(&entry.compression()) {
                let method = entry.compression();
                Some(Content::Refused(format!("is compressed by a method that is not read ({method:?})")))
            } else {
                None
            };
            let size = entry.size();
            let refusal = match refusal {
                Some(refusal) => refusal,
                None => match entry.with_reader(&mut *reader, ZipReadOptions::new()) {
                    Ok(file) => {
                        // One byte more than stated tells a lie about the size without following it.
                        self.file(&name, size, &mut file.take(size.saturating_add(1)), depth);
                        if self.budget.refused().is_some() {
                            return;
                        }
                        continue;
                    }
                    Err(error) => Content::Refused(format!("cannot be found in the archive: {error}")),
                },
            };
            let mut refusal = Some(refusal);
            let load = &mut || refusal.take().unwrap_or(Content::Ignored(LINK));
            (self.visit)(Event::Member { name: &name, load });
        }
        told.problem = damage;
    }
}

/// What a zip archive is for.
enum Inside {
    Workbook(workbook::Kind),
    Document(&'static str),
    Files,
}

fn workbook_kind<R: Read + Seek>(entries: &[ZipFileEntry<'static>], reader: &mut R) -> Inside {
    let has = |name: &str| entries.iter().any(|entry| entry.name_raw().eq_ignore_ascii_case(name.as_bytes()));
    if has("[Content_Types].xml") {
        if has("xl/workbook.xml") {
            return Inside::Workbook(workbook::Kind::Xlsx);
        } else if has("xl/workbook.bin") {
            return Inside::Workbook(workbook::Kind::Xlsb);
        } else if has("word/document.xml") {
            return Inside::Document("a Word document");
        } else if has("ppt/presentation.xml") {
            return Inside::Document("a presentation");
        }
    }
    let media = entries.iter().find(|entry| entry.name_raw() == b"mimetype" && entry.size() <= MEDIA_TYPE);
    let Some(media) = media else { return Inside::Files };
    let mut text = String::new();
    // Stored, as the format demands: it stands behind the member's own header of 30 bytes, its name and extra field.
    let start = media.get_metadata().data_start(reader).ok();
    let read = start
        .and_then(|start| reader.seek(std::io::SeekFrom::Start(start)).ok())
        .and_then(|_| reader.by_ref().take(media.compressed_size().min(MEDIA_TYPE)).read_to_string(&mut text).ok());
    match (read, text.trim()) {
        (Some(_), "application/vnd.oasis.opendocument.spreadsheet") => Inside::Workbook(workbook::Kind::Ods),
        (Some(_), text) if text.starts_with("application/vnd.oasis.opendocument") => {
            Inside::Document("a text document, drawing or presentation")
        }
        _ => Inside::Files,
    }
}
