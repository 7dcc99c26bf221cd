//! Canonical addresses: one spelling for each account and recipient, whatever the export made of it,
//! and the country a spelling tells of. What is read without being certain is marked as guessed.
//! Not here: which column holds an address (mapping), who owns an account (case), pseudonyms (report).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use phonenumber::country::Source;
use phonenumber::metadata::{DATABASE, Descriptor, Metadata};

use AddressKind::{Bsuid, Channel, Email, Lid, Name, Phone, ShortCode};

/// A country as ISO 3166-1 alpha-2, with the user-assigned `XK` and the reserved `AC` and `TA` that
/// have calling codes of their own. Two bytes, because every message carries one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The two upper-case letters, for columns.
    pub fn letters(self) -> [u8; 2] {
        self.0
    }

    /// The two upper-case letters, as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why a text is no country. Only the shape is judged: a log may name a country that has no telephones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a country code of two letters, such as DE")]
pub struct NotACountry(String);

impl FromStr for Country {
    type Err = NotACountry;

    /// Takes lower case too, because people write case files by hand.
    fn from_str(text: &str) -> Result<Self, NotACountry> {
        let letters = <[u8; 2]>::try_from(text.as_bytes()).ok().filter(|two| two.iter().all(u8::is_ascii_alphabetic));
        letters.map(|two| Self(two.map(|b| b.to_ascii_uppercase()))).ok_or_else(|| NotACountry(text.to_owned()))
    }
}

/// What an address is. It decides who counts as one person: a group or a list is many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressKind {
    /// A telephone number: E.164, or the bare national digits where no country is known.
    Phone,
    /// A WhatsApp group, `…@g.us`.
    Group,
    /// A WhatsApp broadcast list, `…@broadcast`.
    BroadcastList,
    /// A WhatsApp channel, `…@newsletter`.
    Newsletter,
    /// `status@broadcast`: a status post, which is no send to anybody in particular.
    Status,
    /// A WhatsApp linked identity that hides the number, `…@lid`.
    Lid,
    /// Meta's business-scoped user id, `DE.1349…`.
    Bsuid,
    /// An e-mail address.
    Email,
    /// A short code of three to six digits.
    ShortCode,
    /// An alphanumeric sender, a user name, a platform's id, or a number that lost digits on its way.
    Channel,
    /// A display name, where the export has no more.
    Name,
}

/// One address in its canonical spelling: equal texts are one person, whatever platform wrote them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// `+49…`, `…@g.us`, `…@lid`, an e-mail address with its domain in lower case, a BSUID, or the text trimmed.
    pub text: String,
    /// What the text is.
    pub kind: AddressKind,
    /// True when the text rests on a reading that could be wrong: digits taken as international,
    /// a national number completed from the default country, a number with digits lost.
    pub guessed: bool,
}

impl Address {
    fn exact(text: impl Into<String>, kind: AddressKind) -> Option<Self> {
        Some(Self { text: text.into(), kind, guessed: false })
    }
}

/// What the source says about bare digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Digits are a full international number, as in `wa_id`: reading them so is no guess.
    International,
    /// Nothing is known.
    #[default]
    Unknown,
    /// They are names or keys of a platform's own, and no numbers.
    Name,
}

/// Reads addresses. All it needs to know beforehand is the country that national numbers belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct People {
    default_country: Option<Country>,
}

/// Whether a country of these two capital letters has telephone numbers.
#[must_use]
pub fn is_country(letters: &str) -> bool {
    phonenumber::metadata::DATABASE.by_id(letters).is_some()
}

impl People {
    /// Without a default country, national numbers stay as they are.
    pub fn new(default_country: Option<Country>) -> Self {
        Self { default_country }
    }

    /// The canonical address, or `None` when nothing is left of the text.
    ///
    /// Certain: `+` or `00` and digits, JIDs, BSUIDs, e-mail addresses. A trunk zero after the calling code
    /// (`+49 (0)171…`) goes, where the country has one; so does every mark that cannot be seen.
    ///
    /// Guessed, in this order, for bare digits with a default country: a mobile number there, a valid number
    /// abroad, one with the country's own calling code, any other number there. To be valid there is not
    /// enough: `491711234567` and `436641234567` are landlines of East Frisia and Holstein, too, without the zero.
    ///
    /// Seven digits or more that nothing completes stay a `Phone` of bare digits: one person, in no known
    /// country, nothing guessed. From fourteen on they are a platform's id, unless they are a valid number.
    /// Digits that a spreadsheet lost (`4.91711E+11`) stay lost.
    pub fn canonical(&self, raw: &str, hint: Hint) -> Option<Address> {
        let digits = raw.strip_prefix('+').or(Some(raw).filter(|_| hint == Hint::International));
        if let Some(digits) = digits.filter(|digits| is_plain(digits.as_bytes())) {
            let text = if digits.len() < raw.len() { raw.to_owned() } else { ["+", raw].concat() };
            return Address::exact(text, Phone);
        }
        let clean = without_marks(raw);
        let text = unwrapped(&clean);
        if text.is_empty() {
            return None;
        }
        if hint == Hint::Name {
            return at_address(text).or_else(|| Address::exact(text, Channel));
        }
        let cell = scientific(text);
        if matches!(cell, Some(None)) {
            return Some(Address { text: text.to_owned(), kind: Channel, guessed: true });
        }
        at_address(text)
            .or_else(|| is_bsuid(text).then_some(Bsuid).and_then(|kind| Address::exact(text, kind)))
            .or_else(|| self.number(&cell.flatten().map_or_else(|| Digits::of(text), Some)?, hint))
            .or_else(|| Address::exact(text, kind_of_word(text)))
    }

