//! Writes the known answers of every encoding: the files in `docs/protocol/vectors/`.
//!
//! ```text
//! cargo run -p chinwag-core --example protocol_vectors
//! ```
//!
//! Nothing in it is random: keys are made of seeds that are one byte repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::{fs, io};

use chinwag_core::body::{
    Body, ContactChange, Content, Kind, Mention, SALT_LEN, Settings, Text, body_hash,
};
use chinwag_core::entry::{Header, Parents, Place, Seq, Tip, sign};
use chinwag_core::fork::Fork;
use chinwag_core::identity::{
    AccountLog, Action, Certificate, Name, Operation, OperationFault, Revocation, SignedOperation,
    consent,
};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::introduction::Introduction;
use chinwag_core::log::{Base, Run, RunFault};
use chinwag_core::membership::{
    self, Audience, By, Creation, GrantId, GroupTicket, History as Policy, Removal, Right, Role,
    Setting, State, Topic, Verdict, group_of, prove_ticket,
};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Range;
use chinwag_core::ticket::{Address, Ticket, TicketError};
use chinwag_core::time::{ClaimedTime, Wall};
use chinwag_core::wire::codec::{Decode, DecodeError, Encode};
use chinwag_core::wire::message::{Have, Hello, Message, Wish};
use chinwag_crypto::{Hash, Label, SealKey, Secret, Signature, SigningKey, hash};
use data_encoding::{BASE32_NOPAD, HEXLOWER};
use serde_json::{Value, json};

#[path = "groups/mod.rs"]
mod groups;

const NOW: u64 = 1_800_000_000_000;
const SALT: [u8; SALT_LEN] = [0x5a; SALT_LEN];

/// The encoding of a point of small order, which is no key.
const SMALL: [u8; 32] = [0; 32];

/// y = p + 3, which is not how 3 is written.
const NOT_REDUCED: [u8; 32] = {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xf0;
    bytes[31] = 0x7f;
    bytes
};

fn main() -> io::Result<()> {
    for (name, file) in all() {
        fs::write(folder().join(format!("{name}.json")), format!("{file:#}\n"))?;
    }
    Ok(())
}

/// Where the files are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/vectors")
}

/// All files, by their names.
pub(crate) fn all() -> [(&'static str, Value); 5] {
    [
        ("log", log()),
        ("identity", identity()),
        ("membership", membership()),
        ("ticket", ticket()),
        ("session", session()),
    ]
}

// Who is in the vectors.

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([seed; 32]))
}

fn account(seed: u8) -> AccountId {
    AccountId::new(key(seed).public())
}

fn device(seed: u8) -> DeviceId {
    DeviceId::new(key(seed).public())
}

const ASHA: u8 = 1;
const LAPTOP: u8 = 2;
const PHONE: u8 = 3;
const BEN: u8 = 4;
const MALLORY: u8 = 6;

fn keys() -> Value {
    let people = [("asha", ASHA), ("laptop", LAPTOP), ("phone", PHONE), ("ben", BEN)];
    let key = |(name, seed): (&str, u8)| {
        let public = hex(key(seed).public().as_bytes());
        json!({ "name": name, "seed": hex(&[seed; 32]), "public": public })
    };
    people.into_iter().chain([("mallory", MALLORY)]).map(key).collect()
}

fn talk() -> ConversationId {
    ConversationId::direct(account(ASHA), account(BEN))
}

fn entry(byte: u8) -> EntryId {
    EntryId::from_bytes([byte; 32])
}

// How things are written down.

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Bytes, the last of which are many and the same.
fn and_many(bytes: &[u8], byte: u8, times: usize) -> Value {
    json!({ "bytes": hex(bytes), "then": hex(&[byte]), "times": times })
}

fn fault(error: DecodeError) -> &'static str {
    match error {
        DecodeError::Short { .. } => "short",
        DecodeError::Trailing(_) => "trailing",
        DecodeError::OverLimit { .. } => "over limit",
        DecodeError::NotCanonical { .. } => "not canonical",
        DecodeError::Unknown { .. } => "unknown",
        DecodeError::NotUtf8 { .. } => "not UTF-8",
        DecodeError::BadKey { .. } => "bad key",
    }
}

/// Bytes that are not a `T`, and why.
fn bad<T: Decode>(reason: &str, bytes: &[u8]) -> Value {
    let error = T::from_bytes(bytes).err().unwrap();
    json!({ "reason": reason, "fault": fault(error), "bytes": hex(bytes) })
}

fn with(bytes: &[u8], at: usize, other: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + other.len()].copy_from_slice(other);
    bytes
}

fn plus(bytes: &[u8], more: &[u8]) -> Vec<u8> {
    [bytes, more].concat()
}

// Logs.

fn log() -> Value {
    json!({
        "about": "Known answers for docs/protocol/log.md. See README.md.",
        "keys": keys(),
        "direct": [direct(ASHA, BEN), direct(BEN, ASHA), direct(ASHA, PHONE)],
        "bodies": bodies(),
        "invalid_bodies": invalid_bodies(),
        "headers": headers(),
        "invalid_headers": invalid_headers(),
        "runs": runs(),
        "invalid_runs": invalid_runs(),
    })
}

fn direct(a: u8, b: u8) -> Value {
    let id = ConversationId::direct(account(a), account(b));
    json!({
        "a": hex(account(a).as_bytes()),
        "b": hex(account(b).as_bytes()),
        "id": hex(id.as_bytes()),
    })
}

fn words(text: &str) -> Text {
    Text { text: text.to_owned(), ..Text::default() }
}

fn mentions(text: &str, places: &[(u8, u32, u32)]) -> Text {
    let mention =
        |&(who, start, len): &(u8, u32, u32)| Mention { account: account(who), start, len };
    Text { mentions: places.iter().map(mention).collect(), ..words(text) }
}

fn text_value(text: &Text) -> Value {
    let mention = |mention: &Mention| {
        let account = hex(mention.account.as_bytes());
        json!({ "account": account, "start": mention.start, "length": mention.len })
    };
    json!({
        "reply_to": text.reply_to.map(|id| hex(id.as_bytes())),
        "mentions": text.mentions.iter().map(mention).collect::<Vec<_>>(),
        "text": text.text,
    })
}

fn body(name: &str, content: Content) -> Value {
    let value = match &content {
        Content::Text(text) => json!({ "text": text_value(text) }),
        Content::Edit { of, text } => {
            json!({ "of": hex(of.as_bytes()), "text": text_value(text) })
        }
        Content::Reaction { to, is_on, emoji } => {
            json!({ "to": hex(to.as_bytes()), "on": is_on, "emoji": emoji })
        }
        Content::Retraction { of } => json!({ "of": hex(of.as_bytes()) }),
        Content::Settings(settings) => {
            let lifetime = settings
                .lifetime_s()
                .map(|s| json!({ "number": 1, "value": hex(&s.to_be_bytes()) }));
            json!({ "settings": lifetime.into_iter().collect::<Vec<_>>() })
        }
        Content::Contact(change) => json!({
            "account": hex(change.account.as_bytes()),
            "called": change.called.as_ref().map(Name::as_str),
            "is": [change.is_contact, change.is_verified, change.is_blocked],
        }),
        Content::Membership(operation) => operation_value(operation),
        Content::Audience(audience) => audience_value(audience),
        Content::Unknown { bytes, .. } => json!({ "content": hex(bytes) }),
    };
    let kind = content.kind();
    let bytes = Body::new(SALT, content).unwrap().to_bytes();
    body_of(name, kind, value, &bytes)
}

fn audience_value(audience: &Audience) -> Value {
    let of_account = |(account, devices): (AccountId, &BTreeSet<DeviceId>)| {
        let devices = devices.iter().map(|device| hex(device.as_bytes()));
        json!({ "account": hex(account.as_bytes()), "devices": devices.collect::<Vec<_>>() })
    };
    json!({ "audience": audience.iter().map(of_account).collect::<Vec<_>>() })
}

fn body_of(name: &str, kind: Kind, mut value: Value, bytes: &[u8]) -> Value {
    assert_eq!(Body::from_bytes(kind, bytes).unwrap().to_bytes(), bytes);
    value["salt"] = hex(&bytes[..SALT_LEN]).into();
    json!({
        "name": name,
        "kind": kind.number(),
        "value": value,
        "bytes": hex(bytes),
        "hash": body_hash(bytes).to_hex(),
    })
}

fn bodies() -> Value {
    let reply = Text {
        reply_to: Some(entry(0x11)),
        ..mentions("🙂 @Asha und @Ben: नमस्ते", &[(ASHA, 2, 5), (BEN, 12, 4)])
    };
    let reaction =
        |is_on, emoji: &str| Content::Reaction { to: entry(0x11), is_on, emoji: emoji.to_owned() };
    let unknown =
        |kind, bytes: &[u8]| Content::Unknown { kind: Kind::new(kind), bytes: bytes.to_vec() };
    let lifetime = Settings::default().with_lifetime(604_800);
    json!([
        body("a word", Content::Text(words("hello"))),
        body("no words", Content::Text(Text::default())),
        body("many scripts", Content::Text(words("Grüße, שלום, مرحبا, 你好, e\u{301}, 👩‍👩‍👧‍👦\n\0"))),
        body("a reply with mentions", Content::Text(reply.clone())),
        body("mentions that touch", Content::Text(mentions("éé", &[(BEN, 0, 1), (ASHA, 1, 1)]))),
        body("64 mentions", Content::Text(mentions(&"x".repeat(64), &every(64)))),
        body("an edit", Content::Edit { of: entry(0x22), text: words("hello again") }),
        body("an edit that is a reply", Content::Edit { of: entry(0x22), text: reply }),
        body("a reaction", reaction(true, "👍")),
        body("a reaction ends", reaction(false, "👩‍👩‍👧‍👦")),
        body("a reaction of 64 bytes", reaction(true, &"🙂".repeat(16))),
        body("a retraction", Content::Retraction { of: entry(0x33) }),
        body("a lifetime", Content::Settings(lifetime)),
        body("no settings", Content::Settings(Settings::default())),
        more_settings(),
        body("a contact", contact(Some("Ben from the train"), [true, true, false])),
        body("somebody blocked", contact(None, [false, false, true])),
        body("an audience", Content::Audience(audience(&[(ASHA, &[PHONE]), (BEN, &[])]))),
        body("an audience of nobody", Content::Audience(Audience::default())),
        body("an unknown kind", unknown(999, b"from the future")),
        body("an unknown kind without content", unknown(0, b"")),
        body("a kind of the greatest number", unknown(u16::MAX, &[0xff, 0])),
        longest_text(),
    ])
}

fn audience(of: &[(u8, &[u8])]) -> Audience {
    let devices = |all: &[u8]| all.iter().map(|which| device(*which)).collect();
    Audience::new(of.iter().map(|(who, all)| (account(*who), devices(all))).collect()).unwrap()
}

fn contact(called: Option<&str>, is: [bool; 3]) -> Content {
    let [is_contact, is_verified, is_blocked] = is;
    let (account, called) = (account(BEN), called.map(name));
    Content::Contact(ContactChange { account, called, is_contact, is_verified, is_blocked })
}

fn every(count: u32) -> Vec<(u8, u32, u32)> {
    (0..count).map(|start| (ASHA, start, 1)).collect()
}

