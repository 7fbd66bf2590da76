//! A small internet in network namespaces: two people, each behind a router of their own or on it, and relays
//! that both can reach. No DNS, and nothing leads out of it.
//!
//! How a router behaves is said in the words of RFC 4787: which port a device has outside (mapping), and
//! who may answer (filtering). All that translate filter by address and port, as most at home do.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::{is_root, skipped};

/// Where the relay is.
pub const RELAY: &str = "203.0.113.10";

/// Where a second relay may be.
pub const SECOND_RELAY: &str = "203.0.113.11";

/// What is between somebody and the internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nat {
    /// Nothing: a public address.
    Open,
    /// A router whose mapping does not depend on whom one talks with.
    EndpointIndependent,
    /// A router that gives another port for each address and port one talks with.
    AddressAndPortDependent,
    /// A router that lets TCP out, to ports 80 and 443, and no UDP.
    UdpBlocked,
}

impl Nat {
    /// All there are.
    pub const ALL: [Self; 4] =
        [Self::Open, Self::EndpointIndependent, Self::AddressAndPortDependent, Self::UdpBlocked];

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::EndpointIndependent => "endpoint-independent mapping",
            Self::AddressAndPortDependent => "address-and-port-dependent mapping",
            Self::UdpBlocked => "UDP blocked",
        }
    }

    /// What the router does, in the language of nftables; `OUTSIDE` is its address there.
    const fn rules(self) -> &'static str {
        match self {
            Self::Open => "",
            // The port outside is the one inside, and whatever comes to it goes there, as far as the filter
            // lets it.
            Self::EndpointIndependent => {
                r#"
table ip nat {
  map inside {
    type inet_service : ipv4_addr . inet_service
    flags dynamic,timeout
    timeout 300s
    size 65536
  }
  chain prerouting {
    type nat hook prerouting priority dstnat
    iif "wan" meta l4proto udp dnat to udp dport map @inside
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    oif "wan" meta l4proto udp update @inside { udp sport timeout 300s : ip saddr . udp sport }
    oif "wan" snat to OUTSIDE
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority 0
    iif "wan" ct state established,related accept
    iif "wan" drop
  }
}
"#
            }
            Self::AddressAndPortDependent => {
                r#"
table ip nat {
  chain postrouting {
    type nat hook postrouting priority 100
    oif "wan" masquerade random,fully-random
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority 0
    iif "wan" ct state established,related accept
    iif "wan" drop
  }
}
"#
            }
            Self::UdpBlocked => {
                r#"
table ip nat {
  chain postrouting {
    type nat hook postrouting priority 100
    oif "wan" masquerade
  }
}
table ip filter {
  chain forward {
    type filter hook forward priority 0
    policy drop
    ct state established,related accept
    iif "lan" oif "wan" tcp dport { 80, 443 } accept
  }
}
"#
            }
        }
    }
}

/// The namespaces; gone with the story.
#[derive(Debug)]
pub struct Internet {
    id: String,
}

/// What there is beside the hosts of the two.
const CENTRE: [&str; 3] = ["net", "rel", "re2"];

