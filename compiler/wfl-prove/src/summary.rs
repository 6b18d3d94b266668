//! What a workflow is to those that start it.

/// What those that start a workflow have to know to be proved themselves.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Its point of no return, by the name of the step.
    pub pivot: Option<String>,
    /// A step whose effect can be undone.
    pub owes: Option<String>,
    /// A step whose effect cannot.
    pub lasting: Option<String>,
    /// A step that may give up, so that somebody has to look after it.
    pub gives_up: Option<String>,
}
