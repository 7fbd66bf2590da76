//! What must hold when bytes are read that somebody else may have written: the fuzzer and the tests
//! of the core put any bytes in.
//!
//! What always holds: a decoder gives a value or an error, and never panics; what it accepts is
//! written back in the same bytes, so a value takes no more memory than its bytes do by a fixed
//! factor; where a value ends does not depend on what comes after it; and what can be done with
//! a value at once (name it, check it, compare it) can be done with every one.
//!
//! Each check says whether the bytes were a value, so that a test can tell seeds that are read from
//! seeds that are refused.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::LazyLock;

use chinwag_core::body::{Body, Content, Kind, SALT_LEN, body_hash, target};
use chinwag_core::bundle::{Bundle, Sealed};
use chinwag_core::entry::{Header, Parents, Place, Position, Seq, Tip, sign};
use chinwag_core::fork::Fork;
use chinwag_core::identity::{AccountLog, Name, SignedOperation};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId, OperationId, PrekeyId};
use chinwag_core::log::{Base, CheckedEntry, Run};
use chinwag_core::membership::{
    Action, By, GroupTicket, Operation, Placed, Role, State, group_of, resolve,
};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::plan::{has_room_for, lowest_gap, next_gap};
use chinwag_core::sync::ranges::{Range, Ranges};
use chinwag_core::ticket::{Address, Ticket};
use chinwag_core::time::{ClaimedTime, Wall};
use chinwag_core::wire::codec::{Decode, Encode, Reader};
use chinwag_core::wire::limits::{
    ADDRESSES_MAX, AUTHORS_MAX, NAME_MAX, PAGE_MAX, PARENTS_MAX, RANGES_MAX,
};
use chinwag_core::wire::message::Message;
use chinwag_crypto::{Label, SEAL_OVERHEAD, SealKey, Secret, SigningKey};

/// Panics when a decoder breaks its promise on these bytes; says whether they were a value.
pub type Check = fn(&[u8]) -> bool;

/// All checks, by the names of their fuzz targets and of the folders of their seeds.
pub const ALL: &[(&str, Check)] = &[
    ("address", address),
    ("body", body),
    ("bundle", bundle),
    ("fork", fork),
    ("frontier", frontier),
    ("group", group),
    ("header", header),
    ("ids", ids),
    ("message", message),
    ("name", name),
    ("operation", operation),
    ("ranges", ranges),
    ("run", run),
    ("ticket", ticket),
];

/// The device that signs here: number 2 of the protocol's vectors.
static DEVICE: LazyLock<SigningKey> = LazyLock::new(|| key(2));
static DEVICE_ID: LazyLock<DeviceId> = LazyLock::new(|| DeviceId::new(DEVICE.public()));

/// The key that bundles are sealed to here, and its name.
static PREKEY: LazyLock<SealKey> = LazyLock::new(|| SealKey::from_seed(&Secret::new([9; 32])));
static PREKEY_ID: LazyLock<PrekeyId> = LazyLock::new(|| PrekeyId::of(&PREKEY.public()));

/// What a carrier sees of a bundle for device number 3, sealed to that key.
static OUTSIDE: LazyLock<Vec<u8>> =
    LazyLock::new(|| outside(DeviceId::new(key(3).public()), *PREKEY_ID));

/// Bytes of the shortest content of a bundle (`docs/protocol/bundle.md`).
const CONTENT_MIN: usize = 1_024;

/// Characters of a text that are looked at for a ticket (`docs/protocol/identity.md`).
const TICKET_LOOKED_AT: usize = 4_096;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::new([seed; 32]))
}

/// The value that bytes are. What they begin with is written in the bytes that it was read from,
/// and is the value of all of them exactly when nothing follows.
fn canonical<T: Decode + Encode + PartialEq + Debug>(bytes: &[u8]) -> Option<T> {
    let mut from = Reader::new(bytes);
    let value = T::decode(&mut from).ok()?;
    let (read, rest) = bytes.split_at(bytes.len() - from.rest().len());
    assert_eq!(value.to_bytes(), read, "what was read is written in other bytes");
    if rest.is_empty() {
        return Some(value);
    }
    assert_eq!(T::from_bytes(read), Ok(value), "what follows makes it another value");
    assert!(T::from_bytes(bytes).is_err(), "what follows is not noticed");
    None
}

