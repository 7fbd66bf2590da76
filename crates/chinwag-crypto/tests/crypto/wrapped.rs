//! Wrapped keys: that they open by their passphrase and by nothing else, and that no file costs more
//! than the limits say.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use chinwag_crypto::{
    BadPassphrase, BadWrappedKey, CannotUnwrap, PASSPHRASE_MAX, Passphrase, Secret,
    WRAPPED_KEY_LEN, WrapCost, WrappedKey,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::harness::rng;

/// Where the numbers stand: behind the magic and the version.
const MEMORY: usize = 20;
const PASSES: usize = 24;
const LANES: usize = 28;

/// As little as can be: what is tried here is the format.
fn cheap() -> WrapCost {
    WrapCost::new(8, 1, 1).unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes()).unwrap()
}

fn key() -> Secret<32> {
    Secret::new([0xa7; 32])
}

static WRAPPED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    WrappedKey::wrap(&mut rng(), &passphrase("fox"), cheap(), &key()).unwrap().to_bytes()
});

/// The good one with another number at a place.
fn with(number: u32, at: usize) -> Vec<u8> {
    let mut bytes = WRAPPED.clone();
    bytes[at..at + 4].copy_from_slice(&number.to_be_bytes());
    bytes
}

#[test]
fn a_key_opens_by_its_passphrase_and_by_no_other() {
    let wrapped = WrappedKey::from_bytes(&WRAPPED).unwrap();
    assert_eq!(wrapped.unwrap(&passphrase("fox")), Ok(key()));
    for other in ["Fox", "fox ", " fox", "fo", "foxx"] {
        assert_eq!(wrapped.unwrap(&passphrase(other)), Err(CannotUnwrap::Passphrase), "{other}");
    }
}

#[test]
fn the_same_key_is_never_wrapped_twice_alike() {
    let mut rng = rng();
    let [one, other] = [(); 2].map(|()| {
        WrappedKey::wrap(&mut rng, &passphrase("fox"), cheap(), &key()).unwrap().to_bytes()
    });
    assert_ne!(one[LANES + 4..], other[LANES + 4..]);
}

#[test]
fn nothing_of_the_key_stands_in_the_file() {
    assert!(!WRAPPED.windows(2).any(|two| two == [0xa7; 2]));
}

#[test]
fn every_truncation_and_every_further_byte_is_refused_before_anything_is_computed() {
    for length in 0..WRAPPED_KEY_LEN {
        let refused = WrappedKey::from_bytes(&WRAPPED[..length]);
        assert_eq!(refused, Err(BadWrappedKey::Length { found: length }));
    }
    let longer = [&WRAPPED[..], &[0]].concat();
    let found = WRAPPED_KEY_LEN + 1;
    assert_eq!(WrappedKey::from_bytes(&longer), Err(BadWrappedKey::Length { found }));
}

#[test]
fn no_bit_of_it_can_be_changed() {
    for bit in 0..WRAPPED_KEY_LEN * 8 {
        let mut bytes = WRAPPED.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        // What a changed number costs is within the limits, and still more than is to be waited for here.
        let is_dear = |wrapped: &WrappedKey| wrapped.cost().memory_kib() > 1_024;
        match WrappedKey::from_bytes(&bytes) {
            Ok(wrapped) if is_dear(&wrapped) => assert!((MEMORY..PASSES).contains(&(bit / 8))),
            Ok(wrapped) => {
                let opened = wrapped.unwrap(&passphrase("fox"));
                assert_eq!(opened, Err(CannotUnwrap::Passphrase), "bit {bit}");
            }
            Err(error) => assert_ne!(error, BadWrappedKey::Length { found: WRAPPED_KEY_LEN }),
        }
    }
}

#[test]
fn a_number_that_was_changed_to_a_dear_one_does_not_open_either() {
    let wrapped = WrappedKey::from_bytes(&with(8 * 1_024, MEMORY)).unwrap();
    assert_eq!(wrapped.unwrap(&passphrase("fox")), Err(CannotUnwrap::Passphrase));
}

#[test]
fn whoever_asks_for_more_memory_or_time_than_the_limits_is_refused_at_once() {
    let began = Instant::now();
    for (number, at) in [
        (0, MEMORY),
        (7, MEMORY),
        (WrapCost::MEMORY_KIB_MAX + 1, MEMORY),
        (u32::MAX, MEMORY),
        (0, PASSES),
        (WrapCost::PASSES_MAX + 1, PASSES),
        (u32::MAX, PASSES),
        (0, LANES),
        // Two lanes need 16 KiB.
        (2, LANES),
        (WrapCost::LANES_MAX + 1, LANES),
        (u32::MAX, LANES),
    ] {
        let refused = WrappedKey::from_bytes(&with(number, at));
        assert!(matches!(refused, Err(BadWrappedKey::Cost { .. })), "{number} at {at}");
    }
    assert!(began.elapsed() < Duration::from_millis(100));
    let most = WrapCost::MEMORY_KIB_MAX;
    assert!(WrapCost::new(most, 4, 1).is_ok());
    assert!(WrapCost::new(most, 5, 1).is_err(), "both are within their limits, the work is not");
    assert!(WrapCost::new(u32::MAX, u32::MAX, u32::MAX).is_err());
}

#[test]
fn what_is_no_wrapped_key_is_told_by_what_is_wrong_with_it() {
    let mut bytes = WRAPPED.clone();
    bytes[0] = b'C';
    assert_eq!(WrappedKey::from_bytes(&bytes), Err(BadWrappedKey::Magic));
    let mut bytes = WRAPPED.clone();
    bytes[19] = 2;
    let error = WrappedKey::from_bytes(&bytes).unwrap_err();
    assert_eq!(error, BadWrappedKey::Version { found: 2 });
    assert_eq!(
        error.to_string(),
        "this is a wrapped key of version 2, and only version 1 is known"
    );
}

#[test]
fn a_passphrase_has_a_byte_at_least_and_an_end() {
    assert_eq!(Passphrase::new(b""), Err(BadPassphrase::Empty));
    assert!(Passphrase::new(&[b'x'; PASSPHRASE_MAX]).is_ok());
    assert_eq!(Passphrase::new(&[b'x'; PASSPHRASE_MAX + 1]), Err(BadPassphrase::Long));
}

proptest! {
    #[test]
    fn what_was_wrapped_is_read_back_and_opens(
        typed in vec(any::<u8>(), 1..100),
        key: [u8; 32],
        memory_kib in 16u32..200,
        passes in 1u32..3,
        lanes in 1u32..3,
    ) {
        let cost = WrapCost::new(memory_kib, passes, lanes).unwrap();
        let typed = Passphrase::new(&typed).unwrap();
        let wrapped = WrappedKey::wrap(&mut rng(), &typed, cost, &Secret::new(key)).unwrap();
        let read = WrappedKey::from_bytes(&wrapped.to_bytes()).unwrap();
        prop_assert_eq!(&read, &wrapped);
        prop_assert_eq!(read.unwrap(&typed), Ok(Secret::new(key)));
    }

    #[test]
    fn bytes_from_elsewhere_are_refused_or_come_back_as_they_were(
        bytes in vec(any::<u8>(), 0..2 * WRAPPED_KEY_LEN),
    ) {
        let as_one = [&WRAPPED[..MEMORY], &bytes].concat();
        for bytes in [&bytes, &as_one] {
            if let Ok(read) = WrappedKey::from_bytes(bytes) {
                prop_assert_eq!(&read.to_bytes(), bytes);
                prop_assert!(read.cost().memory_kib() <= WrapCost::MEMORY_KIB_MAX);
            }
        }
    }
}
