//! What the lives have been through: a simulator that never meets a fault finds none.

use std::collections::BTreeMap;

/// Everything that a run of a thousand seeds must have met.
pub const WANTED: &[&str] = &[
    "blocked people refused",
    "bodies disappeared",
    "bodies refused",
    "broken link mid-page",
    "bundles brought twice",
    "bundles for others refused",
    "bundles lost",
    "bundles opened",
    "bundles without a key",
    "certificates renewed",
    "clock jumps",
    "commits failed",
    "commits on a full disk",
    "connections over a limit refused",
    "crashes after a commit",
    "crashes with an uncommitted entry",
    "crossing connections",
    "devices added",
    "devices revoked",
    "edits",
    "entries cut off by a revocation",
    "entries from bundles",
    "entries from own devices",
    "entries of others refused",
    "expired certificates refused",
    "floods",
    "forged signatures refused",
    "forks by liars that were closed on",
    "forks shown",
    "frames over a limit refused",
    "garbled bundles refused",
    "gaps told of",
    "graceful restarts",
    "impersonations refused",
    "invites used up by another",
    "lifetimes set",
    "logs in as many ranges as may be",
    "live pushes",
    "malformed frames refused",
    "meddling",
    "old backups put back",
    "other conversations refused",
    "pages",
    "partitions",
    "people blocked",
    "people unblocked",
    "presence shown",
    "reactions",
    "read marks of others",
    "replayed frames refused",
    "requests accepted",
    "requests declined",
    "requests shown",
    "retracted bodies deleted",
    "retractions",
    "retractions before what they retract",
    "revoked devices refused",
    "sayings repeated",
    "scattered entries",
    "silent peers let go",
    "slow links",
    "starts on a full disk",
    "strangers refused",
    "things said in one batch",
    "tickets redeemed",
    "typing shown",
    "unlinked entries refused",
    "withheld answers let go",
];

/// Everything that a run of a thousand seeds with groups must have met besides what goes wrong.
pub const WANTED_IN_GROUPS: &[&str] = &[
    "audiences widened",
    "back-dated entries in groups",
    "crashes after a commit",
    "commits failed",
    "clock jumps",
    "demotions",
    "devices added",
    "devices revoked",
    "entries naming what is nowhere",
    "entries that wait",
    "feeds at random",
    "forks shown",
    "grants",
    "grants while removed",
    "groups begun",
    "groups compared",
    "groups read",
    "groups shown for a ticket",
    "groups that are whole",
    "invitations declined",
    "invitations shown",
    "joinings",
    "joinings by tickets",
    "large groups",
    "leavings",
    "lies told in groups",
    "more operations than an entry names",
    "mutual removals",
    "old backups put back",
    "operations without a right",
    "partitions",
    "removals",
    "removals shown",
    "settings of groups",
    "things said in groups",
    "tickets to groups made",
    "tickets to groups not good",
    "tickets to groups revoked",
    "tickets to groups used",
    "typing in groups",
    "usurping operations in groups",
];

/// How often each thing was met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<&'static str, u64>);

impl Coverage {
    /// Met once more.
    pub fn hit(&mut self, what: &'static str) {
        debug_assert!(
            WANTED.contains(&what) || WANTED_IN_GROUPS.contains(&what),
            "{what} is not in the list"
        );
        *self.0.entry(what).or_default() += 1;
    }

    /// Adds what another life has met.
    pub fn add(&mut self, other: &Self) {
        for (what, times) in &other.0 {
            *self.0.entry(what).or_default() += times;
        }
    }

    /// What of this was never met.
    pub fn missing(&self, wanted: &[&'static str]) -> Vec<&'static str> {
        wanted.iter().filter(|what| !self.0.contains_key(*what)).copied().collect()
    }
}

impl std::fmt::Display for Coverage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all: Vec<String> =
            self.0.iter().map(|(what, times)| format!("{times} {what}")).collect();
        f.write_str(&all.join(", "))
    }
}
