//! Delimited formats with a known header: recognised when all its names are there, nearly recognised when most are.
//! The formats are data (`data/formats/*.toml`).
//! Headers of no known format are for `header` and `shapes`.

use std::sync::Arc;

use serde::Deserialize;

use super::{Found, Mapping, Role};
use crate::ingest::formats::Format;
use crate::ingest::people::Hint;

/// What a format guarantees of its addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addresses {
    /// Nothing.
    #[default]
    Unknown,
    /// Full international numbers.
    International,
    /// Names and keys of the platform's own: never numbers, even where they are digits.
    Names,
}

impl Addresses {
    /// What readers of addresses are told.
    #[must_use]
    pub const fn hint(self) -> Hint {
        match self {
            Self::Unknown => Hint::Unknown,
            Self::International => Hint::International,
            Self::Names => Hint::Name,
        }
    }
}

/// The mapping of the known format that has these header names.
pub(super) fn by_format(formats: &[Arc<Format>], names: &[String]) -> Option<Mapping> {
    let position = |wanted: &str| names.iter().position(|name| name.eq_ignore_ascii_case(wanted));
    let fits = |format: &&Arc<Format>| {
        format.signs.header.iter().all(|name| position(name).is_some())
            && !format.signs.header_none.iter().any(|name| position(name).is_some())
    };
    // Of several the one that asks for more.
    let fitting = formats.iter().filter(fits);
    let format = fitting.rev().max_by_key(|format| format.signs.header.len() + format.signs.header_none.len())?;
    let first = |names: &Vec<String>| names.iter().find_map(|name| position(name));
    let columns = format.columns.iter().filter_map(|(role, names)| Some((*role, (first(names)?, Found::Format))));
    let times = format.columns.get(&Role::SentAt).map_or(&[][..], Vec::as_slice);
    let times = times.iter().filter_map(|name| position(name)).collect();
    let constants = format.constants;
    Some(Mapping {
        times,
        format: format.name.clone(),
        confidence: format.confidence.percent(),
        header: true,
        names: names.to_vec(),
        columns: columns.collect(),
        platform: constants.platform.unwrap_or_default(),
        automation: constants.automation.unwrap_or_default(),
        hint: constants.addresses.unwrap_or_default().hint(),
        routes: format.routes.iter().map(|(platform, route)| (platform.as_str().to_owned(), *route)).collect(),
        known: Some(Arc::clone(format)),
        ..Mapping::default()
    })
}

/// The known format that shares most of its header with these names, and the share times its confidence; at least half
/// of the names must be there, and two.
pub(super) fn nearest(formats: &[Arc<Format>], names: &[String]) -> Option<(String, u8)> {
    let shared = |format: &Format| {
        let wanted = &format.signs.header;
        let there = wanted.iter().filter(|wanted| names.iter().any(|name| name.eq_ignore_ascii_case(wanted))).count();
        if there < 2 { 0 } else { there * 100 / wanted.len().max(1) }
    };
    let near = formats.iter().map(|format| (shared(format), format)).filter(|(share, _)| (50..100).contains(share));
    let (share, format) = near.max_by_key(|(share, format)| (*share, std::cmp::Reverse(format.name.clone())))?;
    Some((format.name.clone(), (share * usize::from(format.confidence.percent()) / 100) as u8))
}
