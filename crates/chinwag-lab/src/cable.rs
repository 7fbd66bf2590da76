//! Two network namespaces with a cable between them, and nothing else: no internet, no DNS.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{is_root, skipped};

/// The interface at both ends.
pub const INTERFACE: &str = "cw0";

/// The addresses of the two ends.
pub const ADDRESSES: [&str; 2] = ["10.99.0.1", "10.99.0.2"];

/// Namespaces and their cable; gone with the story.
#[derive(Debug)]
pub struct Cable {
    names: [String; 2],
}

impl Cable {
    /// Lays one. `None`: not possible here, and said so. In CI, as root, it has to be possible.
    pub fn lay() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let id = format!("{}x{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let cable = Self { names: [format!("cwlab{id}a"), format!("cwlab{id}b")] };
        if cable.is_laid() {
            return Some(cable);
        }
        let must = std::env::var_os("CI").is_some() && is_root();
        assert!(!must, "network namespaces can't be made, and in CI as root they have to");
        skipped("it takes root and `ip netns` to make two network namespaces");
        None
    }

    fn is_laid(&self) -> bool {
        let [a, b] = &self.names;
        ip(&["netns", "add", a])
            && ip(&["netns", "add", b])
            && ip(&[
                "link", "add", INTERFACE, "netns", a, "type", "veth", "peer", INTERFACE, "netns", b,
            ])
            && self.names.iter().zip(ADDRESSES).all(|(name, address)| up(name, address))
    }

    /// The names of the namespaces.
    pub fn ends(&self) -> [&str; 2] {
        [&self.names[0], &self.names[1]]
    }

    /// Runs `ip` within one of them.
    pub fn ip(&self, end: usize, args: &[&str]) {
        let name: &str = &self.names[end];
        assert!(ip(&[&["-n", name], args].concat()), "ip {args:?} in {name}");
    }
}

fn up(name: &str, address: &str) -> bool {
    let address = format!("{address}/24");
    ip(&["-n", name, "addr", "add", &address, "dev", INTERFACE])
        && ip(&["-n", name, "link", "set", "lo", "up"])
        && ip(&["-n", name, "link", "set", INTERFACE, "up"])
        // Whatever was to be sent elsewhere would go over the cable and be seen.
        && ip(&["-n", name, "route", "add", "default", "dev", INTERFACE])
}

impl Drop for Cable {
    fn drop(&mut self) {
        for name in &self.names {
            ip(&["netns", "del", name]);
        }
    }
}

fn ip(args: &[&str]) -> bool {
    Command::new("ip").args(args).output().is_ok_and(|output| output.status.success())
}
