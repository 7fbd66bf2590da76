//! Whatever is done to two stores, both answer the same.

use chinwag_core::event_log::Logged;
use chinwag_core::ids::EntryId;
use chinwag_core::store::Store;
use chinwag_core::testing::MemStore;
use chinwag_core::time::Wall;
use chinwag_store::{Query, SqliteStore};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::world::{
    Author, account, conversation, device, edit, operation, reaction, retraction, seal_public, seq,
    settings, text, unknown,
};
use crate::{
    asked, contact, everything, fork, frontier, invitation, invite, local, open, prekey, request,
    ticket,
};

/// Entries that each author has ready.
const READY: usize = 12;

/// Words that texts are made of.
const WORDS: [&str; 4] = ["harbour", "harvest", "lamp", "Lämpchen"];

/// One thing that is done to a store.
#[derive(Clone, Debug)]
enum Act {
    Begin,
    Commit,
    FailToCommit,
    Rollback,
    /// The database is closed and opened again.
    Reopen,
    /// The database puts some texts into its index.
    Index(usize),
    Append {
        author: usize,
        from: usize,
        len: usize,
        bodies: u16,
    },
    DeleteBody(usize),
    Hide {
        author: usize,
        from: u64,
    },
    ForgetFrom {
        author: usize,
        from: u64,
    },
    Expiry {
        entry: usize,
        due: u64,
    },
    Note {
        what: u8,
        number: u8,
        other: u8,
    },
    Remove {
        what: u8,
        number: u8,
    },
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Begin),
        4 => Just(Act::Commit),
        1 => Just(Act::FailToCommit),
        2 => Just(Act::Rollback),
        1 => Just(Act::Reopen),
        2 => (1..20_usize).prop_map(Act::Index),
        12 => (0..4_usize, 0..READY, 1..6_usize, any::<u16>()).prop_map(|(author, from, len, bodies)| {
            Act::Append { author, from, len: len.min(READY - from), bodies }
        }),
        3 => (0..4 * READY).prop_map(Act::DeleteBody),
        1 => (0..4_usize, 1..14_u64).prop_map(|(author, from)| Act::Hide { author, from }),
        1 => (0..4_usize, 1..14_u64).prop_map(|(author, from)| Act::ForgetFrom { author, from }),
        3 => (0..4 * READY, 1..30_u64).prop_map(|(entry, due)| Act::Expiry { entry, due }),
        4 => (0..14_u8, 1..4_u8, 1..4_u8)
            .prop_map(|(what, number, other)| Act::Note { what, number, other }),
        2 => (0..7_u8, 1..4_u8).prop_map(|(what, number)| Act::Remove { what, number }),
    ]
}

/// Two conversations of two authors each, who write a bit of everything, often at the same rank.
fn authors() -> Vec<Author> {
    let logs = [(1, 1), (2, 1), (2, 2), (3, 2)];
    let mut authors: Vec<Author> =
        logs.iter().map(|(device, of)| Author::new(*device, conversation(*of))).collect();
    for turn in 0..READY {
        for at in 0..authors.len() {
            let others = authors[at ^ 1].ids();
            let of = others.get(turn / 2).copied().unwrap_or(EntryId::from_bytes([3; 32]));
            let words = format!("{} {}", WORDS[turn % 4], WORDS[(turn / 4 + at) % 4]);
            let content = match (turn + at) % 7 {
                0 => edit(of, &words),
                1 => reaction(of),
                2 => settings(u32::try_from(turn).unwrap()),
                3 => retraction(of),
                4 if turn > 8 => unknown(999),
                _ => text(&words),
            };
            authors[at].writes((turn as u64) / 2, content);
        }
    }
    authors
}

/// Both stores, and what happens to them.
struct Pair {
    folder: TempDir,
    memory: MemStore,
    /// Nowhere only while it is opened again.
    database: Option<SqliteStore>,
    authors: Vec<Author>,
    is_in_transaction: bool,
}

