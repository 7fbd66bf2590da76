//! What one connection says, found in its bytes however they are cut.
//!
//! Pure: bytes, silences and the end of the connection go in; what was heard, and what is to be
//! written back, comes out. The listener drives it, and so do the property tests and the fuzzer.

use std::mem::discriminant;
use std::net::SocketAddr;

use crate::dialect::{
    self, Act, Beginning, Claim, Dialect, MARKER, ObjectEnd, Opened, Opening, Silence, TextEnd,
    Then,
};
use crate::limits::{MESSAGE_MAX, READ_MAX};

/// Bytes that tell, whatever they are, whether another header begins at a newline or an end
/// marker at a place: with so many after it the place is decided.
const DECIDED_AFTER: usize = 512;

/// What somebody said to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A message.
    Message {
        /// Who says so.
        peer: Claim,
        /// How it was written.
        dialect: Dialect,
        /// The text as it came, control characters and all; invalid UTF-8 became U+FFFD.
        text: String,
        /// How it ended.
        ending: Ending,
    },
    /// "Put me on your list."
    Connect {
        /// Who says so.
        peer: Claim,
        /// How it was written.
        dialect: Dialect,
    },
    /// "Take me off your list."
    Exit {
        /// Who says so.
        peer: Claim,
        /// How it was written.
        dialect: Dialect,
    },
    /// Bytes that fit no dialect.
    Unfitting {
        /// The bytes as text; invalid UTF-8 became U+FFFD.
        text: String,
        /// How they ended.
        ending: Ending,
    },
}

/// How a text ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is whole, as far as its dialect can tell.
    Whole,
    /// It was too long for one piece: the rest follows.
    Continues,
    /// The connection broke off, or ended before the text did.
    BrokeOff,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The other side closed it.
    Finished,
    /// It was reset or lost.
    Broken,
}

/// What comes out of a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Something was said.
    Heard(Heard),
    /// This is expected back on the same connection.
    Answer(Vec<u8>),
}

/// Somebody who speaks on this connection.
#[derive(Clone, Debug)]
struct Voice {
    dialect: Dialect,
    claim: Claim,
    /// How a text goes on when no header precedes it; `None`: it can't.
    goes_on: Option<TextEnd>,
}

#[derive(Debug)]
enum State {
    /// A message may begin. Whoever spoke last may go on without a header.
    Between { last: Option<Voice> },
    /// Within a text.
    Text { voice: Voice, end: TextEnd, scan: Scan },
    /// Within bytes that fit no dialect.
    Unfitting { scan: Scan },
}

/// How far a text has been looked through.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    /// Bytes known not to hold its end.
    done: usize,
    /// The same for an object.
    object: ObjectEnd,
    /// Whether a part of it has been handed on already, or no header came before it.
    is_rest: bool,
}

/// Where a text was found to end.
struct Cut {
    /// Bytes of the text.
    text: usize,
    /// Bytes done with: the text and what ended it.
    used: usize,
    ending: Ending,
}

/// The reader of one connection.
///
/// Give it bytes with [`push`](Self::push), at most [`READ_MAX`](crate::limits::READ_MAX) at a
/// time, and then take what it has with [`poll`](Self::poll) until there is no more. It holds at
/// most [`MESSAGE_MAX`], one such push and a header's length.
#[derive(Debug)]
pub struct Receiver {
    origin: SocketAddr,
    our_port: u16,
    bytes: Vec<u8>,
    silence: Silence,
    closing: Option<Closing>,
    state: State,
    answer: Option<Vec<u8>>,
}

impl Receiver {
    /// A reader for a connection from `origin` to our port `our_port`.
    pub fn new(origin: SocketAddr, our_port: u16) -> Self {
        Self {
            origin,
            our_port,
            bytes: Vec::new(),
            silence: Silence::None,
            closing: None,
            state: State::Between { last: None },
            answer: None,
        }
    }

