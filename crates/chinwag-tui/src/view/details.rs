//! What is known of whoever one talks with, where it is wanted: right of the conversation, or in the place of
//! its messages where there is little room.

use chinwag_api::model::{ContactState, GroupStanding, Peer};
use chinwag_text::{safe, words};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders};

use super::window::picture;
use crate::app::{App, Chat, NOT_PRIVATE};
use crate::view::message::separator;

/// Characters of an id that are shown: enough to tell it from others, as on the command line.
const ID_SHOWN: usize = 14;

/// Draws it right of the conversation.
pub(super) fn beside(frame: &mut Frame<'_>, app: &App, area: Rect) {
    let block = Block::new().borders(Borders::LEFT).border_style(app.options.theme.border);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    for (y, line) in (inner.y..inner.bottom()).zip(lines(app, inner.width)) {
        frame.render_widget(line, Rect { y, height: 1, ..inner });
    }
}

/// Draws it in the place of the messages, where there is no room for both.
pub(super) fn over(frame: &mut Frame<'_>, app: &mut App, area: Rect) {
    let lines = lines(app, area.width);
    let (all, seen) = (lines.len(), usize::from(area.height));
    let scrolled = app.details.scrolled.min(all.saturating_sub(seen));
    (app.details.scrolled, app.details.drawn) = (scrolled, Some((all, seen)));
    for (y, line) in (area.y..area.bottom()).zip(lines.into_iter().skip(scrolled)) {
        frame.render_widget(line, Rect { y, height: 1, ..area });
    }
}

fn lines(app: &App, width: u16) -> Vec<Line<'static>> {
    let Some(chat) = app.chats.current() else { return Vec::new() };
    let mut page = Page { app, width, lines: Vec::new() };
    page.head(&chat.name(40));
    if chat.is_classroom() {
        page.classroom(chat);
    } else {
        if let Some(standing) = &chat.conversation.group {
            page.group(standing);
        } else {
            page.contact(chat);
            page.devices(chat);
        }
        page.digest(chat);
    }
    page.lines
}

/// Lines that are written one below the other.
struct Page<'a> {
    app: &'a App,
    width: u16,
    lines: Vec<Line<'static>>,
}

impl Page<'_> {
    fn say(&mut self, words: &str, style: Style) {
        let room = usize::from(self.width.saturating_sub(1)).max(1);
        let rows = self.app.options.columns().folded(words, &[], room, style);
        self.lines.extend(rows.into_iter().map(|mut row| {
            row.spans.insert(0, " ".into());
            row
        }));
    }

    fn head(&mut self, word: &str) {
        let words = self.app.options.columns().cut(&format!(" {word}"), usize::from(self.width));
        self.lines.push(Line::styled(words, self.app.options.theme.name_of_other));
    }

    fn part(&mut self, word: &str) {
        let dim = self.app.options.theme.dim;
        self.lines.push(separator(word, dim, self.width));
    }

    fn contact(&mut self, chat: &Chat) {
        let theme = self.app.options.theme;
        if chat.is_self() {
            self.say("your notes, on all your devices", theme.text);
            return;
        }
        let Some(contact) = self.app.contacts.get(&chat.conversation.contact) else { return };
        let own = contact.own_name.as_deref().map(|name| safe::person(name, 40));
        if let Some(own) = own.filter(|own| *own != safe::person(&contact.name, 40)) {
            self.say(&format!("calls themselves {own}"), theme.text);
        }
        match (contact.state, contact.verified) {
            (ContactState::Blocked, _) => self.say("blocked", theme.wrong),
            (_, true) => self.say("verified", theme.text),
            (_, false) => self.say("not verified: /verify", theme.text),
        }
        self.say(&safe::short(&contact.id, ID_SHOWN), theme.dim);
    }

    fn group(&mut self, standing: &GroupStanding) {
        let theme = self.app.options.theme;
        for words in super::group_in_words(standing) {
            self.say(&words, theme.text);
        }
        self.say("/group lists who is in it", theme.dim);
    }

    fn devices(&mut self, chat: &Chat) {
        let details = &self.app.details;
        let devices: Vec<&Peer> = details.devices(&chat.conversation.contact).collect();
        self.part(words::DEVICE.form(devices.len() as u64));
        if devices.is_empty() {
            let words = if details.peers.is_told { "none is known" } else { "asking…" };
            self.say(words, self.app.options.theme.dim);
        }
        for device in devices {
            self.device(device);
        }
    }

    fn device(&mut self, device: &Peer) {
        let theme = self.app.options.theme;
        let clock = self.app.clock();
        self.say(&safe::short(&device.device, ID_SHOWN), theme.text);
        if let Some(path) = &device.path {
            let rtt = chinwag_text::time::round_trip(path.rtt_ms);
            self.say(
                &format!("  {} {}", safe::one_line(&path.kind), safe::one_line(&path.address)),
                theme.text,
            );
            let seen = self.app.details.peers.round_trips.get(&device.device);
            let seen = seen.filter(|_| self.app.options.motion);
            let room = usize::from(self.width).saturating_sub(14);
            let bars = seen.map(picture).unwrap_or_default();
            let left_out = bars.chars().count().saturating_sub(room);
            let bars: String = bars.chars().skip(left_out).collect();
            self.say(&format!("  {} {bars}", rtt.trim()), theme.text);
            self.say(&format!("  since {}", clock.ago(&path.since)), theme.dim);
            return;
        }
        self.say("  not connected", theme.text);
        if let Some(at) = &device.last_heard_at {
            self.say(&format!("  heard {}", clock.ago(at)), theme.dim);
        }
        if let Some(at) = &device.next_attempt_at {
            self.say(&format!("  next try {}", clock.until(at)), theme.dim);
        }
        if let Some(failure) = &device.last_failure {
            self.say(&format!("  {}", safe::short(&failure.text, 120)), theme.dim);
        }
    }

    fn digest(&mut self, chat: &Chat) {
        let theme = self.app.options.theme;
        let Some(digest) = self.app.details.digest(chat.id()) else { return };
        self.part("digest");
        // In rows of four groups, that can be read out.
        let groups: Vec<String> = digest.digest.split('-').map(safe::one_line).collect();
        for row in groups.chunks(4) {
            self.say(&row.join("-"), theme.text);
        }
        self.say(&words::ENTRY.count(digest.entries), theme.dim);
        for log in digest.logs.iter().filter_map(|log| Some((log, log.forked_at?))) {
            let who = safe::person(&log.0.name, 20);
            self.say(&format!("{who}: forked at {}", log.1), theme.wrong);
        }
    }

    fn classroom(&mut self, chat: &Chat) {
        let theme = self.app.options.theme;
        self.say(NOT_PRIVATE, theme.wrong);
        let Some(peer) = &chat.conversation.classroom else { return };
        self.part("says of itself");
        self.say(&format!("at {}", safe::one_line(&peer.address)), theme.text);
        let team =
            if peer.team.is_empty() { "none".to_owned() } else { safe::name(&peer.team, 40) };
        self.say(&format!("team {team}"), theme.text);
        self.part("what is known");
        let origin = peer.origin.as_deref().map(safe::one_line);
        let origin = origin.map_or("comes from there".to_owned(), |ip| format!("comes from {ip}"));
        self.say(&origin, theme.text);
        self.say(chat.presence_in_class(), theme.text);
    }
}
