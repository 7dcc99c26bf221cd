//! Mass sends as they try not to look: personalised, rotated, disguised, slow, spread over numbers, between chats.

use crate::messages::{Line, Truth};
use crate::random::Random;
use crate::texts::{Texts, disguise};
use crate::world::{DAY, HOUR, MINUTE, SECOND, World};

/// How the copies of one campaign go out.
struct Sending {
    kind: &'static str,
    accounts: Vec<String>,
    recipients: Vec<String>,
    start: i64,
    /// Shortest and longest gap between two copies of one account.
    gaps: (i64, i64),
    /// Whether it rests at night.
    rests: bool,
}

fn send(world: &mut World, sending: Sending, text: &mut dyn FnMut(&mut Random) -> String) {
    let campaign = world.next_campaign();
    let mut clocks: Vec<i64> =
        sending.accounts.iter().map(|_| sending.start + world.random.between(0, 5 * SECOND)).collect();
    for (number, recipient) in sending.recipients.iter().enumerate() {
        let turn = number % sending.accounts.len();
        let body = text(&mut world.random);
        let at = clocks[turn];
        world.lines.push(Line {
            at,
            account: sending.accounts[turn].clone(),
            contact: recipient.clone(),
            outbound: true,
            body,
            truth: Truth { kind: sending.kind, campaign: Some(campaign) },
        });
        let mut next = at + world.random.between(sending.gaps.0, sending.gaps.1);
        let hour = next.rem_euclid(DAY) / HOUR;
        if sending.rests && !(7..20).contains(&hour) {
            next = (next + 4 * HOUR).div_euclid(DAY) * DAY + 7 * HOUR + world.random.between(0, 20 * MINUTE);
            if next <= at {
                next += DAY;
            }
        }
        clocks[turn] = next;
        // A few write back; what follows with them is a chat.
        if world.random.chance(1, 25) {
            let delay = world.random.between(MINUTE, 3 * HOUR);
            let account = sending.accounts[turn].clone();
            world.inbound(&account, recipient, at + delay, "Wer ist da bitte? Woher haben Sie meine Nummer?");
            world.outbound(
                &account,
                recipient,
                at + delay + MINUTE,
                "chat",
                "Guten Tag, Sie hatten sich bei uns eingetragen",
            );
        }
    }
}

/// All hostile kinds, each several times.
pub fn all(world: &mut World, texts: &Texts) {
    for (index, body) in texts.personalised.iter().enumerate() {
        let count = world.random.between(70, 600) as usize;
        let start = world.moment();
        let sending = Sending {
            kind: "personalised",
            accounts: vec![world.account()],
            recipients: world.people(count),
            start,
            gaps: (200, 4 * SECOND),
            rests: false,
        };
        send(world, sending, &mut |random| texts.fill(body, random));
        // The same advert, slower than any detector counts: a drip of one in ten minutes.
        if index % 2 == 0 {
            let count = world.random.between(70, 200) as usize;
            let sending = Sending {
                kind: "drip",
                accounts: vec![world.account()],
                recipients: world.people(count),
                start: world.moment(),
                gaps: (8 * MINUTE, 12 * MINUTE),
                rests: true,
            };
            let other = format!(
                "{} [emoji] {}",
                texts.headlines[index % texts.headlines.len()],
                "Jetzt auf [url] lesen, liebe/r [name]!"
            );
            send(world, sending, &mut |random| texts.fill(&other, random));
        }
    }
    for (index, sentences) in texts.rotated.iter().enumerate() {
        let count = world.random.between(90, 700) as usize;
        let spread = index % 2 == 1;
        let sending = Sending {
            kind: if spread { "spread" } else { "rotated" },
            accounts: (0..if spread { 30 } else { 1 }).map(|_| world.account()).collect(),
            recipients: world.people(if spread { 1200 } else { count }),
            start: world.moment(),
            gaps: (11 * SECOND, 40 * SECOND),
            rests: false,
        };
        send(world, sending, &mut |random| texts.rotate(sentences, random));
    }
    editions(world, texts);
    mixed(world, texts);
    disguised(world, texts);
}

/// One account, one list of subscribers, one frame; every day another headline.
fn editions(world: &mut World, texts: &Texts) {
    let account = world.account();
    let subscribers = world.people(180);
    let start = world.moment().div_euclid(DAY) * DAY + 6 * HOUR;
    for (day, headline) in texts.headlines.iter().enumerate() {
        let date = format!("{:02}.05.2024", day + 3);
        let sending = Sending {
            kind: "editions",
            accounts: vec![account.clone()],
            recipients: subscribers.clone(),
            start: start + day as i64 * DAY,
            gaps: (300, 900),
            rests: false,
        };
        send(world, sending, &mut |random| texts.edition(headline, &date, random));
    }
}

/// Hidden between real chats of the same number.
fn mixed(world: &mut World, texts: &Texts) {
    let account = world.account();
    let friends = world.people(60);
    let start = world.moment();
    for _ in 0..1500 {
        let friend = world.random.pick(&friends).clone();
        let at = start + world.random.between(0, 6 * DAY);
        let body = texts.chat(&mut world.random);
        if world.random.chance(1, 2) {
            world.inbound(&account, &friend, at, &body);
        } else {
            world.outbound(&account, &friend, at, "chat", &body);
        }
    }
    let sending = Sending {
        kind: "mixed",
        accounts: vec![account],
        recipients: world.people(140),
        start: start + DAY,
        gaps: (2 * MINUTE, 35 * MINUTE),
        rests: true,
    };
    let body = "{Hallo|Hi} [name], {hier ist|ich bin's,} {Toni|Antonia} vom Autohaus in [city]: {diese Woche|bis Samstag} {kaufen|nehmen} wir {jeden Gebrauchten|alle Gebrauchtwagen} {zum Listenpreis|über Liste} an. {Ruf an|Melde dich}!";
    send(world, sending, &mut |random| texts.fill(body, random));
}

/// Look-alike letters and invisible marks in every copy.
fn disguised(world: &mut World, texts: &Texts) {
    let sending = Sending {
        kind: "disguised",
        accounts: vec![world.account(), world.account()],
        recipients: world.people(160),
        start: world.moment(),
        gaps: (5 * SECOND, 30 * SECOND),
        rests: false,
    };
    let body = "Ihre Bank hat eine neue App: jetzt auf [url] anmelden und hundert Euro Startguthaben sichern, lieber Kunde aus [city].";
    send(world, sending, &mut |random| {
        let filled = texts.fill(body, random);
        disguise(&filled, random)
    });
}
