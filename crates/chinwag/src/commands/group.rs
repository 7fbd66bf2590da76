//! `group` and `groups`: conversations of several people.

use chinwag_api::method::{
    ChangeGroup, ConversationList, CreateGroup, GroupChange, GroupCreate, GroupDecline,
    GroupInvitations, GroupInvite, GroupJoin, GroupLeave, GroupRemove, GroupSetRole, GroupShow,
    InviteToGroup, ListConversations, Nothing, OneGroup, OneMember, SetGroupRole,
};
use chinwag_api::model::{Conversation, Group, GroupInvitation, GroupRole};
use chinwag_text::words;
use serde_json::Value;

use super::{ask, ask_list, say_list, sure};
use crate::args::JsonList;
use crate::args::groups::{GroupCommand, Role};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Need, with};
use crate::show;

pub(super) async fn run(context: &Context, command: GroupCommand) -> Result<Exit, Failure> {
    let style = context.style();
    let words = |group: &Group| show::groups::group(group, &style);
    match command {
        GroupCommand::Create(args) => {
            let params = CreateGroup { name: args.name, contacts: args.contacts };
            ask::<GroupCreate>(context, params, args.json, show::groups::began).await
        }
        GroupCommand::Show(args) => {
            let params = OneGroup { group: args.group };
            ask::<GroupShow>(context, params, args.json, words).await
        }
        GroupCommand::Invite(args) => {
            let params = InviteToGroup { group: args.group, contacts: args.contacts };
            ask::<GroupInvite>(context, params, args.json, words).await
        }
        GroupCommand::Join(args) => {
            let params = OneGroup { group: args.group };
            ask::<GroupJoin>(context, params, args.json, show::groups::joined).await
        }
        GroupCommand::Invitations(list) => {
            let words = |all: &Vec<GroupInvitation>| show::groups::invitations(all, &style);
            ask_list::<GroupInvitations>(context, Nothing {}, list, words).await
        }
        GroupCommand::Decline(args) => {
            let params = OneGroup { group: args.group };
            ask::<GroupDecline>(context, params, args.json, |_| {
                "It does not come again by itself; `chinwag group join ID` takes it up all the same.".into()
            })
                .await
        }
        GroupCommand::Leave(args) => {
            let question = "Leave the group? Only its members can let you in again, and if you are its \
                            only owner nobody becomes an admin any more.";
            sure(question, args.yes).await?;
            let params = OneGroup { group: args.group };
            ask::<GroupLeave>(context, params, args.json, show::groups::left).await
        }
        GroupCommand::Remove(args) => {
            let who = show::people::name(&args.member);
            sure(&format!("Remove {who} from the group, on all devices?"), args.yes).await?;
            let params = OneMember { group: args.group, member: args.member };
            ask::<GroupRemove>(context, params, args.json, words).await
        }
        GroupCommand::Role(args) => {
            let role = match args.role {
                Role::Admin => GroupRole::Admin,
                Role::Member => GroupRole::Member,
            };
            let params = SetGroupRole { group: args.group, member: args.member, role };
            ask::<GroupSetRole>(context, params, args.json, words).await
        }
        GroupCommand::Rename(args) => {
            let name = Some(args.name);
            let params = ChangeGroup { group: args.group, name, ..ChangeGroup::default() };
            ask::<GroupChange>(context, params, args.json, words).await
        }
        GroupCommand::Topic(args) => {
            let topic = Some(args.topic.unwrap_or_default());
            let params = ChangeGroup { group: args.group, topic, ..ChangeGroup::default() };
            ask::<GroupChange>(context, params, args.json, words).await
        }
    }
}

/// Lists the groups: of all conversations those that are some.
pub(super) async fn list(context: &Context, list: JsonList) -> Result<Exit, Failure> {
    let style = context.style();
    with(context, Need::Account, async |node| {
        let mut raw = node.raw::<ConversationList>(ListConversations::default()).await?;
        if let Some(all) = raw.as_array_mut() {
            all.retain(|one| one.get("kind").and_then(Value::as_str) == Some("group"));
        }
        let words = |groups: &Vec<Conversation>| show::groups::list(groups, &style);
        say_list::<ConversationList>(raw, list, words)?;
        let waiting = node.call::<GroupInvitations>(Nothing {}).await?.len();
        if waiting > 0 {
            let waiting = words::INVITATION.count(u64::try_from(waiting).unwrap_or(u64::MAX));
            context.remark(&format!("chinwag: {waiting} to answer: chinwag group invitations"));
        }
        Ok(Exit::Done)
    })
    .await
}
