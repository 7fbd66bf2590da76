//! One message as rows of the screen.
//!
//! What *we* say of a message stands left of the bar, where no name and no text can put anything; every
//! row of its words stands right of it. So no text can pass for another message or for a word of ours.

use chinwag_api::mention::{mentions, words};
use chinwag_api::model::{Message, MessageState, Reaction};
use chinwag_text::safe;
use chinwag_text::time::Clock;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::widths::{self, Columns};
use crate::theme::Theme;

/// Columns below which the time and the column of names are left out.
pub const NARROW: u16 = 60;

/// Characters of a name that are shown.
pub const NAME_SHOWN: usize = 16;

/// Characters of a quote that are shown.
const QUOTE_SHOWN: usize = 60;

/// Characters of an emoji that are shown: the longest of Unicode's has ten.
const EMOJI_SHOWN: usize = 16;

/// Rows of a message that are shown where it stands; all of it can be opened.
pub const ROWS_SHOWN: usize = 60;

/// How messages look now.
#[derive(Clone, Debug)]
pub struct Look {
    /// Colours.
    pub theme: Theme,
    /// Where and when we are.
    pub clock: Clock,
    /// Whether only words are shown, to be selected with the mouse.
    pub is_bare: bool,
    /// Words that were searched for.
    pub sought: Vec<String>,
    /// Our name, which is marked behind an `@`.
    pub me: Option<String>,
    /// Words that make a message one for us, which are marked.
    pub words: Vec<String>,
    /// How columns are counted.
    pub columns: Columns,
    /// Whether emoji are shown as their names.
    pub shortcodes: bool,
}

impl Look {
    /// A text with its emoji as they are to be shown.
    pub(super) fn spelled(&self, text: &str) -> String {
        if self.shortcodes { widths::spelled(text) } else { text.to_owned() }
    }
}

/// What stands above a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Above {
    /// Another day than the message before.
    pub is_new_day: bool,
    /// The first that was not read when the conversation was opened.
    pub is_first_unread: bool,
}

/// How far a message has come, as a sign.
pub fn sign(state: Option<MessageState>) -> &'static str {
    match state {
        None => "  ",
        Some(MessageState::Unknown) => "? ",
        Some(MessageState::Saved) => "… ",
        Some(MessageState::Sent) => "› ",
        Some(MessageState::Delivered) => "✓ ",
        Some(MessageState::Read) => "✓✓",
    }
}

/// What stands where one of ours has how far it has come: whether somebody names us.
pub fn mark(message: &Message) -> (&'static str, bool) {
    if message.mentions_me { ("@ ", true) } else { (sign(message.state), false) }
}

/// How far a message has come, in a word.
pub fn state(state: MessageState) -> &'static str {
    match state {
        MessageState::Unknown => "in a state of a newer kind",
        MessageState::Saved => "saved",
        MessageState::Sent => "sent",
        MessageState::Delivered => "delivered",
        MessageState::Read => "read",
    }
}

/// Who wrote a message.
pub fn author(message: &Message) -> String {
    if message.author.is_me {
        "You".to_owned()
    } else {
        safe::person(&message.author.name, NAME_SHOWN)
    }
}

/// What a message says, on one line, with a slash between its lines. What we say of it stands in
/// brackets.
pub fn on_one_line(message: &Message) -> String {
    match said(message) {
        Said::Words(words) => {
            let action = action(words).map(|action| format!("* {action}"));
            let words = action.as_deref().unwrap_or(words);
            let lines: Vec<String> =
                words.split('\n').map(|line| safe::one_line(line.trim_end_matches('\r'))).collect();
            lines.join(" / ")
        }
        Said::Ours(words) => format!("({words})"),
    }
}

/// What somebody does, of a text that says so: one that begins with `/me`, as many programs have it
/// (XEP-0245).
pub fn action(text: &str) -> Option<&str> {
    text.strip_prefix("/me ").map(str::trim_start).filter(|action| !action.is_empty())
}

/// The rows of a message at this width, each no wider.
pub fn rows(message: &Message, above: Above, look: &Look, width: u16) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    if above.is_new_day {
        rows.push(separator(&look.clock.day(&message.sent_at), look.theme.dim, width));
    }
    if above.is_first_unread {
        rows.push(separator("new", look.theme.unread, width));
    }
    let gutter = Gutter::of(message, look, width);
    let room = usize::from(width).saturating_sub(gutter.width).max(1);
    let body = body(message, look, room);
    for (n, line) in body.into_iter().enumerate() {
        let mut spans = if n == 0 { gutter.first.clone() } else { gutter.further.clone() };
        spans.extend(line.spans);
        rows.push(Line::from(spans));
    }
    rows
}

