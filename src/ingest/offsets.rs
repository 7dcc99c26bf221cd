//! Maps places in decoded text back to bytes of the file, so that a record can be found where it really lies.
//! Only files that had to be decoded as a whole need it (UTF-16, chats in one-byte encodings).
//! Places must be asked for in ascending order, as readers find them.

/// How many bytes of the file one piece of decoded text takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Two bytes for each UTF-16 code unit, after a mark of `mark` bytes.
    Utf16 {
        /// Bytes of the byte-order mark.
        mark: u64,
    },
    /// One byte for each character.
    OneByte,
}

/// See the module.
#[derive(Debug)]
pub struct Offsets<'t> {
    text: &'t str,
    width: Width,
    at: usize,
    bytes: u64,
}

impl<'t> Offsets<'t> {
    /// Offsets of a decoded text.
    #[must_use]
    pub fn new(text: &'t str, width: Width) -> Self {
        let bytes = if let Width::Utf16 { mark } = width { mark } else { 0 };
        Self { text, width, at: 0, bytes }
    }

    /// Offset in the file of the byte `at` of the text.
    pub fn of(&mut self, at: u64) -> u64 {
        let at = (at as usize).min(self.text.len());
        let between = self.text.get(self.at..at).unwrap_or("");
        self.bytes += match self.width {
            Width::Utf16 { .. } => between.encode_utf16().count() as u64 * 2,
            Width::OneByte => between.chars().count() as u64,
        };
        self.at = self.at.max(at);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_places_count_code_units() {
        let text = "aé𝄞b";
        let mut offsets = Offsets::new(text, Width::Utf16 { mark: 2 });
        assert_eq!(offsets.of(0), 2);
        assert_eq!(offsets.of(text.find('b').expect("b") as u64), 2 + 2 + 2 + 4);
        let mut offsets = Offsets::new("äö,x", Width::OneByte);
        assert_eq!(offsets.of(5), 3);
    }
}
