//! The doctor: what is so with the network, the relays, the clock, the disk and the node, and what of it is
//! wrong. Here it is found out; `findings` decides what it means, and says it.
//!
//! A node that runs examines itself. Where none can be run, its store may be the reason: then everything is
//! examined that needs no store. Nothing is mended and nothing is kept, and nobody is asked but the relays
//! that the config names.

mod facts;
mod findings;
mod folder;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::model::{Examination, Verdict};
use chinwag_core::ticket::Address;
use chinwag_core::time::Wall;
use chinwag_net::{Examined, Network};
use chinwag_store::is_in_use;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::Semaphore;

use self::facts::{Clock, Contact, Facts, Net, Node, Runs, Skew};
use crate::api::Api;
use crate::home::Home;
use crate::node_thread::View;
use crate::passphrase::{Protection, protection};
use crate::{Settings, people, refusals, time};

/// Bytes of a store that is read through to see whether it is whole. Nothing else is done meanwhile.
const CHECKED_MAX: u64 = 64 * 1_024 * 1_024;

/// Examinations at once; others wait.
const EXAMINATIONS_MAX: usize = 2;

static PLACES: Semaphore = Semaphore::const_new(EXAMINATIONS_MAX);

/// Two clocks at one moment: the one that can be set, and one that only goes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    wall: Wall,
    steady: Duration,
}

impl Moment {
    /// This one.
    pub(crate) fn now() -> Self {
        // The other clocks stand still while the machine sleeps.
        #[cfg(target_os = "linux")]
        let clock = ClockId::Boottime;
        #[cfg(not(target_os = "linux"))]
        let clock = ClockId::Monotonic;
        let steady = Duration::try_from(clock_gettime(clock)).unwrap_or_default();
        Self { wall: time::now(), steady }
    }

