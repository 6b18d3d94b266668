//! Plans as pictures: self-contained SVG that reads in light and in dark.

use std::fmt::Write as _;

use wfl_ir::Plan;

use crate::graph::layout::{Cell, place};
use crate::graph::picture::{Item, Line, Look, Picture, Stroke};
use crate::graph::route::{Ground, Place, path, route};

const BOX_WIDTH: f64 = 190.0;
const BOX_HEIGHT: f64 = 46.0;
const LANE: f64 = 310.0;
const ROW: f64 = 78.0;
const MARGIN: f64 = 48.0;
/// The room that the frame of a group takes above and below.
const FRAME: f64 = 12.0;
const HEADER: f64 = 48.0;
const MAX_CHARACTERS: usize = 30;

const STYLE: &str = "
  .wfl { --ink: #1f2733; --soft: #5c6878; --line: #8a96a6; --paper: #ffffff; --card: #f6f8fb; --edge: #c3ccd8;
    --scope: #eef3fa; --scope-edge: #a9bcd6; --good: #1e7f4f; --bad: #b3372b; --bad-card: #fdf1ef; --pivot: #a8690a;
    --pivot-card: #fff6e3; --undo: #6b56a8; --undo-card: #f5f2fd; --event: #16707f; }
  @media (prefers-color-scheme: dark) {
    .wfl { --ink: #e7ecf3; --soft: #9aa7b8; --line: #76839a; --paper: #12161c; --card: #1c222b; --edge: #3a4554;
      --scope: #171d27; --scope-edge: #3d5273; --good: #5cc68f; --bad: #f0857a; --bad-card: #2b1b1b; --pivot: #f0b454;
      --pivot-card: #2c2414; --undo: #b3a1f0; --undo-card: #211d30; --event: #5cc4d4; } }
  .wfl text { font-family: ui-sans-serif, system-ui, -apple-system, 'Segoe UI', sans-serif; fill: var(--ink); }
  .wfl .head { font-size: 17px; font-weight: 650; }
  .wfl .title { font-size: 13px; font-weight: 600; text-anchor: middle; }
  .wfl .detail { font-size: 11px; fill: var(--soft); text-anchor: middle; }
  .wfl .note { font-size: 11px; fill: var(--soft); }
  .wfl .label { font-size: 11px; text-anchor: middle; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
  .wfl .card { fill: var(--card); stroke: var(--edge); stroke-width: 1.2; }
  .wfl .read { stroke-dasharray: none; stroke: var(--edge); }
  .wfl .pivot { fill: var(--pivot-card); stroke: var(--pivot); stroke-width: 2.2; }
  .wfl .undo { fill: var(--undo-card); stroke: var(--undo); stroke-dasharray: 5 4; }
  .wfl .bad { fill: var(--bad-card); stroke: var(--bad); }
  .wfl .return { stroke: var(--good); stroke-width: 1.6; }
  .wfl .event { stroke: var(--event); }
  .wfl .fork { stroke: var(--scope-edge); stroke-width: 1.8; } .wfl .run { stroke: var(--soft); stroke-width: 2.6; }
  .wfl .wait { stroke: var(--pivot); stroke-dasharray: 2 3; }
  .wfl .dot { fill: var(--line); }
  .wfl .scope { fill: var(--scope); stroke: var(--scope-edge); stroke-width: 1.2; }
  .wfl .order { stroke: var(--line); } .wfl .branch { stroke: var(--event); } .wfl .error { stroke: var(--bad); }
  .wfl .back { stroke: var(--undo); stroke-dasharray: 5 4; }
  .wfl .order, .wfl .branch, .wfl .error, .wfl .back { fill: none; stroke-width: 1.6; }
  .wfl .error-label { fill: var(--bad); } .wfl .branch-label { fill: var(--event); }
  .wfl .barrier { stroke: var(--pivot); stroke-width: 1.4; stroke-dasharray: 10 5; }
  .wfl .barrier-label { font-size: 11px; fill: var(--pivot); font-weight: 600; }
";

/// The plan as an SVG document. Undos are dashed, errors are red, the point of no return is a line across.
pub fn svg(plan: &Plan) -> String {
    let picture = Picture::of(plan);
    let cells = place(&picture);
    let drawing = Drawing::new(&picture, &cells);
    let mut out = drawing.open();
    drawing.groups(&mut out);
    picture.lines.iter().for_each(|line| drawing.line(line, &mut out));
    drawing.undo_links(&mut out);
    drawing.barriers(&mut out);
    (0..picture.items.len()).for_each(|at| drawing.item(at, &mut out));
    drawing.labels(&mut out);
    out.push_str("</svg>\n");
    out
}

struct Drawing<'p> {
    picture: &'p Picture,
    cells: &'p [Cell],
    left: i32,
    width: f64,
    height: f64,
    /// The upper edge of each row.
    tops: Vec<f64>,
}

impl<'p> Drawing<'p> {
    fn new(picture: &'p Picture, cells: &'p [Cell]) -> Drawing<'p> {
        let left = cells.iter().map(|cell| cell.lane).min().unwrap_or(0).min(0);
        let right = cells.iter().map(|cell| cell.lane).max().unwrap_or(0);
        let width = f64::from(right - left) * LANE + BOX_WIDTH + 2.0 * MARGIN;
        let mut drawing = Drawing { picture, cells, left, width, height: 0.0, tops: Vec::new() };
        drawing.tops = drawing.rows();
        let last = drawing.tops.last().copied().unwrap_or_default();
        drawing.height = last + BOX_HEIGHT + 2.0 * MARGIN;
        drawing
    }

    /// The upper edges of the rows. Where groups begin or end there is room for their frames.
    fn rows(&self) -> Vec<f64> {
        let rows = self.cells.iter().map(|cell| cell.row).max().unwrap_or(0).max(0) as usize + 1;
        let mut room = vec![0.0_f64; rows + 1];
        for group in 1..self.picture.groups.len() {
            let members = (0..self.picture.items.len()).filter(|at| self.inside(*at, group));
            let inside = members.map(|at| self.cells[at].row.max(0) as usize).collect::<Vec<_>>();
            if let (Some(first), Some(last)) = (inside.iter().min(), inside.iter().max()) {
                let frame = FRAME * (1.0 + self.levels_inside(group));
                room[*first] = room[*first].max(frame + FRAME);
                room[last + 1] = room[last + 1].max(frame);
            }
        }
        let mut y = HEADER + MARGIN;
        let top = |room: &f64| {
            y += room;
            let top = y;
            y += ROW;
            top
        };
        room[..rows].iter().map(top).collect()
    }

    /// The middle of a box.
    fn centre(&self, at: usize) -> (f64, f64) {
        let Cell { row, lane } = self.cells[at];
        let x = f64::from(lane - self.left) * LANE + BOX_WIDTH / 2.0 + MARGIN;
        (x, self.tops.get(row.max(0) as usize).copied().unwrap_or_default() + BOX_HEIGHT / 2.0)
    }

    /// Half the width and half the height of a box.
    fn half(&self, at: usize) -> (f64, f64) {
        match self.picture.items[at].look {
            Look::Dot => (5.0, 5.0),
            _ => (BOX_WIDTH / 2.0, BOX_HEIGHT / 2.0),
        }
    }

    fn open(&self) -> String {
        let (width, height) = (self.width, self.height);
        let title = escape(&self.picture.title);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"wfl\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{title}\">\n<style>{STYLE}</style>\n<defs>\n"
        );
        for (name, colour) in [("order", "line"), ("branch", "event"), ("error", "bad"), ("back", "undo")] {
            let _ = writeln!(
                out,
                "<marker id=\"wfl-{name}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" \
                 markerHeight=\"7\" orient=\"auto-start-reverse\"><path d=\"M0 1 L9 5 L0 9 z\" fill=\"var(--{colour})\"/></marker>"
            );
        }
        let _ = writeln!(
            out,
            "</defs>\n<rect width=\"{width}\" height=\"{height}\" rx=\"14\" fill=\"var(--paper)\"/>\n\
             <text class=\"head\" x=\"{MARGIN}\" y=\"38\">{title}</text>"
        );
        out
    }

    fn groups(&self, out: &mut String) {
        for (number, group) in self.picture.groups.iter().enumerate().skip(1) {
            let members = (0..self.picture.items.len()).filter(|at| self.inside(*at, number));
            let (mut x0, mut y0, mut x1, mut y1) = (f64::MAX, f64::MAX, 0.0_f64, 0.0_f64);
            for at in members {
                let (x, y) = self.centre(at);
                let (dx, dy) = self.half(at);
                (x0, y0) = (x0.min(x - dx), y0.min(y - dy));
                (x1, y1) = (x1.max(x + dx), y1.max(y + dy));
            }
            if x0 > x1 {
                continue;
            }
            // A group lies visibly outside of those that it holds.
            let pad = 14.0 + 10.0 * self.levels_inside(number);
            let (x, y) = (x0 - pad, y0 - pad - 6.0);
            let (width, height) = (x1 - x0 + 2.0 * pad, y1 - y0 + 2.0 * pad + 6.0);
            let _ = writeln!(
                out,
                "<rect class=\"scope\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"12\"/>\n\
                 <text class=\"note\" x=\"{}\" y=\"{}\">{}</text>",
                x + 12.0,
                y + 16.0,
                escape(&group.title)
            );
        }
    }

    fn levels_inside(&self, group: usize) -> f64 {
        let inner = self.picture.groups.iter().enumerate().filter(|(_, inner)| inner.parent == Some(group));
        inner.map(|(inner, _)| 1.0 + self.levels_inside(inner)).fold(0.0, f64::max)
    }

    fn inside(&self, at: usize, group: usize) -> bool {
        let mut current = Some(self.picture.items[at].group);
        while let Some(inner) = current {
            if inner == group {
                return true;
            }
            current = self.picture.groups.get(inner).and_then(|inner| inner.parent);
        }
        false
    }

    /// The corners of a line, and a place for its label.
    fn course(&self, line: &Line) -> (Vec<(f64, f64)>, (f64, f64)) {
        let (from, to) = (self.cells[line.from], self.cells[line.to]);
        let between = |cell: &Cell| cell.lane == from.lane && cell.row > from.row && cell.row < to.row;
        let beside = |cell: &Cell| cell.lane == from.lane && cell.row == to.row && to.lane != from.lane;
        let blocked = self.cells.iter().any(|cell| between(cell) || beside(cell));
        let ground = Ground { blocked, gutter: BOX_WIDTH / 2.0 + 26.0 };
        route(self.place(line.from), self.place(line.to), line.stroke, ground)
    }

    fn place(&self, at: usize) -> Place {
        let ((x, y), (half_width, half_height)) = (self.centre(at), self.half(at));
        Place { x, y, half_width, half_height, cell: self.cells[at] }
    }

    fn line(&self, line: &Line, out: &mut String) {
        let (corners, _) = self.course(line);
        let path = path(&corners);
        let class = stroke_class(line.stroke);
        let _ = writeln!(out, "<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#wfl-{class})\"/>");
    }

    // Labels come last, so that no line runs through them.
    fn labels(&self, out: &mut String) {
        for line in self.picture.lines.iter().filter(|line| !line.label.is_empty()) {
            let (_, (x, y)) = self.course(line);
            let class = stroke_class(line.stroke);
            let text = escape(&shortened(&line.label));
            let _ = writeln!(out, "<text class=\"label {class}-label\" x=\"{x}\" y=\"{y}\">{text}</text>");
        }
    }

    fn undo_links(&self, out: &mut String) {
        for (at, item) in self.picture.items.iter().enumerate() {
            let Some(step) = item.undoes else { continue };
            let ((x0, y0), (x1, y1)) = (self.centre(step), self.centre(at));
            let (start, end) = (x0 - self.half(step).0, x1 + self.half(at).0);
            let _ = writeln!(out, "<path class=\"back\" d=\"M{start} {y0} L{end} {y1}\"/>");
        }
    }

    fn barriers(&self, out: &mut String) {
        for (at, item) in self.picture.items.iter().enumerate().filter(|(_, item)| item.look == Look::Pivot) {
            let (x, y) = self.centre(at);
            let y = y + BOX_HEIGHT / 2.0 + 14.0;
            let (start, end) = (x - BOX_WIDTH / 2.0 - 24.0, x + BOX_WIDTH / 2.0 + 24.0);
            let _ = writeln!(
                out,
                "<line class=\"barrier\" x1=\"{start}\" y1=\"{y}\" x2=\"{end}\" y2=\"{y}\"/>\n\
                 <text class=\"barrier-label\" x=\"{}\" y=\"{}\" text-anchor=\"end\">no way back after {}</text>",
                x - 10.0,
                y + 14.0,
                escape(&item.title)
            );
        }
    }

    fn item(&self, at: usize, out: &mut String) {
        let item = &self.picture.items[at];
        let (x, y) = self.centre(at);
        if item.look == Look::Dot {
            let _ = writeln!(out, "<circle class=\"dot\" cx=\"{x}\" cy=\"{y}\" r=\"5\"/>");
            return;
        }
        let (left, top) = (x - BOX_WIDTH / 2.0, y - BOX_HEIGHT / 2.0);
        let (class, radius) = look(item);
        let _ = writeln!(
            out,
            "<g><title>{}</title><rect class=\"card {class}\" x=\"{left}\" y=\"{top}\" width=\"{BOX_WIDTH}\" \
             height=\"{BOX_HEIGHT}\" rx=\"{radius}\"/>",
            escape(&format!("{} {}", item.title, item.detail))
        );
        let title_y = if item.detail.is_empty() { y + 4.5 } else { y - 3.0 };
        let _ = writeln!(
            out,
            "<text class=\"title\" x=\"{x}\" y=\"{title_y}\">{}</text>",
            escape(&shortened(&item.title))
        );
        if !item.detail.is_empty() {
            let detail = escape(&shortened(&item.detail));
            let _ = writeln!(out, "<text class=\"detail\" x=\"{x}\" y=\"{}\">{detail}</text>", y + 13.0);
        }
        out.push_str("</g>\n");
    }
}

fn stroke_class(stroke: Stroke) -> &'static str {
    match stroke {
        Stroke::Order => "order",
        Stroke::Branch => "branch",
        Stroke::Error => "error",
        Stroke::Undo => "back",
    }
}

/// Class and corner radius of a box.
fn look(item: &Item) -> (&'static str, f64) {
    match item.look {
        Look::Pivot => ("pivot", 8.0),
        Look::Undo => ("undo", 8.0),
        Look::Rollback => ("bad", 8.0),
        Look::Fail => ("bad", BOX_HEIGHT / 2.0),
        Look::Return => ("return", BOX_HEIGHT / 2.0),
        Look::Event => ("event", 3.0),
        Look::Read => ("read", 8.0),
        Look::Choice | Look::Guard => ("choice", 2.0),
        Look::Fork | Look::Loop => ("fork", 2.0),
        Look::Wait => ("wait", BOX_HEIGHT / 2.0),
        Look::Run => ("run", 8.0),
        Look::Step | Look::Value | Look::Commit | Look::Dot => ("step", 8.0),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
