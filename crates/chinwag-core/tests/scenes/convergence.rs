//! That everybody ends with the same, in whatever order it came.

use std::sync::LazyLock;

use chinwag_core::body::{Content, Settings, Text};
use chinwag_core::driver::step;
use chinwag_core::entry::Place;
use chinwag_core::env::Env;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::log::Run;
use chinwag_core::node::{Config, Node};
use chinwag_core::output::{Answer, Output};
use chinwag_core::store::Store;
use chinwag_core::testing::{Forger, MemStore};
use chinwag_core::time::{Mono, Wall};
use chinwag_core::timeline::{Shown, fold};
use chinwag_core::wire::codec::{Decode, Encode};
use chinwag_core::wire::limits::REFERENCES_MAX;
use chinwag_core::wire::message::{Hello, Message, VERSION, Wish};
use chinwag_crypto::Hash;
use proptest::collection::vec;
use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::world::World;

const NOW_MS: u64 = 1_700_000_001_000;

/// What somebody writes, of whose devices, about which of the entries before it.
#[derive(Clone, Debug)]
struct Step {
    author: usize,
    what: u8,
    about: usize,
    rank: u64,
    lifetime_s: u32,
    has_body: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..3_usize, 0..9_u8, any::<usize>(), 0..4_u64, 0..2_u32, 0..8_u8);
    let step = step.prop_map(|(author, what, about, rank, lifetime, body)| Step {
        author,
        what,
        about,
        rank,
        lifetime_s: lifetime * 60,
        has_body: body > 0,
    });
    vec(step, 1..24)
}

/// Alice's device before any of it, and who else writes: two devices of bob's, and another of hers.
struct Stage {
    store: MemStore,
    alice: AccountId,
    bob: AccountId,
    authors: Vec<(DeviceId, Forger)>,
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    world.restore_on("bob", "bob's phone");
    for (a, b) in [("alice's phone", "alice"), ("bob's phone", "bob"), ("bob", "alice")] {
        world.connect(a, b);
        world.settle();
    }
    let names = ["bob", "bob's phone", "alice's phone"];
    let authors = names.map(|name| {
        let local = world.person(name).store.local().unwrap().unwrap();
        (world.device(name), Forger::of(&local))
    });
    let (alice, bob) = (world.account("alice"), world.account("bob"));
    Stage { store: world.person("alice").store.clone(), alice, bob, authors: authors.into() }
});

impl Stage {
    fn conversation(&self) -> ConversationId {
        ConversationId::direct(self.alice, self.bob)
    }

    /// The runs that the steps come to, by author, each in the order of its log.
    fn write(&self, steps: &[Step]) -> (Vec<Vec<Run>>, Vec<EntryId>) {
        let mut runs = vec![Vec::new(); self.authors.len()];
        let mut logs = vec![(Place::First, 0); self.authors.len()];
        let mut ids: Vec<EntryId> = Vec::new();
        for (number, step) in steps.iter().enumerate() {
            let about = ids.get(step.about % ids.len().max(1)).copied();
            let about = about.unwrap_or(EntryId::from_bytes([7; 32]));
            let (device, forger) = &self.authors[step.author];
            let (place, rank) = logs[step.author];
            let rank = rank + step.rank;
            let content = content(step.what, about, number);
            let id = self.conversation();
            let run = forger.entry(id, *device, place, rank, step.lifetime_s, content);
            let mut run = run.unwrap();
            if !step.has_body {
                run.entries[0].1 = None;
            }
            let entry = run.entries[0].0.id();
            logs[step.author] = (Place::following(place.seq(), entry).unwrap(), rank);
            ids.push(entry);
            runs[step.author].push(run);
        }
        (runs, ids)
    }
}

