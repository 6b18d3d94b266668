//! Items: everything that stands at the top of a file.

use crate::ast::{
    Attribute, CallableHead, Doc, Enum, ErrorDecl, EventDecl, Expr, Field, File, Import, Item, ItemKind,
    Operation, Path, Record, Service, TypeDecl, Unsupported, Variant, Workflow,
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
                Rule::item => file.items.extend(self.item(child)),
                _ => {}
            }
        }
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
                let operations = operations.map(|operation| self.operation(operation)).collect();
                ItemKind::Service(Service { name, operations })
            }
            Rule::workflow_d => ItemKind::Workflow(Box::new(self.workflow(declaration))),
            Rule::test_d => ItemKind::Test(self.test(declaration)),
            Rule::unsupported_item => {
                let word = declaration.child(Rule::unsupported_item_word).map_or("", |word| word.text());
                ItemKind::Unsupported(Unsupported { word: word.to_owned(), span: self.span(declaration) })
            }
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

    fn operation(&mut self, node: Cursor<'_>) -> Operation {
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
            accepts: options.accepts,
            span: self.span(node),
        }
    }

    fn workflow(&mut self, node: Cursor<'_>) -> Workflow {
        let mut raises = None;
        let (mut version, mut key, mut deadline, mut compensation_deadline) = (None, None, None, None);
        for clause in node.children() {
            let twice = match clause.rule() {
                Rule::raises_c => raises.replace(self.paths_in(clause).collect::<Vec<_>>()).is_some(),
                Rule::version_c => version.replace(self.expr_in(clause)).is_some(),
                Rule::key_c => key.replace(self.expr_in(clause)).is_some(),
                Rule::deadline_c if clause.has(Rule::kw_compensation) => {
                    compensation_deadline.replace(self.expr_in(clause)).is_some()
                }
                Rule::deadline_c => deadline.replace(self.expr_in(clause)).is_some(),
                _ => false,
            };
            if twice {
                self.given_twice(clause);
            }
        }
        let head = self.head(node, raises.unwrap_or_default());
        Workflow { head, version, key, deadline, compensation_deadline, body: self.block_in(node) }
    }
}
