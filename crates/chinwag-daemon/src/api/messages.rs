//! Messages: saying, changing, reading and finding them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{
    EditMessage, ListMessages, OneMessage, Page, React, Search, SendMessage, Sent,
};
use chinwag_api::model::{self, MessageState};
use chinwag_api::wire::LINE_MAX;
use chinwag_core::body::{Body, Content, Text};
use chinwag_core::entry::{Position, Seq};
use chinwag_core::ids::{AccountId, ClientId, ConversationId, EntryId};
use chinwag_core::input::Command;
use chinwag_core::output::Answer;
use chinwag_core::store::StoredEntry;
use chinwag_core::timeline::Says;
use chinwag_core::wire::limits::REACTION_MAX;
use tokio::time::timeout;

use super::system::awaited;
use super::{Api, classroom, patience, unexpected};
use crate::node_thread::View;
use crate::people::Talk;
use crate::searcher::Wanted;
use crate::{groups, ids, messages, people, time};

/// Bytes of a client id.
const CLIENT_ID_MAX: usize = 128;

/// Messages of a page, unless somebody says otherwise, and at most.
const PAGE: (u32, u32) = (50, 1_000);

/// Hits of a page, unless somebody says otherwise, and at most.
const HITS: (u32, u32) = (20, 200);

/// Hits that are looked at together: each may be half a megabyte.
const HITS_AT_ONCE: usize = 32;

/// How long is waited for a message to arrive, unless somebody says otherwise.
const ARRIVAL_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn send(api: Api, params: SendMessage) -> Result<Sent, ApiError> {
    if let Some((classroom, peer)) = classroom::meant(&api, &params.to)? {
        must_say_something(&params)?;
        if params.require_verified {
            let sentence = "nobody can be verified in the classroom: it is not private";
            return Err(ApiError::new(Kind::Unverified, sentence));
        }
        return classroom::send(&classroom, peer, params).await;
    }
    let (wait_for, patience) = (params.wait_for, patience(params.timeout_ms, ARRIVAL_WITHIN));
    let sent = match api.node.order(move |view| say(view, params)).await? {
        Answer::Entry(id) => (id, false),
        Answer::SaidBefore(id) => (id, true),
        other => return Err(unexpected(&other)),
    };
    let (id, is_repeated) = sent;
    let state = match awaited(wait_for) {
        Some(wanted) => wait(&api, id, wanted, patience).await?,
        None if is_repeated => state(&api, id).await?,
        None => MessageState::Saved,
    };
    Ok(Sent { id: ids::message(id), state, is_repeated })
}

fn say(view: &View<'_>, params: SendMessage) -> Result<Command, ApiError> {
    must_say_something(&params)?;
    let talk = people::conversation(view, &params.to)?;
    if params.require_verified {
        must_be_verified(view, talk)?;
    }
    must_have_joined(view, talk)?;
    let reply_to = params.reply_to.map(|id| answered(view, talk.id, &id)).transpose()?;
    let client_id = params.client_id.as_deref().map(ClientId::of);
    let content = messages::text(params.text, reply_to);
    Ok(match talk.with {
        Some(to) => Command::Say { to, content, client_id },
        None => Command::SayInGroup { group: talk.id, content, client_id },
    })
}

/// To say something in a group is no way to join it: whoever left may have been let in again without a
/// word of theirs.
fn must_have_joined(view: &View<'_>, talk: Talk) -> Result<(), ApiError> {
    let standing = view.node.group(talk.id).map(|state| groups::standing(view, state));
    if standing.is_none_or(|standing| standing.joined || standing.role.is_none()) {
        return Ok(());
    }
    let text = format!("you have not joined {}", groups::name(view, talk.id));
    Err(ApiError::new(Kind::Refused, text)
        .hint(format!("chinwag group join {}", ids::conversation(talk.id))))
}

/// Whoever it is said to has compared the safety number with us: in a group, all members.
fn must_be_verified(view: &View<'_>, talk: Talk) -> Result<(), ApiError> {
    let to = talk.with.map_or_else(|| groups::others(view, talk.id), |with| vec![with]);
    let Some(unverified) = to.into_iter().find(|to| !people::is_verified(view, *to)) else {
        return Ok(());
    };
    let name = people::name(view, unverified);
    let sentence = format!("the safety number with {name} was not compared");
    let them = people::for_shell(view, unverified);
    Err(ApiError::new(Kind::Unverified, sentence).hint(format!(
        "compare it by voice: `chinwag verify {them}` shows it, and with --yes notes that you did"
    )))
}

fn must_say_something(params: &SendMessage) -> Result<(), ApiError> {
    if params.client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > CLIENT_ID_MAX) {
        let text = format!("a clientId has 1 to {CLIENT_ID_MAX} bytes");
        return Err(ApiError::new(Kind::Limit, text));
    }
    if params.text.is_empty() {
        return Err(ApiError::new(Kind::Usage, "there is nothing to send: the text is empty"));
    }
    Ok(())
}

