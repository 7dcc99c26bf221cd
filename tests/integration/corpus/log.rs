//! The one log that all variants write: made-up sends to numbers reserved for fiction, with answers.
//! Its instants are whole seconds and lie off every clock change, so that no variant has to lose anything.
//! How a panel writes them down is the business of `write`.

use super::random::Random;

/// One message as it is known to be.
#[derive(Clone, Debug)]
pub struct Known {
    /// UTC seconds.
    pub at: i64,
    pub account: String,
    pub other: String,
    pub inbound: bool,
    /// 0 accepted to 4 failed; `None` for messages that came in.
    pub state: Option<usize>,
    pub text: &'static str,
    pub id: String,
    pub campaign: &'static str,
    pub template: &'static str,
}

const TEXTS: [(&str, &str, &str); 5] = [
    ("Herbstaktion: 20 % auf alles – außer Tiernahrung, nur am Wochenende!", "Herbst 2019", "herbst_angebot"),
    ("Ihr Paket ist unterwegs; verfolgen Sie es in der App.", "Versandinfo", "paket_info"),
    ("¡Última oportunidad! Pida hoy y reciba el envío gratis mañana", "Última llamada", "ultima_llamada"),
    ("Votre café préféré vous attend, à très bientôt chez nous", "Café d'automne", "cafe_automne"),
    ("Erinnerung an Ihren Termin\nBitte bringen Sie Ihre Karte mit", "Termine", "termin_erinnerung"),
];
const ANSWERS: [&str; 4] = ["STOP", "Danke schön, gerne", "Wer ist da?", "Bitte keine Werbung mehr"];

/// 2019-09-25T06:00:00Z.
const START: i64 = 1_569_391_200;

/// The log: 120 messages, of which 16 came in, in order of time.
pub fn known_log() -> Vec<Known> {
    let mut random = Random::new(20191207);
    let mut messages = Vec::new();
    let mut at = START;
    for number in 0..120_usize {
        // Fifty-odd days, with waking hours only: no send falls into the hour that the clocks repeat.
        at += 60 * (random.below(10) as i64 + 1) + random.below(60) as i64;
        if number % 3 == 2 {
            at = (at / 86_400 + 1 + i64::from(number % 2 == 0)) * 86_400 + 6 * 3_600 + random.below(40_000) as i64;
        }
        let other = match number % 10 {
            7 => format!("+43664123{:04}", 4000 + random.below(40)),
            8 => format!("+4179123{:04}", 4500 + random.below(40)),
            _ => format!("+49171392{:04}", random.below(100)),
        };
        let account = if number % 5 == 4 { "+493023125001" } else { "+493023125000" }.to_owned();
        let inbound = number % 15 == 6 || number % 15 == 13;
        let (text, campaign, template) = TEXTS[random.below(TEXTS.len())];
        let id = format!("wamid.HBgNNDkxNzEzOT{:08X}{number:04}", random.below(1 << 30));
        let answer = ANSWERS[random.below(ANSWERS.len())];
        let state = [0, 1, 1, 2, 2, 2, 3, 3, 4][random.below(9)];
        messages.push(match inbound {
            true => Known { at, account, other, inbound, state: None, text: answer, id, campaign: "", template: "" },
            false => Known { at, account, other, inbound, state: Some(state), text, id, campaign, template },
        });
    }
    messages
}
