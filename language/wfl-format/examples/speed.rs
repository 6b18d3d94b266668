//! Lays out a big program and prints how many lines it takes in a second; with `-`, lays out standard input.

#![expect(clippy::print_stdout, reason = "the figure is what it is for")]

use std::io::Read;
use std::time::Instant;

const LINES: usize = 10_000;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("-") {
        let mut text = String::new();
        if std::io::stdin().read_to_string(&mut text).is_ok() {
            print!("{}", wfl_format::format(&text).text);
        }
        return;
    }
    // Inner docs stand at the top of a file only.
    let program = include_str!("../testdata/programs/transfer.wfl").replacen("//!", "//", 1);
    for times in [1, 2, 4] {
        let copies = times * LINES / program.lines().count();
        let text = program.repeat(copies);
        let lines = text.lines().count();
        let start = Instant::now();
        let formatted = wfl_format::format(&text);
        let seconds = start.elapsed().as_secs_f64();
        assert!(formatted.copied == 0, "the program has no errors");
        println!("{lines} lines in {:.0} ms: {:.0} lines/s", seconds * 1e3, lines as f64 / seconds);
    }
}
