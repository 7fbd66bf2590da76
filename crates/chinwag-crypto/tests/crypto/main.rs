//! What the crate promises, tried from outside.

mod edges;
mod harness;
mod properties;
mod published;
mod secrets;
mod vectors;
