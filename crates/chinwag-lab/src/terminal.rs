//! Somebody at a terminal: what the program shows there, and what they type.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::home::Process;
use crate::{PATIENCE, until};

/// A program on a terminal of its own.
#[derive(Debug)]
pub struct Sitting {
    /// The program.
    pub process: Process,
    keys: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Sitting {
    /// Starts it.
    pub fn at(mut command: Command) -> Self {
        let pty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&pty).and_then(|()| unlockpt(&pty)).expect("a terminal of ours");
        let name = ptsname(&pty, Vec::new()).expect("a terminal has a name");
        let name = name.into_string().expect("a plain name");
        let open = || -> Stdio {
            OpenOptions::new().read(true).write(true).open(&name).expect("its other end").into()
        };
        command.stdin(open()).stdout(open()).stderr(open());
        let process = Process::starting(&mut command);
        let keys = File::from(pty);
        let mut screen = keys.try_clone().expect("a second handle");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&shown);
        // It ends when the program and all its handles of the terminal are gone.
        std::thread::spawn(move || {
            let mut chunk = [0; 4_096];
            while let Ok(len @ 1..) = screen.read(&mut chunk) {
                noted.lock().unwrap_or_else(PoisonError::into_inner).extend(&chunk[..len]);
            }
        });
        Self { process, keys, shown }
    }

    /// Everything that was shown so far.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap_or_else(PoisonError::into_inner))
            .into_owned()
    }

    /// Waits until this was shown.
    pub async fn until_shows(&self, text: &str) {
        let is_shown = async || self.shown().contains(text).then_some(());
        until(&format!("{text:?} on the terminal"), PATIENCE, is_shown).await;
    }

    /// Types a line.
    pub fn enters(&mut self, line: &str) {
        self.keys.write_all(format!("{line}\n").as_bytes()).expect("somebody reads");
    }
}
