//! The first start, and a place where nobody is yet.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use super::boxed;
use crate::app::{App, Scene, numbered};
use crate::view::message::cut;

pub(super) fn beginning(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let words = match &app.lost {
        Some(why) => format!("waiting for the node: {}", chinwag_text::safe::one_line(why)),
        None => "starting…".to_owned(),
    };
    let place = Rect { y: area.y + area.height / 2, height: 1, ..area };
    let line = Line::styled(cut(&words, usize::from(area.width)), app.options.theme.dim);
    frame.render_widget(line.centered(), place);
}

pub(super) fn naming(frame: &mut Frame<'_>, app: &mut App, area: Rect) {
    let inner = boxed(frame, app, area, "Chinwag", (66, 13));
    let theme = app.options.theme;
    let note = app.note.clone();
    let Scene::Naming { name, is_asked } = &mut app.scene else { return };
    let words = [
        "Chat from device to device: no account anywhere, no server that",
        "holds anything, everything encrypted from end to end.",
        "",
        "What shall others call you? It can be changed later.",
        "",
    ];
    let text: Vec<Line<'_>> = words.into_iter().map(Line::from).collect();
    let rows = u16::try_from(text.len()).unwrap_or(0).min(inner.height.saturating_sub(1));
    frame.render_widget(Paragraph::new(text), Rect { height: rows, ..inner });
    let line =
        Rect { y: inner.y + rows, height: inner.height.saturating_sub(rows).min(1), ..inner };
    if !line.is_empty() {
        let typed = chinwag_text::safe::one_line(&name.text());
        let typed = cut(&typed, usize::from(line.width.saturating_sub(3)));
        let width = unicode_width::UnicodeWidthStr::width(typed.as_str());
        frame.render_widget(Line::from(format!("> {typed}")), line);
        let column = u16::try_from(width).unwrap_or(0) + 2;
        frame.set_cursor_position(Position::new((line.x + column).min(line.right() - 1), line.y));
    }
    let says = match (&note, *is_asked) {
        (Some(note), _) => Line::styled(note.text.clone(), theme.wrong),
        (None, true) => Line::styled("making the keys…", theme.dim),
        (None, false) => Line::styled("Enter goes on, Ctrl+C leaves", theme.dim),
    };
    let foot = Rect { y: line.y + 2, height: 2, ..line }.intersection(inner);
    frame.render_widget(Paragraph::new(says).wrap(Wrap { trim: true }), foot);
}

pub(super) fn words(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Scene::Words(words) = &app.scene else { return };
    let inner = boxed(frame, app, area, "Your recovery words", (64, 18));
    let mut lines: Vec<Line<'_>> = [
        "These 24 words are the only way to get your account back when",
        "this device is lost. Whoever has them is you: write them on",
        "paper. They can be shown again with /words.",
        "",
    ]
    .into_iter()
    .map(Line::from)
    .collect();
    let found = app.options.theme.name_of_other;
    lines.extend(numbered(words).into_iter().map(|row| Line::styled(row, found)));
    lines.push(Line::default());
    lines.push(Line::styled("Enter when they are written down", app.options.theme.dim));
    frame.render_widget(Paragraph::new(lines), inner);
}

/// There is no conversation yet: what to do next.
pub(super) fn nobody_yet(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let inner = boxed(frame, app, area, "Nobody yet", (60, 9));
    let words = [
        "To meet somebody, one of you makes a ticket and the other",
        "uses it:",
        "",
        "  /invite        your ticket, as a line and as a QR code",
        "  /add TICKET    the ticket that somebody gave you",
        "",
        "F1 shows everything else.",
    ];
    let lines: Vec<Line<'_>> = words.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}
