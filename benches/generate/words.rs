//! Texts for the logs of any size. Most people's messages are like no other, so most texts here are
//! rows of common words with rare ones between them, and only campaigns repeat a text.

use crate::random::Random;

const COMMON: [&str; 128] = [
    "guten",
    "Tag",
    "danke",
    "für",
    "die",
    "Nachricht",
    "wir",
    "haben",
    "das",
    "Paket",
    "heute",
    "nicht",
    "mehr",
    "bekommen",
    "bitte",
    "um",
    "Antwort",
    "morgen",
    "früh",
    "gegen",
    "Mittag",
    "ist",
    "noch",
    "ein",
    "Termin",
    "frei",
    "oder",
    "lieber",
    "am",
    "Freitag",
    "wie",
    "besprochen",
    "kommt",
    "der",
    "Techniker",
    "zwischen",
    "acht",
    "und",
    "zehn",
    "Uhr",
    "die",
    "Rechnung",
    "liegt",
    "bei",
    "im",
    "Anhang",
    "fehlt",
    "leider",
    "Seite",
    "zwei",
    "ich",
    "melde",
    "mich",
    "sobald",
    "etwas",
    "Neues",
    "gibt",
    "viele",
    "Grüße",
    "aus",
    "dem",
    "Büro",
    "könnten",
    "Sie",
    "prüfen",
    "ob",
    "Adresse",
    "stimmt",
    "mein",
    "Nachbar",
    "nimmt",
    "es",
    "gern",
    "an",
    "Schlüssel",
    "hinter",
    "Tür",
    "links",
    "unten",
    "klingeln",
    "geht",
    "kaputt",
    "Ersatz",
    "bestellt",
    "Lieferung",
    "dauert",
    "länger",
    "als",
    "gedacht",
    "Woche",
    "Monat",
    "Jahr",
    "Vertrag",
    "verlängern",
    "kündigen",
    "Frage",
    "zur",
    "Garantie",
    "Gerät",
    "läuft",
    "wieder",
    "nach",
    "Neustart",
    "kein",
    "Problem",
    "alles",
    "klar",
    "dann",
    "bis",
    "später",
    "Ihre",
    "Bestellung",
    "Nummer",
    "steht",
    "oben",
    "hier",
    "Foto",
    "vom",
    "Schaden",
    "Versicherung",
    "zahlt",
    "Angebot",
    "gilt",
    "nur",
    "solange",
    "Vorrat",
    "reicht",
    "tschüss",
];

const SYLLABLES: [&str; 64] = [
    "ba", "bel", "brun", "da", "dem", "dor", "eck", "el", "fal", "fer", "fin", "gar", "gel", "gri", "hag", "hei",
    "hol", "hut", "in", "jo", "kal", "ken", "klo", "kra", "lan", "lei", "lin", "lo", "mar", "mei", "mol", "mu", "na",
    "nek", "nor", "ob", "on", "pe", "pla", "pol", "qui", "ra", "rei", "ros", "rut", "sa", "schwi", "sel", "sto", "sul",
    "ta", "tel", "tor", "tru", "ul", "un", "va", "vel", "vor", "wal", "wen", "wi", "zel", "zu",
];

/// Appends a text of about 60 to 90 bytes, different from every other.
pub fn individual(random: &mut Random, out: &mut Vec<u8>) {
    let length = out.len() + 60 + random.below(24) as usize;
    while out.len() < length {
        // One draw gives all the choices for a word.
        let draw = random.next();
        match draw & 0xF {
            0..10 => out.extend_from_slice(COMMON[(draw >> 8) as usize % COMMON.len()].as_bytes()),
            10..14 => name_of(draw >> 8, out),
            14 => push_number(draw >> 8 & 0xFFFF, out),
            // Quotes and commas, so that a reader of CSV has to mean it.
            _ => out.extend_from_slice(b"\"so\","),
        }
        // Now and then a text has several lines.
        out.push(if draw >> 56 == 0 { b'\n' } else { b' ' });
    }
    out.pop();
}

/// Appends a made-up name; the same number always gives the same name.
pub fn name_of(number: u64, out: &mut Vec<u8>) {
    let start = out.len();
    for place in 0..2 + (number >> 30 & 1) {
        let syllable = SYLLABLES[(number >> (6 * place) & 0x3F) as usize];
        out.extend_from_slice(syllable.as_bytes());
    }
    out[start].make_ascii_uppercase();
}

pub fn push_number(number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = number;
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

/// Appends the last `width` digits of a number, with zeros before it.
pub fn push_padded(number: u64, width: usize, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut rest = number;
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}
