//! What holds at a point of a workflow: which debts are open, and whether the point of no return lies behind.

use wfl_source::Span;

/// A step whose effect would have to be undone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Debt {
    pub(crate) step: String,
    pub(crate) span: Span,
    /// The scope that holds it: 0 is the workflow's body.
    pub(crate) depth: usize,
}

/// The point of no return.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pivot {
    pub(crate) step: String,
    pub(crate) span: Span,
    /// The outermost scope whose rest must go forward.
    pub(crate) depth: usize,
}

/// The state at one point.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Flow {
    /// Whether the point is ever reached.
    pub(crate) live: bool,
    pub(crate) debts: Vec<Debt>,
    /// Whether a `rollback` or `commit` has said what is to become of the open debts.
    pub(crate) settled: bool,
    pub(crate) pivot: Option<Pivot>,
}

impl Flow {
    pub(crate) fn start() -> Flow {
        Flow { live: true, debts: Vec::new(), settled: false, pivot: None }
    }

    /// The state behind a statement that leaves.
    pub(crate) fn dead() -> Flow {
        Flow { live: false, ..Flow::start() }
    }

    /// Where two paths meet: what may be open is open, what is surely settled is settled.
    pub(crate) fn join(self, other: Flow) -> Flow {
        match (self.live, other.live) {
            (false, _) => other,
            (_, false) => self,
            _ => {
                let mut debts = self.debts;
                let new = other.debts.into_iter().filter(|debt| !debts.contains(debt)).collect::<Vec<_>>();
                debts.extend(new);
                let settled = self.settled && other.settled;
                Flow { live: true, debts, settled, pivot: self.pivot.or(other.pivot) }
            }
        }
    }

    /// Where paths that run side by side are joined: what any of them left open is open. It goes on when so many
    /// of them end well.
    pub(crate) fn together(before: Flow, paths: Vec<Flow>, needed: usize) -> Flow {
        let alive = paths.iter().filter(|path| path.live).count();
        let mut joined = before;
        joined.live &= alive >= needed.min(paths.len());
        for path in paths.into_iter().filter(|path| path.live) {
            let new = path.debts.into_iter().filter(|debt| !joined.debts.contains(debt)).collect::<Vec<_>>();
            joined.settled &= path.settled || new.is_empty();
            joined.debts.extend(new);
            joined.pivot = joined.pivot.or(path.pivot);
        }
        joined
    }

    pub(crate) fn owe(&mut self, debt: Debt) {
        self.debts.push(debt);
        self.settled = false;
    }

    /// A pivot succeeded in the scope at `depth`: all that came before is kept.
    pub(crate) fn pass_pivot(&mut self, step: String, span: Span, depth: usize) {
        let outermost = self.debts.iter().map(|debt| debt.depth).min().unwrap_or(depth).min(depth);
        self.debts.clear();
        self.pivot = Some(Pivot { step, span, depth: outermost });
    }

    /// `rollback` in the scope at `depth`.
    pub(crate) fn roll_back(&mut self, depth: usize) {
        self.debts.retain(|debt| debt.depth != depth);
        self.settled = true;
    }

    /// `commit` in the scope at `depth`.
    pub(crate) fn commit(&mut self, depth: usize) {
        self.roll_back(depth);
        self.pivot = None;
    }

    /// The scope at `depth` ends well: its debts pass outwards.
    pub(crate) fn leave_scope(&mut self, depth: usize) {
        for debt in self.debts.iter_mut().filter(|debt| debt.depth == depth) {
            debt.depth = depth.saturating_sub(1);
        }
        if self.pivot.as_ref().is_some_and(|pivot| pivot.depth >= depth) {
            self.pivot = None;
        }
    }
}
