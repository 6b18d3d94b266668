//! The model of a disk keeps what a disk keeps, loses what it may lose, and makes up nothing.

use super::*;

const SEEDS: u64 = 400;

/// A file of some sectors of ones, durable.
fn ones(sectors: usize) -> Content {
    let mut file = Content::default();
    file.write(0, &vec![1; sectors * SECTOR]);
    file.sync();
    file
}

/// What power cuts by all seeds leave of a file.
fn after_power_cuts(file: &Content) -> Vec<Vec<u8>> {
    let cut = |seed| {
        let mut file = file.clone();
        file.lose_power(&mut Random::new(seed));
        assert_eq!(file.cache, file.durable, "seed {seed}: what is on the disk is all there is");
        file.cache
    };
    (0..SEEDS).map(cut).collect()
}

#[test]
fn what_is_synced_stays() {
    let mut file = ones(3);
    file.write(100, &[2; 1000]);
    file.truncate(1200);
    file.sync();
    assert!(after_power_cuts(&file).iter().all(|left| left == file.read(0, 2000)));
}

#[test]
fn what_is_not_synced_stays_or_goes_by_sectors() {
    let mut file = ones(4);
    file.write(SECTOR / 2, &[2; 2 * SECTOR]);
    let left = after_power_cuts(&file);
    let mut seen = std::collections::BTreeSet::new();
    for left in &left {
        assert_eq!(left.len(), 4 * SECTOR);
        // The write touches three sectors, and what it does not touch is never changed.
        assert!(left[..SECTOR / 2].iter().all(|byte| *byte == 1));
        assert!(left[SECTOR / 2 + 2 * SECTOR..].iter().all(|byte| *byte == 1));
        for range in [SECTOR / 2..SECTOR, SECTOR..2 * SECTOR, 2 * SECTOR..2 * SECTOR + SECTOR / 2] {
            assert!(left[range.clone()].iter().all(|byte| *byte == left[range.start]), "a sector is torn");
        }
        seen.insert([left[SECTOR - 1], left[SECTOR], left[2 * SECTOR]]);
    }
    assert_eq!(seen.len(), 8, "every mixture is met: {seen:?}");
}

#[test]
fn of_two_writes_the_later_may_stay_alone_but_in_one_sector_not_without_the_earlier() {
    let mut file = ones(2);
    file.write(0, &[2; 10]);
    file.write(SECTOR, &[3; 10]);
    file.write(20, &[4; 10]);
    let left = after_power_cuts(&file);
    assert!(left.iter().any(|left| left[0] == 1 && left[SECTOR] == 3), "in another order");
    assert!(left.iter().any(|left| left[20] == 4));
    assert!(left.iter().all(|left| left[20] != 4 || left[0] == 2), "a sector is written as the cache has it");
}

#[test]
fn a_file_grows_with_or_without_its_bytes() {
    let mut file = ones(1);
    file.write(SECTOR, &[2; SECTOR]);
    let left = after_power_cuts(&file);
    assert!(left.iter().all(|left| left[..SECTOR] == [1; SECTOR]));
    assert!(left.iter().any(|left| left.len() == SECTOR));
    assert!(left.iter().any(|left| left.len() == 2 * SECTOR && left[SECTOR] == 2));
    assert!(left.iter().any(|left| left.len() == 2 * SECTOR && left[SECTOR] == 0));
    assert!(
        left.iter().any(|left| left.len() == 2 * SECTOR && left[SECTOR] > 2),
        "with what was there before"
    );
}

#[test]
fn what_is_written_behind_a_truncation_needs_it() {
    let mut file = ones(3);
    file.truncate(SECTOR);
    file.write(SECTOR, &[2; SECTOR]);
    for left in after_power_cuts(&file) {
        match left.len() / SECTOR {
            3 => assert!(left.iter().all(|byte| *byte == 1), "nothing happened"),
            2 => assert!(left[SECTOR] != 1, "the truncation happened"),
            size => assert_eq!(size, 1),
        }
    }
}

#[test]
fn after_a_failed_sync_a_later_one_does_not_help() {
    let (mut lost, mut kept, mut shown) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut file = ones(1);
        file.write(0, &[2; 10]);
        file.fail_sync(&mut Random::new(seed));
        let seen = file.read(0, 1)[0];
        file.sync();
        file.lose_power(&mut Random::new(seed));
        let left = file.read(0, 1)[0];
        (lost, kept) = (lost + u32::from(left == 1), kept + u32::from(left == 2));
        shown += u32::from(seen == 2 && left == 1);
    }
    assert!(lost > 0 && kept > 0 && shown > 0, "{lost} lost, {kept} kept, {shown} shown and lost");
    let mut file = ones(1);
    file.write(0, &[2; 10]);
    file.fail_sync(&mut Random::new(1));
    file.write(5, &[3; 10]);
    file.sync();
    file.lose_power(&mut Random::new(1));
    assert_eq!(file.read(5, 1), [3], "what is written again is there");
}
