//! Which messages each burst detector looks at, and the bursts that the kernel finds there.
//! A detector names what is counted, over which messages, and within what: an account, its content, a client.
//! The counting itself is the kernel's, in `bursts.rs`.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::bursts::{self, Series, distinct_recipients};
use super::groups::{self, Subject, pick};
use super::mining::Group;
use super::settings::{AgeFrom, Detector, Over, Scope, Settings};
use super::slices::Extent;
use super::{Burst, id};
use crate::message::{Columns, Direction, FORWARD_UNKNOWN, Messages, NO_CONTENT, Platform};

/// What bursts are searched in.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// The messages.
    pub messages: &'a Messages,
    /// Rows of every account by time.
    pub accounts: &'a [Vec<u32>],
    /// Rows of every content that reaches enough, by time.
    pub contents: &'a [Group],
    /// For each row, whether it was initiated.
    pub initiated: &'a [bool],
    /// For each account, when its age begins: by the case file, and by its first message.
    pub born: &'a [(Option<i64>, Option<i64>)],
    /// Which part of what there is to find is wanted.
    pub extent: Extent,
}

/// The bursts of all detectors that look at whole accounts and clients, in no order.
#[must_use]
pub fn in_accounts(field: Field<'_>, settings: &Settings) -> Vec<Burst> {
    let of_account = |(account, rows): (usize, &Vec<u32>)| {
        let subject = Subject::of_account(account as u32, rows);
        of_subject(field, settings, Scope::Account, &subject, NO_CONTENT)
    };
    let mut found: Vec<Burst> = field.accounts.par_iter().enumerate().flat_map_iter(of_account).collect();
    if wanted(settings, &[Scope::Client, Scope::Portfolio]) {
        let clients = groups::by_client(field.messages, field.accounts);
        let of_clients = clients.par_iter().flat_map_iter(|subject| {
            let client = of_subject(field, settings, Scope::Client, subject, NO_CONTENT);
            client.into_iter().chain(of_subject(field, settings, Scope::Portfolio, subject, NO_CONTENT))
        });
        found.par_extend(of_clients);
    }
    found
}

/// The bursts of all detectors that look at one content of one account, in no order.
#[must_use]
pub fn in_contents(field: Field<'_>, settings: &Settings) -> Vec<Burst> {
    let mut found = Vec::new();
    if !wanted(settings, &[Scope::AccountAndContent]) {
        return found;
    }
    let columns = &field.messages.columns;
    let of_content = |content: u32, rows: &[u32], forwarded: bool| {
        let mut found = Vec::new();
        let mut rows = rows.to_vec();
        // Stable: inside an account the order of time stays.
        rows.sort_by_key(|row| columns.account.get(*row as usize).copied().unwrap_or_default());
        for rows in rows.chunk_by(|one, next| columns.account.get(*one as usize) == columns.account.get(*next as usize))
        {
            let account = rows.first().and_then(|row| columns.account.get(*row as usize)).copied().unwrap_or_default();
            let subject = Subject::of_account(account, rows);
            let scope = Scope::AccountAndContent;
            let bursts = of_subject(field, settings, scope, &subject, content);
            found.extend(bursts.into_iter().filter(|burst| {
                let over = settings.detectors.get(burst.detector).map(|detector| detector.over);
                (over == Some(Over::Forwarded)) == forwarded
            }));
        }
        found
    };
    found.par_extend(field.contents.par_iter().flat_map_iter(|group| of_content(group.content, &group.rows, false)));
    // Forwards count from a handful of chats on, so they are not among the contents that reach enough.
    let forwards = forwards(columns);
    found.par_extend(forwards.par_iter().flat_map_iter(|(content, rows)| of_content(*content, rows, true)));
    found
}

fn wanted(settings: &Settings, scopes: &[Scope]) -> bool {
    settings.detectors.iter().any(|detector| scopes.contains(&detector.scope))
}

/// For each account, when its age begins: by the case file, and by its first message.
#[must_use]
pub fn born(messages: &Messages, groups: &[Vec<u32>]) -> Vec<(Option<i64>, Option<i64>)> {
    let first = |rows: &Vec<u32>| rows.first().and_then(|row| messages.columns.sent_at.get(*row as usize)).copied();
    messages.accounts.iter().zip(groups).map(|(account, rows)| (account.registered, first(rows))).collect()
}

