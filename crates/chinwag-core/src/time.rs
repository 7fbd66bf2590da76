//! Three kinds of time, which must not be mixed up.

/// Microseconds since this node started. Not comparable across nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

/// Milliseconds since the Unix epoch, by the local clock, which may be wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(u64);

/// What an author says the time was, in milliseconds since the Unix epoch. Shown, never trusted,
/// never ordered by alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimedTime(u64);

macro_rules! time {
    ($name:ident, $unit:literal) => {
        impl $name {
            #[doc = concat!("A time of so many ", $unit, ".")]
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            #[doc = concat!("The time in ", $unit, ".")]
            pub const fn get(self) -> u64 {
                self.0
            }
        }
    };
}

time!(Mono, "microseconds");
time!(Wall, "milliseconds");
time!(ClaimedTime, "milliseconds");

impl From<Wall> for ClaimedTime {
    /// What we claim is what our clock says.
    fn from(wall: Wall) -> Self {
        Self(wall.0)
    }
}
