//! The part of a conversation that is here, and the place in it that is looked at.
//!
//! The messages are one piece of the conversation without a gap, in its order. Rows are made when they
//! are looked at, and kept until the width, the looks or the message change: so a conversation of any
//! length costs what is on the screen.

use std::collections::VecDeque;

use chinwag_api::model::{Id, Message, MessageState};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ratatui::text::Line;

use crate::view::message::{Above, Look, rows};

/// Messages that are kept of a conversation that is looked at. What is further away is asked for again.
pub const KEPT_MAX: usize = 2_000;

/// Messages of one page.
pub const PAGE: u32 = 100;

/// How near the end of what is here one comes before more is asked for.
const NEAR: usize = 20;

/// A message, and its rows if they were made.
#[derive(Debug)]
struct Entry {
    message: Message,
    /// The day on which it was sent, where we are.
    day: Date,
    above: Above,
    laid: Option<Laid>,
}

#[derive(Debug)]
struct Laid {
    width: u16,
    revision: u64,
    rows: Vec<Line<'static>>,
}

/// The last row that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Foot {
    /// The end, wherever it is.
    End,
    /// A row of a message.
    At { index: usize, row: usize },
}

/// Whether there is more beyond what is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// There is not.
    Closed,
    /// There may be.
    Open,
    /// It was asked for.
    Asked,
}

/// A row on the screen.
#[derive(Debug)]
pub struct Row<'a> {
    /// What it shows.
    pub line: &'a Line<'static>,
    /// Of which message.
    pub id: &'a Id,
    /// Whether it belongs to the message that is selected.
    pub is_selected: bool,
}

/// A part of a conversation.
#[derive(Debug)]
pub struct Timeline {
    entries: VecDeque<Entry>,
    /// Before the oldest that is here.
    pub older: Edge,
    /// After the newest that is here.
    pub newer: Edge,
    foot: Foot,
    selected: Option<Id>,
    /// The first that was not read when the conversation was opened.
    unread: Option<Id>,
    /// Messages of others before what is here that were not read either.
    unread_before: usize,
    /// Whether anything was loaded.
    pub is_loaded: bool,
    /// The looks for which rows were made.
    revision: u64,
    /// Rows and columns of the screen, as they were last.
    size: (u16, u16),
    zone: TimeZone,
}

