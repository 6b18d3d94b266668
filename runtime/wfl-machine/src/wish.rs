//! The wishes of operators: what they may ask of an instance.

use minicbor::{Decode, Encode};
use wfl_ir::{Duration, Name};

/// Which place of an instance an operator means.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Place {
    /// The step's path of names.
    #[n(0)]
    pub step: Name,
    /// As in [`CallRef`].
    #[n(1)]
    pub item: Option<Name>,
}

/// What becomes of what a cancelled instance did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum CancelMode {
    /// It is undone.
    #[n(0)]
    Compensate,
    /// It stays as it is.
    #[n(1)]
    Stop,
}

/// An operator's wish. The `request` is what makes two wishes different.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Control {
    /// Try a suspended step, or a stuck undo, again under the same key.
    #[n(0)]
    Retry {
        /// The step's path of names; none for every suspended one.
        #[n(0)]
        step: Option<Name>,
        /// The request.
        #[n(1)]
        request: String,
        /// As in [`CallRef`]; none for every item.
        #[n(2)]
        item: Option<Name>,
    },
    /// End the instance early.
    #[n(1)]
    Cancel {
        /// What becomes of what it did.
        #[n(0)]
        mode: CancelMode,
        /// Why, for people.
        #[n(1)]
        reason: String,
        /// How long calls under way are waited for; none for as long as they take.
        #[n(2)]
        grace: Option<Duration>,
        /// The request.
        #[n(3)]
        request: String,
    },
    /// End the instance at once. Nothing is undone, nothing is waited for.
    #[n(2)]
    Kill {
        /// Why, for people.
        #[n(0)]
        reason: String,
        /// The request.
        #[n(1)]
        request: String,
    },
    /// Begin nothing new until it is resumed.
    #[n(3)]
    Pause {
        /// Whether undoing pauses too.
        #[n(0)]
        undo: bool,
        /// Why, for people.
        #[n(1)]
        reason: String,
        /// The request.
        #[n(2)]
        request: String,
    },
    /// Go on after a pause.
    #[n(4)]
    Resume {
        /// The request.
        #[n(0)]
        request: String,
    },
    /// Begin a suspended step anew, under a new key.
    #[n(5)]
    Edit {
        /// Which step.
        #[n(0)]
        place: Place,
        /// All its arguments: a JSON object by parameter names; empty for those that it has.
        #[cbor(n(1), with = "minicbor::bytes")]
        args: Vec<u8>,
        /// Why, for people.
        #[n(2)]
        reason: String,
        /// The request.
        #[n(3)]
        request: String,
        /// Whether the person has found out that it had no effect. Without that, only what is known to have had none
        /// begins anew.
        #[n(4)]
        absent: bool,
    },
    /// A suspended step has this result; a stuck undo has been carried out.
    #[n(6)]
    Complete {
        /// Which step.
        #[n(0)]
        place: Place,
        /// The JSON value.
        #[cbor(n(1), with = "minicbor::bytes")]
        value: Vec<u8>,
        /// Why, for people.
        #[n(2)]
        reason: String,
        /// The request.
        #[n(3)]
        request: String,
    },
    /// A suspended step has failed, and left no effect.
    #[n(7)]
    Fail {
        /// Which step.
        #[n(0)]
        place: Place,
        /// A declared error of the step's operation, or `Timeout` or `Unavailable`.
        #[n(1)]
        error: Name,
        /// The error's fields: a JSON object.
        #[cbor(n(2), with = "minicbor::bytes")]
        data: Vec<u8>,
        /// Why, for people.
        #[n(3)]
        reason: String,
        /// The request.
        #[n(4)]
        request: String,
    },
    /// Go on without a suspended step whose result nobody needs; leave undone what cannot be undone.
    #[n(8)]
    Skip {
        /// Which step.
        #[n(0)]
        place: Place,
        /// Why, for people.
        #[n(1)]
        reason: String,
        /// The request.
        #[n(2)]
        request: String,
    },
    /// Go back to a step that was done, and do it and what follows anew. What was done since is undone first.
    #[n(9)]
    Rewind {
        /// The step.
        #[n(0)]
        to: Place,
        /// Steps since then whose effects and results stay.
        #[n(1)]
        keep: Vec<Name>,
        /// Why, for people.
        #[n(2)]
        reason: String,
        /// The request.
        #[n(3)]
        request: String,
    },
}

impl Control {
    /// What makes two wishes different.
    pub fn request(&self) -> &str {
        match self {
            Control::Retry { request, .. }
            | Control::Cancel { request, .. }
            | Control::Kill { request, .. }
            | Control::Pause { request, .. }
            | Control::Resume { request }
            | Control::Edit { request, .. }
            | Control::Complete { request, .. }
            | Control::Fail { request, .. }
            | Control::Skip { request, .. }
            | Control::Rewind { request, .. } => request,
        }
    }
}
