//! A name server in a network namespace: it knows where a few names lead, and notes every name it is asked for.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::capture::enter;

/// The longest question, and answer.
const MESSAGE_MAX: usize = 512;

/// Bytes before the question (RFC 1035).
const HEADER: usize = 12;

/// A name server; it ends with the story.
#[derive(Debug)]
pub struct Names {
    asked: Arc<Mutex<BTreeSet<String>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Names {
    /// Answers at port 53 of a namespace: these names lead to this address, and no other leads anywhere.
    pub fn in_namespace(name: &str, known: &[&str], leads_to: Ipv4Addr) -> Self {
        let asked = Arc::new(Mutex::new(BTreeSet::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let (noted, is_over) = (Arc::clone(&asked), Arc::clone(&ends));
        let known: BTreeSet<String> = known.iter().map(|&name| name.to_owned()).collect();
        let (ready, begun) = mpsc::channel();
        let path = format!("/run/netns/{name}");
        let thread = std::thread::spawn(move || {
            enter(&path);
            let socket = UdpSocket::bind("0.0.0.0:53").expect("root may answer there");
            socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a time-out");
            ready.send(()).expect("somebody waits");
            let mut message = [0; MESSAGE_MAX];
            while !is_over.load(Ordering::Relaxed) {
                let (len, from) = match socket.recv_from(&mut message) {
                    Ok(received) => received,
                    Err(error)
                        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                    {
                        continue;
                    }
                    Err(error) => panic!("a name server: {error}"),
                };
                let Some((name, answer)) = answered(&message[..len], &known, leads_to) else {
                    continue;
                };
                noted.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
                // Whoever asked may be gone.
                let _ = socket.send_to(&answer, from);
            }
        });
        begun.recv().expect("a name server in the namespace");
        Self { asked, ends, thread: Some(thread) }
    }

    /// The names that were asked for, in small letters and without a dot at the end.
    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // If it failed, it has said so.
            let _ = thread.join();
        }
    }
}

/// The name of a question and the answer to it. `None`: it is no question for one name.
fn answered(
    question: &[u8],
    known: &BTreeSet<String>,
    leads_to: Ipv4Addr,
) -> Option<(String, Vec<u8>)> {
    let mut labels = Vec::new();
    let mut at = HEADER;
    loop {
        let len = usize::from(*question.get(at)?);
        at += 1;
        if len == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(question.get(at..at + len)?).to_lowercase());
        at += len;
    }
    let kind = question.get(at..at + 2)?;
    let name = labels.join(".");
    let is_known = known.contains(&name);
    // An answer with recursion, to one question; without: no such name.
    let mut answer = question.get(..at + 4)?.to_vec();
    let has_address = is_known && kind == [0, 1];
    answer[2..HEADER].copy_from_slice(&[
        0x81,
        if is_known { 0x80 } else { 0x83 },
        0,
        1,
        0,
        0,
        0,
        0,
        0,
        0,
    ]);
    if has_address {
        answer[7] = 1;
        // The name of the question, A, IN, a minute, four bytes.
        answer.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(leads_to.octets());
    }
    Some((name, answer))
}

/// Which name server the programs in a namespace ask (`ip netns exec` puts it in the place of the machine's own);
/// gone with the story.
#[derive(Debug)]
pub struct Resolver(PathBuf);

impl Resolver {
    /// The one at this address.
    pub fn of(namespace: &str, server: &str) -> Self {
        Self::saying(namespace, &format!("nameserver {server}\n"))
    }

    /// None.
    pub fn none(namespace: &str) -> Self {
        Self::saying(namespace, "# There is none.\n")
    }

    fn saying(namespace: &str, text: &str) -> Self {
        let folder = PathBuf::from("/etc/netns").join(namespace);
        fs::create_dir_all(&folder).expect("root may say so");
        fs::write(folder.join("resolv.conf"), text).expect("a file");
        Self(folder)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        // Unless somebody else has one.
        let _ = fs::remove_dir("/etc/netns");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, kind: u8) -> Vec<u8> {
        let mut question = vec![7, 8, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        for label in name.split('.') {
            question.push(u8::try_from(label.len()).unwrap());
            question.extend(label.bytes());
        }
        question.extend([0, 0, kind, 0, 1]);
        question
    }

    #[test]
    fn a_name_leads_where_it_was_said_and_no_other_leads_anywhere() {
        let known = BTreeSet::from(["relay.example".to_owned()]);
        let at = Ipv4Addr::new(192, 0, 2, 1);
        let answer = |name, kind| answered(&question(name, kind), &known, at).unwrap();
        let (name, found) = answer("Relay.example", 1);
        assert_eq!((name.as_str(), found[3], found[7]), ("relay.example", 0x80, 1));
        assert!(found.ends_with(&[192, 0, 2, 1]));
        let (_, none) = answer("relay.example", 28);
        assert_eq!((none[3], none[7]), (0x80, 0));
        let (_, none) = answer("other.example", 1);
        assert_eq!((none[3], none[7]), (0x83, 0));
        assert!(answered(&[0; 5], &known, at).is_none());
    }
}
