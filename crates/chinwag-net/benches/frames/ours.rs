//! Two networks, connected. The far one's owner sends live frames of the length of an echo back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chinwag_core::input::Link;
use chinwag_core::ticket::Address;
use chinwag_net::{Lane, NetEvent, Network, Seed, Settings};
use tokio::sync::mpsc;

use crate::{PAGE, SHORT};

/// Bytes of a frame that carries when it was sent, and is not sent back.
const STAMP: usize = 16;

/// What the far owner tells the bench.
enum Told {
    /// How long a live frame took to get there.
    Live(Duration),
    /// So many bytes of bulk.
    Bulk(usize),
}

pub(crate) struct Ours {
    near: Arc<Network>,
    link: Link,
    events: mpsc::Receiver<NetEvent>,
    told: mpsc::UnboundedReceiver<Told>,
    begun: Instant,
}

impl Ours {
    pub(crate) async fn new() -> Self {
        let (near, mut events) = network(1).await;
        let (far, far_events) = network(2).await;
        let at = std::net::SocketAddr::new([127, 0, 0, 1].into(), far.port().unwrap());
        near.dial(far.device().unwrap(), &[Address::Direct(at)]);
        let link = loop {
            if let NetEvent::Connected { link, .. } = events.recv().await.unwrap() {
                break link;
            }
        };
        let begun = Instant::now();
        let (sender, told) = mpsc::unbounded_channel();
        tokio::spawn(own(far, far_events, sender, begun));
        Self { near: Arc::new(near), link, events, told, begun }
    }

    pub(crate) async fn echoes(&mut self, count: usize) -> Vec<Duration> {
        let mut each = Vec::with_capacity(count);
        for _ in 0..count {
            let started = Instant::now();
            self.near.send(self.link, Lane::Live, vec![7; SHORT]).unwrap();
            while !matches!(self.events.recv().await.unwrap(), NetEvent::Frame { .. }) {}
            each.push(started.elapsed());
        }
        each
    }

    pub(crate) async fn carry(&mut self, bytes: usize) -> Duration {
        let started = Instant::now();
        let (mut sent, mut carried) = (0, 0);
        while carried < bytes {
            // Half of what the queue takes: nobody who sends in earnest fills it.
            while sent < bytes && sent < carried + (32 << 20) {
                self.near.send(self.link, Lane::Bulk, vec![7; PAGE]).unwrap();
                sent += PAGE;
            }
            if let Told::Bulk(bytes) = self.told.recv().await.unwrap() {
                carried += bytes;
            }
        }
        started.elapsed()
    }

    pub(crate) async fn live(&mut self, count: usize) -> Vec<Duration> {
        let mut each = Vec::new();
        while each.len() < count {
            self.stamp();
            if let Told::Live(took) = self.told.recv().await.unwrap() {
                each.push(took);
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        each
    }

    /// A live frame every few milliseconds, for as long as it takes to carry so much bulk.
    pub(crate) async fn live_beside_bulk(&mut self, bytes: usize) -> Vec<Duration> {
        let (mut sent, mut carried, mut each) = (0, 0, Vec::new());
        let mut ticks = tokio::time::interval(Duration::from_millis(2));
        while carried < bytes {
            while sent < bytes && sent < carried + (32 << 20) {
                self.near.send(self.link, Lane::Bulk, vec![7; PAGE]).unwrap();
                sent += PAGE;
            }
            tokio::select! {
                _ = ticks.tick() => self.stamp(),
                told = self.told.recv() => match told.unwrap() {
                    Told::Live(took) => each.push(took),
                    Told::Bulk(bytes) => carried += bytes,
                },
            }
        }
        each
    }

    /// Sends the time.
    fn stamp(&self) {
        let stamp = self.begun.elapsed().as_nanos().to_be_bytes();
        self.near.send(self.link, Lane::Live, stamp.to_vec()).unwrap();
    }
}

async fn network(seed: u8) -> (Network, mpsc::Receiver<NetEvent>) {
    let (sender, events) = mpsc::channel(64);
    let bind = vec!["127.0.0.1:0".parse().unwrap()];
    let settings = Settings { bind, lan: false, ..Settings::new(Seed::new([seed; 32])) };
    (Network::start(settings, sender).await.unwrap(), events)
}

async fn own(
    far: Network,
    mut events: mpsc::Receiver<NetEvent>,
    told: mpsc::UnboundedSender<Told>,
    begun: Instant,
) {
    while let Some(event) = events.recv().await {
        let NetEvent::Frame { link, lane, bytes, .. } = event else { continue };
        let told = match (lane, bytes.len()) {
            (Lane::Bulk, len) => told.send(Told::Bulk(len)),
            (Lane::Live, STAMP) => {
                let sent = u128::from_be_bytes(*bytes.first_chunk().unwrap());
                let sent = Duration::from_nanos(u64::try_from(sent).unwrap());
                told.send(Told::Live(begun.elapsed().saturating_sub(sent)))
            }
            (Lane::Live, _) => {
                far.send(link, Lane::Live, bytes).unwrap();
                Ok(())
            }
        };
        if told.is_err() {
            return;
        }
    }
}
