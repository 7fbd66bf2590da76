//! What terminals disagree about: how wide a character is.
//!
//! Drawing counts in columns, and a terminal that counts otherwise shows the rest of the row in wrong places, or
//! leaves there what stood before. So a screen is settled after it was drawn: joined emoji are shown as their
//! first part where they can't be relied on, and are drawn over exactly elsewhere; and where characters of
//! ambiguous width (UAX #11) are wide, the rest of their row makes room for them, up to the next edge of a part of
//! the screen. What is folded or cut before that is counted as it will be ([`Columns`]).

use std::collections::BTreeSet;

use ratatui::buffer::{Buffer, Cell, CellDiffOption};
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::message::{Mark, folded};
use crate::options::Options;

/// Stands behind a character of ambiguous width while a line is folded, so that both are counted. No text
/// has it then: what others write of this is shown as a replacement.
const FILLER: char = '\u{f8ff}';

/// What of ours is ambiguous, and what stands for it where it would be wide.
const PLAIN: &[(char, char)] = &[
    ('│', '|'),
    ('─', '-'),
    ('┌', '+'),
    ('┐', '+'),
    ('└', '+'),
    ('┘', '+'),
    ('•', '*'),
    ('·', '-'),
    ('…', '~'),
    ('▁', '_'),
    ('▂', '_'),
    ('▃', '-'),
    ('▄', '-'),
    ('▅', '='),
    ('▆', '='),
    ('▇', '#'),
    ('█', '#'),
];

/// How the terminal counts columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Whether characters of ambiguous width take two of them.
    pub is_wide: bool,
}

impl Columns {
    /// How many a text takes.
    pub fn of(self, text: &str) -> usize {
        let is_wider = |c: &char| is_ambiguous(*c) && PLAIN.iter().all(|(of, _)| of != c);
        let more = if self.is_wide { text.chars().filter(is_wider).count() } else { 0 };
        text.width() + more
    }

    /// The beginning of a text that fits.
    pub fn cut(self, text: &str, width: usize) -> String {
        use unicode_segmentation::UnicodeSegmentation as _;
        let mut left = width;
        let fits = |part: &&str| {
            let part = self.of(part);
            let fits = part <= left;
            left = left.saturating_sub(part);
            fits
        };
        text.graphemes(true).take_while(fits).collect()
    }

    /// A text filled up, or cut, to a width.
    pub fn padded(self, text: &str, width: usize) -> String {
        let text = self.cut(text, width);
        let blanks = width.saturating_sub(self.of(&text));
        text + &" ".repeat(blanks)
    }

    /// A line folded to rows. What is wider than a row and has no blanks is broken anywhere.
    pub fn folded(
        self,
        line: &str,
        marks: &[Mark],
        room: usize,
        style: Style,
    ) -> Vec<Line<'static>> {
        if !self.is_wide {
            return folded(line, marks, room, style);
        }
        let (line, places) = filled(line);
        let place = |at: usize| places.get(at).copied().unwrap_or(line.len());
        let marks: Vec<Mark> =
            marks.iter().map(|(from, to, style)| (place(*from), place(*to), *style)).collect();
        folded(&line, &marks, room, style).into_iter().map(without_fillers).collect()
    }
}

/// Brings a screen that was drawn into agreement with how the terminal counts. What is wide moves what is behind
/// it in its row as far as the next of these edges, which stay where they are. Gives where the cursor is then.
pub(super) fn settle(
    buffer: &mut Buffer,
    options: &Options,
    edges: &Edges,
    cursor: Option<Position>,
) -> Option<Position> {
    for y in buffer.area.top()..buffer.area.bottom() {
        settle_emoji(buffer, y, options.joined_emoji);
    }
    if !options.ambiguous_wide {
        return cursor;
    }
    let mut cursor = cursor;
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut left = buffer.area.left();
        for right in edges.of(y).chain([buffer.area.right()]) {
            let moved = widen(buffer, y, left, right);
            let is_here = |at: &&mut Position| at.y == y && (left..right).contains(&at.x);
            if let Some(at) = cursor.as_mut().filter(is_here) {
                let column = moved.get(usize::from(at.x - left)).copied().unwrap_or(at.x);
                at.x = column.min(right.saturating_sub(1));
            }
            // The edge itself has a part of its own.
            left = right;
        }
    }
    cursor
}

