//! What the node's thread, the network and those who serve the API know of one another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use chinwag_api::event::{Event as ApiEvent, What};
use chinwag_core::ids::DeviceId;
use chinwag_core::output::Event;
use chinwag_core::time::Wall;
use chinwag_net::{Network, Relays};
use tokio::sync::{broadcast, mpsc, watch};

use crate::attempts::Ledger;
use crate::node_thread::View;
use crate::{ids, people, time};

/// Signals that a slow listener may be behind; then it misses some, which by their nature it may.
const SIGNALS_MAX: usize = 256;

/// Orders that wait for the network's owner.
const ORDERS_MAX: usize = 64;

/// What there can be a problem with. One of each is told, the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    /// We can't listen.
    Listening,
    /// The local network can't be asked.
    Lan,
    /// Not everybody can be dialled.
    Dialling,
    /// The store failed.
    Store,
    /// The log can't be written.
    Log,
    /// The classroom is not heard.
    Classroom,
}

/// What the owner of the network is to do.
pub(crate) enum Order {
    /// Listen as the device with this seed, if nobody listens yet.
    Listen([u8; 32]),
    /// Go on as the device with this seed.
    Rename([u8; 32]),
    /// Nothing can be said of who we are: be silent.
    Hush,
}

/// What is shared. Each part has its own lock, which is never held while another is taken.
pub(crate) struct Shared {
    network: RwLock<Option<Arc<Network>>>,
    /// Those that may be used.
    relays: Mutex<Relays>,
    /// How often the owner of the network has tried to listen.
    tried: watch::Sender<u64>,
    orders: mpsc::Sender<Order>,
    newest: watch::Sender<u64>,
    /// Whether there is an account, as far as that is known.
    has_account: AtomicBool,
    signals: broadcast::Sender<ApiEvent>,
    ledger: Mutex<Ledger>,
    heard: Mutex<BTreeMap<DeviceId, Wall>>,
    problems: Mutex<BTreeMap<Trouble, String>>,
}

impl Shared {
    /// The shared part, and the orders for the owner of the network.
    pub(crate) fn new(relays: Relays) -> (Arc<Self>, mpsc::Receiver<Order>) {
        let (orders, to_do) = mpsc::channel(ORDERS_MAX);
        let shared = Self {
            network: RwLock::new(None),
            relays: Mutex::new(relays),
            tried: watch::Sender::new(0),
            orders,
            newest: watch::Sender::new(0),
            has_account: AtomicBool::new(false),
            signals: broadcast::Sender::new(SIGNALS_MAX),
            ledger: Mutex::default(),
            heard: Mutex::default(),
            problems: Mutex::default(),
        };
        (Arc::new(shared), to_do)
    }

    pub(crate) fn network(&self) -> Option<Arc<Network>> {
        self.network.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn with_network(&self, act: impl FnOnce(&Network)) {
        if let Some(network) = self.network() {
            act(&network);
        }
    }

    pub(crate) fn put_network(&self, network: Option<Arc<Network>>) {
        *self.network.write().unwrap_or_else(PoisonError::into_inner) = network;
    }

    /// The relays that may be used.
    pub(crate) fn relays(&self) -> Relays {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Others are used once the network begins.
    pub(crate) fn put_relays(&self, relays: Relays) {
        *self.relays.lock().unwrap_or_else(PoisonError::into_inner) = relays;
    }

    /// The owner of the network has done what it was ordered, or failed.
    pub(crate) fn tried(&self) {
        self.tried.send_modify(|tried| *tried += 1);
    }

    /// Waits until the owner of the network has done something.
    pub(crate) async fn until_tried(&self) {
        // The sender lives as long as this does.
        let _ = self.tried.subscribe().wait_for(|tried| *tried > 0).await;
    }

    pub(crate) fn hub(&self, order: Order) {
        // There are a handful in the life of a program; if its owner has gone there is no network.
        let _ = self.orders.try_send(order);
    }

    /// There is an account, or there is none.
    pub(crate) fn has_account(&self, is_there: bool) {
        self.has_account.store(is_there, Ordering::Relaxed);
    }

    /// Whether there is an account, while nobody else can be asked.
    pub(crate) fn had_account(&self) -> bool {
        self.has_account.load(Ordering::Relaxed)
    }

    /// Events up to this number are kept.
    pub(crate) fn newest(&self, number: u64) {
        self.newest.send_if_modified(|newest| std::mem::replace(newest, number) != number);
    }

    /// Whether somebody wants to know of each.
    pub(crate) fn is_watched(&self) -> bool {
        self.newest.receiver_count() > 0
    }

    pub(crate) fn watch_newest(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    pub(crate) fn watch_signals(&self) -> broadcast::Receiver<ApiEvent> {
        self.signals.subscribe()
    }

    /// Tells those who listen of what is not kept.
    pub(crate) fn signal(&self, event: &Event, view: &View<'_>) {
        let what = match event {
            Event::Peer { account, device, is_here } => What::Peer {
                contact: ids::account(*account),
                name: people::name(view, *account),
                device: ids::device(*device),
                connected: *is_here,
            },
            Event::Typing { conversation, account, is_on } => What::Typing {
                conversation: ids::conversation(*conversation),
                contact: ids::account(*account),
                name: people::name(view, *account),
                on: *is_on,
            },
            _ => return,
        };
        // Nobody listens: then nobody misses it.
        let _ = self.signals.send(ApiEvent { cursor: None, at: time::written(view.now), what });
    }

    /// Tells those who listen of what is not kept and no event of the node.
    pub(crate) fn tell(&self, what: What) {
        let at = time::written(time::now());
        // Nobody listens: then nobody misses it.
        let _ = self.signals.send(ApiEvent { cursor: None, at, what });
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A device was there at this time.
    pub(crate) fn heard(&self, device: DeviceId, at: Wall) {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).insert(device, at);
    }

    pub(crate) fn heard_of(&self, device: DeviceId) -> Option<Wall> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).get(&device).copied()
    }

    /// Something is wrong that `status` should tell, until it is over.
    pub(crate) fn problem(&self, with: Trouble, text: &str) {
        self.troubles().insert(with, text.to_owned());
    }

    /// That is over.
    pub(crate) fn solved(&self, with: Trouble) {
        self.troubles().remove(&with);
    }

    /// That is over, if it was this.
    pub(crate) fn solved_if(&self, with: Trouble, is_it: impl FnOnce(&str) -> bool) {
        let mut troubles = self.troubles();
        if troubles.get(&with).is_some_and(|text| is_it(text)) {
            troubles.remove(&with);
        }
    }

    pub(crate) fn problems(&self) -> Vec<String> {
        self.troubles().values().cloned().collect()
    }

    /// Why the local network can't be asked, if that is so.
    pub(crate) fn lan_problem(&self) -> Option<String> {
        self.troubles().get(&Trouble::Lan).cloned()
    }

    /// What else is wrong.
    pub(crate) fn troubles_but_lan(&self) -> Vec<String> {
        let troubles = self.troubles();
        let others = troubles.iter().filter(|(with, _)| **with != Trouble::Lan);
        others.map(|(_, text)| text.clone()).collect()
    }

    /// Why we don't listen, if we tried.
    pub(crate) fn listening_problem(&self) -> Option<String> {
        self.troubles().get(&Trouble::Listening).cloned()
    }

    fn troubles(&self) -> MutexGuard<'_, BTreeMap<Trouble, String>> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
