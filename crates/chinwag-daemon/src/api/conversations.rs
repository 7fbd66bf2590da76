//! Conversations as a whole.

use chinwag_api::error::ApiError;
use chinwag_api::method::{Disappear, ListConversations, Nothing, OneConversation, SetTyping};
use chinwag_api::model;
use chinwag_core::body::{Content, Settings};
use chinwag_core::ids::{AccountId, ConversationId};
use chinwag_core::input::Command;
use chinwag_core::output::Answer;

use super::{Api, classroom, unexpected};
use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::{ids, messages, people};

pub(super) async fn list(
    api: Api,
    params: ListConversations,
) -> Result<Vec<model::Conversation>, ApiError> {
    let classroom = api.classroom.clone().filter(|_| params.classroom);
    let mut all = private(&api).await?;
    all.extend(classroom.into_iter().flat_map(|classroom| classroom.conversations()));
    Ok(all)
}

async fn private(api: &Api) -> Result<Vec<model::Conversation>, ApiError> {
    api.node
        .look(|view| {
            people::own(view)?;
            let mut all = Vec::new();
            for (id, with) in view.node.conversations() {
                let last =
                    view.store.timeline(id, None, 1).map_err(|error| unreadable(&error))?.pop();
                let position = last.as_ref().map(chinwag_core::store::StoredEntry::position);
                let last = last.map(|entry| messages::shown(view, &entry)).transpose()?;
                all.push((position, described(view, id, with, last)?));
            }
            all.sort_by_key(|(position, _)| std::cmp::Reverse(*position));
            Ok(all.into_iter().map(|(_, conversation)| conversation).collect())
        })
        .await
}

fn described(
    view: &View<'_>,
    id: ConversationId,
    with: AccountId,
    last: Option<model::Message>,
) -> Result<model::Conversation, ApiError> {
    let is_own = view.node.account() == Some(with);
    Ok(model::Conversation {
        id: ids::conversation(id),
        kind: if is_own { "self" } else { "direct" }.to_owned(),
        is_private: true,
        contact: ids::account(with),
        name: people::name(view, with),
        classroom: None,
        unread: people::unread(view, id)?,
        disappear_after_s: view.node.lifetime_s(id),
        last,
    })
}

pub(super) async fn mark_read(api: Api, params: OneConversation) -> Result<Nothing, ApiError> {
    if let Some((classroom, peer)) = classroom::meant(&api, &params.conversation)? {
        classroom.read(peer)?;
        return Ok(Nothing {});
    }
    let mark = move |view: &View<'_>| {
        people::conversation(view, &params.conversation).map(|(_, with)| Command::MarkRead(with))
    };
    api.node.order(mark).await?;
    Ok(Nothing {})
}

pub(super) async fn typing(api: Api, params: SetTyping) -> Result<Nothing, ApiError> {
    let typing = move |view: &View<'_>| {
        people::conversation(view, &params.to).map(|(_, with)| Command::Typing(with, params.on))
    };
    api.node.order(typing).await?;
    Ok(Nothing {})
}

pub(super) async fn disappear(api: Api, params: Disappear) -> Result<model::Message, ApiError> {
    let set = move |view: &View<'_>| {
        let (_, to) = people::conversation(view, &params.conversation)?;
        let content = Content::Settings(Settings::default().with_lifetime(params.after_s));
        Ok(Command::Say { to, content, client_id: None })
    };
    match api.node.order(set).await? {
        Answer::Entry(id) => api.node.look(move |view| messages::get(view, id)).await,
        other => Err(unexpected(&other)),
    }
}

pub(super) async fn digest(api: Api, params: OneConversation) -> Result<model::Digest, ApiError> {
    api.node
        .look(move |view| {
            let (id, _) = people::conversation(view, &params.conversation)?;
            let digest = view.node.history_digest(view.store, id).map_err(|e| unreadable(&e))?;
            let letters = digest.map(|digest| digest.to_hex()).unwrap_or_default();
            let mut logs = Vec::new();
            for log in view.node.logs(id).iter().filter(|log| log.height > 0) {
                let author = view.node.author_of(id, log.author);
                logs.push(model::DigestLog {
                    name: author.map(|account| people::name(view, account)).unwrap_or_default(),
                    device: ids::device(log.author),
                    height: log.height,
                    forked_at: log.forked_at.map(chinwag_core::entry::Seq::get),
                });
            }
            Ok(model::Digest {
                conversation: ids::conversation(id),
                digest: grouped(&letters),
                entries: logs.iter().map(|log| log.height).sum(),
                logs,
            })
        })
        .await
}

/// The first 128 bits of a digest, in groups of four: so many that nobody finds two histories with the
/// same, and few enough to be read out.
fn grouped(hex: &str) -> String {
    let letters: Vec<char> = hex.chars().take(32).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}
