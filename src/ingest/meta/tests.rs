//! Both ways of reading webhooks, against each other: whatever the usual way takes, the general way tells the same of.

use proptest::prelude::*;

use super::super::context::Context;
use super::*;

fn file(context: &Context) -> FileContext<'_> {
    FileContext::unknown(context, 0)
}

fn context() -> &'static Context {
    static CONTEXT: std::sync::OnceLock<Context> = std::sync::OnceLock::new();
    CONTEXT.get_or_init(|| Context::load(None, None, 2).expect("the data of the build"))
}

/// Everything a batch holds of these documents, and how many were read the usual way.
fn told(documents: &[Vec<u8>], usual: bool) -> (String, usize) {
    let secrets = vec!["secret".to_owned()];
    let mut state = State { batch: Batch::new(&file(context())), webhook: Webhook::default() };
    let (mut taken, mut lengths) = (0, Vec::new());
    for (index, document) in documents.iter().enumerate() {
        let at = At { offset: 1000 * index as u64, line: index as u32 + 1 };
        let read = usual.then(|| one_usual(&mut state, at, document, &secrets)).flatten();
        taken += usize::from(read.is_some());
        lengths.push(match read {
            Some(length) => Ok(length),
            None => one(&mut state.batch, at, document, &secrets, Layout::Lines),
        });
    }
    let batch = &state.batch;
    let addresses: Vec<&str> = batch.accounts().texts.iter().chain(batch.recipients().texts.iter()).collect();
    let all = format!(
        "{lengths:?} {} {:?} {:?} {:?} {:?} {:?} {} {addresses:?} {:?}",
        batch.records,
        batch.rows,
        batch.rejects,
        batch.ignored,
        batch.consents,
        batch.notes,
        batch.without_sender,
        batch.contents
    );
    (all, taken)
}

/// Choices made by bytes, so that what fails can be made smaller.
struct Choices<'b> {
    bytes: std::slice::Iter<'b, u8>,
    /// Of 256 choices, how many are odd ones.
    odd: u8,
    json: String,
}

const ODD: [&str; 16] = [
    "null",
    "true",
    "17",
    "-3",
    "1.5",
    "{}",
    "[]",
    "[1]",
    "\"\"",
    "18446744073709551616",
    "01",
    "nul",
    "\"\\ud83d\"",
    "\"\\x\"",
    "{\"a\":1,}",
    "\"a\nb\"",
];
/// Values that nobody asks for.
const UNKNOWN: [&str; 9] = ["null", "true", "17", "-3", "1.5e3", "{}", "[1,{\"a\":[]}]", "\"\"", "\"x\\ud83d\\ude00\""];
const BLANKS: [&str; 4] = [" ", "\n", "\r\n\t", ""];

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        self.bytes.next().copied().unwrap_or(255)
    }

    fn is_odd(&mut self) -> bool {
        self.byte() < self.odd
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[usize::from(self.byte()) % from.len()]
    }

    fn add(&mut self, text: &str) {
        self.json.push_str(text);
        if self.is_odd() {
            let blank = self.pick(&BLANKS);
            self.json.push_str(blank);
        }
    }

    fn value(&mut self, usual: impl FnOnce(&mut Self)) {
        if self.is_odd() {
            let odd = self.pick(&ODD);
            self.add(odd);
        } else {
            usual(self);
        }
    }

    fn scalar(&mut self, from: &[&str]) {
        let text = self.pick(from);
        self.value(|choices| choices.add(text));
    }

    fn list(&mut self, one: &mut dyn FnMut(&mut Self)) {
        self.add("[");
        let count = [1, 1, 1, 2, 3, 0][usize::from(self.byte()) % 6];
        for index in 0..count {
            self.add(if index > 0 { "," } else { "" });
            self.value(&mut *one);
        }
        self.add("]");
    }

    /// An object of some of these keys, some of them twice.
    fn object(&mut self, keys: &[&str], member: &dyn Fn(&mut Self, &str)) {
        self.add("{");
        let mut first = true;
        let more = ["more", "id"];
        for key in keys.iter().chain(more.iter().filter(|key| !keys.contains(key))) {
            let known = keys.contains(key);
            let rare = self.byte().is_multiple_of(8);
            let times = if self.is_odd() { self.byte() % 3 } else { u8::from(rare != known) };
            for _ in 0..times {
                let end = if std::mem::take(&mut first) { "" } else { "," };
                self.add(end);
                let written = if self.is_odd() { key.replacen('e', "\\u0065", 1) } else { (*key).to_owned() };
                self.add(&format!("\"{written}\""));
                self.add(":");
                let key = *key;
                if keys.contains(&key) {
                    self.value(|choices| member(choices, key));
                } else {
                    self.scalar(&UNKNOWN);
                }
            }
        }
        self.add("}");
    }
}

