//! A team name that is safe to put on the wire: one word.

use std::fmt;

use crate::limits::TEAM_MAX;

/// Our own team name: one word without spaces, control characters or angle brackets, of 1 to
/// [`TEAM_MAX`] bytes. A team name that a *peer* claims is a plain string: anything goes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team(String);

/// Why a text is no team name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TeamError {
    /// Nothing is left of it.
    #[error("a team name needs at least one letter or digit")]
    Empty,
    /// More than [`TEAM_MAX`] bytes.
    #[error("a team name of {0} bytes is over the limit of {TEAM_MAX}")]
    TooLong(usize),
}

impl Team {
    /// Makes a team name of what somebody typed: what cannot be on the wire becomes `_`, so that
    /// `My Team` is `My_Team`. Compare with [`Team::as_str`] to see whether it was changed.
    pub fn from_typed(typed: &str) -> Result<Self, TeamError> {
        let trimmed = typed.trim();
        let name: String = trimmed.chars().map(|c| if fits(c) { c } else { '_' }).collect();
        if !name.chars().any(char::is_alphanumeric) {
            return Err(TeamError::Empty);
        }
        if name.len() > TEAM_MAX {
            return Err(TeamError::TooLong(name.len()));
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn fits(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '<' | '>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_two_words_becomes_one() {
        assert_eq!(Team::from_typed(" My Team ").unwrap().as_str(), "My_Team");
        assert_eq!(Team::from_typed("a<b>\u{1b}c").unwrap().as_str(), "a_b__c");
    }

    #[test]
    fn a_name_needs_something_to_read() {
        assert_eq!(Team::from_typed("  "), Err(TeamError::Empty));
        assert_eq!(Team::from_typed("<>"), Err(TeamError::Empty));
    }

    #[test]
    fn a_name_may_be_as_long_as_the_limit_and_no_longer() {
        assert!(Team::from_typed(&"x".repeat(TEAM_MAX)).is_ok());
        let long = Team::from_typed(&"x".repeat(TEAM_MAX + 1));
        assert_eq!(long, Err(TeamError::TooLong(TEAM_MAX + 1)));
    }
}
