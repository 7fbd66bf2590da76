//! One suite for all stores: what the core's trait promises, over memory and over the database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod random;
#[path = "../world/mod.rs"]
mod world;

use std::path::Path;

use chinwag_core::body::Kind;
use chinwag_core::entry::{Place, Position};
use chinwag_core::event_log::Logged;
use chinwag_core::fork::Fork;
use chinwag_core::ids::{ClientId, EntryId, PrekeyId};
use chinwag_core::log::{Base, CheckedRun, Run};
use chinwag_core::membership::GroupTicket;
use chinwag_core::store::{
    Asked, Contact, Invitation, Invite, Local, Prekey, Request, Store, StoreError, StoredEntry,
};
use chinwag_core::sync::frontier::Frontier;
use chinwag_core::sync::ranges::Ranges;
use chinwag_core::testing::{Forger, MemStore};
use chinwag_core::ticket::{Address, Ticket};
use chinwag_core::time::Wall;
use chinwag_store::SqliteStore;
use tempfile::TempDir;
use world::*;

/// A store as the suite wants it.
trait Tested: Store {
    fn fail_next_commit(&mut self);
}

impl Tested for MemStore {
    fn fail_next_commit(&mut self) {
        self.fail_commit_in(0);
    }
}

impl Tested for SqliteStore {
    fn fail_next_commit(&mut self) {
        self.fail_commit_in(0).unwrap();
    }
}

/// Tells a story to each store. A text on standard error says which one did not like it.
fn each(story: impl Fn(&mut dyn Tested)) {
    eprintln!("in memory");
    story(&mut MemStore::default());
    eprintln!("in a database in memory");
    story(&mut SqliteStore::in_memory().unwrap());
    eprintln!("in a database in a folder");
    let folder = TempDir::new().unwrap();
    story(&mut open(folder.path()));
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, None, &store_key()).unwrap().0
}

fn commit(store: &mut dyn Tested, change: impl FnOnce(&mut dyn Tested)) {
    store.begin().unwrap();
    change(store);
    store.commit().unwrap();
}

fn ids(entries: &[StoredEntry]) -> Vec<EntryId> {
    entries.iter().map(|entry| entry.id).collect()
}

fn local(number: u8) -> Local {
    Local { account_seed: [number; 32], device_seed: [number + 1; 32] }
}

fn prekey(number: u8, only_for: Option<u8>) -> Prekey {
    Prekey {
        id: PrekeyId::of(&seal_public(number)),
        seed: [number; 32],
        made: Wall::new(u64::from(number)),
        only_for: only_for.map(device),
    }
}

fn contact(number: u8, called: Option<&str>) -> Contact {
    Contact {
        account: account(number),
        called: called.map(name),
        is_contact: true,
        is_verified: number.is_multiple_of(2),
        is_blocked: number.is_multiple_of(3),
        decided: Position { rank: u64::MAX, seq: seq(u64::MAX), id: EntryId::from_bytes([7; 32]) },
    }
}

fn invite(number: u8) -> Invite {
    let expires = (number > 1).then(|| Wall::new(u64::MAX));
    Invite { secret: [number; 16], expires, is_reusable: number.is_multiple_of(2) }
}

fn ticket(number: u8, expires_s: u32) -> Ticket {
    Ticket {
        account: account(number),
        device: device(number),
        secret: [number; 16],
        expires_s,
        addresses: addresses(),
    }
}

fn addresses() -> Vec<Address> {
    let direct = |address: &str| Address::Direct(address.parse().unwrap());
    let relay = Address::Relay("https://relay.example".to_owned());
    vec![direct("10.0.0.7:4001"), direct("[fd00::7]:4001"), relay]
}

fn request(number: u8, text: &str) -> Request {
    Request {
        account: account(number),
        device: device(number),
        name: name("A Stranger"),
        text: text.to_owned(),
        received: Wall::new(9),
        is_declined: number.is_multiple_of(2),
    }
}

fn invitation(number: u8, answer: Option<bool>) -> Invitation {
    let forger = Forger::of(&Local { account_seed: [0; 32], device_seed: [number; 32] });
    let (group, author) = (conversation(number), device(number));
    let creation = forger.run(group, author, Place::First, 5, "it begins").unwrap();
    Invitation { group, by: account(number), creation, received: Wall::new(9), answer }
}

fn asked(number: u8, text: &str) -> Asked {
    Asked {
        account: account(number),
        device: device(number),
        addresses: addresses(),
        text: text.to_owned(),
    }
}

fn frontier(author: u8, ranges: &[(u64, u64)]) -> Frontier {
    let mut frontier = Frontier::default();
    let ranges: Ranges = ranges.iter().map(|(from, to)| range(*from, *to)).collect();
    frontier.merge(device(author), &ranges);
    frontier
}

/// Two entries of one device at one place.
fn fork(author: u8, in_conversation: u8) -> Fork {
    let says = |words: &str| {
        let forger = Forger::of(&Local { account_seed: [0; 32], device_seed: [author; 32] });
        let (conversation, author) = (conversation(in_conversation), device(author));
        forger.run(conversation, author, Place::First, 5, words).unwrap()
    };
    let (a, b) = (says("yes"), says("no"));
    Fork::prove(conversation(in_conversation), device(author), a, b).unwrap()
}

/// Everything that a list of a store holds, sorted as the list is to be.
fn sorted<T, K: Ord>(values: impl IntoIterator<Item = T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by_key(key);
    values
}

#[test]
fn a_new_store_is_empty() {
    each(|store| {
        assert_eq!(everything(store, &[]), everything(&MemStore::default(), &[]));
        assert_eq!(store.local(), Ok(None));
        assert_eq!(store.frontiers(), Ok(vec![]));
        assert_eq!(store.next_expiry(), Ok(None));
    });
}

