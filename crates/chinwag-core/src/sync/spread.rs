//! How what is new in a group spreads over live connections: on few of them it comes by itself, on the
//! others it is only named.
//!
//! Everybody hands on what they get. If each handed it to all, each would get it from all. So of each log
//! a device is *fed* on one connection; on the others it hears that there is something new, and asks for it
//! if it does not come by itself in time. Which connection feeds is found by what comes: a second copy says
//! that a feed is not needed, and what had to be asked for says that another is. On one connection a device is
//! fed whatever it does not yet know a better way for.
//!
//! That is Plumtree (J. Leitão, J. Pereira, L. Rodrigues: Epidemic Broadcast Trees, SRDS 2007), with a tree for
//! each author in place of one for all, so that a message takes the way that is short from where it is written.

use std::collections::{BTreeMap, BTreeSet};

use crate::time::Mono;

/// How long is waited for what was named and is to come by itself: microseconds. Longer than ways of a tree differ,
/// shorter than anybody notices.
pub const GRACE_US: u64 = 60_000;

/// How long is waited for what one was asked for before another is asked as well: microseconds.
pub const ANSWER_US: u64 = 5_000_000;

/// What is fed one way over a connection: whatever is new, but for some authors, or of some authors only.
#[derive(Clone, Debug)]
struct Feeds<A> {
    all: bool,
    of: BTreeMap<A, bool>,
}

impl<A> Default for Feeds<A> {
    fn default() -> Self {
        Self { all: false, of: BTreeMap::new() }
    }
}

/// A connection on which a group is talked of.
#[derive(Clone, Debug)]
struct End<A> {
    /// The device at the other end. It feeds what it writes to everybody, unless it is told otherwise.
    device: A,
    to_them: Feeds<A>,
    to_us: Feeds<A>,
}

impl<A: Copy + Ord> End<A> {
    fn feeds_us(&self, author: A) -> bool {
        let is_theirs = self.device == author;
        self.to_us.of.get(&author).copied().unwrap_or(is_theirs || self.to_us.all)
    }
}

/// On which connections the last of a log was known.
#[derive(Clone, Copy, Debug)]
struct Source<L> {
    /// Where it came first.
    first: L,
    /// Where else it was named.
    next: Option<L>,
}

/// Something of a log is missing that was named, and is waited for.
#[derive(Clone, Debug)]
struct Wait<L> {
    until: Mono,
    /// Who was asked for it, if anybody is.
    asked: Option<L>,
    /// Who was asked last.
    last: Option<L>,
    /// Who was asked in vain: they are asked again after all others.
    failed: BTreeSet<L>,
    /// Whether it was said that the time is over.
    is_told: bool,
}

impl<L> Wait<L> {
    const fn until(until: Mono) -> Self {
        Self { until, asked: None, last: None, failed: BTreeSet::new(), is_told: false }
    }
}

/// Something to say to the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<L, A> {
    /// On which connection.
    pub link: L,
    /// Whose log; `None`: whatever else is new.
    pub author: Option<A>,
    /// Whether it is to be fed from now on.
    pub is_on: bool,
}

/// Who feeds whom in a group, as one device sees it. It knows connections and authors; what there is of
/// their logs is not its affair. Whoever uses it bounds how many there are of both.
#[derive(Debug)]
pub struct Spread<L, A> {
    ends: BTreeMap<L, End<A>>,
    /// On which connection we are fed what we know no better way for.
    main: Option<L>,
    sources: BTreeMap<A, Source<L>>,
    waits: BTreeMap<A, Wait<L>>,
}

impl<L, A> Default for Spread<L, A> {
    fn default() -> Self {
        let (sources, waits) = (BTreeMap::new(), BTreeMap::new());
        Self { ends: BTreeMap::new(), main: None, sources, waits }
    }
}

impl<L: Copy + Ord, A: Copy + Ord> Spread<L, A> {
    /// The group is talked of on a connection. The first one feeds us, until we know better.
    pub fn begin(&mut self, link: L, device: A) -> Option<Change<L, A>> {
        self.ends.entry(link).or_insert_with(|| End {
            device,
            to_them: Feeds::default(),
            to_us: Feeds::default(),
        });
        if self.main.is_some() {
            return None;
        }
        self.feed_from(link)
    }

    /// Chooses the connection that feeds us whatever is new.
    fn feed_from(&mut self, link: L) -> Option<Change<L, A>> {
        self.main = Some(link);
        let end = self.ends.get_mut(&link)?;
        end.to_us.all = true;
        Some(Change { link, author: None, is_on: true })
    }

