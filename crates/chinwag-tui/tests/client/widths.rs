//! Terminals that count columns otherwise than we do.

use chinwag_api::model::Reaction;
use chinwag_tui::app::App;
use chinwag_tui::msg::Tag;
use chinwag_tui::theme::Theme;
use proptest::prelude::*;
use ratatui::buffer::{Buffer, CellDiffOption};
use ratatui::style::Color;

use crate::harness::{Desk, message, talk, text_of};

fn desk(text: &str, change: impl FnOnce(&mut App)) -> Desk {
    let mut desk =
        Desk::of_ana(Theme::PLAIN, &[message(1, "Bob", text), message(2, "Bob", "after")]);
    change(&mut desk.app);
    for chat in desk.app.chats.all_mut() {
        chat.timeline.restyle();
    }
    desk
}

/// What a terminal shows that draws characters of ambiguous width over two columns: it puts each cell where it
/// is told to.
fn shown_wide(buffer: &Buffer) -> String {
    let is_wide =
        |symbol: &str| symbol.chars().any(|c| "─│".contains(c) || ('α'..='ω').contains(&c));
    let area = buffer.area;
    let mut screen = String::new();
    for y in 0..area.height {
        let mut cells = vec![String::from(" "); usize::from(area.width)];
        for x in 0..area.width {
            let cell = &buffer[(x, y)];
            if cell.diff_option == CellDiffOption::Skip {
                continue;
            }
            let at = usize::from(x);
            if at > 0 && is_wide(&cells[at - 1]) && cell.symbol() != " " {
                // Half of what stood there is drawn over, and the rest with it.
                "#".clone_into(&mut cells[at - 1]);
            }
            if at == 0 || !is_wide(&cells[at - 1]) || cell.symbol() != " " {
                cell.symbol().clone_into(&mut cells[at]);
            }
            if is_wide(&cells[at]) && at + 1 < cells.len() {
                cells[at + 1] = String::new();
            }
        }
        screen.push_str(cells.concat().trim_end());
        screen.push('\n');
    }
    screen
}

#[test]
fn where_greek_is_wide_all_of_it_is_seen_and_folded_to_fit() {
    let text = "αβγδε ζηθικ λμνξο πρστυ φχψωα βγδεζ ηθικλ μνξοπ";
    let mut desk = desk(text, |app| app.options.ambiguous_wide = true);
    desk.types("και ");
    let (buffer, cursor) = desk.buffer(80, 24);
    let screen = shown_wide(&buffer);
    for word in text.split(' ') {
        assert!(screen.contains(word), "{word}: {screen}");
    }
    assert!(!screen.contains('#') && !screen.contains('│'), "{screen}");
    assert!(screen.contains("> και"), "{screen}");
    // Three letters of two columns, and a blank, behind the prompt.
    let prompt = buffer.area.width - 62 + 2;
    assert_eq!(cursor.0, prompt + 7);
    // The bar before what others say is where it was.
    let bars: Vec<_> =
        screen.lines().filter(|row| row.contains('|') && row.contains("  |")).collect();
    assert!(bars.len() >= 2, "{screen}");
}

const GREEK: &str = "αβγδε ζηθικ λμνξο πρστυ φχψωα βγδεζ ηθικλ μνξοπ ρστυφ χψωαβ";

/// Ana, who talks with somebody with a long name in a terminal where that is twice as long.
fn with_greek() -> Desk {
    let mut desk = desk("hello", |app| app.options.ambiguous_wide = true);
    let mut all: Vec<_> = desk.app.chats.all().iter().map(|c| c.conversation.clone()).collect();
    GREEK.clone_into(&mut all[0].name);
    "χψωαβγ".clone_into(&mut all[1].name);
    (all[1].unread, all[1].unread_mentions) = (12, 2);
    desk.answer(Tag::Conversations, serde_json::to_value(all).unwrap());
    desk
}

/// The column of each bar of a row, as a terminal shows it.
fn bars(row: &str) -> Vec<usize> {
    let mut column = 0;
    let mut bars = Vec::new();
    for c in row.chars() {
        if c == '|' {
            bars.push(column);
        }
        column += if ('α'..='ω').contains(&c) { 2 } else { 1 };
    }
    bars
}

