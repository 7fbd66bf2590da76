//! Something is in the way of a message: `why` names it. Each story puts one thing in the way and reads
//! the word for it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use chinwag_api::client::Client;
use chinwag_api::method::{
    AccountRestore, BackupCreate, ContactBlock, CreateBackup, DeviceRevoke, InviteList,
    InviteRevoke, Nothing, OneContact, OneDevice, OneInvite, RestoreAccount,
};
use chinwag_api::model::MessageState;
use chinwag_lab::cable::{Cable, INTERFACE};
use chinwag_lab::home::{Home, Process, Running};
use chinwag_lab::talk::{
    add, deliver, introduce, peers, reasons, say, ticket, until_connected, until_contact, why,
};
use chinwag_lab::{PATIENCE, until};
use rustix::process::Signal;

/// How long a device may be gone before it has to be noticed.
const NOTICED_WITHIN: Duration = Duration::from_secs(15);

/// An attempt that fails may take ten seconds, and the one before it as well.
const NAMED_WITHIN: Duration = Duration::from_secs(90);

/// Waits until this is the reason for which a message waits, and gives the sentence.
async fn until_because(client: &Client, id: &str, reason: &str) -> String {
    let mut last = Vec::new();
    let named = async {
        loop {
            let why = why(client, id).await;
            if let Some(device) = why.devices.iter().find(|d| d.reason.as_deref() == Some(reason)) {
                return device.text.clone();
            }
            last.clone_from(&why.devices);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let named = tokio::time::timeout(NAMED_WITHIN, named).await;
    let text = named.unwrap_or_else(|_| panic!("waited in vain for {reason}: {last:#?}"));
    eprintln!("{reason}: {text}");
    text
}

/// Waits until this is why somebody whose ticket was used can't be reached.
async fn until_peer_because(client: &Client, reason: &str) {
    until(reason, NAMED_WITHIN, async || {
        let failures = peers(client).await.into_iter().filter_map(|peer| peer.last_failure);
        failures.map(|failure| failure.reason).find(|found| found == reason)
    })
    .await;
}

async fn two(homes: &[Home; 2]) -> [Running; 2] {
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    introduce((&ana.client, "Ana"), (&bob.client, "Bob")).await;
    deliver(&ana.client, "Bob", "before anything was in the way").await;
    [ana, bob]
}

fn on_loopback() -> [Home; 2] {
    [(); 2].map(|()| Home::on_loopback())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_daemon_does_not_run() {
    let homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    assert_eq!(bob.process.end(), 143);
    let sent = say(&ana.client, "Bob", "are you there?").await;
    let text = until_because(&ana.client, &sent.id, "nobodyListens").await;
    assert!(text.contains("the machine is there") && text.contains("127.0.0.1:"), "{text}");
    assert_eq!(why(&ana.client, &sent.id).await.message.state, Some(MessageState::Saved));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_listens_at_another_port_now() {
    let mut homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    assert_eq!(bob.process.end(), 143);
    // Bob comes back somewhere else, and can't say so, because Ana's port is another as well.
    assert_eq!(ana.process.end(), 143);
    for home in &mut homes {
        std::fs::remove_file(home.data_dir().join("port")).unwrap();
    }
    let bob = homes[1].run().await;
    let ana = homes[0].run().await;
    let sent = say(&ana.client, "Bob", "where are you?").await;
    until_because(&ana.client, &sent.id, "nobodyListens").await;
    drop(bob);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_other_device_is_stopped() {
    let homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    bob.process.signal(Signal::STOP);
    let sent = say(&ana.client, "Bob", "wake up").await;
    until_connected(&ana.client, "Bob", false, NOTICED_WITHIN).await;
    let text = until_because(&ana.client, &sent.id, "nobodyAnswers").await;
    assert!(text.contains("off or asleep"), "{text}");
    assert!(why(&ana.client, &sent.id).await.message.state < Some(MessageState::Delivered));
    // And when it goes on, so does the message.
    bob.process.signal(Signal::CONT);
    until("delivered", PATIENCE * 2, async || {
        let state = why(&ana.client, &sent.id).await.message.state;
        (state >= Some(MessageState::Delivered)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_blocked_us() {
    let homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    bob.client.call::<ContactBlock>(OneContact { contact: "Ana".to_owned() }).await.unwrap();
    until_connected(&ana.client, "Bob", false, PATIENCE).await;
    let sent = say(&ana.client, "Bob", "hello?").await;
    let text = until_because(&ana.client, &sent.id, "notWelcome").await;
    assert!(text.contains("blocked"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_blocked_them() {
    let homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    assert_eq!(bob.process.end(), 143);
    let sent = say(&ana.client, "Bob", "before I blocked you").await;
    ana.client.call::<ContactBlock>(OneContact { contact: "Bob".to_owned() }).await.unwrap();
    until_because(&ana.client, &sent.id, "blocked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn their_only_device_was_taken_off_their_account() {
    let homes = on_loopback();
    let (ana, _) = homes[0].begin("Ana").await;
    let (bob, words) = homes[1].begin("Bob").await;
    introduce((&ana.client, "Ana"), (&bob.client, "Bob")).await;
    let lost = peers(&ana.client).await[0].device.clone();
    // Bob has lost the laptop. Another device of his takes it off the account, knows whom to tell from
    // nobody but Ana's new ticket, and is gone again.
    assert_eq!(bob.process.end(), 143);
    let phone = Home::on_loopback();
    let other = phone.run().await;
    let restore = RestoreAccount { words, device_name: Some("phone".to_owned()) };
    other.client.call::<AccountRestore>(restore).await.unwrap();
    add(&other.client, &ticket(&ana.client).await).await;
    until_contact(&other.client, "Ana").await;
    let revoke = OneDevice { device: lost.clone() };
    until("the laptop is known", PATIENCE, async || {
        other.client.call::<DeviceRevoke>(revoke.clone()).await.ok()
    })
    .await;
    until("Ana knows that it is off", PATIENCE, async || {
        peers(&ana.client).await.iter().all(|peer| peer.device != lost).then_some(())
    })
    .await;
    let sent = deliver(&ana.client, "Bob", "to the phone").await;
    let devices = why(&ana.client, &sent.id).await.devices;
    assert!(devices.iter().all(|device| device.device != lost), "{devices:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_device_answers_at_the_address() {
    let homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    assert_eq!(bob.process.end(), 143);
    let port = std::fs::read_to_string(homes[1].data_dir().join("port")).unwrap();
    let stranger = Home::on_loopback().with("CHINWAG_BIND", &format!("127.0.0.1:{}", port.trim()));
    let (_stranger, _) = stranger.begin("Eve").await;
    let sent = say(&ana.client, "Bob", "is that you?").await;
    until_because(&ana.client, &sent.id, "wrongDevice").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn we_can_not_listen() {
    let mut homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    drop(bob);
    assert_eq!(ana.process.end(), 143);
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    homes[0].set("CHINWAG_BIND", &taken.local_addr().unwrap().to_string());
    // Who is there to be reached ends at once; a command has more to do than that, and goes on.
    assert_eq!(homes[0].start().ends_within(PATIENCE), Some(8));
    let _listening = Process::starting(&mut homes[0].command(&["listen", "--jsonl"]));
    let (client, _events) = homes[0].connect().await;
    let sent = say(&client, "Bob", "we are deaf").await;
    let text = until_because(&client, &sent.id, "notListening").await;
    assert!(text.contains("cannot listen"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ticket_was_taken_back() {
    let homes = on_loopback();
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    let line = ticket(&ana.client).await;
    let invites = ana.client.call::<InviteList>(Nothing {}).await.unwrap();
    let revoke = OneInvite { invite: invites[0].id.clone() };
    ana.client.call::<InviteRevoke>(revoke).await.unwrap();
    add(&bob.client, &line).await;
    until_peer_because(&bob.client, "notWelcome").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ticket_was_used_by_somebody_else() {
    let homes = on_loopback();
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    let line = ticket(&ana.client).await;
    add(&bob.client, &line).await;
    until_contact(&bob.client, "Ana").await;
    let third = Home::on_loopback();
    let (eve, _) = third.begin("Eve").await;
    add(&eve.client, &line).await;
    until_peer_because(&eve.client, "notWelcome").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_way_to_their_address() {
    let Some(cable) = Cable::lay() else { return };
    let homes = cable.ends().map(|end| Home::in_namespace(end).with("CHINWAG_NO_LAN", "1"));
    let [ana, _bob] = two(&homes).await;
    cable.ip(0, &["link", "set", INTERFACE, "down"]);
    until_connected(&ana.client, "Bob", false, NOTICED_WITHIN).await;
    let sent = say(&ana.client, "Bob", "the cable is out").await;
    until_because(&ana.client, &sent.id, "noRoute").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn their_machine_is_not_there() {
    let Some(cable) = Cable::lay() else { return };
    let homes = cable.ends().map(|end| Home::in_namespace(end).with("CHINWAG_NO_LAN", "1"));
    let [ana, _bob] = two(&homes).await;
    cable.ip(1, &["addr", "flush", "dev", INTERFACE]);
    until_connected(&ana.client, "Bob", false, NOTICED_WITHIN).await;
    let sent = say(&ana.client, "Bob", "your machine is off").await;
    let text = until_because(&ana.client, &sent.id, "nobodyAnswers").await;
    assert!(text.contains("that device is off"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn something_in_between_lets_nothing_through() {
    let Some(cable) = Cable::lay() else { return };
    let homes = cable.ends().map(|end| Home::in_namespace(end).with("CHINWAG_NO_LAN", "1"));
    let [ana, _bob] = two(&homes).await;
    // What comes back is thrown away without a word.
    cable.ip(1, &["route", "add", "blackhole", "10.99.0.1/32"]);
    until_connected(&ana.client, "Bob", false, NOTICED_WITHIN).await;
    let sent = say(&ana.client, "Bob", "into the void").await;
    let text = until_because(&ana.client, &sent.id, "nobodyAnswers").await;
    assert!(text.contains("lets nothing through"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_address_of_theirs_is_known() {
    let Some(cable) = Cable::lay() else { return };
    // A namespace without an interface that is up: the ticket has nothing to say of where.
    cable.ip(0, &["link", "set", INTERFACE, "down"]);
    cable.ip(0, &["link", "set", "lo", "down"]);
    let homes = cable.ends().map(|end| Home::in_namespace(end).with("CHINWAG_NO_LAN", "1"));
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    add(&bob.client, &ticket(&ana.client).await).await;
    until_peer_because(&bob.client, "noAddress").await;
}

/// The clock of a program, so many seconds ahead: what the C library is asked for, and Rust's with it.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long ahead(void) {
    const char *seconds = getenv("CLOCK_AHEAD_S");
    return seconds ? atol(seconds) : 0;
}

int clock_gettime(clockid_t id, struct timespec *at) {
    int failed = syscall(SYS_clock_gettime, id, at);
    if (!failed && id == CLOCK_REALTIME) at->tv_sec += ahead();
    return failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    int failed = syscall(SYS_gettimeofday, at, zone);
    if (!failed) at->tv_sec += ahead();
    return failed;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"#;

/// How far a wrong clock is ahead: longer than a certificate lasts.
const AHEAD: Duration = Duration::from_hours(400 * 24);

/// Whatever this person runs from now on has a clock that is wrong.
fn set_clock_ahead(home: &mut Home) {
    let (source, library) = (home.folder().join("clock.c"), home.folder().join("clock.so"));
    std::fs::write(&source, CLOCK).unwrap();
    // There is a compiler where this program was linked.
    let mut cc = Command::new("cc");
    let made = cc.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status().unwrap();
    assert!(made.success());
    home.set("LD_PRELOAD", library.to_str().unwrap());
    home.set("CLOCK_AHEAD_S", &AHEAD.as_secs().to_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_clock_is_wrong() {
    let mut homes = on_loopback();
    let [ana, _bob] = two(&homes).await;
    assert_eq!(ana.process.end(), 143);
    set_clock_ahead(&mut homes[0]);
    let ana = homes[0].run().await;
    let sent = say(&ana.client, "Bob", "what day is it?").await;
    let text = until_because(&ana.client, &sent.id, "expired").await;
    assert!(text.contains("a clock is wrong"), "{text}");
    assert!(why(&ana.client, &sent.id).await.message.state < Some(MessageState::Delivered));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn their_clock_is_wrong() {
    let mut homes = on_loopback();
    let [ana, bob] = two(&homes).await;
    assert_eq!(bob.process.end(), 143);
    set_clock_ahead(&mut homes[1]);
    let _bob = homes[1].run().await;
    let sent = say(&ana.client, "Bob", "what day is it there?").await;
    let text = until_because(&ana.client, &sent.id, "notCertified").await;
    assert!(text.contains("clock"), "{text}");
    assert!(why(&ana.client, &sent.id).await.message.state < Some(MessageState::Delivered));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_of_their_devices_counts_any_more_and_of_each_is_said_why() {
    let mut homes = on_loopback();
    let (ana, _) = homes[0].begin("Ana").await;
    let (bob, words) = homes[1].begin("Bob").await;
    introduce((&ana.client, "Ana"), (&bob.client, "Bob")).await;
    let of_bob = async |client: &Client| {
        let all = peers(client).await.into_iter().filter(|peer| peer.name == "Bob");
        all.map(|peer| peer.device).collect::<Vec<_>>()
    };
    // The laptop goes on as another device: a backup of it that was restored.
    let laptop = of_bob(&ana.client).await.remove(0);
    let backup = homes[1].folder().join("backup").to_str().unwrap().to_owned();
    bob.client.call::<BackupCreate>(CreateBackup { path: backup.clone() }).await.unwrap();
    assert_eq!(bob.process.end(), 143);
    let copy = Home::on_loopback();
    let mut restore = copy.command(&["restore", &backup]);
    let mut restore = restore.stdin(Stdio::piped()).spawn().unwrap();
    let typed = words.0.join(" ");
    std::io::Write::write_all(&mut restore.stdin.take().unwrap(), typed.as_bytes()).unwrap();
    assert!(restore.wait().unwrap().success());
    let copy = copy.run().await;
    let goes_on_as = until("the laptop is retired", PATIENCE, async || {
        let devices = of_bob(&ana.client).await;
        devices.first().filter(|_| !devices.contains(&laptop)).cloned()
    })
    .await;
    // That one is lost, and a phone takes it off the account.
    assert_eq!(copy.process.end(), 143);
    let phone = Home::on_loopback();
    let phone = phone.run().await;
    let restore = RestoreAccount { words, device_name: Some("phone".to_owned()) };
    phone.client.call::<AccountRestore>(restore).await.unwrap();
    add(&phone.client, &ticket(&ana.client).await).await;
    until_contact(&phone.client, "Ana").await;
    until("it is known on the phone", PATIENCE, async || {
        let revoke = OneDevice { device: goes_on_as.clone() };
        phone.client.call::<DeviceRevoke>(revoke).await.ok()
    })
    .await;
    until("only the phone is left", PATIENCE, async || {
        let devices = of_bob(&ana.client).await;
        (devices.len() == 1 && !devices.contains(&goes_on_as)).then_some(())
    })
    .await;
    // And the phone was not used for more than a year, as far as Ana's clock can tell.
    assert_eq!(ana.process.end(), 143);
    set_clock_ahead(&mut homes[0]);
    let ana = homes[0].run().await;
    let sent = say(&ana.client, "Bob", "is anybody left?").await;
    let why = why(&ana.client, &sent.id).await;
    let reason_of = |is_it: &dyn Fn(&str) -> bool| {
        let device = why.devices.iter().find(|device| is_it(&device.device));
        device.and_then(|device| device.reason.clone()).unwrap_or_default()
    };
    assert_eq!(reason_of(&|device| device == laptop), "retired", "{why:#?}");
    assert_eq!(reason_of(&|device| device == goes_on_as), "revoked", "{why:#?}");
    let is_phone = |device: &str| device != laptop && device != goes_on_as;
    assert_eq!(reason_of(&is_phone), "expired", "{why:#?}");
    assert_eq!(why.devices.len(), 3, "{why:#?}");
    assert!(why.text.iter().any(|line| line.contains("nobody can receive it")), "{why:#?}");
}

/// A file system of a few megabytes.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<Self> {
        let folder = tempfile::TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        let must = std::env::var_os("CI").is_some() && chinwag_lab::is_root();
        assert!(!must, "no small disk can be mounted, and in CI as root it has to");
        chinwag_lab::skipped("it takes root to mount a small disk");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn their_disk_is_full() {
    let Some(disk) = SmallDisk::mount(8) else { return };
    let homes = [Home::on_loopback(), Home::on_loopback().with_data_in(&disk.path().join("data"))];
    let [ana, bob] = two(&homes).await;
    // Something else fills it.
    let ballast = disk.path().join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    while std::io::Write::write_all(&mut file, &[0x55; 4_096]).is_ok() {}
    let long = "x".repeat(60_000);
    let sent = say(&ana.client, "Bob", &long).await;
    until_because(&ana.client, &sent.id, "cannotKeep").await;
    assert!(why(&ana.client, &sent.id).await.message.state < Some(MessageState::Delivered));
    // Bob is told so, whether his data is open at the moment or not.
    let status =
        homes[1].command(&["status"]).stdout(Stdio::piped()).stderr(Stdio::piped()).output();
    let status = status.unwrap();
    let said = [status.stdout, status.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    eprintln!("status: {said}");
    assert!(matches!(status.status.code(), Some(0 | 7)), "{:?}: {said}", status.status);
    assert!(said.contains("disk is full"), "{said}");
    // With room again, what waited arrives.
    drop(file);
    std::fs::remove_file(ballast).unwrap();
    until("delivered", PATIENCE, async || {
        let why = why(&ana.client, &sent.id).await;
        (why.message.state >= Some(MessageState::Delivered)).then_some(())
    })
    .await;
    assert!(reasons(&ana.client, &sent.id).await.is_empty());
    drop(bob);
}