/// A word in the middle of a line.
pub fn separator(word: &str, style: Style, width: u16) -> Line<'static> {
    let word = format!(" {word} ");
    let left = usize::from(width).saturating_sub(word.width()) / 2;
    let right = usize::from(width).saturating_sub(word.width() + left);
    let line = format!("{}{word}{}", "─".repeat(left), "─".repeat(right));
    Line::styled(cut(&line, usize::from(width)), style)
}

/// The beginning of a text that fits.
pub fn cut(text: &str, width: usize) -> String {
    Columns::default().cut(text, width)
}

/// A text filled up, or cut, to a width.
pub fn padded(text: &str, width: usize) -> String {
    Columns::default().padded(text, width)
}

/// What stands left of the words.
struct Gutter {
    first: Vec<Span<'static>>,
    further: Vec<Span<'static>>,
    /// Columns that it takes.
    width: usize,
}

impl Gutter {
    fn of(message: &Message, look: &Look, width: u16) -> Self {
        if look.is_bare {
            return Self::with(Vec::new(), Vec::new(), look.columns);
        }
        let theme = &look.theme;
        let who = author(message);
        let style = if message.author.is_me { theme.name_of_me } else { theme.name_of_other };
        if width < NARROW {
            let (sign, names_us) = mark(message);
            let who = look.columns.cut(&who, usize::from(width / 3));
            let first = vec![
                Span::styled(who, style),
                Span::styled(
                    sign.trim_end().to_owned(),
                    if names_us { theme.unread } else { theme.dim },
                ),
                Span::raw(": "),
            ];
            return Self::with(first, vec![Span::styled("| ", theme.dim)], look.columns);
        }
        let columns = name_columns(width);
        let who = look.columns.cut(&who, columns);
        let who = " ".repeat(columns.saturating_sub(look.columns.of(&who))) + &who;
        let time = look.clock.time_of_day(&message.sent_at);
        let time = format!("{time:>0$}", look.clock.dates.columns());
        let (sign, names_us) = mark(message);
        let first = vec![
            Span::styled(format!("{time} "), theme.dim),
            Span::styled(format!("{sign} "), if names_us { theme.unread } else { theme.dim }),
            Span::styled(who, style),
            Span::styled(" │ ", theme.dim),
        ];
        let blanks = " ".repeat(look.clock.dates.columns() + 1 + 2 + 1 + columns);
        let further = vec![Span::raw(blanks), Span::styled(" │ ", theme.dim)];
        Self::with(first, further, look.columns)
    }

    fn with(first: Vec<Span<'static>>, further: Vec<Span<'static>>, columns: Columns) -> Self {
        let width = |spans: &[Span<'_>]| -> usize {
            spans.iter().map(|span| columns.of(&span.content)).sum()
        };
        let width = width(&first).max(width(&further));
        Self { first, further, width }
    }
}

fn name_columns(width: u16) -> usize {
    usize::from(width / 6).clamp(8, NAME_SHOWN)
}

