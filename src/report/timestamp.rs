//! Time stamps by RFC 3161: the request for one over the manifest, and what an authority's answer says.
//! The request holds no nonce, so that the same report has the same request. Nothing is sent anywhere.
//! The answer's statements are read and its hash compared; its signature and certificates are not checked here.

pub mod der;

use self::der::{DerError, Reader, dotted, number, tag};

use crate::hash::{Sha256, hex, sha384, sha512};

/// The request, in a report folder.
pub const REQUEST: &str = "manifest.tsq";
/// The answer, where somebody put it beside.
pub const ANSWER: &str = "manifest.tsr";

/// `TimeStampReq` up to the hash: version 1, SHA-256 without parameters but NULL, an octet string of 32 bytes follows.
const REQUEST_HEAD: [u8; 24] = [
    0x30, 0x39, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
    0x01, 0x05, 0x00, 0x04, 0x20,
];
/// `certReq TRUE`: the answer shall hold the certificate of who signed it.
const REQUEST_TAIL: [u8; 3] = [0x01, 0x01, 0xFF];

const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
const TIME_STAMP_INFO: &str = "1.2.840.113549.1.9.16.1.4";

/// A request for a time stamp over some bytes.
#[must_use]
pub fn request(bytes: &[u8]) -> Vec<u8> {
    [REQUEST_HEAD.as_slice(), &Sha256::digest(bytes), &REQUEST_TAIL].concat()
}

/// Why an answer says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// It is damaged, or something else.
    #[error("it is no time stamp that can be read: {0}")]
    Der(#[from] DerError),
    /// It is something else in the same encoding.
    #[error("it is no time stamp: it holds {0}")]
    Other(String),
    /// Its time is none.
    #[error("its time `{0}` is none")]
    Time(String),
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Answer {
    /// What the authority decided, in words.
    pub status: String,
    /// Whether it granted the stamp.
    pub granted: bool,
    /// The stamp, where there is one.
    pub stamp: Option<Stamp>,
}

/// A stamp.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Stamp {
    /// The time it names, RFC 3339.
    pub time: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// Policy of the authority, with dots.
    pub policy: String,
    /// Algorithm of the hash.
    pub algorithm: String,
    /// The hash it stamps, hexadecimal.
    pub hash: String,
    /// Who signed, as the certificate or the stamp itself names them; not checked.
    pub signer: String,
}

impl Stamp {
    /// Whether it is over these bytes; `None` where its algorithm is not known here.
    #[must_use]
    pub fn is_over(&self, bytes: &[u8]) -> Option<bool> {
        let hash = match self.algorithm.as_str() {
            "SHA-256" => hex(&Sha256::digest(bytes)),
            "SHA-384" => sha384(bytes),
            "SHA-512" => sha512(bytes),
            _ => return None,
        };
        Some(hash == self.hash)
    }
}

/// Reads an answer: a `TimeStampResp`, or the bare token of one.
///
/// # Errors
/// When it is neither.
pub fn answer(bytes: &[u8]) -> Result<Answer, AnswerError> {
    let mut whole = Reader::new(bytes);
    let mut outer = whole.enter(tag::SEQUENCE)?;
    if outer.peek() == Some(tag::OID) {
        let stamp = Some(token(outer)?);
        return Ok(Answer { status: "a token without a status".to_owned(), granted: true, stamp });
    }
    let mut decision = outer.enter(tag::SEQUENCE)?;
    let code = number(decision.expect(tag::INTEGER)?.body);
    let mut status = match code {
        Some(0) => "granted",
        Some(1) => "granted with modifications",
        Some(2) => "rejected",
        Some(3) => "waiting",
        Some(4) => "revocation warning",
        Some(5) => "revoked",
        _ => "unknown",
    }
    .to_owned();
    if let Some(texts) = decision.optional(tag::SEQUENCE)? {
        let mut texts = Reader::new(texts.body);
        while let Some(text) = texts.element()? {
            status.push_str(": ");
            status.push_str(&string(text.tag, text.body));
        }
    }
    let granted = matches!(code, Some(0 | 1));
    let stamp = match outer.optional(tag::SEQUENCE)? {
        Some(element) => Some(token(Reader::new(element.body))?),
        None => None,
    };
    Ok(Answer { status, granted, stamp })
}

