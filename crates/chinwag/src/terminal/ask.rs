//! Questions to whoever sits at the terminal: asked on standard error, so that they are never in
//! the data, and only where there is somebody to answer.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use chinwag_daemon::PASSPHRASE_MAX;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::descriptor::Descriptor;
use crate::exit::{Exit, Failure};

/// Bytes of an answer.
const ANSWER_MAX: u64 = 64 * 1_024;

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and waits for the answer without blocking anything else. `None`: there is none.
pub(crate) async fn question(prompt: &str) -> Result<Option<String>, Failure> {
    let prompt = prompt.to_owned();
    let open = Open;
    let read = tokio::task::spawn_blocking(move || answer(&prompt)).await;
    std::mem::forget(open);
    let read = read.map_err(|error| Failure::new(Exit::Internal, error))?;
    read.map_err(|error| Failure::new(Exit::Internal, error))
}

/// Asks something that is answered by yes or no; everything else is no.
pub(crate) async fn confirm(prompt: &str) -> Result<bool, Failure> {
    let answer = question(&format!("{prompt} [y/N] ")).await?;
    Ok(matches!(answer.unwrap_or_default().trim().to_lowercase().as_str(), "y" | "yes"))
}

/// The terminal shows nothing of what is typed as long as this lives, between two questions either; whatever
/// ends it, it does again.
pub(crate) struct Hidden(Termios);

impl Hidden {
    pub(crate) fn begin() -> Result<Self, Failure> {
        hide().map(Self).map_err(|error| Failure::new(Exit::Internal, error))
    }

    /// Asks for something that nobody is to see while it is typed. `None`: there is no answer.
    pub(crate) async fn secret(&self, prompt: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Failure> {
        let internal = |error: io::Error| Failure::new(Exit::Internal, error);
        let _ = write!(io::stderr().lock(), "{prompt}").and_then(|()| io::stderr().flush());
        // The end of its line is not shown either.
        let _open = Open;
        // Not through the buffer of standard input, where it would stay.
        let line = || Descriptor::Input(io::stdin()).line(PASSPHRASE_MAX);
        let read = tokio::task::spawn_blocking(line).await;
        read.map_err(|error| Failure::new(Exit::Internal, error))?.map_err(internal)
    }
}

/// How the terminal was before.
fn hide() -> io::Result<Termios> {
    let found = tcgetattr(io::stdin())?;
    let mut hiding = found.clone();
    hiding.local_modes.remove(LocalModes::ECHO | LocalModes::ECHONL);
    // Whoever comes back to a program that was stopped has a terminal that shows everything.
    hiding.special_codes[SpecialCodeIndex::VSUSP] = 0;
    tcsetattr(io::stdin(), OptionalActions::Now, &hiding)?;
    Ok(found)
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// A question that has no answer yet. If there will be none, what is said next begins a new line.
struct Open;

impl Drop for Open {
    fn drop(&mut self) {
        // Who can't see the question won't see this either.
        let _ = writeln!(io::stderr().lock());
    }
}

fn answer(prompt: &str) -> io::Result<Option<String>> {
    // Who can't see the question may still answer it.
    let _ = write!(io::stderr().lock(), "{prompt}").and_then(|()| io::stderr().flush());
    let mut line = String::new();
    let read = io::stdin().lock().take(ANSWER_MAX).read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned()))
}