/// The least that a content must reach for any detector over one content, forwards left aside.
#[must_use]
pub fn least_reach(settings: &Settings) -> u64 {
    let over_content =
        |detector: &&Detector| detector.scope == Scope::AccountAndContent && detector.over != Over::Forwarded;
    let thresholds = settings.detectors.iter().filter(over_content).map(|detector| detector.threshold);
    thresholds.chain([settings.campaign.recipients]).min().unwrap_or(1)
}

/// Rows that a detector counts, from rows of one subject ordered by time.
#[must_use]
pub fn counted(field: Field<'_>, rows: &[u32], detector: &Detector) -> Vec<u32> {
    let columns = &field.messages.columns;
    let initiated = |row: &u32| field.initiated.get(*row as usize).copied().unwrap_or(false);
    let mut met: FxHashSet<u32> = FxHashSet::default();
    let mut counts = |row: &u32| match detector.over {
        Over::Initiated => initiated(row),
        Over::All => is_outbound(columns, *row),
        Over::Forwarded => is_forwarded(columns, *row),
        Over::FirstContacts => {
            let recipient = columns.recipient.get(*row as usize).copied().unwrap_or_default();
            is_outbound(columns, *row) && met.insert(recipient) && initiated(row)
        }
    };
    let young = |row: &u32| {
        let Some(age) = detector.account_age else { return true };
        let account = columns.account.get(*row as usize).map_or(usize::MAX, |account| *account as usize);
        let (registered, first_seen) = field.born.get(account).copied().unwrap_or_default();
        let born = match detector.age_from {
            AgeFrom::Registration => registered,
            AgeFrom::FirstSeen => registered.or(first_seen),
        };
        let at = columns.sent_at.get(*row as usize).copied().unwrap_or_default();
        born.is_some_and(|born| at.saturating_sub(born) < age)
    };
    let in_scope = |row: &u32| {
        let platform = columns.platform.get(*row as usize).copied().unwrap_or_default();
        detector.scope != Scope::Portfolio || is_whatsapp(platform)
    };
    rows.iter().copied().filter(|row| in_scope(row) && counts(row) && young(row)).collect()
}

/// Whether messages of a platform count as WhatsApp's: also where the export does not say.
#[must_use]
pub fn is_whatsapp(platform: Platform) -> bool {
    matches!(platform, Platform::Whatsapp | Platform::Unknown)
}

/// Whether a row went out.
#[must_use]
pub fn is_outbound(columns: &Columns, row: u32) -> bool {
    columns.direction.get(row as usize) == Some(&Direction::Outbound)
}

/// Whether a row is a forward that went out.
#[must_use]
pub fn is_forwarded(columns: &Columns, row: u32) -> bool {
    let score = columns.forward_score.get(row as usize).copied().unwrap_or(FORWARD_UNKNOWN);
    is_outbound(columns, row) && score > 0 && score < FORWARD_UNKNOWN
}

/// Forwarded messages of known content: (content, rows by time).
pub(super) fn forwards(columns: &Columns) -> Vec<(u32, Vec<u32>)> {
    let content = |row: &u32| columns.content.get(*row as usize).copied().unwrap_or(NO_CONTENT);
    let all = 0..columns.len() as u32;
    let mut rows: Vec<u32> = all.filter(|row| is_forwarded(columns, *row) && content(row) != NO_CONTENT).collect();
    rows.par_sort_unstable_by_key(|row| (content(row), columns.sent_at.get(*row as usize).copied(), *row));
    let groups = rows.chunk_by(|one, next| content(one) == content(next));
    groups.map(|rows| (rows.first().map_or(NO_CONTENT, content), rows.to_vec())).collect()
}

fn of_subject(field: Field<'_>, settings: &Settings, scope: Scope, subject: &Subject<'_>, content: u32) -> Vec<Burst> {
    let mut found = Vec::new();
    each_counted(field, settings, scope, subject, |index, detector, counted| {
        let spans = bursts::bursts(counted.series(), detector.window_ms, detector.threshold, detector.counts);
        found.extend(
            spans.into_iter().map(|span| counted.burst(field.messages, subject, content, (index, detector), span)),
        );
    });
    found
}

