//! What an audit tells, as plain data. Its JSON is `docs/audit.md`; whoever changes it raises [`FORMAT`].

use serde::Serialize;
use wfl_ir::Label;

/// The layout of the JSON.
pub const FORMAT: u32 = 1;

/// A report about a project. Every list is in the order of places: by file, line and column.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Audit {
    /// The layout: [`FORMAT`].
    pub format: u32,
    /// The project's name.
    pub project: String,
    /// How many there are of each.
    pub summary: Summary,
    /// The workflows, with what they are pinned by.
    pub workflows: Vec<Workflow>,
    /// `declassify(…)`: sensitive data that may be seen after all.
    pub declassifications: Vec<Declassification>,
    /// Sensitive data of which only a part is seen.
    pub redactions: Vec<Redaction>,
    /// What reaches the world outside.
    pub operations: Vec<Operation>,
    /// What people are asked.
    pub approvals: Vec<Approval>,
    /// Which calls need people.
    pub policies: Vec<Policy>,
    /// Where sensitive data is declared; the most sensitive first.
    pub labels: Vec<Labelled>,
    /// Where sensitive data leaves; the most sensitive first.
    pub exits: Vec<Exit>,
    /// Warnings that are not reported where they stand.
    pub allowances: Vec<Allowance>,
    /// Warnings that the manifest turns off everywhere.
    pub silenced: Vec<Silenced>,
}

/// The lengths of the lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct Summary {
    /// Modules of the project.
    pub modules: usize,
    /// Warnings that are reported.
    pub warnings: usize,
    /// Workflows.
    pub workflows: usize,
    /// Declassifications.
    pub declassifications: usize,
    /// Redactions.
    pub redactions: usize,
    /// Operations.
    pub operations: usize,
    /// Operations that cannot be undone.
    pub irreversible: usize,
    /// Steps that call one of those.
    pub irreversible_calls: usize,
    /// Operations that no workflow reaches.
    pub unreached: usize,
    /// Tasks for people.
    pub approvals: usize,
    /// Policies.
    pub policies: usize,
    /// Rules of policies.
    pub rules: usize,
    /// Places where sensitive data is declared.
    pub labels: usize,
    /// Places where it leaves.
    pub exits: usize,
    /// Allowances.
    pub allowances: usize,
    /// Warnings that the manifest turns off.
    pub silenced: usize,
}

/// A place in the project, counted from one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub struct Place {
    /// The file, from the root of the project.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// A declaration that something stands in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Holder {
    /// The word that declares it: `workflow`, `fn`, `operation`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// A workflow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Workflow {
    /// The module path and the name.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// The hash of what is executed.
    pub plan: String,
    /// `@owner`.
    pub owner: Option<String>,
    /// `@runbook`.
    pub runbook: Option<String>,
    /// The business key, as written.
    pub key: String,
    /// How long it may take.
    pub deadline: Option<String>,
    /// How long undoing may take before it raises an alarm.
    pub compensation_deadline: Option<String>,
    /// Where it is declared.
    pub place: Place,
}

/// `declassify(value, because: "…")`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Declassification {
    /// The label that the value had.
    pub label: Label,
    /// The value, as written.
    pub value: String,
    /// The reason, as written.
    pub reason: String,
    /// What it stands in.
    pub within: Option<Holder>,
    /// Where.
    pub place: Place,
}

/// A call of a function of which the result carries no label.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Redaction {
    /// The label that the value had.
    pub label: Label,
    /// The function.
    pub function: String,
    /// The call, as written.
    pub call: String,
    /// What it stands in.
    pub within: Option<Holder>,
    /// Where.
    pub place: Place,
}

/// What an operation does to the world, from what is worst on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It cannot be undone.
    Irreversible,
    /// It is never undone.
    Write,
    /// Another operation undoes it.
    Compensable,
    /// None.
    Read,
}

/// An operation of a service.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Operation {
    /// `Rail.submit`; with its module if another one is named alike.
    pub name: String,
    /// Its module.
    pub module: String,
    /// What it does.
    pub effect: Effect,
    /// What undoes it.
    pub undo: Option<Call>,
    /// Whether there is one attempt, whatever comes of it.
    pub at_most_once: bool,
    /// What makes a second call harmless.
    pub idempotent: Option<Idempotent>,
    /// How a lost answer is found out.
    pub confirm: Option<Confirm>,
    /// The time for one attempt.
    pub timeout: String,
    /// The time for all attempts.
    pub total: Option<String>,
    /// Its groups, `@label`.
    pub groups: Vec<String>,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub result: Typed,
    /// The rules of policies that speak about it.
    pub rules: Vec<RuleName>,
    /// Who reaches it.
    pub uses: Vec<Use>,
    /// Where it is declared.
    pub place: Place,
}

/// A call of another operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Call {
    /// The operation.
    pub operation: String,
    /// The call, as written.
    pub text: String,
}

/// `idempotent by key for window`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Idempotent {
    /// The key, as written.
    pub key: String,
    /// How long the other side remembers it.
    pub window: String,
}

