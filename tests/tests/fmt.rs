//! `wflc fmt` as a user meets it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::io::Write;
use std::process::Stdio;

use wfl_tests::binaries::{Project, Ran};

const MESSY: &str = "module  a\nrecord A{id:Uuid}\n";
const NEAT: &str = "module a\n\nrecord A { id: Uuid }\n";

fn fmt(project: &Project, args: &[&str]) -> Ran {
    Ran::of(project.wflc(&[&["fmt"], args].concat()).output().unwrap())
}

fn text(project: &Project, name: &str) -> String {
    std::fs::read_to_string(project.path().join(name)).unwrap()
}

fn with_input(project: &Project, args: &[&str], input: &[u8]) -> Ran {
    let mut child = project.wflc(args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    Ran::of(child.wait_with_output().unwrap())
}

#[test]
fn files_below_folders_are_laid_out() {
    let project = Project::new("");
    for folder in ["deep/er", ".hidden"] {
        std::fs::create_dir_all(project.path().join(folder)).unwrap();
    }
    for name in ["a.wfl", "deep/er/b.wfl", ".hidden/c.wfl", ".d.wfl", "e.txt"] {
        project.write(name, MESSY);
    }
    let ran = fmt(&project, &["."]);
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{ran:#?}");
    assert_eq!(ran.stdout, "a.wfl\ndeep/er/b.wfl\nok: 3 files, 2 changed\n");
    assert_eq!([text(&project, "a.wfl"), text(&project, "deep/er/b.wfl")], [NEAT, NEAT]);
    for name in [".hidden/c.wfl", ".d.wfl", "e.txt"] {
        assert_eq!(text(&project, name), MESSY, "{name}");
    }
    let again = fmt(&project, &[".", "a.wfl", "deep"]);
    assert_eq!((again.status, again.stdout.as_str()), (Some(0), "ok: 3 files, 0 changed\n"));
    // What is named is meant.
    assert_eq!(fmt(&project, &["e.txt"]).stdout, "e.txt\nok: 1 file, 1 changed\n");
    let left: Vec<_> =
        std::fs::read_dir(project.path()).unwrap().flatten().map(|it| it.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".wflc")), "{left:?}");
}

#[test]
fn check_and_diff_change_nothing() {
    let project = Project::new("");
    project.write("a.wfl", MESSY);
    let ran = fmt(&project, &["--check", "."]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (Some(1), "a.wfl\ncheck failed: 1 of 2 files would change\n")
    );
    let ran = fmt(&project, &["--diff", "."]);
    let diff = "--- a/a.wfl\n+++ b/a.wfl\n@@ -1,2 +1,3 @@\n-module  a\n-record A{id:Uuid}\n+module a\n+\n+record A { id: Uuid }\n";
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), diff));
    assert_eq!(fmt(&project, &["--diff", "--check", "a.wfl"]).status, Some(1));
    assert_eq!(text(&project, "a.wfl"), MESSY);
    let ran = fmt(&project, &["--check", "payments"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), "ok: 1 file\n"));
}

#[test]
fn standard_input_goes_to_standard_output() {
    let project = Project::new("");
    let ran = with_input(&project, &["fmt", "-"], MESSY.as_bytes());
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), NEAT, ""));
    let ran = with_input(&project, &["fmt", "--check", "-"], MESSY.as_bytes());
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(1), ""));
    assert_eq!(with_input(&project, &["fmt", "--check", "-"], NEAT.as_bytes()).status, Some(0));
    let ran = with_input(&project, &["fmt", "-"], b"record A\xff");
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("not UTF-8 text: line 1"), "{ran:#?}");
    assert_eq!(with_input(&project, &["fmt", "-", "."], b"").status, Some(64));
    assert_eq!(fmt(&project, &[]).status, Some(64));
}

#[test]
fn syntax_errors_are_left_alone() {
    let project = Project::new("");
    project.write("a.wfl", "recrod   A { }\nrecord B{}\n");
    let ran = fmt(&project, &["a.wfl"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(0), "a.wfl\nok: 1 file, 1 changed\n"));
    assert!(ran.stderr.contains("a.wfl: 1 part with syntax errors"), "{ran:#?}");
    assert_eq!(text(&project, "a.wfl"), "recrod   A { }\nrecord B {}\n");
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_laid_out() {
    let project = Project::new("");
    project.write("a.wfl", MESSY);
    std::fs::write(project.path().join("b.wfl"), b"module b\nrecord \xc3").unwrap();
    let ran = fmt(&project, &["b.wfl", "a.wfl"]);
    assert_eq!(
        (ran.status, ran.stdout.as_str()),
        (Some(1), "a.wfl\nfailed: 2 files, 1 changed\n"),
        "{ran:#?}"
    );
    assert!(ran.stderr.contains("b.wfl is not UTF-8 text: line 2"), "{ran:#?}");
    assert_eq!(text(&project, "a.wfl"), NEAT);

    project.write("a.wfl", MESSY);
    let ran = fmt(&project, &["a.wfl", "nowhere.wfl"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(64), ""), "{ran:#?}");
    assert!(ran.stderr.contains("nowhere.wfl cannot be read"), "{ran:#?}");
    assert_eq!(text(&project, "a.wfl"), MESSY, "nothing is written when the command makes no sense");
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let project = Project::new("");
    project.write("a.wfl", MESSY);
    let path = project.path().join("a.wfl");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.wfl", project.path().join("link.wfl")).unwrap();
    assert_eq!(fmt(&project, &["link.wfl"]).status, Some(0));
    assert_eq!(text(&project, "a.wfl"), NEAT);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(std::fs::symlink_metadata(project.path().join("link.wfl")).unwrap().is_symlink());

    project.write("a.wfl", MESSY);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o440)).unwrap();
    let ran = fmt(&project, &["a.wfl"]);
    assert_eq!((ran.status, text(&project, "a.wfl").as_str()), (Some(69), MESSY), "{ran:#?}");
    assert!(ran.stderr.contains("a.wfl cannot be written: it is read-only"), "{ran:#?}");
}
