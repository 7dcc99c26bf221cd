//! The template engine with the page's functions and filters.
//! Every value is escaped, and characters that deceive the eye are named; only what is marked safe is not touched.
//! The page's form is `data/page/page.html.jinja`.

use std::collections::HashSet;
use std::sync::Arc;

use minijinja::{AutoEscape, Environment, Error, Value, escape_formatter};

use super::clock::Clock;
use super::forms::{amount, base64, css_string};
use crate::hash::Sha256;
use crate::report::charts::{is_deceptive, show_deceptive};
use crate::report::words::{self, Words};

/// Campaigns or bursts that one finding links to.
const LINKS: usize = 30;

const TEMPLATE: &str = include_str!("../../../data/page/page.html.jinja");
/// Name of the page among the templates.
pub const PAGE: &str = "report.html";

/// The engine; `ids` are those that lie on the page.
pub fn environment(words: &Arc<Words>, clock: &Clock, ids: HashSet<String>) -> Result<Environment<'static>, Error> {
    let mut environment = words::environment(words)?;
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| {
        match value.as_str().filter(|text| !value.is_safe() && text.chars().any(is_deceptive)) {
            Some(text) => escape_formatter(out, state, &Value::from(show_deceptive(text))),
            None => escape_formatter(out, state, value),
        }
    });
    let of = Arc::clone(words);
    environment.add_filter("amount", move |text: &str| amount(text, of.language));
    let of = Arc::clone(words);
    environment.add_function("heading", move |key: &str| of.heading(key));
    let of = Arc::clone(words);
    environment.add_function("known", move |group: &str, key: &str| of.known(group, key).map(str::to_owned));
    let of = Arc::clone(words);
    environment.add_function("said", move |text: &str| of.said(text));
    let of = Arc::clone(words);
    environment.add_function("party", move |exposed: &str| of.party(exposed));
    let of = clock.clone();
    environment.add_filter("at", move |utc: &str| of.text(utc));
    let of = clock.clone();
    environment.add_filter("offset", move |utc: &str| of.with_offset(utc));
    let of = clock.clone();
    environment.add_filter("day", move |day: &str| of.day(day));
    environment.add_function("shown", move |id: &str| ids.contains(id));
    environment.add_filter("css", css_string);
    environment.add_filter("sha256", |text: &str| base64(&Sha256::digest(text.as_bytes())));
    environment.add_global("LINKS", LINKS);
    environment.add_template(PAGE, TEMPLATE)?;
    Ok(environment)
}
