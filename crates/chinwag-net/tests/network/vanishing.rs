//! A peer that is gone without a word is noticed in time.

use std::time::{Duration, Instant};

use chinwag_net::Ended;

use crate::harness::{PATIENCE, Peer};
use crate::process::{Process, at_port, from_hex};

/// What is promised.
const NOTICED_WITHIN: Duration = Duration::from_secs(15);

async fn is_noticed(seed: u8, signal: &str) {
    let process = Process::start(seed + 1, None);
    let device = from_hex(&process.says("device ", PATIENCE).unwrap());
    let port = process.says("port ", PATIENCE).unwrap();
    let mut peer = Peer::new(seed).await;
    peer.network.dial(device, &[at_port(&port)]);
    assert_eq!(peer.connected().await.1, device);
    assert!(process.says("connected ", PATIENCE).is_some());
    // A quiet connection is the slowest to tell.
    tokio::time::sleep(Duration::from_secs(1)).await;
    process.signal(signal);
    let gone = Instant::now();
    assert_eq!(peer.disconnected().await.1, Ended::Vanished);
    let took = gone.elapsed();
    eprintln!("{signal}: noticed after {took:?}");
    assert!(took < NOTICED_WITHIN, "{took:?}");
}

#[tokio::test]
async fn a_process_that_stands_still_or_is_killed_is_noticed_within_15_seconds() {
    tokio::join!(is_noticed(1, "-STOP"), is_noticed(3, "-KILL"));
}
