//! What the words of an advert lack: how to object, and who sends it.
//! Only texts of which a sample is known can be judged; the others are left out and told as a limit.

use super::{Covered, Meeting};
use crate::assess::wording::Phrases;
use crate::case::ClaimedBasis;

/// Advertising of clients that rely on the exception for customers, without words on how to object.
pub fn no_stop_notice(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let words = &scene.grounds.wording.stop_notice;
    let rows = covered.advertising().into_iter().filter(|row| {
        let claims =
            scene.client(scene.account(*row)).is_some_and(|client| client.claimed_basis == ClaimedBasis::Customer);
        let sample = scene.sample(*row);
        claims && !sample.is_empty() && !words.found_in(sample)
    });
    covered.plain(rows)
}

/// Advertising in which none of the names stands under which its client is known, as the case file gives them.
pub fn hidden_sender(covered: Covered<'_>) -> Vec<Meeting> {
    let scene = covered.scene;
    let rows = covered.advertising().into_iter().filter(|row| {
        let Some(client) = scene.client(scene.account(*row)) else { return false };
        let names = Phrases::of(std::iter::once(&client.name).chain(&client.known_as));
        let sample = scene.sample(*row);
        !sample.is_empty() && !names.found_in(sample)
    });
    covered.plain(rows)
}
