//! What the crate costs, as a table: `cargo bench -p chinwag-crypto`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use chinwag_crypto::{
    Label, Passphrase, RecoveryWords, SafetyNumber, SealKey, SealPublic, Secret, SigningKey,
    WrapCost, WrappedKey, hash, open, seal,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

const LABEL: Label = Label::new("chinwag/bench/1");

/// How long each line is measured, in rounds of which the median counts.
const ROUNDS: usize = 11;
const ROUND: Duration = Duration::from_millis(50);

fn main() {
    println!("{:<32}{:>12}{:>12}{:>12}", "", "µs each", "a second", "MB/s");
    signing();
    sealing();
    hashing();
    people();
    wrapping();
}

fn signing() {
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let key = SigningKey::generate(&mut rng);
    let public = key.public();
    line("signing key, new", 0, || SigningKey::generate(&mut rng));
    for length in [32, 4_096] {
        let message = sevens(length);
        let signature = key.sign(LABEL, &message);
        line(&format!("sign {length} B"), 0, || key.sign(LABEL, &message));
        line(&format!("verify {length} B"), 0, || public.verify(LABEL, &message, &signature));
    }
}

fn sealing() {
    let mut rng = ChaCha20Rng::from_seed([2; 32]);
    let key = SealKey::generate(&mut rng);
    let public = key.public();
    line("sealing key, new", 0, || SealKey::generate(&mut rng).public());
    line("sealing key, parsed", 0, || SealPublic::from_bytes(public.as_bytes()));
    for length in [1_024, 1_048_576] {
        let plaintext = sevens(length);
        let sealed = seal(&mut rng, &public, LABEL, b"", &plaintext);
        let sealed = sealed.expect("sealed");
        line(&format!("seal {length} B"), length, || {
            seal(&mut rng, &public, LABEL, b"", &plaintext)
        });
        line(&format!("open {length} B"), length, || open(&key, LABEL, b"", &sealed));
    }
}

fn hashing() {
    for length in [64, 1_024, 16_384, 1_048_576] {
        let bytes = sevens(length);
        line(&format!("hash {length} B"), length, || hash(LABEL, &bytes));
    }
}

fn people() {
    let [a, b] = [1, 2].map(|n| SigningKey::from_seed(&Secret::new([n; 32])).public());
    let words = RecoveryWords::from_seed(&Secret::new([1; 32]));
    let typed = words.words().collect::<Vec<_>>().join(" ");
    let mistyped = format!("x{typed}");
    line("safety number", 0, || SafetyNumber::of(&a, &b));
    line("recovery words, read", 0, || RecoveryWords::parse(&typed));
    line("recovery words, mistyped", 0, || RecoveryWords::parse(&mistyped));
}

/// What a person waits for, and what the dearest file costs.
fn wrapping() {
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    let passphrase = Passphrase::new(b"correct horse").expect("a passphrase");
    let dearest = WrapCost::new(WrapCost::MEMORY_KIB_MAX, 4, 1).expect("within the limits");
    for (what, cost) in [("unwrap", WrapCost::USUAL), ("unwrap, the dearest", dearest)] {
        let wrapped = WrappedKey::wrap(&mut rng, &passphrase, cost, &Secret::new([1; 32]));
        let wrapped = wrapped.expect("wrapped");
        line(what, 0, || wrapped.unwrap(&passphrase));
    }
}

fn sevens(length: u32) -> Vec<u8> {
    (0..length).map(|_| 7).collect()
}

/// Measures and prints; `bytes` is how many one call works on, or 0 if a rate says nothing.
fn line<T>(what: &str, bytes: u32, mut work: impl FnMut() -> T) {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round(&mut work)).collect();
    rounds.sort_unstable_by(f64::total_cmp);
    let seconds = rounds[ROUNDS / 2];
    let rate = match bytes {
        0 => String::new(),
        bytes => format!("{:.0}", f64::from(bytes) / seconds / 1e6),
    };
    println!("{what:<32}{:>12.2}{:>12.0}{rate:>12}", seconds * 1e6, 1.0 / seconds);
}

/// Seconds that one call takes on average.
fn round<T>(work: &mut impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    let mut calls = 0;
    while started.elapsed() < ROUND {
        black_box(work());
        calls += 1;
    }
    started.elapsed().as_secs_f64() / f64::from(calls)
}
