//! Groups made up for tests and known answers: people, their devices, what they decide about a group,
//! and the concurrent cases of `docs/protocol/membership.md` with their verdicts.
//!
//! Nothing in it is random but what is drawn from a seed.

#![allow(dead_code, unreachable_pub, reason = "each that includes it uses a part")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use chinwag_core::body::{Body, Content, Kind, SALT_LEN, body_hash};
use chinwag_core::entry::{Header, Parents, Place, Seq};
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::membership::{
    Action, By, Creation, History, Operation, Placed, Removal, Right, Role, Setting, State, Topic,
    Verdict, group_of, prove_ticket, resolve,
};
use chinwag_core::time::ClaimedTime;
use chinwag_crypto::{Secret, SigningKey};

pub mod drawn;
pub mod scenes;

/// People, by a number. Each has two devices.
pub const ANN: u8 = 0;
pub const BEN: u8 = 1;
pub const CAT: u8 = 2;
pub const DAN: u8 = 3;
pub const EVE: u8 = 4;

/// How many people there are.
pub const PEOPLE: u8 = 6;

static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    (0..64).map(|n| SigningKey::from_seed(&Secret::new([0x40 + n; 32]))).collect()
});
static IDS: LazyLock<Vec<AccountId>> =
    LazyLock::new(|| KEYS.iter().map(|key| AccountId::new(key.public())).collect());

pub fn account(person: u8) -> AccountId {
    IDS[usize::from(person)]
}

/// A person's first device.
pub fn phone(person: u8) -> DeviceId {
    device(person, 0)
}

/// A person's second device.
pub fn laptop(person: u8) -> DeviceId {
    device(person, 1)
}

pub fn device(person: u8, which: u8) -> DeviceId {
    DeviceId::new(*IDS[usize::from(PEOPLE + 2 * person + which)].key())
}

/// Whose device it is.
pub fn owner_of(of: DeviceId) -> Option<AccountId> {
    let person = (0..PEOPLE).find(|person| (0..2).any(|which| device(*person, which) == of));
    person.map(account)
}

pub fn ticket_key(number: u8) -> &'static SigningKey {
    &KEYS[usize::from(3 * PEOPLE + number)]
}

pub fn seq(number: u64) -> Seq {
    Seq::new(number).unwrap()
}

/// A group and what is written in it, by whom one likes, whether they may or not.
#[derive(Clone)]
pub struct Group {
    pub id: ConversationId,
    /// The entries that are operations, as they were written.
    pub written: Vec<(Header, Vec<u8>)>,
    pub operations: Vec<Placed>,
    /// The entries of each log: id and rank.
    logs: BTreeMap<DeviceId, Vec<(EntryId, u64)>>,
    /// How much of a log counts, where it was cut off.
    pub limits: BTreeMap<DeviceId, u64>,
    /// The rank of what is written next.
    pub rank: u64,
    salt: u8,
    pub expected: Expected,
}

/// What a scene is to come to.
#[derive(Clone, Default)]
pub struct Expected {
    pub roles: Vec<(AccountId, Option<Role>)>,
    pub verdicts: Vec<(EntryId, Verdict)>,
    pub counts: Vec<(DeviceId, Seq, bool)>,
    pub name: Option<String>,
    pub lifetime_s: Option<u32>,
    pub history: Option<History>,
}

impl Group {
    /// A group that these people own; the first created it and has joined.
    pub fn of(owners: &[u8]) -> Self {
        let creation = Creation {
            owners: owners.iter().map(|owner| account(*owner)).collect(),
            name: Name::new("Choir").unwrap(),
            history: History::FromNow,
            lifetime_s: 0,
        };
        let operation = Operation::new(Action::Create(creation));
        let content = Content::Membership(Box::new(operation.clone()));
        let body = Body::new([0; SALT_LEN], content).unwrap().to_bytes();
        let mut group = Self {
            id: group_of(&body),
            written: Vec::new(),
            operations: Vec::new(),
            logs: BTreeMap::new(),
            limits: BTreeMap::new(),
            rank: 1_000,
            salt: 0,
            expected: Expected::default(),
        };
        group.write(phone(owners[0]), operation);
        group.own(owners[0]);
        group
    }

    /// Writes an operation after all that is in that log.
    pub fn write(&mut self, author: DeviceId, operation: Operation) -> EntryId {
        let salt = if matches!(operation.action, Action::Create(_)) { 0 } else { self.salt };
        let content = Content::Membership(Box::new(operation));
        let body = Body::new([salt; SALT_LEN], content).unwrap().to_bytes();
        let header = self.header(author, Kind::MEMBERSHIP, &body);
        let placed = Placed::read(&header, &body).unwrap();
        let id = placed.id();
        self.operations.push(placed);
        self.written.push((header, body));
        id
    }

    /// Says something that is no operation: at which place of the log.
    pub fn says(&mut self, author: DeviceId) -> Seq {
        self.header(author, Kind::TEXT, b"sixteen bytes of salt").seq()
    }

    fn header(&mut self, author: DeviceId, kind: Kind, body: &[u8]) -> Header {
        self.salt = self.salt.wrapping_add(1);
        let log = self.logs.entry(author).or_default();
        let place = match (Seq::new(log.len() as u64), log.last()) {
            (Some(height), Some((last, _))) => Place::following(height, *last).unwrap(),
            _ => Place::First,
        };
        let rank = self.rank.max(log.last().map_or(0, |(_, rank)| *rank));
        self.rank += 1;
        let header = Header {
            conversation: self.id,
            author,
            place,
            parents: Parents::default(),
            rank,
            claimed: ClaimedTime::new(rank),
            lifetime_s: 0,
            kind,
            body_len: u32::try_from(body.len()).unwrap(),
            body_hash: body_hash(body),
        };
        log.push((header.id(), rank));
        header
    }

