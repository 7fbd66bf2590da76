//! What goes over all interfaces of a network namespace, packet by packet.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::AsFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use socket2::{Domain, Protocol, Socket, Type};

/// `ETH_P_ALL`, in network order: packets of every protocol, ours as well (packet(7)).
const EVERYTHING: i32 = 0x0003_u16.to_be() as i32;

/// The longest frame on a cable without an MTU of its own, with what the kernel joins.
const FRAME_MAX: usize = 65_536 + 64;

/// Packets that are being noted.
#[derive(Debug)]
pub struct Capture {
    frames: Arc<Mutex<Vec<Vec<u8>>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Where a packet goes, and as what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// To whom.
    pub to: IpAddr,
    /// To which port; 0 where there is none.
    pub port: u16,
    /// The protocol's number, or [`ARP`].
    pub protocol: u16,
}

/// UDP as the protocol of a [`Sighting`].
pub const UDP: u16 = 17;

/// What kernels tell each other, as the protocol of a [`Sighting`].
pub const ICMP: u16 = 1;

/// A question of who has an address: what is about to be sent something.
pub const ARP: u16 = 0x0806;

/// TCP as the protocol of a [`Sighting`].
pub const TCP: u16 = 6;

impl Sighting {
    /// Whether it is what a kernel does for an interface: IPv6 neighbours and multicast groups, by `ICMPv6` and
    /// IGMP.
    pub fn is_kernel(&self) -> bool {
        matches!(self.protocol, 0 | 2 | 58)
    }

    /// Whether it is what a machine sends to itself.
    pub fn stays_here(&self) -> bool {
        [UDP, ICMP].contains(&self.protocol) && self.to.is_loopback()
    }

    /// Whether it asks, or tells, everybody on the local network.
    pub fn is_mdns(&self) -> bool {
        let to = self.to.to_string();
        self.protocol == UDP && self.port == 5353 && ["224.0.0.251", "ff02::fb"].contains(&&*to)
    }
}

impl Capture {
    /// Begins to note what goes through this namespace.
    pub fn in_namespace(name: &str) -> Self {
        let frames = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let (noted, is_over) = (Arc::clone(&frames), Arc::clone(&ends));
        let (ready, begun) = mpsc::channel();
        let path = format!("/run/netns/{name}");
        let thread = std::thread::spawn(move || {
            let mut socket = opened(&path);
            ready.send(()).expect("somebody waits");
            let mut frame = vec![0; FRAME_MAX];
            while !is_over.load(Ordering::Relaxed) {
                match socket.read(&mut frame) {
                    Ok(len) => noted
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(frame[..len].to_vec()),
                    Err(error)
                        if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    Err(error) => panic!("capturing: {error}"),
                }
            }
        });
        begun.recv().expect("a packet socket in the namespace");
        Self { frames, ends, thread: Some(thread) }
    }

    /// All packets so far, from the Ethernet header on.
    pub fn frames(&self) -> Vec<Vec<u8>> {
        self.frames.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the packets so far went, each place once.
    pub fn sightings(&self) -> Vec<Sighting> {
        let mut all: Vec<Sighting> =
            self.frames().iter().filter_map(|frame| sighting(frame)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // If it failed, it has said so.
            let _ = thread.join();
        }
    }
}

/// Moves this thread into a network namespace for good.
pub(crate) fn enter(namespace: &str) {
    let namespace = File::open(namespace).expect("the namespace is there");
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
        .expect("root may enter it");
}

/// A socket that sees every packet of a namespace. This thread stays there.
fn opened(namespace: &str) -> Socket {
    enter(namespace);
    let socket = Socket::new(Domain::PACKET, Type::RAW, Some(Protocol::from(EVERYTHING)))
        .expect("root may open a packet socket");
    socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a time-out");
    socket.set_recv_buffer_size(8 << 20).expect("a buffer");
    socket
}

/// Where an Ethernet frame that has IP or ARP goes; `None` for others.
fn sighting(frame: &[u8]) -> Option<Sighting> {
    let kind = frame.get(12..14)?;
    let packet = frame.get(14..)?;
    let port = |at: usize| {
        packet.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |port| u16::from_be_bytes(*port))
    };
    let v4 = |at: usize| Some(IpAddr::from(Ipv4Addr::from(*packet.get(at..)?.first_chunk::<4>()?)));
    match kind {
        [0x08, 0x00] => {
            let header = usize::from(packet.first()? & 0x0f) * 4;
            let protocol = u16::from(*packet.get(9)?);
            Some(Sighting { to: v4(16)?, port: port(header + 2), protocol })
        }
        [0x86, 0xdd] => {
            let to = Ipv6Addr::from(*packet.get(24..)?.first_chunk::<16>()?).into();
            let protocol = u16::from(*packet.get(6)?);
            Some(Sighting { to, port: port(42), protocol })
        }
        [0x08, 0x06] => Some(Sighting { to: v4(24)?, port: 0, protocol: ARP }),
        _ => None,
    }
}
