//! What a signature, a hash or a sealed text was made for.

/// A domain label: no signature, hash or sealed text made under one label is valid under another.
///
/// 1 to 255 printable ASCII characters, the first of them not a space. By custom
/// `chinwag/THING/VERSION`: the version changes with the bytes that the label stands before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Label(&'static str);

impl Label {
    /// Names a domain, for a `const`: a label that breaks the rules then does not compile.
    ///
    /// ```
    /// # use chinwag_crypto::Label;
    /// const ENTRY: Label = Label::new("chinwag/entry/1");
    /// ```
    ///
    /// ```compile_fail
    /// # use chinwag_crypto::Label;
    /// const TOO_SHORT: Label = Label::new("");
    /// ```
    pub const fn new(label: &'static str) -> Self {
        assert!(
            is_fit(label.as_bytes()),
            "a label is 1 to 255 printable ASCII characters and does not begin with a space"
        );
        Self(label)
    }

    /// As it was written.
    pub const fn as_str(&self) -> &'static str {
        self.0
    }
}

/// The length fits into the byte that stands before the label in what is signed. A space in front
/// is kept out because TLS 1.3 signs texts that begin with 64 of them, with the same keys.
const fn is_fit(label: &[u8]) -> bool {
    matches!(label, [b'!'..=b'~', rest @ ..] if rest.len() < 255 && is_printable(rest))
}

const fn is_printable(mut bytes: &[u8]) -> bool {
    while let [b' '..=b'~', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_printable_and_neither_empty_nor_long_nor_begun_with_a_space() {
        assert!(is_fit(b"chinwag/entry/1"));
        assert!(is_fit(b"a b"));
        assert!(is_fit(&[b'a'; 255]));
        for unfit in [&b""[..], b" a", b"a\n", b"a\x7f", "ä".as_bytes(), &[b'a'; 256]] {
            assert!(!is_fit(unfit), "{unfit:?}");
        }
    }
}
