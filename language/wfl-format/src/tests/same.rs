//! The check finds what is another program, and only that.

use crate::same_program;

#[test]
fn layout_and_separating_commas_do_not_count() {
    for (before, after) in [
        ("record A { a: Int, b: Int }", "record A {\n  a: Int\n  b: Int,\n}\n"),
        ("\u{FEFF}type A = B // c  \r\n", "type A = B\n\n// c\n"),
        ("fn f(a:Int)->Int=g( a )", "fn f(\n  a: Int,\n) -> Int = g(a)"),
        ("/// doc \nerror A", "/// doc\nerror A"),
    ] {
        assert!(same_program(before, after), "{before:?} and {after:?}");
    }
}

#[test]
fn everything_else_counts() {
    for (before, after) in [
        ("record A { a: Int }", "record A { b: Int }"),
        ("record A { a: Int }", "record A { a: Int? }"),
        ("fn f(a: Int) -> Int = a - 1", "fn f(a: Int) -> Int = a + 1"),
        ("fn f(a: Int) -> String = \"a b\"", "fn f(a: Int) -> String = \"a  b\""),
        ("type A = B // c", "type A = B"),
        ("type A = B // c\n// d", "type A = B // d\n// c"),
        ("/// doc\nerror A", "error A"),
        ("garbage  // c", "garbage c"),
        ("module a // b.c", "module a.b.c"),
        ("fn f(a: List<Int>) -> Int = a.b", "fn f(a: List<Int>) -> Int = a .b.c"),
    ] {
        assert!(!same_program(before, after), "{before:?} and {after:?}");
    }
}
