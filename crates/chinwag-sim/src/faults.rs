//! What goes wrong in a life, until there is peace.

use crate::network::SECOND;
use crate::sim::{What, World};

/// A year in milliseconds.
const YEAR_MS: i64 = 365 * 24 * 3_600 * 1_000;

/// What goes wrong in somebody's next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The store fails to commit.
    FailCommit,
    /// The program ends after it has handled its inputs, before the commit.
    CrashBefore,
    /// The program ends after the commit, and nothing of what it says gets out.
    CrashAfter,
}

impl World {
    /// Something goes wrong somewhere, and some time later something else.
    pub(crate) fn fault(&mut self) {
        if self.now >= self.peace {
            return;
        }
        let who = self.dice.place(self.people.len());
        match self.dice.below(12) {
            0 | 1 => self.people[who].next_fault = Some(Fault::FailCommit),
            2 | 3 => self.people[who].next_fault = Some(Fault::CrashBefore),
            4 => self.people[who].next_fault = Some(Fault::CrashAfter),
            5 => {
                self.cover("graceful restarts");
                self.crash(who);
            }
            6..=8 => self.break_one(),
            9 => self.jump(who),
            10 if self.dice.once_in(2) => self.back_up_or_restore(who),
            _ => self.partition(who),
        }
        let again = self.now + self.dice.between(SECOND / 10, self.fault_every);
        self.at(again, What::Fault);
    }

    fn break_one(&mut self) {
        let links = self.network.whole();
        let mid_page = |link: &&_| self.network.cable(**link).is_some_and(|cable| cable.pages > 0);
        let preferred = links.iter().find(mid_page).copied();
        if let Some(link) = preferred.or_else(|| self.dice.pick(&links)) {
            self.cut(link);
        }
    }

    fn jump(&mut self, who: usize) {
        let years = i64::try_from(self.dice.below(21)).unwrap_or(0) - 10;
        self.people[who].clock_ms = years * YEAR_MS;
        self.people[who].has_jumped = true;
        self.cover("clock jumps");
    }

    /// A backup is made; or the disk is lost, and an old backup is put in its place.
    fn back_up_or_restore(&mut self, who: usize) {
        if !self.is_honest(who) || self.people[who].node.is_none() {
            return;
        }
        match self.people[who].backup.take() {
            None => {
                let backup = self.people[who].store.backup();
                self.people[who].backup = Some(backup.expect("a backup"));
            }
            Some(backup) => {
                self.cover("old backups put back");
                self.crash(who);
                self.people[who].store = backup;
                self.people[who].is_copy = true;
                self.forget_what_is_lost(who);
            }
        }
    }

    fn partition(&mut self, from: usize) {
        let to = self.dice.place(self.people.len());
        let until = self.now + self.dice.between(1, 50) * SECOND;
        self.network.block(from, to, until);
        if self.dice.once_in(2) {
            self.network.block(to, from, until);
        }
        self.cover("partitions");
    }

    /// Faults stop: clocks are right, everything passes, everybody is up, and what was troubled
    /// begins anew. Connections without trouble stay: they must do without.
    pub(crate) fn peace(&mut self) {
        self.network.unblock();
        for person in &mut self.people {
            person.clock_ms = 0;
            person.next_fault = None;
        }
        for link in self.network.whole() {
            if self.network.cable(link).is_some_and(|cable| cable.is_troubled) {
                self.cut(link);
            }
        }
    }
}
