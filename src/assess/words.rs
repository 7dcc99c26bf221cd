//! What stands beside a finding in words: what speaks for the sender, and what the logs cannot show.
//! Every sentence rests on a count of the finding's own messages.

use std::collections::BTreeSet;

use super::law::Bases;
use super::pack::{Rule, Trigger};
use super::scene::Scene;
use crate::detect::Mark;
use crate::detect::settings::Title;
use crate::message::{Platform, Route, Status, ZoneBasis};

fn title(de: String, en: String) -> Title {
    Title { de, en }
}

/// What speaks for the sender, from the logs themselves.
pub fn counter_evidence(scene: &Scene<'_>, rows: &[u32]) -> Vec<Title> {
    let grounds = scene.grounds;
    let messages = grounds.messages;
    let mut found = Vec::new();
    let marks = &grounds.activity.marks;
    let campaigns: BTreeSet<u32> = rows.iter().filter_map(|row| marks.campaign.get(*row as usize)).copied().collect();
    // Mark 0 is "no campaign"; the others count campaigns from 1.
    let of_mark = |mark: &u32| grounds.activity.campaigns.get((*mark as usize).checked_sub(1)?);
    let replies: u64 = campaigns.iter().filter_map(of_mark).map(|campaign| campaign.replies).sum();
    if replies > 0 {
        found.push(title(
            format!("{replies} weitere Nachrichten derselben Inhalte waren Antworten im 24-Stunden-Fenster; sie zählen hier nicht."),
            format!("{replies} more messages of the same contents were replies inside the 24-hour window; they do not count here."),
        ));
    }
    let failed = rows.iter().filter(|row| messages.columns.status.get(**row as usize) == Some(&Status::Failed)).count();
    if failed > 0 {
        found.push(title(
            format!("{failed} der Nachrichten wurden laut Protokoll nicht zugestellt; sie zählen als Versuch mit."),
            format!("{failed} of the messages were not delivered according to the log; they count as attempts."),
        ));
    }
    let (mut agreed, mut confirmed) = (0_u64, 0_u64);
    for row in rows.iter().filter(|_| scene.register.has_opt_ins()) {
        let opt_in = scene.register.opt_in_at(scene.recipient(*row), scene.account(*row), scene.sent_at(*row));
        agreed += u64::from(opt_in.is_some());
        confirmed += u64::from(opt_in.is_some_and(|consent| consent.proof.confirmed));
    }
    if agreed > 0 {
        found.push(title(
            format!("Für {agreed} der Nachrichten steht zum Zeitpunkt des Versands eine Einwilligung im Register."),
            format!("For {agreed} of the messages an opt-in stood on record when they were sent."),
        ));
    }
    if confirmed > 0 {
        found.push(title(
            format!("Für {confirmed} der Nachrichten ist eine Bestätigung der Anmeldung verzeichnet (Double-Opt-in)."),
            format!("For {confirmed} of the messages a confirmation of the sign-up is on record (double opt-in)."),
        ));
    }
    let in_window = rows.iter().filter(|row| !scene.is_initiated(**row)).count();
    if in_window > 0 {
        found.push(title(
            format!("{in_window} der Nachrichten fielen in ein offenes 24-Stunden-Fenster des Empfängers."),
            format!("{in_window} of the messages fell into an open 24-hour window of the recipient."),
        ));
    }
    found
}

