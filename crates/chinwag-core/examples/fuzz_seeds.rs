//! Writes the seeds of the fuzzer: the files in `fuzz/seeds/`, a folder for each target.
//!
//! ```text
//! cargo run -p chinwag-core --example fuzz_seeds
//! ```
//!
//! Most of them are the known answers in `docs/protocol/vectors/`, the valid ones and those that are
//! refused; what those don't have alone is made here. Nothing in it is random. Files that are in the
//! folders already stay: a finding of the fuzzer is kept beside the seeds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, io};

use chinwag_core::body::{Body, Content, Kind, SALT_LEN, body_hash};
use chinwag_core::bundle::Bundle;
use chinwag_core::entry::{Header, Parents, Place, Seq, sign};
use chinwag_core::fork::Fork;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId, PrekeyId};
use chinwag_core::log::Run;
use chinwag_core::membership::{Action, By, Operation};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::{Range, Ranges};
use chinwag_core::ticket::Address;
use chinwag_core::time::ClaimedTime;
use chinwag_core::wire::codec::Encode;
use chinwag_core::wire::message::Message;
use chinwag_crypto::{Hash, SealKey, Secret, SigningKey};
use data_encoding::HEXLOWER;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::Value;

#[path = "groups/mod.rs"]
mod groups;

/// Longer ones tell a fuzzer nothing more.
const SEED_MAX: usize = 8_192;

