//! The ways in which the classroom programs write the same three things: a text, `connect`, `exit`.
//!
//! One file a dialect. Each has an `open`, which recognises how one of its messages begins, and a
//! `write`, which says one thing in it. How a text *ends* is shared, because it is the same few
//! ways everywhere ([`TextEnd`]); the receiver knows them.

mod bracketed;
mod framed;
mod greeting;
mod json;
mod plain;
mod port_line;
mod scan;

use std::net::SocketAddr;

pub(crate) use framed::MARKER;
pub use json::JsonKeys;
pub(crate) use json::ObjectEnd;

use crate::limits::WIRE_MESSAGE_MAX;

/// Who a message says it is from. Nothing of it is checked by anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Where the sender says it listens. Port 0: it does not listen.
    pub address: SocketAddr,
    /// Its team name; empty where the dialect has none.
    pub team: String,
}

/// What can be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// A message of a person.
    Text(String),
    /// "Put me on your list."
    Connect,
    /// "Take me off your list."
    Exit,
}

/// One program's way of writing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `IP:PORT TEAM text`, up to the end of the connection.
    #[default]
    Plain,
    /// `<IP:PORT> <TEAM> text`.
    Bracketed,
    /// `<IP:PORT> @ <TEAM>`, newline, text, newline, `<end>`; and `<IP:PORT> DISCONNECT`.
    Framed,
    /// `PORT`, newline, `CONNECT` or a text, newline; `Message received` is expected back.
    PortLine,
    /// `PORT:n`, answered by `PORT:m`, then texts.
    Greeting,
    /// A JSON object, with the names that this peer uses for its fields.
    Json(JsonKeys),
}

/// How one of a dialect's messages begins, as far as the bytes so far tell.
#[derive(Debug)]
pub(crate) enum Opening {
    /// No message of this dialect begins like this.
    Foreign,
    /// One may: more bytes will tell.
    Unfinished,
    /// One does.
    Opened(Opened),
}

/// A message that has begun.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Bytes of the header, which are done with.
    pub(crate) used: usize,
    /// The dialect it is in.
    pub(crate) dialect: Dialect,
    /// Who says so.
    pub(crate) claim: Claim,
    /// What follows.
    pub(crate) then: Then,
}

/// What follows a header.
#[derive(Debug)]
pub(crate) enum Then {
    /// A text, which ends like this.
    Text(TextEnd),
    /// Nothing: the header said it all; this is to be answered, if anything.
    Said { act: Act, answer: Option<Vec<u8>> },
}

/// How a text ends. All of them also end with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextEnd {
    /// At a newline that another header of the same peer follows, or that silence follows.
    NextHeader,
    /// At the newline, which is answered by this, if anything.
    Line { answer: Option<&'static [u8]> },
    /// At a line that is `<end>`.
    Marker,
    /// With the brace that closes the object.
    Object,
}

/// How long a connection has been silent since its last byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Silence {
    /// More may follow at any moment.
    #[default]
    None,
    /// [`QUIET_LINE`](crate::limits::QUIET_LINE): a finished line will not go on.
    Brief,
    /// [`QUIET_TEXT`](crate::limits::QUIET_TEXT): nothing will go on.
    Long,
    /// The connection has ended: nothing more can follow.
    Ended,
}

/// What a dialect has to look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning<'a> {
    /// The bytes so far, from where a message should begin.
    pub(crate) bytes: &'a [u8],
    /// How long nothing has followed them.
    pub(crate) silence: Silence,
    /// Where the connection comes from.
    pub(crate) origin: SocketAddr,
    /// The port we listen on.
    pub(crate) our_port: u16,
}

