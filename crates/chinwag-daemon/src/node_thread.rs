//! The thread that the node lives on. It alone has the node and writes the store.
//!
//! Whatever is to happen comes through one channel, in order. All that waits there is taken as one
//! batch: one transaction, one commit, and only then the answers. When the store fails the node is
//! dropped and opened again from what is on the disk.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::model::MessageState;
use chinwag_core::driver::step_with;
use chinwag_core::env::Env;
use chinwag_core::ids::{DeviceId, EntryId};
use chinwag_core::input::{Command, Input, Link, Token};
use chinwag_core::node::{Config, Node};
use chinwag_core::output::{Answer, Event, Output, Refusal};
use chinwag_core::store::{Store, StoreError, StoredEntry};
use chinwag_core::ticket::Address;
use chinwag_core::time::{Mono, Wall};
use chinwag_net::{Held, Why};
use chinwag_store::{OpenError, Reached, SqliteStore};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::sleep_until;

use crate::messages;
use crate::randomness;
use crate::refusals::{declined, ended, unreadable};
use crate::shared::{Order, Shared, Trouble};
use crate::time::now;

/// Inputs of the network that wait for the node.
const INPUTS_MAX: usize = 1_024;

/// Inputs of one transaction. More would let the first wait for the last.
const BATCH_MAX: usize = 512;

/// How long nothing must happen before what can wait is done.
const IDLE_AFTER: Duration = Duration::from_millis(250);

/// How long the index may be behind although something happens all the time.
const BEHIND_MAX: Duration = Duration::from_secs(2);

/// Texts that are put into the index for search at once.
const INDEX_AT_ONCE: usize = 2_000;

/// Events that are kept, at least.
const EVENTS_KEPT: u64 = 500_000;

/// How often is tried to open a store that can't be opened.
const REOPEN_EVERY: Duration = Duration::from_secs(2);

/// Addresses of a device that are kept.
const ADDRESSES_KEPT: usize = 4;

/// What the node and its store say now. Nothing can be changed through it.
pub(crate) struct View<'a> {
    pub(crate) node: &'a Node,
    pub(crate) store: &'a dyn Store,
    /// The same store, for what it keeps and the node knows nothing of. None: a command is being made, which
    /// has nothing to do with that.
    pub(crate) kept: Option<&'a SqliteStore>,
    pub(crate) now: Wall,
}

impl<'a> View<'a> {
    /// What the store keeps and the node knows nothing of.
    pub(crate) fn kept(&self) -> Result<&'a SqliteStore, ApiError> {
        let missing = || ApiError::new(Kind::Internal, "no command is made from this");
        self.kept.ok_or_else(missing)
    }
}

