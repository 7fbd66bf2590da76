//! What it takes to understand bytes, without a socket.
//!
//! The limit is what nobody can do without: to copy the bytes and to see that they are UTF-8.

use std::hint::black_box;
use std::iter;
use std::time::Instant;

use chinwag_classroom::limits::READ_MAX;
use chinwag_classroom::{Closing, Receiver};

use crate::bare;
use crate::table::{Extent, Run, Table, Unit, Ways};

pub(crate) fn in_pieces(extent: Extent) -> Table {
    measure(READ_MAX, extent)
}

pub(crate) fn by_byte(extent: Extent) -> Table {
    measure(1, Extent { bytes: extent.bytes / 8, ..extent })
}

pub(crate) fn a_connection_a_message(extent: Extent) -> Table {
    let message = bare::message();
    let times = extent.bytes / message.len();
    Ways::counting(Unit::Messages)
        .way("copied and validated", || {
            run(times, || {
                for _ in 0..times {
                    copy(black_box(&message), READ_MAX);
                }
            })
        })
        .way("understood", || {
            run(times, || {
                for _ in 0..times {
                    understand(black_box(&message), READ_MAX);
                }
            })
        })
        .measure(extent.rounds)
}

fn measure(piece: usize, extent: Extent) -> Table {
    // A header once, and then what makes the text hard to read.
    let texts = [
        ("messages of 100 bytes", [bare::message().as_slice(), b"\n"].concat()),
        ("a text without newlines", b"x".to_vec()),
        ("a text of newlines", b"\n".to_vec()),
        ("lines that begin like a header", b"\n127.0.0.1:4000 ".to_vec()),
        ("lines that begin like an object", b"\n{\"port\":1,".to_vec()),
    ];
    let streams = texts.map(|(name, text)| (name, stream(&text, extent.bytes)));
    let limit = &streams[0].1;
    let mut ways = Ways::counting(Unit::Bytes)
        .way("copied and validated", || run(limit.len(), || copy(black_box(limit), piece)));
    for (name, stream) in &streams {
        let read = || run(stream.len(), || understand(black_box(stream), piece));
        ways = ways.way(name, read);
    }
    ways.measure(extent.rounds)
}

fn stream(text: &[u8], len: usize) -> Vec<u8> {
    let header = b"127.0.0.1:4000 red ";
    iter::once(header.as_slice())
        .chain(iter::repeat_n(text, len / text.len()))
        .flatten()
        .copied()
        .collect()
}

fn run(done: usize, work: impl FnOnce()) -> Run {
    let start = Instant::now();
    work();
    Run { done, took: start.elapsed(), each: Vec::new() }
}

fn copy(bytes: &[u8], piece: usize) {
    for piece in bytes.chunks(piece) {
        let piece = black_box(piece).to_vec();
        black_box(std::str::from_utf8(&piece)).unwrap();
    }
}

fn understand(bytes: &[u8], piece: usize) {
    let mut receiver = Receiver::new("127.0.0.1:51000".parse().unwrap(), 4_000);
    for piece in bytes.chunks(piece) {
        receiver.push(piece);
        iter::from_fn(|| receiver.poll()).for_each(|output| drop(black_box(output)));
    }
    receiver.close(Closing::Finished);
    iter::from_fn(|| receiver.poll()).for_each(|output| drop(black_box(output)));
}
