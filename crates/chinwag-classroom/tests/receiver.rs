//! The receiver against any bytes in any cuts, and against our own writing.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test says what it expects")]

use chinwag_classroom::limits::{MESSAGE_MAX, READ_MAX};
use chinwag_classroom::{Act, Claim, Closing, Dialect, Ending, Heard, Output, Receiver, Silence};
use proptest::prelude::*;

fn receiver() -> Receiver {
    Receiver::new("10.0.0.5:51000".parse().unwrap(), 4_000)
}

fn me() -> Claim {
    Claim { address: "10.0.0.5:4001".parse().unwrap(), team: "red".into() }
}

fn drain(receiver: &mut Receiver) -> Vec<Output> {
    std::iter::from_fn(|| receiver.poll()).collect()
}

/// All that a connection says that brings `bytes` in pieces of at most `cut` bytes.
fn hear_all(bytes: &[u8], cut: usize) -> Vec<Output> {
    let mut receiver = receiver();
    let mut heard = Vec::new();
    for piece in bytes.chunks(cut.clamp(1, READ_MAX)) {
        receiver.push(piece);
        heard.extend(drain(&mut receiver));
    }
    receiver.close(Closing::Finished);
    heard.extend(drain(&mut receiver));
    heard
}

fn texts(outputs: &[Output]) -> Vec<&str> {
    let text = |output: &'_ Output| match output {
        Output::Heard(Heard::Message { .. } | Heard::Unfitting { .. }) => true,
        Output::Heard(_) | Output::Answer(_) => false,
    };
    let said = outputs.iter().filter(|output| text(output));
    said.map(|output| match output {
        Output::Heard(Heard::Message { text, .. } | Heard::Unfitting { text, .. }) => text.as_str(),
        Output::Heard(_) | Output::Answer(_) => "",
    })
    .collect()
}

/// Bytes that look like the dialects often enough to get far into them.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        Just(b"10.0.0.7:4001 red ".to_vec()),
        Just(b"10.0.0.7:4001 exit".to_vec()),
        Just(b"<10.0.0.7:4001> ".to_vec()),
        Just(b"<red> ".to_vec()),
        Just(b"@ <red>\n".to_vec()),
        Just(b"\n<end>".to_vec()),
        Just(b"DISCONNECT".to_vec()),
        Just(b"4001\n".to_vec()),
        Just(b"CONNECT\n".to_vec()),
        Just(b"PORT:4001".to_vec()),
        Just(br#"{"port":4001,"text":""#.to_vec()),
        Just(br#""}"#.to_vec()),
        Just(b"\r\n".to_vec()),
        Just("नमस्ते 👩‍👧".as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..20),
        (any::<u8>(), 0_usize..600).prop_map(|(byte, times)| vec![byte; times]),
    ];
    proptest::collection::vec(fragment, 0..24).prop_map(|fragments| fragments.concat())
}

proptest! {
    #[test]
    fn the_same_is_heard_however_the_bytes_are_cut(bytes in stream(), cut in 1_usize..64) {
        let whole = hear_all(&bytes, READ_MAX);
        prop_assert_eq!(hear_all(&bytes, cut), whole.clone());
        prop_assert_eq!(hear_all(&bytes, 1), whole);
    }

    #[test]
    fn any_bytes_with_any_silences_are_read_in_bounded_memory_and_work(
        pieces in proptest::collection::vec((stream(), 0_u8..4), 0..8)
    ) {
        let mut receiver = receiver();
        let (mut came, mut out) = (0, 0);
        for (bytes, then) in pieces {
            for piece in bytes.chunks(READ_MAX) {
                receiver.push(piece);
                came += piece.len();
                out += drain(&mut receiver).len();
                prop_assert!(receiver.held() <= MESSAGE_MAX + READ_MAX);
            }
            match then {
                0 => receiver.fall_silent(Silence::Brief),
                1 => receiver.fall_silent(Silence::Long),
                2 => out += usize::from(receiver.part().is_some()),
                _ => {}
            }
            out += drain(&mut receiver).len();
        }
        receiver.close(Closing::Broken);
        out += drain(&mut receiver).len();
        prop_assert_eq!(receiver.held(), 0);
        // Each byte can at most be one message with one answer.
        prop_assert!(out <= 2 * came + 1, "{out} outputs of {came} bytes");
    }

    #[test]
    fn what_we_write_in_any_dialect_is_what_we_read(
        text in "[ -~\u{a0}-\u{2ff}\u{900}-\u{97f}\u{1f600}-\u{1f64f}]{1,3000}"
    ) {
        for dialect in Dialect::ALL {
            let mut heard = Vec::new();
            for part in dialect.split(&me(), &text) {
                prop_assert!(!part.is_empty());
                let outgoing = dialect.write(&me(), &Act::Text(part));
                let bytes = [outgoing.greeting.unwrap_or_default(), b"\n".to_vec(), outgoing.body];
                // The greeting is a write of its own; without one there is no newline either.
                let bytes = if bytes[0].is_empty() { bytes[2].clone() } else { bytes.concat() };
                heard.extend(hear_all(&bytes, READ_MAX));
            }
            prop_assert_eq!(texts(&heard).concat(), text.as_str(), "{:?}", dialect);
        }
    }
}

