//! Reports as a user, an editor, a build and a code scanner see them; fixes; levels of warnings; explanations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and says what it did")]

use std::path::Path;

use serde_json::{Value as Json, json};
use tempfile::TempDir;
use wfl_tests::binaries::{Ran, wflc};

/// A mistake whose fix has two edits, and one without; letters of several bytes stand before them.
const SHOP: &str = "\
import money.types (Price)

// größe → 😀
workflow Buy(id: String) -> Price
  version 1
  key id
{
  let _a = \"😀\" let price = Price { amount: \"x\" }
  return price
}
";
const TYPES: &str = "record Price { amount: Money<EUR> }\n";

fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn shop() -> TempDir {
    project(&[("shop.wfl", SHOP), ("money/types.wfl", TYPES)])
}

fn ran(folder: &Path, args: &[&str]) -> Ran {
    Ran::of(wflc(folder, args).output().unwrap())
}

fn check(folder: &Path, format: &str, status: i32) -> Ran {
    let ran = ran(folder, &["check", ".", "--message-format", format]);
    assert_eq!(ran.status, Some(status), "{ran:#?}");
    ran
}

#[test]
fn people_read_reports_on_standard_error_and_a_summary_on_standard_output() {
    let shop = shop();
    let human = check(shop.path(), "human", 1);
    assert_eq!(human.stdout, "check failed: 2 errors\n");
    assert_eq!(
        human.stderr,
        "\
error[E0121]: records are built with parentheses
  ┌─ shop.wfl:8:34
  │
8 │   let _a = \"😀\" let price = Price { amount: \"x\" }
  │                                   ^^^^^^^^^^^^^^^ braces are for blocks
  │
  = help: write `Name(field: value)`

error[E0205]: expected Money<EUR>, found String
  ┌─ shop.wfl:8:44
  │
8 │   let _a = \"😀\" let price = Price { amount: \"x\" }
  │                                             ^^^ this is String

"
    );
    let plain = ran(shop.path(), &["check", "."]);
    assert_eq!((plain.stdout, plain.stderr), (human.stdout, human.stderr), "human is the default");
    let short = check(shop.path(), "short", 1);
    assert_eq!(short.stdout, "check failed: 2 errors\n");
    assert_eq!(
        short.stderr,
        "shop.wfl:8:34: error[E0121]: records are built with parentheses\n\
         shop.wfl:8:44: error[E0205]: expected Money<EUR>, found String\n"
    );
}

#[test]
fn json_lines_hold_everything_with_columns_in_both_units() {
    let shop = shop();
    let ran = check(shop.path(), "json", 1);
    assert_eq!(ran.stderr, "");
    let lines: Vec<Json> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    let at = |column: u32, utf8: u32, utf16: u32| {
        let offset = SHOP.find("  let _a").unwrap() as u32 + utf8 - 1;
        json!({ "line": 8, "column": column, "utf8_column": utf8, "utf16_column": utf16, "offset": offset })
    };
    let edit = |start, end, text: &str| json!({ "path": "shop.wfl", "start": start, "end": end, "replacement": text });
    assert_eq!(
        lines[0],
        json!({
            "code": "E0121",
            "severity": "error",
            "title": "records are built with parentheses",
            "place": { "path": "shop.wfl", "start": at(34, 37, 35), "end": at(49, 52, 50) },
            "labels": [{
                "primary": true,
                "message": "braces are for blocks",
                "path": "shop.wfl",
                "start": at(34, 37, 35),
                "end": at(49, 52, 50),
            }],
            "notes": [],
            "help": "write `Name(field: value)`",
            "fixes": [{
                "title": "write parentheses",
                "applicability": "safe",
                "edits": [
                    edit(at(33, 36, 34), at(36, 39, 37), "("),
                    edit(at(47, 50, 48), at(49, 52, 50), ")"),
                ],
            }],
            "explain": "wflc explain E0121",
        })
    );
    let broken = project(&[("wfl.toml", "[project]\nsource = \"src\"\n")]);
    let line: Json = serde_json::from_str(&check(broken.path(), "json", 1).stdout).unwrap();
    assert_eq!((&line["code"], &line["place"], &line["labels"]), (&json!("E0806"), &json!(null), &json!([])));
}

