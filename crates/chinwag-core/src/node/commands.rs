//! What somebody here wants.

use super::Node;
use super::conversation::content_of;
use crate::body::Content;
use crate::env::Env;
use crate::ids::{AccountId, ClientId, ConversationId};
use crate::input::{Command, Token};
use crate::output::{Answer, Output, Refusal};
use crate::store::{Asked, StoreError, StoredEntry};
use crate::wire::limits::HELD_MAX;

pub(super) type Reply = Result<Result<Answer, Refusal>, StoreError>;

impl Node {
    /// Takes a command, or holds it back: while a device says that our log goes on further than we
    /// know, we must not write into it.
    pub(super) fn ordered(
        &mut self,
        env: &mut Env<'_>,
        token: Token,
        command: Command,
    ) -> Result<(), StoreError> {
        if self.must_wait(&command) {
            if self.held.len() < HELD_MAX {
                self.held.push_back((token, command));
            } else {
                self.outputs.push_back(Output::Reply(token, Err(Refusal::Busy)));
            }
            return Ok(());
        }
        self.obey(env, token, command)
    }

    /// Takes what was held back, once it is known what to make of it.
    pub(super) fn release_held(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        while self.held.front().is_some_and(|(_, command)| !self.must_wait(command)) {
            if let Some((token, command)) = self.held.pop_front() {
                self.obey(env, token, command)?;
            }
        }
        Ok(())
    }

    /// Whether a command would write where it is in doubt how far our log goes: what people say
    /// waits for any doubt, and what only our own devices read for theirs. So nobody else can keep
    /// us from blocking them.
    fn must_wait(&self, command: &Command) -> bool {
        match command {
            Command::Presence(_)
            | Command::Typing(..)
            | Command::TypingIn(..)
            | Command::Introduce => false,
            Command::Say { .. }
            | Command::CreateGroup(_)
            | Command::Grant { .. }
            | Command::Remove { .. }
            | Command::JoinGroup(_)
            | Command::SetGroup(..)
            | Command::SayInGroup { .. }
            | Command::MakeTicket { .. }
            | Command::RevokeTicket { .. }
            | Command::Edit { .. }
            | Command::React { .. }
            | Command::Retract(_) => self.is_in_doubt(None),
            _ => self.account().is_some_and(|own| self.is_in_doubt(Some(ConversationId::own(own)))),
        }
    }

    fn obey(
        &mut self,
        env: &mut Env<'_>,
        token: Token,
        command: Command,
    ) -> Result<(), StoreError> {
        let reply =
            if self.is_revoked() { Err(Refusal::Revoked) } else { self.command(env, command)? };
        self.outputs.push_back(Output::Reply(token, reply));
        Ok(())
    }

