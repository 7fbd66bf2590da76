//! The status line: who one is, what is wrong or was done, whether one is connected, and what is unread.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::app::{App, Window};
use crate::timeline::Edge;
use crate::view::message::{self, NAME_SHOWN, author};

/// How many rows it needs: what was done or went wrong is shown in full, up to three rows of it.
pub(super) fn height(app: &App, width: u16) -> u16 {
    let (left, is_wrong) = left(app);
    let is_note = app.note.is_some() || is_wrong && app.lost.is_some();
    if !is_note || width == 0 {
        return 1;
    }
    let columns = app.options.columns();
    let rows = columns.folded(&left, &[], usize::from(width), app.options.theme.status).len();
    u16::try_from(rows).unwrap_or(1).clamp(1, 3)
}

/// Whether the left side may take the place of the right: it is there for a moment only.
fn takes_all(app: &App) -> bool {
    app.note.is_some() || app.lost.is_some() || focus(app).is_some()
}

/// What keys are for, in words, while it is not the line that is typed.
fn focus(app: &App) -> Option<String> {
    match &app.window {
        Some(Window::List(list)) => {
            let row = list.shown.get(list.chosen).and_then(|n| list.rows.get(*n))?;
            let words = row.line.to_string();
            let words: Vec<&str> = words.split_whitespace().collect();
            Some(format!("{} of {}: {}", list.chosen + 1, list.shown.len(), words.join(" ")))
        }
        Some(Window::Pager(pager)) => {
            let (all, seen) = pager.drawn;
            let place = if all > seen {
                format!(", rows {} to {} of {all}", pager.scrolled + 1, pager.scrolled + seen)
            } else {
                String::new()
            };
            let title = pager.title.split(';').next().unwrap_or_default();
            Some(format!("window: {title}{place}"))
        }
        Some(Window::Peers(_)) => Some("window: who is reachable".to_owned()),
        Some(Window::Asked(_)) => Some("a question: yes or no?".to_owned()),
        None => selected(app),
    }
}

/// Which message is selected, of whom, and how far it has come.
fn selected(app: &App) -> Option<String> {
    let timeline = &app.chats.current()?.timeline;
    let (message, nth) = (timeline.selected()?, timeline.selected_nth()?);
    let is_all = timeline.older == Edge::Closed && timeline.newer == Edge::Closed;
    let here = if is_all { "" } else { " loaded" };
    let who = if message.author.is_me { "you".to_owned() } else { author(message) };
    let state = message.state.filter(|_| message.author.is_me);
    let state = state.map(|state| format!(", {}", message::state(state))).unwrap_or_default();
    let day = app.clock().moment(&message.sent_at);
    let day = day.get(..16).unwrap_or(&day);
    Some(format!("message {nth} of {}{here}, from {who}{state}, {day}", timeline.len()))
}

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = &app.options.theme;
    let width = usize::from(area.width);
    let (left, is_wrong) = left(app);
    let style = if is_wrong { theme.status.patch(theme.wrong) } else { theme.status };
    let right = right(app);
    let columns = app.options.columns();
    let room = width.saturating_sub(columns.of(&right) + 1);
    // What was done, or went wrong, is of more use than what is always there.
    if takes_all(app) && columns.of(&left) > room {
        for (y, row) in (area.y..area.bottom()).zip(columns.folded(&left, &[], width, style)) {
            let row = columns.padded(&row.to_string(), width);
            frame.render_widget(Line::styled(row, style), Rect { y, height: 1, ..area });
        }
        return;
    }
    let left = columns.padded(&left, room);
    let line = Line::from(vec![
        Span::styled(left, style),
        Span::styled(columns.cut(&format!(" {right}"), width), theme.status),
    ]);
    frame.render_widget(line, area);
}

/// What was noted last, and otherwise who one is and how to be helped.
fn left(app: &App) -> (String, bool) {
    if let Some(why) = &app.lost {
        let why = chinwag_text::safe::one_line(why);
        return (format!(" not connected to the node ({why}); trying again"), true);
    }
    let note = app.note.as_ref();
    let slow = app.slow().filter(|_| !note.is_some_and(|note| note.is_wrong));
    if let Some((doing, seconds)) = slow {
        let since =
            if seconds > 0 && app.options.motion { format!(" {seconds} s") } else { String::new() };
        return (format!(" {doing}…{since}"), false);
    }
    if let Some(note) = note {
        return (format!(" {}", note.text), note.is_wrong);
    }
    if let Some(focus) = focus(app) {
        return (format!(" {focus}"), false);
    }
    let problem = app.status.as_ref().and_then(|status| status.problems.first());
    if let Some(problem) = problem {
        return (format!(" ! {} (/status)", chinwag_text::safe::one_line(problem)), true);
    }
    let name = app.account.as_ref().map(|a| chinwag_text::safe::person(&a.name, 24));
    (format!(" {} · F1 help", name.unwrap_or_default()), false)
}

fn right(app: &App) -> String {
    let mut says = Vec::new();
    if !app.requests.is_empty() {
        says.push(format!("{} ask", app.requests.len()));
    }
    if !app.invitations.is_empty() {
        let count = u64::try_from(app.invitations.len()).unwrap_or(u64::MAX);
        says.push(chinwag_text::words::INVITATION.count(count));
    }
    match app.chats.unread() {
        (0, _) => {}
        (unread, 0) => says.push(format!("{unread} unread")),
        (unread, mentions) => says.push(format!("{unread} unread, {mentions} for you")),
    }
    let current = app.chats.current().filter(|chat| chat.is_with_somebody());
    let way = current.and_then(|chat| {
        let way = app.chats.way_to(&chat.conversation.contact)?;
        Some(format!("{}: {way}", chat.name(NAME_SHOWN)))
    });
    if let Some(way) = way {
        says.push(way);
    } else if let Some(status) = &app.status {
        says.push(match status.connected {
            0 => "nobody connected".to_owned(),
            n => format!("{} connected", chinwag_text::words::DEVICE.count(n)),
        });
    }
    if app.is_normal {
        let is_visual = app.chats.current().is_some_and(|chat| chat.composer.is_choosing());
        says.push(if is_visual { "VISUAL" } else { "NORMAL" }.to_owned());
    }
    format!("{} ", says.join(" · "))
}
