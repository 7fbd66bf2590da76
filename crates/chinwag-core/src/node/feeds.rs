//! Who feeds whom in groups: what the [spread](crate::sync::spread) of a group decides, on live connections.

use super::exchange::Taken;
use super::session::Session;
use super::{Node, Peer};
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::input::Link;
use crate::sync::spread::Change;
use crate::time::Mono;
use crate::wire::message::{Have, Message};

impl Node {
    /// They say what of a group they want to be fed, or not. Of authors that nobody knows nothing is noted.
    pub(super) fn told_feed(
        &mut self,
        from: Peer,
        id: ConversationId,
        author: Option<DeviceId>,
        is_on: bool,
    ) {
        let is_known = author.is_none_or(|author| self.account_of(id, author).is_some());
        self.begin_feeds(from, id);
        let group = self.group_in_mut(id).filter(|_| is_known);
        if let Some((group, link)) = group.zip(from.link) {
            group.spread.told(link, author, is_on);
        }
    }

    /// A group is talked of with a member on a connection.
    fn begin_feeds(&mut self, with: Peer, id: ConversationId) {
        let Some(link) = with.link.filter(|link| self.may_hear(*link, id)) else { return };
        let group = self.group_in_mut(id);
        let change = group.and_then(|group| group.spread.begin(link, with.device));
        self.say_feeds(id, change);
    }

    /// They say what they have of a group. What they were asked for and do not have is asked of others.
    pub(super) fn named(&mut self, now: Mono, from: Peer, have: &Have, in_vain: &[DeviceId]) {
        let id = have.conversation;
        self.begin_feeds(from, id);
        let Some(link) = from.link.filter(|link| self.may_hear(*link, id)) else { return };
        if let Some(group) = self.group_in_mut(id) {
            for (author, _) in have.frontier.iter() {
                group.spread.named(author, link);
            }
        }
        for author in in_vain {
            self.was_answered(now, link, id, *author, false);
        }
    }

    /// Somebody answered what they were asked for, with something new or in vain.
    fn was_answered(
        &mut self,
        now: Mono,
        link: Link,
        id: ConversationId,
        author: DeviceId,
        is_new: bool,
    ) {
        if let Some(group) = self.group_in_mut(id) {
            group.spread.answered(author, link, is_new, now);
            self.look_again(now, id, author);
        }
    }

    /// Asks somebody for what is still missing of a log of a group and was named, if it is not waited for.
    fn look_again(&mut self, now: Mono, id: ConversationId, author: DeviceId) {
        let lacks = |link: &Link| self.lacking_of(*link, id, author).is_some();
        let mut links: Vec<Link> = self.sessions.keys().copied().filter(lacks).collect();
        let log = (id, author);
        let is_asked = self.sessions.values().any(|session| session.asked.contains_key(&log));
        let Some(group) = self.group_in_mut(id) else { return };
        if links.is_empty() && !is_asked {
            return group.spread.settled(author);
        }
        group.spread.order(author, &mut links);
        for link in links {
            if self.has_room_to_ask(link) && self.may_ask(now, link, id, author) {
                return self.ask_for(now, link, id, author);
            }
        }
    }

    /// Whether what is new of a log is sent to somebody, or only named.
    pub(super) fn feeds(&self, link: Link, id: ConversationId, author: DeviceId) -> bool {
        let is_ours = self.device() == Some(author);
        self.group_in(id).is_none_or(|group| group.spread.feeds(link, author, is_ours))
    }

    /// Whether something of a log is to be asked for on a connection now. Our own is, at once: we
    /// may be a copy. So is that of somebody who is not known: it says who that is.
    pub(super) fn may_ask(
        &mut self,
        now: Mono,
        link: Link,
        id: ConversationId,
        author: DeviceId,
    ) -> bool {
        let is_ours = self.device() == Some(author);
        let is_known = self.account_of(id, author).is_some();
        let group = self.group_in_mut(id).filter(|_| is_known && !is_ours);
        group.is_none_or(|group| group.spread.may_ask(author, link, now))
    }

    /// Entries of a log came on a connection, asked for or by themselves.
    pub(super) fn was_fed(
        &mut self,
        now: Mono,
        link: Link,
        (id, author): (ConversationId, DeviceId),
        taken: Taken,
        was_asked: bool,
    ) {
        let Some(group) = self.group_in_mut(id) else { return };
        if taken == Taken::New {
            group.spread.came(author, link);
        }
        let is_second = taken == Taken::Known && !was_asked;
        let change = is_second.then(|| group.spread.came_again(author, link)).flatten();
        self.say_feeds(id, change);
        self.was_answered(now, link, id, author, taken == Taken::New);
    }

    /// A connection is gone: what came on it by itself is to come on others.
    pub(super) fn feed_from_others(&mut self, link: Link) {
        let ids: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        for id in ids {
            let changes = self.group_in_mut(id).map(|group| group.spread.end(link));
            self.say_feeds(id, changes.into_iter().flatten());
        }
    }

    /// Who is no member any more neither feeds nor is fed.
    pub(super) fn end_feeds(&mut self, id: ConversationId, account: AccountId) {
        let is_theirs = |session: &Session| session.account() == Some(account);
        let theirs = self.sessions.iter().filter(|(_, session)| is_theirs(session));
        let links: Vec<Link> = theirs.map(|(link, _)| *link).collect();
        for link in links {
            let changes = self.group_in_mut(id).map(|group| group.spread.end(link));
            self.say_feeds(id, changes.into_iter().flatten());
        }
    }

    fn say_feeds(
        &mut self,
        conversation: ConversationId,
        changes: impl IntoIterator<Item = Change<Link, DeviceId>>,
    ) {
        for Change { link, author, is_on } in changes {
            if self.may_hear(link, conversation) {
                self.send(link, &Message::Feed { conversation, author, is_on });
            }
        }
    }

    /// When something that was named is asked for, if it did not come by itself.
    pub(super) fn next_to_ask(&self) -> Option<Mono> {
        let groups = self.groups().filter_map(|(id, _)| self.group_in(id));
        groups.filter_map(|group| group.spread.deadline()).min()
    }

    /// Asks for what was named and did not come by itself, or from whoever was asked.
    pub(super) fn ask_overdue(&mut self, now: Mono) {
        let ids: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        for id in ids {
            let overdue = self.group_in_mut(id).map(|group| group.spread.overdue(now));
            for author in overdue.into_iter().flatten() {
                self.look_again(now, id, author);
            }
        }
    }
}
