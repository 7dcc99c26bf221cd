//! What the annex says: the cover and its numbered exhibits, from the extract and the files already written.
//! Tables are cut to what fits on paper, and each cut says where all rows stand.
//! Findings have a file of their own, `findings`; how things look is the template's business.

use super::AnnexInput;
use super::blocks::{Block, Column, Document, Part, Style, Table, shortened};
use super::words::Words;
use super::{Exhibit, findings};
use crate::report::extract::PeriodRow;

/// Names that one line of facts holds; `accounts.csv` and `findings.csv` hold all.
pub const NAMES: usize = 12;

/// How much is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cuts {
    /// Findings in full.
    pub full: usize,
    /// Findings as lines of a table.
    pub listed: usize,
    /// Rows of any other table.
    pub rows: usize,
}

impl Cuts {
    /// What fits into some hundred and fifty pages.
    pub const FIRST: Self = Self { full: 80, listed: 1_000, rows: 250 };

    /// Less than that.
    pub fn less(self) -> Self {
        Self { full: self.full * 2 / 3, listed: self.listed * 2 / 3, rows: self.rows * 2 / 3 }
    }
}

/// What the parts are written with.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// What is reported.
    pub input: &'a AnnexInput<'a>,
    /// The words.
    pub words: &'a Words,
    /// How much is printed.
    pub cuts: Cuts,
    /// Names of the files embedded in this part, with bytes and SHA-256.
    pub attached: &'a [(String, u64, String)],
    /// Which of how many PDFs this is.
    pub volume: (usize, usize),
}

impl Desk<'_> {
    pub fn text(&self, key: &str) -> String {
        self.words.text(key)
    }

    pub fn paragraph(&self, key: &str) -> Block {
        Block::Text { text: self.text(key) }
    }

    pub fn heading(&self, key: &str) -> Block {
        Block::Heading { level: 2, text: self.text(key) }
    }

    /// A time in the matter's zone, with its offset.
    pub fn when(&self, utc: &str) -> String {
        self.formed(utc, "%d.%m.%Y %H:%M:%S %:z", "%Y-%m-%d %H:%M:%S %:z")
    }

    /// The same without the offset, for narrow columns.
    fn moment(&self, utc: &str) -> String {
        self.formed(utc, "%d.%m.%Y %H:%M:%S", "%Y-%m-%d %H:%M:%S")
    }

    fn formed(&self, utc: &str, de: &str, en: &str) -> String {
        let Ok(at) = utc.parse::<jiff::Timestamp>() else { return utc.to_owned() };
        let form = match self.input.language {
            crate::case::Language::De => de,
            crate::case::Language::En => en,
        };
        self.input.calendar.local(at.as_millisecond()).strftime(form).to_string()
    }

    /// First and last moment on two lines.
    pub fn stretch(&self, from: &str, to: &str) -> String {
        format!("{}\n{}", self.moment(from), self.moment(to))
    }

    pub fn between(&self, from: &str, to: &str) -> String {
        self.words.fill("period_range", &[("from", &self.when(from)), ("to", &self.when(to))])
    }

    /// Where all rows of a machine file stand.
    pub fn place(&self, file: &str) -> String {
        let name = super::attached_name(file);
        if self.attached.iter().any(|(attached, ..)| *attached == name) {
            self.words.fill("attached_where", &[("file", &name)])
        } else {
            self.words.fill("folder_where", &[("file", file)])
        }
    }

    /// A table of the first rows of a file.
    pub fn table<T>(
        &self,
        caption: String,
        columns: Vec<Column>,
        all: &[T],
        most: usize,
        file: &str,
        row: impl Fn(usize, &T) -> Vec<String>,
    ) -> Block {
        let rows: Vec<Vec<String>> =
            all.iter().take(most).enumerate().map(|(index, value)| row(index, value)).collect();
        let number = |count: usize| self.words.number(count as u64);
        let cut = if rows.len() < all.len() {
            let counts = [("shown", number(rows.len())), ("all", number(all.len())), ("where", self.place(file))];
            self.words.fill("cut", &counts.each_ref().map(|(name, value)| (*name, value.as_str())))
        } else {
            String::new()
        };
        Block::Table(Table { caption, columns, rows, cut })
    }

    fn number(&self, count: u64) -> String {
        self.words.number(count)
    }
}

/// A column, by the key of its header.
pub fn column(desk: &Desk<'_>, key: &str, width: f32, style: Style) -> Column {
    Column { name: desk.text(key), width, style }
}

