//! Groups: what `/group` does, who is in one, and for whom a message is.

use chinwag_api::method::{
    ChangeGroup, CreateGroup, GroupChange, GroupCreate, GroupDecline, GroupInvitations,
    GroupInvite, GroupJoin, GroupLeave, GroupRemove, GroupSetRole, GroupShow, GroupUseTicket,
    InviteToGroup, Nothing, OneGroup, OneMember, SetGroupRole, UseGroupTicket,
};
use chinwag_api::model::{Audience, AudienceChange, Group, GroupMember, GroupRole, Id};
use chinwag_api::ticket;
use chinwag_text::safe::{one_line, person};
use chinwag_text::words;

use super::commands::sure;
use super::{App, Asked, Window};
use crate::actions::Act;
use crate::msg::{Ask, Effect, Tag};

/// Columns of a name that are shown.
const NAME_SHOWN: usize = 40;

/// What `/group` does with what stands behind it.
const USAGE: &str = "create NAME [CONTACT…] | show | invite CONTACT… | join NAME|TICKET | decline NAME | leave | \
                         remove NAME | admin NAME | member NAME | rename NAME | topic TEXT";

/// Asks who invites us; to be shown, or only to be noted.
pub(super) fn ask_invitations(is_shown: bool) -> Effect {
    Ask::of::<GroupInvitations>(Tag::Invitations { is_shown }, Nothing {})
}

impl App {
    /// `/groups` says who invites us and which there are; `/group` does the rest.
    pub(super) fn about_groups(&mut self, act: Act, args: &str) -> Vec<Effect> {
        match act {
            Act::Groups => vec![ask_invitations(true)],
            _ => self.group(args),
        }
    }

    /// `/group`: without a word it shows the group that is open.
    fn group(&mut self, args: &str) -> Vec<Effect> {
        let (what, rest) = args.split_once(char::is_whitespace).unwrap_or((args, ""));
        let rest = rest.trim();
        match what {
            "create" => return self.begin_group(rest),
            "join" | "decline" if rest.is_empty() => {
                return self.about_groups(Act::Groups, "");
            }
            "join" if ticket::is_meant(rest) => {
                let done = Tag::Done("you join as soon as who made the ticket is reached".into());
                let params = UseGroupTicket { ticket: rest.to_owned() };
                return vec![Ask::of::<GroupUseTicket>(done, params)];
            }
            "join" => {
                let done = Tag::Done("you join it as soon as a member is reached".into());
                return vec![Ask::of::<GroupJoin>(done, OneGroup { group: rest.to_owned() })];
            }
            "decline" => {
                let done = Tag::Done("declined".into());
                return vec![Ask::of::<GroupDecline>(done, OneGroup { group: rest.to_owned() })];
            }
            _ => {}
        }
        let Some(group) = self.open_group() else {
            self.wrong("open a group first, or begin one: /group create NAME");
            return Vec::new();
        };
        let named = !rest.is_empty();
        match what {
            "" | "show" => vec![Ask::of::<GroupShow>(Tag::Group, OneGroup { group })],
            "leave" => self.ask_to_leave(group, rest),
            "invite" if named => {
                let params = InviteToGroup { group, contacts: quoted(rest) };
                vec![Ask::of::<GroupInvite>(Tag::Done("invited".into()), params)]
            }
            "remove" if named => self.ask_to_remove(group, rest),
            "admin" | "member" if named => {
                let role = if what == "admin" { GroupRole::Admin } else { GroupRole::Member };
                let params = SetGroupRole { group, member: rest.to_owned(), role };
                vec![Ask::of::<GroupSetRole>(Tag::Done("done".into()), params)]
            }
            "rename" if named => {
                let name = Some(rest.to_owned());
                let params = ChangeGroup { group, name, ..ChangeGroup::default() };
                vec![Ask::of::<GroupChange>(Tag::Done("renamed, for everybody".into()), params)]
            }
            "topic" => {
                let topic = Some(rest.to_owned());
                let params = ChangeGroup { group, topic, ..ChangeGroup::default() };
                vec![Ask::of::<GroupChange>(Tag::Done("done".into()), params)]
            }
            _ => {
                self.wrong(format!("/group {USAGE}"));
                Vec::new()
            }
        }
    }

