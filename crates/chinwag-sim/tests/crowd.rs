//! How what is new spreads in a large group, as the core decides it.

use chinwag_sim::crowd::{Crowd, talk};

/// Two hundred devices, of which so many of a hundred leave in a minute.
const fn crowd(churn: u64) -> Crowd {
    Crowd { devices: 200, authors: 20, churn, warm_up_s: 60, counted_s: 60, seed: 1 }
}

#[test]
fn where_many_come_and_go_everybody_gets_everything_nearly_once_and_soon() {
    let crowd = crowd(5);
    let spreading = talk(crowd);
    assert_eq!(spreading.missed, 0);
    assert!(spreading.copies <= 1.3, "{} copies", spreading.copies);
    let (half, ideal) = (spreading.last(50), spreading.ideal_ms(crowd.devices));
    assert!(half <= 2.0 * ideal, "{half} ms, where a tree as it should be takes {ideal}");
}

#[test]
fn where_nobody_comes_or_goes_hardly_anything_is_sent_twice() {
    let spreading = talk(crowd(0));
    assert_eq!(spreading.missed, 0);
    assert!(spreading.copies <= 1.1, "{} copies", spreading.copies);
}