fn main() -> io::Result<()> {
    for ((target, name), bytes) in all() {
        let folder = folder().join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

/// Where the files are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds")
}

/// All seeds, by their target and name.
pub(crate) fn all() -> BTreeMap<(&'static str, String), Vec<u8>> {
    let mut seeds = Seeds::default();
    seeds.known_answers();
    seeds.addresses();
    seeds.bundles();
    seeds.forks();
    seeds.frontiers();
    seeds.groups();
    seeds.ids();
    seeds.names();
    seeds.ranges();
    seeds.runs();
    seeds.0
}

#[derive(Default)]
struct Seeds(BTreeMap<(&'static str, String), Vec<u8>>);

impl Seeds {
    fn add(&mut self, target: &'static str, name: &str, bytes: &[u8]) {
        if bytes.len() > SEED_MAX || self.0.iter().any(|(k, v)| k.0 == target && v == bytes) {
            return;
        }
        let name = file_name(name);
        let names = std::iter::once(name.clone()).chain((2..).map(|n| format!("{name}-{n}")));
        let free = names.map(|name| (target, name)).find(|key| !self.0.contains_key(key));
        self.0.insert(free.unwrap(), bytes.to_vec());
    }

    /// A valid encoding, and what comes of it when somebody is careless.
    fn add_with_damage(&mut self, target: &'static str, name: &str, bytes: &[u8]) {
        self.add(target, name, bytes);
        self.add(target, &format!("{name} cut"), &bytes[..bytes.len() * 2 / 3]);
        self.add(target, &format!("{name} and a byte"), &[bytes, &[0]].concat());
        let mut changed = bytes.to_vec();
        if let Some(first) = changed.first_mut() {
            *first ^= 0x80;
        }
        self.add(target, &format!("{name} changed"), &changed);
    }

    fn known_answers(&mut self) {
        let log = vectors("log");
        for body in all_of(&log, &["bodies", "invalid_bodies"]) {
            let kind = u16::try_from(body["kind"].as_u64().unwrap()).unwrap();
            if let Some(bytes) = bytes(body) {
                self.add("body", name(body), &[&kind.to_be_bytes(), bytes.as_slice()].concat());
            }
        }
        self.vectors("header", &log, &["headers", "invalid_headers"]);
        self.vectors("operation", &vectors("identity"), &["operations", "invalid_operations"]);
        let groups = vectors("membership");
        for body in all_of(&groups, &["bodies", "invalid_bodies"]) {
            let bytes = bytes(body).unwrap();
            self.add("body", name(body), &[[0, 7].as_slice(), &bytes].concat());
            self.add("group", name(body), bytes.get(SALT_LEN..).unwrap_or_default());
        }
        for ticket in all_of(&groups, &["tickets", "invalid_tickets"]) {
            self.add("group", name(ticket), ticket["text"].as_str().unwrap().as_bytes());
        }
        self.vectors("message", &vectors("session"), &["messages", "invalid"]);
        let tickets = vectors("ticket");
        self.vectors("ticket", &tickets, &["tickets", "invalid"]);
        for ticket in all_of(&tickets, &["tickets", "pasted", "invalid"]) {
            if let Some(text) = ticket["text"].as_str() {
                self.add("ticket", &format!("{} as text", name(ticket)), text.as_bytes());
            }
        }
    }

    fn vectors(&mut self, target: &'static str, file: &Value, lists: &[&str]) {
        for vector in all_of(file, lists) {
            if let Some(bytes) = bytes(vector) {
                self.add(target, name(vector), &bytes);
            }
        }
    }

    fn addresses(&mut self) {
        let relay = "https://relay.example";
        for (name, address) in [
            ("IPv4", Address::Direct("10.0.0.5:4000".parse().unwrap())),
            ("IPv6", Address::Direct("[2001:db8::1]:4000".parse().unwrap())),
            ("IPv4 in IPv6", Address::Direct("[::ffff:10.0.0.5]:0".parse().unwrap())),
            ("a relay", Address::Relay(relay.to_owned())),
            ("a relay without a URL", Address::Relay(String::new())),
            ("a URL of 200 bytes", Address::Relay(format!("{relay:/<200}"))),
            ("a URL of 201 bytes", Address::Relay(format!("{relay:/<201}"))),
        ] {
            self.add_with_damage("address", name, &address.to_bytes());
        }
        self.add("address", "a URL that is not UTF-8", &[1, 2, 0xc3, 0x28]);
        self.add("address", "an unknown kind", &[2, 0, 0]);
    }

    fn bundles(&mut self) {
        let prekey = SealKey::from_seed(&Secret::new([9; 32])).public();
        let rng = || ChaCha20Rng::from_seed([5; 32]);
        for (name, messages) in [
            ("nothing", vec![]),
            ("a digest", vec![known()]),
            ("a digest and entries", vec![known(), entries(run(&[(Place::First, true)]))]),
        ] {
            let (account, device, to) = (AccountId::new(key(1).public()), author(), device(3));
            let bundle = Bundle { account, device, to, messages };
            let sealed = bundle.seal(&key(2), &prekey, &mut rng()).unwrap();
            self.add("bundle", &format!("{name} sealed"), &sealed);
            let mut signed = bundle.signed(&key(2), PrekeyId::of(&prekey));
            self.add("bundle", &format!("{name} signed and padded"), &signed);
            // The signature is the last that is not padding; a byte of it may be zero as well.
            let padding = signed.iter().rev().take_while(|byte| **byte == 0).count();
            let content = &signed[..signed.len() - padding - 64];
            self.add_with_damage("bundle", &format!("{name} as content"), content);
            *signed.last_mut().unwrap() = 1;
            self.add("bundle", &format!("{name} with padding that is not zero"), &signed);
        }
        self.add("bundle", "only the beginning", b"chinwag bundle\x01");
    }

    fn forks(&mut self) {
        let first = run(&[(Place::First, false)]);
        let other = run(&[(Place::First, true)]);
        let before = EntryId::from_bytes([8; 32]);
        let later = Place::following(Seq::new(9).unwrap(), before).unwrap();
        let linked = run(&[(later, false)]);
        let elsewhere = EntryId::from_bytes([7; 32]);
        let unlinked = run(&[(Place::following(Seq::new(9).unwrap(), elsewhere).unwrap(), false)]);
        for (name, a, b) in
            [("at the first entry", first.clone(), other), ("below two runs", linked, unlinked)]
        {
            let fork = Fork::prove(talk(), author(), a, b).unwrap();
            self.add_with_damage("fork", name, &fork.to_bytes());
            let [a, b] = fork.runs();
            let address = [talk().as_bytes().as_slice(), author().as_bytes()].concat();
            let swapped = [address, b.to_bytes(), a.to_bytes()].concat();
            self.add("fork", &format!("{name} in the other order"), &swapped);
        }
        let address = [talk().as_bytes().as_slice(), author().as_bytes()].concat();
        let same = [address, first.to_bytes(), first.to_bytes()].concat();
        self.add("fork", "none", &same);
    }

    fn frontiers(&mut self) {
        let mut frontier = Frontier::default();
        self.add_with_damage("frontier", "nothing", &frontier.to_bytes());
        frontier.insert(device(3), range(1, 7));
        self.add_with_damage("frontier", "one author", &frontier.to_bytes());
        for n in 0..16 {
            frontier.insert(author(), range(3 * n + 1, 3 * n + 2));
        }
        frontier.insert(device(4), range(5, u64::MAX));
        self.add_with_damage("frontier", "three authors", &frontier.to_bytes());
        frontier.insert(author(), range(100, 100));
        self.add("frontier", "seventeen ranges", &frontier.to_bytes());
        let mut other = Frontier::default();
        other.insert(device(3), range(5, 20));
        let mut less = Frontier::default();
        less.insert(device(3), range(1, 7));
        let two = [less.to_bytes(), other.to_bytes()].concat();
        self.add("frontier", "two frontiers", &two);
    }

    /// What happens in the groups of the protocol page, as the decoders read it.
    fn groups(&mut self) {
        for (name, group) in groups::scenes::all() {
            let mut happened = Vec::new();
            for (at, (header, body)) in group.written.iter().enumerate() {
                let Ok(body) = Body::from_bytes(header.kind, body) else { continue };
                let Content::Membership(operation) = body.content() else { continue };
                let said = with_numbers(operation, &group.written[..at]).to_bytes();
                let device = (0..12).find(|n| groups::device(n / 2, n % 2) == header.author);
                let place = u8::try_from(header.seq().get()).unwrap();
                let rank = u8::try_from(header.rank % 1_000).unwrap();
                happened.extend([device.unwrap(), place, rank]);
                happened.extend(u16::try_from(said.len()).unwrap().to_be_bytes());
                happened.extend(said);
            }
            self.add("group", name, &happened);
        }
    }

    fn ids(&mut self) {
        let one = *author().as_bytes();
        self.add_with_damage("ids", "a key", &one);
        self.add("ids", "two keys", &[one, *device(3).as_bytes()].concat());
        self.add("ids", "a key twice", &[one, one].concat());
        // The neutral point, one of order 2, and one that is not reduced.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let (mut of_order_2, mut not_reduced) = ([0xff; 32], [0xff; 32]);
        (of_order_2[0], of_order_2[31]) = (0xec, 0x7f);
        (not_reduced[0], not_reduced[31]) = (0xf0, 0x7f);
        self.add("ids", "the neutral point", &neutral);
        self.add("ids", "a point of order 2", &of_order_2);
        self.add("ids", "a point that is not reduced", &not_reduced);
        self.add("ids", "zeros", &[0; 32]);
        self.add("ids", "ones", &[0xff; 32]);
    }

    fn names(&mut self) {
        let longest = "x".repeat(64);
        let names = ["Asha", "a", "André \u{301}", "שלום", "👩‍👩‍👧‍👦", &longest];
        let wrong = ["", " a", "a\u{a0}", "a\nb", "\u{7f}", "\u{9f}", "\u{2028}a"];
        for (n, name) in names.into_iter().chain(wrong).enumerate() {
            let len = u8::try_from(name.len()).unwrap();
            self.add("name", &format!("{n:02}"), &[&[len], name.as_bytes()].concat());
            self.add("name", &format!("{n:02} as text"), name.as_bytes());
        }
        self.add("name", "too long", &[[65].as_slice(), &[b'x'; 65]].concat());
        self.add("name", "not UTF-8", &[2, 0xc3, 0x28]);
    }

    fn ranges(&mut self) {
        for (name, bounds) in [
            ("one number", vec![(1, 1)]),
            ("all numbers", vec![(1, u64::MAX)]),
            ("two", vec![(1, 3), (5, 9)]),
            ("the last number", vec![(1, u64::MAX - 2), (u64::MAX, u64::MAX)]),
            ("sixteen", (0..16).map(|n| (3 * n + 1, 3 * n + 2)).collect()),
            ("seventeen", (0..17).map(|n| (3 * n + 1, 3 * n + 2)).collect()),
        ] {
            let ranges: Ranges = bounds.into_iter().map(|(from, to)| range(from, to)).collect();
            self.add_with_damage("ranges", name, &ranges.to_bytes());
        }
        let raw = |bounds: &[(u64, u64)]| {
            let numbers = bounds.iter().flat_map(|(from, to)| [from, to]);
            let numbers = numbers.flat_map(|number| number.to_be_bytes());
            [u8::try_from(bounds.len()).unwrap()].into_iter().chain(numbers).collect::<Vec<u8>>()
        };
        self.add("ranges", "a range alone", &range(3, 5).to_bytes());
        let two = [raw(&[(1, 3), (5, 9)]), raw(&[(2, 6), (9, u64::MAX)])].concat();
        self.add("ranges", "two sets", &two);
        self.add("ranges", "that touch", &raw(&[(1, 3), (4, 9)]));
        self.add("ranges", "that overlap", &raw(&[(1, 5), (4, 9)]));
        self.add("ranges", "that descend", &raw(&[(5, 9), (1, 3)]));
        self.add("ranges", "from zero", &raw(&[(0, 3)]));
        self.add("ranges", "backwards", &raw(&[(3, 1)]));
        self.add("ranges", "after the last number", &raw(&[(1, u64::MAX), (2, 3)]));
    }

    fn runs(&mut self) {
        let second = |before: &Run| {
            let (header, _) = before.entries.last().unwrap();
            Place::following(header.seq(), header.id()).unwrap()
        };
        let one = run(&[(Place::First, true)]);
        let two = run(&[(Place::First, true), (second(&one), false)]);
        let none = Run { entries: Vec::new(), signature: one.signature };
        let last = Place::following(Seq::new(u64::MAX - 1).unwrap(), EntryId::from_bytes([7; 32]));
        let last = run(&[(last.unwrap(), false)]);
        for (name, run) in [("an entry", one), ("two", two), ("none", none), ("the last", last)] {
            self.add_with_damage("run", name, &run.to_bytes());
        }
    }
}

/// The operation with the number of another one, 32 times, in place of its id.
fn with_numbers(operation: &Operation, written: &[(Header, Vec<u8>)]) -> Operation {
    let number = |id: EntryId| {
        let number = written.iter().position(|(header, _)| header.id() == id);
        number.map_or(id, |n| EntryId::from_bytes([u8::try_from(n).unwrap(); 32]))
    };
    let action = match operation.action.clone() {
        Action::Join { account, by: By::Grant(id) } => {
            Action::Join { account, by: By::Grant(number(id)) }
        }
        Action::Join { account, by: By::Ticket { ticket, key, proof } } => {
            Action::Join { account, by: By::Ticket { ticket: number(ticket), key, proof } }
        }
        Action::Revoke { ticket, joined } => Action::Revoke {
            ticket: number(ticket),
            joined: joined.into_iter().map(number).collect(),
        },
        other => other,
    };
    Operation { after: operation.after.iter().copied().map(number).collect(), action }
}

/// A name for a file on any system.
fn file_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let letters: String = name.chars().map(letter).collect();
    let words: Vec<&str> = letters.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

// The known answers.

fn vectors(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/vectors");
    let text = fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn all_of<'a>(file: &'a Value, lists: &'a [&str]) -> impl Iterator<Item = &'a Value> {
    lists.iter().flat_map(|list| file[*list].as_array().unwrap())
}

fn name(vector: &Value) -> &str {
    vector["name"].as_str().or(vector["reason"].as_str()).unwrap()
}

/// The bytes of a vector, if it has any and they are not written short because they are many.
fn bytes(vector: &Value) -> Option<Vec<u8>> {
    Some(HEXLOWER.decode(vector["bytes"].as_str()?.as_bytes()).unwrap())
}

// What is in the others.

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([seed; 32]))
}

fn device(seed: u8) -> DeviceId {
    DeviceId::new(key(seed).public())
}

fn author() -> DeviceId {
    device(2)
}

fn talk() -> ConversationId {
    ConversationId::from_bytes([6; 32])
}

fn range(from: u64, to: u64) -> Range {
    Range::new(Seq::new(from).unwrap(), Seq::new(to).unwrap()).unwrap()
}

fn known() -> Message {
    Message::Known { digest: Hash::from_bytes([3; 32]) }
}

fn entries(run: Run) -> Message {
    Message::Entries { conversation: talk(), author: author(), run }
}

/// Entries at these places, with a body or without.
fn run(places: &[(Place, bool)]) -> Run {
    let entry = |(place, has_body): &(Place, bool)| {
        let body: &[u8] = if *has_body { b"sixteen bytes of salt" } else { b"something else" };
        let header = Header {
            conversation: talk(),
            author: author(),
            place: *place,
            parents: Parents::new([EntryId::from_bytes([4; 32])]),
            rank: 7,
            claimed: ClaimedTime::new(1_800_000_000_000),
            lifetime_s: 0,
            kind: Kind::new(999),
            body_len: u32::try_from(body.len()).unwrap(),
            body_hash: body_hash(body),
        };
        (header, has_body.then(|| body.to_vec()))
    };
    let entries: Vec<_> = places.iter().map(entry).collect();
    let signature = sign(&key(2), entries.last().unwrap().0.id());
    Run { entries, signature }
}
