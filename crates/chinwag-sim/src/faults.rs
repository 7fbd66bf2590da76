//! What goes wrong in a life, until there is peace.

use crate::network::{SECOND, Who};
use crate::scenario::FaultKind;
use crate::sim::{ROUND_EVERY, What, World};
use crate::watched::Watched;

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

impl World<'_> {
    /// Something goes wrong somewhere, and some time later something else.
    pub(crate) fn fault(&mut self) {
        if self.now >= self.peace {
            return;
        }
        let who = self.dice.place(self.people.len());
        if let Some(kind) = self.life.scenario.faults.pick(&mut self.dice)
            && !self.is_left_out(kind.name())
        {
            self.befall(who, kind);
        }
        let again = self.now + self.dice.between(SECOND / 10, self.fault_every);
        self.at(again, What::Fault);
    }

    fn befall(&mut self, who: Who, kind: FaultKind) {
        match kind {
            FaultKind::FailedCommit => self.people[who].next_fault = Some(Fault::FailCommit),
            FaultKind::CrashBefore => self.people[who].next_fault = Some(Fault::CrashBefore),
            FaultKind::CrashAfter => self.people[who].next_fault = Some(Fault::CrashAfter),
            FaultKind::Restart => {
                self.cover("graceful restarts");
                self.crash(who);
            }
            FaultKind::Cut => self.break_one(),
            FaultKind::Jump => self.jump(who),
            FaultKind::OldBackup => self.back_up_or_restore(who),
            FaultKind::Partition => self.partition(who),
            FaultKind::FullDisk => {
                let until = self.now + self.dice.between(1, 40) * SECOND;
                self.people[who].full_until = until;
            }
        }
    }

    fn break_one(&mut self) {
        let links = self.network.whole();
        let mid_page = |link: &&_| self.network.cable(**link).is_some_and(|cable| cable.pages > 0);
        let preferred = links.iter().find(mid_page).copied();
        if let Some(link) = preferred.or_else(|| self.dice.pick(&links)) {
            self.cut(link);
        }
    }

    fn jump(&mut self, who: Who) {
        let years = i64::try_from(self.dice.below(21)).unwrap_or(0) - 10;
        self.people[who].clock_ms = years * YEAR_MS;
        self.people[who].has_jumped = true;
        self.cover("clock jumps");
    }

    /// A backup is made; or the disk is lost, and an old backup is put in its place.
    fn back_up_or_restore(&mut self, who: Who) {
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
                self.people[who].store = Watched::over(backup);
                self.people[who].is_copy = true;
                self.forget_what_is_lost(who);
                self.forget_what_nobody_has();
            }
        }
    }

    fn partition(&mut self, from: Who) {
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
            person.full_until = 0;
        }
        for link in self.network.whole() {
            if self.network.cable(link).is_some_and(|cable| cable.is_troubled) {
                self.cut(link);
            }
        }
        if self.life.scenario.network.ends_after_s > 0 {
            self.at(self.now + SECOND, What::EndOfNetwork);
            self.at(self.now + ROUND_EVERY, What::Round);
        }
    }

    /// From here on there are bundles and nothing else.
    pub(crate) fn end_network(&mut self) {
        self.network.has_ended = true;
        for link in self.network.whole() {
            self.cut(link);
        }
    }
}
