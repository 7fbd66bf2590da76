//! Groups that somebody let us into. Each waits until somebody here accepts or declines it: until then
//! nothing of it is fetched, and it takes the place of no group that we are in.

use super::commands::Reply;
use super::{Node, Peer};
use crate::env::Env;
use crate::ids::{AccountId, ConversationId};
use crate::input::Link;
use crate::log::Run;
use crate::membership::{Creation, creation_of};
use crate::output::{Answer, Event, GroupRefusal, Refusal};
use crate::store::{Invitation, StoreError};
use crate::wire::limits::{DECLINED_MAX, GROUPS_MAX, INVITATIONS_MAX, INVITATIONS_OF_ONE_MAX};

impl Node {
    /// Invitations that nobody has answered yet, each with how the group begins.
    pub fn invitations(&self) -> impl Iterator<Item = (&Invitation, Creation)> {
        let open = self.invitations.values().filter(|invitation| invitation.answer.is_none());
        open.filter_map(|invitation| Some((invitation, creation_of(&invitation.creation)?)))
    }

    /// Brings the invitations into memory, and the groups of those that were accepted.
    pub(super) fn load_invitations(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        for invitation in env.store.invitations()? {
            let (id, is_accepted) = (invitation.group, invitation.answer == Some(true));
            if is_accepted && self.config.takes_groups {
                self.begin_with(env, id, &invitation.creation)?;
            }
            self.invitations.insert(id, invitation);
        }
        Ok(())
    }

    /// Whether anybody asked us into a group that is not here.
    pub(super) fn is_invited_to(&self, id: ConversationId) -> bool {
        self.invitations.contains_key(&id)
    }

    /// Somebody lets us into a group: that waits for an answer, if there is room for it. Of those
    /// that were declined none comes again.
    pub(super) fn invited(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
        run: &Run,
        creation: Creation,
    ) -> Result<(), StoreError> {
        let open = || self.invitations.values().filter(|invitation| invitation.answer.is_none());
        let of_one = open().filter(|invitation| invitation.by == from.account).count();
        let is_full = open().count() >= INVITATIONS_MAX || of_one >= INVITATIONS_OF_ONE_MAX;
        if is_full || self.invitations.contains_key(&id) || !self.config.takes_groups {
            return Ok(());
        }
        let (by, received, creation_run) = (from.account, env.wall, run.clone());
        let invitation =
            Invitation { group: id, by, creation: creation_run, received, answer: None };
        env.store.put_invitation(&invitation)?;
        self.invitations.insert(id, invitation);
        self.tell(Event::Invited { group: id, by, name: creation.name });
        Ok(())
    }

    /// Joins a group that we were let into: at once, or, where it is not known here that we were, as
    /// soon as it is.
    pub(super) fn accept_invitation(&mut self, env: &mut Env<'_>, id: ConversationId) -> Reply {
        if self.own.is_none() {
            return Ok(Err(Refusal::NoAccount));
        }
        let Some(mut invitation) = self.invitations.get(&id).cloned() else {
            return Ok(self.join_group(env, id)?.map(|()| Answer::Done));
        };
        if self.groups().count() >= GROUPS_MAX && self.group(id).is_none() {
            return Ok(Err(Refusal::Group(GroupRefusal::TooManyGroups)));
        }
        invitation.answer = Some(true);
        env.store.put_invitation(&invitation)?;
        self.begin_with(env, id, &invitation.creation)?;
        self.invitations.insert(id, invitation);
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            self.ask_for_accounts_on(link);
            self.send_have(link, id, None, true);
            self.ask(env.mono, link);
        }
        Ok(Ok(Answer::Done))
    }

    /// Wants nothing of a group that we were let into.
    pub(super) fn decline_invitation(&mut self, env: &mut Env<'_>, id: ConversationId) -> Reply {
        if self.drop_ticket(env, id)? {
            self.forget_invitation(env, id)?;
            return Ok(Ok(Answer::Done));
        }
        let open = self.invitations.get_mut(&id).filter(|invitation| invitation.answer.is_none());
        let Some(invitation) = open else {
            return Ok(Err(Refusal::Group(GroupRefusal::NotInvited)));
        };
        invitation.answer = Some(false);
        env.store.put_invitation(invitation)?;
        let declined = self.invitations.values().filter(|i| i.answer == Some(false));
        let declined: Vec<_> = declined.map(|i| (i.received, i.group)).collect();
        if declined.len() > DECLINED_MAX
            && let Some((_, oldest)) = declined.into_iter().min()
        {
            self.forget_invitation(env, oldest)?;
        }
        Ok(Ok(Answer::Done))
    }

    /// There is nothing more to answer.
    pub(super) fn forget_invitation(
        &mut self,
        env: &mut Env<'_>,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        match self.invitations.remove(&id) {
            Some(_) => env.store.remove_invitation(id),
            None => Ok(()),
        }
    }

    /// Forgets to what somebody has invited us.
    pub(super) fn forget_invitations_of(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let theirs = self.invitations.values().filter(|i| i.by == account && i.answer.is_none());
        let theirs: Vec<ConversationId> = theirs.map(|invitation| invitation.group).collect();
        theirs.into_iter().try_for_each(|id| self.forget_invitation(env, id))
    }

    /// Joins the groups that were accepted and of which it is known now that we were let in.
    pub(super) fn join_accepted(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        self.forget_used_tickets(env)?;
        let Some(own) = self.account().filter(|_| !self.is_in_doubt(None)) else { return Ok(()) };
        let accepted = self.invitations.values().filter(|i| i.answer == Some(true));
        let ids: Vec<ConversationId> = accepted.map(|invitation| invitation.group).collect();
        for id in ids {
            let is_in = self.group(id).is_some_and(|state| state.members.contains_key(&own));
            if is_in && self.join_group(env, id)?.is_ok() {
                self.forget_invitation(env, id)?;
            }
        }
        Ok(())
    }
}