/// What the logs cannot show.
pub fn limits(
    scene: &Scene<'_>,
    rule: &Rule,
    account: u32,
    region_is_open: bool,
    bases: &Bases<'_>,
    rows: &[u32],
) -> Vec<Title> {
    let grounds = scene.grounds;
    let columns = &grounds.messages.columns;
    let count = |test: &dyn Fn(usize) -> bool| rows.iter().filter(|row| test(**row as usize)).count();
    let mut limits = Vec::new();
    let unknown_route = count(&|row| columns.route.get(row) == Some(&Route::Unknown));
    if unknown_route > 0 && !rule.routes.is_empty() {
        limits.push(title(
            format!("Bei {unknown_route} Nachrichten nennt weder der Export noch die Falldatei den Sendeweg. Gingen sie über die offizielle Schnittstelle, gilt die Regel für sie nicht."),
            format!("For {unknown_route} messages neither the export nor the case file names the route. If they went through the official interface, the rule does not cover them."),
        ));
    }
    let unknown_platform = count(&|row| columns.platform.get(row) == Some(&Platform::Unknown));
    if unknown_platform > 0 {
        limits.push(title(
            format!("Bei {unknown_platform} Nachrichten nennt der Export den Messenger nicht; die Regel setzt WhatsApp voraus."),
            format!("For {unknown_platform} messages the export does not name the messenger; the rule presupposes WhatsApp."),
        ));
    }
    let guessed_zone = count(&|row| columns.zone.get(row) == Some(&ZoneBasis::Guessed));
    if guessed_zone > 0 {
        limits.push(title(
            format!(
                "Bei {guessed_zone} Nachrichten ist die Zeitzone nicht bekannt; angenommen ist {}.",
                crate::message::DEFAULT_ZONE
            ),
            format!(
                "For {guessed_zone} messages the time zone is not known; {} is assumed.",
                crate::message::DEFAULT_ZONE
            ),
        ));
    }
    if !matches!(rule.trigger, Trigger::FreeFormOutsideWindow {})
        && grounds
            .activity
            .accounts
            .get(account as usize)
            .is_some_and(|account| account.replies_from == crate::detect::Inbound::None)
    {
        limits.push(title(
            "Das Protokoll dieses Absenders enthält keine eingehenden Nachrichten; Antworten sind nicht erkennbar, alle Nachrichten gelten als selbst begonnen.".to_owned(),
            "The log of this sender holds no inbound messages; replies cannot be told, all messages are taken as initiated.".to_owned(),
        ));
    }
    if region_is_open && bases.iter().any(|version| !version.regions.is_empty()) {
        limits.push(title(
            "Die Region des Absenders ist nicht bekannt; genannt sind die Fassungen aller Regionen.".to_owned(),
            "The sender's region is not known; the versions of all regions are named.".to_owned(),
        ));
    }
    if !rule.countries.is_empty() {
        let unknown = count(&|row| grounds.messages.country(row).is_none());
        if unknown > 0 {
            limits.push(title(
                format!(
                    "Bei {unknown} Nachrichten ist das Land des Empfängers nicht bekannt; angenommen ist das der Sache."
                ),
                format!("For {unknown} messages the recipient's country is not known; that of the matter is assumed."),
            ));
        }
    }
    if needs_register(&rule.trigger) && !scene.register.has_opt_ins() {
        limits.push(title(
            "Es liegt kein Register von Einwilligungen vor. Dass keine Einwilligung verzeichnet ist, heißt nicht, dass keine erteilt wurde.".to_owned(),
            "There is no register of opt-ins. That none is on record does not mean that none was given.".to_owned(),
        ));
    }
    if uses_own_reading_of_advertising(&rule.trigger) {
        let by_campaign =
            count(&|row| columns.category.get(row).copied().unwrap_or_default() == crate::message::Category::Unknown);
        if by_campaign > 0 {
            limits.push(title(
                format!("{by_campaign} Nachrichten gelten als Werbung, weil sie Teil eines Massenversands sind; der Export nennt keine Kategorie."),
                format!("{by_campaign} messages are taken as advertising because they are part of a mass send; the export names no category."),
            ));
        }
    }
    if bases.iter().any(|version| version.mark == Mark::Unconfirmed)
        || rule.figures.iter().any(|figure| figure.mark == Mark::Unconfirmed)
    {
        limits.push(title(
            "Ein Teil der Rechtsgrundlage oder der Zahlen ist nicht bestätigt und von der Anwältin oder dem Anwalt zu prüfen.".to_owned(),
            "Part of the legal basis or of the figures is unconfirmed; to be confirmed by counsel.".to_owned(),
        ));
    }
    let bound = rule.amounts.iter().find_map(|amount| amount.fewer_employees_than);
    if let Some(bound) = bound
        && scene.client(account).and_then(|client| client.employees).is_none()
    {
        limits.push(title(
            format!("Die Falldatei nennt die Zahl der Mitarbeiter nicht; ein Betrag gilt nur bei weniger als {bound}."),
            format!(
                "The case file does not name the number of employees; one amount applies to fewer than {bound} only."
            ),
        ));
    }
    limits.extend(rule.limits.iter().cloned());
    limits
}

/// Whether a trigger asks the register for opt-ins.
pub(super) fn needs_register(trigger: &Trigger) -> bool {
    matches!(
        trigger,
        Trigger::NoOptIn {}
            | Trigger::NoConsentAbroad { .. }
            | Trigger::CountryCount { .. }
            | Trigger::ElectoralMassMessaging { .. }
    )
}

/// Whether a trigger looks at advertising, which is told by category or by being part of a mass send.
fn uses_own_reading_of_advertising(trigger: &Trigger) -> bool {
    matches!(
        trigger,
        Trigger::NoOptIn {}
            | Trigger::LateOptIn {}
            | Trigger::UnprovableOptIn {}
            | Trigger::OtherChannelOptIn {}
            | Trigger::StaleOptIn { .. }
            | Trigger::AfterOptOut { .. }
            | Trigger::NoStopNotice {}
            | Trigger::HiddenSender {}
            | Trigger::TooFrequent { .. }
            | Trigger::AfterUndertaking {}
            | Trigger::AfterCourtOrder {}
            | Trigger::NoConsentAbroad { .. }
    )
}
