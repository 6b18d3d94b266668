//! A case and its name, which repeats it.

use std::fmt;

use crate::fault::{Fault, KINDS, Lies};

/// What goes wrong in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Nothing, until all is done.
    Sound,
    /// One thing, in the first process.
    Single(Fault),
    /// One thing after the other, as the seed says.
    Chain,
}

/// A case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// What is done, and what a power cut leaves.
    pub seed: u64,
    /// How many steps a process takes.
    pub steps: usize,
    /// What goes wrong.
    pub plan: Plan,
    /// How the disk lies, always.
    pub lies: Lies,
}

impl Case {
    /// On a disk that does not lie.
    pub fn new(seed: u64, steps: usize, plan: Plan) -> Case {
        Case { seed, steps, plan, lies: Lies::default() }
    }

    /// The case of a name.
    pub fn parse(name: &str) -> Option<Case> {
        let (name, lies) = match name.split_once('+') {
            None => (name, Lies::default()),
            Some((name, lie)) => {
                let is = |word| lie == word;
                let (ignores_sync, hides_failed_sync) = (is("ignores"), is("hides"));
                (name, Lies { ignores_sync, hides_failed_sync, skips_renewal: is("trusts") })
            }
        };
        let [seed, steps, plan] = name.split('/').collect::<Vec<_>>()[..] else { return None };
        Some(Case { seed: seed.parse().ok()?, steps: steps.parse().ok()?, plan: Plan::parse(plan)?, lies })
    }
}

impl Plan {
    fn parse(name: &str) -> Option<Plan> {
        let number = |text: &str| text.parse::<u64>().ok();
        let error = |kind: &str, at: &str, is_lasting| {
            let kind = KINDS.into_iter().find(|known| format!("{known:?}") == kind)?;
            Some(Fault::Error { kind, at: number(at)?, is_lasting })
        };
        let fault = match name.split(':').collect::<Vec<_>>()[..] {
            ["sound"] => return Some(Plan::Sound),
            ["chain"] => return Some(Plan::Chain),
            ["cut", at] => Fault::PowerCut { at: number(at)? },
            ["kill", at] => Fault::Kill { at: number(at)? },
            ["full", at] => Fault::Full { at: number(at)? },
            ["once", kind, at] => error(kind, at, false)?,
            ["lasting", kind, at] => error(kind, at, true)?,
            _ => return None,
        };
        Some(Plan::Single(fault))
    }

    /// So that cases of one seed differ also in what comes after.
    pub(crate) fn number(self) -> u64 {
        match self {
            Plan::Sound => 0,
            Plan::Chain => 5,
            Plan::Single(Fault::PowerCut { at }) => at << 3 | 1,
            Plan::Single(Fault::Kill { at }) => at << 3 | 2,
            Plan::Single(Fault::Full { at }) => at << 3 | 3,
            Plan::Single(Fault::Error { kind, at, is_lasting }) => {
                at << 8 | (kind.place() as u64) << 4 | u64::from(is_lasting) << 3 | 4
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Plan::Sound => f.write_str("sound"),
            Plan::Chain => f.write_str("chain"),
            Plan::Single(Fault::PowerCut { at }) => write!(f, "cut:{at}"),
            Plan::Single(Fault::Kill { at }) => write!(f, "kill:{at}"),
            Plan::Single(Fault::Full { at }) => write!(f, "full:{at}"),
            Plan::Single(Fault::Error { kind, at, is_lasting }) => {
                write!(f, "{}:{kind:?}:{at}", if *is_lasting { "lasting" } else { "once" })
            }
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.seed, self.steps, self.plan)?;
        match self.lies {
            Lies { ignores_sync: true, .. } => f.write_str("+ignores"),
            Lies { hides_failed_sync: true, .. } => f.write_str("+hides"),
            Lies { skips_renewal: true, .. } => f.write_str("+trusts"),
            Lies { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
