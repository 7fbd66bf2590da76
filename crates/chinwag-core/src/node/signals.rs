//! What passes and is not in any log: read marks, typing, and who is there. Each can be switched
//! off, and whoever does not show it does not see it.

use std::collections::BTreeSet;

use super::commands::Reply;
use super::{Handled, Node, Peer};
use crate::entry::Seq;
use crate::env::Env;
use crate::ids::{AccountId, ConversationId};
use crate::input::Link;
use crate::output::{Answer, Event, GroupRefusal, Refusal};
use crate::store::StoreError;
use crate::sync::frontier::Frontier;
use crate::sync::ranges::{Range, Ranges};
use crate::violation::Violation;
use crate::wire::message::Message;

impl Node {
    /// What is here of a conversation is read: that is kept, told to our other devices, and, if we
    /// share it, to the others.
    pub(super) fn mark_read(&mut self, env: &mut Env<'_>, with: AccountId) -> Reply {
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        let id = self.conversation_with(with).filter(|id| self.conversations.contains_key(id));
        let Some(id) = id else { return Ok(Err(Refusal::NoContact(with))) };
        self.read_all(env, id, own)
    }

    /// What is here of a group is read, and its members may know.
    pub(super) fn mark_read_in(&mut self, env: &mut Env<'_>, id: ConversationId) -> Reply {
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        if self.group(id).is_none() {
            return Ok(Err(Refusal::Group(GroupRefusal::NotMember)));
        }
        self.read_all(env, id, own)
    }

    fn read_all(&mut self, env: &mut Env<'_>, id: ConversationId, own: AccountId) -> Reply {
        let here = self.frontier(id);
        if self.note_read(env, id, own, &here)? {
            self.tell_read(id, None);
        }
        Ok(Ok(Answer::Done))
    }

    /// An account has read up to there, says one of its devices.
    pub(super) fn told_read(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        frontier: &Frontier,
    ) -> Handled {
        let is_ours = self.account() == Some(from.account);
        match self.hears(from, id) {
            Err(violation) => return Ok(Err(violation)),
            Ok(false) if self.group(id).is_some() && self.config.shares_reads => {
                // They may be a member by what is not here yet.
                self.note_ahead(from.link, id, frontier, true);
                return Ok(Ok(()));
            }
            Ok(false) => return Ok(Ok(())),
            Ok(true) => {}
        }
        if !is_ours && !self.config.shares_reads {
            return Ok(Ok(()));
        }
        self.note_ahead(from.link, id, frontier, false);
        if self.note_read(env, id, from.account, frontier)? && is_ours {
            self.tell_read(id, from.link);
        }
        Ok(Ok(()))
    }

    /// What was read and is not here yet is remembered until it is: it is said once.
    fn note_ahead(
        &mut self,
        link: Option<Link>,
        id: ConversationId,
        frontier: &Frontier,
        is_early: bool,
    ) {
        let is_ahead =
            is_early || frontier.iter().any(|(author, r)| r.height() > self.height(id, author));
        let Some(session) = link.and_then(|link| self.sessions.get_mut(&link)) else { return };
        if is_ahead {
            session.reads_ahead.insert(id, frontier.clone());
        } else {
            session.reads_ahead.remove(&id);
        }
    }

    /// More is here of a conversation: some of it they had read before it came.
    pub(super) fn read_after_all(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let ahead = self.sessions.iter().filter_map(|(link, session)| {
            Some((*link, session.account()?, session.reads_ahead.get(&id)?.clone()))
        });
        let is_in = |account| self.group(id).is_none_or(|state| state.role(account).is_some());
        let ahead =
            ahead.filter(|(_, account, _)| self.account() == Some(*account) || is_in(*account));
        for (link, account, frontier) in ahead.collect::<Vec<_>>() {
            let is_ours = self.account() == Some(account);
            if self.note_read(env, id, account, &frontier)? && is_ours {
                self.tell_read(id, Some(link));
            }
        }
        Ok(())
    }