#[test]
fn who_we_are_is_what_was_put_last() {
    each(|store| {
        commit(store, |store| store.put_local(&local(1)).unwrap());
        commit(store, |store| store.put_local(&local(2)).unwrap());
        assert_eq!(store.local(), Ok(Some(local(2))));
    });
}

#[test]
fn prekeys_come_in_the_order_of_their_ids_and_go() {
    each(|store| {
        let keys = [prekey(1, None), prekey(2, Some(9)), prekey(3, None), prekey(4, Some(8))];
        commit(store, |store| keys.iter().for_each(|key| store.put_prekey(key).unwrap()));
        assert_eq!(store.prekeys(), Ok(sorted(keys.clone(), |key| key.id)));
        commit(store, |store| store.remove_prekey(keys[1].id).unwrap());
        commit(store, |store| store.remove_prekey(keys[1].id).unwrap());
        let left = [keys[0].clone(), keys[2].clone(), keys[3].clone()];
        assert_eq!(store.prekeys(), Ok(sorted(left, |key| key.id)));
    });
}

#[test]
fn a_devices_prekeys_stay_in_its_order_and_new_ones_take_their_place() {
    each(|store| {
        assert_eq!(store.peer_prekeys(device(1)), Ok(vec![]));
        let keys = [seal_public(3), seal_public(1), seal_public(2)];
        commit(store, |store| store.put_peer_prekeys(device(1), &keys).unwrap());
        assert_eq!(store.peer_prekeys(device(1)), Ok(keys.to_vec()));
        assert_eq!(store.peer_prekeys(device(2)), Ok(vec![]));
        commit(store, |store| store.put_peer_prekeys(device(1), &keys[..1]).unwrap());
        assert_eq!(store.peer_prekeys(device(1)), Ok(keys[..1].to_vec()));
        commit(store, |store| store.put_peer_prekeys(device(1), &[]).unwrap());
        assert_eq!(store.peer_prekeys(device(1)), Ok(vec![]));
    });
}

#[test]
fn operations_come_in_the_order_in_which_they_were_added() {
    each(|store| {
        let operations = [operation(3, "Carol"), operation(1, "Alice"), operation(2, "Bob")];
        commit(store, |store| operations.iter().for_each(|o| store.add_operation(o).unwrap()));
        assert_eq!(store.operations(), Ok(operations.to_vec()));
    });
}

#[test]
fn contacts_are_changed_by_putting_them_again() {
    each(|store| {
        let before = [contact(1, None), contact(2, Some("Bob")), contact(3, Some("C"))];
        commit(store, |store| before.iter().for_each(|c| store.put_contact(c).unwrap()));
        let changed = contact(2, Some("Robert"));
        commit(store, |store| store.put_contact(&changed).unwrap());
        let after = [before[0].clone(), changed, before[2].clone()];
        assert_eq!(store.contacts(), Ok(sorted(after, |contact| contact.account)));
        commit(store, |store| store.remove_contact(before[0].account).unwrap());
        assert_eq!(store.contacts().unwrap().len(), 2);
    });
}

#[test]
fn invites_are_found_by_their_secret() {
    each(|store| {
        commit(store, |store| {
            for number in [3, 1, 2] {
                store.put_invite(&invite(number)).unwrap();
            }
        });
        assert_eq!(store.invites(), Ok(vec![invite(1), invite(2), invite(3)]));
        commit(store, |store| store.remove_invite(&[2; 16]).unwrap());
        assert_eq!(store.invites(), Ok(vec![invite(1), invite(3)]));
    });
}

#[test]
fn there_is_one_ticket_for_a_device() {
    each(|store| {
        commit(store, |store| {
            for (number, expires_s) in [(3, 0), (1, 0), (1, 77)] {
                store.put_ticket(&ticket(number, expires_s)).unwrap();
            }
        });
        let both = [ticket(1, 77), ticket(3, 0)];
        assert_eq!(store.tickets(), Ok(sorted(both, |ticket| ticket.device)));
        commit(store, |store| store.remove_ticket(device(3)).unwrap());
        assert_eq!(store.tickets(), Ok(vec![ticket(1, 77)]));
    });
}

#[test]
fn there_is_one_invitation_to_a_group() {
    each(|store| {
        commit(store, |store| {
            for (number, answer) in [(1, None), (2, Some(false)), (3, None), (1, Some(true))] {
                store.put_invitation(&invitation(number, answer)).unwrap();
            }
        });
        let all = [(1, Some(true)), (2, Some(false)), (3, None)].map(|(n, a)| invitation(n, a));
        assert_eq!(store.invitations(), Ok(sorted(all, |invitation| invitation.group)));
        commit(store, |store| store.remove_invitation(conversation(2)).unwrap());
        let left = [invitation(1, Some(true)), invitation(3, None)];
        assert_eq!(store.invitations(), Ok(sorted(left, |invitation| invitation.group)));
        store.begin().unwrap();
        store.remove_invitation(conversation(1)).unwrap();
        store.put_invitation(&invitation(4, None)).unwrap();
        store.rollback();
        assert_eq!(store.invitations().unwrap().len(), 2);
    });
}

#[test]
fn there_is_one_ticket_to_a_group() {
    let ticket = |number: u8, expires_s| GroupTicket {
        group: conversation(number),
        ticket: EntryId::from_bytes([number; 32]),
        seed: [number; 32],
        account: account(number),
        device: device(number),
        expires_s,
        addresses: Vec::new(),
    };
    each(|store| {
        commit(store, |store| {
            for (number, expires_s) in [(3, 0), (1, 0), (1, 77)] {
                store.put_group_ticket(&ticket(number, expires_s)).unwrap();
            }
        });
        let both = [ticket(1, 77), ticket(3, 0)];
        assert_eq!(store.group_tickets().unwrap(), sorted(both, |ticket| ticket.group));
        commit(store, |store| store.remove_group_ticket(conversation(3)).unwrap());
        assert_eq!(store.group_tickets().unwrap(), [ticket(1, 77)]);
        store.begin().unwrap();
        store.remove_group_ticket(conversation(1)).unwrap();
        store.put_group_ticket(&ticket(4, 0)).unwrap();
        store.rollback();
        assert_eq!(store.group_tickets().unwrap(), [ticket(1, 77)]);
    });
}

