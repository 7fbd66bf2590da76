//! What is known, drawn.
//!
//! Three parts: the list of conversations where there is room for it, the conversation with the line that
//! is typed, and the status line; a fourth, what is known of whoever one talks with, where it is wanted. A
//! window lies over them. The cursor of the terminal always stands where typing would go, or on what is selected,
//! for screen readers.

mod chat_list;
mod code;
mod details;
pub mod message;
mod scenes;
mod status;
pub mod widths;
mod window;

use chinwag_api::model::GroupStanding;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr;

use crate::actions::{Act, Place};
use crate::app::{About, App, Chat, NOT_PRIVATE, Pager, Scene, Target, Window};
use crate::view::message::{cut, padded};
use crate::view::widths::{Columns, Edges};

/// Columns below which the list of conversations has no room.
pub const WITH_LIST: u16 = 80;

/// Columns below which what is known of whoever one talks with stands in the place of the messages, and not
/// beside them.
pub const WITH_DETAILS: u16 = 100;

/// Columns below which a message has no margin.
const WITH_MARGIN: u16 = 16;

/// Rows below which a window takes the whole place.
const SMALL: u16 = 14;

/// What can be done with a message that is selected.
const SELECTED: [(Act, &str); 8] = [
    (Act::Reply, "answer"),
    (Act::React, "react"),
    (Act::Edit, "edit"),
    (Act::Retract, "delete"),
    (Act::Copy, "copy"),
    (Act::Open, "open"),
    (Act::Why, "why"),
    (Act::Who, "who"),
];

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &mut App) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    frame.buffer_mut().set_style(area, app.options.theme.text);
    app.pointed.clear();
    app.edges.clear();
    let cursor = match app.scene {
        Scene::Beginning => {
            scenes::beginning(frame, app, area);
            None
        }
        Scene::Naming { .. } => scenes::naming(frame, app, area),
        Scene::Choosing { .. } => scenes::choosing(frame, app, area),
        Scene::Words(_) => {
            scenes::words(frame, app, area);
            None
        }
        Scene::Talking => talking(frame, app, area),
    };
    let edges = Edges { beside: std::mem::take(&mut app.edges), window: app.boxed.take() };
    if let Some(cursor) = widths::settle(frame.buffer_mut(), &app.options, &edges, cursor) {
        frame.set_cursor_position(cursor);
    }
}

fn talking(frame: &mut Frame<'_>, app: &mut App, area: Rect) -> Option<Position> {
    if let Some(Window::Pager(Pager { is_code: true, code: Some(code), .. })) = &app.window {
        code::alone(frame, code, area, app.options.ambiguous_wide);
        return None;
    }
    let status = status::height(app, area.width).min(area.height);
    let [above, status] =
        Layout::vertical([Constraint::Min(0), Constraint::Length(status)]).areas(area);
    let has_details = app.details.is_open && !app.is_bare && area.width >= WITH_DETAILS;
    let details_width = if has_details { (area.width / 4).clamp(26, 36) } else { 0 };
    // Where there is room for one of them only, it is the one that was asked for.
    let list_room = area.width.saturating_sub(if has_details { 30 } else { 0 });
    let has_list = app.has_list && !app.is_bare && list_room >= WITH_LIST;
    let list_width = if has_list { (area.width / 5).clamp(18, 28) } else { 0 };
    let [list, chat, beside] = Layout::horizontal([
        Constraint::Length(list_width),
        Constraint::Min(0),
        Constraint::Length(details_width),
    ])
    .areas(above);
    if has_list {
        app.edges.push(Rect { x: list.right().saturating_sub(1), width: 1, ..list });
        for (row, id) in chat_list::draw(frame, app, list) {
            app.stands(row, Target::Chat(id));
        }
    }
    if has_details {
        app.details.drawn = None;
        app.edges.push(Rect { width: 1, ..beside });
        details::beside(frame, app, beside);
    }
    let cursor = conversation(frame, app, chat);
    status::draw(frame, app, status);
    if app.window.is_some() { window::draw(frame, app, above) } else { cursor }
}

