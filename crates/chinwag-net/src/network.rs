//! The network as its owner has it, and the one task that everything below it belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chinwag_core::ids::DeviceId;
use chinwag_core::input::Link;
use chinwag_core::ticket::Address;
use iroh::endpoint::{Connection, Incoming, RelayStatus, VarInt};
use iroh::{Endpoint, SecretKey, Watcher};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::dialling::{Dialled, Dialling};
use crate::endpoint::{StartError, bind};
use crate::event::{NetEvent, PeerPath};
use crate::lan::{Lan, ask, device};
use crate::limits::{
    DIAL_WITHIN, ENDPOINT_CLOSE_WITHIN, FRAME_MAX, HANDSHAKES_MAX, HANDSHAKES_UNCHECKED_MAX,
    HOME_RELAY_WITHIN, OVERLAP, RENEW_AFTER, STOP_WITHIN,
};
use crate::relays::{RelayState, Relays, written};
use crate::session::{self, Ending, NotSent, Session};
use crate::state::Shared;
use crate::why::{Ended, Why};
use chinwag_core::output::Lane;

/// The seed of a device's key. Printed never, wiped when dropped.
pub struct Seed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Takes a seed in. The caller's own copies are the caller's to wipe.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(Zeroizing::new(seed))
    }

    fn key(&self) -> SecretKey {
        SecretKey::from_bytes(&self.0)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// How the network is to be.
#[derive(Debug)]
pub struct Settings {
    /// Who we are.
    pub device_seed: Seed,
    /// Where we listen: at most one address of IPv4 and one of IPv6. Port 0 is any that is free.
    pub bind: Vec<SocketAddr>,
    /// The port to try first where an address has none: the one we had before, so that tickets
    /// that name it stay good.
    pub port: Option<u16>,
    /// Whether we say on the local network who and where we are, and ask who else is there.
    pub lan: bool,
    /// The relays that may be used, at most [`RELAYS_MAX`](crate::limits::RELAYS_MAX).
    pub relays: Relays,
    /// How old a session gets at most.
    pub renew_after: Duration,
}

impl Settings {
    /// Everywhere on this machine, on any port, in the local network, by no relay, renewed hourly.
    pub fn new(device_seed: Seed) -> Self {
        let any = |ip: IpAddr| SocketAddr::new(ip, 0);
        Self {
            device_seed,
            bind: vec![any(Ipv4Addr::UNSPECIFIED.into()), any(Ipv6Addr::UNSPECIFIED.into())],
            port: None,
            lan: true,
            relays: Relays::default(),
            renew_after: RENEW_AFTER,
        }
    }
}

/// The network: all connections of one device. Nothing here waits but [`start`](Self::start),
/// [`rename`](Self::rename) and [`stop`](Self::stop).
pub struct Network {
    shared: Arc<Shared>,
    control: mpsc::Sender<Control>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What ends the endpoint that we have.
enum Control {
    Rename(Seed, oneshot::Sender<Result<(), StartError>>),
    Stop,
}

impl Network {
    /// Binds, and begins to listen and to tell. Has to be called within a tokio runtime. `events`
    /// has as many places as its owner likes; while it is full, everybody who sends to us waits.
    /// An error: one of the addresses can't be used.
    pub async fn start(
        settings: Settings,
        events: mpsc::Sender<NetEvent>,
    ) -> Result<Self, StartError> {
        let shared = Arc::new(Shared::new(events, settings.renew_after));
        let Settings { device_seed, bind: at, port, lan, relays, .. } = settings;
        let endpoint = bind(&device_seed.key(), &at, port, &relays).await?;
        begin(&shared, &endpoint, &relays);
        let (control, commands) = mpsc::channel(1);
        let hub = Hub { shared: Arc::clone(&shared), bind: at, lan, relays: Arc::new(relays) };
        let task = Mutex::new(Some(tokio::spawn(hub.run(endpoint, commands))));
        Ok(Self { shared, control, task })
    }

    /// Puts a frame of 1 to [`FRAME_MAX`] bytes into a lane of a connection. If it is not an
    /// error, the frame arrives, unless the connection breaks or is closed by the other side.
    pub fn send(&self, link: Link, lane: Lane, frame: Vec<u8>) -> Result<(), NotSent> {
        if !(1..=FRAME_MAX).contains(&frame.len()) {
            return Err(NotSent::Length(frame.len()));
        }
        let session = self.shared.lock().session(link).cloned();
        session.ok_or(NotSent::Gone)?.send(lane, frame)
    }

    /// Closes a connection after what was sent on it; nothing more is heard from it but that it
    /// is gone. A device that is closed for what nobody may do is shut out for a while.
    pub fn close(&self, link: Link, why: Why) {
        if let Some(session) = self.shared.lock().session(link) {
            session.end(Ending::Shut(why));
        }
    }

    /// Stays connected to a device from now on, and looks for it at these addresses as well.
    /// False: [`WANTED_MAX`](crate::limits::WANTED_MAX) devices are wanted already.
    pub fn dial(&self, device: DeviceId, addresses: &[Address]) -> bool {
        let is_wanted = self.shared.lock().want(device, addresses);
        self.shared.wanted_changed.notify_one();
        is_wanted
    }

    /// Stays connected to a device no longer. A connection that is there is left alone.
    pub fn undial(&self, device: DeviceId) {
        self.shared.lock().unwant(device);
    }

    /// Tries to reach a device at once, if it is wanted and not connected.
    pub fn connect_now(&self, device: DeviceId) {
        self.shared.lock().tell_news(Some(device));
    }

    /// Tries to reach all wanted devices at once that are not connected.
    pub fn connect_now_all(&self) {
        self.shared.lock().tell_news(None);
    }

    /// All live connections.
    pub fn peers(&self) -> Vec<PeerPath> {
        let sessions: Vec<_> = self.shared.lock().sessions().cloned().collect();
        sessions.iter().map(|session| session.look()).collect()
    }

    /// Who says on the local network that they are there, and where. Nothing of it is proven; at most
    /// [`NEARBY_MAX`](crate::limits::NEARBY_MAX) devices.
    pub fn nearby(&self) -> BTreeMap<DeviceId, Vec<SocketAddr>> {
        self.shared.lock().nearby().clone()
    }

    /// Where we can be reached, as far as is known: by the relay that we are connected to, at the addresses
    /// of this machine's interfaces, and at those that a relay sees.
    pub fn addresses(&self) -> Vec<Address> {
        self.shared.lock().addresses.clone()
    }

    /// The relays in use, and how it goes with them.
    pub fn relays(&self) -> Vec<RelayState> {
        self.shared.lock().relays.clone()
    }

    /// Waits until a relay leads to us, where there is one in use, for
    /// [`HOME_RELAY_WITHIN`](crate::limits::HOME_RELAY_WITHIN) at most. Whether it is so.
    pub async fn until_at_relay(&self) -> bool {
        let arrived = async {
            loop {
                // Before it is looked at: nothing that changes later is missed.
                let changed = self.shared.relays_changed.notified();
                {
                    let state = self.shared.lock();
                    if state.relays.is_empty() || state.is_at_relay() {
                        return state.is_at_relay();
                    }
                }
                changed.await;
            }
        };
        timeout(HOME_RELAY_WITHIN, arrived).await.unwrap_or(false)
    }

    /// Who we are, as everybody else knows us.
    pub fn device(&self) -> Option<DeviceId> {
        self.shared.lock().own
    }

    /// The port that we listen on, to be remembered.
    pub fn port(&self) -> Option<u16> {
        self.shared.lock().port
    }

    /// Goes on under another key: closes every connection and binds anew, to the same port if
    /// possible. Whoever was wanted stays so. An error: nothing can be bound; the network has
    /// stopped.
    pub async fn rename(&self, seed: Seed) -> Result<(), StartError> {
        let (done, result) = oneshot::channel();
        if self.control.send(Control::Rename(seed, done)).await.is_err() {
            return Err(StartError::stopped());
        }
        result.await.unwrap_or_else(|_| Err(StartError::stopped()))
    }

    /// Says goodbye to everybody and ends, within a second. Nothing is told any more.
    pub async fn stop(&self) {
        let _ = self.control.send(Control::Stop).await;
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("device", &self.device()).finish_non_exhaustive()
    }
}

/// Notes who and where we are now.
fn begin(shared: &Shared, endpoint: &Endpoint, relays: &Relays) {
    let mut state = shared.lock();
    state.own = device(endpoint.id());
    state.port = endpoint.bound_sockets().first().map(SocketAddr::port);
    state.addresses = addresses(endpoint);
    state.relays = relay_states(relays, &[], &[]);
    state.forget_nearby();
}

/// Our addresses, those first that most others can use.
fn addresses(endpoint: &Endpoint) -> Vec<Address> {
    let address = endpoint.addr();
    let mut direct: Vec<SocketAddr> = address.ip_addrs().copied().collect();
    direct.sort_by_key(|address| (address.ip().is_loopback(), address.is_ipv6(), *address));
    let relays = address.relay_urls().map(|url| Address::Relay(written(url)));
    relays.chain(direct.into_iter().map(Address::Direct)).collect()
}

/// What is known of each relay that may be used, from what iroh says of our home.
fn relay_states(relays: &Relays, homes: &[RelayStatus], before: &[RelayState]) -> Vec<RelayState> {
    let state = |url: String| {
        let home = homes.iter().find(|home| written(home.url()) == url);
        let is_connected = home.is_some_and(RelayStatus::is_connected);
        let away = home.filter(|_| !is_connected);
        let was = before.iter().find(|relay| relay.url == url).and_then(|relay| relay.since);
        RelayState {
            is_home: home.is_some(),
            is_connected,
            since: is_connected.then(|| was.unwrap_or_else(Instant::now)),
            is_denied: away.is_some_and(|home| home.auth_denied_reason().is_some()),
            fault: away.and_then(relay_fault),
            url,
        }
    };
    relays.names().map(state).collect()
}

fn relay_fault(home: &RelayStatus) -> Option<String> {
    match home.auth_denied_reason() {
        Some(reason) => Some(format!("it does not let us in: {reason}")),
        None => home.last_error().map(|error| format!("{error:#}")),
    }
}

/// The owner of every task.
struct Hub {
    shared: Arc<Shared>,
    bind: Vec<SocketAddr>,
    lan: bool,
    relays: Arc<Relays>,
}

/// How a task of the hub ended.
enum Ran {
    /// Somebody came, and is who they are.
    Accepted(Option<Connection>),
    /// A wanted device is no longer wanted.
    Dialling(DeviceId),
    /// A connection is over, or something else that asks for nothing.
    Over,
}

/// Has iroh examine at once which of the relays can be reached. It would do so every 20 to 26 s, and when the list of
/// relays changes: so it is told of one that is in it already.
async fn look_for_another(endpoint: &Endpoint, relays: &Relays, lost: &str) {
    if let Some((url, config)) = relays.config(lost).filter(|_| relays.iter().count() > 1) {
        endpoint.insert_relay(url, config).await;
    }
}

/// Says on the local network where we are, and asks who is there.
fn announce(lan: &Lan, addresses: &[Address], tasks: &mut JoinSet<Ran>) {
    lan.announce(addresses);
    let asking = ask(addresses.to_vec());
    tasks.spawn(async move {
        asking.await;
        Ran::Over
    });
}

impl Hub {
    async fn run(self, mut endpoint: Endpoint, mut commands: mpsc::Receiver<Control>) {
        loop {
            let mut tasks = JoinSet::new();
            let command = tokio::select! {
                command = commands.recv() => command,
                () = self.serve(&endpoint, &mut tasks) => None,
            };
            let is_told = matches!(command, Some(Control::Rename(..)));
            self.end(&endpoint, tasks, is_told).await;
            let Some(Control::Rename(seed, done)) = command else { return };
            let port = self.shared.lock().port;
            drop(endpoint);
            match bind(&seed.key(), &self.bind, port, &self.relays).await {
                Ok(bound) => {
                    begin(&self.shared, &bound, &self.relays);
                    endpoint = bound;
                    let _ = done.send(Ok(()));
                }
                Err(error) => {
                    let _ = done.send(Err(error));
                    return;
                }
            }
        }
    }

    /// Takes whoever comes, dials whoever is wanted, until it is dropped.
    async fn serve(&self, endpoint: &Endpoint, tasks: &mut JoinSet<Ran>) {
        let lan = self.start_lan(endpoint, tasks);
        let mut addresses = endpoint.watch_addr();
        let mut homes = endpoint.home_relay_status();
        let (dialled, mut arrivals) = mpsc::channel(HANDSHAKES_MAX);
        let mut dialling = BTreeSet::new();
        let mut handshakes = 0;
        self.shared.wanted_changed.notify_one();
        loop {
            tokio::select! {
                incoming = endpoint.accept() => match incoming {
                    Some(incoming) => {
                        if let Some(incoming) = choose(incoming, handshakes) {
                            handshakes += 1;
                            tasks.spawn(accept(incoming));
                        }
                    }
                    None => return,
                },
                Some((dialled, admitted)) = arrivals.recv() => {
                    self.admit(dialled, true, tasks);
                    drop::<oneshot::Sender<()>>(admitted);
                }
                () = self.shared.wanted_changed.notified() => {
                    self.dial(endpoint, &dialled, &mut dialling, tasks);
                }
                Ok(_) = addresses.updated() => {
                    self.moved(endpoint, lan.as_deref(), tasks).await;
                }
                Ok(homes) = homes.updated() => {
                    if let Some(lost) = self.relays_changed(&homes) {
                        look_for_another(endpoint, &self.relays, &lost).await;
                    }
                }
                Some(ran) = tasks.join_next() => match ran {
                    Ok(Ran::Accepted(connection)) => {
                        handshakes -= 1;
                        if let Some(connection) = connection {
                            self.accepted(connection, tasks);
                        }
                    }
                    Ok(Ran::Dialling(device)) => {
                        dialling.remove(&device);
                        // It may be wanted again by now.
                        self.shared.wanted_changed.notify_one();
                    }
                    Ok(Ran::Over) => {}
                    // A task that breaks off is a fault of ours, and is not to be hidden.
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
            }
        }
    }

    fn start_lan(&self, endpoint: &Endpoint, tasks: &mut JoinSet<Ran>) -> Option<Arc<Lan>> {
        if !self.lan {
            return None;
        }
        let shared = Arc::clone(&self.shared);
        match Lan::start(endpoint.id()) {
            Ok(lan) => {
                let lan = Arc::new(lan);
                announce(&lan, &addresses(endpoint), tasks);
                let listening = Arc::clone(&lan).listen(shared);
                tasks.spawn(async move {
                    listening.await;
                    Ran::Over
                });
                Some(lan)
            }
            Err(why) => {
                tasks.spawn(async move {
                    shared.tell(NetEvent::LanUnavailable { why }).await;
                    Ran::Over
                });
                None
            }
        }
    }

    /// A task for each wanted device that has none.
    fn dial(
        &self,
        endpoint: &Endpoint,
        dialled: &mpsc::Sender<(Dialled, oneshot::Sender<()>)>,
        dialling: &mut BTreeSet<DeviceId>,
        tasks: &mut JoinSet<Ran>,
    ) {
        for (device, signal) in self.shared.lock().wanted() {
            if !dialling.insert(device) {
                continue;
            }
            let task = Dialling {
                device,
                endpoint: endpoint.clone(),
                bind: self.bind.clone(),
                relays: Arc::clone(&self.relays),
                shared: Arc::clone(&self.shared),
                signal: Arc::clone(signal),
                dialled: dialled.clone(),
            };
            tasks.spawn(async move {
                task.run().await;
                Ran::Dialling(device)
            });
        }
    }

    fn accepted(&self, connection: Connection, tasks: &mut JoinSet<Ran>) {
        match device(connection.remote_id()) {
            Some(device) => {
                self.admit(Dialled { device, connection, apart: None }, false, tasks);
            }
            None => connection.close(VarInt::from_u32(Why::NotCertified.code()), b""),
        }
    }

    /// Takes a connection in, and sees to it that only one to each device stays.
    fn admit(&self, dialled: Dialled, is_dialled: bool, tasks: &mut JoinSet<Ran>) {
        let Dialled { device, connection, apart } = dialled;
        let new = |link| Session::new(link, device, is_dialled, connection.clone());
        let admitted = self.shared.lock().admit(device, is_dialled, new);
        let session = match admitted {
            Ok(session) => session,
            Err(why) => return connection.close(VarInt::from_u32(why.code()), b""),
        };
        if let Some(at) = session.address().filter(|_| is_dialled) {
            self.shared.lock().reached(device, &at);
        }
        let shared = Arc::clone(&self.shared);
        tasks.spawn(async move {
            session::run(session, shared).await;
            if let Some(endpoint) = apart {
                let _ = timeout(ENDPOINT_CLOSE_WITHIN, endpoint.close()).await;
            }
            Ran::Over
        });
        let shared = Arc::clone(&self.shared);
        tasks.spawn(async move {
            tokio::time::sleep(OVERLAP.min(shared.renew_after / 16)).await;
            let state = shared.lock();
            let sessions = state.sessions().filter(|session| session.device == device);
            for session in sessions.filter(|session| state.is_superseded(session)) {
                session.end(Ending::Retire(Why::Replaced));
            }
            Ran::Over
        });
    }

    /// It goes otherwise with a relay: whoever can only be reached by it may be reachable now.
    /// Another relay is our home, or how it goes with it has changed. Gives the home to which the connection was lost
    /// just now.
    fn relays_changed(&self, homes: &[RelayStatus]) -> Option<String> {
        let (lost, left, sessions) = {
            let mut state = self.shared.lock();
            let now = relay_states(&self.relays, homes, &state.relays);
            let was_there = state.is_at_relay();
            let home = |of: &[RelayState]| of.iter().find(|relay| relay.is_home).cloned();
            let (before, after) = (home(&state.relays), home(&now));
            state.relays = now;
            if state.is_at_relay() && !was_there {
                state.tell_news(None);
            }
            let is_same =
                before.as_ref().map(|home| &home.url) == after.as_ref().map(|home| &home.url);
            let is_lost = after.is_some_and(|home| !home.is_connected);
            let lost = before.clone().filter(|home| is_same && home.is_connected && is_lost);
            // One that was away, and in whose place there is another one now.
            let left = before.filter(|home| !is_same && !home.is_connected);
            let sessions: Vec<_> = state.sessions().cloned().collect();
            (lost, left, sessions)
        };
        self.shared.relays_changed.notify_waiters();
        if let Some(left) = left {
            let by_it = Some(Address::Relay(left.url));
            for session in sessions.iter().filter(|session| session.address() == by_it) {
                // Nothing comes by it any more, and whoever is there is dialled by the other one.
                session.close(Why::Replaced);
            }
        }
        lost.map(|home| home.url)
    }

    /// Our addresses are others: everybody is told, and everybody may be reachable now.
    async fn moved(&self, endpoint: &Endpoint, lan: Option<&Lan>, tasks: &mut JoinSet<Ran>) {
        let now = addresses(endpoint);
        {
            let mut state = self.shared.lock();
            if state.addresses == now {
                return;
            }
            state.addresses.clone_from(&now);
            state.tell_news(None);
        }
        if let Some(lan) = lan {
            announce(lan, &now, tasks);
        }
        self.shared.tell(NetEvent::AddressesChanged(now)).await;
    }

    /// Ends all connections: what was sent goes out, for as long as there is time.
    async fn end(&self, endpoint: &Endpoint, mut tasks: JoinSet<Ran>, is_told: bool) {
        let sessions: Vec<Arc<Session>> = self.shared.lock().sessions().cloned().collect();
        for session in &sessions {
            session.end(Ending::Shut(Why::Done));
        }
        let ended = async {
            while sessions.iter().any(|session| !session.is_over()) {
                let Some(_) = tasks.join_next().await else { break };
            }
        };
        let _ = timeout(STOP_WITHIN, ended).await;
        // Who is not done by now is closed as it is.
        for session in &sessions {
            session.close(Why::Done);
        }
        tasks.shutdown().await;
        let _ = timeout(ENDPOINT_CLOSE_WITHIN, endpoint.close()).await;
        for session in &sessions {
            self.shared.lock().remove(session.link);
            if is_told && session.is_missed() {
                let why = Ended::ByUs(Why::Done);
                self.shared.tell(NetEvent::Disconnected { link: session.link, why }).await;
            }
        }
    }
}

/// Whether somebody who comes is let in, has to show first where they are, or is turned away.
fn choose(incoming: Incoming, handshakes: usize) -> Option<Incoming> {
    if handshakes >= HANDSHAKES_MAX {
        incoming.refuse();
        return None;
    }
    if handshakes >= HANDSHAKES_UNCHECKED_MAX && !incoming.remote_addr_validated() {
        let _ = incoming.retry();
        return None;
    }
    Some(incoming)
}

async fn accept(incoming: Incoming) -> Ran {
    let Ok(accepting) = incoming.accept() else { return Ran::Accepted(None) };
    let accepted = timeout(DIAL_WITHIN, accepting).await;
    Ran::Accepted(accepted.ok().and_then(Result::ok))
}
