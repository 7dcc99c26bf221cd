//! Telephone numbers that ring nowhere.
//!
//! German ones are the "drama numbers" of the Bundesnetzagentur (Mitteilung 148/2021, Amtsblatt
//! 7/2021), British ones Ofcom's mobile range for drama. Germany has barely more than two hundred
//! mobile numbers of that kind, so the other subscribers of the made-up newsletter are British.

/// The provider's number that sends the newsletter.
pub const NEWSLETTER: &str = "+4915228817386";

/// The publisher's own number at the official interface.
pub const HELP_DESK: &str = "+4915228895456";

/// Every number of a subscriber: 208 German ones, then British ones up to `wanted`.
pub fn subscribers(wanted: usize) -> Vec<String> {
    const SINGLE: [&str; 8] = [
        "+4915254599371",
        "+491729925904",
        "+491729968532",
        "+491729973185",
        "+491729973186",
        "+491729980752",
        "+491749091317",
        "+491749464308",
    ];
    let mut numbers: Vec<String> = SINGLE.iter().map(|number| (*number).to_owned()).collect();
    numbers.extend((0..100).map(|last| format!("+4917139200{last:02}")));
    numbers.extend((0..100).map(|last| format!("+49176040690{last:02}")));
    let british = wanted.saturating_sub(numbers.len());
    numbers.extend((0..british).map(|last| format!("+447700900{last:03}")));
    numbers
}
