//! The two lanes of a connection, and how frames lie in them.
//!
//! Pure. A lane is a QUIC stream in one direction. It begins with the number of the lane; then come
//! frames: their length as a `u32`, in the bulk lane a `u64` that says how many live frames were
//! sent before, and the bytes.

use chinwag_core::output::Lane;
use chinwag_core::wire::limits::FRAME_MAX;

/// What a lane is on the wire. Within a lane order is kept. A live frame may overtake what is in the
/// bulk lane; a bulk frame never overtakes a live one that was sent before it.
pub(crate) trait OnWire: Sized {
    /// The number that begins a lane's stream.
    fn number(self) -> u8;
    /// The lane with this number.
    fn from_number(number: u8) -> Option<Self>;
    /// Bytes before those of a frame.
    fn header_len(self) -> usize;
}

impl OnWire for Lane {
    fn number(self) -> u8 {
        match self {
            Self::Live => 1,
            Self::Bulk => 2,
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Live),
            2 => Some(Self::Bulk),
            _ => None,
        }
    }

    fn header_len(self) -> usize {
        match self {
            Self::Live => 4,
            Self::Bulk => 12,
        }
    }
}

/// What stands before a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Bytes of the frame: at least one, at most [`FRAME_MAX`].
    pub(crate) len: usize,
    /// How many live frames were sent before; 0 in the live lane.
    pub(crate) after: u64,
}

impl Header {
    /// Reads a header of [`OnWire::header_len`] bytes; `None` for a length that no frame has.
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
}
