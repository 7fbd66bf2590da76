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

use std::collections::BTreeMap;

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

/// Until when something is waited for.
#[derive(Clone, Copy, Debug)]
struct Wait<L> {
    until: Mono,
    /// Who was asked for it, if anybody was.
    asked: Option<L>,
    /// Whether it was said that the time is over.
    is_told: bool,
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
        if self.ends.remove(&link).is_none() {
            return Vec::new();
        }
        for wait in self.waits.values_mut().filter(|wait| wait.asked == Some(link)) {
            *wait = Wait { until: Mono::default(), asked: None, is_told: false };
        }
        let mut changes = Vec::new();
        if self.main == Some(link) {
            self.main = None;
            let next = self.ends.keys().next().copied();
            changes.extend(next.and_then(|next| self.feed_from(next)));
        }
        let lost = self.sources.iter().filter(|(_, source)| source.first == link);
        let lost: Vec<(A, Option<L>)> = lost.map(|(author, s)| (*author, s.next)).collect();
        for (author, next) in lost {
            self.sources.remove(&author);
            let next = next.filter(|next| self.ends.contains_key(next)).or(self.main);
            let end = next.and_then(|next| Some((next, self.ends.get(&next)?)));
            if let Some((next, _)) = end.filter(|_| !self.is_fed(author, None)) {
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

    /// Something new of a log came, on a connection or not.
    pub fn came(&mut self, author: A, link: Option<L>) {
        self.waits.remove(&author);
        let Some(first) = link.filter(|link| self.ends.contains_key(link)) else { return };
        let before = self.sources.get(&author);
        let next = before.map(|s| if s.first == first { s.next } else { Some(s.first) });
        self.sources.insert(author, Source { first, next: next.flatten() });
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
        let until = after(now, GRACE_US);
        self.waits.insert(author, Wait { until, asked: None, is_told: false });
        false
    }

    /// Something of a log was asked for: whoever is asked feeds it from now on.
    pub fn asked(&mut self, author: A, link: L, now: Mono) {
        let Some(end) = self.ends.get_mut(&link) else { return };
        end.to_us.of.insert(author, true);
        let until = after(now, ANSWER_US);
        self.waits.insert(author, Wait { until, asked: Some(link), is_told: false });
    }

    /// What was asked for was answered.
    pub fn answered(&mut self, author: A, link: L) {
        if self.waits.get(&author).is_some_and(|wait| wait.asked == Some(link)) {
            self.waits.remove(&author);
        }
    }

    /// When something was waited for long enough.
    pub fn deadline(&self) -> Option<Mono> {
        self.waits.values().filter(|wait| !wait.is_told).map(|wait| wait.until).min()
    }

    /// Whether something was waited for long enough since this was asked last: then everybody may be
    /// [asked](Self::may_ask).
    pub fn is_overdue(&mut self, now: Mono) -> bool {
        let overdue = self.waits.values_mut().filter(|w| !w.is_told && w.until <= now);
        let mut is_any = false;
        for wait in overdue {
            (wait.is_told, is_any) = (true, true);
        }
        is_any
    }
}

fn after(now: Mono, us: u64) -> Mono {
    Mono::new(now.get().saturating_add(us))
}