/// Recognises the beginning of a message in any dialect. They exclude one another: with enough
/// bytes at most one of them opens.
pub(crate) fn open(beginning: Beginning<'_>) -> Opening {
    const DIALECTS: [fn(Beginning<'_>) -> Opening; 6] =
        [plain::open, bracketed::open, framed::open, port_line::open, greeting::open, json::open];
    let mut unfinished = false;
    for dialect in DIALECTS {
        match dialect(beginning) {
            Opening::Opened(opened) => return Opening::Opened(opened),
            Opening::Unfinished => unfinished = true,
            Opening::Foreign => {}
        }
    }
    if unfinished { Opening::Unfinished } else { Opening::Foreign }
}

/// Recognises a control word without a team before it: `rest` up to a newline, or all of it when
/// nothing follows. Without a newline it may still become something else, up to `max` bytes.
fn open_word(
    beginning: Beginning<'_>,
    dialect: Dialect,
    address: SocketAddr,
    rest: &[u8],
    max: usize,
) -> Opening {
    let newline = rest.iter().position(|&b| b == b'\n');
    if newline.is_none() && beginning.silence < Silence::Long {
        return if rest.len() > max { Opening::Foreign } else { Opening::Unfinished };
    }
    let word_len = newline.unwrap_or(rest.len());
    let word = rest.get(..word_len).unwrap_or_default();
    match Act::of_word(&String::from_utf8_lossy(word)) {
        Some(act) => Opening::Opened(Opened {
            used: beginning.bytes.len() - rest.len() + (word_len + 1).min(rest.len()),
            dialect,
            claim: Claim { address, team: String::new() },
            then: Then::Said { act, answer: None },
        }),
        None => Opening::Foreign,
    }
}

/// What a JSON object says, once it is whole. `None` where it is no message.
pub(crate) fn read_object(bytes: &[u8], origin: SocketAddr) -> Option<(Dialect, Claim, Act)> {
    json::read(bytes, origin)
}

impl Act {
    /// What a text means: a control word of any dialect, in any case, or itself.
    pub(crate) fn of_text(text: String) -> Self {
        Self::of_word(&text).unwrap_or(Self::Text(text))
    }

    /// What a control word means; `None` for every other text.
    pub(crate) fn of_word(text: &str) -> Option<Self> {
        const WORDS: [(&str, Act); 4] = [
            ("connect", Act::Connect),
            ("connection_request", Act::Connect),
            ("exit", Act::Exit),
            ("disconnect", Act::Exit),
        ];
        let word = text.trim();
        WORDS.into_iter().find(|(w, _)| w.eq_ignore_ascii_case(word)).map(|(_, act)| act)
    }
}

/// One message as it goes out: on a connection of its own, in one write, or in two with an answer
/// between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What is written first and answered before the rest is; mostly nothing.
    pub greeting: Option<Vec<u8>>,
    /// The message.
    pub body: Vec<u8>,
    /// Whether the other side says that it has it.
    pub answered: bool,
}

impl Outgoing {
    fn body(body: Vec<u8>) -> Self {
        Self { greeting: None, body, answered: false }
    }
}

impl Dialect {
    /// One of each; [`Dialect::Json`] with the names in the program of its kind that was found.
    pub const ALL: [Self; 6] = [
        Self::Plain,
        Self::Bracketed,
        Self::Framed,
        Self::PortLine,
        Self::Greeting,
        Self::Json(JsonKeys::FOUND),
    ];

    /// What this dialect is called in events and help.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Bracketed => "bracketed",
            Self::Framed => "framed",
            Self::PortLine => "port-line",
            Self::Greeting => "greeting",
            Self::Json(_) => "json",
        }
    }

    /// Says one thing in this dialect, as it goes onto the wire. A text must be one that
    /// [`Dialect::split`] made: it is not cut here.
    pub fn write(self, me: &Claim, act: &Act) -> Outgoing {
        match self {
            Self::Plain => Outgoing::body(plain::write(me, act)),
            Self::Bracketed => Outgoing::body(bracketed::write(me, act)),
            Self::Framed => Outgoing::body(framed::write(me, act)),
            Self::PortLine => port_line::write(me, act),
            Self::Greeting => greeting::write(me, act),
            Self::Json(keys) => Outgoing::body(json::write(keys, me, act)),
        }
    }

    /// Cuts a text into pieces that each fit into one wire message of this dialect
    /// ([`WIRE_MESSAGE_MAX`] bytes with its header), at character boundaries. Nothing is lost:
    /// the pieces joined are the text, but that a dialect of lines cuts at newlines and puts a full
    /// stop behind a line that would be a control word, and that one with an end marker gets a space
    /// before a line that looks like its marker.
    ///
    /// No piece of several is a control word, begins with the end marker or, where another follows,
    /// ends in a newline: receivers take that for something else. Only of 64 newlines in a row one
    /// may be lost. A text that as a whole is a control word is what it says.
    pub fn split(self, me: &Claim, text: &str) -> Vec<String> {
        let room = WIRE_MESSAGE_MAX.saturating_sub(self.overhead(me));
        match self {
            Self::PortLine | Self::Greeting => {
                let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
                let is_one = lines.len() == 1;
                let said = lines.into_iter().map(|line| match Act::of_word(line) {
                    Some(_) if !is_one => format!("{}.", line.trim_end()),
                    _ => line.to_owned(),
                });
                said.flat_map(|line| cut(&line, room, char::len_utf8)).collect()
            }
            Self::Framed => cut(&framed::without_marker(text), room, char::len_utf8),
            Self::Json(_) => cut(text, room, json::escaped_len),
            Self::Plain | Self::Bracketed => cut(text, room, char::len_utf8),
        }
    }

    fn overhead(self, me: &Claim) -> usize {
        self.write(me, &Act::Text(String::new())).body.len()
    }
}

