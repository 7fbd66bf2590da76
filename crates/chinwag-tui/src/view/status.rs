//! The status line: who one is, what is wrong or was done, whether one is connected, and what is unread.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::view::message::{cut, padded};

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = &app.options.theme;
    let width = usize::from(area.width);
    let right = right(app);
    let room = width.saturating_sub(right.width() + 1);
    let (left, is_wrong) = left(app);
    let left = padded(&cut(&left, room), room);
    let style = if is_wrong { theme.status.patch(theme.wrong) } else { theme.status };
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
    if let Some(note) = &app.note {
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
            1 => "1 device connected".to_owned(),
            n => format!("{n} devices connected"),
        });
    }
    if app.is_normal {
        says.push("NORMAL".to_owned());
    }
    format!("{} ", says.join(" · "))
}
