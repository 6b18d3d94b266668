//! What can go wrong in an expression. At run time a fault is an incident of the step that needed the value.

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// An Int left 64 bits, or a Decimal left 34 digits.
    #[error("a number became too big")]
    NumberTooBig,
    /// Amounts of two currencies met.
    #[error("{0} and {1} do not mix")]
    CurrencyMix(String, String),
    /// A value breaks the rule of the type that it was given.
    #[error("a value breaks the rule `{rule}` of {ty}")]
    RuleBroken {
        /// The type.
        ty: String,
        /// The rule as written.
        rule: String,
    },
    /// Text is not what a function needs (an id, a pattern).
    #[error("{0}")]
    Text(String),
    /// An optional was absent, a slot was empty, or types do not fit: the plan was not made by the compiler.
    #[error("the expression is ill-formed: {0}")]
    IllFormed(String),
    /// The evaluation costs more than [`crate::FUEL`].
    #[error("the expression takes too long")]
    OutOfFuel,
    /// A division by zero, which the compiler should have excluded.
    #[error("a number is divided by zero")]
    DivisionByZero,
    /// A value has more text, items or levels than a value may have.
    #[error("a value became too large")]
    TooLarge,
    /// Expressions, functions and rules use each other over more than [`wfl_ir::MAX_LEVELS`] levels.
    #[error("the expression nests too deep")]
    TooDeep,
}

impl Fault {
    /// An ill-formed expression.
    pub(crate) fn ill_formed(what: impl Into<String>) -> Fault {
        Fault::IllFormed(what.into())
    }
}

impl From<wfl_ir::DecimalError> for Fault {
    fn from(_: wfl_ir::DecimalError) -> Fault {
        Fault::NumberTooBig
    }
}
