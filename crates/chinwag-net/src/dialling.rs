//! One task for each wanted device: it sees to it that there is a connection, and that none gets
//! too old.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chinwag_core::ids::DeviceId;
use chinwag_core::ticket::Address;
use iroh::endpoint::{
    ConnectError, ConnectWithOptsError, ConnectingError, Connection, ConnectionError,
    TransportErrorCode,
};
use iroh::{Endpoint, EndpointAddr, EndpointId, RelayUrl, TransportAddr};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::back_off::{BackOff, part, random};
use crate::endpoint;
use crate::event::{DialFault, NetEvent, Outcome};
use crate::limits::{
    ALPN, APART_AFTER, APART_ALL_MAX, APART_MAX, BACK_OFF_MAX, BACK_OFF_MIN, DIAL_WITHIN,
    MISSED_FOR, MISSED_PAUSE_MAX, REDIAL_WITHIN, RENEW_AT, STEADY_AFTER,
};
use crate::probe::Probe;
use crate::relays::{Relays, written};
use crate::state::{Shared, Signal};
use crate::why::Why;

/// A connection that was dialled, on its way to be admitted.
pub(crate) struct Dialled {
    pub(crate) device: DeviceId,
    pub(crate) connection: Connection,
    /// The endpoint that it has for itself, if it has one.
    pub(crate) apart: Option<Endpoint>,
}

/// Keeps one device connected for as long as it is wanted.
pub(crate) struct Dialling {
    pub(crate) device: DeviceId,
    pub(crate) endpoint: Endpoint,
    /// Where we listen.
    pub(crate) bind: Vec<SocketAddr>,
    /// The relays that may be used.
    pub(crate) relays: Arc<Relays>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) signal: Arc<Signal>,
    /// Where a connection is handed over; the answer comes when it was admitted, or was not.
    pub(crate) dialled: mpsc::Sender<(Dialled, oneshot::Sender<()>)>,
}

/// Room for endpoints that are tried by themselves.
static APART: Semaphore = Semaphore::const_new(APART_ALL_MAX);

/// Where a device is looked for.
struct Places {
    direct: Vec<SocketAddr>,
    /// Of the relays that were named for it those that may be used.
    relays: Vec<RelayUrl>,
}

/// What the task knows of the time.
struct Pace {
    back_off: BackOff,
    /// How many attempts there were.
    attempts: usize,
    /// When the next attempt may be made.
    next: Instant,
    /// Since when there is a connection.
    connected: Option<Instant>,
    /// Until when somebody who was here a moment ago is looked for without long pauses.
    missed_until: Option<Instant>,
    /// By how many hundredths of its age the connection is renewed.
    renew_at: u32,
}

impl Dialling {
    pub(crate) async fn run(self) {
        let mut news = self.signal.news.subscribe();
        let mut sessions = self.signal.sessions.subscribe();
        let mut pace = Pace::new();
        loop {
            // Marked as seen before the state is looked at: nothing that changes later is missed.
            sessions.mark_unchanged();
            let due = self.due(&mut pace);
            tokio::select! {
                biased;
                _ = news.changed() => pace.hurry(),
                _ = sessions.changed() => {}
                () = sleep_until(due.unwrap_or_else(far)), if due.is_some() => {
                    self.attempt(&mut pace).await;
                }
            }
            if !self.shared.lock().is_wanted(self.device, &self.signal) {
                return;
            }
        }
    }

    /// When to dial; `None`: not before something changes.
    fn due(&self, pace: &mut Pace) -> Option<Instant> {
        let best = self.shared.lock().best(self.device).cloned();
        let Some(session) = best else {
            pace.lost();
            return Some(pace.next);
        };
        pace.found(session.since);
        // Who dialled a connection renews it.
        let renewal = session.since + self.shared.renew_after * pace.renew_at / 100;
        session.is_dialled.then(|| renewal.max(pace.next))
    }

    async fn attempt(&self, pace: &mut Pace) {
        let (at, outcome) = self.dial(pace.attempts).await;
        pace.attempts = pace.attempts.wrapping_add(1);
        let outcome = match outcome {
            Ok(dialled) => {
                let (admitted, waits) = oneshot::channel();
                let _ = self.dialled.send((dialled, admitted)).await;
                let _ = waits.await;
                // It may be gone again already, and is to count as one that did not last.
                pace.found(Instant::now());
                Outcome::Connected
            }
            Err(why) => Outcome::Failed { next_in: pace.failed(&why), why },
        };
        self.shared.tell(NetEvent::Attempt { device: self.device, at, outcome }).await;
    }

