//! What people do: invite each other, redeem tickets, say things.

use std::collections::BTreeMap;

use chinwag_core::body::{Content, Text};
use chinwag_core::ids::EntryId;
use chinwag_core::input::{Command, Input, Token};
use chinwag_core::output::{Answer, Refusal};
use chinwag_core::ticket::Ticket;

use crate::network::{SECOND, Who};
use crate::sim::{What, World};

/// What was asked of a node and not answered yet.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// To say something to somebody.
    Say(Who, String),
    /// To make a ticket for these.
    Invite(Vec<Who>, bool),
    /// To redeem a ticket.
    Redeem(Ticket),
}

/// What must be true in the end, told without any protocol.
#[derive(Debug, Default)]
pub(crate) struct Model {
    asked: BTreeMap<Token, (Who, Asked)>,
    next: u64,
    /// What was said by whom to whom and answered for.
    pub(crate) said: BTreeMap<(Who, Who), Vec<(EntryId, String)>>,
    /// Who redeemed which ticket.
    pub(crate) redeemed: Vec<(Who, Ticket)>,
    /// Every ticket that was given to somebody, once for each who got it.
    pub(crate) handed: Vec<Handed>,
}

/// A ticket in somebody's hands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handed {
    pub(crate) host: Who,
    pub(crate) guest: Who,
    pub(crate) secret: [u8; 16],
    pub(crate) is_reusable: bool,
    /// Whether it can't fail: it does not end, and nobody else can use it up.
    pub(crate) is_good: bool,
}

impl World {
    fn ask(&mut self, who: Who, asked: Asked, command: Command) {
        let token = Token(self.model.next);
        self.model.next += 1;
        self.model.asked.insert(token, (who, asked));
        self.give(who, Input::Command(token, command));
    }

    /// Somebody does something, and some time later something else.
    pub(crate) fn act(&mut self, who: Who) {
        if self.now >= self.peace {
            return;
        }
        if self.dice.once_in(6) {
            self.invite(who);
        } else {
            self.say_something(who);
        }
        let again = self.now + self.dice.between(SECOND / 20, 12 * SECOND);
        self.at(again, What::Act(who));
    }

    fn invite(&mut self, who: Who) {
        let guest = self.dice.place(self.people.len());
        if guest == who {
            return;
        }
        let mut guests = vec![guest];
        if self.dice.once_in(4) {
            let other = self.dice.place(self.people.len());
            guests.extend(Some(other).filter(|other| *other != who && *other != guest));
        }
        let is_reusable = self.dice.once_in(4);
        let lifetime_s = if self.dice.once_in(4) { Some(60) } else { None };
        let command = Command::Invite { is_reusable, lifetime_s, addresses: Vec::new() };
        self.ask(who, Asked::Invite(guests, is_reusable), command);
    }

    fn say_something(&mut self, who: Who) {
        let Ok(contacts) = self.people[who].store.contacts() else { return };
        let Some(contact) = contacts.get(self.dice.place(contacts.len())) else { return };
        let (to, Some(friend)) = (contact.account, self.who(contact.account)) else { return };
        let times = match self.dice.below(400) {
            0 if self.long_talks > 0 => {
                self.long_talks -= 1;
                1_100
            }
            1..60 => self.dice.between(2, 12),
            _ => 1,
        };
        for _ in 0..times {
            let words = format!("{who} to {friend}, {}", self.model.next);
            let content = Content::Text(Text { text: words.clone(), ..Text::default() });
            self.ask(who, Asked::Say(friend, words), Command::Say { to, content, client_id: None });
        }
    }

    /// Somebody's disk is lost: of what was said since the backup was made, nothing is sure.
    pub(crate) fn forget_what_is_lost(&mut self, who: Who) {
        let store = &self.people[who].store;
        for ((from, _), said) in &mut self.model.said {
            if *from == who {
                said.retain(|(id, _)| store.entry(*id).ok().flatten().is_some());
            }
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

    /// A node answered.
    pub(crate) fn answered(&mut self, token: Token, reply: Result<Answer, Refusal>) {
        let Some((who, asked)) = self.model.asked.remove(&token) else { return };
        match (asked, reply) {
            (Asked::Say(to, words), Ok(Answer::Entry(id))) => {
                self.model.said.entry((who, to)).or_default().push((id, words));
            }
            (Asked::Invite(guests, is_reusable), Ok(Answer::Ticket(ticket))) => {
                // Those who come at the same moment are let in by the same invite, or are not.
                let together = self.dice.once_in(2).then_some(SECOND);
                let is_good = ticket.expires_s == 0 && (is_reusable || guests.len() == 1);
                for guest in guests {
                    let (host, secret) = (who, ticket.secret);
                    self.model.handed.push(Handed { host, guest, secret, is_reusable, is_good });
                    let later = together.unwrap_or_else(|| self.dice.between(1, 5 * SECOND));
                    let later = self.now + later;
                    self.at(later, What::Hand(guest, ticket.clone()));
                }
            }
            (Asked::Redeem(ticket), Ok(Answer::Done)) => {
                self.cover("tickets redeemed");
                self.model.redeemed.push((who, ticket));
            }
            (Asked::Redeem(_), Err(Refusal::TicketExpired)) => {}
            (asked, reply) => self.fail(&format!("{who} was asked {asked:?}: {reply:?}")),
        }
    }
}
