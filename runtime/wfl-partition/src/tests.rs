//! Lanes and gates by themselves: whose turn it is, and how many may go.

use std::sync::Arc;

use wfl_ir::{Duration, Timestamp};
use wfl_record::{Namespace, Partition};

use crate::event::CallId;
use crate::gates::{Gates, Limit, Limits, Permits};
use crate::lanes::Lanes;

fn tenant(name: &str) -> Namespace {
    name.parse().unwrap_or_default()
}

/// Takes all that may go, and says which.
fn drain(lanes: &mut Lanes) -> Vec<u64> {
    std::iter::from_fn(|| lanes.take()).map(|call| call.0).collect()
}

#[test]
fn tenants_take_turns_and_priorities_go_first() {
    let mut lanes = Lanes::default();
    for (call, name, priority) in
        [(1, "a", 0), (2, "a", 0), (3, "a", 9), (4, "a", 0), (5, "b", 0), (6, "c", -1)]
    {
        lanes.add(&None, &tenant(name), priority, CallId(call));
    }
    // A tenant with a thousand calls holds nobody up; its own urgent one goes before its older ones.
    assert_eq!(drain(&mut lanes), [3, 5, 6, 1, 2, 4]);
}

#[test]
fn a_lane_without_permits_holds_up_nobody_else() {
    let (mut lanes, slow) = (Lanes::default(), Some(Arc::from("Ledger.hold")));
    for call in 1..=3 {
        lanes.add(&slow, &tenant("a"), 0, CallId(call));
    }
    lanes.add(&None, &tenant("a"), 0, CallId(9));
    assert_eq!(drain(&mut lanes), [9]);
    assert_eq!(lanes.wanted(), [(Arc::from("Ledger.hold"), 3)]);
    assert_eq!(lanes.wanted(), [], "once");
    lanes.permitted(Arc::from("Ledger.hold"), 2);
    assert_eq!(drain(&mut lanes), [1, 2]);
    lanes.remove(&slow, &tenant("a"), 0, CallId(3));
    lanes.permitted(Arc::from("Ledger.hold"), 1);
    assert!(drain(&mut lanes).is_empty());
    assert_eq!(lanes.spare(), [(Arc::from("Ledger.hold"), 1)], "what nobody needs goes back");
}

fn gates(concurrent: Option<u32>, rate: Option<(u32, Duration)>) -> (Gates, Arc<str>) {
    let name: Arc<str> = Arc::from("Ledger.hold");
    let limits: Limits = [(Arc::clone(&name), Limit { concurrent, rate })].into_iter().collect();
    (Gates::new(&limits), name)
}

fn count(permits: &[Permits], partition: u32) -> u32 {
    permits.iter().filter(|it| it.partition == Partition(partition)).map(|it| it.count).sum()
}

#[test]
fn partitions_share_what_may_be_under_way_at_once() {
    let (mut gates, name) = gates(Some(3), None);
    let now = Timestamp(1_000_000);
    assert_eq!(count(&gates.ask(now, Partition(0), &name, 5), 0), 3);
    assert_eq!(gates.ask(now, Partition(1), &name, 2), []);
    assert_eq!(gates.next_grant(), None, "no time brings more");
    let granted = gates.give_back(now, &name, 2);
    assert_eq!((count(&granted, 0), count(&granted, 1)), (1, 1), "they take turns");
    let granted = gates.give_back(now, &name, 3);
    assert_eq!((count(&granted, 0), count(&granted, 1)), (1, 1), "and all are served");
}

#[test]
fn a_rate_spreads_permits_over_the_time() {
    let (mut gates, name) = gates(None, Some((10, Duration::from_secs(1))));
    let mut now = Timestamp(1_000_000);
    let mut granted = count(&gates.ask(now, Partition(0), &name, 100), 0);
    let mut times = vec![now.0];
    while let Some(next) = gates.next_grant() {
        assert!(next > now, "it is not asked before it helps");
        now = next;
        granted += count(&gates.grant(now), 0);
        times.push(now.0);
    }
    assert_eq!(granted, 100);
    let busiest =
        times.iter().map(|from| times.iter().filter(|at| (*from..*from + 1_000_000).contains(*at)).count());
    assert_eq!(busiest.max(), Some(10), "never more than ten in a second");
    assert_eq!(now.0 - 1_000_000, 9_900_000, "and no slower than that");
}