    async fn dial(&self, attempt: usize) -> (Vec<Address>, Result<Dialled, DialFault>) {
        let (direct, named, home, is_shut_out, is_own) = {
            let mut state = self.shared.lock();
            let (direct, named) = state.addresses_of(self.device);
            let is_own = state.own == Some(self.device);
            (direct, named, state.home_relay(), state.is_shut_out(self.device), is_own)
        };
        let mut relays: Vec<_> = named.iter().filter_map(|url| self.relays.usable(url)).collect();
        // Whoever is at the same relay is found there, also when nobody has told that they are.
        let home = home.and_then(|home| self.relays.usable(&home));
        relays.extend(home.filter(|home| !relays.contains(home)));
        let at = Places { direct, relays };
        let dialled = match () {
            () if is_own => Err(DialFault::Ourselves),
            () if is_shut_out => Err(DialFault::ShutOut),
            () if at.is_empty() => {
                Err(named.first().cloned().map_or(DialFault::NoAddress, DialFault::RelayNotInUse))
            }
            () => {
                let probe = Probe::at(&at.direct, &self.bind);
                match self.connect(&at, attempt).await {
                    Err(DialFault::NobodyAnswers) => Err(self.silence(&at, &named, probe)),
                    other => other,
                }
            }
        };
        (at.all().collect(), dialled)
    }

    /// Why nobody answers, as far as can be known.
    fn silence(&self, at: &Places, named: &[String], probe: Probe) -> DialFault {
        let fault = probe.fault();
        let is_usable = |named: &&String| self.relays.usable(named).is_some();
        match (at.relays.first().map(written), named.first()) {
            // What a machine says of itself says more than that nobody answers at a relay.
            _ if !at.direct.is_empty() && fault == DialFault::NobodyListens => fault,
            (_, Some(other)) if !named.iter().any(|named| is_usable(&named)) => {
                DialFault::RelayNotInUse(other.clone())
            }
            (Some(relay), _) if self.shared.lock().is_at_relay() => DialFault::NotAtRelay(relay),
            (Some(relay), _) => DialFault::RelayAway(relay),
            (None, _) => fault,
        }
    }

    /// All addresses at once; and where that does not lead to the device soon, each by itself.
    async fn connect(&self, at: &Places, attempt: usize) -> Result<Dialled, DialFault> {
        let mut together = pin!(self.connect_together(at));
        let early = timeout(APART_AFTER, &mut together).await;
        let (mut is_together, mut fault) = (true, DialFault::NobodyAnswers);
        match early {
            Ok(Err(DialFault::WrongDevice)) => {
                (is_together, fault) = (false, DialFault::WrongDevice);
            }
            Ok(dialled) => return dialled,
            Err(_) if at.direct.len() + at.relays.len() == 1 => return together.await,
            Err(_) => {}
        }
        let mut apart = pin!(self.connect_apart(&at.direct, attempt));
        let mut is_apart = true;
        while is_together || is_apart {
            let failed = tokio::select! {
                dialled = &mut together, if is_together => match dialled {
                    Ok(dialled) => return Ok(dialled),
                    Err(fault) => {
                        is_together = false;
                        fault
                    }
                },
                dialled = &mut apart, if is_apart => match dialled {
                    Ok(dialled) => return Ok(dialled),
                    Err(fault) => {
                        is_apart = false;
                        fault
                    }
                },
            };
            // That nobody answers says less than anything else.
            if failed != DialFault::NobodyAnswers {
                fault = failed;
            }
        }
        Err(fault)
    }

    async fn connect_together(&self, at: &Places) -> Result<Dialled, DialFault> {
        let connection = connect(&self.endpoint, self.device, at.transports()).await?;
        Ok(Dialled { device: self.device, connection, apart: None })
    }

    /// Tries addresses by themselves: some of them in each attempt, in turn. iroh asks all of them
    /// at once and takes the first answer for the answer, so that one wrong device, at an old
    /// address or of somebody who lies in the local network, hides the right one; and it keeps
    /// addresses of one device apart only by endpoint.
    async fn connect_apart(&self, at: &[SocketAddr], attempt: usize) -> Result<Dialled, DialFault> {
        let mut attempts = JoinSet::new();
        let from = attempt * APART_MAX % at.len().max(1);
        for address in at.iter().cycle().skip(from).take(APART_MAX.min(at.len())) {
            let key = self.endpoint.secret_key().clone();
            let (device, address, bind) = (self.device, *address, self.bind.clone());
            attempts.spawn(async move {
                let place = APART.acquire().await;
                let bound = endpoint::bind_apart(&key, &bind).await;
                let endpoint = bound.map_err(|error| DialFault::Other(error.to_string()))?;
                let connection = connect(&endpoint, device, [TransportAddr::Ip(address)]).await?;
                drop(place);
                Ok(Dialled { device, connection, apart: Some(endpoint) })
            });
        }
        let mut fault = DialFault::NobodyAnswers;
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok(Ok(dialled)) => return Ok(dialled),
                Ok(Err(DialFault::NobodyAnswers)) | Err(_) => {}
                Ok(Err(other)) => fault = other,
            }
        }
        Err(fault)
    }
}

impl Places {
    fn is_empty(&self) -> bool {
        self.direct.is_empty() && self.relays.is_empty()
    }

    fn all(&self) -> impl Iterator<Item = Address> {
        let direct = self.direct.iter().copied().map(Address::Direct);
        direct.chain(self.relays.iter().map(|url| Address::Relay(written(url))))
    }

    fn transports(&self) -> impl Iterator<Item = TransportAddr> {
        let direct = self.direct.iter().copied().map(TransportAddr::Ip);
        direct.chain(self.relays.iter().cloned().map(TransportAddr::Relay))
    }
}

