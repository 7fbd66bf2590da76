//! What real daemons take: how soon a message is on the other disk, how many a second, how soon a daemon
//! with a long history answers, how soon two that were off have talked, and what one costs that only
//! waits.
//!
//! Not a statistics machine: each figure is the median of a few runs, printed with the middle half. What
//! stands beside a latency, two syncs and a round trip over UDP, is measured between the messages, so that
//! what else the machine does weighs on both.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a bench says what it expects")]

use std::fs::File;
use std::io::Write as _;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chinwag_api::client::Client;
use chinwag_api::method::{MessageSend, Nothing, SendMessage, SystemStatus};
use chinwag_api::model::MessageState;
use chinwag_lab::home::{Home, Running};
use chinwag_lab::talk::{introduce, until_agreed};
use chinwag_lab::{PATIENCE, until};
use tokio::task::JoinSet;

/// How much is measured; `--quick` for a tenth.
struct Amount {
    latencies: usize,
    burst: usize,
    history: usize,
    starts: usize,
    idle: Duration,
}

impl Amount {
    fn chosen() -> Self {
        let minute = Duration::from_mins(1);
        if std::env::args().any(|arg| arg == "--quick") {
            let idle = minute / 6;
            return Self { latencies: 50, burst: 2_000, history: 10_000, starts: 3, idle };
        }
        Self { latencies: 500, burst: 20_000, history: 100_000, starts: 9, idle: minute }
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(all(&Amount::chosen()));
}

async fn all(amount: &Amount) {
    let places = [("disk", on_disk()), ("tmpfs", PathBuf::from("/dev/shm"))];
    for (name, place) in places.iter().filter(|(_, place)| place.is_dir()) {
        let folder = tempfile::TempDir::new_in(place).unwrap();
        let homes = ["ana", "bob"].map(|who| home(&folder.path().join(who)));
        let [ana, bob] = met(&homes).await;
        latency(name, folder.path(), &ana, amount.latencies).await;
        throughput(name, [&ana, &bob], amount.burst).await;
        if *name == "disk" {
            idle(&ana, amount.idle).await;
        }
        assert_eq!([ana.process.end(), bob.process.end()], [143, 143]);
        meeting(name, &homes, amount.starts).await;
    }
    start(amount).await;
}

/// A folder on a real disk: that of the build, because the usual one for temporary files may be memory.
fn on_disk() -> PathBuf {
    let program = chinwag_lab::home::program();
    program.parent().expect("it is in a folder").to_owned()
}

fn home(data_dir: &Path) -> Home {
    Home::on_loopback().with_data_in(data_dir)
}

async fn met(homes: &[Home; 2]) -> [Running; 2] {
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    introduce((&ana.client, "Ana"), (&bob.client, "Bob")).await;
    [ana, bob]
}

fn sending(n: usize, wait_for: Option<MessageState>) -> SendMessage {
    SendMessage {
        to: "Bob".to_owned(),
        text: format!("{n:0>100}"),
        client_id: None,
        reply_to: None,
        wait_for,
        timeout_ms: Some(60_000),
    }
}

async fn delivered(client: &Client, n: usize) -> Duration {
    let begun = Instant::now();
    let params = sending(n, Some(MessageState::Delivered));
    let sent = client.call::<MessageSend>(params).await.unwrap();
    assert!(sent.state >= MessageState::Delivered);
    begun.elapsed()
}

/// From the request to the answer that it is on the other disk; beside it two syncs and a bare round trip.
async fn latency(name: &str, folder: &Path, ana: &Running, count: usize) {
    let (mut ours, mut syncs, mut trips) = (Vec::new(), Vec::new(), Vec::new());
    let mut file = File::create(folder.join("synced")).unwrap();
    let echo = Echo::start();
    for n in 0..count {
        ours.push(delivered(&ana.client, n).await);
        syncs.push(two_syncs(&mut file));
        trips.push(echo.round_trip());
    }
    println!("{name}: delivered, one after the other: {}", spread(&mut ours));
    println!("{name}:   two appends of 4 KiB with fdatasync: {}", spread(&mut syncs));
    println!("{name}:   a bare round trip over UDP: {}", spread(&mut trips));
}

fn two_syncs(file: &mut File) -> Duration {
    let begun = Instant::now();
    for _ in 0..2 {
        file.write_all(&[0x55; 4_096]).unwrap();
        file.sync_data().unwrap();
    }
    begun.elapsed()
}

/// Sends back what comes, on a thread of its own.
struct Echo {
    socket: UdpSocket,
}

impl Echo {
    fn start() -> Self {
        let there = UdpSocket::bind("127.0.0.1:0").unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.connect(there.local_addr().unwrap()).unwrap();
        std::thread::spawn(move || {
            let mut packet = [0; 256];
            while let Ok((len, from)) = there.recv_from(&mut packet) {
                // Whoever asked may have gone.
                let _ = there.send_to(&packet[..len], from);
            }
        });
        Self { socket }
    }