#[test]
fn where_greek_is_wide_the_list_keeps_its_edge_and_its_numbers() {
    let mut desk = with_greek();
    for (columns, rows) in [(80, 24), (140, 40)] {
        let screen = shown_wide(&desk.buffer(columns, rows).0);
        assert!(!screen.contains('#'), "{screen}");
        let edges: Vec<_> = screen.lines().take(3).map(|row| bars(row)[0]).collect();
        assert!(edges.windows(2).all(|pair| pair[0] == pair[1]), "{edges:?} {screen}");
        let row = screen.lines().nth(1).unwrap();
        assert!(row.contains("χψω") && row.contains(" 12 @2 |"), "{screen}");
    }
}

#[test]
fn where_greek_is_wide_a_window_keeps_its_edges_and_loses_no_word() {
    let mut desk = with_greek();
    let why =
        serde_json::json!({ "message": message(1, "Bob", "x"), "devices": [], "text": [GREEK] });
    desk.answer(Tag::Why, why);
    for (columns, rows) in [(80, 24), (50, 12)] {
        let screen = shown_wide(&desk.buffer(columns, rows).0);
        assert!(!screen.contains('#'), "{screen}");
        for word in GREEK.split(' ') {
            assert!(screen.contains(word), "{word}: {screen}");
        }
        let sides = |row: &str| (bars(row).first().copied(), bars(row).last().copied());
        // Those of the window: the list beside it has an edge of its own.
        // Those of the window: the list beside it has its edge further to the right.
        let is_of_it = |row: &&str| bars(row).first().is_some_and(|column| *column <= 1);
        let last: Vec<_> = screen.lines().filter(is_of_it).map(|row| sides(row).1).collect();
        assert!(last.len() >= 3, "{screen}");
        assert!(last.windows(2).all(|pair| pair[0] == pair[1]), "{last:?} {screen}");
    }
}

#[test]
fn where_greek_is_wide_the_status_line_and_questions_lose_no_word() {
    let mut desk = with_greek();
    desk.app.say(GREEK);
    let screen = shown_wide(&desk.buffer(80, 24).0);
    let status: Vec<&str> = screen.lines().rev().take(2).collect();
    for word in GREEK.split(' ') {
        assert!(status.iter().any(|row| row.contains(word)), "{word}: {screen}");
    }
    desk.app.note = None;
    // Who one is stands left, and what is right of it stays whole.
    desk.app.account.as_mut().unwrap().name = GREEK.to_owned();
    let screen = shown_wide(&desk.buffer(80, 24).0);
    let status = screen.lines().last().unwrap();
    assert!(status.contains("αβγ") && status.contains("12 unread, 2 for you"), "{screen}");
    desk.types("/block");
    desk.press("Enter");
    let screen = shown_wide(&desk.buffer(80, 24).0);
    assert!(screen.contains("Sure?") && screen.contains("y yes"), "{screen}");
    for word in GREEK.split(' ').take(5) {
        assert!(screen.contains(word), "{word}: {screen}");
    }
    desk.press("n");
    // Contacts stand in columns.
    let mut contacts = [crate::harness::contact("Bob"), crate::harness::contact("Carol")];
    "χψωαβγ".clone_into(&mut contacts[0].name);
    desk.answer(Tag::Contacts { is_shown: true }, serde_json::to_value(contacts).unwrap());
    let screen = shown_wide(&desk.buffer(80, 24).0);
    let column = |of: &str| {
        let row = screen.lines().find(|row| row.contains(of)).unwrap();
        let before = &row[..row.find("away").unwrap()];
        before.chars().map(|c| if ('α'..='ω').contains(&c) { 2 } else { 1 }).sum::<usize>()
    };
    assert_eq!(column("χψωαβγ  "), column("Carol  "), "{screen}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_wide_the_edges_of_the_list_and_of_windows_stay_where_they_are(
        name in "[a-zα-ω日 ]{1,40}", text in "[a-zα-ω日 ─│•]{0,200}", columns in 80_u16..140, rows in 16_u16..40,
    ) {
        let mut desk = with_greek();
        for chat in desk.app.chats.all_mut() {
            chat.conversation.name.clone_from(&name);
        }
        desk.hear(chinwag_api::event::What::Message { message: message(9, &name, &text) });
        let (buffer, _) = desk.buffer(columns, rows);
        let edge = (0..columns).find(|x| buffer[(*x, rows - 4)].symbol() == "|").unwrap();
        for y in 0..rows - 1 {
            prop_assert_eq!(buffer[(edge, y)].symbol(), "|", "row {}", y);
        }
        let why = serde_json::json!({ "message": message(1, "Bob", "x"), "devices": [],
            "text": [text.clone(), name.clone()] });
        desk.answer(Tag::Why, why);
        let (buffer, _) = desk.buffer(columns, rows);
        let is_corner = |at: &(u16, u16)| buffer[*at].symbol() == "+";
        let all = (0..rows).flat_map(|y| (0..columns).map(move |x| (x, y)));
        let corners: Vec<(u16, u16)> = all.filter(is_corner).collect();
        prop_assert_eq!(corners.len(), 4);
        for y in corners[0].1 + 1..corners[3].1 {
            prop_assert_eq!(buffer[(corners[0].0, y)].symbol(), "|");
            prop_assert_eq!(buffer[(corners[3].0, y)].symbol(), "|");
        }
    }
}