#[test]
fn connect_and_exit_are_understood_in_every_dialect() {
    for dialect in Dialect::ALL {
        for (act, word) in [(Act::Connect, "connect"), (Act::Exit, "exit")] {
            let outgoing = dialect.write(&me(), &act);
            let bytes = [outgoing.greeting.unwrap_or_default(), outgoing.body].concat();
            let heard = hear_all(&bytes, READ_MAX);
            let said = heard.iter().rev().find_map(|output| match output {
                Output::Heard(Heard::Connect { peer, .. }) => Some(("connect", peer.address)),
                Output::Heard(Heard::Exit { peer, .. }) => Some(("exit", peer.address)),
                _ => None,
            });
            assert_eq!(said, Some((word, me().address)), "{dialect:?}");
        }
    }
}

#[test]
fn a_message_over_the_limit_comes_in_parts_and_whole() {
    let text = "日本語テキスト".repeat(10_000);
    let heard = hear_all(format!("10.0.0.7:4001 red {text}").as_bytes(), 1_000);
    assert_eq!(texts(&heard).concat(), text);
    let last = heard.len() - 1;
    for (n, output) in heard.iter().enumerate() {
        let Output::Heard(Heard::Message { ending, text, .. }) = output else {
            panic!("not a message: {output:?}")
        };
        assert!(text.len() <= MESSAGE_MAX);
        assert_eq!(*ending, if n == last { Ending::Whole } else { Ending::Continues });
    }
}

#[test]
fn a_message_of_the_limit_is_one_and_of_a_byte_more_is_two() {
    for (len, expected) in [(MESSAGE_MAX, 1), (MESSAGE_MAX + 1, 2)] {
        let heard = hear_all(format!("10.0.0.7:4001 red {}", "x".repeat(len)).as_bytes(), READ_MAX);
        assert_eq!(heard.len(), expected, "{len} bytes");
    }
}