    /// More bytes came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            // Little more room than is needed: there may be many of us.
            self.bytes.reserve_exact(bytes.len().max(READ_MAX));
        }
        self.bytes.extend_from_slice(bytes);
        self.silence = Silence::None;
    }

    /// Nothing came for a while.
    pub fn fall_silent(&mut self, silence: Silence) {
        self.silence = self.silence.max(silence);
    }

    /// The connection ended: nothing more will come.
    pub fn close(&mut self, closing: Closing) {
        self.silence = Silence::Ended;
        self.closing = Some(closing);
    }

    /// Bytes held of what is not finished.
    pub fn held(&self) -> usize {
        self.bytes.len()
    }

    /// Whether silence would tell anything now, and which one is to be waited for.
    pub fn awaits(&self) -> Option<Silence> {
        match self.silence {
            _ if self.bytes.is_empty() => None,
            Silence::None => Some(Silence::Brief),
            Silence::Brief => Some(Silence::Long),
            Silence::Long | Silence::Ended => None,
        }
    }

    /// Whether anything that fits a dialect has been said.
    pub fn is_understood(&self) -> bool {
        match self.state {
            State::Between { last: Some(_) } => true,
            State::Text { end, .. } => end != TextEnd::Object,
            State::Between { last: None } | State::Unfitting { .. } => false,
        }
    }

    /// What comes out next, if anything does.
    pub fn poll(&mut self) -> Option<Output> {
        if let Some(answer) = self.answer.take() {
            return Some(Output::Answer(answer));
        }
        loop {
            let heard = match &mut self.state {
                State::Between { .. } => match self.begin() {
                    Progress::Heard(heard) => heard,
                    Progress::Stepped => continue,
                    Progress::Waits => return None,
                },
                State::Text { .. } => self.text_to_its_end()?,
                State::Unfitting { .. } => self.unfitting_to_its_end()?,
            };
            return Some(Output::Heard(heard));
        }
    }

    /// Hands on what is held of an unfinished text, to hold it no longer. The rest follows as a
    /// further part; of an object, which means nothing in parts, as what fits no dialect. A header
    /// can't be parted, and is short.
    pub fn part(&mut self) -> Option<Heard> {
        let len = whole_characters(&self.bytes);
        if matches!(self.state, State::Between { .. }) || len == 0 {
            return None;
        }
        let cut = Cut { text: len, used: len, ending: Ending::Continues };
        Some(match self.state {
            State::Text { end: TextEnd::Object, .. } | State::Unfitting { .. } => {
                self.take_unfitting(&cut)
            }
            _ => self.take_text(&cut),
        })
    }

    fn begin(&mut self) -> Progress {
        let State::Between { last } = &self.state else {
            return Progress::Waits;
        };
        let last = last.clone();
        if last.is_some() {
            let blank = self.bytes.iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
            self.advance(blank);
        }
        if self.bytes.is_empty() {
            return Progress::Waits;
        }
        match self.open_at(0, self.silence) {
            Opening::Opened(opened) if may_open(last.as_ref(), &opened) => self.opened(opened),
            _ => self.go_on(last),
        }
    }

    fn opened(&mut self, opened: Opened) -> Progress {
        let Opened { used, dialect, claim, then } = opened;
        self.advance(used);
        match then {
            Then::Text(end) => {
                let goes_on = match end {
                    TextEnd::NextHeader | TextEnd::Line { .. } => Some(end),
                    TextEnd::Marker | TextEnd::Object => None,
                };
                let voice = Voice { dialect, claim, goes_on };
                self.state = State::Text { voice, end, scan: Scan::default() };
                Progress::Stepped
            }
            Then::Said { act, answer } => {
                let goes_on = match dialect {
                    Dialect::Greeting => Some(TextEnd::Line { answer: None }),
                    _ => None,
                };
                let voice = Voice { dialect, claim: claim.clone(), goes_on };
                self.state = State::Between { last: Some(voice) };
                self.answer = answer;
                Progress::Heard(heard_of(act, claim, dialect, Ending::Whole))
            }
        }
    }

    /// No header begins here, or not yet: whoever spoke last goes on, or it fits nothing.
    fn go_on(&mut self, last: Option<Voice>) -> Progress {
        let voice = last.and_then(|voice| voice.goes_on.map(|end| (voice, end)));
        let patience = match &voice {
            Some((_, TextEnd::Line { .. })) => Silence::Brief,
            Some(_) => Silence::Long,
            None => Silence::Ended,
        };
        let may_still_open = || matches!(self.open_at(0, Silence::None), Opening::Unfinished);
        if self.silence < patience && may_still_open() {
            return Progress::Waits;
        }
        self.state = match voice {
            Some((voice, end)) => {
                // What comes after a silence may be the rest of what came before it: it is said,
                // and no word of it is a command. Lines are what they are.
                let is_rest = end == TextEnd::NextHeader;
                State::Text { voice, end, scan: Scan { is_rest, ..Scan::default() } }
            }
            None => State::Unfitting { scan: Scan::default() },
        };
        Progress::Stepped
    }

    fn text_to_its_end(&mut self) -> Option<Heard> {
        let State::Text { voice, end, scan } = &self.state else {
            return None;
        };
        let (mut scan, end) = (*scan, *end);
        let cut = match end {
            TextEnd::NextHeader => self.find_next_header(&mut scan, Some(voice)),
            TextEnd::Line { .. } => self.find_line(&mut scan),
            TextEnd::Marker => self.find_marker(&mut scan),
            TextEnd::Object => self.find_object(&mut scan),
        };
        if let State::Text { scan: kept, .. } = &mut self.state {
            *kept = scan;
        }
        let cut = cut?;
        Some(if end == TextEnd::Object { self.take_object(&cut) } else { self.take_text(&cut) })
    }

    fn unfitting_to_its_end(&mut self) -> Option<Heard> {
        let State::Unfitting { scan } = &self.state else {
            return None;
        };
        let mut scan = *scan;
        let cut = self.find_next_header(&mut scan, None);
        self.state = State::Unfitting { scan };
        cut.map(|cut| self.take_unfitting(&cut))
    }

    /// Finds a newline that is followed by another header; where somebody speaks, by one of theirs.
    fn find_next_header(&self, scan: &mut Scan, of: Option<&Voice>) -> Option<Cut> {
        scan.done = loop {
            let Some(at) = find(&self.bytes, b"\n", scan.done, MESSAGE_MAX) else {
                break self.bytes.len().min(MESSAGE_MAX);
            };
            match self.open_at(at + 1, Silence::None) {
                Opening::Opened(opened) if of.is_none_or(|voice| voice.opens(&opened)) => {
                    return Some(Cut { text: at, used: at + 1, ending: Ending::Whole });
                }
                Opening::Unfinished if self.is_undecided_at(at) => break at,
                _ => scan.done = at + 1,
            }
        };
        let finished_line = self.silence == Silence::Brief && self.bytes.ends_with(b"\n");
        let finished = finished_line || self.silence == Silence::Long;
        self.rest_if(finished && !self.bytes.is_empty(), scan)
    }

    fn find_line(&self, scan: &mut Scan) -> Option<Cut> {
        if let Some(at) = find(&self.bytes, b"\n", scan.done, MESSAGE_MAX) {
            return Some(Cut { text: at, used: at + 1, ending: Ending::Whole });
        }
        scan.done = self.bytes.len().min(MESSAGE_MAX);
        self.rest_if(self.silence > Silence::None && !self.bytes.is_empty(), scan)
    }

    fn find_marker(&self, scan: &mut Scan) -> Option<Cut> {
        if let Some(at) = find(&self.bytes, MARKER, scan.done, MESSAGE_MAX) {
            return Some(Cut { text: at, used: at + MARKER.len(), ending: Ending::Whole });
        }
        scan.done = self.bytes.len().saturating_sub(MARKER.len()).min(MESSAGE_MAX);
        self.rest_without_end(scan)
    }

    fn find_object(&self, scan: &mut Scan) -> Option<Cut> {
        // No further, though more may be here: what is heard must not depend on how it came.
        let end = self.bytes.len().min(MESSAGE_MAX);
        let unseen = self.bytes.get(scan.done..end).unwrap_or_default();
        if let Some(more) = scan.object.find(unseen) {
            let len = scan.done + more;
            return Some(Cut { text: len, used: len, ending: Ending::Whole });
        }
        scan.done = end;
        self.rest_without_end(scan)
    }

    /// The rest of a text that should have had an end and goes no further without it.
    fn rest_without_end(&self, scan: &Scan) -> Option<Cut> {
        let is_stuck = self.silence == Silence::Long && !self.bytes.is_empty();
        let cut = self.rest_if(is_stuck, scan)?;
        let ending = if cut.ending == Ending::Whole { Ending::BrokeOff } else { cut.ending };
        Some(Cut { ending, ..cut })
    }

    /// The cut for a text whose end is not in sight: everything when it is finished all the same,
    /// a part when it is too long, nothing while it may go on.
    fn rest_if(&self, finished: bool, scan: &Scan) -> Option<Cut> {
        let len = self.bytes.len();
        if len > MESSAGE_MAX + DECIDED_AFTER || (len > MESSAGE_MAX && self.closing.is_some()) {
            let window = self.bytes.get(..MESSAGE_MAX).unwrap_or_default();
            let text = whole_characters(window);
            return Some(Cut { text, used: text, ending: Ending::Continues });
        }
        let ending = match self.closing {
            Some(Closing::Finished) => Ending::Whole,
            Some(Closing::Broken) => Ending::BrokeOff,
            None if finished => Ending::Whole,
            None => return None,
        };
        let nothing_left = len == 0 && scan.is_rest;
        (!nothing_left).then_some(Cut { text: len, used: len, ending })
    }

    fn take_text(&mut self, cut: &Cut) -> Heard {
        let text = self.take(cut);
        let between = State::Between { last: None };
        let State::Text { voice, end, scan } = std::mem::replace(&mut self.state, between) else {
            return Heard::Unfitting { text, ending: cut.ending };
        };
        let mut text = text;
        if end == TextEnd::Marker && !scan.is_rest && text.starts_with('\n') {
            text.remove(0);
        }
        let (claim, dialect) = (voice.claim.clone(), voice.dialect);
        if let (TextEnd::Line { answer }, true) = (end, cut.ending != Ending::Continues) {
            self.answer = answer.map(<[u8]>::to_vec);
        }
        self.state = if cut.ending == Ending::Continues {
            State::Text { voice, end, scan: Scan { is_rest: true, ..Scan::default() } }
        } else {
            State::Between { last: Some(voice) }
        };
        let is_all = cut.ending == Ending::Whole && !scan.is_rest;
        let act = if is_all { Act::of_text(text) } else { Act::Text(text) };
        heard_of(act, claim, dialect, cut.ending)
    }

    fn take_object(&mut self, cut: &Cut) -> Heard {
        let object = self.bytes.get(..cut.text).unwrap_or_default();
        let said = match cut.ending {
            Ending::Whole => dialect::read_object(object, self.origin),
            Ending::Continues | Ending::BrokeOff => None,
        };
        match said {
            Some((dialect, claim, act)) => {
                self.advance(cut.used);
                let voice = Voice { dialect, claim: claim.clone(), goes_on: None };
                self.state = State::Between { last: Some(voice) };
                heard_of(act, claim, dialect, Ending::Whole)
            }
            None => self.take_unfitting(cut),
        }
    }

    fn take_unfitting(&mut self, cut: &Cut) -> Heard {
        let text = self.take(cut);
        self.state = if cut.ending == Ending::Continues {
            State::Unfitting { scan: Scan { is_rest: true, ..Scan::default() } }
        } else {
            State::Between { last: None }
        };
        Heard::Unfitting { text, ending: cut.ending }
    }

    /// Takes the text of a cut, without the line end that belongs to the way it was sent.
    fn take(&mut self, cut: &Cut) -> String {
        let bytes = self.bytes.get(..cut.text).unwrap_or_default();
        let text = match cut.ending {
            Ending::Continues => bytes,
            Ending::Whole | Ending::BrokeOff => without_line_end(bytes),
        };
        let text = String::from_utf8_lossy(text).into_owned();
        self.advance(cut.used);
        text
    }

    fn advance(&mut self, used: usize) {
        self.bytes.drain(..used.min(self.bytes.len()));
        if self.bytes.capacity() > self.bytes.len() + 2 * READ_MAX {
            self.bytes.shrink_to(self.bytes.len() + READ_MAX);
        }
    }

    fn open_at(&self, at: usize, silence: Silence) -> Opening {
        let bytes = self.bytes.get(at..).unwrap_or_default();
        let bytes = bytes.get(..DECIDED_AFTER).unwrap_or(bytes);
        let Self { origin, our_port, .. } = *self;
        dialect::open(Beginning { bytes, silence, origin, our_port })
    }

    fn is_undecided_at(&self, at: usize) -> bool {
        self.silence == Silence::None && self.bytes.len() - at <= DECIDED_AFTER
    }
}

