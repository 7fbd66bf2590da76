//! What the house allows, as data. Each table is complete; its rule is in [`super::rules`].
//!
//! A change here is a change of the architecture: it comes with its reason, and with the same
//! change in `ARCHITECTURE.md`.

/// Every crate of ours, existing or planned, and the crates of ours that it may depend on.
pub(crate) const ARROWS: &[(&str, &[&str])] = &[
    (
        "chinwag",
        &[
            "chinwag-daemon",
            "chinwag-relay",
            "chinwag-tui",
            "chinwag-api",
            "chinwag-classroom",
            "chinwag-text",
        ],
    ),
    ("chinwag-tui", &["chinwag-api", "chinwag-text"]),
    ("chinwag-text", &[]),
    (
        "chinwag-daemon",
        &[
            "chinwag-api",
            "chinwag-web",
            "chinwag-classroom",
            "chinwag-net",
            "chinwag-store",
            "chinwag-core",
            "chinwag-crypto",
        ],
    ),
    ("chinwag-net", &["chinwag-core", "chinwag-relay"]),
    ("chinwag-relay", &[]),
    ("chinwag-store", &["chinwag-core", "chinwag-crypto", "chinwag-powercut"]),
    ("chinwag-core", &["chinwag-crypto"]),
    ("chinwag-crypto", &[]),
    ("chinwag-api", &[]),
    ("chinwag-web", &[]),
    ("chinwag-classroom", &[]),
    ("chinwag-sim", &["chinwag-core", "chinwag-crypto", "chinwag-store"]),
    ("chinwag-powercut", &[]),
    ("chinwag-lab", &["chinwag-api", "chinwag-daemon"]),
    ("xtask", &[]),
];

/// Crates of ours that must not reach some packages, by however long a chain.
pub(crate) struct OutOfReach {
    /// The crates of ours.
    pub(crate) of: &'static [&'static str],
    /// The packages, each with the reason why not.
    pub(crate) packages: &'static [(&'static str, &'static str)],
}

/// What must stay out of reach, counted over normal and build dependencies.
pub(crate) const OUT_OF_REACH: &[OutOfReach] = &[
    OutOfReach {
        of: &["chinwag-core", "chinwag-crypto"],
        packages: &[
            ("tokio", "an async runtime; the core is stepped, never run"),
            ("mio", "sockets; bytes come in as inputs"),
            ("socket2", "sockets; bytes come in as inputs"),
            ("iroh", "the network; only chinwag-net knows it"),
            ("quinn", "the network; only chinwag-net knows it"),
            ("rusqlite", "SQL; only chinwag-store knows it"),
            ("libsqlite3-sys", "SQL; only chinwag-store knows it"),
            ("chrono", "a clock; the time comes in with each step"),
            ("time", "a clock; the time comes in with each step"),
            ("jiff", "a clock; the time comes in with each step"),
            ("getrandom", "OS randomness; it comes in with each step"),
        ],
    },
    OutOfReach {
        of: &["chinwag-store"],
        packages: &[("chinwag-powercut", "unsafe code, for tests only")],
    },
    OutOfReach {
        of: &["chinwag-net"],
        packages: &[("chinwag-relay", "a server for strangers, for tests only")],
    },
    OutOfReach {
        of: &["chinwag-classroom"],
        packages: &[
            ("ed25519-dalek", "keys; the classroom mode sees none"),
            ("x25519-dalek", "keys; the classroom mode sees none"),
            ("hpke", "encryption; the classroom mode is plaintext"),
            ("rusqlite", "the database; the classroom mode keeps nothing"),
            ("iroh", "keys and the network; the classroom mode is TCP"),
        ],
    },
];

/// Packages that only work while something is built: what lies behind them is in no program.
pub(crate) const BUILD_TOOLS: &[&str] = &["cc"];

/// Packages that only some crates of ours may name as a dependency. The first line that fits a
/// package decides; a `*` at the end stands for any rest.
pub(crate) const OWNERS: &[(&str, &[&str])] = &[
    ("rusqlite", &["chinwag-store", "chinwag-powercut", "chinwag-lab"]),
    ("libsqlite3-sys", &["chinwag-store"]),
    ("iroh-relay", &["chinwag-net", "chinwag-relay", "chinwag-lab"]),
    ("iroh-base", &["chinwag-relay"]),
    ("iroh*", &["chinwag-net"]),
    ("patchbay", &["chinwag-lab"]),
    ("clap", &["chinwag", "chinwag-sim", "chinwag-lab", "xtask"]),
    ("rustyline", &["chinwag"]),
];

/// Crates of ours that have lints of their own, each with the reason why.
pub(crate) const OWN_LINTS: &[(&str, &str)] =
    &[("chinwag-powercut", "a file system for SQLite is a table of C functions: unsafe code")];

/// Top folders of one person's machine: an absolute path that begins with one has no place in a
/// file that others read.
pub(crate) const MACHINE_FOLDERS: &[&str] = &["root", "work"];

/// Top folders that hold one folder a person: a path is a machine's own when a name follows.
pub(crate) const PEOPLE_FOLDERS: &[&str] = &["home", "Users"];