/// Where a device can be reached.
pub fn address(bytes: &[u8]) -> bool {
    canonical::<Address>(bytes).is_some()
}

/// A body: two bytes for its kind, then the body itself.
pub fn body(bytes: &[u8]) -> bool {
    let Some((kind, bytes)) = bytes.split_first_chunk() else { return false };
    let kind = Kind::new(u16::from_be_bytes(*kind));
    let about = target(kind, bytes);
    let Ok(body) = Body::from_bytes(kind, bytes) else { return false };
    assert_eq!(body.to_bytes(), bytes, "a body that was read is written in other bytes");
    assert_eq!(body.content().kind(), kind, "a body of one kind was read as another");
    let of = match body.content() {
        Content::Edit { of, .. } | Content::Retraction { of } => Some(*of),
        Content::Reaction { to, .. } => Some(*to),
        _ => None,
    };
    assert_eq!(about, of, "it is about another entry than it says");
    let salt = bytes.first_chunk().copied().unwrap_or_default();
    assert_eq!(Body::new(salt, body.content().clone()), Ok(body), "what was read can't be said");
    true
}

/// A bundle as a carrier has it; what was sealed in one; and its content, which is signed here.
pub fn bundle(bytes: &[u8]) -> bool {
    let is_carried = carried(bytes);
    let Ok(address) = Sealed::parse(&OUTSIDE) else { unreachable!("what a carrier sees is good") };
    is_carried || opened(&address, bytes) || signed_here(&address, bytes)
}

fn carried(bytes: &[u8]) -> bool {
    let Ok(sealed) = Sealed::parse(bytes) else { return false };
    let outside = outside(sealed.to(), sealed.prekey());
    assert!(bytes.starts_with(&outside), "a bundle's address is written in other bytes");
    // To open takes a hundred times as long as all else, so only what may be for us is opened: the
    // fuzzer of `chinwag-crypto` opens anything.
    let may_open =
        bytes.starts_with(&OUTSIDE) && bytes.len() >= outside.len() + SEAL_OVERHEAD + CONTENT_MIN;
    if may_open && let Ok(bundle) = sealed.open(&PREKEY) {
        assert_eq!(sealed.read(&signed(&bundle)), Ok(bundle));
    }
    true
}

fn opened(address: &Sealed<'_>, content: &[u8]) -> bool {
    let Ok(bundle) = address.read(content) else { return false };
    assert_eq!(signed(&bundle), content, "what was read is signed and padded as other bytes");
    true
}

/// The bytes as what a device says that signs whatever it is asked to.
fn signed_here(address: &Sealed<'_>, said: &[u8]) -> bool {
    let mut said = said.to_vec();
    let Some(device) = said.get_mut(32..64) else { return false };
    device.copy_from_slice(DEVICE_ID.as_bytes());
    let signature =
        DEVICE.sign(Label::new("chinwag/bundle/1"), &[&OUTSIDE, said.as_slice()].concat());
    let mut content = [said.as_slice(), signature.as_bytes()].concat();
    let len = content.len().max(CONTENT_MIN);
    content.resize(len.next_multiple_of(1 << (len.ilog2() - 3)), 0);
    opened(address, &content)
}

fn outside(to: DeviceId, prekey: PrekeyId) -> Vec<u8> {
    [b"chinwag bundle\x01".as_slice(), to.as_bytes(), prekey.as_bytes()].concat()
}

fn signed(bundle: &Bundle) -> Vec<u8> {
    bundle.signed(&DEVICE, *PREKEY_ID)
}

/// The proof of a fork, as it is and signed by a device that signs whatever it is asked to.
pub fn fork(bytes: &[u8]) -> bool {
    if let Some((conversation, author, [a, b])) = two_runs(bytes)
        && author == *DEVICE_ID
        && let Ok(fork) = Fork::prove(conversation, author, signed_run(a), signed_run(b))
    {
        assert_eq!(canonical(&fork.to_bytes()).as_ref(), Some(&fork), "a proof can't be read");
        proves(&fork);
    }
    canonical::<Fork>(bytes).inspect(proves).is_some()
}

