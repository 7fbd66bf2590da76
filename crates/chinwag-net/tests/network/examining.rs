//! The way to a relay on loopback, examined step by step.

use std::net::TcpListener;
use std::time::Duration;

use chinwag_net::{ExaminedRelay, Relays, UdpFault, examine};
use chinwag_net::{RelayFault, limits};

use crate::relays::Relay;

/// What is found of the only relay.
async fn examined(relays: Relays) -> ExaminedRelay {
    let mut found = examine(&relays, &[]).await;
    assert_eq!(found.relays.len(), 1);
    found.relays.remove(0)
}

#[tokio::test]
async fn a_relay_that_is_there_says_what_time_it_is_and_at_two_ports_from_where_it_sees_us() {
    let relay = Relay::new().await;
    let found = examined(relay.relays()).await;
    assert_eq!(found.url, relay.name());
    assert!(found.tcp.as_ref().unwrap().date.is_some(), "{found:?}");
    assert_eq!(found.udp.len(), 2);
    assert_ne!(found.udp[0].at, found.udp[1].at);
    let seen = found.udp[0].seen.as_ref().unwrap();
    assert!(seen.ip().is_loopback());
    assert_eq!(found.udp[1].seen.as_ref(), Ok(seen), "nothing is in between: it is one socket");
}

#[tokio::test]
async fn a_relay_that_nobody_vouches_for_is_told_from_one_that_is_not_there() {
    let relay = Relay::new().await;
    let found = examined(relay.relays_without_certificate()).await;
    assert_eq!(found.tcp, Err(RelayFault::Untrusted));
    // It is not taken at its word, but it answered.
    let answered = |udp: &chinwag_net::OverUdp| matches!(udp.seen, Err(UdpFault::Answered(_)));
    assert!(found.udp.iter().all(answered), "{found:?}");
    let relays = relay.relays();
    relay.stop().await;
    let found = examined(relays).await;
    assert_eq!(found.tcp, Err(RelayFault::Closed));
    assert!(found.udp.iter().all(|udp| udp.seen == Err(UdpFault::Silent)), "{found:?}");
}

#[tokio::test]
async fn who_speaks_something_else_and_who_says_nothing_are_told_apart() {
    let relays = |listener: &TcpListener| {
        let name = format!("https://{}", listener.local_addr().unwrap());
        Relays::new(vec![name.parse().unwrap()]).unwrap()
    };
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let begin = std::time::Instant::now();
    let found = examined(relays(&silent)).await;
    assert_eq!(found.tcp, Err(RelayFault::Silent));
    assert!(begin.elapsed() < 4 * limits::EXAMINED_STEP_WITHIN + Duration::from_secs(5));

    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let relays = relays(&other);
    let speaking = std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = other.accept().unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").unwrap();
        // Until the other side has had enough.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let found = examined(relays).await;
    assert!(matches!(found.tcp, Err(RelayFault::Tls(_))), "{found:?}");
    speaking.join().unwrap();
}
