//! Messages and conversations in words.
//!
//! A message is one row: id, time, how far it has come, who, and the words. What *we* say of it
//! stands before the colon, where no name and no text can put anything; its further lines stand
//! behind a gutter.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chinwag_api::model::{Audience, Digest, Message, MessageState, Reaction, Why};
use chinwag_text::words;
pub(crate) use chinwag_tui::view::message::state;
use unicode_width::UnicodeWidthStr;

use super::table::{Table, facts};
use super::time::Clock;
use super::{NAME_SHOWN, Paint};
use crate::output;

/// What stands before the further lines of a text.
const BAR: &str = "| ";

/// Characters of a quote that are shown.
const QUOTE_SHOWN: usize = 40;

/// Characters of an emoji that are shown: the longest of Unicode's has ten.
const EMOJI_SHOWN: usize = 16;

/// Columns that are left to a text however narrow the terminal is.
const TEXT_MIN: usize = 20;

/// How things are shown.
#[derive(Clone, Debug)]
pub(crate) struct Style {
    /// Where and when we are.
    pub(crate) clock: Clock,
    /// Colours.
    pub(crate) paint: Paint,
    /// Whether ids are shown as a whole.
    pub(crate) whole_ids: bool,
    /// How wide the terminal is, if it is one.
    pub(crate) columns: Option<usize>,
}

/// Messages one below the other, with the day where it changes.
pub(crate) fn history(messages: &[Message], style: &Style) -> String {
    rows(messages, |_| String::new(), style)
}

/// Found messages, each with the conversation that it is in.
pub(crate) fn found(
    messages: &[Message],
    place: impl Fn(&Message) -> String,
    style: &Style,
) -> String {
    rows(messages, place, style)
}

fn rows(messages: &[Message], place: impl Fn(&Message) -> String, style: &Style) -> String {
    let leads: Vec<[String; 4]> = messages
        .iter()
        .map(|message| {
            let state = came(message);
            let time = style.clock.time_of_day(&message.sent_at);
            [super::id(&message.id, style.whole_ids), time, place(message), state]
        })
        .collect();
    let widths: [usize; 4] =
        std::array::from_fn(|at| leads.iter().map(|lead| lead[at].width()).max().unwrap_or(0));
    let ours: BTreeSet<&str> =
        messages.iter().filter(|m| m.author.is_me).map(|m| m.id.as_str()).collect();
    let mut lines = Vec::new();
    let mut day = String::new();
    for (message, lead) in messages.iter().zip(&leads) {
        let its_day = style.clock.day(&message.sent_at);
        if its_day != day {
            lines.push(style.paint.bold(&its_day));
            day = its_day;
        }
        lines.push(row(message, &padded(lead, &widths), |id| ours.contains(id), style));
    }
    lines.join("\n")
}

/// How far a message has come, and in a group to how many, unless it is all of them.
fn came(message: &Message) -> String {
    match (message.state, message.reach) {
        (Some(MessageState::Sent), Some(reach)) => {
            format!("sent {}/{}", reach.delivered, reach.members)
        }
        (far, _) => far.map_or("", state).to_owned(),
    }
}

fn padded(cells: &[String], widths: &[usize]) -> String {
    let mut lead = String::new();
    for (cell, &width) in cells.iter().zip(widths).filter(|(_, width)| **width > 0) {
        lead.push_str(cell);
        lead.push_str(&" ".repeat(width - cell.width() + 2));
    }
    lead
}

/// One message behind `lead`, below which its further lines begin. What it answers is ours if `is_ours`
/// knows it so.
pub(crate) fn row(
    message: &Message,
    lead: &str,
    is_ours: impl Fn(&str) -> bool,
    style: &Style,
) -> String {
    let indent = " ".repeat(lead.width());
    let (head, text) = said(message, is_ours);
    let mut body = output::lines(&text, BAR);
    body.insert_str(0, &head);
    if let Some(columns) = style.columns {
        let room = columns.saturating_sub(lead.width()).max(TEXT_MIN);
        body = output::folded(&body, room, BAR);
    }
    for reaction in &message.reactions {
        body.push_str("\n+ ");
        body.push_str(&reacted(reaction));
    }
    let body = match body.strip_prefix(&head) {
        Some(rest) => format!("{}{rest}", style.paint.bold(&head)),
        // The terminal is so narrow that the head was folded.
        None => body,
    };
    format!("{}{}", style.paint.dim(lead), body.replace('\n', &format!("\n{indent}")))
}

