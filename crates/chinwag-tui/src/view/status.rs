//! The status line: who one is, what is wrong or was done, whether one is connected, and what is unread.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::view::message::{cut, folded, padded};

/// How many rows it needs: what went wrong is shown in full, up to three rows of it.
pub(super) fn height(app: &App, width: u16) -> u16 {
    let (left, is_wrong) = left(app);
    if !is_wrong || !takes_all(app) || width == 0 {
        return 1;
    }
    let rows = folded(&left, &[], usize::from(width), app.options.theme.status).len();
    u16::try_from(rows).unwrap_or(1).clamp(1, 3)
}

/// Whether the left side may take the place of the right: it is there for a moment only.
fn takes_all(app: &App) -> bool {
    app.note.is_some() || app.lost.is_some()
}

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = &app.options.theme;
    let width = usize::from(area.width);
    let (left, is_wrong) = left(app);
    let style = if is_wrong { theme.status.patch(theme.wrong) } else { theme.status };
    let right = right(app);
    let room = width.saturating_sub(right.width() + 1);
    // What was done, or went wrong, is of more use than what is always there.
    if takes_all(app) && left.width() > room {
        for (y, row) in (area.y..area.bottom()).zip(folded(&left, &[], width, style)) {
            let row = padded(&row.to_string(), width);
            frame.render_widget(Line::styled(row, style), Rect { y, height: 1, ..area });
        }
        return;
    }
    let left = padded(&cut(&left, room), room);
    let line = Line::from(vec![
        Span::styled(left, style),
        Span::styled(cut(&format!(" {right}"), width), theme.status),
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
    match app.chats.unread() {
        (0, _) => {}
        (unread, 0) => says.push(format!("{unread} unread")),
        (unread, mentions) => says.push(format!("{unread} unread, {mentions} for you")),
    }
    if let Some(status) = &app.status {
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
