//! A relay on its own machine in the lab's internet, and those who use it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::home::{Home, Process, program};
use crate::nat::{Internet, RELAY, SECOND_RELAY};
use crate::{PATIENCE, until};

/// Where one runs.
#[derive(Clone, Debug)]
struct Place {
    namespace: String,
    address: &'static str,
}

/// The relay.
#[derive(Debug)]
pub struct Relay {
    folder: TempDir,
    arguments: Vec<String>,
    place: Place,
    /// Its process.
    pub process: Process,
}

impl Relay {
    /// Starts it, with a certificate of its own.
    pub async fn starts(internet: &Internet) -> Self {
        Self::starts_with(internet, &[]).await
    }

    /// The same with more arguments.
    pub async fn starts_with(internet: &Internet, arguments: &[&str]) -> Self {
        Self::at(Place { namespace: internet.relay(), address: RELAY }, arguments).await
    }

    /// Starts a second one.
    pub async fn starts_as_second(internet: &Internet) -> Self {
        Self::at(Place { namespace: internet.second_relay(), address: SECOND_RELAY }, &[]).await
    }

    async fn at(place: Place, arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder for temporary files");
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let process = process(&place, &folder, &arguments);
        let relay = Self { folder, arguments, place, process };
        let certificate = relay.certificate();
        until("the relay signs its certificate", PATIENCE, async || {
            certificate.exists().then_some(())
        })
        .await;
        relay
    }

    /// Starts it again after it has ended.
    pub fn starts_again(&mut self) {
        self.process = process(&self.place, &self.folder, &self.arguments);
    }

    /// Where it runs.
    pub fn namespace(&self) -> &str {
        &self.place.namespace
    }

    /// As a config names it.
    pub fn name(&self) -> String {
        format!("https://{}", self.place.address)
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("relay.pem")
    }

    /// Somebody in a namespace who uses it.
    pub fn user(&self, namespace: &str) -> Home {
        self.user_with(namespace, &self.trusted())
    }

    /// The line of a config by which it is trusted.
    pub fn trusted(&self) -> String {
        format!("relay_certificates = {:?}\n", self.certificate().display().to_string())
    }

    /// Somebody who uses it and another one.
    pub fn user_of_both(&self, other: &Self, namespace: &str) -> Home {
        let both = self.folder.path().join("both.pem");
        let read = |of: &Self| std::fs::read_to_string(of.certificate()).expect("a certificate");
        std::fs::write(&both, read(self) + &read(other)).expect("a file");
        let config = self.folder.path().join("user-of-both.toml");
        let names = [self.name(), other.name()];
        let trusted = both.display().to_string();
        let text = format!("relays = {names:?}\nlan = false\nrelay_certificates = {trusted:?}\n");
        std::fs::write(&config, text).expect("a config");
        Home::in_namespace(namespace).with("CHINWAG_CONFIG", &config.display().to_string())
    }

    /// Somebody who uses it and has nothing but this line in their config beside it.
    pub fn user_with(&self, namespace: &str, line: &str) -> Home {
        let config = self.folder.path().join("user.toml");
        let text = format!("relays = [\"https://{RELAY}\"]\nlan = false\n{line}\n");
        std::fs::write(&config, text).expect("a config");
        Home::in_namespace(namespace).with("CHINWAG_CONFIG", &config.display().to_string())
    }
}

fn process(place: &Place, folder: &TempDir, arguments: &Vec<String>) -> Process {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &place.namespace]).arg(program());
    command.args(["relay", "--own", place.address, "--folder"]).arg(folder.path());
    command.args(["--https", "0.0.0.0:443", "--http", "0.0.0.0:80", "--quic", "0.0.0.0:7842"]);
    command.args(arguments);
    Process::starting(command.stdout(Stdio::null()).stderr(Stdio::null()))
}
