//! Reads inputs one by one: what each file is, and what became of its records, before anything of the others is known.
//! All that readers are told beside the bytes (zone, country, accounts of the case file) is gathered here.
//! What depends on the other inputs is settled in `gather`.

use std::collections::BTreeMap;

use super::batch::Batch;
use super::case_match::entry_of;
use super::containers::{survey, telling_name};
use super::context::{Context, FileContext};
use super::people::{self, Country, Hint};
use super::time::Zones;
use super::{DateOrderDecision, IngestError, Input, InputFile, Progress, Settings, open, sources};
use crate::case::Case;
use crate::hash::{Sha256, hex};
use crate::message::{DEFAULT_ZONE, ZoneBasis};

/// What stands for the account of records that name no sender: `?` and this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// The file's name with as many folders as tell it apart from the inputs beside it.
    Short,
    /// The whole name, where the inputs beside it are not known yet; [`super::gather`] shortens it.
    Whole,
}

/// One input and what reading it gave.
#[derive(Debug)]
pub struct SourceRead<'c> {
    /// Where it lies.
    pub input: Input,
    /// Its account, without what only the other inputs tell.
    pub account: InputFile,
    /// What was read, in order of places.
    pub batches: Vec<Batch<'c>>,
}

/// What readers know beside the files.
#[derive(Debug)]
pub struct Reading {
    pub(super) context: Context,
    known_accounts: Vec<String>,
}

impl Reading {
    /// Loads the data of the build and takes from case file and settings what readers are told. With `keep_folded`, the
    /// places of folded records are kept.
    ///
    /// # Errors
    /// When the settings cannot be used.
    pub fn new(case: &Case, settings: &Settings, keep_folded: bool) -> Result<Self, IngestError> {
        let country = match &case.matter.country {
            Some(code) if people::is_country(code) => {
                Some(code.parse::<Country>().map_err(|_| IngestError::Country(code.clone()))?)
            }
            Some(code) => return Err(IngestError::Country(code.clone())),
            None => None,
        };
        let mut context = Context::with_formats(country, settings.date_order, settings.threads, &settings.formats)?;
        context.keep_folded = keep_folded;
        let known_accounts = case
            .accounts
            .iter()
            .filter_map(|account| context.people.canonical(&account.id, Hint::Unknown))
            .map(|address| address.text);
        let known_accounts = known_accounts.collect();
        Ok(Self { context, known_accounts })
    }

    /// A canonical address; `None` for what is none.
    #[must_use]
    pub fn address(&self, text: &str) -> Option<String> {
        self.context.people.canonical(text, Hint::Unknown).map(|address| address.text)
    }

    /// Reads inputs, containers opened; what comes out stands in order of names.
    ///
    /// # Errors
    /// When a zone cannot be used.
    pub fn read(
        &self,
        inputs: &[Input],
        (case, settings): (&Case, &Settings),
        labels: Labels,
        progress: &dyn Progress,
    ) -> Result<Vec<SourceRead<'_>>, IngestError> {
        let sizes = inputs.iter().filter_map(|input| std::fs::metadata(&input.path).ok());
        progress.total(sizes.map(|meta| meta.len()).sum());
        let sources = survey(inputs, settings.max_unpacked);
        let names: Vec<&str> = sources.iter().map(|source| source.input.name.as_str()).collect();
        let labels = match labels {
            Labels::Short => provisional_names(&names),
            Labels::Whole => names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let mut files = Vec::with_capacity(sources.len());
        for (index, (name, label)) in names.iter().zip(labels).enumerate() {
            let (zones, zone_basis) = zone_of(name, case, settings)?;
            files.push(FileContext {
                context: &self.context,
                index: index as u32,
                provisional: self.told_account(name, case).unwrap_or_else(|| format!("?{label}")),
                file_name: telling_name(name),
                zones,
                zone_basis,
                known_accounts: &self.known_accounts,
            });
        }
        let read = sources::read(&sources, &files, settings, progress);
        let sources = sources.into_iter().map(|source| source.input).zip(read);
        Ok(sources.map(|(input, (account, batches))| self.finish(input, account, batches)).collect())
    }

    /// The account that the case file names for an input.
    fn told_account(&self, name: &str, case: &Case) -> Option<String> {
        let entry = entry_of(name, case).and_then(|entry| entry.account.as_deref());
        entry.and_then(|account| self.address(account))
    }