macro_rules! columns {
    ($desk:expr, $($key:literal $width:literal $style:ident),+ $(,)?) => {
        vec![$($crate::report::annex::parts::column($desk, $key, $width, $crate::report::annex::blocks::Style::$style)),+]
    };
}
pub(super) use columns;

/// The document of the first or only PDF.
pub fn document(desk: &Desk<'_>) -> Document {
    let exhibits = desk.input.exhibit.clone();
    let mut parts = Vec::new();
    let mut add = |title: &str, blocks: Vec<Block>| {
        let number = exhibits.nth(parts.len());
        let exhibit = desk.words.fill("exhibit", &[("number", &number)]);
        parts.push(Part { exhibit, title: desk.text(title), blocks });
    };
    add("p_overview", overview(desk));
    add("p_findings", findings::findings(desk, &exhibits.nth(1)));
    add("p_tables", tables(desk));
    add("p_method", method(desk));
    add("p_hashes", hashes(desk));
    add("p_files", files(desk));
    let last = exhibits.nth(parts.len().saturating_sub(1));
    framed(desk, &format!("{} – {last}", exhibits.nth(0)), "title", cover(desk), parts)
}

/// The document of a further PDF, which only carries files.
pub fn carrier(desk: &Desk<'_>) -> Document {
    let number = desk.input.exhibit.nth(5);
    let exhibit = desk.words.fill("exhibit", &[("number", &number)]);
    let part = Part { exhibit, title: desk.text("p_files"), blocks: files(desk) };
    framed(desk, &number, "carrier_title", vec![identification(desk)], vec![part])
}

fn framed(desk: &Desk<'_>, exhibits: &str, headline: &str, cover: Vec<Block>, parts: Vec<Part>) -> Document {
    let words = desk.words;
    let named = !desk.input.extract.matter.is_empty();
    let matter = if named { desk.input.extract.matter.clone() } else { words.text("no_matter") };
    let exhibit = words.fill("exhibit", &[("number", exhibits)]);
    let snippet = desk.input.digest.get(..16).unwrap_or_default();
    let mut foot = format!("{} · SHA-256 {snippet}…", desk.input.report_id);
    if desk.volume.1 > 1 {
        let (part, of) = (desk.volume.0.to_string(), desk.volume.1.to_string());
        foot.push_str(&format!(" · {}", words.fill("part_of", &[("part", &part), ("parts", &of)])));
    }
    Document {
        lang: desk.input.language.as_str().to_owned(),
        title: words.fill("document_title", &[("exhibit", &exhibit), ("matter", &matter)]),
        exhibit,
        kicker: words.text("kicker"),
        headline: words.text(headline),
        matter,
        foot,
        page: words.text("page"),
        of: words.text("of"),
        cover,
        parts,
    }
}

fn cover(desk: &Desk<'_>) -> Vec<Block> {
    vec![identification(desk), desk.paragraph("advice"), Block::Contents { title: desk.text("contents") }]
}

fn identification(desk: &Desk<'_>) -> Block {
    let (words, input) = (desk.words, desk.input);
    let sums = &input.extract.completeness;
    let covered = match (&sums.first_sent, &sums.last_sent) {
        (Some(first), Some(last)) => desk.between(first, last),
        _ => words.text("no_messages"),
    };
    let stated = |values: Vec<String>| if values.is_empty() { vec![words.text("not_stated")] } else { values };
    let mut clients: Vec<String> = input.clients.iter().take(NAMES).cloned().collect();
    clients.extend(words.and_more(input.clients.len(), NAMES));
    let as_of = input.as_of.map(|day| day.to_string()).unwrap_or_else(|| words.text("not_stated"));
    let shown = if input.extract.revealed { "shown_revealed" } else { "shown_pseudonyms" };
    let fact = |key: &str, value: String| (words.text(key), vec![value]);
    Block::Facts {
        rows: vec![
            fact("report_id", input.report_id.clone()),
            fact("digest", input.digest.clone()),
            (words.text("clients"), stated(clients)),
            (words.text("prepared_by"), stated(Vec::new())),
            fact("covered", covered),
            fact("zone", input.extract.timezone.clone()),
            fact("as_of", as_of),
            fact("recipients_shown", words.text(shown)),
            fact("program", input.extract.program.clone()),
        ],
    }
}