#[test]
fn there_is_one_request_of_an_account() {
    each(|store| {
        commit(store, |store| {
            for (number, text) in [(3, "hi"), (1, "hi"), (1, "hello?")] {
                store.put_request(&request(number, text)).unwrap();
            }
        });
        let both = [request(1, "hello?"), request(3, "hi")];
        assert_eq!(store.requests(), Ok(sorted(both, |request| request.account)));
        commit(store, |store| store.remove_request(account(3)).unwrap());
        assert_eq!(store.requests(), Ok(vec![request(1, "hello?")]));
    });
}

#[test]
fn whom_we_ask_is_found_by_the_device() {
    each(|store| {
        commit(store, |store| {
            for (number, text) in [(3, "hi"), (1, "hi"), (1, "")] {
                store.put_asked(&asked(number, text)).unwrap();
            }
        });
        let both = [asked(1, ""), asked(3, "hi")];
        assert_eq!(store.asked(), Ok(sorted(both, |asked| asked.device)));
        commit(store, |store| store.remove_asked(device(1)).unwrap());
        assert_eq!(store.asked(), Ok(vec![asked(3, "hi")]));
    });
}

#[test]
fn receipts_and_reads_are_by_conversation_and_who() {
    each(|store| {
        let (old, new) = (frontier(1, &[(1, 2)]), frontier(1, &[(1, 9), (12, u64::MAX)]));
        commit(store, |store| {
            for (number, who, what) in [(2, 1, &old), (1, 2, &old), (1, 1, &old), (2, 1, &new)] {
                store.put_receipt(conversation(number), device(who), what).unwrap();
                store.put_read(conversation(number), account(who), what).unwrap();
            }
        });
        let receipts = [(1, 1, &old), (1, 2, &old), (2, 1, &new)];
        let receipts = receipts.map(|(c, d, f)| (conversation(c), device(d), f.clone()));
        assert_eq!(store.receipts(), Ok(sorted(receipts, |(c, device, _)| (*c, *device))));
        let reads = [(1, 1, &old), (1, 2, &old), (2, 1, &new)];
        let reads = reads.map(|(c, a, f)| (conversation(c), account(a), f.clone()));
        assert_eq!(store.reads(), Ok(sorted(reads, |(c, account, _)| (*c, *account))));
    });
}

#[test]
fn there_is_one_fork_of_a_log() {
    each(|store| {
        let forks = [fork(2, 1), fork(1, 2), fork(1, 1)];
        commit(store, |store| forks.iter().for_each(|fork| store.put_fork(fork).unwrap()));
        commit(store, |store| store.put_fork(&forks[0]).unwrap());
        let by_log = |fork: &Fork| (fork.conversation(), fork.author());
        assert_eq!(store.forks(), Ok(sorted(forks, by_log)));
    });
}

/// A log of ten texts.
fn ten(author: u8) -> Author {
    let mut author = Author::new(author, conversation(1));
    for n in 1..=10 {
        author.writes(n, text(&format!("text {n}")));
    }
    author
}

#[test]
fn what_a_run_says_is_found_by_place_and_by_id() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| store.append(&author.all()).unwrap());
        let (header, body) = &author.written[4];
        let found = store.entry(header.id()).unwrap().unwrap();
        assert_eq!((&found.header, found.body.as_ref()), (header, Some(body)));
        assert_eq!(found.signature, None);
        let last = store.entry(author.ids()[9]).unwrap().unwrap();
        assert_eq!(last.signature.as_ref(), author.all().signature());
        let tip = store.tip(conversation(1), author.id(), seq(5)).unwrap().unwrap();
        assert_eq!((tip.seq, tip.id, tip.rank), (seq(5), header.id(), 5));
        assert_eq!(store.tip(conversation(1), author.id(), seq(11)), Ok(None));
        assert_eq!(store.tip(conversation(2), author.id(), seq(5)), Ok(None));
        assert_eq!(store.entry(EntryId::from_bytes([9; 32])), Ok(None));
    });
}

#[test]
fn logs_have_islands_until_the_gaps_are_filled() {
    each(|store| {
        let author = ten(1);
        let here = |store: &dyn Tested| {
            let (_, frontier) = store.frontiers().unwrap().remove(0);
            let ranges = frontier.of(author.id()).unwrap().iter();
            ranges.map(|r| (r.from().get(), r.to().get())).collect::<Vec<_>>()
        };
        let steps: [(_, Vec<(u64, u64)>); 6] = [
            (6..8, vec![(7, 8)]),
            (0..2, vec![(1, 2), (7, 8)]),
            (9..10, vec![(1, 2), (7, 8), (10, 10)]),
            (2..3, vec![(1, 3), (7, 8), (10, 10)]),
            (8..9, vec![(1, 3), (7, 10)]),
            (3..6, vec![(1, 10)]),
        ];
        for (entries, expected) in steps {
            commit(store, |store| store.append(&author.run(entries)).unwrap());
            assert_eq!(here(store), expected);
        }
        assert_eq!(ids(&all_of(store, &author)), author.ids());
    });
}

