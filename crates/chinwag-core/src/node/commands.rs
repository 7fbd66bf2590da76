//! What somebody here wants.

use super::Node;
use crate::body::{Body, Content, body_hash};
use crate::entry::{Header, sign};
use crate::env::Env;
use crate::ids::{AccountId, ConversationId};
use crate::input::Command;
use crate::log::Run;
use crate::output::{Answer, Refusal};
use crate::store::{Invite, StoreError};
use crate::ticket::{Address, Ticket};
use crate::time::{ClaimedTime, Wall};
use crate::wire::limits::INVITES_MAX;

type Reply = Result<Result<Answer, Refusal>, StoreError>;

impl Node {
    pub(super) fn command(&mut self, env: &mut Env<'_>, command: Command) -> Reply {
        match command {
            Command::Init { name, device_name } => self.init(env, name, device_name),
            Command::Invite { is_reusable, lifetime_s, addresses } => {
                self.invite(env, is_reusable, lifetime_s, addresses)
            }
            Command::Redeem(ticket) => self.redeem(env, ticket),
            Command::Say { to, content } => self.say(env, to, content),
        }
    }

    fn invite(
        &mut self,
        env: &mut Env<'_>,
        is_reusable: bool,
        lifetime_s: Option<u32>,
        addresses: Vec<Address>,
    ) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        if self.invites.len() >= INVITES_MAX {
            return Ok(Err(Refusal::TooManyInvites(self.invites.len())));
        }
        let secret = env.random();
        let now_s = u32::try_from(env.wall.get() / 1_000).unwrap_or(u32::MAX);
        let expires_s = lifetime_s.map_or(0, |s| now_s.saturating_add(s).max(1));
        let expires = (expires_s != 0).then(|| Wall::new(u64::from(expires_s) * 1_000));
        let (account, device) = (own.account, own.device);
        let invite = Invite { secret, expires, is_reusable };
        env.store.put_invite(&invite)?;
        self.invites.insert(secret, invite);
        Ok(Ok(Answer::Ticket(Ticket { account, device, secret, expires_s, addresses })))
    }

    /// Notes the ticket, so that it is tried until it is answered, and dials.
    fn redeem(&mut self, env: &mut Env<'_>, ticket: Ticket) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        if ticket.account == own.account {
            return Ok(Err(Refusal::OwnTicket));
        }
        if ticket.is_expired(env.wall) {
            return Ok(Err(Refusal::TicketExpired));
        }
        env.store.put_ticket(&ticket)?;
        self.dial(&ticket);
        self.tickets.insert(ticket.device, ticket);
        Ok(Ok(Answer::Done))
    }

    /// Writes an entry, and hands it to everybody who is connected. It is kept before the reply
    /// is given.
    fn say(&mut self, env: &mut Env<'_>, to: AccountId, content: Content) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        if !self.contacts.contains_key(&to) {
            return Ok(Err(Refusal::NoContact(to)));
        }
        let (device, conversation) = (own.device, ConversationId::direct(own.account, to));
        let kind = content.kind();
        let body = match Body::new(env.random(), content) {
            Ok(body) => body.to_bytes(),
            Err(error) => return Ok(Err(error.into())),
        };
        let Some(state) = self.conversations.get(&conversation) else {
            return Ok(Err(Refusal::NoContact(to)));
        };
        let header = Header {
            conversation,
            author: device,
            place: state.next_place(device),
            parents: state.parents(device),
            claimed: ClaimedTime::from(env.wall),
            lifetime_s: 0,
            kind,
            // A body is within half a mebibyte.
            body_len: u32::try_from(body.len()).unwrap_or(u32::MAX),
            body_hash: body_hash(&body),
        };
        let id = header.id();
        let signature = sign(&own.device_key, id);
        let run = Run { entries: vec![(header, Some(body))], signature };
        match run.check(conversation, device, state.base(device)) {
            Ok(checked) => self.accept(env, conversation, device, &checked, None)?,
            Err(fault) => return Err(StoreError(format!("our own log is wrong: {fault}"))),
        }
        Ok(Ok(Answer::Entry(id)))
    }
}
