//! `sendeschluss explain`: an id in words. The rule, its figures and whose they are, the window, what speaks against it,
//! and what came near; as text in German or English, or as JSON.
//! What is told is found by `report::explain`; no message text is shown unless it is asked for.

use std::io::Write;

use super::again::{Prepared, Told, failure, json_line, prepare};
use super::arguments::ExplainArguments;
use super::exit::{self, Failure};
use super::progress::Bar;
use super::summary::{Paint, plain_line};
use super::words::{self, Words};
use crate::report::again::language;
use crate::report::explain::{BurstTold, CampaignTold, Explanation, FindingTold, Marked, MessageTold, explain};
use crate::report::near::{NearContent, NearDetector, NearLink, NearRule};
use crate::report::trace::Kind;

/// Runs the command.
///
/// # Errors
/// An unknown id, a damaged report, sources that are not there.
pub fn run(arguments: &ExplainArguments, out: &mut dyn Write) -> Result<u8, Failure> {
    let Prepared { mut report, mut sources, places, words } = prepare(&arguments.again)?;
    let bar = Bar::new(&arguments.again.talk);
    let shown = (words::language(arguments.again.lang, language(&report)), arguments.reveal);
    let explained = explain(&mut report, &mut sources, &places, &arguments.id, shown, &bar);
    bar.finish();
    let explained = explained.map_err(failure)?;
    if arguments.again.json {
        json_line(&explained, out)?;
    } else {
        let told = Told { words: &words, paint: Paint::new(&arguments.again.talk) };
        let folder = arguments.again.report.display().to_string();
        Page { told: &told, out }.tell(&explained, arguments.reveal, &folder).map_err(Failure::unwritten)?;
    }
    Ok(if !explained.missing_inputs.is_empty() {
        exit::UNREAD
    } else if explained.computed && explained.same && explained.altered_report_files.is_empty() {
        exit::DONE
    } else {
        exit::FINDINGS
    })
}

/// What is printed on.
struct Page<'p> {
    told: &'p Told<'p>,
    out: &'p mut dyn Write,
}

type Printed = anyhow::Result<()>;

