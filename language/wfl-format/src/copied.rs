//! What is copied as it stands: the smallest statement, declaration or part of a list around each syntax error.
//!
//! Between such parts a new line changes nothing, so the text around a copied part can be laid out.

use std::sync::LazyLock;

use wfl_syntax::{Node, Rule};

/// Nodes inside each other beyond which a declaration is copied: laying out is recursive.
const DEPTH: usize = 500;

/// What is to be copied of one chunk.
pub(crate) struct Copied {
    /// For each node whether it is.
    pub(crate) nodes: Vec<bool>,
    /// How many are so because of their errors.
    pub(crate) errors: usize,
    /// Whether an error lies in no part, so that the whole chunk has to be.
    pub(crate) whole: bool,
}

/// Finds what is to be copied. `broken` tells of errors in the chunks above.
pub(crate) fn copied(text: &str, nodes: &[Node], broken: bool) -> Copied {
    let mut found = Copied { nodes: vec![false; nodes.len()], errors: 0, whole: nodes.is_empty() };
    // The nodes and the parts around the node at hand.
    let (mut around, mut units): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
    // Where the attribute at hand ends.
    let mut attribute = 0;
    let mut at = 0;
    while at < nodes.len() {
        let node = nodes[at];
        while around.last().is_some_and(|outer| nodes[*outer].next as usize <= at) {
            if around.pop() == units.last().copied() {
                units.pop();
            }
        }
        let parent = around.last().map_or(Rule::EOI, |outer| nodes[*outer].rule);
        let unit = is_unit(node.rule, parent);
        if unit {
            units.push(at);
            // To what is wrong above, a word of an item says something else once its name is on its line.
            if parent == Rule::file && (broken || found.errors > 0) && is_split(text, nodes, at) {
                found.nodes[at] = true;
            }
        }
        around.push(at);
        if node.rule == Rule::attr {
            attribute = node.next as usize;
        }
        if is_error(node.rule) && at < attribute {
            // What an attribute is depends on all of its line.
            found.whole = true;
        } else if is_error(node.rule) || around.len() > DEPTH {
            match if around.len() > DEPTH { units.first() } else { units.last() } {
                Some(unit) => found.mark(*unit),
                None => found.whole = true,
            }
        } else if node.rule == Rule::attr && !is_plain(text, &nodes[at..node.next as usize]) {
            found.nodes[at] = true;
        }
        at += 1;
    }
    found
}

impl Copied {
    fn mark(&mut self, unit: usize) {
        if !self.nodes[unit] {
            self.nodes[unit] = true;
            self.errors += 1;
        }
    }
}

/// Whether the rule marks something missing, superfluous, or spelled as in another language.
fn is_error(rule: Rule) -> bool {
    static MARKS: LazyLock<Vec<bool>> = LazyLock::new(|| {
        let mut marks = Vec::new();
        for rule in Rule::all_rules() {
            let name = format!("{rule:?}");
            marks.resize(marks.len().max(*rule as usize + 1), false);
            marks[*rule as usize] = ["miss_", "bad_", "loose_"].iter().any(|mark| name.starts_with(mark));
        }
        marks
    });
    match rule {
        Rule::fat_arrow | Rule::eq_for_colon | Rule::brace_args | Rule::fn_block => true,
        _ => MARKS.get(rule as usize).copied().unwrap_or(false),
    }
}

/// Whether a child of `parent` stands on lines of its own.
fn is_unit(rule: Rule, parent: Rule) -> bool {
    match parent {
        Rule::file => matches!(rule, Rule::item | Rule::bad_item | Rule::loose_body),
        Rule::record_d => matches!(rule, Rule::field | Rule::bad_field | Rule::bad_close_field),
        Rule::enum_d => {
            matches!(rule, Rule::variant | Rule::bad_variant | Rule::bad_close_variant)
        }
        Rule::service_d => {
            matches!(rule, Rule::operation | Rule::bad_member | Rule::bad_close_operation)
        }
        Rule::workflow_d => is_clause(rule) || rule == Rule::bad_clause,
        Rule::foreach_s => is_foreach_clause(rule) || rule == Rule::bad_foreach,
        Rule::op_body | Rule::step_opts | Rule::body | Rule::block | Rule::own_block | Rule::await_opts => {
            !matches!(rule, Rule::miss_lbrace | Rule::miss_rbrace | Rule::COMMENT)
        }
        Rule::parallel_s => {
            matches!(rule, Rule::branch | Rule::handler | Rule::loose_stmt | Rule::bad_branch)
        }
        Rule::match_x => matches!(rule, Rule::arm | Rule::bad_arm | Rule::loose_stmt),
        Rule::migrate_d => {
            matches!(rule, Rule::rename_m | Rule::drop_m | Rule::input_m | Rule::pin_m | Rule::bad_migration)
        }
        Rule::policy_d => matches!(rule, Rule::policy_rule | Rule::bad_rule),
        Rule::test_d => {
            matches!(rule, Rule::given_t | Rule::mock_t | Rule::at_t | Rule::expect_t)
                || matches!(rule, Rule::bad_test | Rule::loose_stmt | Rule::bad_close_test)
        }
        _ => false,
    }
}

/// Whether a line ends between the word of an item and what stands behind it.
fn is_split(text: &str, nodes: &[Node], item: usize) -> bool {
    let mut at = item + 1;
    while let Some(node) =
        nodes.get(at).filter(|it| matches!(it.rule, Rule::doc | Rule::attr | Rule::COMMENT))
    {
        at = node.next as usize;
    }
    let word = nodes.get(at + 1).filter(|_| nodes[item].rule == Rule::item);
    word.is_some_and(|word| {
        let behind = text[word.end as usize..].trim_start_matches([' ', '\t']);
        behind.starts_with(['\n', '\r']) || behind.starts_with("//")
    })
}

/// Whether the rule is a clause of a workflow.
pub(crate) fn is_clause(rule: Rule) -> bool {
    matches!(rule, Rule::raises_c | Rule::version_c | Rule::key_c | Rule::deadline_c | Rule::attributes_c)
        || matches!(rule, Rule::limit_c | Rule::priority_c | Rule::bad_clause)
}

/// Whether the rule is a clause of a `foreach`.
pub(crate) fn is_foreach_clause(rule: Rule) -> bool {
    matches!(rule, Rule::keyed_c | Rule::limit_f | Rule::rate_c | Rule::tolerate_c | Rule::stop_c)
        || rule == Rule::bad_foreach
}

/// Attributes stay on one line; one that cannot is left alone.
fn is_plain(text: &str, nodes: &[Node]) -> bool {
    let blocks = |node: &Node| matches!(node.rule, Rule::match_x | Rule::block);
    let range = nodes.first().map_or(0..0, |attr| attr.start as usize..attr.end as usize);
    !text[range].contains('\n') && !nodes.iter().any(blocks)
}
