//! The papers that lie beside the exports: the case file, and a note on what is in the folder.

use std::cmp::Ordering;
use std::fmt::Write;

use crate::calendar::{local_time, utc_time};
use crate::truth::{Portion, Run, Truth};
use crate::{chat, newsletter, numbers, webhooks};

pub fn case_file() -> String {
    format!(
        r#"# Der Fall: was in keinem Protokoll steht. Verlag, Anbieter und alle Personen sind erfunden.

[matter]
name = "Verlag Unterland – WhatsApp-Newsletter"
language = "de"              # Sprache des Berichts
timezone = "Europe/Berlin"   # Zeitzone der Exporte, die selbst keine nennen
country = "DE"               # Land der Rufnummern ohne Vorwahl eines Landes
region = "EEA"               # wessen Nutzungsbedingungen von WhatsApp gelten

# Der Newsletter: Die Nummer gehört dem Anbieter, der Verlag besitzt kein Telefon dazu.
# Versandt wurde durch Automatisierung von WhatsApp Web, also nicht über die amtliche Schnittstelle.
[[account]]
id = "{newsletter}"        # so, wie die Nummer im Export steht ({newsletter_file})
route = "unofficial_automation"
client = "Verlag Unterland GmbH"
provider = "Kanalwerk GmbH"
owner = "provider"           # wem die Nummer gehört: "provider" oder "client"

# Der Kundendienst über die amtliche Schnittstelle (WhatsApp Business API), seit Januar 2020.
[[account]]
id = "{help_desk}"        # im Export ohne Pluszeichen ({webhooks_file})
route = "business_api"
client = "Verlag Unterland GmbH"
provider = "Kanalwerk GmbH"
owner = "client"

# Das Diensttelefon des Kundendienstes mit der WhatsApp Business App.
[[account]]
id = "{chat_author}"  # im Chat steht keine Nummer, nur der Name des Absenders
route = "business_app"
client = "Verlag Unterland GmbH"
owner = "client"
"#,
        newsletter = numbers::NEWSLETTER,
        newsletter_file = newsletter::FILE,
        help_desk = numbers::HELP_DESK,
        webhooks_file = webhooks::FILE,
        chat_author = chat::HELP_DESK,
    )
}

pub fn readme(truth: &Truth) -> String {
    let mut out = format!(
        "# Beispielfall „Verlag Unterland“

Alles hier ist erfunden und stammt aus `benches/generate` (`generate samples data/samples \
tests/data/samples_truth.json`);
nichts davon von Hand ändern. Ein Regionalverlag lässt seinen WhatsApp-Newsletter von einem \
Anbieter über dessen Nummer versenden,
auch nach dem 7. Dezember 2019.

- `{newsletter}`: Export aus dem Panel des Anbieters, Ortszeit Berlin, mit Antworten der Leser (STOP, Start).
- `{webhooks}`: Kundendienst über die amtliche Schnittstelle, Form der Cloud API. Die Begrüßung \
geht an viele, aber
  immer als Antwort binnen 24 Stunden: keine Kampagne.
- `{chat}`: ein Chat, übergeben von der Kundin.
- `case.toml`: der Fall.

Die Rufnummern sind für Film und Funk reserviert (Bundesnetzagentur, Mitteilung 148/2021; Ofcom, \
07700 900000 bis 900999).
Deutschland hat zu wenige davon, daher ist die Hälfte der Leser britisch.

## Was eine richtige Auswertung des Newsletters findet

Tage nach Berliner Zeit, der 7. Dezember 2019 als Grenztag für sich. Nachrichten / verschiedene \
Empfänger, auch fehlgeschlagene.
Spitze: höchste Zahl unaufgefordert gesandter Nachrichten in 15 Sekunden; ab 100 ein Burst.

| Nr. | Beginn | Ende | vor dem 7.12. | am 7.12. | nach dem 7.12. | Spitze |
|---|---|---|---|---|---|---|
",
        newsletter = newsletter::FILE,
        webhooks = webhooks::FILE,
        chat = chat::FILE,
    );
    for run in &truth.runs {
        out += &run_line(run);
    }
    let [before, on, after] = sides(&truth.whole);
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "| alle | | | {before} | {on} | {after} | |

Nr. 17 und Nr. 22 haben denselben Text: eine Kampagne, zwei Läufe. Nr. 16 ist so langsam, dass \
nur der Inhalt sie verrät.
Nach STOP wurde noch gesandt (wer danach START schrieb, zählt nicht):

"
    );
    for item in truth.sent_after_stop() {
        let _ = writeln!(
            out,
            "- STOP {} um {}, Nachricht {} um {}",
            item.stop.id,
            utc_time(item.stop.at),
            item.sent.id,
            utc_time(item.sent.at)
        );
    }
    out += "\nAlle Zahlen genau: `tests/data/samples_truth.json`.\n";
    out
}

fn run_line(run: &Run) -> String {
    let (Some(first), Some(last)) = (run.all.rows.first(), run.all.rows.last()) else {
        return String::new();
    };
    let [before, on, after] = sides(&run.all);
    format!(
        "| {} | {} | {} | {before} | {on} | {after} | {} |\n",
        run.edition + 1,
        local_time(first.at).replace('T', " "),
        local_time(last.at).replace('T', " "),
        run.peak(),
    )
}

/// Messages and recipients before, on and after the boundary day.
fn sides(portion: &Portion) -> [String; 3] {
    [Ordering::Less, Ordering::Equal, Ordering::Greater].map(|side| {
        let tally = portion.part(side).tally();
        match tally.messages {
            0 => String::from("–"),
            messages => format!("{messages} / {}", tally.recipients()),
        }
    })
}
