//! Bad weather: disks that are full or broken, two processes for one folder, signals in the middle of
//! everything, and strangers in great numbers. Nothing that was confirmed is lost, and everything else is
//! said.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use chinwag_api::client::{CallError, Client};
use chinwag_api::method::{
    CreateInvite, InviteCreate, MessageSend, Nothing, SendMessage, SystemStatus,
};
use chinwag_api::model::MessageState;
use chinwag_lab::PATIENCE;
use chinwag_lab::home::{Home, Running};
use chinwag_lab::talk::{
    add, deliver, history, introduce, say, until_agreed, until_connected, until_contact, why,
};
use rustix::process::Signal;
use tokio::task::JoinSet;

/// How long a device may be gone before it has to be noticed.
const NOTICED_WITHIN: Duration = Duration::from_secs(15);

async fn two() -> ([Home; 2], [Running; 2]) {
    let homes = [(); 2].map(|()| Home::on_loopback());
    let [(ana, _), (bob, _)] = [homes[0].begin("Ana").await, homes[1].begin("Bob").await];
    introduce((&ana.client, "Ana"), (&bob.client, "Bob")).await;
    (homes, [ana, bob])
}

fn sending(to: &str, text: String) -> SendMessage {
    let (client_id, to) = (Some(text.clone()), to.to_owned());
    SendMessage {
        to,
        text,
        client_id,
        reply_to: None,
        wait_for: None,
        timeout_ms: None,
        require_verified: false,
    }
}

