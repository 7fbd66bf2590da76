//! Who is connected, and who makes room for somebody else: a client that says nothing, that has gone or
//! does not read keeps nobody out.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// Connections at once.
pub(crate) const CONNECTIONS_MAX: usize = 64;

/// Requests of one connection that are under way.
const UNDER_WAY_MAX: usize = 512;

/// Subscriptions of one connection.
pub(crate) const SUBSCRIPTIONS_MAX: usize = 16;

/// How long a client may read nothing of what is written for it before somebody else may have its
/// place.
const READS_WITHIN: Duration = Duration::from_secs(5);

/// The place of one connection.
#[derive(Debug)]
pub(crate) struct Seat {
    /// Room for requests that are under way.
    pub(crate) under_way: Arc<Semaphore>,
    /// Room for subscriptions.
    pub(crate) subscriptions: Arc<Semaphore>,
    /// When something was asked here last, in the order of all that was asked.
    asked: AtomicU64,
    /// Whether nothing more will be asked.
    is_closed: AtomicBool,
    /// Since when is written what is not read yet.
    writes_since: Mutex<Option<Instant>>,
    leave: Notify,
}

impl Seat {
    pub(crate) fn new() -> Arc<Self> {
        let seat = Self {
            under_way: Arc::new(Semaphore::new(UNDER_WAY_MAX)),
            subscriptions: Arc::new(Semaphore::new(SUBSCRIPTIONS_MAX)),
            asked: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
            writes_since: Mutex::new(None),
            leave: Notify::new(),
        };
        seat.asks();
        Arc::new(seat)
    }

    /// Something is asked here.
    pub(crate) fn asks(&self) {
        static ASKED: AtomicU64 = AtomicU64::new(0);
        self.asked.store(ASKED.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// Nothing more will be asked here.
    pub(crate) fn closes(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Something is being written, or has been.
    pub(crate) fn writes(&self, is_writing: bool) {
        *lock(&self.writes_since) = is_writing.then(Instant::now);
    }

    /// Waits until somebody else is to have this place.
    pub(crate) async fn is_wanted(&self) {
        self.leave.notified().await;
    }

    /// How readily it is given up, the readiest first; `None`: never.
    fn readiness(&self) -> Option<(u8, u64)> {
        let is_idle = self.under_way.available_permits() == UNDER_WAY_MAX
            && self.subscriptions.available_permits() == SUBSCRIPTIONS_MAX;
        let is_stuck = lock(&self.writes_since).is_some_and(|since| since.elapsed() > READS_WITHIN);
        let rank = match () {
            () if self.is_closed.load(Ordering::Relaxed) => 0,
            () if is_stuck => 1,
            () if is_idle => 2,
            () => return None,
        };
        Some((rank, self.asked.load(Ordering::Relaxed)))
    }
}

/// The places of all connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats(Arc<Mutex<Vec<Arc<Seat>>>>);

impl Seats {
    /// A place for somebody who comes. Where there is none, somebody has to leave: of those who have
    /// closed their side, do not read, or ask nothing, in this order, the one who has asked for nothing
    /// for longest. `None`: all are in use.
    pub(crate) fn take(&self) -> Option<Arc<Seat>> {
        let mut seats = lock(&self.0);
        if seats.len() >= CONNECTIONS_MAX {
            let ready =
                seats.iter().enumerate().filter_map(|(n, seat)| Some((seat.readiness()?, n)));
            let (_, leaves) = ready.min()?;
            seats.swap_remove(leaves).leave.notify_one();
        }
        let seat = Seat::new();
        seats.push(Arc::clone(&seat));
        Some(seat)
    }

    /// Gives a place back.
    pub(crate) fn leave(&self, seat: &Arc<Seat>) {
        lock(&self.0).retain(|taken| !Arc::ptr_eq(taken, seat));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test says what it expects")]
mod tests {
    use super::*;

    fn full() -> (Seats, Vec<Arc<Seat>>) {
        let seats = Seats::default();
        let taken = (0..CONNECTIONS_MAX).map(|_| seats.take().unwrap()).collect();
        (seats, taken)
    }

    fn is_seated(seats: &Seats, seat: &Arc<Seat>) -> bool {
        lock(&seats.0).iter().any(|taken| Arc::ptr_eq(taken, seat))
    }

    #[test]
    fn whoever_is_served_keeps_the_place_and_others_are_turned_away() {
        let (seats, taken) = full();
        let served: Vec<_> = taken
            .iter()
            .map(|seat| Arc::clone(&seat.under_way).try_acquire_owned().unwrap())
            .collect();
        assert!(seats.take().is_none());
        drop(served);
        assert!(seats.take().is_some());
    }

    #[test]
    fn whoever_has_closed_goes_before_whoever_is_silent_and_whoever_was_silent_for_longest_first() {
        let (seats, taken) = full();
        taken[0].asks();
        taken[9].closes();
        for leaves in [9, 1, 2] {
            assert!(seats.take().is_some());
            assert!(!is_seated(&seats, &taken[leaves]), "{leaves}");
        }
        assert!(is_seated(&seats, &taken[0]));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_read_makes_room_after_a_while() {
        let (seats, taken) = full();
        let _served: Vec<_> = taken
            .iter()
            .map(|seat| Arc::clone(&seat.under_way).try_acquire_owned().unwrap())
            .collect();
        taken[7].writes(true);
        assert!(seats.take().is_none());
        tokio::time::advance(READS_WITHIN + Duration::from_secs(1)).await;
        assert!(seats.take().is_some());
        assert!(!is_seated(&seats, &taken[7]));
    }
}
