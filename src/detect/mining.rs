//! Content mining: which texts are one text with other names, numbers, synonyms or sentences in another order.
//! Three steps: words (`words`), templates of frequent words (`templates`), near-equal templates joined (`minhash`,
//! `families`); then each family is divided by what its messages have in common (`profiles`). Campaigns are found elsewhere.

mod bands;
mod families;
mod lists;
pub mod minhash;
mod outlines;
mod profiles;
mod shown;
mod templates;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use hashbrown::HashMap;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use xxhash_rust::xxh3::xxh3_128;

use crate::ingest::{NoProgress, Progress};
use crate::message::{ContentKind, Contents, Direction, Messages, NO_CONTENT};

pub use bands::BANDS;
pub use families::{ALONE, Joint};
pub use outlines::Similarity;
pub use profiles::Profile;
use words::Words;

/// Steps that making templates is worth, in lengths of a band.
const TEMPLATES: u64 = 12;
/// Steps of mining: templates, and each of the bands in which they are joined.
pub const STEPS: u64 = TEMPLATES + BANDS;
/// Words that the texts of a group must share in the mean.
const LEAST_SHARED: f64 = 3.0;

/// Messages of one content: of one normalised text or one name, or of all texts that mining found to be one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// The content; where several are joined, the one that most of the messages have.
    pub content: u32,
    /// Outbound messages, by time.
    pub rows: Vec<u32>,
    /// What the texts have in common.
    pub text: Option<Common>,
}

/// What the texts of a group have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Common {
    /// Distinct normalised texts.
    pub texts: u64,
    /// Identity: of the one text, or of the words that most of the texts have.
    pub fingerprint: u128,
    /// A text of the group as it was sent, with `*` for what differs.
    pub template: String,
    /// A text of the group as it was sent.
    pub sample: String,
    /// Mean number of words that the texts of the group share.
    pub words: f64,
    /// Whether the sample holds a link or an e-mail address.
    pub link: bool,
}

/// Groups whose outbound messages could reach `least`, each stated audience adding its size.
#[must_use]
pub fn groups(messages: &Messages, least: u64) -> Vec<Group> {
    groups_told(messages, least, &NoProgress)
}

/// As [`groups`], and tells of [`STEPS`] steps as it goes on.
#[must_use]
pub fn groups_told(messages: &Messages, least: u64, progress: &dyn Progress) -> Vec<Group> {
    let sizes = sizes(messages);
    let templated = Templated::of(&messages.contents, &sizes);
    progress.advance(TEMPLATES);
    let mined = templated.families(|templates| families::join(templates, progress), least);
    groups_of(messages, &mined, &sizes, least)
}

/// Of each content the outbound messages, and how many people they could reach.
#[must_use]
pub fn sizes(messages: &Messages) -> Vec<Size> {
    let columns = &messages.columns;
    let mut sizes = vec![(0_u32, 0_u64); messages.contents.len()];
    for (row, (content, direction)) in columns.content.iter().zip(&columns.direction).enumerate() {
        if *direction == Direction::Outbound
            && *content != NO_CONTENT
            && let Some((size, reach)) = sizes.get_mut(*content as usize)
        {
            *size += 1;
            *reach += u64::from(columns.audience.get(row).copied().unwrap_or(1));
        }
    }
    sizes
}

/// The groups among messages whose contents were mined. All messages of a family, and of a content in none, must be
/// here together.
#[must_use]
pub fn groups_of(messages: &Messages, mined: &Mined, sizes: &[Size], least: u64) -> Vec<Group> {
    let columns = &messages.columns;
    let clients = clients(messages);
    let mut slots = Slots::new(messages.contents.len());
    let mut found: Vec<(bool, u32, Vec<u32>)> = Vec::new();
    for (row, (content, direction)) in columns.content.iter().zip(&columns.direction).enumerate() {
        if *direction != Direction::Outbound || *content == NO_CONTENT {
            continue;
        }
        let family = mined.family.get(*content as usize).copied().unwrap_or(ALONE);
        let alone = family == ALONE;
        let reach = sizes.get(*content as usize).map_or(0, |(_, reach)| *reach);
        if alone && reach < least.max(1) {
            continue;
        }
        // A name means something only to the client that gave it; a text is the same whoever sends it.
        let named = messages.contents.kind(*content) != ContentKind::Text;
        let account = columns.account.get(row).copied().unwrap_or_default();
        let client = if named { clients.get(account as usize).copied().unwrap_or(0) } else { 0 };
        let Some(slot) = slots.of(if alone { Of::Content(*content, client) } else { Of::Family(family) }) else {
            continue;
        };
        if *slot == NO_SLOT {
            *slot = found.len() as u32;
            found.push((alone, *content, Vec::new()));
        }
        if let Some((_, _, rows)) = found.get_mut(*slot as usize) {
            rows.push(row as u32);
        }
    }
    let groups = found.into_par_iter().flat_map_iter(|(alone, content, mut rows)| {
        order(messages, &mut rows);
        if alone {
            let text = alone_common(messages, &mined.words, content);
            return vec![Group { content, rows, text }];
        }
        profiles::divide(messages, &mined.words, &mined.tight, rows)
            .into_iter()
            .flat_map(|rows| joined(messages, &mined.words, rows))
            .collect()
    });
    let mut groups: Vec<Group> = groups.collect();
    let key = |group: &Group| messages.contents.fingerprint(group.content);
    groups.par_sort_by(|left, right| (key(left), first(messages, left)).cmp(&(key(right), first(messages, right))));
    groups
}

