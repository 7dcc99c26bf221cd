//! A template as people see it: a text as it was sent, with `*` where the texts differ.

use super::words::{is_mask, number};
use crate::ingest::words_of;

/// Stands for what differs.
const SLOT: &str = "*";

/// The text with a slot for every mask and every word that is not constant.
#[must_use]
pub fn template(text: &str, is_constant: impl Fn(u32) -> bool) -> String {
    let mut shown = String::new();
    words_of(text, |word, normal| {
        let stays = number(normal).is_none_or(|number| !is_mask(number) && is_constant(number));
        if !stays && shown.ends_with(SLOT) {
            return;
        }
        if !shown.is_empty() {
            shown.push(' ');
        }
        shown.push_str(if stays { word } else { SLOT });
    });
    shown
}
