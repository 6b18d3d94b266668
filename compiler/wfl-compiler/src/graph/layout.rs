//! Where boxes stand: rows downwards in the order of the plan, lanes to the right for what branches off.
//!
//! Lane 0 is the way on which everything goes well. What handles an error begins in the row of its step, one lane
//! to the right; undos stand in a lane of their own on the left.

use std::collections::BTreeSet;

use crate::graph::picture::{Look, Picture, Stroke};

/// Row and lane of a box. The lane of undos is -1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Cell {
    pub(crate) row: i32,
    pub(crate) lane: i32,
}

/// Places all boxes of a picture.
pub(crate) fn place(picture: &Picture) -> Vec<Cell> {
    let nodes = picture.items.iter().take_while(|item| item.undoes.is_none()).count();
    let rows = rows(picture, nodes);
    let mut cells: Vec<Cell> = Vec::with_capacity(picture.items.len());
    let mut taken = BTreeSet::new();
    for (node, row) in rows.into_iter().enumerate() {
        let mut cell = Cell { row, lane: wanted_lane(picture, &cells, node) };
        while taken.contains(&cell) {
            cell.lane += 1;
        }
        taken.insert(cell);
        cells.push(cell);
    }
    for item in &picture.items[nodes..] {
        let row = item.undoes.and_then(|step| cells.get(step)).map_or(0, |cell| cell.row);
        cells.push(Cell { row, lane: -1 });
    }
    cells
}

/// The longest way from the entry. Nodes come in topological order, so one pass is enough. An error handler starts
/// beside its step, the second one a row below it, and so on.
fn rows(picture: &Picture, nodes: usize) -> Vec<i32> {
    let mut rows = vec![0; nodes];
    for node in 0..nodes {
        let incoming = picture.lines.iter().filter(|line| line.to == node && line.stroke != Stroke::Undo);
        let row = incoming
            .map(|line| rows[line.from] + step_down(picture, line.from, line.to, line.stroke, line.number));
        rows[node] = row.max().unwrap_or(0);
    }
    rows
}

fn step_down(picture: &Picture, _from: usize, to: usize, stroke: Stroke, number: u32) -> i32 {
    match stroke {
        // Where a handler leads straight back to the main way, it must not stand beside its own step.
        Stroke::Error if picture.items[to].look != Look::Dot => number as i32,
        _ => 1,
    }
}

fn wanted_lane(picture: &Picture, cells: &[Cell], node: usize) -> i32 {
    let incoming = picture.lines.iter().filter(|line| line.to == node && line.stroke != Stroke::Undo);
    let wanted = incoming.map(|line| {
        let lane = cells[line.from].lane;
        match line.stroke {
            Stroke::Error if picture.items[node].look != Look::Dot => lane + 1,
            Stroke::Branch if picture.items[node].look != Look::Dot => lane + line.number as i32,
            _ => lane,
        }
    });
    wanted.min().unwrap_or(0)
}
