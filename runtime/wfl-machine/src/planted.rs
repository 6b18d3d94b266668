//! Mistakes made on purpose, here and in what drives the machine, to see that the tests notice them. Only with the
//! feature `planted`, and only while one is chosen in the thread at hand; otherwise each question is answered with no at
//! compile time.

/// A mistake. Each breaks one rule of how workflows run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bug {
    /// Attempts that are used up end the instance instead of waiting for a person.
    IncidentEnds,
    /// Each attempt has a key of its own.
    KeyOfAttempt,
    /// An expired key is sent all the same.
    ExpiredKeySent,
    /// `none` means absent at once.
    AbsentAtOnce,
    /// What may be sent once only is sent without a claim.
    SentWithoutClaim,
    /// An unknown outcome counts as no effect.
    UnknownIsNothing,
    /// The debt is recorded when the result is known.
    DebtAfterwards,
    /// A cancellation does not wait for a pivot that may be happening.
    PivotNotAwaited,
    /// A cancellation is taken behind the point of no return.
    CancelledBehindPivot,
    /// A cancellation does not wait for a shield.
    ShieldOpen,
    /// A success that comes too late is forgotten.
    LateSuccessLost,
    /// What the step goes on with counts as late, too.
    SuccessTakenForLate,
    /// Branches that lose are forgotten.
    LosersForgotten,
    /// The end does not wait for branches that lost.
    EndsBeforeLosers,
    /// A failed branch or item undoes nothing.
    FailedLeavesDebts,
    /// Items that ended well owe nothing.
    ItemsOweNothing,
    /// Branches that ended well owe nothing.
    BranchesOweNothing,
    /// A scope that ends well owes nothing.
    ScopeOwesNothing,
    /// The oldest debt is undone first.
    OldestFirst,
    /// An undo that cannot be reached counts as done.
    UndoUnreachedIsDone,
    /// An undo is not repeated when its outcome is unknown.
    UndoUnknownIsDone,
    /// What a child did is not owed.
    ChildOwesNothing,
    /// A child is not told that what it did stays.
    ChildNotCommitted,
    /// A child does not tell its parent how it ended.
    ChildSilent,
    /// A message is taken twice.
    SignalTwice,
    /// A message of another type is taken.
    SignalUntyped,
    /// One person counts for two.
    PersonTwice,
    /// Whoever started the instance may decide about it.
    StarterDecides,
    /// A pause holds nothing.
    PauseIgnored,
    /// The fold depends on something else than the log.
    FoldByChance,
    /// A start that comes again begins again.
    StartTwice,
    /// An ended instance can be cancelled.
    EndsTwice,
    /// One more is let in than may run.
    OneTooMany,
    /// Whoever has ended keeps its turn.
    TurnKept,
    /// An occasion does not wait for the one before it.
    OccasionDoesNotWait,
    /// A schedule is not told that what it began has ended.
    OccasionSilent,
    /// What is not closed is purged.
    PurgesOpen,
    /// What is purged stays in memory.
    PurgedStays,
    /// What cannot be purged at once is never purged.
    ExpiredForgotten,
}

#[cfg(feature = "planted")]
impl Bug {
    /// All of them.
    pub const ALL: [Bug; 39] = [
        Bug::IncidentEnds,
        Bug::KeyOfAttempt,
        Bug::ExpiredKeySent,
        Bug::AbsentAtOnce,
        Bug::SentWithoutClaim,
        Bug::UnknownIsNothing,
        Bug::DebtAfterwards,
        Bug::PivotNotAwaited,
        Bug::CancelledBehindPivot,
        Bug::ShieldOpen,
        Bug::LateSuccessLost,
        Bug::SuccessTakenForLate,
        Bug::LosersForgotten,
        Bug::EndsBeforeLosers,
        Bug::FailedLeavesDebts,
        Bug::ItemsOweNothing,
        Bug::BranchesOweNothing,
        Bug::ScopeOwesNothing,
        Bug::OldestFirst,
        Bug::UndoUnreachedIsDone,
        Bug::UndoUnknownIsDone,
        Bug::ChildOwesNothing,
        Bug::ChildNotCommitted,
        Bug::ChildSilent,
        Bug::SignalTwice,
        Bug::SignalUntyped,
        Bug::PersonTwice,
        Bug::StarterDecides,
        Bug::PauseIgnored,
        Bug::FoldByChance,
        Bug::StartTwice,
        Bug::EndsTwice,
        Bug::OneTooMany,
        Bug::TurnKept,
        Bug::OccasionDoesNotWait,
        Bug::OccasionSilent,
        Bug::PurgesOpen,
        Bug::PurgedStays,
        Bug::ExpiredForgotten,
    ];
}

#[cfg(feature = "planted")]
thread_local! {
    static CHOSEN: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
    static CHANCE: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// From now on this thread makes the mistake.
#[cfg(feature = "planted")]
pub fn plant(bug: Option<Bug>) {
    CHOSEN.set(bug);
}

/// Whether this thread makes the mistake.
#[cfg(feature = "planted")]
pub fn planted(bug: Bug) -> bool {
    CHOSEN.get() == Some(bug)
}

#[cfg(feature = "planted")]
pub(crate) fn chance() -> u64 {
    CHANCE.set(CHANCE.get() + 1);
    CHANCE.get()
}

/// Nobody makes the mistake.
#[cfg(not(feature = "planted"))]
pub const fn planted(_: Bug) -> bool {
    false
}

#[cfg(not(feature = "planted"))]
pub(crate) const fn chance() -> u64 {
    0
}