fn more_settings() -> Value {
    let settings = [3, 0, 0, 0, 0, 0, 1, 0, 4, 0, 0, 0, 60, 2, 0, 0, 2, 0xca, 0xfe];
    let value = json!({ "settings": [
        { "number": 0, "value": "" },
        { "number": 1, "value": "0000003c" },
        { "number": 512, "value": "cafe" },
    ]});
    body_of("settings that are not known", Kind::SETTINGS, value, &plus(&SALT, &settings))
}

/// Written short: a text of so many times one letter.
fn longest_text() -> Value {
    let times: u32 = 512 * 1_024 - 22;
    let front = plus(&plus(&SALT, &[0, 0]), &times.to_be_bytes());
    let letters = usize::try_from(times).unwrap();
    let bytes = plus(&front, &vec![b'x'; letters]);
    assert_eq!(Body::from_bytes(Kind::TEXT, &bytes).unwrap().to_bytes(), bytes);
    json!({
        "name": "a text as long as it may be",
        "kind": 1,
        "value": {
            "salt": hex(&SALT),
            "text": { "reply_to": null, "mentions": [], "text": { "then": "x", "times": times } },
        },
        "bytes": and_many(&front, b'x', letters),
        "hash": body_hash(&bytes).to_hex(),
    })
}

fn bad_body(kind: u16, reason: &str, content: &[u8]) -> Value {
    let bytes = plus(&SALT, content);
    let error = Body::from_bytes(Kind::new(kind), &bytes).err().unwrap();
    json!({ "kind": kind, "reason": reason, "fault": fault(error), "bytes": hex(&bytes) })
}

fn invalid_bodies() -> Value {
    let mut all = invalid_texts();
    let edit = plus(&[0x22; 32], &[0, 0, 0, 0, 0]);
    let reaction = |rest: &[u8]| plus(&[0x11; 32], rest);
    let asha = account(ASHA);
    let key: &[u8] = asha.as_bytes();
    let unknown = vec![0; 512 * 1_024 + 1];
    let too_long = Body::from_bytes(Kind::new(999), &unknown).err().unwrap();
    all.extend([
        bad_body(2, "an edit ends within its text", &edit),
        bad_body(3, "a reaction without an emoji", &reaction(&[1, 0])),
        bad_body(3, "a reaction of 65 bytes", &reaction(&plus(&[1, 65], &[b'x'; 65]))),
        bad_body(3, "a reaction that is neither yes nor no", &reaction(&[2, 1, b'x'])),
        bad_body(3, "an emoji that is not UTF-8", &reaction(&[1, 1, 0xff])),
        bad_body(3, "a byte after a reaction", &reaction(&[1, 1, b'x', 0])),
        bad_body(4, "a retraction of 31 bytes", &[0x33; 31]),
        bad_body(4, "a retraction of 33 bytes", &[0x33; 33]),
        bad_body(5, "a setting twice", &[2, 0, 2, 0, 0, 0, 2, 0, 0]),
        bad_body(5, "settings out of order", &[2, 0, 3, 0, 0, 0, 2, 0, 0]),
        bad_body(5, "a lifetime of three bytes", &[1, 0, 1, 0, 3, 0, 0, 60]),
        bad_body(5, "17 settings", &plus(&[17], &numbered_settings(17))),
        bad_body(5, "a setting of 1,025 bytes", &plus(&[1, 0, 2, 4, 1], &[0; 1_025])),
        bad_body(8, "an account twice", &plus(&[0, 2], &[key, &[0, 0], key, &[0, 0]].concat())),
        bad_body(8, "a device twice", &[&[0, 1], key, &[0, 2], key, key].concat()),
        bad_body(8, "8,193 accounts", &[0x20, 0x01]),
        bad_body(8, "8,193 devices", &[&[0, 1], key, &[0x20, 0x01]].concat()),
        json!({
            "kind": 999,
            "reason": "one byte over the limit",
            "fault": fault(too_long),
            "bytes": and_many(&[], 0, unknown.len()),
        }),
    ]);
    Value::from(all)
}

fn numbered_settings(count: u8) -> Vec<u8> {
    (2..count + 2).flat_map(|number| [0, number, 0, 0]).collect()
}

fn invalid_texts() -> Vec<Value> {
    let one =
        |start: u32, len: u32, text: &str| raw(&[(account(ASHA).as_bytes(), start, len)], text);
    let asha = *account(ASHA).as_bytes();
    let two = |a: (u32, u32), b: (u32, u32)| raw(&[(&asha, a.0, a.1), (&asha, b.0, b.1)], "abcdef");
    let too_many: Vec<_> = (0..65).map(|start| (&asha, start, 1)).collect();
    let text = |len: u32, bytes: &[u8]| plus(&plus(&[0, 0], &len.to_be_bytes()), bytes);
    let short_salt = json!({
        "kind": 1, "reason": "ends within the salt", "fault": "short", "bytes": hex(&SALT[1..]),
    });
    assert!(Body::from_bytes(Kind::TEXT, &SALT[1..]).is_err());
    vec![
        short_salt,
        bad_body(1, "nothing after the salt", &[]),
        bad_body(1, "a byte after the text", &text(1, b"xy")),
        bad_body(1, "a text that ends early", &text(3, b"xy")),
        bad_body(1, "a text length over the limit", &text(512 * 1_024 + 1, b"xy")),
        bad_body(1, "a reply that is neither yes nor no", &[2, 0, 0, 0, 0, 0]),
        bad_body(1, "not UTF-8: a lone continuation", &text(1, &[0x80])),
        bad_body(1, "not UTF-8: a surrogate", &text(3, &[0xed, 0xa0, 0x80])),
        bad_body(1, "not UTF-8: an overlong zero", &text(2, &[0xc0, 0x80])),
        bad_body(1, "not UTF-8: over U+10FFFF", &text(4, &[0xf4, 0x90, 0x80, 0x80])),
        bad_body(1, "a mention that goes beyond the text", &one(3, 4, "abcdef")),
        bad_body(1, "a mention counted in bytes", &one(0, 2, "ü")),
        bad_body(1, "a mention counted in UTF-16", &one(0, 2, "🙂")),
        bad_body(1, "an empty mention", &one(1, 0, "abcdef")),
        bad_body(1, "a mention whose end is over 32 bits", &one(u32::MAX, 2, "abcdef")),
        bad_body(1, "mentions that overlap", &two((0, 3), (2, 2))),
        bad_body(1, "mentions out of order", &two((3, 1), (0, 1))),
        bad_body(1, "the same mention twice", &two((1, 1), (1, 1))),
        bad_body(1, "65 mentions", &raw(&too_many, &"x".repeat(65))),
        bad_body(1, "a mention of what is no key", &raw(&[(&SMALL, 0, 1)], "abcdef")),
    ]
}

/// A text with mentions, right or wrong.
fn raw(mentions: &[(&[u8; 32], u32, u32)], text: &str) -> Vec<u8> {
    let mut bytes = vec![0, u8::try_from(mentions.len()).unwrap()];
    for (account, start, len) in mentions {
        bytes.extend_from_slice(*account);
        bytes.extend_from_slice(&start.to_be_bytes());
        bytes.extend_from_slice(&len.to_be_bytes());
    }
    bytes.extend_from_slice(&u32::try_from(text.len()).unwrap().to_be_bytes());
    plus(&bytes, text.as_bytes())
}

fn first() -> Header {
    Header {
        conversation: talk(),
        author: device(LAPTOP),
        place: Place::First,
        parents: Parents::default(),
        rank: 1_700_000_000_001,
        claimed: ClaimedTime::new(NOW),
        lifetime_s: 0,
        kind: Kind::TEXT,
        body_len: 27,
        body_hash: Hash::from_bytes([0x77; 32]),
    }
}

fn after(seq: u64, before: EntryId) -> Header {
    Header { place: Place::following(Seq::new(seq).unwrap(), before).unwrap(), ..first() }
}

fn parents(count: u8) -> Parents {
    Parents::new((1..=count).map(|n| entry(17 - n)))
}

fn header(name: &str, header: &Header) -> Value {
    let bytes = header.to_bytes();
    let backlink = header.place.backlink().map_or([0; 32], |id| *id.as_bytes());
    json!({
        "name": name,
        "value": {
            "conversation": hex(header.conversation.as_bytes()),
            "author": hex(header.author.as_bytes()),
            "seq": header.seq(),
            "backlink": hex(&backlink),
            "parents": header.parents.iter().map(|id| hex(id.as_bytes())).collect::<Vec<_>>(),
            "rank": header.rank,
            "claimed": header.claimed.get(),
            "lifetime": header.lifetime_s,
            "kind": header.kind.number(),
            "body_length": header.body_len,
            "body_hash": header.body_hash.to_hex(),
        },
        "bytes": hex(&bytes),
        "id": hex(header.id().as_bytes()),
    })
}

fn headers() -> Value {
    let greatest = Header {
        claimed: ClaimedTime::new(u64::MAX),
        lifetime_s: u32::MAX,
        kind: Kind::new(u16::MAX),
        body_len: 512 * 1_024,
        parents: parents(16),
        ..after(u64::MAX - 1, entry(0xff))
    };
    json!([
        header("the first", &first()),
        header("the second", &after(1, first().id())),
        header("one with parents", &Header { parents: parents(3), ..after(41, entry(0x41)) }),
        header("one that disappears", &Header { lifetime_s: 86_400, ..after(7, entry(0x07)) }),
        header("an unknown kind", &Header { kind: Kind::new(999), ..first() }),
        header("a body of no length", &Header { body_len: 0, ..first() }),
        header("the greatest numbers", &greatest),
    ])
}

/// Where the fields of a header are.
const AUTHOR: usize = 33;
const SEQ: usize = 65;
const BACKLINK: usize = 73;
const PARENTS: usize = 105;

fn invalid_headers() -> Value {
    let (one, two) = (first().to_bytes(), after(1, entry(0x22)).to_bytes());
    let parents = Header { parents: parents(2), ..first() }.to_bytes();
    let swapped = [&parents[..=PARENTS], &[16; 32], &[15; 32], &parents[PARENTS + 65..]].concat();
    let twice = with(&parents, PARENTS + 1, &[16; 32]);
    let many: Vec<u8> = (1..=17).flat_map(|n| [n; 32]).collect();
    let many = [&one[..PARENTS], &[17], &many, &one[PARENTS + 1..]].concat();
    let body_len = one.len() - 36;
    json!([
        bad::<Header>("nothing", &[]),
        bad::<Header>("version 0", &with(&one, 0, &[0])),
        bad::<Header>("version 2", &with(&one, 0, &[2])),
        bad::<Header>("an author of small order", &with(&one, AUTHOR, &SMALL)),
        bad::<Header>("an author whose key is not reduced", &with(&one, AUTHOR, &NOT_REDUCED)),
        bad::<Header>("seq 0", &with(&one, SEQ, &[0; 8])),
        bad::<Header>("seq 0 with a backlink", &with(&two, SEQ, &[0; 8])),
        bad::<Header>("seq 1 with a backlink", &with(&one, BACKLINK, &[0x22; 32])),
        bad::<Header>("seq 2 without a backlink", &with(&two, BACKLINK, &[0; 32])),
        bad::<Header>("parents out of order", &swapped),
        bad::<Header>("a parent twice", &twice),
        bad::<Header>("17 parents", &many),
        bad::<Header>("a body over the limit", &with(&one, body_len, &[0, 8, 0, 1])),
        bad::<Header>("a byte after it", &plus(&one, &[0])),
        bad::<Header>("a byte missing", &one[..one.len() - 1]),
    ])
}