    fn round_trip(&self) -> Duration {
        let begun = Instant::now();
        self.socket.send(&[0x55; 100]).unwrap();
        self.socket.recv(&mut [0; 256]).unwrap();
        begun.elapsed()
    }
}

/// Messages of 100 bytes, 64 under way at once, each answered when it is on our disk; and until the last is
/// on the other.
async fn throughput(name: &str, [ana, bob]: [&Running; 2], count: usize) {
    let begun = Instant::now();
    let mut under_way = JoinSet::new();
    for n in 0..count {
        if under_way.len() == 64 {
            under_way.join_next().await.unwrap().unwrap();
        }
        let client = ana.client.clone();
        under_way.spawn(async move {
            client.call::<MessageSend>(sending(n, None)).await.unwrap();
        });
    }
    while let Some(sent) = under_way.join_next().await {
        sent.unwrap();
    }
    let kept = begun.elapsed();
    delivered(&ana.client, count).await;
    let arrived = begun.elapsed();
    until_agreed((&ana.client, "Ana"), (&bob.client, "Bob"), PATIENCE).await;
    let rate = |took: Duration| f64::from(u32::try_from(count).unwrap()) / took.as_secs_f64();
    println!(
        "{name}: {count} messages of 100 bytes, 64 at once: {:.0}/s kept, {:.0}/s delivered",
        rate(kept),
        rate(arrived)
    );
}

/// Two that were off: from their start to a message that is on the other disk.
async fn meeting(name: &str, homes: &[Home; 2], count: usize) {
    let mut took = Vec::new();
    for n in 0..count {
        let begun = Instant::now();
        let processes = [homes[0].start(), homes[1].start()];
        let (client, _events) = homes[0].connect().await;
        delivered(&client, n).await;
        took.push(begun.elapsed());
        for process in processes {
            assert_eq!(process.end(), 143);
        }
    }
    println!("{name}: two cold processes to the first delivered message: {}", spread(&mut took));
}

/// A daemon with a long history: from its start to its answer.
async fn start(amount: &Amount) {
    let folder = tempfile::TempDir::new_in(on_disk()).unwrap();
    let home = home(&folder.path().join("data"));
    let (running, _) = home.begin("Ana").await;
    let mut under_way = JoinSet::new();
    for n in 0..amount.history {
        if under_way.len() == 256 {
            under_way.join_next().await.unwrap().unwrap();
        }
        let client = running.client.clone();
        let note = SendMessage { to: "me".to_owned(), ..sending(n, None) };
        under_way.spawn(async move {
            client.call::<MessageSend>(note).await.unwrap();
        });
    }
    while let Some(sent) = under_way.join_next().await {
        sent.unwrap();
    }
    assert_eq!(running.process.end(), 143);
    let mut took = Vec::new();
    for _ in 0..amount.starts {
        let begun = Instant::now();
        let process = home.start();
        let (client, _events) = home.connect().await;
        client.call::<SystemStatus>(Nothing {}).await.unwrap();
        took.push(begun.elapsed());
        assert_eq!(process.end(), 143);
    }
    let messages = amount.history;
    println!("disk: start to answering status with {messages} messages: {}", spread(&mut took));
}

/// A daemon with one connected contact that nobody asks anything: its memory, and how often it wakes.
async fn idle(running: &Running, time: Duration) {
    let client = &running.client;
    until("nothing undelivered", PATIENCE, async || {
        let status = client.call::<SystemStatus>(Nothing {}).await.ok()?;
        (status.undelivered == 0).then_some(())
    })
    .await;
    // What is left to tidy after the last message.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = wake_ups(running.process.id());
    tokio::time::sleep(time).await;
    let woken = wake_ups(running.process.id()) - before;
    let rss = running.process.status("VmRSS").unwrap();
    let each = f64::from(u32::try_from(woken).unwrap()) / time.as_secs_f64();
    println!("idle with one contact: {rss} KiB resident, {each:.2} wake-ups/s over {time:?}");
}

/// How often all threads of a process went to sleep by themselves, which is how often they were woken.
fn wake_ups(process: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let of = |thread: std::io::Result<std::fs::DirEntry>| {
        let status = std::fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
        let line = status.lines().find_map(|l| l.strip_prefix("voluntary_ctxt_switches:"))?;
        line.trim().parse::<u64>().ok()
    };
    threads.filter_map(of).sum()
}

/// The median, and the middle half.
fn spread(took: &mut [Duration]) -> String {
    took.sort_unstable();
    let at = |part: usize| took[(took.len() - 1) * part / 4].as_secs_f64() * 1_000.0;
    format!("{:.2} ms ({:.2}–{:.2})", at(2), at(1), at(3))
}
