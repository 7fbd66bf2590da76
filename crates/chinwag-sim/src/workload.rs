//! What people do: invite each other, redeem tickets, say things and change them, read, ask, block,
//! carry bundles, remove devices.

use chinwag_core::body::{Content, Kind, Settings, Text};
use chinwag_core::identity::Name;
use chinwag_core::ids::{AccountId, ClientId, ConversationId, EntryId};
use chinwag_core::input::{Command, Input, Token};
use chinwag_core::store::Store;
use chinwag_core::ticket::Ticket;

use crate::model::{Asked, Handed, Saying};
use crate::network::{SECOND, Who};
use crate::scenario::Act;
use crate::sim::{What, World};

/// Reactions that people have.
const EMOJI: &[&str] = &["👍", "❤️", "👩‍👩‍👧‍👦"];

/// How long what is said stays after it was read, in seconds; 0: for ever.
const LIFETIMES_S: &[u32] = &[0, 3, 20, 40];

/// Groups in one life.
const GROUPS_MAX: usize = 3;

/// How many of the newest messages people react to.
const RECENT: usize = 12;

impl World<'_> {
    pub(crate) fn ask(&mut self, who: Who, asked: Asked, command: Command) {
        if self.people[who].node.is_none() {
            return;
        }
        let token = Token(self.model.next);
        self.model.next += 1;
        self.model.asked.insert(token, (who, asked));
        self.give(who, Input::Command(token, command));
    }

    /// Somebody does something, and some time later something else.
    pub(crate) fn act(&mut self, who: Who) {
        if self.now >= self.peace || self.people[who].is_absent {
            return;
        }
        if let Some(act) = self.life.scenario.acts.pick(&mut self.dice)
            && !self.is_left_out(act.name())
        {
            self.do_one(who, act);
        }
        let longest = self.act_every;
        let again = self.now + self.dice.between(SECOND / 20, longest.max(SECOND));
        self.at(again, What::Act(who));
    }

    fn do_one(&mut self, who: Who, act: Act) {
        match act {
            Act::Say => self.say_something(who),
            Act::Invite => self.invite(who),
            Act::Edit => self.edit(who),
            Act::React => self.react(who),
            Act::Retract => self.retract(who),
            Act::Settings => self.set_lifetime(who),
            Act::Read => self.with_contact(who, |to| (Asked::Read(to), Command::MarkRead(to))),
            Act::Typing => {
                let is_on = self.dice.once_in(2);
                self.with_contact(who, |to| (Asked::Typing(to), Command::Typing(to, is_on)));
            }
            Act::Presence => {
                let is_active = self.dice.once_in(2);
                self.ask(who, Asked::Presence, Command::Presence(is_active));
            }
            Act::Ask => self.ask_somebody(who),
            Act::Answer => self.answer_somebody(who),
            Act::Block => self.block(who),
            Act::Call => self.call(who),
            Act::Carry => self.export(who),
            Act::Revoke => self.revoke(who),
            Act::Gather => {
                if self.groups.len() < GROUPS_MAX {
                    self.begin_group(who);
                }
            }
            Act::Grant => self.grant_in_group(who),
            Act::Remove => self.remove_in_group(who),
            Act::Leave => self.leave_group(who),
            Act::Rename => self.set_in_group(who),
            Act::Join => self.join_group(who),
            Act::SayInGroup => self.say_in_group(who),
            Act::ChangeInGroup => self.change_in_group(who),
            Act::ReadInGroup => self.read_in_group(who),
            Act::CarryInGroup => self.carry_in_group(who),
            Act::TicketToGroup => self.ticket_to_group(who),
        }
    }

    /// A contact who is not blocked.
    fn contact(&mut self, who: Who) -> Option<AccountId> {
        let contacts = self.people[who].store.people();
        let known: Vec<AccountId> =
            contacts.filter(|c| c.is_contact && !c.is_blocked).map(|c| c.account).collect();
        self.dice.pick(&known)
    }

    fn with_contact(&mut self, who: Who, what: impl FnOnce(AccountId) -> (Asked, Command)) {
        if let Some(to) = self.contact(who) {
            let (asked, command) = what(to);
            self.ask(who, asked, command);
        }
    }

    fn invite(&mut self, who: Who) {
        let own = self.people[who].account;
        let guest = self.dice.place(self.people.len());
        if self.people[guest].account == own {
            return;
        }
        let mut guests = vec![guest];
        if self.dice.once_in(4) {
            let other = self.dice.place(self.people.len());
            let accounts = [own, self.people[guest].account];
            guests.extend(Some(other).filter(|o| !accounts.contains(&self.people[*o].account)));
        }
        let is_reusable = self.dice.once_in(4);
        let lifetime_s = if self.dice.once_in(4) { Some(60) } else { None };
        let command = Command::Invite { is_reusable, lifetime_s, addresses: Vec::new() };
        self.ask(who, Asked::Invite(guests, is_reusable), command);
    }

    /// A ticket goes to those it was made for.
    pub(crate) fn hand_out(&mut self, host: Who, to: &[Who], is_reusable: bool, ticket: &Ticket) {
        // Those who come at the same moment are let in by the same invite, or are not.
        let together = self.dice.once_in(2).then_some(SECOND);
        let is_good = ticket.expires_s == 0 && (is_reusable || to.len() == 1);
        for guest in to.iter().copied() {
            let secret = ticket.secret;
            self.model.handed.push(Handed { host, guest, secret, is_reusable, is_good });
            let later = together.unwrap_or_else(|| self.dice.between(1, 5 * SECOND));
            let later = self.now + later;
            self.at(later, What::Hand(guest, ticket.clone()));
        }
    }

    /// A ticket reaches whom it is for, by a way that never fails; again and again until it is
    /// redeemed.
    pub(crate) fn hand(&mut self, guest: Who, ticket: Ticket) {
        let is_done = |(who, done): &(Who, Ticket)| *who == guest && done.secret == ticket.secret;
        if self.model.redeemed.iter().any(is_done) || self.now >= self.peace {
            return;
        }
        self.ask(guest, Asked::Redeem(ticket.clone()), Command::Redeem(ticket.clone()));
        self.at(self.now + 20 * SECOND, What::Hand(guest, ticket));
    }

    fn say_something(&mut self, who: Who) {
        let Some(to) = self.contact(who) else { return };
        let times = match self.dice.below(400) {
            0 if self.long_talks > 0 => {
                self.long_talks -= 1;
                1_100
            }
            1..60 => self.dice.between(2, 12),
            _ => 1,
        };
        for _ in 0..times {
            let content = Content::Text(self.words(who));
            if self.dice.once_in(5) {
                self.say_until_heard(who, to, &content);
            } else {
                self.write(who, to, content.clone(), Command::Say { to, content, client_id: None });
            }
        }
    }

    /// Says something as whoever can't be sure that it was heard does: again, under the same name.
    fn say_until_heard(&mut self, who: Who, to: AccountId, content: &Content) {
        let client_id = ClientId::of(&format!("{who}, {}", self.model.next));
        self.model.next += 1;
        for _ in 0..self.dice.between(1, 3) {
            let saying = Saying { to, content: content.clone(), client_id };
            let at = self.now + self.dice.below(20 * SECOND);
            self.at(at, What::Say(who, saying));
        }
    }

    /// Somebody says something, for the first time or again.
    pub(crate) fn say_once(&mut self, who: Who, saying: Saying) {
        let Saying { to, content, client_id } = saying.clone();
        let command = Command::Say { to, content, client_id: Some(client_id) };
        self.ask(who, Asked::SayOnce(saying), command);
    }

    pub(crate) fn words(&self, who: Who) -> Text {
        Text { text: format!("{who}, {}", self.model.next), ..Text::default() }
    }

    fn write(&mut self, who: Who, to: AccountId, content: Content, command: Command) {
        self.ask(who, Asked::Write(to, content), command);
    }

    /// A text that somebody's account wrote and that is here, and to whom it was.
    fn own_text(&mut self, who: Who) -> Option<(EntryId, AccountId)> {
        let own = self.people[who].account;
        let texts = self.model.texts.get(&own)?;
        let newest = &texts[texts.len().saturating_sub(RECENT)..];
        let id = self.dice.pick(newest)?;
        let written = self.model.written.get(&id)?;
        let (conversation, device) = (written.conversation, written.device);
        let is_here = self.people[who].store.has(conversation, device, written.position.seq);
        let [a, b] = *self.pairs.get(&conversation)?;
        is_here.then_some((id, if a == own { b } else { a }))
    }

    fn edit(&mut self, who: Who) {
        let Some((of, to)) = self.own_text(who) else { return };
        let text = self.words(who);
        let content = Content::Edit { of, text: text.clone() };
        self.write(who, to, content, Command::Edit { of, text });
    }

    fn retract(&mut self, who: Who) {
        let Some((of, to)) = self.own_text(who) else { return };
        self.write(who, to, Content::Retraction { of }, Command::Retract(of));
    }

    fn react(&mut self, who: Who) {
        let Some(with) = self.contact(who) else { return };
        let id = ConversationId::direct(self.people[who].account, with);
        let recent = self.people[who].store.timeline(id, None, RECENT).unwrap_or_default();
        let texts: Vec<EntryId> =
            recent.iter().filter(|e| e.header.kind == Kind::TEXT).map(|e| e.id).collect();
        let Some(to) = self.dice.pick(&texts) else { return };
        let emoji = self.dice.pick(EMOJI).unwrap_or("!").to_owned();
        let is_on = !self.dice.once_in(3);
        let content = Content::Reaction { to, is_on, emoji: emoji.clone() };
        self.write(who, with, content, Command::React { to, emoji, is_on });
    }

    fn set_lifetime(&mut self, who: Who) {
        let Some(to) = self.contact(who) else { return };
        let lifetime_s = self.dice.pick(LIFETIMES_S).unwrap_or(0);
        let content = Content::Settings(Settings::default().with_lifetime(lifetime_s));
        self.write(who, to, content.clone(), Command::Say { to, content, client_id: None });
    }

    /// Asks somebody, by one of their devices, whether they want to become a contact.
    fn ask_somebody(&mut self, who: Who) {
        let other = self.dice.place(self.people.len());
        let Some(other) = self.people.get(other) else { return };
        let (account, device) = (other.account, other.device);
        if account == self.people[who].account {
            return;
        }
        let text = format!("it is me, {who}");
        let command = Command::Ask { account, device, addresses: Vec::new(), text };
        self.ask(who, Asked::Ask(account), command);
    }

    fn answer_somebody(&mut self, who: Who) {
        let requests = self.people[who].store.requests().unwrap_or_default();
        let Some(request) = requests.get(self.dice.place(requests.len())) else { return };
        let (account, accepts) = (request.account, !self.dice.once_in(3));
        let command = if accepts { Command::Accept(account) } else { Command::Decline(account) };
        self.ask(who, Asked::Answer(accepts), command);
    }

    /// Whoever is blocked is mostly let in again.
    fn block(&mut self, who: Who) {
        let people: Vec<_> = self.people[who].store.people().cloned().collect();
        let Some(somebody) = people.get(self.dice.place(people.len())) else { return };
        let (account, is_on) = (somebody.account, !somebody.is_blocked);
        if is_on && !self.dice.once_in(3) {
            return;
        }
        self.ask(who, Asked::Block(account, is_on), Command::Block(account, is_on));
    }

    fn call(&mut self, who: Who) {
        let Some(account) = self.contact(who) else { return };
        let command = if self.dice.once_in(2) {
            Command::Verify(account, self.dice.once_in(2))
        } else {
            let name = format!("friend {}", self.model.next);
            Command::Call(account, Name::new(&name).ok())
        };
        self.ask(who, Asked::Call, command);
    }

    fn export(&mut self, who: Who) {
        let own = self.people[who].account;
        let to = if self.dice.once_in(4) { Some(own) } else { self.contact(who) };
        if let Some(to) = to {
            self.ask(who, Asked::Export, Command::Export(to));
        }
    }

    /// Removes another device of one's own. The last one stays.
    fn revoke(&mut self, who: Who) {
        let own = self.people[who].account;
        let others = self.current(own);
        if self.is_revoked(who) || others.len() < 2 {
            return;
        }
        let Some(other) = self.dice.pick(&others).filter(|other| *other != who) else { return };
        let device = self.people[other].device;
        self.ask(who, Asked::Revoke(device), Command::Revoke(device));
    }
}
