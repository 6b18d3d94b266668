//! What holds for the flat trees of any text: they lose nothing, and say nothing that is not in the text.

use wfl_source::{Diagnostic, FileId};
use wfl_syntax::{Parsed, Rule, Tree};

/// Signs of the grammar that are no nodes. A `r` may stand in front of a raw text besides.
const SIGNS: &str = "{}()[]<>,:=.?-\"%@";

/// Checks the chunks and trees of a text; says what is wrong.
pub fn check(text: &str, parsed: &Parsed) -> Result<(), String> {
    let mut end = 0;
    for chunk in &parsed.chunks {
        if chunk.start != end || chunk.end < chunk.start {
            return Err(format!("a chunk begins at {}, not {end}", chunk.start));
        }
        end = chunk.end;
        let (start, end) = (chunk.start as usize, chunk.end as usize);
        let source = text.get(start..end).ok_or_else(|| format!("a chunk cuts a character at {start}"))?;
        if chunk.tree.nodes().is_empty() {
            // Only what is nested too deeply for the parser's stack, and a report says so.
            let told = parsed.diagnostics.iter().any(|it| it.code.as_str() == "E0199");
            let signs =
                source.chars().filter(|sign| !sign.is_alphanumeric() && !sign.is_whitespace()).count();
            return if told && signs > 500 {
                Ok(())
            } else {
                Err(format!("the chunk at {start} has no tree"))
            };
        }
        tree(source, &chunk.tree).map_err(|what| format!("{what}, in the chunk at {start}"))?;
    }
    if end as usize != text.len() {
        return Err(format!("the chunks end at {end} of {}", text.len()));
    }
    Ok(())
}

fn tree(text: &str, tree: &Tree) -> Result<(), String> {
    let nodes = tree.nodes();
    let mut covered = vec![false; text.len()];
    let mut around: Vec<usize> = Vec::new();
    let mut leaf_end = 0;
    for (at, node) in nodes.iter().enumerate() {
        while around.last().is_some_and(|top| nodes[*top].next as usize <= at) {
            around.pop();
        }
        let place = || format!("{:?} at {}..{}", node.rule, node.start, node.end);
        let (start, end) = (node.start as usize, node.end as usize);
        let Some(own) = text.get(start..end) else { return Err(format!("{} is no text", place())) };
        if node.next as usize <= at || node.next as usize > nodes.len() {
            return Err(format!("{} has its end before itself", place()));
        }
        if let Some(parent) = around.last().map(|parent| nodes[*parent]) {
            // Comments, and marks of what is missing, may stand behind the last token of what they were read in.
            let behind = node.rule == Rule::COMMENT || own.is_empty();
            let inside = parent.start <= node.start && (node.end <= parent.end || behind);
            if !inside || node.next > parent.next {
                return Err(format!("{} is not inside of {:?}", place(), parent.rule));
            }
        }
        let is_leaf = node.next as usize == at + 1;
        if is_leaf && !own.is_empty() {
            if start < leaf_end {
                return Err(format!("{} overlaps the leaf before", place()));
            }
            leaf_end = end;
        }
        if is_leaf || swallows(node.rule) {
            covered[start..end].fill(true);
        }
        around.push(at);
    }
    let gap = text.char_indices().find(|(at, character)| !covered[*at] && !is_sign(text, *at, *character));
    match gap {
        Some((at, character)) => Err(format!("`{character}` at {at} is in no leaf")),
        None => Ok(()),
    }
}

fn is_sign(text: &str, at: usize, character: char) -> bool {
    let raw = character == 'r' && text[at..].starts_with("r\"");
    matches!(character, ' ' | '\t' | '\r' | '\n' | '\u{FEFF}') || SIGNS.contains(character) || raw
}

/// Nodes of text that fits nowhere: only some of its parts are nodes.
fn swallows(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::bad_item
            | Rule::bad_field
            | Rule::bad_variant
            | Rule::bad_member
            | Rule::bad_opt
            | Rule::bad_clause
            | Rule::bad_cond
            | Rule::bad_head
            | Rule::bad_stmt
            | Rule::bad_branch
            | Rule::bad_await
            | Rule::bad_migration
            | Rule::bad_rule
            | Rule::bad_arm
            | Rule::bad_arg
            | Rule::bad_test
            | Rule::bad_parallel
            | Rule::bad_foreach
            | Rule::bad_param
            | Rule::junk
            | Rule::stray_line
            | Rule::loose_body
            | Rule::stray_block
            | Rule::group
    )
}

/// Checks that reports point into their texts, that fixes can be applied, and that nothing is said twice.
pub fn reports<'t>(
    diagnostics: &[Diagnostic],
    text_of: impl Fn(FileId) -> Option<&'t str>,
) -> Result<(), String> {
    for (at, diagnostic) in diagnostics.iter().enumerate() {
        let said = || format!("{} {:?}", diagnostic.code, diagnostic.title);
        if diagnostic.title.is_empty() || diagnostic.title.contains('\n') {
            return Err(format!("{} is no title", said()));
        }
        let fixed = diagnostic.fixes.iter().flat_map(|fix| fix.edits.iter().map(|edit| edit.span));
        for span in diagnostic.labels.iter().map(|label| label.span).chain(fixed) {
            let text = text_of(span.file).ok_or_else(|| format!("{}: no file {:?}", said(), span))?;
            if text.get(span.start as usize..span.end as usize).is_none() {
                return Err(format!("{}: {span:?} is no text", said()));
            }
        }
        for fix in &diagnostic.fixes {
            let mut places: Vec<_> = fix.edits.iter().map(|edit| edit.span).collect();
            places.sort();
            if places.windows(2).any(|two| two[0].file == two[1].file && two[0].end > two[1].start) {
                return Err(format!("{}: the edits of a fix overlap", said()));
            }
        }
        // Reports stand in the order of their places.
        let place = diagnostic.primary();
        let mut same_place = diagnostics[..at].iter().rev().take_while(|before| before.primary() == place);
        if place.is_some() && same_place.any(|before| before == diagnostic) {
            return Err(format!("{} is said twice", said()));
        }
    }
    Ok(())
}