/// Right of the bar: what it answers, the words, and the reactions.
fn body(message: &Message, look: &Look, room: usize) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let mut lines = Vec::new();
    if let Some(quote) = &message.reply_to {
        let who = quote.author.as_deref().map(|name| safe::person(name, NAME_SHOWN));
        let words = match (who, quote.excerpt.as_deref()) {
            (Some(who), Some(excerpt)) => {
                format!("↪ {who}: {}", safe::short(excerpt, QUOTE_SHOWN))
            }
            (Some(who), None) => format!("↪ {who}"),
            (None, _) => "↪ what is not here".to_owned(),
        };
        lines.push(Line::styled(look.columns.cut(&look.spelled(&words), room), theme.dim));
    }
    if message.kind == "unfitting" {
        let style = theme.dim.add_modifier(Modifier::ITALIC);
        lines.push(Line::styled(cut("what is no message of the classroom:", room), style));
    }
    match said(message) {
        Said::Words(words) => match action(words) {
            Some(action) => {
                let me = look.me.as_deref().filter(|_| message.author.is_me);
                let who = safe::person(me.unwrap_or(&message.author.name), NAME_SHOWN);
                lines.extend(words_of(&format!("* {who} {action}"), look, room));
            }
            None => lines.extend(words_of(words, look, room)),
        },
        Said::Ours(words) => {
            lines.extend(look.columns.folded(
                &words,
                &[],
                room,
                theme.dim.add_modifier(Modifier::ITALIC),
            ));
        }
    }
    if lines.len() > ROWS_SHOWN {
        let more = lines.len() - ROWS_SHOWN + 1;
        lines.truncate(ROWS_SHOWN - 1);
        let note = format!("… {more} more rows: select it and press o");
        lines.push(Line::styled(cut(&note, room), theme.dim));
    }
    if let Some(ending) = &message.ending {
        let words = if ending == "continues" { "(goes on below)" } else { "(broke off here)" };
        lines.push(Line::styled(cut(words, room), theme.dim));
    }
    if message.edited && message.gone.is_none() {
        lines.push(Line::styled(cut("(edited)", room), theme.dim));
    }
    if !message.reactions.is_empty() {
        let reactions: Vec<String> = message.reactions.iter().map(reacted).collect();
        let reactions = look.spelled(&reactions.join("  "));
        lines.extend(look.columns.folded(&reactions, &[], room, theme.dim));
    }
    lines
}

enum Said<'a> {
    /// The author's own.
    Words(&'a str),
    /// What we say of it.
    Ours(String),
}

fn said(message: &Message) -> Said<'_> {
    match (message.gone.as_deref(), message.kind.as_str(), message.text.as_deref()) {
        (Some("retracted"), ..) => Said::Ours("taken back".to_owned()),
        (Some("expired"), ..) => Said::Ours("has disappeared".to_owned()),
        (Some(_), ..) => Said::Ours("is gone".to_owned()),
        (None, "text" | "unfitting", text) => Said::Words(text.unwrap_or_default()),
        (None, "membership", Some(text)) => Said::Ours(safe::one_line(text)),
        (None, "settings", None) => {
            Said::Ours("changed after how long messages disappear".to_owned())
        }
        (None, "settings", Some(text)) => {
            Said::Ours(format!("changed the settings: {}", safe::one_line(text)))
        }
        (None, kind, _) => {
            let kind = safe::short(kind, NAME_SHOWN);
            Said::Ours(format!("something that this version does not know ({kind})"))
        }
    }
}

/// A reaction, and whose it is.
pub fn reacted(reaction: &Reaction) -> String {
    let names: Vec<String> =
        reaction.by.iter().map(|name| safe::person(name, NAME_SHOWN)).collect();
    format!("{} {}", safe::short(&reaction.emoji, EMOJI_SHOWN), names.join(", "))
}

/// A text, line by line, with its links and its code.
pub fn words_of(text: &str, look: &Look, room: usize) -> Vec<Line<'static>> {
    let mut rows = Vec::new();
    let mut is_code = false;
    for line in text.split('\n') {
        let line = look.spelled(&safe::one_line(line.trim_end_matches('\r')));
        let is_fence = line.trim_start().starts_with("```");
        if is_code || is_fence {
            rows.extend(look.columns.folded(&line, &[], room, look.theme.code));
        } else {
            let marks = marks(&line, look);
            rows.extend(look.columns.folded(&line, &marks, room, look.theme.text));
        }
        is_code ^= is_fence;
    }
    rows
}

/// A part of a line with looks of its own: from byte, to byte.
pub type Mark = (usize, usize, Style);

fn marks(line: &str, look: &Look) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for (from, to) in links(line) {
        marks.push((from, to, look.theme.link));
    }
    let mut ticks = line.match_indices('`').map(|(at, _)| at);
    while let (Some(from), Some(to)) = (ticks.next(), ticks.next()) {
        marks.push((from, to + 1, look.theme.code));
    }
    let named = look.me.iter().flat_map(|me| mentions(line, me));
    let named = named.chain(look.words.iter().flat_map(|word| words(line, word)));
    marks.extend(named.map(|(from, to)| (from, to, look.theme.unread)));
    let small = line.to_lowercase();
    // Where small letters have other lengths, what was found can't be told in the line.
    if small.len() == line.len() {
        for word in look.sought.iter().filter(|word| !word.is_empty()) {
            let begins =
                |at: usize| !small[..at].chars().next_back().is_some_and(char::is_alphanumeric);
            let found = small.match_indices(word.as_str()).filter(|(at, _)| begins(*at));
            marks.extend(found.map(|(at, found)| (at, at + found.len(), look.theme.found)));
        }
    }
    marks.retain(|(from, to, _)| line.is_char_boundary(*from) && line.is_char_boundary(*to));
    marks
}

