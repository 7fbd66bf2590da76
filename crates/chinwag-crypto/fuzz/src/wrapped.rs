//! Any bytes as a wrapped key.
//!
//! The input is read as it is, and once more behind a good beginning. One that is short also says how a
//! good wrapped key is altered: a byte of a place and one of a change, again and again.
//!
//! What must hold: no panic; what is read is written back as it was, and costs no more than the limits;
//! nothing opens that was not wrapped with this passphrase, and what was opens exactly when nothing in
//! it changed.

use std::sync::LazyLock;

use chinwag_crypto::{CannotUnwrap, Passphrase, Secret, WRAPPED_KEY_LEN, WrapCost, WrappedKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// Magic and version.
const BEGINNING: usize = 20;

/// KiB gone through at most for one input: what costs more is read and not opened.
const WORK_KIB_MAX: u32 = 256;

static PASSPHRASE: LazyLock<Passphrase> = LazyLock::new(|| Passphrase::new(b"fox").unwrap());
static WRAPPED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let cost = WrapCost::new(8, 1, 1).unwrap();
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    WrappedKey::wrap(&mut rng, &PASSPHRASE, cost, &Secret::new([2; 32])).unwrap().to_bytes()
});

/// Panics when it does not hold for this input.
pub fn check(input: &[u8]) {
    as_it_is(input);
    as_it_is(&[&WRAPPED[..BEGINNING], input].concat());
    if input.len() < WRAPPED_KEY_LEN - BEGINNING {
        altered(input);
    }
}

fn as_it_is(bytes: &[u8]) {
    let Ok(wrapped) = WrappedKey::from_bytes(bytes) else { return };
    assert_eq!(wrapped.to_bytes(), bytes);
    assert!(WrappedKey::is_meant_by(bytes));
    let cost = wrapped.cost();
    assert_eq!(WrapCost::new(cost.memory_kib(), cost.passes(), cost.lanes()), Ok(cost));
    if cost.memory_kib() * cost.passes() <= WORK_KIB_MAX {
        let expected = if bytes == *WRAPPED {
            Ok(Secret::new([2; 32]))
        } else {
            Err(CannotUnwrap::Passphrase)
        };
        assert_eq!(wrapped.unwrap(&PASSPHRASE), expected);
    }
}

fn altered(input: &[u8]) {
    let mut wrapped = WRAPPED.clone();
    let (changes, cut) = input.as_chunks::<2>();
    for &[place, change] in changes {
        let place = usize::from(place) % wrapped.len();
        wrapped[place] ^= change;
    }
    // What is left over of the input is cut off the end.
    wrapped.truncate(wrapped.len() - cut.len());
    as_it_is(&wrapped);
}
