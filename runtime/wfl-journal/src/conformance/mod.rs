//! The conformance suite: one function per promise of [`Journal`](crate::Journal), run against every backend.
//!
//! A backend gives a [`Harness`] and writes `wfl_journal::conformance_suite!(its_harness());` in a test file;
//! each promise becomes a test. The crate that does so needs tokio with `macros` and `rt-multi-thread`.

#![expect(clippy::panic, reason = "a promise that is broken is a failed test")]

mod harness;
// What the promises share: records to append, ways to read.
mod fixture;
// The promises.
mod appends;
mod damage;
mod follows;
mod keeps;
mod purges;

pub use appends::*;
pub use damage::*;
pub use follows::*;
pub use harness::{Area, Damage, Field, Harness, LIMITS, PARTITIONS, TestClock};
pub use keeps::*;
pub use purges::*;

/// Makes one test of every promise. The expression gives a harness with a new, empty store each time.
#[macro_export]
macro_rules! conformance_suite {
    ($harness:expr) => {
        $crate::conformance_suite! { @promises $harness;
            an_append_is_read_back
            a_repeat_is_answered_with_the_first
            repeats_at_once_are_kept_once
            a_repeat_after_a_restart_is_answered
            a_repeated_start_is_a_duplicate
            another_start_is_a_conflict
            a_later_record_needs_a_start
            an_instance_stays_in_its_partition
            a_message_id_counts_per_instance
            what_is_too_large_is_refused
            stamps_are_kept_though_the_clock_goes_back
            many_writers_lose_nothing
            a_follower_begins_in_the_middle
            a_follower_sees_what_comes
            an_empty_log_is_caught_up
            a_slow_follower_loses_nothing
            followers_do_not_disturb_each_other
            a_follower_ends_with_the_journal
            a_follower_goes_on_after_a_restart
            a_log_that_went_back_is_noticed
            a_long_log_is_read_in_order
            an_instance_is_read_alone
            a_snapshot_gives_way_to_a_newer_one
            a_snapshot_can_be_dropped
            a_watermark_never_goes_back
            a_snapshot_needs_its_instance
            blobs_are_found_by_their_hash
            a_purge_keeps_only_the_start
            a_purge_goes_on_refusing_starts
            a_trim_takes_what_came_before
            a_purged_instance_is_not_followed
            a_purge_takes_no_position_back
            a_purge_is_repeated_without_harm
            a_purge_takes_no_record_that_came_later
            a_start_is_read_alone
            payloads_are_found_by_their_instance_and_hash
            a_purge_takes_the_payloads
            last_records_are_named_once
            last_records_of_purged_instances_are_not_named
            last_records_wait_until_they_are_old
            every_flipped_bit_is_noticed
            damage_is_not_written_over
            a_purge_of_a_damaged_instance_is_honest
            a_torn_record_names_its_instance
        }
    };
    (@promises $harness:expr; $($promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                $crate::conformance::$promise(&$harness).await;
            }
        )*
    };
}
