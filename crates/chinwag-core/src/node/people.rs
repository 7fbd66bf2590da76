//! Whom we know, whom we invited and asked, and who asked us.

use std::collections::BTreeMap;

use super::commands::Reply;
use super::conversation::{With, content_of};
use super::{Node, Peer};
use crate::body::{ContactChange, Content, Kind};
use crate::entry::Position;
use crate::env::Env;
use crate::identity::{AccountLog, Name};
use crate::ids::{AccountId, ConversationId, DeviceId};
use crate::input::Link;
use crate::output::{Answer, Event, Output, Refusal};
use crate::store::{Asked, Contact, Invite, Request, StoreError};
use crate::ticket::{Address, Ticket};
use crate::time::Wall;
use crate::violation::Violation;
use crate::wire::limits::{CONTACTS_MAX, DECLINED_MAX, INVITES_MAX, REQUEST_MAX, REQUESTS_MAX};
use crate::wire::message::{Message, Wish};

impl Node {
    pub(super) fn load_people(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        if let Some(own) = self.account() {
            self.add_conversation(ConversationId::own(own), With::Ourselves);
        }
        for invite in env.store.invites()? {
            self.invites.insert(invite.secret, invite);
        }
        for ticket in env.store.tickets()? {
            self.tickets.insert(ticket.device, ticket);
        }
        for ticket in env.store.group_tickets()? {
            self.group_tickets.insert(ticket.group, ticket);
        }
        for asked in env.store.asked()? {
            self.asked.insert(asked.device, asked);
        }
        for request in env.store.requests()? {
            self.requests.insert(request.account, request);
        }
        for contact in env.store.contacts()? {
            self.know(contact);
        }
        Ok(())
    }

    /// Takes in what is held of somebody, and the conversation with them. Its being there does not
    /// depend on whether they are a contact now: they may have been one.
    fn know(&mut self, contact: Contact) {
        if let Some(id) = self.conversation_with(contact.account) {
            self.add_conversation(id, With::Other(contact.account));
        }
        self.contacts.insert(contact.account, contact);
    }

    pub(super) fn is_contact(&self, account: AccountId) -> bool {
        self.contacts.get(&account).is_some_and(|contact| contact.is_contact)
    }

    pub(super) fn is_blocked(&self, account: AccountId) -> bool {
        self.contacts.get(&account).is_some_and(|contact| contact.is_blocked)
    }

    /// Dials whom tickets and requests lead to. Whoever dials goes on trying.
    pub(super) fn dial_all(&mut self) {
        for ticket in self.tickets.values() {
            let (device, addresses) = (ticket.device, ticket.addresses.clone());
            self.outputs.push_back(Output::Dial { device, addresses });
        }
        for ticket in self.group_tickets.values() {
            let (device, addresses) = (ticket.device, ticket.addresses.clone());
            self.outputs.push_back(Output::Dial { device, addresses });
        }
        self.dial_asked();
    }

    /// Dials whom requests lead to, once we can say what we are called: who has the account from its
    /// words hears that first.
    pub(super) fn dial_asked(&mut self) {
        if !self.is_named() {
            return;
        }
        for asked in self.asked.values() {
            let (device, addresses) = (asked.device, asked.addresses.clone());
            self.outputs.push_back(Output::Dial { device, addresses });
        }
    }

    /// Whether it is known here what our account is called.
    pub(super) fn is_named(&self) -> bool {
        let log = self.account().and_then(|own| self.accounts.get(&own));
        log.is_some_and(|log| log.name().is_some())
    }