type Looked = Box<dyn FnOnce(Result<&View<'_>, &ApiError>) + Send>;
type Made = Box<dyn FnOnce(&View<'_>) -> Result<Vec<Command>, ApiError> + Send>;
type Kept = Box<dyn FnOnce(Result<(&Node, &mut SqliteStore), &ApiError>) + Send>;
type Replied = oneshot::Sender<Result<Answer, ApiError>>;

/// Commands that somebody gave as one: the answer is that to the last, or the first that was declined.
struct Given {
    left: usize,
    answer: Result<Answer, ApiError>,
    replied: Replied,
}

/// Something to do for the thread.
pub(crate) enum Job {
    /// Something happened on the network; what it holds is let go when it is done.
    Input(Input, Held, Room),
    /// Somebody wants something. What exactly is made when its turn comes.
    Order(Made, Replied),
    /// Somebody wants to know something.
    Look(Looked),
    /// The same, when what is waiting has been done, whether it was asked before or after.
    Glance(Looked),
    /// Something is to be read or kept of which the node knows nothing.
    Keep(Kept),
    /// Somebody waits for a message of ours to come so far.
    Await(Awaited),
    /// A device is or was at this address.
    Reached(Link, DeviceId, Address),
    /// The network is there: whoever is wanted is to be dialled on it.
    Listening,
    /// The end.
    Stop,
}

/// Waiting for a message of ours: for which, how far it must come, and whom to tell. Whoever no longer
/// waits has closed its end.
pub(crate) struct Awaited {
    pub(crate) id: EntryId,
    pub(crate) wanted: MessageState,
    pub(crate) came: oneshot::Sender<Result<MessageState, ApiError>>,
}

/// The way to the thread. Jobs are done in the order in which they are given, so nobody waits for
/// room in between: what comes from the network has [room](Room) of its own, and what clients ask is
/// bounded where it is read.
#[derive(Clone, Debug)]
pub(crate) struct NodeThread {
    jobs: mpsc::UnboundedSender<Job>,
    room: Arc<Semaphore>,
}

/// Room for one input of the network; given back when it was handled.
#[derive(Debug, Default)]
pub(crate) struct Room(
    #[expect(dead_code, reason = "held, not read")] Option<OwnedSemaphorePermit>,
);

impl NodeThread {
    /// A way, and its other end.
    pub(crate) fn channel() -> (Self, mpsc::UnboundedReceiver<Job>) {
        let (jobs, to_do) = mpsc::unbounded_channel();
        (Self { jobs, room: Arc::new(Semaphore::new(INPUTS_MAX)) }, to_do)
    }

    /// Hands over what happened on the network, when there is room for it.
    pub(crate) async fn input(&self, input: Input, held: Held) -> Result<(), ApiError> {
        let room = Arc::clone(&self.room).acquire_owned().await.ok();
        self.send(Job::Input(input, held, Room(room)))
    }

    pub(crate) fn send(&self, job: Job) -> Result<(), ApiError> {
        self.jobs.send(job).map_err(|_| ended())
    }

    /// Whether the thread has ended: nothing is done any more.
    pub(crate) fn has_stopped(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Gives a command, which is made from what is known when its turn comes.
    pub(crate) async fn order(
        &self,
        make: impl FnOnce(&View<'_>) -> Result<Command, ApiError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        self.order_all(move |view| make(view).map(|command| vec![command])).await
    }

    /// Gives several commands as one, with nothing between them. The answer is that to the last, or
    /// the first that was declined; those after it are carried out all the same.
    pub(crate) async fn order_all(
        &self,
        make: impl FnOnce(&View<'_>) -> Result<Vec<Command>, ApiError> + Send + 'static,
    ) -> Result<Answer, ApiError> {
        let (replied, reply) = oneshot::channel();
        self.send(Job::Order(Box::new(make), replied))?;
        reply.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Looks at something.
    pub(crate) async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&View<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (look, sight) = looking(look);
        self.send(Job::Look(look))?;
        sight.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Looks at something whose place among what others ask does not matter. What waits to be
    /// committed stays one batch, which to look in between would cut in two.
    pub(crate) async fn glance<T: Send + 'static>(
        &self,
        look: impl FnOnce(&View<'_>) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (look, sight) = looking(look);
        self.send(Job::Glance(look))?;
        sight.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Reads or writes what the store keeps and the node knows nothing of, in a transaction of its own.
    /// What for is made from what is known when its turn comes.
    pub(crate) async fn keep<T, R: Send + 'static>(
        &self,
        make: impl FnOnce(&View<'_>) -> Result<T, ApiError> + Send + 'static,
        keep: impl FnOnce(&mut SqliteStore, T) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, ApiError> {
        let (done, doing) = oneshot::channel();
        self.send(Job::Keep(Box::new(
            move |open: Result<(&Node, &mut SqliteStore), &ApiError>| {
                let kept = open.map_err(Clone::clone).and_then(|(node, store)| {
                    let what =
                        make(&View { node, store: &*store, kept: Some(&*store), now: now() })?;
                    keep(store, what).map_err(|error| unreadable(&error))
                });
                // Whoever asked may have gone.
                let _ = done.send(kept);
            },
        )))?;
        doing.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Waits until a message of ours has come so far. How long is the caller's to bound.
    pub(crate) async fn until_came(
        &self,
        id: EntryId,
        wanted: MessageState,
    ) -> Result<MessageState, ApiError> {
        let (came, coming) = oneshot::channel();
        self.send(Job::Await(Awaited { id, wanted, came }))?;
        coming.await.unwrap_or_else(|_| Err(ended()))
    }
}

/// Looking, and what comes of it.
fn looking<T: Send + 'static>(
    look: impl FnOnce(&View<'_>) -> Result<T, ApiError> + Send + 'static,
) -> (Looked, oneshot::Receiver<Result<T, ApiError>>) {
    let (seen, sight) = oneshot::channel();
    let look = Box::new(move |view: Result<&View<'_>, &ApiError>| {
        // Whoever wanted to know may have gone.
        let _ = seen.send(view.map_err(Clone::clone).and_then(look));
    });
    (look, sight)
}

/// How the store is opened: the first time, and after it has failed.
pub(crate) type Opening = Box<dyn Fn() -> Result<(SqliteStore, bool), CannotOpen> + Send>;

/// Why the store can't be opened.
#[derive(Debug)]
pub(crate) struct CannotOpen {
    pub(crate) error: ApiError,
    /// Whether it may be gone in a while, as a full disk may.
    pub(crate) may_pass: bool,
}

impl From<&OpenError> for CannotOpen {
    fn from(error: &OpenError) -> Self {
        let may_pass = matches!(error, OpenError::Database { .. } | OpenError::File { .. });
        Self { error: crate::refusals::cannot_open(error), may_pass }
    }
}

impl From<&StoreError> for CannotOpen {
    fn from(error: &StoreError) -> Self {
        Self { error: unreadable(error), may_pass: true }
    }
}

/// The node, its store, and who waits for what.
pub(crate) struct Engine {
    node: Node,
    store: SqliteStore,
    opening: Opening,
    shared: Arc<Shared>,
    started: Instant,
    /// Which given commands each command belongs to.
    tokens: BTreeMap<Token, u64>,
    given: BTreeMap<u64, Given>,
    next_token: u64,
    /// Whom the network was told to dial.
    dialled: BTreeSet<DeviceId>,
    /// Where the other ends of connections are.
    reached: BTreeMap<Link, (DeviceId, Address)>,
    /// The connections that there are.
    links: BTreeSet<Link>,
    /// Since when there may be texts that are not in the index.
    behind_since: Option<Instant>,
    /// Who waits for which message. As many as there can be requests under way.
    awaited: Vec<(StoredEntry, Awaited)>,
    /// Why the store is not open, while it is not: then node and store are not to be asked.
    is_shut: Option<ApiError>,
}

impl Engine {
    /// Opens store and node.
    pub(crate) fn open(opening: Opening, shared: Arc<Shared>) -> Result<Self, ApiError> {
        let started = Instant::now();
        let (store, node) = open(&opening, started).map_err(|cannot| cannot.error)?;
        let mut engine = Self {
            node,
            store,
            opening,
            shared,
            started,
            tokens: BTreeMap::new(),
            given: BTreeMap::new(),
            next_token: 0,
            dialled: BTreeSet::new(),
            reached: BTreeMap::new(),
            links: BTreeSet::new(),
            behind_since: Some(started),
            awaited: Vec::new(),
            is_shut: None,
        };
        engine.begin().map_err(|error| unreadable(&error))?;
        Ok(engine)
    }

    /// What came out of opening, and what it means.
    fn begin(&mut self) -> Result<(), StoreError> {
        while let Some(output) = self.node.poll() {
            self.release(output);
        }
        if let Some(local) = self.store.local()? {
            self.shared.has_account(true);
            self.shared.hub(Order::Listen(local.device_seed));
        }
        for reached in self.store.reached()? {
            self.shared.heard(reached.device, reached.heard);
        }
        self.tell_newest()?;
        self.dial_wanted();
        Ok(())
    }

    /// Works until it is told to stop. An error: the store can't be opened again.
    pub(crate) async fn run(
        mut self,
        mut jobs: mpsc::UnboundedReceiver<Job>,
    ) -> Result<(), ApiError> {
        loop {
            if !self.until_open(&mut jobs).await? {
                break;
            }
            let Some(mut next) = self.next(&mut jobs).await? else { break };
            let (mut batch, mut later) = (Vec::new(), Vec::new());
            // Looking waits for what was to be done before it.
            loop {
                match next {
                    Job::Stop => {
                        self.do_all(batch)?;
                        self.do_each(later);
                        self.close();
                        return Ok(());
                    }
                    job @ (Job::Input(..) | Job::Order(..)) => batch.push(job),
                    job @ (Job::Glance(..) | Job::Await(..)) => later.push(job),
                    other => {
                        self.do_all(std::mem::take(&mut batch))?;
                        self.do_alone(other);
                    }
                }
                match jobs.try_recv() {
                    Ok(job) if batch.len() + later.len() < BATCH_MAX => next = job,
                    Ok(job) => {
                        self.do_all(std::mem::take(&mut batch))?;
                        self.do_each(std::mem::take(&mut later));
                        next = job;
                    }
                    Err(_) => break,
                }
            }
            self.do_all(batch)?;
            self.do_each(later);
        }
        self.close();
        Ok(())
    }

    /// The next job. When nothing happens for a while, what can wait is done.
    async fn next(
        &mut self,
        jobs: &mut mpsc::UnboundedReceiver<Job>,
    ) -> Result<Option<Job>, ApiError> {
        loop {
            let tick =
                self.node.deadline().map(|due| self.started + Duration::from_micros(due.get()));
            let due = async {
                match tick {
                    Some(tick) => sleep_until(tick.into()).await,
                    None => std::future::pending().await,
                }
            };
            if self.behind_since.is_some_and(|since| since.elapsed() > BEHIND_MAX) {
                self.tidy()?;
            }
            let is_behind = self.behind_since.is_some();
            let idle = async {
                if is_behind {
                    tokio::time::sleep(IDLE_AFTER).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                job = jobs.recv() => return Ok(job),
                () = due => return Ok(Some(Job::Input(Input::Tick, Held::default(), Room::default()))),
                () = idle => {}
            }
            self.tidy()?;
        }
    }

    /// Does what can wait: some texts into the index, old events away, the log into the database.
    fn tidy(&mut self) -> Result<(), ApiError> {
        let tidied = self.store.index_some(INDEX_AT_ONCE).and_then(|indexed| {
            if indexed < INDEX_AT_ONCE {
                self.behind_since = None;
                self.forget_old_events()?;
                self.store.checkpoint()?;
            }
            Ok(())
        });
        tidied.or_else(|error| self.open_again(&error))
    }

    fn forget_old_events(&mut self) -> Result<(), StoreError> {
        let Some((oldest, newest)) = self.store.event_numbers()? else { return Ok(()) };
        // Seldom, and then many.
        if newest - oldest > 2 * EVENTS_KEPT {
            self.store.forget_events(newest - EVENTS_KEPT)?;
        }
        Ok(())
    }

    /// Handles a batch as one transaction.
    fn do_all(&mut self, batch: Vec<Job>) -> Result<(), ApiError> {
        if batch.is_empty() {
            return Ok(());
        }
        if let Some(error) = self.is_shut.clone() {
            for job in batch {
                self.turn_down(job, &error);
            }
            return Ok(());
        }
        for job in &batch {
            self.note_link(job);
        }
        let (jobs, begun) = (batch.len(), Instant::now());
        let now = now();
        let mut rng = randomness();
        let mut left = batch.into_iter();
        let mut helds = Vec::new();
        let (tokens, given) = (&mut self.tokens, &mut self.given);
        let next_token = &mut self.next_token;
        let mut to_give = VecDeque::new();
        let next = |node: &Node, store: &dyn Store| loop {
            if let Some((token, command)) = to_give.pop_front() {
                return Some(Input::Command(token, command));
            }
            match left.next()? {
                Job::Input(input, held, room) => {
                    helds.push((held, room));
                    return Some(input);
                }
                Job::Order(make, replied) => match make(&View { node, store, kept: None, now }) {
                    Ok(commands) => {
                        let first = *next_token;
                        for command in commands {
                            let token = Token(*next_token);
                            *next_token += 1;
                            tokens.insert(token, first);
                            to_give.push_back((token, command));
                        }
                        let (left, answer) = (to_give.len(), Ok(Answer::Done));
                        if left > 0 {
                            given.insert(first, Given { left, answer, replied });
                        } else {
                            drop(replied.send(answer));
                        }
                    }
                    // Whoever asked may have gone.
                    Err(error) => drop(replied.send(Err(error))),
                },
                _ => {}
            }
        };
        let mono = Mono::new(micros(self.started.elapsed()));
        let mut env = Env { mono, wall: now, rng: &mut rng, store: &mut self.store };
        match step_with(&mut self.node, &mut env, next) {
            Ok(outputs) => {
                self.shared.solved(Trouble::Store);
                let (outputs_len, took_us) = (outputs.len(), micros(begun.elapsed()));
                tracing::debug!(jobs, outputs = outputs_len, took_us, "batch committed");
                self.release_all(outputs).or_else(|error| self.open_again(&error))
            }
            Err(error) => self.open_again(&error),
        }
    }

    fn note_link(&mut self, job: &Job) {
        match job {
            Job::Input(Input::Connected { link, .. }, ..) => {
                self.links.insert(*link);
            }
            Job::Input(Input::Disconnected { link }, ..) => {
                self.links.remove(link);
                self.reached.remove(link);
            }
            _ => {}
        }
    }

    fn release_all(&mut self, outputs: Vec<Output>) -> Result<(), StoreError> {
        let has_news = outputs.iter().any(|output| matches!(output, Output::Event(_)));
        let may_know_others = outputs.iter().any(|output| {
            let is_entry = matches!(output, Output::Event(Event::Entry { .. }));
            !is_entry && !matches!(output, Output::Send { .. })
        });
        for output in outputs {
            self.release(output);
        }
        if has_news {
            self.tell_awaited(0);
            self.behind_since.get_or_insert_with(Instant::now);
            self.tell_newest()?;
        }
        if may_know_others {
            self.dial_wanted();
        }
        Ok(())
    }

    fn release(&mut self, output: Output) {
        match output {
            Output::Reply(token, reply) => self.reply(token, reply),
            Output::Send { link, lane, bytes } => {
                // What could not be sent is told again as a lost connection.
                self.shared.with_network(|network| {
                    let _ = network.send(link, lane, bytes);
                });
            }
            Output::Dial { device, addresses } => self.dial(device, addresses),
            Output::Close { link, why } => {
                let why = why.as_ref().map_or(Why::Done, Why::from);
                self.shared.with_network(|network| network.close(link, why));
            }
            Output::Rename { .. } => {
                self.links.clear();
                match self.store.local() {
                    Ok(Some(local)) => self.shared.hub(Order::Rename(local.device_seed)),
                    _ => self.shared.hub(Order::Hush),
                }
            }
            Output::Event(event) => self.event(&event),
        }
    }

    fn reply(&mut self, token: Token, reply: Result<Answer, Refusal>) {
        if matches!(reply, Ok(Answer::Account(_)))
            && let Ok(Some(local)) = self.store.local()
        {
            self.shared.has_account(true);
            self.shared.hub(Order::Listen(local.device_seed));
        }
        let Some(first) = self.tokens.remove(&token) else { return };
        let view =
            View { node: &self.node, store: &self.store, kept: Some(&self.store), now: now() };
        let reply = reply.map_err(|refusal| declined(&refusal, &view));
        let Some(mut given) = self.given.remove(&first) else { return };
        given.left -= 1;
        if given.answer.is_ok() {
            given.answer = reply;
        }
        if given.left == 0 {
            // Whoever asked may have gone.
            let _ = given.replied.send(given.answer);
        } else {
            self.given.insert(first, given);
        }
    }

    /// Notes where a device is when a session with it is open, and tells those who listen.
    fn event(&mut self, event: &Event) {
        if let Event::Peer { device, .. } = event {
            self.note_reached(*device);
        }
        let view =
            View { node: &self.node, store: &self.store, kept: Some(&self.store), now: now() };
        self.shared.signal(event, &view);
    }

    fn note_reached(&mut self, device: DeviceId) {
        let at =
            self.reached.values().rev().find(|(of, _)| *of == device).map(|(_, at)| at.clone());
        let known = self.store.reached().unwrap_or_default();
        let before = known.into_iter().find(|reached| reached.device == device);
        let mut addresses: Vec<Address> = at.into_iter().collect();
        for address in before.into_iter().flat_map(|before| before.addresses) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses.truncate(ADDRESSES_KEPT);
        // That it can't be noted only makes the next time slower.
        let _ = self.store.put_reached(&Reached { device, addresses, heard: now() });
        self.shared.heard(device, now());
    }

    fn dial(&mut self, device: DeviceId, mut addresses: Vec<Address>) {
        let known = self.store.reached().unwrap_or_default();
        let reached = known.into_iter().find(|reached| reached.device == device);
        addresses.extend(reached.into_iter().flat_map(|reached| reached.addresses));
        self.dialled.insert(device);
        self.shared.with_network(|network| {
            if !network.dial(device, &addresses) {
                let text = "more devices are wanted than can be dialled at once";
                self.shared.problem(Trouble::Dialling, text);
            }
        });
    }

    /// Has the network dial whom the node wants, and nobody else.
    fn dial_wanted(&mut self) {
        let wanted = self.node.wanted(now());
        for device in self.dialled.clone() {
            if !wanted.contains_key(&device) {
                self.dialled.remove(&device);
                self.shared.with_network(|network| network.undial(device));
            }
        }
        for (device, addresses) in wanted {
            if !self.dialled.contains(&device) {
                self.dial(device, addresses);
            }
        }
    }

    /// Somebody waits for a message, unless it has come so far already.
    fn begin_to_wait(&mut self, awaited: Awaited) {
        let view =
            View { node: &self.node, store: &self.store, kept: Some(&self.store), now: now() };
        // Whoever asked may have gone.
        match messages::find(&view, awaited.id) {
            Ok(Some(entry)) => {
                self.awaited.push((entry, awaited));
                self.tell_awaited(self.awaited.len() - 1);
            }
            Ok(None) => drop(awaited.came.send(Ok(MessageState::Saved))),
            Err(error) => drop(awaited.came.send(Err(error))),
        }
    }

    /// Tells those who wait for a message that has come as far as they wanted; those before `from` did
    /// not have to be looked at.
    fn tell_awaited(&mut self, from: usize) {
        let view =
            View { node: &self.node, store: &self.store, kept: Some(&self.store), now: now() };
        let has_come = |(entry, awaited): &mut (StoredEntry, Awaited)| {
            awaited.came.is_closed() || messages::state(&view, entry) >= awaited.wanted
        };
        for (entry, awaited) in self.awaited.extract_if(from.., has_come) {
            let _ = awaited.came.send(Ok(messages::state(&view, &entry)));
        }
    }

    fn do_each(&mut self, jobs: Vec<Job>) {
        for job in jobs {
            self.do_alone(job);
        }
    }

    fn do_alone(&mut self, job: Job) {
        if let Some(error) = self.is_shut.clone() {
            return self.turn_down(job, &error);
        }
        match job {
            Job::Look(look) | Job::Glance(look) => {
                look(Ok(&View {
                    node: &self.node,
                    store: &self.store,
                    kept: Some(&self.store),
                    now: now(),
                }));
            }
            Job::Keep(keep) => keep(Ok((&self.node, &mut self.store))),
            Job::Await(awaited) => self.begin_to_wait(awaited),
            Job::Reached(link, device, address) => {
                self.reached.insert(link, (device, address));
            }
            Job::Listening => {
                self.dialled.clear();
                self.dial_wanted();
            }
            Job::Input(..) | Job::Order(..) | Job::Stop => {}
        }
    }

    fn tell_newest(&self) -> Result<(), StoreError> {
        if !self.shared.is_watched() {
            // Whoever begins to watch looks for what there is, on this thread and so after this.
            return Ok(());
        }
        let newest = self.store.event_numbers()?.map_or(0, |(_, newest)| newest);
        self.shared.newest(newest);
        Ok(())
    }

    /// The store failed: who waits is told, all connections end, and both are opened anew.
    fn open_again(&mut self, error: &StoreError) -> Result<(), ApiError> {
        tracing::error!("the store failed");
        self.shared.problem(Trouble::Store, &error.to_string());
        self.tokens.clear();
        for (_, given) in std::mem::take(&mut self.given) {
            let _ = given.replied.send(Err(broken(error)));
        }
        for link in std::mem::take(&mut self.links) {
            self.shared.with_network(|network| network.close(link, Why::CannotKeep));
        }
        self.dialled.clear();
        // The lock of the folder goes with the store.
        self.store =
            SqliteStore::in_memory().map_err(|error| crate::refusals::cannot_open(&error))?;
        self.try_to_open()
    }

    /// Opens the store, or notes why it can't be opened now. An error: it never will.
    fn try_to_open(&mut self) -> Result<(), ApiError> {
        let opened = open(&self.opening, self.started).and_then(|(store, node)| {
            (self.store, self.node) = (store, node);
            self.begin().map_err(|error| CannotOpen::from(&error))
        });
        match opened {
            Ok(()) => {
                tracing::info!("the store was opened again");
                // It was opened by writing into it. Where that went well at once, what failed before is
                // still to be told, until something is written.
                if self.is_shut.take().is_some() {
                    self.shared.solved(Trouble::Store);
                }
                Ok(())
            }
            Err(CannotOpen { error, may_pass: true }) => {
                self.shared.problem(Trouble::Store, &error.message);
                self.is_shut = Some(error);
                Ok(())
            }
            Err(CannotOpen { error, .. }) => Err(error),
        }
    }

    /// While the store can't be opened, tries it now and then, and does nothing that it is told but to
    /// stop. False: it was.
    async fn until_open(
        &mut self,
        jobs: &mut mpsc::UnboundedReceiver<Job>,
    ) -> Result<bool, ApiError> {
        while let Some(error) = self.is_shut.clone() {
            let retry = Instant::now() + REOPEN_EVERY;
            loop {
                tokio::select! {
                    job = jobs.recv() => match job {
                        Some(Job::Stop) | None => return Ok(false),
                        Some(job) => self.turn_down(job, &error),
                    },
                    () = sleep_until(retry.into()) => break,
                }
            }
            self.store =
                SqliteStore::in_memory().map_err(|error| crate::refusals::cannot_open(&error))?;
            self.try_to_open()?;
        }
        Ok(true)
    }

    /// Says that nothing can be done now; a connection that comes is sent away, because nothing that it
    /// brings could be kept.
    fn turn_down(&self, job: Job, error: &ApiError) {
        match job {
            Job::Order(_, answer) => drop(answer.send(Err(error.clone()))),
            Job::Input(Input::Connected { link, .. }, ..) => {
                self.shared.with_network(|network| network.close(link, Why::CannotKeep));
            }
            Job::Look(look) | Job::Glance(look) => look(Err(error)),
            Job::Keep(keep) => keep(Err(error)),
            Job::Await(awaited) => drop(awaited.came.send(Err(error.clone()))),
            Job::Input(..) | Job::Reached(..) | Job::Listening | Job::Stop => {}
        }
    }

    fn close(mut self) {
        // What is not in the database yet is in its log.
        let _ = self.store.checkpoint();
    }
}

fn open(opening: &Opening, started: Instant) -> Result<(SqliteStore, Node), CannotOpen> {
    let (mut store, is_copy) = opening()?;
    let mono = Mono::new(micros(started.elapsed()));
    let mut rng = randomness();
    let mut env = Env { mono, wall: now(), rng: &mut rng, store: &mut store };
    let config = Config { is_copy, ..Config::default() };
    let node = Node::open(&mut env, config).map_err(|error| CannotOpen::from(&error))?;
    Ok((store, node))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn broken(error: &StoreError) -> ApiError {
    let answer = unreadable(error);
    if answer.what_next().is_some() {
        return answer;
    }
    answer.hint("whether it was done is not known: look, and do it again if not")
}