    /// The group that is open.
    fn open_group(&self) -> Option<Id> {
        let current = self.chats.current().filter(|chat| chat.is_group());
        current.map(|chat| chat.id().to_owned())
    }

    fn begin_group(&mut self, rest: &str) -> Vec<Effect> {
        let mut words = quoted(rest).into_iter();
        let Some(name) = words.next() else {
            self.wrong("say what it is called: /group create NAME [CONTACT…]");
            return Vec::new();
        };
        let params = CreateGroup { name, contacts: words.collect() };
        vec![Ask::of::<GroupCreate>(Tag::Begun, params)]
    }

    fn ask_to_leave(&mut self, group: Id, args: &str) -> Vec<Effect> {
        let then =
            vec![Ask::of::<GroupLeave>(Tag::Done("you have left".into()), OneGroup { group })];
        let question = "Leave this group? Only its members can let you in again, and if you are its only \
                        owner nobody becomes an admin any more. What was said stays here.";
        self.window = Some(Window::Asked(Asked::new(question.to_owned(), then)));
        let (_, is_sure) = sure(args);
        self.answer_yes(is_sure)
    }

    fn ask_to_remove(&mut self, group: Id, args: &str) -> Vec<Effect> {
        let (member, is_sure) = sure(args);
        let who = person(member, NAME_SHOWN);
        let params = OneMember { group, member: member.to_owned() };
        let then = vec![Ask::of::<GroupRemove>(Tag::Done("removed".into()), params)];
        let question = format!(
            "Remove {who} from this group? What they write from then on does not count; what they \
             have, they keep."
        );
        self.window = Some(Window::Asked(Asked::new(question, then)));
        self.answer_yes(is_sure)
    }

    pub(super) fn show_invitations(&mut self) {
        let mut lines = Vec::new();
        for invitation in &self.invitations {
            lines.push(format!(
                "{} invites you to {}",
                person(&invitation.by_name, NAME_SHOWN),
                person(&invitation.name, NAME_SHOWN)
            ));
        }
        if self.invitations.is_empty() {
            lines.push("Nobody invites you to a group.".to_owned());
        } else {
            lines.push(String::new());
            lines.push("/group join NAME, or /group decline NAME".to_owned());
        }
        lines.push(String::new());
        let groups: Vec<String> = self
            .chats
            .all()
            .iter()
            .filter(|chat| chat.is_group())
            .map(|chat| format!("  {}", chat.name(NAME_SHOWN)))
            .collect();
        if groups.is_empty() {
            lines.push("To begin one: /group create NAME CONTACT…".to_owned());
        } else {
            lines.push("Your groups:".to_owned());
            lines.extend(groups);
        }
        self.pager("Groups", lines);
    }

    /// Notes what the members of a group call themselves: only by that name they are named for their own
    /// device, whatever we call them.
    fn note_members(&mut self, group: &Group) {
        let others = group.members.iter().filter(|member| !member.is_me);
        let names = others.map(|member| {
            let own = self.contacts.get(&member.id).and_then(|contact| contact.own_name.clone());
            own.unwrap_or_else(|| member.name.clone())
        });
        let names = names.collect();
        if let Some(chat) = self.chats.get_mut(&group.conversation.id) {
            chat.members = names;
        }
    }

