//! Tests of what documentation may put on a page.

use std::collections::BTreeMap;

use wfl_compiler::book::Target;

use crate::doc::prose::{html, plain};

fn shown(markdown: &str) -> String {
    let place = |module: &str, anchor: &str| Target { module: module.into(), anchor: anchor.into() };
    let names = BTreeMap::from([
        ("Order".to_owned(), place("shop", "record.Order")),
        ("Iban".to_owned(), place("std.iso", "type.Iban")),
        ("index".to_owned(), place("index", "")),
    ]);
    html(markdown, "shop", &names)
}

#[test]
fn html_is_shown_and_never_runs() {
    for markdown in [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "[x](javascript:alert(1)) ![y](javascript:alert(2))",
        "[x](JaVaScRiPt:alert(1)) <javascript:alert(1)>",
        "[x](data:text/html;base64,xxxx)",
        "![y](https://example.com/y.png)",
        "`<b>` [`<i>`](https://example.com/?a=\"><script>) &lt;script&gt;",
        "```<script>\n</code></pre><script>\n```",
        "[a [b](https://example.com)](https://example.org \"><script>\")",
        "# <iframe>\n\n<div onclick=alert(1)>\n\ntext\n</div>",
        "| <b> |\n|---|\n| <script> |",
    ] {
        let html = shown(markdown);
        for tag in [
            "<script",
            "<img",
            "<iframe",
            "<div",
            "<b>",
            "<i>",
            "href=\"javascript",
            "href=\"data",
            "href=\"JaVa",
        ] {
            assert!(!html.contains(tag), "{markdown}: {html}");
        }
        assert!(!plain(markdown).contains("<s") && !plain(markdown).contains("<i"), "{}", plain(markdown));
        assert_eq!(html.matches("<a ").count(), html.matches("</a>").count(), "{html}");
    }
}

#[test]
fn links_and_names_lead_where_they_should() {
    assert_eq!(shown("see `Order`"), "<p>see <a href=\"#record.Order\"><code>Order</code></a></p>\n");
    assert_eq!(shown("`Iban`"), "<p><a href=\"std.iso.html#type.Iban\"><code>Iban</code></a></p>\n");
    assert_eq!(shown("`index`"), "<p><a href=\"index-module.html\"><code>index</code></a></p>\n");
    assert_eq!(shown("[x](https://a.b/c)"), "<p><a href=\"https://a.b/c\">x</a></p>\n");
    assert_eq!(shown("[x](other.md) ![alt](y.png)"), "<p>x alt</p>\n", "what is not there is no link");
    assert_eq!(
        shown("[see `Order`](https://a.b)"),
        "<p><a href=\"https://a.b\">see <code>Order</code></a></p>\n"
    );
    assert_eq!(shown("# Head"), "<h4>Head</h4>\n");
    assert_eq!(plain("A `code` and [link](https://a.b)"), "A <code>code</code> and link");
}