    pub(super) fn invite(
        &mut self,
        env: &mut Env<'_>,
        is_reusable: bool,
        lifetime_s: Option<u32>,
        addresses: Vec<Address>,
    ) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        let (account, device) = (own.account, own.device);
        self.forget_ended_invites(env)?;
        if self.invites.len() >= INVITES_MAX {
            return Ok(Err(Refusal::TooManyInvites(self.invites.len())));
        }
        let secret = env.random();
        let now_s = u32::try_from(env.wall.get() / 1_000).unwrap_or(u32::MAX);
        let expires_s = lifetime_s.map_or(0, |s| now_s.saturating_add(s).max(1));
        let expires = (expires_s != 0).then(|| Wall::new(u64::from(expires_s) * 1_000));
        let invite = Invite { secret, expires, is_reusable };
        env.store.put_invite(&invite)?;
        self.invites.insert(secret, invite);
        Ok(Ok(Answer::Ticket(Ticket { account, device, secret, expires_s, addresses })))
    }

    /// Makes room where there is none: what has ended is of no use, unless the clock is wrong.
    fn forget_ended_invites(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        if self.invites.len() < INVITES_MAX {
            return Ok(());
        }
        let has_ended = |i: &&Invite| i.expires.is_some_and(|expires| expires <= env.wall);
        let ended: Vec<_> =
            self.invites.values().filter(has_ended).map(|invite| invite.secret).collect();
        ended.iter().try_for_each(|secret| self.uninvite(env, secret))
    }

    pub(super) fn uninvite(
        &mut self,
        env: &mut Env<'_>,
        secret: &[u8; 16],
    ) -> Result<(), StoreError> {
        env.store.remove_invite(secret)?;
        self.invites.remove(secret);
        Ok(())
    }

    /// Notes the ticket, so that it is tried until it is answered or ends, and dials.
    pub(super) fn redeem(&mut self, env: &mut Env<'_>, ticket: Ticket) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        if ticket.device == own.device {
            return Ok(Err(Refusal::OwnTicket));
        }
        if ticket.is_expired(env.wall) {
            return Ok(Err(Refusal::TicketExpired));
        }
        if ticket.is_card() && ticket.account != own.account {
            let Ticket { account, device, addresses, .. } = ticket;
            return self
                .ask_for_contact(env, Asked { account, device, addresses, text: String::new() });
        }
        if self.contacts.len() >= CONTACTS_MAX {
            return Ok(Err(Refusal::TooManyContacts(self.contacts.len())));
        }
        env.store.put_ticket(&ticket)?;
        self.greet_anew(ticket.account, ticket.device);
        let (device, addresses) = (ticket.device, ticket.addresses.clone());
        self.outputs.push_back(Output::Dial { device, addresses });
        self.tickets.insert(device, ticket);
        Ok(Ok(Answer::Done))
    }

    /// Notes whom we ask, so that it is tried until it is answered, and dials.
    pub(super) fn ask_for_contact(&mut self, env: &mut Env<'_>, asked: Asked) -> Reply {
        let Some(own) = &self.own else { return Ok(Err(Refusal::NoAccount)) };
        if asked.account == own.account {
            return Ok(Err(Refusal::OwnTicket));
        }
        if asked.text.len() > REQUEST_MAX {
            return Ok(Err(Refusal::RequestTooLong(asked.text.len())));
        }
        if self.requests.contains_key(&asked.account) {
            // They have asked us.
            return self.accept_request(env, asked.account);
        }
        env.store.put_asked(&asked)?;
        self.greet_anew(asked.account, asked.device);
        let (device, addresses) = (asked.device, asked.addresses.clone());
        if self.is_named() {
            self.outputs.push_back(Output::Dial { device, addresses });
        }
        self.asked.insert(device, asked);
        Ok(Ok(Answer::Done))
    }

    /// Somebody who is no contact may be connected already, as one who is in a group with us, or was when
    /// the connection began: what brings us to them now is said at the beginning of another.
    fn greet_anew(&mut self, account: AccountId, device: DeviceId) {
        if !self.is_contact(account) {
            self.close_to(device);
        }
    }

    /// Closes the connections to a device: what brings us there now is said at the beginning of another.
    pub(super) fn close_to(&mut self, device: DeviceId) {
        let of_device = self.sessions.iter().filter(|(_, session)| session.device == device);
        let links: Vec<Link> = of_device.map(|(link, _)| *link).collect();
        for link in links {
            self.close(link, None);
        }
    }

    /// What brings us to a device.
    pub(super) fn wish(&self, device: DeviceId) -> Wish {
        if let Some(ticket) = self.tickets.get(&device) {
            return Wish::Redeem(ticket.secret);
        }
        if let Some(wish) = self.wish_to_join(device) {
            return wish;
        }
        let asked = self.asked.get(&device);
        let asked = asked.filter(|asked| !self.is_contact(asked.account) && self.is_named());
        asked.map_or(Wish::Nothing, |asked| Wish::Request(asked.text.clone()))
    }

    /// What brings a bundle to a device of an account: the ticket that leads to it, or, when it has
    /// gone on as another since, to the account.
    pub(super) fn wish_by_bundle(&self, account: AccountId, device: DeviceId, now: Wall) -> Wish {
        let of_account = self.tickets.values().filter(|ticket| ticket.account == account);
        let leads_there = |ticket: &&Ticket| {
            ticket.device == device || !self.is_device_of(account, ticket.device, now)
        };
        of_account
            .into_iter()
            .find(leads_there)
            .map_or(Wish::Nothing, |ticket| Wish::Redeem(ticket.secret))
    }

    /// Whether our own ticket or request leads to them: to whatever device of theirs, for the one
    /// that made the ticket may have gone on as another.
    pub(super) fn is_awaited(&self, account: AccountId) -> bool {
        self.tickets.values().any(|ticket| ticket.account == account)
            || self.asked.values().any(|asked| asked.account == account)
    }

    /// The invite that a wish shows, if it is good.
    pub(super) fn invite_of(&self, wish: &Wish, now: Wall) -> Option<&Invite> {
        let Wish::Redeem(secret) = wish else { return None };
        let is_good = |invite: &&Invite| invite.expires.is_none_or(|expires| now < expires);
        self.invites.get(secret).filter(is_good)
    }

    /// Whoever came with an invite is a contact. Whom our own ticket leads to may stay, and is a
    /// contact when they [say so](Self::accepted): to take the sending of their account for a yes
    /// would make a contact of somebody to whom we are none, when the connection breaks there.
    pub(super) fn admit(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        wish: &Wish,
        has_ticket: bool,
    ) -> Result<Result<(), Violation>, StoreError> {
        let invite = match wish {
            Wish::Redeem(secret) => self.invites.get(secret).cloned(),
            _ => None,
        };
        if let Some(Invite { secret, is_reusable: false, .. }) = &invite {
            self.uninvite(env, secret)?;
        }
        if self.is_contact(account) || self.account() == Some(account) {
            return Ok(Ok(()));
        }
        let is_let_in = has_ticket || self.is_fellow(account) || self.leads_to_group(account);
        if invite.is_none() && !self.is_awaited(account) && is_let_in {
            return Ok(Ok(()));
        }
        if invite.is_none() && matches!(wish, Wish::Join { .. }) && !self.is_awaited(account) {
            // It was revoked while their account was on its way.
            return Ok(Err(Violation::TicketNotGood));
        }
        if invite.is_none() && !self.is_awaited(account) {
            // Another came with the same invite while this one's account was on its way.
            return Ok(Err(Violation::NotWelcome));
        }
        // Two who each redeemed a ticket of the other, or asked, both want it, whatever became of the
        // invites.
        let wants_contact = matches!(wish, Wish::Redeem(_) | Wish::Request(_));
        let both_want = wants_contact && self.is_awaited(account);
        if invite.is_some() || both_want {
            self.befriend(env, account)?;
        }
        Ok(Ok(()))
    }

    /// Forgets the tickets and requests that lead to somebody, and by which devices that was.
    fn await_no_more(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
    ) -> Result<Vec<DeviceId>, StoreError> {
        let tickets = self.tickets.values().filter(|ticket| ticket.account == account);
        let asked = self.asked.values().filter(|asked| asked.account == account);
        let devices: Vec<DeviceId> =
            tickets.map(|t| t.device).chain(asked.map(|a| a.device)).collect();
        for device in &devices {
            env.store.remove_ticket(*device)?;
            self.tickets.remove(device);
            env.store.remove_asked(*device)?;
            self.asked.remove(device);
        }
        Ok(devices)
    }

    /// They speak of the conversation with us, so we are their contact, for good: now the ticket
    /// or request that led to them has done its work.
    pub(super) fn accepted(
        &mut self,
        env: &mut Env<'_>,
        from: Peer,
        id: ConversationId,
    ) -> Result<(), StoreError> {
        let is_ours = self.conversation_with(from.account) == Some(id);
        if !is_ours || !self.is_awaited(from.account) {
            return Ok(());
        }
        let done = self.await_no_more(env, from.account)?;
        if let Some(device) = done.into_iter().find(|device| self.leads_to_group_at(*device)) {
            self.close_to(device);
        }
        let is_known = self.is_contact(from.account) || self.account() == Some(from.account);
        if is_known { Ok(()) } else { self.befriend(env, from.account) }
    }

    /// Makes somebody a contact.
    pub(super) fn befriend(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let change = ContactChange { is_contact: true, ..self.as_known(account) };
        self.change(env, change)
    }

    /// What we hold of an account now.
    fn as_known(&self, account: AccountId) -> ContactChange {
        let known = self.contacts.get(&account);
        ContactChange {
            account,
            called: known.and_then(|contact| contact.called.clone()),
            is_contact: known.is_some_and(|contact| contact.is_contact),
            is_verified: known.is_some_and(|contact| contact.is_verified),
            is_blocked: known.is_some_and(|contact| contact.is_blocked),
        }
    }

    /// Writes what we hold of an account where all our devices read it. It takes effect as it does
    /// on the others.
    fn change(&mut self, env: &mut Env<'_>, change: ContactChange) -> Result<(), StoreError> {
        let Some(own) = self.account() else { return Ok(()) };
        let written = self.write(env, ConversationId::own(own), Content::Contact(change))?;
        written.map(drop).map_err(|error| StoreError(error.to_string()))
    }

    /// One of our devices says what to hold of an account: the change that stands last counts. Of
    /// ourselves there is nothing to hold.
    pub(super) fn changed(
        &mut self,
        env: &mut Env<'_>,
        decided: Position,
        change: ContactChange,
    ) -> Result<(), StoreError> {
        let before = self.contacts.get(&change.account);
        let is_full = before.is_none() && self.contacts.len() >= CONTACTS_MAX;
        let is_old = before.is_some_and(|before| before.decided >= decided);
        if is_full || is_old || self.account() == Some(change.account) {
            return Ok(());
        }
        self.hold(env, contact_by(change, decided))
    }

    /// Keeps what is held of somebody from now on, and does what follows from it.
    fn hold(&mut self, env: &mut Env<'_>, contact: Contact) -> Result<(), StoreError> {
        let Contact { account, is_contact, is_blocked, .. } = contact;
        let was_contact = self.is_contact(account);
        env.store.put_contact(&contact)?;
        self.know(contact);
        if let Some(id) = self.conversation_with(account).filter(|id| self.dormant.remove(id)) {
            self.load_conversations(env, Some(id))?;
        }
        if is_contact && self.requests.remove(&account).is_some() {
            env.store.remove_request(account)?;
        }
        if is_blocked {
            // Whom we asked does not hear who that was, if they have not yet.
            let mut theirs = self.await_no_more(env, account)?;
            theirs.extend(self.forget_tickets_of(env, account)?);
            theirs.extend(
                self.accounts.get(&account).into_iter().flat_map(AccountLog::known_devices),
            );
            self.close_unproven(&theirs);
        }
        if is_blocked || (was_contact && !is_contact) {
            self.close_all(account);
        }
        if is_contact && !was_contact {
            self.tell(Event::Contact { account });
            self.greet(account);
        } else {
            self.tell(Event::ContactChanged { account });
        }
        Ok(())
    }

    /// A log of our own devices was cut off: what is held of people is what the changes say that
    /// still count. So all our devices hold the same, whatever they had heard before.
    pub(super) fn hold_anew(&mut self, env: &mut Env<'_>) -> Result<(), StoreError> {
        let Some(own) = self.account() else { return Ok(()) };
        let mut counting: BTreeMap<AccountId, Contact> = BTreeMap::new();
        let mut before = None;
        while let Some(entry) =
            env.store.latest_before(ConversationId::own(own), Kind::CONTACT, before)?
        {
            let position = entry.position();
            before = Some(position);
            if let Some(Content::Contact(change)) = content_of(Kind::CONTACT, entry.body.as_deref())
                && change.account != own
                && counting.len() < CONTACTS_MAX
            {
                counting.entry(change.account).or_insert_with(|| contact_by(change, position));
            }
        }
        let is_gone = |account: &&AccountId| !counting.contains_key(*account);
        let gone: Vec<AccountId> = self.contacts.keys().filter(is_gone).copied().collect();
        gone.into_iter().try_for_each(|account| self.let_go(env, account))?;
        for (account, contact) in counting {
            if self.contacts.get(&account) != Some(&contact) {
                self.hold(env, contact)?;
            }
        }
        Ok(())
    }

    /// Holds nothing of somebody any more, as if there had never been anything. What was said stays
    /// in the store, for when they are met again.
    fn let_go(&mut self, env: &mut Env<'_>, account: AccountId) -> Result<(), StoreError> {
        env.store.remove_contact(account)?;
        self.contacts.remove(&account);
        self.close_all(account);
        if let Some(id) = self.conversation_with(account)
            && self.conversations.remove(&id).is_some()
        {
            self.dormant.insert(id);
        }
        self.tell(Event::ContactChanged { account });
        Ok(())
    }

    /// Somebody is new here: all who are connected and know of them are told what is here.
    fn greet(&mut self, account: AccountId) {
        let Some(id) = self.conversation_with(account) else { return };
        let own = self.account();
        let links: Vec<Link> = self.sessions.keys().copied().collect();
        for link in links {
            let ready = self.ready(link);
            if let Some(account_there) = ready
                && ready == own
            {
                // Our other devices know their account log.
                self.send(link, &Message::Accounts(self.digests_for(account_there)));
            }
            if ready.is_some() && (ready == Some(account) || ready == own) {
                self.send_have(link, id, None, true);
            }
        }
    }

    /// Whether a request of a stranger is taken in: of one who was declined none is.
    pub(super) fn has_room_for_request(&self, account: AccountId) -> bool {
        match self.requests.get(&account) {
            Some(known) => !known.is_declined,
            None => self.requests().count() < REQUESTS_MAX,
        }
    }

    /// A stranger's request: kept until somebody looks at it, in place of an earlier one of
    /// theirs. When there is no room it is lost: they ask again.
    pub(super) fn requested(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        device: DeviceId,
        name: Name,
        text: String,
    ) -> Result<(), StoreError> {
        let known = self.requests.get(&account);
        let is_same = known.is_some_and(|known| known.text == text && known.name == name);
        if is_same || !self.has_room_for_request(account) {
            return Ok(());
        }
        let received = env.wall;
        let (said, by) = (text.clone(), name.clone());
        let request =
            Request { account, device, name: by, text: said, received, is_declined: false };
        env.store.put_request(&request)?;
        self.requests.insert(account, request);
        self.tell(Event::Request { account, name, text });
        Ok(())
    }

    /// Makes a contact of somebody who asked, and looks for them to say so.
    pub(super) fn accept_request(&mut self, env: &mut Env<'_>, account: AccountId) -> Reply {
        let Some(device) = self.requests.get(&account).map(|request| request.device) else {
            return Ok(Err(Refusal::NoRequest(account)));
        };
        if self.contacts.len() >= CONTACTS_MAX {
            return Ok(Err(Refusal::TooManyContacts(self.contacts.len())));
        }
        self.befriend(env, account)?;
        self.outputs.push_back(Output::Dial { device, addresses: Vec::new() });
        Ok(Ok(Answer::Done))
    }

    pub(super) fn decline(&mut self, env: &mut Env<'_>, account: AccountId) -> Reply {
        let Some(request) = self.requests.get_mut(&account) else {
            return Ok(Err(Refusal::NoRequest(account)));
        };
        request.is_declined = true;
        env.store.put_request(request)?;
        let declined = self.requests.values().filter(|request| request.is_declined);
        let of_declined: Vec<_> = declined.map(|r| (r.received, r.account)).collect();
        if of_declined.len() > DECLINED_MAX
            && let Some((_, oldest)) = of_declined.into_iter().min()
        {
            self.requests.remove(&oldest);
            env.store.remove_request(oldest)?;
        }
        Ok(Ok(Answer::Done))
    }

    pub(super) fn call(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        called: Option<Name>,
    ) -> Reply {
        if self.is_awaited(account) && !self.is_contact(account) {
            self.change(env, ContactChange { called, ..self.as_known(account) })?;
            return Ok(Ok(Answer::Done));
        }
        self.change_contact(env, account, |known| ContactChange { called, ..known })
    }

    pub(super) fn verify(&mut self, env: &mut Env<'_>, account: AccountId, is_on: bool) -> Reply {
        self.change_contact(env, account, |known| ContactChange { is_verified: is_on, ..known })
    }

    fn change_contact(
        &mut self,
        env: &mut Env<'_>,
        account: AccountId,
        change: impl FnOnce(ContactChange) -> ContactChange,
    ) -> Reply {
        if !self.is_contact(account) {
            return Ok(Err(Refusal::NoContact(account)));
        }
        self.change(env, change(self.as_known(account)))?;
        Ok(Ok(Answer::Done))
    }

    /// Keeps somebody from reaching us, whoever they are, or no longer.
    pub(super) fn block(&mut self, env: &mut Env<'_>, account: AccountId, is_on: bool) -> Reply {
        let Some(own) = self.account() else { return Ok(Err(Refusal::NoAccount)) };
        let is_new = !self.contacts.contains_key(&account);
        if account == own || (is_new && !is_on) {
            return Ok(Err(Refusal::NoContact(account)));
        }
        if is_new && self.contacts.len() >= CONTACTS_MAX {
            return Ok(Err(Refusal::TooManyContacts(self.contacts.len())));
        }
        if is_on && self.requests.remove(&account).is_some() {
            env.store.remove_request(account)?;
        }
        if is_on {
            self.forget_invitations_of(env, account)?;
        }
        self.change(env, ContactChange { is_blocked: is_on, ..self.as_known(account) })?;
        Ok(Ok(Answer::Done))
    }
}

/// What is held of an account by a change.
fn contact_by(change: ContactChange, decided: Position) -> Contact {
    let ContactChange { account, called, is_contact, is_verified, is_blocked } = change;
    Contact { account, called, is_contact, is_verified, is_blocked, decided }
}