fn proves(fork: &Fork) {
    let [a, b] = fork.runs().clone();
    let (conversation, author) = (fork.conversation(), fork.author());
    let turned = Fork::prove(conversation, author, b, a);
    assert_eq!(turned.as_ref(), Ok(fork), "the proof depends on which run was there first");
}

fn two_runs(bytes: &[u8]) -> Option<(ConversationId, DeviceId, [Run; 2])> {
    let mut from = Reader::new(bytes);
    let conversation = ConversationId::new(from.hash("a conversation").ok()?);
    let author = DeviceId::new(from.key("an author").ok()?);
    let runs = [Run::decode(&mut from).ok()?, Run::decode(&mut from).ok()?];
    Some((conversation, author, runs))
}

/// A run with a good signature, if its author is the device that signs here.
fn signed_run(mut run: Run) -> Run {
    if let Some((last, _)) = run.entries.last() {
        run.signature = sign(&DEVICE, last.id());
    }
    run
}

/// A frontier, and what it lacks that another has: the two after one another.
pub fn frontier(bytes: &[u8]) -> bool {
    let mut from = Reader::new(bytes);
    if let (Ok(here), Ok(there)) = (Frontier::decode(&mut from), Frontier::decode(&mut from)) {
        plans(&here, &there);
    }
    let Some(frontier) = canonical::<Frontier>(bytes) else { return false };
    assert!(frontier.iter().count() <= AUTHORS_MAX);
    for (author, ranges) in frontier.iter() {
        assert!(!ranges.is_empty() && ranges.iter().count() <= RANGES_MAX);
        assert_eq!(frontier.height(author), ranges.height());
    }
    for (_, ranges) in frontier.iter() {
        assert_eq!(next_gap(ranges, ranges, Seq::MAX), None, "it lacks what it has");
    }
    true
}

fn plans(here: &Frontier, there: &Frontier) {
    let piece = Seq::MIN.saturating_add(999);
    for (author, there) in there.iter() {
        let here = here.of(author).cloned().unwrap_or_default();
        let (next, lowest) = (next_gap(&here, there, piece), lowest_gap(&here, there, piece));
        for gap in next.into_iter().chain(lowest) {
            assert!(gap.count() <= piece.get(), "a gap is longer than a piece");
            for end in [gap.from(), gap.to()] {
                assert!(there.contains(end), "a gap is not there either");
                assert!(!here.contains(end), "a gap is here");
            }
        }
        assert!(next.is_none_or(|gap| has_room_for(&here, gap)), "what is asked for is left aside");
        assert_eq!(lowest.is_none(), there.without(&here).is_empty(), "something is not asked for");
    }
}

/// The ticket of a group, as its bytes and as somebody pastes it; an operation of a group; and what
/// happens in a group, as [`Happened`] reads it.
pub fn group(bytes: &[u8]) -> bool {
    let ticket = canonical::<GroupTicket>(bytes);
    if let Some(ticket) = &ticket {
        assert!(ticket.addresses.len() <= ADDRESSES_MAX);
        assert_eq!(ticket.to_text().parse().as_ref(), Ok(ticket), "its text is another ticket");
    }
    let is_pasted =
        std::str::from_utf8(bytes).is_ok_and(|text| text.parse::<GroupTicket>().is_ok());
    let is_operation = canonical::<Operation>(bytes).is_some();
    let happened = Happened::read(bytes);
    if let Some(happened) = &happened {
        happened.is_resolved();
    }
    ticket.is_some() || is_pasted || is_operation || happened.is_some()
}

/// Twelve devices of six accounts, which are in the groups that the protocol's vectors have.
static PEOPLE: LazyLock<Vec<AccountId>> =
    LazyLock::new(|| (0..18).map(|n| AccountId::new(key(0x40 + n).public())).collect());

/// The operations of a group: for each a byte for the device, a byte for the place in its log, one for
/// the rank, two for a length, and the operation. In it the id of another one is its number, 32
/// times.
struct Happened(Vec<Placed>);

