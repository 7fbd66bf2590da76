//! The only driver. The daemon and the simulator both call it.

use crate::env::Env;
use crate::input::Input;
use crate::node::Node;
use crate::output::Output;
use crate::store::StoreError;

/// Handles a batch of inputs as one transaction: begin, handle each, commit, and only then release
/// what comes out. Nothing is announced that could be lost; many inputs, one commit.
///
/// After an error the node must be dropped and opened again: that is the one way of recovery.
pub fn step(
    node: &mut Node,
    env: &mut Env<'_>,
    inputs: impl IntoIterator<Item = Input>,
) -> Result<Vec<Output>, StoreError> {
    env.store.begin()?;
    for input in inputs {
        if let Err(error) = node.handle(env, input) {
            env.store.rollback();
            return Err(error);
        }
    }
    env.store.commit()?;
    Ok(std::iter::from_fn(|| node.poll()).collect())
}
