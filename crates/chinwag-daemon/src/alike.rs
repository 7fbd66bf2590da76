//! Names that look like each other: what a person could take for another is told beside it.
//!
//! Two names look alike if they have the same skeleton (Unicode Technical Standard 39, section 4), with
//! capitals or without, and blanks and what is not seen left away. Nobody is kept from being called so: two
//! people may have the same name. What is sure of somebody are their keys.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_core::ids::AccountId;

use crate::node_thread::View;
use crate::people;

/// Names that are told.
const TOLD_MAX: usize = 3;

/// Who is called what, by what it looks like.
pub(crate) struct Alike(BTreeMap<String, Vec<(AccountId, String)>>);

impl Alike {
    /// Of everybody who is known here, who asks, and ourselves.
    pub(crate) fn of(view: &View<'_>) -> Self {
        let own = view.node.account();
        let known = people::known(view).into_iter().chain(own);
        let known = known.map(|account| (account, people::name(view, account)));
        let asking = view.node.requests().map(|asks| (asks.account, asks.name.as_str().to_owned()));
        Self::among(known.chain(asking))
    }

    fn among(people: impl Iterator<Item = (AccountId, String)>) -> Self {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (account, name) in people {
            for look in looks(&name) {
                all.entry(look).or_default().push((account, name.clone()));
            }
        }
        Self(all)
    }

    /// The names of others that this one of somebody's looks like.
    pub(crate) fn to(&self, account: AccountId, name: &str) -> Vec<String> {
        let mut alike = BTreeSet::new();
        for look in looks(name) {
            let others = self.0.get(&look).into_iter().flatten();
            alike.extend(others.filter(|(other, _)| *other != account).map(|(_, name)| name));
        }
        alike.into_iter().take(TOLD_MAX).cloned().collect()
    }
}

/// What a name looks like: as it is, and in small letters, since a capital I looks like a small l.
fn looks(name: &str) -> BTreeSet<String> {
    let seen = |c: &char| !c.is_whitespace() && !is_unseen(*c);
    let skeleton =
        |name: &str| -> String { unicode_security::skeleton(name).filter(seen).collect() };
    [skeleton(name), skeleton(&name.to_lowercase())].into()
}

/// Characters that have no look of their own; the rest of them are escaped wherever a name is shown.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use chinwag_core::ids::AccountId;

    fn account(n: u8) -> AccountId {
        let key = chinwag_crypto::SigningKey::from_seed(&chinwag_crypto::Secret::new([n; 32]));
        AccountId::from_bytes(key.public().as_bytes()).unwrap()
    }

    fn alike(mine: &str, other: &str) -> bool {
        let people = [(account(1), other.to_owned()), (account(2), mine.to_owned())];
        !Alike::among(people.into_iter()).to(account(2), mine).is_empty()
    }

    #[test]
    fn what_looks_alike_is_found_whatever_it_is_made_of() {
        for (one, other) in [
            ("Bob", "Bοb"), // Greek omicron
            ("Bob", "bob"),
            ("Bob", "B o b"),
            ("Bob", "Bo\u{200d}b"),
            ("Paypal", "PаyраI"), // Cyrillic, and a capital I
            ("Ilse", "llse"),
            ("modern", "modem"),
            ("Zoe\u{308}", "Zoë"),
            ("Ana", "Ana"),
        ] {
            assert!(alike(one, other) && alike(other, one), "{one} {other}");
        }
    }

    #[test]
    fn others_are_left_in_peace() {
        for (one, other) in [("Bob", "Rob"), ("Ana", "Anna"), ("Zoë", "Zoe"), ("نور", "سلام")]
        {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn somebody_does_not_look_like_themselves_and_not_too_many_are_told() {
        let people = (0..20).map(|n| (account(n), format!("Bob{}", " ".repeat(n.into()))));
        let all = Alike::among(people);
        assert_eq!(all.to(account(3), "Bob").len(), TOLD_MAX);
        let alone = Alike::among([(account(3), "Bob".to_owned())].into_iter());
        assert!(alone.to(account(3), "Bob").is_empty());
    }
}