    /// Adds up what the batches of one input say.
    fn finish<'c>(&self, input: Input, mut account: InputFile, batches: Vec<Batch<'c>>) -> SourceRead<'c> {
        for batch in &batches {
            count_batch(&mut account, batch);
        }
        if let Some(decision) = account.date_order.filter(DateOrderDecision::is_guess) {
            let open = self.context.date_order.is_none();
            let which = if open { "; settle it with --date-order dmy, mdy or ymd" } else { "" };
            account.notes.push(format!("order of day and month is {}, {}{which}", decision.order, decision.basis));
        }
        if account.guessed_addresses > 0 {
            account.notes.push("some numbers lack a + or a country code; they were completed by a guess".to_owned());
        }
        if account.rejected > 0 && account.rejected == account.records && !account.failed {
            account.failed = true;
            account.notes.insert(0, "no record of it could be read".to_owned());
        }
        SourceRead { input, account, batches }
    }

    /// What of the case file and the settings an input is read with, by name: where two readings agree in all of it, the
    /// same bytes give the same records. Values are short words, or digests of what is long or nobody's business.
    ///
    /// # Errors
    /// When a zone cannot be used.
    pub fn circumstances(
        &self,
        name: &str,
        case: &Case,
        settings: &Settings,
    ) -> Result<BTreeMap<String, String>, IngestError> {
        let (zones, basis) = zone_of(name, case, settings)?;
        let order = settings.date_order.map_or_else(|| "found in the file".to_owned(), |order| format!("{order:?}"));
        let mut own = Sha256::new();
        for path in &settings.formats {
            own.update(std::fs::read(path).map(|bytes| open::sha256(&bytes)).unwrap_or_default());
        }
        let digest = |parts: &[String]| hex(&Sha256::digest(parts.join("\n"))).chars().take(12).collect::<String>();
        let mut accounts = self.known_accounts.clone();
        accounts.sort_unstable();
        let none = |text: String, there: bool| if there { text } else { "none".to_owned() };
        let told = self.told_account(name, case);
        let own_formats = hex(&own.finalize()).chars().take(12).collect::<String>();
        let rows = [
            ("timezone", format!("{} ({})", zones.name(), basis.as_str())),
            ("country", case.matter.country.clone().unwrap_or_else(|| "none".to_owned())),
            ("date-order", order),
            ("accounts of the case file", none(digest(&accounts), !accounts.is_empty())),
            ("account of the file", none(digest(told.as_slice()), told.is_some())),
            ("format", none(own_formats, !settings.formats.is_empty())),
            ("max-unpacked", settings.max_unpacked.to_string()),
        ];
        Ok(rows.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }
}

fn count_batch(account: &mut InputFile, batch: &Batch<'_>) {
    account.records += u64::from(batch.records);
    if batch.broken_off {
        account.failed = true;
        let reason = batch.rejects.last().map_or("", |reject| reject.reason.as_ref());
        account.notes.insert(0, format!("not wholly read: {reason}; what follows is lost"));
    }
    account.rejected += batch.rejects.len() as u64;
    account.guessed_addresses += batch.guessed_addresses();
    for (reason, count) in &batch.ignored {
        account.ignored += count;
        *account.ignored_by.entry(reason).or_default() += count;
    }
    for (note, count) in &batch.notes {
        // Notes of blocks join into one line for the file.
        let known = account.notes.iter().position(|line| line.ends_with(note));
        let before = known
            .map(|at| account.notes.remove(at))
            .and_then(|line| line.split(' ').next().and_then(|n| n.parse::<u64>().ok()));
        let total = before.unwrap_or(0) + count;
        account.notes.push(format!("{total} × {note}"));
    }
}

/// Names for provisional accounts: the file's name, with as many folders as tell it apart from the others.
pub(super) fn provisional_names(inputs: &[&str]) -> Vec<String> {
    fn tail(name: &str, parts: usize) -> &str {
        name.rmatch_indices('/').nth(parts - 1).and_then(|(at, _)| name.get(at + 1..)).unwrap_or(name)
    }
    let deepest = inputs.iter().map(|input| input.split('/').count()).max().unwrap_or(1);
    let mut names: Vec<Option<String>> = vec![None; inputs.len()];
    for parts in 1..=deepest {
        if names.iter().all(Option::is_some) {
            break;
        }
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        inputs.iter().for_each(|input| *counts.entry(tail(input, parts)).or_default() += 1);
        for (name, input) in names.iter_mut().zip(inputs).filter(|(name, _)| name.is_none()) {
            let own = tail(input, parts);
            *name = (counts.get(own) == Some(&1) || parts == deepest).then(|| own.to_owned());
        }
    }
    names.into_iter().map(Option::unwrap_or_default).collect()
}

/// Zone of times without an offset: of the file in the case, of the option, of the matter, else the default.
fn zone_of(name: &str, case: &Case, settings: &Settings) -> Result<(Zones, ZoneBasis), IngestError> {
    let of_file = entry_of(name, case).and_then(|entry| entry.timezone.as_deref());
    let named = of_file.or(settings.timezone.as_deref()).or(case.matter.timezone.as_deref());
    let basis = if named.is_some() { ZoneBasis::Case } else { ZoneBasis::Guessed };
    let zone = named.unwrap_or(DEFAULT_ZONE);
    let zones = Zones::named(zone).map_err(|source| IngestError::Zone { name: zone.to_owned(), source })?;
    Ok((zones, basis))
}
