//! A program as a tree of texts: enough to write it down, and to take parts away.

/// A statement: texts with blocks between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The name that it declares, if it declares one.
    pub name: Option<String>,
    /// The text before the first block.
    pub head: String,
    /// Blocks, each with the text behind it.
    pub blocks: Vec<(Vec<Statement>, String)>,
}

impl Statement {
    /// A statement without blocks.
    pub fn line(text: impl Into<String>) -> Statement {
        Statement { name: None, head: text.into(), blocks: Vec::new() }
    }

    /// With the name that it declares.
    #[must_use]
    pub fn named(mut self, name: &str) -> Statement {
        self.name = Some(name.to_owned());
        self
    }

    /// With a block, and the text behind it.
    #[must_use]
    pub fn block(mut self, body: Vec<Statement>, tail: impl Into<String>) -> Statement {
        self.blocks.push((body, tail.into()));
        self
    }

    fn write(&self, depth: usize, to: &mut String) {
        let margin = "  ".repeat(depth);
        to.push_str(&format!("{margin}{}", self.head));
        for (body, tail) in &self.blocks {
            to.push('\n');
            body.iter().for_each(|statement| statement.write(depth + 1, to));
            to.push_str(&format!("{margin}{tail}"));
        }
        to.push('\n');
    }
}

/// A program: services and a few workflows, of which the last one is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Errors, events, records and services.
    pub declarations: String,
    /// The heads of workflows, and their bodies.
    pub workflows: Vec<(String, Vec<Statement>)>,
}

impl Program {
    /// The program's text.
    pub fn text(&self) -> String {
        let mut text = self.declarations.clone();
        for (head, body) in &self.workflows {
            text.push_str(&format!("\n{head}\n{{\n"));
            body.iter().for_each(|statement| statement.write(1, &mut text));
            text.push_str("}\n");
        }
        text
    }
}
