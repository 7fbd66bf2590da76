//! Conversations as a whole.

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::event::What;
use chinwag_api::method::{
    Disappear, ListConversations, Nothing, OneConversation, SetNotify, SetTyping,
};
use chinwag_api::model::{self, NotifyLevel};
use chinwag_core::body::{Content, Settings};
use chinwag_core::entry::Position;
use chinwag_core::ids::ConversationId;
use chinwag_core::input::Command;
use chinwag_core::membership::Setting;
use chinwag_core::output::Answer;
use chinwag_store::Notify;

use super::{Api, classroom, unexpected};
use crate::node_thread::View;
use crate::people::Talk;
use crate::refusals::unreadable;
use crate::{groups, ids, mentions, messages, people};

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
            let direct = view.node.conversations().map(|(id, with)| (id, Some(with)));
            let groups = view.node.groups().map(|(id, _)| (id, None));
            for (id, with) in direct.chain(groups) {
                let (position, last) = newest(view, id)?;
                all.push((position, described(view, Talk { id, with }, last)?));
            }
            all.sort_by_key(|(position, _)| std::cmp::Reverse(*position));
            Ok(all.into_iter().map(|(_, conversation)| conversation).collect())
        })
        .await
}

/// The newest that is shown of a conversation, and where it stands.
fn newest(
    view: &View<'_>,
    id: ConversationId,
) -> Result<(Option<Position>, Option<model::Message>), ApiError> {
    let (mut last, _) = messages::timeline(view, id, messages::From::Before(None), 1)?;
    let Some(last) = last.pop() else { return Ok((None, None)) };
    Ok((Some(last.position()), Some(messages::shown(view, &last)?)))
}

/// A group, as it is listed.
pub(super) fn described_group(
    view: &View<'_>,
    id: ConversationId,
) -> Result<model::Conversation, ApiError> {
    let (_, last) = newest(view, id)?;
    described(view, Talk { id, with: None }, last)
}

fn described(
    view: &View<'_>,
    talk: Talk,
    last: Option<model::Message>,
) -> Result<model::Conversation, ApiError> {
    let id = talk.id;
    let kind = match talk.with {
        None => "group",
        Some(with) if view.node.account() == Some(with) => "self",
        Some(_) => "direct",
    };
    let unread = people::unread(view, id)?;
    Ok(model::Conversation {
        id: ids::conversation(id),
        kind: kind.to_owned(),
        is_private: true,
        contact: talk.with.map_or_else(|| ids::conversation(id), ids::account),
        name: talk.with.map_or_else(|| groups::name(view, id), |with| people::name(view, with)),
        classroom: None,
        group: view.node.group(id).map(|state| groups::standing(view, state)),
        unread,
        unread_mentions: if unread > 0 { mentions::unread(view, id)? } else { 0 },
        notify: people::told(view, id)?,
        disappear_after_s: view.node.lifetime_s(id),
        last,
    })
}

pub(super) async fn notify(api: Api, params: SetNotify) -> Result<model::Conversation, ApiError> {
    if classroom::meant(&api, &params.conversation)?.is_some() {
        let sentence = "of the classroom nothing is kept, how much is told of it neither";
        return Err(ApiError::new(Kind::Usage, sentence)
            .hint("`on` in [ui.notifications] of the config says what is told at all"));
    }
    let notify = match params.level {
        NotifyLevel::All => Notify::All,
        NotifyLevel::Mentions => Notify::Mentions,
        NotifyLevel::None => Notify::None,
        NotifyLevel::Unknown => {
            let sentence =
                "there is no such level: all, mentions and none are those that there are";
            return Err(ApiError::new(Kind::Usage, sentence));
        }
    };
    let set = move |view: &View<'_>| people::conversation(view, &params.conversation);
    let talk = api
        .node
        .keep(set, move |store, talk| store.put_notify(talk.id, notify).map(|()| talk))
        .await?;
    let conversation = api
        .node
        .look(move |view| {
            let (_, last) = newest(view, talk.id)?;
            described(view, talk, last)
        })
        .await?;
    let (id, level) = (conversation.id.clone(), conversation.notify);
    api.shared.tell(What::ConversationNotify { conversation: id, level });
    Ok(conversation)
}

pub(super) async fn mark_read(api: Api, params: OneConversation) -> Result<Nothing, ApiError> {
    if let Some((classroom, peer)) = classroom::meant(&api, &params.conversation)? {
        classroom.read(peer)?;
        return Ok(Nothing {});
    }
    let mark = move |view: &View<'_>| {
        people::conversation(view, &params.conversation).map(|talk| match talk.with {
            Some(with) => Command::MarkRead(with),
            None => Command::MarkReadIn(talk.id),
        })
    };
    api.node.order(mark).await?;
    Ok(Nothing {})
}

pub(super) async fn typing(api: Api, params: SetTyping) -> Result<Nothing, ApiError> {
    let typing = move |view: &View<'_>| {
        people::conversation(view, &params.to).map(|talk| match talk.with {
            Some(with) => Command::Typing(with, params.on),
            None => Command::TypingIn(talk.id, params.on),
        })
    };
    api.node.order(typing).await?;
    Ok(Nothing {})
}

pub(super) async fn disappear(api: Api, params: Disappear) -> Result<model::Message, ApiError> {
    let set = move |view: &View<'_>| {
        let talk = people::conversation(view, &params.conversation)?;
        let content = Content::Settings(Settings::default().with_lifetime(params.after_s));
        Ok(match talk.with {
            Some(to) => Command::Say { to, content, client_id: None },
            None => Command::SetGroup(talk.id, Setting::Lifetime(params.after_s)),
        })
    };
    match api.node.order(set).await? {
        Answer::Entry(id) => api.node.look(move |view| messages::get(view, id)).await,
        other => Err(unexpected(&other)),
    }
}

pub(super) async fn digest(api: Api, params: OneConversation) -> Result<model::Digest, ApiError> {
    api.node
        .look(move |view| {
            let id = people::conversation(view, &params.conversation)?.id;
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
