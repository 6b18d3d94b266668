//! The courses of lines between boxes, with rounded corners.

use crate::graph::layout::Cell;
use crate::graph::picture::Stroke;

const CORNER: f64 = 9.0;

/// A box: its middle, half its width and half its height, and its cell.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) half_width: f64,
    pub(crate) half_height: f64,
    pub(crate) cell: Cell,
}

impl Place {
    fn right(self) -> f64 {
        self.x + self.half_width
    }

    fn left(self) -> f64 {
        self.x - self.half_width
    }

    fn top(self) -> f64 {
        self.y - self.half_height
    }

    fn bottom(self) -> f64 {
        self.y + self.half_height
    }
}

/// What a line has to go around.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    /// Whether boxes stand between the rows of its ends, in the lane of its source.
    pub(crate) blocked: bool,
    /// How far to the side of a lane's middle the gutter between two lanes lies.
    pub(crate) gutter: f64,
}

/// The corners of a line, and where its label stands.
pub(crate) fn route(from: Place, to: Place, stroke: Stroke, ground: Ground) -> (Vec<(f64, f64)>, (f64, f64)) {
    let middle = |a: f64, b: f64| (a + b) / 2.0;
    if stroke == Stroke::Undo {
        let label = (from.x, middle(from.y, to.y));
        return (vec![(from.x, from.top()), (to.x, to.bottom())], label);
    }
    if from.cell.row == to.cell.row {
        let label = (middle(from.right(), to.left()), from.y - 7.0);
        return (vec![(from.right(), from.y), (to.left(), to.y)], label);
    }
    if to.cell.lane > from.cell.lane && stroke == Stroke::Branch {
        // Beside a choice nothing else stands, so an arm is reached from above.
        let label = (to.x - 8.0, from.y - 7.0);
        return (vec![(from.right(), from.y), (to.x, from.y), (to.x, to.top())], label);
    }
    if to.cell.lane > from.cell.lane {
        let gutter = from.x + ground.gutter;
        let label = (middle(gutter, to.left()) - 4.0, to.y - 7.0);
        return (vec![(from.right(), from.y), (gutter, from.y), (gutter, to.y), (to.left(), to.y)], label);
    }
    if to.cell.lane == from.cell.lane && !ground.blocked {
        let label = (from.x + 36.0, middle(from.bottom(), to.top()) + 3.0);
        return (vec![(from.x, from.bottom()), (to.x, to.top())], label);
    }
    if to.cell.lane == from.cell.lane {
        // Around what stands between, through the gutter on the right.
        let gutter = from.x + ground.gutter;
        let label = (gutter, middle(from.y, to.y));
        return (vec![(from.right(), from.y), (gutter, from.y), (gutter, to.y), (to.right(), to.y)], label);
    }
    let label = (from.x, middle(from.bottom(), to.y));
    if !ground.blocked {
        return (vec![(from.x, from.bottom()), (from.x, to.y), (to.right(), to.y)], label);
    }
    let (below, gutter) = (from.bottom() + 12.0, from.x - ground.gutter);
    (
        vec![(from.x, from.bottom()), (from.x, below), (gutter, below), (gutter, to.y), (to.right(), to.y)],
        label,
    )
}

/// The path data of a line through these corners.
pub(crate) fn path(corners: &[(f64, f64)]) -> String {
    let mut out = String::new();
    for (at, (x, y)) in corners.iter().copied().enumerate() {
        let around = corners.get(at.wrapping_sub(1)).copied().zip(corners.get(at + 1).copied());
        match around {
            None => out.push_str(&format!("{}{x:.1} {y:.1} ", if at == 0 { "M" } else { "L" })),
            Some((before, after)) => {
                let (x0, y0) = towards((x, y), before);
                let (x1, y1) = towards((x, y), after);
                out.push_str(&format!("L{x0:.1} {y0:.1} Q{x:.1} {y:.1} {x1:.1} {y1:.1} "));
            }
        }
    }
    out.trim_end().to_owned()
}

/// The point a corner's radius away from `from`, in the direction of `to`.
fn towards(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let step = CORNER.min(length / 2.0) / length;
    (from.0 + dx * step, from.1 + dy * step)
}
