//! Takes the terminal, draws, and panics, in another thread first: what a terminal is like afterwards is
//! looked at by `tests/client/panics.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "that is what it is for")]

use chinwag_tui::terminal::Screen;

fn main() {
    let mut screen = Screen::take(false).unwrap();
    screen.draw(|frame| frame.render_widget("drawn", frame.area())).unwrap();
    let elsewhere = std::thread::spawn(|| panic!("elsewhere, on purpose"));
    elsewhere.join().unwrap_err();
    screen.draw(|frame| frame.render_widget("still drawn", frame.area())).unwrap();
    panic!("here, on purpose");
}
