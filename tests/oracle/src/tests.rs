//! The reference against outcomes that the semantics' text gives by hand.
