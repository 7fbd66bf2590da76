//! The daemon itself.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{ChooseRelays, Hello, Nothing, Welcome};
use chinwag_api::model::{self, MessageState};
use chinwag_core::entry::Seq;
use chinwag_core::ids::{AccountId, DeviceId};
use chinwag_core::sync::ranges::Range;
use chinwag_core::ticket::Address;

use super::Api;
use crate::node_thread::View;
use crate::refusals::{is_full, unreadable};
use crate::shared::Trouble;
use crate::{groups, people, time};

/// Messages of one log that are counted as undelivered.
const UNDELIVERED_MAX: usize = 1_000;

pub(super) async fn hello(api: Api, _: Hello) -> Result<Welcome, ApiError> {
    // A node whose store can't be opened now is one all the same: what is asked next says why.
    let asked = api.node.look(|view| Ok(view.node.account().is_some())).await;
    let has_account = match asked {
        Err(error) if api.node.has_stopped() => return Err(error),
        asked => asked.unwrap_or_else(|_| api.shared.had_account()),
    };
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(Welcome { api: chinwag_api::VERSION.to_owned(), version, has_account })
}

pub(super) async fn status(api: Api, _: Nothing) -> Result<model::Status, ApiError> {
    let (addresses, relays) = (addresses(&api), relays(&api));
    let (shared, facts) = (api.shared.clone(), api.facts.clone());
    let classroom = api.classroom.as_ref().map(|classroom| classroom.me());
    api.node
        .look(move |view| {
            // The store is open. Whether anything was written since there is room again is no matter.
            shared.solved_if(Trouble::Store, |text| is_full(text) && facts.home.has_room_again());
            let account = match view.node.account() {
                Some(_) => Some(people::own_account(view)?),
                None => None,
            };
            let contacts: Vec<AccountId> = view
                .node
                .contacts()
                .filter(|contact| contact.is_contact && !contact.is_blocked)
                .map(|contact| contact.account)
                .collect();
            let mut unread = 0;
            let direct = view.node.conversations().map(|(id, _)| id);
            for id in direct.chain(view.node.groups().map(|(id, _)| id)) {
                unread += people::unread(view, id)?;
            }
            Ok(model::Status {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                account,
                data_dir: facts.home.path().display().to_string(),
                has_passphrase: facts.home.has_passphrase(),
                process: std::process::id(),
                is_daemon: facts.is_daemon,
                since: time::written(facts.since),
                addresses,
                lan: facts.lan,
                relays,
                connected: count(view.node.connected_devices().len()),
                contacts: count(contacts.len()),
                requests: count(view.node.requests().count()),
                invitations: count(view.node.invitations().count()),
                unread,
                undelivered: undelivered(view)?,
                classroom,
                problems: shared.problems(),
            })
        })
        .await
}

pub(super) async fn examine(api: Api, _: Nothing) -> Result<model::Examination, ApiError> {
    crate::doctor::examine_node(api).await
}

pub(super) async fn shutdown(api: Api, _: Nothing) -> Result<Nothing, ApiError> {
    // Everything that was asked before is done: the node takes one thing after the other.
    api.node.look(|_| Ok(())).await?;
    api.ending.send_replace(true);
    Ok(Nothing {})
}

/// Before there is an account nobody listens: what is chosen now is heeded from the first packet on.
pub(super) async fn choose_relays(api: Api, params: ChooseRelays) -> Result<Nothing, ApiError> {
    if api.node.look(|view| Ok(view.node.account().is_some())).await? {
        let text = "the relays are those of the config, as there is an account already";
        return Err(ApiError::new(Kind::Refused, text)
            .hint("change `relays` in the config, and start chinwag again"));
    }
    let read = |text: &String| text.parse::<chinwag_net::Relay>();
    let relays = params.relays.iter().map(read).collect::<Result<Vec<_>, _>>();
    let relays = relays.map_err(|error| ApiError::new(Kind::Usage, error.to_string()))?;
    let relays = api.shared.relays().replaced(relays);
    let relays = relays.map_err(|error| ApiError::new(Kind::Limit, error.to_string()))?;
    api.shared.put_relays(relays);
    Ok(Nothing {})
}

/// The relays that may be used.
fn relays(api: &Api) -> Vec<model::Relay> {
    let relays = api.shared.network().map(|network| network.relays()).unwrap_or_default();
    let relay = |relay: chinwag_net::RelayState| model::Relay {
        url: relay.url,
        is_home: relay.is_home,
        connected: relay.is_connected,
        problem: relay.fault,
    };
    relays.into_iter().map(relay).collect()
}

/// Where we listen, as `IP:PORT`.
pub(super) fn addresses(api: &Api) -> Vec<String> {
    let addresses = api.shared.network().map(|network| network.addresses()).unwrap_or_default();
    let direct = addresses.iter().filter_map(|address| match address {
        Address::Direct(at) => Some(at.to_string()),
        Address::Relay(_) => None,
    });
    direct.collect()
}

/// How many messages of ours no device of a contact has, or not of each member of a group.
fn undelivered(view: &View<'_>) -> Result<u64, ApiError> {
    let own = view.node.account();
    let blocked = |with| view.node.contacts().any(|c| c.account == with && c.is_blocked);
    let mut undelivered = 0;
    let direct = view.node.conversations().map(|(id, with)| (id, vec![with]));
    // In a group that one is out of nobody waits for anything.
    let ours =
        view.node.groups().filter(|(_, state)| own.is_some_and(|own| state.role(own).is_some()));
    let groups = ours.map(|(id, _)| (id, groups::others_joined(view, id)));
    for (id, with) in direct.chain(groups) {
        let others = with.into_iter().filter(|with| Some(*with) != own && !blocked(*with));
        let devices: Vec<_> = others.map(|with| view.node.devices_of(with, view.now)).collect();
        if devices.is_empty() {
            continue;
        }
        for log in view.node.logs(id).iter().filter(|l| view.node.author_of(id, l.author) == own) {
            let there = |device: &DeviceId| view.node.delivered(id, log.author, *device);
            // As far as the last of them has it, on the device that has most.
            let each = devices.iter().map(|of| of.iter().map(there).max().unwrap_or(0));
            let from = Seq::new(each.min().unwrap_or(0).saturating_add(1));
            let range = from.zip(Seq::new(log.height)).and_then(|(a, b)| Range::new(a, b));
            let Some(range) = range else { continue };
            let counted = view.store.count_shown(id, log.author, range, UNDELIVERED_MAX);
            let counted = counted.map_err(|error| unreadable(&error))?;
            let operations = view.node.operations_in(id, log.author, range);
            undelivered += count(counted.saturating_sub(operations));
        }
    }
    Ok(undelivered)
}

fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// How far a message must have come, as far as that can be waited for.
pub(super) fn awaited(state: Option<MessageState>) -> Option<MessageState> {
    state.filter(|state| *state > MessageState::Saved)
}