const NUMBERS: [&str; 5] =
    ["\"4917139200001\"", "4917139200002", "\"+49 171 3920003\"", "\"\"", "\"120363041234567890@g.us\""];
const TIMES: [&str; 6] = ["\"1704067201\"", "1704067202", "\"1704067203000\"", "\"0\"", "\"\"", "\"2024-01-01\""];
const TEXTS: [&str; 6] =
    ["\"Hallo Ä\"", "\"Stopp\"", "\"a\\nb \\u00e4\\ud83d\\ude00 \\/\"", "\"secret\"", "\"\"", "\"STOP\""];

fn status(choices: &mut Choices<'_>) {
    let keys = [
        "id",
        "status",
        "timestamp",
        "recipient_id",
        "recipient_user_id",
        "recipient_type",
        "conversation",
        "pricing",
        "secret",
    ];
    choices.object(&keys, &|choices, key| match key {
        "id" => choices.scalar(&["\"wamid.HBgNNDkxNzEzOTIwMDAwMRUC\"", "\"a\"", "7", "\"\\/b\""]),
        "status" => {
            choices.scalar(&["\"sent\"", "\"delivered\"", "\"read\"", "\"failed\"", "\"odd\"", "\"se\\u006et\""])
        }
        "timestamp" => choices.scalar(&TIMES),
        "recipient_type" => choices.scalar(&["\"individual\"", "\"group\""]),
        "pricing" => choices
            .object(&["category", "billable"], &|choices, _| choices.scalar(&["\"marketing\"", "\"utility\"", "true"])),
        "conversation" => choices.object(&["origin"], &|choices, _| {
            choices.object(&["type"], &|choices, _| choices.scalar(&["\"service\"", "\"marketing\""]));
        }),
        _ => choices.scalar(&NUMBERS),
    });
}

fn message(choices: &mut Choices<'_>) {
    let keys = ["from", "from_user_id", "id", "to", "to_user_id", "timestamp", "type", "text", "button", "context"];
    choices.object(&keys, &|choices, key| match key {
        "id" => choices.scalar(&["\"wamid.HBgNNDkxNzEzOTIwMDAwMRUD\"", "\"b\""]),
        "timestamp" => choices.scalar(&TIMES),
        "type" => choices.scalar(&["\"text\"", "\"system\"", "\"edit\"", "\"button\""]),
        "text" => choices.object(&["body"], &|choices, _| choices.scalar(&TEXTS)),
        "button" => choices.object(&["text", "payload"], &|choices, _| choices.scalar(&TEXTS)),
        "context" => choices.object(&["forwarded", "frequently_forwarded", "from"], &|choices, key| match key {
            "from" => choices.scalar(&NUMBERS),
            _ => choices.scalar(&["true", "false"]),
        }),
        _ => choices.scalar(&NUMBERS),
    });
}

fn preference(choices: &mut Choices<'_>) {
    choices.object(&["wa_id", "user_id", "value", "timestamp", "detail"], &|choices, key| match key {
        "value" => choices.scalar(&["\"stop\"", "\"resume\"", "\"other\""]),
        "timestamp" => choices.scalar(&TIMES),
        _ => choices.scalar(&NUMBERS),
    });
}

fn change(choices: &mut Choices<'_>) {
    let order = [["field", "value"], ["value", "field"]][usize::from(choices.byte() % 2)];
    choices.object(&order, &|choices, key| {
        if key == "field" {
            choices.scalar(&[
                "\"messages\"",
                "\"smb_message_echoes\"",
                "\"user_preferences\"",
                "\"other\"",
                "\"m\\u0065ssages\"",
            ]);
            return;
        }
        let all = ["contacts", "metadata", "statuses", "messages", "message_echoes", "user_preferences"];
        let lists = [&all[1..3], &all[1..3], &all[..4], &all[..], &all[1..2]][usize::from(choices.byte() % 5)];
        choices.object(lists, &|choices, key| match key {
            "metadata" => {
                choices.object(&["display_phone_number", "phone_number_id"], &|choices, _| choices.scalar(&NUMBERS))
            }
            "statuses" => choices.list(&mut status),
            "messages" | "message_echoes" => choices.list(&mut message),
            "user_preferences" => choices.list(&mut preference),
            _ => choices.list(&mut |choices| choices.scalar(&UNKNOWN)),
        });
    });
}