    fn number(&self, number: &Digits, hint: Hint) -> Option<Address> {
        let digits = number.digits.as_str();
        let abroad = digits.strip_prefix("00");
        let certain = abroad.is_some() || number.plus || hint == Hint::International;
        if let Some(text) = e164(abroad.unwrap_or(digits)).filter(|_| certain) {
            return Address::exact(text, Phone);
        }
        let reading = Reading::of(digits);
        let likely = match digits.len() {
            3..=6 if number.together => return Address::exact(digits, ShortCode),
            7..=9 => false,
            10..=13 => reading.is_some(),
            14..=15 => reading.is_some_and(|reading| is_valid(reading.region(), reading.national)),
            _ => return None,
        };
        let completed = self.default_country.and_then(|home| completed(home, digits));
        match completed.or_else(|| e164(digits).filter(|_| likely)) {
            Some(text) => Some(Address { text, kind: Phone, guessed: true }),
            None => Address::exact(digits, if digits.len() < 14 { Phone } else { Channel }),
        }
    }
}

/// The country of a canonical address: of an E.164 number by its calling code, valid or not, and of a
/// BSUID by its prefix. `None` for everything else, and for calling codes that belong to no country.
pub fn country(canonical: &str) -> Option<Country> {
    let digits = canonical.strip_prefix('+').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    match digits.filter(|digits| (7..=15).contains(&digits.len())) {
        Some(digits) => Reading::of(digits)?.country(),
        None => canonical.get(..2).filter(|_| is_bsuid(canonical))?.parse().ok(),
    }
}

/// Whether a field has the shape of a telephone number: an optional `+` and 7 to 15 digits, with what groups
/// them. Dates, Unix times and ids can have it too: whoever sniffs a column asks for those first.
pub fn looks_like_phone(field: &[u8]) -> bool {
    let text = std::str::from_utf8(field.trim_ascii()).ok().filter(|text| text.len() < 64);
    text.and_then(Digits::of).is_some_and(|number| (7..=15).contains(&number.digits.len()))
}

/// Whether a field is a telephone number that a spreadsheet cut down to its first digits (`4.91713E+11`): several
/// people may look like one.
#[must_use]
pub fn lost_digits(field: &str) -> bool {
    memchr::memchr2(b'E', b'e', field.as_bytes()).is_some() && matches!(scientific(unwrapped(field)), Some(None))
}

/// Whether a field can only be an address: a telephone number, a JID, an e-mail address, a BSUID, or
/// one of these behind `whatsapp:` and the like or behind a spreadsheet's guard.
pub fn looks_like_address(field: &[u8]) -> bool {
    std::str::from_utf8(field).is_ok_and(|text| {
        let text = unwrapped(text);
        looks_like_phone(text.as_bytes()) || is_bsuid(text) || at_address(text).is_some()
    })
}

/// Digits that need no work: the fast path. A zero after the calling code may be a trunk prefix and does.
fn is_plain(digits: &[u8]) -> bool {
    (7..=15).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && digits.first() != Some(&b'0')
        && digits.get(code_length(digits)) != Some(&b'0')
}

/// Length of the calling code: fixed by the ITU, and all codes given out since have three digits.
fn code_length(digits: &[u8]) -> usize {
    /// The second digits of two-digit codes, by their first digit less two.
    const SECOND: [&[u8]; 8] = [b"07", b"0123469", b"013456789", b"12345678", b"0123456", b"", b"1246", b"0123458"];
    match *digits {
        [b'1' | b'7', ..] => 1,
        [a @ b'2'..=b'9', b, ..] if SECOND.get(usize::from(a - b'2')).is_some_and(|second| second.contains(&b)) => 2,
        _ => 3,
    }
}

/// Marks without a picture that exports put around numbers. Joiners are none: emoji and Persian need them.
fn is_mark(c: char) -> bool {
    const OTHERS: [char; 6] = ['\u{AD}', '\u{61C}', '\u{200B}', '\u{200E}', '\u{200F}', '\u{FEFF}'];
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}') || OTHERS.contains(&c)
}

/// The text without marks and control characters, with every kind of blank as a space and foreign digits as ASCII.
fn without_marks(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Cow::Borrowed(raw);
    }
    /// Zero in Arabic, Persian, Devanagari and full width.
    const ZEROS: [char; 4] = ['\u{660}', '\u{6F0}', '\u{966}', '\u{FF10}'];
    let value =
        |c: char, zero: char| u32::from(c).checked_sub(u32::from(zero)).and_then(|value| char::from_digit(value, 10));
    let ascii = |c: char| match c {
        '\u{FF0B}' => '+',
        c if c.is_whitespace() => ' ',
        c => ZEROS.iter().find_map(|zero| value(c, *zero)).unwrap_or(c),
    };
    Cow::Owned(raw.chars().map(ascii).filter(|c| !is_mark(*c) && !c.is_control()).collect())
}

/// Takes off, until nothing more comes off, what exports put around an address.
fn unwrapped(mut text: &str) -> &str {
    loop {
        let before = text.len();
        text = without_scheme(without_guard(text.trim()));
        if text.len() == before {
            return text;
        }
    }
}

