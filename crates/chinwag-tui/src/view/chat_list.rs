//! The list of conversations. Those of the classroom stand at its end, below words that say that they are
//! not private, and each has a sign of it for whoever does not see these words.

use chinwag_api::model::Id;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders};

use unicode_width::UnicodeWidthStr;

use crate::app::App;
use crate::view::message::{cut, separator};

/// Draws it. Gives the row of each conversation that is seen.
pub(super) fn draw(frame: &mut Frame<'_>, app: &App, area: Rect) -> Vec<(Rect, Id)> {
    let mut stands = Vec::new();
    let theme = &app.options.theme;
    let block = Block::new().borders(Borders::RIGHT).border_style(theme.border);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let position = app.chats.position().unwrap_or(0);
    let height = usize::from(inner.height);
    let first_of_class = app.chats.first_of_class();
    let before = app.chats.all().iter().enumerate().take(first_of_class).map(Some);
    let class = app.chats.all().iter().enumerate().skip(first_of_class).map(Some);
    let heading = (first_of_class < app.chats.all().len()).then_some(None);
    let position_in_rows = position + usize::from(position >= first_of_class);
    let first = (position_in_rows + 1).saturating_sub(height);
    let seen = before.chain(heading).chain(class).skip(first).take(height);
    for (y, entry) in (inner.y..).zip(seen) {
        let row = Rect { y, height: 1, ..inner };
        let Some((n, chat)) = entry else {
            frame.render_widget(separator("not private", theme.wrong, inner.width), row);
            continue;
        };
        let is_open = n == position;
        let unread = match (chat.conversation.unread, chat.conversation.unread_mentions) {
            (0, _) => String::new(),
            (n, 0) => format!(" {n}"),
            (n, mentions) => format!(" {n} @{mentions}"),
        };
        let here = match () {
            () if chat.is_classroom() => "!",
            () if app.chats.is_connected(&chat.conversation.contact) => "•",
            () => " ",
        };
        let mark = if is_open { ">" } else { " " };
        let draft = if chat.composer.is_empty() { "" } else { "✎" };
        let told = chat.told_as_sign();
        let number = if n < 9 { (n + 1).to_string() } else { " ".to_owned() };
        let width = usize::from(inner.width);
        let room = width.saturating_sub(3 + unread.len() + 1 + told.width() + draft.width());
        let name = app.options.columns().padded(&chat.short_name(), room);
        let unread_style = if chat.is_muted() { theme.dim } else { theme.unread };
        let has_news = chat.conversation.unread > 0 && !chat.is_muted();
        let style = if has_news { theme.unread } else { theme.text };
        let line = Line::from(vec![
            Span::styled(format!("{number}{here}{mark}"), theme.dim),
            Span::styled(name, style),
            Span::styled(format!("{told}{draft}"), theme.dim),
            Span::styled(cut(&unread, width), unread_style),
        ]);
        frame.render_widget(line, row);
        stands.push((row, chat.id().to_owned()));
        if is_open {
            frame.buffer_mut().set_style(row, theme.chosen);
        }
    }
    stands
}
