//! `group` and `groups`: conversations of several people.

use std::time::Duration;

use chinwag_api::method::{
    ChangeGroup, ConversationList, CreateGroup, CreateGroupTicket, GroupChange, GroupCreate,
    GroupCreateTicket, GroupDecline, GroupInvitations, GroupInvite, GroupJoin, GroupJoinings,
    GroupLeave, GroupRemove, GroupRevokeTicket, GroupSetRole, GroupShow, GroupTickets,
    GroupUseTicket, InviteToGroup, ListConversations, Method as _, Nothing, OneGroup,
    OneGroupTicket, OneMember, SetGroupRole, UseGroupTicket,
};
use chinwag_api::model::{
    Conversation, Group, GroupInvitation, GroupJoining, GroupRole, OpenGroupTicket,
};
use chinwag_text::words;
use serde_json::Value;
use tokio::time::timeout;

use super::invite::draw;
use super::{ask, ask_list, done, say_list, sure, understood};
use crate::args::groups::{self as args, GroupCommand, Role};
use crate::args::{Json, JsonList};
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::node::{Heard, Need, Node, with};
use crate::{output, show};

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
        GroupCommand::Join(args) if chinwag_api::ticket::is_meant(&args.group) => {
            with(context, Need::Account, async |node| {
                let mut heard = node.hear(None).await?;
                let ticket = UseGroupTicket { ticket: args.group };
                let joining = node.call::<GroupUseTicket>(ticket).await?;
                let_in(context, node, &mut heard, joining, args.timeout, args.json).await
            })
            .await
        }
        GroupCommand::Join(args) => {
            let params = OneGroup { group: args.group };
            ask::<GroupJoin>(context, params, args.json, show::groups::joined).await
        }
        GroupCommand::Ticket(args) => ticket(context, args).await,
        GroupCommand::Tickets(args) => {
            let words = |all: &Vec<OpenGroupTicket>| show::groups::tickets(all, &style);
            ask_list::<GroupTickets>(context, OneGroup { group: args.group }, args.list, words)
                .await
        }
        GroupCommand::Revoke(args) => {
            let params = OneGroupTicket { group: args.group, ticket: args.ticket };
            let words = |_: &Nothing| "It was taken back; who joined by it stays.".into();
            ask::<GroupRevokeTicket>(context, params, args.json, words).await
        }
        GroupCommand::Joinings(list) => {
            let words = |all: &Vec<GroupJoining>| show::groups::joinings(all, &style);
            ask_list::<GroupJoinings>(context, Nothing {}, list, words).await
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

async fn ticket(context: &Context, args: args::GroupTicket) -> Result<Exit, Failure> {
    with(context, Need::Account, async |node| {
        let params = CreateGroupTicket { group: args.group, expires_in_s: args.expires };
        let raw = node.raw::<GroupCreateTicket>(params).await?;
        let ticket = understood::<GroupCreateTicket>(raw.clone())?;
        let line =
            if args.json.json { output::json(&raw) } else { output::one_line(&ticket.ticket) };
        output::say_done(done(GroupCreateTicket::NAME), &line).map_err(|failure| {
            failure
                .hint("`chinwag group tickets` lists it, and `chinwag group revoke` takes it back")
        })?;
        if args.qr {
            draw(context, &ticket.qr, args.json)?;
        }
        context.remark(&format!("chinwag: {}", show::groups::ticket(&ticket, &context.style())));
        if node.is_here() {
            context.remark(
                "chinwag: nobody can use it while nothing of ours runs: see `chinwag daemon`",
            );
        }
        Ok(Exit::Done)
    })
    .await
}

/// Waits until a ticket has let us into a group, and says how far that is.
pub(super) async fn let_in(
    context: &Context,
    node: &Node,
    heard: &mut Heard,
    mut joining: GroupJoining,
    timeout_s: u64,
    json: Json,
) -> Result<Exit, Failure> {
    if timeout_s > 0 {
        context.remark(&format!("chinwag: waiting to be let in, for up to {timeout_s} s..."));
        let waits = until_in(node, heard, &mut joining);
        // What is known when the time is over is what is said.
        if let Ok(ended) = timeout(Duration::from_secs(timeout_s), waits).await {
            ended?;
        }
    }
    let said = if json.json {
        let raw =
            serde_json::to_value(&joining).map_err(|error| Failure::new(Exit::Internal, error))?;
        output::json(&raw)
    } else {
        show::groups::joining(&joining)
    };
    output::say_done(done(GroupUseTicket::NAME), &said)?;
    if !joining.joined {
        context.remark(
            "chinwag: the ticket is kept, and tried again whenever chinwag runs here and there; \
             `chinwag group joinings` says what is in the way, `chinwag group decline ID` gives it up",
        );
    }
    Ok(Exit::Done)
}

/// How often it is asked whether a ticket has let us in, where nothing happens that would say so.
const ASKED_EVERY: Duration = Duration::from_secs(1);

async fn until_in(
    node: &Node,
    heard: &mut Heard,
    joining: &mut GroupJoining,
) -> Result<(), Failure> {
    while !joining.joined {
        let waiting = node.call::<GroupJoinings>(Nothing {}).await?;
        if let Some(known) = waiting.into_iter().find(|known| known.group == joining.group) {
            *joining = known;
        } else {
            let params = OneGroup { group: joining.group.clone() };
            let group = node.call::<GroupShow>(params).await?;
            joining.name = Some(group.conversation.name);
            (joining.joined, joining.reason) = (true, None);
            "we are in".clone_into(&mut joining.text);
            return Ok(());
        }
        if let Ok(None) = timeout(ASKED_EVERY, heard.next()).await {
            node.hear_on(heard).await?;
        }
    }
    Ok(())
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