/// A webhook that is about as odd as asked for, with some bytes of it changed.
fn webhook(bytes: &[u8], odd: u8, damage: &[(u16, u8)]) -> Vec<u8> {
    let mut choices = Choices { bytes: bytes.iter(), odd, json: String::new() };
    choices.object(&["object", "entry"], &|choices, key| {
        if key == "object" {
            choices.scalar(&["\"whatsapp_business_account\""]);
        } else {
            choices.list(&mut |choices| {
                choices.object(&["changes", "time"], &|choices, key| {
                    if key == "time" { choices.scalar(&TIMES) } else { choices.list(&mut change) }
                })
            });
        }
    });
    let mut json = choices.json.into_bytes();
    for (at, byte) in damage {
        let at = usize::from(*at) % json.len().max(1);
        match byte {
            0..64 => drop(json.remove(at)),
            64..128 => json[at] = b"\"{}[],:\\n0\xFF\x01"[usize::from(byte % 12)],
            _ => json.truncate(at.max(1)),
        }
    }
    json.push(b'\r');
    json
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6_000))]
    #[test]
    fn both_ways_tell_the_same(
        all in proptest::collection::vec(
            (
                proptest::collection::vec(any::<u8>(), 0..400),
                prop_oneof![Just(0_u8), Just(2), Just(8), Just(30)],
                prop_oneof![4 => Just(vec![]), 1 => proptest::collection::vec(any::<(u16, u8)>(), 1..3)],
            ),
            1..5,
        ),
    ) {
        let documents: Vec<Vec<u8>> = all.iter().map(|(bytes, odd, damage)| webhook(bytes, *odd, damage)).collect();
        let (by_the_usual_way, _) = told(&documents, true);
        let (by_the_general_way, _) = told(&documents, false);
        prop_assert_eq!(by_the_usual_way, by_the_general_way, "{}", String::from_utf8_lossy(&documents.concat()));
    }
}

/// As Meta's reference shows them, and as relays write them out with blanks.
const USUAL: [&str; 5] = [
    r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"4930123456","phone_number_id":"106"},"statuses":[{"id":"wamid.HBgNNDkxNzEzOTIwMDAwMRUC","status":"delivered","timestamp":"1704067201","recipient_id":"4917139200001","conversation":{"id":"c","expiration_timestamp":"1704153600","origin":{"type":"marketing"}},"pricing":{"billable":true,"pricing_model":"CBP","category":"marketing"}}]},"field":"messages"}]}]}"#,
    r#"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"4930123456","phone_number_id":"106"},"contacts":[{"profile":{"name":"J\u00f6rg \"J\" \ud83d\ude00"},"wa_id":"4917139200001"}],"messages":[{"from":"4917139200001","id":"wamid.B","timestamp":"1704067201","text":{"body":"Gr\u00fc\u00dfe\nund <b>\/<\/b>"},"type":"text"}]},"field":"messages"}]}]}"#,
    "{ \"entry\" : [ { \"changes\" : [ {\n \"field\" : \"messages\", \"value\" : { \"statuses\" : [ { \"id\" : \"a\", \"timestamp\" : 1704067201, \"recipient_id\" : 4917139200001, \"status\" : \"failed\", \"errors\" : [ { \"code\" : 131047 } ] } ] } } ] } ] }",
    r#"{"entry":[{"changes":[{"field":"user_preferences","value":{"user_preferences":[{"wa_id":"4917139200001","value":"stop","timestamp":1704067201}]}}]}]}"#,
    r#"{"entry":[{"changes":[{"field":"message_template_status_update","value":{"event":"APPROVED","message_template_id":7}}]},{"changes":[]}]}"#,
];

#[test]
fn what_meta_writes_is_read_the_usual_way() {
    let documents: Vec<Vec<u8>> = USUAL.iter().map(|text| text.as_bytes().to_vec()).collect();
    let (usual, taken) = told(&documents, true);
    assert_eq!(taken, USUAL.len());
    assert_eq!((usual, 0), told(&documents, false));
}

#[test]
fn made_webhooks_go_both_ways() {
    let documents: Vec<Vec<u8>> = (0..400_u32)
        .map(|seed| {
            let bytes: Vec<u8> =
                (0..400_u32).map(|at| (crate::hash::Sha256::digest((seed * 400 + at).to_le_bytes()))[0]).collect();
            webhook(&bytes, [0, 2, 8][seed as usize % 3], &[])
        })
        .collect();
    let (usual, taken) = told(&documents, true);
    assert!((50..350).contains(&taken), "{taken}");
    assert_eq!(usual, told(&documents, false).0);
}
