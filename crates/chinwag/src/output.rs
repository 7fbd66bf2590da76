//! Text that is safe to show. Everything that comes from outside passes through here on its way
//! to a screen or a pipe.
//!
//! What a terminal would obey is shown instead of obeyed: a control character becomes its picture
//! (`␛`), an invisible character that changes the order or the look of others becomes its escape
//! (`\u{202e}`). So no control sequence survives, and an attempt is seen.

use std::fmt::Write as _;

/// The text on one line.
pub(crate) fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        push_safe(&mut safe, c);
    }
    safe
}

/// The text with its own lines, each after the first behind `gutter`, so that no line of a message
/// can pass for a line of ours.
pub(crate) fn lines(text: &str, gutter: &str) -> String {
    let safe: Vec<String> = text.split('\n').map(|l| one_line(l.trim_end_matches('\r'))).collect();
    safe.join(&format!("\n{gutter}"))
}

/// One line of at most `max` characters, with an ellipsis where it was cut.
pub(crate) fn short(text: &str, max: usize) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(max).collect();
    let ellipsis = if chars.next().is_some() { "…" } else { "" };
    one_line(&head) + ellipsis
}

/// A JSON document as serialised, with what a terminal would obey as escapes: the same document.
pub(crate) fn json(document: &serde_json::Value) -> String {
    let mut safe = String::new();
    for c in document.to_string().chars() {
        if is_safe(c) {
            safe.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string can't fail.
                let _ = write!(safe, "\\u{unit:04x}");
            }
        }
    }
    safe
}

fn push_safe(safe: &mut String, c: char) {
    match c {
        '\t' => safe.push_str("    "),
        '\0'..='\u{1f}' => safe.push(picture(c)),
        '\u{7f}' => safe.push('␡'),
        _ if is_safe(c) => safe.push(c),
        _ => safe.extend(c.escape_unicode()),
    }
}

/// The picture of a control character (Unicode block "Control Pictures").
fn picture(c: char) -> char {
    char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Whether a character only draws itself.
fn is_safe(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            // Line and paragraph separators, embeddings and overrides, isolates.
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Deprecated format characters, annotations, tags.
            | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            // Zero width: space, word joiner, byte order mark.
            | '\u{200b}' | '\u{2060}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        let attack = "a\u{1b}[2J\u{9b}31m\u{7}\r\nb\u{7f}\u{202e}c";
        assert_eq!(one_line(attack), "a␛[2J\\u{9b}31m␇␍␊b␡\\u{202e}c");
    }

    #[test]
    fn no_control_character_survives() {
        let all: String = (0..0x0011_0000).filter_map(char::from_u32).collect();
        assert!(!one_line(&all).chars().any(char::is_control));
        assert!(!json(&all.into()).chars().any(char::is_control));
    }

    #[test]
    fn scripts_and_emoji_are_left_alone() {
        let text = "नमस्ते 👩‍👩‍👧‍👦 שלום é";
        assert_eq!(one_line(text), text);
    }

    #[test]
    fn a_message_cannot_pass_for_a_line_of_ours() {
        assert_eq!(lines("hi\r\n[12:00:00] bob: pay me", "  | "), "hi\n  | [12:00:00] bob: pay me");
    }

    #[test]
    fn json_is_the_same_document_without_what_a_terminal_obeys() {
        let document = serde_json::json!({ "text": "\u{9b}31m \u{e0041} \u{202e} é" });
        let safe = json(&document);
        assert!(safe.chars().all(is_safe));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), document);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(short("नमस्ते", 3), "नमस…");
        assert_eq!(short("abc", 3), "abc");
    }
}