/// Calls `see` with each detector of a scope that is wanted, and the messages of a subject that it counts.
pub fn each_counted(
    field: Field<'_>,
    settings: &Settings,
    scope: Scope,
    subject: &Subject<'_>,
    mut see: impl FnMut(usize, &Detector, &Counted),
) {
    let mut last: Option<(&Detector, Counted)> = None;
    let wanted = |detector: &Detector| detector.scope == scope && field.extent.holds(detector);
    for (index, detector) in settings.detectors.iter().enumerate().filter(|(_, detector)| wanted(detector)) {
        // Detectors over the same messages share them.
        let same = |known: &&Detector| {
            (known.over, known.account_age, known.age_from) == (detector.over, detector.account_age, detector.age_from)
        };
        let group = match last.take() {
            Some((known, group)) if same(&known) => group,
            _ => Counted::new(field.messages, counted(field, &subject.rows, detector)),
        };
        see(index, detector, &group);
        last = Some((detector, group));
    }
}

/// Counted messages, as the kernel wants them.
#[derive(Debug)]
pub struct Counted {
    rows: Vec<u32>,
    /// UTC milliseconds, ascending.
    pub times: Vec<i64>,
    recipients: Vec<u32>,
    weights: Vec<u32>,
}

impl Counted {
    fn new(messages: &Messages, rows: Vec<u32>) -> Self {
        let times = pick(&messages.columns.sent_at, &rows);
        let recipients = pick(&messages.columns.recipient, &rows);
        let weights = pick(&messages.recipients.audience, &recipients);
        Self { rows, times, recipients, weights }
    }