/// A `ContentInfo` with signed data in it.
fn token(mut content: Reader<'_>) -> Result<Stamp, AnswerError> {
    expect_oid(&mut content, SIGNED_DATA)?;
    let mut signed = content.enter(tag::CONTEXT_0)?.enter(tag::SEQUENCE)?;
    signed.expect(tag::INTEGER)?;
    signed.expect(tag::SET)?;
    let mut held = signed.enter(tag::SEQUENCE)?;
    expect_oid(&mut held, TIME_STAMP_INFO)?;
    let info = held.enter(tag::CONTEXT_0)?.expect(tag::OCTETS)?.body;
    let certificates = signed.optional(tag::CONTEXT_0)?.map(|element| element.body).unwrap_or_default();
    // Lists of revoked certificates.
    signed.optional(tag::CONTEXT_0 | 1)?;
    let signers = signed.expect(tag::SET)?.body;

    let mut info = Reader::new(info).enter(tag::SEQUENCE)?;
    info.expect(tag::INTEGER)?;
    let policy = dotted(info.expect(tag::OID)?.body);
    let mut imprint = info.enter(tag::SEQUENCE)?;
    let algorithm = match dotted(imprint.enter(tag::SEQUENCE)?.expect(tag::OID)?.body).as_str() {
        "2.16.840.1.101.3.4.2.1" => "SHA-256".to_owned(),
        "2.16.840.1.101.3.4.2.2" => "SHA-384".to_owned(),
        "2.16.840.1.101.3.4.2.3" => "SHA-512".to_owned(),
        other => other.to_owned(),
    };
    let hash = hex(imprint.expect(tag::OCTETS)?.body);
    let serial = hex(info.expect(tag::INTEGER)?.body);
    let time = time(info.expect(tag::TIME)?.body)?;
    let mut authority = None;
    while let Some(element) = info.element()? {
        if element.tag == tag::CONTEXT_0 {
            authority = Reader::new(element.body).optional(tag::CONTEXT_4)?.map(|element| element.body);
        }
    }
    let signer = match certificate_name(signers, certificates)? {
        Some(name) => name,
        None => match authority {
            Some(name) => distinguished_name(name)?,
            None => "not named".to_owned(),
        },
    };
    Ok(Stamp { time, serial, policy, algorithm, hash, signer })
}

fn expect_oid(reader: &mut Reader<'_>, wanted: &str) -> Result<(), AnswerError> {
    let found = dotted(reader.expect(tag::OID)?.body);
    if found == wanted { Ok(()) } else { Err(AnswerError::Other(found)) }
}

/// The subject of the certificate that the first signer names by issuer and serial number.
fn certificate_name(signers: &[u8], certificates: &[u8]) -> Result<Option<String>, DerError> {
    let mut signer = Reader::new(signers).enter(tag::SEQUENCE)?;
    signer.expect(tag::INTEGER)?;
    let Some(named) = signer.optional(tag::SEQUENCE)? else { return Ok(None) };
    let mut named = Reader::new(named.body);
    let (issuer, serial) = (named.expect(tag::SEQUENCE)?, named.expect(tag::INTEGER)?);
    let mut certificates = Reader::new(certificates);
    while let Some(certificate) = certificates.element()? {
        // Other forms than certificates may stand among them.
        if certificate.tag != tag::SEQUENCE {
            continue;
        }
        let mut body = Reader::new(certificate.body).enter(tag::SEQUENCE)?;
        body.optional(tag::CONTEXT_0)?;
        let own_serial = body.expect(tag::INTEGER)?;
        body.expect(tag::SEQUENCE)?;
        let own_issuer = body.expect(tag::SEQUENCE)?;
        body.expect(tag::SEQUENCE)?;
        let subject = body.expect(tag::SEQUENCE)?;
        if own_serial.body == serial.body && own_issuer.whole == issuer.whole {
            return distinguished_name(subject.whole).map(Some);
        }
    }
    Ok(None)
}

/// A name as people write it: `CN=…, O=…`.
fn distinguished_name(whole: &[u8]) -> Result<String, DerError> {
    let mut parts = Vec::new();
    let mut sets = Reader::new(whole).enter(tag::SEQUENCE)?;
    while let Some(set) = sets.element()? {
        let mut pairs = Reader::new(set.body);
        while pairs.peek().is_some() {
            let mut pair = pairs.enter(tag::SEQUENCE)?;
            let kind = dotted(pair.expect(tag::OID)?.body);
            let kind = match kind.as_str() {
                "2.5.4.3" => "CN",
                "2.5.4.5" => "serialNumber",
                "2.5.4.6" => "C",
                "2.5.4.7" => "L",
                "2.5.4.8" => "ST",
                "2.5.4.10" => "O",
                "2.5.4.11" => "OU",
                "2.5.4.97" => "organizationIdentifier",
                other => other,
            };
            let value = pair.element()?.ok_or(DerError::Short)?;
            parts.push(format!("{kind}={}", string(value.tag, value.body)));
        }
    }
    Ok(parts.join(", "))
}

/// A string of any of the types that names use.
fn string(tag: u8, body: &[u8]) -> String {
    match tag {
        // BMPString: two bytes each.
        0x1E => {
            let units: Vec<u16> = body.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16_lossy(&units)
        }
        // T61String: in practice Latin-1.
        0x14 => body.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(body).into_owned(),
    }
}

