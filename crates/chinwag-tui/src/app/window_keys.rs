//! Keys while a window lies over the conversation.

use chinwag_api::model::Id;

use super::windows::{Asked, LIST_PAGE, Pager, PeersView, Window};
use super::{App, input::edit_line};
use crate::actions::{Act, Place};
use crate::keys::Chord;
use crate::msg::Effect;

impl App {
    pub(super) fn window_key(&mut self, chord: Chord) -> Vec<Effect> {
        let keymap = &self.options.keymap;
        match keymap.act(Place::Everywhere, chord) {
            Some(Act::Redraw) => return vec![Effect::Redraw],
            Some(Act::Suspend) => return vec![Effect::Suspend],
            Some(Act::Quit) => {
                self.window = None;
                return self.leave();
            }
            _ => {}
        }
        let is_question = matches!(self.window, Some(Window::Asked(_)));
        let place = if is_question { Place::Question } else { Place::Window };
        let act = keymap.act(place, chord).or_else(|| {
            // Whoever has bound no key to it is not caught in here.
            let (leave, esc) =
                (if is_question { Act::No } else { Act::WindowClose }, "esc".parse());
            (esc == Ok(chord) && keymap.keys(leave).is_empty()).then_some(leave)
        });
        match &mut self.window {
            Some(Window::List(_)) => self.list_key(act, chord),
            Some(Window::Pager(pager)) => {
                let text = pager_key(pager, act);
                match act {
                    Some(Act::WindowClose | Act::WindowChoose) if text.is_none() => {
                        self.window = None;
                    }
                    Some(Act::WindowCopy) if let Some(Some(text)) = text => {
                        self.say("copied, if the terminal allows it");
                        return vec![Effect::Copy(text)];
                    }
                    _ => {}
                }
                Vec::new()
            }
            Some(Window::Peers(peers)) => {
                match act {
                    Some(Act::WindowDo) => return self.command(Act::Connect, ""),
                    Some(Act::WindowClose | Act::WindowChoose) => self.window = None,
                    Some(act) => peers_key(peers, act),
                    None => {}
                }
                Vec::new()
            }
            Some(Window::Asked(_)) => self.question_key(act),
            None => Vec::new(),
        }
    }

    /// A key while there is a list: what types a letter narrows it, whatever it means elsewhere.
    fn list_key(&mut self, act: Option<Act>, chord: Chord) -> Vec<Effect> {
        let act = act.filter(|_| chord.typed().is_none());
        let everywhere = self.options.keymap.act(Place::Everywhere, chord);
        let input = self.options.keymap.act(Place::Input, chord);
        self.hush();
        let Some(Window::List(list)) = &mut self.window else { return Vec::new() };
        match (act, everywhere) {
            (Some(Act::WindowClose), _) => self.window = None,
            (Some(Act::WindowChoose), _) => return self.choose(),
            (Some(Act::WindowUp), _) => list.step(-1),
            (Some(Act::WindowDown), _) | (_, Some(Act::Switch)) => list.step(1),
            (Some(Act::WindowPageUp), _) => list.step(-(LIST_PAGE.cast_signed())),
            (Some(Act::WindowPageDown), _) => list.step(LIST_PAGE.cast_signed()),
            (_, Some(Act::Search)) => return self.search_wider(),
            _ => {
                let before = list.typed.text();
                edit_line(&mut list.typed, input, chord);
                list.is_stepped = false;
                if list.typed.text() != before {
                    return self.narrowed();
                }
            }
        }
        Vec::new()
    }

    fn question_key(&mut self, act: Option<Act>) -> Vec<Effect> {
        let Some(Window::Asked(asked)) = &self.window else { return Vec::new() };
        match act {
            Some(Act::Yes) => {
                let asked = self.answered();
                self.select(None::<Id>);
                asked.map(|asked| asked.then).unwrap_or_default()
            }
            Some(Act::No) => {
                self.window = None;
                Vec::new()
            }
            Some(Act::Other) if asked.or.is_some() => {
                let asked = self.answered();
                asked.and_then(|asked| asked.or).map(|(_, then)| then).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    fn answered(&mut self) -> Option<Asked> {
        match self.window.take() {
            Some(Window::Asked(asked)) => Some(asked),
            _ => None,
        }
    }
}

/// What a key does in a text; `None`: nothing that would keep it open, `Some(Some(_))`: that is copied.
#[allow(clippy::option_option, reason = "whether it was done, and what is to be copied")]
fn pager_key(pager: &mut Pager, act: Option<Act>) -> Option<Option<String>> {
    let act = act?;
    if act == Act::WindowCopy {
        return Some(pager.copies.clone());
    }
    // From a code that is alone one comes back to what it says.
    if std::mem::take(&mut pager.is_code) {
        return Some(None);
    }
    let page = pager.drawn.1.max(1).cast_signed();
    match act {
        Act::WindowUp => pager.scroll(-1),
        Act::WindowDown => pager.scroll(1),
        Act::WindowPageUp => pager.scroll(-page),
        Act::WindowPageDown => pager.scroll(page),
        Act::WindowTop => pager.scroll(isize::MIN),
        Act::WindowBottom => pager.scroll(isize::MAX),
        Act::WindowDo => pager.is_code = pager.code.is_some(),
        _ => return None,
    }
    Some(None)
}

fn peers_key(peers: &mut PeersView, act: Act) {
    let by = match act {
        Act::WindowUp => -1,
        Act::WindowDown => 1,
        Act::WindowPageUp => -PEERS_PAGE,
        Act::WindowPageDown => PEERS_PAGE,
        Act::WindowTop => isize::MIN,
        Act::WindowBottom => isize::MAX,
        _ => 0,
    };
    peers.scrolled = peers.scrolled.saturating_add_signed(by);
}

/// Lines that a page of peers moves.
const PEERS_PAGE: isize = 10;
