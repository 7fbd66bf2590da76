//! A QR code on the screen: a module is half a row high, and dark on light whatever the colours of the
//! terminal are.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};

use crate::code::{Code, QUIET};

/// Light modules around a code below which it is not drawn: readers find it no more.
const QUIET_MIN: usize = 1;

/// Of the fixed colours that no palette changes.
const DARK_ON_LIGHT: Style = Style::new().fg(Color::Indexed(16)).bg(Color::Indexed(231));

/// Whether a code can be read from a place of this size.
pub(super) fn fits(code: &Code, (columns, rows): (u16, u16)) -> bool {
    let needed = code.size + 2 * QUIET_MIN;
    usize::from(columns) >= needed && usize::from(rows) * 2 >= needed
}

/// Rows of a code with its quiet zone.
pub(super) fn height(code: &Code) -> u16 {
    u16::try_from((code.size + 2 * QUIET).div_ceil(2)).unwrap_or(u16::MAX)
}

/// Draws a code alone on a whole screen, or says how large it would have to be.
///
/// Where the half blocks of ambiguous width are wide, a module is two blanks.
pub(super) fn alone(frame: &mut Frame<'_>, code: &Code, area: Rect, is_wide: bool) {
    let modules = code.size + 2 * QUIET_MIN;
    let (columns, rows) =
        if is_wide { (modules * 2, modules) } else { (modules, modules.div_ceil(2)) };
    if usize::from(area.width) >= columns && usize::from(area.height) >= rows {
        return if is_wide { draw_in_blanks(frame, code, area) } else { draw(frame, code, area) };
    }
    let words = format!(
        "The QR code needs {columns} columns and {rows} rows, and here are {} and {}. Make the window \
         larger or its letters smaller. Esc goes back to the line, which can be copied.",
        area.width, area.height
    );
    frame.render_widget(Paragraph::new(words).wrap(Wrap { trim: true }), area);
}

/// Draws a code in the middle of a place in which it fits; all of it is light.
pub(super) fn draw(frame: &mut Frame<'_>, code: &Code, area: Rect) {
    let (columns, rows) = (isize::from(area.width.cast_signed()), usize::from(area.height) * 2);
    let size = code.size.cast_signed();
    let (left, top) = ((columns - size) / 2, (rows.cast_signed() - size) / 2);
    // What is left over is at the top: a terminal ends in the dark more often below it.
    let top = top + (rows.cast_signed() - size) % 2;
    for (y, row) in (area.y..area.bottom()).zip((0..).step_by(2)) {
        let half = |column: isize| {
            let is_dark = |row: isize| code.is_dark(column - left, row - top);
            match (is_dark(row), is_dark(row + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }
        };
        let words: String = (0..columns).map(half).collect();
        let place = Rect { y, height: 1, ..area };
        frame.render_widget(Line::styled(words, DARK_ON_LIGHT), place);
    }
}

fn draw_in_blanks(frame: &mut Frame<'_>, code: &Code, area: Rect) {
    let size = code.size.cast_signed();
    let left = (isize::from(area.width.cast_signed()) - 2 * size) / 2;
    let top = (isize::from(area.height.cast_signed()) - size) / 2;
    for (y, row) in (area.y..area.bottom()).zip(0_isize..) {
        for (x, column) in (area.x..area.right()).zip(0_isize..) {
            let is_dark = code.is_dark((column - left).div_euclid(2), row - top);
            let color = if is_dark { DARK_ON_LIGHT.fg } else { DARK_ON_LIGHT.bg };
            frame.buffer_mut()[(x, y)]
                .set_char(' ')
                .set_style(Style { bg: color, ..DARK_ON_LIGHT });
        }
    }
}