/// Where the links of a line are: from byte, to byte.
pub fn links(line: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = ["https://", "http://"].iter().filter_map(|s| line[from..].find(s)).min() {
        let begin = from + at;
        let rest = &line[begin..];
        let end = rest.find(|c: char| c.is_whitespace() || "<>\"'`".contains(c));
        let address =
            rest[..end.unwrap_or(rest.len())].trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
        found.push((begin, begin + address.len()));
        from = begin + address.len().max(1);
    }
    found
}

/// A line folded to rows. What is wider than a row and has no blanks is broken anywhere.
pub fn folded(line: &str, marks: &[Mark], room: usize, style: Style) -> Vec<Line<'static>> {
    // A link that is broken at its slashes can't be followed any more.
    let separator = if links(line).is_empty() {
        textwrap::WordSeparator::UnicodeBreakProperties
    } else {
        textwrap::WordSeparator::AsciiSpace
    };
    let options = textwrap::Options::new(room)
        .word_separator(separator)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit)
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let mut rows = Vec::new();
    let mut at = 0;
    for row in textwrap::wrap(line, options) {
        // Blanks at the end of a row are left out, so rows are found again one after the other.
        let begin = line[at..].find(row.as_ref()).map_or(at, |found| at + found);
        at = begin + row.len();
        rows.push(Line::from(spans(&row, begin, marks, style, room)));
    }
    rows
}

/// The parts of a row between the ends of marks; where marks meet, the last one counts.
fn spans(row: &str, begin: usize, marks: &[Mark], style: Style, room: usize) -> Vec<Span<'static>> {
    let row = if row.width() > room { cut(row, room) } else { row.to_owned() };
    let end = begin + row.len();
    let mut edges: Vec<usize> = vec![begin, end];
    edges.extend(marks.iter().flat_map(|(from, to, _)| [*from, *to]));
    edges.retain(|edge| (begin..=end).contains(edge));
    edges.sort_unstable();
    edges.dedup();
    let mut spans = Vec::new();
    for pair in edges.windows(2) {
        let [from, to] = pair else { continue };
        let mark = marks.iter().rev().find(|(begin, end, _)| begin <= from && to <= end);
        let style = mark.map_or(style, |(.., mark)| style.patch(*mark));
        if let Some(part) = row.get(from - begin..to - begin) {
            spans.push(Span::styled(part.to_owned(), style));
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        let clock = Clock {
            now: "2026-11-26T12:00:00Z".parse().unwrap(),
            zone: jiff::tz::TimeZone::UTC,
            dates: chinwag_text::dates::Dates::default(),
        };
        Look {
            theme: Theme::PLAIN,
            clock,
            is_bare: false,
            sought: Vec::new(),
            me: None,
            words: Vec::new(),
            columns: Columns::default(),
            shortcodes: false,
        }
    }

    fn texts(rows: &[Line<'_>]) -> Vec<String> {
        rows.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_end_where_a_sentence_goes_on() {
        let line = "see https://example.org/a?b=c, or (http://x.y).";
        let found: Vec<&str> = links(line).into_iter().map(|(from, to)| &line[from..to]).collect();
        assert_eq!(found, ["https://example.org/a?b=c", "http://x.y"]);
    }

    #[test]
    fn a_long_word_is_broken_and_a_blank_is_where_it_was() {
        let rows = folded("aaaa bbbb cccccccccc", &[], 6, Style::new());
        assert_eq!(texts(&rows), ["aaaa", "bbbb", "cccccc", "cccc"]);
    }

    #[test]
    fn what_was_sought_is_marked_also_over_the_end_of_a_row() {
        let look = Look { sought: vec!["def".into()], ..look() };
        let rows = words_of("abcdefgh defghi", &look, 10);
        let marked: Vec<String> = rows
            .iter()
            .flat_map(|row| &row.spans)
            .filter(|span| span.style.add_modifier.contains(Modifier::REVERSED))
            .map(|span| span.content.to_string())
            .collect();
        assert_eq!(marked, ["def"], "only at the beginning of a word");
    }
}