impl Timeline {
    /// One of which nothing is here yet.
    pub fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            entries: VecDeque::new(),
            older: Edge::Open,
            newer: Edge::Closed,
            foot: Foot::End,
            selected: None,
            unread: None,
            unread_before: 0,
            is_loaded: false,
            revision: 0,
            size: (24, 80),
        }
    }

    /// All messages that are here, the oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.entries.iter().map(|entry| &entry.message)
    }

    /// How many messages are here.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none are here.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The oldest that is here.
    pub fn oldest(&self) -> Option<&Message> {
        self.entries.front().map(|entry| &entry.message)
    }

    /// The newest that is here.
    pub fn newest(&self) -> Option<&Message> {
        self.entries.back().map(|entry| &entry.message)
    }

    /// A message that is here.
    pub fn get(&self, id: &str) -> Option<&Message> {
        self.index(id).and_then(|index| self.entries.get(index)).map(|entry| &entry.message)
    }

    fn index(&self, id: &str) -> Option<usize> {
        // What is asked for is nearly always near the end.
        self.entries.iter().rposition(|entry| entry.message.id == id)
    }

    /// Whether the end of the conversation is seen.
    pub fn is_at_end(&self) -> bool {
        self.foot == Foot::End && self.newer == Edge::Closed
    }

    /// Lets go of everything that is here; it is asked for again when it is looked at.
    pub fn forget(&mut self) {
        let size = self.size;
        *self = Self { size, ..Self::new(self.zone.clone()) };
    }

    /// Shows nothing of what is here any more, until somebody goes up.
    pub fn clear(&mut self) {
        self.forget();
        self.is_loaded = true;
    }

    /// Whether what is here was cleared from the screen.
    pub fn is_cleared(&self) -> bool {
        self.is_loaded && self.is_empty() && self.older == Edge::Open
    }

    /// Other looks: all rows are made anew.
    pub fn restyle(&mut self) {
        self.revision += 1;
    }

    /// From now on days are those of this zone.
    pub fn set_zone(&mut self, zone: TimeZone) {
        for entry in &mut self.entries {
            entry.day = day(&entry.message, &zone);
        }
        self.zone = zone;
        self.settle();
    }

    // What comes in.

    /// The newest page came: all there is, or what is newer than what is here.
    pub fn newest_page(&mut self, page: Vec<Message>, has_older: bool) {
        let overlap = page.first().and_then(|first| self.index(&first.id));
        match overlap {
            Some(index) if self.is_loaded => {
                let is_before =
                    |foot: Foot| matches!(foot, Foot::At { index: at, .. } if at < index);
                if !is_before(self.foot) {
                    self.foot = Foot::End;
                }
                self.entries.truncate(index);
            }
            None if self.is_loaded && self.foot != Foot::End && !self.entries.is_empty() => {
                // Somebody reads further up: what is between comes when they go there.
                self.newer = Edge::Open;
                return;
            }
            _ => {
                self.entries.clear();
                self.foot = Foot::End;
                self.unread_before = 0;
                self.older = if has_older { Edge::Open } else { Edge::Closed };
            }
        }
        self.extend(page);
        self.newer = Edge::Closed;
        self.is_loaded = true;
        self.settle();
    }

    /// The oldest page came. What is between it and what was here is asked for when somebody goes there.
    pub fn oldest_page(&mut self, page: Vec<Message>, has_newer: bool, look: &Look) {
        if page.is_empty() {
            self.older = Edge::Closed;
            return;
        }
        self.entries = page.into_iter().map(|message| Entry::new(message, &self.zone)).collect();
        self.older = Edge::Closed;
        self.newer = if has_newer { Edge::Open } else { Edge::Closed };
        self.is_loaded = true;
        self.settle();
        self.top(look);
    }

    /// A page came that goes before what is here.
    pub fn older_page(&mut self, page: Vec<Message>, has_older: bool) {
        self.older = if has_older { Edge::Open } else { Edge::Closed };
        let (count, known) = (page.len(), self.entries.len());
        for message in page.into_iter().rev() {
            self.entries.push_front(Entry::new(message, &self.zone));
        }
        if let Foot::At { index, .. } = &mut self.foot {
            *index += count;
        }
        self.look_for_unread(known);
        let far = self.entries.len().saturating_sub(KEPT_MAX);
        if far > 0 && self.foot_index() + NEAR < self.entries.len() - far {
            self.entries.truncate(self.entries.len() - far);
            self.newer = Edge::Open;
        }
        self.settle();
    }

    /// A page came that goes behind what is here.
    pub fn newer_page(&mut self, page: Vec<Message>, has_newer: bool) {
        self.pin();
        self.newer = if has_newer { Edge::Open } else { Edge::Closed };
        self.extend(page);
        let far = self.entries.len().saturating_sub(KEPT_MAX);
        if let Foot::At { index, .. } = &mut self.foot
            && far > 0
            && *index > far + NEAR
        {
            *index -= far;
            self.entries.drain(..far);
            self.older = Edge::Open;
        }
        self.settle();
    }

    /// What is around a message came: everything that was here goes, and the message is selected.
    pub fn around(&mut self, page: Vec<Message>, has_older: bool, select: &str) {
        self.entries = page.into_iter().map(|message| Entry::new(message, &self.zone)).collect();
        self.older = if has_older { Edge::Open } else { Edge::Closed };
        self.newer = Edge::Asked;
        self.foot = Foot::End;
        self.is_loaded = true;
        self.settle();
        self.select(Some(select.to_owned()));
    }

    /// A message has come. False: it belongs somewhere before the end, and the order is to be asked for.
    pub fn arrived(&mut self, message: Message) -> bool {
        if self.newer != Edge::Closed {
            return true;
        }
        if let Some(index) = self.index(&message.id) {
            self.replace(index, message);
            return true;
        }
        let is_last = self.newest().is_none_or(|newest| newest.sent_at <= message.sent_at);
        self.entries.push_back(Entry::new(message, &self.zone));
        let far = self.entries.len().saturating_sub(KEPT_MAX);
        if far > 0 && self.foot == Foot::End {
            self.entries.drain(..far);
            self.older = Edge::Open;
        } else if far > KEPT_MAX && self.foot_index() + NEAR < KEPT_MAX {
            // Somebody reads further up, and what is below them is asked for when they come there.
            self.entries.truncate(KEPT_MAX);
            self.newer = Edge::Open;
        }
        self.settle();
        is_last
    }

    /// A message looks different.
    pub fn changed(&mut self, message: Message) {
        if let Some(index) = self.index(&message.id) {
            self.replace(index, message);
        }
    }

    fn replace(&mut self, index: usize, message: Message) {
        if let Some(entry) = self.entries.get_mut(index)
            && entry.message != message
        {
            entry.message = message;
            entry.laid = None;
        }
    }

    /// Messages of ours came further: this one, and those before it of the same device.
    pub fn came_so_far(&mut self, through: &str, state: MessageState) {
        let Some(last) = self.index(through) else { return };
        let Some(device) = self.entries.get(last).map(|e| e.message.author.device.clone()) else {
            return;
        };
        for entry in self.entries.iter_mut().take(last + 1).rev() {
            let is_ours = entry.message.author.is_me && entry.message.author.device == device;
            if is_ours && entry.message.state.is_some_and(|before| before < state) {
                entry.message.state = Some(state);
                entry.laid = None;
            }
        }
    }

    /// Notes from which message on nothing was read, as the line above it says.
    pub fn mark_unread(&mut self, count: u64) {
        self.unread = None;
        self.unread_before = usize::try_from(count).unwrap_or(usize::MAX);
        self.look_for_unread(0);
        self.settle();
    }

    /// Goes on looking for the first that was not read, among what is before this number of the newest.
    fn look_for_unread(&mut self, known: usize) {
        let of_others = self.messages().rev().skip(known).filter(|message| !message.author.is_me);
        let unread: Vec<Id> =
            of_others.take(self.unread_before).map(|message| message.id.clone()).collect();
        self.unread_before -= unread.len();
        if let Some(first) = unread.into_iter().next_back() {
            self.unread = Some(first);
        }
    }

    /// The first that was not read, if it is here.
    pub fn first_unread(&self) -> Option<Id> {
        self.unread.clone()
    }

    fn extend(&mut self, page: Vec<Message>) {
        let zone = &self.zone;
        self.entries.extend(page.into_iter().map(|message| Entry::new(message, zone)));
    }

    /// Brings what stands above each message, and what is selected, into agreement with what is here.
    fn settle(&mut self) {
        let mut day = None;
        for entry in &mut self.entries {
            let above = Above {
                is_new_day: day != Some(entry.day),
                is_first_unread: self.unread.as_ref() == Some(&entry.message.id),
            };
            day = Some(entry.day);
            if entry.above != above {
                entry.above = above;
                entry.laid = None;
            }
        }
        if self.selected.as_ref().is_some_and(|id| self.index(id).is_none()) {
            self.selected = None;
        }
        if let Foot::At { index, .. } = self.foot
            && index >= self.entries.len()
        {
            self.foot = Foot::End;
        }
    }

    // Where one looks.

    fn foot_index(&self) -> usize {
        match self.foot {
            Foot::End => self.entries.len().saturating_sub(1),
            Foot::At { index, .. } => index,
        }
    }

    /// Keeps the place that is seen, whatever comes behind it.
    fn pin(&mut self) {
        if self.foot == Foot::End && !self.entries.is_empty() {
            let index = self.entries.len() - 1;
            let row =
                self.entries[index].laid.as_ref().map_or(0, |l| l.rows.len().saturating_sub(1));
            self.foot = Foot::At { index, row };
        }
    }

    fn height(&mut self, index: usize, look: &Look) -> usize {
        let (width, revision) = (self.size.1, self.revision);
        self.entries.get_mut(index).map_or(0, |entry| entry.rows(look, width, revision).len())
    }

    fn last(&mut self, look: &Look) -> (usize, usize) {
        match self.foot {
            Foot::At { index, row } => {
                let height = self.height(index, look);
                (index, row.min(height.saturating_sub(1)))
            }
            Foot::End => {
                let index = self.entries.len().saturating_sub(1);
                (index, self.height(index, look).saturating_sub(1))
            }
        }
    }

    /// Moves up by rows, as far as there is something.
    pub fn up(&mut self, by: usize, look: &Look) {
        if self.entries.is_empty() {
            return;
        }
        let (mut index, mut row) = self.last(look);
        let mut left = by;
        while left > 0 {
            if row >= left {
                row -= left;
                left = 0;
            } else if index == 0 {
                row = 0;
                left = 0;
            } else {
                left -= row + 1;
                index -= 1;
                row = self.height(index, look).saturating_sub(1);
            }
        }
        self.foot = Foot::At { index, row };
        self.fill(look);
    }

    /// Where the screen would not be full, it begins with the oldest.
    fn fill(&mut self, look: &Look) {
        let Foot::At { index, row } = self.foot else { return };
        let mut above = row + 1;
        for at in (0..index).rev() {
            if above >= usize::from(self.size.0) {
                return;
            }
            above += self.height(at, look);
        }
        let missing = usize::from(self.size.0).saturating_sub(above);
        if missing > 0 {
            self.down(missing, look);
        }
    }

    /// Moves down by rows, at most to the end.
    pub fn down(&mut self, by: usize, look: &Look) {
        let Foot::At { .. } = self.foot else { return };
        let (mut index, row) = self.last(look);
        let mut row = row + by;
        loop {
            let height = self.height(index, look);
            let is_last = index + 1 >= self.entries.len();
            // Where the last row of all is seen nothing is below.
            if is_last && row + 1 >= height {
                self.foot = Foot::End;
                return;
            }
            if row < height {
                self.foot = Foot::At { index, row };
                return;
            }
            row -= height;
            index += 1;
        }
    }

    /// Moves by pages: a row is seen on both.
    pub fn page(&mut self, is_up: bool, look: &Look) {
        let by = usize::from(self.size.0).saturating_sub(1).max(1);
        if is_up { self.up(by, look) } else { self.down(by, look) }
    }

    /// The newest that is here.
    pub fn end(&mut self) {
        self.foot = Foot::End;
    }

    /// The oldest that is here.
    pub fn top(&mut self, look: &Look) {
        if !self.entries.is_empty() {
            self.foot = Foot::At { index: 0, row: 0 };
            self.fill(look);
        }
    }

    /// Whether more is to be asked for, and where: before what is here, or behind it.
    pub fn wants(&self) -> Option<bool> {
        let foot = self.foot_index();
        let seen = usize::from(self.size.0);
        if self.older == Edge::Open && foot < seen + NEAR && self.is_loaded {
            return Some(true);
        }
        let is_near_end = foot + NEAR >= self.entries.len();
        (self.newer == Edge::Open && is_near_end && self.is_loaded).then_some(false)
    }

    // What is selected.

    /// The message that is selected.
    pub fn selected(&self) -> Option<&Message> {
        self.selected.as_ref().and_then(|id| self.get(id))
    }

    /// Selects a message that is here, or none.
    pub fn select(&mut self, id: Option<Id>) {
        self.selected = id.filter(|id| self.index(id).is_some());
    }

    /// Selects the one above or below; at first the last that is seen. False: there is none below.
    pub fn move_selection(&mut self, is_up: bool, look: &Look) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let now = self.selected.as_ref().and_then(|id| self.index(id));
        let next = match (now, is_up) {
            (None, _) => self.last(look).0,
            (Some(index), true) => index.saturating_sub(1),
            (Some(index), false) if index + 1 < self.entries.len() => index + 1,
            // More is on its way.
            (Some(_), false) if self.newer != Edge::Closed => return true,
            (Some(_), false) => return false,
        };
        self.selected = self.entries.get(next).map(|entry| entry.message.id.clone());
        self.show_selected(look);
        true
    }

    /// Which of the messages that are here is selected, counted from 1.
    pub fn selected_nth(&self) -> Option<usize> {
        self.selected.as_ref().and_then(|id| self.index(id)).map(|index| index + 1)
    }

    /// If something is selected and is not seen any more, selects the nearest that is.
    pub fn select_seen(&mut self, look: &Look) {
        let Some(selected) = self.selected.as_ref().and_then(|id| self.index(id)) else { return };
        let (last, row) = self.last(look);
        let (mut first, mut count) = (last, row + 1);
        while first > 0 {
            count += self.height(first - 1, look);
            if count > usize::from(self.size.0) {
                break;
            }
            first -= 1;
        }
        let seen = selected.clamp(first, last);
        self.selected = self.entries.get(seen).map(|entry| entry.message.id.clone());
    }

    /// Moves so that what is selected is seen.
    pub fn show_selected(&mut self, look: &Look) {
        let Some(index) = self.selected.as_ref().and_then(|id| self.index(id)) else { return };
        let (last, row) = self.last(look);
        let height = self.height(index, look);
        if index > last || (index == last && row + 1 < height) {
            self.foot = Foot::At { index, row: height.saturating_sub(1) };
            if index + 1 == self.entries.len() {
                self.foot = Foot::End;
            }
            return;
        }
        let mut between = if index == last { 0 } else { row + 1 };
        for at in index + 1..last {
            between += self.height(at, look);
        }
        let over = (between + height).saturating_sub(usize::from(self.size.0));
        if over > 0 {
            self.up(over, look);
        }
    }

    /// The rows on a screen of this size, from top to bottom; fewer where there are fewer.
    pub fn screen(&mut self, height: u16, width: u16, look: &Look) -> Vec<Row<'_>> {
        self.size = (height, width);
        if self.entries.is_empty() || height == 0 || width == 0 {
            return Vec::new();
        }
        self.fill(look);
        let (last, row) = self.last(look);
        let (mut first, mut count) = (last, row + 1);
        while count < usize::from(height) && first > 0 {
            first -= 1;
            count += self.height(first, look);
        }
        let skipped = count.saturating_sub(usize::from(height));
        let selected = self.selected.as_ref();
        let seen = self.entries.iter().enumerate().take(last + 1).skip(first);
        seen.flat_map(|(index, entry)| {
            let all = entry.laid.as_ref().map_or(&[][..], |laid| &laid.rows);
            let all = if index == last { &all[..(row + 1).min(all.len())] } else { all };
            let is_selected = selected == Some(&entry.message.id);
            all.iter().map(move |line| Row { line, id: &entry.message.id, is_selected })
        })
        .skip(skipped)
        .collect()
    }
}

/// The day of a message. What is no time stands with the first day there is.
fn day(message: &Message, zone: &TimeZone) -> Date {
    let sent: Timestamp = message.sent_at.parse().unwrap_or_default();
    sent.to_zoned(zone.clone()).date()
}

impl Entry {
    fn new(message: Message, zone: &TimeZone) -> Self {
        let day = day(&message, zone);
        Self { message, day, above: Above::default(), laid: None }
    }

    fn rows(&mut self, look: &Look, width: u16, revision: u64) -> &[Line<'static>] {
        let is_laid =
            self.laid.as_ref().is_some_and(|laid| laid.width == width && laid.revision == revision);
        if !is_laid {
            let rows = rows(&self.message, self.above, look, width);
            self.laid = Some(Laid { width, revision, rows });
        }
        self.laid.as_ref().map_or(&[], |laid| &laid.rows)
    }
}