/// The conversation that is open. Gives where the cursor is.
fn conversation(frame: &mut Frame<'_>, app: &mut App, area: Rect) -> Option<Position> {
    let Some(chat) = app.chats.current() else {
        scenes::nobody_yet(frame, app, area);
        return None;
    };
    let text_rows = chat.composer.area().lines().iter().map(|line| {
        let prompt = if chat.is_classroom() && area.width >= 40 { 13 } else { 2 };
        let width = usize::from(area.width.saturating_sub(prompt)).max(1);
        u16::try_from(line.width() / width + 1).unwrap_or(u16::MAX)
    });
    let wanted = text_rows.fold(0_u16, u16::saturating_add).max(1);
    let input_height = wanted.min((area.height / 3).max(1));
    let has_head = area.height >= 6 && !app.is_bare;
    let says_about = chat.about != About::New;
    let [head, timeline, about, input] = Layout::vertical([
        Constraint::Length(u16::from(has_head)),
        Constraint::Min(0),
        Constraint::Length(u16::from(says_about || area.height >= 4)),
        Constraint::Length(input_height),
    ])
    .areas(area);
    if has_head {
        draw_head(frame, app, head);
    }
    let is_over = app.details.is_open && !app.is_bare && frame.area().width < WITH_DETAILS;
    let selected = if is_over {
        details::over(frame, app, timeline);
        None
    } else {
        draw_timeline(frame, app, timeline)
    };
    draw_about(frame, app, about);
    let typed = draw_input(frame, app, input);
    selected.or(typed)
}

/// How we stand to a group, how many are in it, and what it is about.
fn group_in_words(standing: &GroupStanding) -> Vec<String> {
    let mut says = match standing.role {
        None => vec!["you are out of it".to_owned()],
        Some(_) if !standing.joined => vec!["not joined".to_owned()],
        Some(_) => Vec::new(),
    };
    says.push(chinwag_text::words::MEMBER.count(standing.members));
    let topic = chinwag_text::safe::one_line(&standing.topic);
    says.extend((!topic.is_empty()).then_some(topic));
    says
}

fn draw_head(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(chat) = app.chats.current() else { return };
    let theme = &app.options.theme;
    let name = chat.name(40);
    let mut says = Vec::new();
    if chat.is_classroom() {
        says.push(chat.presence_in_class().to_owned());
    } else if chat.is_self() {
        says.push("notes to yourself, on all your devices".to_owned());
    } else if let Some(standing) = &chat.conversation.group {
        says.extend(group_in_words(standing));
    } else {
        let contact = app.contacts.get(&chat.conversation.contact);
        let is_connected = app.chats.is_connected(&chat.conversation.contact);
        says.push(if is_connected { "connected" } else { "away" }.to_owned());
        if let Some(at) = contact.and_then(|c| c.last_heard_at.as_ref()).filter(|_| !is_connected) {
            says.push(format!("heard {}", app.clock().ago(at)));
        }
        if contact.is_some_and(|contact| contact.verified) {
            says.push("verified".to_owned());
        }
    }
    if chat.conversation.disappear_after_s > 0 {
        let after = jiff::SignedDuration::from_secs(chat.conversation.disappear_after_s.into());
        says.push(format!("messages disappear after {}", chinwag_text::time::duration(after)));
    }
    says.extend(chat.told_in_words().map(str::to_owned));
    let mut line = Line::from(vec![Span::styled(format!(" {name}"), theme.name_of_other)]);
    let alike = app.looks_like(&chat.conversation.contact);
    line.push_span(Span::styled(alike, theme.wrong));
    if chat.is_classroom() {
        line.push_span(Span::styled(format!("  {NOT_PRIVATE}"), theme.wrong));
    }
    if chat.is_forked {
        line.push_span(Span::styled(
            "  ! a device wrote two different things: /digest",
            theme.wrong,
        ));
    }
    line.push_span(Span::styled(format!("  {}", says.join(" · ")), theme.dim));
    frame.render_widget(Paragraph::new(line), area);
}

/// Columns left of a message in which stands which one is selected.
fn margin(app: &App, width: u16) -> u16 {
    let is_selecting = app.chats.current().is_some_and(|chat| chat.timeline.selected().is_some());
    u16::from((is_selecting || !app.is_bare) && width >= WITH_MARGIN)
}