impl Happened {
    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut happened: Vec<Placed> = Vec::new();
        while let Some(([device, place, rank, high, low], rest)) = bytes.split_first_chunk() {
            let (said, rest) = rest.split_at_checked(u16::from_be_bytes([*high, *low]).into())?;
            bytes = rest;
            let operation = Operation::from_bytes(said).ok()?;
            let author = DeviceId::new(*PEOPLE.get(6 + usize::from(device % 12))?.key());
            let named = with_ids(operation, &happened);
            let content = Content::Membership(Box::new(named));
            let body = Body::new([0; SALT_LEN], content).ok()?.to_bytes();
            let group = happened.first().map_or_else(|| group_of(&body), Placed::group);
            let before = Seq::new(u64::from(place.checked_sub(1)?));
            let link = EntryId::from_bytes([0xff; 32]);
            let header = Header {
                conversation: group,
                author,
                place: before.map_or(Some(Place::First), |seq| Place::following(seq, link))?,
                parents: Parents::default(),
                rank: u64::from(*rank),
                claimed: ClaimedTime::new(0),
                lifetime_s: 0,
                kind: Kind::MEMBERSHIP,
                body_len: u32::try_from(body.len()).ok()?,
                body_hash: body_hash(&body),
            };
            happened.push(Placed::read(&header, &body).ok()?);
        }
        (!happened.is_empty()).then_some(Self(happened))
    }

    fn is_resolved(&self) {
        let state = self.state(self.0.iter());
        let again = self.state(self.0.iter().rev().chain(self.0.first()));
        assert_eq!(state, again, "it depends on what came first");
        let ids: BTreeSet<EntryId> = self.0.iter().map(Placed::id).collect();
        assert!(state.verdicts.keys().eq(ids.iter()), "an operation has no verdict");
        assert!(state.missing.is_disjoint(&ids), "what is missing is here");
        for (account, member) in &state.members {
            let is_named = self.0.iter().any(|operation| match operation.action() {
                Action::Create(creation) => creation.owners.contains(account),
                _ => false,
            });
            assert!(is_named || member.role < Role::Owner, "there is another owner");
        }
        for (device, joined) in &state.devices {
            are_apart(&joined.counts);
            assert!(
                joined.role <= state.role(joined.account),
                "a device may do more than its account"
            );
            assert!(
                limit(joined.account, *device) > 0,
                "a device is of an account that it is not of"
            );
        }
    }

    fn state<'a>(&'a self, operations: impl Iterator<Item = &'a Placed>) -> State {
        let group = self.0.first().map_or(ConversationId::from_bytes([0; 32]), Placed::group);
        resolve(group, operations, limit)
    }
}

/// Of two devices of each account the first was revoked with the 200th entry.
fn limit(account: AccountId, device: DeviceId) -> u64 {
    let of = PEOPLE.iter().skip(6).position(|key| key.key() == device.key());
    match of {
        Some(of) if PEOPLE.get(of / 2) == Some(&account) => {
            if of % 2 == 0 {
                200
            } else {
                u64::MAX
            }
        }
        _ => 0,
    }
}

fn with_ids(operation: Operation, happened: &[Placed]) -> Operation {
    let real = |id: EntryId| {
        let [first, rest @ ..] = id.as_bytes();
        let is_number = rest.iter().all(|byte| byte == first);
        happened.get(usize::from(*first)).filter(|_| is_number).map_or(id, Placed::id)
    };
    let action = match operation.action {
        Action::Join { account, by: By::Grant(id) } => {
            Action::Join { account, by: By::Grant(real(id)) }
        }
        Action::Join { account, by: By::Ticket { ticket, key, proof } } => {
            Action::Join { account, by: By::Ticket { ticket: real(ticket), key, proof } }
        }
        Action::Revoke { ticket, joined } => {
            Action::Revoke { ticket: real(ticket), joined: joined.into_iter().map(real).collect() }
        }
        other => other,
    };
    Operation { after: operation.after.into_iter().map(real).collect(), action }
}

/// A header.
pub fn header(bytes: &[u8]) -> bool {
    let Some(header) = canonical::<Header>(bytes) else { return false };
    let (id, seq) = (header.id(), header.seq());
    assert_eq!(header.tip(id), Tip { seq, id, rank: header.rank });
    assert_eq!(header.position(id), Position { rank: header.rank, seq, id });
    assert_eq!(header.place.backlink().is_none(), seq == Seq::MIN);
    let next = Place::following(seq, id);
    assert_eq!(next.map(Place::seq), seq.checked_add(1));
    assert!(header.parents.iter().count() <= PARENTS_MAX);
    assert_eq!(Parents::new(header.parents.iter()), header.parents);
    true
}

