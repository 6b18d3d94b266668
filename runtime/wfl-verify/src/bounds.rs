//! How far an exploration goes.

/// What is explored at most. Within these bounds everything is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many answers of a run are neither a success nor a declared error: lost, late, or not there at all.
    pub faults: u8,
    /// How often a run is disturbed from outside: cancelled, paused, or its engine ends.
    pub disturbances: u8,
    /// How many attempts a step gets before its faults are over.
    pub attempts: u32,
    /// How many states are looked at.
    pub states: usize,
    /// How many values a type, and how many inputs a workflow has.
    pub values: usize,
    /// How long lists get.
    pub items: usize,
    /// How often a person is reminded of one thing.
    pub reminders: u32,
    /// Whether a call may have its effect after its operation has said that it never will: later than `confirm … after`.
    pub late: bool,
    /// Whether moves that commute are explored in one order only.
    pub reduction: bool,
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            faults: 2,
            disturbances: 1,
            attempts: 3,
            states: 50_000,
            values: 3,
            items: 2,
            reminders: 1,
            late: false,
            reduction: true,
        }
    }
}