impl Pace {
    fn new() -> Self {
        let (from, to) = RENEW_AT;
        let span = u64::from(to - from);
        Self {
            back_off: BackOff::new(BACK_OFF_MIN, BACK_OFF_MAX),
            attempts: 0,
            next: Instant::now(),
            connected: None,
            missed_until: None,
            renew_at: from + u32::try_from(random() % span).unwrap_or(0),
        }
    }

    /// Something new was learned: it is tried at once.
    fn hurry(&mut self) {
        self.back_off.reset();
        self.next = Instant::now();
    }

    fn found(&mut self, since: Instant) {
        self.connected.get_or_insert(since);
    }

    /// There is no connection. If there was one until now, the next attempt is soon after a good
    /// one, and later after each that did not last.
    fn lost(&mut self) {
        let Some(since) = self.connected.take() else { return };
        self.missed_until = Some(Instant::now() + MISSED_FOR);
        if since.elapsed() >= STEADY_AFTER {
            self.back_off.reset();
        }
        let pause = self.back_off.next(random());
        let is_first = pause <= BACK_OFF_MIN;
        let pause = if is_first { part(REDIAL_WITHIN, random()) } else { pause };
        self.next = Instant::now() + pause;
    }

    fn failed(&mut self, why: &DialFault) -> Duration {
        let mut pause = self.back_off.next(random());
        if self.missed_until.is_some_and(|until| why.is_silence() && Instant::now() < until) {
            pause = pause.min(MISSED_PAUSE_MAX);
        }
        self.next = Instant::now() + pause;
        pause
    }
}

/// So late that it does not come.
fn far() -> Instant {
    Instant::now() + BACK_OFF_MAX
}

/// Connects to a device, at whichever of the addresses answers first.
async fn connect(
    endpoint: &Endpoint,
    device: DeviceId,
    at: impl IntoIterator<Item = TransportAddr>,
) -> Result<Connection, DialFault> {
    let id = EndpointId::from_bytes(device.as_bytes())
        .map_err(|error| DialFault::Other(error.to_string()))?;
    let address = EndpointAddr::from_parts(id, at);
    let connecting = timeout(DIAL_WITHIN, endpoint.connect(address, ALPN)).await;
    connecting.map_err(|_| DialFault::NobodyAnswers)?.map_err(|error| fault(&error))
}

fn fault(error: &ConnectError) -> DialFault {
    match error {
        ConnectError::Connecting {
            source: ConnectingError::ConnectionError { source, .. },
            ..
        }
        | ConnectError::Connection { source, .. } => fault_of(source),
        ConnectError::Connect { source: ConnectWithOptsError::SelfConnect { .. }, .. } => {
            DialFault::Ourselves
        }
        other => DialFault::Other(format!("{other:#}")),
    }
}

fn fault_of(error: &ConnectionError) -> DialFault {
    match error {
        ConnectionError::TimedOut => DialFault::NobodyAnswers,
        ConnectionError::ApplicationClosed(close) => {
            DialFault::TurnedDown(Why::from_code(close.error_code.into_inner()))
        }
        // Our own check of the other side's key.
        ConnectionError::TransportError(error) if error.code == alert(UNKNOWN_CA) => {
            DialFault::WrongDevice
        }
        ConnectionError::TransportError(error) => DialFault::Other(error.to_string()),
        ConnectionError::ConnectionClosed(close)
            if [HANDSHAKE_FAILURE, NO_APPLICATION_PROTOCOL]
                .map(alert)
                .contains(&close.error_code) =>
        {
            DialFault::Incompatible(close.to_string())
        }
        ConnectionError::VersionMismatch => DialFault::Incompatible(error.to_string()),
        other => DialFault::Other(other.to_string()),
    }
}

/// TLS alerts (RFC 8446 section 6; the last one is RFC 7301's).
const UNKNOWN_CA: u8 = 48;
const HANDSHAKE_FAILURE: u8 = 40;
const NO_APPLICATION_PROTOCOL: u8 = 120;

fn alert(alert: u8) -> TransportErrorCode {
    TransportErrorCode::crypto(alert)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_was_here_a_moment_ago_is_looked_for_without_long_pauses() {
        let mut pace = Pace::new();
        for _ in 0..12 {
            pace.failed(&DialFault::NobodyAnswers);
        }
        assert!(pace.failed(&DialFault::NobodyAnswers) > MISSED_PAUSE_MAX, "nobody was ever here");

        pace.found(Instant::now());
        pace.lost();
        for _ in 0..12 {
            assert!(pace.failed(&DialFault::NobodyAnswers) <= MISSED_PAUSE_MAX);
        }
        let turned_down = DialFault::TurnedDown(Why::NotWelcome);
        assert!(pace.failed(&turned_down) > MISSED_PAUSE_MAX, "somebody is there, and says no");
        tokio::time::advance(MISSED_FOR).await;
        assert!(pace.failed(&DialFault::NobodyAnswers) > MISSED_PAUSE_MAX);
    }
}
