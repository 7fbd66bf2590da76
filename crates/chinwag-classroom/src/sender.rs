//! Sending: a connection a message, as the classroom programs do it, and the truth about how it
//! went.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::address::{Destination, Host};
use crate::dialect::{Act, Claim, Dialect, Outgoing};
use crate::limits::{
    ADDRESSES_MAX, CONFIRM_WAIT, CONFIRM_WAIT_AGAIN, DIAL_TIMEOUT, DIALS_MAX, NEXT_ADDRESS_AFTER,
    TEXT_MAX,
};

/// What is known about a message that was sent. The protocol has no receipts, so this is what
/// the other side's TCP and manners tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The other program took it to its end and closed the connection, or answered.
    Taken,
    /// It was written, but the other program neither closed the connection nor answered while we
    /// waited ([`CONFIRM_WAIT`]).
    Unconfirmed,
}

/// Why a message did not arrive, or not for sure.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The text is too long.
    #[error("a text of {0} bytes is over the limit of {TEXT_MAX}")]
    TooLong(usize),
    /// The text has nothing in it that this peer's dialect can say.
    #[error("there is nothing to send")]
    Nothing,
    /// No address is known by that name.
    #[error("no host is known by the name {name}")]
    UnknownHost {
        /// The name.
        name: String,
    },
    /// Nobody listens there.
    #[error("nobody listens there")]
    Refused,
    /// Nothing came back in time.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// There is no way there.
    #[error("it can't be reached")]
    Unreachable(#[source] io::Error),
    /// It was connected and then went wrong: it may have arrived, or a part of it.
    #[error("the connection broke while sending, so it may not have arrived")]
    Broke(#[source] io::Error),
    /// Some of the messages that a long text became were sent, and then one was not.
    #[error("only {sent} of {of} parts were sent")]
    Partial {
        /// Parts that were sent.
        sent: usize,
        /// Parts in all.
        of: usize,
        /// What became of the next.
        #[source]
        source: Box<SendError>,
    },
}

/// Sends in our name.
#[derive(Clone, Debug)]
pub struct Sender {
    me: Claim,
    patience: Duration,
    confirms: bool,
}

impl Sender {
    /// Sends as `me`: what peers will list us as.
    pub fn new(me: Claim) -> Self {
        Self { me, patience: DIAL_TIMEOUT, confirms: true }
    }

    /// Waits at most this long for each connection, instead of [`DIAL_TIMEOUT`].
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Does not wait to learn whether what it sent was taken: for those who say goodbye. Everything
    /// that was written is then [`Delivery::Unconfirmed`].
    #[must_use]
    pub fn without_confirmation(self) -> Self {
        Self { confirms: false, ..self }
    }

    /// Who we say we are.
    pub fn me(&self) -> &Claim {
        &self.me
    }

    /// Sends a text, as one message or as several if it is too long for one, one after the other.
    pub async fn send_text(
        &self,
        to: &Destination,
        dialect: Dialect,
        text: &str,
    ) -> Result<Delivery, SendError> {
        let addresses = self.resolve(to).await?;
        self.send_text_to(addresses, dialect, text).await
    }

    /// The addresses of a host.
    pub async fn resolve(&self, to: &Destination) -> Result<Vec<SocketAddr>, SendError> {
        addresses_of(to, self.patience).await
    }

    /// The same to a host that was looked up. All parts go to the address that took the first.
    pub async fn send_text_to(
        &self,
        mut addresses: Vec<SocketAddr>,
        dialect: Dialect,
        text: &str,
    ) -> Result<Delivery, SendError> {
        if text.len() > TEXT_MAX {
            return Err(SendError::TooLong(text.len()));
        }
        if text.is_empty() {
            return Err(SendError::Nothing);
        }
        let parts = dialect.split(&self.me, text);
        let of = parts.len();
        let mut delivery = Err(SendError::Nothing);
        for (sent, part) in parts.into_iter().enumerate() {
            let outgoing = dialect.write(&self.me, &Act::Text(part));
            // A peer that did not close the first connection will not close the others.
            let wait = match delivery {
                Ok(Delivery::Unconfirmed) => CONFIRM_WAIT_AGAIN,
                _ => CONFIRM_WAIT,
            };
            match self.deliver(&addresses, &outgoing, wait).await {
                Err(source) if sent > 0 => {
                    let source = Box::new(source);
                    return Err(SendError::Partial { sent, of, source });
                }
                Err(error) => return Err(error),
                Ok((to, this)) => {
                    addresses = vec![to];
                    delivery = Ok(worse(this, delivery.unwrap_or(this)));
                }
            }
        }
        delivery
    }

    /// Says `connect` or `exit` to a host that may have to be looked up, and at which address it
    /// was reached.
    pub async fn say_to(
        &self,
        to: &Destination,
        dialect: Dialect,
        act: &Act,
    ) -> Result<(SocketAddr, Delivery), SendError> {
        let addresses = addresses_of(to, self.patience).await?;
        self.deliver(&addresses, &dialect.write(&self.me, act), CONFIRM_WAIT).await
    }

    /// Says `connect` or `exit` to one peer.
    pub async fn tell(
        &self,
        to: SocketAddr,
        dialect: Dialect,
        act: &Act,
    ) -> Result<Delivery, SendError> {
        let (_, delivery) =
            self.deliver(&[to], &dialect.write(&self.me, act), CONFIRM_WAIT).await?;
        Ok(delivery)
    }

    /// Says the same to many peers, [`DIALS_MAX`] of them at a time, and calls `each` as each one
    /// is done.
    pub async fn tell_all(
        &self,
        peers: Vec<(SocketAddr, Dialect)>,
        act: &Act,
        mut each: impl FnMut(SocketAddr, Result<Delivery, SendError>),
    ) {
        let slots = Arc::new(Semaphore::new(DIALS_MAX));
        let mut tasks = JoinSet::new();
        for (to, dialect) in peers {
            let (slots, sender, act) = (Arc::clone(&slots), self.clone(), act.clone());
            tasks.spawn(async move {
                let _slot = slots.acquire().await;
                (to, sender.tell(to, dialect, &act).await)
            });
        }
        while let Some(done) = tasks.join_next().await {
            if let Ok((to, result)) = done {
                each(to, result);
            }
        }
    }

    /// Sends one wire message to whichever of the addresses answers first.
    async fn deliver(
        &self,
        addresses: &[SocketAddr],
        outgoing: &Outgoing,
        wait: Duration,
    ) -> Result<(SocketAddr, Delivery), SendError> {
        let deadline = Instant::now() + self.patience;
        let (stream, to) = match addresses {
            [only] => (within(deadline, self.patience, TcpStream::connect(only)).await?, *only),
            several => first_to_connect(several, deadline, self.patience).await?,
        };
        Ok((to, self.say(stream, outgoing, deadline, wait).await?))
    }

    async fn say(
        &self,
        mut stream: TcpStream,
        outgoing: &Outgoing,
        deadline: Instant,
        wait: Duration,
    ) -> Result<Delivery, SendError> {
        let says = async {
            if let Some(greeting) = &outgoing.greeting {
                stream.write_all(greeting).await?;
                // What is answered is the other side's port, which we know.
                read_some(&mut stream).await?;
            }
            stream.write_all(&outgoing.body).await
        };
        match timeout_at(deadline, says).await {
            Ok(said) => said.map_err(SendError::Broke)?,
            Err(_) => return Err(SendError::TimedOut(self.patience)),
        }
        if !self.confirms {
            return Ok(Delivery::Unconfirmed);
        }
        confirmation(&mut stream, outgoing.answered, wait).await.map_err(SendError::Broke)
    }
}

/// Waits until the other side has answered or has closed its end.
async fn confirmation(
    stream: &mut TcpStream,
    answered: bool,
    wait: Duration,
) -> io::Result<Delivery> {
    let deadline = Instant::now() + wait;
    if answered {
        match timeout_at(deadline, read_some(stream)).await {
            Ok(read) => _ = read?,
            Err(_) => return Ok(Delivery::Unconfirmed),
        }
    }
    stream.shutdown().await?;
    let until_closed = async {
        while read_some(stream).await? > 0 {}
        Ok(())
    };
    match timeout_at(deadline, until_closed).await {
        Ok(closed) => closed.map(|()| Delivery::Taken),
        Err(_) if answered => Ok(Delivery::Taken),
        Err(_) => Ok(Delivery::Unconfirmed),
    }
}

async fn read_some(stream: &mut TcpStream) -> io::Result<usize> {
    stream.read(&mut [0; 512]).await
}

/// Of two parts of one text, what can be said of both.
fn worse(a: Delivery, b: Delivery) -> Delivery {
    if a == Delivery::Taken { b } else { a }
}

async fn addresses_of(to: &Destination, patience: Duration) -> Result<Vec<SocketAddr>, SendError> {
    let port = to.port.get();
    let name = match &to.host {
        Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, port)]),
        Host::Name(name) => name,
    };
    let looked_up =
        timeout_at(Instant::now() + patience, tokio::net::lookup_host((name.as_str(), port)));
    let found: Vec<_> = match looked_up.await {
        Ok(Ok(addresses)) => addresses.take(ADDRESSES_MAX).collect(),
        Ok(Err(_)) => Vec::new(),
        Err(_) => {
            return Err(SendError::TimedOut(patience));
        }
    };
    if found.is_empty() { Err(SendError::UnknownHost { name: name.clone() }) } else { Ok(found) }
}