/// The message that is answered: one of the same conversation.
fn answered(view: &View<'_>, conversation: ConversationId, id: &str) -> Result<EntryId, ApiError> {
    let id = messages::named(view, id)?;
    match messages::find(view, id)? {
        Some(entry) if entry.header.conversation == conversation => Ok(id),
        _ => Err(ApiError::new(
            Kind::NotFound,
            format!("there is no message {} in this conversation to answer", ids::message(id)),
        )),
    }
}

/// Waits until a message has come so far, and says how far it came.
async fn wait(
    api: &Api,
    id: EntryId,
    wanted: MessageState,
    patience: Duration,
) -> Result<MessageState, ApiError> {
    match timeout(patience, api.node.until_came(id, wanted)).await {
        Ok(came) => came,
        Err(_) => state(api, id).await,
    }
}

async fn state(api: &Api, id: EntryId) -> Result<MessageState, ApiError> {
    api.node
        .look(move |view| {
            let entry = messages::find(view, id)?;
            Ok(entry.map_or(MessageState::Saved, |entry| messages::state(view, &entry)))
        })
        .await
}

pub(super) async fn edit(api: Api, params: EditMessage) -> Result<model::Message, ApiError> {
    if params.text.is_empty() {
        let error = ApiError::new(Kind::Usage, "an edit can't be empty");
        return Err(error.hint("to take the message back: chinwag retract ID"));
    }
    change(api, params.id, move |of| Command::Edit {
        of,
        text: Text { text: params.text, ..Text::default() },
    })
    .await
}

pub(super) async fn react(api: Api, params: React) -> Result<model::Message, ApiError> {
    let (emoji, is_on) = (params.emoji, !params.remove);
    if emoji.is_empty() {
        return Err(ApiError::new(Kind::Usage, "a reaction needs an emoji"));
    }
    if emoji.len() > REACTION_MAX {
        let text =
            format!("a reaction of {} bytes is over the limit of {REACTION_MAX}", emoji.len());
        return Err(ApiError::new(Kind::Limit, text));
    }
    change(api, params.id, move |to| Command::React { to, emoji, is_on }).await
}

pub(super) async fn retract(api: Api, params: OneMessage) -> Result<model::Message, ApiError> {
    change(api, params.id, Command::Retract).await
}

/// Gives a command about a message, and tells how it looks then.
async fn change(
    api: Api,
    id: String,
    command: impl FnOnce(EntryId) -> Command + Send + 'static,
) -> Result<model::Message, ApiError> {
    let meant = Arc::new(OnceLock::new());
    let found = Arc::clone(&meant);
    let change = move |view: &View<'_>| {
        let id = messages::named(view, &id)?;
        Ok(command(*found.get_or_init(|| id)))
    };
    api.node.order(change).await?;
    match meant.get().copied() {
        Some(id) => api.node.look(move |view| messages::get(view, id)).await,
        None => Err(ApiError::new(Kind::Internal, "no message was meant")),
    }
}

pub(super) async fn get(api: Api, params: OneMessage) -> Result<model::Message, ApiError> {
    if let Some(classroom) = classroom::with_message(&api, &params.id)? {
        return classroom.message(&params.id);
    }
    api.node.look(move |view| messages::get(view, messages::named(view, &params.id)?)).await
}

pub(super) async fn list(api: Api, params: ListMessages) -> Result<Page, ApiError> {
    let limit = limited(params.limit, PAGE);
    if params.before.is_some() && params.after.is_some() {
        return Err(ApiError::new(Kind::Usage, "before and after do not go together"));
    }
    if let Some((classroom, peer)) = classroom::meant(&api, &params.conversation)? {
        return classroom.page(peer, params.before.as_deref(), params.after.as_deref(), limit);
    }
    api.node
        .look(move |view| {
            let conversation = people::conversation(view, &params.conversation)?.id;
            let before = params.before.as_deref().map(|id| position(view, id)).transpose()?;
            let after = params.after.as_deref().map(|id| match id {
                "" => Ok(before_all()),
                id => position(view, id),
            });
            let after = after.transpose()?;
            let from = after.map_or(messages::From::Before(before), messages::From::After);
            let (entries, has_more) = messages::timeline(view, conversation, from, limit)?;
            let mut shown = Vec::new();
            let mut room = Room::new();
            for entry in &entries {
                let message = messages::shown(view, entry)?;
                if !room.has_for(&message) {
                    break;
                }
                shown.push(message);
            }
            // There are more beyond the last, unless there were no more to be found.
            let is_all = shown.len() == entries.len() && !has_more;
            let next = shown.last().map(|last| last.id.clone()).filter(|_| !is_all);
            if after.is_none() {
                shown.reverse();
            }
            Ok(Page { messages: shown, next })
        })
        .await
}

/// Room for messages in one answer, so that whatever they say it fits in a line.
pub(super) struct Room(usize);

impl Room {
    pub(super) fn new() -> Self {
        Self(LINE_MAX / 4)
    }

