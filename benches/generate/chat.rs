//! The third export of the matter: one customer's chat with the help desk, as an Android phone set
//! to German exports it. The customer handed it over, so the file bears the help desk's name.

use crate::json::{Json, count, text};

pub const FILE: &str = "WhatsApp Chat mit Kundendienst Unterland.txt";
/// The author who is the publisher; the other one is the customer.
pub const HELP_DESK: &str = "Kundendienst Unterland";
const CUSTOMER: &str = "Miriam Habicht";

pub const TEXT: &str = "\
18.11.19, 09:02 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt. Niemand außerhalb dieses Chats kann sie lesen oder anhören, nicht einmal WhatsApp. Tippe, um mehr zu erfahren.
18.11.19, 09:02 - Miriam Habicht: Guten Morgen, meine Zeitung lag heute wieder im Regen.
18.11.19, 09:14 - Kundendienst Unterland: Guten Morgen Frau Habicht, das tut uns leid. Haben Sie ein Bild davon?
18.11.19, 09:20 - Miriam Habicht: <Medien ausgeschlossen>
18.11.19, 09:21 - Miriam Habicht: Das Rohr ist kaputt
18.11.19, 10:47 - Kundendienst Unterland: Danke! Wir brauchen noch:
1. Ihre Kundennummer
2. den Standort des Rohrs (Hof, Gehweg)
3. wann es Ihnen passt
18.11.19, 11:30 - Miriam Habicht: 20471, im Hof, morgens
18.11.19, 11:41 - Kundendienst Unterland: Ein neues Rohr kommt am 21.11. zwischen 8 und 10 Uhr.
21.11.19, 08:55 - Miriam Habicht: Hängt! Vielen Dank 🙂
21.11.19, 09:03 - Kundendienst Unterland: Sehr gern.
09.12.19, 17:40 - Miriam Habicht: Noch etwas: Ich bekomme Ihren WhatsApp-Newsletter auf zwei Nummern.
Am Samstag habe ich mit der einen STOP geschrieben.
Reicht das?
09.12.19, 18:22 - Kundendienst Unterland: Ja, das reicht für diese Nummer.
10.12.19, 18:09 - Miriam Habicht: Gerade kam trotzdem wieder einer: Grundsteuer und Kita.
10.12.19, 18:09 - Miriam Habicht: <Medien ausgeschlossen>
10.12.19, 18:31 - Kundendienst Unterland: Das sollte nicht sein. Wir geben es an die Kanalwerk GmbH weiter, die ihn versendet.
11.12.19, 09:12 - Miriam Habicht: Diese Nachricht wurde gelöscht.
11.12.19, 09:13 - Miriam Habicht: Bitte schriftlich.
11.12.19, 13:05 - Kundendienst Unterland: Brief.pdf (Datei angehängt)
13.12.19, 10:00 - Miriam Habicht: Angekommen, danke. Am Dienstag bitte nichts mehr!
13.12.19, 10:26 - Kundendienst Unterland: Versprochen.
07.01.20, 16:18 - Miriam Habicht: Alles Gute im neuen Jahr. Seither ist Ruhe.
07.01.20, 16:45 - Kundendienst Unterland: Das freut uns. Ihnen auch alles Gute!
";

pub fn truth() -> Json {
    let holding = |words: &str| TEXT.lines().filter(|line| line.contains(words)).count();
    let outbound = holding(&format!(" - {HELP_DESK}: "));
    let inbound = holding(&format!(" - {CUSTOMER}: "));
    Json::Object(vec![
        ("file", text(FILE)),
        ("account", text(HELP_DESK)),
        ("customer", text(CUSTOMER)),
        ("records", count(outbound + inbound + 1)),
        ("system_lines", count(1)),
        ("outbound", count(outbound)),
        ("inbound", count(inbound)),
        ("media_left_out", count(holding("<Medien ausgeschlossen>"))),
        ("deleted", count(holding("Diese Nachricht wurde gelöscht."))),
        ("attached", count(holding("(Datei angehängt)"))),
        ("initiated_messages", count(0)),
    ])
}
