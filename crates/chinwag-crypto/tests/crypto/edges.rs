//! Keys and signatures at the edge of what is valid (`testdata/edges.json`).

use chinwag_crypto::{
    BadKey, BadSignature, Label, PublicKey, SEAL_PUBLIC_LEN, SealPublic, Signature, SigningKey,
};
use ed25519_dalek::{Verifier, VerifyingKey};
use serde_json::Value;

use crate::harness::{array, bytes, cases, label, rng, text};

const LABEL: Label = Label::new("chinwag/test/1");

fn file() -> Value {
    serde_json::from_str(include_str!("../../testdata/edges.json")).unwrap()
}

fn verdict(case: &Value) -> Result<(), BadSignature> {
    let key = PublicKey::from_bytes(&array(case, "public")).unwrap();
    let signature = Signature::from_bytes(&array(case, "signature"));
    key.verify(label(case), &bytes(case, "message"), &signature)
}

#[test]
fn keys_of_small_order_in_a_second_encoding_or_off_the_curve_are_refused() {
    for case in cases(&file(), "refused_keys") {
        let expected = match text(case, "reason") {
            "small order" => BadKey::SmallOrder,
            "not canonical" => BadKey::NotCanonical,
            "no point" => BadKey::NotAKey,
            other => panic!("no such reason: {other}"),
        };
        assert_eq!(PublicKey::from_bytes(&array(case, "key")), Err(expected), "{case}");
    }
}

#[test]
fn signatures_with_a_second_form_are_refused() {
    for case in cases(&file(), "refused_signatures") {
        assert_eq!(verdict(case), Err(BadSignature), "{case}");
    }
}

#[test]
fn signatures_that_only_look_odd_are_accepted() {
    for case in cases(&file(), "accepted_signatures") {
        assert_eq!(verdict(case), Ok(()), "{case}");
    }
}

/// Otherwise the file would prove less than it says: this one differs from a good signature only
/// for a strict verifier. Some of the others do only for one that does not multiply by the cofactor.
#[test]
fn a_laxer_verifier_accepts_one_of_those_signatures() {
    let file = file();
    let taken_in = cases(&file, "refused_signatures").iter().filter(|case| {
        let key = VerifyingKey::from_bytes(&array(case, "public")).unwrap();
        let signature = ed25519_dalek::Signature::from_bytes(&array(case, "signature"));
        key.verify(&framed(case), &signature).is_ok()
    });
    let notes: Vec<_> = taken_in.map(|case| text(case, "note")).collect();
    assert_eq!(notes, ["R is of order 1"]);
}

fn framed(case: &Value) -> Vec<u8> {
    let label = text(case, "label");
    let length = u8::try_from(label.len()).unwrap();
    [&[length], label.as_bytes(), &bytes(case, "message")].concat()
}

#[test]
fn the_end_of_the_label_cannot_be_moved_into_the_message() {
    let key = SigningKey::generate(&mut rng());
    let signature = key.sign(Label::new("chinwag/test"), b"/1hello");
    assert_eq!(key.public().verify(LABEL, b"hello", &signature), Err(BadSignature));
}

#[test]
fn a_sealing_key_of_another_length_or_with_unreduced_coefficients_is_refused() {
    for found in [0, SEAL_PUBLIC_LEN - 1, SEAL_PUBLIC_LEN + 1] {
        assert_eq!(SealPublic::from_bytes(&vec![0; found]), Err(BadKey::Length { found }));
    }
    // Every coefficient 4,095, where 3,328 is the greatest that is reduced.
    assert_eq!(SealPublic::from_bytes(&[0xff; SEAL_PUBLIC_LEN]), Err(BadKey::NotAKey));
}
