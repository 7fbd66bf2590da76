//! Forks: found, kept, told.

use super::exchange::page;
use super::{Handled, Node, Peer};
use crate::entry::Seq;
use crate::env::Env;
use crate::fork::{Fork, ForkFault};
use crate::ids::{ConversationId, DeviceId};
use crate::input::Link;
use crate::log::Run;
use crate::output::Event;
use crate::store::StoreError;
use crate::sync::ranges::Range;
use crate::violation::Violation;
use crate::wire::message::Message;

impl Node {
    /// A run names another entry at a place than what is here does: the entry there, or the one
    /// after it by its backlink. If its author signed it, the author has two entries at one place;
    /// if not, whoever sent it lies.
    pub(super) fn forked(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
        author: DeviceId,
        at: Seq,
        run: Run,
    ) -> Handled {
        let here = self.conversations.get(&id).and_then(|c| c.here.of(author));
        let places = [Some(at), at.checked_add(1)].into_iter().flatten();
        let place = places.into_iter().find(|at| here.is_some_and(|here| here.contains(*at)));
        let Some(range) = place.and_then(|place| Range::new(place, place)) else {
            return Ok(Ok(()));
        };
        let Some(ours) = page(env.store, id, author, range, u64::MAX)? else { return Ok(Ok(())) };
        match Fork::prove(id, author, ours, run) {
            Ok(fork) => self.take_fork(env, &fork).map(Ok),
            Err(ForkFault::Run(fault)) => Ok(Err(Violation::WrongRun(fault))),
            Err(ForkFault::NoFork) => Ok(Ok(())),
        }
    }

    /// Somebody shows us a fork.
    pub(super) fn told_fork(&mut self, env: &mut Env<'_>, from: Peer, fork: &Fork) -> Handled {
        let id = fork.conversation();
        if self.account() == Some(from.account) && !self.conversations.contains_key(&id) {
            return Ok(Ok(()));
        }
        if let Err(violation) = self.hears(from, id) {
            return Ok(Err(violation));
        }
        if self.account_of(id, fork.author()).is_none() {
            return Ok(Ok(()));
        }
        if let Some(session) = from.link.and_then(|link| self.sessions.get_mut(&link)) {
            // What proved it may have been all that they did not keep: what counts of it they want
            // again.
            session.sent.remove(&(id, fork.author()));
        }
        self.take_fork(env, fork).map(Ok)
    }

    /// Keeps the proof with the lowest place, and tells everybody. Then what is left is compared:
    /// the logs may differ still further down.
    fn take_fork(&mut self, env: &mut Env<'_>, fork: &Fork) -> Result<(), StoreError> {
        let (id, author, at) = (fork.conversation(), fork.author(), fork.at());
        let Some(conversation) = self.conversations.get_mut(&id) else { return Ok(()) };
        if conversation.forks.get(&author).is_some_and(|known| known.at() <= at) {
            return Ok(());
        }
        conversation.forks.insert(author, fork.clone());
        env.store.put_fork(fork)?;
        self.hide(env, id, author, at)?;
        self.refresh_groups(env)?;
        self.refresh_cuts(env)?;
        self.complete(env, id, None, true)?;
        self.tell(Event::Fork { conversation: id, author, at });
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            let Some(peer) = self.peer(link).filter(|_| self.ready(link).is_some()) else {
                continue;
            };
            if self.member(peer, id).is_ok() {
                self.send_fork(link, fork);
                self.send_have(link, id, Some(author), true);
            }
        }
        if self.device() == Some(author) { self.retire(env) } else { Ok(()) }
    }

    /// Finds where logs end that were cut off.
    pub(super) fn refresh_cuts(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let mut cuts = Vec::new();
        for (id, conversation) in &self.conversations {
            for (author, tip) in &conversation.tips {
                let height = self.kept(*id, *author);
                if height < tip.seq.get() {
                    let cut = Seq::new(height).map(|seq| env.store.tip(*id, *author, seq));
                    cuts.push((*id, *author, cut.transpose()?.flatten()));
                }
            }
        }
        for (id, author, cut) in cuts {
            let Some(conversation) = self.conversations.get_mut(&id) else { continue };
            match cut {
                Some(tip) => drop(conversation.cuts.insert(author, tip)),
                None => drop(conversation.cuts.remove(&author)),
            }
        }
        Ok(())
    }

    fn send_fork(&mut self, link: Link, fork: &Fork) {
        if !self.may_hear(link, fork.conversation()) {
            return;
        }
        let what = (fork.conversation(), fork.author());
        if let Some(session) = self.sessions.get_mut(&link) {
            session.forks_told.insert(what);
        }
        self.send(link, &Message::Fork(Box::new(fork.clone())));
    }

    /// Shows somebody the forks of a conversation, once.
    pub(super) fn send_forks(&mut self, link: Link, id: ConversationId) {
        let Some(session) = self.sessions.get(&link) else { return };
        let Some(conversation) = self.conversations.get(&id) else { return };
        let is_new = |author: &DeviceId| !session.forks_told.contains(&(id, *author));
        let forks = conversation.forks.iter().filter(|(author, _)| is_new(author));
        let forks: Vec<Fork> = forks.map(|(_, fork)| fork.clone()).collect();
        for fork in &forks {
            self.send_fork(link, fork);
        }
    }

    /// Takes what revocations cut off out of what is shown, also of what is still to come: of all
    /// conversations, or of one.
    pub(super) fn heed_revocations(
        &mut self,
        env: &mut Env<'_>,
        only: Option<ConversationId>,
    ) -> Result<(), StoreError> {
        let mut cut = Vec::new();
        let is_meant = |id: &ConversationId| only.is_none_or(|only| only == *id);
        for (id, conversation) in self.conversations.iter().filter(|(id, _)| is_meant(id)) {
            for (author, ranges) in conversation.here.iter() {
                let limit = self.limit(*id, author);
                let is_cut = limit < ranges.highest().map_or(0, Seq::get);
                if let Some(from) = Seq::new(limit.saturating_add(1)).filter(|_| is_cut) {
                    cut.push((*id, author, from));
                }
            }
        }
        for (id, author, from) in cut {
            self.hide(env, id, author, from)?;
        }
        self.refresh_cuts(env)
    }
}