/// What we say of a message, and its words.
fn said(message: &Message, is_ours: impl Fn(&str) -> bool) -> (String, String) {
    let who = author(message);
    match (message.gone.as_deref(), message.kind.as_str(), message.text.as_deref()) {
        (Some("retracted"), ..) => (format!("{who} took this back"), String::new()),
        (Some("expired"), ..) => (format!("{who} wrote what has disappeared"), String::new()),
        (Some(_), ..) => (format!("{who} wrote what is gone"), String::new()),
        (None, "text", text) => {
            let edited = if message.edited { " (edited)" } else { "" };
            (
                format!("{who}{edited}{}: ", answers(message, is_ours)),
                text.unwrap_or_default().to_owned(),
            )
        }
        (None, "membership", Some(text)) => {
            (format!("{who} {}", output::one_line(text)), String::new())
        }
        (None, "settings", None) => {
            (format!("{who} changed after how long messages disappear"), String::new())
        }
        (None, "settings", Some(text)) => {
            (format!("{who} changed the settings: "), text.to_owned())
        }
        (None, kind, _) => {
            let kind = output::short(kind, NAME_SHOWN);
            let words = format!("{who} wrote something that this version does not know ({kind})");
            (words, String::new())
        }
    }
}

/// Who wrote a message.
pub(crate) fn author(message: &Message) -> String {
    if message.author.is_me {
        "You".to_owned()
    } else {
        output::person(&message.author.name, NAME_SHOWN)
    }
}

fn answers(message: &Message, is_ours: impl Fn(&str) -> bool) -> String {
    let Some(quote) = &message.reply_to else { return String::new() };
    let who = match (is_ours(&quote.id), message.author.is_me) {
        (true, true) => Some("yourself".to_owned()),
        (true, false) => Some("you".to_owned()),
        (false, _) => quote.author.as_deref().map(|name| output::person(name, NAME_SHOWN)),
    };
    match (who, quote.excerpt.as_deref()) {
        (Some(who), Some(excerpt)) => format!(", answering {who} {}", quoted(excerpt)),
        (Some(who), None) => format!(", answering {who}"),
        (None, _) => ", answering what is not here".to_owned(),
    }
}

/// The beginning of a text between quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    format!("“{}”", output::short(&text.replace(['“', '”'], "'"), QUOTE_SHOWN))
}

fn reacted(reaction: &Reaction) -> String {
    let names = reaction.by.iter().map(|name| output::person(name, NAME_SHOWN));
    let names: Vec<String> = names.collect();
    format!("{} {}", output::short(&reaction.emoji, EMOJI_SHOWN), names.join(", "))
}

/// Where a message is.
pub(crate) fn why(why: &Why, style: &Style) -> String {
    // What the table says is said once.
    let rows: Vec<String> = why
        .devices
        .iter()
        .map(|device| format!("{} on {}: {}", device.name, device.device_name, device.text))
        .collect();
    let above = why.text.iter().filter(|line| !rows.contains(line));
    let mut lines: Vec<String> =
        above.map(|line| output::one_line(&style.clock.in_sentence(line))).collect();
    if why.devices.is_empty() {
        return lines.join("\n");
    }
    let mut table =
        Table::new(&["FOR", "DEVICE", "STATE", "REACHABLE", "NEXT TRY", "WHAT IS IN THE WAY"]);
    for device in &why.devices {
        table.row([
            output::person(&device.name, NAME_SHOWN),
            output::person(&device.device_name, NAME_SHOWN),
            state(device.state).to_owned(),
            if device.connected { "yes" } else { "no" }.to_owned(),
            device.next_attempt_at.as_deref().map_or_else(String::new, |at| style.clock.until(at)),
            if device.reason.is_some() {
                output::one_line(&style.clock.in_sentence(&device.text))
            } else {
                String::new()
            },
        ]);
    }
    lines.push(String::new());
    lines.push(table.text(style.paint));
    lines.join("\n")
}