#[test]
fn emoji_are_names_for_terminals_that_can_not_draw_them() {
    let mut of_bob = message(1, "Bob", "well 👍🎉");
    of_bob.reactions =
        vec![Reaction { emoji: "🦔".into(), by: vec!["Ana".into()], is_mine: true }];
    let mut desk = Desk::of_ana(Theme::PLAIN, &[of_bob]);
    desk.app.options.shortcodes = true;
    desk.app.chats.current_mut().unwrap().timeline.restyle();
    let screen = desk.screen(80, 24);
    assert!(screen.contains("well :+1::tada:") && screen.contains(":hedgehog: Ana"), "{screen}");
    // Names are typed there, and are emoji to everybody else.
    desk.types("so :tada:");
    assert_eq!(desk.app.chats.current().unwrap().composer.text(), "so :tada:");
    desk.press("Enter");
    assert_eq!(desk.asked("message.send")["text"], "so 🎉");
}

#[test]
fn under_a_multiplexer_what_is_joined_is_its_first_part() {
    let text = "a 👩‍👩‍👧‍👦 b 🕰️ c 👍🏽 d 🇩🇪 e";
    let mut desk = desk(text, |app| app.options.joined_emoji = false);
    let screen = desk.screen(80, 24);
    assert!(screen.contains("a 👩 b 🕰  c 👍 d DE e"), "{screen}");
    for joiner in ['\u{200d}', '\u{fe0f}', '\u{1f3fd}'] {
        assert!(!screen.contains(joiner), "{joiner:?}");
    }
}

#[test]
fn what_a_terminal_may_have_drawn_over_is_drawn_again() {
    let mut desk = desk("👩‍👩‍👧‍👦 b", |_| {});
    let (buffer, _) = desk.buffer(80, 24);
    let y = (0..24).find(|y| (0..80).any(|x| buffer[(x, *y)].symbol().contains('👩'))).unwrap();
    let x = (0..80).find(|x| buffer[(*x, y)].symbol().contains('👩')).unwrap();
    // Four persons of two columns each, where nothing is joined; it counts as one here.
    for covered in x + 2..x + 8 {
        assert_eq!(buffer[(covered, y)].diff_option, CellDiffOption::AlwaysUpdate, "{covered}");
    }
    assert_eq!(buffer[(x + 8, y)].diff_option, CellDiffOption::None);
    // Where it would be drawn over the edge it is its first part.
    let narrow = text_of(&desk.buffer(x + 6, 24).0);
    assert!(narrow.contains('👩') || !narrow.contains('\u{200d}'), "{narrow}");
}

#[test]
fn a_code_is_drawn_in_blanks_where_half_blocks_are_wide() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..3));
    desk.app.options.ambiguous_wide = true;
    let ticket = serde_json::json!({ "ticket": "chinwag1abcdefgh", "qr": "chinwag1abcdefgh",
        "invite": "inv_1", "reusable": false, "expiresAt": null });
    desk.answer(Tag::Ticket, ticket);
    desk.press("c");
    let (buffer, _) = desk.buffer(80, 30);
    let is_dark = |x: u16, y: u16| buffer[(x, y)].bg == Color::Indexed(16);
    let all: Vec<(u16, u16)> = buffer.area.positions().map(|at| (at.x, at.y)).collect();
    assert!(all.iter().all(|(x, y)| buffer[(*x, *y)].symbol() == " "));
    let dark = all.iter().filter(|(x, y)| is_dark(*x, *y)).count();
    assert!(dark > 100 && dark.is_multiple_of(2), "{dark}");
    assert!(desk.screen(80, 16).contains("needs"), "and says so where there is no room");
}
