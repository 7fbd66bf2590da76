//! Lines of a file descriptor that somebody opened for us, such as `3< FILE`: secrets, for the most part.
//!
//! A line is read byte by byte, so that what stands behind it stays there for whoever reads next.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::io::{Errno, read};
use zeroize::Zeroizing;

/// A descriptor to read from.
#[derive(Debug)]
pub(crate) enum Descriptor {
    /// Standard input.
    Input(io::Stdin),
    /// Another one, opened anew by its number.
    Other(File),
}

impl Descriptor {
    /// The one with this number. An error: there is none, or it is no file and no pipe.
    pub(crate) fn open(number: u32) -> io::Result<Self> {
        match number {
            0 => Ok(Self::Input(io::stdin())),
            number => File::open(format!("/dev/fd/{number}")).map(Self::Other),
        }
    }

    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Input(input) => input.as_fd(),
            Self::Other(file) => file.as_fd(),
        }
    }

    /// Whether somebody types there.
    pub(crate) fn is_terminal(&self) -> bool {
        self.fd().is_terminal()
    }

    /// The next line, without its end; of a longer one than `max` bytes, `max` and one. `None`: there is none.
    pub(crate) fn line(&self, max: usize) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        // As long as it can be, so that no copy of it stays where it was shorter.
        let mut line = Zeroizing::new(Vec::with_capacity(max + 2));
        let mut byte = Zeroizing::new([0]);
        loop {
            match read(self.fd(), &mut *byte) {
                Ok(0) if line.is_empty() => return Ok(None),
                Ok(0) => break,
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) if line.len() > max => {}
                Ok(_) => line.push(byte[0]),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Seek as _, Write as _};

    use super::*;

    fn of(bytes: &[u8]) -> Descriptor {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        Descriptor::Other(file)
    }

    fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
        let descriptor = of(bytes);
        std::iter::from_fn(|| descriptor.line(8).unwrap()).map(|line| line.to_vec()).collect()
    }

    #[test]
    fn lines_are_read_without_their_ends_and_long_ones_are_known_as_such() {
        assert_eq!(lines(b"fox\nhen\r\n\nend"), [&b"fox"[..], b"hen", b"", b"end"]);
        assert_eq!(
            lines(b"12345678\n123456789012\nnext"),
            [&b"12345678"[..], b"123456789", b"next"]
        );
        assert_eq!(lines(b""), Vec::<Vec<u8>>::new());
    }

    #[test]
    fn what_stands_behind_a_line_stays_there() {
        let descriptor = of(b"fox\nand the rest\n");
        descriptor.line(8).unwrap();
        let Descriptor::Other(mut file) = descriptor else { unreachable!() };
        let mut rest = String::new();
        file.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "and the rest\n");
    }
}