/// Cuts `text` into pieces of at most `room` by the measure `len`; one empty piece for no text.
fn cut(text: &str, room: usize, len: fn(char) -> usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    loop {
        let fitting = fitting_len(rest, room, len);
        if fitting == rest.len() {
            pieces.push(rest.to_owned());
            return pieces;
        }
        let (piece, after) = rest.split_at(last_good_cut(rest, fitting));
        pieces.push(piece.to_owned());
        rest = after;
    }
}

/// Bytes of the longest beginning of `text` that fits; never 0 for a text that is not empty.
fn fitting_len(text: &str, room: usize, len: fn(char) -> usize) -> usize {
    let mut left = room;
    for (at, c) in text.char_indices() {
        match left.checked_sub(len(c)) {
            Some(less) => left = less,
            None => return at.max(text.chars().next().map_or(0, char::len_utf8)),
        }
    }
    text.len()
}

/// Moves a cut back from `fitting`, as a rule by at most a few characters, to where both sides read
/// as what they are: neither is a control word, the first does not end in a newline, which it would
/// lose, and the second does not begin with an end marker.
fn last_good_cut(text: &str, fitting: usize) -> usize {
    let piece = text.get(..fitting).unwrap_or(text);
    let cuts = piece.char_indices().rev().map(|(at, c)| at + c.len_utf8());
    let is_good = |at: &usize| {
        let (before, after) = text.split_at(*at);
        !before.ends_with(['\n', '\r'])
            && !after.starts_with("<end>")
            && Act::of_word(before).is_none()
            && Act::of_word(after).is_none()
    };
    // A word with nothing but blanks behind it is cut itself.
    let first = piece.char_indices().skip(1).map(|(at, _)| at).take(LOOK_BACK_CHARS);
    cuts.take(LOOK_BACK_CHARS).chain(first).find(is_good).unwrap_or(fitting)
}

