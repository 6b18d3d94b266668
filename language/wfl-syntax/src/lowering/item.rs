//! Items: everything that stands at the top of a file.

use std::sync::Arc;

use wfl_source::{Code, Diagnostic, Span};

use crate::ast::{
    Alias, Attribute, CallableHead, Doc, Enum, ErrorDecl, EventDecl, Expr, Field, File, Function, Import,
    Item, ItemKind, Limit, Operation, Path, Record, Service, TypeDecl, TypeParameter, Variant, Workflow,
};
use crate::grammar::Rule;
use crate::lowering::context::Lowering;
use crate::lowering::options::Place;
use crate::tree::Cursor;

impl Lowering<'_> {
    /// Adds the docs and items of a chunk to `file`.
    pub(crate) fn chunk(&mut self, root: Cursor<'_>, file: &mut File) {
        for child in root.children() {
            match child.rule() {
                Rule::inner_doc => file.docs.push(self.doc(child)),
                Rule::item => file.items.extend(self.item(child).map(Arc::new)),
                _ => {}
            }
        }
        self.salvage(root, &mut file.loose);
    }

    fn doc(&self, node: Cursor<'_>) -> Doc {
        let text = node.text().trim_start_matches(['/', '!']);
        let text = text.strip_prefix(' ').unwrap_or(text).trim_end();
        Doc { text: text.to_owned(), span: self.span(node) }
    }

    fn docs(&self, node: Cursor<'_>) -> Vec<Doc> {
        node.children().filter(|child| child.rule() == Rule::doc).map(|doc| self.doc(doc)).collect()
    }

    fn attributes(&mut self, node: Cursor<'_>) -> Vec<Attribute> {
        let attributes = node.children().filter(|child| child.rule() == Rule::attr);
        attributes.map(|attribute| self.attribute(attribute)).collect()
    }

    fn attribute(&mut self, node: Cursor<'_>) -> Attribute {
        let arguments = node.child(Rule::args).map(|arguments| self.arguments(arguments));
        Attribute { name: self.name_in(node), arguments, span: self.span(node) }
    }

    fn item(&mut self, node: Cursor<'_>) -> Option<Item> {
        let declaration = node.children().find(|child| !matches!(child.rule(), Rule::doc | Rule::attr))?;
        let name = self.name_in(declaration);
        let kind = match declaration.rule() {
            Rule::module_d => ItemKind::Module(self.path_in(declaration)),
            Rule::import_d => ItemKind::Import(self.import(declaration)),
            Rule::record_d => ItemKind::Record(Record { name, fields: self.fields(declaration) }),
            Rule::enum_d => ItemKind::Enum(self.enum_item(declaration)),
            Rule::type_d => {
                let base = self.type_in(declaration);
                ItemKind::Type(TypeDecl { name, base, rule: self.rule_in(declaration) })
            }
            Rule::error_d => ItemKind::Error(ErrorDecl { name, fields: self.parameters(declaration) }),
            Rule::event_d => ItemKind::Event(EventDecl { name, fields: self.parameters(declaration) }),
            Rule::service_d => {
                let operations = declaration.children().filter(|child| child.rule() == Rule::operation);
                let operations = operations.map(|operation| Arc::new(self.operation(operation))).collect();
                ItemKind::Service(Service { name, operations })
            }
            Rule::workflow_d => ItemKind::Workflow(Arc::new(self.workflow(declaration))),
            Rule::test_d => ItemKind::Test(self.test(declaration)),
            Rule::fn_d => ItemKind::Function(Arc::new(self.function(declaration))),
            Rule::alias_d => ItemKind::Alias(Arc::new(Alias { name, ty: self.type_in(declaration) })),
            Rule::migrate_d => ItemKind::Migrate(self.migrate(declaration)),
            Rule::policy_d => ItemKind::Policy(self.policy(declaration)),
            Rule::invariant_d => ItemKind::Invariant(self.invariant(declaration)),
            _ => return None,
        };
        Some(Item {
            docs: self.docs(node),
            attributes: self.attributes(node),
            kind,
            span: self.span(declaration),
        })
    }

    fn import(&mut self, node: Cursor<'_>) -> Import {
        let alias = node.has(Rule::kw_as).then(|| self.names_in(node).last()).flatten();
        let names = match node.child(Rule::import_list) {
            Some(list) => self.names_in(list).collect(),
            None => Vec::new(),
        };
        Import { path: self.path_in(node), alias, names, span: self.span(node) }
    }

    fn fields(&mut self, node: Cursor<'_>) -> Vec<Field> {
        let fields = node.children().filter(|child| matches!(child.rule(), Rule::field | Rule::param));
        fields.map(|field| self.field(field)).collect()
    }

    fn field(&mut self, node: Cursor<'_>) -> Field {
        let ty = self.type_in(node);
        Field {
            docs: self.docs(node),
            attributes: self.attributes(node),
            name: self.name_in(node),
            ty,
            rule: self.rule_in(node),
            span: self.span(node),
        }
    }

    fn parameters(&mut self, node: Cursor<'_>) -> Vec<Field> {
        node.child(Rule::params).map(|parameters| self.fields(parameters)).unwrap_or_default()
    }

    fn rule_in(&mut self, node: Cursor<'_>) -> Option<Expr> {
        node.child(Rule::where_c).map(|rule| self.expr_in(rule))
    }

    fn enum_item(&mut self, node: Cursor<'_>) -> Enum {
        let variants = node.children().filter(|child| child.rule() == Rule::variant);
        let variants = variants.map(|variant| Variant {
            docs: self.docs(variant),
            attributes: self.attributes(variant),
            name: self.name_in(variant),
            fields: self.parameters(variant),
            span: self.span(variant),
        });
        let variants = variants.collect();
        Enum { name: self.name_in(node), variants }
    }

    fn head(&mut self, node: Cursor<'_>, raises: Vec<Path>) -> CallableHead {
        let parameters = self.parameters(node);
        CallableHead { name: self.name_in(node), parameters, result: self.type_in(node), raises }
    }

    pub(crate) fn operation(&mut self, node: Cursor<'_>) -> Operation {
        let options = match node.child(Rule::op_body) {
            Some(body) => self.options(body, Place::Operation),
            None => Default::default(),
        };
        Operation {
            docs: self.docs(node),
            attributes: self.attributes(node),
            head: self.head(node, options.raises.unwrap_or_default()),
            effect: options.effect,
            idempotent: options.idempotent,
            confirm: options.confirm,
            timeouts: options.timeouts,
            retry: options.retry,
            heartbeat: options.heartbeat,
            at_most_once: options.at_most_once,
            undo_retry: options.undo_retry,
            reads: options.reads,
            writes: options.writes,
            accepts: options.accepts,
            span: self.span(node),
        }
    }

    fn workflow(&mut self, node: Cursor<'_>) -> Workflow {
        let mut raises = None;
        let (mut version, mut key, mut deadline, mut compensation_deadline) = (None, None, None, None);
        let (mut attributes, mut limit, mut priority) = (None, None, None);
        for clause in node.children() {
            let twice = match clause.rule() {
                Rule::raises_c => raises.replace(self.paths_in(clause).collect::<Vec<_>>()).is_some(),
                Rule::version_c => version.replace(self.expr_in(clause)).is_some(),
                Rule::key_c => key.replace(self.expr_in(clause)).is_some(),
                Rule::deadline_c if clause.has(Rule::kw_compensation) => {
                    compensation_deadline.replace(self.expr_in(clause)).is_some()
                }
                Rule::attributes_c => {
                    let record = clause.child(Rule::tuple).map(|record| self.arguments(record));
                    record.is_some_and(|record| attributes.replace(record).is_some())
                }
                Rule::limit_c => limit.replace(self.limit(clause)).is_some(),
                Rule::priority_c => priority.replace(self.expr_in(clause)).is_some(),
                Rule::deadline_c => deadline.replace(self.expr_in(clause)).is_some(),
                _ => false,
            };
            if twice {
                self.given_twice(clause);
            }
        }
        let head = self.head(node, raises.unwrap_or_default());
        let body = self.block_in(node);
        Workflow { head, version, key, deadline, compensation_deadline, attributes, limit, priority, body }
    }

    fn limit(&mut self, node: Cursor<'_>) -> Limit {
        let mut exprs = self.exprs_in(node).into_iter();
        let span = self.span(node);
        let count = exprs.next().unwrap_or_else(|| self.expr_in(node));
        Limit { count, per: exprs.next(), span }
    }

    fn function(&mut self, node: Cursor<'_>) -> Function {
        let type_parameters = match node.child(Rule::type_params) {
            Some(list) => list.children().filter(|child| child.rule() == Rule::type_param).collect(),
            None => Vec::new(),
        };
        let type_parameters = type_parameters.into_iter().map(|parameter| TypeParameter {
            name: self.name_in(parameter),
            bound: self.names_in(parameter).nth(1),
        });
        let type_parameters = type_parameters.collect();
        if let Some(block) = node.child(Rule::fn_block) {
            self.function_block(block);
        }
        let given = node.children().any(|child| matches!(child.rule(), Rule::expr | Rule::miss_expr));
        // A block in place of the value was reported; the function is as if its value were missing.
        let body = (given || node.has(Rule::fn_block)).then(|| self.expr_in(node));
        Function {
            name: self.name_in(node),
            type_parameters,
            parameters: self.parameters(node),
            result: self.type_in(node),
            body,
        }
    }

    fn function_block(&mut self, block: Cursor<'_>) {
        let place = self.span(block);
        let place = Span::new(place.file, place.start, place.start + 1);
        let title = "a function is one value, not a block";
        let diagnostic = Diagnostic::new(Code::E0109, title, place, "functions have no statements");
        self.report(
            diagnostic.help("write `fn name(parameters) -> Type = value`; steps belong into workflows"),
        );
    }
}