    fn command(&mut self, env: &mut Env<'_>, command: Command) -> Reply {
        match command {
            Command::Init { name, device_name } => self.init(env, name, device_name),
            Command::Restore { account_seed, device_name } => {
                self.restore(env, account_seed, device_name)
            }
            Command::Rename(name) => self.rename(env, name),
            Command::Revoke(device) => self.revoke(env, device),
            Command::Invite { is_reusable, lifetime_s, addresses } => {
                self.invite(env, is_reusable, lifetime_s, addresses)
            }
            Command::Uninvite(secret) => self.uninvite(env, &secret).map(|()| Ok(Answer::Done)),
            Command::Redeem(ticket) => self.redeem(env, ticket),
            Command::Ask { account, device, addresses, text } => {
                self.ask_for_contact(env, Asked { account, device, addresses, text })
            }
            Command::Accept(account) => self.accept_request(env, account),
            Command::Decline(account) => self.decline(env, account),
            Command::Call(account, called) => self.call(env, account, called),
            Command::Verify(account, is_on) => self.verify(env, account, is_on),
            Command::Block(account, is_on) => self.block(env, account, is_on),
            Command::Say { to, content, client_id } => {
                let within = self.conversation_with(to);
                self.say_once(env, within, content, client_id, |node, env, content| {
                    node.say_one(env, to, content)
                })
            }
            Command::CreateGroup(name) => self.create_group(env, name),
            Command::Grant { group, account, right } => self.grant(env, group, account, right),
            Command::Remove { group, account, keeps } => self.remove(env, group, account, keeps),
            Command::JoinGroup(group) => self.accept_invitation(env, group),
            Command::DeclineGroup(group) => self.decline_invitation(env, group),
            Command::MakeTicket { group, lifetime_s, addresses } => {
                self.make_ticket(env, group, lifetime_s, addresses)
            }
            Command::RevokeTicket { group, ticket } => self.revoke_ticket(env, group, ticket),
            Command::UseTicket(ticket) => self.use_ticket(env, ticket),
            Command::SetGroup(group, setting) => self.set_in_group(env, group, setting),
            Command::SayInGroup { group, content, client_id } => {
                self.say_once(env, Some(group), content, client_id, |node, env, content| {
                    node.say_in_group(env, group, content)
                })
            }
            Command::Edit { of, text } => self.edit(env, of, text),
            Command::React { to, emoji, is_on } => self.react(env, to, emoji, is_on),
            Command::Retract(of) => self.retract(env, of),
            Command::MarkRead(with) => self.mark_read(env, with),
            Command::MarkReadIn(group) => self.mark_read_in(env, group),
            Command::TypingIn(group, is_on) => Ok(self.type_in(group, is_on)),
            Command::Typing(to, is_on) => Ok(self.type_to(to, is_on)),
            Command::Presence(is_active) => Ok(Ok(self.be_present(is_active))),
            Command::Export(to) => self.export(env, to),
            Command::ExportGroup(group) => self.export_group(env, group),
            Command::Import(bytes) => self.import(env, &bytes),
            Command::Introduce => self.introduce(env),
            Command::Meet(bytes) => self.meet(env, &bytes),
        }
    }

    /// Says something, or finds that it was said already under the same name.
    fn say_once(
        &mut self,
        env: &mut Env<'_>,
        within: Option<ConversationId>,
        content: Content,
        client_id: Option<ClientId>,
        say: impl FnOnce(&mut Self, &mut Env<'_>, Content) -> Reply,
    ) -> Reply {
        let Some(client_id) = client_id else { return say(self, env, content) };
        if let Some(said) = env.store.said(client_id)? {
            let entry = env.store.entry(said)?;
            return Ok(if is_the_same(entry.as_ref(), within, &content) {
                Ok(Answer::SaidBefore(said))
            } else {
                Err(Refusal::ClientIdUsed(said))
            });
        }
        let reply = say(self, env, content)?;
        if let Ok(Answer::Entry(id)) = &reply {
            env.store.put_said(client_id, *id)?;
        }
        Ok(reply)
    }

    /// What changes an earlier message, or our devices' memory, has commands of its own.
    fn say_one(&mut self, env: &mut Env<'_>, to: AccountId, content: Content) -> Reply {
        match content {
            Content::Edit { of, text } => self.edit(env, of, text),
            Content::Reaction { to, is_on, emoji } => self.react(env, to, emoji, is_on),
            Content::Retraction { of } => self.retract(env, of),
            Content::Contact(change) => Ok(Err(Refusal::NoContact(change.account))),
            content => self.say(env, to, content),
        }
    }
}

/// Whether an entry says this there. Of one whose body is gone nobody can say that it does not.
fn is_the_same(
    entry: Option<&StoredEntry>,
    within: Option<ConversationId>,
    content: &Content,
) -> bool {
    entry.is_some_and(|entry| {
        let body = content_of(entry.header.kind, entry.body.as_deref());
        within == Some(entry.header.conversation)
            && entry.header.kind == content.kind()
            && body.is_none_or(|body| body == *content)
    })
}
