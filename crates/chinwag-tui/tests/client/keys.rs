//! The table of actions, and the keys that can be had.

use chinwag_tui::actions::{ACTIONS, Act, Keymap, Keys, Place};
use chinwag_tui::keys::Chord;

fn key(written: &str) -> Chord {
    written.parse().unwrap()
}

#[test]
fn the_vim_keys_cover_every_action() {
    let keymap = Keymap::new(Keys::Vim, []).unwrap();
    for action in ACTIONS {
        let has_key = !keymap.keys(action.act).is_empty();
        assert!(has_key || action.word.is_some(), "{}", action.name);
    }
    assert_eq!(keymap.act(Place::Input, key("esc")), Some(Act::Normal));
    assert_eq!(keymap.act(Place::Normal, key("shift+g")), Some(Act::Bottom));
    assert_eq!(keymap.act(Place::Everywhere, key("alt+end")), Some(Act::Bottom));
}

#[test]
fn without_default_keys_only_those_of_the_config_are_bound() {
    let keymap = Keymap::new(Keys::None, [("quit", vec!["f10"])]).unwrap();
    let bound = ACTIONS.iter().filter(|action| !keymap.keys(action.act).is_empty());
    assert_eq!(bound.map(|action| action.act).collect::<Vec<_>>(), [Act::Quit]);
    assert_eq!(keymap.act(Place::Everywhere, key("f10")), Some(Act::Quit));
}

#[test]
fn every_action_is_in_the_documents() {
    let documents = include_str!("../../../../docs/command-line.md");
    for action in ACTIONS {
        assert!(documents.contains(&format!("`{}`", action.name)), "{}", action.name);
    }
}
