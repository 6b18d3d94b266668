//! Whether a point of a workflow is ever reached.

/// The state at one point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Flow {
    /// Whether the point is ever reached.
    pub(crate) live: bool,
}

impl Flow {
    pub(crate) fn start() -> Flow {
        Flow { live: true }
    }

    /// The state behind a statement that leaves.
    pub(crate) fn dead() -> Flow {
        Flow { live: false }
    }

    /// Where two paths meet.
    pub(crate) fn join(self, other: Flow) -> Flow {
        Flow { live: self.live || other.live }
    }

    /// Where paths that run side by side are joined. It goes on when so many of them end well.
    pub(crate) fn together(before: Flow, paths: &[Flow], needed: usize) -> Flow {
        let alive = paths.iter().filter(|path| path.live).count();
        Flow { live: before.live && alive >= needed.min(paths.len()) }
    }
}
