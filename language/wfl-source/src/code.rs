//! The table of diagnostic codes. Codes are stable: a code is never given a second meaning.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing can be run.
    Error,
    /// Runs, but is probably not what was meant.
    Warning,
}

macro_rules! codes {
    ($($code:ident => $title:literal,)*) => {
        /// A stable diagnostic code. `E01xx` syntax, `E02xx` names and types, `E03xx` sagas, `E04xx` errors
        /// and exhaustiveness, `E05xx` data flow, `E07xx` migrations, `E08xx` modules and projects, `E0999` the compiler itself, `W…` lints.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $title] $code,)*
        }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &[Code] = &[$(Code::$code,)*];

            /// The code as it is printed, for example `E0101`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            /// What the code stands for, in general; the title of a report names the thing at hand.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }
        }
    };
}

codes! {
    E0101 => "something is missing here",
    E0102 => "text that fits no construct",
    E0103 => "a bracket or quote is not closed",
    E0104 => "number or duration is malformed",
    E0105 => "escape sequence is unknown",
    E0106 => "effect is unknown",
    E0107 => "comparisons do not chain",
    E0108 => "pattern is not allowed here",
    E0109 => "statement or block in an expression",
    E0110 => "clause is given twice",
    E0111 => "doc comment documents nothing",
    E0112 => "word cannot be a name",
    E0120 => "match arms and handlers use `->`",
    E0121 => "records are built with parentheses",
    E0122 => "there is no null",
    E0123 => "named arguments use `:`",
    E0124 => "operator is spelled differently",
    E0199 => "nesting is too deep",
    E0201 => "name is not known",
    E0202 => "name is declared twice",
    E0203 => "type is not known",
    E0204 => "wrong number of type arguments",
    E0205 => "types do not fit",
    E0206 => "currencies do not fit",
    E0207 => "field or argument is missing",
    E0208 => "field or argument is unknown",
    E0209 => "field or argument is given twice",
    E0210 => "arguments must be named",
    E0211 => "value cannot be called",
    E0212 => "operator does not fit the operands",
    E0213 => "value may be missing",
    E0214 => "literal breaks the rule of its type",
    E0215 => "type cannot be inferred",
    E0216 => "type contains itself",
    E0217 => "expression must be constant",
    E0218 => "name is of another kind",
    E0219 => "number is too big",
    E0220 => "pattern does not fit the value",
    E0221 => "not a value",
    E0222 => "operation is not known",
    E0223 => "attribute is not known",
    E0224 => "clause is missing",
    E0225 => "lambda is not allowed here",
    E0226 => "divisor may be zero",
    E0227 => "allow attribute is malformed",
    E0228 => "function needs itself",
    E0230 => "parallel has no branches",
    E0231 => "join does not fit the branches",
    E0232 => "rule is about no operation",
    E0233 => "test speaks of something never waited for",
    E0301 => "statement cannot be reached",
    E0302 => "block ends without a value",
    E0303 => "jump is not allowed here",
    E0304 => "name is used twice in one block",
    E0305 => "workflows start each other in a ring",
    E0310 => "undo arguments do not fit",
    E0311 => "undo operation is not safe to repeat",
    E0312 => "saga is left with open debts",
    E0313 => "restart forgets open debts",
    E0320 => "pivot and irreversible must go together",
    E0321 => "step may give up after the point of no return",
    E0322 => "two pivots on one path",
    E0323 => "what stays done may be broken off",
    E0330 => "effect is not safe to repeat",
    E0331 => "two effects under one key",
    E0335 => "irreversible operation cannot be confirmed",
    E0336 => "confirm operation does not fit",
    E0340 => "policy is not kept",
    E0341 => "approval has no consequence",
    E0401 => "declared error is neither handled nor raised",
    E0402 => "handler for an error that cannot happen",
    E0403 => "error is handled twice",
    E0404 => "match is not exhaustive",
    E0405 => "match arm cannot be reached",
    E0406 => "workflow fails with an error that it does not list",
    E0501 => "sensitive value flows to an unmarked place",
    E0502 => "declassify has no reason",
    E0601 => "deadline cannot be kept",
    E0603 => "endless wait under a deadline",
    E0604 => "tried for ever before the point of no return",
    E0701 => "migration is from no earlier version",
    E0702 => "migration speaks of a step that is not there",
    E0801 => "module name does not fit the path",
    E0802 => "module is not found",
    E0803 => "modules import each other in a ring",
    E0804 => "module has no such name",
    E0805 => "project manifest is malformed",
    E0806 => "file cannot be read",
    E0999 => "the compiler made a mistake",
    W0201 => "import is not used",
    W0202 => "value is not used",
    W0203 => "answer of a read is not used",
    W0204 => "allow suppresses nothing",
    W0205 => "clause has no use",
    W0206 => "condition is always the same",
    W0207 => "time limits do not fit each other",
    W0403 => "listed error cannot happen",
    W0404 => "emitted before the saga is settled",
    W0410 => "handler takes errors that do not exist yet",
    W0510 => "what is published tells a secret",
    W0602 => "deadline may be missed",
    W0620 => "reads could run side by side",
    W0621 => "two calls race for one thing",
}

impl Code {
    /// Severity, which follows from the first letter.
    pub fn severity(self) -> Severity {
        if self.as_str().starts_with('W') { Severity::Warning } else { Severity::Error }
    }

    /// The code with this spelling, if there is one.
    pub fn parse(text: &str) -> Option<Code> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