    pub(super) fn show_group(&mut self, group: &Group) {
        self.note_members(group);
        let standing = group.conversation.group.as_ref();
        let mut lines = Vec::new();
        if let Some(topic) = standing.map(|of| one_line(&of.topic)).filter(|of| !of.is_empty()) {
            lines.push(topic);
        }
        let you = match standing {
            Some(of) if of.role.is_some() && !of.joined => {
                "You have not joined it: /group join NAME".to_owned()
            }
            Some(of) if of.role.is_some() => {
                format!("You are {}.", role(of.role.unwrap_or(GroupRole::Unknown)))
            }
            _ => "You are out of it.".to_owned(),
        };
        lines.push(you);
        lines.push("New members get everything.".to_owned());
        lines.push(String::new());
        lines.extend(group.members.iter().map(member));
        if let Some(change) = &group.audience_change {
            lines.push(String::new());
            lines.push(format!("Since you last wrote from here: {}", changed(change)));
        }
        self.pager(&person(&group.conversation.name, NAME_SHOWN), lines);
    }

    /// Asks who reads in the group that is open now, if one is.
    pub(super) fn ask_who_reads(&self) -> Option<Effect> {
        let group = self.open_group()?;
        Some(Ask::of::<GroupShow>(Tag::Readers, OneGroup { group }))
    }

    /// What to say before one writes where others read now than the last time.
    pub(super) fn told_of_readers(&mut self, group: &Group) {
        self.note_members(group);
        let is_open = self.open_group().is_some_and(|open| open == group.conversation.id);
        if let (Some(change), true) = (&group.audience_change, is_open) {
            self.say(format!("since you last wrote here: {}", changed(change)));
        }
    }

    pub(super) fn show_audience(&mut self, audience: &Audience) {
        let mut lines = vec![if audience.recorded {
            "Its author wrote it for these devices:".to_owned()
        } else {
            "Whoever is in the conversation may read it, now:".to_owned()
        }];
        lines.push(String::new());
        for reader in &audience.readers {
            let who =
                if reader.is_me { "You".to_owned() } else { person(&reader.name, NAME_SHOWN) };
            let devices = u64::try_from(reader.devices.len()).unwrap_or(u64::MAX);
            let devices = words::DEVICE.count(devices);
            let state = reader
                .state
                .map_or(String::new(), |state| format!(", {}", crate::view::message::state(state)));
            let gone = if reader.is_member { "" } else { ", not in it any more" };
            lines.push(format!("  {who}: {devices}{state}{gone}"));
        }
        self.pager("For whom it is", lines);
    }
}

const fn role(role: GroupRole) -> &'static str {
    match role {
        GroupRole::Owner => "an owner",
        GroupRole::Admin => "an admin",
        GroupRole::Member => "a member",
        GroupRole::Unknown => "in a role of a newer kind",
    }
}

fn member(member: &GroupMember) -> String {
    let who = if member.is_me { "You".to_owned() } else { person(&member.name, NAME_SHOWN) };
    let joined = if member.joined { "" } else { ", invited" };
    let here = match member.connected {
        _ if member.is_me => "",
        true => ", connected",
        false => ", not connected",
    };
    format!("  {who}: {}{joined}{here}", role(member.role))
}

fn changed(change: &AudienceChange) -> String {
    let names = |names: &[String]| {
        names.iter().map(|name| person(name, NAME_SHOWN)).collect::<Vec<_>>().join(", ")
    };
    let added =
        (!change.added.is_empty()).then(|| format!("{} can read it too", names(&change.added)));
    let removed =
        (!change.removed.is_empty()).then(|| format!("{} no longer", names(&change.removed)));
    added.into_iter().chain(removed).collect::<Vec<_>>().join("; ")
}

/// The words of a line; what stands between double quotes is one.
fn quoted(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_name_of_several_words_stands_between_quotes() {
        assert_eq!(quoted("Band bob \"Cleo of Rome\" eve"), ["Band", "bob", "Cleo of Rome", "eve"]);
        assert_eq!(quoted("\"never closed"), ["never closed"]);
        assert_eq!(quoted("  \"\" "), [""; 0]);
    }
}
