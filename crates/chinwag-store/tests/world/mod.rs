//! People, devices and what they write, for the tests: everything from small numbers, so that it is
//! the same in each run.

#![allow(dead_code, reason = "each test file uses its own part of the world")]
#![allow(missing_docs, unreachable_pub, reason = "a test's words, seen by nobody else")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

use chinwag_core::body::{Body, Content, Kind, SALT_LEN, Settings, Text, body_hash};
use chinwag_core::entry::{Header, Parents, Place, Seq, Tip, sign};
use chinwag_core::identity::{Action, Name, Operation, SignedOperation};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::log::{Base, CheckedRun, Run};
use chinwag_core::sync::ranges::Range;
use chinwag_core::time::ClaimedTime;
use chinwag_crypto::{SealKey, SealPublic, Secret, SigningKey};

pub const KEY: [u8; 32] = [0x5a; 32];

pub fn store_key() -> Secret<32> {
    Secret::new(KEY)
}

/// The key as SQLCipher wants it of somebody who has it.
pub fn raw_key() -> String {
    let digits: Vec<String> = KEY.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{}'", digits.concat())
}

pub fn key(number: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([number; 32]))
}

pub fn account(number: u8) -> AccountId {
    AccountId::new(key(100 + number).public())
}

pub fn device(number: u8) -> DeviceId {
    DeviceId::new(key(number).public())
}

pub fn conversation(number: u8) -> ConversationId {
    ConversationId::from_bytes([number; 32])
}

pub fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

pub fn range(from: u64, to: u64) -> Range {
    Range::new(seq(from), seq(to)).unwrap()
}

pub fn seal_public(number: u8) -> SealPublic {
    SealKey::from_seed(&Secret::new([number; 32])).public()
}

pub fn name(name: &str) -> Name {
    Name::new(name).unwrap()
}

pub fn operation(number: u8, name: &str) -> SignedOperation {
    let operation = Operation {
        account: account(number),
        parents: std::collections::BTreeSet::new(),
        height: 1,
        claimed: ClaimedTime::new(7),
        action: Action::Profile { name: self::name(name) },
    };
    operation.sign(&key(100 + number))
}

pub fn text(words: &str) -> Content {
    Content::Text(Text { text: words.to_owned(), ..Text::default() })
}

pub fn edit(of: EntryId, words: &str) -> Content {
    Content::Edit { of, text: Text { text: words.to_owned(), ..Text::default() } }
}

pub fn reaction(to: EntryId) -> Content {
    Content::Reaction { to, is_on: true, emoji: "👍".to_owned() }
}

pub fn retraction(of: EntryId) -> Content {
    Content::Retraction { of }
}

pub fn settings(lifetime_s: u32) -> Content {
    Content::Settings(Settings::default().with_lifetime(lifetime_s))
}

pub fn unknown(kind: u16) -> Content {
    Content::Unknown { kind: Kind::new(kind), bytes: b"from the future".to_vec() }
}

/// A device that writes one log.
pub struct Author {
    key: SigningKey,
    conversation: ConversationId,
    /// Number and id of the entry before the first that it writes.
    before: Option<(Seq, EntryId)>,
    pub written: Vec<(Header, Vec<u8>)>,
}

impl Author {
    pub fn new(device: u8, conversation: ConversationId) -> Self {
        Self { key: key(device), conversation, before: None, written: Vec::new() }
    }

    /// One whose first entry is number `skipped` + 1, after something that nobody has.
    pub fn after(device: u8, conversation: ConversationId, skipped: u64) -> Self {
        let before = Some((seq(skipped), EntryId::from_bytes([0xee; 32])));
        Self { before, ..Self::new(device, conversation) }
    }

    /// One who goes on where a log ends.
    pub fn going_on(device: u8, conversation: ConversationId, before: Option<Tip>) -> Self {
        let before = before.map(|tip| (tip.seq, tip.id));
        Self { before, ..Self::new(device, conversation) }
    }

    pub fn id(&self) -> DeviceId {
        DeviceId::new(self.key.public())
    }

    pub fn conversation(&self) -> ConversationId {
        self.conversation
    }

    /// Writes an entry of this rank.
    pub fn writes(&mut self, rank: u64, content: Content) -> EntryId {
        let kind = content.kind();
        let mut salt = [0; SALT_LEN];
        salt[..8].copy_from_slice(&self.written.len().to_be_bytes());
        let body = Body::new(salt, content).unwrap().to_bytes();
        let header = Header {
            conversation: self.conversation,
            author: self.id(),
            place: self.next_place(),
            parents: Parents::default(),
            rank,
            claimed: ClaimedTime::new(rank),
            lifetime_s: 0,
            kind,
            body_len: u32::try_from(body.len()).unwrap(),
            body_hash: body_hash(&body),
        };
        let id = header.id();
        self.written.push((header, body));
        id
    }

    fn next_place(&self) -> Place {
        let written = self.written.last().map(|(header, _)| (header.seq(), header.id()));
        let before = written.or(self.before);
        before.map_or(Place::First, |(seq, id)| Place::following(seq, id).unwrap())
    }

    /// The run of these entries, from 0, signed at its end.
    pub fn run(&self, entries: std::ops::Range<usize>) -> CheckedRun {
        self.signed(entries, |_| true)
    }

    /// The same with some bodies only.
    pub fn signed(
        &self,
        entries: std::ops::Range<usize>,
        has_body: impl Fn(usize) -> bool,
    ) -> CheckedRun {
        let signature = sign(&self.key, self.written[entries.end - 1].0.id());
        let with = |at: usize| {
            let (header, body) = self.written[at].clone();
            (header, has_body(at).then_some(body))
        };
        let run = Run { entries: entries.map(with).collect(), signature };
        run.check(self.conversation, self.id(), Base::Unknown).unwrap()
    }

    /// All that was written.
    pub fn all(&self) -> CheckedRun {
        self.run(0..self.written.len())
    }

    /// Writes an entry and gives the run of it alone.
    pub fn new_run(&mut self, rank: u64, content: Content) -> CheckedRun {
        self.writes(rank, content);
        self.run(self.written.len() - 1..self.written.len())
    }

    pub fn ids(&self) -> Vec<EntryId> {
        self.written.iter().map(|(header, _)| header.id()).collect()
    }
}
