//! What differs, for people: the verdict first, then only what is otherwise.

use wfl_diff::{
    Bump, Diff, Finding, Grade, Impact, Migration, NodeChange, Position, Presence, Sign, Verdict,
    WorkflowDiff,
};

use crate::diff::page::{Page, Styled, column};
use crate::render::count;

const HEAD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";

/// All lines of the report.
pub(crate) fn lines(diff: &Diff, (old, new): (&str, &str), colour: bool) -> Vec<String> {
    let mut page = Page::new(colour);
    summary(&mut page, diff, (old, new));
    if !diff.policies.is_empty() {
        page.gap();
        page.line(0, &[Styled(HEAD, "policies")]);
        findings(&mut page, &diff.policies);
    }
    for workflow in diff.workflows.iter().filter(|it| it.presence == Presence::Kept) {
        page.gap();
        of_workflow(&mut page, workflow);
    }
    page.lines
}

fn word(grade: Grade) -> Styled<'static> {
    match grade {
        Grade::Patch => Styled("1;32", "patch"),
        Grade::Minor => Styled("1;33", "minor"),
        Grade::Major => Styled("1;31", "major"),
    }
}

/// What it comes to: one line, and one for each workflow.
fn summary(page: &mut Page, diff: &Diff, (old, new): (&str, &str)) {
    let total = diff.workflows.len() + diff.unchanged.len();
    let differ = match diff.workflows.len() {
        0 if diff.policies.is_empty() => "nothing differs".to_owned(),
        0 => "only policies differ".to_owned(),
        1 => format!("1 of {} differs", count(total, "workflow")),
        many => format!("{many} of {} differ", count(total, "workflow")),
    };
    page.line(0, &[word(diff.grade), Styled("", &differ), Styled(DIM, &format!("({old} → {new})"))]);
    let width = column(diff.workflows.iter().map(|it| it.name.as_str()));
    for workflow in &diff.workflows {
        let (style, verdict) = verdict(workflow);
        let grade = word(workflow.grade);
        let sign = match (style, workflow.grade) {
            (RED, _) => Styled(RED, "✗"),
            (_, Grade::Major) => Styled(YELLOW, "!"),
            _ => Styled(GREEN, "✓"),
        };
        let text = format!("{}, {verdict}", grade.1);
        page.row(sign, (Styled(HEAD, &workflow.name), width), Styled(style, &text));
    }
}

/// What a workflow comes to, in words.
fn verdict(workflow: &WorkflowDiff) -> (&'static str, String) {
    let versions = &workflow.versions;
    let (old, new) = (versions.old.unwrap_or_default(), versions.new.unwrap_or_default());
    match (workflow.presence, workflow.bump) {
        (Presence::Added, _) => ("", "new".to_owned()),
        (Presence::Removed, _) => {
            (RED, "gone: starts of it are refused, instances stay on their plan".to_owned())
        }
        (_, Bump::Missing) if new < old => {
            (RED, format!("version {old} → {new} goes back: deploy refuses this"))
        }
        (_, Bump::Missing) => (RED, format!("but version {new} was not raised: deploy refuses this")),
        (_, Bump::Done) => ("", format!("version {old} → {new}")),
        (_, Bump::NotNeeded) => ("", format!("version {new}")),
    }
}

fn of_workflow(page: &mut Page, workflow: &WorkflowDiff) {
    let short =
        |plan: &Option<String>| plan.as_deref().unwrap_or_default().chars().take(12).collect::<String>();
    let (old, new) = (short(&workflow.plans.old), short(&workflow.plans.new));
    let plans = format!("plan {old} → {new}");
    page.line(0, &[Styled(HEAD, &workflow.name), Styled(DIM, &plans)]);
    for (title, found) in [
        ("interface", &workflow.interface),
        ("operations", &workflow.operations),
        ("limits", &workflow.limits),
    ] {
        if !found.is_empty() {
            page.line(2, &[Styled(HEAD, title)]);
            findings(page, found);
        }
    }
    if !workflow.graph.is_empty() {
        page.line(2, &[Styled(HEAD, "graph")]);
        graph(page, &workflow.graph);
    }
    if workflow.findings().next().is_none() && workflow.graph.is_empty() {
        let what = match workflow.grade {
            Grade::Patch => "nothing differs but the version",
            _ => "no difference was found that this report has words for",
        };
        page.line(2, &[Styled(DIM, what)]);
    }
    if let Some(migration) = &workflow.migration {
        positions(page, migration);
    }
}

