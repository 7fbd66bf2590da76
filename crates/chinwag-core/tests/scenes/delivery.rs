//! How far a message has come.

use chinwag_core::input::Command;

use crate::world::World;

#[test]
fn a_message_is_shown_device_by_device_as_it_goes() {
    let mut world = World::of_friends(&["alice", "bob"]);
    world.restore_on("alice", "alice's phone");
    world.restore_on("bob", "bob's phone");
    for (a, b) in [("alice's phone", "alice"), ("bob's phone", "bob"), ("bob", "alice")] {
        world.connect(a, b);
        world.settle();
        world.disconnect(a, b);
    }
    let said = world.say("alice", "bob", "hello");
    let seen = |world: &mut World, by: &str| world.delivery(by, ["alice", "bob"], said);
    let nowhere = vec![("alice's phone", false), ("bob", false), ("bob's phone", false)];
    assert_eq!(seen(&mut world, "alice"), Some((nowhere, vec![])), "saved");
    assert_eq!(seen(&mut world, "bob"), None);
    world.connect("alice", "bob");
    world.settle();
    let at_bobs = vec![("alice's phone", false), ("bob", true), ("bob's phone", false)];
    assert_eq!(seen(&mut world, "alice"), Some((at_bobs.clone(), vec![])), "delivered");
    let account = world.account("alice");
    world.command("bob", Command::MarkRead(account)).unwrap();
    world.settle();
    assert_eq!(seen(&mut world, "alice"), Some((at_bobs.clone(), vec!["bob"])), "read");
    world.restart("alice");
    assert_eq!(seen(&mut world, "alice"), Some((at_bobs, vec!["bob"])), "after a restart");
    for (a, b) in [("alice's phone", "alice"), ("bob's phone", "bob"), ("bob", "alice")] {
        world.connect(a, b);
        world.settle();
    }
    let everywhere = vec![("alice's phone", true), ("bob", true), ("bob's phone", true)];
    // The phone has not heard it from bob.
    let on_the_phone = vec![("alice's phone", true), ("bob", false), ("bob's phone", false)];
    assert_eq!(seen(&mut world, "alice's phone").unwrap().0, on_the_phone);
    world.connect("alice", "bob's phone");
    world.settle();
    assert_eq!(seen(&mut world, "alice").unwrap().0, everywhere);
}
