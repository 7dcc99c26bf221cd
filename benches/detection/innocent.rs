//! What looks like a mass send and is none: help desks, notices that people caused themselves, circles of friends.

use crate::texts::Texts;
use crate::world::{DAY, HOUR, MINUTE, SECOND, World};

/// All innocent kinds.
pub fn all(world: &mut World, texts: &Texts) {
    help_desk(world, texts);
    for body in &texts.transactional {
        notices(world, texts, body);
    }
    invitations(world, texts);
    groups(world, texts);
    chats(world, texts);
}

/// Canned answers, each within a day of the question.
fn help_desk(world: &mut World, texts: &Texts) {
    let account = world.account();
    let start = world.moment();
    for person in world.people(700) {
        let at = start + world.random.between(0, 20 * DAY);
        let question = world.random.pick(&texts.questions).clone();
        world.inbound(&account, &person, at, &question);
        let answers = world.random.between(1, 3);
        for answer in 0..answers {
            let body = world.random.pick(&texts.canned).clone();
            let body = texts.fill(&body, &mut world.random);
            let delay = world.random.between(SECOND, HOUR) + answer * 2 * HOUR;
            world.outbound(&account, &person, at + delay, "help desk", &body);
        }
    }
}

/// Orders, codes, appointments: whenever somebody did something.
fn notices(world: &mut World, texts: &Texts, body: &str) {
    let account = world.account();
    let start = world.moment();
    let count = world.random.between(120, 500) as usize;
    for person in world.people(count) {
        let at = start + world.random.between(0, 30 * DAY);
        let text = texts.fill(body, &mut world.random);
        world.outbound(&account, &person, at, "notice", &text);
    }
}

/// One text to a small circle; one of them stands twice in the log, by a clock that was an hour off.
fn invitations(world: &mut World, texts: &Texts) {
    for body in &texts.invitations {
        let account = world.account();
        let start = world.moment();
        let count = world.random.between(12, 44) as usize;
        for (number, person) in world.people(count).into_iter().enumerate() {
            let at = start + number as i64 * 3 * SECOND;
            world.outbound(&account, &person, at, "invitation", body);
            world.outbound(&account, &person, at + HOUR, "shifted", body);
        }
    }
}

/// Everything that is said in groups, each group one recipient.
fn groups(world: &mut World, texts: &Texts) {
    let account = world.account();
    let start = world.moment();
    for _ in 0..800 {
        let group = format!("12036304{:010}@g.us", world.random.below(6) + 4_000_000);
        let body = texts.chat(&mut world.random);
        let at = start + world.random.between(0, 30 * DAY);
        world.outbound(&account, &group, at, "group", &body);
    }
}

/// People among themselves, over months.
fn chats(world: &mut World, texts: &Texts) {
    for _ in 0..6 {
        let account = world.account();
        let friends = world.people(90);
        let start = world.moment();
        for _ in 0..1200 {
            let friend = world.random.pick(&friends).clone();
            let mut at = start + world.random.between(0, 90 * DAY);
            for turn in 0..world.random.between(1, 5) {
                let body = texts.chat(&mut world.random);
                if turn % 2 == 0 && world.random.chance(2, 3) {
                    world.inbound(&account, &friend, at, &body);
                } else {
                    world.outbound(&account, &friend, at, "chat", &body);
                }
                at += world.random.between(10 * SECOND, 20 * MINUTE);
            }
        }
    }
}
