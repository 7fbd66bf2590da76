//! Vectors that others published, as far as they can be put through this crate's front door.

use chinwag_crypto::{
    Label, RecoveryWords, SEAL_OVERHEAD, SEAL_PUBLIC_LEN, SealKey, SealPublic, Secret, Signature,
    SigningKey, hash, open, seal,
};
use ed25519_dalek::Signer;
use serde_json::Value;

use crate::harness::{Given, array, bytes, cases, unhex};

/// RFC 8032 section 7.1, tests 1, 2, 3 and SHA(abc): seed, public key, message, signature.
const RFC_8032: [[&str; 4]; 4] = [
    [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ],
    [
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ],
    [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ],
    [
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ],
];

/// BLAKE3's test vectors, mode `derive_key`: length of the input, hash.
const BLAKE3: [(usize, &str); 8] = [
    (0, "2cc39783c223154fea8dfb7c1b1660f2ac2dcbd1c1de8277b0b0dd39b7e50d7d"),
    (1, "b3e2e340a117a499c6cf2398a19ee0d29cca2bb7404c73063382693bf66cb06c"),
    (1_023, "74a16c1c3d44368a86e1ca6df64be6a2f64cce8f09220787450722d85725dea5"),
    (1_024, "7356cd7720d5b66b6d0697eb3177d9f8d73a4a5c5e968896eb6a689684302706"),
    (1_025, "effaa245f065fbf82ac186839a249707c3bddf6d3fdda22d1b95a3c970379bcb"),
    (2_048, "7b2945cb4fef70885cc5d78a87bf6f6207dd901ff239201351ffac04e1088a23"),
    (5_121, "b07f01e518e702f7ccb44a267e9e112d403a7b3f4883a47ffbed4b48339b3c34"),
    (7_169, "554b0a5efea9ef183f2f9b931b7497995d9eb26f5c5c6dad2b97d62fc5ac31d9"),
];

const BLAKE3_CONTEXT: Label = Label::new("BLAKE3 2019-12-27 16:29:52 test vectors context");

/// BIP39's test vectors by Trezor, those of 24 words: entropy, words.
const BIP39: [(&str, &str); 8] = [
    (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art",
    ),
    (
        "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
        "legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title",
    ),
    (
        "8080808080808080808080808080808080808080808080808080808080808080",
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic avoid letter advice cage absurd amount doctor acoustic bless",
    ),
    (
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote",
    ),
    (
        "68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
        "hamster diagram private dutch cause delay private meat slide toddler razor book happy fancy gospel tennis maple dilemma loan word shrug inflict delay length",
    ),
    (
        "9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863",
        "panda eyebrow bullet gorilla call smoke muffin taste mesh discover soft ostrich alcohol speed nation flash devote level hobby quick inner drive ghost inside",
    ),
    (
        "066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad",
        "all hour make first leader extend hole alien behind guard gospel lava path output census museum junior mass reopen famous sing advance salt reform",
    ),
    (
        "f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
        "void come effort suffer camp survey warrior heavy shoot primary clutch crush open amazing screen patrol group space point ten exist slush involve unfold",
    ),
];

fn secret(digits: &str) -> Secret<32> {
    Secret::new(unhex(digits).try_into().unwrap())
}

/// With a label before each message the vectors cannot come out of our own `sign`. So the key is
/// ours, the signature is the one below it, and a second test holds the two together.
#[test]
fn keys_and_signatures_are_those_of_rfc_8032() {
    for [seed, public, message, signature] in RFC_8032 {
        let key = SigningKey::from_seed(&secret(seed));
        assert_eq!(key.public().as_bytes(), &*unhex(public));
        let below = ed25519_dalek::SigningKey::from_bytes(key.seed().expose());
        assert_eq!(below.sign(&unhex(message)).to_bytes(), *unhex(signature));
    }
}

#[test]
fn what_is_signed_is_the_length_of_the_label_the_label_and_the_message() {
    for [seed, _, message, _] in RFC_8032 {
        let (key, message) = (SigningKey::from_seed(&secret(seed)), unhex(message));
        let below = ed25519_dalek::SigningKey::from_bytes(key.seed().expose());
        let labelled = [b"\x0fchinwag/entry/1", &*message].concat();
        assert_eq!(
            key.sign(Label::new("chinwag/entry/1"), &message),
            Signature::from_bytes(&below.sign(&labelled).to_bytes())
        );
    }
}

#[test]
fn hashes_are_those_of_blake3_in_the_mode_derive_key() {
    for (length, expected) in BLAKE3 {
        let input: Vec<u8> = (0..251).cycle().take(length).collect();
        assert_eq!(hash(BLAKE3_CONTEXT, &input).to_hex(), expected, "{length} bytes");
    }
}

#[test]
fn words_are_those_of_bip39() {
    for (entropy, words) in BIP39 {
        assert!(RecoveryWords::from_seed(&secret(entropy)).words().eq(words.split(' ')));
        assert_eq!(RecoveryWords::parse(words).unwrap().seed(), secret(entropy));
    }
}

#[test]
fn sealing_keys_and_encapsulations_are_those_of_the_x_wing_draft() {
    let file: Value = serde_json::from_str(include_str!("../../testdata/xwing.json")).unwrap();
    for case in cases(&file, "cases") {
        let public = SealKey::from_seed(&Secret::new(array(case, "seed"))).public();
        assert_eq!(public.as_bytes(), bytes(case, "public"));
        let mut randomness = Given(bytes(case, "randomness"));
        let sealed = seal(&mut randomness, &public, Label::new("any"), b"", b"").unwrap();
        assert!(sealed.starts_with(&bytes(case, "encapsulated")));
        assert!(randomness.0.is_empty(), "sealing draws all 64 bytes");
    }
}

#[test]
fn sealed_texts_are_those_of_the_hpke_draft() {
    let case: Value = serde_json::from_str(include_str!("../../testdata/hpke.json")).unwrap();
    let info = Label::new(String::from_utf8(bytes(&case, "info")).unwrap().leak());
    let [associated, plaintext] = ["associated", "plaintext"].map(|field| bytes(&case, field));
    let sealed = [bytes(&case, "encapsulated"), bytes(&case, "ciphertext")].concat();

    let key = SealKey::from_seed(&Secret::new(array(&case, "private")));
    assert_eq!(open(&key, info, &associated, &sealed).as_ref(), Ok(&plaintext));

    let public = SealPublic::from_bytes(&bytes(&case, "public")).unwrap();
    assert_eq!(key.public(), public);
    let mut randomness = Given(bytes(&case, "randomness"));
    assert_eq!(seal(&mut randomness, &public, info, &associated, &plaintext), Ok(sealed));
}

#[test]
fn lengths_are_those_of_the_document() {
    assert_eq!(SEAL_PUBLIC_LEN, 1_216);
    assert_eq!(SEAL_OVERHEAD, 1_136);
}
