//! The turnstile by itself, against a naive queue.

use wfl_record::{InstanceId, Position};

use crate::turnstile::{AtTurnstile, Turnstile};

fn instance(number: u64) -> InstanceId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&number.to_le_bytes());
    InstanceId(id)
}

/// Numbers that look drawn: a linear congruential generator (Knuth, MMIX).
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Who is there, as a list says it: instance, priority, turn, and whether it runs.
#[derive(Default)]
struct Naive(Vec<(InstanceId, i64, u64, bool)>);

impl Naive {
    fn fold(&mut self, position: u64, said: &AtTurnstile, limit: usize) {
        match said {
            AtTurnstile::Entered { instance, priority, .. }
                if self.0.iter().all(|(there, ..)| there != instance) =>
            {
                self.0.push((*instance, *priority, position, false));
            }
            AtTurnstile::Left { instance, ticket } => {
                self.0.retain(|(there, _, turn, _)| {
                    there != instance || ticket.is_some_and(|ticket| ticket != *turn)
                });
            }
            _ => {}
        }
        while self.0.iter().filter(|(.., runs)| *runs).count() < limit {
            let waiting = self.0.iter_mut().filter(|(.., runs)| !runs);
            let Some(next) = waiting.min_by_key(|(_, priority, turn, _)| (-priority, *turn)) else { break };
            next.3 = true;
        }
    }

    fn running(&self) -> Vec<(InstanceId, u64)> {
        let running = self.0.iter().filter(|(.., runs)| *runs);
        let mut all: Vec<_> = running.map(|(instance, _, turn, _)| (*instance, *turn)).collect();
        all.sort_unstable();
        all
    }
}

#[test]
fn a_turnstile_is_a_queue_and_may_be_summed_up_anywhere() {
    for seed in 1..=300 {
        let mut drawn = Drawn(seed);
        let limit = 1 + drawn.below(3) as u32;
        let (mut turnstile, mut naive, mut log) = (Turnstile::default(), Naive::default(), Vec::new());
        for position in 1..=80_u64 {
            let instance = instance(drawn.below(7));
            let ticket = (drawn.below(2) == 0).then(|| 1 + drawn.below(position));
            let said = match drawn.below(12) {
                0..6 => AtTurnstile::Entered { instance, limit, priority: drawn.below(3) as i64 - 1 },
                6..11 => AtTurnstile::Left { instance, ticket },
                _ => {
                    // Whoever lags sums up what was a while ago.
                    let behind = 1 + drawn.below(position.max(2) - 1);
                    let before: Vec<_> =
                        log.iter().filter(|(at, _)| *at <= Position(behind)).cloned().collect();
                    AtTurnstile::Stood { behind: Position(behind), turnstile: Turnstile::of(&before) }
                }
            };
            let before: Vec<InstanceId> = turnstile.running().map(|(there, _)| there).collect();
            let let_in = turnstile.fold(Position(position), &said);
            naive.fold(position, &said, limit as usize);
            log.push((Position(position), said));
            let running: Vec<(InstanceId, u64)> = turnstile.running().collect();
            assert_eq!(running, naive.running(), "seed {seed}, position {position}");
            assert_eq!(turnstile.is_empty(), naive.0.is_empty(), "seed {seed}, position {position}");
            // Whoever is told to run is new, and runs.
            assert!(
                let_in
                    .iter()
                    .all(|there| !before.contains(there) || turnstile.ticket(there) == Some(position))
            );
        }
        assert_eq!(Turnstile::of(&log), turnstile, "seed {seed}: from its whole log");
        let stood = |said: &AtTurnstile| match said {
            AtTurnstile::Stood { behind, .. } => Some(*behind),
            _ => None,
        };
        if let Some(behind) = log.iter().filter_map(|(_, said)| stood(said)).max() {
            log.retain(|(at, _)| *at > behind);
            assert_eq!(Turnstile::of(&log), turnstile, "seed {seed}: without what was summed up");
        }
    }
}
