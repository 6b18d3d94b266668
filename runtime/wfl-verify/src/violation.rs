//! What must hold, and what did not.

use wfl_ir::Name;
use wfl_record::InstanceId;

/// A rule that every run keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// No step has its effect twice.
    EffectOnce,
    /// Under one key comes one call.
    OneKeyOneCall,
    /// What may be sent once is sent only after its claim is in the log.
    ClaimFirst,
    /// Only what is there is undone, once, with its own arguments.
    UndoOnce,
    /// What was done later is undone earlier.
    UndoOrder,
    /// Each effect is settled as what it is: undone, committed, or left by a person.
    DebtSettled,
    /// What ends unsuccessfully keeps nothing that nobody committed.
    NothingKept,
    /// Nothing before a point of no return is undone once it is passed, and nothing turns back behind it.
    PivotIsFinal,
    /// Nothing begins, and nothing ends again, behind the end.
    EndIsFinal,
    /// A deadline turns an instance back when it passes, and not before.
    DeadlineKept,
    /// A shield is left at its end only.
    ShieldCloses,
    /// Nothing begins in a pause.
    PauseHolds,
    /// What comes twice counts once.
    CountsOnce,
    /// Only those who may decide do, once each, and only messages of the right type count.
    PeopleMayDecide,
    /// Who has not ended can go on, or waits for a person.
    NeverStuck,
    /// Instances that have ended owe nothing to anybody.
    Closes,
    /// The machine folds what is in the log.
    Folds,
    /// What the authors of the workflow say.
    Invariant,
}

impl Rule {
    /// All rules.
    pub const ALL: [Rule; 18] = [
        Rule::EffectOnce,
        Rule::OneKeyOneCall,
        Rule::ClaimFirst,
        Rule::UndoOnce,
        Rule::UndoOrder,
        Rule::DebtSettled,
        Rule::NothingKept,
        Rule::PivotIsFinal,
        Rule::EndIsFinal,
        Rule::DeadlineKept,
        Rule::ShieldCloses,
        Rule::PauseHolds,
        Rule::CountsOnce,
        Rule::PeopleMayDecide,
        Rule::NeverStuck,
        Rule::Closes,
        Rule::Folds,
        Rule::Invariant,
    ];

    /// The rule's name in reports.
    pub fn word(self) -> &'static str {
        match self {
            Rule::EffectOnce => "effect_once",
            Rule::OneKeyOneCall => "one_key_one_call",
            Rule::ClaimFirst => "claim_first",
            Rule::UndoOnce => "undo_once",
            Rule::UndoOrder => "undo_order",
            Rule::DebtSettled => "debt_settled",
            Rule::NothingKept => "nothing_kept",
            Rule::PivotIsFinal => "pivot_is_final",
            Rule::EndIsFinal => "end_is_final",
            Rule::DeadlineKept => "deadline_kept",
            Rule::ShieldCloses => "shield_closes",
            Rule::PauseHolds => "pause_holds",
            Rule::CountsOnce => "counts_once",
            Rule::PeopleMayDecide => "people_may_decide",
            Rule::NeverStuck => "never_stuck",
            Rule::Closes => "closes",
            Rule::Folds => "folds",
            Rule::Invariant => "invariant",
        }
    }
}

/// Something that should never happen, and can.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// What does not hold.
    pub rule: Rule,
    /// For an invariant: its title.
    pub title: Option<Name>,
    /// Whose it is.
    pub instance: InstanceId,
    /// What happens instead.
    pub what: String,
}

impl Violation {
    pub(crate) fn new(rule: Rule, instance: InstanceId, what: impl Into<String>) -> Violation {
        Violation { rule, title: None, instance, what: what.into() }
    }

    /// What tells violations apart that are shown as one: the rule, and the invariant's title.
    pub(crate) fn class(&self) -> (Rule, Option<Name>) {
        (self.rule, self.title.clone())
    }
}
