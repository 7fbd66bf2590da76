//! What is shown to people, in whatever interface: text from outside made safe for a terminal, and times
//! in the words in which they are read and typed.

pub mod safe;
pub mod time;
pub mod words;