fn overview(desk: &Desk<'_>) -> Vec<Block> {
    let (words, extract) = (desk.words, desk.input.extract);
    let sums = &extract.completeness;
    let mut blocks = vec![desk.heading("h_completeness"), desk.paragraph("complete_intro")];
    let fact = |key: &str, count: u64| (words.text(key), vec![desk.number(count)]);
    let counts = [("all", sums.messages), ("outbound", sums.outbound), ("inbound", sums.inbound)]
        .map(|(name, count)| (name, desk.number(count)));
    let split = words.fill("messages_split", &counts.each_ref().map(|(name, count)| (*name, count.as_str())));
    blocks.push(Block::Facts {
        rows: vec![
            fact("files", sums.files),
            fact("records", sums.records),
            fact("read", sums.read),
            fact("folded", sums.folded),
            fact("ignored", sums.ignored),
            fact("rejected", sums.rejected),
            (words.text("messages_all"), vec![split]),
            fact("consents", sums.consents),
        ],
    });
    let ends = [sums.read, sums.folded, sums.ignored, sums.rejected];
    if ends.into_iter().try_fold(0_u64, u64::checked_add) == Some(sums.records) {
        let parts = [("records", sums.records), ("read", sums.read), ("folded", sums.folded)];
        let parts = parts.into_iter().chain([("ignored", sums.ignored), ("rejected", sums.rejected)]);
        let parts: Vec<(&str, String)> = parts.map(|(name, count)| (name, desk.number(count))).collect();
        let parts: Vec<(&str, &str)> = parts.iter().map(|(name, count)| (*name, count.as_str())).collect();
        blocks.push(Block::Text { text: words.fill("adds_up", &parts) });
    } else {
        blocks.push(Block::Notice { title: words.text("h_completeness"), text: words.text("adds_not_up") });
    }
    if sums.failed > 0 {
        let all = words.counted("input", sums.files);
        let text = words.fill("failed_text", &[("failed", &desk.number(sums.failed)), ("all", &all)]);
        blocks.push(Block::Notice { title: words.text("failed_title"), text });
    }
    blocks.push(desk.table(
        words.text("c_inputs"),
        columns![desk, "file" 3.6 Words, "format" 2.0 Words, "records" 1.6 Number, "k_read" 1.3 Number,
            "k_folded" 1.5 Number, "k_ignored" 1.2 Number, "k_rejected" 1.4 Number, "k_messages" 1.3 Number],
        &sums.inputs,
        desk.cuts.rows,
        "csv/inputs.csv",
        |_, row| {
            let counts = [row.records, row.read, row.folded, row.ignored, row.rejected, row.messages];
            let file = if row.failed { words.fill("failed_mark", &[("file", &row.file)]) } else { row.file.clone() };
            [file, row.format.clone()].into_iter().chain(counts.map(|count| desk.number(count))).collect()
        },
    ));
    blocks.extend(source_checks(desk));
    blocks.extend(exposure(desk));
    blocks.extend(boundary(desk));
    blocks.push(desk.heading("h_charts"));
    let keys = ["timeline_alt", "week_alt", "speed_alt"];
    let charts = desk.input.charts.iter().zip(keys).enumerate().filter(|(_, (svg, _))| !svg.is_empty());
    let charts: Vec<Block> = charts.map(|(index, (_, key))| Block::Chart { index, alt: words.text(key) }).collect();
    if charts.is_empty() {
        blocks.push(desk.paragraph("no_outbound"));
    } else {
        blocks.extend(charts);
        let text = words.fill("chart_numbers", &[("where", &desk.place("findings.json"))]);
        blocks.push(Block::Text { text });
    }
    blocks.push(desk.heading("h_limits"));
    let fixed = [words.text("limit_logs"), words.text("limit_law")];
    blocks.push(Block::List {
        items: fixed.into_iter().chain(extract.limits.iter().take(desk.cuts.rows).cloned()).collect(),
    });
    blocks
}

