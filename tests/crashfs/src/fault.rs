//! What goes wrong, and when; and counts of what was done and what went wrong.

use std::fmt;

/// What is asked of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bytes into a file.
    Write,
    /// Another size.
    Truncate,
    /// What was written is to be durable.
    Sync,
    /// A name goes.
    Delete,
    /// An open that makes a file.
    Create,
    /// Bytes out of a file.
    Read,
}

/// All kinds.
pub const KINDS: [Kind; 6] =
    [Kind::Write, Kind::Truncate, Kind::Sync, Kind::Delete, Kind::Create, Kind::Read];

/// Something that goes wrong once it is armed. Operations count from 1, from the moment of arming.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power goes at the operation with this number; reading does not count.
    PowerCut {
        /// The number.
        at: u64,
    },
    /// The process ends at the operation with this number; reading does not count. The system stays up.
    Kill {
        /// The number.
        at: u64,
    },
    /// From the write with this number on there is no more room; a part of it may still find some.
    Full {
        /// The number.
        at: u64,
    },
    /// The operation of this kind with this number fails.
    Error {
        /// What fails.
        kind: Kind,
        /// The number.
        at: u64,
        /// So do all later ones of the kind.
        is_lasting: bool,
    },
}

/// How the disk lies. A journal on such a disk must lose something: that shows that losses are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lies {
    /// A sync says that all is well and does nothing.
    pub ignores_sync: bool,
    /// A sync that fails says that all is well.
    pub hides_failed_sync: bool,
    /// The log of an earlier process is trusted as it is seen, not written anew: less a lie of the disk than a journal
    /// that believes it.
    pub skips_renewal: bool,
}

/// How often something was done or went wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations, in the order of [`KINDS`].
    pub operations: [u64; 6],
    /// Power cuts.
    pub power_cuts: u64,
    /// Changes that a power cut took, wholly or in part.
    pub lost: u64,
    /// Of those, the ones of which a part stayed.
    pub torn: u64,
    /// Ends of the process.
    pub kills: u64,
    /// Writes for which there was no room.
    pub full: u64,
    /// Of those, the ones of which a part stands.
    pub part_written: u64,
    /// Errors, in the order of [`KINDS`].
    pub errors: [u64; 6],
}

impl Kind {
    /// Its place in [`KINDS`].
    pub fn place(self) -> usize {
        self as usize
    }
}

impl Counts {
    /// Operations that change the disk.
    pub fn changes(&self) -> u64 {
        self.operations.iter().sum::<u64>() - self.operations[Kind::Read.place()]
    }

    /// Both together.
    pub fn add(&mut self, other: &Counts) {
        for kind in KINDS.map(Kind::place) {
            self.operations[kind] += other.operations[kind];
            self.errors[kind] += other.errors[kind];
        }
        self.power_cuts += other.power_cuts;
        self.lost += other.lost;
        self.torn += other.torn;
        self.kills += other.kills;
        self.full += other.full;
        self.part_written += other.part_written;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} operations that change the disk, {} power cuts ", self.changes(), self.power_cuts)?;
        write!(f, "({} changes lost, {} of them torn), {} kills, ", self.lost, self.torn, self.kills)?;
        write!(f, "{} times no room ({} in the middle of a write), errors:", self.full, self.part_written)?;
        for kind in KINDS.into_iter().filter(|kind| self.errors[kind.place()] > 0) {
            write!(f, " {} of {kind:?}", self.errors[kind.place()])?;
        }
        Ok(())
    }
}