/// Draws the messages. Gives where the one that is selected stands.
fn draw_timeline(frame: &mut Frame<'_>, app: &mut App, area: Rect) -> Option<Position> {
    let margin = margin(app, area.width);
    let look = app.look();
    let theme = app.options.theme;
    let is_alone = app.chats.are_empty();
    let is_self = app.chats.current().is_some_and(Chat::is_self);
    let has_mouse = app.has_mouse;
    let chat = app.chats.current_mut()?;
    let pending = if chat.timeline.is_at_end() {
        pending_rows(chat, area.width, &theme, look.columns)
    } else {
        Vec::new()
    };
    let pending_height = u16::try_from(pending.len()).unwrap_or(u16::MAX).min(area.height / 2);
    let height = area.height - pending_height;
    let is_loaded = chat.timeline.is_loaded;
    let is_cleared = chat.timeline.is_cleared();
    let is_nobody =
        is_alone && is_self && chat.timeline.is_empty() && is_loaded && pending.is_empty();
    if is_nobody {
        scenes::nobody_yet(frame, app, area);
        return None;
    }
    let rows = chat.timeline.screen(height, area.width - margin, &look);
    let top = area.y + height.saturating_sub(u16::try_from(rows.len()).unwrap_or(height));
    if rows.is_empty() && pending.is_empty() {
        let words = match is_loaded {
            true if is_cleared => "cleared from the screen; a page up shows it again",
            true => "nothing was said here yet",
            false => "loading…",
        };
        let row =
            Rect { y: area.y + area.height.saturating_sub(1), height: area.height.min(1), ..area };
        frame.render_widget(Paragraph::new(Line::styled(format!(" {words}"), theme.dim)), row);
        return None;
    }
    let mut stands = Vec::new();
    let mut selected = None;
    for (y, row) in (top..).zip(rows) {
        let place = Rect { y, height: 1, ..area };
        if has_mouse {
            stands.push((place, row.id.clone()));
        }
        let words = Rect { x: place.x + margin, width: place.width - margin, ..place };
        frame.render_widget(row.line, words);
        if row.is_selected {
            if margin > 0 {
                frame.render_widget(Line::from(">"), place);
            }
            frame.buffer_mut().set_style(place, theme.chosen);
            selected.get_or_insert(place.as_position());
        }
    }
    for (y, line) in (area.y + height..area.bottom()).zip(pending) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
    for (place, id) in stands {
        app.stands(place, Target::Message(id));
    }
    selected
}

/// What was said and is not known to be on the disk.
fn pending_rows(
    chat: &Chat,
    width: u16,
    theme: &crate::theme::Theme,
    columns: Columns,
) -> Vec<Line<'static>> {
    let room = usize::from(width).saturating_sub(2).max(1);
    let mut rows = Vec::new();
    let doing = if chat.is_classroom() { "sending: " } else { "saving: " };
    for sending in &chat.pending {
        let first = sending.text.lines().next().unwrap_or_default();
        let text = chinwag_text::safe::one_line(first);
        let (head, style) = match &sending.failed {
            None => (doing.to_owned(), theme.dim),
            Some(why) => (format!("failed: {}: ", chinwag_text::safe::one_line(why)), theme.wrong),
        };
        let tail = if sending.failed.is_some() { " (Enter sends it again)" } else { "" };
        rows.extend(columns.folded(&format!("{head}{text}{tail}"), &[], room, style));
    }
    rows
}

/// What the words that are typed are for, or a thin line.
fn draw_about(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let Some(chat) = app.chats.current() else { return };
    let (theme, columns) = (&app.options.theme, app.options.columns());
    let about = match &chat.about {
        About::New => None,
        About::Reply(id) => Some(("answering", id)),
        About::Edit(id) => Some(("changing", id)),
    };
    let line = match about {
        Some((what, id)) => {
            let message = chat.timeline.get(id);
            let text =
                message.and_then(|m| m.text.as_deref()).unwrap_or_default().replace('\n', " ");
            let who = message.map(message::author).unwrap_or_default();
            let words = format!("{what} {who}: {} (Esc: no)", chinwag_text::safe::short(&text, 60));
            Line::styled(columns.cut(&words, usize::from(area.width)), theme.unread)
        }
        None if chat.typing_until.is_some_and(|until| until > app.now) => {
            let name = chat.name(30);
            Line::styled(
                columns.cut(&format!(" {name} is typing"), usize::from(area.width)),
                theme.dim,
            )
        }
        None if app.details.drawn.is_some_and(|(all, seen)| app.details.is_open && all > seen) => {
            let (all, seen) = app.details.drawn.unwrap_or_default();
            let (from, to) = (app.details.scrolled + 1, (app.details.scrolled + seen).min(all));
            message::separator(&format!("rows {from} to {to} of {all}"), theme.dim, area.width)
        }
        None if !chat.timeline.is_at_end() => {
            message::separator("below is more: Alt+End", theme.dim, area.width)
        }
        None if app.is_bare => Line::default(),
        None => Line::styled("─".repeat(usize::from(area.width)), theme.border),
    };
    frame.render_widget(line, area);
}

