//! The format files that are compiled in: one line for each file of `data/formats`, in order.
//! A test of the catalogue compares this list with the folder.
//! Nothing else stands here, so that lists of two branches join line by line.

macro_rules! files {
    ($($name:literal,)*) => { &[$(($name, include_str!(concat!("../../../data/formats/", $name))),)*] };
}

/// Name and text of each file.
#[rustfmt::skip]
pub const FILES: &[(&str, &str)] = files![
    "meta-analytics.toml",
    "twilio-bulkexport.toml",
    "twilio-console-csv.toml",
    "twilio-rest.toml",
];
