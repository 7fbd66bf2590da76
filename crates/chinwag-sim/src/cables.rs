//! What happens on cables: who connects to whom, how frames arrive, and how cables end.

use std::collections::BTreeSet;

use chinwag_core::ids::AccountId;
use chinwag_core::input::{Input, Link};
use chinwag_core::output::Lane;
use chinwag_core::store::Store;
use chinwag_core::wire::message::Message;

use crate::network::{SECOND, Who};
use crate::programs::framed;
use crate::sim::{Person, What, World};

impl World<'_> {
    /// Connects to whom there is reason to, where there is no connection or, sometimes, one.
    pub(crate) fn dial(&mut self, who: Who) {
        if self.people[who].is_absent || self.network.has_ended {
            return;
        }
        if self.people[who].node.is_some() {
            for other in self.reachable(who) {
                let again = self.now < self.peace && self.dice.once_in(6);
                let lines = self.network.between(who, other);
                if lines == 0 || (lines == 1 && again) {
                    self.connect(who, other);
                }
            }
        }
        self.network.tidy();
        let again = self.now + self.dice.between(3, 20) * SECOND;
        self.at(again, What::Dial(who));
    }

    /// The devices of contacts, of those to whom there is a ticket or a request, and one's own.
    fn reachable(&self, who: Who) -> Vec<Who> {
        let Person { node, store, account: own, .. } = &self.people[who];
        let contacts = store.people().filter(|c| c.is_contact).map(|c| c.account);
        let tickets = store.tickets().unwrap_or_default().into_iter().map(|t| t.account);
        let to_groups = store.group_tickets().unwrap_or_default().into_iter().map(|t| t.account);
        let asked = store.asked().unwrap_or_default().into_iter().map(|a| a.account);
        let fellows = node.iter().flat_map(chinwag_core::node::Node::groups);
        let fellows = fellows.flat_map(|(_, state)| state.members.keys().copied());
        let is_blocked =
            |account: &AccountId| store.contact(*account).is_some_and(|known| known.is_blocked);
        let wanted: BTreeSet<AccountId> = contacts
            .chain(tickets)
            .chain(to_groups)
            .chain(asked)
            .chain(fellows)
            .chain([*own])
            .filter(|a| !is_blocked(a))
            .collect();
        let all = self.people.iter().enumerate();
        let others =
            all.filter(|(other, person)| *other != who && wanted.contains(&person.account));
        others.map(|(other, _)| other).collect()
    }

    /// Lays a cable, where one can be laid.
    pub(crate) fn connect(&mut self, who: Who, other: Who) -> Option<Link> {
        if who == other
            || self.network.has_ended
            || self.people[other].node.is_none()
            || !self.network.is_passable(who, other, self.now)
        {
            return None;
        }
        let has_faults = self.now < self.peace;
        let (link, told) = self.network.lay([who, other], self.now, has_faults, &mut self.dice);
        if self.network.cable(link).is_some_and(|cable| cable.is_troubled) {
            self.cover("slow links");
        }
        self.at(told[0], What::Up(link, 0));
        self.at(told[1], What::Up(link, 1));
        Some(link)
    }

    pub(crate) fn up(&mut self, link: Link, end: usize) {
        let Some(cable) = self.network.cable_mut(link).filter(|cable| cable.is_whole) else {
            return;
        };
        let (who, other) = (cable.ends[end], cable.ends[1 - end]);
        if self.people[who].node.is_none() {
            cable.is_whole = false;
            cable.is_troubled = true;
            self.at(self.now + SECOND, What::Gone(link, 1 - end));
            return;
        }
        cable.is_open[end] = true;
        if self.network.between(who, other) > 1 {
            self.cover("crossing connections");
        }
        let device = self.people[other].device;
        self.give(who, Input::Connected { link, device, is_dialled: end == 0 });
    }

    pub(crate) fn arrive(&mut self, link: Link, end: usize, bytes: Vec<u8>) {
        let Some(cable) = self.network.cable_mut(link) else { return };
        if is_page(&bytes) {
            cable.pages -= 1;
        }
        if !cable.is_whole || !cable.is_open[end] {
            return;
        }
        let (who, from) = (cable.ends[end], cable.ends[1 - end]);
        if is_page(&bytes) {
            self.cover("pages");
        }
        // A liar in a group may have kept anything to itself until now.
        let has_liar = self.people.iter().any(|person| person.liar.is_some());
        let is_over = self.is_quiet_time() && (!has_liar || self.groups.is_empty());
        if is_over && self.belong_together(who, from) && !self.is_late_news(&bytes) {
            let said = framed(&bytes);
            self.fail(&format!("{from} and {who} never stop talking: {said} on {}", link.0));
        }
        self.give(who, Input::Frame { link, bytes });
    }

    /// Whether this is, or may follow from, something of an account that a liar kept to itself until
    /// now: what a device decided that nobody else has met before it was removed.
    fn is_late_news(&mut self, bytes: &[u8]) -> bool {
        let has_liar = self.people.iter().any(|person| person.liar.is_some());
        let is_news = matches!(Message::read(bytes), Ok(Message::Operations { .. }));
        self.has_late_news |= has_liar && is_news;
        self.has_late_news
    }

    /// Whether two are honest contacts, or devices of one account, whom nothing keeps apart.
    fn belong_together(&self, who: Who, other: Who) -> bool {
        let apart = |a: Who, b: Who| {
            let of = self.people[b].account;
            self.blocked_by(a).contains(&of) || !self.knows(a, b)
        };
        let is_own = self.people[who].account == self.people[other].account;
        // Devices of one account also speak of those who lie to one of them.
        let hear_lies = is_own && self.people.iter().any(|person| person.liar.is_some());
        let is_removed = self.is_revoked(who) || self.is_revoked(other);
        let is_strange = !is_own && (apart(who, other) || apart(other, who));
        let are_apart = is_removed || hear_lies || is_strange;
        self.is_honest(who) && self.is_honest(other) && !are_apart
    }

    pub(crate) fn gone(&mut self, link: Link, end: usize) {
        let Some(cable) = self.network.cable_mut(link) else { return };
        cable.is_whole = false;
        let who = cable.ends[end];
        if std::mem::take(&mut cable.is_open[end]) {
            self.give(who, Input::Disconnected { link });
        }
    }

    /// A cable breaks, with what is under way on it; the ends learn of it in their own time.
    pub(crate) fn cut(&mut self, link: Link) {
        let Some(cable) = self.network.cable_mut(link) else { return };
        cable.is_whole = false;
        cable.is_troubled = true;
        if cable.pages > 0 {
            self.cover("broken link mid-page");
        }
        self.say(|| format!("{link:?} breaks"));
        for end in [0, 1] {
            let later = self.now + self.dice.below(30 * SECOND);
            self.at(later, What::Gone(link, end));
        }
    }

    /// One end is given up; the other learns of it some time later.
    pub(crate) fn drop_end(&mut self, link: Link, who: Who) {
        let later = self.now + self.dice.below(40 * SECOND);
        let Some(cable) = self.network.cable_mut(link) else { return };
        let end = cable.end_of(who);
        cable.is_whole = false;
        cable.is_open[end] = false;
        cable.is_troubled = true;
        self.at(later, What::Gone(link, 1 - end));
    }

    pub(crate) fn close(&mut self, who: Who, link: Link) {
        let Some(cable) = self.network.cable_mut(link) else { return };
        let end = cable.end_of(who);
        cable.is_open[end] = false;
        let at = self.network.arrival(link, Lane::Bulk, 1 - end, self.now, &mut self.dice);
        self.at(at.unwrap_or(self.now), What::Gone(link, 1 - end));
    }

    pub(crate) fn send(&mut self, who: Who, link: Link, lane: Lane, bytes: Vec<u8>) {
        let Some(cable) = self.network.cable_mut(link).filter(|cable| cable.is_whole) else {
            return;
        };
        let end = 1 - cable.end_of(who);
        if is_page(&bytes) {
            cable.pages += 1;
        } else if bytes.first() == Some(&7) {
            self.cover("live pushes");
        }
        if let Some(at) = self.network.arrival(link, lane, end, self.now, &mut self.dice) {
            self.at(at, What::Arrive(link, end, bytes));
        }
    }
}

/// Whether a frame holds more than one entry: kind, conversation, author, count.
fn is_page(bytes: &[u8]) -> bool {
    bytes.first() == Some(&7) && bytes.get(65..67).is_some_and(|count| count > [0, 1].as_slice())
}