/// The keys for a message that is selected, with their words where there is room.
fn keys_for_selected(app: &App, width: u16) -> String {
    let keymap = &app.options.keymap;
    let key = |act: Act| keymap.keys_in(Place::Selected, act).into_iter().next();
    let keys = SELECTED.iter().filter_map(|(act, word)| Some((key(*act)?.to_lowercase(), *word)));
    let keys: Vec<(String, &str)> = keys.collect();
    let words: Vec<String> = keys.iter().map(|(key, word)| format!("{key} {word}")).collect();
    // The last has words only where there is room for it beside the others.
    for count in [words.len(), words.len().saturating_sub(1)] {
        let words = words[..count].join("  ");
        if words.width() <= usize::from(width) {
            return words;
        }
    }
    let keys: Vec<String> = keys.into_iter().map(|(key, _)| key).collect();
    let help = keymap.key(Act::Help);
    cut(&format!("{}  ({help} explains them)", keys.join(" ")), usize::from(width))
}

fn draw_input(frame: &mut Frame<'_>, app: &mut App, area: Rect) -> Option<Position> {
    let theme = app.options.theme;
    let is_selecting = app.chats.current().is_some_and(|chat| chat.timeline.selected().is_some());
    let chat = app.chats.current_mut()?;
    // Where one types is where one must know.
    let words = match (chat.is_classroom(), area.width) {
        (_, 0..4) => "",
        (false, _) => "> ",
        (true, 0..40) => "! ",
        (true, _) => "not private> ",
    };
    let prompt = u16::try_from(words.len()).unwrap_or(0);
    let [mark, input] =
        Layout::horizontal([Constraint::Length(prompt), Constraint::Min(0)]).areas(area);
    if is_selecting {
        let line = Line::styled(keys_for_selected(app, area.width), theme.dim);
        frame.render_widget(line, area);
        return Some(Position::new(area.x, area.y));
    }
    let style = if chat.is_classroom() { theme.wrong } else { theme.dim };
    frame.render_widget(Line::styled(padded(words, usize::from(mark.width)), style), mark);
    let editor = chat.composer.area_mut();
    editor.set_style(theme.text);
    // The terminal's own cursor is the cursor.
    editor.set_cursor_style(theme.text);
    editor.set_selection_style(theme.chosen);
    if input.is_empty() {
        return None;
    }
    frame.render_widget(&*editor, input);
    show_unsafe(frame, input);
    let cursor = editor.screen_cursor();
    let top = editor.scroll_offset();
    let row = u16::try_from(cursor.row).unwrap_or(u16::MAX).saturating_sub(top.0);
    let column = u16::try_from(cursor.col).unwrap_or(u16::MAX).saturating_sub(top.1);
    let x = input.x.saturating_add(column).min(input.right() - 1);
    let y = input.y.saturating_add(row).min(input.bottom() - 1);
    Some(Position::new(x, y))
}

/// What was pasted is kept as it is, but what a terminal would obey does not come to it.
fn show_unsafe(frame: &mut Frame<'_>, area: Rect) {
    for position in area.positions() {
        let Some(cell) = frame.buffer_mut().cell_mut(position) else { continue };
        if chinwag_text::safe::one_line(cell.symbol()) != cell.symbol() {
            cell.set_char(char::REPLACEMENT_CHARACTER);
        }
    }
}

/// An empty place in the middle, with a border and a title.
fn boxed(frame: &mut Frame<'_>, app: &App, area: Rect, title: &str, size: (u16, u16)) -> Rect {
    // Where there is little room nothing is to be seen beside it.
    let is_small = area.width < message::NARROW || area.height < SMALL;
    let size = if is_small { (area.width, area.height) } else { size };
    let (width, height) = (size.0.min(area.width), size.1.min(area.height));
    let place = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    frame.render_widget(Clear, place);
    frame.buffer_mut().set_style(place, app.options.theme.text);
    if width < 4 || height < 3 {
        return place;
    }
    let block = ratatui::widgets::Block::bordered().border_style(app.options.theme.border).title(
        Span::styled(format!(" {title} "), app.options.theme.text.add_modifier(Modifier::BOLD)),
    );
    let inner = block.inner(place);
    frame.render_widget(block, place);
    app.boxed.set(Some(place));
    inner
}
