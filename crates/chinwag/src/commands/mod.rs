//! The commands, one folder or file each.

pub(crate) mod classroom;
