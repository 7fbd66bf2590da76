//! The list of conversations.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use crate::app::App;
use crate::view::message::{cut, padded};

pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let theme = &app.options.theme;
    let block = Block::new().borders(Borders::RIGHT).border_style(theme.border);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let position = app.chats.position().unwrap_or(0);
    let height = usize::from(inner.height);
    let first = (position + 1).saturating_sub(height);
    let seen = app.chats.all().iter().enumerate().skip(first).take(height);
    for (y, (n, chat)) in (inner.y..).zip(seen) {
        let is_open = n == position;
        let unread = match (chat.conversation.unread, chat.mentions) {
            (0, _) => String::new(),
            (n, 0) => format!(" {n}"),
            (n, mentions) => format!(" {n} @{mentions}"),
        };
        let here = if app.chats.is_connected(&chat.conversation.contact) { "•" } else { " " };
        let draft = if chat.composer.is_empty() { "" } else { "✎" };
        let number = if n < 9 { (n + 1).to_string() } else { " ".to_owned() };
        let width = usize::from(inner.width);
        let room = width.saturating_sub(3 + unread.len() + 1 + draft.chars().count());
        let name = padded(&chinwag_text::safe::person(&chat.conversation.name, 40), room);
        let style = if chat.conversation.unread > 0 { theme.unread } else { theme.text };
        let line = Line::from(vec![
            Span::styled(format!("{number}{here} "), theme.dim),
            Span::styled(name, style),
            Span::styled(draft.to_owned(), theme.dim),
            Span::styled(cut(&unread, width), theme.unread),
        ]);
        let row = Rect { y, height: 1, ..inner };
        frame.render_widget(line, row);
        if is_open {
            frame.buffer_mut().set_style(row, theme.chosen);
        }
    }
}
