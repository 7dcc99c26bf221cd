//! The law of the day and the region: which clauses hold for which rows, and where rows must be split.

use super::Grounds;
use super::pack::{BasisVersion, Pack, Rule};
use crate::case::Region;
use crate::message::CountryCode;

/// Regions whose terms may apply to an account: the matter's, else that of the number, else all.
pub fn regions(grounds: Grounds<'_>, account: u32) -> Vec<Region> {
    const EEA: [&CountryCode; 30] = [
        b"AT", b"BE", b"BG", b"HR", b"CY", b"CZ", b"DK", b"EE", b"FI", b"FR", b"DE", b"GR", b"HU", b"IE", b"IT", b"LV",
        b"LT", b"LU", b"MT", b"NL", b"PL", b"PT", b"RO", b"SK", b"SI", b"ES", b"SE", b"IS", b"LI", b"NO",
    ];
    if let Some(region) = grounds.case.matter.region {
        return vec![region];
    }
    match grounds.messages.accounts.get(account as usize).and_then(|account| account.country) {
        Some(country) if EEA.contains(&&country) => vec![Region::Eea],
        Some(country) if &country == b"GB" => vec![Region::Uk],
        Some(_) => vec![Region::World],
        None => vec![Region::Eea, Region::Uk, Region::World],
    }
}

/// Versions of a rule's bases that hold on one day.
pub type Bases<'p> = Vec<&'p BasisVersion>;

/// Splits rows, ordered by time, where the rule or its basis changes; rows on days without the rule fall away.
pub fn by_law<'p>(
    grounds: Grounds<'_>,
    pack: &'p Pack,
    rule: &Rule,
    regions: &[Region],
    rows: Vec<u32>,
) -> Vec<(Bases<'p>, Vec<u32>)> {
    let versions: Bases<'p> = rule.basis.iter().flat_map(|name| pack.basis(name)).collect();
    let versions: Bases<'p> = versions.into_iter().filter(|version| version.is_for(regions)).collect();
    let calendar = grounds.calendar;
    let starts =
        versions.iter().map(|version| version.from).chain([rule.from]).flatten().map(|day| calendar.start(day));
    let ends = versions.iter().map(|version| version.to).chain([rule.to]).flatten().map(|day| calendar.end(day));
    let mut cuts: Vec<i64> = starts.chain(ends).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let sent_at = |row: &u32| grounds.messages.columns.sent_at.get(*row as usize).copied().unwrap_or_default();
    let mut parts: Vec<(Bases<'p>, Vec<u32>)> = Vec::new();
    let mut rest = rows.as_slice();
    for cut in cuts.into_iter().chain([i64::MAX]) {
        let (part, later) = rest.split_at(rest.partition_point(|row| sent_at(row) < cut));
        rest = later;
        let Some(first) = part.first() else { continue };
        let day = calendar.day(sent_at(first));
        if !rule.covers(day) {
            continue;
        }
        let bases: Bases<'p> = versions.iter().copied().filter(|version| version.holds_on(day)).collect();
        match parts.last_mut() {
            Some((known, rows))
                if known.len() == bases.len()
                    && known.iter().zip(&bases).all(|(one, other)| std::ptr::eq(*one, *other)) =>
            {
                rows.extend_from_slice(part)
            }
            _ => parts.push((bases, part.to_vec())),
        }
    }
    parts
}