#[test]
fn github_gets_one_escaped_command_per_report() {
    let folder = project(&[
        ("a,b.wfl", "service S {\n  operation a(x: Int) -> Int { effect write }\n}\n"),
        ("wfl.toml", "[project]\nnam = 1\n"),
        (
            "c.wfl",
            "workflow W(n: Int) -> Int version 1 key n {\n  ensure n > 1 else {\n    let a = \"100%\"\n  }\n  return n\n}\n",
        ),
    ]);
    let ran = check(folder.path(), "github", 1);
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "\
::error file=wfl.toml,line=2,col=1,endLine=2,endColumn=4,title=E0805%3A the project manifest cannot be read::\
unknown field `nam`, expected `name` or `source`%0Ahelp: it looks like `[project]`, `name = \"bank\"`, `source = \"src\"`
::error file=a%2Cb.wfl,line=2,col=13,endLine=2,endColumn=14,title=E0330%3A `S.a` cannot be repeated safely::\
changes the world, but nothing makes a second call harmless%0A\
an answer can be lost after the call took effect; calling again would do it twice%0A\
help: say `idempotent by key` if the other side ignores repeats, or `confirm with lookup(…) after …`
::error file=c.wfl,line=2,endLine=4,title=E0302%3A what stands behind `else` must leave::\
goes on although the condition fails%0Ahelp: end it with `return …`, `fail …` or `yield …`
::warning file=c.wfl,line=3,col=9,endLine=3,endColumn=10,title=W0202%3A `a` is not used::\
never read%0Ahelp: remove it, or begin its name with `_`
"
    );
}

/// What the schema of SARIF 2.1.0 asks of the parts that are written, and that all references lead somewhere.
fn check_sarif(log: &Json) {
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    assert_eq!(run["tool"]["driver"]["name"], "wflc");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for rule in rules {
        assert!(rule["helpUri"].as_str().unwrap().ends_with(rule["id"].as_str().unwrap()));
        assert!(!rule["shortDescription"]["text"].as_str().unwrap().is_empty());
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("## Why it matters"));
        assert!(["error", "warning"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap()));
    }
    let region = |region: &Json| {
        let of = |key: &str| region[key].as_u64().filter(|it| *it >= 1).unwrap();
        let (start, end) = ((of("startLine"), of("startColumn")), (of("endLine"), of("endColumn")));
        assert!(start <= end, "{region}");
    };
    let location = |location: &Json| {
        let physical = &location["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|it| it.is_ascii_graphic() && !b"<>\"\\^`{|}".contains(&it)), "{uri}");
        region(&physical["region"]);
    };
    for result in run["results"].as_array().unwrap() {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(ids[index], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        result["locations"].as_array().unwrap().iter().for_each(location);
        for related in result["relatedLocations"].as_array().into_iter().flatten() {
            assert!(related["id"].is_u64() && related["message"]["text"].is_string());
            location(related);
        }
        for fix in result["fixes"].as_array().into_iter().flatten() {
            assert!(fix["description"]["text"].is_string());
            for change in fix["artifactChanges"].as_array().filter(|it| !it.is_empty()).unwrap() {
                assert!(change["artifactLocation"]["uri"].is_string());
                for replacement in change["replacements"].as_array().filter(|it| !it.is_empty()).unwrap() {
                    region(&replacement["deletedRegion"]);
                    assert!(replacement["insertedContent"]["text"].is_string());
                }
            }
        }
    }
}

#[test]
fn sarif_is_one_log_that_fits_its_standard() {
    let twice = "record A { x: Int }\nrecord A { x: Int }\n";
    let folder = project(&[("shop.wfl", SHOP), ("money/types.wfl", TYPES), ("größe a.wfl", twice)]);
    let ran = check(folder.path(), "sarif", 1);
    assert_eq!(ran.stderr, "");
    let log: Json = serde_json::from_str(&ran.stdout).unwrap();
    check_sarif(&log);
    let results = log["runs"][0]["results"].as_array().unwrap();
    let codes: Vec<&Json> = results.iter().map(|result| &result["ruleId"]).collect();
    assert_eq!(codes, ["E0202", "E0121", "E0205"]);
    let at = &results[1]["locations"][0]["physicalLocation"];
    assert_eq!(at["artifactLocation"]["uri"], "shop.wfl");
    assert_eq!((&at["region"]["startColumn"], &at["region"]["endColumn"]), (&json!(35), &json!(50)));

    let twice = results.iter().find(|result| result["ruleId"] == "E0202").unwrap();
    let related = &twice["relatedLocations"][0];
    assert_eq!(related["physicalLocation"]["artifactLocation"]["uri"], "gr%C3%B6%C3%9Fe%20a.wfl");
    assert_eq!(related["message"]["text"], "the first one");

    let clean = project(&[("a.wfl", "record A { x: Int }\n")]);
    let log: Json = serde_json::from_str(&check(clean.path(), "sarif", 0).stdout).unwrap();
    check_sarif(&log);
    assert_eq!(log["runs"][0]["results"], json!([]));
}