#[test]
fn a_part_of_a_run_is_signed_when_a_signature_comes() {
    each(|store| {
        let author = ten(1);
        let whole = author.all();
        let parts = whole.parts(|seq| seq.get() <= 4 || seq.get() >= 8);
        commit(store, |store| parts.iter().for_each(|part| store.append(part).unwrap()));
        let signed = |store: &dyn Tested| {
            let entries = all_of(store, &author);
            let signed = entries.iter().filter(|entry| entry.signature.is_some());
            signed.map(|entry| entry.header.seq().get()).collect::<Vec<_>>()
        };
        assert_eq!(signed(store), [10]);
        let first = author.run(0..4);
        let (id, signature) = (author.ids()[3], first.signature().unwrap());
        store.begin().unwrap();
        store.put_signature(id, signature).unwrap();
        store.rollback();
        assert_eq!(signed(store), [10]);
        commit(store, |store| store.put_signature(id, signature).unwrap());
        assert_eq!(signed(store), [4, 10]);
        assert_eq!(store.entry(id).unwrap().unwrap().signature.as_ref(), Some(signature));
        let unknown = EntryId::from_bytes([9; 32]);
        commit(store, |store| store.put_signature(unknown, signature).unwrap());
        assert_eq!(signed(store), [4, 10], "what is not here is not signed");
    });
}

fn all_of(store: &dyn Tested, author: &Author) -> Vec<StoredEntry> {
    let all = range(1, u64::MAX);
    store.entries(author.conversation(), author.id(), all, usize::MAX, usize::MAX).unwrap()
}

#[test]
fn a_taken_place_is_an_error() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| store.append(&author.run(3..6)).unwrap());
        for taken in [3..6, 0..4, 5..9, 0..10, 4..5] {
            store.begin().unwrap();
            let error = store.append(&author.run(taken)).unwrap_err();
            assert!(error.0.contains("of a log is taken"), "{error}");
            store.rollback();
        }
        commit(store, |store| store.append(&author.run(0..3)).unwrap());
        assert_eq!(ids(&all_of(store, &author)), author.ids()[..6]);
    });
}

#[test]
fn a_log_may_be_at_the_end_of_all_numbers() {
    each(|store| {
        let mut author = Author::after(1, conversation(1), u64::MAX - 2);
        for _ in 0..2 {
            author.writes(u64::MAX, text("the end"));
        }
        commit(store, |store| store.append(&author.all()).unwrap());
        assert_eq!(ids(&all_of(store, &author)), author.ids());
        let newest: Vec<_> = author.ids().into_iter().rev().collect();
        assert_eq!(ids(&store.timeline(conversation(1), None, 9).unwrap()), newest);
    });
}

#[test]
fn entries_are_limited_by_range_by_count_and_by_bytes() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| store.append(&author.run(0..8)).unwrap());
        let get = |from, to, count, bytes| {
            let range = range(from, to);
            let found = store.entries(conversation(1), author.id(), range, count, bytes);
            found.unwrap().iter().map(|entry| entry.header.seq().get()).collect::<Vec<_>>()
        };
        let len = author.written[0].1.len();
        let max = usize::MAX;
        assert_eq!(get(3, 5, max, max), [3, 4, 5]);
        assert_eq!(get(7, 20, max, max), [7, 8]);
        assert_eq!(get(2, 9, 3, max), [2, 3, 4]);
        assert_eq!(get(2, 9, 0, max), [0; 0]);
        // The one that exceeds the limit is still there: otherwise a long one would never come.
        assert_eq!(get(1, 9, max, 0), [1]);
        assert_eq!(get(1, 9, max, len - 1), [1]);
        assert_eq!(get(1, 9, max, len), [1, 2]);
        assert_eq!(get(1, 9, max, 2 * len + 1), [1, 2, 3]);
        assert_eq!(get(1, 9, 2, 2 * len + 1), [1, 2]);
    });
}

#[test]
fn bodies_that_are_gone_count_nothing() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| {
            store.append(&author.signed(0..10, |at| at == 5)).unwrap();
        });
        let found = store.entries(conversation(1), author.id(), range(1, 10), usize::MAX, 0);
        assert_eq!(ids(&found.unwrap()), author.ids()[..6]);
        commit(store, |store| store.delete_body(author.ids()[5]).unwrap());
        let found = store.entries(conversation(1), author.id(), range(1, 10), usize::MAX, 0);
        assert_eq!(ids(&found.unwrap()), author.ids());
    });
}

#[test]
fn an_entry_of_half_a_mebibyte_is_kept() {
    each(|store| {
        let mut author = Author::new(1, conversation(1));
        let run = author.new_run(1, text(&"ä".repeat(260_000)));
        commit(store, |store| store.append(&run).unwrap());
        let found = store.entry(author.ids()[0]).unwrap().unwrap();
        assert_eq!(found.body.as_ref(), Some(&author.written[0].1));
    });
}

#[test]
fn a_conversation_shows_its_texts_the_newest_first() {
    each(|store| {
        let (mut a, mut b) = (Author::new(1, conversation(1)), Author::new(2, conversation(1)));
        let first = a.writes(1, text("one"));
        let second = b.writes(2, text("two"));
        b.writes(3, reaction(first));
        a.writes(4, edit(first, "uno"));
        let third = a.writes(5, settings(60));
        a.writes(6, retraction(first));
        let fourth = a.writes(7, unknown(999));
        let elsewhere = ten(3);
        commit(store, |store| {
            [a.all(), b.all(), elsewhere.all()]
                .iter()
                .take(2)
                .for_each(|r| store.append(r).unwrap());
        });
        let shown = store.timeline(conversation(1), None, 99).unwrap();
        assert_eq!(ids(&shown), [fourth, third, second, first]);
        let page = store.timeline(conversation(1), Some(shown[1].position()), 1).unwrap();
        assert_eq!(ids(&page), [second]);
        let after =
            |n: usize, count| store.timeline_after(conversation(1), shown[n].position(), count);
        assert_eq!(ids(&after(3, 2).unwrap()), [second, third]);
        assert_eq!(ids(&after(1, 99).unwrap()), [fourth]);
        assert_eq!(after(0, 99), Ok(vec![]));
        assert_eq!(store.timeline_after(conversation(2), shown[0].position(), 9), Ok(vec![]));
        assert_eq!(store.timeline(conversation(2), None, 99), Ok(vec![]));
        assert_eq!(store.timeline(conversation(1), None, 0), Ok(vec![]));
    });
}