fn source_checks(desk: &Desk<'_>) -> Vec<Block> {
    let (words, checks) = (desk.words, &desk.input.extract.source_checks);
    let mut blocks = vec![desk.heading("h_source")];
    if checks.is_empty() {
        blocks.push(desk.paragraph("source_none"));
        return blocks;
    }
    blocks.push(desk.paragraph("source_intro"));
    let at = |file: &str, record: u32| {
        words.fill("record_at", &[("file", file), ("record", &desk.number(u64::from(record)))])
    };
    blocks.push(desk.table(
        words.text("c_source"),
        columns![desk, "check" 2.0 Words, "account" 2.0 Words, "place" 4.4 Words, "number" 1.0 Number, "length" 1.4 Number],
        checks,
        desk.cuts.rows.min(60),
        "csv/source_checks.csv",
        |_, row| {
            let of = row.of.map(|of| format!(" / {}", desk.number(of))).unwrap_or_default();
            let places = format!("{}\n{}", at(&row.file, row.record), at(&row.other_file, row.other_record));
            vec![
                words.word("check", row.check),
                row.account.clone(),
                places,
                format!("{}{of}", desk.number(row.count)),
                row.size_ms.map(span).unwrap_or_default(),
            ]
        },
    ));
    blocks
}

fn exposure(desk: &Desk<'_>) -> Vec<Block> {
    let (words, extract) = (desk.words, desk.input.extract);
    let mut blocks = vec![desk.heading("h_exposure")];
    if extract.exposure.is_empty() {
        blocks.push(desk.paragraph("no_finding"));
        return blocks;
    }
    blocks.push(desk.paragraph("exposure_intro"));
    blocks.push(desk.table(
        words.text("c_exposure"),
        columns![desk, "exposed" 2.2 Words, "rule" 3.1 Words, "country" 0.8 Words, "severity" 1.1 Words,
            "findings" 1.2 Number, "messages" 1.6 Number, "runs" 0.9 Number, "recipients" 1.5 Number, "period" 2.9 Words],
        &extract.exposure,
        desk.cuts.rows,
        "csv/exposure.csv",
        |_, row| {
            let country = if row.country.is_empty() { words.text("unknown") } else { row.country.clone() };
            let counts = [row.findings, row.messages, row.runs, row.recipients].map(|count| desk.number(count));
            let head = [words.party(&row.exposed), format!("{} ({})", row.title, row.rule), country];
            let head = head.into_iter().chain([words.word("severity", row.severity)]);
            head.chain(counts).chain([desk.stretch(&row.first_sent, &row.last_sent)]).collect()
        },
    ));
    blocks
}

fn boundary(desk: &Desk<'_>) -> Vec<Block> {
    let (words, extract) = (desk.words, desk.input.extract);
    let row = |_: usize, row: &PeriodRow| {
        let counts = [row.messages, row.recipients, row.runs].map(|count| desk.number(count));
        let times =
            [&row.first_sent, &row.last_sent].map(|at| at.as_deref().map(|at| desk.moment(at)).unwrap_or_default());
        [words.word("period", row.period)].into_iter().chain(counts).chain(times).collect()
    };
    vec![
        desk.heading("h_boundary"),
        Block::Text { text: words.fill("boundary_text", &[("zone", &extract.timezone)]) },
        desk.table(
            words.text("c_boundary"),
            columns![desk, "period" 2.6 Words, "messages" 1.3 Number, "recipients" 1.3 Number, "runs" 1.0 Number,
                "first_sent" 2.4 Words, "last_sent" 2.4 Words],
            &extract.boundary,
            desk.cuts.rows,
            "findings.json",
            row,
        ),
    ]
}

