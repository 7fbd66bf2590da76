//! What `chinwag doctor` says behind each kind of router, and of a relay that is not as it should be.
//!
//! Real programs and a real relay in network namespaces, behind routers of the kernel. What the lab has laid is
//! what has to be told.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::process::{Command, Stdio};

use chinwag_api::client::Client;
use chinwag_api::method::{Nothing, SystemStatus};
use chinwag_api::model::{Examination, Finding, Verdict};
use chinwag_lab::capture::{ARP, Capture};
use chinwag_lab::home::{Home, Running};
use chinwag_lab::nat::{Internet, Nat, RELAY};
use chinwag_lab::relay::Relay;
use chinwag_lab::{PATIENCE, skipped, until};

/// What an examination ends with when something is wrong.
const WRONG: i32 = 10;

/// Somebody behind a router, with a relay.
struct Patient {
    internet: Internet,
    relay: Relay,
    home: Home,
    _daemon: Running,
}

impl Patient {
    async fn behind(nat: Nat) -> Option<Self> {
        let internet = Internet::lay([nat, Nat::Open])?;
        let relay = Relay::starts(&internet).await;
        let home = relay.user(&internet.people()[0]);
        let (daemon, _) = home.begin("Ana").await;
        until_at_relay(&daemon.client).await;
        Some(Self { internet, relay, home, _daemon: daemon })
    }
}

async fn until_at_relay(client: &Client) {
    until("a place at the relay", PATIENCE, async || {
        let status = client.call::<SystemStatus>(Nothing {}).await.unwrap();
        status.relays.iter().any(|relay| relay.is_home && relay.connected).then_some(())
    })
    .await;
}

/// What the doctor says, and its exit code.
struct Told {
    examination: Examination,
    code: i32,
}

impl Told {
    fn to(home: &Home) -> Self {
        let mut command = home.command(&["doctor", "--json"]);
        let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let examination = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {output:?}"));
        Self { examination, code: output.status.code().unwrap() }
    }

    #[track_caller]
    fn of(&self, part: &str) -> &Finding {
        let findings = &self.examination.findings;
        let found = findings.iter().find(|finding| finding.part == part);
        found.unwrap_or_else(|| panic!("nothing of {part} in {findings:#?}"))
    }

    #[track_caller]
    fn assert(&self, part: &str, verdict: Verdict, condition: &str) {
        let finding = self.of(part);
        let is = (finding.verdict, finding.condition.as_str());
        assert_eq!(is, (verdict, condition), "{:#?}", self.examination);
    }
}

