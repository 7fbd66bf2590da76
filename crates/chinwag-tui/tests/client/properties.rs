//! Whatever others write: nothing but what draws itself comes to the screen, and every row fits.

use chinwag_api::event::What;
use chinwag_api::model::{Quote, Reaction};
use chinwag_tui::composer::TEXT_MAX;
use chinwag_tui::theme::Theme;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use crate::harness::{Desk, class, class_message, message, talk};

/// Text of the kinds that break screens.
fn wild() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        any::<String>(),
        Just("\u{1b}[2J\u{1b}]0;owned\u{7}".to_owned()),
        Just("\u{9b}31m\u{202e}evil\u{2066}".to_owned()),
        Just("👩‍👩‍👧‍👦🏳️‍🌈".to_owned()),
        Just("e\u{301}\u{302}\u{303}\u{304}".to_owned()),
        Just("שלום مرحبا".to_owned()),
        Just("日本語テキスト".to_owned()),
        Just("\n\t\r\n".to_owned()),
        Just("```\ncode\n``` `x` https://example.org/".to_owned()),
        "[a-z ]{0,300}",
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn is_clean(desk: &mut Desk, columns: u16, rows: u16) -> Result<(), TestCaseError> {
    let (buffer, cursor) = desk.buffer(columns, rows);
    for y in 0..rows {
        let mut width = 0;
        let mut x = 0;
        while x < columns {
            let symbol = buffer[(x, y)].symbol();
            prop_assert!(!symbol.chars().any(char::is_control), "{symbol:?}");
            prop_assert!(!symbol.contains(['\u{202e}', '\u{2066}', '\u{2028}']), "{symbol:?}");
            let wide = u16::try_from(symbol.width().max(1)).unwrap();
            (width, x) = (width + wide, x + wide);
        }
        prop_assert!(width <= columns, "row {y} has {width} columns of {columns}");
    }
    prop_assert!(cursor.0 < columns.max(1) && cursor.1 < rows.max(1));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_others_write_comes_to_the_terminal_as_a_command(
        text in wild(), name in wild(), emoji in wild(), quoted in wild(),
        columns in 1_u16..120, rows in 1_u16..40,
    ) {
        let mut wild = message(6, "Bob", &text);
        wild.author.name = name.clone();
        wild.reactions = vec![Reaction { emoji, by: vec![name.clone()], is_mine: false }];
        let id = "msg_5".to_owned();
        wild.reply_to = Some(Quote { id, author: Some(name.clone()), excerpt: Some(quoted) });
        let mut all = talk(1..6);
        all.push(wild);
        let mut desk = Desk::of_ana(Theme::TERMINAL, &all);
        desk.app.chats.current_mut().unwrap().conversation.name = name;
        is_clean(&mut desk, columns, rows)?;
        desk.press("Up");
        is_clean(&mut desk, columns, rows)?;
        desk.press("o");
        is_clean(&mut desk, columns, rows)?;
        desk.press("Esc");
        desk.press("Alt+Shift+n");
        let name = desk.app.chats.current().unwrap().conversation.name.clone();
        for known in desk.app.contacts.values_mut() {
            known.own_name = Some(name.clone());
        }
        is_clean(&mut desk, columns, rows)?;
        desk.press("Up");
        desk.press("o");
        desk.press("Esc");
        desk.press("Ctrl+p");
        is_clean(&mut desk, columns, rows)?;
    }

    #[test]
    fn nothing_that_a_classroom_program_writes_comes_to_the_terminal_or_hides_that_it_is_public(
        text in wild(), team in wild(), ending in wild(), columns in 80_u16..140, rows in 10_u16..40,
    ) {
        let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..6));
        let of = class("10.0.0.7:4001", &team);
        let mut said = class_message(9, &of, &text);
        said.ending = Some(ending);
        let conversation = Box::new(of);
        desk.hear(What::Classroom { conversation, message: Some(said) });
        is_clean(&mut desk, columns, rows)?;
        prop_assert!(desk.screen(columns, rows).contains("─ not private ─"));
        desk.types("/chat 10.0.0.7:4001");
        desk.press("Enter");
        is_clean(&mut desk, columns, rows)?;
        let screen = desk.screen(columns, rows);
        prop_assert!(screen.contains("not private>"), "{screen}");
        let head = screen.lines().next().unwrap_or_default();
        prop_assert!(head.contains(" 10.0.0.7:4001"), "{screen}");
    }

    #[test]
    fn whatever_is_typed_or_pasted_is_kept_and_shown_safely(
        text in wild(), columns in 1_u16..120, rows in 1_u16..40,
    ) {
        let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..30));
        desk.tell(chinwag_tui::msg::Msg::Paste(text.clone()));
        is_clean(&mut desk, columns, rows)?;
        let kept = text.replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(desk.app.chats.current().unwrap().composer.text(), kept);
    }

    #[test]
    fn a_storm_of_sizes_leaves_the_place_where_one_reads(
        sizes in prop::collection::vec((1_u16..200, 1_u16..60), 1..12),
    ) {
        let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..200));
        desk.screen(80, 24);
        desk.press("PgUp");
        let before = desk.screen(80, 24);
        for (columns, rows) in sizes {
            is_clean(&mut desk, columns, rows)?;
        }
        let last = |screen: &str| {
            screen.lines().rfind(|row| row.contains("number")).map(str::to_owned)
        };
        prop_assert_eq!(last(&desk.screen(80, 24)), last(&before));
    }
}

proptest! {
    // Each is as long as a paste may be, and longer.
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_paste_of_any_content_and_size_is_kept_whole_or_not_at_all(
        pastes in prop::collection::vec((wild(), 0_usize..4_000), 1..5),
    ) {
        let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..3));
        let mut kept = String::new();
        for (part, times) in pastes {
            // At most a mebibyte, as a terminal may give it.
            let times = times.min(1024 * 1024 / part.len().max(1));
            let text = part.repeat(times);
            let lines = text.replace("\r\n", "\n").replace('\r', "\n");
            let fits = kept.len() + lines.len() <= TEXT_MAX;
            desk.tell(chinwag_tui::msg::Msg::Paste(text));
            if fits {
                kept.push_str(&lines);
            }
            let note = desk.app.note.take();
            prop_assert_eq!(note.is_some_and(|note| note.is_wrong), !fits);
            let composer = &mut desk.app.chats.current_mut().unwrap().composer;
            prop_assert_eq!(&composer.text(), &kept);
            // As much as is counted can be typed still, and no more.
            let room = TEXT_MAX - kept.len();
            let more = "x".repeat(room.min(16));
            prop_assert_eq!(composer.type_char('x'), room > 0);
            if !more.is_empty() {
                kept.push('x');
            }
        }
        is_clean(&mut desk, 80, 24)?;
    }
}

#[test]
fn a_message_of_a_hundred_thousand_characters_is_a_note_and_can_be_read() {
    let long = "word ".repeat(20_000);
    let mut desk = Desk::of_ana(Theme::TERMINAL, &[message(1, "Bob", &long)]);
    assert!(desk.screen(80, 24).contains("more rows: select it and press o"));
    desk.press("Up");
    desk.press("o");
    assert!(desk.screen(80, 24).contains("more rows below"));
    desk.press("End");
    assert!(!desk.screen(80, 24).contains("more rows below"));
}