/// `20191207103000.25Z` as RFC 3339.
fn time(body: &[u8]) -> Result<String, AnswerError> {
    let text = String::from_utf8_lossy(body).into_owned();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let shown = format!(
        "{}-{}-{}T{}:{}:{}{}",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(8, 10),
        part(10, 12),
        part(12, 14),
        part(14, text.len())
    );
    match shown.parse::<jiff::Timestamp>() {
        Ok(_) if shown.ends_with('Z') => Ok(shown),
        _ => Err(AnswerError::Time(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let length = u16::try_from(body.len()).expect("short").to_be_bytes();
        [&[tag, 0x82, length[0], length[1]][..], &body].concat()
    }

    fn oid(dots: &str) -> Vec<u8> {
        let body: &[u8] = match dots {
            SIGNED_DATA => &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02],
            TIME_STAMP_INFO => &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x04],
            "sha256" => &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
            "CN" => &[0x55, 0x04, 0x03],
            _ => &[0x2A, 0x03, 0x04],
        };
        element(tag::OID, &[body])
    }

    fn named(name: &str) -> Vec<u8> {
        let pair = element(tag::SEQUENCE, &[&oid("CN"), &element(0x0C, &[name.as_bytes()])]);
        element(tag::SEQUENCE, &[&element(tag::SET, &[&pair])])
    }

    fn stamped(bytes: &[u8]) -> Vec<u8> {
        let int = |value: u8| element(tag::INTEGER, &[&[value]]);
        let seq = |parts: &[&[u8]]| element(tag::SEQUENCE, parts);
        let imprint = seq(&[&seq(&[&oid("sha256")]), &element(tag::OCTETS, &[&Sha256::digest(bytes)])]);
        let time = element(tag::TIME, &[b"20191207103000.25Z"]);
        let info = seq(&[&int(1), &oid("policy"), &imprint, &int(42), &time, &seq(&[&int(1)]), &int(9)]);
        let held = seq(&[&oid(TIME_STAMP_INFO), &element(tag::CONTEXT_0, &[&element(tag::OCTETS, &[&info])])]);
        let (issuer, subject) = (named("Root"), named("Zeitstempel Ä"));
        let other = seq(&[&seq(&[&int(8), &seq(&[]), &issuer, &seq(&[]), &named("Other")])]);
        let certificate =
            seq(&[&seq(&[&element(tag::CONTEXT_0, &[&int(2)]), &int(7), &seq(&[]), &issuer, &seq(&[]), &subject])]);
        let signer = seq(&[&int(1), &seq(&[&issuer, &int(7)])]);
        let signed = seq(&[
            &int(3),
            &element(tag::SET, &[]),
            &held,
            &element(tag::CONTEXT_0, &[&other, &certificate]),
            &element(tag::SET, &[&signer]),
        ]);
        let token = seq(&[&oid(SIGNED_DATA), &element(tag::CONTEXT_0, &[&signed])]);
        seq(&[&seq(&[&int(0)]), &token])
    }

    #[test]
    fn a_request_is_der_of_the_right_form() {
        let bytes = request(b"manifest");
        let mut outer = Reader::new(&bytes).enter(tag::SEQUENCE).expect("a sequence");
        assert_eq!(outer.expect(tag::INTEGER).map(|version| number(version.body)), Ok(Some(1)));
        let mut imprint = outer.enter(tag::SEQUENCE).expect("an imprint");
        let mut algorithm = imprint.enter(tag::SEQUENCE).expect("an algorithm");
        assert_eq!(algorithm.expect(tag::OID).map(|oid| dotted(oid.body)), Ok("2.16.840.1.101.3.4.2.1".to_owned()));
        assert_eq!(imprint.expect(tag::OCTETS).map(|hash| hash.body), Ok(Sha256::digest(b"manifest").as_slice()));
        assert_eq!(outer.element().map(|last| last.map(|last| (last.tag, last.body))), Ok(Some((1, &[0xFF_u8][..]))));
        assert_eq!(outer.element(), Ok(None));
        assert_eq!(request(b"manifest"), bytes);
    }

    #[test]
    fn an_answer_says_when_over_what_and_by_whom() {
        let read = answer(&stamped(b"manifest")).expect("an answer");
        let stamp = read.stamp.clone().expect("a stamp");
        assert!(read.granted && read.status == "granted");
        assert_eq!(stamp.time, "2019-12-07T10:30:00.25Z");
        assert_eq!((stamp.serial.as_str(), stamp.policy.as_str()), ("2a", "1.2.3.4"));
        assert_eq!(stamp.signer, "CN=Zeitstempel Ä");
        assert_eq!((stamp.is_over(b"manifest"), stamp.is_over(b"manifesT")), (Some(true), Some(false)));
    }

    #[test]
    fn no_damage_brings_the_reader_down() {
        let whole = stamped(b"manifest");
        for cut in 0..whole.len() {
            assert!(answer(&whole[..cut]).is_err(), "cut at {cut}");
            let mut flipped = whole.clone();
            flipped[cut] ^= 0x81;
            let _ = answer(&flipped);
        }
        let rejected = element(
            tag::SEQUENCE,
            &[&element(
                tag::SEQUENCE,
                &[&element(tag::INTEGER, &[&[2]]), &element(tag::SEQUENCE, &[&element(0x0C, &[b"bad request"])])],
            )],
        );
        let read = answer(&rejected).expect("an answer");
        assert_eq!((read.granted, read.status.as_str(), read.stamp), (false, "rejected: bad request", None));
    }
}
