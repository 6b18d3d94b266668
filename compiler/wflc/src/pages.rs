//! The pages about the codes, one for each: `docs/errors/E0205.md`.

use wfl_source::Code;

macro_rules! pages {
    ($($code:ident)*) => {
        /// The pages by code.
        pub(crate) const PAGES: &[(Code, &str)] = &[
            $((Code::$code, include_str!(concat!("../../../docs/errors/", stringify!($code), ".md"))),)*
        ];
    };
}

pages! {
    E0101 E0102 E0103 E0104 E0105 E0106 E0107 E0108 E0109 E0110 E0111 E0112 E0120 E0121 E0122 E0123 E0124 E0199
    E0201 E0202 E0203 E0204 E0205 E0206 E0207 E0208 E0209 E0210 E0211 E0212 E0213 E0214 E0215 E0216 E0217 E0218
    E0219 E0220 E0221 E0222 E0223 E0224 E0225 E0226 E0227 E0228 E0230 E0231 E0232 E0233
    E0301 E0302 E0303 E0304 E0305 E0310 E0311 E0312 E0313 E0320 E0321 E0322 E0323 E0330 E0331 E0335 E0336 E0340 E0341
    E0401 E0402 E0403 E0404 E0405 E0406 E0501 E0502 E0601 E0603 E0604 E0701 E0702
    E0801 E0802 E0803 E0804 E0805 E0806 E0999
    W0201 W0202 W0203 W0204 W0205 W0206 W0207 W0403 W0404 W0410 W0510 W0602 W0620 W0621
}

/// A page: front matter, then Markdown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    front: &'static str,
    body: &'static str,
}

impl Page {
    /// The page about a code, if one has been written.
    pub(crate) fn of(code: Code) -> Option<Page> {
        let (_, text) = PAGES.iter().find(|(about, _)| *about == code)?;
        let (front, body) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
        Some(Page { front, body: body.trim_start_matches('\n') })
    }

    /// What stands behind `key:` in the front matter.
    pub(crate) fn field(&self, key: &str) -> &'static str {
        let value = |line: &'static str| line.strip_prefix(key)?.strip_prefix(':');
        self.front.lines().find_map(value).unwrap_or_default().trim()
    }

    /// What the page is about, in a few words.
    pub(crate) fn tags(&self) -> Vec<&'static str> {
        let list = self.field("tags").trim_start_matches('[').trim_end_matches(']');
        list.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect()
    }

    /// The page as Markdown, without what only its tests need: words behind a fence's language, and the marks
    /// that say where a report is expected.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for line in self.body.lines() {
            let line = match line.strip_prefix("```") {
                Some(info) => line.split(' ').next().filter(|_| !info.is_empty()).unwrap_or(line),
                None => line.split(" //~ ").next().unwrap_or(line).trim_end(),
            };
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

/// The address under which programs know the page.
pub(crate) fn address(code: Code) -> String {
    format!("urn:wfl:errors:{code}")
}
