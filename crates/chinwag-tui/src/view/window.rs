//! The window over the conversation.

use chinwag_api::model::Peer;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{boxed, code};
use crate::actions::Act;
use crate::app::{App, Asked, List, ListKind, Pager, PeersView, Target, Window};
use crate::code::Code;
use crate::view::message::{NARROW, cut};
use crate::view::widths::Columns;

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
            let cursor = draw_pager(frame, app, area, &mut pager);
            (Window::Pager(pager), cursor)
        }
        Window::Peers(mut peers) => {
            let cursor = draw_peers(frame, app, area, &mut peers);
            (Window::Peers(peers), cursor)
        }
        Window::Asked(asked) => {
            let cursor = draw_question(frame, app, area, &asked);
            (Window::Asked(asked), cursor)
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
        ListKind::Mentions => "You are named here",
        ListKind::Contacts => "Contacts",
        ListKind::Requests => "Requests",
        ListKind::First => "What next? Up, Down and Enter",
        ListKind::Classroom => "The classroom: not private",
        ListKind::Themes => "Colours",
    };
    let rows = match list.kind {
        // What never has more lines needs no place for them.
        ListKind::First => u16::try_from(list.rows.len()).unwrap_or(0).saturating_add(3),
        _ => 22,
    };
    let columns = if list.kind == ListKind::First { 62 } else { 90 };
    let size = (area.width.saturating_sub(4).min(columns), area.height.saturating_sub(2).min(rows));
    let inner = boxed(frame, app, area, title, size);
    let mut stands = Vec::new();
    if inner.is_empty() {
        return (None, stands);
    }
    let theme = &app.options.theme;
    let typed = chinwag_text::safe::one_line(&list.typed.text());
    let width = usize::from(inner.width);
    frame.render_widget(
        Line::from(app.options.columns().cut(&format!("> {typed}"), width)),
        Rect { height: 1, ..inner },
    );
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
        let is_hit = matches!(list.kind, ListKind::Search { .. } | ListKind::Mentions);
        let skipped = usize::from(is_hit && inner.width < NARROW);
        let shown = row.line.spans.iter().skip(skipped).cloned();
        if inner.width < NARROW {
            spans.extend(shown.map(|span| Span::styled(closed_up(&span.content), span.style)));
        } else {
            spans.extend(shown);
        }
        frame.render_widget(Line::from(spans), place);
        if n == list.chosen {
            frame.buffer_mut().set_style(place, theme.chosen);
        }
    }
    let before = list.typed.before_cursor();
    let column = unicode_width::UnicodeWidthStr::width(before.as_str()) + 2;
    let column = u16::try_from(column).unwrap_or(u16::MAX).min(inner.width - 1);
    // Whoever goes through the lines is told which one they are on.
    let chosen = stands.iter().find(|(_, n)| list.is_stepped && *n == list.chosen);
    let typed = Position::new(inner.x + column, inner.y);
    (Some(chosen.map_or(typed, |(place, _)| place.as_position())), stands)
}

