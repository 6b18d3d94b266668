//! Digests ignore layout, and a key runs once at a time.

use super::{Digest, Running};
use serde_json::json;

#[test]
fn layout_does_not_change_the_digest() {
    let digest = |value| Digest::of("Ledger.post", &value);
    let plain = digest(json!({"a": 1, "b": {"c": "x", "d": [1, 2]}}));
    assert_eq!(plain, digest(json!({"b": {"d": [1, 2], "c": "x", "e": null}, "a": 1})));
    assert_ne!(plain, digest(json!({"a": 1, "b": {"c": "x", "d": [2, 1]}})));
    assert_ne!(plain, Digest::of("Ledger.settle", &json!({"a": 1, "b": {"c": "x", "d": [1, 2]}})));
    assert_ne!(digest(json!(["1", "2"])), digest(json!(["1,2"])));
}

#[test]
fn a_key_is_claimed_once_until_it_is_dropped() {
    let running = Running::default();
    let claim = running.claim("k").unwrap();
    assert!(running.claim("k").is_none());
    assert!(running.claim("other").is_some());
    drop(claim);
    assert!(running.claim("k").is_some());
}
