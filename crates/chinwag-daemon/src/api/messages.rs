//! Messages: saying, changing, reading and finding them.

use std::time::Duration;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{
    EditMessage, ListMessages, OneMessage, Page, React, Search, SendMessage, Sent,
};
use chinwag_api::model::{self, MessageState};
use chinwag_core::body::{Kind as EntryKind, Text};
use chinwag_core::ids::{ClientId, EntryId};
use chinwag_core::input::Command;
use chinwag_core::output::Answer;
use tokio::time::{Instant, timeout_at};

use super::system::awaited;
use super::{Api, patience, unexpected};
use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::searcher::Wanted;
use crate::{ids, messages, people, time};

/// Bytes of a client id.
const CLIENT_ID_MAX: usize = 128;

/// Messages of a page, unless somebody says otherwise, and at most.
const PAGE: (u32, u32) = (50, 1_000);

/// Hits of a page, unless somebody says otherwise, and at most.
const HITS: (u32, u32) = (20, 200);

/// How long is waited for a message to arrive, unless somebody says otherwise.
const ARRIVAL_WITHIN: Duration = Duration::from_secs(30);

pub(super) async fn send(api: Api, params: SendMessage) -> Result<Sent, ApiError> {
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
    if params.client_id.as_ref().is_some_and(|id| id.is_empty() || id.len() > CLIENT_ID_MAX) {
        let text = format!("a clientId has 1 to {CLIENT_ID_MAX} bytes");
        return Err(ApiError::new(Kind::Limit, text));
    }
    if params.text.is_empty() {
        return Err(ApiError::new(Kind::Usage, "there is nothing to send: the text is empty"));
    }
    let to = people::meant(view, &params.to)?;
    if view.node.conversation_of(to).is_none() {
        people::conversation(view, &params.to)?;
    }
    let reply_to = params.reply_to.map(|id| messages::named(view, &id)).transpose()?;
    let client_id = params.client_id.as_deref().map(ClientId::of);
    Ok(Command::Say { to, content: messages::text(params.text, reply_to), client_id })
}

/// Waits until a message has come so far, and says how far it came.
async fn wait(
    api: &Api,
    id: EntryId,
    wanted: MessageState,
    patience: Duration,
) -> Result<MessageState, ApiError> {
    let mut newest = api.shared.watch_newest();
    let until = Instant::now() + patience;
    loop {
        newest.mark_unchanged();
        let state = state(api, id).await?;
        if state >= wanted || timeout_at(until, newest.changed()).await.is_err() {
            return Ok(state);
        }
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
    let meant = id.clone();
    api.node.order(move |view| messages::named(view, &meant).map(command)).await?;
    api.node.look(move |view| messages::get(view, messages::named(view, &id)?)).await
}

pub(super) async fn get(api: Api, params: OneMessage) -> Result<model::Message, ApiError> {
    api.node.look(move |view| messages::get(view, messages::named(view, &params.id)?)).await
}

pub(super) async fn list(api: Api, params: ListMessages) -> Result<Page, ApiError> {
    let limit = limited(params.limit, PAGE);
    api.node
        .look(move |view| {
            let (conversation, _) = people::conversation(view, &params.conversation)?;
            let before = params.before.as_deref().map(|id| position(view, id)).transpose()?;
            let entries = view
                .store
                .timeline(conversation, before, limit)
                .map_err(|error| unreadable(&error))?;
            let oldest = entries.last().map(|entry| ids::message(entry.id));
            let next = oldest.filter(|_| entries.len() == limit);
            let shown = entries.iter().rev().map(|entry| messages::shown(view, entry));
            Ok(Page { messages: shown.collect::<Result<_, _>>()?, next })
        })
        .await
}

fn position(view: &View<'_>, id: &str) -> Result<chinwag_core::entry::Position, ApiError> {
    let id = messages::named(view, id)?;
    let entry = messages::find(view, id)?;
    let missing =
        || ApiError::new(Kind::NotFound, format!("there is no message {} here", ids::message(id)));
    Ok(entry.ok_or_else(missing)?.position())
}

pub(super) async fn search(api: Api, params: Search) -> Result<Page, ApiError> {
    let limit = limited(params.limit, HITS);
    let (from, within) = (params.from.clone(), params.within.clone());
    let (account, conversation) = api
        .node
        .look(move |view| {
            let account = from.map(|who| people::meant(view, &who)).transpose()?;
            let within = within.map(|who| people::conversation(view, &who)).transpose()?;
            Ok((account, within.map(|(id, _)| id)))
        })
        .await?;
    let (before, after) = (
        params.before.as_deref().map(time::parse).transpose()?,
        params.after.as_deref().map(time::parse).transpose()?,
    );
    let mut cursor = params.cursor.as_deref().map(search_cursor).transpose()?;
    let mut found = Vec::new();
    loop {
        let wanted = Wanted { words: params.words.clone(), conversation, before: cursor, limit };
        let page = api.searcher.search(wanted).await?;
        let hits = page.hits;
        let shown = api
            .node
            .look(move |view| {
                let mut shown = Vec::new();
                for hit in &hits {
                    let entry = messages::find(view, hit.shown_by())?;
                    let Some(entry) = entry else { continue };
                    let sent = entry.header.claimed.get();
                    let author =
                        view.node.author_of(entry.header.conversation, entry.header.author);
                    let fits = account.is_none_or(|account| author == Some(account))
                        && before.is_none_or(|before| sent < before.get())
                        && after.is_none_or(|after| sent > after.get());
                    // An edit by somebody else counts for nothing, and an older wording is gone.
                    if fits && counts(view, &entry, hit) {
                        shown.push(messages::shown(view, &entry)?);
                    }
                }
                Ok(shown)
            })
            .await?;
        for message in shown {
            if !found.iter().any(|known: &model::Message| known.id == message.id) {
                found.push(message);
            }
        }
        cursor = page.next;
        if cursor.is_none() || found.len() >= limit {
            break;
        }
    }
    Ok(Page { messages: found, next: cursor.map(|cursor| cursor.to_string()) })
}

/// Whether the words that were found are those that the message says now.
fn counts(
    view: &View<'_>,
    entry: &chinwag_core::store::StoredEntry,
    hit: &chinwag_store::Hit,
) -> bool {
    let conversation = entry.header.conversation;
    let references = view
        .store
        .references(entry.id, chinwag_core::wire::limits::REFERENCES_MAX)
        .unwrap_or_default();
    let author_of = |device| view.node.author_of(conversation, device);
    let last_edit = references
        .iter()
        .filter(|reference| reference.header.kind == EntryKind::EDIT)
        .filter(|reference| author_of(reference.header.author) == author_of(entry.header.author))
        .max_by_key(|reference| reference.position());
    last_edit.map_or(hit.entry.id == entry.id, |edit| hit.entry.id == edit.id)
}

fn search_cursor(text: &str) -> Result<i64, ApiError> {
    text.parse().map_err(|_| ApiError::new(Kind::Usage, "this is no cursor of a search"))
}

fn limited(asked: Option<u32>, (usual, most): (u32, u32)) -> usize {
    usize::try_from(asked.unwrap_or(usual).clamp(1, most)).unwrap_or(1)
}