fn tables(desk: &Desk<'_>) -> Vec<Block> {
    let (words, extract) = (desk.words, desk.input.extract);
    let mut blocks = Vec::new();
    let mut section = |heading: &str, intro: &str, table: Option<Block>| {
        blocks.push(desk.heading(heading));
        match table {
            Some(table) => blocks.extend([desk.paragraph(intro), table]),
            None => blocks.push(desk.paragraph("none_here")),
        }
    };
    let most = desk.cuts.rows;
    let accounts = || {
        desk.table(
            String::new(),
            columns![desk, "account" 2.2 Words, "route" 1.8 Words, "client_provider" 2.2 Words, "messages" 1.6 Number,
                "initiated" 1.4 Number, "recipients" 1.5 Number, "bursts" 1.1 Number, "campaigns" 1.6 Number],
            &extract.accounts,
            most,
            "csv/accounts.csv",
            |_, row| {
                let routes: Vec<String> = row.route.split(' ').map(|route| words.word("route", route)).collect();
                let parties = [&row.client, &row.provider]
                    .map(|name| if name.is_empty() { words.text("not_named") } else { name.clone() });
                let counts = [row.messages, row.initiated, row.recipients, row.bursts, row.campaigns];
                let head = [row.account.clone(), routes.join(", "), parties.join(" / ")];
                head.into_iter().chain(counts.map(|count| desk.number(count))).collect()
            },
        )
    };
    section("h_accounts", "accounts_intro", (!extract.accounts.is_empty()).then(accounts));
    let campaigns = || {
        desk.table(
            String::new(),
            columns![desk, "campaign" 1.8 Code, "content" 3.3 Words, "period" 2.7 Words, "messages" 1.6 Number,
                "recipients" 1.5 Number, "runs" 0.9 Number, "accounts" 1.1 Number, "traits" 1.7 Words],
            &extract.campaigns,
            most,
            "csv/campaigns.csv",
            |_, row| {
                let mut traits = vec![words.word("robustness", row.robustness)];
                traits.extend(row.coordinated.then(|| words.text("coordinated")));
                traits.extend(row.drip.then(|| words.text("drip")));
                let sample = if row.sample.is_empty() { &row.content } else { &row.sample };
                vec![
                    row.campaign_id.clone(),
                    shortened(sample, 160),
                    desk.stretch(&row.first_sent, &row.last_sent),
                    desk.number(row.messages),
                    desk.number(row.recipients),
                    desk.number(row.runs),
                    desk.number(row.accounts.len() as u64),
                    traits.join("; "),
                ]
            },
        )
    };
    section("h_campaigns", "campaigns_intro", (!extract.campaigns.is_empty()).then(campaigns));
    let bursts = || {
        desk.table(
            String::new(),
            columns![desk, "burst" 1.8 Code, "detector" 2.4 Words, "account" 2.0 Words, "period" 2.7 Words,
                "messages" 1.6 Number, "recipients" 1.5 Number, "peak" 2.6 Words],
            &extract.bursts,
            most,
            "csv/bursts.csv",
            |_, row| {
                let title = extract.method.iter().find(|method| method.name == row.detector);
                vec![
                    row.burst_id.clone(),
                    title.map_or_else(|| row.detector.clone(), |method| method.title.clone()),
                    row.account.clone(),
                    desk.stretch(&row.start, &row.end),
                    desk.number(row.messages),
                    desk.number(row.recipients),
                    format!("{},\n{}", desk.number(row.peak), desk.moment(&row.peak_at)),
                ]
            },
        )
    };
    section("h_bursts", "bursts_intro", (!extract.bursts.is_empty()).then(bursts));
    let tiers = || {
        desk.table(
            String::new(),
            columns![desk, "within" 1.2 Words, "subject" 2.6 Words, "tier" 1.0 Number, "passed_at" 2.4 Words,
                "highest" 3.0 Words],
            &extract.limit_checks,
            most,
            "csv/limit_checks.csv",
            |_, row| {
                let passed = row.passed_at.as_deref().map(|at| desk.moment(at));
                vec![
                    words.word("limit_scope", row.scope),
                    row.subject.clone(),
                    desk.number(row.tier),
                    passed.unwrap_or_else(|| words.text("not_passed")),
                    format!("{}, {}", desk.number(row.highest), desk.moment(&row.highest_at)),
                ]
            },
        )
    };
    section("h_tiers", "tiers_intro", (!extract.limit_checks.is_empty()).then(tiers));
    let clusters = || {
        desk.table(
            String::new(),
            columns![desk, "cluster" 1.7 Code, "accounts" 4.0 Words, "link" 1.8 Words, "shared" 2.4 Words],
            &extract.account_clusters,
            most,
            "csv/account_clusters.csv",
            |_, row| {
                let shares = [row.shared, row.of_a, row.of_b].map(|count| desk.number(count));
                vec![
                    row.cluster_id.clone(),
                    format!("{} – {}", row.account_a, row.account_b),
                    words.word("link", row.link),
                    shares.join(" / "),
                ]
            },
        )
    };
    section("h_clusters", "clusters_intro", (!extract.account_clusters.is_empty()).then(clusters));
    blocks
}

