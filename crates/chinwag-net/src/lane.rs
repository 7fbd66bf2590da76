//! The two lanes of a connection, and how frames lie in them.
//!
//! Pure. A lane is a QUIC stream in one direction. It begins with the number of the lane; then come
//! frames: their length as a `u32`, in the bulk lane a `u64` that says how many live frames were
//! sent before, and the bytes.

use chinwag_core::wire::limits::FRAME_MAX;

/// Which way a frame goes. Within a lane order is kept. A live frame may overtake what is in the
/// bulk lane; a bulk frame never overtakes a live one that was sent before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// What somebody waits for.
    Live,
    /// What is long and can wait: pages of history.
    Bulk,
}

impl Lane {
    /// The lane for a message of the core: bulk for [`Entries`](chinwag_core::wire::message) that
    /// are long, live for everything else. Of all messages, only Entries may be overtaken by what
    /// is said after them.
    pub fn of(frame: &[u8]) -> Self {
        let is_entries = frame.first() == Some(&ENTRIES);
        if is_entries && frame.len() > LONG_ENTRIES { Self::Bulk } else { Self::Live }
    }

    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Live => 1,
            Self::Bulk => 2,
        }
    }

    pub(crate) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Live),
            2 => Some(Self::Bulk),
            _ => None,
        }
    }

    /// Bytes before those of a frame.
    pub(crate) const fn header_len(self) -> usize {
        match self {
            Self::Live => 4,
            Self::Bulk => 12,
        }
    }
}

/// The kind of message that has entries (`docs/protocol/session.md`).
const ENTRIES: u8 = 7;

/// Entries of more bytes than this are a page of history; what somebody just wrote is shorter.
const LONG_ENTRIES: usize = 16 * 1_024;

/// What stands before a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the frame: at least one, at most [`FRAME_MAX`].
    pub(crate) len: usize,
    /// How many live frames were sent before; 0 in the live lane.
    pub(crate) after: u64,
}

impl Header {
    /// Reads a header of [`Lane::header_len`] bytes; `None` for a length that no frame has.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (len, rest) = bytes.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        let after = rest.first_chunk().map_or(0, |after| u64::from_be_bytes(*after));
        (1..=FRAME_MAX).contains(&len).then_some(Self { len, after })
    }

    pub(crate) fn write(self, lane: Lane, to: &mut Vec<u8>) {
        let len = u32::try_from(self.len).unwrap_or(u32::MAX);
        to.extend_from_slice(&len.to_be_bytes());
        if lane == Lane::Bulk {
            to.extend_from_slice(&self.after.to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_core::wire::codec::Encode;
    use chinwag_core::wire::message::Message;

    use super::*;

    #[test]
    fn a_header_comes_back_as_it_was_written() {
        for (lane, after) in [(Lane::Live, 0), (Lane::Bulk, u64::MAX)] {
            for len in [1, 255, FRAME_MAX] {
                let header = Header { len, after };
                let mut bytes = Vec::new();
                header.write(lane, &mut bytes);
                assert_eq!(bytes.len(), lane.header_len());
                assert_eq!(Header::read(&bytes), Some(header));
            }
        }
    }

    #[test]
    fn lengths_that_no_frame_has_are_refused() {
        let over = u32::try_from(FRAME_MAX + 1).unwrap();
        for len in [0, over, u32::MAX] {
            assert_eq!(Header::read(&len.to_be_bytes()), None);
        }
    }

    #[test]
    fn short_messages_and_all_that_are_not_entries_are_live() {
        let typing = Message::PrekeysWanted.to_bytes();
        assert_eq!(Lane::of(&typing), Lane::Live);
        let long = |kind: u8| vec![kind; LONG_ENTRIES + 1];
        assert_eq!(Lane::of(&long(3)), Lane::Live);
        assert_eq!(Lane::of(&long(ENTRIES)), Lane::Bulk);
        assert_eq!(Lane::of(&[ENTRIES; 100]), Lane::Live);
        assert_eq!(Lane::of(&[]), Lane::Live);
    }
}