fn findings(page: &mut Page, found: &[Finding]) {
    let width = column(found.iter().map(|it| it.path.as_str()));
    // What breaks comes first.
    let mut sorted: Vec<&Finding> = found.iter().collect();
    sorted.sort_by_key(|it| std::cmp::Reverse(it.impact));
    for finding in sorted {
        let sign = match finding.impact {
            Impact::Breaking => Styled(RED, "✗"),
            Impact::Compatible => Styled(GREEN, "✓"),
        };
        page.row(sign, (Styled("", &finding.path), width), Styled("", &finding.change));
        page.below(width, "", Styled(DIM, &finding.why));
    }
}

fn graph(page: &mut Page, changes: &[NodeChange]) {
    let width = column(changes.iter().map(|it| it.node.as_str()));
    for change in changes {
        let sign = match change.sign {
            Sign::Added => Styled(GREEN, "+"),
            Sign::Removed => Styled(RED, "-"),
            Sign::Changed => Styled(YELLOW, "~"),
            Sign::Moved => Styled(CYAN, ">"),
            Sign::Renamed => Styled(CYAN, "="),
        };
        page.row(sign, (Styled(sign.0, &change.node), width), Styled("", &change.what));
        for detail in &change.details {
            page.below(width, "", Styled(DIM, detail));
        }
    }
}

/// The table of positions, with what holds for all of them above it.
fn positions(page: &mut Page, migration: &Migration) {
    if migration.positions.is_empty() {
        return;
    }
    let title = format!("instances of version {}", migration.from);
    let how = match migration.declared {
        true => "with the `migrate` block:",
        false => "stay: nothing migrates from it. With an empty `migrate` block:",
    };
    page.line(2, &[Styled(HEAD, &title), Styled(DIM, how)]);
    let width = column(migration.inputs.iter().map(|it| it.entry.as_str()));
    for wfl_diff::Needed { entry, why } in &migration.inputs {
        let why = format!("is needed: {why}");
        page.row(Styled(YELLOW, "!"), (Styled(YELLOW, entry), width), Styled("", &why));
    }
    let width = column(migration.positions.iter().map(|it| it.node.as_str()));
    for position in &migration.positions {
        of_position(page, position, width);
    }
    if migration.positions.iter().any(|it| it.until_resolved) {
        let calls = "a call that was begun blocks its instance until its outcome is known";
        page.line(4, &[Styled(DIM, &format!("· {calls}"))]);
    }
}

fn of_position(page: &mut Page, position: &Position, width: usize) {
    let (sign, verdict) = match position.verdict {
        Verdict::Auto => (Styled(GREEN, "✓"), "auto"),
        Verdict::NeedsMapping => (Styled(YELLOW, "~"), "needs mapping"),
        Verdict::Blocked => (Styled(RED, "✗"), "blocked"),
    };
    let text = format!("{verdict:<13}  {}", position.waits_for);
    page.row(sign, (Styled("", &position.node), width), Styled(sign.0, text.trim_end()));
    for reason in &position.reasons {
        page.below(width, "", Styled("", reason));
    }
    for note in &position.notes {
        page.below(width, "· ", Styled(DIM, note));
    }
    if !position.debts.is_empty() {
        let debt = |it: &wfl_diff::Debt| format!("{} by {}", it.step, it.undo);
        let debts = position.debts.iter().map(debt).collect::<Vec<_>>().join(", ");
        page.below(width, "↩ ", Styled(DIM, &format!("may have to undo {debts}")));
    }
}
