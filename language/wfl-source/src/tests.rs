//! Tests of positions and reports.

use crate::{Code, Diagnostic, FileId, Files, LineColumn, Severity, SourceFile, Span, TITLE_LIMIT};

#[test]
fn positions_in_both_units() {
    let file = SourceFile::new("a.wfl", "ab\ngröße 😀 x\n");
    let x = file.text().find(" x").map_or(0, |at| at as u32 + 1);
    assert_eq!(file.utf8_position(x), LineColumn { line: 1, column: 13 });
    assert_eq!(file.utf16_position(x), LineColumn { line: 1, column: 9 });
    assert_eq!(file.offset_of_utf16(LineColumn { line: 1, column: 9 }), x);
    assert_eq!(file.utf8_position(999), LineColumn { line: 2, column: 0 });
    assert_eq!(file.offset_of_utf16(LineColumn { line: 9, column: 9 }), file.text().len() as u32);
    assert_eq!(file.line_count(), 3);
    assert_eq!(file.line_range(0), Some((0, 2)));
}

#[test]
fn every_offset_survives_the_round_trip() {
    let file = SourceFile::new("a.wfl", "x → y\r\n😀\n\nz");
    for (offset, _) in file.text().char_indices() {
        assert_eq!(file.offset_of_utf16(file.utf16_position(offset as u32)), offset as u32);
    }
}

#[test]
fn text_of_a_span_outside_is_empty() {
    let mut files = Files::default();
    let id = files.add("a.wfl", "abc");
    assert_eq!(files.text_of(Span::new(id, 1, 3)), "bc");
    assert_eq!(files.text_of(Span::new(id, 1, 30)), "");
    assert_eq!(files.text_of(Span::new(FileId(7), 0, 1)), "");
}

#[test]
fn codes_are_sorted_unique_and_titled() {
    let names = Code::ALL.iter().map(|code| code.as_str()).collect::<Vec<_>>();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted);
    for code in Code::ALL {
        assert!(code.title().chars().count() <= TITLE_LIMIT);
        assert_eq!(Code::parse(code.as_str()), Some(*code));
    }
    assert_eq!(Code::E0101.severity(), Severity::Error);
    assert_eq!(Code::W0403.severity(), Severity::Warning);
}

#[test]
fn long_titles_are_cut() {
    let diagnostic = Diagnostic::without_place(Code::E0101, "x".repeat(200));
    assert_eq!(diagnostic.title.chars().count(), TITLE_LIMIT);
}

#[test]
fn parts_move_with_their_file() {
    let mut files = Files::default();
    let file = files.add("a.wfl", "one two three");
    let part = files.add_part(Span::new(file, 4, 7));
    let word = Span::new(part, 1, 3);
    assert_eq!((files.text_of(word), files.resolve(word)), ("wo", Span::new(file, 5, 7)));
    files.set_text(file, "one and two three");
    files.place_part(part, Span::new(file, 8, 11));
    assert_eq!((files.text_of(word), files.resolve(word)), ("wo", Span::new(file, 9, 11)));
    // A span never leaves its part.
    assert_eq!(files.resolve(Span::new(part, 1, 30)), Span::new(file, 9, 11));
    let mut report =
        Diagnostic::new(Code::E0101, "x", word, "here").fix("y", word, "", crate::Applicability::Safe);
    files.resolve_report(&mut report);
    let places = [report.labels[0].span, report.fixes[0].edits[0].span];
    assert_eq!(places, [Span::new(file, 9, 11); 2]);
}
