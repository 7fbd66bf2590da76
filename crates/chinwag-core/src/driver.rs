//! The only driver. The daemon and the simulator both call it.

use crate::env::Env;
use crate::input::Input;
use crate::node::Node;
use crate::output::Output;
use crate::store::{Store, StoreError};

/// Handles a batch of inputs as one transaction: begin, handle each, finish, commit, and only then
/// release what comes out. Nothing is announced that could be lost; many inputs, one commit.
///
/// After an error the node must be dropped and opened again: that is the one way of recovery.
pub fn step(
    node: &mut Node,
    env: &mut Env<'_>,
    inputs: impl IntoIterator<Item = Input>,
) -> Result<Vec<Output>, StoreError> {
    let mut inputs = inputs.into_iter();
    step_with(node, env, |_, _| inputs.next())
}

/// The same for inputs that depend on what those before them did: `next` sees the node and its store
/// as they are when the next input is due, and what it makes of that is handled.
pub fn step_with(
    node: &mut Node,
    env: &mut Env<'_>,
    mut next: impl FnMut(&Node, &dyn Store) -> Option<Input>,
) -> Result<Vec<Output>, StoreError> {
    env.store.begin()?;
    while let Some(input) = next(node, env.store) {
        if let Err(error) = node.handle(env, input) {
            env.store.rollback();
            return Err(error);
        }
    }
    if let Err(error) = node.finish(env) {
        env.store.rollback();
        return Err(error);
    }
    env.store.commit()?;
    Ok(std::iter::from_fn(|| node.poll()).collect())
}
