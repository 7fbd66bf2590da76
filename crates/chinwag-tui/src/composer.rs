//! What is being typed to somebody: a few lines with a cursor, which can be undone.

use ratatui::style::Style;
use ratatui_textarea::{CursorMove, TextArea, WrapMode};

use crate::actions::Act;

/// Bytes that can be typed or pasted here. A message may be four times as long: `chinwag send NAME -`.
pub const TEXT_MAX: usize = 128 * 1024;

/// Steps that can be undone.
const UNDO_MAX: usize = 200;

/// A text that is being typed.
#[derive(Clone, Debug)]
pub struct Composer {
    area: TextArea<'static>,
    len: usize,
}

impl Default for Composer {
    fn default() -> Self {
        Self::with("")
    }
}

impl Composer {
    /// One with this text in it, and the cursor behind it.
    pub fn with(text: &str) -> Self {
        let mut area = TextArea::new(text.split('\n').map(str::to_owned).collect());
        area.set_wrap_mode(WrapMode::WordOrGlyph);
        area.set_cursor_line_style(Style::default());
        area.set_max_histories(UNDO_MAX);
        area.move_cursor(CursorMove::Bottom);
        area.move_cursor(CursorMove::End);
        Self { area, len: text.len() }
    }

    /// What was typed.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.area.is_empty()
    }

    /// Whether it is one line.
    pub fn is_one_line(&self) -> bool {
        self.area.lines().len() == 1
    }

    /// Whether the cursor is in the first line.
    pub fn is_at_top(&self) -> bool {
        self.area.cursor().0 == 0
    }

    /// Whether the cursor is in the last line.
    pub fn is_at_bottom(&self) -> bool {
        self.area.cursor().0 + 1 == self.area.lines().len()
    }

    /// Whether the cursor is behind the last character of its line.
    pub fn is_at_line_end(&self) -> bool {
        let cursor = self.area.cursor();
        self.area.lines().get(cursor.0).is_none_or(|line| line.chars().count() <= cursor.1)
    }

    /// Begins a new line below the one of the cursor, or above it.
    pub fn open_line(&mut self, is_above: bool) {
        self.area.move_cursor(if is_above { CursorMove::Head } else { CursorMove::End });
        self.area.insert_newline();
        if is_above {
            self.area.move_cursor(CursorMove::Up);
        }
        self.count();
    }

    /// The widget.
    pub fn area(&self) -> &TextArea<'static> {
        &self.area
    }

    /// The widget, to be given its looks.
    pub fn area_mut(&mut self) -> &mut TextArea<'static> {
        &mut self.area
    }

    /// Puts a character in. False: there is no room.
    pub fn type_char(&mut self, c: char) -> bool {
        if self.len + c.len_utf8() > TEXT_MAX {
            return false;
        }
        self.area.insert_char(c);
        self.len += c.len_utf8();
        true
    }

    /// Puts a text in, with its lines. False: there is no room, and nothing was put in.
    pub fn paste(&mut self, text: &str) -> bool {
        // Some terminals paste line ends as they would be typed.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.len + text.len() > TEXT_MAX {
            return false;
        }
        self.area.insert_str(&text);
        self.len += text.len();
        true
    }

    /// Takes everything out; it can be put in again.
    pub fn clear(&mut self) {
        let text = self.text();
        self.area.select_all();
        self.area.cut();
        // Cutting does not keep what it cut of several lines in one piece everywhere.
        self.area.set_yank_text(text);
        self.count();
    }

    /// Forgets everything, for a text that was sent.
    pub fn take(&mut self) -> String {
        let text = self.text();
        *self = Self::default();
        text
    }

    /// Moves up a line.
    pub fn up(&mut self) {
        self.area.move_cursor(CursorMove::Up);
    }

    /// Moves down a line.
    pub fn down(&mut self) {
        self.area.move_cursor(CursorMove::Down);
    }

    /// Replaces the word before the cursor.
    pub fn complete(&mut self, typed: &str, with: &str) {
        for _ in typed.chars() {
            self.area.delete_char();
        }
        self.count();
        self.paste(with);
    }

    /// Puts the emoji in place of its name between colons, if that was just typed. Undo brings it back.
    pub fn spell_emoji(&mut self) {
        let before = self.before_cursor();
        let Some(rest) = before.strip_suffix(':') else { return };
        let Some(at) = rest.rfind(':') else { return };
        let Some(emoji) = emojis::get_by_shortcode(&rest[at + 1..]) else { return };
        let typed = before[at..].to_owned();
        self.complete(&typed, emoji.as_str());
    }

    /// What stands before the cursor, in its line.
    pub fn before_cursor(&self) -> String {
        let cursor = self.area.cursor();
        let line = self.area.lines().get(cursor.0).map_or("", String::as_str);
        line.chars().take(cursor.1).collect()
    }

    /// Does what a key of the line editor does. False: it is no such thing.
    pub fn act(&mut self, act: Act) -> bool {
        let area = &mut self.area;
        match act {
            Act::LineStart => area.move_cursor(CursorMove::Head),
            Act::LineEnd => area.move_cursor(CursorMove::End),
            Act::WordLeft => area.move_cursor(CursorMove::WordBack),
            Act::WordEnd => area.move_cursor(CursorMove::WordEnd),
            Act::WordRight => area.move_cursor(CursorMove::WordForward),
            Act::Left => area.move_cursor(CursorMove::Back),
            Act::Right => area.move_cursor(CursorMove::Forward),
            Act::DeleteLeft => drop(area.delete_char()),
            Act::DeleteRight => drop(area.delete_next_char()),
            Act::DeleteWordLeft => drop(area.delete_word()),
            Act::DeleteWordRight => drop(area.delete_next_word()),
            Act::DeleteToStart => drop(area.delete_line_by_head()),
            Act::DeleteToEnd => drop(area.delete_line_by_end()),
            Act::Yank => drop(area.paste()),
            Act::Undo => drop(area.undo()),
            Act::Newline => area.insert_newline(),
            _ => return false,
        }
        self.count();
        true
    }

    /// Whether a part of it is being chosen: moving the cursor chooses more or less.
    pub fn is_choosing(&self) -> bool {
        self.area.is_selecting()
    }

    /// Begins to choose a part where the cursor is.
    pub fn choose(&mut self) {
        self.area.start_selection();
    }

    /// Chooses nothing any more.
    pub fn choose_nothing(&mut self) {
        self.area.cancel_selection();
    }

    /// Cuts what is chosen, with what the cursor is on; it can be put in again.
    pub fn cut_chosen(&mut self) {
        self.choose_both_ends();
        self.area.cut();
        self.count();
    }

    /// Keeps what is chosen, with what the cursor is on, to be put in again; the cursor is before it then.
    pub fn copy_chosen(&mut self) {
        let from = self.area.selection_range().map(|(from, _)| from);
        self.choose_both_ends();
        self.area.copy();
        if let Some((row, column)) = from {
            self.jump(row, column);
        }
    }

    /// Cuts the line that the cursor is in, and its end.
    pub fn cut_line(&mut self) {
        self.area.cancel_selection();
        let is_last = self.is_at_bottom();
        self.area.move_cursor(CursorMove::Head);
        self.area.start_selection();
        self.area.move_cursor(CursorMove::End);
        self.area.cut();
        // The end of the line is not cut, or it would be put in again in the middle of another.
        if is_last {
            self.area.delete_char()
        } else {
            self.area.delete_next_char()
        };
        self.area.move_cursor(CursorMove::Head);
        self.count();
    }

    /// Cuts from the cursor to the next word of the same line, or to its end.
    pub fn cut_word(&mut self) {
        let row = self.area.cursor().0;
        self.area.start_selection();
        self.area.move_cursor(CursorMove::WordForward);
        if self.area.cursor().0 != row {
            self.jump(row, usize::MAX);
        }
        self.area.cut();
        self.count();
    }

    /// Keeps the line that the cursor is in, to be put in again.
    pub fn copy_line(&mut self) {
        let line = self.area.lines().get(self.area.cursor().0).cloned();
        self.area.set_yank_text(line.unwrap_or_default());
    }

    /// What is chosen ends before the cursor, or before where it was when choosing began; to whoever knows
    /// vim both belong to it.
    fn choose_both_ends(&mut self) {
        let Some(((row, column), (last_row, last_column))) = self.area.selection_range() else {
            return;
        };
        self.area.cancel_selection();
        self.jump(row, column);
        self.area.start_selection();
        let len = self.area.lines().get(last_row).map_or(0, |line| line.chars().count());
        self.jump(last_row, (last_column + 1).min(len));
    }

    /// Moves the cursor to a place, as far as that can be counted.
    fn jump(&mut self, row: usize, column: usize) {
        let of = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        self.area.move_cursor(CursorMove::Jump(of(row), of(column)));
    }

    fn count(&mut self) {
        let lines = self.area.lines();
        self.len = lines.iter().map(|line| line.len() + 1).sum::<usize>().saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cleared_comes_back() {
        let mut composer = Composer::with("one\ntwo");
        composer.clear();
        assert!(composer.is_empty());
        composer.act(Act::Yank);
        assert_eq!(composer.text(), "one\ntwo");
        composer.act(Act::Undo);
        assert_eq!(composer.text(), "");
    }

    #[test]
    fn what_has_no_room_is_not_taken_in_part() {
        let mut composer = Composer::with("kept");
        assert!(!composer.paste(&"x".repeat(1024 * 1024)));
        assert_eq!(composer.text(), "kept");
        assert!(composer.paste(&"x".repeat(TEXT_MAX - 4)));
        assert!(!composer.type_char('x'));
        assert_eq!(composer.text().len(), TEXT_MAX);
    }

    #[test]
    fn what_is_chosen_has_both_its_ends_in_whatever_direction_it_was_chosen() {
        let mut composer = Composer::with("one two three");
        for _ in 0..5 {
            composer.act(Act::Left);
        }
        composer.choose();
        composer.act(Act::WordLeft);
        composer.copy_chosen();
        composer.act(Act::LineEnd);
        composer.act(Act::Yank);
        assert_eq!(composer.text(), "one two threetwo t");
        composer.act(Act::LineStart);
        composer.choose();
        composer.act(Act::Right);
        composer.act(Act::Right);
        composer.cut_chosen();
        assert_eq!(composer.text(), " two threetwo t");
        composer.act(Act::Undo);
        assert_eq!(composer.text(), "one two threetwo t");
    }

    #[test]
    fn a_line_that_is_cut_leaves_no_empty_one() {
        for (lines, cursor, left) in
            [("a\nb\nc", 0, "b\nc"), ("a\nb\nc", 1, "a\nc"), ("a\nb\nc", 2, "a\nb"), ("a", 0, "")]
        {
            let mut composer = Composer::with(lines);
            let last = lines.lines().count() - 1;
            for _ in cursor..last {
                composer.up();
            }
            composer.cut_line();
            assert_eq!(composer.text(), left, "{lines:?} {cursor}");
        }
    }

    #[test]
    fn pasted_lines_are_lines_however_they_end() {
        let mut composer = Composer::default();
        composer.paste("a\r\nb\rc\nd");
        assert_eq!(composer.text(), "a\nb\nc\nd");
    }
}