fn content(what: u8, about: EntryId, number: usize) -> Content {
    let text = Text { text: format!("text {number}"), ..Text::default() };
    match what {
        0..=2 => Content::Text(text),
        3 | 4 => Content::Edit { of: about, text },
        5 | 6 => {
            Content::Reaction { to: about, is_on: !number.is_multiple_of(3), emoji: "👍".into() }
        }
        7 => Content::Retraction { of: about },
        _ if number.is_multiple_of(2) => {
            Content::Settings(Settings::default().with_lifetime(u32::try_from(number).unwrap()))
        }
        _ => Content::Settings(Settings::from_bytes(&[1, 0, 9, 0, 1, 7]).unwrap()),
    }
}

/// Alice's device, and bob's who hands her everything.
struct Reader {
    node: Node,
    store: MemStore,
    rng: ChaCha20Rng,
    now_ms: u64,
}

impl Reader {
    fn of(stage: &Stage) -> Self {
        let mut store = stage.store.clone();
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        let (mono, wall) = (Mono::new(0), Wall::new(NOW_MS));
        let mut env = Env { mono, wall, rng: &mut rng, store: &mut store };
        let node = Node::open(&mut env, Config::default()).unwrap();
        let mut reader = Self { node, store, rng, now_ms: 0 };
        reader.meet(stage);
        reader
    }

    fn meet(&mut self, stage: &Stage) {
        let digest = |node: &Node, of| node.account_log(of).unwrap().digest();
        let link = Link(0);
        let device = stage.authors[0].0;
        self.input(Input::Connected { link, device, is_dialled: false });
        let hello = Hello {
            version: VERSION,
            account: stage.bob,
            digest: digest(&self.node, stage.bob),
            wish: Wish::Nothing,
        };
        self.hear(&Message::Hello(hello));
        let known = Message::Known { digest: digest(&self.node, stage.alice) };
        self.hear(&known);
    }

    fn hear(&mut self, message: &Message) {
        let outputs = self.input(Input::Frame { link: Link(0), bytes: message.to_bytes() });
        let is_closed = outputs.iter().any(|output| matches!(output, Output::Close { .. }));
        assert!(!is_closed, "{outputs:?}");
    }

    fn input(&mut self, input: Input) -> Vec<Output> {
        let (mono, wall) = (Mono::new(self.now_ms * 1_000), Wall::new(NOW_MS + self.now_ms));
        let mut env = Env { mono, wall, rng: &mut self.rng, store: &mut self.store };
        step(&mut self.node, &mut env, [input]).unwrap()
    }

    fn mark_read(&mut self, stage: &Stage) {
        self.input(Input::Command(Token(0), Command::MarkRead(stage.bob)));
    }

    /// Hears the runs in an order that respects each log, and reads in between.
    fn hear_all(&mut self, stage: &Stage, runs: &[Vec<Run>], order: &[u8]) {
        let mut left: Vec<_> = runs.iter().map(|runs| runs.iter()).collect();
        let mut order = order.iter().cycle();
        while left.iter().any(|runs| runs.len() > 0) {
            let next = *order.next().unwrap();
            let at = usize::from(next) % left.len();
            let with_some = (at..at + left.len()).map(|at| at % left.len());
            let at = with_some.into_iter().find(|at| left[*at].len() > 0).unwrap();
            let (author, _) = stage.authors[at];
            let run = left[at].next().unwrap().clone();
            let conversation = stage.conversation();
            self.hear(&Message::Entries { conversation, author, run });
            if next > 200 {
                self.mark_read(stage);
            }
        }
        self.mark_read(stage);
        self.now_ms = 61_000;
        self.input(Input::Tick);
    }

    /// Hears the runs in any order at all. What comes beyond too many gaps is left aside, and comes
    /// again.
    fn hear_shuffled(&mut self, stage: &Stage, runs: &[Vec<Run>], order: &[u8]) {
        let all = runs.iter().zip(&stage.authors);
        let all = all.flat_map(|(runs, (author, _))| runs.iter().map(|run| (*author, run.clone())));
        let mut left: Vec<_> = all.collect();
        for next in order.iter().cycle() {
            if left.is_empty() {
                break;
            }
            let (author, run) = left.remove(usize::from(*next) % left.len());
            let conversation = stage.conversation();
            self.hear(&Message::Entries { conversation, author, run });
        }
        self.hear_all(stage, runs, &[0]);
    }