    /// Takes room for a message, if there is enough; for a first one there always is.
    pub(super) fn has_for(&mut self, message: &model::Message) -> bool {
        // What can't be written at all is found out where it is written.
        let len = serde_json::to_vec(message).map_or(0, |json| json.len());
        let fits = len <= self.0 || self.0 == LINE_MAX / 4;
        self.0 = self.0.saturating_sub(len);
        fits
    }
}

/// The place before everything that was ever said.
fn before_all() -> Position {
    Position { rank: 0, seq: Seq::MIN, id: EntryId::from_bytes([0; 32]) }
}

fn position(view: &View<'_>, id: &str) -> Result<Position, ApiError> {
    let id = messages::named(view, id)?;
    let entry = messages::find(view, id)?;
    let missing =
        || ApiError::new(Kind::NotFound, format!("there is no message {} here", ids::message(id)));
    Ok(entry.ok_or_else(missing)?.position())
}

pub(super) async fn search(api: Api, params: Search) -> Result<Page, ApiError> {
    let most = limited(params.limit, HITS);
    if params.words.trim().is_empty() && !params.mentions_me {
        return Err(ApiError::new(Kind::Usage, "there is nothing to look for: name a word"));
    }
    let (from, within) = (params.from.clone(), params.within.clone());
    let (account, conversation, own) = api
        .node
        .look(move |view| {
            let account = from.map(|who| people::meant(view, &who)).transpose()?;
            let within = within.map(|who| people::conversation(view, &who)).transpose()?;
            let own = people::own(view)?;
            Ok((account, within.map(|talk| talk.id), people::name(view, own)))
        })
        .await?;
    // Whoever names us says our name.
    let words = if params.mentions_me { format!("{} {own}", params.words) } else { params.words };
    let (before, after) = (
        params.before.as_deref().map(time::parse).transpose()?,
        params.after.as_deref().map(time::parse).transpose()?,
    );
    let mut cursor = params.cursor.as_deref().map(search_cursor).transpose()?;
    let fits = move |entry: &StoredEntry, author: Option<AccountId>| {
        let sent = entry.header.claimed.get();
        account.is_none_or(|account| author == Some(account))
            && before.is_none_or(|before| sent < before.get())
            && after.is_none_or(|after| sent > after.get())
    };
    let mut found: Vec<model::Message> = Vec::new();
    let mut room = Room::new();
    loop {
        let limit = HITS_AT_ONCE.min(most - found.len());
        let wanted = Wanted { words: words.clone(), conversation, before: cursor, limit };
        let page = api.searcher.search(wanted).await?;
        let hits = page.hits;
        let shown = api.node.look(move |view| {
            hits.iter().map(|hit| Ok((hit.number, hit_shown(view, hit, fits)?))).collect()
        });
        let shown: Vec<(i64, Option<model::Message>)> = shown.await?;
        for (number, message) in shown {
            let is_wanted = |message: &model::Message| {
                (!params.mentions_me || message.mentions_me)
                    && found.iter().all(|known| known.id != message.id)
            };
            let new = message.filter(is_wanted);
            if let Some(message) = new {
                if !room.has_for(&message) {
                    return Ok(Page { messages: found, next: cursor.map(|at| at.to_string()) });
                }
                found.push(message);
            }
            cursor = Some(number);
        }
        cursor = page.next;
        if cursor.is_none() || found.len() >= most {
            return Ok(Page { messages: found, next: cursor.map(|at| at.to_string()) });
        }
    }
}

/// The message of a hit as it is shown, if it is one that is looked for.
fn hit_shown(
    view: &View<'_>,
    hit: &chinwag_store::Hit,
    fits: impl Fn(&StoredEntry, Option<AccountId>) -> bool,
) -> Result<Option<model::Message>, ApiError> {
    let Some(entry) = messages::find(view, hit.shown_by())? else { return Ok(None) };
    let author = view.node.author_of(entry.header.conversation, entry.header.author);
    // An edit by somebody else counts for nothing, and an older wording is gone.
    if fits(&entry, author) && counts(view, &entry, hit)? {
        return messages::shown(view, &entry).map(Some);
    }
    Ok(None)
}

/// Whether the words that were found are those that the message says now.
fn counts(
    view: &View<'_>,
    entry: &StoredEntry,
    hit: &chinwag_store::Hit,
) -> Result<bool, ApiError> {
    let found = match content(&hit.entry) {
        Some(Content::Text(text) | Content::Edit { text, .. }) => text.text,
        _ => return Ok(false),
    };
    let shown = messages::folded(view, entry)?;
    Ok(matches!(&shown.says, Says::Text(text) if text.text == found))
}

fn content(entry: &StoredEntry) -> Option<Content> {
    let body = Body::from_bytes(entry.header.kind, entry.body.as_deref()?).ok()?;
    Some(body.content().clone())
}

fn search_cursor(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| ApiError::new(Kind::Usage, "this is no cursor of a search"))
}

fn limited(asked: Option<u32>, (usual, most): (u32, u32)) -> usize {
    usize::try_from(asked.unwrap_or(usual).clamp(1, most)).unwrap_or(1)
}
