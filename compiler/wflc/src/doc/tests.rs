//! Tests of what documentation may put on a page.

use std::collections::BTreeMap;

use pulldown_cmark::{Options, Parser, html::push_html};
use wfl_compiler::book::Target;

use crate::doc::neutral;
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

/// As a renderer of Markdown shows it that lets HTML pass.
fn rendered(markdown: &str) -> String {
    let mut out = String::new();
    push_html(&mut out, Parser::new_ext(markdown, Options::ENABLE_TABLES));
    out
}

const NASTY: &[&str] = &[
    "<script>alert(1)</script>",
    "a <img src=x onerror=alert(1)> b",
    "<!-- a --> <?php ?> <!DOCTYPE x> </script>",
    "[x](javascript:alert(1)) ![y](data:text/html;base64,xxxx)",
    "[x](JaVaScRiPt:alert(1)) <javascript:alert(1)> [x](<javascript:alert(1)>)",
    "[x](&#106;avascript:alert(1)) [x](java&Tab;script:alert(1)) [x](vbscript&colon;x)",
    "[x][y] [y] [y][]\n\n[y]: javascript:alert(1)",
    "[y]: javascript:alert(1)",
    "[y]: <javascript:alert(1)> 'title'\n[y]: data:text/html,x",
    "[y]",
    "[![a](javascript:alert(1))](https://example.com)",
    "[a [b](javascript:alert(1)) c](javascript:alert(2))",
    "\\\\[x](javascript:alert(1)) \\<script>",
    "`` ` <script> `` <script> `<script>",
    "```\n<script>",
    "```\n</code></pre><script>\n```",
    "~~~~ <script>\n```\n<script>",
    "<div>\n```\n</div>\n\n```\n<script>alert(1)</script>\n```",
    "> ```\n<script>\n\n- ~~~\n  <script>\n<script>",
    "# <iframe>\n\n<div onclick=alert(1)>\n\ntext\n</div>",
    "| <b> |\n|---|\n| `<script>` <script> |",
    "    <script>\n<script>",
    "<a\nhref=javascript:alert(1)>x</a>",
];

#[test]
fn markdown_is_neutral_alone_and_behind_other() {
    let mut pages = Vec::new();
    for one in NASTY {
        let cell = neutral::line(one).replace('|', "\\|");
        pages.push(format!("| a | b |\n|---|---|\n| {cell} | x |\n"));
        for other in NASTY {
            pages.push(format!("# A\n\n{}\n\n### B\n\n{}\n", neutral::block(one), neutral::block(other)));
        }
    }
    for page in pages {
        let html = rendered(&page);
        for tag in ["<script", "<img src=x", "<iframe", "<div", "<b>", "<!", "<?", "<a\n"] {
            assert!(!html.contains(tag), "{tag}: {page}\n---\n{html}");
        }
        for address in html.split("href=\"").chain(html.split("src=\"")).filter(|it| !it.starts_with('<')) {
            let address = address.split('"').next().unwrap_or_default();
            assert!(address.starts_with("https://example.com"), "{address}: {page}\n---\n{html}");
        }
    }
    let shown: Vec<String> = NASTY.iter().map(|it| format!("{it}\n  →\n{}", neutral::block(it))).collect();
    insta::assert_snapshot!("neutral", shown.join("\n\n"));
}

#[test]
fn markdown_without_harm_stays_as_it_is() {
    for text in [
        "A `code <b>` and [link](https://a.b), <https://a.b>, <a@b.c>, [other](other.md#x), a < b.",
        "```\nlet a: List<Int> = []\n```",
        "| a |\n|---|\n| `List<Int>` |",
        "see [x]\n\n[x]: https://a.b",
    ] {
        assert_eq!(neutral::block(text), text);
    }
    assert_eq!(neutral::line("# no\n  heading <b>"), "# no heading &lt;b>");
}
