//! What is shown to people, in whatever interface: text from outside made safe for a terminal, and times
//! in the words in which they are read and typed, where we are.

pub mod dates;
pub mod safe;
pub mod time;
pub mod words;
