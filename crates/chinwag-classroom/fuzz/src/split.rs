//! Any text, in any dialect, under any name and address of ours.
//!
//! The first byte chooses the dialect, the second the address and the length of the team's name;
//! the rest is the text.
//!
//! What must hold: every piece fits into one message on the wire, and the pieces joined are the
//! text, as far as its dialect can say it; no piece that others follow ends in a newline.

use chinwag_classroom::limits::{TEAM_MAX, WIRE_MESSAGE_MAX};
use chinwag_classroom::{Act, Claim, Dialect, JsonKeys};

/// The cut is looked for in so many characters; newlines in a longer row can't be helped.
const NEWLINES_IN_A_ROW: usize = 64;

/// Panics when it does not hold for this input.
pub fn check(input: &[u8]) {
    let [dialect, me, text @ ..] = input else { return };
    let (dialect, me) = (dialect_of(*dialect), claim_of(*me));
    let text = String::from_utf8_lossy(text);
    let pieces = dialect.split(&me, &text);
    for piece in &pieces {
        fits(dialect, &me, piece);
    }
    assert_eq!(pieces.concat(), sayable(dialect, &text));
    // Lines are cut at newlines on purpose.
    if !is_of_lines(dialect) {
        cuts_are_not_at_newlines(&pieces, &text);
    }
}

fn dialect_of(byte: u8) -> Dialect {
    match byte % 6 {
        0 => Dialect::Plain,
        1 => Dialect::Bracketed,
        2 => Dialect::Framed,
        3 => Dialect::PortLine,
        4 => Dialect::Greeting,
        _ => Dialect::Json(JsonKeys::FOUND),
    }
}

fn claim_of(byte: u8) -> Claim {
    let address =
        if byte < 128 { "10.0.0.5:4000" } else { "[2001:db8:1111:2222:3333:4444:5555:6666]:65535" };
    let team_len = usize::from(byte % 128).min(TEAM_MAX);
    // A quote takes twice its length in a JSON object.
    Claim { address: address.parse().unwrap(), team: "\"".repeat(team_len) }
}

fn fits(dialect: Dialect, me: &Claim, piece: &str) {
    let outgoing = dialect.write(me, &Act::Text(piece.to_owned()));
    assert!(outgoing.body.len() <= WIRE_MESSAGE_MAX, "{} bytes", outgoing.body.len());
}

fn is_of_lines(dialect: Dialect) -> bool {
    matches!(dialect, Dialect::PortLine | Dialect::Greeting)
}

/// What of the text a dialect can say: one of lines has no newlines and a full stop behind a line
/// that would be a control word among others, one with an end marker no line that begins like it.
fn sayable(dialect: Dialect, text: &str) -> String {
    const CONTROL_WORDS: [&str; 4] = ["connect", "connection_request", "exit", "disconnect"];
    match dialect {
        _ if is_of_lines(dialect) => {
            let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
            let is_word = |line: &str| {
                CONTROL_WORDS.iter().any(|word| word.eq_ignore_ascii_case(line.trim()))
            };
            let said = lines.iter().map(|line| {
                if lines.len() > 1 && is_word(line) {
                    format!("{}.", line.trim_end())
                } else {
                    (*line).to_owned()
                }
            });
            said.collect()
        }
        Dialect::Framed => format!("\n{text}").replace("\n<end>", "\n <end>").split_off(1),
        _ => text.to_owned(),
    }
}

fn cuts_are_not_at_newlines(pieces: &[String], text: &str) {
    let is_newline = |c: char| c == '\n' || c == '\r';
    let longest_row = text.split(|c| !is_newline(c)).map(str::len).max().unwrap_or(0);
    let Some((_, followed)) = pieces.split_last() else { return };
    if longest_row < NEWLINES_IN_A_ROW {
        assert!(followed.iter().all(|piece| !piece.ends_with(is_newline)));
    }
}