impl Pair {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let database = Some(open(folder.path()));
        let memory = MemStore::default();
        Self { folder, memory, database, authors: authors(), is_in_transaction: false }
    }

    fn known(&self) -> Vec<EntryId> {
        self.authors.iter().flat_map(Author::ids).collect()
    }

    fn database(&mut self) -> &mut SqliteStore {
        self.database.as_mut().unwrap()
    }

    /// Does the same to both, who must say the same of it.
    fn both<T: PartialEq + std::fmt::Debug>(&mut self, act: impl Fn(&mut dyn Store) -> T) -> T {
        let answer = act(&mut self.memory);
        assert_eq!(act(self.database()), answer);
        answer
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Begin => self.begin(),
            Act::Commit => {
                self.both(|store| store.commit()).unwrap();
                self.is_in_transaction = false;
            }
            Act::FailToCommit => self.fail_to_commit(),
            Act::Rollback => self.rollback(),
            Act::Reopen => self.reopen(),
            Act::Index(max) => {
                self.database().index_some(*max).unwrap();
            }
            Act::Append { author, from, len, bodies } => {
                self.append(*author, *from, *len, *bodies);
            }
            Act::DeleteBody(entry) => {
                let id = self.known()[*entry];
                self.both(|store| store.delete_body(id)).unwrap();
            }
            Act::Hide { author, from } => {
                let (of, by) = (self.authors[*author].conversation(), self.authors[*author].id());
                self.both(|store| store.hide(of, by, seq(*from))).unwrap();
            }
            Act::ForgetFrom { author, from } => {
                let (of, by) = (self.authors[*author].conversation(), self.authors[*author].id());
                self.both(|store| store.forget_from(of, by, seq(*from))).unwrap();
            }
            Act::Expiry { entry, due } => {
                let id = self.known()[*entry];
                self.both(|store| store.put_expiry(id, Wall::new(*due))).unwrap();
            }
            Act::Note { what, number, other } => note(self, *what, *number, *other),
            Act::Remove { what, number } => remove(self, *what, *number),
        }
    }

    fn begin(&mut self) {
        if !self.is_in_transaction {
            self.both(|store| store.begin()).unwrap();
            self.is_in_transaction = true;
        }
    }

    fn rollback(&mut self) {
        self.both(|store| store.rollback());
        self.is_in_transaction = false;
    }

    fn fail_to_commit(&mut self) {
        self.memory.fail_commit_in(0);
        self.database().fail_commit_in(0).unwrap();
        assert!(self.memory.commit().is_err());
        assert!(self.database().commit().is_err());
        self.is_in_transaction = false;
    }

    fn reopen(&mut self) {
        self.database = None;
        self.memory.rollback();
        self.is_in_transaction = false;
        self.database = Some(open(self.folder.path()));
    }

    /// An append that fails may have done a part of its work: it is taken back.
    fn append(&mut self, author: usize, from: usize, len: usize, bodies: u16) {
        self.begin();
        let run = self.authors[author].signed(from..from + len, |at| bodies >> at & 3 != 0);
        if self.both(|store| store.append(&run)).is_err() {
            self.rollback();
        }
    }

    fn must_be_equal(&mut self) {
        let known = self.known();
        let expected = everything(&self.memory, &known);
        assert_eq!(everything(self.database(), &known), expected);
        for word in WORDS {
            for of in [None, Some(1), Some(2)] {
                let expected = self.those_that_say(word, of);
                assert_eq!(self.found(&word[..3], of), expected, "{word} in {of:?}");
            }
        }
    }

    /// What search finds, page by page.
    fn found(&mut self, words: &str, of: Option<u8>) -> Vec<EntryId> {
        let (conversation, mut before) = (of.map(conversation), None);
        let mut ids = Vec::new();
        loop {
            let query = Query { words, conversation, before, limit: 3 };
            let found = self.database().search(&query).unwrap();
            ids.extend(found.hits.iter().map(|hit| hit.entry.id));
            before = found.next;
            if before.is_none() {
                ids.sort_unstable();
                return ids;
            }
        }
    }

    /// What it should find: texts and edits that are there and shown, and have a word that begins
    /// like this one.
    fn those_that_say(&self, word: &str, of: Option<u8>) -> Vec<EntryId> {
        let plain = |word: &str| word.to_lowercase().replace('ä', "a");
        let beginning: String = plain(word).chars().take(3).collect();
        let mut ids = Vec::new();
        for (header, body) in self.authors.iter().flat_map(|author| &author.written) {
            let entry = self.memory.entry(header.id()).unwrap();
            let is_there = entry.is_some_and(|entry| entry.body.is_some());
            let is_meant = of.is_none_or(|of| conversation(of) == header.conversation);
            let says = String::from_utf8_lossy(body);
            let says =
                says.split(|c: char| !c.is_alphabetic()).any(|w| plain(w).starts_with(&beginning));
            if is_there && is_meant && says && !self.is_hidden(header.id()) {
                ids.push(header.id());
            }
        }
        ids.sort_unstable();
        ids
    }

    fn is_hidden(&self, id: EntryId) -> bool {
        let entry = self.memory.entry(id).unwrap().unwrap();
        let shown = self.memory.timeline(entry.header.conversation, None, usize::MAX).unwrap();
        let refers = chinwag_core::body::target(entry.header.kind, &entry.body.unwrap());
        let references = refers.map(|of| self.memory.references(of, usize::MAX).unwrap());
        !shown.iter().chain(references.iter().flatten()).any(|entry| entry.id == id)
    }
}