/// For whom a message is.
pub(crate) fn audience(audience: &Audience, style: &Style) -> String {
    let head = if audience.recorded {
        "Its author wrote it for these devices:"
    } else {
        "Whoever is in the conversation may read it, now:"
    };
    let mut table = Table::new(&["FOR", "DEVICES", "STATE", "NOTE"]);
    for reader in &audience.readers {
        table.row([
            if reader.is_me { "You".to_owned() } else { output::person(&reader.name, NAME_SHOWN) },
            reader.devices.len().to_string(),
            reader.state.map_or("", state).to_owned(),
            if reader.is_member { "" } else { "not in it any more" }.to_owned(),
        ]);
    }
    format!("{head}\n\n{}", table.text(style.paint))
}

/// What two people compare.
pub(crate) fn digest(digest: &Digest, style: &Style) -> String {
    let mut table = Table::new(&["LOG OF", "DEVICE", "ENTRIES", "NOTE"]);
    for log in &digest.logs {
        let note = log.forked_at.map(|at| format!("forked from place {at} on"));
        table.row([
            output::person(&log.name, NAME_SHOWN),
            super::id(&log.device, style.whole_ids),
            log.height.to_string(),
            note.unwrap_or_default(),
        ]);
    }
    let entries = words::ENTRY.count(digest.entries);
    let head = facts(&[("Digest", output::one_line(&digest.digest)), ("Of", entries)], style.paint);
    format!("{head}\n\n{}", table.text(style.paint))
}

/// A message in Markdown: a paragraph, its words as a quotation.
pub(crate) fn markdown(message: &Message, clock: &Clock) -> String {
    // For other readers than us: all are named.
    let (head, text) = said(message, |_| false);
    let head = head.trim_end().trim_end_matches(':');
    // Writing to a string can't fail.
    let mut paragraph = format!("**{}** · {}\n", escaped(head), clock.moment(&message.sent_at));
    if !text.is_empty() {
        for line in text.split('\n') {
            let line = output::one_line(line.trim_end_matches('\r'));
            // Two blanks at the end: the line ends here.
            let _ = write!(paragraph, "\n> {}  ", escaped(&line));
        }
        paragraph.push('\n');
    }
    for reaction in &message.reactions {
        let _ = writeln!(paragraph, "\n- {}", escaped(&reacted(reaction)));
    }
    paragraph
}

/// The heading of a conversation in Markdown.
pub(crate) fn markdown_heading(name: &str, messages: u64) -> String {
    let name = escaped(&output::person(name, NAME_SHOWN));
    format!("# Conversation with {name}\n\n{}, the oldest first.\n", words::MESSAGE.count(messages))
}