/// Tries several addresses of one host: the next as soon as one fails, or a little later beside it
/// (RFC 8305 section 5).
async fn first_to_connect(
    addresses: &[SocketAddr],
    deadline: Instant,
    patience: Duration,
) -> Result<(TcpStream, SocketAddr), SendError> {
    let mut under_way = JoinSet::new();
    let mut untried = addresses.iter().copied();
    let mut last = Err(SendError::Nothing);
    loop {
        let next = untried.next();
        if let Some(to) = next {
            under_way.spawn(async move {
                Ok((within(deadline, patience, TcpStream::connect(to)).await?, to))
            });
        }
        let pause = sleep(NEXT_ADDRESS_AFTER);
        tokio::select! {
            Some(tried) = under_way.join_next() => match tried {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(error)) => last = Err(error),
                Err(_) => {}
            },
            () = pause, if next.is_some() => {}
            else => return last,
        }
    }
}

async fn within<T>(
    deadline: Instant,
    patience: Duration,
    connect: impl Future<Output = io::Result<T>>,
) -> Result<T, SendError> {
    match timeout_at(deadline, connect).await {
        Ok(Ok(connected)) => Ok(connected),
        Ok(Err(error)) => Err(match error.kind() {
            io::ErrorKind::ConnectionRefused => SendError::Refused,
            io::ErrorKind::TimedOut => SendError::TimedOut(patience),
            _ => SendError::Unreachable(error),
        }),
        Err(_) => Err(SendError::TimedOut(patience)),
    }
}