    /// How many entries are in a log.
    pub fn height(&self, of: DeviceId) -> u64 {
        self.logs.get(&of).map_or(0, |log| log.len() as u64)
    }

    /// Goes on after an earlier place of a log: a fork.
    pub fn rewind(&mut self, of: DeviceId, to: u64) {
        self.logs.entry(of).or_default().truncate(usize::try_from(to).unwrap());
    }

    /// What was written until now of a person's devices.
    pub fn heights(&self, person: u8) -> BTreeMap<DeviceId, Seq> {
        let devices = [phone(person), laptop(person)];
        devices.into_iter().filter_map(|d| Some((d, Seq::new(self.height(d))?))).collect()
    }

    // Who decides what. Each is written by the person's phone.

    pub fn join(&mut self, author: DeviceId, person: u8, by: By) -> EntryId {
        self.write(author, Operation::new(Action::Join { account: account(person), by }))
    }

    pub fn own(&mut self, person: u8) -> EntryId {
        self.join(phone(person), person, By::Creation)
    }

    pub fn grant(&mut self, by: u8, to: u8, right: Right, after: &[EntryId]) -> EntryId {
        let history = History::FromNow;
        let action = Action::Grant { account: account(to), right, history };
        self.write(phone(by), Operation { after: after.iter().copied().collect(), action })
    }

    /// A grant, and the phone of whoever got it joins.
    pub fn admit(&mut self, by: u8, to: u8, right: Right) -> EntryId {
        let grant = self.grant(by, to, right, &[]);
        self.join(phone(to), to, By::Grant(grant));
        grant
    }

    /// A removal by somebody who has these heights of them.
    pub fn remove_at(
        &mut self,
        by: u8,
        whom: u8,
        keeps: Option<Right>,
        heights: BTreeMap<DeviceId, Seq>,
    ) -> EntryId {
        let removal = Removal { account: account(whom), keeps, heights };
        self.write(phone(by), Operation::new(Action::Remove(removal)))
    }

    /// A removal by somebody who has all that they wrote until now.
    pub fn remove(&mut self, by: u8, whom: u8) -> EntryId {
        self.remove_at(by, whom, None, self.heights(whom))
    }

    pub fn demote(&mut self, by: u8, whom: u8) -> EntryId {
        self.remove_at(by, whom, Some(Right::Member), self.heights(whom))
    }

    pub fn ticket(&mut self, by: u8, number: u8) -> EntryId {
        let key = ticket_key(number).public();
        let action = Action::Ticket { key, history: History::FromNow, expires_s: 0 };
        self.write(phone(by), Operation::new(action))
    }

    pub fn join_by(
        &mut self,
        person: u8,
        ticket: EntryId,
        number: u8,
        after: &[EntryId],
    ) -> EntryId {
        let (key, author) = (ticket_key(number), phone(person));
        let proof = prove_ticket(key, self.id, account(person), author);
        let by = By::Ticket { ticket, key: key.public(), proof };
        let action = Action::Join { account: account(person), by };
        self.write(author, Operation { after: after.iter().copied().collect(), action })
    }

    pub fn revoke(&mut self, by: u8, ticket: EntryId, joined: &[EntryId]) -> EntryId {
        let joined = joined.iter().copied().collect();
        self.write(phone(by), Operation::new(Action::Revoke { ticket, joined }))
    }

    pub fn set(&mut self, by: u8, setting: Setting, after: &[EntryId]) -> EntryId {
        let after: BTreeSet<EntryId> = after.iter().copied().collect();
        self.write(phone(by), Operation { after, action: Action::Set(setting) })
    }

    pub fn call(&mut self, by: u8, name: &str, after: &[EntryId]) -> EntryId {
        self.set(by, Setting::Name(Name::new(name).unwrap()), after)
    }

    // What comes of it.

    pub fn limit(&self, account: AccountId, device: DeviceId) -> u64 {
        let is_theirs = owner_of(device) == Some(account);
        if is_theirs { self.limits.get(&device).copied().unwrap_or(u64::MAX) } else { 0 }
    }

    pub fn state(&self) -> State {
        self.state_of(&self.operations)
    }

    pub fn state_of<'a>(&self, operations: impl IntoIterator<Item = &'a Placed>) -> State {
        resolve(self.id, operations, |account, device| self.limit(account, device))
    }

    // What is to come of it.

    pub fn is(&mut self, person: u8, role: Option<Role>) {
        self.expected.roles.push((account(person), role));
    }

    pub fn counts(&mut self, operation: EntryId) {
        self.comes_to(operation, Verdict::Counts);
    }

    pub fn comes_to(&mut self, operation: EntryId, verdict: Verdict) {
        self.expected.verdicts.push((operation, verdict));
    }

    pub fn shows(&mut self, author: DeviceId, seq: Seq, is_shown: bool) {
        self.expected.counts.push((author, seq, is_shown));
    }
}

/// What a group may be about.
pub fn topic(text: &str) -> Setting {
    Setting::Topic(Topic::new(text).unwrap())
}
