//! The terminal: taken when we begin, and given back however we end.

use std::io::{self, Stdout, Write as _};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange,
    KeyboardEnhancementFlags, PopKeyboardEnhancementFlags, PushKeyboardEnhancementFlags,
};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

/// Bytes of a text that is given to the clipboard; terminals take no more (xterm: 100,000 in base64).
const COPY_MAX: usize = 74_994;

/// Tells of presses and of the wheel, and not of each movement, in numbers that have no limit (xterm's
/// modes 1000 and 1006); and no longer. Where a terminal knows neither, nothing happens.
const MOUSE_ON: &str = "\u{1b}[?1000h\u{1b}[?1006h";
const MOUSE_OFF: &str = "\u{1b}[?1006l\u{1b}[?1000l";

/// The terminal, as long as it is ours.
pub struct Screen {
    /// Not dropped by itself: if its cursor can't be shown any more, because the terminal is gone, it would
    /// say so on a standard error that is gone too, and panic.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<Stdout>>>,
    has_extended_keys: bool,
    shared: Arc<Shared>,
}

/// What the hook for panics knows as well.
#[derive(Debug, Default)]
struct Shared {
    is_ours: AtomicBool,
    /// Whether the terminal was asked to tell of the mouse.
    has_mouse: AtomicBool,
    /// What panicked elsewhere while something was drawn: it is said afterwards.
    unsaid: Mutex<Vec<String>>,
}

impl Shared {
    /// Gives the terminal back, once: to leave the alternate screen twice moves the cursor on the other.
    fn give_back(&self, has_extended_keys: bool) {
        if self.is_ours.swap(false, Ordering::SeqCst) {
            give_back(has_extended_keys, self.has_mouse.load(Ordering::SeqCst));
        }
    }

    fn say(&self) {
        let mut unsaid = self.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
        for panic in unsaid.drain(..) {
            eprintln!("{panic}");
        }
    }
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// Panics of other threads that are kept to be said.
const UNSAID_MAX: usize = 16;

impl Screen {
    /// Takes the terminal. A panic of this thread gives it back before it says anything; one elsewhere is
    /// said when the terminal is given back, and not over what is drawn.
    pub fn take(extended_keys: bool) -> io::Result<Self> {
        let has_extended_keys = extended_keys && is_known_for_extended_keys();
        let before = std::panic::take_hook();
        let shared = Arc::new(Shared::default());
        let (hooked, thread) = (Arc::clone(&shared), std::thread::current().id());
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().id() == thread {
                hooked.give_back(has_extended_keys);
                hooked.say();
            } else if hooked.is_ours.load(Ordering::SeqCst) {
                let mut unsaid = hooked.unsaid.lock().unwrap_or_else(PoisonError::into_inner);
                if unsaid.len() < UNSAID_MAX {
                    unsaid.push(panic.to_string());
                }
                return;
            }
            before(panic);
        }));
        let terminal = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        let mut screen = Self { terminal, has_extended_keys, shared };
        screen.take_again()?;
        Ok(screen)
    }

    /// Takes the terminal after it was given back for a while.
    pub fn take_again(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        self.shared.is_ours.store(true, Ordering::SeqCst);
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, EnableFocusChange)?;
        if self.has_extended_keys {
            let flags = KeyboardEnhancementFlags::DISAMBIGUATE_ESCAPE_CODES;
            execute!(io::stdout(), PushKeyboardEnhancementFlags(flags))?;
        }
        if self.shared.has_mouse.load(Ordering::SeqCst) {
            write_out(MOUSE_ON)?;
        }
        self.clear()
    }

    /// Gives the terminal back for a while.
    pub fn give_back(&mut self) {
        self.shared.give_back(self.has_extended_keys);
    }

    /// Draws.
    pub fn draw(&mut self, draw: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// Draws everything anew with the next drawing.
    pub fn clear(&mut self) -> io::Result<()> {
        // `Terminal::clear` asks the terminal where its cursor is, and not every one answers.
        execute!(io::stdout(), Clear(ClearType::All))?;
        let anew = ManuallyDrop::new(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        let mut before = std::mem::replace(&mut self.terminal, anew);
        before.show_cursor()?;
        drop(ManuallyDrop::into_inner(before));
        Ok(())
    }

    /// Has the terminal tell of the mouse, or no longer.
    pub fn mouse(&mut self, is_on: bool) -> io::Result<()> {
        if self.shared.has_mouse.swap(is_on, Ordering::SeqCst) == is_on {
            return Ok(());
        }
        write_out(if is_on { MOUSE_ON } else { MOUSE_OFF })
    }

    /// Sets the title.
    pub fn title(&mut self, title: &str) -> io::Result<()> {
        execute!(io::stdout(), SetTitle(title))
    }

    /// Rings the bell.
    pub fn bell(&mut self) -> io::Result<()> {
        write_out("\u{7}")
    }

    /// A notification of the terminal (OSC 9).
    pub fn notify(&mut self, text: &str) -> io::Result<()> {
        write_out(&format!("\u{1b}]9;{text}\u{7}"))
    }

    /// Gives a text to the clipboard (OSC 52), as far as the terminal takes it.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut end = text.len().min(COPY_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        write_out(&format!(
            "\u{1b}]52;c;{}\u{7}",
            data_encoding::BASE64.encode(&text.as_bytes()[..end])
        ))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.give_back();
        self.shared.say();
        // The hook of whoever comes next must not meet a terminal that is not ours. Whoever panics may not
        // take it.
        if !std::thread::panicking() {
            let _ = std::panic::take_hook();
        }
    }
}

fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

fn give_back(has_extended_keys: bool, has_mouse: bool) {
    // Whatever of it fails, the rest is still worth trying. The mode first: whoever sees the other screen
    // may type.
    let _ = disable_raw_mode();
    if has_extended_keys {
        let _ = execute!(io::stdout(), PopKeyboardEnhancementFlags);
    }
    if has_mouse {
        let _ = write_out(MOUSE_OFF);
    }
    let _ = execute!(io::stdout(), DisableFocusChange, DisableBracketedPaste, LeaveAlternateScreen);
    let _ = execute!(io::stdout(), cursor::Show);
}

/// Whether tmux or screen is between us and the terminal. Both count for themselves how wide a character is.
pub(crate) fn is_multiplexed() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let term = std::env::var("TERM").unwrap_or_default();
    is_set("TMUX") || is_set("STY") || term.starts_with("tmux") || term.starts_with("screen")
}

/// Whether the terminal is one of those with the keyboard protocol of kitty. To ask it would take a
/// while where nobody answers.
fn is_known_for_extended_keys() -> bool {
    let is = |name: &str, words: &[&str]| {
        let value = std::env::var(name).unwrap_or_default().to_lowercase();
        words.iter().any(|word| value.contains(word))
    };
    is("TERM", &["kitty", "ghostty", "foot", "alacritty"])
        || is("TERM_PROGRAM", &["wezterm", "ghostty", "iterm"])
}
