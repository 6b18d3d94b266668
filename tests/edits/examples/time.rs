//! Times the parse of a file.
#![expect(clippy::print_stdout, reason = "it is there to be read")]
use wfl_source::FileId;
fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let work = move || {
        let begun = std::time::Instant::now();
        let parsed = wfl_syntax::parse(FileId(0), &text);
        let deep = parsed.diagnostics.iter().any(|it| it.code.as_str() == "E0199");
        println!(
            "{:.1} ms {} reports {}",
            begun.elapsed().as_secs_f64() * 1000.0,
            parsed.diagnostics.len(),
            if deep { "deep" } else { "" }
        );
    };
    let _ = std::thread::Builder::new().stack_size(2 << 20).spawn(work).map(|t| t.join());
}