/// Stands for "no group yet".
const NO_SLOT: u32 = u32::MAX;

/// What the messages of a group have in common before families are divided.
enum Of {
    /// A content, and the client who means something of his own by its name; 0 for none.
    Content(u32, u32),
    /// A family of texts.
    Family(u32),
}

/// Group of each content and family. Looked up once for every message, so by index: only names of clients are hashed.
struct Slots {
    of_content: Vec<u32>,
    of_family: Vec<u32>,
    of_client: HashMap<(u32, u32), u32, FxBuildHasher>,
}

impl Slots {
    /// None is taken. There are no more families than texts, and no more texts than contents.
    fn new(contents: usize) -> Self {
        Self { of_content: vec![NO_SLOT; contents], of_family: vec![NO_SLOT; contents], of_client: HashMap::default() }
    }

    fn of(&mut self, of: Of) -> Option<&mut u32> {
        match of {
            Of::Content(content, 0) => self.of_content.get_mut(content as usize),
            Of::Content(content, client) => Some(self.of_client.entry((content, client)).or_insert(NO_SLOT)),
            Of::Family(family) => self.of_family.get_mut(family as usize),
        }
    }
}

/// Number of each account's client, 0 where the case names none.
fn clients(messages: &Messages) -> Vec<u32> {
    let mut names: Vec<&str> = messages.accounts.iter().filter_map(|account| account.client.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let number = |client: &str| names.binary_search(&client).map_or(0, |at| at as u32 + 1);
    messages.accounts.iter().map(|account| account.client.as_deref().map_or(0, number)).collect()
}

fn first(messages: &Messages, group: &Group) -> (i64, u128) {
    let row = group.rows.first().map_or(usize::MAX, |row| *row as usize);
    let columns = &messages.columns;
    (columns.sent_at.get(row).copied().unwrap_or_default(), columns.key.get(row).copied().unwrap_or_default())
}

/// By time; messages of one instant by their keys, so that the order of input leaves no trace.
pub fn order(messages: &Messages, rows: &mut [u32]) {
    let columns = &messages.columns;
    rows.sort_unstable_by_key(|row| {
        let row_index = *row as usize;
        let at = columns.sent_at.get(row_index).copied().unwrap_or_default();
        (at, columns.key.get(row_index).copied().unwrap_or_default(), *row)
    });
}

/// Outbound messages of a content, and how many people they could reach.
pub type Size = (u32, u64);

/// What mining knows of contents.
#[derive(Debug)]
pub struct Mined {
    /// Family of each content, or [`ALONE`].
    pub family: Vec<u32>,
    /// Tight family of each content inside its family.
    pub tight: Vec<u32>,
    /// Words of the contents that are in a family or reach enough by themselves.
    words: Words,
}

impl Mined {
    /// With families that were found before: of each content its family and its tight family.
    #[must_use]
    pub fn known(contents: &Contents, family: Vec<u32>, tight: Vec<u32>) -> Self {
        Self { family, tight, words: Words::of(contents) }
    }
}

/// Contents with the templates of their texts, before the templates are joined.
#[derive(Debug)]
pub struct Templated<'a> {
    contents: &'a Contents,
    sizes: &'a [Size],
    mined: templates::Templates,
}

impl<'a> Templated<'a> {
    /// Contents with their sizes.
    #[must_use]
    pub fn of(contents: &'a Contents, sizes: &'a [Size]) -> Self {
        let words = Words::of(contents);
        let weight = |text: usize| u64::from(size_of_text(contents, sizes, text).0);
        let frequent = words.frequent(weight, templates::SUPPORT);
        let mined = templates::mine(&words, &frequent);
        Self { contents, sizes, mined }
    }

    /// The joints that these of [`BANDS`] bands give between templates.
    #[must_use]
    pub fn joints(&self, bands: &[u64]) -> Vec<Joint> {
        families::joints(&self.mined, bands)
    }

    /// Families by joints that were found before, in whatever order.
    #[must_use]
    pub fn joined(self, joints: &[Joint], least: u64) -> Mined {
        self.families(|templates| families::joined(templates, joints), least)
    }

