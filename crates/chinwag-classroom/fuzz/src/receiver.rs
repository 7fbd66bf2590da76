//! Any bytes into the receiver, in any cuts, with any silences and parts between them.
//!
//! An input that begins with a byte from 1 to 8 is: that many steps, one byte of swelling, and the
//! stream. Every other input is all stream, so that the recorded streams are seeds as they are.
//!
//! What must hold: no panic; bounded memory and a bounded number of outputs; nothing held after
//! the end; and that without silences and parts the cuts make no difference.

use std::iter;

use chinwag_classroom::limits::{MESSAGE_MAX, READ_MAX};
use chinwag_classroom::{Closing, Heard, Output, Receiver, Silence};

/// The most steps an input can have; they are taken again and again until the stream ends.
const STEPS_MAX: u8 = 8;

/// A swollen stream is long enough to reach every limit, and no longer.
const SWOLLEN_MAX: usize = 2 * MESSAGE_MAX;

/// So many bytes of a stream also come byte by byte. It takes too long for long ones.
const BY_BYTE_MAX: usize = 512;

/// What replaces an invalid byte (U+FFFD) takes so many bytes.
const REPLACEMENT_LEN: usize = 3;

/// How many bytes come, and what then happens.
#[derive(Clone, Copy)]
struct Step {
    piece: usize,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Nothing,
    Brief,
    Long,
    Part,
}

/// Panics when it does not hold for this input.
pub fn check(input: &[u8]) {
    let (steps, stream) = parse(input);
    silences_and_parts(&steps, &stream);
    cuts_make_no_difference(&steps, &stream);
}

fn parse(input: &[u8]) -> (Vec<Step>, Vec<u8>) {
    let all_stream = || (vec![Step { piece: READ_MAX, then: Then::Nothing }], input.to_vec());
    let Some((&count @ 1..=STEPS_MAX, rest)) = input.split_first() else {
        return all_stream();
    };
    let Some((steps, rest)) = rest.split_at_checked(usize::from(count)) else {
        return all_stream();
    };
    let Some((&by, stream)) = rest.split_first() else {
        return all_stream();
    };
    (steps.iter().copied().map(step).collect(), swell(stream, by))
}

fn step(byte: u8) -> Step {
    let piece = match usize::from(byte & 0x3f) {
        small @ 0..48 => small + 1,
        large => (large - 47) * 256,
    };
    let then = match byte >> 6 {
        0 => Then::Nothing,
        1 => Then::Brief,
        2 => Then::Long,
        _ => Then::Part,
    };
    Step { piece: piece.min(READ_MAX), then }
}

/// The stream, for a quarter of the values of `by` with its middle third many times more: the
/// limits are far from a short input, and a long one takes long.
fn swell(stream: &[u8], by: u8) -> Vec<u8> {
    const AS_IT_IS: u8 = 192;
    let (begin, end) = (stream.len() / 3, stream.len() - stream.len() / 3);
    let times = 8 * usize::from(by.saturating_sub(AS_IT_IS));
    let times = times.min(SWOLLEN_MAX / (end - begin).max(1));
    [&stream[..end], &stream[begin..end].repeat(times), &stream[end..]].concat()
}

fn receiver() -> Receiver {
    Receiver::new("10.0.0.9:51000".parse().unwrap(), 4_000)
}

fn drain(receiver: &mut Receiver) -> impl Iterator<Item = Output> {
    iter::from_fn(|| receiver.poll())
}

fn silences_and_parts(steps: &[Step], stream: &[u8]) {
    let mut receiver = receiver();
    let (mut rest, mut steps) = (stream, steps.iter().cycle());
    let mut outputs = 0;
    while !rest.is_empty() {
        let &Step { piece, then } = steps.next().unwrap();
        let (piece, after) = rest.split_at(piece.min(rest.len()));
        rest = after;
        receiver.push(piece);
        outputs += drain(&mut receiver).inspect(output_is_bounded).count();
        match then {
            Then::Nothing => {}
            Then::Brief => receiver.fall_silent(Silence::Brief),
            Then::Long => receiver.fall_silent(Silence::Long),
            Then::Part => outputs += usize::from(receiver.part().is_some()),
        }
        outputs += drain(&mut receiver).inspect(output_is_bounded).count();
        assert!(receiver.held() <= MESSAGE_MAX + READ_MAX, "{} bytes held", receiver.held());
    }
    receiver.close(Closing::Broken);
    outputs += drain(&mut receiver).inspect(output_is_bounded).count();
    assert_eq!(receiver.held(), 0, "bytes held after the end");
    // Each byte can at most be one message with one answer.
    assert!(outputs <= 2 * stream.len() + 1, "{outputs} outputs of {} bytes", stream.len());
}

fn output_is_bounded(output: &Output) {
    if let Output::Heard(Heard::Message { text, .. } | Heard::Unfitting { text, .. }) = output {
        assert!(text.len() <= REPLACEMENT_LEN * MESSAGE_MAX, "a text of {} bytes", text.len());
    }
}

fn cuts_make_no_difference(steps: &[Step], stream: &[u8]) {
    let whole = hear(stream, iter::repeat(READ_MAX));
    let cut = hear(stream, steps.iter().map(|step| step.piece).cycle());
    assert_eq!(cut, whole);
    if stream.len() <= BY_BYTE_MAX {
        assert_eq!(hear(stream, iter::repeat(1)), whole);
    }
}

/// All that is heard when the stream comes in pieces of these lengths and then ends.
fn hear(stream: &[u8], mut pieces: impl Iterator<Item = usize>) -> Vec<Output> {
    let mut receiver = receiver();
    let (mut heard, mut rest) = (Vec::new(), stream);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(pieces.next().unwrap().min(rest.len()));
        rest = after;
        receiver.push(piece);
        heard.extend(drain(&mut receiver));
    }
    receiver.close(Closing::Finished);
    heard.extend(drain(&mut receiver));
    heard
}
