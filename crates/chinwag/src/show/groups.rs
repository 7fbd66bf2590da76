//! Groups in words.

use std::fmt::Write as _;

use chinwag_api::model::{
    AudienceChange, Conversation, Group, GroupInvitation, GroupJoining, GroupMember, GroupRole,
    GroupStanding, GroupTicket, OpenGroupTicket,
};

use chinwag_text::words;

use super::NAME_SHOWN;
use super::message::Style;
use super::table::{Table, facts};
use crate::output;

/// Characters of a topic that are shown.
const TOPIC_SHOWN: usize = 200;

const fn role(role: GroupRole) -> &'static str {
    match role {
        GroupRole::Member => "member",
        GroupRole::Admin => "admin",
        GroupRole::Owner => "owner",
        GroupRole::Unknown => "in a role of a newer kind",
    }
}

fn name(of: &str) -> String {
    output::person(of, NAME_SHOWN)
}

/// What we are in a group.
fn ours(standing: Option<&GroupStanding>) -> &'static str {
    match standing {
        Some(GroupStanding { role: Some(_), joined: false, .. }) => "not joined",
        Some(GroupStanding { role: Some(is), .. }) => role(*is),
        _ => "out of it",
    }
}

/// How much of a group is unread, and how much of it names us.
fn unread(group: &Conversation) -> String {
    match (group.unread, group.unread_mentions) {
        (0, _) => String::new(),
        (n, 0) => n.to_string(),
        (n, mentions) => format!("{n}, {mentions} for you"),
    }
}

/// All groups.
pub(crate) fn list(groups: &[Conversation], style: &Style) -> String {
    if groups.is_empty() {
        return "No groups yet: `chinwag group create NAME` begins one.".to_owned();
    }
    let mut table = Table::new(&["NAME", "YOU ARE", "MEMBERS", "UNREAD", "TOPIC", "ID"]);
    for group in groups {
        let standing = group.group.as_ref();
        let topic = standing.map(|standing| standing.topic.as_str()).unwrap_or_default();
        table.row([
            name(&group.name),
            ours(standing).to_owned(),
            standing.map_or_else(String::new, |standing| standing.members.to_string()),
            unread(group),
            output::short(topic, TOPIC_SHOWN),
            super::id(&group.id, style.whole_ids),
        ]);
    }
    table.text(style.paint)
}

/// Groups that others let us into.
pub(crate) fn invitations(invitations: &[GroupInvitation], style: &Style) -> String {
    if invitations.is_empty() {
        return "No invitations.".to_owned();
    }
    let mut table = Table::new(&["GROUP", "TOLD BY", "WHEN", "ID"]);
    for invitation in invitations {
        table.row([
            name(&invitation.name),
            name(&invitation.by_name),
            style.clock.ago(&invitation.received_at),
            super::id(&invitation.group, style.whole_ids),
        ]);
    }
    table.text(style.paint)
}

/// A group, and who is in it.
pub(crate) fn group(group: &Group, style: &Style) -> String {
    let standing = group.conversation.group.as_ref();
    let topic = standing.map(|standing| standing.topic.as_str()).unwrap_or_default();
    let disappear = match group.conversation.disappear_after_s {
        0 => "never".to_owned(),
        seconds => format!("{} after they were read", words::SECOND.count(u64::from(seconds))),
    };
    let head = facts(
        &[
            ("Group", name(&group.conversation.name)),
            ("Topic", output::short(topic, TOPIC_SHOWN)),
            ("You are", ours(standing).to_owned()),
            ("New members get", "everything".to_owned()),
            ("Messages disappear", disappear),
            ("Id", super::id(&group.conversation.id, style.whole_ids)),
        ],
        style.paint,
    );
    let mut table = Table::new(&["MEMBER", "ROLE", "JOINED", "CONTACT", "LAST HEARD", "ID"]);
    for member in &group.members {
        table.row([
            who(member),
            role(member.role).to_owned(),
            if member.joined { "yes" } else { "not yet" }.to_owned(),
            if member.is_me || member.is_contact { "" } else { "no" }.to_owned(),
            heard(member, style),
            if style.whole_ids { super::id(&member.id, true) } else { String::new() },
        ]);
    }
    let changed = group.audience_change.as_ref().map_or_else(String::new, changed);
    format!("{head}\n\n{}{changed}", table.text(style.paint))
}