    /// A connection is gone: what it fed is to come on others. What it was asked for is overdue.
    pub fn end(&mut self, link: L) -> Vec<Change<L, A>> {
        let Some(gone) = self.ends.remove(&link) else { return Vec::new() };
        for wait in self.waits.values_mut() {
            wait.failed.remove(&link);
            if wait.asked == Some(link) {
                (wait.asked, wait.until, wait.is_told) = (None, Mono::default(), false);
            }
        }
        let mut changes = Vec::new();
        if self.main == Some(link) {
            self.main = None;
            let next = self.ends.keys().next().copied();
            changes.extend(next.and_then(|next| self.feed_from(next)));
        }
        let mut lost = Vec::new();
        for (author, source) in &mut self.sources {
            source.next = source.next.filter(|next| *next != link);
            if source.first == link || gone.feeds_us(*author) {
                lost.push((*author, source.next.filter(|next| self.ends.contains_key(next))));
            }
        }
        self.sources.retain(|_, source| source.first != link);
        for (author, next) in lost {
            if let Some(next) = next.or(self.main).filter(|_| !self.is_fed(author, None)) {
                changes.extend(self.tell(next, author, true));
            }
        }
        changes
    }

    /// Notes that we want to be fed a log on a connection, or not.
    fn tell(&mut self, link: L, author: A, is_on: bool) -> Option<Change<L, A>> {
        self.ends.get_mut(&link)?.to_us.of.insert(author, is_on);
        Some(Change { link, author: Some(author), is_on })
    }

    /// They say what they want to be fed, or not.
    pub fn told(&mut self, link: L, author: Option<A>, is_on: bool) {
        let Some(end) = self.ends.get_mut(&link) else { return };
        match author {
            Some(author) => drop(end.to_them.of.insert(author, is_on)),
            None => end.to_them.all = is_on,
        }
    }

    /// Whether what is new in a log is to be fed to them, and not only named: what we write, unless they
    /// said that they don't want it from us.
    pub fn feeds(&self, link: L, author: A, is_ours: bool) -> bool {
        let Some(end) = self.ends.get(&link) else { return is_ours };
        end.to_them.of.get(&author).copied().unwrap_or(is_ours || end.to_them.all)
    }

    /// Whether a log is to come by itself on any connection, but for one.
    fn is_fed(&self, author: A, but: Option<L>) -> bool {
        self.ends.iter().any(|(link, end)| Some(*link) != but && end.feeds_us(author))
    }

    /// Something new of a log came on a connection.
    pub fn came(&mut self, author: A, link: L) {
        if !self.ends.contains_key(&link) {
            return;
        }
        let before = self.sources.get(&author);
        let next = before.map(|s| if s.first == link { s.next } else { Some(s.first) });
        self.sources.insert(author, Source { first: link, next: next.flatten() });
    }

    /// Something of a log came by itself that was here: it need not be fed on this connection, if it is on another.
    pub fn came_again(&mut self, author: A, link: L) -> Option<Change<L, A>> {
        if !self.is_fed(author, Some(link)) {
            return None;
        }
        self.tell(link, author, false)
    }

    /// Something of a log is named on a connection, new or not.
    pub fn named(&mut self, author: A, link: L) {
        if let Some(source) = self.sources.get_mut(&author).filter(|s| s.first != link) {
            source.next.get_or_insert(link);
        }
    }

    /// Whether something of a log that was named is to be asked for on this connection now. If not, it is
    /// waited for until a [deadline](Self::deadline).
    pub fn may_ask(&mut self, author: A, link: L, now: Mono) -> bool {
        if let Some(wait) = self.waits.get(&author) {
            return wait.until <= now;
        }
        if !self.is_fed(author, Some(link)) {
            return true;
        }
        self.waits.insert(author, Wait::until(after(now, GRACE_US)));
        false
    }

    /// Whoever is asked for something of a log feeds it from now on.
    pub fn opened(&mut self, author: A, link: L) {
        if let Some(end) = self.ends.get_mut(&link) {
            end.to_us.of.insert(author, true);
        }
    }

    /// Something of a log that is missing was asked for.
    pub fn asked(&mut self, author: A, link: L, now: Mono) {
        self.opened(author, link);
        let until = after(now, ANSWER_US);
        let wait = self.waits.entry(author).or_insert_with(|| Wait::until(until));
        (wait.until, wait.asked, wait.last, wait.is_told) = (until, Some(link), Some(link), false);
    }

    /// What was asked for was answered, with something new or in vain: what is still missing may be asked for now.
    pub fn answered(&mut self, author: A, link: L, is_new: bool, now: Mono) {
        let Some(wait) = self.waits.get_mut(&author).filter(|w| w.asked == Some(link)) else {
            return;
        };
        (wait.asked, wait.until, wait.is_told) = (None, now, true);
        if is_new {
            wait.failed.remove(&link);
        } else {
            wait.failed.insert(link);
        }
    }

    /// Nothing that was named of a log is missing any more.
    pub fn settled(&mut self, author: A) {
        self.waits.remove(&author);
    }

    /// In which order to ask these for something of a log: whoever was not asked last, and in vain last of all.
    pub fn order(&self, author: A, links: &mut [L]) {
        let wait = self.waits.get(&author);
        let last = wait.and_then(|wait| wait.last);
        let has_failed = |link: &L| wait.is_some_and(|wait| wait.failed.contains(link));
        links.sort_by_key(|link| (has_failed(link), Some(*link) <= last, *link));
    }

