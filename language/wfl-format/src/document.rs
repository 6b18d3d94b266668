//! Documents and their printing.
//!
//! A document is a flat list of instructions. Groups are printed on one line where that fits, else each of their
//! lines ends. After Oppen, "Prettyprinting" (TOPLAS 1980), and Wadler, "A prettier printer" (1998): as there, a
//! group must leave room for what follows up to the next place where a line may end. Widths are summed up before
//! printing, so that the time is linear in the size of the document.

/// Which blank lines of the source stay.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Keep {
    /// None.
    Never,
    /// Only those behind a comment that stands here.
    Later,
    /// All, as one.
    Always,
}

/// One instruction.
#[derive(Clone, Debug)]
pub(crate) enum Op<'t> {
    /// Text; where it runs over lines, the groups around it end their lines too.
    Text(&'t str),
    /// A blank at which no line ends, unless for a comment; `hang` then indents the next line more.
    Space { hang: bool },
    /// A group begins.
    Open,
    /// The group ends.
    Close,
    /// The lines of this group end in any case.
    Force,
    /// One step further to the right.
    Indent,
    /// One step back.
    Dedent,
    /// Blanks, or the end of a line if the group is broken; `blank` puts an empty line there.
    Line { flat: u8, keep: Keep, blank: bool },
    /// The end of a line; `hang` indents this one line more.
    Hard { keep: Keep, blank: bool, hang: bool },
    /// Text of a group on one line.
    IfFlat(&'static str),
    /// Text of a broken group.
    IfBroken(&'static str),
    /// A comment at the end of a line, behind a blank or not; a `Hard` follows.
    Comment(&'t str, bool),
}

const STEP: usize = 2;

/// Wider than any line, and no sum of it overflows.
const ENDLESS: usize = usize::MAX / 4;

/// Prints a document into lines of at most `width` columns, where its texts allow it.
pub(crate) fn print(ops: &[Op<'_>], width: usize) -> String {
    let (groups, tails) = (group_widths(ops), tail_widths(ops));
    let mut paper = Paper { text: String::new(), column: 0, fresh: false };
    let (mut indent, mut broken) = (0_usize, vec![true]);
    for (at, op) in ops.iter().enumerate() {
        let is_broken = broken.last().copied().unwrap_or(true);
        match op {
            Op::Text(text) => paper.write(text, indent),
            Op::Space { .. } => paper.write(" ", indent),
            Op::Open => {
                let (inside, end) = groups[at];
                let column = if paper.fresh { indent } else { paper.column };
                broken.push(column + inside + tails[end] > width);
            }
            Op::Close => _ = broken.pop(),
            Op::Indent => indent += STEP,
            Op::Dedent => indent = indent.saturating_sub(STEP),
            Op::Line { blank, .. } if is_broken => paper.end_line(*blank),
            Op::Line { flat, .. } => paper.write(&"  "[..usize::from(*flat).min(2)], indent),
            Op::Hard { blank, hang, .. } => {
                paper.end_line(*blank);
                if *hang {
                    paper.write(&" ".repeat(STEP), indent);
                }
            }
            Op::IfFlat(text) if !is_broken => paper.write(text, indent),
            Op::IfBroken(text) if is_broken => paper.write(text, indent),
            Op::Comment(text, blank) => {
                paper.write(if *blank { " " } else { "" }, indent);
                paper.write(text, indent);
            }
            Op::Force | Op::IfFlat(_) | Op::IfBroken(_) => {}
        }
    }
    paper.text
}

struct Paper {
    text: String,
    column: usize,
    /// Whether the line is still empty, without its indentation.
    fresh: bool,
}

impl Paper {
    fn write(&mut self, text: &str, indent: usize) {
        if text.is_empty() {
            return;
        }
        if self.fresh {
            self.text.extend(std::iter::repeat_n(' ', indent));
            (self.column, self.fresh) = (indent, false);
        }
        self.text.push_str(text);
        match text.rsplit_once('\n') {
            Some((_, last)) => self.column = columns(last),
            None => self.column += columns(text),
        }
    }

    fn end_line(&mut self, blank: bool) {
        self.text.push_str(if blank { "\n\n" } else { "\n" });
        self.fresh = true;
    }
}

fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// For each `Open` the width of its group on one line, and the index behind its `Close`.
fn group_widths(ops: &[Op<'_>]) -> Vec<(usize, usize)> {
    let mut widths = vec![(0, ops.len()); ops.len()];
    let mut open: Vec<(usize, usize)> = Vec::new();
    let mut sum = 0_usize;
    for (at, op) in ops.iter().enumerate() {
        match op {
            Op::Open => open.push((at, std::mem::take(&mut sum))),
            Op::Close => {
                if let Some((start, before)) = open.pop() {
                    widths[start] = (sum, at + 1);
                    sum = before.saturating_add(sum).min(ENDLESS);
                }
            }
            Op::Text(text) if text.contains('\n') => sum = ENDLESS,
            Op::Text(text) => sum += columns(text),
            Op::Space { .. } => sum += 1,
            Op::Line { flat, .. } => sum += usize::from(*flat),
            Op::IfFlat(text) => sum += columns(text),
            Op::Hard { .. } | Op::Force | Op::Comment(..) => sum = ENDLESS,
            Op::Indent | Op::Dedent | Op::IfBroken(_) => {}
        }
    }
    widths
}

/// For each place the width of what follows up to where a line may end, all groups around it being broken.
fn tail_widths(ops: &[Op<'_>]) -> Vec<usize> {
    let mut tails = vec![0; ops.len() + 1];
    for (at, op) in ops.iter().enumerate().rev() {
        let rest = tails[at + 1];
        tails[at] = match op {
            Op::Text(text) => match text.split_once('\n') {
                Some((first, _)) => columns(first),
                None => columns(text) + rest,
            },
            Op::Space { .. } => 1 + rest,
            Op::IfBroken(text) => columns(text) + rest,
            Op::Line { .. } | Op::Hard { .. } | Op::Comment(..) => 0,
            Op::Open | Op::Close | Op::Force | Op::Indent | Op::Dedent | Op::IfFlat(_) => rest,
        };
    }
    tails
}
