//! What all parts of the network share: who is wanted, which connections there are, who is nearby.
//!
//! Everything is behind one lock that is held for a few lines at a time and never across a wait,
//! so that whoever calls [`Network`](crate::Network) is never kept.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chinwag_core::ids::DeviceId;
use chinwag_core::input::Link;
use chinwag_core::ticket::Address;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio::time::Instant;

use crate::back_off::{BackOff, random};
use crate::event::NetEvent;
use crate::limits::{
    ADDRESSES_MAX, BULK_WAITING_MAX, LINKS_MAX, LINKS_PER_DEVICE_MAX, NEARBY_MAX, RECEIVED_MAX,
    RELAYS_PER_DEVICE_MAX, SHUT_OUT_MAX, SHUT_OUT_MIN, SHUT_OUTS_MAX, WANTED_MAX,
};
use crate::relays::RelayState;
use crate::session::{Ending, Session};
use crate::why::Why;

/// What is shared.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Something is wanted, or no longer.
    pub(crate) wanted_changed: Notify,
    /// It goes otherwise with a relay.
    pub(crate) relays_changed: Notify,
    pub(crate) events: mpsc::Sender<NetEvent>,
    /// Room for long frames.
    pub(crate) room: Arc<Semaphore>,
    /// Places for bulk frames that wait for the owner.
    pub(crate) bulk_places: Arc<Semaphore>,
    pub(crate) renew_after: Duration,
}

/// The state itself.
#[derive(Default)]
pub(crate) struct State {
    /// Who we are now.
    pub(crate) own: Option<DeviceId>,
    /// Where we can be reached.
    pub(crate) addresses: Vec<Address>,
    /// The relays in use.
    pub(crate) relays: Vec<RelayState>,
    /// The port that we are bound to.
    pub(crate) port: Option<u16>,
    wanted: BTreeMap<DeviceId, Wanted>,
    sessions: BTreeMap<Link, Arc<Session>>,
    nearby: BTreeMap<DeviceId, Vec<SocketAddr>>,
    shut_out: BTreeMap<DeviceId, ShutOut>,
    links_given: u64,
}

/// A device that we try to stay connected to.
struct Wanted {
    addresses: Vec<SocketAddr>,
    /// As they are named, the newest first; not all of them may be in use.
    relays: Vec<String>,
    signal: Arc<Signal>,
}

/// How the task of a wanted device learns that something has changed.
pub(crate) struct Signal {
    /// Counts what gives reason to try at once.
    pub(crate) news: watch::Sender<u64>,
    /// Counts connections that came or went.
    pub(crate) sessions: watch::Sender<u64>,
}

/// A device that did what nobody may do.
struct ShutOut {
    until: Instant,
    back_off: BackOff,
}

/// Why a connection is not taken.
pub(crate) type NotAdmitted = Why;

