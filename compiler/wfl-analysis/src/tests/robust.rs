//! Broken and huge programs: the analysis says what it can and never stops the process.

use crate::tests::check;

const TRANSFER: &str = include_str!("../../../../examples/transfer/payments/transfer.wfl");

#[test]
fn truncated_programs() {
    for (offset, _) in TRANSFER.char_indices().step_by(41) {
        check(&TRANSFER[..offset]);
    }
}

#[test]
fn programs_without_one_word() {
    let mut start = 0;
    let words = TRANSFER.split_inclusive(|character: char| !character.is_alphanumeric()).map(|word| {
        start += word.len();
        (start - word.len(), start)
    });
    for (start, end) in words.collect::<Vec<_>>().into_iter().step_by(5) {
        check(&[&TRANSFER[..start], &TRANSFER[end..]].concat());
    }
}

#[test]
fn programs_with_swapped_lines() {
    let lines = TRANSFER.lines().collect::<Vec<_>>();
    for at in (1..lines.len()).step_by(2) {
        let mut lines = lines.clone();
        lines.swap(at - 1, at);
        check(&lines.join("\n"));
        lines.remove(at);
        check(&lines.join("\n"));
    }
}

#[test]
fn nesting_as_deep_as_the_syntax_allows() {
    let head = "workflow W(a: Int) -> Int version 1 key \"k\" { ";
    let texts = [
        format!("{head} return {}a{} }}", "(".repeat(60), ")".repeat(60)),
        format!("{head} return a{} }}", " + a".repeat(120)),
        format!("{head} return {}a }}", "-".repeat(120)),
        format!("{head} {} return a {} }}", "if a > 1 { ".repeat(100), "}".repeat(100)),
        format!("{head} if a > 1 {{}} {} return a }}", "else if a > 2 {} ".repeat(100)),
        format!("{head} return {}a{} }}", "if a > 1 then a else (".repeat(50), ")".repeat(50)),
        format!("record R {{ x: {}Int{} }}", "List<".repeat(100), ">".repeat(100)),
    ];
    for text in texts {
        let (_, _, analysis) = check(&text);
        assert!(analysis.program.workflows.len() <= 1);
    }
}

/// Long chains are told or followed, in no more time and stack than they are long.
#[test]
fn chains_of_declarations() {
    let head = "workflow W(a: Int) -> Int version 1 key \"k\" { ";
    let chain = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let deep = [
        "alias A = Map<A, A>\n".to_owned(),
        chain(40, &|n| format!("alias A{n} = Result<A{}, A{}>\n", n + 1, n + 1)),
        chain(2_000, &|n| format!("type A{n} = A{} where value != 0\n", n + 1)),
        chain(2_000, &|n| format!("record A{} {{ x: A{n} }}\n", n + 1)),
        chain(2_000, &|n| format!("enum A{n} {{ X(x: A{}), Y }}\n", n + 1)),
        format!(
            "{head} let x0 = (a: 1) {} return a }}",
            chain(200, &|n| format!("let x{} = (l: x{n}, r: x{n})\n", n + 1))
        ),
        format!(
            "{head} let x0 = [a] {} return a }}",
            chain(2_000, &|n| format!("let x{} = [x{n}]\n", n + 1))
        ),
        format!("fn f(a: List<Int>) -> Int = a{}.length()\n", ".map(x => (l: x, r: x))".repeat(40)),
    ];
    for text in deep {
        let (_, _, analysis) = check(&text);
        let codes = analysis.diagnostics.iter().map(|it| it.code.as_str()).collect::<Vec<_>>();
        assert!(codes.iter().any(|code| ["E0199", "E0216"].contains(code)), "{codes:?} for {}", &text[..20]);
    }
    let workflow = |n: usize| {
        format!(
            "workflow W{n}(a: Int) -> Int version 1 key a {{ step c = run W{}(a: a) {{ on any -> return 1 }} return c }}\n",
            n + 1
        )
    };
    let (_, _, analysis) = check(&chain(2_000, &workflow));
    assert_eq!(analysis.program.workflows.len(), 2_000);
}

#[test]
fn many_declarations() {
    let record = |n: usize| format!("record R{n} {{ a: Int, b: R{}? }}\n", n.saturating_sub(1));
    let operation =
        |n: usize| format!("  operation o{n}(r: R{n}) -> R{n} {{ effect write idempotent by r.a }}\n");
    let step = |n: usize| format!("  step s{n} = S.o{n}(r: R{n}(a: {n}))\n");
    let all = |make: &dyn Fn(usize) -> String| (0..600).map(make).collect::<String>();
    let text = format!(
        "{}service S {{\n{}}}\nworkflow W(id: String) -> Int version 1 key id {{\n{}  return s1.a\n}}\n",
        all(&record),
        all(&operation),
        all(&step)
    );
    let (_, syntax, analysis) = check(&text);
    assert!(syntax.is_empty() && analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics.first());
}