    fn families(self, join: impl FnOnce(&templates::Templates) -> Vec<(u32, u32)>, least: u64) -> Mined {
        let Self { contents, sizes, mined } = self;
        let families = join(&mined);
        let template_of = mined.into_template_of();
        let mut family = vec![ALONE; contents.len()];
        let mut tight = vec![ALONE; contents.len()];
        // A family matters when it has several texts and could reach enough. Templates of texts are in no order, so all
        // texts are gone through for each piece of the templates.
        let piece = templates::piece(families.len());
        let mut reach = vec![(0_u32, 0_u64); families.len()];
        for (at, families) in families.chunks(piece).enumerate() {
            for (text, (loose, _)) in in_piece(&template_of, at * piece, families) {
                if let Some((texts, reached)) = reach.get_mut(*loose as usize) {
                    *texts += 1;
                    *reached += size_of_text(contents, sizes, text).1;
                }
            }
        }
        for (at, families) in families.chunks(piece).enumerate() {
            for (text, (loose, close)) in in_piece(&template_of, at * piece, families) {
                let big = reach.get(*loose as usize).is_some_and(|(texts, reach)| *texts > 1 && *reach >= least);
                let content = contents.text_of.get(text).copied().unwrap_or(NO_CONTENT) as usize;
                if let (true, Some(family), Some(tight)) = (big, family.get_mut(content), tight.get_mut(content)) {
                    (*family, *tight) = (*loose, *close);
                }
            }
        }
        // The words of all texts do not lie in memory while templates are joined: few of them are asked for again.
        let words = Words::of_some(contents, |content| {
            let content = content as usize;
            family.get(content).is_some_and(|family| *family != ALONE)
                || sizes.get(content).is_some_and(|(_, reach)| *reach >= least)
        });
        Mined { family, tight, words }
    }
}

/// The texts whose templates are among some from `start` on, each with what is known of its template.
fn in_piece<'p, T>(template_of: &[u32], start: usize, piece: &'p [T]) -> impl Iterator<Item = (usize, &'p T)> {
    let known = move |template: u32| piece.get((template as usize).checked_sub(start)?);
    template_of.iter().enumerate().filter_map(move |(text, template)| Some((text, known(*template)?)))
}

fn size_of_text(contents: &Contents, sizes: &[Size], text: usize) -> Size {
    let content = contents.text_of.get(text).copied().unwrap_or(NO_CONTENT);
    sizes.get(content as usize).copied().unwrap_or_default()
}

fn alone_common(messages: &Messages, words: &Words, content: u32) -> Option<Common> {
    let contents = &messages.contents;
    if contents.kind(content) != ContentKind::Text {
        return None;
    }
    let sample = words.text_of(contents, content).to_owned();
    let list = words.of_content(content);
    let distinct = words::distinct(list).len() as f64;
    let template = shown::template(&sample, |_| true);
    let link = shown::has_link(&sample);
    Some(Common { texts: 1, fingerprint: contents.fingerprint(content), template, sample, words: distinct, link })
}

/// The group of messages that one campaign would be of; several when they have too little in common to be one.
fn joined(messages: &Messages, words: &Words, rows: Vec<u32>) -> Vec<Group> {
    let contents = &messages.contents;
    let mut counts: HashMap<u32, u32, FxBuildHasher> = HashMap::default();
    for row in &rows {
        let content = messages.columns.content.get(*row as usize).copied().unwrap_or(NO_CONTENT);
        *counts.entry(content).or_default() += 1;
    }
    let key = |(content, count): (&u32, &u32)| (*count, std::cmp::Reverse(contents.fingerprint(*content)));
    let content = counts.iter().max_by_key(|(content, count)| key((content, count))).map_or(NO_CONTENT, |(c, _)| *c);
    if counts.len() == 1 {
        let text = alone_common(messages, words, content);
        return vec![Group { content, rows, text }];
    }
    let profile = Profile::of(words, rows.iter().map(|row| messages.columns.content.get(*row as usize).copied()));
    if profile.shared_words() < LEAST_SHARED || profile.shared_words() < profile.mean_words() / 2.0 {
        return apart(messages, words, rows);
    }
    let mut core: Vec<u32> = profile.above(0.5);
    core.sort_unstable();
    let mut bytes: Vec<u8> = b"template".to_vec();
    core.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    if core.len() < templates::LEAST_WORDS {
        // Nothing stays the same in all: the family is named by its most frequent text.
        bytes.extend_from_slice(&contents.fingerprint(content).to_le_bytes());
    }
    let sample = words.text_of(contents, content).to_owned();
    let template = shown::template(&sample, |word| core.binary_search(&word).is_ok());
    let link = shown::has_link(&sample);
    let text = Common {
        texts: counts.len() as u64,
        fingerprint: xxh3_128(&bytes),
        template,
        sample,
        words: profile.shared_words(),
        link,
    };
    vec![Group { content, rows, text: Some(text) }]
}

/// One group for each content.
fn apart(messages: &Messages, words: &Words, rows: Vec<u32>) -> Vec<Group> {
    let mut of: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in rows {
        of.entry(messages.columns.content.get(row as usize).copied().unwrap_or(NO_CONTENT)).or_default().push(row);
    }
    let group = |(content, rows)| Group { content, rows, text: alone_common(messages, words, content) };
    of.into_iter().map(group).collect()
}