#[test]
fn thousands_of_the_same_rank_are_all_shown_once_and_in_order() {
    each(|store| {
        let mut authors: Vec<Author> = (1..=5).map(|n| Author::new(n, conversation(1))).collect();
        for author in &mut authors {
            for n in 0..600 {
                author.writes(n / 300, text("tick"));
            }
        }
        commit(store, |store| authors.iter().for_each(|a| store.append(&a.all()).unwrap()));
        let headers = authors.iter().flat_map(|author| &author.written).map(|(header, _)| header);
        let mut expected: Vec<_> = headers.map(|header| header.position(header.id())).collect();
        expected.sort_unstable_by(|a, b| b.cmp(a));
        let mut shown: Vec<Position> = Vec::new();
        loop {
            let page = store.timeline(conversation(1), shown.last().copied(), 67).unwrap();
            if page.is_empty() {
                break;
            }
            shown.extend(page.iter().map(StoredEntry::position));
        }
        assert_eq!(shown, expected);
    });
}

#[test]
fn references_come_in_their_order_and_stay_when_their_bodies_go() {
    each(|store| {
        let (mut a, mut b) = (Author::new(1, conversation(1)), Author::new(2, conversation(1)));
        let of = a.writes(1, text("one"));
        let third = a.writes(9, edit(of, "uno"));
        let first = b.writes(2, reaction(of));
        let second = b.writes(2, retraction(of));
        b.writes(3, reaction(third));
        commit(store, |store| [&b, &a].iter().for_each(|a| store.append(&a.all()).unwrap()));
        assert_eq!(ids(&store.references(of, 99).unwrap()), [first, second, third]);
        assert_eq!(ids(&store.references_after(of, None, 2).unwrap()), [first, second]);
        let after = store.entry(first).unwrap().map(|entry| entry.position());
        assert_eq!(ids(&store.references_after(of, after, 99).unwrap()), [second, third]);
        assert_eq!(ids(&store.references_after(of, after, 1).unwrap()), [second]);
        commit(store, |store| store.delete_body(first).unwrap());
        let left = store.references(of, 99).unwrap();
        assert_eq!(ids(&left), [first, second, third]);
        assert_eq!(left[0].body, None);
        assert_eq!(store.references(second, 99), Ok(vec![]));
    });
}

#[test]
fn the_last_change_of_each_log_is_found_behind_any_crowd() {
    each(|store| {
        let (mut a, mut b) = (Author::new(1, conversation(1)), Author::new(2, conversation(1)));
        let of = a.writes(1, text("one"));
        let crowd = [2, 3, 4].map(|rank| b.writes(rank, reaction(of)));
        a.writes(5, edit(of, "uno"));
        b.writes(5, edit(of, "not theirs to say"));
        let last = a.writes(6, edit(of, "un"));
        let others = b.writes(7, edit(of, "nor this"));
        let taken_back = a.writes(8, retraction(of));
        commit(store, |store| [&b, &a].iter().for_each(|a| store.append(&a.all()).unwrap()));
        assert_eq!(ids(&store.last_changes(of).unwrap()), [last, others, taken_back]);
        let expected = [crowd[0], crowd[1], last, others, taken_back];
        assert_eq!(ids(&store.references(of, 2).unwrap()), expected);
        assert_eq!(store.references(of, 99).unwrap().len(), 8);
        commit(store, |store| store.hide(conversation(1), a.id(), seq(1)).unwrap());
        assert_eq!(ids(&store.last_changes(of).unwrap()), [others]);
    });
}

#[test]
fn an_entry_that_comes_without_body_refers_to_nothing() {
    each(|store| {
        let mut a = Author::new(1, conversation(1));
        let of = a.writes(1, text("one"));
        a.writes(2, edit(of, "uno"));
        commit(store, |store| store.append(&a.signed(0..2, |at| at == 0)).unwrap());
        assert_eq!(store.references(of, 99), Ok(vec![]));
    });
}

#[test]
fn the_newest_of_each_kind_is_found() {
    each(|store| {
        let (mut a, mut b) = (Author::new(1, conversation(1)), Author::new(2, conversation(1)));
        let first = a.writes(1, text("one"));
        let set = b.writes(8, settings(60));
        let before_that = a.writes(2, settings(7));
        let edited = a.writes(3, edit(first, "uno"));
        commit(store, |store| [&b, &a].iter().for_each(|a| store.append(&a.all()).unwrap()));
        let latest = |kind| store.latest(conversation(1), kind).unwrap().map(|entry| entry.id);
        assert_eq!(latest(Kind::TEXT), Some(first));
        assert_eq!(latest(Kind::SETTINGS), Some(set));
        assert_eq!(latest(Kind::EDIT), Some(edited));
        assert_eq!(latest(Kind::REACTION), None);
        let before = |id| store.entry(id).unwrap().map(|entry| entry.position());
        let earlier = |kind, id| store.latest_before(conversation(1), kind, before(id)).unwrap();
        assert_eq!(earlier(Kind::TEXT, first), None);
        assert_eq!(earlier(Kind::SETTINGS, set).map(|entry| entry.id), Some(before_that));
        assert_eq!(earlier(Kind::SETTINGS, before_that), None);
        assert_eq!(earlier(Kind::TEXT, edited).map(|entry| entry.id), Some(first));
        assert_eq!(store.latest(conversation(2), Kind::TEXT), Ok(None));
    });
}