/// `confirm with call after delay`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Confirm {
    /// What is asked.
    #[serde(flatten)]
    pub call: Call,
    /// From when on `none` means that it did not happen.
    pub after: Option<String>,
}

/// A parameter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type, as written.
    #[serde(flatten)]
    pub typed: Typed,
    /// The most sensitive data that it takes.
    pub accepts: Label,
}

/// A type.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Typed {
    /// The type, as written.
    #[serde(rename = "type")]
    pub ty: String,
    /// How sensitive its values are.
    pub label: Label,
}

/// A rule of a policy.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RuleName {
    /// The policy.
    pub policy: String,
    /// Where the rule stands.
    pub place: Place,
}

/// As what an operation is reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A step calls it.
    Step,
    /// It undoes a step.
    Undo,
    /// It finds out what became of a call.
    Confirmation,
    /// It reminds people.
    Reminder,
}

/// That a workflow reaches an operation.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Use {
    /// As what.
    #[serde(rename = "as")]
    pub role: Role,
    /// Whether the step is a point of no return.
    pub pivot: bool,
    /// The workflow, with its module.
    pub workflow: String,
    /// The step, as the runtime names it.
    pub step: String,
    /// The operation that is undone or asked about.
    pub of: Option<String>,
    /// Where the step stands.
    pub place: Place,
}

/// `await human`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Approval {
    /// The workflow, with its module.
    pub workflow: String,
    /// The task.
    pub task: String,
    /// The wait, as the runtime names it.
    pub step: String,
    /// Who may answer; as written, if it is computed.
    pub role: Asked,
    /// How many equal answers decide.
    pub approvals: u32,
    /// How many answers are taken at most.
    pub of: u32,
    /// What they answer.
    pub answer: Typed,
    /// What the task is called, as written.
    pub title: Option<Shown>,
    /// What people see.
    pub shows: Vec<Shown>,
    /// How long is waited, as written; none: without end.
    pub timeout: Option<String>,
    /// How often they are reminded, as written.
    pub remind: Option<String>,
    /// Who is asked besides.
    pub escalations: Vec<Escalation>,
    /// Where.
    pub place: Place,
}

/// People who are asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Asked {
    /// The role; as written, if it is computed.
    pub role: String,
    /// The most sensitive data that they may see.
    pub clearance: Label,
}

/// Something that people see.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Shown {
    /// The field; empty for a value without fields, and for a title.
    pub name: String,
    /// The value, as written.
    pub value: String,
    /// How sensitive it is.
    pub label: Label,
}

/// `escalate after d to role`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Escalation {
    /// After how long, as written.
    pub after: String,
    /// To whom.
    #[serde(flatten)]
    pub to: Asked,
}

/// `policy`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Policy {
    /// The title.
    pub title: String,
    /// The rules.
    pub rules: Vec<Rule>,
    /// Where.
    pub place: Place,
}

/// `call target where condition requires human role r approvals n`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Rule {
    /// Which calls, as written: `@money_out`, `Rail.*`.
    pub target: String,
    /// Under which condition, as written.
    pub condition: Option<String>,
    /// Who must have approved.
    pub role: String,
    /// How many people.
    pub approvals: u32,
    /// The operations that it speaks about.
    pub operations: Vec<String>,
    /// The steps that call one of them.
    pub calls: Vec<RuledCall>,
    /// Where.
    pub place: Place,
}

/// A step that a rule is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RuledCall {
    /// What it calls.
    pub operation: String,
    /// The workflow, with its module.
    pub workflow: String,
    /// The step, as the runtime names it.
    pub step: String,
    /// Where.
    pub place: Place,
}

/// Something that is declared with a label.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Labelled {
    /// The label.
    pub label: Label,
    /// What it is: `field`, `parameter`, `result`, `type`, `channel`, `answer`.
    pub kind: &'static str,
    /// What it belongs to.
    pub of: Holder,
    /// Its name; empty for what has none.
    pub name: String,
    /// Its type, as written.
    #[serde(rename = "type")]
    pub ty: String,
    /// Where.
    pub place: Place,
}

/// A place where sensitive data leaves a workflow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Exit {
    /// The most sensitive data that leaves here.
    pub label: Label,
    /// Through what: `operation`, `event`, `task`, `result`, `error`, `attribute`.
    pub through: &'static str,
    /// Its name.
    pub name: String,
    /// The parameter, the field, or the part of it; empty for the whole.
    pub part: String,
    /// For a task, who sees it: whoever is asked, and whoever is asked besides after a time.
    pub to: Vec<Asked>,
    /// The workflows that it leaves from.
    pub from: Vec<String>,
    /// Where it is declared that it may.
    pub place: Place,
}

/// `@allow(CODE, because: "…", until: "…")`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Allowance {
    /// The warning.
    pub code: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// The reason, as written.
    pub reason: String,
    /// The last day.
    pub until: Option<String>,
    /// What it stands on.
    pub on: Option<Holder>,
    /// Where.
    pub place: Place,
}

/// A warning that the manifest turns off.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Silenced {
    /// The warning.
    pub code: &'static str,
    /// What it is about.
    pub title: &'static str,
}
