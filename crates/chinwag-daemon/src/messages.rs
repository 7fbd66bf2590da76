//! Messages as they are shown: what an entry says now, and how far it has come.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::model::{self, MessageState};
use chinwag_core::body::{Content, Kind as EntryKind};
use chinwag_core::entry::Position;
use chinwag_core::ids::{AccountId, ConversationId, DeviceId, EntryId};
use chinwag_core::store::StoredEntry;
use chinwag_core::timeline::{Says, Shown, fold};
use chinwag_core::wire::limits::REFERENCES_MAX;

use crate::ids::{self, Named};
use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::{classroom, groups, mentions, people, time};

/// Characters of a message that a quote shows.
const EXCERPT_MAX: usize = 80;

/// The message that an id, or the beginning of one, names.
pub(crate) fn named(view: &View<'_>, id: &str) -> Result<EntryId, ApiError> {
    if classroom::is_message(id) {
        return Err(classroom::not_here());
    }
    let (bytes, letters) = match ids::parse_message(id)? {
        Named::Whole(id) => return Ok(id),
        Named::Beginning(bytes, letters) => (bytes, letters),
    };
    let found = view.store.entries_beginning(&bytes).map_err(|error| unreadable(&error))?;
    match found.into_iter().filter(|id| ids::begins(*id, &letters)).collect::<Vec<_>>().as_slice() {
        [id] => Ok(*id),
        [] => Err(missing(id)),
        _ => Err(ApiError::new(
            Kind::Ambiguous,
            format!("{id:?} is the beginning of several messages"),
        )
        .hint("give more letters of it")),
    }
}

/// There is no such message.
pub(crate) fn missing(id: &str) -> ApiError {
    ApiError::new(Kind::NotFound, format!("there is no message {id:?} here"))
        .hint("the history shows the ids: chinwag history NAME")
}

/// The message with this id.
pub(crate) fn get(view: &View<'_>, id: EntryId) -> Result<model::Message, ApiError> {
    match find(view, id)? {
        Some(entry) => shown(view, &entry),
        None => Err(ApiError::new(
            Kind::NotFound,
            format!("there is no message {} here", ids::message(id)),
        )),
    }
}

/// The entry of a message.
pub(crate) fn find(view: &View<'_>, id: EntryId) -> Result<Option<StoredEntry>, ApiError> {
    let entry = view.store.entry(id).map_err(|error| unreadable(&error))?;
    Ok(entry.filter(|entry| entry.header.kind.is_shown() && groups::is_shown(view, entry)))
}

/// Entries that are read at once, at least: of a log that does not count nothing is shown, however long
/// it is.
const AT_ONCE: usize = 64;

/// From where a page of a conversation is read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// The newest before a position, or of all.
    Before(Option<Position>),
    /// The oldest after a position.
    After(Position),
}

/// What is shown of a conversation, at most `count` entries, and whether there may be more.
pub(crate) fn timeline(
    view: &View<'_>,
    id: ConversationId,
    mut from: From,
    count: usize,
) -> Result<(Vec<StoredEntry>, bool), ApiError> {
    let mut shown = Vec::new();
    loop {
        let wanted = (count - shown.len()).max(AT_ONCE);
        let page = match from {
            From::Before(before) => view.store.timeline(id, before, wanted),
            From::After(after) => view.store.timeline_after(id, after, wanted),
        };
        let page = page.map_err(|error| unreadable(&error))?;
        let is_end = page.len() < wanted;
        if let Some(last) = page.last().map(StoredEntry::position) {
            from = match from {
                From::Before(_) => From::Before(Some(last)),
                From::After(_) => From::After(last),
            };
        }
        shown.extend(page.into_iter().filter(|entry| groups::is_shown(view, entry)));
        if is_end || shown.len() >= count {
            let has_more = !is_end || shown.len() > count;
            shown.truncate(count);
            return Ok((shown, has_more));
        }
    }
}

/// What an entry says now, after all that was said about it.
pub(crate) fn folded(view: &View<'_>, entry: &StoredEntry) -> Result<Shown, ApiError> {
    let conversation = entry.header.conversation;
    let mut references =
        view.store.references(entry.id, REFERENCES_MAX).map_err(|error| unreadable(&error))?;
    references.retain(|r| view.node.is_shown(conversation, r.header.author, r.header.seq()));
    Ok(fold(entry, &references, |device| view.node.author_of(conversation, device)))
}