#[test]
fn many_reports_are_cut_and_errors_come_first() {
    let field = |at: usize| format!("  f{at}: Strin\n");
    let warnings: String = (0..5).map(|at| format!("  let v{at} = 1\n")).collect();
    let fields: String = (0..60).map(field).collect();
    let text = format!(
        "workflow W(id: String) -> String version 1 key id {{\n{warnings}  return id\n}}\nrecord A {{\n{fields}}}\n"
    );
    let folder = project(&[("a.wfl", &text)]);
    let cut = ran(folder.path(), &["check", ".", "--message-format", "short"]);
    let lines: Vec<&str> = cut.stderr.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), 51, "{cut:#?}");
    assert!(lines[..50].iter().all(|line| line.contains("error[E0203]")), "{cut:#?}");
    assert_eq!(lines[50], "… and 10 errors and 5 warnings more; `--all` shows everything");
    assert_eq!(cut.stdout, "check failed: 60 errors and 5 warnings\n");
    let all = ran(folder.path(), &["check", ".", "--message-format", "short", "--all"]);
    assert_eq!(all.stderr.lines().count(), 65);
    let json = check(folder.path(), "json", 1);
    assert_eq!(json.stdout.lines().count(), 65, "machines get all");
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let shop = shop();
    let colour = |args: &[&str], no_colour: &str| {
        let mut command = wflc(shop.path(), &[&["check", "."][..], args].concat());
        let ran = Ran::of(command.env("NO_COLOR", no_colour).output().unwrap());
        (ran.stdout.contains('\x1b'), ran.stderr.contains('\x1b'))
    };
    assert_eq!(colour(&[], ""), (false, false));
    assert_eq!(colour(&["--color", "always"], ""), (true, true));
    assert_eq!(colour(&["--color", "always"], "1"), (true, true), "who asks gets it");
    assert_eq!(colour(&["--color", "never"], ""), (false, false));
    assert_eq!(colour(&["--color", "always", "--message-format", "json"], ""), (false, false));
}

#[test]
fn paths_are_those_from_where_one_stands() {
    let outer = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        let folder = outer.path().join(name).join("in");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(outer.path().join(name).join("wfl.toml"), "[project]\n").unwrap();
        std::fs::write(folder.join("a.wfl"), "record A { x: Strin }\n").unwrap();
    }
    let short = |folder: &Path, path: &[&str]| {
        ran(folder, &[&["check", "--message-format", "short"][..], path].concat()).stderr
    };
    let said = ": error[E0203]: there is no type `Strin`\n";
    let both = short(outer.path(), &["one", "two/in/a.wfl"]);
    assert_eq!(both, format!("one/in/a.wfl:1:15{said}two/in/a.wfl:1:15{said}"));
    assert_eq!(short(&outer.path().join("one/in"), &["a.wfl"]), format!("a.wfl:1:15{said}"));
    assert_eq!(short(&outer.path().join("one/in"), &["../../two"]), format!("../../two/in/a.wfl:1:15{said}"));
}

const FIXABLE: &str = "\
record Price { amount: Money<EUR> }

workflow Buy(id: String) -> Price
  version 1
  key id
{
  let price = Price { amount: EUR(1) };
  let unused = prise
  return price
}
";

#[test]
fn fix_puts_right_what_is_safe_and_more_when_asked() {
    let folder = project(&[("in/a.wfl", FIXABLE), ("wfl.toml", "[project]\n")]);
    let path = folder.path().join("in/a.wfl");
    let text = || std::fs::read_to_string(&path).unwrap();

    let dry = ran(folder.path(), &["fix", ".", "--dry-run"]);
    assert_eq!(
        dry.stdout,
        "\
--- a/in/a.wfl
+++ b/in/a.wfl
@@ -4,7 +4,7 @@
   version 1
   key id
 {
-  let price = Price { amount: EUR(1) };
+  let price = Price(amount: EUR(1))
   let unused = prise
   return price
 }
"
    );
    assert!(dry.stderr.starts_with("would fix 2 reports in 1 file; 1 error"), "{dry:#?}");
    assert_eq!(text(), FIXABLE, "nothing was written");

    let fixed = ran(folder.path(), &["fix", "in"]);
    assert_eq!(
        fixed.stdout,
        "in/a.wfl: write parentheses (E0121)\nin/a.wfl: remove `;` (E0102)\n\
         fixed 2 reports in 1 file; 1 error left, see `wflc check`\n"
    );
    assert_eq!(fixed.status, Some(1), "an error is left");
    let maybe = ran(folder.path(), &["fix", "in/a.wfl", "--maybe"]);
    assert!(maybe.stdout.contains("write `price` (E0201)"), "{maybe:#?}");
    assert_eq!(maybe.status, Some(0), "{maybe:#?}");
    assert!(text().contains("let _unused = price"), "{}", text());
    let again = ran(folder.path(), &["fix", "."]);
    assert_eq!(again.stdout, "nothing to fix\n");
}

