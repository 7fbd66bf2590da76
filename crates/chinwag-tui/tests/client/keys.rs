//! The table of actions, and the keys that can be had.

use chinwag_tui::actions::{ACTIONS, Act, Keymap, Keys, Place};
use chinwag_tui::keys::Chord;
use chinwag_tui::msg::Tag;
use chinwag_tui::theme::Theme;

use crate::harness::{Desk, message, talk};

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

/// The help of somebody with these keys, as it is read.
fn help(keys: Keys, config: &[(&'static str, Vec<&'static str>)]) -> String {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    desk.app.options.keymap = Keymap::new(keys, config.iter().cloned()).unwrap();
    desk.types("/help");
    desk.press("Enter");
    desk.screen(100, 300)
}

#[test]
fn the_help_says_in_each_place_what_the_keys_mean_there() {
    let screen = help(Keys::Vim, &[]);
    let part = |from: &str, to: &str| {
        let (from, to) = (screen.find(from).expect(from), screen.find(to).expect(to));
        screen[from..to].to_owned()
    };
    let typing = part("While typing", "In the normal mode");
    assert!(typing.contains("Esc, Ctrl+["), "{typing}");
    assert!(!typing.contains("Select a message"), "Esc means another thing here: {typing}");
    assert!(!typing.contains("  X ") && !typing.contains("Home, 0"), "{typing}");
    let normal = part("In the normal mode", "In the visual mode");
    for line in ["Shift+A  ", "dd, cc", "Shift+N  ", "X   "] {
        assert!(normal.contains(line), "{line}: {normal}");
    }
    let window = part("In a window", "While a question");
    assert!(window.contains("Pgdn, Space"), "{window}");
    // Those that were fixed once.
    let screen = help(Keys::Default, &[("history-back", vec!["f5"]), ("window-close", vec!["f6"])]);
    assert!(screen.contains("F5   ") && screen.contains("F6   "), "{screen}");
    assert!(!screen.contains("In the normal mode"), "{screen}");
}

#[test]
fn keys_in_windows_and_of_what_was_typed_before_are_those_of_the_config() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    let config = [
        ("history-back", vec!["alt+p"]),
        ("window-close", vec!["alt+x"]),
        ("window-down", vec!["alt+n"]),
        ("numbered-chat", vec!["alt+y", "alt+z"]),
        ("yes", vec!["alt+o"]),
    ];
    desk.app.options.keymap = Keymap::new(Keys::Default, config).unwrap();
    desk.types("once");
    desk.press("Enter");
    desk.press("Alt+p");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "once");
    desk.press("Ctrl+c");
    desk.press("Ctrl+p");
    desk.press("Alt+n");
    desk.press("Enter");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Carol");
    desk.press("Alt+y");
    assert_eq!(desk.app.chats.current().unwrap().conversation.name, "Bob");
    desk.press("F1");
    desk.press("Esc");
    assert!(desk.app.window.is_some());
    desk.press("Alt+x");
    assert!(desk.app.window.is_none());
    desk.types("/block");
    desk.press("Enter");
    assert!(desk.screen(80, 24).contains("alt+o yes"));
    desk.press("Alt+o");
    assert!(desk.has_asked("contact.block"));
    // Whoever binds nothing is not caught.
    desk.app.options.keymap = Keymap::new(Keys::None, []).unwrap();
    desk.answer(Tag::Devices, serde_json::json!([]));
    assert!(desk.app.window.is_some());
    desk.press("Esc");
    assert!(desk.app.window.is_none());
}

#[test]
fn whoever_knows_vim_types_where_they_want_to() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    desk.app.options.keymap = Keymap::new(Keys::Vim, []).unwrap();
    let text = |desk: &Desk| desk.app.chats.current().unwrap().composer.text();
    desk.types("two");
    desk.press("Esc");
    desk.types("I1");
    desk.press("Esc");
    desk.types("A3");
    assert_eq!(text(&desk), "1two3");
    desk.press("Esc");
    desk.types("0aX");
    assert_eq!(text(&desk), "1Xtwo3");
    desk.press("Esc");
    desk.types("olow");
    desk.press("Esc");
    desk.types("Omid");
    assert_eq!(text(&desk), "1Xtwo3\nmid\nlow");
    desk.press("Esc");
    desk.types("0ex");
    assert_eq!(text(&desk), "1Xtwo3\nmi\nlow");
}

#[test]
fn two_keys_in_a_row_are_fixed_and_go_where_their_first_is_given_away() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    desk.app.options.keymap = Keymap::new(Keys::Vim, [("insert-end", vec!["d"])]).unwrap();
    let text = |desk: &Desk| desk.app.chats.current().unwrap().composer.text();
    desk.types("one");
    desk.press("Esc");
    desk.types("dd");
    assert_eq!(text(&desk), "oned", "d types at the end now, and nothing is cut");
    desk.press("Esc");
    desk.types("cc");
    assert_eq!(text(&desk), "", "what begins with another letter is as it was");
    // There is no name for them.
    assert!(Keymap::new(Keys::Vim, [("cut-line", vec!["x"])]).is_err());
}

#[test]
fn what_was_found_is_gone_through_one_after_the_other() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..30));
    desk.app.options.keymap = Keymap::new(Keys::Vim, []).unwrap();
    desk.screen(80, 24);
    desk.press("Esc");
    desk.types("/n");
    let hits: Vec<_> = [20, 10, 5].map(|n| message(n, "Bob", "number")).into();
    let found = serde_json::json!({ "messages": hits, "next": null });
    desk.answer(Tag::Found { question: 1 }, found);
    desk.press("Enter");
    let selected = |desk: &Desk| {
        desk.app.chats.current().unwrap().timeline.selected().map(|message| message.id.clone())
    };
    assert_eq!(selected(&desk).as_deref(), Some("msg_20"));
    desk.types("nn");
    assert_eq!(selected(&desk).as_deref(), Some("msg_5"));
    desk.types("N");
    assert_eq!(selected(&desk).as_deref(), Some("msg_10"));
    desk.types("nn");
    assert!(desk.screen(80, 24).contains("no more was found"));
}

#[test]
fn every_action_is_in_the_documents() {
    let documents = include_str!("../../../../docs/command-line.md");
    for action in ACTIONS {
        assert!(documents.contains(&format!("`{}`", action.name)), "{}", action.name);
    }
}