/// The ids that are keys, and those that are hashes; and the names made of two of them.
pub fn ids(bytes: &[u8]) -> bool {
    let Some((first, rest)) = bytes.split_first_chunk::<32>() else { return false };
    assert_eq!(ConversationId::from_bytes(*first).as_bytes(), first);
    assert_eq!(EntryId::from_bytes(*first).as_bytes(), first);
    assert_eq!(OperationId::from_bytes(*first).as_bytes(), first);
    assert_eq!(PrekeyId::from_bytes(*first).as_bytes(), first);
    let (account, device) = (AccountId::from_bytes(first), DeviceId::from_bytes(first));
    assert_eq!(account.is_ok(), device.is_ok());
    let (Ok(account), Ok(device)) = (account, device) else { return false };
    assert_eq!((account.as_bytes(), device.as_bytes()), (first, first));
    let Some(other) = rest.first_chunk().and_then(|key| AccountId::from_bytes(key).ok()) else {
        return true;
    };
    let both = ConversationId::direct(account, other);
    assert_eq!(both, ConversationId::direct(other, account), "it depends on who asks");
    assert_eq!(account.cmp(&other), account.as_bytes().cmp(other.as_bytes()));
    true
}

/// A message, as a frame of a connection.
pub fn message(bytes: &[u8]) -> bool {
    let Some(message) = canonical::<Message>(bytes) else { return false };
    if let Message::Have(have) = message {
        let begun = have.frontier.iter().filter(|(_, ranges)| ranges.height() > 0);
        assert!(begun.map(|(author, _)| author).eq(have.heads.keys().copied()));
    }
    true
}

/// A name, as it is encoded and as somebody types it.
pub fn name(bytes: &[u8]) -> bool {
    let is_read = called(bytes).is_some();
    let typed = std::str::from_utf8(bytes).ok();
    if let Some((name, typed)) = typed.and_then(|typed| Some((Name::new(typed).ok()?, typed))) {
        assert_eq!(name.as_str(), typed.trim());
        assert!((1..=NAME_MAX).contains(&name.as_str().len()));
        let len = u8::try_from(name.as_str().len()).unwrap_or(u8::MAX);
        let encoded = [&[len], name.as_str().as_bytes()].concat();
        assert_eq!(called(&encoded), Some(name), "a name that may be typed can't be read");
        return true;
    }
    is_read
}

/// Reads an encoded name, in what an account's devices share about a contact.
fn called(encoded: &[u8]) -> Option<Name> {
    let (salt, account) = ([0; 16], DEVICE_ID.as_bytes());
    let bytes = [&salt, account.as_slice(), &[1], encoded, &[0, 0, 0]].concat();
    let body = Body::from_bytes(Kind::CONTACT, &bytes).ok()?;
    assert_eq!(body.to_bytes(), bytes, "a name that was read is written in other bytes");
    let Content::Contact(change) = body.content() else { unreachable!("it is of that kind") };
    change.called.clone()
}

/// An operation of an account log, with its signature, and as the first of its log.
pub fn operation(bytes: &[u8]) -> bool {
    let Some(signed) = canonical::<SignedOperation>(bytes) else { return false };
    let id = signed.operation.id();
    let mut log = AccountLog::new(signed.operation.account);
    let empty = log.clone();
    match log.add(signed.clone()) {
        Ok(is_new) => {
            assert!(is_new && log.contains(id) && log.len() == 1);
            assert_eq!(log.operations(), [&signed]);
            assert!(log.devices(Wall::new(0)).count() <= log.device_count());
        }
        Err(_) => assert_eq!(log, empty, "what was refused has left something"),
    }
    true
}