/// The log that the runs are of.
fn written() -> Vec<(Header, Vec<u8>)> {
    let mut log: Vec<(Header, Vec<u8>)> = Vec::new();
    for (n, said) in (0_u8..).zip(["one", "two", "three", "four", "five"]) {
        let bytes = Body::new([n; SALT_LEN], Content::Text(words(said))).unwrap().to_bytes();
        let place = log.last().map_or(Place::First, |(before, _)| {
            Place::following(before.seq(), before.id()).unwrap()
        });
        let header = Header {
            place,
            parents: parents(n % 3),
            rank: 1_000 + u64::from(n) / 2,
            body_len: u32::try_from(bytes.len()).unwrap(),
            body_hash: body_hash(&bytes),
            ..first()
        };
        log.push((header, bytes));
    }
    log
}

fn run(entries: &[(Header, Vec<u8>)], signer: u8) -> Run {
    let signature = sign(&key(signer), entries.last().unwrap().0.id());
    let entries = entries.iter().map(|(header, body)| (header.clone(), Some(body.clone())));
    Run { entries: entries.collect(), signature }
}

fn head(entries: &[(Header, Vec<u8>)]) -> Base {
    entries.last().map_or(Base::Empty, |(header, _)| Base::Head(header.tip(header.id())))
}

fn base_value(base: Base) -> Value {
    match base {
        Base::Empty | Base::Unknown => Value::Null,
        Base::Head(Tip { seq, id, rank }) => {
            json!({ "seq": seq, "id": hex(id.as_bytes()), "rank": rank })
        }
    }
}

fn run_value(run: &Run, base: Base) -> Value {
    let entry = |(header, body): &(Header, Option<Vec<u8>>)| json!({ "header": hex(&header.to_bytes()), "body": body.as_deref().map(hex) });
    json!({
        "conversation": hex(talk().as_bytes()),
        "author": hex(device(LAPTOP).as_bytes()),
        "base": base_value(base),
        "entries": run.entries.iter().map(entry).collect::<Vec<_>>(),
        "signature": hex(run.signature.as_bytes()),
    })
}

fn good_run(name: &str, run: &Run, base: Base) -> Value {
    let checked = run.clone().check(talk(), device(LAPTOP), base).unwrap();
    let mut value = run_value(run, base);
    value["name"] = name.into();
    value["head"] = base_value(checked.tip().map_or(Base::Empty, Base::Head));
    value
}

fn bad_run(reason: &str, run: &Run, base: Base) -> Value {
    let fault = run.clone().check(talk(), device(LAPTOP), base).unwrap_err();
    let fault = match fault {
        RunFault::Empty => "empty",
        RunFault::TooLong(_) => "too long",
        RunFault::OtherLog { .. } => "other log",
        RunFault::OutOfPlace { .. } => "out of place",
        RunFault::Unlinked { .. } => "unlinked",
        RunFault::RankFalls { .. } => "rank falls",
        RunFault::OtherBody { .. } => "other body",
        RunFault::NotSigned => "not signed",
    };
    let mut value = run_value(run, base);
    value["reason"] = reason.into();
    value["fault"] = fault.into();
    value
}

fn runs() -> Value {
    let log = written();
    let mut deleted = run(&log, LAPTOP);
    deleted.entries[1].1 = None;
    deleted.entries[4].1 = None;
    json!([
        good_run("one entry", &run(&log[..1], LAPTOP), Base::Empty),
        good_run("five entries with one signature", &run(&log, LAPTOP), Base::Empty),
        good_run("the last three", &run(&log[2..], LAPTOP), head(&log[..2])),
        good_run("two bodies are deleted", &deleted, Base::Empty),
    ])
}

fn invalid_runs() -> Value {
    let log = written();
    let whole = run(&log, LAPTOP);
    let changed = |change: &dyn Fn(&mut Run)| {
        let mut run = whole.clone();
        change(&mut run);
        run
    };
    let signed = |signature: &Signature| changed(&|run| run.signature = *signature);
    let other = |change: &dyn Fn(&mut Header)| changed(&|run| change(&mut run.entries[2].0));
    let last = whole.entries[4].0.id();
    let other_label = key(LAPTOP).sign(Label::new("chinwag/operation/1"), last.as_bytes());
    let one = run(&log[..1], LAPTOP);
    let empty = Base::Empty;
    let cut = Run { entries: whole.entries[..4].to_vec(), signature: whole.signature };
    let elsewhere = Base::Head(Tip { seq: Seq::new(2).unwrap(), id: entry(0x99), rank: 0 });
    json!([
        bad_run("no entries", &changed(&|run| run.entries.clear()), empty),
        bad_run("an entry of another author", &other(&|h| h.author = device(PHONE)), empty),
        bad_run("another conversation", &other(&|h| h.conversation = other_talk()), empty),
        bad_run("a later entry first", &run(&log[2..], LAPTOP), empty),
        bad_run("an entry that is there already", &whole, head(&log[..2])),
        bad_run("an entry left out", &changed(&|run| drop(run.entries.remove(2))), empty),
        bad_run("after another past", &run(&log[2..], LAPTOP), elsewhere),
        bad_run("a rank below the one before", &falling(), empty),
        bad_run("a changed header", &other(&|h| h.lifetime_s = 1), empty),
        bad_run("a changed last header", &changed(&|r| r.entries[4].0.lifetime_s = 1), empty),
        bad_run("a changed body", &changed(&|r| change_body(r)), empty),
        bad_run("a longer body", &changed(&|r| r.entries[3].1.as_mut().unwrap().push(0)), empty),
        bad_run("signed by another", &run(&log, PHONE), empty),
        bad_run("the last entry left out", &cut, empty),
        bad_run("signed under another label", &signed(&other_label), empty),
        bad_run("S + L in place of S", &signed(&plus_order(&whole.signature)), empty),
        bad_run("R of small order, S zero", &signed(&Signature::from_bytes(&[0; 64])), empty),
        bad_run("the signature of an earlier entry", &signed(&one.signature), empty),
    ])
}

/// Two entries, of which the second stands before the first.
fn falling() -> Run {
    let mut log = written();
    log.truncate(2);
    log[1].0.rank = log[0].0.rank - 1;
    run(&log, LAPTOP)
}

fn other_talk() -> ConversationId {
    ConversationId::from_bytes([9; 32])
}

fn change_body(run: &mut Run) {
    run.entries[3].1.as_mut().unwrap()[20] ^= 1;
}

/// The same signature with the order of the group added to S: laxer verifiers accept it.
fn plus_order(signature: &Signature) -> Signature {
    let order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let order = HEXLOWER.decode(order.as_bytes()).unwrap();
    let mut bytes = *signature.as_bytes();
    let mut carry = 0;
    for (byte, add) in bytes[32..].iter_mut().zip(order) {
        let [high, low] = (u16::from(*byte) + u16::from(add) + carry).to_be_bytes();
        (*byte, carry) = (low, u16::from(high));
    }
    Signature::from_bytes(&bytes)
}

// Identities.

fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

fn prekey(seed: u8) -> chinwag_crypto::SealPublic {
    SealKey::from_seed(&Secret::new([seed; 32])).public()
}

fn certificate(seed: u8, called: &str, expires: u64) -> Certificate {
    Certificate {
        device: device(seed),
        name: name(called),
        expires: Wall::new(expires),
        prekey: prekey(seed),
        consent: consent(&key(seed), account(ASHA)),
    }
}

fn profile(called: &str) -> Action {
    Action::Profile { name: name(called) }
}

fn revoke(seed: u8, heights: &[(u8, u64)]) -> Action {
    let heights = heights.iter().map(|(c, h)| (ConversationId::from_bytes([*c; 32]), *h));
    Action::Revoke(Revocation { device: device(seed), heights: heights.collect() })
}