/// Who reads now, other than when this device last wrote.
fn changed(change: &AudienceChange) -> String {
    let names = |names: &[String]| names.iter().map(|of| name(of)).collect::<Vec<_>>().join(", ");
    let mut text = "\n\nSince you last wrote from here:".to_owned();
    for (what, who) in [("reads too", &change.added), ("reads no more", &change.removed)] {
        if !who.is_empty() {
            // Writing to a string can't fail.
            let _ = write!(text, "\n  {what}: {}", names(who));
        }
    }
    text
}

fn who(member: &GroupMember) -> String {
    if member.is_me { "You".to_owned() } else { name(&member.name) }
}

fn heard(member: &GroupMember, style: &Style) -> String {
    match member.last_heard_at.as_deref() {
        _ if member.is_me => String::new(),
        _ if member.connected => "connected".to_owned(),
        Some(at) => style.clock.ago(at),
        None => "never".to_owned(),
    }
}

/// What there is to say when a group was begun.
pub(crate) fn began(group: &Group) -> String {
    let others: Vec<String> =
        group.members.iter().filter(|member| !member.is_me).map(who).collect();
    let called = name(&group.conversation.name);
    if others.is_empty() {
        return format!(
            "The group {called} is begun; nobody else is in it yet.\n\
             Let contacts in: chinwag group invite GROUP CONTACT"
        );
    }
    format!("The group {called} is begun, with {}.", others.join(", "))
}

/// What there is to say when we have joined one.
pub(crate) fn joined(group: &Group) -> String {
    let called = name(&group.conversation.name);
    if group.conversation.group.as_ref().is_some_and(|standing| standing.joined) {
        let members = words::MEMBER.count(u64::try_from(group.members.len()).unwrap_or(u64::MAX));
        return format!("You have joined {called}, of {members}.");
    }
    format!("You join {called} as soon as a member is reached who says that you were let in.")
}

/// What there is to say of a ticket that was made.
pub(crate) fn ticket(ticket: &GroupTicket, style: &Style) -> String {
    let ends = ticket.expires_at.as_deref().map(|at| format!(", until {}", style.clock.moment(at)));
    format!(
        "A ticket to a group for anybody who has it{}. It holds a secret: hand it over where nobody else \
         reads along. To take it back: chinwag group revoke GROUP {}",
        ends.unwrap_or_default(),
        super::id(&ticket.id, true),
    )
}

/// Tickets to a group by which people may join now.
pub(crate) fn tickets(tickets: &[OpenGroupTicket], style: &Style) -> String {
    if tickets.is_empty() {
        return "Nobody can join this group by a ticket.".to_owned();
    }
    let mut table = Table::new(&["ID", "MADE BY", "DEVICES JOINED", "ENDS"]);
    for ticket in tickets {
        let ends = ticket.expires_at.as_deref();
        table.row([
            // It is typed to revoke it, so it is whole.
            super::id(&ticket.id, true),
            ticket.by_name.as_deref().map_or_else(|| "?".to_owned(), name),
            ticket.joined.to_string(),
            ends.map_or("when it is revoked".into(), |at| style.clock.until(at)),
        ]);
    }
    table.text(style.paint)
}

/// How far we are with joining a group by a ticket.
pub(crate) fn joining(joining: &GroupJoining) -> String {
    match (&joining.name, joining.joined) {
        (Some(called), true) => format!("You have joined {}.", name(called)),
        (None, true) => "You have joined the group.".to_owned(),
        (_, false) => format!("You are not in the group yet: {}.", joining.text),
    }
}

/// Groups that we wait to be let into.
pub(crate) fn joinings(joinings: &[GroupJoining], style: &Style) -> String {
    if joinings.is_empty() {
        return "No ticket to a group waits.".to_owned();
    }
    let mut table = Table::new(&["GROUP", "ENDS", "IN THE WAY"]);
    for joining in joinings {
        let ends = joining.expires_at.as_deref();
        table.row([
            super::id(&joining.group, style.whole_ids),
            ends.map_or("when it is revoked".into(), |at| style.clock.until(at)),
            joining.text.clone(),
        ]);
    }
    table.text(style.paint)
}

/// What there is to say when we have left one.
pub(crate) fn left(group: &Group) -> String {
    format!(
        "You have left {}. What was said there stays on this device.",
        name(&group.conversation.name)
    )
}
