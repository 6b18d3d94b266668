//! The documentation: its Markdown, its links, and that nothing in a program can put a script on a page.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use wfl_tests::binaries::{Ran, wflc};
use wfl_tests::project::root;

/// The files that `wflc doc` writes with these arguments.
fn documented(folder: &Path, args: &[&str]) -> BTreeMap<String, String> {
    let out = tempfile::tempdir().unwrap();
    let place = out.path().display().to_string();
    let args: Vec<&str> = ["doc"].into_iter().chain(args.iter().copied()).chain(["-o", &place]).collect();
    let ran = Ran::of(wflc(folder, &args).output().unwrap());
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{args:?}: {ran:#?}");
    let entries = std::fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    entries.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// What stands between two marks, as often as they occur.
fn between<'t>(text: &'t str, begin: &str, end: &str) -> Vec<&'t str> {
    text.split(begin).skip(1).filter_map(|rest| rest.split_once(end)).map(|(found, _)| found).collect()
}

/// Checks that links lead to files that were written, and to places in them.
fn check_links(files: &BTreeMap<String, String>, link: (&str, &str)) -> usize {
    let places: BTreeMap<&str, BTreeSet<&str>> = files
        .iter()
        .map(|(name, text)| (name.as_str(), between(text, " id=\"", "\"").into_iter().collect()))
        .collect();
    let mut count = 0;
    for (name, text) in files {
        let all = between(text, " id=\"", "\"");
        // Pictures have marks of their own, which are the same in all.
        let all: Vec<&&str> = all.iter().filter(|id| !id.starts_with("wfl-")).collect();
        assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "{name}: a place twice: {all:?}");
        for target in between(text, link.0, link.1) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { name } else { file };
            let found = places.get(file).is_some_and(|places| place.is_empty() || places.contains(place));
            assert!(found, "{name}: {target} leads nowhere");
            count += 1;
        }
    }
    count
}

#[test]
fn the_markdown_of_the_transfer_and_of_money() {
    let files = documented(&root(), &["examples/transfer", "--format", "markdown"]);
    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["index.md", "payments.transfer.TransferFunds.svg", "payments.transfer.md"]);
    insta::assert_snapshot!("transfer", files["payments.transfer.md"]);
    insta::assert_snapshot!("index", files["index.md"]);
    let files = documented(&root(), &["--std", "--format", "markdown"]);
    insta::assert_snapshot!("money", files["std.money.md"]);
    assert_eq!(files.len(), 1 + wfl_stdlib::modules().len());
}

#[test]
fn every_link_leads_somewhere() {
    for project in ["examples/transfer", "examples/loan", "examples/payout"] {
        for std in [&["--std"][..], &[]] {
            let pages = documented(&root(), &[&[project][..], std].concat());
            let links = check_links(&pages, (" href=\"", "\""));
            let markdown = documented(&root(), &[&[project, "--format", "markdown"][..], std].concat());
            let drawn = check_links(&markdown, ("](", ")"));
            assert!(links > 30 && drawn > 30, "{project}: {links} and {drawn} links");
        }
    }
}

#[test]
fn the_pages_say_who_raises_what_and_what_is_out_of_use() {
    let pages = documented(&root(), &["examples/payout", "--std"]);
    let batch = &pages["payouts.batch.html"];
    let about = |id: &str| between(batch, &format!("id=\"{id}\""), "</article>")[0];
    assert!(about("record.PayoutBatch").contains("Deprecated since 2: use <code>cutoff</code>."));
    assert!(
        about("error.PayoutRejected")
            .contains("<dt>raised by</dt><dd><a href=\"#workflow.PayOne\">PayOne</a>")
    );
    assert!(about("event.BatchFinished").contains("<a href=\"#workflow.RunPayoutBatch\">RunPayoutBatch</a>"));
    assert!(about("workflow.RunPayoutBatch").contains("<svg "));
    assert!(about("record.PayoutItem").contains("<a href=\"std.iso.html#type.Iban\">Iban</a>"));
    let loan = documented(&root(), &["examples/loan"]);
    let approval = &loan["lending.approval.html"];
    assert!(approval.contains("<dt>signals</dt>") && approval.contains("<dt>tasks</dt>"));
    // The same again is the same.
    assert_eq!(documented(&root(), &["examples/loan"]), loan);
}

#[test]
fn a_program_cannot_put_a_script_on_a_page() {
    let evil = "</script><script>x</script><img src=x onerror=x>";
    let folder = tempfile::tempdir().unwrap();
    let program = format!(
        "//! {evil} `{evil}`\n/// {evil}\ntype T = String where value != \"{evil}\"\n\
         record R {{\n  /// {evil}\n  @deprecated(since: \"{evil}\", use: \"{evil}\")\n  t: T\n}}\n\
         service S {{\n  /// {evil}\n  @label(\"{evil}\")\n  operation o(t: T) -> Unit {{ effect write idempotent by \"{evil}{{workflow.key}}\" timeout 1s }}\n}}\n\
         /// {evil}\n@owner(\"{evil}\")\n@runbook(\"{evil}\")\nworkflow W(r: R) -> Unit version 1 key \"{evil}\" {{\n  step s = S.o(t: r.t)\n  ensure r.t != \"{evil}.\"\n}}\n"
    );
    std::fs::write(folder.path().join("evil.wfl"), program).unwrap();
    std::fs::write(folder.path().join("wfl.toml"), format!("[project]\nname = '{evil}'\n")).unwrap();
    let out = folder.path().join("out").display().to_string();
    let ran = Ran::of(wflc(folder.path(), &["doc", ".", "-o", &out]).output().unwrap());
    assert_eq!(ran.status, Some(0), "{ran:#?}");
    for page in ["index.html", "evil.html"] {
        let html = std::fs::read_to_string(Path::new(&out).join(page)).unwrap();
        assert_eq!(
            (html.matches("<script").count(), html.matches("</script").count()),
            (2, 2),
            "{page}: {html}"
        );
        assert_eq!(
            (html.matches("<img").count(), html.matches("<svg").count()),
            (0, usize::from(page == "evil.html"))
        );
        assert!(html.contains("Content-Security-Policy") && html.contains("default-src 'none'"));
    }
    let pages = documented(folder.path(), &[".", "--format", "markdown"]);
    for page in ["index.md", "evil.md"] {
        let text = &pages[page];
        assert!(text.contains("&lt;/script>"), "{page}: {text}");
        // Fences first, then code in lines.
        let outside = |text: &str, mark: &str| text.split(mark).step_by(2).collect::<String>();
        let prose = outside(&outside(text, "```"), "`");
        assert!(!prose.contains("<script") && !prose.contains("<img"), "{page}: {prose}");
    }
}

#[test]
fn what_cannot_be_documented_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| Ran::of(wflc(folder.path(), args).output().unwrap());
    assert_eq!(run(&["doc"]).status, Some(64));
    std::fs::write(folder.path().join("a.wfl"), "workflow X").unwrap();
    let broken = run(&["doc", "."]);
    assert_eq!(broken.status, Some(1), "{broken:#?}");
    assert!(!folder.path().join(".wfl").exists(), "nothing was written");
    std::fs::write(folder.path().join("a.wfl"), "/// One.\nrecord A { x: Int }\n").unwrap();
    let refused = run(&["doc", ".", "-o", "a.wfl"]);
    assert_eq!(refused.status, Some(69), "{refused:#?}");
    assert!(refused.stderr.contains("cannot be written"));
    assert_eq!(run(&["doc", "."]).status, Some(0));
    assert!(folder.path().join(".wfl/doc/a.html").is_file());
}
