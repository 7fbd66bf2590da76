//! A peer in a process of its own, so that it can be stopped, killed, or live in another network.
//!
//! The process is this test program again, asked for one test that does nothing by itself. What it
//! is to do and what it sees goes over its standard input and output, a line each.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use chinwag_core::ids::DeviceId;
use chinwag_core::ticket::Address;
use chinwag_net::{NetEvent, Network, Seed, Settings};
use tokio::sync::mpsc;

use crate::harness::loopback;

/// Names the seed of the peer that a process is to be.
const SEED: &str = "CHINWAG_NET_TEST_SEED";

/// Whether it is on the local network, and says which packets it sees.
const LAN: &str = "CHINWAG_NET_TEST_LAN";

/// A peer in another process.
pub(crate) struct Process {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Process {
    /// Starts one; in a network namespace if there is a name of one.
    pub(crate) fn start(seed: u8, namespace: Option<&str>) -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = match namespace {
            Some(name) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", name]).arg(program).env(LAN, "1");
                command
            }
            None => Command::new(program),
        };
        command
            .args(["--exact", "process::a_peer_in_a_process_of_its_own", "--nocapture"])
            .env(SEED, seed.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { child, input, lines }
    }

    /// What follows this word in the next line that begins with it.
    pub(crate) fn says(&self, word: &str, within: Duration) -> Option<String> {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    // The harness of the tests has begun a line already.
                    if let Some((_, rest)) = line.split_once(word) {
                        return Some(rest.trim().to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn to_hex(device: DeviceId) -> String {
    device.as_bytes().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

pub(crate) fn from_hex(hex: &str) -> DeviceId {
    let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
    DeviceId::from_bytes(&std::array::from_fn(byte)).unwrap()
}

/// Does nothing, unless it is started as a peer.
#[tokio::test]
async fn a_peer_in_a_process_of_its_own() {
    let Ok(seed) = std::env::var(SEED) else { return };
    let is_on_lan = std::env::var(LAN).is_ok();
    let packets = is_on_lan.then(capture);
    let seed = Seed::new([seed.parse().unwrap(); 32]);
    let settings = if is_on_lan {
        Settings::new(seed)
    } else {
        Settings { bind: vec![loopback()], lan: false, ..Settings::new(seed) }
    };
    let (sender, mut events) = mpsc::channel(64);
    let network = Network::start(settings, sender).await.unwrap();
    println!("\ndevice {}", to_hex(network.device().unwrap()));
    println!("port {}", network.port().unwrap());
    let mut commands = commands();
    loop {
        tokio::select! {
            event = events.recv() => say(&event.unwrap()),
            command = commands.recv() => match command.as_deref() {
                None => break,
                Some("packets") => {
                    for packet in packets.iter().flat_map(|packets| packets.try_iter()) {
                        println!("packet {packet}");
                    }
                    println!("packets done");
                }
                Some(device) => {
                    network.dial(from_hex(device), &[]);
                }
            },
        }
    }
    network.stop().await;
}

fn say(event: &NetEvent) {
    match event {
        NetEvent::Connected { device, at, .. } => {
            let at = at.as_ref().map_or_else(String::new, ToString::to_string);
            println!("connected {} {at}", to_hex(*device));
        }
        NetEvent::Nearby { device, .. } => println!("nearby {}", to_hex(*device)),
        NetEvent::LanUnavailable { why } => println!("unavailable {why}"),
        _ => {}
    }
}

fn commands() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(8);
    std::thread::spawn(move || {
        std::io::stdin()
            .lines()
            .map_while(Result::ok)
            .try_for_each(|line| sender.blocking_send(line))
    });
    receiver
}

/// Where the IP packets of all interfaces here come from and go to, each pair once.
#[cfg(target_os = "linux")]
fn capture() -> Receiver<String> {
    use std::io::Read;
    /// `ETH_P_ALL`, in network order: packets of every protocol, ours as well (packet(7)).
    const EVERYTHING: i32 = 0x0003_u16.to_be() as i32;
    let socket =
        socket2::Socket::new(socket2::Domain::PACKET, socket2::Type::RAW, Some(EVERYTHING.into()));
    let mut socket = socket.unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut seen = BTreeSet::new();
        let mut packet = vec![0; 65_536];
        loop {
            let len = socket.read(&mut packet).unwrap();
            if let Some(line) = ends_of(&packet[..len])
                && seen.insert(line.clone())
                && sender.send(line).is_err()
            {
                return;
            }
        }
    });
    receiver
}

#[cfg(not(target_os = "linux"))]
fn capture() -> Receiver<String> {
    channel().1
}

/// The source, the destination with its UDP port, and the protocol of an Ethernet frame that has IP
/// or ARP; `None` for others.
fn ends_of(frame: &[u8]) -> Option<String> {
    let kind = frame.get(12..14)?;
    let ip = frame.get(14..)?;
    let port = |at: usize| Some(u16::from_be_bytes(*ip.get(at..)?.first_chunk()?));
    match kind {
        [0x08, 0x00] => {
            let header = usize::from(ip.first()? & 0x0f) * 4;
            let address =
                |at: usize| Some(std::net::Ipv4Addr::from(*ip.get(at..)?.first_chunk::<4>()?));
            let to = SocketAddr::new(address(16)?.into(), port(header + 2)?);
            Some(format!("{} {to} {}", address(12)?, ip.get(9)?))
        }
        [0x86, 0xdd] => {
            let address =
                |at: usize| Some(std::net::Ipv6Addr::from(*ip.get(at..)?.first_chunk::<16>()?));
            let to = SocketAddr::new(address(24)?.into(), port(42)?);
            Some(format!("{} {to} {}", address(8)?, ip.get(6)?))
        }
        // Whoever is asked for here is about to be sent something.
        [0x08, 0x06] => {
            let address =
                |at: usize| Some(std::net::Ipv4Addr::from(*ip.get(at..)?.first_chunk::<4>()?));
            Some(format!("{} {}:0 arp", address(14)?, address(24)?))
        }
        _ => None,
    }
}

/// Addresses as they stand in a line about a packet.
pub(crate) fn destination(packet: &str) -> Option<(SocketAddr, &str)> {
    let mut words = packet.split(' ').skip(1);
    Some((words.next()?.parse().ok()?, words.next()?))
}

/// For whoever gives addresses to processes.
pub(crate) fn at_port(port: &str) -> Address {
    Address::Direct(SocketAddr::new(loopback().ip(), port.parse().unwrap()))
}
