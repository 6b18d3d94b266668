//! What differs, as data. Serialised it is what `wflc diff --output json` prints; [`FORMAT`] numbers its layout.

use serde::Serialize;

/// The layout of the serialised form. It grows when a member changes its meaning or goes away.
pub const FORMAT: u32 = 1;

/// How much a change is, as the first number that must grow says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Nothing that anybody sees.
    #[default]
    Patch,
    /// Something new, or something else inside; who used the old one can go on.
    Minor,
    /// Somebody who used the old one cannot go on, or less is guaranteed.
    Major,
}

/// What a difference means for those who rely on the old version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// They can go on.
    Compatible,
    /// They cannot, or less is guaranteed to them.
    Breaking,
}

/// A difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
    /// What it is about: `input.req.amount`, `Ledger.reserve.effect`.
    pub path: String,
    /// What is otherwise.
    pub change: String,
    /// What it means.
    pub impact: Impact,
    /// Why it means that, in plain words.
    pub why: String,
}

/// How a node differs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It does something else.
    Changed,
    /// It stands elsewhere.
    Moved,
    /// It has another name.
    Renamed,
}

/// A node that differs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct NodeChange {
    /// How.
    pub sign: Sign,
    /// Its path of names, without the workflow: `money/hold`. That of the new version, if it is there.
    pub node: String,
    /// What it is, in short: `Ledger.reserve`, `await signal contract_signed`.
    pub what: String,
    /// What is otherwise.
    pub details: Vec<String>,
}

/// Whether an instance at a position can be carried on by the new version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It can.
    Auto,
    /// It could, if the `migrate` block said what is missing.
    NeedsMapping,
    /// It cannot: it stays on the old version.
    Blocked,
}

/// An effect that may have to be undone.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Debt {
    /// The step that had the effect, in the old version.
    pub step: String,
    /// What undoes it: an operation, or the child workflow.
    pub undo: String,
    /// Whether the new version has the same step with the same undo.
    pub known: bool,
}

/// Where instances of the old version may rest.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Position {
    /// The node in the old version.
    pub node: String,
    /// Where it stands in the new version, if it does.
    pub to: Option<String>,
    /// What is waited for: `call`, `signal`, `human`, `timer`, `child`, `items`, `round`.
    pub waits_for: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is not `auto`.
    pub reasons: Vec<String>,
    /// What else to know.
    pub notes: Vec<String>,
    /// The effects that may have to be undone from here.
    pub debts: Vec<Debt>,
    /// Whether an instance is blocked here as long as the outcome of a call is not known.
    pub until_resolved: bool,
}

/// Something that the new input needs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Needed {
    /// The entry that a `migrate` block has to have: `input cutoff = …`.
    pub entry: String,
    /// Why.
    pub why: String,
}

/// What would become of the instances of the old version.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Migration {
    /// Whether the new version has a `migrate` block for the old one. Without it instances stay where they are, and the
    /// verdicts say what it would come to with an empty one.
    pub declared: bool,
    /// The old version's number.
    pub from: u32,
    /// What the new version's input needs that the old one does not have, as entries of a `migrate` block, and why. Each
    /// position needs all of them.
    pub inputs: Vec<Needed>,
    /// Each position.
    pub positions: Vec<Position>,
}

/// Whether the numbers behind `version` fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bump {
    /// The plan is the same.
    NotNeeded,
    /// The plan is another one, and the version is greater.
    Done,
    /// The plan is another one, and the version is not greater.
    Missing,
}

/// Something of the old project and of the new one; none where the workflow is in one of them only.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Sides<T> {
    /// In the old one.
    pub old: Option<T>,
    /// In the new one.
    pub new: Option<T>,
}

/// Whether a workflow is in both projects.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// In both.
    Kept,
    /// Only in the new one.
    Added,
    /// Only in the old one.
    Removed,
}

/// What differs in one workflow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct WorkflowDiff {
    /// Module path and name; that of the new project, if it is there.
    pub name: String,
    /// The name that it had in the old project, if it was another one.
    pub was: Option<String>,
    /// Whether it is in both.
    pub presence: Presence,
    /// How much the change is.
    pub grade: Grade,
    /// The versions.
    pub versions: Sides<u32>,
    /// The hashes of the plans.
    pub plans: Sides<String>,
    /// Whether the version was raised.
    pub bump: Bump,
    /// What it takes and gives.
    pub interface: Vec<Finding>,
    /// What it asks of services.
    pub operations: Vec<Finding>,
    /// Deadlines, limits, who decides.
    pub limits: Vec<Finding>,
    /// Its graph.
    pub graph: Vec<NodeChange>,
    /// What would become of its instances; only if the plan is another one.
    pub migration: Option<Migration>,
}

impl WorkflowDiff {
    /// All that was found about it besides its graph.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.interface.iter().chain(&self.operations).chain(&self.limits)
    }
}

/// What differs between two versions of a project.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Diff {
    /// [`FORMAT`].
    pub format: u32,
    /// How much the change is.
    pub grade: Grade,
    /// What differs in the policies.
    pub policies: Vec<Finding>,
    /// The workflows that differ, by name.
    pub workflows: Vec<WorkflowDiff>,
    /// The names of those that do not.
    pub unchanged: Vec<String>,
}

impl Diff {
    /// Whether a plan is another one although its version was not raised.
    pub fn lacks_bump(&self) -> bool {
        self.workflows.iter().any(|workflow| workflow.bump == Bump::Missing)
    }

    /// Whether something breaks that no version tells of: a workflow is gone, or a policy asks for less.
    pub fn breaks_silently(&self) -> bool {
        let gone = self.workflows.iter().any(|workflow| workflow.presence == Presence::Removed);
        gone || self.policies.iter().any(|finding| finding.impact == Impact::Breaking)
    }
}

impl Finding {
    /// Something that those who rely on the old version can live with.
    pub(crate) fn fine(
        path: impl Into<String>,
        change: impl Into<String>,
        why: impl Into<String>,
    ) -> Finding {
        Finding { path: path.into(), change: change.into(), impact: Impact::Compatible, why: why.into() }
    }

    /// Something that they cannot live with.
    pub(crate) fn breaking(
        path: impl Into<String>,
        change: impl Into<String>,
        why: impl Into<String>,
    ) -> Finding {
        Finding { path: path.into(), change: change.into(), impact: Impact::Breaking, why: why.into() }
    }
}