fn method(desk: &Desk<'_>) -> Vec<Block> {
    let (words, extract) = (desk.words, desk.input.extract);
    let points = ["m_count", "m_reply", "m_window", "m_burst", "m_campaign", "m_law", "m_shown", "m_again"];
    let mut blocks = Vec::new();
    for key in points {
        blocks.push(Block::Heading { level: 3, text: words.text(&format!("{key}_title")) });
        // The sample is named as any such character would be.
        let values: &[(&str, &str)] = if key == "m_shown" { &[("sample", "⟨U+1F525⟩")] } else { &[] };
        blocks.push(Block::Text { text: words.fill(key, values) });
    }
    blocks.extend([desk.heading("h_settings"), desk.paragraph("settings_intro")]);
    blocks.push(desk.table(
        String::new(),
        columns![desk, "meaning" 4.6 Words, "whose" 1.8 Words, "source" 4.0 Words],
        &extract.method,
        desk.cuts.rows,
        "findings.json",
        |_, row| vec![row.title.clone(), words.word("mark", row.mark), shortened(&row.source, 300)],
    ));
    blocks.push(desk.heading("h_packs"));
    blocks.push(desk.table(
        String::new(),
        columns![desk, "pack" 1.6 Words, "pack_title" 5.0 Words, "pack_version" 1.6 Words],
        &extract.packs,
        desk.cuts.rows,
        "findings.json",
        |_, row| vec![row.id.clone(), row.title.clone(), row.version.clone()],
    ));
    blocks.push(desk.heading("h_run"));
    blocks.push(desk.table(
        String::new(),
        columns![desk, "setting" 2.0 Words, "value" 5.0 Words, "origin" 2.0 Words],
        desk.input.settings,
        desk.cuts.rows,
        "manifest.json",
        |_, row| {
            let value = row.value.texts().collect::<Vec<_>>().join(", ");
            vec![row.name.clone(), shortened(&value, 200), row.origin.clone()]
        },
    ));
    blocks
}

fn hashes(desk: &Desk<'_>) -> Vec<Block> {
    let words = desk.words;
    let columns = || columns![desk, "file" 2.8 Words, "bytes" 1.3 Number, "sha256" 5.9 Code];
    let row = |file: &str, bytes: u64, sha256: &str| {
        let hash = if sha256.is_empty() { words.text("hash_none") } else { sha256.to_owned() };
        vec![file.to_owned(), desk.number(bytes), hash]
    };
    let inputs = &desk.input.extract.completeness.inputs;
    vec![
        desk.paragraph("hash_note"),
        desk.heading("h_input_hashes"),
        desk.table(String::new(), columns(), inputs, desk.cuts.rows, "csv/inputs.csv", |_, input| {
            row(&input.file, input.bytes, &input.sha256)
        }),
        desk.heading("h_output_hashes"),
        desk.paragraph("output_note"),
        desk.table(String::new(), columns(), desk.input.outputs, desk.cuts.rows, "manifest.json", |_, output| {
            row(&output.file, output.bytes, &output.sha256)
        }),
    ]
}

fn files(desk: &Desk<'_>) -> Vec<Block> {
    let words = desk.words;
    if desk.attached.is_empty() {
        return vec![desk.paragraph("files_none")];
    }
    let mut blocks = vec![desk.paragraph("files_intro")];
    if desk.attached.iter().any(|(name, ..)| super::bundle::is_piece(name)) {
        blocks.push(desk.paragraph("pieces_note"));
    }
    blocks.push(desk.paragraph("manifest_note"));
    let row = |_: usize, (name, bytes, sha256): &(String, u64, String)| {
        vec![name.clone(), words.number(*bytes), sha256.clone()]
    };
    let columns = columns![desk, "file" 2.8 Words, "bytes" 1.3 Number, "sha256" 5.9 Code];
    blocks.push(desk.table(String::new(), columns, desk.attached, usize::MAX, "manifest.json", row));
    blocks
}

/// A length of time in hours and minutes, or in what is shorter.
fn span(milliseconds: i64) -> String {
    let (hours, minutes, seconds) = (milliseconds / 3_600_000, milliseconds / 60_000 % 60, milliseconds / 1_000 % 60);
    match (hours, minutes, seconds) {
        (0, 0, _) if milliseconds % 1_000 != 0 => format!("{milliseconds} ms"),
        (0, 0, _) => format!("{seconds} s"),
        (0, _, _) => format!("{minutes} min {} s", seconds.abs()),
        _ => format!("{hours} h {} min", minutes.abs()),
    }
}

impl Exhibit {
    /// The number of the exhibit so many places after the first.
    pub fn nth(&self, places: usize) -> String {
        let number = self.number.saturating_add(u32::try_from(places).unwrap_or(u32::MAX));
        if self.prefix.is_empty() { number.to_string() } else { format!("{} {number}", self.prefix) }
    }
}
