//! What the config says of the client, at the beginning and when it is read again.

use chinwag_api::event::What;
use chinwag_api::model::Request;
use chinwag_text::dates::Dates;
use chinwag_tui::actions::{Keymap, Keys};
use chinwag_tui::app::App;
use chinwag_tui::msg::{Effect, Msg, Tag};
use chinwag_tui::notify::{Kind, Notice, Rules};
use chinwag_tui::options::{Options, Reloaded};
use chinwag_tui::theme::Theme;
use jiff::tz::{TimeZone, offset};

use crate::harness::{Desk, NOW, message};

fn options() -> Options {
    Options { zone: TimeZone::UTC, ..Options::default() }
}

fn ana(options: Options) -> Desk {
    let mut desk =
        Desk::of_ana(Theme::TERMINAL, &[message(1, "Bob", "hello"), message(2, "Bob", "again")]);
    reloads(&mut desk, options, &[]);
    desk
}

fn reloads(desk: &mut Desk, options: Options, fixed: &[&str]) {
    let fixed = fixed.iter().map(ToString::to_string).collect();
    desk.tell(Msg::Reloaded(Ok(Box::new(Reloaded { options, fixed }))));
}

fn notices(desk: &Desk) -> Vec<&Notice> {
    let wanted = desk.wanted.iter();
    let notices = wanted.filter_map(|effect| match effect {
        Effect::Notify(notice) => Some(notice),
        _ => None,
    });
    notices.collect()
}

#[test]
fn no_account_is_made_before_it_is_said_whose_relay_may_be_used() {
    let mut desk = Desk::with(Theme::TERMINAL);
    desk.app.options.relay_question = vec!["Whose relay?".to_owned()];
    desk.answer(
        Tag::Hello,
        serde_json::json!({"api": "1", "version": "0.1.0", "hasAccount": false}),
    );
    desk.types("Ana");
    desk.press("Enter");
    assert!(!desk.has_asked("account.create"));
    assert!(desk.screen(80, 24).contains("Whose relay?"));
    desk.types("nowhere");
    desk.press("Enter");
    desk.press("Enter");
    let chosen = |desk: &Desk| -> Vec<String> {
        let typed = desk.wanted.iter().filter_map(|effect| match effect {
            Effect::ChooseRelay(typed) => Some(typed.clone()),
            _ => None,
        });
        typed.collect()
    };
    assert_eq!(chosen(&desk), ["nowhere"], "once");
    desk.tell(Msg::Chosen(Err("a relay is written https://HOST".to_owned())));
    assert!(!desk.has_asked("account.create"));
    assert!(desk.screen(80, 24).contains("a relay is written https://HOST"));
    desk.types("lan");
    desk.press("Enter");
    assert_eq!(chosen(&desk), ["nowhere", "lan"]);
    desk.tell(Msg::Chosen(Ok(())));
    assert_eq!(desk.asked("account.create")["name"], "Ana");
}

#[test]
fn what_the_config_says_now_counts_for_all_that_is_shown() {
    let mut desk = ana(options());
    assert!(desk.screen(80, 24).contains("Wednesday 18 November 2026"));
    let keymap = Keymap::new(Keys::Default, [("help", vec!["f2"])]).unwrap();
    let zone = TimeZone::fixed(offset(14));
    let now = Options { zone, keymap, theme: Theme::LIGHT, mouse: true, ..options() };
    reloads(&mut desk, now, &["lan", "bind"]);
    let screen = desk.screen(80, 24);
    assert!(screen.contains("Thursday 19 November 2026"), "{screen}");
    assert!(screen.contains("counts when chinwag is started again: lan, bind"), "{screen}");
    assert!(desk.wanted.contains(&Effect::Mouse(true)) && desk.app.has_mouse);
    assert_eq!(desk.buffer(80, 24).0[(30, 5)].bg, Theme::LIGHT.text.bg.unwrap());
    desk.press("F1");
    assert!(desk.app.window.is_none(), "F1 is no key any more");
}

