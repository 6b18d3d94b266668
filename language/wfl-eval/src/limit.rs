//! What an evaluation may cost, and how large what it makes may be.

use wfl_ir::Value;

use crate::fault::Fault;

/// The cost that one evaluation may have: about one per operator, per item and per 16 bytes of text looked at. The
/// work done is never more than a constant times the fuel spent.
pub const FUEL: u64 = 4_000_000;

/// The longest text and bytes that a function makes, in bytes.
pub(crate) const MAX_TEXT: usize = 1 << 20;

/// The longest list that a function makes out of less.
pub(crate) const MAX_ITEMS: usize = 100_000;

/// The largest value that an expression makes, by [`Value::weight`].
const MAX_WEIGHT: u64 = FUEL / 2;

/// How deep a value that an expression makes may nest; what comes over the border nests no deeper either.
pub(crate) const MAX_DEPTH: u32 = 64;

/// Fuel that is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fuel(u64);

impl Fuel {
    /// A full tank: [`FUEL`].
    pub(crate) fn full() -> Fuel {
        Fuel(FUEL)
    }

    /// Takes what something costs; a fault when there is too little left.
    pub(crate) fn spend(&mut self, cost: u64) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(cost).ok_or(Fault::OutOfFuel)?;
        Ok(())
    }
}

/// The value, unless it is too large or nests too deep. Costs nothing.
pub(crate) fn bounded(value: Value) -> Result<Value, Fault> {
    if value.weight() > MAX_WEIGHT || value.depth() > MAX_DEPTH { Err(Fault::TooLarge) } else { Ok(value) }
}

/// A fault when a text of so many bytes would be too long.
pub(crate) fn text_of(bytes: usize) -> Result<(), Fault> {
    if bytes > MAX_TEXT { Err(Fault::TooLarge) } else { Ok(()) }
}

/// A fault when a list of so many items would be too long.
pub(crate) fn list_of(items: usize) -> Result<(), Fault> {
    if items > MAX_ITEMS { Err(Fault::TooLarge) } else { Ok(()) }
}
