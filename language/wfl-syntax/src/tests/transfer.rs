//! The target program: its trees, its truncations, its mutilations.

use crate::ast::{File, ItemKind};
use crate::chunk::starts;
use crate::parse::{Parsed, parse, parse_chunks};
use crate::tests::{FILE, TRANSFER, dump};

#[test]
fn flat_tree() {
    let parsed = parse(FILE, TRANSFER);
    assert_eq!(parsed.diagnostics, []);
    let mut out = String::new();
    for chunk in &parsed.chunks {
        let text = &TRANSFER[chunk.start as usize..chunk.end as usize];
        out.push_str(&format!(
            "--- {}\n{}",
            text.lines().next().unwrap_or_default(),
            dump(&chunk.tree, text)
        ));
    }
    insta::assert_snapshot!(out);
}

#[test]
fn typed_tree() {
    insta::assert_debug_snapshot!(parse(FILE, TRANSFER).file);
}

#[test]
fn chunks_and_whole_file_agree() {
    assert_same_as_whole(TRANSFER);
    for (offset, _) in TRANSFER.char_indices().step_by(31) {
        assert_same_as_whole(&TRANSFER[..offset]);
    }
}

#[test]
fn chunks_and_whole_file_agree_on_decorations() {
    let texts = [
        "record A { a: Int\n/// doc\n\n@owner(\"x\") // why\n// gap\nrecord B { b: Int }\n",
        "record A { a: Int }\n/// doc\n@owner(\n\"x\")\nrecord B { b: Int }\n",
        "record A { a: Int }\n  /// doc\n@a(f(x))\nrecord B { b: Int }\n",
        "record A {\n@\nrecord B { b: Int }\ntest\n\"x\" for W {}\nrecord\nC { c: Int }\nrecord type { x: Int }\n",
        "record A { a: Int }\n@a(\"\\u{20AC} {b}\")\nrecord B { b: Int }\n@a(\"\\\\u{)\")\nrecord C { c: Int }\n",
        "workflow A(a: Int) -> Int {\n return a.\nworkflow B(workflow: Int) -> Int {\nlet x =\ntest \"x\" for B {}\n",
    ];
    for text in texts {
        assert_same_as_whole(text);
    }
}

#[test]
fn chunks_and_whole_file_agree_without_any_one_token() {
    for (start, end) in tokens(TRANSFER).into_iter().step_by(3) {
        assert_same_as_whole(&[&TRANSFER[..start], &TRANSFER[end..]].concat());
    }
}

#[test]
fn every_truncation_gives_a_tree() {
    for (offset, _) in TRANSFER.char_indices().step_by(3) {
        let parsed = parse(FILE, &TRANSFER[..offset]);
        assert!(!parsed.chunks.is_empty());
    }
}

#[test]
fn every_deleted_token_is_survived_and_mostly_noticed() {
    let whole = names(&parse(FILE, TRANSFER).file);
    let (mut silent, mut lost, mut count) = (0, 0, 0);
    for (start, end) in tokens(TRANSFER) {
        let text = [&TRANSFER[..start], &TRANSFER[end..]].concat();
        let parsed = parse(FILE, &text);
        let kept = names(&parsed.file).len();
        count += 1;
        silent += usize::from(parsed.diagnostics.is_empty());
        lost += usize::from(kept + 1 < whole.len());
    }
    // Some tokens may go without harm to the form, such as a `,` at the end of a line or an operator's sign.
    assert!(silent * 3 < count, "{silent} of {count} deletions went unnoticed");
    assert!(lost * 20 < count, "{lost} of {count} deletions lost more than one declaration");
}

#[test]
fn the_tree_covers_every_word() {
    let parsed = parse(FILE, TRANSFER);
    for chunk in &parsed.chunks {
        let text = &TRANSFER[chunk.start as usize..chunk.end as usize];
        let mut covered = vec![false; text.len()];
        for (at, node) in chunk.tree.nodes().iter().enumerate() {
            if node.next as usize == at + 1 {
                covered[node.start as usize..node.end as usize].fill(true);
            }
        }
        let gaps = text.char_indices().filter(|(at, _)| !covered[*at]).map(|(_, character)| character);
        let words =
            gaps.filter(|character| character.is_alphanumeric() && *character != 'r').collect::<String>();
        assert_eq!(words, "", "words outside of all leaves in {text:?}");
    }
}

fn assert_same_as_whole(text: &str) {
    let cut: Parsed = parse_chunks(FILE, text, &starts(text));
    let whole: Parsed = parse_chunks(FILE, text, &[0]);
    assert!(cut.file == whole.file, "trees differ for:\n{text}");
    let codes = |parsed: &Parsed| {
        parsed
            .diagnostics
            .iter()
            .map(|it| (it.code, it.primary().map(|label| label.span)))
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(&cut), codes(&whole), "reports differ for:\n{text}");
}

/// Words, numbers, texts and single punctuation characters outside of comments.
fn tokens(text: &str) -> Vec<(usize, usize)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            rest[1..].find('"').map_or(rest.len(), |end| end + 2)
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|character: char| !character.is_alphanumeric() && character != '_')
                .unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() && !rest.starts_with("//") {
            tokens.push((at, at + length));
        }
        at += length;
    }
    tokens
}

fn names(file: &File) -> Vec<String> {
    let named = |kind: &ItemKind| match kind {
        ItemKind::Record(it) => vec![it.name.text.clone()],
        ItemKind::Enum(it) => vec![it.name.text.clone()],
        ItemKind::Type(it) => vec![it.name.text.clone()],
        ItemKind::Error(it) => vec![it.name.text.clone()],
        ItemKind::Event(it) => vec![it.name.text.clone()],
        ItemKind::Workflow(it) => vec![it.head.name.text.clone()],
        ItemKind::Test(it) => vec![it.title.clone()],
        ItemKind::Service(it) => {
            let operations = it.operations.iter().map(|operation| operation.head.name.text.clone());
            operations.chain([it.name.text.clone()]).collect()
        }
        _ => Vec::new(),
    };
    let names = file.items.iter().flat_map(|item| named(&item.kind));
    names.filter(|name| !name.is_empty()).collect()
}
