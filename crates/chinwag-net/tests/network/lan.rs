//! Two network namespaces with a cable between them: devices find each other there, and nobody
//! else hears of it.

use std::net::IpAddr;
use std::process::Command;
use std::time::Duration;

use crate::harness::PATIENCE;
use crate::process::{Process, destination};

/// Namespaces and their cable; gone with the story.
struct Cable {
    names: [String; 2],
}

impl Cable {
    /// `None`: not possible here.
    fn lay() -> Option<Self> {
        let id = std::process::id();
        let cable = Self { names: [format!("cwnet{id}a"), format!("cwnet{id}b")] };
        let [a, b] = &cable.names;
        let is_laid = ip(&["netns", "add", a])
            && ip(&["netns", "add", b])
            && ip(&["link", "add", "cw0", "netns", a, "type", "veth", "peer", "cw0", "netns", b])
            && Self::up(a, "10.99.0.1/24")
            && Self::up(b, "10.99.0.2/24");
        is_laid.then_some(cable)
    }

    fn up(name: &str, address: &str) -> bool {
        ip(&["-n", name, "addr", "add", address, "dev", "cw0"])
            && ip(&["-n", name, "link", "set", "lo", "up"])
            && ip(&["-n", name, "link", "set", "cw0", "up"])
            // Whatever was to be sent elsewhere would go over the cable and be seen.
            && ip(&["-n", name, "route", "add", "default", "dev", "cw0"])
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        for name in &self.names {
            ip(&["netns", "del", name]);
        }
    }
}

fn ip(args: &[&str]) -> bool {
    let output = Command::new("ip").args(args).output();
    output.is_ok_and(|output| output.status.success())
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[test]
fn devices_of_a_local_network_find_each_other_and_contact_nobody_else() {
    let Some(cable) = Cable::lay() else {
        let must_run = std::env::var_os("CI").is_some() && is_root() && ip(&["-V"]);
        assert!(!must_run, "network namespaces can't be made, and in CI as root they have to");
        eprintln!("skipped: it takes root and `ip netns` to make two network namespaces");
        return;
    };
    let mut a = Process::start(1, Some(&cable.names[0]));
    let mut b = Process::start(2, Some(&cable.names[1]));
    let device_a = a.says("device ", PATIENCE).unwrap();
    let device_b = b.says("device ", PATIENCE).unwrap();
    // Only the id is known: the address comes from the local network.
    a.tell(&device_b);
    let found = a.says("connected ", PATIENCE).expect("found in time");
    assert!(found.starts_with(&device_b), "{found}");
    assert!(b.says("connected ", PATIENCE).unwrap().starts_with(&device_a));
    // Some more of what goes on by itself.
    std::thread::sleep(Duration::from_secs(5));
    for process in [&mut a, &mut b] {
        process.tell("packets");
        let mut count = 0;
        while let Some(packet) = process.says("packet", PATIENCE).filter(|line| line != "s done") {
            let (to, protocol) = destination(&packet).unwrap();
            assert!(is_ours(to.ip(), to.port(), protocol), "{packet}");
            eprintln!("seen: {packet}");
            count += 1;
        }
        assert!(count > 2, "mDNS and the connection are seen: {count}");
    }
}

/// The other end of the cable, the multicast of mDNS, and what a kernel does for an interface: IPv6
/// neighbours and multicast groups, by `ICMPv6` and IGMP.
fn is_ours(to: IpAddr, port: u16, protocol: &str) -> bool {
    const UDP: &str = "17";
    let is_kernel = matches!(protocol, "0" | "2" | "58");
    let is_mdns = port == 5353 && ["224.0.0.251", "ff02::fb"].contains(&&*to.to_string());
    let is_peer = ["10.99.0.1", "10.99.0.2"].contains(&&*to.to_string())
        || matches!(to, IpAddr::V6(to) if to.is_unicast_link_local());
    is_kernel || (protocol == UDP && is_mdns) || ([UDP, "arp"].contains(&protocol) && is_peer)
}
