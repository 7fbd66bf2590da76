//! The pictures of the README, drawn by the program: `cargo xtask screenshots` makes them anew.

use std::fmt::Write as _;
use std::path::Path;

use chinwag_api::model::{Message, MessageState, Quote, Reaction};
use chinwag_tui::msg::{Part, Tag};
use chinwag_tui::theme::Theme;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use serde_json::{json, to_value};
use unicode_width::UnicodeWidthStr as _;

use crate::harness::{Desk, chat, contact, message};

/// Columns and rows of a picture.
const SIZE: (u16, u16) = (96, 26);

/// A cell, in pixels, and the letters in it.
const CELL: (f64, f64) = (8.4, 18.0);
const FONT_SIZE: u32 = 14;
const MARGIN: f64 = 8.0;

const BACKGROUND: &str = "#1b1d23";
const FOREGROUND: &str = "#d8dbe2";

fn said(n: u32, author: &str, text: &str, state: MessageState) -> Message {
    let mut message = message(n, author, text);
    message.state = message.author.is_me.then_some(state);
    message
}

/// Ana and Bob, who look for a fox.
fn conversation() -> Vec<Message> {
    use MessageState::{Delivered, Read, Sent};
    let link = "Did you see https://example.org/foxes? The one by the canal has a `white` tail.";
    let mut all = vec![
        said(1_996, "Bob", link, Read),
        said(
            1_997,
            "You",
            "I did! It sat under the lamp for an hour, as if it were waiting.",
            Read,
        ),
        said(1_999, "Bob", "For whom?", Read),
        said(2_001, "You", "For the other one. They went off together at half past nine.", Read),
        said(2_002, "Bob", "@Ana next time, wake me :)", Read),
        said(2_030, "Bob", "Same place tonight?\nI bring tea.", Read),
        said(2_031, "You", "Yes, at eight.", Delivered),
        said(2_032, "You", "And the good lens, if you find it.", Sent),
    ];
    let reaction = |emoji: &str, by: &[&str], is_mine| Reaction {
        emoji: emoji.to_owned(),
        by: by.iter().map(|&name| name.to_owned()).collect(),
        is_mine,
    };
    all[1].edited = true;
    all[1].reactions = vec![reaction("🦊", &["Bob"], false)];
    all[5].reactions = vec![reaction("👍", &["Ana"], true)];
    let excerpt = Some("Same place tonight?".to_owned());
    all[6].reply_to = Some(Quote { id: "msg_2030".into(), author: Some("Bob".into()), excerpt });
    all
}

fn talking() -> Desk {
    let mut desk = Desk::of_ana(Theme::TERMINAL, &[]);
    let mut chats: Vec<_> = ["Bob", "Carol", "Dora", "Emil", "Ana"].map(chat).into();
    (chats[1].unread, chats[3].unread) = (3, 12);
    "self".clone_into(&mut chats[4].kind);
    desk.answer(Tag::Conversations, to_value(&chats).unwrap());
    let mut contacts = ["Bob", "Carol", "Dora", "Emil"].map(contact);
    contacts[0].connected = true;
    desk.answer(Tag::Contacts { is_shown: false }, to_value(&contacts).unwrap());
    let peer = |name: &str| {
        json!({ "contact": format!("ctc_{name}"), "name": name, "device": format!("dev_{name}"),
            "connected": true, "path": null, "lastHeardAt": null, "lastFailure": null,
            "nextAttemptAt": null })
    };
    desk.answer(Tag::Peers, json!([peer("Bob")]));
    desk.page(Part::Newest, &conversation(), false);
    desk
}

fn typing() -> Desk {
    let mut desk = talking();
    desk.types("The weather should hold until midnight");
    desk
}

fn why() -> Desk {
    let mut desk = talking();
    desk.press("Up");
    let failure = |at: &str, text: &str| json!({ "at": at, "reason": "no-answer", "text": text });
    let why = json!({
        "message": conversation()[7],
        "text": ["It is on one of Bob's two devices; the other does not answer."],
        "devices": [
            { "contact": "ctc_Bob", "name": "Bob", "device": "dev_1", "deviceName": "laptop",
              "state": "delivered", "connected": true, "reason": null,
              "text": "It is on the disk there.", "failures": [], "nextAttemptAt": null },
            { "contact": "ctc_Bob", "name": "Bob", "device": "dev_2", "deviceName": "phone",
              "state": "saved", "connected": false, "reason": "no-answer",
              "text": "Bob's phone does not answer at 192.0.2.9:4433; it is tried again.",
              "failures": [
                  failure("2026-11-26T11:58:00Z", "no answer from 192.0.2.9:4433"),
                  failure("2026-11-26T11:40:00Z", "no answer from 192.0.2.9:4433")],
              "nextAttemptAt": "2026-11-26T12:00:30Z" },
        ],
    });
    desk.answer(Tag::Why, why);
    desk
}