impl Shared {
    pub(crate) fn new(events: mpsc::Sender<NetEvent>, renew_after: Duration) -> Self {
        Self {
            state: Mutex::default(),
            wanted_changed: Notify::new(),
            relays_changed: Notify::new(),
            events,
            room: Arc::new(Semaphore::new(RECEIVED_MAX)),
            bulk_places: Arc::new(Semaphore::new(BULK_WAITING_MAX)),
            renew_after,
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the owner. Waits while it has too much to read already.
    pub(crate) async fn tell(&self, event: NetEvent) {
        // Without an owner nobody wants to know.
        let _ = self.events.send(event).await;
    }
}

impl State {
    /// Adds to the wanted devices, or to the addresses of one. False: there are too many.
    pub(crate) fn want(&mut self, device: DeviceId, addresses: &[Address]) -> bool {
        if self.wanted.len() >= WANTED_MAX && !self.wanted.contains_key(&device) {
            return false;
        }
        if !self.wanted.contains_key(&device) {
            // Whoever is wanted now is welcome now, whatever was before.
            self.shut_out.remove(&device);
        }
        let wanted = self.wanted.entry(device).or_insert_with(|| Wanted {
            addresses: Vec::new(),
            relays: Vec::new(),
            signal: Arc::new(Signal {
                news: watch::Sender::new(0),
                sessions: watch::Sender::new(0),
            }),
        });
        let mut is_new = false;
        for address in addresses {
            match address {
                Address::Direct(address) => is_new |= wanted.learn(*address),
                Address::Relay(url) => is_new |= wanted.learn_relay(url),
            }
        }
        if is_new {
            wanted.signal.tell_news();
        }
        true
    }

    pub(crate) fn unwant(&mut self, device: DeviceId) {
        if let Some(wanted) = self.wanted.remove(&device) {
            wanted.signal.tell_news();
        }
    }

    /// Whether a device is still wanted, and not once again.
    pub(crate) fn is_wanted(&self, device: DeviceId, signal: &Arc<Signal>) -> bool {
        self.wanted.get(&device).is_some_and(|wanted| Arc::ptr_eq(&wanted.signal, signal))
    }

    pub(crate) fn wanted(&self) -> impl Iterator<Item = (DeviceId, &Arc<Signal>)> {
        self.wanted.iter().map(|(device, wanted)| (*device, &wanted.signal))
    }

    /// There is reason to try at once: with one device, or with all.
    pub(crate) fn tell_news(&self, device: Option<DeviceId>) {
        match device {
            Some(device) => {
                if let Some(wanted) = self.wanted.get(&device) {
                    wanted.signal.tell_news();
                }
            }
            None => self.wanted.values().for_each(|wanted| wanted.signal.tell_news()),
        }
    }

    /// Where a device may be, and the relays that were named for it.
    pub(crate) fn addresses_of(&self, device: DeviceId) -> (Vec<SocketAddr>, Vec<String>) {
        let nearby = self.nearby.get(&device).into_iter().flatten();
        let wanted = self.wanted.get(&device);
        let mut addresses: Vec<SocketAddr> = nearby.copied().collect();
        for address in wanted.iter().flat_map(|wanted| &wanted.addresses) {
            if !addresses.contains(address) {
                addresses.push(*address);
            }
        }
        addresses.truncate(ADDRESSES_MAX);
        (addresses, wanted.map(|wanted| wanted.relays.clone()).unwrap_or_default())
    }

    /// Whether we are connected to the relay where others find us.
    pub(crate) fn is_at_relay(&self) -> bool {
        self.relays.iter().any(|relay| relay.is_connected)
    }

    /// The relay where others find us.
    pub(crate) fn home_relay(&self) -> Option<String> {
        self.relays.iter().find(|relay| relay.is_home).map(|relay| relay.url.clone())
    }

    /// A device was reached at this address: it is tried again when the connection is lost.
    pub(crate) fn reached(&mut self, device: DeviceId, at: &Address) {
        if let Some(wanted) = self.wanted.get_mut(&device) {
            match at {
                Address::Direct(at) => wanted.learn(*at),
                Address::Relay(url) => wanted.learn_relay(url),
            };
        }
    }

    /// Takes a connection in: gives it its name, and closes what is too many of the same device.
    pub(crate) fn admit(
        &mut self,
        device: DeviceId,
        is_dialled: bool,
        session: impl FnOnce(Link) -> Session,
    ) -> Result<Arc<Session>, NotAdmitted> {
        if self.is_shut_out(device) {
            return Err(Why::ShutOut);
        }
        if self.sessions.len() >= LINKS_MAX && !is_dialled {
            return Err(Why::TooMany);
        }
        let of_device: Vec<&Arc<Session>> = self.sessions_of(device).collect();
        if of_device.len() >= LINKS_PER_DEVICE_MAX
            && let Some(oldest) = of_device.first()
        {
            oldest.end(Ending::Cut(Why::Replaced));
        }
        self.links_given += 1;
        let link = Link(self.links_given);
        let session = Arc::new(session(link));
        self.sessions.insert(link, Arc::clone(&session));
        self.tell_sessions(device);
        Ok(session)
    }

    pub(crate) fn remove(&mut self, link: Link) {
        if let Some(session) = self.sessions.remove(&link) {
            self.tell_sessions(session.device);
        }
    }

    fn tell_sessions(&self, device: DeviceId) {
        if let Some(wanted) = self.wanted.get(&device) {
            wanted.signal.sessions.send_modify(|count| *count += 1);
        }
    }

    pub(crate) fn session(&self, link: Link) -> Option<&Arc<Session>> {
        self.sessions.get(&link)
    }

    pub(crate) fn sessions(&self) -> impl Iterator<Item = &Arc<Session>> {
        self.sessions.values()
    }

    /// The connections to a device, the oldest first.
    fn sessions_of(&self, device: DeviceId) -> impl Iterator<Item = &Arc<Session>> {
        self.sessions.values().filter(move |session| session.device == device)
    }

    /// The connection to a device that is to stay.
    pub(crate) fn best(&self, device: DeviceId) -> Option<&Arc<Session>> {
        let own = self.own?;
        let sessions = self.sessions_of(device).filter(|session| !session.is_ending());
        sessions.reduce(|best, session| {
            let is_better = is_better(&own, &device, best.is_dialled, session.is_dialled);
            if is_better { session } else { best }
        })
    }

    /// Whether a connection that we dialled is to be given up for a better one.
    pub(crate) fn is_superseded(&self, session: &Session) -> bool {
        let best = self.best(session.device);
        session.is_dialled && best.is_some_and(|best| best.link != session.link)
    }

    /// What the local network says of a device. False: too many are known.
    pub(crate) fn sighted(&mut self, device: DeviceId, addresses: Vec<SocketAddr>) -> bool {
        if self.nearby.len() >= NEARBY_MAX && !self.nearby.contains_key(&device) {
            return false;
        }
        self.nearby.insert(device, addresses);
        self.tell_news(Some(device));
        true
    }

    pub(crate) fn lost_sight(&mut self, device: DeviceId) {
        self.nearby.remove(&device);
    }

    pub(crate) fn nearby(&self) -> &BTreeMap<DeviceId, Vec<SocketAddr>> {
        &self.nearby
    }

    pub(crate) fn forget_nearby(&mut self) {
        self.nearby.clear();
    }

    /// A device did what nobody may do.
    pub(crate) fn shut_out(&mut self, device: DeviceId) {
        if self.shut_out.len() >= SHUT_OUTS_MAX && !self.shut_out.contains_key(&device) {
            let next = self.shut_out.iter().min_by_key(|(_, shut_out)| shut_out.until);
            if let Some(next) = next.map(|(device, _)| *device) {
                self.shut_out.remove(&next);
            }
        }
        let now = Instant::now();
        let shut_out = self.shut_out.entry(device).or_insert_with(|| ShutOut {
            until: now,
            back_off: BackOff::new(SHUT_OUT_MIN, SHUT_OUT_MAX),
        });
        shut_out.until = now + shut_out.back_off.next(random());
    }

    /// Whether a device is shut out now. Who has behaved for the longest pause begins anew.
    pub(crate) fn is_shut_out(&mut self, device: DeviceId) -> bool {
        let now = Instant::now();
        self.shut_out.retain(|_, shut_out| now < shut_out.until + SHUT_OUT_MAX);
        self.shut_out.get(&device).is_some_and(|shut_out| now < shut_out.until)
    }
}

impl Wanted {
    /// Keeps an address, the newest first. True: it was not known.
    fn learn(&mut self, address: SocketAddr) -> bool {
        let known = self.addresses.iter().position(|known| *known == address);
        if let Some(at) = known {
            self.addresses.remove(at);
        }
        self.addresses.insert(0, address);
        self.addresses.truncate(ADDRESSES_MAX);
        known.is_none()
    }

    /// The same with a relay.
    fn learn_relay(&mut self, url: &str) -> bool {
        let known = self.relays.iter().position(|known| known == url);
        if let Some(at) = known {
            self.relays.remove(at);
        }
        self.relays.insert(0, url.to_owned());
        self.relays.truncate(RELAYS_PER_DEVICE_MAX);
        known.is_none()
    }
}

impl Signal {
    fn tell_news(&self) {
        self.news.send_modify(|count| *count += 1);
    }
}

/// Whether the younger of two connections to the same device is the one to keep; who dialled them
/// is said as we see it. Both ends come to the same answer: of two that the same side dialled, the
/// younger; of two that crossed, the one that the device with the lower id dialled.
fn is_better<D: Ord>(own: &D, other: &D, older_is_dialled: bool, younger_is_dialled: bool) -> bool {
    older_is_dialled == younger_is_dialled || younger_is_dialled == (own < other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_keep_the_same_of_two_connections_whichever_they_saw_first() {
        let (low, high) = (1, 2);
        for (first_by_low, second_by_low) in [(true, true), (false, false), (true, false)] {
            let at_low = is_better(&low, &high, first_by_low, second_by_low);
            let at_high = is_better(&high, &low, !first_by_low, !second_by_low);
            assert_eq!(at_low, at_high);
            // Where they crossed, the ends may have seen them in another order.
            if first_by_low != second_by_low {
                let at_high = is_better(&high, &low, !second_by_low, !first_by_low);
                assert_ne!(at_low, at_high);
            }
        }
        assert!(!is_better(&low, &high, true, false), "what the lower dialled stays");
        assert!(is_better(&low, &high, true, true), "the younger stays");
    }

    #[test]
    fn the_newest_addresses_are_kept() {
        let mut state = State::default();
        let device =
            DeviceId::from_bytes(iroh::SecretKey::from_bytes(&[1; 32]).public().as_bytes())
                .unwrap();
        let at = |port: u16| SocketAddr::new([127, 0, 0, 1].into(), port);
        for port in 1..=u16::try_from(ADDRESSES_MAX).unwrap() + 5 {
            state.want(device, &[Address::Direct(at(port))]);
        }
        for n in 0..=RELAYS_PER_DEVICE_MAX {
            state.want(device, &[Address::Relay(format!("https://{n}.example"))]);
        }
        let (addresses, relays) = state.addresses_of(device);
        assert_eq!((addresses.len(), addresses[0].port()), (ADDRESSES_MAX, 21));
        assert_eq!((relays.len(), &*relays[0]), (RELAYS_PER_DEVICE_MAX, "https://4.example"));
        state.sighted(device, vec![at(4_000)]);
        assert_eq!(state.addresses_of(device).0[0], at(4_000), "who is near is tried first");
    }

    #[tokio::test(start_paused = true)]
    async fn a_device_is_shut_out_longer_each_time_and_not_for_ever() {
        let mut state = State::default();
        let key = iroh::SecretKey::from_bytes(&[1; 32]).public();
        let device = DeviceId::from_bytes(key.as_bytes()).unwrap();
        assert!(!state.is_shut_out(device));
        for round in 0..4 {
            state.shut_out(device);
            let most = SHUT_OUT_MIN * (1 << round);
            tokio::time::advance(most * 49 / 100).await;
            assert!(state.is_shut_out(device), "round {round}");
            tokio::time::advance(most * 51 / 100).await;
            assert!(!state.is_shut_out(device), "round {round}");
        }
        tokio::time::advance(SHUT_OUT_MAX).await;
        state.is_shut_out(device);
        assert!(state.shut_out.is_empty(), "who has behaved begins anew");
    }
}