use Verdict::{Fine, NotKnown, Notable, Wrong};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_public_address_no_router_is_found() {
    let Some(patient) = Patient::behind(Nat::Open).await else { return };
    let told = Told::to(&patient.home);
    told.assert("udp", Fine, "open");
    told.assert("mapping", Fine, "none");
    told.assert("hairpin", Fine, "notNeeded");
    told.assert("relay", Fine, "home");
    told.assert("clock", Fine, "right");
    told.assert("node", Fine, "daemon");
    assert_eq!(told.code, 0, "{:#?}", told.examination);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_gives_one_port_for_all_is_named() {
    let Some(patient) = Patient::behind(Nat::EndpointIndependent).await else { return };
    let told = Told::to(&patient.home);
    told.assert("udp", Fine, "open");
    told.assert("mapping", Fine, "endpointIndependent");
    assert!(told.of("mapping").text.contains("203.0.113.21:"), "{:?}", told.of("mapping"));
    told.assert("addresses", Fine, "ipv4");
    assert!(told.of("addresses").text.contains("192.168.1.10"), "{:?}", told.of("addresses"));
    // The lab's routers send nothing back that comes from within.
    told.assert("hairpin", Fine, "missing");
    told.assert("relay", Fine, "home");
    assert_eq!(told.code, 0, "{:#?}", told.examination);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_gives_another_port_for_each_is_named() {
    let Some(patient) = Patient::behind(Nat::AddressAndPortDependent).await else { return };
    let told = Told::to(&patient.home);
    told.assert("udp", Fine, "open");
    told.assert("mapping", Notable, "addressAndPortDependent");
    assert!(told.of("mapping").help.is_some());
    told.assert("relay", Fine, "home");
    assert_eq!(told.code, 0, "{:#?}", told.examination);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_lets_no_udp_out_is_named() {
    let Some(patient) = Patient::behind(Nat::UdpBlocked).await else { return };
    let told = Told::to(&patient.home);
    told.assert("udp", Wrong, "blocked");
    told.assert("mapping", NotKnown, "notTold");
    told.assert("relay", Fine, "home");
    assert_eq!(told.code, WRONG, "{:#?}", told.examination);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_does_not_run_is_told_from_one_that_nobody_can_reach() {
    let Some(mut patient) = Patient::behind(Nat::EndpointIndependent).await else { return };
    patient.relay.process.kill();
    let told = Told::to(&patient.home);
    told.assert("relay", Wrong, "closed");
    told.assert("udp", NotKnown, "relaysAway");
    told.assert("clock", NotKnown, "noneToCompare");
    assert_eq!(told.code, WRONG, "{:#?}", told.examination);

    patient.internet.link(0, Nat::EndpointIndependent, false);
    let told = Told::to(&patient.home);
    let relay = told.of("relay");
    // The router may say that there is no way, or say nothing.
    assert!(["silent", "noRoute"].contains(&&*relay.condition), "{relay:?}");
    assert_eq!(relay.verdict, Wrong);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_whose_certificate_is_not_trusted_is_named_for_that() {
    let Some(internet) = Internet::lay([Nat::EndpointIndependent, Nat::Open]) else { return };
    let relay = Relay::starts(&internet).await;
    let home = relay.user_with(&internet.people()[0], "");
    let (_daemon, _) = home.begin("Ana").await;
    let told = Told::to(&home);
    told.assert("relay", Wrong, "untrusted");
    assert!(told.of("relay").help.as_ref().unwrap().contains("relay_certificates"));
    // It answered, whoever it is.
    told.assert("udp", Fine, "open");
    assert_eq!(told.code, WRONG, "{:#?}", told.examination);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_has_us_not_on_its_list_is_named_for_that() {
    let Some(internet) = Internet::lay([Nat::EndpointIndependent, Nat::Open]) else { return };
    let list = tempfile::NamedTempFile::new().unwrap();
    let relay = Relay::starts_with(&internet, &["--allow", list.path().to_str().unwrap()]).await;
    let home = relay.user(&internet.people()[0]);
    let (daemon, _) = home.begin("Ana").await;
    until("the relay turns us away", PATIENCE, async || {
        let status = daemon.client.call::<SystemStatus>(Nothing {}).await.unwrap();
        status.relays.iter().any(|relay| relay.problem.is_some()).then_some(())
    })
    .await;
    let told = Told::to(&home);
    told.assert("relay", Wrong, "denied");
    told.assert("udp", Fine, "open");
    assert_eq!(told.code, WRONG, "{:#?}", told.examination);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_examined_without_a_daemon_is_what_a_daemon_would_find() {
    let Some(internet) = Internet::lay([Nat::AddressAndPortDependent, Nat::Open]) else { return };
    let relay = Relay::starts(&internet).await;
    let home = relay.user(&internet.people()[0]);
    let told = Told::to(&home);
    told.assert("node", Notable, "noAccount");
    told.assert("mapping", Notable, "addressAndPortDependent");
    told.assert("relay", Fine, "reached");
    assert!(!home.data_dir().exists(), "to look makes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_examination_sends_nothing_to_anybody_but_the_relay_and_our_own_router() {
    let Some(internet) = Internet::lay([Nat::EndpointIndependent, Nat::Open]) else { return };
    let relay = Relay::starts(&internet).await;
    let home = relay.user(&internet.people()[0]);
    let capture = Capture::in_namespace(&internet.people()[0]);
    let told = Told::to(&home);
    told.assert("mapping", Fine, "endpointIndependent");
    let sightings = capture.sightings();
    let sent = sightings.iter().filter(|seen| seen.protocol != ARP).map(|seen| seen.to);
    let inside: IpAddr = "192.168.1.10".parse().unwrap();
    // What comes back, and what the kernel says of itself on a link (multicast of IPv6).
    let is_ours = |to: &IpAddr| *to != inside && !to.is_multicast() && !to.is_ipv6();
    let sent: BTreeSet<IpAddr> = sent.filter(is_ours).collect();
    let may_be: BTreeSet<IpAddr> = [RELAY, "203.0.113.21"].map(|ip| ip.parse().unwrap()).into();
    assert!(sent.contains(&RELAY.parse().unwrap()), "{sightings:?}");
    assert!(sent.is_subset(&may_be), "{sightings:?}");
}

/// A small disk of its own, gone with the story.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None`: it can't be mounted here, and that was said.
    fn mounted() -> Option<Self> {
        let disk = Self(tempfile::TempDir::new().unwrap());
        if disk.mount(&["-t", "tmpfs", "-o", "size=4m", "tmpfs"]) {
            return Some(disk);
        }
        skipped("it takes root to mount a disk");
        None
    }

    fn mount(&self, arguments: &[&str]) -> bool {
        let mut mount = Command::new("mount");
        let mounted = mount.args(arguments).arg(self.0.path()).stderr(Stdio::null()).status();
        mounted.is_ok_and(|status| status.success())
    }

    /// Fills it to the last byte.
    fn fills(&self) {
        use std::io::Write as _;
        let mut file = std::fs::File::create(self.0.path().join("others")).unwrap();
        while file.write_all(&[1; 4_096]).is_ok() {}
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_full_or_not_to_be_written_is_told_where_no_node_can_be_run() {
    let Some(disk) = Disk::mounted() else { return };
    let home = Home::on_loopback().with_data_in(&disk.0.path().join("data"));
    let (daemon, _) = home.begin("Ana").await;
    assert_eq!(daemon.process.end(), 143);
    disk.fills();
    let told = Told::to(&home);
    told.assert("node", Wrong, "full");
    told.assert("disk", Wrong, "full");
    assert_eq!(told.code, WRONG);
    std::fs::remove_file(disk.0.path().join("others")).unwrap();
    assert!(disk.mount(&["-o", "remount,ro"]));
    let told = Told::to(&home);
    told.assert("node", Wrong, "notWritable");
    told.assert("disk", Wrong, "notWritable");
    assert_eq!(told.code, WRONG);
}
