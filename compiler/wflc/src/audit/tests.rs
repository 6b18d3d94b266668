//! Tests of how a report is laid out.

use wfl_compiler::audit::Place;

use crate::audit::sheet::{FAINT, PLAIN, Sheet, visible};

fn place(file: &str) -> Place {
    Place { file: file.into(), line: 12, column: 1 }
}

#[test]
fn texts_wrap_and_places_stay_at_the_edge() {
    let mut sheet = Sheet::new(false, 60);
    sheet.entry("Rail.submit", PLAIN, Some(&place("payments/transfer.wfl")));
    sheet.fact("because", "the bank has to see where the money goes", PLAIN, None);
    sheet.fact("called by", "step money/receipt of TransferFunds", PLAIN, Some(&place("a.wfl")));
    sheet.fact(
        "called by",
        "step money/receipt of TransferFunds",
        PLAIN,
        Some(&place("a/long/way/to/it.wfl")),
    );
    let lines = sheet.finish();
    insta::assert_snapshot!(lines.join("\n"));
    assert!(lines.iter().all(|line| line.chars().count() <= 60), "{lines:#?}");
}

#[test]
fn colours_do_not_count_as_width() {
    let written = |colour| {
        let mut sheet = Sheet::new(colour, 60);
        sheet.fact("because", "the bank has to see it", FAINT, Some(&place("a.wfl")));
        sheet.finish().join("\n")
    };
    let bare = written(true).replace("\x1b[2m", "").replace("\x1b[0m", "");
    assert_eq!(bare, written(false));
}

#[test]
fn nothing_in_a_program_hides_a_part_of_the_report() {
    assert_eq!(visible("a\u{1b}[2Kb\u{202e}c\u{200b}d\n"), "a\\u{1b}[2Kb\\u{202e}c\\u{200b}d\n");
    assert_eq!(visible("Übertrag – 10 €"), "Übertrag – 10 €");
}
