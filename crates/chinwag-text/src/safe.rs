//! Text that is safe to show. Everything that comes from outside passes through here on its way
//! to a screen or a pipe.
//!
//! What a terminal would obey is shown instead of obeyed: a control character becomes its picture
//! (`␛`), an invisible character that changes the order or the look of others becomes its escape
//! (`\u{202e}`). So no control sequence survives, and an attempt is seen.

use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text on one line.
pub fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if is_joiner(c) && !joins(c, before, chars.peek().copied()) {
            safe.extend(c.escape_unicode());
        } else {
            push_safe(&mut safe, c);
        }
        before = Some(c);
    }
    safe
}

/// The text with its own lines, each after the first behind `gutter`, so that no line of a message
/// can pass for a line of ours.
pub fn lines(text: &str, gutter: &str) -> String {
    let safe: Vec<String> = text.split('\n').map(|l| one_line(l.trim_end_matches('\r'))).collect();
    safe.join(&format!("\n{gutter}"))
}

/// A name that somebody gave themselves, as one word of at most `max` characters: blanks and the
/// signs between which we put what *we* say become `_`, so that no name can say more than itself.
pub fn name(name: &str, max: usize) -> String {
    let is_ours = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ':');
    let word: String = name.chars().map(|c| if is_ours(c) { '_' } else { c }).collect();
    short(&word, max)
}

/// A person's name, on one line, of at most `max` characters. Blanks inside it stay, but no name can
/// look as if something were said after it, and none can pass for ours ("You").
pub fn person(name: &str, max: usize) -> String {
    let is_ours =
        |c: char| (c.is_whitespace() && c != ' ') || matches!(c, '(' | ')' | '[' | ']' | ':' | '#');
    let word: String = name.trim().chars().map(|c| if is_ours(c) { '_' } else { c }).collect();
    let word = short(&word, max);
    if word.is_empty() || word.eq_ignore_ascii_case("you") { format!("\"{word}\"") } else { word }
}

/// The lines of a text folded at `columns`, each further row behind `gutter`, so that a long line
/// can't put words of its own at the beginning of a row either. Our own colours take no room.
pub fn folded(text: &str, columns: usize, gutter: &str) -> String {
    let room = columns.saturating_sub(gutter.width()).max(1);
    let mut folded = String::with_capacity(text.len());
    for (n, line) in text.split('\n').enumerate() {
        if n > 0 {
            folded.push('\n');
        }
        let mut left = room + gutter.width();
        let mut is_colour = false;
        for c in line.chars() {
            // What others wrote has no escape in it any more.
            is_colour |= c == '\u{1b}';
            let width = if is_colour { 0 } else { c.width().unwrap_or(0) };
            is_colour &= c != 'm';
            if width > left {
                folded.push('\n');
                folded.push_str(gutter);
                left = room;
            }
            left = left.saturating_sub(width);
            folded.push(c);
        }
    }
    folded
}

/// One line of at most `max` characters, with an ellipsis where it was cut.
pub fn short(text: &str, max: usize) -> String {
    let mut chars = text.chars();
    let head: String = chars.by_ref().take(max).collect();
    if chars.next().is_none() {
        return one_line(&head);
    }
    // An emoji may have been cut behind a joiner.
    one_line(head.trim_end_matches(is_joiner)) + "…"
}