    /// Keeps what an account has read, of logs that are known and as far as they are here. False:
    /// nothing of it is new.
    fn note_read(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        account: AccountId,
        frontier: &Frontier,
    ) -> Result<bool, StoreError> {
        let heights: Vec<_> = frontier
            .iter()
            .map(|(author, ranges)| (author, ranges.height().min(self.height(id, author))))
            .collect();
        let Some(conversation) = self.conversations.get_mut(&id) else { return Ok(false) };
        let before = conversation.reads.get(&account).cloned().unwrap_or_default();
        let mut read = before.clone();
        for (author, height) in &heights {
            if let Some(height) = Seq::new(*height) {
                read.merge(*author, &Ranges::of(Range::up_to(height)));
            }
        }
        if read == before {
            return Ok(false);
        }
        env.store.put_read(id, account, &read)?;
        conversation.reads.insert(account, read.clone());
        if self.account() == Some(account) {
            // The time of what we wrote begins when somebody else has it.
            for (author, _) in heights {
                if self.is_ours(author) {
                    continue;
                }
                let (from, to) = (before.height(author), read.height(author));
                self.begin_to_disappear(env, id, author, from, to)?;
            }
        }
        self.tell(Event::Read { conversation: id, account, frontier: read });
        Ok(true)
    }

    fn tell_read(&mut self, id: ConversationId, except: Option<Link>) {
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links.into_iter().filter(|link| Some(*link) != except) {
            self.send_read(link, id);
        }
    }

    /// Tells somebody what we have read, if they may know.
    pub(super) fn send_read(&mut self, link: Link, id: ConversationId) {
        let Some(account) = self.ready(link) else { return };
        if let Some(read) = self.read_for(account, id) {
            self.send(link, &read);
        }
    }

    /// What we have read, for an account that may know.
    pub(super) fn read_for(&self, account: AccountId, id: ConversationId) -> Option<Message> {
        let (own, conversation) = (self.account()?, self.conversations.get(&id)?);
        let may_know = account == own || (conversation.has(account) && self.config.shares_reads);
        let read = conversation.reads.get(&own).filter(|_| may_know)?;
        Some(Message::Read { conversation: id, frontier: read.clone() })
    }

    pub(super) fn type_to(&mut self, to: AccountId, is_on: bool) -> Result<Answer, Refusal> {
        let id = self.conversation_with(to).filter(|_| self.is_contact(to));
        let id = id.ok_or(Refusal::NoContact(to))?;
        if self.config.shares_typing {
            self.send_to_all(&Message::Typing { conversation: id, is_on }, |account| account == to);
        }
        Ok(Answer::Done)
    }

    /// Tells the members of a group that we are typing there, or no longer.
    pub(super) fn type_in(&mut self, id: ConversationId, is_on: bool) -> Result<Answer, Refusal> {
        let own = self.account();
        let state = self.group(id).filter(|state| own.is_some_and(|own| state.role(own).is_some()));
        let state = state.ok_or(Refusal::Group(GroupRefusal::NotMember))?;
        let others: BTreeSet<AccountId> =
            state.members.keys().copied().filter(|member| Some(*member) != own).collect();
        if self.config.shares_typing {
            let typing = Message::Typing { conversation: id, is_on };
            self.send_to_all(&typing, |account| others.contains(&account));
        }
        Ok(Answer::Done)
    }

    pub(super) fn be_present(&mut self, is_active: bool) -> Answer {
        if self.config.shares_presence {
            self.send_to_all(&Message::Presence { is_active }, |_| true);
        }
        Answer::Done
    }

    fn send_to_all(&mut self, message: &Message, is_for: impl Fn(AccountId) -> bool) {
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            if self.ready(link).is_some_and(&is_for) {
                self.send(link, message);
            }
        }
    }

    pub(super) fn told_typing(
        &mut self,
        from: Peer,
        id: ConversationId,
        is_on: bool,
    ) -> Result<(), Violation> {
        if !self.hears(from, id)? {
            return Ok(());
        }
        if self.config.shares_typing && Some(from.account) != self.account() {
            self.tell(Event::Typing { conversation: id, account: from.account, is_on });
        }
        Ok(())
    }

    pub(super) fn told_presence(&mut self, from: Peer, is_active: bool) {
        if self.config.shares_presence {
            let (account, device) = (from.account, from.device);
            self.tell(Event::Presence { account, device, is_active });
        }
    }
}
