//! The limit: iroh's streams with nothing of ours but the handshake.

use std::sync::Arc;
use std::time::{Duration, Instant};

use iroh::endpoint::{Connection, presets};
use iroh::{Endpoint, EndpointAddr, TransportAddr};
use rustls::crypto::{CryptoProvider, aws_lc_rs};

use crate::{PAGE, SHORT};

const ALPN: &[u8] = b"bare";

/// Two endpoints, connected. The far one sends back what it reads on a stream of two directions, and
/// confirms the end of one that has one.
pub(crate) struct Bare {
    near: Connection,
    _endpoints: [Endpoint; 2],
}

impl Bare {
    pub(crate) async fn new() -> Self {
        let (near, far) = (endpoint().await, endpoint().await);
        let at = far.bound_sockets().into_iter().map(TransportAddr::Ip);
        let address = EndpointAddr::from_parts(far.id(), at);
        let accepting = tokio::spawn({
            let far = far.clone();
            async move { far.accept().await.unwrap().await.unwrap() }
        });
        let connection = near.connect(address, ALPN).await.unwrap();
        let accepted = accepting.await.unwrap();
        tokio::spawn(answer(accepted.clone()));
        tokio::spawn(swallow(accepted));
        Self { near: connection, _endpoints: [near, far] }
    }

    pub(crate) async fn echoes(&self, count: usize) -> Vec<Duration> {
        let (mut send, mut receive) = self.near.open_bi().await.unwrap();
        let mut frame = [7; SHORT];
        let mut each = Vec::with_capacity(count);
        for _ in 0..count {
            let started = Instant::now();
            send.write_all(&frame).await.unwrap();
            receive.read_exact(&mut frame).await.unwrap();
            each.push(started.elapsed());
        }
        send.finish().unwrap();
        each
    }

    pub(crate) async fn carry(&self, bytes: usize) -> Duration {
        let started = Instant::now();
        let mut stream = self.near.open_uni().await.unwrap();
        let page = vec![7; PAGE];
        for _ in 0..bytes / PAGE {
            stream.write_all(&page).await.unwrap();
        }
        stream.finish().unwrap();
        // The far side says that it has read everything.
        let mut end = self.near.accept_uni().await.unwrap();
        assert_eq!(end.read_to_end(1).await.unwrap(), [1]);
        started.elapsed()
    }
}

async fn endpoint() -> Endpoint {
    let provider = CryptoProvider {
        kx_groups: vec![aws_lc_rs::kx_group::X25519MLKEM768],
        ..aws_lc_rs::default_provider()
    };
    Endpoint::builder(presets::Minimal)
        .crypto_provider(Arc::new(provider))
        .alpns(vec![ALPN.to_vec()])
        .clear_ip_transports()
        .bind_addr("127.0.0.1:0")
        .unwrap()
        .bind()
        .await
        .unwrap()
}

async fn answer(connection: Connection) {
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        let mut frame = [0; SHORT];
        while receive.read_exact(&mut frame).await.is_ok() {
            send.write_all(&frame).await.unwrap();
        }
    }
}

async fn swallow(connection: Connection) {
    while let Ok(mut stream) = connection.accept_uni().await {
        while let Ok(Some(_)) = stream.read_chunk(PAGE).await {}
        let mut end = connection.open_uni().await.unwrap();
        end.write_all(&[1]).await.unwrap();
        end.finish().unwrap();
    }
}