impl Page<'_> {
    fn words(&self) -> &Words {
        self.told.words
    }

    fn number(&self, count: u64) -> String {
        self.words().number(count)
    }

    fn heading(&mut self, key: &str) -> Printed {
        let text = self.words().text(key)?;
        Ok(writeln!(self.out, "{}", self.told.paint.bold(&text))?)
    }

    fn line(&mut self, text: &str) -> Printed {
        Ok(writeln!(self.out, "  {}", plain_line(text))?)
    }

    fn say(&mut self, key: &str, values: &[(&str, &str)]) -> Printed {
        let text = self.words().say(key, values)?;
        self.line(&text)
    }

    /// A list under a heading; nothing where it is empty.
    fn list<'t>(&mut self, key: &str, lines: impl IntoIterator<Item = &'t String>) -> Printed {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_some() {
            self.heading(key)?;
        }
        lines.try_for_each(|line| self.line(&format!("- {line}")))
    }

    fn marked(&self, one: &Marked) -> anyhow::Result<String> {
        let mark = self.words().text(&format!("mark_{}", one.mark))?;
        let source = if one.source.is_empty() { String::new() } else { format!(" – {}", one.source) };
        Ok(format!("{} [{mark}]{source}", one.text))
    }

    fn marked_list(&mut self, key: &str, all: &[Marked]) -> Printed {
        let lines: Vec<String> = all.iter().map(|one| self.marked(one)).collect::<anyhow::Result<_>>()?;
        self.list(key, &lines)
    }

    /// Ids in a row, or the word for none.
    fn ids(&self, ids: &[String]) -> anyhow::Result<String> {
        if ids.is_empty() { self.words().text("none") } else { Ok(ids.join(", ")) }
    }

    /// A length of time in its two largest units; in hours up to two days.
    fn length(&self, milliseconds: i64) -> anyhow::Result<String> {
        const UNITS: [(i64, i64, &str); 5] = [
            (172_800_000, 86_400_000, "days"),
            (3_600_000, 3_600_000, "hours"),
            (60_000, 60_000, "minutes"),
            (1000, 1000, "seconds"),
            (0, 1, "milliseconds"),
        ];
        let mut rest = milliseconds;
        let mut said: Vec<String> = Vec::new();
        for (from, size, unit) in UNITS {
            // A unit further down than the next one is more exact than anybody reads.
            if said.len() == 2 || (rest == 0 && !said.is_empty()) {
                break;
            }
            if milliseconds >= from {
                let count = rest / size;
                rest %= size;
                if count > 0 || unit == "milliseconds" {
                    said.push(self.words().counted(unit, count.unsigned_abs())?);
                } else if !said.is_empty() {
                    break;
                }
            }
        }
        Ok(said.join(" "))
    }

    fn tell(&mut self, explained: &Explanation, reveal: bool, folder: &str) -> Printed {
        let kind = explained.kind.unwrap_or(Kind::Message);
        let mut row = explained.row.clone();
        if let Some(finding) = &explained.finding {
            // The title in the language that is asked for.
            row.insert("title".to_owned(), finding.title.clone());
        }
        writeln!(self.out, "{}", self.told.headline(kind, &explained.id, &row)?)?;
        if let Some(finding) = &explained.finding {
            self.finding(finding)?;
        }
        if let Some(burst) = &explained.burst {
            self.burst(burst)?;
        }
        if let Some(campaign) = &explained.campaign {
            self.campaign(campaign, &explained.row, reveal)?;
        }
        if explained.burst.is_some() || explained.campaign.is_some() {
            self.robustness(&explained.row)?;
        }
        for message in &explained.messages {
            self.message(message)?;
        }
        if !explained.links.is_empty() {
            self.heading("h_links")?;
            explained.links.iter().try_for_each(|link| self.link(link))?;
        }
        if !explained.detectors.is_empty() {
            self.heading(if kind == Kind::Cluster { "h_near_accounts" } else { "h_near" })?;
            self.detectors(&explained.detectors)?;
        }
        if !explained.contents.is_empty() {
            self.heading("h_contents")?;
            for content in &explained.contents {
                let why = self.why(content)?;
                let (messages, recipients) = self.reach(content.messages, content.recipients)?;
                self.say("content_line", &[("messages", &messages), ("recipients", &recipients), ("why", &why)])?;
            }
        }
        if !explained.rules.is_empty() {
            self.heading("h_rules")?;
            self.rules(&explained.rules)?;
        }
        if !explained.computed {
            self.note("not_computed")?;
            if kind == Kind::Finding && explained.finding.is_none() {
                self.note("no_finding_without_json")?;
            }
        } else if !explained.same {
            self.note("not_same")?;
        }
        self.told.standing(
            &explained.changed_inputs,
            &explained.missing_inputs,
            &explained.altered_report_files,
            self.out,
        )?;
        let said = self.words().say("records_with", &[("report", folder), ("id", &explained.id)])?;
        Ok(writeln!(self.out, "{}", plain_line(&said))?)
    }

    fn note(&mut self, key: &str) -> Printed {
        let (note, said) = (self.words().text("note")?, self.words().text(key)?);
        Ok(writeln!(self.out, "{} {said}", self.told.paint.warn(&note))?)
    }

    fn reach(&self, messages: u64, recipients: u64) -> anyhow::Result<(String, String)> {
        Ok((self.words().counted("messages", messages)?, self.words().counted("recipients", recipients)?))
    }

    fn finding(&mut self, finding: &FindingTold) -> Printed {
        self.heading("h_rule")?;
        self.line(&finding.explanation)?;
        let severity = self.words().text(&format!("severity_{}", finding.severity))?;
        self.say("severity", &[("severity", &severity), ("exposed", &finding.exposed.join("; "))])?;
        self.marked_list("h_basis", &finding.basis)?;
        self.heading("h_measured")?;
        let (messages, recipients) = self.reach(finding.messages, finding.recipients)?;
        let runs = self.words().counted("runs", finding.runs)?;
        let counts = [
            ("messages", messages.as_str()),
            ("recipients", &recipients),
            ("runs", &runs),
            ("first", &finding.first_sent),
            ("last", &finding.last_sent),
        ];
        self.say("finding_counts", &counts)?;
        finding.measured.iter().try_for_each(|line| self.line(line))?;
        let (campaigns, bursts) = (self.ids(&finding.campaigns)?, self.ids(&finding.bursts)?);
        self.say("in_campaigns", &[("ids", &campaigns)])?;
        self.say("in_bursts", &[("ids", &bursts)])?;
        self.marked_list("h_figures", &finding.figures)?;
        let amounts = finding.amounts.iter().map(|amount| {
            let per = self.words().text(&format!("per_{}", amount.per))?;
            let values = [
                ("text", amount.text.as_str()),
                ("min", &amount.min),
                ("max", &amount.max),
                ("currency", &amount.currency),
                ("per", &per),
            ];
            let text = self.words().say("amount", &values)?;
            self.marked(&Marked { text, mark: amount.mark.clone(), source: amount.source.clone() })
        });
        let amounts: Vec<String> = amounts.collect::<anyhow::Result<_>>()?;
        self.list("h_amounts", &amounts)?;
        self.marked_list("h_limitation", &finding.limitation)?;
        if finding.counter_evidence.is_empty() {
            self.heading("h_counter")?;
            self.say("nothing_counter", &[])?;
        }
        self.list("h_counter", &finding.counter_evidence)?;
        self.list("h_limits", &finding.limits)
    }

    fn whose(&mut self, mark: &str, source: &str) -> Printed {
        let mark = self.words().text(&format!("mark_{mark}"))?;
        self.say("whose", &[("mark", &mark), ("source", source)])
    }

    fn burst(&mut self, burst: &BurstTold) -> Printed {
        self.heading("h_window")?;
        let threshold = self.number(burst.threshold);
        let window = self.length(burst.window_ms)?;
        let of = |group: &str, key: &str| self.words().text(&format!("{group}_{key}"));
        let (counts, over, scope) = (of("counts", burst.counts)?, of("over", burst.over)?, of("scope", burst.scope)?);
        let values = [
            ("title", burst.title.as_str()),
            ("threshold", &threshold),
            ("counts", &counts),
            ("window", &window),
            ("over", &over),
            ("scope", &scope),
        ];
        self.say("window", &values)?;
        self.whose(burst.mark, &burst.source)?;
        let (messages, recipients) = self.reach(burst.messages, burst.recipients)?;
        let values = [
            ("messages", messages.as_str()),
            ("recipients", &recipients),
            ("first", &burst.start),
            ("last", &burst.end),
        ];
        self.say("burst_counts", &values)?;
        let (peak, more) = (self.number(burst.peak), self.number(burst.peak.saturating_sub(burst.threshold)));
        self.say("burst_peak", &[("peak", &peak), ("at", &burst.peak_at), ("over", &more)])?;
        let findings = self.ids(&burst.findings)?;
        self.say("in_findings", &[("ids", &findings)])?;
        self.heading("h_beside")?;
        let both = [("beside_before", &burst.before), ("beside_after", &burst.after)];
        for (key, near) in both {
            let Some(near) = near else {
                self.say(&key.replace("beside_", "beside_none_"), &[])?;
                continue;
            };
            let (apart, count) = (self.length(near.apart_ms)?, self.number(near.count));
            let values = [
                ("id", near.message_id.as_str()),
                ("at", &near.sent_at),
                ("apart", &apart),
                ("count", &count),
                ("threshold", &threshold),
            ];
            self.say(key, &values)?;
        }
        Ok(())
    }

    fn robustness(&mut self, row: &std::collections::BTreeMap<String, String>) -> Printed {
        match row.get("robustness").map(String::as_str) {
            Some("robust") => self.say("robust", &[]),
            Some(_) => {
                let settings = row.get("depends_on").map_or("", String::as_str);
                self.say("depends", &[("settings", settings)])
            }
            None => Ok(()),
        }
    }

    fn campaign(
        &mut self,
        campaign: &CampaignTold,
        row: &std::collections::BTreeMap<String, String>,
        reveal: bool,
    ) -> Printed {
        self.heading("h_campaign")?;
        let texts = self.words().counted("texts", campaign.texts)?;
        self.say(&format!("joined_{}", campaign.joined_by), &[("texts", &texts)])?;
        if campaign.template.is_empty() {
            self.say("no_template", &[])?;
        } else {
            self.say("template", &[("template", &campaign.template)])?;
            if !reveal {
                self.say("template_masked", &[])?;
            }
        }
        let (messages, recipients) = self.reach(campaign.messages, campaign.recipients)?;
        let accounts = self.words().counted("accounts", campaign.accounts.len() as u64)?;
        let names = campaign.accounts.join(", ");
        let values =
            [("messages", messages.as_str()), ("recipients", &recipients), ("accounts", &accounts), ("names", &names)];
        self.say("campaign_counts", &values)?;
        let more = self.number(campaign.recipients.saturating_sub(campaign.threshold));
        self.say("campaign_threshold", &[("threshold", &self.number(campaign.threshold)), ("over", &more)])?;
        self.whose(campaign.mark, &campaign.source)?;
        if campaign.replies > 0 {
            let replies = self.words().counted("replies", campaign.replies)?;
            self.say("campaign_replies", &[("replies", &replies), ("beside", &self.number(campaign.beside))])?;
        }
        for (key, is_so) in [("coordinated", campaign.coordinated), ("drip", campaign.drip)] {
            if is_so {
                self.say(key, &[])?;
            }
        }
        let (bursts, findings) = (self.ids(&campaign.bursts)?, self.ids(&campaign.findings)?);
        self.say("in_bursts", &[("ids", &bursts)])?;
        self.say("in_findings", &[("ids", &findings)])?;
        let gap = self.length(campaign.run_gap_ms)?;
        let heading = self.words().say("h_runs", &[("gap", &gap)])?;
        writeln!(self.out, "{}", self.told.paint.bold(&heading))?;
        for run in &campaign.runs {
            let (messages, recipients) = self.reach(run.messages, run.recipients)?;
            let pause = self.length(run.longest_pause_ms)?;
            let values = [
                ("id", run.run_id.as_str()),
                ("start", &run.start),
                ("end", &run.end),
                ("messages", &messages),
                ("recipients", &recipients),
                ("pause", &pause),
            ];
            let mut line = self.words().say("run_line", &values)?;
            if let Some(since) = run.since_before_ms {
                line = format!("{line}; {}", self.words().say("run_since", &[("pause", &self.length(since)?)])?);
            }
            let own = row.get("run_id").is_some_and(|id| *id == run.run_id);
            let line = plain_line(&line);
            writeln!(self.out, "  {}", if own { self.told.paint.bold(&format!("→ {line}")) } else { line })?;
        }
        Ok(())
    }

    fn message(&mut self, message: &MessageTold) -> Printed {
        self.heading("h_message")?;
        let inbound = message.direction == "inbound";
        let key = if inbound { "message_received" } else { "message_sent" };
        self.say(key, &[("at", &message.sent_at), ("account", &message.account)])?;
        if inbound {
            return self.say("message_inbound", &[]);
        }
        let window = self.length(message.reply_window_ms)?;
        let times =
            message.last_inbound.as_deref().and_then(|last| Some((last, millis(&message.sent_at)? - millis(last)?)));
        match (message.initiated, times) {
            (true, None) => self.say("message_initiated_never", &[])?,
            (false, None) => self.say("message_reply_open", &[("window", &window)])?,
            (initiated, Some((last, apart))) => {
                let key = if initiated { "message_initiated_late" } else { "message_reply" };
                let apart = self.length(apart)?;
                self.say(key, &[("at", last), ("apart", &apart), ("window", &window)])?;
            }
        }
        match (&message.content, message.campaign.as_str()) {
            (Some(content), "") => {
                let why = self.why(content)?;
                let recipients = self.words().counted("recipients", content.recipients)?;
                self.say("message_no_campaign", &[("recipients", &recipients), ("why", &why)])?;
            }
            (None, "") => self.say("message_no_content", &[])?,
            (_, campaign) if message.run.is_empty() => {
                self.say("message_campaign_beside", &[("campaign", campaign)])?;
            }
            (_, campaign) => self.say("message_campaign", &[("campaign", campaign), ("run", &message.run)])?,
        }
        let (bursts, findings) = (self.ids(&message.bursts)?, self.ids(&message.findings)?);
        self.say("message_bursts", &[("ids", &bursts)])?;
        self.say("in_findings", &[("ids", &findings)])?;
        self.heading("h_near")?;
        self.detectors(&message.detectors)
    }

    fn link(&mut self, link: &NearLink) -> Printed {
        let (shared, of_a, of_b) = (self.number(link.shared), self.number(link.of_a), self.number(link.of_b));
        let least = self.number(link.least);
        let values = [
            ("a", link.account_a.as_str()),
            ("b", &link.account_b),
            ("shared", &shared),
            ("of_a", &of_a),
            ("of_b", &of_b),
            ("run", &link.run),
            ("least", &least),
        ];
        self.say(&format!("link_{}", link.link), &values)
    }

    fn detectors(&mut self, detectors: &[NearDetector]) -> Printed {
        let mut account = "";
        for near in detectors {
            if near.account != account {
                account = &near.account;
                self.say("near_account", &[("account", account)])?;
            }
            let mark = self.words().text(&format!("mark_{}", near.mark))?;
            let (threshold, missing) = (self.number(near.threshold), self.number(near.missing));
            let highest = self.number(near.highest);
            let at = near.at.clone().unwrap_or_default();
            let values = [
                ("title", near.title.as_str()),
                ("mark", &mark),
                ("highest", &highest),
                ("at", &at),
                ("threshold", &threshold),
                ("missing", &missing),
            ];
            let key = match near.at {
                None => "near_nothing",
                Some(_) if near.reached => "near_reached",
                Some(_) => "near_missed",
            };
            let said = self.words().say(key, &values)?;
            self.line(&format!("- {said}"))?;
        }
        Ok(())
    }

    fn why(&self, content: &NearContent) -> anyhow::Result<String> {
        let key = match content.why {
            "too few" => "content_too_few",
            "answers" => "content_answers",
            "transactional by category" => "content_category",
            "transactional by words" => "content_words",
            _ => "content_everyday",
        };
        let missing = self.number(content.threshold.saturating_sub(content.recipients));
        self.words().say(key, &[("missing", &missing), ("threshold", &self.number(content.threshold))])
    }

    /// Rules that could take the messages one by one, the others by what leaves them out.
    fn rules(&mut self, rules: &[NearRule]) -> Printed {
        for rule in rules.iter().filter(|rule| rule.why == "trigger") {
            let of = self.words().counted("messages", rule.of)?;
            let values = [("wanted", rule.wanted.as_str()), ("left", &self.number(rule.left)), ("of", &of)];
            let key = if rule.left == rule.of { "rule_trigger" } else { "rule_trigger_part" };
            let why = self.words().say(key, &values)?;
            let values = [("rule", rule.rule.as_str()), ("title", &rule.title), ("why", &why)];
            let said = self.words().say("rule_line", &values)?;
            self.line(&format!("- {said}"))?;
        }
        for why in ["days", "country", "route", "platform"] {
            let mut of: Vec<(&str, Vec<&str>)> = Vec::new();
            for rule in rules.iter().filter(|rule| rule.why == why) {
                match of.iter_mut().find(|(wanted, _)| *wanted == rule.wanted) {
                    Some((_, ids)) => ids.push(&rule.rule),
                    None => of.push((&rule.wanted, vec![&rule.rule])),
                }
            }
            if !of.is_empty() {
                let ids: Vec<String> =
                    of.iter().map(|(wanted, ids)| format!("{} ({wanted})", ids.join(", "))).collect();
                self.say(&format!("rules_{why}"), &[("rules", &ids.join("; "))])?;
            }
        }
        Ok(())
    }
}

fn millis(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}