/// Operations by the names that the vectors call them by.
struct History(Vec<(&'static str, SignedOperation)>);

impl History {
    fn get(&self, called: &str) -> &SignedOperation {
        &self.0.iter().find(|(name, _)| *name == called).unwrap().1
    }

    /// Writes an operation that follows these.
    fn write(&mut self, called: &'static str, after: &[&str], action: Action) {
        let claimed = ClaimedTime::new(NOW + u64::try_from(self.0.len()).unwrap());
        let followed: Vec<_> = after.iter().map(|name| &self.get(name).operation).collect();
        let height = followed.iter().map(|o| o.height).max().unwrap_or(0) + 1;
        let parents = followed.iter().map(|operation| operation.id()).collect();
        let operation = Operation { account: account(ASHA), parents, height, claimed, action };
        self.0.push((called, operation.sign(&key(ASHA))));
    }

    fn log(&self, names: &[&str]) -> AccountLog {
        let mut log = AccountLog::new(account(ASHA));
        for name in names {
            log.add(self.get(name).clone()).unwrap();
        }
        log
    }
}

const YEAR: u64 = 365 * 24 * 3_600 * 1_000;

fn history() -> History {
    let mut h = History(Vec::new());
    let certify = |seed, called, expires| Action::Certify(certificate(seed, called, expires));
    h.write("asha", &[], profile("Asha"));
    h.write("laptop", &["asha"], certify(LAPTOP, "laptop", NOW + YEAR));
    h.write("asha r", &["laptop"], profile("Asha R."));
    h.write("asha k", &["laptop"], profile("आशा 🌻"));
    h.write("phone", &["asha k"], certify(PHONE, "phone", NOW + YEAR));
    let future = Action::Unknown { kind: 999, bytes: b"from the future".to_vec() };
    h.write("together", &["asha r", "phone"], future);
    h.write("lost", &["together"], revoke(LAPTOP, &[(5, 10), (6, 3)]));
    h.write("lost too", &["together"], revoke(LAPTOP, &[(5, 7), (8, 1)]));
    h.write("laptop again", &["lost", "lost too"], certify(LAPTOP, "found", NOW + 2 * YEAR));
    h.write("phone renewed", &["laptop again"], certify(PHONE, "phone", NOW + 2 * YEAR));
    h.write("phone retired", &["phone renewed"], Action::Retire { device: device(PHONE) });
    h.write("phone gone", &["phone renewed"], revoke(PHONE, &[]));
    h.write(
        "restored",
        &[],
        profile("A name as long as it may be, with no more than 64 bytes. Really!"),
    );
    h.write("nothing", &["restored"], Action::Unknown { kind: 0, bytes: Vec::new() });
    h.write("unseen", &["restored"], revoke(MALLORY, &[(1, 0), (2, u64::MAX)]));
    h
}

fn action_value(action: &Action) -> Value {
    match action {
        Action::Profile { name } => json!({ "kind": 1, "name": name.as_str() }),
        Action::Certify(certificate) => json!({
            "kind": 2,
            "device": hex(certificate.device.as_bytes()),
            "name": certificate.name.as_str(),
            "expires": certificate.expires.get(),
            "prekey": hex(certificate.prekey.as_bytes()),
            "consent": hex(certificate.consent.as_bytes()),
        }),
        Action::Revoke(revocation) => json!({
            "kind": 3,
            "device": hex(revocation.device.as_bytes()),
            "heights": heights_value(&revocation.heights),
        }),
        Action::Retire { device } => {
            json!({ "kind": 4, "device": hex(device.as_bytes()) })
        }
        Action::Unknown { kind, bytes } => json!({ "kind": kind, "bytes": hex(bytes) }),
    }
}

fn heights_value(heights: &BTreeMap<ConversationId, u64>) -> Value {
    let one = |(id, height): (&ConversationId, &u64)| json!({ "conversation": hex(id.as_bytes()), "height": height });
    heights.iter().map(one).collect()
}

fn operation(called: &str, signed: &SignedOperation) -> Value {
    let operation = &signed.operation;
    json!({
        "name": called,
        "value": {
            "account": hex(operation.account.as_bytes()),
            "parents": operation.parents.iter().map(|id| hex(id.as_bytes())).collect::<Vec<_>>(),
            "height": operation.height,
            "claimed": operation.claimed.get(),
            "action": action_value(&operation.action),
        },
        "id": hex(operation.id().as_bytes()),
        "signature": hex(signed.signature.as_bytes()),
        "bytes": hex(&signed.to_bytes()),
    })
}

fn identity() -> Value {
    let history = history();
    let operations: Value =
        history.0.iter().map(|(name, signed)| operation(name, signed)).collect();
    json!({
        "about": "Known answers for docs/protocol/identity.md. See README.md.",
        "keys": keys(),
        "operations": operations,
        "invalid_operations": invalid_operations(),
        "logs": account_logs(&history),
        "refused": refused_operations(&history),
        "introductions": introductions(&history),
        "invalid_introductions": invalid_introductions(&history),
    })
}

fn introductions(history: &History) -> Value {
    let all: Vec<&str> = history.0.iter().map(|(name, _)| *name).collect();
    let one = |called: &str, names: &[&str]| {
        let log = history.log(names);
        let name_of = |signed: &SignedOperation| {
            history.0.iter().find(|(_, other)| other == signed).unwrap().0
        };
        let operations = log.operations().into_iter().map(name_of).collect::<Vec<_>>();
        json!({
            "name": called,
            "account": hex(account(ASHA).as_bytes()),
            "operations": operations,
            "bytes": hex(&Introduction::of(log).unwrap().to_bytes()),
        })
    };
    json!([one("of nobody yet", &[]), one("a device", &all[..2]), one("two at once", &all[..5])])
}

fn invalid_introductions(history: &History) -> Value {
    let bytes = Introduction::of(history.log(&["asha", "laptop"])).unwrap().to_bytes();
    let begin = b"chinwag introduction".len();
    let count = begin + 1 + 32;
    let operation = |called: &str| history.get(called).to_bytes();
    let with = |count_of: u8, operations: &[Vec<u8>]| {
        [&bytes[..count], &[0, count_of], &operations.concat()].concat()
    };
    let invalid = |reason: &str, fault: &str, bytes: &[u8]| {
        assert!(Introduction::parse(bytes).is_err(), "{reason}");
        json!({ "reason": reason, "fault": fault, "bytes": hex(bytes) })
    };
    let changed = |at: usize| {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        changed
    };
    let (first, second) = (operation("asha"), operation("laptop"));
    json!([
        invalid("another beginning", "not canonical", &changed(0)),
        invalid("another version", "unknown", &changed(begin)),
        invalid("cut off", "short", &bytes[..bytes.len() - 1]),
        invalid("something after it", "trailing", &[&bytes[..], &[0]].concat()),
        invalid("one operation twice", "not canonical", &with(2, &[first.clone(), first.clone()])),
        invalid("a parent after its child", "unknown parent", &with(2, &[second.clone(), first])),
        invalid("without its parent", "unknown parent", &with(1, &[second])),
        invalid("another signature", "not signed", &changed(bytes.len() - 1)),
    ])
}

/// What an account log says, from operations in this order.
fn account_log(history: &History, names: &[&str], now: u64) -> Value {
    let log = history.log(names);
    let current: BTreeSet<DeviceId> = log.devices(Wall::new(now)).map(|c| c.device).collect();
    let device_value = |seed: u8| {
        let known = log.device(device(seed))?;
        Some(json!({
            "device": hex(device(seed).as_bytes()),
            "name": known.certificate.name.as_str(),
            "expires": known.certificate.expires.get(),
            "prekey": hash_of(known.certificate.prekey.as_bytes()),
            "revoked": known.revoked.as_ref().map(heights_value),
            "current": current.contains(&device(seed)),
        }))
    };
    let mut seeds = [LAPTOP, PHONE, MALLORY];
    seeds.sort_by_key(|seed| device(*seed));
    let heads = log.next(ClaimedTime::new(0), profile("-")).parents;
    json!({
        "account": hex(account(ASHA).as_bytes()),
        "operations": names,
        "now": now,
        "name": log.name().map(Name::as_str),
        "devices": seeds.into_iter().filter_map(device_value).collect::<Vec<_>>(),
        "heads": heads.iter().map(|id| hex(id.as_bytes())).collect::<Vec<_>>(),
        "digest": log.digest().to_hex(),
    })
}

/// A prekey is long: which it is says `hash("chinwag/prekey-in-vectors/1", prekey)`.
fn hash_of(prekey: &[u8]) -> String {
    hash(Label::new("chinwag/prekey-in-vectors/1"), prekey).to_hex()
}

fn account_logs(history: &History) -> Value {
    let all: Vec<&str> = history.0.iter().map(|(name, _)| *name).collect();
    let one_way = ["asha", "laptop", "asha r", "asha k"];
    let other_way = ["asha", "laptop", "asha k", "asha r"];
    let late = ["restored", "unseen", "asha", "laptop", "asha k", "phone", "nothing", "asha r"];
    json!([
        account_log(history, &[], NOW),
        account_log(history, &all[..1], NOW),
        account_log(history, &all[..2], NOW + YEAR - 1),
        account_log(history, &all[..2], NOW + YEAR),
        account_log(history, &one_way, NOW),
        account_log(history, &other_way, NOW),
        account_log(history, &all[..5], NOW),
        account_log(history, &all[..6], NOW),
        account_log(history, &all[..7], NOW),
        account_log(history, &all[..8], NOW),
        account_log(history, &all[..9], NOW),
        account_log(history, &all[..10], NOW + YEAR),
        account_log(history, &all[..11], NOW),
        account_log(history, &late, NOW),
        account_log(history, &all, NOW),
    ])
}

fn refused_operations(history: &History) -> Value {
    let base = &history.get("laptop").operation;
    let refused = |reason: &str, known: &[&str], signed: SignedOperation| {
        let fault = match history.log(known).add(signed.clone()).unwrap_err() {
            OperationFault::OtherAccount => "other account",
            OperationFault::UnknownParent(_) => "unknown parent",
            OperationFault::WrongHeight { .. } => "wrong height",
            OperationFault::NotSigned => "not signed",
            OperationFault::NoConsent => "no consent",
            OperationFault::TooMany => "too many",
        };
        json!({
            "account": hex(account(ASHA).as_bytes()),
            "reason": reason,
            "fault": fault,
            "known": known,
            "bytes": hex(&signed.to_bytes()),
        })
    };
    let height = |height| Operation { height, ..base.clone() }.sign(&key(ASHA));
    let theirs = Operation { account: account(MALLORY), ..base.clone() };
    let no_parent = Operation { parents: BTreeSet::new(), ..base.clone() };
    let unsigned = |signature| SignedOperation { operation: base.clone(), signature };
    let right = history.get("laptop").signature;
    let entry_label = key(ASHA).sign(Label::new("chinwag/entry/1"), base.id().as_bytes());
    let agreed = |consent| {
        let certificate = Certificate { consent, ..certificate(LAPTOP, "laptop", NOW) };
        Operation { action: Action::Certify(certificate), ..base.clone() }.sign(&key(ASHA))
    };
    json!([
        refused("another account's", &["asha"], theirs.sign(&key(MALLORY))),
        refused("its parent is missing", &[], history.get("laptop").clone()),
        refused(
            "one of two parents is missing",
            &["asha", "laptop", "asha r"],
            history.get("together").clone()
        ),
        refused("height 1 with a parent", &["asha"], height(1)),
        refused("a height too many", &["asha"], height(3)),
        refused("the greatest height", &["asha"], height(u64::MAX)),
        refused("height 2 without a parent", &["asha"], no_parent.sign(&key(ASHA))),
        refused("signed by another", &["asha"], base.clone().sign(&key(MALLORY))),
        refused("signed by the device", &["asha"], base.clone().sign(&key(LAPTOP))),
        refused("signed as an entry", &["asha"], unsigned(entry_label)),
        refused("S + L in place of S", &["asha"], unsigned(plus_order(&right))),
        refused("another device agreed", &["asha"], agreed(consent(&key(PHONE), account(ASHA)))),
        refused(
            "the device agreed to another account",
            &["asha"],
            agreed(consent(&key(LAPTOP), account(MALLORY)))
        ),
    ])
}

/// An operation of this action, unchecked.
fn raw_operation(kind: u16, action: &[u8]) -> Vec<u8> {
    let mut bytes = plus(&[1], account(ASHA).as_bytes());
    bytes.push(0);
    bytes.extend_from_slice(&1_u64.to_be_bytes());
    bytes.extend_from_slice(&NOW.to_be_bytes());
    bytes.extend_from_slice(&kind.to_be_bytes());
    bytes.extend_from_slice(&u32::try_from(action.len()).unwrap().to_be_bytes());
    bytes.extend_from_slice(action);
    plus(&bytes, &[0x51; 64])
}

fn bad_name(reason: &str, name: &[u8]) -> Value {
    let action = plus(&[u8::try_from(name.len()).unwrap()], name);
    bad::<SignedOperation>(reason, &raw_operation(1, &action))
}

fn invalid_operations() -> Value {
    let mut all = invalid_actions();
    let good = history().get("together").to_bytes();
    let none = raw_operation(1, b"\x01x");
    let many: Vec<u8> = (1..=17).flat_map(|n| [n; 32]).collect();
    let swapped = [&good[..34], &good[66..98], &good[34..66], &good[98..]].concat();
    let over = raw_operation(999, &[]);
    let over = [&over[..52], &163_875_u32.to_be_bytes(), &over[56..]].concat();
    all.extend([
        bad::<SignedOperation>("nothing", &[]),
        bad::<SignedOperation>("version 2", &with(&good, 0, &[2])),
        bad::<SignedOperation>("an account of small order", &with(&good, 1, &SMALL)),
        bad::<SignedOperation>("parents out of order", &swapped),
        bad::<SignedOperation>("a parent twice", &with(&good, 66, &good[34..66])),
        bad::<SignedOperation>("17 parents", &[&none[..33], &[17], &many, &none[34..]].concat()),
        bad::<SignedOperation>("an action over the limit", &over),
        bad::<SignedOperation>("a byte after it", &plus(&good, &[0])),
        bad::<SignedOperation>("without its signature", &good[..good.len() - 64]),
    ]);
    Value::from(all)
}

fn invalid_actions() -> Vec<Value> {
    let certify = certificate(LAPTOP, "laptop", NOW).to_bytes();
    // The name of six letters, its length, the device and the expiry are before the prekey.
    let at_prekey = 32 + 7 + 8;
    let revoke = |count: u16, ids: &[u8]| {
        let heights: Vec<u8> =
            ids.iter().flat_map(|id| plus(&[*id; 32], &1_u64.to_be_bytes())).collect();
        [device(PHONE).as_bytes().as_slice(), &count.to_be_bytes(), &heights].concat()
    };
    let action = |reason: &str, kind, bytes: &[u8]| {
        bad::<SignedOperation>(reason, &raw_operation(kind, bytes))
    };
    vec![
        bad_name("an empty name", b""),
        bad_name("a name of 65 bytes", &[b'x'; 65]),
        bad_name("a name that begins with a space", b" Asha"),
        bad_name("a name that ends with a no-break space", "Asha\u{a0}".as_bytes()),
        bad_name("a name that ends with an ideographic space", "Asha\u{3000}".as_bytes()),
        bad_name("a name with a line break", b"As\nha"),
        bad_name("a name with an escape", b"As\x1bha"),
        bad_name("a name with a control of the second set", "As\u{9b}ha".as_bytes()),
        bad_name("a name that is not UTF-8", &[b'A', 0xff]),
        action("a byte after a name", 1, b"\x01xy"),
        action("a name that ends early", 1, b"\x03xy"),
        action("a device of small order", 2, &with(&certify, 0, &SMALL)),
        action("a prekey that is not reduced", 2, &with(&certify, at_prekey, &[0x01, 0x0d])),
        action("a certificate that ends early", 2, &certify[..certify.len() - 1]),
        action("a byte after a certificate", 2, &plus(&certify, &[0])),
        action("heights out of order", 3, &revoke(2, &[6, 5])),
        action("a height twice", 3, &revoke(2, &[5, 5])),
        action("fewer heights than counted", 3, &revoke(2, &[5])),
        action("more heights than counted", 3, &revoke(1, &[5, 6])),
        action("4,097 heights", 3, &revoke(4_097, &[])),
    ]
}

// Tickets.

fn ticket() -> Value {
    let relay = |url: &str| Address::Relay(url.to_owned());
    let direct = |address: &str| Address::Direct(address.parse().unwrap());
    let each =
        [direct("10.0.0.5:4000"), direct("[2001:db8::1]:65535"), relay("https://relay.example")];
    let eight: Vec<Address> = (0..8).map(|n| direct(&format!("192.0.2.{n}:{n}"))).collect();
    let odd = [direct("[::ffff:10.0.0.5]:1"), relay(""), relay("ü"), relay(&"x".repeat(200))];
    json!({
        "about": "Known answers for tickets in docs/protocol/identity.md. See README.md.",
        "tickets": [
            ticket_value("without addresses", &[], 0),
            ticket_value("an address of each kind", &each, 1_800_000_000),
            ticket_value("an IPv4 address", &each[..1], u32::MAX),
            ticket_value("an IPv6 address", &each[1..2], 1),
            ticket_value("a relay", &each[2..], 1),
            ticket_value("the same address twice", &[each[0].clone(), each[0].clone()], 1),
            ticket_value("eight addresses", &eight, 1),
            ticket_value("addresses at their edges", &odd, 1),
        ],
        "pasted": pasted(),
        "invalid": invalid_tickets(),
    })
}

fn ticket_of(addresses: &[Address], expires_s: u32) -> Ticket {
    Ticket {
        account: account(ASHA),
        device: device(LAPTOP),
        secret: [0x33; 16],
        expires_s,
        addresses: addresses.to_vec(),
    }
}

fn ticket_value(name: &str, addresses: &[Address], expires_s: u32) -> Value {
    let ticket = ticket_of(addresses, expires_s);
    let address = |address: &Address| match address {
        Address::Direct(std::net::SocketAddr::V4(a)) => {
            json!({ "kind": 4, "ip": hex(&a.ip().octets()), "port": a.port() })
        }
        Address::Direct(std::net::SocketAddr::V6(a)) => {
            json!({ "kind": 6, "ip": hex(&a.ip().octets()), "port": a.port() })
        }
        Address::Relay(url) => json!({ "kind": 1, "url": url }),
    };
    let value = json!({
        "account": hex(ticket.account.as_bytes()),
        "device": hex(ticket.device.as_bytes()),
        "secret": hex(&ticket.secret),
        "expires": expires_s,
        "addresses": addresses.iter().map(address).collect::<Vec<_>>(),
    });
    let (bytes, text) = (ticket.to_bytes(), ticket.to_text());
    assert_eq!(text.parse().as_ref(), Ok(&ticket));
    json!({ "name": name, "value": value, "bytes": hex(&bytes), "text": text })
}

fn pasted() -> Value {
    let ticket = ticket_of(&[], 0);
    let text = ticket.to_text();
    let (a, b) = text.split_at(70);
    let wide = format!("\u{3000}{a}\u{a0}{b}\u{2028}");
    let pasted = [
        ("in upper case", text.to_uppercase()),
        ("on two lines", format!("  {a}\r\n\t{b}\n")),
        ("with spaces of other scripts", wide),
        ("with a space in the prefix", format!("chin {}", &text[4..])),
    ];
    let value = |(name, text): (&str, String)| {
        assert_eq!(text.parse().as_ref(), Ok(&ticket));
        json!({ "name": name, "text": text, "bytes": hex(&ticket.to_bytes()) })
    };
    pasted.into_iter().map(value).collect()
}

/// The text of these bytes, sound whatever they are.
fn ticket_text(bytes: &[u8]) -> String {
    let sum = hash(Label::new("chinwag/ticket/1"), bytes);
    let letters = BASE32_NOPAD.encode(&plus(bytes, &sum.as_bytes()[..4]));
    format!("chinwag1{}", letters.to_lowercase())
}

fn bad_ticket(reason: &str, text: &str) -> Value {
    let fault = match text.parse::<Ticket>().unwrap_err() {
        TicketError::NoPrefix => "no prefix",
        TicketError::WrongLetter(_) => "wrong letter",
        TicketError::Damaged => "damaged",
        TicketError::Unreadable(error) => fault(error),
    };
    json!({ "reason": reason, "fault": fault, "text": text })
}

fn invalid_tickets() -> Value {
    let good = ticket_of(&[], 0);
    let (bytes, text) = (good.to_bytes(), good.to_text());
    let without_last = &text[..text.len() - 1];
    let other_end = if text.ends_with('a') { "b" } else { "a" };
    let loose = ticket_of(&[Address::Direct("10.0.0.5:4000".parse().unwrap())], 0).to_text();
    let kelvin = text.replacen('k', "\u{212a}", 1);
    let addresses =
        |count: u8, rest: &[u8]| ticket_text(&[&bytes[..bytes.len() - 1], &[count], rest].concat());
    json!([
        bad_ticket("nothing", ""),
        bad_ticket("another prefix", &text.replacen('1', "2", 1)),
        bad_ticket("the prefix alone", "chinwag1"),
        bad_ticket("a letter that base32 does not have", &format!("{without_last}1")),
        bad_ticket("padding", &format!("{without_last}=")),
        bad_ticket("the Kelvin sign in place of a k", &kelvin),
        bad_ticket("another last letter", &format!("{without_last}{other_end}")),
        bad_ticket("a letter missing", without_last),
        bad_ticket("a letter too many", &format!("{text}a")),
        bad_ticket("the bits that are left over are not zero", &next_last(&loose)),
        bad_ticket("version 2", &ticket_text(&with(&bytes, 0, &[2]))),
        bad_ticket("an account of small order", &ticket_text(&with(&bytes, 1, &SMALL))),
        bad_ticket("a device that is not reduced", &ticket_text(&with(&bytes, 33, &NOT_REDUCED))),
        bad_ticket("a byte after it", &ticket_text(&plus(&bytes, &[0]))),
        bad_ticket("a byte missing", &ticket_text(&bytes[..bytes.len() - 1])),
        bad_ticket("nine addresses", &addresses(9, &[4, 10, 0, 0, 5, 0, 1].repeat(9))),
        bad_ticket("an unknown kind of address", &addresses(1, &[5, 0, 0, 0, 0, 0, 0])),
        bad_ticket("an address that ends early", &addresses(1, &[6, 0, 0, 0, 0, 0, 0])),
        bad_ticket("a URL of 201 bytes", &addresses(1, &plus(&[1, 201], &[b'x'; 201]))),
        bad_ticket("a URL that is not UTF-8", &addresses(1, &[1, 1, 0xff])),
    ])
}

/// The text with its last letter replaced by the next one.
fn next_last(text: &str) -> String {
    let letters = "abcdefghijklmnopqrstuvwxyz234567";
    let last = letters.find(text.chars().last().unwrap()).unwrap();
    format!("{}{}", &text[..text.len() - 1], &letters[last + 1..last + 2])
}

// Groups.

/// Sets of operations drawn from a seed, beside those of the concurrent cases.
const DRAWN: u64 = 40;

fn membership() -> Value {
    let drawn =
        (0..DRAWN).map(|seed| (format!("drawn from {seed}"), groups::drawn::draw(seed, 12)));
    let scenes = groups::scenes::all().into_iter().map(|(name, group)| (name.to_owned(), group));
    let state = |(name, group): (String, groups::Group)| group_value(&name, &group);
    json!({
        "about": "Known answers for docs/protocol/membership.md. See README.md.",
        "keys": keys(),
        "bodies": operation_bodies(),
        "invalid_bodies": invalid_operation_bodies(),
        "groups": scenes.chain(drawn).map(state).collect::<Vec<_>>(),
        "not_proven": not_proven(),
        "tickets": group_tickets(),
        "invalid_tickets": invalid_group_tickets(),
    })
}

fn ids<'a>(of: impl IntoIterator<Item = &'a EntryId>) -> Vec<String> {
    of.into_iter().map(|id| hex(id.as_bytes())).collect()
}

fn history_value(history: Policy) -> bool {
    history == Policy::Everything
}

fn right_value(right: Right) -> u8 {
    match right {
        Right::Member => 1,
        Right::Admin => 2,
    }
}

fn role_value(role: Role) -> u8 {
    match role {
        Role::Member => 1,
        Role::Admin => 2,
        Role::Owner => 3,
    }
}

fn operation_value(operation: &membership::Operation) -> Value {
    use membership::Action;
    let action = match &operation.action {
        Action::Create(creation) => {
            let owners: Vec<_> =
                creation.owners.iter().map(|owner| hex(owner.as_bytes())).collect();
            json!({
                "kind": 1,
                "owners": owners,
                "name": creation.name.as_str(),
                "history": history_value(creation.history),
                "lifetime": creation.lifetime_s,
            })
        }
        Action::Grant { account, right, history } => json!({
            "kind": 2,
            "account": hex(account.as_bytes()),
            "right": right_value(*right),
            "history": history_value(*history),
        }),
        Action::Remove(removal) => json!({
            "kind": 3,
            "account": hex(removal.account.as_bytes()),
            "keeps": removal.keeps.is_some(),
            "heights": removal.heights.iter().map(|(device, height)| {
                json!({ "device": hex(device.as_bytes()), "height": height })
            }).collect::<Vec<_>>(),
        }),
        Action::Join { account, by } => {
            let account = hex(account.as_bytes());
            json!({ "kind": 4, "account": account, "by": way_value(by) })
        }
        Action::Ticket { key, history, expires_s } => {
            let (key, history) = (hex(key.as_bytes()), history_value(*history));
            json!({ "kind": 5, "key": key, "history": history, "expiry": expires_s })
        }
        Action::Revoke { ticket, joined } => {
            json!({ "kind": 6, "ticket": hex(ticket.as_bytes()), "joined": ids(joined) })
        }
        Action::Set(setting) => {
            json!({ "kind": 7, "number": setting.number(), "value": setting_value(setting) })
        }
        Action::Unknown { kind, bytes } => json!({ "kind": kind, "bytes": hex(bytes) }),
    };
    json!({ "after": ids(&operation.after), "action": action })
}

fn way_value(by: &By) -> Value {
    match by {
        By::Creation => json!({ "way": 0 }),
        By::Grant(grant) => json!({ "way": 1, "grant": hex(grant.as_bytes()) }),
        By::Ticket { ticket, key, proof } => json!({
            "way": 2,
            "ticket": hex(ticket.as_bytes()),
            "key": hex(key.as_bytes()),
            "proof": hex(proof.as_bytes()),
        }),
    }
}

fn setting_value(setting: &Setting) -> Value {
    match setting {
        Setting::Lifetime(lifetime_s) => json!(lifetime_s),
        Setting::Name(name) => json!(name.as_str()),
        Setting::Topic(topic) => json!(topic.as_str()),
        Setting::History(history) => json!(history_value(*history)),
        Setting::Unknown { value, .. } => json!(hex(value)),
    }
}

fn operation_body(name: &str, after: &[EntryId], action: membership::Action) -> Value {
    let after = after.iter().copied().collect();
    body(name, Content::Membership(Box::new(membership::Operation { after, action })))
}

fn creation(owners: &[u8]) -> Creation {
    Creation {
        owners: owners.iter().map(|owner| account(*owner)).collect(),
        name: name("Grüße, choir"),
        history: Policy::Everything,
        lifetime_s: 604_800,
    }
}

fn operation_bodies() -> Value {
    use membership::Action;
    let grant = |right, history| Action::Grant { account: account(BEN), right, history };
    let removal = |keeps, of: &[(u8, u64)]| {
        let heights = of.iter().map(|(of, height)| (device(*of), Seq::new(*height).unwrap()));
        Action::Remove(Removal { account: account(BEN), keeps, heights: heights.collect() })
    };
    let join = |by| Action::Join { account: account(BEN), by };
    let by_ticket = By::Ticket {
        ticket: entry(0x66),
        key: key(MALLORY).public(),
        proof: Signature::from_bytes(&[0x51; 64]),
    };
    let set = |setting| Action::Set(setting);
    let topic = |text: &str| Setting::Topic(Topic::new(text).unwrap());
    let revoke = |joined: &[u8]| Action::Revoke {
        ticket: entry(0x66),
        joined: joined.iter().map(|byte| entry(*byte)).collect(),
    };
    let many: Vec<EntryId> = (0..=255).map(entry).collect();
    json!([
        operation_body("a creation", &[], Action::Create(creation(&[ASHA]))),
        operation_body("a creation with two owners", &[], Action::Create(creation(&[ASHA, BEN]))),
        operation_body("a member", &[], grant(Right::Member, Policy::FromNow)),
        operation_body("an admin who sees all", &[], grant(Right::Admin, Policy::Everything)),
        operation_body(
            "a member again",
            &[entry(1), entry(2)],
            grant(Right::Member, Policy::FromNow)
        ),
        operation_body("after 256 others", &many, grant(Right::Member, Policy::FromNow)),
        operation_body("a removal", &[], removal(None, &[(LAPTOP, 7), (PHONE, u64::MAX)])),
        operation_body(
            "a demotion, of whom nothing is known",
            &[],
            removal(Some(Right::Member), &[])
        ),
        operation_body("an owner joins", &[], join(By::Creation)),
        operation_body("a member joins", &[], join(By::Grant(entry(0x77)))),
        operation_body("somebody joins by a ticket", &[entry(3)], join(by_ticket)),
        operation_body(
            "a ticket",
            &[],
            Action::Ticket { key: key(MALLORY).public(), history: Policy::FromNow, expires_s: 0 }
        ),
        operation_body(
            "a ticket that ends",
            &[],
            Action::Ticket {
                key: key(MALLORY).public(),
                history: Policy::Everything,
                expires_s: 1_800_000_000
            }
        ),
        operation_body("a ticket is revoked", &[], revoke(&[])),
        operation_body("a ticket is revoked, and two stay", &[], revoke(&[9, 4])),
        operation_body("a lifetime", &[], set(Setting::Lifetime(60))),
        operation_body("a name", &[entry(5)], set(Setting::Name(name("शान्ति")))),
        operation_body("a topic", &[], set(topic("what we sing, and when"))),
        operation_body("no topic", &[], set(topic(""))),
        operation_body("a topic of 512 bytes", &[], set(topic(&"é".repeat(256)))),
        operation_body("a history policy", &[], set(Setting::History(Policy::Everything))),
        operation_body(
            "a setting that is not known",
            &[],
            set(Setting::Unknown { number: 999, value: vec![1, 2] })
        ),
        operation_body(
            "an action that is not known",
            &[],
            Action::Unknown { kind: 999, bytes: vec![0xca, 0xfe] }
        ),
        operation_body(
            "an action without content",
            &[],
            Action::Unknown { kind: 0, bytes: Vec::new() }
        ),
    ])
}

fn invalid_operation_bodies() -> Value {
    let after = |ids: &[u8], kind: u16, rest: &[u8]| {
        let count = u16::try_from(ids.len()).unwrap().to_be_bytes();
        let ids: Vec<u8> = ids.iter().flat_map(|id| [*id; 32]).collect();
        [count.as_slice(), &ids, &kind.to_be_bytes(), rest].concat()
    };
    let action = |kind, rest: &[u8]| after(&[], kind, rest);
    let ben = *account(BEN).as_bytes();
    let grant = |rest: &[u8]| action(2, &plus(&ben, rest));
    let removal = |rest: &[u8]| action(3, &plus(&ben, rest));
    let join = |rest: &[u8]| action(4, &plus(&ben, rest));
    let set = |number: u16, value: &[u8]| {
        let len = u16::try_from(value.len()).unwrap().to_be_bytes();
        action(7, &[number.to_be_bytes().as_slice(), &len, value].concat())
    };
    let create = |owners: &[&[u8]], rest: &[u8]| {
        let count = u8::try_from(owners.len()).unwrap();
        action(1, &[&[count], owners.concat().as_slice(), rest].concat())
    };
    let rest = [&[1, b'x'], [0; 5].as_slice()].concat();
    let mut two = [*account(ASHA).as_bytes(), ben];
    two.sort_unstable();
    let height = |device: &[u8; 32], height: u64| plus(device, &height.to_be_bytes());
    let mut devices = [*device(LAPTOP).as_bytes(), *device(PHONE).as_bytes()];
    devices.sort_unstable();
    let [low, high] = devices;
    let heights = |of: &[Vec<u8>]| {
        let count = u16::try_from(of.len()).unwrap().to_be_bytes();
        removal(&[&[0], count.as_slice(), &of.concat()].concat())
    };
    let seventeen: Vec<[u8; 32]> = (0..17).map(|_| ben).collect();
    let seventeen: Vec<&[u8]> = seventeen.iter().map(<[u8; 32]>::as_slice).collect();
    json!([
        bad_body(7, "nothing after the salt", &[]),
        bad_body(7, "after an entry twice", &after(&[1, 1], 999, &[])),
        bad_body(7, "after entries out of order", &after(&[2, 1], 999, &[])),
        bad_body(7, "after 257 others", &[1, 1]),
        bad_body(7, "a group without owners", &create(&[], &rest)),
        bad_body(7, "owners out of order", &create(&[&two[1], &two[0]], &rest)),
        bad_body(7, "an owner twice", &create(&[&ben, &ben], &rest)),
        bad_body(7, "17 owners", &create(&seventeen, &rest)),
        bad_body(7, "an owner that is no key", &create(&[&SMALL], &rest)),
        bad_body(7, "a group without a name", &create(&[&ben], &[0; 6])),
        bad_body(7, "a creation that ends early", &create(&[&ben], &rest[..6])),
        bad_body(7, "the right of an owner", &grant(&[3, 0])),
        bad_body(7, "no right", &grant(&[0, 0])),
        bad_body(7, "a history that is neither yes nor no", &grant(&[1, 2])),
        bad_body(7, "a byte after a grant", &grant(&[1, 0, 0])),
        bad_body(7, "who keeps the right of an admin", &removal(&[2, 0, 0])),
        bad_body(7, "a height of 0", &heights(&[height(&low, 0)])),
        bad_body(7, "heights out of order", &heights(&[height(&high, 1), height(&low, 1)])),
        bad_body(7, "a device twice", &heights(&[height(&low, 1), height(&low, 2)])),
        bad_body(7, "1,001 heights", &removal(&[0, 3, 0xe9])),
        bad_body(7, "another way to join", &join(&[3])),
        bad_body(7, "a grant of 31 bytes", &join(&plus(&[1], &[7; 31]))),
        bad_body(7, "a proof of 63 bytes", &join(&[&[2; 33], ben.as_slice(), &[0; 63]].concat())),
        bad_body(7, "a ticket whose key is none", &action(5, &plus(&NOT_REDUCED, &[0]))),
        bad_body(7, "1,001 who joined", &action(6, &plus(&[6; 32], &[3, 0xe9]))),
        bad_body(
            7,
            "one of them twice",
            &action(6, &[&[6; 32], [0, 2].as_slice(), &[1; 64]].concat())
        ),
        bad_body(7, "a lifetime of three bytes", &set(1, &[0, 0, 60])),
        bad_body(7, "a lifetime of five bytes", &set(1, &[0, 0, 0, 0, 60])),
        bad_body(7, "an empty name", &set(2, &[0])),
        bad_body(7, "a topic of 513 bytes", &set(3, &[b'x'; 513])),
        bad_body(7, "a topic that begins with a space", &set(3, b" x")),
        bad_body(7, "a topic with a line break", &set(3, b"a\nb")),
        bad_body(7, "a topic that is not UTF-8", &set(3, &[0xff])),
        bad_body(7, "a policy that is neither yes nor no", &set(4, &[2])),
        bad_body(7, "a setting of 1,025 bytes", &action(7, &plus(&[3, 0xe7, 4, 1], &[0; 1_025]))),
        bad_body(7, "a byte after a setting", &plus(&set(4, &[1]), &[0])),
    ])
}

fn group_value(name: &str, group: &groups::Group) -> Value {
    let devices = (0..groups::PEOPLE).flat_map(|who| [(who, 0), (who, 1)]).map(|(who, which)| {
        let device = groups::device(who, which);
        json!({
            "account": hex(groups::account(who).as_bytes()),
            "device": hex(device.as_bytes()),
            "limit": group.limit(groups::account(who), device),
        })
    });
    let operation = |(header, body): &(Header, Vec<u8>)| {
        json!({
            "id": hex(header.id().as_bytes()),
            "author": hex(header.author.as_bytes()),
            "seq": header.seq(),
            "rank": header.rank,
            "body": hex(body),
        })
    };
    json!({
        "name": name,
        "group": hex(group.id.as_bytes()),
        "devices": devices.collect::<Vec<_>>(),
        "operations": group.written.iter().map(operation).collect::<Vec<_>>(),
        "state": state_value(&group.state()),
    })
}

fn state_value(state: &State) -> Value {
    let members = state.members.iter().map(|(account, member)| {
        json!({
            "account": hex(account.as_bytes()),
            "role": role_value(member.role),
            "since": member.since_rank,
            "joined": member.has_joined,
        })
    });
    let devices = state.devices.iter().map(|(device, joined)| {
        let counts = joined.counts.iter().map(|range| json!([range.from(), range.to()]));
        json!({
            "device": hex(device.as_bytes()),
            "account": hex(joined.account.as_bytes()),
            "counts": counts.collect::<Vec<_>>(),
            "role": joined.role.map(role_value),
        })
    });
    let grants = state.grants.iter().map(|((account, id), grant)| {
        let by = match id {
            GrantId::Creation => None,
            GrantId::By(id) => Some(hex(id.as_bytes())),
        };
        json!({
            "account": hex(account.as_bytes()),
            "by": by,
            "role": role_value(grant.role),
            "since": grant.since_rank,
            "ended_by": grant.ended_by.map(|by| hex(by.as_bytes())),
        })
    });
    let verdicts = state
        .verdicts
        .iter()
        .map(|(id, verdict)| (hex(id.as_bytes()), Value::from(verdict_words(*verdict))));
    let latest = state.latest.iter().map(|(number, of)| json!({ "number": number, "by": ids(of) }));
    let removals = state
        .removals
        .iter()
        .map(|(account, of)| json!({ "account": hex(account.as_bytes()), "by": ids(of) }));
    json!({
        "name": state.name.as_ref().map(Name::as_str),
        "topic": state.topic.as_str(),
        "history": state.history.map(history_value),
        "lifetime": state.lifetime_s,
        "members": members.collect::<Vec<_>>(),
        "devices": devices.collect::<Vec<_>>(),
        "grants": grants.collect::<Vec<_>>(),
        "tickets": ids(state.tickets.keys()),
        "verdicts": Value::Object(verdicts.collect()),
        "latest": latest.collect::<Vec<_>>(),
        "removals": removals.collect::<Vec<_>>(),
        "missing": ids(&state.missing),
    })
}

fn verdict_words(verdict: Verdict) -> String {
    let by = |words: &str, id: EntryId| format!("{words} {}", hex(id.as_bytes()));
    match verdict {
        Verdict::EndedBy(id) => by("ended by", id),
        Verdict::Lost(id) => by("lost by", id),
        Verdict::Counts => "counts".to_owned(),
        Verdict::Replaced => "replaced".to_owned(),
        Verdict::Outweighed => "outweighed".to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
        Verdict::NotJoined => "not joined".to_owned(),
        Verdict::OtherAccount => "other account".to_owned(),
        Verdict::CutOff => "cut off".to_owned(),
        Verdict::NoRight => "no right".to_owned(),
        Verdict::NotLetIn => "not let in".to_owned(),
        Verdict::JoinedBefore => "joined before".to_owned(),
        Verdict::NoRoom => "no room".to_owned(),
        Verdict::TooMany => "too many".to_owned(),
    }
}

/// Entries that can be read and are no operations of their group.
fn not_proven() -> Value {
    use membership::Action;
    let content = |action| Content::Membership(Box::new(membership::Operation::new(action)));
    let bytes = |action| Body::new(SALT, content(action)).unwrap().to_bytes();
    let group = group_of(&bytes(Action::Create(creation(&[ASHA]))));
    let other = bytes(Action::Create(creation(&[BEN])));
    let (key, proof_of) =
        (key(MALLORY), |of, account, device| prove_ticket(&key(MALLORY), of, account, device));
    let join = |proof| {
        let by = By::Ticket { ticket: entry(0x66), key: key.public(), proof };
        bytes(Action::Join { account: account(BEN), by })
    };
    let right = proof_of(group, account(BEN), device(PHONE));
    let vector = |reason: &str, body: Vec<u8>| {
        let header = Header {
            conversation: group,
            kind: Kind::MEMBERSHIP,
            author: device(PHONE),
            ..first()
        };
        let is_one = membership::Placed::read(&header, &body).is_ok();
        assert_eq!(is_one, reason == "as it should be", "{reason}");
        json!({
            "reason": reason,
            "fault": if is_one { Value::Null } else { "not proven".into() },
            "group": hex(group.as_bytes()),
            "author": hex(device(PHONE).as_bytes()),
            "body": hex(&body),
        })
    };
    let elsewhere = ConversationId::from_bytes([6; 32]);
    json!([
        vector("as it should be", join(right)),
        vector("the creation of another group", other),
        vector("a proof for another group", join(proof_of(elsewhere, account(BEN), device(PHONE)))),
        vector("a proof for another account", join(proof_of(group, account(ASHA), device(PHONE)))),
        vector("a proof for another device", join(proof_of(group, account(BEN), device(LAPTOP)))),
        vector("a proof that is changed", join(plus_order(&right))),
    ])
}

fn group_ticket(addresses: &[Address], expires_s: u32) -> GroupTicket {
    GroupTicket {
        group: ConversationId::from_bytes([6; 32]),
        ticket: entry(0x66),
        seed: [MALLORY; 32],
        account: account(ASHA),
        device: device(LAPTOP),
        expires_s,
        addresses: addresses.to_vec(),
    }
}

fn group_tickets() -> Value {
    let direct = Address::Direct("10.0.0.5:4000".parse().unwrap());
    let vector = |name: &str, ticket: &GroupTicket| {
        let address = |address: &Address| match address {
            Address::Relay(url) => json!({ "kind": 1, "url": url }),
            Address::Direct(at) => json!({ "kind": 4, "ip": "0a000005", "port": at.port() }),
        };
        let value = json!({
            "group": hex(ticket.group.as_bytes()),
            "ticket": hex(ticket.ticket.as_bytes()),
            "seed": hex(&ticket.seed),
            "account": hex(ticket.account.as_bytes()),
            "device": hex(ticket.device.as_bytes()),
            "expires": ticket.expires_s,
            "addresses": ticket.addresses.iter().map(address).collect::<Vec<_>>(),
        });
        assert_eq!(ticket.to_text().parse().as_ref(), Ok(ticket));
        json!({ "name": name, "value": value, "bytes": hex(&ticket.to_bytes()), "text": ticket.to_text() })
    };
    json!([
        vector("without addresses", &group_ticket(&[], 0)),
        vector(
            "with two",
            &group_ticket(&[direct, Address::Relay("https://relay.example".into())], 1_800_000_000)
        ),
    ])
}

fn invalid_group_tickets() -> Value {
    let bytes = group_ticket(&[], 0).to_bytes();
    let bad = |reason: &str, text: &str| {
        let fault = match text.parse::<GroupTicket>().unwrap_err() {
            TicketError::NoPrefix => "no prefix",
            TicketError::WrongLetter(_) => "wrong letter",
            TicketError::Damaged => "damaged",
            TicketError::Unreadable(error) => fault(error),
        };
        json!({ "reason": reason, "fault": fault, "text": text })
    };
    let without_last = &bytes[..bytes.len() - 1];
    json!([
        bad("the ticket of an account", &ticket_of(&[], 0).to_text()),
        bad("version 3", &ticket_text(&with(&bytes, 0, &[3]))),
        bad("an account of small order", &ticket_text(&with(&bytes, 97, &SMALL))),
        bad("nine addresses", &ticket_text(&plus(without_last, &[9]))),
        bad("a byte missing", &ticket_text(without_last)),
        bad("a byte after it", &ticket_text(&plus(&bytes, &[0]))),
        bad("a letter missing", &group_ticket(&[], 0).to_text()[1..]),
    ])
}

// What two devices say to each other.

fn session() -> Value {
    json!({
        "about": "Known answers for docs/protocol/session.md. See README.md.",
        "messages": messages(),
        "invalid": invalid_messages(),
    })
}

fn message(name: &str, value: &Value, message: &Message) -> Value {
    let bytes = message.to_bytes();
    assert_eq!(Message::read(&bytes).as_ref(), Ok(message));
    json!({ "name": name, "value": value, "bytes": hex(&bytes) })
}

fn hello(name: &str, version: u16, wish: Wish) -> Value {
    let digest = AccountLog::new(account(ASHA)).digest();
    let said = match &wish {
        Wish::Nothing => json!({ "wish": 0 }),
        Wish::Redeem(secret) => json!({ "wish": 1, "secret": hex(secret) }),
        Wish::Request(text) => json!({ "wish": 2, "text": text }),
        Wish::Join { group, ticket, proof } => json!({
            "wish": 3,
            "group": hex(group.as_bytes()),
            "ticket": hex(ticket.as_bytes()),
            "proof": hex(proof.as_bytes()),
        }),
    };
    let hello = Hello { version, account: account(ASHA), digest, wish };
    let value = json!({
        "message": 1,
        "version": version,
        "account": hex(hello.account.as_bytes()),
        "digest": digest.to_hex(),
        "wish": said,
    });
    message(name, &value, &Message::Hello(hello))
}

fn operations(name: &str, names: &[&str]) -> Value {
    let history = history();
    let operations: Vec<_> = names.iter().map(|name| history.get(name).clone()).collect();
    let written: Vec<_> = operations.iter().map(|signed| hex(&signed.to_bytes())).collect();
    let value = json!({ "message": 3, "is_last": true, "operations": written });
    message(name, &value, &Message::Operations { operations, is_last: true })
}

fn accounts(name: &str, of: &[u8]) -> Value {
    let digests: BTreeMap<_, _> =
        of.iter().map(|of| (account(*of), AccountLog::new(account(*of)).digest())).collect();
    let one = |(account, digest): (&AccountId, &Hash)| json!({ "account": hex(account.as_bytes()), "digest": digest.to_hex() });
    let value = json!({ "message": 4, "accounts": digests.iter().map(one).collect::<Vec<_>>() });
    message(name, &value, &Message::Accounts(digests))
}

fn fork() -> Value {
    let mut other = written();
    other.truncate(2);
    other[1].0.claimed = ClaimedTime::new(7);
    let (a, b) = (run(&written()[..3], LAPTOP), run(&other, LAPTOP));
    let fork = Fork::prove(talk(), device(LAPTOP), a, b).unwrap();
    let without_base = |run: &Run| {
        let mut value = run_value(run, Base::Empty);
        value.as_object_mut().unwrap().remove("base");
        value
    };
    let runs: Vec<Value> = fork.runs().iter().map(without_base).collect();
    let value = json!({
        "message": 8,
        "conversation": hex(talk().as_bytes()),
        "author": hex(device(LAPTOP).as_bytes()),
        "at": fork.at(),
        "runs": runs,
    });
    message("a fork", &value, &Message::Fork(Box::new(fork)))
}

fn read(name: &str) -> Value {
    let mut frontier = Frontier::default();
    frontier.insert(device(LAPTOP), range(1, 5));
    let value = json!({
        "message": 9,
        "conversation": hex(talk().as_bytes()),
        "authors": [{ "author": hex(device(LAPTOP).as_bytes()), "ranges": [[1, 5]] }],
    });
    message(name, &value, &Message::Read { conversation: talk(), frontier })
}

fn signals() -> [Value; 6] {
    let typing = json!({ "message": 10, "conversation": hex(talk().as_bytes()), "is_on": true });
    let keys = vec![prekey(1), prekey(2)];
    let written: Vec<String> = keys.iter().map(|key| hex(key.as_bytes())).collect();
    [
        message("typing", &typing, &Message::Typing { conversation: talk(), is_on: true }),
        message(
            "presence",
            &json!({ "message": 11, "is_active": false }),
            &Message::Presence { is_active: false },
        ),
        message("prekeys wanted", &json!({ "message": 12 }), &Message::PrekeysWanted),
        message("prekeys", &json!({ "message": 13, "keys": written }), &Message::Prekeys(keys)),
        feed("a feed of one author", Some(device(LAPTOP)), false),
        feed("a feed of everything", None, true),
    ]
}

fn feed(name: &str, author: Option<DeviceId>, is_on: bool) -> Value {
    let value = json!({
        "message": 14,
        "conversation": hex(talk().as_bytes()),
        "author": author.map(|author| hex(author.as_bytes())),
        "is_on": is_on,
    });
    message(name, &value, &Message::Feed { conversation: talk(), author, is_on })
}

fn range(from: u64, to: u64) -> Range {
    Range::new(Seq::new(from).unwrap(), Seq::new(to).unwrap()).unwrap()
}

fn have(name: &str, authors: &[(u8, &[(u64, u64)])]) -> Value {
    let mut frontier = Frontier::default();
    for (author, ranges) in authors {
        ranges.iter().for_each(|(from, to)| frontier.insert(device(*author), range(*from, *to)));
    }
    let author = |(author, ranges): (DeviceId, &chinwag_core::sync::ranges::Ranges)| {
        let ranges: Vec<_> = ranges.iter().map(|range| [range.from(), range.to()]).collect();
        json!({ "author": hex(author.as_bytes()), "ranges": ranges })
    };
    let begun = frontier.iter().filter(|(_, ranges)| ranges.height() > 0);
    let heads: BTreeMap<_, _> = begun.map(|(author, _)| (author, entry(0x77))).collect();
    let value = json!({
        "message": 5,
        "conversation": hex(talk().as_bytes()),
        "is_whole": true,
        "wants_answer": false,
        "authors": frontier.iter().map(author).collect::<Vec<_>>(),
        "heads": heads.values().map(|head| hex(head.as_bytes())).collect::<Vec<_>>(),
    });
    let (conversation, is_whole, wants_answer) = (talk(), true, false);
    let have = Have { conversation, frontier, heads, is_whole, wants_answer };
    message(name, &value, &Message::Have(have))
}

fn want(name: &str, from: u64, to: u64) -> Value {
    let value = json!({
        "message": 6,
        "conversation": hex(talk().as_bytes()),
        "author": hex(device(LAPTOP).as_bytes()),
        "range": [from, to],
    });
    let (conversation, author, range) = (talk(), device(LAPTOP), range(from, to));
    message(name, &value, &Message::Want { conversation, author, range })
}

fn entries(name: &str, run: Run) -> Value {
    let mut value = run_value(&run, Base::Empty);
    value.as_object_mut().unwrap().remove("base");
    value["message"] = 7.into();
    message(name, &value, &Message::Entries { conversation: talk(), author: device(LAPTOP), run })
}

/// What brings Asha's laptop to a member of a group: it has a ticket, and does not show it.
fn wish_to_join() -> Wish {
    let (group, ticket) = (ConversationId::from_bytes([0x66; 32]), entry(0x77));
    let proof = prove_ticket(&key(MALLORY), group, account(ASHA), device(LAPTOP));
    Wish::Join { group, ticket, proof }
}

fn messages() -> Value {
    let digest = history().log(&["asha", "laptop"]).digest();
    let log = written();
    let mut deleted = run(&log[..2], LAPTOP);
    deleted.entries[0].1 = None;
    let empty = Run { entries: Vec::new(), signature: deleted.signature };
    let sixteen: Vec<(u64, u64)> = (0..16).map(|n| (3 * n + 1, 3 * n + 2)).collect();
    let known = json!({ "message": 2, "digest": digest.to_hex() });
    let mut all = json!([
        hello("hello", 1, Wish::Nothing),
        hello("hello with a ticket's secret", 1, Wish::Redeem([0x33; 16])),
        hello("hello with a request", 1, Wish::Request("It's me, Ben. Grüße!".into())),
        hello("a request as long as it may be", 1, Wish::Request("é".repeat(140))),
        hello("hello with the proof that somebody has a group's ticket", 1, wish_to_join()),
        hello("hello of another version, which is read and then refused", 2, Wish::Nothing),
        message("known", &known, &Message::Known { digest }),
        operations("no operations", &[]),
        operations("an account log", &["asha", "laptop", "asha r"]),
        accounts("no accounts", &[]),
        accounts("two accounts", &[ASHA, BEN]),
        have("nothing", &[]),
        have("two authors", &[(LAPTOP, &[(1, 5)]), (PHONE, &[(1, 2), (4, 4), (9, u64::MAX)])]),
        have("sixteen ranges", &[(LAPTOP, &sixteen)]),
        want("one entry", 1, 1),
        want("all there can be", 1, u64::MAX),
        entries("an entry", run(&log[..1], LAPTOP)),
        entries("two, of one the body is deleted", deleted),
        entries("none, which is read and then refused", empty),
        fork(),
        read("read marks"),
    ]);
    all.as_array_mut().unwrap().extend(signals());
    all
}

/// What an author's key is followed by in a frontier.
type RawRanges<'a> = &'a [(u64, u64)];

/// A frontier's bytes, right or wrong.
fn raw_have(authors: &[(&[u8; 32], RawRanges<'_>)]) -> Vec<u8> {
    let mut bytes = plus(&plus(&[5], talk().as_bytes()), &[1, 0]);
    bytes.extend_from_slice(&u16::try_from(authors.len()).unwrap().to_be_bytes());
    for (author, ranges) in authors {
        bytes.extend_from_slice(*author);
        bytes.push(u8::try_from(ranges.len()).unwrap());
        for (from, to) in *ranges {
            bytes.extend_from_slice(&from.to_be_bytes());
            bytes.extend_from_slice(&to.to_be_bytes());
        }
    }
    let begun = authors.iter().filter(|(_, ranges)| ranges.first().is_some_and(|r| r.0 == 1));
    bytes.extend(begun.flat_map(|_| [0x77; 32]));
    bytes
}

fn raw_want(author: &[u8; 32], from: u64, to: u64) -> Vec<u8> {
    let range = plus(&from.to_be_bytes(), &to.to_be_bytes());
    [&[6], talk().as_bytes().as_slice(), author, &range].concat()
}

fn invalid_messages() -> Value {
    let mut all = invalid_frontiers();
    let hello =
        |wish: &[u8]| [&[1, 0, 1], account(ASHA).as_bytes().as_slice(), &[0x44; 32], wish].concat();
    let request =
        |len: u16, text: &[u8]| hello(&[&[2], len.to_be_bytes().as_slice(), text].concat());
    let author = *device(LAPTOP).as_bytes();
    let one = run(&written()[..1], LAPTOP);
    let entries = Message::Entries { conversation: talk(), author: device(LAPTOP), run: one };
    let entries = entries.to_bytes();
    let has_body = 67 + first().to_bytes().len();
    let frame = [&[4, 0, 0], vec![0; 4 * 1_024 * 1_024 - 2].as_slice()].concat();
    let too_long = Message::read(&frame).err().unwrap();
    all.extend([
        bad::<Message>("nothing", &[]),
        bad::<Message>("message 0", &[0]),
        bad::<Message>("message 14", &[14]),
        bad::<Message>("a hello that ends early", &hello(&[])),
        bad::<Message>("an unknown wish", &hello(&[4])),
        bad::<Message>(
            "a proof that ends early",
            &hello(&[&[3; 1][..], &[0x66; 64], &[1; 63]].concat()),
        ),
        bad::<Message>("a secret that ends early", &hello(&[1, 0, 0])),
        bad::<Message>("a byte after a hello", &hello(&[0, 0])),
        bad::<Message>("an account of small order", &with(&hello(&[0]), 3, &SMALL)),
        bad::<Message>("a digest of 31 bytes", &[2; 32]),
        bad::<Message>("a digest of 33 bytes", &[2; 34]),
        bad::<Message>("2,001 operations", &[3, 1, 0x07, 0xd1]),
        bad::<Message>("fewer operations than counted", &[3, 1, 0, 1]),
        bad::<Message>("a request of 281 bytes", &request(281, &[b'x'; 281])),
        bad::<Message>("a request that is not UTF-8", &request(1, &[0xff])),
        bad::<Message>("wanting entry 0", &raw_want(&author, 0, 1)),
        bad::<Message>("wanting a range that is upside down", &raw_want(&author, 2, 1)),
        bad::<Message>("wanting entries of what is no key", &raw_want(&SMALL, 1, 1)),
        bad::<Message>("1,001 entries", &with(&entries, 65, &[3, 0xe9])),
        bad::<Message>("fewer entries than counted", &with(&entries, 65, &[0, 2])),
        bad::<Message>("a body that is neither there nor not", &with(&entries, has_body, &[2])),
        bad::<Message>("a body over the limit", &with(&entries, has_body + 1, &[0, 8, 0, 1])),
        bad::<Message>("a signature of 63 bytes", &entries[..entries.len() - 1]),
        json!({
            "reason": "a frame one byte over the limit",
            "fault": fault(too_long),
            "bytes": and_many(&[4, 0, 0], 0, frame.len() - 3),
        }),
    ]);
    Value::from(all)
}

fn invalid_frontiers() -> Vec<Value> {
    let mut authors = [*device(LAPTOP).as_bytes(), *device(PHONE).as_bytes()];
    authors.sort_unstable();
    let [low, high] = &authors;
    let seventeen: Vec<(u64, u64)> = (0..17).map(|n| (3 * n + 1, 3 * n + 2)).collect();
    let of = |ranges: &[(u64, u64)]| raw_have(&[(low, ranges)]);
    let many = plus(&plus(&[5], talk().as_bytes()), &[1, 0, 0x03, 0xe9]);
    vec![
        bad::<Message>("authors out of order", &raw_have(&[(high, &[(1, 1)]), (low, &[(1, 1)])])),
        bad::<Message>("an author twice", &raw_have(&[(low, &[(1, 1)]), (low, &[(3, 3)])])),
        bad::<Message>("an author of whom there is nothing", &of(&[])),
        bad::<Message>("an author that is no key", &raw_have(&[(&SMALL, &[(1, 1)])])),
        bad::<Message>("entry 0", &of(&[(0, 1)])),
        bad::<Message>("a range that is upside down", &of(&[(2, 1)])),
        bad::<Message>("ranges that touch", &of(&[(1, 2), (3, 4)])),
        bad::<Message>("ranges that overlap", &of(&[(1, 3), (3, 4)])),
        bad::<Message>("ranges out of order", &of(&[(5, 6), (1, 2)])),
        bad::<Message>("a range after the last number", &of(&[(1, u64::MAX), (1, 1)])),
        bad::<Message>("17 ranges", &of(&seventeen)),
        bad::<Message>("1,001 authors", &many),
        bad::<Message>("a byte after it", &plus(&of(&[(1, 1)]), &[0])),
    ]
}