/// A JSON document as serialised, with what a terminal would obey as escapes: the same document.
pub fn json(document: &serde_json::Value) -> String {
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

/// Whether it is a character that joins two others, or keeps them apart, and has no look of its own.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a joiner means something where it stands: in an emoji, behind a virama, or among letters that
/// are written in one stroke (RFC 5892, appendices A.1 and A.2, and a joiner at the end of such a word).
/// Anywhere else it is only there so that two texts look the same and are not.
fn joins(c: char, before: Option<char>, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    let is_after = |is: fn(char) -> bool| after.is_some_and(is);
    is_virama(before)
        || c == '\u{200d}' && (is_in_emoji(before) && is_after(is_in_emoji) || is_cursive(before))
        || c == '\u{200c}' && is_cursive(before) && is_after(is_cursive)
}

/// What can stand beside a joiner in an emoji: pictures, their colours and variation selectors.
fn is_in_emoji(c: char) -> bool {
    matches!(c, '\u{fe0f}' | '\u{20e3}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}'
        | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Letters and marks of the scripts whose letters are joined: Arabic, Syriac, N'Ko, Mandaic, Mongolian,
/// Phags-pa, Manichaean, Psalter Pahlavi, Hanifi Rohingya, Sogdian, Adlam.
fn is_cursive(c: char) -> bool {
    matches!(c, '\u{610}'..='\u{61a}' | '\u{620}'..='\u{65f}' | '\u{66e}'..='\u{6ef}'
        | '\u{6fa}'..='\u{77f}' | '\u{7ca}'..='\u{7f5}' | '\u{840}'..='\u{85b}'
        | '\u{860}'..='\u{8ff}' | '\u{1807}'..='\u{18aa}' | '\u{a840}'..='\u{a872}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10ac0}'..='\u{10aef}'
        | '\u{10b80}'..='\u{10baf}' | '\u{10d00}'..='\u{10d27}' | '\u{10f30}'..='\u{10f6f}'
        | '\u{1e900}'..='\u{1e94a}')
}

/// The marks that take a vowel away and join what follows (canonical combining class 9).
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94d}'
            | '\u{9cd}'
            | '\u{a4d}'
            | '\u{acd}'
            | '\u{b4d}'
            | '\u{bcd}'
            | '\u{c4d}'
            | '\u{ccd}'
            | '\u{d3b}'
            | '\u{d3c}'
            | '\u{d4d}'
            | '\u{dca}'
            | '\u{e3a}'
            | '\u{eba}'
            | '\u{f84}'
            | '\u{1039}'
            | '\u{103a}'
            | '\u{1714}'
            | '\u{1715}'
            | '\u{1734}'
            | '\u{17d2}'
            | '\u{1a60}'
            | '\u{1b44}'
            | '\u{1baa}'
            | '\u{1bab}'
            | '\u{1bf2}'
            | '\u{1bf3}'
            | '\u{a806}'
            | '\u{a82c}'
            | '\u{a8c4}'
            | '\u{a953}'
            | '\u{a9c0}'
            | '\u{aaf6}'
            | '\u{abed}'
            | '\u{10a3f}'
            | '\u{11046}'
            | '\u{11070}'
            | '\u{1107f}'
            | '\u{110b9}'
            | '\u{11133}'
            | '\u{11134}'
            | '\u{111c0}'
            | '\u{11235}'
            | '\u{112ea}'
            | '\u{1134d}'
            | '\u{11442}'
            | '\u{114c2}'
            | '\u{115bf}'
            | '\u{1163f}'
            | '\u{116b6}'
            | '\u{1172b}'
            | '\u{11839}'
    )
}

/// Whether a character only draws itself.
fn is_safe(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            // Line and paragraph separators, embeddings and overrides, isolates.
            '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Deprecated format characters, annotations, tags.
            | '\u{206a}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            // Zero width: space, word joiner and what is like it, byte order mark.
            | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
            // A hyphen that is not shown, and what keeps letters from being put together.
            | '\u{ad}' | '\u{34f}'
            // Letters that are blank.
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
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
    fn what_is_not_seen_is_shown_where_it_means_nothing() {
        let unseen = "Bo\u{ad}b A\u{34f}na E\u{200d}ve F\u{200c}ay \u{200d}x y\u{200d}";
        assert_eq!(
            one_line(unseen),
            "Bo\\u{ad}b A\\u{34f}na E\\u{200d}ve F\\u{200c}ay \\u{200d}x y\\u{200d}"
        );
        // Two of them, and one behind an emoji.
        assert_eq!(one_line("👩\u{200d}\u{200d}👩"), "👩\\u{200d}\\u{200d}👩");
        assert_eq!(one_line("👩\u{200d} x"), "👩\\u{200d} x");
    }

    #[test]
    fn joiners_stay_where_a_script_or_an_emoji_needs_them() {
        for text in [
            "می\u{200c}خواهم",
            "ه\u{200d}",
            "क्\u{200d}ष क्\u{200c}ष",
            "ന്\u{200d}",
            "🏳\u{fe0f}\u{200d}🌈 ❤\u{fe0f}\u{200d}🔥 👩🏽\u{200d}⚕\u{fe0f} 🐻\u{200d}❄\u{fe0f}",
        ] {
            assert_eq!(one_line(text), text);
        }
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
    fn a_name_cannot_say_more_than_itself() {
        let attack = "boss\u{a0}(10.0.0.7:4001):\tpay";
        assert_eq!(name(attack, 40), "boss__10.0.0.7_4001___pay");
    }

    #[test]
    fn a_persons_name_keeps_its_blanks_and_is_nobody_elses() {
        assert_eq!(person("Ana de la Cruz", 40), "Ana de la Cruz");
        assert_eq!(person("boss: pay me\n[10:00]", 40), "boss_ pay me__10_00_");
        assert_eq!(person(" You ", 40), "\"You\"");
        assert_eq!(person("", 40), "\"\"");
    }

    #[test]
    fn a_long_line_is_folded_behind_the_gutter() {
        assert_eq!(folded("abcdefgh\nij", 6, "| "), "abcdef\n| gh\nij");
        assert_eq!(folded("日本語テキ", 6, "| "), "日本語\n| テキ");
        assert_eq!(folded("\u{1b}[1mabc\u{1b}[0mdef", 6, "| "), "\u{1b}[1mabc\u{1b}[0mdef");
        assert_eq!(folded("abcd", 0, "| "), "abc\n| d", "there is always some room");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(short("नमस्ते", 3), "नमस…");
        assert_eq!(short("abc", 3), "abc");
    }
}
