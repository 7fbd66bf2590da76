//! The first start, and a place where nobody is yet.

use chinwag_api::model::{Contact, ContactState};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::boxed;
use crate::app::{App, ListKind, Scene, Window, numbered};
use crate::view::message::{NARROW, cut, folded};

/// Columns of a recovery word with its number and the blank behind it.
const NUMBERED_WIDTH: usize = 12;

pub(super) fn beginning(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let words = match &app.lost {
        Some(why) => format!("waiting for the node: {}", chinwag_text::safe::one_line(why)),
        None => "starting…".to_owned(),
    };
    let place = Rect { y: area.y + area.height / 2, height: 1, ..area };
    let line = Line::styled(cut(&words, usize::from(area.width)), app.options.theme.dim);
    frame.render_widget(line.centered(), place);
}

pub(super) fn naming(frame: &mut Frame<'_>, app: &App, area: Rect) -> Option<Position> {
    let inner = boxed(frame, app, area, "Chinwag", (66, 13));
    let Scene::Naming { name, is_asked } = &app.scene else { return None };
    let words = [
        "Chat from device to device: no account anywhere, no server that holds anything, everything \
         encrypted from end to end.",
        "",
        "What shall others call you? It can be changed later.",
        "",
    ];
    let does = if *is_asked { "making the keys…" } else { "Enter goes on, Ctrl+C leaves" };
    asked(frame, app, inner, folded_all(&words, inner), &name.text(), does)
}

/// Lines below what is asked: where one types, a blank one, and what is said of it.
const BELOW: u16 = 4;

/// The question whose relay may be used, where there is little room.
const RELAY_NARROW: [&str; 4] = [
    "Whose relay? It sees who talks, when and how much; never what.",
    "lan: nobody's",
    "https://HOST: that one's",
    "public: those of the iroh project",
];

pub(super) fn choosing(frame: &mut Frame<'_>, app: &App, area: Rect) -> Option<Position> {
    let inner = boxed(frame, app, area, "Relays", (76, 20));
    let Scene::Choosing { choice, is_asked, .. } = &app.scene else { return None };
    let question = &app.options.relay_question;
    let words: Vec<&str> = question.iter().flat_map(|part| [part.as_str(), ""]).collect();
    let mut text = folded_all(&words, inner);
    if text.len() > usize::from(inner.height.saturating_sub(BELOW)) {
        text.retain(|line| line.width() > 0);
    }
    if text.len() > usize::from(inner.height.saturating_sub(BELOW)) {
        text = folded_all(&RELAY_NARROW, inner);
    }
    let does = if *is_asked {
        "keeping it…"
    } else {
        "Enter goes on (nothing typed: lan), Ctrl+C leaves"
    };
    asked(frame, app, inner, text, &choice.text(), does)
}

/// A question, the line in which it is answered, and what is being done or was wrong.
fn asked(
    frame: &mut Frame<'_>,
    app: &App,
    inner: Rect,
    question: Vec<Line<'static>>,
    typed: &str,
    does: &'static str,
) -> Option<Position> {
    let mut cursor = None;
    let rows = u16::try_from(question.len()).unwrap_or(0).min(inner.height.saturating_sub(1));
    frame.render_widget(Paragraph::new(question), Rect { height: rows, ..inner });
    let line =
        Rect { y: inner.y + rows, height: inner.height.saturating_sub(rows).min(1), ..inner };
    if !line.is_empty() {
        let typed = chinwag_text::safe::one_line(typed);
        let typed = cut(&typed, usize::from(line.width.saturating_sub(3)));
        let width = unicode_width::UnicodeWidthStr::width(typed.as_str());
        frame.render_widget(Line::from(format!("> {typed}")), line);
        let column = u16::try_from(width).unwrap_or(0) + 2;
        cursor = Some(Position::new((line.x + column).min(line.right() - 1), line.y));
    }
    let says = match &app.note {
        Some(note) => Line::styled(note.text.clone(), app.options.theme.wrong),
        None => Line::styled(does, app.options.theme.dim),
    };
    // A row between them where there is room for it.
    let y = if line.y + 2 < inner.bottom() { line.y + 2 } else { line.y + 1 };
    let foot = Rect { y, height: 2, ..line }.intersection(inner);
    frame.render_widget(Paragraph::new(says).wrap(Wrap { trim: true }), foot);
    cursor
}

