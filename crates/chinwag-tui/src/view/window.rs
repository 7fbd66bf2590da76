//! The window over the conversation.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::boxed;
use crate::app::{App, Asked, List, ListKind, Pager, PeersView, Target, Window};
use crate::view::message::{NARROW, cut, folded, padded};

/// The bars of a little picture, from low to high.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Draws the window that is open. Gives where the cursor is.
pub(super) fn draw(frame: &mut Frame<'_>, app: &mut App, area: Rect) -> Option<Position> {
    let window = app.window.take()?;
    app.stands(area, Target::Window);
    let (window, cursor) = match window {
        Window::List(list) => {
            let (cursor, rows) = draw_list(frame, app, area, &list);
            for (row, n) in rows {
                app.stands(row, Target::Line(n));
            }
            (Window::List(list), cursor)
        }
        Window::Pager(mut pager) => {
            draw_pager(frame, app, area, &mut pager);
            (Window::Pager(pager), None)
        }
        Window::Peers(mut peers) => {
            draw_peers(frame, app, area, &mut peers);
            (Window::Peers(peers), None)
        }
        Window::Asked(asked) => {
            draw_question(frame, app, area, &asked);
            (Window::Asked(asked), None)
        }
    };
    app.window = Some(window);
    cursor
}

/// Draws a list. Gives where the cursor is, and the row of each line that is seen.
fn draw_list(
    frame: &mut Frame<'_>,
    app: &App,
    area: Rect,
    list: &List,
) -> (Option<Position>, Vec<(Rect, usize)>) {
    let title = match &list.kind {
        ListKind::Switcher => "Go to, or do",
        ListKind::Unread => "Unread",
        ListKind::Search { within: Some(_) } => "Search here; Ctrl+S: everywhere",
        ListKind::Search { within: None } => "Search everywhere",
        ListKind::Contacts => "Contacts",
        ListKind::Requests => "Requests",
        ListKind::Classroom => "The classroom: not private",
        ListKind::Themes => "Colours",
    };
    let size = (area.width.saturating_sub(4).min(90), area.height.saturating_sub(2).min(22));
    let inner = boxed(frame, app, area, title, size);
    let mut stands = Vec::new();
    if inner.is_empty() {
        return (None, stands);
    }
    let theme = &app.options.theme;
    let typed = chinwag_text::safe::one_line(&list.typed.text());
    let width = usize::from(inner.width);
    frame.render_widget(Line::from(cut(&format!("> {typed}"), width)), Rect { height: 1, ..inner });
    let rows = Rect { y: inner.y + 1, height: inner.height - 1, ..inner };
    let height = usize::from(rows.height);
    if list.shown.is_empty() {
        let line = Line::styled(cut(&format!("  {}", list.empty), width), theme.dim);
        frame.render_widget(line, Rect { height: rows.height.min(1), ..rows });
    }
    let first = (list.chosen + 1).saturating_sub(height);
    let seen = list.shown.iter().enumerate().skip(first).take(height);
    for (y, (n, row)) in (rows.y..).zip(seen) {
        let Some(row) = list.rows.get(*row) else { continue };
        let place = Rect { y, height: 1, ..rows };
        stands.push((place, n));
        let mark = if n == list.chosen { "> " } else { "  " };
        let mut spans = vec![Span::raw(mark)];
        // Where there is little room, the words of a hit come first.
        let is_hit = matches!(list.kind, ListKind::Search { .. });
        let skipped = usize::from(is_hit && inner.width < NARROW);
        spans.extend(row.line.spans.iter().skip(skipped).cloned());
        frame.render_widget(Line::from(spans), place);
        if n == list.chosen {
            frame.buffer_mut().set_style(place, theme.chosen);
        }
    }
    let before = list.typed.before_cursor();
    let column = unicode_width::UnicodeWidthStr::width(before.as_str()) + 2;
    let column = u16::try_from(column).unwrap_or(u16::MAX).min(inner.width - 1);
    (Some(Position::new(inner.x + column, inner.y)), stands)
}