/// A colour of a terminal, as many have it.
fn colour(color: Color, otherwise: &'static str) -> String {
    let known = match color {
        Color::Red => "#f07178",
        Color::Green => "#a3cf7a",
        Color::Yellow => "#f2c55c",
        Color::Blue => "#7aa7f5",
        Color::Magenta => "#cf9bf0",
        Color::Cyan => "#6ed0d8",
        Color::Rgb(r, g, b) => return format!("#{r:02x}{g:02x}{b:02x}"),
        _ => otherwise,
    };
    known.to_owned()
}

/// How a cell looks: its letters, what is behind them, and what else is said of them.
fn looks(cell: &Cell) -> (String, String, String) {
    let (mut front, mut back) = (colour(cell.fg, FOREGROUND), colour(cell.bg, BACKGROUND));
    if cell.modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut front, &mut back);
    }
    let mut more = String::new();
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
        (Modifier::DIM, " opacity=\"0.65\""),
    ] {
        if cell.modifier.contains(modifier) {
            more.push_str(attribute);
        }
    }
    (front, back, more)
}

/// To which sides a line goes from the middle of its cell: left, right, up, down.
fn strokes(symbol: &str) -> Option<[bool; 4]> {
    Some(match symbol {
        "─" => [true, true, false, false],
        "│" => [false, false, true, true],
        "┌" => [false, true, false, true],
        "┐" => [true, false, false, true],
        "└" => [false, true, true, false],
        "┘" => [true, false, true, false],
        _ => return None,
    })
}

/// A screen as a picture: each run of cells that look alike is one text of a fixed length, so that it
/// stands in its columns in any font.
fn svg(buffer: &Buffer) -> String {
    let area = buffer.area;
    let (width, height) = (
        f64::from(area.width) * CELL.0 + 2.0 * MARGIN,
        f64::from(area.height) * CELL.1 + 2.0 * MARGIN,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.1} {height:.1}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" font-size=\"{FONT_SIZE}\" font-family=\"ui-monospace, \
         'DejaVu Sans Mono', Menlo, Consolas, monospace\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"{BACKGROUND}\"/>\n"
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let cell = &buffer[(x, y)];
            let looks = looks(cell);
            let mut text = cell.symbol().to_owned();
            let mut end = x + columns(cell);
            let is_alone = columns(cell) > 1 || strokes(&text).is_some();
            while !is_alone && end < area.width {
                let next = &buffer[(end, y)];
                let is_alike = self::looks(next) == looks && columns(next) == 1;
                if !is_alike || strokes(next.symbol()).is_some() {
                    break;
                }
                text.push_str(next.symbol());
                end += 1;
            }
            run(&mut svg, (x, y, end - x), &text, &looks);
            x = end;
        }
    }
    svg + "</svg>\n"
}

fn columns(cell: &Cell) -> u16 {
    u16::try_from(cell.symbol().width().max(1)).unwrap()
}

fn run(
    svg: &mut String,
    (x, y, columns): (u16, u16, u16),
    text: &str,
    (front, back, more): &(String, String, String),
) {
    let (left, top) = (MARGIN + f64::from(x) * CELL.0, MARGIN + f64::from(y) * CELL.1);
    let width = f64::from(columns) * CELL.0;
    if back != BACKGROUND {
        // Writing to a string can't fail.
        let _ = writeln!(
            svg,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{back}\"/>",
            CELL.1
        );
    }
    if let Some([to_left, to_right, up, down]) = strokes(text) {
        let (middle, centre) = (left + CELL.0 / 2.0, top + CELL.1 / 2.0);
        let mut path = String::new();
        for (goes, x, y) in [
            (to_left, left, centre),
            (to_right, left + CELL.0, centre),
            (up, middle, top),
            (down, middle, top + CELL.1),
        ] {
            if goes {
                let _ = write!(path, "M{middle:.1} {centre:.1}L{x:.1} {y:.1}");
            }
        }
        let _ = writeln!(svg, "<path d=\"{path}\" stroke=\"{front}\"{more}/>");
        return;
    }
    let blank = text.chars().take_while(|c| *c == ' ').count();
    let text = text.trim_matches(' ');
    if text.is_empty() {
        return;
    }
    let left = left + CELL.0 * f64::from(u32::try_from(blank).unwrap());
    let length = f64::from(u32::try_from(text.width()).unwrap()) * CELL.0;
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = writeln!(
        svg,
        "<text x=\"{left:.1}\" y=\"{:.1}\" fill=\"{front}\" textLength=\"{length:.1}\" \
         xml:space=\"preserve\"{more}>{escaped}</text>",
        top + CELL.1 * 0.74
    );
}

#[test]
fn the_pictures_of_the_readme_are_what_the_program_draws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
    for (name, mut desk) in [("conversation.svg", typing()), ("why.svg", why())] {
        let shown = svg(&desk.buffer(SIZE.0, SIZE.1).0);
        let path = folder.join(name);
        if std::env::var_os("CHINWAG_GOLDEN").is_some_and(|value| value == "rewrite") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(path, shown).unwrap();
        } else {
            let there = std::fs::read_to_string(path).unwrap_or_default();
            assert!(there == shown, "docs/images/{name} is old: `cargo xtask screenshots`");
        }
    }
}