#[test]
fn what_is_hidden_is_hidden_before_and_after_it_comes() {
    each(|store| {
        let (mut a, mut b) = (Author::new(1, conversation(1)), Author::new(2, conversation(1)));
        let of = b.writes(1, text("one"));
        let kept = a.writes(2, reaction(of));
        for n in 3..6 {
            a.writes(n, text("hidden"));
        }
        a.writes(6, reaction(of));
        a.writes(7, settings(60));
        commit(store, |store| {
            store.append(&b.all()).unwrap();
            store.append(&a.run(0..4)).unwrap();
            store.hide(conversation(1), a.id(), seq(3)).unwrap();
            store.append(&a.run(4..6)).unwrap();
        });
        // A later place than before changes nothing, an earlier one does.
        commit(store, |store| store.hide(conversation(1), a.id(), seq(5)).unwrap());
        assert_eq!(store.timeline(conversation(1), None, 99).unwrap().len(), 2);
        commit(store, |store| store.hide(conversation(1), a.id(), seq(2)).unwrap());
        assert_eq!(ids(&store.timeline(conversation(1), None, 99).unwrap()), [of]);
        assert_eq!(ids(&store.references(of, 99).unwrap()), [kept]);
        assert_eq!(store.latest(conversation(1), Kind::SETTINGS), Ok(None));
        assert_eq!(store.latest(conversation(1), Kind::TEXT).unwrap().map(|e| e.id), Some(of));
        assert_eq!(ids(&all_of(store, &a)), a.ids());
    });
}

#[test]
fn other_entries_can_take_the_places_of_forgotten_ones() {
    each(|store| {
        let mut a = Author::new(1, conversation(1));
        for n in 0..4 {
            a.writes(n, text("one"));
        }
        let (kept, gone) = (a.ids()[..2].to_vec(), a.ids()[2..].to_vec());
        commit(store, |store| {
            store.append(&a.all()).unwrap();
            store.put_expiry(gone[0], Wall::new(9)).unwrap();
        });
        store.begin().unwrap();
        store.forget_from(conversation(1), a.id(), seq(3)).unwrap();
        store.rollback();
        assert_eq!(ids(&all_of(store, &a)), a.ids(), "nothing was decided");
        commit(store, |store| store.forget_from(conversation(1), a.id(), seq(3)).unwrap());
        assert_eq!(ids(&all_of(store, &a)), kept);
        assert_eq!(store.entry(gone[0]), Ok(None));
        assert_eq!(store.next_expiry(), Ok(None));
        assert_eq!(store.timeline(conversation(1), None, 99).unwrap().len(), 2);
        let heights = |store: &dyn Store| store.frontiers().unwrap()[0].1.height(a.id());
        assert_eq!(heights(store), 2);
        commit(store, |store| store.append(&a.run(2..4)).unwrap());
        assert_eq!(heights(store), 4);
        assert_eq!(ids(&all_of(store, &a)), a.ids());
    });
}

#[test]
fn a_log_can_be_hidden_before_anything_of_it_is_here() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| store.hide(conversation(1), author.id(), seq(4)).unwrap());
        assert_eq!(store.frontiers(), Ok(vec![]));
        commit(store, |store| store.append(&author.all()).unwrap());
        assert_eq!(store.timeline(conversation(1), None, 99).unwrap().len(), 3);
    });
}

#[test]
fn a_deleted_body_is_gone_and_its_header_stays() {
    each(|store| {
        let author = ten(1);
        let id = author.ids()[3];
        commit(store, |store| store.append(&author.all()).unwrap());
        commit(store, |store| store.put_expiry(id, Wall::new(5)).unwrap());
        commit(store, |store| store.delete_body(id).unwrap());
        let left = store.entry(id).unwrap().unwrap();
        assert_eq!((left.body, &left.header), (None, &author.written[3].0));
        assert_eq!(store.next_expiry(), Ok(None));
        commit(store, |store| store.delete_body(id).unwrap());
        commit(store, |store| store.delete_body(EntryId::from_bytes([9; 32])).unwrap());
        assert_eq!(store.timeline(conversation(1), None, 99).unwrap().len(), 10);
    });
}

#[test]
fn what_disappears_first_is_named_first() {
    each(|store| {
        let author = ten(1);
        let ids = author.ids();
        commit(store, |store| store.append(&author.signed(0..10, |at| at != 9)).unwrap());
        commit(store, |store| {
            for (at, due) in [(0, 30), (1, 20), (2, 20), (3, u64::MAX), (0, 40), (1, 10)] {
                store.put_expiry(ids[at], Wall::new(due)).unwrap();
            }
            store.put_expiry(ids[9], Wall::new(1)).unwrap();
            store.put_expiry(EntryId::from_bytes([9; 32]), Wall::new(1)).unwrap();
        });
        assert_eq!(store.next_expiry(), Ok(Some(Wall::new(10))));
        assert_eq!(store.expired(Wall::new(9), 99), Ok(vec![]));
        assert_eq!(store.expired(Wall::new(20), 99), Ok(vec![ids[1], ids[2]]));
        assert_eq!(store.expired(Wall::new(30), 99), Ok(vec![ids[1], ids[2], ids[0]]));
        assert_eq!(store.expired(Wall::new(u64::MAX), 2), Ok(vec![ids[1], ids[2]]));
        assert_eq!(store.expired(Wall::new(u64::MAX), 99).unwrap().len(), 4);
    });
}

#[test]
fn those_due_at_once_come_in_the_order_of_their_ids() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| store.append(&author.all()).unwrap());
        commit(store, |store| {
            author.ids().iter().for_each(|id| store.put_expiry(*id, Wall::new(5)).unwrap());
        });
        let expected = sorted(author.ids(), |id| *id);
        assert_eq!(store.expired(Wall::new(5), 99), Ok(expected.clone()));
        assert_eq!(store.expired(Wall::new(5), 3), Ok(expected[..3].to_vec()));
    });
}

