//! Cryptographic hashes of files, records and outputs, keyed hashes of addresses, and hex.
//! The one place that knows whose code computes them: `ring`, which is quick on processors without instructions for it too.
//! Hashes that only tell things apart in memory are xxh3's and stand where they are used.

use ring::digest::{self, Context};
use ring::hmac;

/// A SHA-256 (FIPS 180-4) of bytes that come one after another.
#[derive(Clone)]
pub struct Sha256(Context);

impl Sha256 {
    /// Bytes of a digest.
    pub const BYTES: usize = 32;

    /// Of nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self(Context::new(&digest::SHA256))
    }

    /// More bytes.
    pub fn update(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.update(bytes.as_ref());
    }

    /// The digest of all that came.
    #[must_use]
    pub fn finalize(self) -> [u8; Self::BYTES] {
        whole(self.0.finish().as_ref())
    }

    /// The digest of these bytes.
    #[must_use]
    pub fn digest(bytes: impl AsRef<[u8]>) -> [u8; Self::BYTES] {
        whole(digest::digest(&digest::SHA256, bytes.as_ref()).as_ref())
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Sha256 {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sha256(…)")
    }
}

/// SHA-384 (FIPS 180-4) as hex digits; timestamps may be of it.
#[must_use]
pub fn sha384(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA384, bytes).as_ref())
}

/// SHA-512 (FIPS 180-4) as hex digits; timestamps may be of it.
#[must_use]
pub fn sha512(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA512, bytes).as_ref())
}

/// HMAC-SHA-256 (RFC 2104) of some parts, one after another, under a key.
#[must_use]
pub fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; Sha256::BYTES] {
    let mut keyed = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    parts.iter().for_each(|part| keyed.update(part));
    whole(keyed.sign().as_ref())
}

/// Bytes as hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let digit = |value: u8| DIGITS.get(usize::from(value)).copied().unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A digest in its own length, which that of its algorithm is.
fn whole(digest: &[u8]) -> [u8; Sha256::BYTES] {
    let mut bytes = [0; Sha256::BYTES];
    bytes.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = *byte);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4 examples, and RFC 4231 test cases 2 and 6.
    #[test]
    fn published_values_come_out() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&Sha256::digest("abc")), abc);
        let mut parts = Sha256::new();
        ["a", "", "bc"].into_iter().for_each(|part| parts.update(part));
        assert_eq!(hex(&parts.finalize()), abc);
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex(&Sha256::default().finalize()), nothing);
        assert!(sha384(b"abc").starts_with("cb00753f45a35e8bb5a03d699ac65007"));
        assert!(sha512(b"abc").starts_with("ddaf35a193617abacc417349ae204131"));
        let what = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(hex(&what), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
        let long = hmac_sha256(&[0xAA; 131], &[b"Test Using Larger Than Block-Size Key - Hash Key First"]);
        assert_eq!(hex(&long), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    }

    #[test]
    fn another_implementation_gives_the_same() {
        use sha2::Digest;
        for length in [0, 1, 55, 56, 63, 64, 65, 127, 128, 1000, 8191] {
            let bytes: Vec<u8> = (0..length).map(|at: u32| (at * 31 % 251) as u8).collect();
            assert_eq!(Sha256::digest(&bytes).as_slice(), sha2::Sha256::digest(&bytes).as_slice(), "{length}");
        }
    }
}
