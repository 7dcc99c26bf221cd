//! The newsletter's editions: when each went out, how fast, and what it said.

/// One evening's newsletter.
pub struct Edition {
    pub date: (i64, i64, i64),
    /// Hour and minute in Berlin at which the first message leaves.
    pub starts: (i64, i64),
    pub pace: Pace,
    /// With `{name}` where the reader's first name goes.
    pub text: &'static str,
}

/// How an edition leaves, in messages per hundred seconds.
///
/// A hundred messages in fifteen seconds need 667. Most evenings stay well below, some go well
/// above, and two are so near that the answer depends on the threshold.
pub enum Pace {
    Even(i64),
    /// Batches that begin so many seconds after the start: (after, messages, pace). The last takes
    /// all the rest.
    Batches(&'static [(i64, usize, i64)]),
}

use Pace::{Batches, Even};

/// Sent twice, a fortnight apart, on either side of the boundary day: one campaign, two runs.
const CHRISTMAS_OFFER: &str = "🎄 Weihnachts-Abo: 3 Monate lesen, nur 2 zahlen!\n\
    Bestellen: unterland.example/abo\nAbmelden: STOP";

const EVENING: (i64, i64) = (18, 0);

/// Tuesdays and Fridays from October to Christmas, but not on All Saints' Day, a Friday.
pub const EDITIONS: [Edition; 24] = [
    edition(
        (2019, 10, 1),
        EVENING,
        Even(350),
        "Der Stadtrat kippt die Freibad-Pläne; Neubau erst 2022.\nunterland.example/1001",
    ),
    edition(
        (2019, 10, 4),
        EVENING,
        Even(420),
        "Hallo {name},\nam Sonntag ist Erntemarkt in Unterheim!\nAlle Stände: unterland.example/1002",
    ),
    edition(
        (2019, 10, 8),
        (18, 2),
        Even(500),
        "Bahn sperrt Talstrecke bis Advent\nBusse fahren halbstündlich\nunterland.example/1003",
    ),
    edition(
        (2019, 10, 11),
        EVENING,
        Even(380),
        "Wer bezahlt die neue Turnhalle? \"Nicht wir\", sagt der Kreis.\nunterland.example/1004",
    ),
    edition(
        (2019, 10, 15),
        (18, 1),
        Even(830),
        "+++ Eil: Brand in der Talmühle gelöscht +++\nNiemand verletzt.\nunterland.example/1005",
    ),
    edition(
        (2019, 10, 18),
        EVENING,
        Even(450),
        "Guten Abend {name}!\nUnser Wochenend-Tipp: Kürbisfest auf Gut Rehberg\nAbmelden: STOP",
    ),
    edition(
        (2019, 10, 22),
        (18, 3),
        Even(330),
        "Schulbus kommt zu spät: Eltern schreiben an den Landrat.\nunterland.example/1007",
    ),
    edition(
        (2019, 10, 25),
        EVENING,
        Even(560),
        "Uhren umstellen nicht vergessen!\nWas die Zeitumstellung mit Kühen macht: unterland.example/1008",
    ),
    edition(
        (2019, 10, 29),
        (18, 1),
        Even(400),
        "Jetzt testen: E-Paper vier Wochen gratis\nunterland.example/epaper\nAbmelden: STOP",
    ),
    edition(
        (2019, 11, 5),
        EVENING,
        Even(480),
        "Volleyball: Unterheim steigt auf\nBilder vom Finale: unterland.example/1010",
    ),
    edition(
        (2019, 11, 8),
        (18, 2),
        Even(360),
        "Dreißig Jahre Mauerfall: Leser erzählen ihre Geschichte.\nunterland.example/1011",
    ),
    edition(
        (2019, 11, 12),
        EVENING,
        Even(520),
        "Narren stürmen Rathaus\nDer Bürgermeister gibt den Schlüssel her\nunterland.example/1012",
    ),
    edition(
        (2019, 11, 15),
        EVENING,
        Even(440),
        "Hallo {name},\nLeserreise an den Gardasee, noch acht Plätze frei\nunterland.example/reise",
    ),
    edition(
        (2019, 11, 19),
        (18, 1),
        Even(615),
        "Klinik schließt Geburtshilfe zum Jahresende. Was Hebammen sagen:\nunterland.example/1014",
    ),
    edition(
        (2019, 11, 22),
        EVENING,
        Even(390),
        "Streit um Windräder am Rehberg geht vor Gericht\nunterland.example/1015",
    ),
    edition(
        (2019, 11, 26),
        (18, 3),
        // So slow that no measure of speed notices: only the content tells it is a campaign.
        Even(39),
        "Wo parken beim Christkindlmarkt?\nUnsere Karte hilft: unterland.example/1016",
    ),
    edition((2019, 11, 29), EVENING, Even(840), CHRISTMAS_OFFER),
    edition(
        (2019, 12, 3),
        (18, 2),
        Even(650),
        "Erster Schnee legt Pendler lahm; Räumdienst in der Kritik.\nunterland.example/1018",
    ),
    edition(
        (2019, 12, 6),
        (23, 50),
        // Stuck twice, but never for five minutes, so it is one run; the last batch goes on past
        // midnight at full speed, so a burst crosses the boundary too.
        Batches(&[(0, 80, 110), (240, 60, 60), (540, usize::MAX, 280)]),
        "Bürgerentscheid ausgezählt: Mehrheit will das Hallenbad!\nunterland.example/1019",
    ),
    edition(
        (2019, 12, 7),
        (12, 0),
        Even(820),
        "Hallo {name}, heute endet der WhatsApp-Dienst vieler Zeitungen.\nUnserer nicht!\nAbmelden: STOP",
    ),
    edition(
        (2019, 12, 10),
        EVENING,
        Even(860),
        "Haushalt 2020: Grundsteuer steigt, Kita bleibt frei\nunterland.example/1021",
    ),
    edition((2019, 12, 13), (18, 1), Even(460), CHRISTMAS_OFFER),
    edition(
        (2019, 12, 17),
        EVENING,
        Even(340),
        "Chorprobe im Kuhstall: \"Die Tiere summen mit\"\nVideo: unterland.example/1023",
    ),
    edition(
        (2019, 12, 20),
        (18, 2),
        Even(880),
        "Frohe Weihnachten wünscht Ihre Redaktion.\nUnser Jahresrückblick: unterland.example/1024",
    ),
];

const fn edition(date: (i64, i64, i64), starts: (i64, i64), pace: Pace, text: &'static str) -> Edition {
    Edition { date, starts, pace, text }
}

/// First names for the editions that address the reader.
pub const FIRST_NAMES: [&str; 48] = [
    "Anna", "Bernd", "Carla", "Dieter", "Elif", "Franz", "Greta", "Heiko", "Ines", "Jürgen", "Katrin", "Lukas",
    "Monika", "Norbert", "Olga", "Peter", "Ronja", "Stefan", "Tanja", "Uwe", "Vera", "Walter", "Yasemin", "Zoe",
    "Achim", "Birgit", "Clemens", "Dörte", "Emil", "Frieda", "Gernot", "Hanna", "Ivo", "Jana", "Konrad", "Liesel",
    "Marek", "Nadja", "Otto", "Paula", "Quirin", "Rosa", "Silke", "Theo", "Ulla", "Volker", "Wiebke", "Xaver",
];

/// How readers say they want no more. All mean it, whatever the spelling.
pub const STOP_WORDS: [&str; 9] =
    ["STOP", "Stop", "stop", "STOPP", "Stopp", "stopp", "ABMELDEN", "Abmelden", "abmelden"];

/// What readers write otherwise; two of these hold "stop" without asking for it.
pub const REMARKS: [&str; 14] = [
    "Danke!",
    "Guter Beitrag",
    "Der Link geht bei mir nicht auf",
    "👍",
    "Nonstop Regen in Oberfeld, habt ihr dazu was?",
    "Bitte nicht stoppen, ich lese das gern!",
    "Wann erscheint die Beilage?",
    "Hier noch ein Foto vom Markt",
    "Das stimmt so nicht; ich war dabei.",
    "Kann man das auch gedruckt bekommen?",
    "Grüße aus Birmingham",
    "Wie melde ich meinen Verein\nfür den Terminkalender?",
    "Schöne Bilder heute",
    "Ihr habt \"Talmühle\" falsch geschrieben",
];