/// Every kind of change there is.
fn change_everything(store: &mut dyn Tested, author: &Author) {
    store.put_local(&local(7)).unwrap();
    store.put_prekey(&prekey(7, None)).unwrap();
    store.remove_prekey(prekey(1, None).id).unwrap();
    store.put_peer_prekeys(device(1), &[seal_public(9)]).unwrap();
    store.put_peer_prekeys(device(7), &[seal_public(7)]).unwrap();
    store.add_operation(&operation(7, "Grace")).unwrap();
    store.put_contact(&contact(1, Some("another name"))).unwrap();
    store.put_contact(&contact(7, None)).unwrap();
    store.put_invite(&invite(7)).unwrap();
    store.remove_invite(&[1; 16]).unwrap();
    store.put_ticket(&ticket(7, 7)).unwrap();
    store.remove_ticket(device(1)).unwrap();
    store.put_request(&request(7, "let me in")).unwrap();
    store.remove_request(account(1)).unwrap();
    store.put_asked(&asked(7, "let me in")).unwrap();
    store.remove_asked(device(1)).unwrap();
    store.append(&author.run(5..8)).unwrap();
    store.append(&Author::new(7, conversation(7)).new_run(1, text("a new log"))).unwrap();
    store.append(&author.run(9..10)).unwrap();
    store.delete_body(author.ids()[0]).unwrap();
    store.put_expiry(author.ids()[1], Wall::new(1)).unwrap();
    store.put_expiry(author.ids()[6], Wall::new(2)).unwrap();
    store.hide(conversation(1), author.id(), seq(3)).unwrap();
    store.hide(conversation(8), device(8), seq(1)).unwrap();
    store.put_fork(&fork(7, 7)).unwrap();
    store.put_receipt(conversation(1), device(1), &frontier(7, &[(1, 7)])).unwrap();
    store.put_read(conversation(1), account(1), &frontier(7, &[(1, 7)])).unwrap();
}

/// Something of every kind, so that it can be changed.
fn furnish(store: &mut dyn Tested, author: &Author) {
    store.put_local(&local(1)).unwrap();
    store.put_prekey(&prekey(1, None)).unwrap();
    store.put_peer_prekeys(device(1), &[seal_public(1), seal_public(2)]).unwrap();
    store.add_operation(&operation(1, "Alice")).unwrap();
    store.put_contact(&contact(1, Some("Alice"))).unwrap();
    store.put_invite(&invite(1)).unwrap();
    store.put_ticket(&ticket(1, 0)).unwrap();
    store.put_request(&request(1, "hi")).unwrap();
    store.put_asked(&asked(1, "hi")).unwrap();
    store.append(&author.run(0..5)).unwrap();
    store.put_expiry(author.ids()[0], Wall::new(5)).unwrap();
    store.put_expiry(author.ids()[1], Wall::new(5)).unwrap();
    store.hide(conversation(1), author.id(), seq(4)).unwrap();
    store.put_receipt(conversation(1), device(1), &frontier(1, &[(1, 2)])).unwrap();
    store.put_read(conversation(1), account(1), &frontier(1, &[(1, 2)])).unwrap();
}

#[test]
fn a_rollback_takes_back_every_kind_of_change() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| furnish(store, &author));
        let before = everything(store, &author.ids());
        store.begin().unwrap();
        change_everything(store, &author);
        assert_ne!(everything(store, &author.ids()), before);
        store.rollback();
        assert_eq!(everything(store, &author.ids()), before);
        commit(store, |store| change_everything(store, &author));
        assert_ne!(everything(store, &author.ids()), before);
    });
}

#[test]
fn a_commit_that_fails_takes_back_every_kind_of_change() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| furnish(store, &author));
        let before = everything(store, &author.ids());
        store.fail_next_commit();
        store.begin().unwrap();
        change_everything(store, &author);
        assert!(store.commit().is_err());
        assert_eq!(everything(store, &author.ids()), before);
        commit(store, |store| change_everything(store, &author));
        assert_ne!(everything(store, &author.ids()), before);
    });
}

#[test]
fn what_was_committed_stays_when_a_later_transaction_is_taken_back() {
    each(|store| {
        let author = ten(1);
        commit(store, |store| store.append(&author.run(0..3)).unwrap());
        store.begin().unwrap();
        store.append(&author.run(3..5)).unwrap();
        assert_eq!(all_of(store, &author).len(), 5);
        store.rollback();
        store.rollback();
        assert_eq!(all_of(store, &author).len(), 3);
    });
}

#[test]
fn there_is_one_transaction_at_a_time() {
    each(|store| {
        store.begin().unwrap();
        assert_eq!(store.begin(), Err(StoreError("a transaction within another".to_owned())));
        store.commit().unwrap();
        store.begin().unwrap();
        store.rollback();
    });
}

#[test]
fn what_a_store_holds_is_there_when_it_is_opened_again() {
    let folder = TempDir::new().unwrap();
    let author = ten(1);
    let mut store = open(folder.path());
    commit(&mut store, |store| furnish(store, &author));
    commit(&mut store, |store| change_everything(store, &author));
    let before = everything(&store, &author.ids());
    store.begin().unwrap();
    store.append(&author.run(8..9)).unwrap();
    drop(store);
    assert_eq!(everything(&open(folder.path()), &author.ids()), before);
}

#[test]
fn what_a_forger_signs_is_kept_like_everything_else() {
    each(|store| {
        let forger = Forger::of(&local(1));
        let run: Run = forger.run(conversation(1), device(2), Place::First, 3, "hm").unwrap();
        let checked: CheckedRun = run.check(conversation(1), device(2), Base::Empty).unwrap();
        commit(store, |store| store.append(&checked).unwrap());
        assert_eq!(store.timeline(conversation(1), None, 9).unwrap().len(), 1);
    });
}

