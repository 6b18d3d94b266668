//! Programs that say by marks where data flows that may not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use wfl_compiler::{Memory, Settings, compile_with};
use wfl_source::Code;

/// A place that must be reported, at the end of its line.
pub const HERE: &str = "//~";
/// A role that may see card numbers, and one that may see names.
const MANIFEST: &str = "[project]\nname = \"leaks\"\n\n[roles.vault]\nclearance = \"pci\"\n\n[roles.desk]\nclearance = \"pii\"\n";

/// A module without its head, in which each line that ends with [`HERE`] must be reported as E0501, and nothing else.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it is about.
    pub name: String,
    /// The module.
    pub text: String,
}

/// Compiles programs as the modules of one project; says what is reported and should not be, and the other way round.
fn check(programs: &[Program]) -> Vec<String> {
    let mut files = vec![("wfl.toml".to_owned(), MANIFEST.to_owned())];
    files.extend(
        programs
            .iter()
            .enumerate()
            .map(|(at, it)| (format!("p{at}.wfl"), format!("module p{at}\n\n{}", it.text))),
    );
    let compilation = compile_with(&Memory::new(files), &Settings::default());
    let mut found: BTreeMap<String, Vec<(u32, Code, &str)>> = BTreeMap::new();
    for report in compilation.diagnostics.iter().filter(|report| report.is_error()) {
        let place = report.primary().and_then(|label| {
            let file = compilation.files.get(label.span.file)?;
            Some((file.name().to_owned(), file.utf8_position(label.span.start).line))
        });
        let (file, line) = place.unwrap_or_default();
        found.entry(file).or_default().push((line, report.code, &report.title));
    }
    let mut problems = Vec::new();
    for (at, program) in programs.iter().enumerate() {
        let reported = found.remove(&format!("p{at}.wfl")).unwrap_or_default();
        let lines = (3..).zip(program.text.lines()).filter(|(_, line)| line.contains(HERE));
        let wanted: Vec<(u32, Code)> = lines.map(|(line, _)| (line - 1, Code::E0501)).collect();
        let is = reported.iter().map(|(line, code, _)| (*line, *code)).collect::<Vec<_>>();
        if is != wanted {
            let mut problem =
                format!("{}: wanted {wanted:?}, found {reported:?}\n", program.name.replace('\n', " "));
            for (number, line) in (3..).zip(program.text.lines()) {
                let _ = writeln!(problem, "{number:4} {line}");
            }
            problems.push(problem);
        }
    }
    problems.extend(found.into_iter().map(|(file, reports)| format!("{file}: {reports:?}")));
    problems
}

/// Checks programs, and tells the first of those that do something else.
pub fn assert_fine(programs: &[Program]) {
    let problems = check(programs);
    let first: String = problems.iter().take(2).map(String::as_str).collect();
    let names = problems.iter().filter_map(|it| it.lines().next()).collect::<Vec<_>>().join("\n");
    assert!(problems.is_empty(), "{} of {}\n{names}\n{first}", problems.len(), programs.len());
}
