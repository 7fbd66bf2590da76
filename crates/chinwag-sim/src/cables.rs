//! What happens on cables: who connects to whom, how frames arrive, and how cables end.

use chinwag_core::input::{Input, Link};
use chinwag_core::output::Lane;

use crate::network::{SECOND, Who};
use crate::sim::{CALM, What, World};

impl World {
    /// Connects to whom there is reason to, where there is no connection or, sometimes, one.
    pub(crate) fn dial(&mut self, who: Who) {
        if self.people[who].node.is_some() {
            let store = &self.people[who].store;
            let contacts = store.contacts().unwrap_or_default().into_iter().map(|c| c.account);
            let tickets = store.tickets().unwrap_or_default().into_iter().map(|t| t.account);
            let mut wanted: Vec<Who> =
                contacts.chain(tickets).filter_map(|account| self.who(account)).collect();
            wanted.sort_unstable();
            wanted.dedup();
            for other in wanted {
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

    pub(crate) fn connect(&mut self, who: Who, other: Who) {
        if self.people[other].node.is_none() || !self.network.is_passable(who, other, self.now) {
            return;
        }
        let has_faults = self.now < self.peace;
        let (link, told) = self.network.lay([who, other], self.now, has_faults, &mut self.dice);
        if self.network.cable(link).is_some_and(|cable| cable.is_troubled) {
            self.cover("slow links");
        }
        self.at(told[0], What::Up(link, 0));
        self.at(told[1], What::Up(link, 1));
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
        let is_over = self.now > self.peace + CALM;
        if is_over && self.is_honest(who) && self.is_honest(from) && self.knows(who, from) {
            self.fail(&format!("{from} and {who} never stop talking"));
        }
        self.give(who, Input::Frame { link, bytes });
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
    bytes.first() == Some(&7) && bytes.get(65..67).is_some_and(|count| count > &[0, 1])
}