    /// When something was waited for long enough.
    pub fn deadline(&self) -> Option<Mono> {
        self.waits.values().filter(|wait| !wait.is_told).map(|wait| wait.until).min()
    }

    /// The logs of which something was waited for long enough since this was asked last.
    pub fn overdue(&mut self, now: Mono) -> Vec<A> {
        let waits = self.waits.iter_mut().filter(|(_, w)| !w.is_told && w.until <= now);
        let told = waits.map(|(author, wait)| {
            wait.is_told = true;
            wait.failed.extend(wait.asked.take());
            *author
        });
        told.collect()
    }
}

fn after(now: Mono, us: u64) -> Mono {
    Mono::new(now.get().saturating_add(us))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections 1 to 3 to devices of these numbers; 9 is an author to whom there is none.
    fn three() -> Spread<u8, u8> {
        let mut spread = Spread::default();
        for link in 1..=3 {
            spread.begin(link, link);
        }
        spread
    }

    const fn at(ms: u64) -> Mono {
        Mono::new(ms * 1_000)
    }

    #[test]
    fn the_first_connection_feeds_us_and_the_next_one_when_it_ends() {
        let mut spread = Spread::default();
        let is_on = true;
        assert_eq!(spread.begin(1, 1), Some(Change { link: 1, author: None, is_on }));
        assert_eq!(spread.begin(2, 2), None);
        assert_eq!(spread.end(1), [Change { link: 2, author: None, is_on }]);
    }

    #[test]
    fn a_second_copy_closes_a_feed_if_there_is_another() {
        let mut spread = three();
        spread.came(9, 1);
        let closed = Change { link: 2, author: Some(9), is_on: false };
        assert_eq!(spread.came_again(9, 2), Some(closed));
        assert_eq!(spread.came_again(9, 1), None, "nobody else feeds it");
    }

    #[test]
    fn what_is_named_is_asked_for_at_once_of_whoever_feeds_it_and_later_of_others() {
        let mut spread = three();
        assert!(spread.may_ask(9, 1, at(0)), "it comes by itself from nobody else");
        assert!(!spread.may_ask(9, 2, at(0)));
        assert_eq!(spread.deadline(), Some(at(60)));
        assert!(spread.overdue(at(59)).is_empty());
        assert_eq!(spread.overdue(at(60)), [9]);
        assert_eq!(spread.deadline(), None, "once is enough");
        assert!(spread.may_ask(9, 2, at(60)));
    }

    #[test]
    fn who_does_not_answer_is_asked_again_after_all_others() {
        let mut spread = three();
        spread.asked(9, 1, at(0));
        assert!(!spread.may_ask(9, 2, at(4_999)));
        assert_eq!(spread.overdue(at(5_000)), [9]);
        let mut links = [1, 2, 3];
        spread.order(9, &mut links);
        assert_eq!(links, [2, 3, 1]);
        spread.asked(9, 2, at(5_000));
        spread.answered(9, 2, false, at(5_100));
        assert!(spread.may_ask(9, 3, at(5_100)), "nobody waits for an answer that came");
        spread.order(9, &mut links);
        assert_eq!(links, [3, 1, 2]);
    }

    #[test]
    fn who_answers_takes_turns_with_the_others() {
        let mut spread = three();
        let mut links = [1, 2, 3];
        let mut asked = Vec::new();
        for turn in 0..4 {
            spread.order(9, &mut links);
            spread.asked(9, links[0], at(turn));
            spread.answered(9, links[0], true, at(turn));
            asked.push(links[0]);
        }
        assert_eq!(asked, [1, 2, 3, 1]);
    }

    #[test]
    fn a_doubt_makes_nobody_wait() {
        let mut spread = three();
        assert!(!spread.may_ask(9, 2, at(0)));
        spread.opened(9, 3);
        assert_eq!(spread.overdue(at(60)), [9]);
        spread.opened(9, 3);
        assert!(spread.may_ask(9, 2, at(60)));
    }

    #[test]
    fn what_was_asked_of_a_connection_that_ends_is_overdue() {
        let mut spread = three();
        spread.asked(9, 2, at(0));
        spread.end(2);
        assert_eq!(spread.overdue(at(1)), [9]);
        assert!(spread.may_ask(9, 3, at(1)));
    }

    #[test]
    fn a_log_whose_feed_ends_is_fed_by_who_named_it_next_and_is_there() {
        let mut spread = three();
        spread.asked(9, 2, at(0));
        spread.came(9, 2);
        assert!(spread.came_again(9, 1).is_some(), "it is closed on the first");
        spread.named(9, 3);
        let is_on = true;
        assert_eq!(spread.end(2), [Change { link: 3, author: Some(9), is_on }]);
        spread.came(9, 3);
        assert_eq!(spread.end(3), [Change { link: 1, author: Some(9), is_on }]);
    }
}