impl Internet {
    /// Lays one with these two in it. `None`: not possible here, and said so. In CI, as root, it has to be.
    pub fn lay(people: [Nat; 2]) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let internet = Self { id: format!("cwnat{}x{count}", std::process::id()) };
        match internet.build(people) {
            Ok(()) => Some(internet),
            Err(why) => {
                let must = std::env::var_os("CI").is_some() && is_root();
                assert!(!must, "an internet can't be laid, and in CI as root it has to: {why}");
                skipped(&format!("it takes root, `ip netns` and `nft` to lay an internet: {why}"));
                None
            }
        }
    }

    fn build(&self, people: [Nat; 2]) -> Result<(), String> {
        for role in CENTRE {
            self.add(role)?;
        }
        self.ip("net", &["link", "add", "br0", "type", "bridge"])?;
        self.ip("net", &["link", "set", "br0", "up"])?;
        self.plug("rel", "wan", RELAY)?;
        self.plug("re2", "wan", SECOND_RELAY)?;
        for (n, nat) in people.into_iter().enumerate() {
            self.person(n, nat)?;
        }
        Ok(())
    }

    fn person(&self, n: usize, nat: Nat) -> Result<(), String> {
        let (host, router) = (host(n), format!("rt{n}"));
        let outside = format!("203.0.113.{}", 21 + n);
        self.add(&host)?;
        if nat == Nat::Open {
            return self.plug(&host, "wan", &outside);
        }
        self.add(&router)?;
        self.plug(&router, "wan", &outside)?;
        let (inner, gateway) = (format!("192.168.{}.10/24", n + 1), format!("192.168.{}.1", n + 1));
        let ends = [self.name(&router), self.name(&host)];
        run(
            "ip",
            &[
                "link", "add", "lan", "netns", &ends[0], "type", "veth", "peer", "name", "eth0",
                "netns", &ends[1],
            ],
        )?;
        self.ip(&router, &["addr", "add", &format!("{gateway}/24"), "dev", "lan"])?;
        self.ip(&router, &["link", "set", "lan", "up"])?;
        self.ip(&host, &["addr", "add", &inner, "dev", "eth0"])?;
        self.ip(&host, &["link", "set", "eth0", "up"])?;
        self.ip(&host, &["route", "add", "default", "via", &gateway])?;
        self.within(&router, &["sysctl", "-qw", "net.ipv4.ip_forward=1"], "")?;
        self.within(&router, &["nft", "-f", "-"], &nat.rules().replace("OUTSIDE", &outside))
    }

    fn add(&self, role: &str) -> Result<(), String> {
        run("ip", &["netns", "add", &self.name(role)])?;
        self.ip(role, &["link", "set", "lo", "up"])
    }

    /// Gives a namespace an interface on the internet.
    fn plug(&self, role: &str, interface: &str, address: &str) -> Result<(), String> {
        let (name, net, other) = (self.name(role), self.name("net"), format!("to-{role}"));
        run(
            "ip",
            &[
                "link", "add", interface, "netns", &name, "type", "veth", "peer", "name", &other,
                "netns", &net,
            ],
        )?;
        self.ip("net", &["link", "set", &other, "master", "br0"])?;
        self.ip("net", &["link", "set", &other, "up"])?;
        self.ip(role, &["addr", "add", &format!("{address}/24"), "dev", interface])?;
        self.ip(role, &["link", "set", interface, "up"])
    }

    fn name(&self, role: &str) -> String {
        format!("{}{role}", self.id)
    }

    fn ip(&self, role: &str, args: &[&str]) -> Result<(), String> {
        run("ip", &[&["-n", &self.name(role)], args].concat())
    }

    fn within(&self, role: &str, command: &[&str], input: &str) -> Result<(), String> {
        let mut ip = Command::new("ip");
        ip.args(["netns", "exec", &self.name(role)]).args(command);
        fed(ip, input)
    }

    /// The namespace in which the relay is to run.
    pub fn relay(&self) -> String {
        self.name("rel")
    }

    /// The namespace in which a second one may run.
    pub fn second_relay(&self) -> String {
        self.name("re2")
    }

    /// The namespaces of the two.
    pub fn people(&self) -> [String; 2] {
        [0, 1].map(|n| self.name(&host(n)))
    }

    /// Takes the way from somebody to the internet down, or up again.
    pub fn link(&self, n: usize, nat: Nat, is_up: bool) {
        let role = if nat == Nat::Open { host(n) } else { format!("rt{n}") };
        let state = if is_up { "up" } else { "down" };
        // At the other end: the interface and its routes stay, as where something on the way is broken.
        self.ip("net", &["link", "set", &format!("to-{role}"), state])
            .expect("a link that was laid");
    }

    /// Gives the router of somebody another address outside, and has it forget all connections.
    pub fn moves(&self, n: usize, nat: Nat) {
        let router = format!("rt{n}");
        let (before, after) = (format!("203.0.113.{}", 21 + n), format!("203.0.113.{}", 121 + n));
        let steps =
            self.ip(&router, &["addr", "add", &format!("{after}/24"), "dev", "wan"]).and_then(
                |()| self.ip(&router, &["addr", "del", &format!("{before}/24"), "dev", "wan"]),
            );
        steps.expect("a router has an address");
        // Deleting the first address of a network may take the others with it.
        let _ = self.ip(&router, &["addr", "add", &format!("{after}/24"), "dev", "wan"]);
        let flushed = self
            .within(&router, &["nft", "flush", "ruleset"], "")
            .and_then(|()| {
                self.within(&router, &["nft", "-f", "-"], &nat.rules().replace("OUTSIDE", &after))
            })
            .and_then(|()| self.within(&router, &["conntrack", "-F"], ""));
        flushed.expect("a router has rules");
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        for role in CENTRE.map(str::to_owned).into_iter().chain([0, 1].map(host)) {
            let _ = run("ip", &["netns", "del", &self.name(&role)]);
        }
        for n in [0, 1] {
            let _ = run("ip", &["netns", "del", &self.name(&format!("rt{n}"))]);
        }
    }
}

fn host(n: usize) -> String {
    format!("h{n}")
}

fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(args);
    fed(command, "")
}

fn fed(mut command: Command, input: &str) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let spawned =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| format!("{program}: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let failed_with = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(format!("{command:?}: {failed_with}"))
}
