//! What waits to be sent in one lane of one connection: bounded, and never in the sender's way.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::lane::{Header, OnWire as _};
use crate::limits::{BATCH_MAX, FRAME_COST};
use chinwag_core::output::Lane;

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// Too much waits.
    Full,
    /// The connection ends.
    Closed,
}

/// Frames that wait.
pub(crate) struct Queue {
    lane: Lane,
    max: usize,
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Default)]
struct Waiting {
    frames: VecDeque<(u64, Vec<u8>)>,
    cost: usize,
    pushed: u64,
    is_closed: bool,
}

impl Queue {
    pub(crate) fn new(lane: Lane, max: usize) -> Self {
        Self { lane, max, waiting: Mutex::default(), changed: Notify::new() }
    }

    /// Puts a frame at the end; `after` stands in its header.
    pub(crate) fn push(&self, after: u64, frame: Vec<u8>) -> Result<(), NotTaken> {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Err(NotTaken::Closed);
        }
        let cost = waiting.cost + frame.len() + FRAME_COST;
        if cost > self.max {
            return Err(NotTaken::Full);
        }
        waiting.cost = cost;
        waiting.pushed += 1;
        waiting.frames.push_back((after, frame));
        drop(waiting);
        self.changed.notify_one();
        Ok(())
    }

    /// How many frames were ever taken.
    pub(crate) fn pushed(&self) -> u64 {
        self.lock().pushed
    }

    /// Takes no more. What waits still goes.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// The next frames with their headers, as bytes: at least one frame, and further ones up to
    /// [`BATCH_MAX`] bytes. `None` when the queue is closed and empty. One task alone calls it.
    pub(crate) async fn take(&self) -> Option<Vec<u8>> {
        loop {
            let changed = self.changed.notified();
            {
                let mut waiting = self.lock();
                if !waiting.frames.is_empty() {
                    return Some(waiting.batch(self.lane));
                }
                if waiting.is_closed {
                    return None;
                }
            }
            changed.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn batch(&mut self, lane: Lane) -> Vec<u8> {
        let mut batch = Vec::new();
        while let Some((after, frame)) = self.frames.pop_front() {
            let len = frame.len();
            if !batch.is_empty() && batch.len() + lane.header_len() + len > BATCH_MAX {
                self.frames.push_front((after, frame));
                break;
            }
            batch.reserve(lane.header_len() + len);
            Header { len, after }.write(lane, &mut batch);
            batch.extend_from_slice(&frame);
            self.cost -= len + FRAME_COST;
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_takes_nothing_more_and_an_emptied_one_does() {
        let queue = Queue::new(Lane::Live, 2 * (10 + FRAME_COST));
        assert_eq!(queue.push(0, vec![1; 10]), Ok(()));
        assert_eq!(queue.push(0, vec![2; 10]), Ok(()));
        assert_eq!(queue.push(0, vec![]), Err(NotTaken::Full));
        let batch = queue.lock().batch(Lane::Live);
        assert_eq!(batch.len(), 2 * 14);
        assert_eq!(queue.push(0, vec![3; 10]), Ok(()));
        assert_eq!(queue.pushed(), 3);
    }

    #[test]
    fn a_batch_is_cut_between_frames() {
        let queue = Queue::new(Lane::Bulk, usize::MAX);
        for len in [BATCH_MAX / 2, BATCH_MAX / 2 - 24, 1, BATCH_MAX + 1] {
            queue.push(7, vec![0; len]).unwrap();
        }
        let lens: Vec<usize> = (0..3).map(|_| queue.lock().batch(Lane::Bulk).len()).collect();
        assert_eq!(lens, [BATCH_MAX, 13, BATCH_MAX + 13]);
    }

    #[tokio::test]
    async fn what_waits_when_the_queue_is_closed_still_goes() {
        let queue = Queue::new(Lane::Live, 1_000);
        queue.push(0, vec![5]).unwrap();
        queue.close();
        assert_eq!(queue.push(0, vec![6]), Err(NotTaken::Closed));
        assert_eq!(queue.take().await, Some(vec![0, 0, 0, 1, 5]));
        assert_eq!(queue.take().await, None);
    }
}
