//! Words that change with a number, in one place: what is counted, in each form that the language has.
//!
//! English has two forms (CLDR: one, other). Another language is another table, and its rule stands in
//! [`Noun::form`].

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noun {
    one: &'static str,
    other: &'static str,
}

impl Noun {
    /// The word for so many: `device`, `devices`.
    pub const fn form(self, n: u64) -> &'static str {
        if n == 1 { self.one } else { self.other }
    }

    /// The number and its word: `1 device`, `2 devices`.
    pub fn count(self, n: u64) -> String {
        format!("{n} {}", self.form(n))
    }
}

macro_rules! nouns {
    ($($name:ident $one:literal $other:literal $doc:literal;)*) => {
        $(#[doc = $doc]
        pub const $name: Noun = Noun { one: $one, other: $other };)*
    };
}

nouns! {
    BUNDLE "bundle" "bundles" "Bundles.";
    CONTACT "contact" "contacts" "Contacts.";
    DEVICE "device" "devices" "Devices.";
    ENTRY "entry" "entries" "Entries.";
    INVITATION "invitation" "invitations" "Invitations to groups.";
    MEMBER "member" "members" "Members of a group.";
    MESSAGE "message" "messages" "Messages.";
    PEER "peer" "peers" "Peers.";
    REQUEST "request" "requests" "Requests of strangers.";
    SECOND "second" "seconds" "Seconds.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_one_and_nothing_is_many() {
        let said = [0, 1, 2].map(|n| ENTRY.count(n));
        assert_eq!(said, ["0 entries", "1 entry", "2 entries"]);
        assert_eq!((DEVICE.form(1), DEVICE.form(21)), ("device", "devices"));
    }
}
