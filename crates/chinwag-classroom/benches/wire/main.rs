//! What a user does, measured on loopback against the machine's own limit.
//!
//! `cargo bench -p chinwag-classroom --bench wire` runs all of it, in about a minute; with
//! `-- --quick` a short run; with `-- sending` the tables that have that word in their title. How
//! to read it, and what came out: `docs/performance.md`.
//!
//! Every table compares ways of doing one job. A round runs each way once, one after the other, and
//! a ratio is taken within its round, so that what else the machine does weighs on all of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench may break off"
)]

mod bare;
mod peers;
mod receiver;
mod receiving;
mod sending;
mod table;

use std::env;

use table::{Extent, Table};

fn main() {
    let args: Vec<String> = env::args().skip(1).collect();
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    // `cargo test --all-targets` runs benches too, without asking for a measurement.
    if has("--test") || !has("--bench") {
        return;
    }
    let extent = if has("--quick") { Extent::QUICK } else { Extent::FULL };
    let words: Vec<&String> = args.iter().filter(|arg| !arg.starts_with('-')).collect();
    for (title, measure) in TABLES {
        if words.iter().all(|word| title.contains(word.as_str())) {
            let table = measure(extent);
            print!("\n{title}\n\n{table}");
        }
    }
}

type Measure = fn(Extent) -> Table;

const TABLES: [(&str, Measure); 9] = [
    ("sending to a bare sink, one after the other", sending::to_a_bare_sink),
    ("sending from our sender to our listener, one after the other", sending::to_our_listener),
    ("receiving from one bare sender", receiving::from_one),
    ("receiving from four bare senders at once", receiving::from_four),
    ("receiving, from connect to heard, one at a time", receiving::one_at_a_time),
    ("telling 1,000 peers `connect`", peers::tell_1_000),
    ("reading without sockets, in pieces of 4 KiB", receiver::in_pieces),
    ("reading without sockets, byte by byte", receiver::by_byte),
    ("reading without sockets, a connection a message", receiver::a_connection_a_message),
];