/// A range, a set of them, and what two sets have in common: the two after one another.
pub fn ranges(bytes: &[u8]) -> bool {
    let mut from = Reader::new(bytes);
    if let (Ok(a), Ok(b)) = (Ranges::decode(&mut from), Ranges::decode(&mut from)) {
        are_sets(&a, &b);
    }
    let is_range = canonical::<Range>(bytes).is_some();
    let Some(ranges) = canonical::<Ranges>(bytes) else { return is_range };
    are_apart(&ranges);
    let again: Ranges = ranges.iter().rev().collect();
    assert_eq!(again, ranges, "its ranges make another set");
    true
}

fn are_sets(a: &Ranges, b: &Ranges) {
    let (only_a, only_b) = (a.without(b), b.without(a));
    let both = a.without(&only_a);
    assert_eq!(both, b.without(&only_b), "what both have depends on who asks");
    assert_eq!(only_a.count() + both.count(), a.count(), "a number is twice there, or not");
    let mut all = a.clone();
    b.iter().for_each(|range| all.insert(range));
    assert!(all.count() == a.count() + only_b.count() && all.without(a) == only_b);
    for set in [&only_a, &only_b, &both, &all] {
        are_apart(set);
    }
    let highest = b.highest().map_or(0, Seq::get);
    let below = a.at_most(highest);
    are_apart(&below);
    assert!(below.highest().map_or(0, Seq::get) <= highest && below.without(a).is_empty());
}

/// They ascend, and neither overlap nor touch.
fn are_apart(ranges: &Ranges) {
    let pairs = ranges.iter().zip(ranges.iter().skip(1));
    for (low, high) in pairs {
        assert!(low.to().checked_add(1).is_some_and(|next| next < high.from()), "{low:?} {high:?}");
    }
}

/// A run, as it is and signed by a device that signs whatever it is asked to, after all that may
/// come before it.
pub fn run(bytes: &[u8]) -> bool {
    let Some(run) = canonical::<Run>(bytes) else { return false };
    assert!(run.entries.len() <= PAGE_MAX);
    let Some((first, _)) = run.entries.first() else { return true };
    let (conversation, author, place) = (first.conversation, first.author, first.place);
    let before = match place {
        Place::First => Base::Empty,
        Place::After(seq, id) => Base::Head(Tip { seq, id, rank: first.rank }),
    };
    let signed = if author == *DEVICE_ID { signed_run(run.clone()) } else { run.clone() };
    for base in [before, Base::Unknown] {
        for run in [&run, &signed] {
            if let Ok(checked) = run.clone().check(conversation, author, base) {
                let same = checked.entries().iter().map(|e| (e.header(), e.body()));
                let given = run.entries.iter().map(|(header, body)| (header, body.as_deref()));
                assert!(same.eq(given), "another run was checked");
                assert_eq!(checked.signature(), Some(&run.signature));
                goes_up(checked.entries().iter().map(CheckedEntry::header));
            }
        }
    }
    true
}

/// Each entry has a place of its own, one after the other.
fn goes_up<'a>(headers: impl Iterator<Item = &'a Header> + Clone) {
    for (one, next) in headers.clone().zip(headers.skip(1)) {
        assert_eq!(one.seq().checked_add(1), Some(next.seq()), "two entries at one place");
        assert_eq!(next.place.backlink(), Some(one.id()));
        assert!(next.rank >= one.rank);
    }
}

/// A ticket, as its bytes and as somebody pastes it.
pub fn ticket(bytes: &[u8]) -> bool {
    let ticket = canonical::<Ticket>(bytes);
    if let Some(ticket) = &ticket {
        assert!(ticket.addresses.len() <= ADDRESSES_MAX);
        let text = ticket.to_text();
        assert_eq!(text.parse().as_ref(), Ok(ticket), "the text of a ticket is another ticket");
        assert!(text.len() <= TICKET_LOOKED_AT, "the text of a ticket is too long to be read");
    }
    let text = String::from_utf8_lossy(bytes);
    let pasted = text.parse::<Ticket>();
    if let Ok(ticket) = &pasted {
        assert_eq!(ticket.to_text(), compact(&text), "it is written in other letters");
    }
    ticket.is_some() || pasted.is_ok()
}

/// A text without what doesn't count in a ticket.
fn compact(text: &str) -> String {
    let letters = text.chars().take(TICKET_LOOKED_AT).filter(|c| !c.is_whitespace());
    letters.map(|c| c.to_ascii_lowercase()).collect()
}