    /// What is kept and shown of each entry.
    fn seen(&self, stage: &Stage, ids: &[EntryId]) -> Vec<(bool, Shown)> {
        let log = |account| self.node.account_log(account).unwrap();
        let of = |device| {
            [stage.alice, stage.bob].into_iter().find(|a| log(*a).device(device).is_some())
        };
        let see = |id: &EntryId| {
            let entry = self.store.entry(*id).unwrap().unwrap();
            let mut references = self.store.references(*id, REFERENCES_MAX).unwrap();
            let shown = fold(&entry, &references, of);
            references.reverse();
            assert_eq!(shown, fold(&entry, &references, of), "in whatever order");
            (entry.body.is_some(), shown)
        };
        ids.iter().map(see).collect()
    }

    /// How long what alice says now would stay.
    fn lifetime_s(&mut self, stage: &Stage) -> u32 {
        let content = Content::Text(Text::default());
        let say = Command::Say { to: stage.bob, content, client_id: None };
        let outputs = self.input(Input::Command(Token(0), say));
        let said = outputs.into_iter().find_map(|output| match output {
            Output::Reply(_, Ok(Answer::Entry(id))) => Some(id),
            _ => None,
        });
        self.store.entry(said.unwrap()).unwrap().unwrap().header.lifetime_s
    }

    fn digest(&self, stage: &Stage) -> Option<Hash> {
        self.node.history_digest(&self.store, stage.conversation()).unwrap()
    }

    fn restart(&mut self) {
        let (mono, wall) = (Mono::new(0), Wall::new(NOW_MS + self.now_ms));
        let mut env = Env { mono, wall, rng: &mut self.rng, store: &mut self.store };
        self.node = Node::open(&mut env, Config::default()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_stays_and_what_is_shown_is_the_same_in_whatever_order_it_came(
        steps in steps(),
        orders in [vec(any::<u8>(), 1..24), vec(any::<u8>(), 1..24)],
    ) {
        let stage = &*STAGE;
        let (runs, ids) = stage.write(&steps);
        let [mut one, mut other] = orders.map(|order| {
            let mut reader = Reader::of(stage);
            reader.hear_all(stage, &runs, &order);
            reader
        });
        prop_assert_eq!(one.seen(stage, &ids), other.seen(stage, &ids));
        let lifetime_s = one.lifetime_s(stage);
        prop_assert_eq!(lifetime_s, other.lifetime_s(stage));
        one.restart();
        prop_assert_eq!(lifetime_s, one.lifetime_s(stage), "after a restart");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn gaps_change_nothing_of_what_stays_in_the_end(
        steps in steps(),
        order in vec(any::<u8>(), 1..24),
    ) {
        let stage = &*STAGE;
        let (runs, ids) = stage.write(&steps);
        let (mut one, mut other) = (Reader::of(stage), Reader::of(stage));
        one.hear_all(stage, &runs, &[0]);
        other.hear_shuffled(stage, &runs, &order);
        prop_assert_eq!(one.seen(stage, &ids), other.seen(stage, &ids));
        prop_assert_eq!(one.digest(stage), other.digest(stage));
        other.restart();
        prop_assert_eq!(one.digest(stage), other.digest(stage), "after a restart");
        prop_assert_eq!(one.lifetime_s(stage), other.lifetime_s(stage));
    }
}

#[test]
fn the_stage_lets_everything_in() {
    let stage = &*STAGE;
    let step = |author| Step { author, what: 0, about: 0, rank: 1, lifetime_s: 0, has_body: true };
    let (runs, ids) = stage.write(&[step(0), step(1), step(2)]);
    let mut reader = Reader::of(stage);
    reader.hear_all(stage, &runs, &[0]);
    assert_eq!(reader.seen(stage, &ids).iter().filter(|(is_here, _)| *is_here).count(), 3);
}