#[test]
fn dates_are_written_as_in_the_country_and_the_bar_stands_where_it_is() {
    let dates = Dates::of_locale("en_US.UTF-8");
    let long = "words ".repeat(30);
    let mut desk =
        Desk::of_ana(Theme::TERMINAL, &[message(1, "Bob", "hello"), message(2, "Bob", &long)]);
    reloads(&mut desk, Options { dates, ..options() }, &[]);
    let screen = desk.screen(80, 24);
    assert!(screen.contains("Wednesday, November 18, 2026"), "{screen}");
    let rows: Vec<&str> = screen.lines().filter(|row| row.contains("words")).collect();
    assert!(rows.len() > 1 && rows[0].contains(" 11:08 AM "), "{screen}");
    let bar = |row: &&str| row.chars().rev().skip_while(|c| *c != '│').count();
    let bars: Vec<usize> = rows.iter().map(bar).collect();
    assert!(bars.iter().all(|bar| *bar == bars[0]), "{bars:?} {screen}");
}

#[test]
fn what_is_wrong_in_the_config_changes_nothing_and_is_told() {
    let mut desk = ana(options());
    desk.types("/reload");
    desk.press("Enter");
    assert!(desk.wanted.contains(&Effect::Reload));
    let before = desk.app.options.theme;
    desk.tell(Msg::Reloaded(Err("line 3, column 1: ui.theme takes one of".into())));
    assert_eq!(desk.app.options.theme, before);
    assert!(desk.screen(80, 24).contains("nothing was changed: line 3, column 1"));
}

#[test]
fn what_does_not_count_in_the_config_is_said_at_the_beginning() {
    let warnings = vec!["unknown key \"lann\"".to_owned(), "another".to_owned()];
    let app = App::new(Options { warnings, ..options() }, NOW.parse().unwrap(), "run".to_owned());
    let note = app.note.unwrap();
    assert!(note.is_wrong);
    assert_eq!(note.text, "unknown key \"lann\"; and 1 more: chinwag config check");
}

#[test]
fn a_theme_is_chosen_from_those_there_are() {
    let mut desk = ana(options());
    desk.types("/theme");
    desk.press("Enter");
    let screen = desk.screen(80, 24);
    for theme in Theme::ALL {
        assert!(screen.contains(theme.name.as_str()), "{} in {screen}", theme.name);
    }
    desk.types("blind");
    desk.press("Enter");
    assert_eq!(desk.app.options.theme, Theme::COLOUR_BLIND);
    desk.types("/theme pink");
    desk.press("Enter");
    assert_eq!(desk.app.options.theme, Theme::COLOUR_BLIND);
    assert!(
        desk.app.note.as_ref().unwrap().text.starts_with("there is no theme \"pink\": terminal")
    );
}

#[test]
fn of_each_kind_is_told_what_the_rules_let_and_no_more() {
    let rules = Rules { on: vec![Kind::Mention], sender: true, ..Rules::default() };
    let mut desk = ana(Options { notifications: rules.clone(), ..options() });
    desk.tell(Msg::Focus(false));
    desk.hear(What::Message { message: message(6, "Bob", "just so") });
    assert!(notices(&desk).is_empty());
    desk.hear(What::Message { message: message(7, "Bob", "for you, @ana") });
    let notice = notices(&desk)[0].clone();
    assert_eq!((notice.kind, notice.sender.as_deref()), (Kind::Mention, Some("Bob")));
    assert_eq!((notice.text, notice.conversation.as_deref()), (None, Some("conv_Bob")));

    // Nothing at all of it while it is quiet; somebody who asks is told of as well.
    let quiet = Some("11:00-13:00".to_owned().try_into().unwrap());
    let asks = || Request {
        id: "ctc_Eve".into(),
        name: "Eve".into(),
        text: "it's me".into(),
        received_at: NOW.into(),
        looks_like: Vec::new(),
    };
    for (quiet, expected) in [(quiet, 0), (None, 1)] {
        let notifications = Rules { quiet, content: true, ..Rules::default() };
        let mut desk = ana(Options { notifications, ..options() });
        desk.hear(What::Request { request: asks() });
        let told: Vec<String> = notices(&desk).iter().map(|notice| notice.words()).collect();
        let all = ["Chinwag: somebody would like to become a contact: it's me"];
        assert_eq!(told, all[..expected]);
    }
}
