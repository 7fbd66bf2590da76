//! What the crate promises, tried from outside.

mod corpus;
mod edges;
mod harness;
mod properties;
mod published;
mod secrets;
mod vectors;
mod wrapped;