pub(super) fn words(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Scene::Words(words) = &app.scene else { return };
    // Where it is narrow, all rows are needed.
    let height = if area.width < 64 { area.height } else { 18 };
    let inner = boxed(frame, app, area, "Your recovery words", (64, height));
    let intro = "These 24 words are the only way to get your account back when this device is lost. \
                 Whoever has them is you: write them on paper. They can be shown again with /words.";
    let mut lines = folded_all(&[intro, ""], inner);
    let found = app.options.theme.name_of_other;
    // As many columns as fit: no word may be missing.
    let columns = (usize::from(inner.width) / NUMBERED_WIDTH).clamp(1, 4);
    let words: Vec<_> = numbered(words, columns);
    let height = usize::from(inner.height);
    if lines.len() + words.len() + 2 > height {
        lines.clear();
    }
    let fits = words.len() < height;
    lines.extend(words.into_iter().map(|row| Line::styled(row, found)));
    let hint = if fits {
        "Enter when they are written down"
    } else {
        "make the window larger to see all of them"
    };
    if lines.len() + 2 <= height {
        lines.push(Line::default());
    }
    lines.truncate(height.saturating_sub(1));
    lines.push(Line::styled(cut(hint, usize::from(inner.width)), app.options.theme.dim));
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Lines folded to the width of a place.
fn folded_all(words: &[&str], place: Rect) -> Vec<Line<'static>> {
    let room = usize::from(place.width).max(1);
    words.iter().flat_map(|line| folded(line, &[], room, Style::new())).collect()
}

/// What to do when there is nobody.
const NOBODY: [&str; 8] = [
    "To meet somebody, one of you makes a ticket and the other uses it:",
    "",
    "  /invite        your ticket, as a line and as a QR code",
    "  paste a ticket that somebody gave you, and press Enter",
    "  /nearby        people on this network",
    "  /classroom     the chat of a class, not private",
    "",
    "F1 shows everything else.",
];

/// The same where there is little room.
const NOBODY_NARROW: [&str; 6] = [
    "/invite     your ticket, a QR code too",
    "Or paste one that you were given here.",
    "/nearby     people on this network",
    "/classroom  a class, not private",
    "",
    "F1 shows everything else.",
];

/// There is no conversation yet: what to do next.
pub(super) fn nobody_yet(frame: &mut Frame<'_>, app: &App, area: Rect) {
    // What can be done first lies over it.
    if matches!(&app.window, Some(Window::List(list)) if list.kind == ListKind::First) {
        return;
    }
    let is_waiting = |contact: &&Contact| contact.state == ContactState::Waiting;
    let waiting = app.contacts.values().filter(is_waiting).count();
    let near = app.nearby.len();
    let more = u16::from(waiting > 0) + u16::from(near > 0);
    let is_narrow = area.width < NARROW;
    let words: &[&str] = if is_narrow { &NOBODY_NARROW } else { &NOBODY };
    let width = 62.min(area.width);
    let folded = folded_all(words, Rect { width: width.saturating_sub(2), ..area });
    let rows = u16::try_from(folded.len()).unwrap_or(u16::MAX).saturating_add(2);
    let rows = rows.saturating_add(more + u16::from(more > 0));
    let inner = boxed(frame, app, area, "Nobody yet", (width, rows));
    let mut lines = folded_all(words, inner);
    let mut notes = Vec::new();
    if waiting > 0 {
        let says = match waiting {
            1 => "One was added and is not reached yet: /contacts".to_owned(),
            n => format!("{n} were added and are not reached yet: /contacts"),
        };
        notes.push(says);
    }
    if near > 0 {
        notes.push(match near {
            1 => "A device of somebody is on this network: /nearby".to_owned(),
            n => format!("{n} devices of others are on this network: /nearby"),
        });
    }
    if !notes.is_empty() {
        lines.push(Line::default());
    }
    let style = app.options.theme.unread;
    lines.extend(notes.into_iter().map(|note| Line::styled(note, style)));
    if lines.len() > usize::from(inner.height) {
        lines.retain(|line| line.width() > 0);
    }
    frame.render_widget(Paragraph::new(lines), inner);
}