    /// By how many milliseconds the clock was set since an earlier moment: forward, or back.
    fn set_since(self, earlier: Self) -> i64 {
        let passed = self.steady.saturating_sub(earlier.steady).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        signed(self.wall.get()).saturating_sub(signed(earlier.wall.get())).saturating_sub(passed)
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// Examines what can be examined without a node: none is to be run, or `refused` is why none can. An error:
/// there can't be such a folder.
pub async fn examine(
    settings: &Settings,
    refused: Option<ApiError>,
) -> Result<Examination, ApiError> {
    let home = Home::of(settings)?;
    let relays = crate::relays(settings);
    let named = relays.as_ref().cloned().unwrap_or_default();
    let examined = chinwag_net::examine(&named, &settings.bind).await;
    let node = match refused {
        None => Node::Untouched,
        Some(_) if is_in_use(home.path()) => Node::Taken,
        Some(error) if error.kind() == Kind::Locked => match protection(home.path()) {
            Ok(Protection::Passphrase { .. }) => Node::Closed(error),
            _ => Node::Refused(error),
        },
        Some(error) => Node::Refused(error),
    };
    let clock = clock(&examined, None);
    let net = Net {
        relays: relays.map(drop),
        lan: settings.lan,
        is_on_local_network: false,
        is_loopback_only: is_loopback_only(&settings.bind),
        examined,
    };
    Ok(told(home, node, net, clock).await)
}

/// Has a node that runs examine itself.
pub(crate) async fn examine_node(api: Api) -> Result<Examination, ApiError> {
    // It is never closed.
    let _place = PLACES.acquire().await;
    let facts = Arc::clone(&api.facts);
    let network = api.shared.network();
    let at_relay = async {
        if let Some(network) = &network {
            network.until_at_relay().await;
        }
    };
    let relays = api.shared.relays();
    let examined = chinwag_net::examine(&relays, &facts.bind);
    let examined = while_it_can(examined, at_relay).await;
    let has_account = api.shared.had_account();
    let (store, contacts) = looked(&api).await;
    let runs = Runs {
        process: std::process::id(),
        is_daemon: facts.is_daemon,
        has_account,
        store,
        contacts,
        homes: network.as_ref().map(|network| network.relays()).unwrap_or_default(),
        nearby: network.as_ref().map_or(0, |network| network.nearby().len()),
        troubles: api.shared.troubles_but_lan(),
        lan_trouble: api.shared.lan_problem(),
    };
    let clock = clock(&examined, Some(facts.begun));
    let net = Net {
        relays: Ok(()),
        lan: facts.lan,
        is_on_local_network: network.is_some_and(|network| has_local_address(&network)),
        is_loopback_only: is_loopback_only(&facts.bind),
        examined,
    };
    Ok(told(facts.home.clone(), Node::Runs(Box::new(runs)), net, clock).await)
}

/// Examines, and waits for the connection to a relay as long as one was reached at all.
async fn while_it_can(
    examining: impl Future<Output = Examined>,
    at_relay: impl Future<Output = ()>,
) -> Examined {
    tokio::pin!(examining, at_relay);
    tokio::select! {
        examined = &mut examining => {
            if examined.relays.iter().any(|relay| relay.tcp.is_ok()) {
                at_relay.await;
            }
            examined
        }
        () = &mut at_relay => examining.await,
    }
}

/// Looks at the folder as well, and says what all of it means.
async fn told(home: Home, node: Node, net: Net, clock: Clock) -> Examination {
    let path = home.path().display().to_string();
    let looking = tokio::task::spawn_blocking(move || folder::look(&home));
    // Looking at a folder has nothing in it that could end its thread.
    let folder = looking.await.unwrap_or_default();
    let facts = Facts { node, net, clock, folder };
    let findings = findings::of(&facts);
    Examination {
        at: time::written(facts.clock.now),
        data_dir: path,
        is_well: findings.iter().all(|finding| finding.verdict != Verdict::Wrong),
        findings,
    }
}

/// Whether the store can be read, and whether everybody is reached.
async fn looked(api: &Api) -> (Result<bool, ApiError>, Vec<Contact>) {
    let shared = Arc::clone(&api.shared);
    let is_small = api.facts.home.size() <= CHECKED_MAX;
    let looked = api
        .node
        .look(move |view| {
            if is_small {
                let checked = view.kept()?.check();
                checked.map_err(|error| refusals::unreadable(&error))?;
            }
            Ok((is_small, contacts(view, &shared)))
        })
        .await;
    match looked {
        Ok((is_checked, contacts)) => (Ok(is_checked), contacts),
        Err(error) => (Err(error), Vec::new()),
    }
}

fn contacts(view: &View<'_>, shared: &crate::shared::Shared) -> Vec<Contact> {
    let connected = view.node.connected_devices();
    let known = view.node.contacts().filter(|contact| contact.is_contact && !contact.is_blocked);
    let contact = |account| {
        let devices = view.node.devices_of(account, view.now);
        let failed = devices.iter().find_map(|device| shared.ledger().of(*device).cause().cloned());
        Contact {
            name: people::name(view, account),
            is_connected: devices.iter().any(|device| connected.contains(device)),
            failed: failed.map(|failed| (failed.reason, failed.text)),
            heard: devices.iter().filter_map(|device| shared.heard_of(*device)).max(),
        }
    };
    known.map(|known| contact(known.account)).collect()
}

fn has_local_address(network: &Network) -> bool {
    let addresses = network.addresses();
    let direct =
        |address: &Address| matches!(address, Address::Direct(at) if !at.ip().is_loopback());
    addresses.iter().any(direct)
}

fn is_loopback_only(bind: &[std::net::SocketAddr]) -> bool {
    !bind.is_empty() && bind.iter().all(|address| address.ip().is_loopback())
}

/// What the clock says, and what others say of it.
fn clock(examined: &Examined, begun: Option<Moment>) -> Clock {
    let now = Moment::now();
    let skews = examined.relays.iter().filter_map(|relay| {
        let (theirs, ours) = relay.tcp.as_ref().ok()?.date.as_ref()?;
        Some(Skew { relay: relay.url.clone(), millis: ahead(theirs, *ours)? })
    });
    Clock {
        now: now.wall,
        skews: skews.collect(),
        set_since: begun.map(|begun| (begun.wall, now.set_since(begun))),
    }
}

/// By how many milliseconds our clock is ahead of what somebody said then.
fn ahead(theirs: &str, ours: SystemTime) -> Option<i64> {
    let theirs = jiff::fmt::rfc2822::parse(theirs).ok()?.timestamp().as_millisecond();
    let ours = i64::try_from(ours.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    // What is written is cut down to the second: on average, half of one ago.
    Some(ours.saturating_sub(theirs).saturating_sub(500))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_told_from_one_that_goes_on() {
        let moment =
            |wall, steady| Moment { wall: Wall::new(wall), steady: Duration::from_millis(steady) };
        let begun = moment(1_000_000, 5_000);
        assert_eq!(moment(1_060_000, 65_000).set_since(begun), 0);
        assert_eq!(moment(1_000_000, 65_000).set_since(begun), -60_000);
        assert_eq!(moment(4_660_000, 65_000).set_since(begun), 3_600_000);
    }

    #[test]
    fn what_time_a_relay_says_it_is_is_understood() {
        let ours = UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        assert_eq!(ahead("Sun, 06 Nov 1994 08:49:37 GMT", ours), Some(0));
        assert_eq!(ahead("Sun, 06 Nov 1994 08:49:07 GMT", ours), Some(30_000));
        assert_eq!(ahead("yesterday", ours), None);
    }
}