/// Takes off quotes, guards against spreadsheet formulas, the `.0` of a float, the name before `<…>`.
fn without_guard(text: &str) -> &str {
    let number = |c: char| c.is_ascii_digit() || "+-@=\"'".contains(c);
    let inside = |open: char, close: char| text.strip_prefix(open)?.strip_suffix(close);
    let float = [".0", ".00", ",0", ",00"].iter().find_map(|zeros| text.strip_suffix(zeros));
    let angled = || text.strip_suffix('>')?.rsplit_once('<');
    inside('"', '"')
        .or_else(|| inside('\'', '\'').filter(|rest| rest.starts_with(number)))
        .or_else(|| text.strip_prefix("'="))
        // A name may begin with an apostrophe ('t Hart): only one before a number is a guard.
        .or_else(|| text.strip_prefix(['\'', '=']).filter(|rest| rest.starts_with(number)))
        .or_else(|| float.filter(|whole| Digits::of(whole).is_some_and(|n| n.together && n.digits.len() > 4)))
        .or_else(|| Some(angled()?.1).filter(|rest| rest.contains('@') || looks_like_phone(rest.as_bytes())))
        .unwrap_or(text)
}

fn without_scheme(text: &str) -> &str {
    const SCHEMES: [&str; 7] = ["whatsapp:", "tel:", "sms:", "smsto:", "mailto:", "viber:", "rcs:"];
    let rest = SCHEMES.iter().find_map(|scheme| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then(|| rest.trim_start_matches('/'))
    });
    // Only `;ext=5` and `?subject=x` are parameters; a second number after `;` must not vanish.
    match rest.and_then(|rest| rest.split_once([';', '?'])) {
        Some((head, tail)) if tail.contains('=') => head,
        _ => rest.unwrap_or(text),
    }
}

/// JIDs and e-mail addresses.
fn at_address(text: &str) -> Option<Address> {
    let (user, server) = text.rsplit_once('@')?;
    let server = server.trim_end_matches('.').to_lowercase();
    let (kind, server) = match server.as_str() {
        "s.whatsapp.net" | "c.us" | "hosted" => (Phone, "s.whatsapp.net"),
        "lid" | "hosted.lid" => (Lid, "lid"),
        "g.us" => (AddressKind::Group, "g.us"),
        "broadcast" if user.eq_ignore_ascii_case("status") => (AddressKind::Status, "broadcast"),
        "broadcast" => (AddressKind::BroadcastList, "broadcast"),
        "newsletter" => (AddressKind::Newsletter, "newsletter"),
        server @ ("bot" | "call" | "interop" | "msgr") => (Channel, server),
        server => (Email, server),
    };
    if kind == Email {
        let label = |l: &str| !l.is_empty() && l.chars().all(|c| c.is_alphanumeric() || !c.is_ascii() || c == '-');
        let domain = server.contains('.') && server.split('.').all(label);
        let local = !user.is_empty() && !user.contains(|c: char| c.is_whitespace() || "<>()[],;:\"\\@".contains(c));
        return Address::exact(format!("{user}@{server}"), Email).filter(|_| domain && local);
    }
    if !user.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:+".contains(&b)) {
        return None;
    }
    // A person's JID may name one of their devices: `user.agent:device` or `user_agent:device`.
    let person = if matches!(kind, Phone | Lid) { user.split(['.', '_', ':']).next()? } else { user };
    let user = Some(person.to_ascii_lowercase()).filter(|user| !user.is_empty())?;
    let digits = user.strip_prefix('+').unwrap_or(&user);
    match e164(digits).filter(|_| kind == Phone && digits.bytes().all(|b| b.is_ascii_digit())) {
        Some(text) => Address::exact(text, Phone),
        None => Address::exact(format!("{user}@{server}"), if kind == Phone { Channel } else { kind }),
    }
}

/// Meta's form: a country, a dot, for a parent id also `ENT.`, and letters and digits.
fn is_bsuid(text: &str) -> bool {
    let [b'A'..=b'Z', b'A'..=b'Z', b'.', id @ ..] = text.as_bytes() else { return false };
    let id = id.strip_prefix(b"ENT.").unwrap_or(id);
    (6..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_alphanumeric) && id.iter().any(u8::is_ascii_digit)
}

/// A number as a spreadsheet shows it, `4.91711234567E+11`. Inside, `None` when the digits shown are not
/// all there were: several people may look like one then, and nobody can tell which.
fn scientific(text: &str) -> Option<Option<Digits>> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let (plus, mantissa) = (mantissa.starts_with('+'), mantissa.strip_prefix('+').unwrap_or(mantissa));
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let shift: usize = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let plain = !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit());
    if !plain || !(7..=15).contains(&whole.len().saturating_add(shift)) {
        return None;
    }
    let complete = fraction.split_at_checked(shift).filter(|(_, rest)| rest.bytes().all(|b| b == b'0'));
    Some(complete.map(|(shown, _)| Digits { plus, digits: format!("{whole}{shown}"), together: true }))
}

/// The digits of a text that holds nothing but them and what groups them.
struct Digits {
    plus: bool,
    digits: String,
    /// Nothing stood between them: a short code is never grouped.
    together: bool,
}

impl Digits {
    fn of(text: &str) -> Option<Self> {
        let (mut plus, mut digits) = (false, String::with_capacity(text.len()));
        for c in text.chars() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if digits.is_empty() => plus = true,
                '(' => {}
                // In front, a dash is a sign: the ids of Telegram groups are negative numbers.
                '-' | '.' | ')' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}'
                    if plus || !digits.is_empty() => {}
                c if c.is_whitespace() || is_mark(c) => {}
                _ => return None,
            }
        }
        let together = digits.len() + usize::from(plus) == text.len();
        (!digits.is_empty()).then_some(Self { plus, digits, together })
    }
}

/// Senders are one word with a digit or a mark in it, or in capitals (`DHL`); everything else is a name.
fn kind_of_word(text: &str) -> AddressKind {
    let digit = text.bytes().any(|b| b.is_ascii_digit());
    let capitals = text.len() > 1 && text.bytes().all(|b| b.is_ascii_uppercase());
    let word = text.bytes().all(|b| b.is_ascii_graphic()) && (digit || text.contains(['_', ':', '@', '#', '*']));
    if word || capitals || (digit && !text.contains(char::is_alphabetic)) { Channel } else { Name }
}

