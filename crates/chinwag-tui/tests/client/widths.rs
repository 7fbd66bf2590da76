//! Terminals that count columns otherwise than we do.

use chinwag_api::model::Reaction;
use chinwag_tui::app::App;
use chinwag_tui::theme::Theme;
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
    desk.answer(chinwag_tui::msg::Tag::Ticket, ticket);
    desk.press("c");
    let (buffer, _) = desk.buffer(80, 30);
    let is_dark = |x: u16, y: u16| buffer[(x, y)].bg == Color::Indexed(16);
    let all: Vec<(u16, u16)> = buffer.area.positions().map(|at| (at.x, at.y)).collect();
    assert!(all.iter().all(|(x, y)| buffer[(*x, *y)].symbol() == " "));
    let dark = all.iter().filter(|(x, y)| is_dark(*x, *y)).count();
    assert!(dark > 100 && dark.is_multiple_of(2), "{dark}");
    assert!(desk.screen(80, 16).contains("needs"), "and says so where there is no room");
}
