//! How a ticket looks, of a person or to a group: for whoever has one box for names and tickets.

/// How every ticket begins.
pub const LEAD: &str = "chinwag1";

/// Whether what somebody typed or pasted can only be meant as a ticket. Whether it is one, the node says.
///
/// ```
/// # use chinwag_api::ticket::is_meant;
/// assert!(is_meant(" CHINWAG1ALF4EQL7"));
/// assert!(!is_meant("Choir"));
/// ```
pub fn is_meant(typed: &str) -> bool {
    typed.trim().get(..LEAD.len()).is_some_and(|begins| begins.eq_ignore_ascii_case(LEAD))
}
