//! QR codes, read from the screen as a camera reads them.

use chinwag_tui::msg::Tag;
use chinwag_tui::theme::Theme;
use ratatui::buffer::Buffer;
use serde_json::json;

use crate::harness::{Desk, talk};

/// Pixels of a module.
const MODULE: usize = 6;

/// Pixels of the dark around a terminal.
const AROUND: usize = 40;

/// A ticket of the length that the daemon gives for a QR code.
fn for_qr() -> String {
    let letters = "abcdefghijklmnopqrstuvwxyz234567";
    format!("chinwag1{}", letters.chars().cycle().skip(3).step_by(5).take(187).collect::<String>())
}

fn invited(line: &str, qr: &str) -> Desk {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &talk(1..6));
    let ticket = json!({ "ticket": line, "qr": qr, "invite": "inv_1", "reusable": false,
        "expiresAt": null });
    desk.answer(Tag::Ticket, ticket);
    desk
}

/// What a reader finds on a screen that hangs in the dark.
fn read(buffer: &Buffer) -> Option<String> {
    let area = buffer.area;
    let (width, height) = (usize::from(area.width), usize::from(area.height) * 2);
    let is_light = |column: usize, row: usize| {
        let at = (u16::try_from(column).unwrap(), u16::try_from(row / 2).unwrap());
        let cell = &buffer[at];
        let is_painted = cell.bg == ratatui::style::Color::Indexed(231);
        let is_dark = match cell.symbol() {
            "█" => true,
            "▀" => row.is_multiple_of(2),
            "▄" => !row.is_multiple_of(2),
            _ => false,
        };
        is_painted && !is_dark
    };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(
        width * MODULE + 2 * AROUND,
        height * MODULE + 2 * AROUND,
        |x, y| {
            let within = |at: usize, most: usize| {
                at.checked_sub(AROUND).map(|at| at / MODULE).filter(|at| *at < most)
            };
            match (within(x, width), within(y, height)) {
                (Some(column), Some(row)) if is_light(column, row) => 255,
                _ => 0,
            }
        },
    );
    let grids = image.detect_grids();
    grids.first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text.to_ascii_lowercase())
}

#[test]
fn the_code_of_an_invitation_is_read_from_a_screen_of_80_columns_and_24_rows() {
    let qr = for_qr();
    let mut desk = invited(&format!("{qr}{qr}"), &qr);
    assert_eq!(read(&desk.buffer(80, 24).0), None, "beside the line there is no room for it");
    assert!(desk.screen(80, 24).contains("c the QR code alone"));
    desk.press("c");
    assert_eq!(read(&desk.buffer(80, 24).0), Some(qr.clone()));
    // One comes back to the line, and from there to the conversation.
    desk.press("Esc");
    assert!(desk.screen(80, 24).contains("A ticket"));
    // Where there is room both are seen.
    assert_eq!(read(&desk.buffer(140, 40).0), Some(qr));
}

#[test]
fn a_code_that_has_no_room_says_how_much_it_needs() {
    let qr = for_qr();
    let mut desk = invited(&qr, &qr);
    desk.press("c");
    let screen = desk.screen(40, 12).replace('\n', " ");
    assert!(screen.contains("needs 43 columns and 22 rows, and here are 40 and 12"), "{screen}");
    assert!(screen.contains("larger"), "{screen}");
    assert_eq!(read(&desk.buffer(43, 22).0), Some(qr), "and then it is enough");
}
