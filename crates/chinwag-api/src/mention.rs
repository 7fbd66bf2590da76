//! Where a text names somebody: with an `@` and the name behind it.
//!
//! Part of the contract, so that what a client marks is what the daemon counts. Nothing of it is said on the
//! wire between devices: whoever reads knows what they are called, and whoever writes may not.

/// Where a name stands behind an `@`, as a word of its own: from byte, to byte.
///
/// Capitals make no difference, as wherever names are compared. Before the `@` stands no letter and no digit,
/// so that no address of mail is one; behind the name neither, nor a sign that belongs to its last letter.
pub fn mentions(text: &str, name: &str) -> Vec<(usize, usize)> {
    let wanted = small(name);
    if wanted.is_empty() {
        return Vec::new();
    }
    let found = text.match_indices('@').filter_map(|(at, _)| {
        let (before, behind) = (text.get(..at)?, text.get(at + 1..)?);
        let len = begins_with(behind, &wanted)?;
        let goes_on = behind.get(len..)?.chars().next().is_some_and(is_of_a_word);
        let is_within = before.chars().next_back().is_some_and(is_of_a_word);
        (!goes_on && !is_within).then_some((at, at + 1 + len))
    });
    found.collect()
}

/// Where a word stands as one of its own, with or without capitals: from byte, to byte. For words that somebody
/// wants to hear of, beside their name.
pub fn words(text: &str, word: &str) -> Vec<(usize, usize)> {
    let wanted = small(word);
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut before = None;
    for (at, c) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        if !before.is_some_and(is_of_a_word)
            && let Some(len) = begins_with(rest, &wanted)
            && !rest.get(len..).and_then(|behind| behind.chars().next()).is_some_and(is_of_a_word)
        {
            found.push((at, at + len));
        }
        before = Some(c);
    }
    found
}

/// A text in small letters, each by itself: the letter that is another one at the end of a word (ς) is as any.
fn small(text: &str) -> String {
    text.chars().flat_map(small_letters).collect()
}

fn small_letters(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(|small| if small == 'ς' { 'σ' } else { small })
}

/// How many bytes of a text are a name that is written in small letters, if it begins with it.
fn begins_with(text: &str, small: &str) -> Option<usize> {
    let mut left = small;
    let mut len = 0;
    for c in text.chars() {
        if left.is_empty() {
            break;
        }
        for small in small_letters(c) {
            left = left.strip_prefix(small)?;
        }
        len += c.len_utf8();
    }
    left.is_empty().then_some(len)
}

fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_combining(c)
}

/// Signs that stand over, under or within the letter before them, and joiners: the blocks of Unicode that hold
/// nothing else.
const fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
        | '\u{200c}'..='\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}')
}

#[cfg(test)]
mod tests {
    use super::{mentions, words};
    use proptest::prelude::*;

    fn found<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
        mentions(text, name).into_iter().map(|(from, to)| &text[from..to]).collect()
    }

    #[test]
    fn a_name_is_meant_only_as_a_whole_word() {
        assert_eq!(found("@Ana, @anastasia and (@ANA)", "Ana"), ["@Ana", "@ANA"]);
        assert_eq!(found("@Ana's @Ana. @Ana", "ana"), ["@Ana"; 3]);
        for other in ["", "@", "@ Ana", "Ana", "bob@ana", "bob@ana.example", "@Ana_2", "@An"] {
            assert_eq!(found(other, "Ana"), [""; 0], "{other}");
        }
        assert_eq!(found("@x @", ""), [""; 0]);
    }

    #[test]
    fn names_of_several_words_and_of_all_letters_are_found() {
        assert_eq!(found("hello @cleo of ROME!", "Cleo of Rome"), ["@cleo of ROME"]);
        assert_eq!(found("@ÄNNE @änne", "Änne"), ["@ÄNNE", "@änne"]);
        // A capital whose small letter is two characters.
        assert_eq!(found("@İpek @i\u{307}pek", "İpek"), ["@İpek", "@i\u{307}pek"]);
        assert_eq!(found("@ΝΙΚΟΣ @νικος @Νικοσ", "Νικος"), ["@ΝΙΚΟΣ", "@νικος", "@Νικοσ"]);
        assert_eq!(words("η ΟΔΟΣ", "οδος").len(), 1);
        assert_eq!(found("@Zoe\u{308} is somebody else", "Zoe"), [""; 0]);
        assert_eq!(found("@中村さん", "中村"), [""; 0], "no end of a word is told in there");
    }

    #[test]
    fn a_word_is_found_as_a_whole_one() {
        let text = "Deploy, redeploy and DEPLOY; deploys";
        assert_eq!(words(text, "deploy"), [(0, 6), (21, 27)]);
        assert_eq!(words("the big day", "Big day"), [(4, 11)]);
        assert!(words(text, "").is_empty() && words("", "x").is_empty());
    }

    proptest! {
        #[test]
        fn whoever_is_named_between_blanks_is_found(
            name in "[a-zA-ZäÖİßΣσς中 _.0-9🙂-]{0,12}[a-zA-Z0-9äÖßΣς]",
            before in "[a-z ]{0,8}",
            behind in "[a-z ]{0,8}",
        ) {
            let text = format!("{before} @{name} {behind}");
            prop_assert!(mentions(&text, &name).contains(&(before.len() + 1, before.len() + 2 + name.len())));
            prop_assert!(!mentions(&text.to_uppercase(), &name.to_uppercase()).is_empty());
        }

        #[test]
        fn whatever_is_said_the_places_are_in_the_text(text in ".{0,40}@.{0,20}", name in ".{0,6}") {
            for (from, to) in mentions(&text, &name) {
                prop_assert!(text[from..to].starts_with('@') && from + 1 < to);
            }
        }
    }
}
