//! Where boxes stand: rows downwards along the way on which all goes well, lanes to the right for what branches off.
//!
//! The picture is laid out along its dominator tree: what can only be reached through a node belongs to it and gets
//! a rectangle of its own, so boxes never lie upon each other. Handlers stand beside their step, arms of a choice
//! side by side below it, undos to the left of their steps, in a lane that is kept free for them.

use std::collections::BTreeSet;

use crate::graph::picture::{Line, Picture, Stroke};

/// Row and lane of a box. An undo stands to the left of its step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) row: i32,
    pub(crate) lane: i32,
}

/// Places all boxes of a picture.
pub(crate) fn place(picture: &Picture) -> Vec<Cell> {
    let nodes = picture.items.iter().take_while(|item| item.undoes.is_none()).count();
    let undone = picture.items[nodes..].iter().filter_map(|item| item.undoes).collect();
    let cells = vec![Cell::default(); nodes];
    let mut layout = Layout { children: children(picture, nodes), cells, undone };
    layout.region(0, Cell::default());
    let mut cells = layout.cells;
    for item in &picture.items[nodes..] {
        let step = item.undoes.and_then(|step| cells.get(step)).copied().unwrap_or_default();
        cells.push(Cell { row: step.row, lane: step.lane - 1 });
    }
    cells
}

/// How a node hangs on the node that dominates it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hang {
    /// Beside it: an error or a failed condition.
    Beside,
    /// Below it, next to its siblings: an arm.
    Arm,
    /// Behind all of that: the next node, or where paths meet.
    Behind,
}

/// For each node those that it dominates immediately, in topological order.
fn children(picture: &Picture, nodes: usize) -> Vec<Vec<(usize, Hang)>> {
    let mut dominators: Vec<usize> = vec![0; nodes];
    let mut children = vec![Vec::new(); nodes];
    for node in 1..nodes {
        let incoming: Vec<&Line> =
            picture.lines.iter().filter(|line| line.to == node && line.stroke != Stroke::Undo).collect();
        let sources = incoming.iter().map(|line| line.from);
        let dominator = sources.reduce(|a, b| common(&dominators, a, b)).unwrap_or(0);
        dominators[node] = dominator;
        let hang = match incoming.as_slice() {
            [line] if line.stroke == Stroke::Error => Hang::Beside,
            [line] if line.stroke == Stroke::Branch => Hang::Arm,
            _ => Hang::Behind,
        };
        children[dominator].push((node, hang));
    }
    children
}

/// The nearest node through which all ways to both lead. A dominator has a smaller number than what it dominates.
fn common(dominators: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        if a > b {
            a = dominators[a];
        } else {
            b = dominators[b];
        }
    }
    a
}

struct Layout {
    children: Vec<Vec<(usize, Hang)>>,
    cells: Vec<Cell>,
    /// The steps that have an undo.
    undone: BTreeSet<usize>,
}

impl Layout {
    /// One lane if a step that is reached through the node, in its own lane, has an undo.
    fn room_for_undo(&self, node: usize) -> i32 {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            if self.undone.contains(&node) {
                return 1;
            }
            open.extend(
                self.children[node].iter().filter(|(_, hang)| *hang != Hang::Beside).map(|(child, _)| *child),
            );
        }
        0
    }

    /// Places a node and all that it dominates with its corner at `corner`; gives the first row below and the
    /// first lane to the right of it all. Only branches recurse, so that long workflows do not.
    fn region(&mut self, node: usize, corner: Cell) -> Cell {
        let mut end = Cell { row: corner.row, lane: corner.lane + 1 };
        let mut next = Some(node);
        while let Some(node) = next.take() {
            let place = Cell { row: end.row, lane: corner.lane };
            self.cells[node] = place;
            let mut bottom = place.row + 1;
            let mut beside = place.row;
            let mut arm_lane = place.lane;
            let children = std::mem::take(&mut self.children[node]);
            for (child, _) in children.iter().filter(|(_, hang)| *hang == Hang::Beside) {
                let lane = place.lane + 1 + self.room_for_undo(*child);
                let inner = self.region(*child, Cell { row: beside, lane });
                beside = inner.row;
                end.lane = end.lane.max(inner.lane);
            }
            bottom = bottom.max(beside);
            for (child, _) in children.iter().filter(|(_, hang)| *hang == Hang::Arm) {
                // The first arm stands where its choice does, whose undos have their room already.
                if arm_lane > place.lane {
                    arm_lane += self.room_for_undo(*child);
                }
                let inner = self.region(*child, Cell { row: place.row + 1, lane: arm_lane });
                arm_lane = inner.lane;
                bottom = bottom.max(inner.row);
            }
            end = Cell { row: bottom, lane: end.lane.max(arm_lane) };
            let behind = children.iter().filter(|(_, hang)| *hang == Hang::Behind).map(|(child, _)| *child);
            let behind = behind.collect::<Vec<_>>();
            if let Some((last, earlier)) = behind.split_last() {
                for child in earlier {
                    let inner = self.region(*child, Cell { row: end.row, lane: place.lane });
                    end = Cell { row: inner.row, lane: end.lane.max(inner.lane) };
                }
                next = Some(*last);
            }
        }
        end
    }
}
