//! Any bytes as a sealed text.
//!
//! The input is opened as it is. One that is too short for that also says how a good sealed text is
//! altered: two bytes of a place and one of a change, again and again.
//!
//! What must hold: no panic; nothing opens that was not sealed for this key; what was sealed opens
//! exactly when nothing in it changed.

use std::sync::LazyLock;

use chinwag_crypto::{CannotOpen, Label, SEAL_OVERHEAD, SealKey, Secret, open, seal};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const LABEL: Label = Label::new("chinwag/fuzz/1");
const PLAINTEXT: &[u8] = b"a bundle of entries";

static KEY: LazyLock<SealKey> = LazyLock::new(|| SealKey::from_seed(&Secret::new([1; 32])));
static SEALED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    seal(&mut rng, &KEY.public(), LABEL, b"for", PLAINTEXT).unwrap()
});

/// Panics when it does not hold for this input.
pub fn check(input: &[u8]) {
    as_it_is(input);
    // To open takes long, so one input is not opened twice.
    if input.len() < SEAL_OVERHEAD {
        altered(input);
    }
}

fn as_it_is(input: &[u8]) {
    if input != SEALED.as_slice() {
        assert_eq!(open(&KEY, LABEL, b"for", input), Err(CannotOpen));
    }
}

fn altered(input: &[u8]) {
    let mut sealed = SEALED.clone();
    let (changes, cut) = input.as_chunks::<3>();
    for &[high, low, change] in changes {
        let place = usize::from(u16::from_be_bytes([high, low])) % sealed.len();
        sealed[place] ^= change;
    }
    // What is left over of the input is cut off the end.
    sealed.truncate(sealed.len() - cut.len());
    let expected = if sealed == *SEALED { Ok(PLAINTEXT.to_vec()) } else { Err(CannotOpen) };
    assert_eq!(open(&KEY, LABEL, b"for", &sealed), expected);
}
