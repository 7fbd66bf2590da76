//! Groups: beginning one, who is in it, and what it is called.

use std::sync::Arc;

use chinwag_api::error::{ApiError, Kind};
use chinwag_api::method::{
    ChangeGroup, CreateGroup, InviteToGroup, Nothing, OneGroup, OneMember, SetGroupRole,
};
use chinwag_api::model::{self, GroupRole};
use chinwag_core::ids::{AccountId, ConversationId};
use chinwag_core::input::Command;
use chinwag_core::membership::{Right, Role, Setting, Topic, TopicError};
use chinwag_core::output::Answer;

use super::{Api, audience, conversations, unexpected};
use crate::node_thread::View;
use crate::refusals::unreadable;
use crate::{groups, ids, people};

/// How many are let in with one request.
const AT_ONCE_MAX: usize = 100;

pub(super) async fn create(api: Api, params: CreateGroup) -> Result<model::Group, ApiError> {
    let name = people::typed_name(&params.name)?;
    let contacts = params.contacts;
    // Who is meant is found out first: a group without those who were to be in it helps nobody.
    let who = api.node.look(move |view| accounts(view, &contacts)).await?;
    let began = match api.node.order(move |_: &View<'_>| Ok(Command::CreateGroup(name))).await? {
        Answer::Entry(id) => id,
        other => return Err(unexpected(&other)),
    };
    let id = api.node.look(move |view| {
        let entry = view.store.entry(began).map_err(|error| unreadable(&error))?;
        let missing = || ApiError::new(Kind::Internal, "the group that was begun is not here");
        entry.map(|entry| entry.header.conversation).ok_or_else(missing)
    });
    let id = id.await?;
    let grants = move |_: &View<'_>| Ok(grants(id, &who));
    let granted = api.node.order_all(grants).await;
    told(&api, id, granted.map(drop)).await
}

pub(super) async fn show(api: Api, params: OneGroup) -> Result<model::Group, ApiError> {
    let id = api.node.look(move |view| meant(view, &params.group)).await?;
    told(&api, id, Ok(())).await
}

pub(super) async fn invite(api: Api, params: InviteToGroup) -> Result<model::Group, ApiError> {
    if params.contacts.is_empty() {
        return Err(ApiError::new(Kind::Usage, "nobody is named who is to be let in"));
    }
    change(api, params.group, move |view, id| Ok(grants(id, &accounts(view, &params.contacts)?)))
        .await
}

pub(super) async fn join(api: Api, params: OneGroup) -> Result<model::Group, ApiError> {
    let id = api.node.look(move |view| invited(view, &params.group)).await?;
    let joined = api.node.order(move |_: &View<'_>| Ok(Command::JoinGroup(id))).await;
    told(&api, id, joined.map(drop)).await
}

pub(super) async fn invitations(
    api: Api,
    _: Nothing,
) -> Result<Vec<model::GroupInvitation>, ApiError> {
    api.node
        .look(|view| {
            people::own(view)?;
            let told = view.node.invitations();
            Ok(told.map(|(of, creation)| groups::invitation(view, of, &creation)).collect())
        })
        .await
}

pub(super) async fn decline(api: Api, params: OneGroup) -> Result<Nothing, ApiError> {
    let decline = move |view: &View<'_>| invited(view, &params.group).map(Command::DeclineGroup);
    api.node.order(decline).await?;
    Ok(Nothing {})
}

/// The group that somebody means who answers an invitation.
fn invited(view: &View<'_>, who: &str) -> Result<ConversationId, ApiError> {
    people::own(view)?;
    people::invited_group(view, who)
}

pub(super) async fn leave(api: Api, params: OneGroup) -> Result<model::Group, ApiError> {
    let leave = |view: &View<'_>, group| {
        Ok(vec![Command::Remove { group, account: people::own(view)?, keeps: None }])
    };
    change(api, params.group, leave).await
}

pub(super) async fn remove(api: Api, params: OneMember) -> Result<model::Group, ApiError> {
    let remove = move |view: &View<'_>, group| {
        let account = member(view, group, &params.member)?;
        if view.node.account() == Some(account) {
            let error = ApiError::new(Kind::Usage, "that is yourself");
            return Err(error.hint("to leave the group: chinwag group leave GROUP"));
        }
        Ok(vec![Command::Remove { group, account, keeps: None }])
    };
    change(api, params.group, remove).await
}