#[test]
fn fix_touches_only_what_is_named() {
    let folder = project(&[("a.wfl", FIXABLE), ("b.wfl", FIXABLE)]);
    let changed = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap() != FIXABLE;
    assert!(ran(folder.path(), &["fix", "a.wfl"]).stdout.contains("fixed 2 reports in 1 file"));
    assert!(changed("a.wfl") && !changed("b.wfl"));
    #[cfg(unix)]
    {
        let outside = project(&[("c.wfl", FIXABLE)]);
        let target = outside.path().join("c.wfl");
        std::os::unix::fs::symlink(&target, folder.path().join("c.wfl")).unwrap();
        assert!(ran(folder.path(), &["fix", "."]).stdout.contains("fixed 2 reports in 1 file"));
        assert!(changed("b.wfl"));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), FIXABLE, "a link leads out of the project");
    }
}

#[test]
fn levels_of_warnings_change_the_exit_status() {
    let unused = "workflow W(id: String) -> String version 1 key id {\n  let fee = 1\n  return id\n}\n";
    let folder = project(&[("a.wfl", unused)]);
    let check = |args: &[&str], status: i32, said: &str| {
        let ran = ran(folder.path(), &[&["check", "."][..], args].concat());
        assert_eq!(ran.status, Some(status), "{args:?}: {ran:#?}");
        assert!(ran.stdout.contains(said) || ran.stderr.contains(said), "{args:?}: {ran:#?}");
    };
    check(&[], 0, "ok: 1 workflow, 1 warning");
    check(&["-A", "W0202"], 0, "ok: 1 workflow\n");
    check(&["-D", "W0202"], 1, "error[W0202]: `fee` is not used");
    check(&["-D", "W0202"], 1, "an error here, because `W0202` is denied");
    check(&["-D", "all", "--allow", "W0202"], 0, "ok: 1 workflow\n");
    check(&["-A", "W0202", "-D", "all"], 1, "check failed: 1 error");
    check(&["-D", "all", "-W", "W0202"], 0, "1 warning");
    check(&["-A", "W0220"], 64, "there is no warning `W0220`; did you mean `W0202`?");
    check(&["-A", "E0205"], 64, "`E0205` is an error, not a warning");
    std::fs::write(folder.path().join("wfl.toml"), "[lints]\nW0202 = \"deny\"\n").unwrap();
    check(&[], 1, "error[W0202]");
    check(&["-W", "W0202"], 0, "1 warning");
    assert_eq!(ran(folder.path(), &["build", "."]).status, Some(1), "the manifest holds for every verb");
    std::fs::write(folder.path().join("wfl.toml"), "").unwrap();
    let over = "@allow(W0202, because: \"until the new year\", until: \"2020-12-31\")";
    std::fs::write(folder.path().join("a.wfl"), format!("{over}\n{unused}")).unwrap();
    check(&[], 1, "the allowance of `W0202` ended on 2020-12-31");
    let built = ran(folder.path(), &["build", "."]);
    assert_eq!(built.status, Some(0), "what was built yesterday is built today: {built:#?}");
}

#[test]
fn explain_shows_the_page_or_says_what_is_wrong_with_the_code() {
    let folder = tempfile::tempdir().unwrap();
    let explain = |args: &[&str]| ran(folder.path(), &[&["explain"][..], args].concat());
    let page = explain(&["e0312"]);
    assert_eq!((page.status, page.stderr.as_str()), (Some(0), ""));
    assert!(
        page.stdout.starts_with("error[E0312]: saga is left with open debts\nsince 0.1.0 · saga\n\n## What")
    );
    assert!(page.stdout.contains("error[E0312]: `return` leaves open"), "the report is shown");
    assert!(!page.stdout.contains("//~") && !page.stdout.contains("fail="), "{}", page.stdout);
    let drawn = explain(&["E0312", "--color", "always"]);
    assert!(drawn.stdout.contains("\x1b[1;4mWhy it matters\x1b[0m") && !drawn.stdout.contains("```"));
    let unknown = explain(&["E0315"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (Some(64), ""));
    assert!(unknown.stderr.contains("there is no code `E0315`"), "{unknown:#?}");
    assert!(unknown.stderr.contains("did you mean `E0"), "{unknown:#?}");
    let list = explain(&["--list"]).stdout;
    assert_eq!(list.lines().count(), wfl_source::Code::ALL.len());
    assert!(list.contains("W0202  value is not used\n"));
    assert_eq!(explain(&[]).status, Some(64));
}