/// Draws a text. Gives where its first row is.
fn draw_pager(frame: &mut Frame<'_>, app: &App, area: Rect, pager: &mut Pager) -> Option<Position> {
    let columns = app.options.columns();
    let width_of = |line: &Line<'_>| line.spans.iter().map(|s| columns.of(&s.content)).sum();
    let widest: usize = pager.lines.iter().map(width_of).max().unwrap_or(0);
    let widest = widest.max(columns.of(&pager.title) + 2);
    let widest = u16::try_from(widest).unwrap_or(u16::MAX).saturating_add(4).max(30);
    let width = widest.min(area.width.saturating_sub(2).min(110)).max(area.width.min(20));
    let room = usize::from(width.saturating_sub(4)).max(1);
    if pager.folded.as_ref().is_none_or(|(width, _)| *width != room) {
        let rows = pager.lines.iter().flat_map(|line| refolded(line, room, columns)).collect();
        pager.folded = Some((room, rows));
    }
    let rows: &[Line<'_>] = pager.folded.as_ref().map_or(&[], |(_, rows)| rows);
    let tall = u16::try_from(rows.len()).unwrap_or(u16::MAX).saturating_add(3);
    // A code is drawn below the text where both fit.
    let coded = pager.code.as_ref().map_or(0, |code| code::height(code) + 1);
    let has_room = |code: &Code| {
        !app.options.ambiguous_wide
            && tall.saturating_add(coded) < area.height
            && code::fits(code, (width - 4, code::height(code)))
    };
    let drawn = pager.code.as_ref().filter(|code| has_room(code));
    let tall = if drawn.is_some() { tall + coded } else { tall };
    let height = tall.min(area.height.saturating_sub(1)).max(area.height.min(3));
    let inner = boxed(frame, app, area, &pager.title, (width, height));
    if inner.width < 3 || inner.height < 2 {
        return None;
    }
    let mut text =
        Rect { x: inner.x + 1, width: inner.width - 2, height: inner.height - 1, ..inner };
    if let Some(code) = drawn {
        text.height = text.height.saturating_sub(coded);
        code::draw(frame, code, Rect { y: text.bottom() + 1, height: coded - 1, ..text });
    }
    let (all, seen) = (rows.len(), usize::from(text.height));
    let scrolled = pager.scrolled.min(all.saturating_sub(seen));
    let more = all.saturating_sub(scrolled + seen);
    for (y, row) in (text.y..text.bottom()).zip(rows.iter().skip(scrolled)) {
        frame.render_widget(row, Rect { y, height: 1, ..text });
    }
    (pager.drawn, pager.scrolled) = ((all, seen), scrolled);
    let is_narrow = inner.width < NARROW;
    let below = if more > 0 && is_narrow {
        format!("{more} more · ")
    } else if more > 0 {
        format!("{more} more rows below · ")
    } else {
        String::new()
    };
    let key = |act| app.options.keymap.key(act);
    let coded = if pager.code.is_some() {
        let words = if is_narrow { "QR code" } else { "the QR code alone" };
        format!("{} {words} · ", key(Act::WindowDo).to_lowercase())
    } else {
        String::new()
    };
    let copies = if pager.copies.is_some() {
        format!("{} copies · ", key(Act::WindowCopy).to_lowercase())
    } else {
        String::new()
    };
    let closes = if is_narrow { "" } else { " closes" };
    let says = format!("{below}{copies}{coded}{}{closes}", key(Act::WindowClose));
    let foot = Rect { y: inner.bottom() - 1, height: 1, ..text };
    frame.render_widget(
        Line::styled(cut(&says, usize::from(foot.width)), app.options.theme.dim),
        foot,
    );
    Some(text.as_position())
}

/// A text without the blanks that make columns of it, but for those that it begins with.
fn closed_up(text: &str) -> String {
    let words = text.trim_start_matches(' ');
    let mut closed = text[..text.len() - words.len()].to_owned();
    for c in words.chars() {
        if c != ' ' || !closed.ends_with("  ") {
            closed.push(c);
        }
    }
    closed
}

/// A line folded to rows, each part with its looks.
fn refolded(line: &Line<'static>, room: usize, columns: Columns) -> Vec<Line<'static>> {
    let mut text = String::new();
    let mut marks = Vec::new();
    let is_narrow = room < usize::from(NARROW) && line.width() > room;
    for span in &line.spans {
        let from = text.len();
        if is_narrow {
            text.push_str(&closed_up(&span.content));
        } else {
            text.push_str(&span.content);
        }
        marks.push((from, text.len(), span.style));
    }
    columns.folded(&text, &marks, room, line.style)
}

/// Draws a question. Gives where its answers are.
fn draw_question(frame: &mut Frame<'_>, app: &App, area: Rect, asked: &Asked) -> Option<Position> {
    let width = area.width.min(72);
    let room = usize::from(width.saturating_sub(4)).max(1);
    let text = chinwag_text::safe::lines(&asked.question, "");
    let columns = app.options.columns();
    let fold = |line| columns.folded(line, &[], room, Style::new());
    let rows: usize = text.lines().map(|line| fold(line).len().max(1)).sum();
    let height = u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(4);
    let inner = boxed(frame, app, area, "Sure?", (width, height));
    if inner.is_empty() {
        return None;
    }
    let mut lines: Vec<Line<'_>> = text.lines().flat_map(fold).collect();
    // Where there is little room, it is for the words: the answers are never cut.
    let height = usize::from(inner.height);
    if lines.len() + 2 > height {
        lines.retain(|line| line.width() > 0);
        lines.truncate(height.saturating_sub(1));
    } else {
        lines.push(Line::default());
    }
    let key = |act| app.options.keymap.key(act).to_lowercase();
    let third = asked.or.as_ref().map(|(word, _)| format!("   {} {word}", key(Act::Other)));
    let answers =
        format!("{} yes   {} no{}", key(Act::Yes), key(Act::No), third.unwrap_or_default());
    lines.push(Line::styled(answers, app.options.theme.unread));
    let text = Rect {
        x: inner.x + u16::from(inner.width > 2),
        width: inner.width.saturating_sub(2).max(1),
        ..inner
    };
    let text = text.intersection(inner);
    let answers = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(1);
    frame.render_widget(Paragraph::new(lines), text);
    Some(Position::new(text.x, (text.y + answers).min(text.bottom() - 1)))
}

/// Draws who is reachable. Gives where the first row is.
fn draw_peers(
    frame: &mut Frame<'_>,
    app: &App,
    area: Rect,
    view: &mut PeersView,
) -> Option<Position> {
    let size = (area.width.saturating_sub(2).min(110), area.height.saturating_sub(1));
    let key = app.options.keymap.key(Act::WindowDo).to_lowercase();
    let title = match area.width {
        0..NARROW => format!("Reachable · {key} connects"),
        _ => format!("Who is reachable · {key} connects to everybody"),
    };
    let inner = boxed(frame, app, area, &title, size);
    let theme = &app.options.theme;
    let room = usize::from(inner.width).max(1);
    let mut lines = Vec::new();
    if view.peers.is_empty() {
        let words = if view.is_told { "nobody is known yet: /invite, /add" } else { "asking…" };
        lines.extend(app.options.columns().folded(words, &[], room, theme.dim));
    }
    for peer in &view.peers {
        lines.extend(rows_of_peer(app, view, peer, room));
    }
    view.scrolled = view.scrolled.min(lines.len().saturating_sub(usize::from(inner.height)));
    let seen: Vec<Line<'_>> = lines.into_iter().skip(view.scrolled).collect();
    frame.render_widget(Paragraph::new(seen), inner);
    (!inner.is_empty()).then(|| inner.as_position())
}

/// A device and the way to it. Where they have no room beside its name they stand below it.
fn rows_of_peer(app: &App, view: &PeersView, peer: &Peer, room: usize) -> Vec<Line<'static>> {
    let (theme, columns) = (&app.options.theme, app.options.columns());
    let clock = app.clock();
    let name = chinwag_text::safe::person(&peer.name, NAME_OF_PEER);
    let mut says = Vec::new();
    if let Some(path) = &peer.path {
        let seen = view.round_trips.get(&peer.device).filter(|_| app.options.motion);
        let picture = seen.map(picture).unwrap_or_default();
        says.push(format!(
            "{} {}",
            chinwag_text::safe::one_line(&path.kind),
            chinwag_text::safe::one_line(&path.address)
        ));
        says.push(format!("{}  {picture}", chinwag_text::time::round_trip(path.rtt_ms)));
        says.push(format!("since {}", clock.ago(&path.since)));
    } else {
        let heard = peer.last_heard_at.as_ref();
        let heard = heard.map_or("never heard".to_owned(), |at| format!("heard {}", clock.ago(at)));
        says.push(format!("not connected, {heard}"));
        let next = peer.next_attempt_at.as_ref();
        says.extend(next.map(|at| format!("next try {}", clock.until(at))));
    }
    if let Some(failure) = peer.last_failure.as_ref().filter(|_| !peer.connected) {
        let text = chinwag_text::safe::one_line(&failure.text);
        says.push(format!("{}: {text}", clock.ago(&failure.at)));
    }
    let style = if peer.connected { theme.name_of_me } else { theme.text };
    let is_narrow = room < usize::from(NARROW);
    let (head, further) = if is_narrow { (0, 2) } else { (says.len().min(3), 4) };
    let mut first = vec![Span::styled(
        if is_narrow { name } else { columns.padded(&name, NAME_OF_PEER) },
        style,
    )];
    let failure =
        says.len().checked_sub(1).filter(|_| !peer.connected && peer.last_failure.is_some());
    let head = failure.map_or(head, |failure| head.min(failure));
    let (beside, below) = says.split_at(head);
    if !beside.is_empty() {
        let beside = if peer.path.is_some() { beside.join("  ") } else { beside.join(", ") };
        first
            .push(Span::raw(columns.cut(&format!(" {beside}"), room.saturating_sub(NAME_OF_PEER))));
    }
    let mut lines = vec![Line::from(first)];
    let alike = app.looks_like(&peer.contact);
    let alike = alike.strip_prefix(", ").map(|alike| (alike, theme.wrong));
    let below = below.iter().map(|words| (words.as_str(), theme.dim));
    for (words, style) in alike.into_iter().chain(below) {
        let rows = columns.folded(words, &[], room.saturating_sub(further).max(1), style);
        lines.extend(rows.into_iter().map(|mut row| {
            row.spans.insert(0, " ".repeat(further).into());
            row
        }));
    }
    lines
}

/// Columns of a name among the devices.
const NAME_OF_PEER: usize = 20;

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