    /// For the kernel.
    #[must_use]
    pub fn series(&self) -> Series<'_> {
        Series { times: &self.times, recipients: &self.recipients, weights: &self.weights }
    }

    /// A burst of these messages.
    #[must_use]
    pub fn burst(
        &self,
        messages: &Messages,
        subject: &Subject<'_>,
        content: u32,
        (index, detector): (usize, &Detector),
        span: bursts::Span,
    ) -> Burst {
        let first_account = subject.accounts.first().copied().unwrap_or_default();
        let account = messages.accounts.get(first_account as usize).map_or("", |account| account.id.as_str());
        let name = subject.client.as_deref().unwrap_or(account);
        let fingerprint = messages.contents.fingerprint(content);
        let part = span.first..span.end;
        let start = self.times.get(span.first).copied().unwrap_or_default();
        let rows = self.rows.get(part.clone()).unwrap_or_default().to_vec();
        let accounts = if subject.accounts.len() > 1 {
            let mut accounts = pick(&messages.columns.account, &rows);
            accounts.sort_unstable();
            accounts.dedup();
            accounts
        } else {
            subject.accounts.clone()
        };
        Burst {
            id: id("B", &[detector.name.as_bytes(), name.as_bytes(), &fingerprint.to_le_bytes(), &start.to_le_bytes()]),
            detector: index,
            account: accounts.first().copied().unwrap_or(first_account),
            accounts,
            client: subject.client.clone(),
            content,
            start,
            end: span.end.checked_sub(1).and_then(|last| self.times.get(last)).copied().unwrap_or_default(),
            recipients: distinct_recipients(
                self.recipients.get(part.clone()).unwrap_or_default(),
                self.weights.get(part).unwrap_or_default(),
            ),
            peak: span.peak,
            peak_at: span.peak_at,
            rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Account, Contents, Recipients};

    const MINUTE: i64 = 60_000;

    /// A message: time, account, recipient, platform, forward score.
    type Told = (i64, u32, u32, Platform, u8);

    fn messages(told: &[Told], clients: &[Option<&str>]) -> Messages {
        let account = |(index, client): (usize, &Option<&str>)| Account {
            id: format!("account {index}"),
            client: client.map(str::to_owned),
            ..Account::default()
        };
        Messages {
            accounts: clients.iter().enumerate().map(account).collect(),
            recipients: Recipients { audience: vec![1; 100], ..Recipients::default() },
            contents: Contents { fingerprint: vec![0, 1], ..Contents::default() },
            columns: Columns {
                sent_at: told.iter().map(|one| one.0).collect(),
                account: told.iter().map(|one| one.1).collect(),
                recipient: told.iter().map(|one| one.2).collect(),
                platform: told.iter().map(|one| one.3).collect(),
                forward_score: told.iter().map(|one| one.4).collect(),
                content: vec![1; told.len()],
                direction: vec![Direction::Outbound; told.len()],
                audience: vec![1; told.len()],
                ..Columns::default()
            },
            ..Messages::default()
        }
    }

    fn found(
        messages: &Messages,
        born: &[(Option<i64>, Option<i64>)],
        detector: &str,
    ) -> Vec<(Vec<u32>, Vec<u32>, u64)> {
        let mut settings = Settings::load().expect("the data of the build");
        settings.detectors.retain(|known| known.name == detector);
        if settings.detectors.is_empty() {
            settings = Settings::load().expect("the data").with_file(detector).expect("a detector");
            settings.detectors.drain(..settings.detectors.len() - 1);
        }
        let accounts = groups::by_account(&messages.columns, messages.accounts.len());
        let initiated = vec![true; messages.columns.len()];
        let contents = Vec::new();
        let extent = Extent::All;
        let field = Field { messages, accounts: &accounts, contents: &contents, initiated: &initiated, born, extent };
        in_accounts(field, &settings)
            .into_iter()
            .chain(in_contents(field, &settings))
            .map(|burst| (burst.accounts, burst.rows, burst.peak))
            .collect()
    }

    #[test]
    fn forwards_to_more_than_five_chats_are_seen_where_the_export_shows_them() {
        let to = |person: u32, score: u8| (i64::from(person) * 1000, 0, person, Platform::Whatsapp, score);
        let six: Vec<Told> = (0..6).map(|person| to(person, 1)).collect();
        assert_eq!(found(&messages(&six, &[None]), &[], "over-5-chats-per-forward"), [(vec![0], (0..6).collect(), 6)]);
        for score in [0, 255] {
            let other: Vec<Told> = (0..6).map(|person| to(person, if person == 3 { score } else { 1 })).collect();
            assert!(found(&messages(&other, &[None]), &[], "over-5-chats-per-forward").is_empty(), "{score}");
        }
    }

    #[test]
    fn first_contacts_count_once_for_each_recipient_of_a_young_account() {
        let day = 86_400_000;
        let to = |index: i64, person: u32| (index * MINUTE, 0, person, Platform::Whatsapp, 255);
        let mut told: Vec<Told> = (0..24).map(|index| to(index, index as u32)).collect();
        // Others again to people who were written to before, and new ones once the account is a week old.
        told.extend((24..30).map(|index| to(index, 3)));
        told.extend((0..30).map(|index| to(7 * day / MINUTE + index, 40 + index as u32)));
        let messages = messages(&told, &[None]);
        let name = "24-first-contacts-of-a-young-account";
        assert_eq!(found(&messages, &[(Some(0), Some(0))], name), [(vec![0], (0..24).collect(), 24)]);
        assert!(found(&messages, &[(Some(MINUTE * -20), Some(0))], name).len() == 1);
        assert!(found(&messages, &[(Some(-7 * day), Some(0))], name).is_empty());
        // Without a registration the account is not looked at, unless the detector takes the log for its life.
        assert!(found(&messages, &[(None, Some(0))], name).is_empty());
        let shipped = include_str!("../../data/detectors.toml");
        let own = shipped.split("[[detector]]").find(|part| part.contains(name)).expect("the detector");
        let own = own.split("\n\n").next().expect("its lines").replace("= \"registration\"", "= \"first_seen\"");
        let own = format!("[[detector]]{}", own.replace(name, "other"));
        assert_eq!(found(&messages, &[(None, Some(0))], &own).len(), 1);
    }

    #[test]
    fn a_portfolio_holds_the_whatsapp_numbers_of_a_client_and_a_client_all_its_accounts() {
        let on = |person: u32, account: u32, platform| (i64::from(person), account, person, platform, 255);
        let told = [
            on(0, 0, Platform::Whatsapp),
            on(1, 1, Platform::Unknown),
            on(2, 2, Platform::Sms),
            on(3, 3, Platform::Whatsapp),
            on(4, 4, Platform::Whatsapp),
        ];
        let messages = messages(&told, &[Some("a"), Some("a"), Some("a"), Some("b"), None]);
        let detector = |scope: &str| {
            format!(
                "[[detector]]\nname = \"own\"\nwindow = \"1s\"\nthreshold = 1\ncounts = \"messages\"\nover = \"all\"\n\
                 scope = \"{scope}\"\nmark = \"own\"\nsource = \"test\"\n"
            )
        };
        let rows =
            |scope| found(&messages, &[], &detector(scope)).into_iter().map(|one| (one.0, one.1)).collect::<Vec<_>>();
        assert_eq!(rows("portfolio"), [(vec![0, 1], vec![0, 1]), (vec![3], vec![3]), (vec![4], vec![4])]);
        assert_eq!(rows("client"), [(vec![0, 1, 2], vec![0, 1, 2]), (vec![3], vec![3]), (vec![4], vec![4])]);
    }
}
