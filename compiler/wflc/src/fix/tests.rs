//! Tests of edits and of writing them.

use wfl_source::{Applicability, Code, Diagnostic, Edit, FileId, Files, Fix, Span};

use crate::fix::edits::{Chosen, apply};
use crate::fix::texts::Texts;

fn fix(edits: &[(u32, u32, &str)], applicability: Applicability) -> Fix {
    let edit = |&(start, end, text): &(u32, u32, &str)| Edit {
        span: Span::new(FileId(0), start, end),
        replacement: text.into(),
    };
    Fix { title: "x".into(), edits: edits.iter().map(edit).collect(), applicability }
}

fn after(text: &str, least: Applicability, fixes: Vec<Fix>) -> (String, usize) {
    let mut files = Files::default();
    let file = files.add("a.wfl", text);
    let report = |fix| {
        let report = Diagnostic::without_place(Code::E0101, "x");
        Diagnostic { fixes: vec![fix], ..report }
    };
    let reports: Vec<Diagnostic> = fixes.into_iter().map(report).collect();
    let chosen = Chosen::from(&reports, &files, least, |id| id == file);
    let changes = chosen.changes.get(&file).cloned().unwrap_or_default();
    (apply(text, &changes), chosen.fixes.len())
}

#[test]
fn fixes_that_touch_wait_for_the_next_round() {
    use Applicability::{Maybe, Safe};
    let two = || vec![fix(&[(0, 2, "x")], Safe), fix(&[(1, 3, "y")], Safe), fix(&[(4, 4, "!")], Maybe)];
    assert_eq!(after("abcd", Safe, two()), ("xcd".into(), 1));
    assert_eq!(after("abcd", Maybe, two()), ("xcd!".into(), 2));
    let whole = vec![fix(&[(0, 1, "x")], Safe), fix(&[(3, 4, "y"), (0, 1, "z")], Safe)];
    assert_eq!(after("abcd", Safe, whole), ("xbcd".into(), 1), "a fix is made as a whole");
    let same_point = vec![fix(&[(2, 2, "x")], Safe), fix(&[(2, 2, "y")], Safe)];
    assert_eq!(after("abcd", Safe, same_point), ("abxcd".into(), 1));
    let outside = vec![fix(&[(3, 9, "x")], Safe)];
    assert_eq!(after("abcd", Safe, outside), ("abcd".into(), 0));
    let inside_a_letter = vec![fix(&[(1, 2, "x")], Safe)];
    assert_eq!(after("öö", Safe, inside_a_letter), ("öö".into(), 0));
}

#[test]
fn what_goes_takes_its_blanks_along() {
    let gone = |text: &str, start, end| {
        after(text, Applicability::Safe, vec![fix(&[(start, end, "")], Applicability::Safe)]).0
    };
    assert_eq!(gone("  pivot step", 2, 7), "  step");
    assert_eq!(gone("a\n  @x\nb", 4, 6), "a\nb");
    assert_eq!(gone("f();\n", 3, 4), "f()\n");
    assert_eq!(gone("f(); g", 3, 4), "f() g");
}

#[test]
fn a_file_that_somebody_else_wrote_stays() {
    let Ok(folder) = tempfile::tempdir() else { panic!("no folder") };
    let path = folder.path().join("a.wfl");
    let on_disk = || std::fs::read_to_string(&path).unwrap_or_default();
    assert!(std::fs::write(&path, "old").is_ok());
    let texts = Texts::new(folder.path());
    assert!(matches!(texts.write("a.wfl", "other", "new"), Ok(false)));
    assert_eq!(on_disk(), "old");
    assert!(matches!(texts.write("a.wfl", "old", "new"), Ok(true)));
    assert_eq!(on_disk(), "new");
    let left = std::fs::read_dir(folder.path()).map(Iterator::count);
    assert!(matches!(left, Ok(1)), "no temporary file is left");
}

#[test]
#[cfg(unix)]
fn links_that_lead_out_are_seen() {
    let (Ok(folder), Ok(other)) = (tempfile::tempdir(), tempfile::tempdir()) else { panic!("no folder") };
    let outside = other.path().join("b.wfl");
    assert!(
        std::fs::write(&outside, "x").is_ok() && std::fs::write(folder.path().join("a.wfl"), "x").is_ok()
    );
    assert!(std::os::unix::fs::symlink(&outside, folder.path().join("b.wfl")).is_ok());
    let texts = Texts::new(folder.path());
    assert!(texts.is_inside("a.wfl") && !texts.is_inside("b.wfl") && !texts.is_inside("<std>/money.wfl"));
}
