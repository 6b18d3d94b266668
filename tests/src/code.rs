//! What the house rules see of a Rust file: its tokens, so that comments and strings mislead nobody.

use std::str::FromStr;

use proc_macro2::{Delimiter, LexError, Spacing, TokenStream, TokenTree};

/// Something that stands on a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The line, from one.
    pub line: usize,
    /// What stands there.
    pub what: T,
}

/// A Rust file, taken apart.
#[derive(Clone, Debug, Default)]
pub struct Code {
    /// Every function with a body: its name, and how many lines it has from `fn` to `}`.
    pub functions: Vec<Found<(String, usize)>>,
    /// The modules that it declares, in order; inline ones too.
    pub modules: Vec<Found<String>>,
    /// The paths behind each `crate::`, in imports and in code; braces are taken apart, a star stays a star.
    pub crate_paths: Vec<Found<Vec<String>>>,
    /// Where a path starts at, or goes through, the parent.
    pub parents: Vec<usize>,
}

impl Code {
    /// Takes a file apart.
    pub fn of(text: &str) -> Result<Code, LexError> {
        let mut code = Code::default();
        code.walk(TokenStream::from_str(text)?);
        Ok(code)
    }

    fn walk(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        for (at, token) in tokens.iter().enumerate() {
            let after = &tokens[at + 1..];
            match token {
                TokenTree::Ident(word) if *word == "fn" => self.function(line(token), after),
                TokenTree::Ident(word) if *word == "mod" => self.module(line(token), after),
                TokenTree::Ident(word) if *word == "crate" => {
                    if let Some(path) = path(after) {
                        self.crate_path(line(token), &[], path);
                    }
                }
                TokenTree::Ident(word) if *word == "super" && path(after).is_some() => {
                    self.parents.push(line(token));
                }
                TokenTree::Group(group) => self.walk(group.stream()),
                _ => {}
            }
        }
    }

    fn function(&mut self, line: usize, after: &[TokenTree]) {
        let Some(TokenTree::Ident(name)) = after.first() else { return };
        let is_end = |token: &TokenTree| match token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        if let Some(TokenTree::Group(body)) = after.iter().find(|token| is_end(token)) {
            let lines = body.span_close().end().line + 1 - line;
            self.functions.push(Found { line, what: (name.to_string(), lines) });
        }
    }

    fn module(&mut self, line: usize, after: &[TokenTree]) {
        if let Some(TokenTree::Ident(name)) = after.first() {
            self.modules.push(Found { line, what: name.to_string() });
        }
    }

    /// Follows a path, into each branch of its braces.
    fn crate_path(&mut self, line: usize, start: &[String], tokens: &[TokenTree]) {
        let mut names = start.to_vec();
        match tokens.first() {
            Some(TokenTree::Ident(name)) => {
                names.push(name.to_string());
                if let Some(rest) = path(&tokens[1..]) {
                    return self.crate_path(line, &names, rest);
                }
                // An exported macro lives at the root, wherever it stands.
                let is_bang = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == '!');
                if names.len() == 1 && tokens.get(1).is_some_and(is_bang) {
                    return;
                }
            }
            Some(TokenTree::Punct(star)) if star.as_char() == '*' => names.push("*".into()),
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                let is_comma =
                    |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
                for branch in inside.split(is_comma) {
                    if let Some(first) = branch.first() {
                        self.crate_path(first.span().start().line, start, branch);
                    }
                }
                return;
            }
            _ => {}
        }
        self.crate_paths.push(Found { line, what: names });
    }
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

/// What follows a `::`.
fn path(after: &[TokenTree]) -> Option<&[TokenTree]> {
    match after {
        [TokenTree::Punct(first), TokenTree::Punct(second), rest @ ..]
            if first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':' =>
        {
            Some(rest)
        }
        _ => None,
    }
}