#[test]
fn events_are_numbered_in_order_and_no_number_is_used_twice() {
    each(|store| {
        let happens = |store: &mut dyn Tested, n: u8| {
            commit(store, |store| {
                store.log_event(Wall::new(n.into()), &Logged::Contact(account(n))).unwrap();
            });
        };
        assert_eq!(store.event_numbers(), Ok(None));
        (1..=3).for_each(|n| happens(store, n));
        let numbers = |store: &dyn Tested, after| -> Vec<u64> {
            store.events(after, 9).unwrap().iter().map(|event| event.number).collect()
        };
        assert_eq!(numbers(store, 0), [1, 2, 3]);
        assert_eq!(numbers(store, 2), [3]);
        let last = &store.events(2, 9).unwrap()[0];
        assert_eq!((last.at, &last.event), (Wall::new(3), &Logged::Contact(account(3))));

        // Whatever is forgotten, the newest stays: the next number is a new one.
        commit(store, |store| store.forget_events(99).unwrap());
        assert_eq!(store.event_numbers(), Ok(Some((3, 3))));
        happens(store, 4);
        assert_eq!(numbers(store, 0), [3, 4]);
    });
}

#[test]
fn an_event_that_was_rolled_back_did_not_happen() {
    each(|store| {
        store.begin().unwrap();
        store.log_event(Wall::new(1), &Logged::Request(account(1))).unwrap();
        store.put_said(ClientId::of("a"), EntryId::from_bytes([1; 32])).unwrap();
        store.rollback();
        assert_eq!(store.events(0, 9), Ok(vec![]));
        assert_eq!(store.said(ClientId::of("a")), Ok(None));
    });
}

#[test]
fn what_was_said_is_found_by_its_client_id() {
    each(|store| {
        let (one, two) = (EntryId::from_bytes([1; 32]), EntryId::from_bytes([2; 32]));
        commit(store, |store| store.put_said(ClientId::of("a"), one).unwrap());
        commit(store, |store| store.put_said(ClientId::of("b"), two).unwrap());
        assert_eq!(store.said(ClientId::of("a")), Ok(Some(one)));
        assert_eq!(store.said(ClientId::of("b")), Ok(Some(two)));
        assert_eq!(store.said(ClientId::of("c")), Ok(None));
    });
}

/// All that a store answers, as a text: two stores that hold the same say the same.
fn everything(store: &dyn Store, known: &[EntryId]) -> String {
    let mut lines = vec![
        format!("{:?}", store.local().unwrap().map(|l| (l.account_seed, l.device_seed))),
        format!("{:?}", store.prekeys().unwrap().iter().map(spell_out).collect::<Vec<_>>()),
        format!("{:?}", store.operations().unwrap()),
        format!("{:?}", store.contacts().unwrap()),
        format!("{:?}", store.invites().unwrap()),
        format!("{:?}", store.tickets().unwrap().iter().map(Ticket::to_text).collect::<Vec<_>>()),
        format!("{:?}", store.requests().unwrap()),
        format!("{:?}", store.invitations().unwrap()),
        format!(
            "{:?}",
            store.group_tickets().unwrap().iter().map(GroupTicket::to_text).collect::<Vec<_>>()
        ),
        format!("{:?}", store.asked().unwrap()),
        format!("{:?}", store.frontiers().unwrap()),
        format!("{:?}", store.forks().unwrap()),
        format!("{:?}", store.receipts().unwrap()),
        format!("{:?}", store.reads().unwrap()),
        format!("{:?}", store.event_numbers().unwrap()),
        format!("{:?}", store.events(0, 99).unwrap()),
        format!("{:?}", store.events(3, 2).unwrap()),
        format!("{:?}", store.next_expiry().unwrap()),
        format!("{:?}", store.expired(Wall::new(20), 3).unwrap()),
        format!("{:?}", store.expired(Wall::new(u64::MAX), 99).unwrap()),
    ];
    lines.extend((1..=9).map(|n| format!("{:?}", store.peer_prekeys(device(n)).unwrap())));
    for id in known {
        let found = store.entries_beginning(&id.as_bytes()[..6]).unwrap();
        lines.push(format!("{found:?}"));
        lines.push(format!("{:?}", store.entry(*id).unwrap()));
        lines.push(format!("{:?}", ids(&store.references(*id, 99).unwrap())));
        lines.push(format!("{:?}", ids(&store.references(*id, 1).unwrap())));
    }
    (1..=3).for_each(|number| lines.extend(in_conversation(store, number)));
    lines.join("\n")
}

fn spell_out(key: &Prekey) -> (PrekeyId, [u8; 32], Wall, Option<chinwag_core::ids::DeviceId>) {
    (key.id, key.seed, key.made, key.only_for)
}

/// What a store says about one conversation.
fn in_conversation(store: &dyn Store, number: u8) -> Vec<String> {
    let of = conversation(number);
    let mut lines = Vec::new();
    let mut before = None;
    loop {
        let page = store.timeline(of, before, 4).unwrap();
        lines.push(format!("{page:?}"));
        match page.last() {
            Some(last) => before = Some(last.position()),
            None => break,
        }
    }
    let kinds = [1, 2, 3, 4, 5, 6, 999].map(Kind::new);
    lines.extend(kinds.map(|kind| format!("{:?}", store.latest(of, kind).unwrap())));
    for author in (1..=4).map(device) {
        for (from, to, count, bytes) in [(1, u64::MAX, 99, 9_999), (2, 7, 4, 9_999), (1, 9, 9, 60)]
        {
            let found = store.entries(of, author, range(from, to), count, bytes).unwrap();
            lines.push(format!("{found:?}"));
            let shown = store.count_shown(of, author, range(from, to), count).unwrap();
            lines.push(format!("{shown} shown"));
        }
        lines.extend((1..=4).map(|n| format!("{:?}", store.tip(of, author, seq(n)).unwrap())));
    }
    lines
}
