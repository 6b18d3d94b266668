//! What goes wrong, how often, and how often it did.

use std::collections::BTreeMap;

use wfl_ir::Fields;
use wfl_machine::Purpose;

use crate::random::Random;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A call reaches nobody, and nobody knows.
    RequestLost,
    /// A call is carried out, and its answer is lost.
    AnswerLost,
    /// A call is carried out twice.
    CallRepeated,
    /// The other side says that it did nothing.
    Unavailable,
    /// A call takes longer than it may.
    SlowCall,
    /// The answer to a call that was given up gets into the log after all.
    LateAnswer,
    /// An answer that has no meaning.
    Garbled,
    /// An append is lost, and nobody knows.
    AppendLost,
    /// An append is kept, and its acknowledgement is lost.
    AckLost,
    /// An append is refused for a while.
    JournalAway,
    /// A record stands in the log twice.
    RecordTwice,
    /// The follower of a log lags behind.
    RecordDelayed,
    /// A process ends between two of the things that it does.
    Crash,
    /// Two processes own a partition.
    TwoOwners,
    /// The clock of a process jumps.
    ClockJump,
    /// A plan cannot be read for a while.
    PlanMissing,
    /// A snapshot is not what was written.
    SnapshotDamaged,
}

impl Fault {
    /// All kinds.
    pub const ALL: [Fault; 17] = [
        Fault::RequestLost,
        Fault::AnswerLost,
        Fault::CallRepeated,
        Fault::Unavailable,
        Fault::SlowCall,
        Fault::LateAnswer,
        Fault::Garbled,
        Fault::AppendLost,
        Fault::AckLost,
        Fault::JournalAway,
        Fault::RecordTwice,
        Fault::RecordDelayed,
        Fault::Crash,
        Fault::TwoOwners,
        Fault::ClockJump,
        Fault::PlanMissing,
        Fault::SnapshotDamaged,
    ];
}

/// How often each kind happens where it can: cases in a million.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates(BTreeMap<Fault, u32>);

impl Rates {
    /// Nothing goes wrong.
    pub fn none() -> Rates {
        Rates::default()
    }

    /// As good as everything goes wrong now and then, more or less by the seed. Some runs have no faults of some kinds, so
    /// that what hides behind others is seen.
    pub fn of_seed(random: &mut Random) -> Rates {
        let heavy = [1_000, 5_000, 20_000, 60_000];
        let rates = Fault::ALL.iter().filter_map(|fault| {
            let rate = *random.pick(&heavy)?;
            let rate = if *fault == Fault::Garbled { rate / 8 } else { rate };
            (random.below(3) > 0).then_some((*fault, rate))
        });
        Rates(rates.collect())
    }

    /// With this rate for a kind.
    #[must_use]
    pub fn with(mut self, fault: Fault, rate: u32) -> Rates {
        self.0.insert(fault, rate);
        self
    }

    /// Cases in a million.
    pub fn of(&self, fault: Fault) -> u32 {
        self.0.get(&fault).copied().unwrap_or_default()
    }
}

/// What goes wrong with one call, as if by design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Twist {
    /// `Service.operation`.
    pub operation: String,
    /// What the call is for.
    pub purpose: Purpose,
    /// With which arguments.
    pub args: Fields,
    /// Which of these calls, from 1.
    pub nth: u32,
    /// What happens to it.
    pub fate: Fate,
}

/// What happens to one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It reaches nobody.
    RequestLost,
    /// It is carried out, and its answer is lost.
    AnswerLost,
    /// It is carried out twice.
    Repeated,
    /// The other side says that it did nothing.
    Unavailable,
    /// It is carried out, and the answer comes too late.
    TooLate,
    /// It is carried out, and the answer has no meaning.
    Garbled,
    /// The other side answers with the error that has this place among those that the operation declares.
    Declared(u32),
}

/// The faults of a run.
#[derive(Clone, Debug)]
pub struct Faults {
    rates: Rates,
    random: Random,
    fired: BTreeMap<Fault, u64>,
    /// From here on nothing goes wrong any more.
    pub(crate) quiet: bool,
}

impl Faults {
    /// Faults that happen as often as the rates say.
    pub fn new(rates: Rates, seed: u64) -> Faults {
        Faults { rates, random: Random::new(seed), fired: BTreeMap::new(), quiet: false }
    }

    /// Whether it happens here and now.
    pub fn strikes(&mut self, fault: Fault) -> bool {
        let rate = self.rates.of(fault);
        let strikes = self.random.in_a_million(rate) && !self.quiet;
        if strikes {
            *self.fired.entry(fault).or_default() += 1;
        }
        strikes
    }

    /// As [`Faults::strikes`], for what can happen seldom: every other time if it happens at all.
    pub(crate) fn strikes_often(&mut self, fault: Fault) -> bool {
        let strikes = self.rates.of(fault) > 0 && !self.quiet && self.random.below(2) == 0;
        if strikes {
            *self.fired.entry(fault).or_default() += 1;
        }
        strikes
    }

    /// How often each kind has happened.
    pub fn fired(&self) -> &BTreeMap<Fault, u64> {
        &self.fired
    }
}