/// A message as it is shown now.
pub(crate) fn shown(view: &View<'_>, entry: &StoredEntry) -> Result<model::Message, ApiError> {
    let header = &entry.header;
    let id = header.conversation;
    let shown = folded(view, entry)?;
    let (text, gone) = match &shown.says {
        Says::Text(text) => (Some(text.text.clone()), None),
        Says::Settings(settings) => (Some(settings_in_words(settings.lifetime_s())), None),
        Says::Unknown(EntryKind::MEMBERSHIP) => (Some(groups::in_words(view, entry)), None),
        Says::Unknown(_) => (None, None),
        Says::Retracted => (None, Some("retracted".to_owned())),
        Says::Deleted => (None, Some("expired".to_owned())),
    };
    let author = view.node.author_of(id, header.author);
    let own = view.node.account();
    let is_me = author.is_some() && author == own;
    let mentions_me = match &shown.says {
        Says::Text(text) => !is_me && mentions::name_us(view, &text.text),
        _ => false,
    };
    let far = is_me.then(|| how_far(view, entry));
    let mut reactions = Vec::new();
    for (emoji, by) in &shown.reactions {
        reactions.push(model::Reaction {
            emoji: emoji.clone(),
            by: by.iter().map(|account| people::name(view, *account)).collect(),
            is_mine: own.is_some_and(|own| by.contains(&own)),
        });
    }
    Ok(model::Message {
        id: ids::message(entry.id),
        conversation: ids::conversation(id),
        kind: kind(header.kind),
        author: model::Author {
            id: author.map(ids::account).unwrap_or_default(),
            name: author.map(|account| people::name(view, account)).unwrap_or_default(),
            device: ids::device(header.author),
            is_me,
        },
        sent_at: time::claimed(header.claimed),
        text,
        reply_to: shown.reply_to.map(|of| quote(view, of, id)).transpose()?,
        edited: shown.edited.is_some(),
        gone,
        mentions_me,
        reactions,
        state: far.map(|(state, _)| state),
        reach: far.and_then(|(_, reach)| reach),
        ending: None,
    })
}

fn kind(kind: EntryKind) -> String {
    match kind {
        EntryKind::TEXT => "text".to_owned(),
        EntryKind::SETTINGS => "settings".to_owned(),
        EntryKind::MEMBERSHIP => "membership".to_owned(),
        kind => format!("kind{}", kind.number()),
    }
}

fn settings_in_words(lifetime_s: Option<u32>) -> String {
    match lifetime_s {
        Some(0) => "messages no longer disappear".to_owned(),
        Some(seconds) => format!("new messages disappear {seconds} seconds after they were read"),
        None => "settings of a newer kind".to_owned(),
    }
}

/// What is answered, if it is of the same conversation: otherwise whoever answers could have us show in one
/// what was said in another.
fn quote(view: &View<'_>, of: EntryId, within: ConversationId) -> Result<model::Quote, ApiError> {
    let id = ids::message(of);
    let entry = find(view, of)?.filter(|entry| entry.header.conversation == within);
    let Some(entry) = entry else {
        return Ok(model::Quote { id, author: None, excerpt: None });
    };
    let conversation = entry.header.conversation;
    let excerpt = match folded(view, &entry)?.says {
        Says::Text(text) => Some(excerpt(&text.text)),
        _ => None,
    };
    let author = view.node.author_of(conversation, entry.header.author);
    Ok(model::Quote { id, author: author.map(|account| people::name(view, account)), excerpt })
}

fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(EXCERPT_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The devices that a message of ours is for: of the contact, or our own others.
pub(crate) fn audience(view: &View<'_>, id: ConversationId) -> Vec<(AccountId, DeviceId)> {
    let with = view.node.conversations().find(|(known, _)| *known == id).map(|(_, with)| with);
    let Some(account) = with else { return Vec::new() };
    let devices = view.node.devices_of(account, view.now);
    devices.into_iter().map(|device| (account, device)).collect()
}

/// How far a message of ours has come to one device.
pub(crate) fn state_at(
    view: &View<'_>,
    entry: &StoredEntry,
    account: AccountId,
    device: DeviceId,
) -> MessageState {
    let (id, author, seq) =
        (entry.header.conversation, entry.header.author, entry.header.seq().get());
    if view.node.delivered(id, author, device) >= seq {
        // Which device it was read on, nobody says.
        let is_ours = view.node.account() == Some(account);
        let is_read = !is_ours && view.node.read(id, author, account) >= seq;
        return if is_read { MessageState::Read } else { MessageState::Delivered };
    }
    if view.node.sent(id, author, device) >= seq { MessageState::Sent } else { MessageState::Saved }
}

/// How far a message of ours has come, and in a group to how many.
pub(crate) fn how_far(
    view: &View<'_>,
    entry: &StoredEntry,
) -> (MessageState, Option<model::Reach>) {
    if view.node.group(entry.header.conversation).is_none() {
        return (state(view, entry), None);
    }
    let states = groups::states(view, entry);
    (groups::state(&states), Some(groups::reach(&states)))
}

/// How far a message of ours has come: to the device to which it came furthest; in a group to all
/// members.
pub(crate) fn state(view: &View<'_>, entry: &StoredEntry) -> MessageState {
    if view.node.group(entry.header.conversation).is_some() {
        return groups::state(&groups::states(view, entry));
    }
    let devices = audience(view, entry.header.conversation).into_iter();
    let states = devices.map(|(account, device)| state_at(view, entry, account, device));
    states.max().unwrap_or(MessageState::Saved)
}

/// What is typed as a message, as content.
pub(crate) fn text(words: String, reply_to: Option<EntryId>) -> Content {
    Content::Text(chinwag_core::body::Text { reply_to, mentions: Vec::new(), text: words })
}
