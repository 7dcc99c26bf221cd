//! The HTML report: one self-contained page, rendered from the extract and from nothing else.
//! Here the parts are put together; tables, charts, sums and the engine are in the modules below, the page's form, style
//! and script in `data/page/`, its words in `data/languages/report.toml`. Only text from there and from `charts` is not escaped.

mod cells;
mod clock;
mod engine;
mod forms;
mod lists;
mod phrases;
mod pictures;
mod view;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{Error, Value, context};

use super::extract::Extract;
use super::words::{Words, fault};
use crate::case::Language;
use clock::Clock;
pub(super) use forms::amount;
use lists::Lists;
use pictures::Pictures;
use view::View;

const STYLE: &str = include_str!("../../data/page/page.css");
const SCRIPT: &str = include_str!("../../data/page/page.js");

/// Why the page could not be made; both mean a damaged build.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The file of words.
    #[error("words of the HTML report: {0}")]
    Words(#[from] toml::de::Error),
    /// The template.
    #[error("template of the HTML report: {0:#}")]
    Template(#[from] Error),
}

/// Renders the page.
///
/// # Errors
/// When the words or the template of the build are damaged; no data can bring that about.
pub fn page(extract: &Extract, language: Language) -> Result<String, HtmlError> {
    let words = Arc::new(phrases::load(language)?);
    let clock = Clock::new(&extract.timezone, language);
    let view = View::new(extract);
    let full: HashSet<&str> = view::full(extract).iter().map(|row| row.finding_id.as_str()).collect();
    let mut lists = Lists::new(extract, &words, &clock, &full)?;
    let pictures = Pictures::new(extract, &words, &clock)?;
    let environment = engine::environment(&words, &clock, std::mem::take(&mut lists.ids))?;
    let page = environment.get_template(engine::PAGE)?.render(context! {
        e => Value::from(Serde(&view)),
        lists => Value::from(Serde(&lists)),
        pictures => Value::from(Serde(&pictures)),
        lang => language.as_str(),
        style => STYLE,
        script => SCRIPT,
        script_words => script_words(&words)?,
    })?;
    Ok(page)
}

/// The charts of the page as SVG, as wide as paper: timeline, week, speed. An empty one has nothing to show.
///
/// # Errors
/// When the words of the build are damaged.
#[cfg(feature = "pdf")]
pub fn charts(extract: &Extract, language: Language) -> Result<Vec<String>, HtmlError> {
    let words = phrases::load(language)?;
    Ok(Pictures::new(extract, &words, &Clock::new(&extract.timezone, language))?.for_paper())
}

/// The words that the script says.
fn script_words(words: &Words) -> Result<String, Error> {
    let mut said: BTreeMap<String, &str> = words.beginning("js_").map(|(key, text)| (key.to_owned(), text)).collect();
    for (key, text) in words.group("severity").into_iter().flatten() {
        said.insert(format!("severity_{key}"), text);
    }
    let sample = words.say("sample", &[])?;
    said.insert("sample".to_owned(), &sample);
    let json = serde_json::to_string(&said).map_err(|error| fault(error.to_string()))?;
    Ok(cells::inert(&json))
}

#[cfg(test)]
mod tests {
    use crate::hash::Sha256;

    use super::forms::base64;
    use super::*;

    #[test]
    fn the_policy_allows_the_page_its_own_script_and_styles_only() {
        let page = page(&Extract::default(), Language::En).expect("a page");
        for (tag, end, directive) in [("<script>", "</script>", "script-src"), ("<style>", "</style>", "style-src")] {
            let inside: Vec<&str> = page.split(tag).skip(1).filter_map(|rest| rest.split(end).next()).collect();
            let hashes: Vec<String> =
                inside.iter().map(|text| format!("'sha256-{}'", base64(&Sha256::digest(text.as_bytes())))).collect();
            assert!(page.contains(&format!("{directive} {};", hashes.join(" "))), "{directive}");
        }
        assert!(page.contains("default-src 'none'") && page.contains("require-trusted-types-for 'script'"));
    }
}
