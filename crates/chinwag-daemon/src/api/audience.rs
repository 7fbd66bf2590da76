//! For whom messages are.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_api::error::ApiError;
use chinwag_api::method::OneMessage;
use chinwag_api::model::{self, AudienceChange, Reader};
use chinwag_core::ids::{AccountId, ConversationId, DeviceId};
use chinwag_core::membership;
use chinwag_core::store::StoredEntry;

use super::{Api, classroom};
use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::{groups, ids, messages, people};

pub(super) async fn of_message(api: Api, params: OneMessage) -> Result<model::Audience, ApiError> {
    if classroom::with_message(&api, &params.id)?.is_some() {
        return Err(crate::classroom::not_here());
    }
    api.node.look(move |view| described(view, &params.id)).await
}

fn described(view: &View<'_>, id: &str) -> Result<model::Audience, ApiError> {
    let entry = messages::find(view, messages::named(view, id)?)?;
    let entry = entry.ok_or_else(|| messages::missing(id))?;
    let message = messages::shown(view, &entry)?;
    let id = entry.header.conversation;
    let recorded = view.node.audience_of(view.store, &entry).map_err(|e| unreadable(&e))?;
    let now = now(view, id);
    let is_recorded = recorded.is_some();
    let audience = recorded.as_ref().map_or_else(|| now.clone(), by_account);
    // Who wrote it, with nothing but the device it was written on, is no reader.
    let author = view.node.author_of(id, entry.header.author);
    let mut readers: Vec<Reader> = audience
        .iter()
        .filter(|(account, devices)| !devices.is_empty() || Some(**account) != author)
        .map(|(account, devices)| {
            let is_member = now.contains_key(account);
            reader(view, &entry, *account, devices, is_member, message.author.is_me)
        })
        .collect();
    readers.sort_by_cached_key(|reader| (!reader.is_me, reader.name.to_lowercase()));
    Ok(model::Audience { message, recorded: is_recorded, readers })
}

type Accounts = BTreeMap<AccountId, BTreeSet<DeviceId>>;

fn by_account(audience: &membership::Audience) -> Accounts {
    audience.iter().map(|(account, devices)| (account, devices.clone())).collect()
}

/// Who may read what is said in a conversation now.
fn now(view: &View<'_>, id: ConversationId) -> Accounts {
    if let Some(audience) = view.node.audience(id, view.now) {
        return by_account(&audience);
    }
    let with = view.node.conversations().find(|(known, _)| *known == id).map(|(_, with)| with);
    let accounts = with.into_iter().chain(view.node.account());
    accounts.map(|of| (of, view.node.devices_of(of, view.now).into_iter().collect())).collect()
}

fn reader(
    view: &View<'_>,
    entry: &StoredEntry,
    account: AccountId,
    devices: &BTreeSet<DeviceId>,
    is_member: bool,
    is_ours: bool,
) -> Reader {
    let is_me = view.node.account() == Some(account);
    let states = devices.iter().map(|d| messages::state_at(view, entry, account, *d));
    Reader {
        id: ids::account(account),
        name: people::name(view, account),
        is_me,
        devices: devices.iter().map(|device| ids::device(*device)).collect(),
        is_member,
        state: states.max().filter(|_| is_ours && !is_me),
    }
}

/// Who reads in a group now, other than when this device last wrote there.
pub(super) fn change(
    view: &View<'_>,
    id: ConversationId,
) -> Result<Option<AudienceChange>, ApiError> {
    let before = view.node.audience_before(view.store, id).map_err(|error| unreadable(&error))?;
    let Some(before) = before.as_ref().map(by_account) else { return Ok(None) };
    let now: BTreeSet<AccountId> = groups::others(view, id).into_iter().collect();
    let before: BTreeSet<AccountId> =
        before.into_keys().filter(|account| view.node.account() != Some(*account)).collect();
    let names = |of: BTreeSet<AccountId>| -> Vec<String> {
        of.into_iter().map(|account| people::name(view, account)).collect()
    };
    let change = AudienceChange { added: names(&now - &before), removed: names(&before - &now) };
    Ok((change != AudienceChange::default()).then_some(change))
}