/// `+` and the digits of a full international number, without the zeros that a country dials only within
/// itself; `None` when it is too short or too long to be one. What it returns, it returns again.
fn e164(digits: &str) -> Option<String> {
    let fits = |text: &String| (8..=16).contains(&text.len()) && !text.starts_with("+0");
    let bare = Reading::of(digits).map(|reading| format!("+{}{}", reading.main.country_code(), reading.national));
    bare.filter(fits).or_else(|| Some(format!("+{digits}")).filter(fits))
}

/// Bare digits as the default country would dial them, in E.164; [`People::canonical`] tells the order.
fn completed(country: Country, digits: &str) -> Option<String> {
    let home = DATABASE.by_id(country.as_str())?;
    let possible = |number: &str| home.descriptors().general().possible_length().contains(&(number.len() as u16));
    let trunk = digits.strip_prefix('0').filter(|rest| !rest.starts_with('0') && home.national_prefix() == Some("0"));
    let mobile = home.descriptors().mobile().filter(|mobile| !digits.starts_with('0') && mobile.is_match(digits));
    if let Some(number) = trunk.filter(|number| is_valid(home, number)).or(mobile.map(|_| digits)) {
        return e164(&format!("{}{number}", home.country_code()));
    }
    let own = |reading: &Reading<'_>| reading.main.country_code() == home.country_code() && possible(reading.national);
    let abroad = |reading: Reading<'_>| own(&reading) || is_valid(reading.region(), reading.national);
    if digits.len() >= 10 && Reading::of(digits).is_some_and(abroad) {
        return e164(digits);
    }
    // Landlines without their zero, other trunk prefixes and carrier codes are the crate's to know. A number
    // written with its trunk zero is national even when nobody holds it.
    let parsed = phonenumber::parse(Some(country.as_str().parse().ok()?), digits).ok()?;
    let sure = parsed.code().source() == Source::Default && (trunk.is_some_and(possible) || parsed.is_valid());
    e164(&format!("{}{}", parsed.code().value(), parsed.national())).filter(|_| sure)
}

/// Whether it is a number for landlines or mobiles; the crate's own test compiles a dozen patterns more.
fn is_valid(region: &Metadata, national: &str) -> bool {
    let given = |numbers: Option<&Descriptor>| numbers.is_some_and(|numbers| numbers.is_match(national));
    given(region.descriptors().mobile()) || given(region.descriptors().fixed_line())
}

/// Digits read as an international number.
struct Reading<'a> {
    /// The country that a shared calling code mainly stands for.
    main: &'static Metadata,
    /// All countries of the calling code, the main one first.
    regions: &'static [&'static Metadata],
    /// What follows the calling code, without a trunk zero.
    national: &'a str,
}

impl<'a> Reading<'a> {
    fn of(digits: &'a str) -> Option<Self> {
        static REGIONS: OnceLock<Vec<Vec<&'static Metadata>>> = OnceLock::new();
        let all = || (0..1000).map(|code| DATABASE.by_code(&code).unwrap_or_default()).collect();
        let (code, national) = digits.split_at_checked(code_length(digits.as_bytes()))?;
        let code = code.parse::<usize>().ok().filter(|_| !digits.starts_with('0'))?;
        let regions = REGIONS.get_or_init(all).get(code)?;
        let main = *regions.first()?;
        let national = national.trim_start_matches(|c| c == '0' && main.national_prefix() == Some("0"));
        Some(Self { main, regions, national })
    }