#[test]
fn an_object_about_as_long_as_the_limit_is_the_same_however_it_is_cut() {
    let object = |text_len| format!(r#"{{"port":4001,"text":"{}"}}"#, "x".repeat(text_len));
    let around = object(0).len();
    for len in [MESSAGE_MAX, MESSAGE_MAX + 1, MESSAGE_MAX + 600, MESSAGE_MAX + READ_MAX] {
        let object = object(len - around);
        let whole = hear_all(object.as_bytes(), READ_MAX);
        assert_eq!(hear_all(object.as_bytes(), 100), whole, "{len} bytes");
        let is_message = matches!(whole.as_slice(), [Output::Heard(Heard::Message { .. })]);
        assert_eq!(is_message, len <= MESSAGE_MAX, "{len} bytes");
    }
}

#[test]
fn a_line_on_an_open_connection_is_heard_after_a_brief_silence() {
    let mut receiver = receiver();
    receiver.push(b"10.0.0.7:4001 red hello\n");
    assert_eq!(drain(&mut receiver), []);
    assert_eq!(receiver.awaits(), Some(Silence::Brief));
    receiver.fall_silent(Silence::Brief);
    assert_eq!(texts(&drain(&mut receiver)), ["hello"]);
    assert_eq!(receiver.awaits(), None);
}

#[test]
fn a_text_without_an_end_is_heard_after_a_long_silence_and_its_rest_is_the_same_peers() {
    let mut receiver = receiver();
    receiver.push(b"10.0.0.7:4001 red hel");
    receiver.fall_silent(Silence::Brief);
    assert_eq!(drain(&mut receiver), []);
    receiver.fall_silent(Silence::Long);
    assert_eq!(texts(&drain(&mut receiver)), ["hel"]);
    receiver.push(b"lo");
    receiver.close(Closing::Broken);
    let heard = drain(&mut receiver);
    let [Output::Heard(Heard::Message { peer, text, ending, .. })] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    let expected = ("10.0.0.7:4001".parse().unwrap(), "lo", Ending::BrokeOff);
    assert_eq!((peer.address, text.as_str(), *ending), expected);
}

#[test]
fn what_follows_a_silence_without_a_header_is_said_and_not_obeyed() {
    let mut receiver = receiver();
    receiver.push(b"10.0.0.7:4001 red I will\n");
    receiver.fall_silent(Silence::Brief);
    assert_eq!(texts(&drain(&mut receiver)), ["I will"]);
    receiver.push(b"exit");
    receiver.close(Closing::Finished);
    assert_eq!(texts(&drain(&mut receiver)), ["exit"]);
}

#[test]
fn what_has_no_end_is_shown_after_a_long_silence_though_the_connection_stays() {
    let mut object = receiver();
    object.push(b"{hello");
    object.fall_silent(Silence::Brief);
    assert_eq!(drain(&mut object), []);
    assert!(!object.is_understood());
    object.fall_silent(Silence::Long);
    assert_eq!(texts(&drain(&mut object)), ["{hello"]);

    let mut framed = receiver();
    framed.push(b"<10.0.0.7:4001> @ <red>\nhel");
    framed.fall_silent(Silence::Long);
    let heard = drain(&mut framed);
    let [Output::Heard(Heard::Message { text, ending, .. })] = heard.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!((text.as_str(), *ending), ("hel", Ending::BrokeOff));
}

#[test]
fn a_line_that_is_the_speakers_own_port_is_a_line() {
    let text = "My port is\n4001\nPORT:4001\nbye";
    let mut receiver = receiver();
    receiver.push(format!("10.0.0.5:4001 red {text}").as_bytes());
    receiver.close(Closing::Finished);
    assert_eq!(texts(&drain(&mut receiver)), [text]);
}

#[test]
fn an_object_is_parted_as_what_fits_nothing_when_there_is_no_room() {
    let mut receiver = receiver();
    receiver.push(br#"{"port":4001,"text":"#);
    assert_eq!(drain(&mut receiver), []);
    let part = receiver.part();
    assert!(matches!(part, Some(Heard::Unfitting { ending: Ending::Continues, .. })), "{part:?}");
    assert_eq!(receiver.held(), 0);
}

#[test]
fn a_greeting_is_answered_after_a_brief_silence_because_nothing_ends_it() {
    let mut receiver = receiver();
    receiver.push(b"PORT:400");
    receiver.push(b"1");
    assert_eq!(drain(&mut receiver), []);
    receiver.fall_silent(Silence::Brief);
    let answered = drain(&mut receiver).contains(&Output::Answer(b"PORT:4000".to_vec()));
    assert!(answered);
}

#[test]
fn a_header_that_comes_slowly_is_waited_for() {
    let mut receiver = receiver();
    receiver.push(b"10.0.0.7:40");
    receiver.fall_silent(Silence::Brief);
    receiver.fall_silent(Silence::Long);
    assert_eq!(drain(&mut receiver), []);
    receiver.push(b"01 red hello");
    receiver.close(Closing::Finished);
    assert_eq!(texts(&drain(&mut receiver)), ["hello"]);
}
