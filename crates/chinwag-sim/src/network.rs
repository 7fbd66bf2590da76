//! The virtual network: cables between two nodes, each a queue in either direction. What is sent
//! arrives late and on each lane in order, or is lost with its cable.

use std::collections::BTreeMap;

use chinwag_core::input::Link;
use chinwag_core::output::Lane;

use crate::dice::Dice;
use crate::hostile::Lie;

/// One second in the simulator's time.
pub(crate) const SECOND: u64 = 1_000_000;

/// Who somebody is: a number.
pub(crate) type Who = usize;

/// One connection.
#[derive(Debug)]
pub(crate) struct Cable {
    /// Who is at its ends.
    pub(crate) ends: [Who; 2],
    /// What a frame takes, in microseconds.
    pub(crate) delay: u64,
    /// Whether it carries anything.
    pub(crate) is_whole: bool,
    /// Which ends are told of it and have not given it up.
    pub(crate) is_open: [bool; 2],
    /// Whether it gave anybody a reason to lose patience.
    pub(crate) is_troubled: bool,
    /// When the last frame towards each end arrives, on each lane.
    clear_at: [[u64; 2]; 2],
    /// Pages under way.
    pub(crate) pages: u64,
    /// The last lie that was told on it.
    pub(crate) lie: Option<Lie>,
    /// The last frame that was sent on it and is over a limit.
    pub(crate) too_much: Option<Vec<u8>>,
}

/// All cables, and where nothing passes.
#[derive(Debug, Default)]
pub(crate) struct Network {
    cables: BTreeMap<Link, Cable>,
    next: u64,
    /// From whom to whom nothing gets through, and until when.
    blocked: BTreeMap<(Who, Who), u64>,
    /// One connection in so many is slow; 0: none.
    slow_once_in: u64,
    /// Whether nothing passes any more, for good.
    pub(crate) has_ended: bool,
}

impl Cable {
    /// Which end somebody is at.
    pub(crate) fn end_of(&self, who: Who) -> usize {
        usize::from(self.ends[0] != who)
    }

    /// Who is at the other end.
    pub(crate) fn other(&self, who: Who) -> Who {
        self.ends[1 - self.end_of(who)]
    }
}

impl Network {
    /// A network without cables, of which one in so many will be slow; 0: none.
    pub(crate) fn new(slow_once_in: u64) -> Self {
        Self { slow_once_in, ..Self::default() }
    }

    /// Lays a cable; the ends learn of it at the two times.
    pub(crate) fn lay(
        &mut self,
        ends: [Who; 2],
        now: u64,
        may_be_slow: bool,
        dice: &mut Dice,
    ) -> (Link, [u64; 2]) {
        let link = Link(self.next);
        self.next += 1;
        let is_slow = may_be_slow && self.slow_once_in > 0 && dice.once_in(self.slow_once_in);
        let delay = if is_slow { dice.between(3, 20) * SECOND } else { dice.between(500, 200_000) };
        let told = [now + dice.below(2 * delay), now + dice.below(2 * delay)];
        let cable = Cable {
            ends,
            delay,
            is_whole: true,
            is_open: [false; 2],
            is_troubled: is_slow,
            clear_at: [told; 2],
            pages: 0,
            lie: None,
            too_much: None,
        };
        self.cables.insert(link, cable);
        (link, told)
    }

    /// A cable.
    pub(crate) fn cable(&self, link: Link) -> Option<&Cable> {
        self.cables.get(&link)
    }

    /// A cable, to change it.
    pub(crate) fn cable_mut(&mut self, link: Link) -> Option<&mut Cable> {
        self.cables.get_mut(&link)
    }

    /// When something that is sent now towards an end arrives there: after all that was sent
    /// before it on the same lane. What goes by bulk takes up to three times as long.
    pub(crate) fn arrival(
        &mut self,
        link: Link,
        lane: Lane,
        end: usize,
        now: u64,
        dice: &mut Dice,
    ) -> Option<u64> {
        let cable = self.cables.get_mut(&link)?;
        let (from, to) = (cable.ends[1 - end], cable.ends[end]);
        let mut leaves = now;
        if let Some(until) = self.blocked.get(&(from, to)).filter(|until| **until > now) {
            leaves = *until;
            cable.is_troubled = true;
        }
        let lane = usize::from(lane == Lane::Bulk);
        let more = if lane == 1 { 2 * cable.delay } else { cable.delay / 4 };
        let at = leaves + cable.delay + dice.below(more + 1);
        let at = at.max(cable.clear_at[lane][end]);
        cable.clear_at[lane][end] = at;
        Some(at)
    }

    /// Nothing gets from one to the other until then.
    pub(crate) fn block(&mut self, from: Who, to: Who, until: u64) {
        self.blocked.insert((from, to), until);
    }

    /// Everything passes again.
    pub(crate) fn unblock(&mut self) {
        self.blocked.clear();
    }

    /// Whether a connection between two can come about.
    pub(crate) fn is_passable(&self, a: Who, b: Who, now: u64) -> bool {
        let is_free = |way| self.blocked.get(&way).is_none_or(|until| *until <= now);
        is_free((a, b)) && is_free((b, a))
    }

    /// The cables that somebody has, as far as they know.
    pub(crate) fn of(&self, who: Who) -> impl Iterator<Item = (Link, &Cable)> {
        let is_theirs =
            move |cable: &Cable| cable.ends.contains(&who) && cable.is_open[cable.end_of(who)];
        self.cables.iter().filter(move |(_, cable)| is_theirs(cable)).map(|(l, c)| (*l, c))
    }

    /// How many cables to somebody one has, as far as one knows.
    pub(crate) fn between(&self, who: Who, other: Who) -> usize {
        self.of(who).filter(|(_, cable)| cable.other(who) == other).count()
    }

    /// All cables that carry something.
    pub(crate) fn whole(&self) -> Vec<Link> {
        self.cables.iter().filter(|(_, cable)| cable.is_whole).map(|(link, _)| *link).collect()
    }

    /// Forgets the cables that nobody has.
    pub(crate) fn tidy(&mut self) {
        self.cables.retain(|_, cable| cable.is_whole || cable.is_open != [false; 2]);
    }
}
