//! Who feeds whom in groups: what the [spread](crate::sync::spread) of a group decides, on live connections.

use super::{Node, Peer};
use crate::ids::{ConversationId, DeviceId};
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

    /// They say what they have of a group. What they were asked for and do not have is not waited for.
    pub(super) fn named(&mut self, from: Peer, have: &Have, answered: &[DeviceId]) {
        let id = have.conversation;
        self.begin_feeds(from, id);
        let Some((group, link)) = self.group_in_mut(id).zip(from.link) else { return };
        for author in answered {
            group.spread.answered(*author, link);
        }
        for (author, _) in have.frontier.iter() {
            group.spread.named(author, link);
        }
    }

    /// Whether what is new of a log is sent to somebody, or only named.
    pub(super) fn feeds(&self, link: Link, id: ConversationId, author: DeviceId) -> bool {
        let is_ours = self.device() == Some(author);
        self.group_in(id).is_none_or(|group| group.spread.feeds(link, author, is_ours))
    }

    /// Whether something of a log is to be asked for on a connection now. Our own is, at once: we
    /// may be a copy.
    pub(super) fn may_ask(
        &mut self,
        now: Mono,
        link: Link,
        id: ConversationId,
        author: DeviceId,
    ) -> bool {
        let is_ours = self.device() == Some(author);
        let group = self.group_in_mut(id).filter(|_| !is_ours);
        group.is_none_or(|group| group.spread.may_ask(author, link, now))
    }

    /// Entries of a log came on a connection: something new, or what was here; asked for, or by themselves.
    pub(super) fn was_fed(
        &mut self,
        link: Link,
        id: ConversationId,
        author: DeviceId,
        is_new: bool,
        was_asked: bool,
    ) {
        let Some(group) = self.group_in_mut(id) else { return };
        group.spread.answered(author, link);
        let change = match (is_new, was_asked) {
            (true, _) => {
                group.spread.came(author, Some(link));
                None
            }
            (false, true) => None,
            (false, false) => group.spread.came_again(author, link),
        };
        self.say_feeds(id, change);
    }

    /// A connection is gone: what came on it by itself is to come on others.
    pub(super) fn feed_from_others(&mut self, link: Link) {
        let ids: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        for id in ids {
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
            self.send(link, &Message::Feed { conversation, author, is_on });
        }
    }

    /// When something that was named is asked for, if it did not come by itself.
    pub(super) fn next_to_ask(&self) -> Option<Mono> {
        let groups = self.groups().filter_map(|(id, _)| self.group_in(id));
        groups.filter_map(|group| group.spread.deadline()).min()
    }

    /// Asks for what was named and did not come by itself.
    pub(super) fn ask_overdue(&mut self, now: Mono) {
        let ids: Vec<ConversationId> = self.groups().map(|(id, _)| id).collect();
        let mut is_overdue = false;
        for id in ids {
            is_overdue |= self.group_in_mut(id).is_some_and(|group| group.spread.is_overdue(now));
        }
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        links.into_iter().filter(|_| is_overdue).for_each(|link| self.ask(now, link));
    }
}