pub(super) async fn set_role(api: Api, params: SetGroupRole) -> Result<model::Group, ApiError> {
    let set = move |view: &View<'_>, group| {
        let account = member(view, group, &params.member)?;
        let has = view.node.group(group).and_then(|state| state.role(account));
        Ok(match (params.role, has) {
            (GroupRole::Admin, Some(Role::Admin)) | (GroupRole::Member, Some(Role::Member)) => {
                Vec::new()
            }
            (GroupRole::Member, Some(Role::Owner)) => {
                let text = "an owner stays one until they leave";
                return Err(ApiError::new(Kind::Refused, text));
            }
            (GroupRole::Admin, _) => vec![Command::Grant { group, account, right: Right::Admin }],
            (GroupRole::Member, _) => {
                vec![Command::Remove { group, account, keeps: Some(Right::Member) }]
            }
            (GroupRole::Owner | GroupRole::Unknown, _) => {
                let text = "a member can be made an admin, and an admin a member";
                return Err(
                    ApiError::new(Kind::Usage, text).hint("owner is only who began the group")
                );
            }
        })
    };
    change(api, params.group, set).await
}

pub(super) async fn alter(api: Api, params: ChangeGroup) -> Result<model::Group, ApiError> {
    let mut settings = Vec::new();
    if let Some(name) = params.name.as_deref() {
        settings.push(Setting::Name(people::typed_name(name)?));
    }
    if let Some(topic) = params.topic.as_deref() {
        settings.push(Setting::Topic(typed_topic(topic)?));
    }
    if settings.is_empty() {
        return Err(ApiError::new(Kind::Usage, "nothing is named that is to change"));
    }
    let set = move |_: &View<'_>, group| {
        Ok(settings.into_iter().map(|setting| Command::SetGroup(group, setting)).collect())
    };
    change(api, params.group, set).await
}

fn typed_topic(text: &str) -> Result<Topic, ApiError> {
    Topic::new(text).map_err(|error| {
        let kind = match error {
            TopicError::TooLong(_) => Kind::Limit,
            TopicError::Control => Kind::Usage,
        };
        ApiError::new(kind, error.to_string())
    })
}

/// The group that somebody means.
pub(super) fn meant(view: &View<'_>, who: &str) -> Result<ConversationId, ApiError> {
    people::own(view)?;
    people::group(view, who)
}

/// The member who is meant: one who is in this group comes before all others, contact or not.
fn member(view: &View<'_>, group: ConversationId, who: &str) -> Result<AccountId, ApiError> {
    let state = view.node.group(group);
    let members: Vec<AccountId> =
        state.into_iter().flat_map(|state| state.members.keys().copied()).collect();
    people::meant_among(view, who, &members).map_err(|error| match error.kind() {
        Kind::NotFound => error.hint("chinwag group show GROUP lists who is in it"),
        _ => error,
    })
}

fn accounts(view: &View<'_>, who: &[String]) -> Result<Vec<AccountId>, ApiError> {
    if who.len() > AT_ONCE_MAX {
        let text = format!("{} are too many at once: {AT_ONCE_MAX} at most", who.len());
        return Err(ApiError::new(Kind::Limit, text));
    }
    who.iter().map(|who| people::meant(view, who)).collect()
}

fn grants(group: ConversationId, accounts: &[AccountId]) -> Vec<Command> {
    let grant =
        |account: &AccountId| Command::Grant { group, account: *account, right: Right::Member };
    accounts.iter().map(grant).collect()
}

/// Gives commands about a group, and tells what is known of it then.
async fn change(
    api: Api,
    who: String,
    make: impl FnOnce(&View<'_>, ConversationId) -> Result<Vec<Command>, ApiError> + Send + 'static,
) -> Result<model::Group, ApiError> {
    let found = Arc::new(std::sync::OnceLock::new());
    let meant_one = Arc::clone(&found);
    let commands = move |view: &View<'_>| {
        let id = meant(view, &who)?;
        make(view, *meant_one.get_or_init(|| id))
    };
    let done = api.node.order_all(commands).await.map(drop);
    match found.get() {
        Some(id) => told(&api, *id, done).await,
        None => {
            Err(done.err().unwrap_or_else(|| ApiError::new(Kind::Internal, "no group was meant")))
        }
    }
}

/// What is known of a group, unless what was wanted was declined.
async fn told(
    api: &Api,
    id: ConversationId,
    done: Result<(), ApiError>,
) -> Result<model::Group, ApiError> {
    done?;
    let shared = Arc::clone(&api.shared);
    api.node
        .look(move |view| {
            let state = view.node.group(id).ok_or_else(|| {
                ApiError::new(
                    Kind::NotFound,
                    format!("there is no group {} here", ids::conversation(id)),
                )
            })?;
            Ok(model::Group {
                conversation: conversations::described_group(view, id)?,
                audience_change: audience::change(view, id)?,
                members: groups::members(view, &shared, state),
            })
        })
        .await
}
