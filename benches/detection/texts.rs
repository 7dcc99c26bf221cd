//! What the made-up senders write: `texts.toml`, with choices made and slots filled.

use serde::Deserialize;

use crate::random::Random;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    names: Vec<String>,
    family: Vec<String>,
    cities: Vec<String>,
    emoji: Vec<String>,
    pub personalised: Vec<String>,
    pub rotated: Vec<Vec<String>>,
    frame: String,
    pub headlines: Vec<String>,
    pub canned: Vec<String>,
    pub questions: Vec<String>,
    pub transactional: Vec<String>,
    pub invitations: Vec<String>,
    pub short: Vec<String>,
    words: Vec<String>,
}

impl Texts {
    pub fn load() -> Texts {
        toml::from_str(include_str!("texts.toml")).expect("texts.toml fits its type")
    }

    /// The text with every choice made and every slot filled anew.
    pub fn fill(&self, text: &str, random: &mut Random) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '[']) {
            filled.push_str(&rest[..at]);
            let closing = if rest.as_bytes()[at] == b'{' { '}' } else { ']' };
            let end = at + rest[at..].find(closing).expect("a choice or slot is closed");
            let inner = &rest[at + 1..end];
            if closing == '}' {
                let choices: Vec<&str> = inner.split('|').collect();
                let choice: &&str = random.pick(&choices);
                filled.push_str(choice);
            } else {
                filled.push_str(&self.slot(inner, random));
            }
            rest = &rest[end + 1..];
        }
        filled.push_str(rest);
        filled
    }

    fn slot(&self, name: &str, random: &mut Random) -> String {
        let letters = |random: &mut Random, count: usize| -> String {
            (0..count).map(|_| *random.pick(b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789") as char).collect()
        };
        match name {
            "name" => random.pick(&self.names).clone(),
            "family" => random.pick(&self.family).clone(),
            "city" => random.pick(&self.cities).clone(),
            "emoji" => random.pick(&self.emoji).clone(),
            "code" => format!("{}-{}", letters(random, 4), random.between(10, 99)),
            "order" => format!("#{}", random.between(100_000, 999_999)),
            "otp" => format!("{:06}", random.below(1_000_000)),
            "price" => format!("{},{:02} €", random.between(9, 240), random.below(100)),
            "date" => format!("{:02}.{:02}.2024", random.between(1, 28), random.between(1, 12)),
            "time" => format!("{:02}:{}0", random.between(8, 18), random.below(6)),
            "url" => format!("https://s.example/{}", letters(random, 7).to_lowercase()),
            other => panic!("[{other}] is no slot"),
        }
    }

    /// One rotation of an advert: sentences in another order, other synonyms.
    pub fn rotate(&self, sentences: &[String], random: &mut Random) -> String {
        let mut order: Vec<&String> = sentences.iter().collect();
        let last = order.len() - 1;
        random.shuffle(&mut order[1..last]);
        let filled: Vec<String> = order.into_iter().map(|sentence| self.fill(sentence, random)).collect();
        filled.join(" ")
    }

    /// One message of an edition.
    pub fn edition(&self, headline: &str, day: &str, random: &mut Random) -> String {
        let text = self.frame.replace("[date]", day).replace("[headline]", headline);
        self.fill(&text, random)
    }

    /// Something that nobody else says.
    pub fn chat(&self, random: &mut Random) -> String {
        if random.chance(1, 8) {
            return random.pick(&self.short).clone();
        }
        let length = random.between(3, 14);
        let words: Vec<&str> = (0..length).map(|_| random.pick(&self.words).as_str()).collect();
        words.join(" ")
    }
}

/// Letters that look alike, and marks that nobody sees: what is done to slip through filters.
pub fn disguise(text: &str, random: &mut Random) -> String {
    let mut disguised = String::new();
    for letter in text.chars() {
        let twin = match letter {
            'a' => 'а',
            'e' => 'е',
            'o' => 'о',
            'p' => 'р',
            'c' => 'с',
            _ => letter,
        };
        disguised.push(if random.chance(1, 6) { twin } else { letter });
        if random.chance(1, 12) {
            disguised.push(*random.pick(&['\u{200b}', '\u{200c}', '\u{ad}', '\u{2060}']));
        }
    }
    disguised
}
