//! Reads DER, the encoding of time stamps and certificates: tag, length, body, one element after another.
//! Only what RFC 3161 needs; lengths of one byte tags, no indefinite lengths (those are BER, and told as such).
//! What elements mean is known in `timestamp.rs`.

/// Tags that time stamps are made of.
pub mod tag {
    /// `INTEGER`.
    pub const INTEGER: u8 = 0x02;
    /// `OCTET STRING`.
    pub const OCTETS: u8 = 0x04;
    /// `OBJECT IDENTIFIER`.
    pub const OID: u8 = 0x06;
    /// `GeneralizedTime`.
    pub const TIME: u8 = 0x18;
    /// `SEQUENCE`.
    pub const SEQUENCE: u8 = 0x30;
    /// `SET`.
    pub const SET: u8 = 0x31;
    /// `[0]`, constructed.
    pub const CONTEXT_0: u8 = 0xA0;
    /// `[4]`, constructed.
    pub const CONTEXT_4: u8 = 0xA4;
}

/// Why bytes are no DER of the form that is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DerError {
    /// The bytes end within an element.
    #[error("it ends within an element")]
    Short,
    /// BER.
    #[error("it uses indefinite lengths (BER), which this program does not read")]
    Indefinite,
    /// A tag of more than one byte, or a length that no file has.
    #[error("it holds an element that is no part of a time stamp")]
    Strange,
    /// Another element than expected.
    #[error("it holds tag {found:#04x} where {expected:#04x} belongs")]
    Unexpected {
        /// The tag that belongs there.
        expected: u8,
        /// The tag that stands there.
        found: u8,
    },
    /// Nothing where an element belongs.
    #[error("an element is missing (tag {0:#04x})")]
    Missing(u8),
}

/// An element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its tag.
    pub tag: u8,
    /// Its body.
    pub body: &'a [u8],
    /// All of it.
    pub whole: &'a [u8],
}

/// Elements one after another.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of some bytes.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The tag of the next element; `None` at the end.
    #[must_use]
    pub fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next element, whatever it is; `None` at the end.
    ///
    /// # Errors
    /// When it is none.
    pub fn element(&mut self) -> Result<Option<Element<'a>>, DerError> {
        let bytes = self.0;
        let Some(tag) = self.peek() else { return Ok(None) };
        // Tags of several bytes are not used in what we read.
        if tag & 0x1F == 0x1F {
            return Err(DerError::Strange);
        }
        let (header, length) = match *bytes.get(1).ok_or(DerError::Short)? {
            short @ 0..=0x7F => (2, usize::from(short)),
            0x80 => return Err(DerError::Indefinite),
            long @ 0x81..=0x84 => {
                let digits = bytes.get(2..2 + usize::from(long & 0x0F)).ok_or(DerError::Short)?;
                (2 + digits.len(), digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)))
            }
            _ => return Err(DerError::Strange),
        };
        let end = header.checked_add(length).ok_or(DerError::Strange)?;
        let (whole, rest) = bytes.split_at_checked(end).ok_or(DerError::Short)?;
        self.0 = rest;
        Ok(Some(Element { tag, body: whole.get(header..).unwrap_or_default(), whole }))
    }

    /// The next element, which must have this tag.
    ///
    /// # Errors
    /// When it has not.
    pub fn expect(&mut self, expected: u8) -> Result<Element<'a>, DerError> {
        match self.element()? {
            Some(element) if element.tag == expected => Ok(element),
            Some(element) => Err(DerError::Unexpected { expected, found: element.tag }),
            None => Err(DerError::Missing(expected)),
        }
    }

    /// The elements inside the next one, which must have this tag.
    ///
    /// # Errors
    /// When it has not.
    pub fn enter(&mut self, expected: u8) -> Result<Self, DerError> {
        Ok(Self(self.expect(expected)?.body))
    }

    /// The next element if it has this tag.
    ///
    /// # Errors
    /// When what stands there is no element.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, DerError> {
        if self.peek() == Some(tag) { self.element() } else { Ok(None) }
    }
}

/// An object identifier with dots; digits too large for any real one are cut off.
#[must_use]
pub fn dotted(body: &[u8]) -> String {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0_u64;
    for byte in body {
        number = number.saturating_mul(128) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - first * 40]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// A small unsigned number; `None` where it is none.
#[must_use]
pub fn number(body: &[u8]) -> Option<u64> {
    let digits = body.iter().skip_while(|byte| **byte == 0).count();
    (digits <= 7 && !body.is_empty()).then(|| body.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_and_damage_is_told() {
        let mut reader = Reader::new(&[0x30, 3, 2, 1, 5, 4, 0]);
        let mut inner = reader.enter(tag::SEQUENCE).expect("a sequence");
        assert_eq!(inner.expect(tag::INTEGER).map(|element| number(element.body)), Ok(Some(5)));
        assert_eq!(inner.element(), Ok(None));
        assert_eq!(reader.optional(tag::INTEGER), Ok(None));
        assert_eq!(reader.expect(tag::OCTETS).map(|element| element.body), Ok(&[][..]));
        assert_eq!(reader.expect(tag::OCTETS), Err(DerError::Missing(4)));
        assert_eq!(Reader::new(&[0x30, 0x80, 0, 0]).element(), Err(DerError::Indefinite));
        assert_eq!(Reader::new(&[0x30, 5, 0]).element(), Err(DerError::Short));
        assert_eq!(Reader::new(&[0x30, 0x84, 255, 255, 255, 255]).element(), Err(DerError::Short));
        assert_eq!(Reader::new(&[0x1F, 0x81, 0]).element(), Err(DerError::Strange));
        assert_eq!(dotted(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1]), "2.16.840.1.101.3.4.2.1");
        assert_eq!(dotted(&[0x2A, 0x86, 0x48]), "1.2.840");
        let long = [[0x04, 0x82, 1, 0].as_slice(), &[7; 256]].concat();
        assert_eq!(Reader::new(&long).expect(tag::OCTETS).map(|element| element.body.len()), Ok(256));
    }
}
