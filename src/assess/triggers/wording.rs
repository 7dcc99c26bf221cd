//! What the words of an advert lack: how to object, and who sends it.
//! Only texts of which a sample is known can be judged; the others are left out and told as a limit.

use std::collections::{BTreeMap, BTreeSet};

use super::{Covered, Meeting};
use crate::assess::wording::Phrases;
use crate::case::ClaimedBasis;

/// Advertising of clients that rely on the exception for customers, without words on how to object.
pub fn no_stop_notice(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let words = &scene.grounds.wording.stop_notice;
    let silent = scene.contents_where(|sample| !words.found_in(sample));
    let rows = covered.advertising().into_iter().filter(|row| {
        let client = scene.client(scene.account(*row));
        client.is_some_and(|client| client.claimed_basis == ClaimedBasis::Customer)
            && silent.contains(&scene.content(*row))
    });
    covered.plain(rows)
}

/// Advertising in which none of the names stands under which its client is known, as the case file gives them.
pub fn hidden_sender(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let mut nameless: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for client in &scene.grounds.case.clients {
        let names = Phrases::of(std::iter::once(&client.name).chain(&client.known_as));
        nameless.insert(&client.name, scene.contents_where(|sample| !names.found_in(sample)));
    }
    let rows = covered.advertising().into_iter().filter(|row| {
        let client = scene.client(scene.account(*row));
        let contents = client.and_then(|client| nameless.get(client.name.as_str()));
        contents.is_some_and(|contents| contents.contains(&scene.content(*row)))
    });
    covered.plain(rows)
}