fn note(pair: &mut Pair, what: u8, number: u8, other: u8) {
    let frontier = frontier(other, &[(1, u64::from(number)), (9, 10 + u64::from(other))]);
    let done = pair.both(|store| match what {
        0 => store.put_local(&local(number)),
        1 => store.put_prekey(&prekey(number, Some(other))),
        2 => store.put_peer_prekeys(device(number), &[seal_public(other), seal_public(1)]),
        3 => store.add_operation(&operation(number, "somebody")),
        4 => store.put_contact(&contact(number, (other > 1).then_some("Somebody"))),
        5 => store.put_invite(&invite(number)),
        6 => store.put_ticket(&ticket(number, other.into())),
        7 => store.put_request(&request(number, "hello")),
        11 => store.put_invitation(&invitation(number, (other > 1).then_some(other > 2))),
        8 => store.put_asked(&asked(number, "hello")),
        9 => store.put_fork(&fork(number, other)),
        12 => store.log_event(Wall::new(other.into()), &Logged::Contact(account(number))),
        10 => store.put_receipt(conversation(number), device(other), &frontier),
        _ => store.put_read(conversation(number), account(other), &frontier),
    });
    done.unwrap();
}

fn remove(pair: &mut Pair, what: u8, number: u8) {
    let done = pair.both(|store| match what {
        0 => store.remove_prekey(prekey(number, None).id),
        1 => store.remove_invite(&[number; 16]),
        2 => store.remove_ticket(device(number)),
        3 => store.remove_request(account(number)),
        4 => store.forget_events(number.into()),
        5 => store.remove_invitation(conversation(number)),
        _ => store.remove_asked(device(number)),
    });
    done.unwrap();
}

/// How many random lives: `PROPTEST_CASES`, or few enough to be tested all the time.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(48)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn both_stores_answer_the_same_whatever_is_done_to_them(
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let mut pair = Pair::new();
        for (at, act) in acts.iter().enumerate() {
            pair.act(act);
            if at % 8 == 7 {
                pair.must_be_equal();
            }
        }
        pair.must_be_equal();
        pair.reopen();
        pair.must_be_equal();
        pair.database().check().unwrap();
    }
}