/// Where parts of the screen end: columns that nothing may move.
#[derive(Debug, Default)]
pub(super) struct Edges {
    /// Lines from above to below, each of one column.
    pub(super) beside: Vec<Rect>,
    /// What lies over them, with an edge on either side.
    pub(super) window: Option<Rect>,
}

impl Edges {
    /// Where parts of a row begin, from left to right: at an edge and behind it.
    fn of(&self, y: u16) -> impl Iterator<Item = u16> {
        let window = self.window.filter(|window| (window.top()..window.bottom()).contains(&y));
        let is_covered =
            |x: &u16| window.is_some_and(|window| (window.left()..window.right()).contains(x));
        let is_here = |line: &&Rect| (line.top()..line.bottom()).contains(&y);
        let beside = self.beside.iter().filter(is_here).map(|line| line.x);
        let beside = beside.filter(|x| !is_covered(x));
        let sides = window.into_iter().flat_map(|w| [w.left(), w.right().saturating_sub(1)]);
        let begins: BTreeSet<u16> =
            beside.chain(sides).flat_map(|x| [x, x.saturating_add(1)]).collect();
        begins.into_iter()
    }
}

/// Whether terminals disagree about how wide this is, or whether it is one: what is joined, varied, or a flag.
fn is_disputed(symbol: &str) -> bool {
    let joins = |c: char| {
        matches!(c, '\u{200d}' | '\u{fe0f}' | '\u{20e3}' | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{1f1e6}'..='\u{1f1ff}' | '\u{e0020}'..='\u{e007f}')
    };
    symbol.chars().any(joins)
}

/// The same as characters that every terminal counts alike: the letters of a flag, the first part of the rest.
fn apart(symbol: &str) -> String {
    let letter = |c: char| {
        let n = u32::from(c).checked_sub(0x1f1e6).filter(|n| *n < 26)?;
        char::from_u32(u32::from('A') + n)
    };
    let letters: String = symbol.chars().filter_map(letter).collect();
    if letters.is_empty() { symbol.chars().take(1).collect() } else { letters }
}

fn settle_emoji(buffer: &mut Buffer, y: u16, is_joined: bool) {
    let right = buffer.area.right();
    let mut x = buffer.area.left();
    while x < right {
        let symbol = buffer[(x, y)].symbol();
        let width = u16::try_from(symbol.width()).unwrap_or(1).max(1);
        if !is_disputed(symbol) {
            x += width;
            continue;
        }
        // As wide as it is where nothing is joined.
        let most: usize = symbol.chars().filter_map(UnicodeWidthChar::width).sum();
        let most = x.saturating_add(u16::try_from(most).unwrap_or(u16::MAX)).max(x + width);
        if is_joined && most <= right {
            // What such a terminal draws over is drawn again, each time.
            for covered in x + width..most {
                buffer[(covered, y)].set_diff_option(CellDiffOption::AlwaysUpdate);
            }
        } else {
            let letters: Vec<char> = apart(symbol).chars().take(usize::from(width)).collect();
            let first: usize = letters.iter().filter_map(|c| c.width()).sum();
            let is_one = letters.len() == 1;
            for (n, column) in (x..(x + width).min(right)).enumerate() {
                match letters.get(n) {
                    Some(letter) => buffer[(column, y)].set_char(*letter),
                    None if is_one && first > 1 => continue,
                    None => buffer[(column, y)].set_char(' '),
                };
            }
        }
        x += width;
    }
}

/// Letters of ambiguous width (UAX #11, `EastAsianWidth.txt`): terminals that draw the signs over two columns do
/// so with them, while `unicode-width` counts one. Behind these all are signs.
const LETTERS: &[(char, char)] = &[
    ('\u{aa}', '\u{aa}'),
    ('\u{ba}', '\u{ba}'),
    ('\u{c6}', '\u{c6}'),
    ('\u{d0}', '\u{d0}'),
    ('\u{d8}', '\u{d8}'),
    ('\u{de}', '\u{e1}'),
    ('\u{e6}', '\u{e6}'),
    ('\u{e8}', '\u{ea}'),
    ('\u{ec}', '\u{ed}'),
    ('\u{f0}', '\u{f0}'),
    ('\u{f2}', '\u{f3}'),
    ('\u{f8}', '\u{fa}'),
    ('\u{fc}', '\u{fc}'),
    ('\u{fe}', '\u{fe}'),
    ('\u{101}', '\u{101}'),
    ('\u{111}', '\u{111}'),
    ('\u{113}', '\u{113}'),
    ('\u{11b}', '\u{11b}'),
    ('\u{126}', '\u{127}'),
    ('\u{12b}', '\u{12b}'),
    ('\u{131}', '\u{133}'),
    ('\u{138}', '\u{138}'),
    ('\u{13f}', '\u{142}'),
    ('\u{144}', '\u{144}'),
    ('\u{148}', '\u{14b}'),
    ('\u{14d}', '\u{14d}'),
    ('\u{152}', '\u{153}'),
    ('\u{166}', '\u{167}'),
    ('\u{16b}', '\u{16b}'),
    ('\u{1ce}', '\u{1ce}'),
    ('\u{1d0}', '\u{1d0}'),
    ('\u{1d2}', '\u{1d2}'),
    ('\u{1d4}', '\u{1d4}'),
    ('\u{1d6}', '\u{1d6}'),
    ('\u{1d8}', '\u{1d8}'),
    ('\u{1da}', '\u{1da}'),
    ('\u{1dc}', '\u{1dc}'),
    ('\u{251}', '\u{251}'),
    ('\u{261}', '\u{261}'),
    ('\u{2c4}', '\u{2df}'),
    ('\u{391}', '\u{3a9}'),
    ('\u{3b1}', '\u{3c1}'),
    ('\u{3c3}', '\u{3c9}'),
    ('\u{401}', '\u{401}'),
    ('\u{410}', '\u{44f}'),
    ('\u{451}', '\u{451}'),
];

/// Whether a character takes one column here, and two where ambiguous ones are wide.
fn is_ambiguous(c: char) -> bool {
    let is_letter = || LETTERS.iter().any(|(from, to)| (*from..=*to).contains(&c));
    c.width() == Some(1) && (c.width_cjk() == Some(2) || is_letter())
}

fn is_wide_somewhere(symbol: &str) -> bool {
    symbol.width() == 1 && symbol.chars().next().is_some_and(is_ambiguous)
}

/// Makes room in a part of a row for what is two columns wide there, and cuts what has no room at its end: what
/// stands in columns was filled up with as many blanks less. Gives where each column of before is.
fn widen(buffer: &mut Buffer, y: u16, left: u16, right: u16) -> Vec<u16> {
    let right = right.min(buffer.area.right());
    let width = usize::from(right.saturating_sub(left));
    let mut cells: Vec<Cell> = (left..right).map(|x| buffer[(x, y)].clone()).collect();
    for cell in &mut cells {
        let mut chars = cell.symbol().chars();
        let plain = chars.next().and_then(|c| PLAIN.iter().find(|(of, _)| *of == c));
        if let Some((_, plain)) = plain {
            cell.set_char(*plain);
        }
    }
    let mut settled: Vec<Cell> = Vec::with_capacity(width);
    let mut moved = Vec::with_capacity(width);
    let column =
        |cells: &[Cell]| left.saturating_add(u16::try_from(cells.len()).unwrap_or(u16::MAX));
    let mut at = 0;
    while let Some(cell) = cells.get(at) {
        moved.push(column(&settled));
        let wide = cell.symbol().width().max(1);
        if is_wide_somewhere(cell.symbol()) {
            let mut filler = cell.clone();
            filler.set_char(' ').set_diff_option(CellDiffOption::Skip);
            settled.extend([cell.clone(), filler]);
        } else {
            settled.push(cell.clone());
        }
        for covered in 1..wide {
            if let Some(cell) = cells.get(at + covered) {
                moved.push(column(&settled));
                settled.push(cell.clone());
            }
        }
        at += wide;
    }
    // Half of a character is none.
    if settled.get(width).is_some_and(|cell| cell.diff_option == CellDiffOption::Skip)
        && let Some(last) = width.checked_sub(1).and_then(|last| settled.get_mut(last))
    {
        last.set_char(' ');
    }
    let blank = Cell::default();
    for (x, n) in (left..right).zip(0..) {
        buffer[(x, y)] = settled.get(n).unwrap_or(&blank).clone();
    }
    moved
}

/// A line with a filler behind each character that is wide where ambiguous ones are, and where each byte of
/// before is in it.
fn filled(line: &str) -> (String, Vec<usize>) {
    let (mut filled, mut places) = (String::new(), Vec::with_capacity(line.len() + 1));
    for c in line.chars() {
        places.extend(std::iter::repeat_n(filled.len(), c.len_utf8()));
        filled.push(if c == FILLER { char::REPLACEMENT_CHARACTER } else { c });
        if is_ambiguous(c) {
            filled.push(FILLER);
        }
    }
    places.push(filled.len());
    (filled, places)
}

/// Takes the fillers out of a row.
fn without_fillers(mut row: Line<'static>) -> Line<'static> {
    for span in &mut row.spans {
        if span.content.contains(FILLER) {
            span.content = span.content.replace(FILLER, "").into();
        }
    }
    row
}

/// A text with the names of its emoji in their place, between colons.
pub fn spelled(text: &str) -> String {
    use unicode_segmentation::UnicodeSegmentation as _;
    if text.is_ascii() {
        return text.to_owned();
    }
    let name = |part: &str| {
        // A digit is no emoji, though one can be made of it.
        let emoji = emojis::get(part).filter(|_| !part.is_ascii())?;
        Some(format!(":{}:", emoji.shortcode()?))
    };
    text.graphemes(true).map(|part| name(part).unwrap_or_else(|| part.to_owned())).collect()
}

/// A text with the emoji whose names it has between colons. What is no name stays.
pub fn unspelled(text: &str) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some(from) = rest.find(':') {
        let (before, after) = rest.split_at(from);
        whole.push_str(before);
        let name = after[1..].find(':').map(|to| &after[1..=to]);
        let found = name.and_then(|name| Some((name, emojis::get_by_shortcode(name)?)));
        if let Some((name, emoji)) = found {
            whole.push_str(emoji.as_str());
            rest = &after[name.len() + 2..];
        } else {
            whole.push(':');
            rest = &after[1..];
        }
    }
    whole + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_spelled_and_come_back() {
        for (signs, names) in [
            ("so 👍 it is", "so :+1: it is"),
            ("🎉🎉", ":tada::tada:"),
            ("at 10:30:45 no", "at 10:30:45 no"),
            ("äöü ✓", "äöü ✓"),
        ] {
            assert_eq!(spelled(signs), names);
            assert_eq!(unspelled(names), signs);
        }
        assert_eq!(unspelled(":no such name: :"), ":no such name: :");
    }

    #[test]
    fn what_is_joined_is_told_from_what_is_combined() {
        for joined in ["👩‍👩‍👧", "🕰️", "👍🏽", "🇩🇪", "1️⃣"] {
            assert!(is_disputed(joined), "{joined}");
        }
        for one in ["👍", "e\u{301}", "日", "a"] {
            assert!(!is_disputed(one), "{one}");
        }
        assert_eq!((apart("🇩🇪"), apart("👩‍👧"), apart("1️⃣")), ("DE".into(), "👩".into(), "1".into()));
    }
}
