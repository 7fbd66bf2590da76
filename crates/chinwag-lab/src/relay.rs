//! A relay on its own machine in the lab's internet, and those who use it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::home::{Home, Process, program};
use crate::nat::{Internet, RELAY};
use crate::{PATIENCE, until};

/// The relay.
#[derive(Debug)]
pub struct Relay {
    folder: TempDir,
    arguments: Vec<String>,
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
        let folder = TempDir::new().expect("a folder for temporary files");
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let process = process(internet, &folder, &arguments);
        let relay = Self { folder, arguments, process };
        let certificate = relay.certificate();
        until("the relay signs its certificate", PATIENCE, async || {
            certificate.exists().then_some(())
        })
        .await;
        relay
    }

    /// Starts it again after it has ended.
    pub fn starts_again(&mut self, internet: &Internet) {
        self.process = process(internet, &self.folder, &self.arguments);
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

    /// Somebody who uses it and has nothing but this line in their config beside it.
    pub fn user_with(&self, namespace: &str, line: &str) -> Home {
        let config = self.folder.path().join("user.toml");
        let text = format!("relays = [\"https://{RELAY}\"]\nlan = false\n{line}\n");
        std::fs::write(&config, text).expect("a config");
        Home::in_namespace(namespace).with("CHINWAG_CONFIG", &config.display().to_string())
    }
}

fn process(internet: &Internet, folder: &TempDir, arguments: &Vec<String>) -> Process {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", &internet.relay()]).arg(program());
    command.args(["relay", "--own", RELAY, "--folder"]).arg(folder.path());
    command.args(["--https", "0.0.0.0:443", "--http", "0.0.0.0:80", "--quic", "0.0.0.0:7842"]);
    command.args(arguments);
    Process::starting(command.stdout(Stdio::null()).stderr(Stdio::null()))
}