enum Progress {
    Heard(Heard),
    Stepped,
    Waits,
}

impl Voice {
    /// Whether a header is this one's next: the same address in the same dialect.
    fn opens(&self, opened: &Opened) -> bool {
        self.claim.address == opened.claim.address
            && discriminant(&self.dialect) == discriminant(&opened.dialect)
    }
}

/// Whether a header counts where one peer has spoken: lines are texts unless they are its own.
fn may_open(last: Option<&Voice>, opened: &Opened) -> bool {
    match last {
        Some(Voice { goes_on: Some(TextEnd::Line { .. }), claim, .. }) => {
            claim.address == opened.claim.address
        }
        _ => true,
    }
}

fn heard_of(act: Act, peer: Claim, dialect: Dialect, ending: Ending) -> Heard {
    match act {
        Act::Text(text) => Heard::Message { peer, dialect, text, ending },
        Act::Connect => Heard::Connect { peer, dialect },
        Act::Exit => Heard::Exit { peer, dialect },
    }
}

/// The first place of `needle` that is at `from` or later and at `last` or earlier.
fn find(bytes: &[u8], needle: &[u8], from: usize, last: usize) -> Option<usize> {
    let end = bytes.len().min(last.saturating_add(needle.len()));
    let window = bytes.get(from..end)?;
    window.windows(needle.len()).position(|found| found == needle).map(|at| from + at)
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// Bytes of `bytes` without a character at the end that is only begun (RFC 3629 section 3).
fn whole_characters(bytes: &[u8]) -> usize {
    const CHARACTER_MAX: usize = 4;
    let is_start = |b: u8| b & 0b1100_0000 != 0b1000_0000;
    let tail = bytes.iter().rev().take(CHARACTER_MAX).position(|&b| is_start(b));
    let Some(back) = tail else { return bytes.len() };
    let at = bytes.len() - back - 1;
    let needed = match bytes.get(at) {
        Some(0b1100_0000..=0b1101_1111) => 2,
        Some(0b1110_0000..=0b1110_1111) => 3,
        Some(0b1111_0000..=0b1111_0111) => 4,
        _ => 1,
    };
    if back + 1 < needed { at } else { bytes.len() }
}