/// Text in which no character means anything to Markdown or HTML (`CommonMark` section 2.4).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_punctuation()
            && !matches!(c, ',' | '.' | ':' | ';' | '?' | '\'' | '"' | '(' | ')')
            || (c == '.' || c == ')')
                && escaped.chars().all(|c| c.is_ascii_digit())
                && !escaped.is_empty()
        {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
pub(crate) mod tests {
    use chinwag_api::model::{Author, Quote};
    use chinwag_text::dates::Dates;
    use jiff::tz::TimeZone;

    use super::*;

    pub(crate) fn style() -> Style {
        let now = "2026-11-26T12:00:00Z".parse().unwrap();
        let clock = Clock { now, zone: TimeZone::UTC, dates: Dates::default() };
        Style { clock, paint: Paint::default(), whole_ids: false, columns: None }
    }

    pub(crate) fn message(name: &str, text: &str) -> Message {
        let is_me = name == "me";
        Message {
            id: "msg_abcdefghijklmnop".into(),
            conversation: "conv_a".into(),
            kind: "text".into(),
            author: Author { id: "ctc_a".into(), name: name.into(), device: "dev_a".into(), is_me },
            sent_at: "2026-11-26T10:03:00.000Z".into(),
            text: Some(text.into()),
            reply_to: None,
            edited: false,
            gone: None,
            mentions_me: false,
            reactions: Vec::new(),
            state: is_me.then_some(MessageState::Delivered),
            reach: None,
            ending: None,
        }
    }

    #[test]
    fn a_history_says_who_when_and_how_far() {
        let mut answer = message("me", "hello");
        answer.reply_to = Some(Quote {
            id: "msg_x".into(),
            author: Some("Ana".into()),
            excerpt: Some("hi there".into()),
        });
        answer.edited = true;
        let mut later = message("Ana", "two\nlines");
        later.sent_at = "2026-11-27T00:01:00Z".into();
        later.reactions = vec![Reaction {
            emoji: "👍".into(),
            by: vec!["Ana".into(), "Bob".into()],
            is_mine: false,
        }];
        let shown = history(&[message("Ana", "hi there"), answer, later], &style());
        let expected = "\
Thursday 26 November 2026
msg_abcdefghij  10:03             Ana: hi there
msg_abcdefghij  10:03  delivered  You (edited), answering Ana “hi there”: hello
Friday 27 November 2026
msg_abcdefghij  00:01             Ana: two
                                  | lines
                                  + 👍 Ana, Bob";
        assert_eq!(shown, expected);
    }

    #[test]
    fn who_answers_us_answers_you_and_we_answer_ourselves() {
        let mut first = message("me", "hello");
        first.id = "msg_first".into();
        let answering = |who: &str| {
            let mut answer = message(who, "indeed");
            let (author, excerpt) = (Some("Bob".into()), Some("hello".into()));
            answer.reply_to = Some(Quote { id: "msg_first".into(), author, excerpt });
            answer
        };
        let shown = history(&[first, answering("me"), answering("Ana")], &style());
        assert!(shown.contains("You, answering yourself “hello”: indeed"), "{shown}");
        assert!(shown.contains("Ana, answering you “hello”: indeed"), "{shown}");
    }

    #[test]
    fn a_long_text_is_folded_behind_the_bar() {
        let narrow = Style { columns: Some(30), ..style() };
        let shown = row(&message("Ana", "one two three four five"), "10:03  ", |_| false, &narrow);
        assert_eq!(shown, "10:03  Ana: one two three four\n       |  five");
    }

    #[test]
    fn no_text_can_pass_for_what_we_say() {
        let shown =
            row(&message("a\u{1b}[1m: (read)", "x\nYou: y\u{202e}"), "", |_| false, &style());
        assert_eq!(shown, "a␛_1m_ _read_: x\n| You: y\\u{202e}");
        let mut gone = message("Ana", "");
        (gone.text, gone.gone) = (None, Some("retracted".into()));
        assert_eq!(row(&gone, "", |_| false, &style()), "Ana took this back");
    }

    #[test]
    fn a_kind_of_a_later_version_is_said_to_be_one() {
        let mut later = message("Ana", "");
        (later.kind, later.text) = ("poll".into(), None);
        let expected = "Ana wrote something that this version does not know (poll)";
        assert_eq!(row(&later, "", |_| false, &style()), expected);
    }

    #[test]
    fn markdown_shows_a_text_and_obeys_nothing_in_it() {
        let shown = markdown(&message("Ana", "# *hi* <b>\n1. x"), &style().clock);
        let expected =
            "**Ana** · 2026-11-26 10:03:00 UTC\n\n> \\# \\*hi\\* \\<b\\>  \n> 1\\. x  \n";
        assert_eq!(shown, expected);
    }
}
