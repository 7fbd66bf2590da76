//! The classroom as a part of the daemon: it listens, keeps what was heard and said in memory, tells
//! clients of it, and sends for them.
//!
//! Nothing here is private, and nothing of it meets what is: no account, no key and no store is known to
//! this module. What is said here goes at once or not at all; nothing waits for a peer that is away.

mod talks;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::What;
use chinwag_api::method::{Page, Sent};
use chinwag_api::model::{self, ClassroomSelf, Conversation, MessageState};
use chinwag_classroom::address::{self, Destination};
use chinwag_classroom::limits::{FAREWELL_MAX, GREET_TIMEOUT, MESSAGE_MAX};
use chinwag_classroom::{
    Act, BindError, Claim, Delivery, Dialect, Incoming, Listener, SendError, Sender, Team,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

pub(crate) use talks::Peer;
use talks::Talks;

use crate::shared::{Shared, Trouble};
use crate::time;

/// How often is tried to listen while another program has the port: `chinwag classroom`, say.
const BIND_EVERY: Duration = Duration::from_secs(5);

/// Messages to one peer that are on their way or wait for those before them. A peer that hangs takes
/// seconds for each.
const UNDER_WAY_MAX: usize = 8;

/// Who we are in the classroom, and whom we greet.
#[derive(Clone, Debug)]
pub struct ClassroomSettings {
    /// Our team.
    pub team: Team,
    /// The port to listen on; 0: any.
    pub port: u16,
    /// The address to announce and to listen on; none: that of the default route, and all.
    pub address: Option<IpAddr>,
    /// Static peers, which are told at the start that we are there.
    pub bootstrap: Vec<Destination>,
}

/// The classroom.
pub(crate) struct Classroom {
    settings: ClassroomSettings,
    shared: Arc<Shared>,
    talks: Mutex<Talks>,
    /// One for each peer that something is being sent to, so that one message goes after the other.
    lanes: Mutex<BTreeMap<SocketAddr, Arc<tokio::sync::Mutex<()>>>>,
    /// The port that we listen on, while we do.
    port: watch::Sender<Option<u16>>,
}

impl Classroom {
    pub(crate) fn new(settings: ClassroomSettings, shared: Arc<Shared>) -> Arc<Self> {
        use rand_core::Rng as _;
        let run = crate::randomness().next_u32();
        let talks = Mutex::new(Talks::new(run, settings.team.as_str()));
        let lanes = Mutex::default();
        Arc::new(Self { settings, shared, talks, lanes, port: watch::Sender::new(None) })
    }

    /// Listens until it is told to stop, and then says goodbye to whoever lists us.
    pub(crate) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let Some((listener, incoming)) = self.bound(&mut stop).await else { return };
        self.port.send_replace(Some(listener.local_addr().port()));
        let mut greetings = self.greet();
        self.hear(incoming, &mut stop).await;
        self.port.send_replace(None);
        drop(listener);
        self.leave(&mut greetings).await;
    }

    /// Listens, as soon as the port is free. `None`: told to stop before.
    async fn bound(
        &self,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<(Listener, mpsc::Receiver<Incoming>)> {
        loop {
            match Listener::bind(self.settings.address, self.settings.port) {
                Ok(bound) => {
                    self.shared.solved(Trouble::Classroom);
                    return Some(bound);
                }
                Err(error) => self.shared.problem(Trouble::Classroom, &not_listening(&error)),
            }
            tokio::select! {
                () = sleep(BIND_EVERY) => {}
                // Its sender is gone: then so are we.
                _ = stop.wait_for(|is_over| *is_over) => return None,
            }
        }
    }

    async fn hear(&self, mut incoming: mpsc::Receiver<Incoming>, stop: &mut watch::Receiver<bool>) {
        loop {
            tokio::select! {
                heard = incoming.recv() => match heard {
                    Some(heard) => self.heard(&heard),
                    None => return,
                },
                _ = stop.wait_for(|is_over| *is_over) => return,
            }
        }
    }

    fn heard(&self, incoming: &Incoming) {
        let own = [Some(self.ip()), address::of_default_route()];
        let is_here = |ip: IpAddr| ip.is_loopback() || own.contains(&Some(ip));
        let mut talks = self.talks();
        let Some(noted) = talks.heard(incoming, time::now(), is_here) else { return };
        let message = noted.message.and_then(|number| talks.message(number));
        self.tell(&talks, noted.peer, message);
        if noted.has_forgotten {
            self.shared.tell(What::ClassroomChanged {});
        }
    }

    /// Tells whoever listens how a conversation is now, in the order in which things happened: while
    /// nobody else changes it.
    fn tell(&self, talks: &Talks, peer: Peer, message: Option<model::Message>) {
        if let Some(conversation) = talks.conversation(peer) {
            let conversation = Box::new(conversation);
            self.shared.tell(What::Classroom { conversation, message });
        }
    }

    /// Tells the static peers that we are there.
    fn greet(self: &Arc<Self>) -> JoinSet<Option<SocketAddr>> {
        let mut greetings = JoinSet::new();
        for to in self.settings.bootstrap.clone() {
            let sender = self.sender().with_patience(GREET_TIMEOUT);
            greetings.spawn(async move {
                let said = sender.say_to(&to, Dialect::Plain, &Act::Connect).await;
                said.ok().map(|(address, _)| address)
            });
        }
        greetings
    }

    /// Says goodbye to whoever was heard and to the static peers that were greeted.
    async fn leave(&self, greetings: &mut JoinSet<Option<SocketAddr>>) {
        let sender = self.sender().with_patience(GREET_TIMEOUT).without_confirmation();
        let mut to = self.talks().here();
        let everybody = async {
            while let Some(greeted) = greetings.join_next().await {
                if let Ok(Some(address)) = greeted {
                    to.entry(address).or_default();
                }
            }
            sender.tell_all(to.into_iter().collect(), &Act::Exit, |_, _| {}).await;
        };
        // Those that were not reached by then find out by themselves.
        let _ = timeout(FAREWELL_MAX, everybody).await;
    }

    /// Who we are.
    pub(crate) fn me(&self) -> ClassroomSelf {
        let address = self.port.borrow().map(|port| SocketAddr::new(self.ip(), port).to_string());
        ClassroomSelf { address, team: self.settings.team.to_string() }
    }

    /// The address that we announce: it may be another one than a while ago.
    fn ip(&self) -> IpAddr {
        let given = self.settings.address.filter(|ip| !ip.is_unspecified());
        given.or_else(address::of_default_route).unwrap_or(Ipv4Addr::LOCALHOST.into())
    }

    fn sender(&self) -> Sender {
        let port = self.port.borrow().unwrap_or(self.settings.port);
        let address = SocketAddr::new(self.ip(), port);
        Sender::new(Claim { address, team: self.settings.team.to_string() })
    }

    pub(crate) fn conversations(&self) -> Vec<Conversation> {
        self.talks().conversations()
    }

    /// A page of a conversation; `before` and `after` are ids of messages.
    pub(crate) fn page(
        &self,
        peer: Peer,
        before: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page, ApiError> {
        let talks = self.talks();
        let number = |id: &str| match id {
            "" => Ok(0),
            id => talks.number_of(id).ok_or_else(|| no_message(id)),
        };
        let (before, after) = (before.map(number).transpose()?, after.map(number).transpose()?);
        talks.page(peer, before, after, limit).ok_or_else(|| nobody(peer))
    }

    pub(crate) fn message(&self, id: &str) -> Result<model::Message, ApiError> {
        let talks = self.talks();
        let found = talks.number_of(id).and_then(|number| talks.message(number));
        found.ok_or_else(|| no_message(id))
    }

    pub(crate) fn read(&self, peer: Peer) -> Result<(), ApiError> {
        let mut talks = self.talks();
        if !talks.read(peer) {
            return Err(nobody(peer));
        }
        self.tell(&talks, peer, None);
        Ok(())
    }

    /// Says `connect` to a program, so that it lists us. The conversation with it.
    pub(crate) async fn connect(&self, typed: &str) -> Result<Conversation, ApiError> {
        let to = Destination::parse(typed)
            .map_err(|error| ApiError::new(Kind::Usage, error.to_string()))?;
        let said = self.sender().say_to(&to, Dialect::Plain, &Act::Connect).await;
        let (address, _) = said.map_err(|error| not_sent(&to.to_string(), &error))?;
        let peer = Peer::at(address);
        let mut talks = self.talks();
        if talks.dialect(peer).is_none() {
            // What it calls itself it has not said yet.
            let claim = Claim { address, team: String::new() };
            if talks.meet(peer, &claim, Dialect::Plain) {
                self.shared.tell(What::ClassroomChanged {});
            }
            self.tell(&talks, peer, None);
        }
        talks.conversation(peer).ok_or_else(|| nobody(peer))
    }

    /// Says something to a peer, and how it went. One message goes after the other, in the order in
    /// which this is first polled.
    pub(crate) async fn send(
        &self,
        peer: Peer,
        text: &str,
        client_id: Option<String>,
    ) -> Result<Sent, ApiError> {
        must_fit(peer, text)?;
        let lane = self.lane(peer.address)?;
        let _turn = lane.lock().await;
        let dialect = {
            let talks = self.talks();
            let before = client_id.as_deref().and_then(|name| talks.sent_as(peer, name));
            if let Some((id, state)) = before {
                return Ok(Sent { id, state, is_repeated: true });
            }
            talks.dialect(peer).ok_or_else(|| nobody(peer))?
        };
        let sent = self.sender().send_text_to(vec![peer.address], dialect, text).await;
        let state = match sent {
            Ok(Delivery::Taken) => MessageState::Delivered,
            Ok(Delivery::Unconfirmed) => MessageState::Sent,
            Err(error) => return Err(not_sent(&peer.address.to_string(), &error)),
        };
        let us = self.settings.team.as_str();
        let mut talks = self.talks();
        let said = talks.said(peer, us, text, state, client_id, time::now());
        let message = said.and_then(|number| talks.message(number));
        let id = message.as_ref().map(|message| message.id.clone()).unwrap_or_default();
        self.tell(&talks, peer, message);
        Ok(Sent { id, state, is_repeated: false })
    }

    /// The lane of an address, if there is room in it.
    fn lane(&self, address: SocketAddr) -> Result<Arc<tokio::sync::Mutex<()>>, ApiError> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1);
        let lane = lanes.entry(address).or_default();
        if Arc::strong_count(lane) > UNDER_WAY_MAX {
            let text = format!("{UNDER_WAY_MAX} messages to {address} are on their way already");
            return Err(ApiError::new(Kind::Unreachable, text).hint("wait until they have gone"));
        }
        Ok(Arc::clone(lane))
    }

    fn talks(&self) -> MutexGuard<'_, Talks> {
        self.talks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a text is a message's id of the classroom.
pub(crate) fn is_message(text: &str) -> bool {
    Talks::is_message(text)
}

/// What the contract says where something of the classroom is asked for and it is not enabled.
pub(crate) fn not_enabled() -> ApiError {
    ApiError::new(Kind::Refused, "the classroom is not enabled here")
        .hint("set enabled = true in the section [classroom] of the config, and start again")
}

/// What can be done with contacts and not in the classroom.
pub(crate) fn not_here() -> ApiError {
    ApiError::new(
        Kind::Refused,
        "that can't be done in the classroom: its programs know only plain messages",
    )
}

fn must_fit(peer: Peer, text: &str) -> Result<(), ApiError> {
    if peer.address.port() == 0 {
        let text = format!("{} does not listen: it can't be answered", peer.address.ip());
        return Err(ApiError::new(Kind::Refused, text));
    }
    if text.len() > MESSAGE_MAX {
        let text = format!("{} bytes are too many for the classroom: {MESSAGE_MAX}", text.len());
        return Err(ApiError::new(Kind::Limit, text).hint("send it in several messages"));
    }
    Ok(())
}

fn nobody(peer: Peer) -> ApiError {
    ApiError::new(
        Kind::NotFound,
        format!("nobody was heard from {} in the classroom", peer.address),
    )
}

fn no_message(id: &str) -> ApiError {
    ApiError::new(Kind::NotFound, format!("there is no message {id:?} of the classroom any more"))
}

fn not_listening(error: &BindError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("the classroom is not heard: {error}{}", cause.unwrap_or_default())
}

fn not_sent(to: &str, error: &SendError) -> ApiError {
    let mut text = format!("not sent to {to}: {error}");
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    let kind = match error {
        SendError::TooLong(_) => Kind::Limit,
        SendError::Nothing => Kind::Usage,
        SendError::UnknownHost { .. } => Kind::NotFound,
        _ => Kind::Unreachable,
    };
    ApiError::new(kind, text)
}
