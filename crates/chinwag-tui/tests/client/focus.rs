//! Where one is, without a look at colours: a sign, the terminal's cursor, and words.

use chinwag_tui::theme::Theme;

use crate::harness::{Desk, talk, text_of};

/// The row that the cursor of the terminal is in, and its column.
fn at_cursor(desk: &mut Desk) -> (String, u16) {
    let (buffer, (column, row)) = desk.buffer(80, 24);
    let text = text_of(&buffer);
    (text.lines().nth(usize::from(row)).unwrap_or_default().to_owned(), column)
}

fn status(desk: &mut Desk) -> String {
    desk.screen(80, 24).lines().last().unwrap().trim().to_owned()
}

#[test]
fn the_message_that_is_selected_has_a_sign_the_cursor_and_words() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    let typing = at_cursor(&mut desk);
    assert!(typing.0.ends_with("│>"), "{typing:?}");
    desk.press("Up");
    desk.press("Up");
    let (row, column) = at_cursor(&mut desk);
    assert!(row.contains("│>") && row.contains("number 4"), "{row}");
    assert_eq!(row.chars().nth(usize::from(column)), Some('>'), "{row}");
    assert_eq!(desk.screen(80, 24).matches("│>").count(), 1, "and no other has it");
    let says = status(&mut desk);
    assert!(says.starts_with("message 4 of 5, from you, saved, 2026-"), "{says}");
    desk.press("Up");
    assert!(status(&mut desk).starts_with("message 3 of 5, from Bob, 2026-"));
    // What was done before is not said over it.
    desk.press("+");
    desk.app.say("copied, if the terminal allows it");
    desk.press("Up");
    assert!(status(&mut desk).starts_with("message 2 of 5, from you"));
    // The words alone have no margin but while one is chosen.
    desk.press("Alt+l");
    assert!(at_cursor(&mut desk).0.starts_with(">number 2"));
    desk.press("Esc");
    assert!(desk.screen(80, 24).contains("\nnumber 2\n"));
}

#[test]
fn the_conversation_that_is_open_has_a_sign_and_is_said() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    assert!(desk.screen(80, 24).starts_with("1 >Bob"));
    desk.press("Alt+Down");
    let screen = desk.screen(80, 24);
    assert!(screen.starts_with("1  Bob") && screen.contains("\n2 >Carol"), "{screen}");
    assert!(status(&mut desk).starts_with("conversation with Carol, 3 unread"));
    desk.press("Alt+Down");
    assert!(status(&mut desk).starts_with("your notes to yourself"));
}

#[test]
fn a_line_that_is_gone_to_in_a_list_has_the_cursor_and_is_said() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    desk.press("Ctrl+p");
    assert!(at_cursor(&mut desk).0.contains("│> "), "one types first");
    desk.press("Down");
    let (row, _) = at_cursor(&mut desk);
    assert!(row.contains("> Carol"), "{row}");
    let says = status(&mut desk);
    assert!(says.starts_with("2 of ") && says.contains(": Carol 3 unread"), "{says}");
    desk.types("b");
    let (row, _) = at_cursor(&mut desk);
    assert!(row.contains("│> b"), "{row}");
}

#[test]
fn a_window_and_a_question_are_said_and_have_the_cursor() {
    let mut desk = Desk::of_ana(Theme::PLAIN, &talk(1..6));
    desk.press("F1");
    let (row, _) = at_cursor(&mut desk);
    assert!(row.contains("A message"), "{row}");
    assert!(status(&mut desk).starts_with("window: Help, rows 1 to "));
    desk.press("Esc");
    desk.types("/block");
    desk.press("Enter");
    let (row, _) = at_cursor(&mut desk);
    assert!(row.contains("y yes   n no"), "{row}");
    assert!(status(&mut desk).starts_with("a question: yes or no?"));
}