    /// The region that claims the number, the main one first and last: it also has what nobody claims.
    fn region(&self) -> &'static Metadata {
        let claims = |region: &&&Metadata| match region.leading_digits() {
            Some(digits) => digits.find(self.national).is_some_and(|found| found.start() == 0),
            None => is_valid(region, self.national),
        };
        if self.regions.len() == 1 { self.main } else { self.regions.iter().find(claims).unwrap_or(&self.main) }
    }

    /// North America has two dozen countries to ask and one area code to know: all areas are asked once.
    fn country(&self) -> Option<Country> {
        static AREAS: OnceLock<Vec<Option<Country>>> = OnceLock::new();
        let of = |region: &Metadata| region.id().parse().ok();
        let all = || (0..1000).map(|n| of(Reading { national: &format!("{n:03}2345678"), ..*self }.region())).collect();
        let area = self.national.get(..3).filter(|_| self.main.country_code() == 1).and_then(|area| area.parse().ok());
        area.map_or_else(|| of(self.region()), |area: usize| AREAS.get_or_init(all).get(area).copied()?)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
mod tests {
    use super::AddressKind::{BroadcastList, Group, Newsletter, Status};
    use super::*;
    use proptest::prelude::*;

    fn people(country: &str) -> People {
        People::new(country.parse().ok())
    }

    /// Raw text, hint (`i` or `-`), default country (or empty), text, kind, guessed, country (or empty).
    type Case = (&'static str, char, &'static str, &'static str, AddressKind, bool, &'static str);

    #[rustfmt::skip]
    const CASES: &[Case] = &[
        // As they should be.
        ("+491711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("+4366412345678", '-', "DE", "+4366412345678", Phone, false, "AT"),
        ("+920000000001", '-', "", "+920000000001", Phone, false, "PK"),
        ("+999123456789", '-', "", "+999123456789", Phone, false, ""),
        ("+881612345678", '-', "", "+881612345678", Phone, false, ""),
        ("+2901234", '-', "", "+2901234", Phone, false, "SH"),
        // Schemes, guards, marks.
        ("whatsapp:+4915112345678", '-', "", "+4915112345678", Phone, false, "DE"),
        ("WhatsApp:+14155238886", '-', "", "+14155238886", Phone, false, "US"),
        ("tel:+49-171-1234567;ext=5", '-', "", "+491711234567", Phone, false, "DE"),
        ("tel://+491711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("sms:+491711234567?body=Hi", '-', "", "+491711234567", Phone, false, "DE"),
        ("mailto:Anna@Example.DE?subject=x", '-', "", "Anna@example.de", Email, false, ""),
        ("whatsapp:'+491711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("'+491711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("'+491711234567'", '-', "", "+491711234567", Phone, false, "DE"),
        ("=\"+491711234567\"", '-', "", "+491711234567", Phone, false, "DE"),
        ("'=\"+491711234567\"", '-', "", "+491711234567", Phone, false, "DE"),
        ("=+491711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("'=+491711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("'491711234567", 'i', "", "+491711234567", Phone, false, "DE"),
        ("\"+49 171 1234567\"", '-', "", "+491711234567", Phone, false, "DE"),
        ("\u{202A}+49 171 1234567\u{202C}", '-', "", "+491711234567", Phone, false, "DE"),
        ("\u{200E}+49\u{A0}171\u{A0}1234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("\u{2066}+49 171 1234567\u{2069}", '-', "", "+491711234567", Phone, false, "DE"),
        ("+49\u{2007}171\u{2011}123\u{2013}4567", '-', "", "+491711234567", Phone, false, "DE"),
        ("+49171\0 1234567\r\n", '-', "", "+491711234567", Phone, false, "DE"),
        ("＋４９１７１１２３４５６７", '-', "", "+491711234567", Phone, false, "DE"),
        ("+٩٦٦٥٠١٢٣٤٥٦٧", '-', "", "+966501234567", Phone, false, "SA"),
        ("+۹۸۹۱۲۳۴۵۶۷۸۹", '-', "", "+989123456789", Phone, false, "IR"),
        ("+९१ ९८७६५ ४३२१०", '-', "", "+919876543210", Phone, false, "IN"),
        // Grouping and prefixes.
        ("+49 (171) 123-45.67", '-', "", "+491711234567", Phone, false, "DE"),
        ("(+49) 171/1234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("+49 (0)171 1234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("+4901711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("0049 (0) 171 1234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("00491711234567", '-', "AT", "+491711234567", Phone, false, "DE"),
        ("+00491711234567", '-', "", "+491711234567", Phone, false, "DE"),
        ("+39 06 1234567", '-', "", "+39061234567", Phone, false, "IT"),
        ("+390612345678", '-', "", "+390612345678", Phone, false, "IT"),
        ("+225 0701020304", '-', "", "+2250701020304", Phone, false, "CI"),
        // JIDs.
        ("491711234567@s.whatsapp.net", '-', "", "+491711234567", Phone, false, "DE"),
        ("491711234567:12@s.whatsapp.net", '-', "", "+491711234567", Phone, false, "DE"),
        ("491711234567.0:3@s.whatsapp.net", '-', "", "+491711234567", Phone, false, "DE"),
        ("491711234567_1:12@S.WhatsApp.net", '-', "AT", "+491711234567", Phone, false, "DE"),
        ("5511999991234@c.us", '-', "", "+5511999991234", Phone, false, "BR"),
        ("0@s.whatsapp.net", '-', "", "0@s.whatsapp.net", Channel, false, ""),
        ("491711234567-1575676800@g.us", '-', "", "491711234567-1575676800@g.us", Group, false, ""),
        ("120363025246125888@G.US", '-', "", "120363025246125888@g.us", Group, false, ""),
        ("1575676800@broadcast", '-', "", "1575676800@broadcast", BroadcastList, false, ""),
        ("status@broadcast", '-', "", "status@broadcast", Status, false, ""),
        ("120363144038483540@newsletter", '-', "", "120363144038483540@newsletter", Newsletter, false, ""),
        ("123456789012345@lid", '-', "", "123456789012345@lid", Lid, false, ""),
        ("123456789012345:7@lid", '-', "", "123456789012345@lid", Lid, false, ""),
        ("867051314767696@bot", '-', "", "867051314767696@bot", Channel, false, ""),
        // Other platforms.
        ("DE.13491208655302741918", '-', "", "DE.13491208655302741918", Bsuid, false, "DE"),
        ("US.ENT.11815799212886844830", '-', "DE", "US.ENT.11815799212886844830", Bsuid, false, "US"),
        ("ST.PETERSBURG", '-', "", "ST.PETERSBURG", Name, false, ""),
        ("Anna.Berg@Example.COM", '-', "", "Anna.Berg@example.com", Email, false, ""),
        ("Anna Berg <anna@example.de>", '-', "", "anna@example.de", Email, false, ""),
        ("info@müller.de.", '-', "", "info@müller.de", Email, false, ""),
        ("a@b.de; c@d.de", '-', "", "a@b.de; c@d.de", Name, false, ""),
        ("@shop_bot", '-', "", "@shop_bot", Channel, false, ""),
        ("-1001234567890", '-', "DE", "-1001234567890", Channel, false, ""),
        ("messenger:24512345678901234", '-', "", "messenger:24512345678901234", Channel, false, ""),
        ("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", '-', "", "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", Channel, false, ""),
        ("106540352242922", '-', "", "106540352242922", Channel, false, ""),
        ("106540352242922", '-', "DE", "106540352242922", Channel, false, ""),
        ("DHL", '-', "", "DHL", Channel, false, ""),
        ("Shop24", '-', "", "Shop24", Channel, false, ""),
        ("491711***567", '-', "", "491711***567", Channel, false, ""),
        ("+491711234567, +491711234568", '-', "DE", "+491711234567, +491711234568", Channel, false, ""),
        ("+491711234567 / 01711234568", '-', "DE", "+491711234567 / 01711234568", Channel, false, ""),
        ("tel:+491711234567;+491711234568", '-', "", "+491711234567;+491711234568", Channel, false, ""),
        ("32665", '-', "DE", "32665", ShortCode, false, ""),
        ("whatsapp:72345", 'i', "", "72345", ShortCode, false, ""),
        ("12", '-', "", "12", Channel, false, ""),
        // Names.
        ("  Anna Müller ", '-', "DE", "Anna Müller", Name, false, ""),
        ("\u{200E}Anna\u{202F}Müller", '-', "", "Anna Müller", Name, false, ""),
        ("'t Hart", '-', "", "'t Hart", Name, false, ""),
        ("Shop – Berlin", '-', "", "Shop – Berlin", Name, false, ""),
        ("Anna 👩‍👧", '-', "", "Anna 👩‍👧", Name, false, ""),
        ("Max +49 171 1234567", '-', "", "Max +49 171 1234567", Name, false, ""),
        // Spreadsheets.
        ("491711234567.0", '-', "", "+491711234567", Phone, true, "DE"),
        ("491711234567.0", 'i', "", "+491711234567", Phone, false, "DE"),
        ("491711234567,00", '-', "DE", "+491711234567", Phone, true, "DE"),
        ("32665.0", '-', "", "32665", ShortCode, false, ""),
        ("4.91711234567E+11", '-', "", "+491711234567", Phone, true, "DE"),
        ("4,91711234567E+11", '-', "DE", "+491711234567", Phone, true, "DE"),
        ("4.91711234567e11", 'i', "", "+491711234567", Phone, false, "DE"),
        ("+4.91711234567E+11", '-', "", "+491711234567", Phone, false, "DE"),
        ("4.91711E+11", '-', "DE", "4.91711E+11", Channel, true, ""),
        ("4,92E+11", 'i', "", "4,92E+11", Channel, true, ""),
        // Bare digits.
        ("491711234567", 'i', "", "+491711234567", Phone, false, "DE"),
        ("491711234567", '-', "", "+491711234567", Phone, true, "DE"),
        ("491711234567", '-', "DE", "+491711234567", Phone, true, "DE"),
        ("49 (0)171 1234567", '-', "DE", "+491711234567", Phone, true, "DE"),
        ("49170000001", '-', "DE", "+49170000001", Phone, true, "DE"),
        ("436641234567", '-', "DE", "+436641234567", Phone, true, "AT"),
        ("41791234567", '-', "DE", "+41791234567", Phone, true, "CH"),
        ("79161234567", '-', "DE", "+79161234567", Phone, true, "RU"),
        ("1711234567", '-', "DE", "+491711234567", Phone, true, "DE"),
        ("3012345678", '-', "DE", "+493012345678", Phone, true, "DE"),
        ("3912345678", '-', "IT", "+393912345678", Phone, true, "IT"),
        ("9198765432", '-', "IN", "+919198765432", Phone, true, "IN"),
        ("919876543210", '-', "IN", "+919876543210", Phone, true, "IN"),
        ("55999991234", '-', "BR", "+5555999991234", Phone, true, "BR"),
        ("4155550132", '-', "US", "+14155550132", Phone, true, "US"),
        ("14165550132", '-', "US", "+14165550132", Phone, true, "CA"),
        ("31612345678", '-', "", "+31612345678", Phone, true, "NL"),
        ("20123456", '-', "DK", "+4520123456", Phone, true, "DK"),
        ("20123456", '-', "", "20123456", Phone, false, ""),
        ("5551234", '-', "US", "5551234", Phone, false, ""),
        ("2101234567", '-', "", "2101234567", Phone, false, ""),
        // National forms.
        ("0171 1234567", '-', "DE", "+491711234567", Phone, true, "DE"),
        ("0171/1234567", '-', "", "01711234567", Phone, false, ""),
        ("(030) 1234567", '-', "DE", "+49301234567", Phone, true, "DE"),
        ("+01711234567", '-', "DE", "+491711234567", Phone, true, "DE"),
        ("01711234567", 'i', "DE", "+491711234567", Phone, true, "DE"),
        ("0664 1234567", '-', "AT", "+436641234567", Phone, true, "AT"),
        ("079 123 45 67", '-', "CH", "+41791234567", Phone, true, "CH"),
        ("06 12345678", '-', "IT", "+390612345678", Phone, true, "IT"),
        ("06 12 34 56 78", '-', "FR", "+33612345678", Phone, true, "FR"),
        ("8 916 123-45-67", '-', "RU", "+79161234567", Phone, true, "RU"),
        ("06 30 123 4567", '-', "HU", "+36301234567", Phone, true, "HU"),
        ("011 15 2345 6789", '-', "AR", "+5491123456789", Phone, true, "AR"),
        ("011 44 20 7123", '-', "US", "01144207123", Phone, false, ""),
        ("0001 555 123 4567", '-', "", "00015551234567", Channel, false, ""),
        ("07911 123456", '-', "GB", "+447911123456", Phone, true, "GG"),
        ("0171 1234567", '-', "XX", "01711234567", Phone, false, ""),
        ("0000000000", '-', "DE", "0000000000", Phone, false, ""),
    ];

    #[test]
    fn every_spelling_becomes_its_address() {
        for (raw, hint, home, text, kind, guessed, of) in CASES.iter().copied() {
            let hint = if hint == 'i' { Hint::International } else { Hint::Unknown };
            let address = people(home).canonical(raw, hint).expect(raw);
            let wanted = Address { text: text.to_owned(), kind, guessed };
            assert_eq!(address, wanted, "{raw:?} in {home:?}");
            assert_eq!(country(text).map_or(String::new(), |c| c.to_string()), of, "{raw:?}");
            let again = people(home).canonical(&address.text, hint).expect(raw);
            assert_eq!((again.text, again.kind), (address.text, kind), "{raw:?} again");
        }
        assert!(CASES.len() >= 80);
    }

    #[test]
    fn nothing_is_no_address() {
        for raw in ["", " ", "\0", "\u{200E}\u{FEFF}", "\"\"", "tel:", "'=", "=\"\""] {
            assert_eq!(people("DE").canonical(raw, Hint::Unknown), None, "{raw:?}");
        }
    }

    #[test]
    fn shared_calling_codes_are_told_apart() {
        let cases = [
            ("+12125550132", "US"),
            ("+14165550132", "CA"),
            ("+16045550132", "CA"),
            ("+18095550132", "DO"),
            ("+17875550132", "PR"),
            ("+18765550132", "JM"),
            ("+18005550132", "US"),
            ("+1000123", "US"),
            ("+79161234567", "RU"),
            ("+77012345678", "KZ"),
            ("+447400123456", "GB"),
            ("+442071234567", "GB"),
            ("+447781123456", "GG"),
            ("+447797712345", "JE"),
            ("+447624123456", "IM"),
            ("+390669812345", "VA"),
            ("+393331234567", "IT"),
            ("+4741234567", "NO"),
            ("+4779123456", "SJ"),
            ("+61412345678", "AU"),
            ("+61891641234", "CX"),
            ("+61891621234", "CC"),
            ("+212650123456", "MA"),
            ("+262692123456", "RE"),
            ("+262639012345", "YT"),
            ("+2908123", "TA"),
            ("+358412345678", "FI"),
            ("+358181234567", "AX"),
            ("+590690001234", "GP"),
            ("+5993181234", "BQ"),
            ("+59995181234", "CW"),
            ("+38344123456", "XK"),
        ];
        for (number, wanted) in cases {
            assert_eq!(country(number).map(Country::letters), wanted.parse().ok().map(Country::letters), "{number}");
        }
        for none in [
            "",
            "+",
            "+3000000000000000",
            "+0",
            "+49171x",
            "++491711234567",
            "01711234567",
            "a@b.de",
            "1@lid",
            "DE.shop",
        ] {
            assert_eq!(country(none), None, "{none}");
        }
    }

    #[test]
    fn countries_are_two_letters() {
        assert_eq!("de".parse::<Country>().unwrap().to_string(), "DE");
        assert_eq!(format!("[{:>3}]", "AT".parse::<Country>().unwrap()), "[ AT]");
        for wrong in ["", "D", "DEU", "D1", "ä", "49"] {
            assert_eq!(wrong.parse::<Country>(), Err(NotACountry(wrong.to_owned())));
        }
    }

    #[test]
    fn lengths_of_calling_codes_are_those_of_the_metadata() {
        for code in DATABASE.iter().map(Metadata::country_code) {
            let digits = format!("{code}123456789");
            assert_eq!(code_length(digits.as_bytes()), code.to_string().len(), "{code}");
        }
    }

    #[test]
    fn no_country_with_a_trunk_zero_has_numbers_that_begin_with_zero() {
        for region in DATABASE.iter().filter(|region| region.national_prefix() == Some("0")) {
            for kind in [phonenumber::Type::Unknown, phonenumber::Type::FixedLine, phonenumber::Type::Mobile] {
                let example = region.descriptors().get(kind).and_then(Descriptor::example);
                assert!(!example.is_some_and(|number| number.starts_with('0')), "{}", region.id());
            }
        }
    }

    #[test]
    fn example_numbers_of_every_country_keep_their_country_and_are_completed_in_it() {
        let (mut all, mut wrong) = (0, Vec::new());
        for region in DATABASE.iter().filter(|region| region.id() != "001") {
            let kinds = region.descriptors();
            let mobile = kinds.mobile().and_then(Descriptor::example);
            for example in mobile.into_iter().chain(kinds.fixed_line().and_then(Descriptor::example)) {
                let full = format!("+{}{example}", region.country_code());
                let shown = format!("{}{example}", region.national_prefix().unwrap_or_default());
                let read = people(region.id()).canonical(&shown, Hint::Unknown).map(|address| address.text);
                // Short of seven digits it is taken for a short code.
                if shown.len() < 7 {
                    continue;
                }
                all += 1;
                if country(&full).is_none_or(|c| c.as_str() != region.id()) || read.as_ref() != Some(&full) {
                    wrong.push(format!("{} {full} {:?} {read:?}", region.id(), country(&full)));
                }
            }
        }
        assert!(all > 400 && wrong.len() * 33 < all, "{} of {all}: {wrong:#?}", wrong.len());
    }

    #[test]
    fn shapes_for_sniffing() {
        for yes in [
            "+491711234567",
            "0171/123 45-67",
            "(030) 1234567",
            "491711234567",
            "\u{202A}+49 171 1234567\u{202C}",
            "+49\u{A0}171\u{2011}1234567",
            " 1234567 ",
        ] {
            assert!(looks_like_phone(yes.as_bytes()) && looks_like_address(yes.as_bytes()), "{yes}");
        }
        for no in [
            "",
            "+",
            "123456",
            "1234567890123456",
            "12:34:56.789",
            "-1001234567890",
            "4.91711E+11",
            "Anna",
            "+49171x1234567",
            "49+1711234567",
            "2019-12-07T10:00:00Z",
            "12345,67",
            "\u{20AC}1234567",
        ] {
            assert!(!looks_like_phone(no.as_bytes()) && !looks_like_address(no.as_bytes()), "{no}");
        }
        for yes in [
            "whatsapp:+491711234567",
            "'+491711234567",
            "=\"+491711234567\"",
            "49171@s.whatsapp.net",
            "1@lid",
            "status@broadcast",
            "a.b@example.de",
            "DE.13491208655302741918",
        ] {
            assert!(looks_like_address(yes.as_bytes()) && !looks_like_phone(yes.as_bytes()), "{yes}");
        }
        assert!(
            !looks_like_phone(b"\xFF\xFE+491711234567") && !looks_like_address(b"a@b") && !looks_like_address(b"@x.de")
        );
    }

    fn check(raw: &str, home: &str) -> Result<(), TestCaseError> {
        let _ = (looks_like_phone(raw.as_bytes()), looks_like_address(raw.as_bytes()), country(raw));
        for hint in [Hint::Unknown, Hint::International] {
            let Some(once) = people(home).canonical(raw, hint) else { continue };
            let twice = people(home).canonical(&once.text, hint);
            let twice = twice.map(|address| (address.text, address.kind));
            prop_assert_eq!(twice, Some((once.text.clone(), once.kind)), "{:?} in {}", raw, home);
            prop_assert_eq!(once.text.trim(), &once.text);
            let of = country(&once.text);
            prop_assert!(of.is_none() || matches!(once.kind, Phone | Bsuid));
        }
        Ok(())
    }

    fn home() -> impl Strategy<Value = &'static str> {
        let mut ids: Vec<&'static str> = DATABASE.iter().map(Metadata::id).filter(|id| *id != "001").collect();
        ids.extend(["", "XX"].repeat(20));
        ids.sort_unstable();
        proptest::sample::select(ids)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]

        #[test]
        fn twice_is_once_for_digits(raw in "(\\+|00|0|8|)[0-9]{1,17}", home in home()) {
            check(&raw, home)?;
        }

        #[test]
        fn twice_is_once_for_things_like_numbers(raw in "['=\"+(]{0,3}[0-9]{0,3}[-0-9 ().,/+eE]{0,14}[0-9'\">]{0,3}", home in home()) {
            check(&raw, home)?;
        }

        #[test]
        fn twice_is_once_for_things_with_an_at(
            raw in "(tel:|mailto:|<|'=)?[A-Za-z0-9+._:@<;=-]{0,12}@(s\\.whatsapp\\.net|c\\.us|g\\.us|broadcast|lid|[A-Za-z.0-9İΣ-]{1,8})[>.'\"]{0,2}",
            home in home(),
        ) {
            check(&raw, home)?;
        }

        #[test]
        fn twice_is_once_for_anything(raw in any::<String>()) {
            check(&raw, "DE")?;
        }

        #[test]
        fn sniffing_takes_any_bytes(raw in any::<Vec<u8>>()) {
            let _ = (looks_like_phone(&raw), looks_like_address(&raw));
        }

        #[test]
        fn digits_are_never_invented(raw in "[0-9]{1,2}[.,][0-9]{1,12}E\\+[0-9]{1,2}") {
            let address = people("").canonical(&raw, Hint::Unknown).unwrap();
            let shown = raw.split('E').next().unwrap().bytes().filter(u8::is_ascii_digit).count();
            prop_assert!(address.text == raw || address.text.trim_start_matches('+').len() <= shown);
        }
    }

    /// Run alone, in release: `cargo test --release people -- --ignored --nocapture`.
    #[test]
    #[ignore = "a measurement"]
    #[allow(clippy::print_stdout)]
    fn speed() {
        let cases = [
            ("fast path", "+491711234567", ""),
            ("marks", "\u{202A}+49 171 1234567\u{202C}", ""),
            ("wa_id form", "491711234567", ""),
            ("digits, home DE", "491711234567", "DE"),
            ("AT digits, home DE", "436641234567", "DE"),
            ("national, home DE", "01711234567", "DE"),
            ("lost zero, home DE", "1711234567", "DE"),
            ("landline, home DE", "3012345678", "DE"),
            ("Italian landline", "+390612345678", ""),
            ("JID", "491711234567@s.whatsapp.net", ""),
            ("e-mail", "anna@example.de", ""),
            ("name", "Anna Müller", "DE"),
            ("US", "4155550132", "US"),
        ];
        let time = |run: &dyn Fn()| {
            run();
            (0..5)
                .map(|_| {
                    let start = std::time::Instant::now();
                    (0..20_000).for_each(|_| run());
                    start.elapsed().as_nanos() / 20_000
                })
                .min()
                .unwrap()
        };
        for (what, raw, home) in cases {
            let people = people(home);
            let run = || drop(std::hint::black_box(people.canonical(std::hint::black_box(raw), Hint::Unknown)));
            println!("canonical {what:<20} {:>6} ns", time(&run));
        }
        let run = || {
            drop(std::hint::black_box(people("").canonical(std::hint::black_box("491711234567"), Hint::International)))
        };
        println!("canonical wa_id, hinted        {:>6} ns", time(&run));
        for number in ["+491711234567", "+12125550132", "+14165550132", "+447400123456", "+61412345678", "+79161234567"]
        {
            let run = || {
                std::hint::black_box(country(std::hint::black_box(number)));
            };
            println!("country   {number:<20} {:>6} ns", time(&run));
        }
        let run = || {
            std::hint::black_box(looks_like_phone(std::hint::black_box(b"+49 171 1234567")));
        };
        println!("looks_like_phone {:>6} ns", time(&run));
    }
}
