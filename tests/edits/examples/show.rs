//! Prints the tree and the reports of a file.
#![expect(clippy::print_stdout, reason = "it is there to be read")]
use wfl_source::FileId;
fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let parsed = wfl_syntax::parse_whole(FileId(0), &text);
    for chunk in &parsed.chunks {
        let mut ends: Vec<u32> = Vec::new();
        for (at, node) in chunk.tree.nodes().iter().enumerate() {
            while ends.last().is_some_and(|end| *end as usize <= at) {
                ends.pop();
            }
            let t = &text[(chunk.start + node.start) as usize..(chunk.start + node.end) as usize];
            let t: String = t.chars().take(50).collect();
            println!("{}{:?} {t:?}", "  ".repeat(ends.len()), node.rule);
            ends.push(node.next);
        }
    }
    for it in &parsed.diagnostics {
        let at = it.primary().map(|l| l.span.start).unwrap_or_default() as usize;
        println!(
            "{}: {} {} | {:?}",
            text[..at].lines().count(),
            it.code,
            it.title,
            it.primary().map(|l| &l.message)
        );
    }
}