fn draw_pager(frame: &mut Frame<'_>, app: &App, area: Rect, pager: &mut Pager) {
    let widest = pager.lines.iter().map(Line::width).max().unwrap_or(0).max(pager.title.len() + 2);
    let widest = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(4).max(30);
    let width = widest.min(area.width.saturating_sub(2).min(110)).max(area.width.min(20));
    let room = usize::from(width.saturating_sub(4)).max(1);
    if pager.folded.as_ref().is_none_or(|(width, _)| *width != room) {
        let rows = pager.lines.iter().flat_map(|line| refolded(line, room)).collect();
        pager.folded = Some((room, rows));
    }
    let rows: &[Line<'_>] = pager.folded.as_ref().map_or(&[], |(_, rows)| rows);
    let tall = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(3);
    let height = tall.min(area.height.saturating_sub(1)).max(area.height.min(3));
    let inner = boxed(frame, app, area, &pager.title, (width, height));
    if inner.width < 3 || inner.height < 2 {
        return;
    }
    let text = Rect { x: inner.x + 1, width: inner.width - 2, height: inner.height - 1, ..inner };
    let (all, seen) = (rows.len(), usize::from(text.height));
    let scrolled = pager.scrolled.min(all.saturating_sub(seen));
    let more = all.saturating_sub(scrolled + seen);
    for (y, row) in (text.y..text.bottom()).zip(rows.iter().skip(scrolled)) {
        frame.render_widget(row, Rect { y, height: 1, ..text });
    }
    (pager.drawn, pager.scrolled) = ((all, seen), scrolled);
    let says = if more > 0 {
        format!("{more} more rows below · Esc closes")
    } else {
        "Esc closes".to_owned()
    };
    let foot = Rect { y: inner.bottom() - 1, height: 1, ..text };
    frame.render_widget(
        Line::styled(cut(&says, usize::from(foot.width)), app.options.theme.dim),
        foot,
    );
}

/// A line folded to rows, each part with its looks.
fn refolded(line: &Line<'static>, room: usize) -> Vec<Line<'static>> {
    let mut text = String::new();
    let mut marks = Vec::new();
    for span in &line.spans {
        let from = text.len();
        text.push_str(&span.content);
        marks.push((from, text.len(), span.style));
    }
    folded(&text, &marks, room, line.style)
}

fn draw_question(frame: &mut Frame<'_>, app: &App, area: Rect, asked: &Asked) {
    let width = area.width.min(72);
    let room = usize::from(width.saturating_sub(4)).max(1);
    let text = chinwag_text::safe::lines(&asked.question, "");
    let rows: usize = text.lines().map(|line| textwrap::wrap(line, room).len().max(1)).sum();
    let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(4);
    let inner = boxed(frame, app, area, "Sure?", (width, height));
    if inner.is_empty() {
        return;
    }
    let mut lines: Vec<Line<'_>> = text.lines().map(|line| Line::from(line.to_owned())).collect();
    lines.push(Line::default());
    let third = asked.or.as_ref().map(|(key, word, _)| format!("   {key} {word}"));
    let answers = format!("y yes   n no{}", third.unwrap_or_default());
    lines.push(Line::styled(answers, app.options.theme.unread));
    let text = Rect {
        x: inner.x + u16::from(inner.width > 2),
        width: inner.width.saturating_sub(2).max(1),
        ..inner
    };
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }), text.intersection(inner));
}

fn draw_peers(frame: &mut Frame<'_>, app: &App, area: Rect, view: &mut PeersView) {
    let size = (area.width.saturating_sub(2).min(110), area.height.saturating_sub(1));
    let inner = boxed(frame, app, area, "Who is reachable · c connects to everybody", size);
    let theme = &app.options.theme;
    let clock = app.clock();
    let width = usize::from(inner.width);
    let mut lines = Vec::new();
    if view.peers.is_empty() {
        let words = if view.is_told { "nobody is known yet: /invite, /add" } else { "asking…" };
        lines.push(Line::styled(words, theme.dim));
    }
    for peer in &view.peers {
        let name = chinwag_text::safe::person(&peer.name, 20);
        let says = if let Some(path) = &peer.path {
            let seen = view.round_trips.get(&peer.device).filter(|_| app.options.motion);
            let picture = seen.map(picture).unwrap_or_default();
            format!(
                "{} {}  {}  {picture}  since {}",
                chinwag_text::safe::one_line(&path.kind),
                chinwag_text::safe::one_line(&path.address),
                chinwag_text::time::round_trip(path.rtt_ms),
                clock.ago(&path.since),
            )
        } else {
            let heard = peer.last_heard_at.as_ref();
            let heard =
                heard.map_or("never heard".to_owned(), |at| format!("heard {}", clock.ago(at)));
            let next = peer.next_attempt_at.as_ref();
            let next = next.map(|at| format!(", next try {}", clock.until(at))).unwrap_or_default();
            format!("not connected, {heard}{next}")
        };
        let style = if peer.connected { theme.name_of_me } else { theme.text };
        let name = padded(&name, 20.min(width / 3));
        lines.push(Line::from(vec![
            Span::styled(name, style),
            Span::raw(cut(&format!(" {says}"), width)),
        ]));
        if let Some(failure) = peer.last_failure.as_ref().filter(|_| !peer.connected) {
            let text = chinwag_text::safe::one_line(&failure.text);
            lines.push(Line::styled(
                cut(&format!("    {}: {text}", clock.ago(&failure.at)), width),
                theme.dim,
            ));
        }
    }
    view.scrolled = view.scrolled.min(lines.len().saturating_sub(usize::from(inner.height)));
    let seen: Vec<Line<'_>> = lines.into_iter().skip(view.scrolled).collect();
    frame.render_widget(Paragraph::new(seen), inner);
}

/// Round trips as bars, the highest as high as a row.
pub(super) fn picture(round_trips: &std::collections::VecDeque<f64>) -> String {
    let highest = round_trips.iter().copied().fold(0.0, f64::max);
    let bar = |ms: &f64| {
        let share = if highest > 0.0 { ms / highest } else { 0.0 };
        let reached = BARS.iter().zip(1_u32..).take_while(|(_, n)| share * 8.0 >= f64::from(*n));
        reached.last().map_or(BARS[0], |(bar, _)| *bar)
    };
    round_trips.iter().map(bar).collect()
}