/// Characters by which a cut is moved back.
const LOOK_BACK_CHARS: usize = 64;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn me() -> Claim {
        Claim { address: "10.0.0.5:4000".parse().unwrap(), team: "blue".into() }
    }

    #[test]
    fn control_words_are_understood_in_any_case() {
        assert_eq!(Act::of_word(" EXIT\n"), Some(Act::Exit));
        assert_eq!(Act::of_word("Disconnect"), Some(Act::Exit));
        assert_eq!(Act::of_word("connection_REQUEST"), Some(Act::Connect));
        assert_eq!(Act::of_word("exit now"), None);
    }

    #[test]
    fn the_last_piece_of_a_long_text_is_never_a_control_word() {
        let room = WIRE_MESSAGE_MAX - Dialect::Plain.overhead(&me());
        for word in ["exit", "connect", "Disconnect"] {
            let text = "x".repeat(room) + word;
            let pieces = Dialect::Plain.split(&me(), &text);
            assert_eq!(pieces.concat(), text);
            assert!(pieces.iter().all(|p| Act::of_word(p).is_none()), "{word}");
        }
    }

    #[test]
    fn a_piece_does_not_end_in_the_newline_that_a_receiver_would_strip() {
        let room = WIRE_MESSAGE_MAX - Dialect::Plain.overhead(&me());
        let text = "x".repeat(room - 1) + "\nrest";
        let pieces = Dialect::Plain.split(&me(), &text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|p| !p.ends_with('\n')));
    }

    #[test]
    fn a_line_that_is_a_control_word_among_others_is_said_and_not_obeyed() {
        for dialect in [Dialect::PortLine, Dialect::Greeting] {
            assert_eq!(dialect.split(&me(), "hi\nexit\nbye"), ["hi", "exit.", "bye"]);
            assert_eq!(dialect.split(&me(), "exit"), ["exit"]);
        }
    }

    #[test]
    fn the_first_piece_is_no_control_word_either() {
        let room = WIRE_MESSAGE_MAX - Dialect::Plain.overhead(&me());
        let text = format!("exit{}and more", " ".repeat(room - 4));
        let pieces = Dialect::Plain.split(&me(), &text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|piece| Act::of_word(piece).is_none()));
    }

    #[test]
    fn no_piece_begins_with_the_end_marker() {
        let room = WIRE_MESSAGE_MAX - Dialect::Framed.overhead(&me());
        let text = "x".repeat(room) + "<end>rest";
        let pieces = Dialect::Framed.split(&me(), &text);
        assert_eq!(pieces.concat(), text);
        assert!(pieces.iter().all(|piece| !piece.starts_with("<end>")));
    }

    #[test]
    fn a_text_that_just_fits_is_one_message_and_one_more_byte_makes_two() {
        let room = WIRE_MESSAGE_MAX - Dialect::Plain.overhead(&me());
        let fits = Dialect::Plain.split(&me(), &"x".repeat(room));
        assert_eq!(fits.len(), 1);
        let body = Dialect::Plain.write(&me(), &Act::Text(fits.concat())).body;
        assert_eq!(body.len(), WIRE_MESSAGE_MAX);
        assert_eq!(Dialect::Plain.split(&me(), &"x".repeat(room + 1)).len(), 2);
    }

    proptest! {
        #[test]
        fn every_piece_fits_and_none_of_the_text_is_lost(
            text in proptest::collection::vec(any::<char>(), 0..3_000)
                .prop_map(|chars| chars.into_iter().collect::<String>())
        ) {
            for dialect in Dialect::ALL {
                let pieces = dialect.split(&me(), &text);
                for piece in &pieces {
                    let body = dialect.write(&me(), &Act::Text(piece.clone())).body;
                    prop_assert!(body.len() <= WIRE_MESSAGE_MAX, "{dialect:?} {}", body.len());
                }
                match dialect {
                    Dialect::PortLine | Dialect::Greeting => {
                        let lines: String = text.lines().collect();
                        prop_assert_eq!(pieces.concat(), lines);
                    }
                    Dialect::Framed => {
                        prop_assert_eq!(pieces.concat(), framed::without_marker(&text));
                    }
                    _ => prop_assert_eq!(pieces.concat(), text.clone()),
                }
            }
        }
    }
}
