//! The mouse, where it is wanted: what is under it is chosen, and its wheel scrolls.
//!
//! What is where is noted while it is drawn, so that a click means what was seen.

use chinwag_api::model::Id;
use ratatui::layout::{Position, Rect};

use super::{App, Scene, Window};
use crate::msg::{Effect, Mouse};

/// Rows that a turn of the wheel moves.
const WHEEL_ROWS: usize = 3;

/// What can be under the mouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A conversation in the list.
    Chat(Id),
    /// A row of a message of the conversation that is open.
    Message(Id),
    /// A line of the list that lies over everything, by its place among those that are shown.
    Line(usize),
    /// A window, where nothing can be chosen.
    Window,
}

impl App {
    /// Notes where something stands, if somebody may point at it. What is noted later lies over it.
    pub fn stands(&mut self, area: Rect, target: Target) {
        if self.has_mouse {
            self.pointed.push((area, target));
        }
    }

    pub(super) fn toggle_mouse(&mut self) -> Vec<Effect> {
        self.has_mouse = !self.has_mouse;
        self.say(if self.has_mouse {
            "the mouse chooses and scrolls; with Shift it selects text as before"
        } else {
            "the mouse is the terminal's again"
        });
        vec![Effect::Mouse(self.has_mouse)]
    }

    pub(super) fn mouse(&mut self, mouse: Mouse) -> Vec<Effect> {
        if !self.has_mouse || !matches!(self.scene, Scene::Talking) {
            return Vec::new();
        }
        match mouse {
            Mouse::Click { column, row } => self.clicked(Position::new(column, row)),
            Mouse::WheelUp => self.wheel(true),
            Mouse::WheelDown => self.wheel(false),
        }
    }

    fn clicked(&mut self, at: Position) -> Vec<Effect> {
        let found = self.pointed.iter().rev().find(|(area, _)| area.contains(at));
        match found.map(|(_, target)| target.clone()) {
            Some(Target::Line(n)) => {
                if let Some(Window::List(list)) = &mut self.window {
                    list.chosen = n;
                    return self.choose();
                }
                Vec::new()
            }
            Some(Target::Window) => Vec::new(),
            // What lies below a window can't be meant.
            _ if self.window.is_some() => Vec::new(),
            Some(Target::Chat(id)) => self.open(&id),
            Some(Target::Message(id)) => {
                self.select(Some(id));
                Vec::new()
            }
            None => {
                self.select(None);
                Vec::new()
            }
        }
    }

    fn wheel(&mut self, is_up: bool) -> Vec<Effect> {
        let by = if is_up { -WHEEL_ROWS.cast_signed() } else { WHEEL_ROWS.cast_signed() };
        match &mut self.window {
            Some(Window::List(list)) => list.step(by.signum()),
            Some(Window::Pager(pager)) => pager.scroll(by),
            Some(Window::Peers(peers)) => peers.scrolled = peers.scrolled.saturating_add_signed(by),
            Some(Window::Asked(_)) => {}
            None => return self.scroll(is_up, WHEEL_ROWS),
        }
        Vec::new()
    }
}