/// What a command that can't be done says, and how it ends.
fn fails(home: &Home, args: &[&str]) -> (i32, String) {
    let mut command = home.command(args);
    let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().expect("it ends by itself"), error)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_vanishes_is_noticed_and_nothing_is_called_delivered_meanwhile() {
    for signal in [Signal::STOP, Signal::KILL] {
        let (_homes, [ana, bob]) = two().await;
        deliver(&ana.client, "Bob", "you are there").await;
        bob.process.signal(signal);
        let vanished = Instant::now();
        let sent = say(&ana.client, "Bob", "and now?").await;
        let watching = async {
            loop {
                let state = why(&ana.client, &sent.id).await.message.state.unwrap();
                assert!(state < MessageState::Delivered, "{signal:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = until_connected(&ana.client, "Bob", false, NOTICED_WITHIN) => {}
            () = watching => {}
        }
        eprintln!("{signal:?}: noticed after {:?}", vanished.elapsed());
        let state = why(&ana.client, &sent.id).await.message.state.unwrap();
        assert!(state < MessageState::Delivered, "{signal:?}: {state:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_asked_to_end_while_writing_keeps_what_was_confirmed() {
    let (homes, [ana, bob]) = two().await;
    let mut sends = JoinSet::new();
    for n in 0..2_000 {
        let client = ana.client.clone();
        sends.spawn(async move {
            (n, client.call::<MessageSend>(sending("Bob", format!("number {n}"))).await)
        });
    }
    let mut confirmed = Vec::new();
    let mut process = Some(ana.process);
    while let Some(sent) = sends.join_next().await {
        match sent.unwrap() {
            (_, Ok(sent)) => confirmed.push(sent.id),
            (_, Err(CallError::Gone | CallError::Api(_))) => {}
            (n, Err(other)) => panic!("{n}: {other}"),
        }
        if confirmed.len() == 200
            && let Some(process) = &process
        {
            process.signal(Signal::TERM);
        }
    }
    assert_eq!(process.as_mut().unwrap().ends_within(PATIENCE), Some(143));
    drop(process.take());
    assert!(confirmed.len() >= 200, "{}", confirmed.len());
    let ana = homes[0].run().await;
    until_agreed((&ana.client, "Ana"), (&bob.client, "Bob"), PATIENCE).await;
    let there: Vec<String> = history(&bob.client, "Ana").await.into_iter().map(|m| m.id).collect();
    for id in &confirmed {
        assert!(there.contains(id), "{id} was confirmed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_is_told_and_changes_nothing() {
    let (homes, [ana, bob]) = two().await;
    deliver(&ana.client, "Bob", "one").await;
    let (code, error) = fails(&homes[0], &["daemon"]);
    assert_eq!(code, 8, "{error}");
    assert!(error.contains("in use by another process"), "{error}");
    // The first one was not disturbed: neither its socket nor its data.
    let client = homes[0].connect().await.0;
    deliver(&client, "Bob", "two").await;
    assert_eq!(history(&bob.client, "Ana").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_database_is_called_so_and_left_as_it_is() {
    let home = Home::on_loopback();
    let (ana, _) = home.begin("Ana").await;
    assert_eq!(ana.process.end(), 143);
    let database = home.data_dir().join("chinwag.db");
    let mut bytes = std::fs::read(&database).unwrap();
    for byte in bytes.iter_mut().skip(100).take(8_000) {
        *byte ^= 0x5a;
    }
    std::fs::write(&database, &bytes).unwrap();
    let (code, error) = fails(&home, &["daemon"]);
    assert_eq!(code, 1, "{error}");
    assert!(error.contains("damaged") && error.contains("restore a backup"), "{error}");
    assert_eq!(std::fs::read(&database).unwrap(), bytes, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_can_not_be_written_is_named() {
    let home = Home::on_loopback();
    let read_only = home.folder().join("sealed");
    std::fs::create_dir(&read_only).unwrap();
    // Root may write everywhere: a file where the folder should be stops even root.
    let home = if chinwag_lab::is_root() {
        std::fs::write(read_only.join("data"), b"a file").unwrap();
        home.with_data_in(&read_only.join("data").join("data"))
    } else {
        std::fs::set_permissions(&read_only, std::fs::Permissions::from_mode(0o500)).unwrap();
        home.with_data_in(&read_only.join("data"))
    };
    let (code, error) = fails(&home, &["daemon"]);
    assert!((1..=4).contains(&code), "{code}: {error}");
    assert!(error.contains("sealed") && error.contains("make the folder"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_packets_and_of_half_connections_keeps_nobody_from_talking() {
    let (homes, [ana, bob]) = two().await;
    let port = std::fs::read_to_string(homes[0].data_dir().join("port")).unwrap();
    let to = format!("127.0.0.1:{}", port.trim());
    let begun = ana.process.status("VmRSS").unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stops = std::sync::Arc::clone(&is_over);
    let flood = std::thread::spawn(move || {
        let mut count = 0_u64;
        let mut packet = vec![0; 1_200];
        while !stops.load(std::sync::atomic::Ordering::Relaxed) {
            // The first packet of a QUIC connection, as far as its header goes, of a new one each time;
            // and every third is nothing at all.
            count += 1;
            packet[0] = if count.is_multiple_of(3) { 0x13 } else { 0xc3 };
            packet[1..5].copy_from_slice(&1_u32.to_be_bytes());
            packet[5] = 8;
            packet[6..14].copy_from_slice(&count.to_be_bytes());
            let _ = socket.send_to(&packet, &to);
            if count.is_multiple_of(64) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        count
    });
    for n in 0..50 {
        deliver(&bob.client, "Ana", &format!("in the flood {n}")).await;
    }
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    let count = flood.join().unwrap();
    let grown = ana.process.status("VmRSS").unwrap().saturating_sub(begun);
    eprintln!("{count} packets, {grown} KiB more");
    assert!(count > 1_000, "{count}");
    assert!(grown < 64 * 1_024, "{grown} KiB more after {count} packets");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_strangers_with_tickets_that_are_worth_nothing_keep_nobody_from_talking() {
    const STRANGERS: usize = 12;
    let (_homes, [ana, bob]) = two().await;
    let worthless = worthless_ticket(&ana.client).await;
    let mut strangers = Vec::new();
    for n in 0..STRANGERS {
        let home = Home::on_loopback();
        let (running, _) = home.begin(&format!("Stranger{n}")).await;
        add(&running.client, &worthless).await;
        strangers.push((home, running));
    }
    for n in 0..20 {
        deliver(&bob.client, "Ana", &format!("among strangers {n}")).await;
    }
    let status = ana.client.call::<SystemStatus>(Nothing {}).await.unwrap();
    assert_eq!((status.contacts, status.requests), (1, 0), "{status:?}");
    // And whoever brings a good one is let in.
    let good = ana.client.call::<InviteCreate>(CreateInvite::default()).await.unwrap();
    let (home, carol) = (Home::on_loopback(), "Carol");
    let (running, _) = home.begin(carol).await;
    add(&running.client, &good.ticket).await;
    until_contact(&ana.client, carol).await;
}

/// A ticket that was taken back.
async fn worthless_ticket(client: &Client) -> String {
    let made = client.call::<InviteCreate>(CreateInvite::default()).await.unwrap();
    let revoke = chinwag_api::method::OneInvite { invite: made.invite };
    client.call::<chinwag_api::method::InviteRevoke>(revoke).await.unwrap();
    made.ticket
}
