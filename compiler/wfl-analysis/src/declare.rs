//! First pass: which names there are, and which of them are imported where.

use std::collections::BTreeSet;
use std::sync::Arc;

use wfl_ir::{Builtin, Label, Name};
use wfl_source::{Applicability, Code, Diagnostic, Span, closest};
use wfl_syntax::ast::{self, ItemKind};

use crate::module::Module;
use crate::names::{SPACES, Space};
use crate::session::Session;
use crate::tables::{
    AliasInfo, AliasWorth, Body, EffectClass, FunctionInfo, ImportedName, ModuleScope, OperationInfo,
    ServiceInfo, Shape, Tables, Thing, TypeInfo, WorkflowInfo,
};
use crate::ty::{Ty, is_built_in};

/// The module whose names are known everywhere.
const PRELUDE: &str = "std.prelude";
/// The functions of `std` that are retry policies.
const POLICIES: [&str; 2] = ["exponential", "forever"];

/// Collects all declarations and connects the imports.
pub(crate) fn declare(session: &mut Session<'_>, modules: &[Module<'_>]) -> Tables {
    let mut tables = Tables::default();
    let mut number = 0;
    for (at, module) in modules.iter().enumerate() {
        tables.modules.push(ModuleScope { path: module.path.to_owned(), ..ModuleScope::default() });
        if module.path == PRELUDE {
            tables.prelude = Some(at);
        }
        for item in module.items {
            declare_item(session, &mut tables, at, number, item);
            number += 1;
        }
    }
    check_predeclared(session, &tables);
    for (number, module) in modules.iter().enumerate() {
        for import in module.imports() {
            connect(session, &mut tables, number, import);
        }
    }
    tables
}

fn declare_item(
    session: &mut Session<'_>,
    tables: &mut Tables,
    module: usize,
    number: u32,
    item: &Arc<ast::Item>,
) {
    let (space, name, shape) = match &item.kind {
        ItemKind::Record(it) => (Space::Type, &it.name, Shape::Record(Vec::new())),
        ItemKind::Enum(it) => (Space::Type, &it.name, Shape::Enum(Vec::new())),
        ItemKind::Type(it) => (Space::Type, &it.name, Shape::Refined { base: Ty::Unknown, rule: None }),
        ItemKind::Error(it) => (Space::Error, &it.name, Shape::Error(Vec::new())),
        ItemKind::Event(it) => (Space::Event, &it.name, Shape::Event(Vec::new())),
        ItemKind::Service(it) => return declare_service(session, tables, module, number, it),
        ItemKind::Workflow(it) => return declare_workflow(session, tables, (module, number), item, it),
        ItemKind::Function(it) => return declare_function(session, tables, (module, number), item, it),
        ItemKind::Alias(it) => {
            let index = tables.aliases.len() as u32;
            tables.aliases.push(AliasInfo {
                number,
                module,
                source: Arc::clone(it),
                worth: AliasWorth::Type,
            });
            return add(session, tables, module, Space::Type, &it.name, Thing::Alias(index));
        }
        ItemKind::Module(_)
        | ItemKind::Import(_)
        | ItemKind::Test(_)
        | ItemKind::Migrate(_)
        | ItemKind::Policy(_)
        | ItemKind::Invariant(_) => return,
    };
    if space == Space::Type && is_built_in(&name.text) {
        let title = format!("`{}` is a type of the language", name.text);
        let diagnostic = Diagnostic::new(Code::E0202, title, name.span, "declared a second time");
        session.report(diagnostic.help("choose another name"));
        return;
    }
    let index = tables.types.len() as u32;
    let short = Name::from(name.text.as_str());
    tables.types.push(TypeInfo {
        number,
        module,
        name: short,
        span: name.span,
        label: Label::Public,
        shape,
        item: Arc::clone(item),
    });
    add(session, tables, module, space, name, Thing::Type(index));
}

fn declare_service(
    session: &mut Session<'_>,
    tables: &mut Tables,
    module: usize,
    number: u32,
    service: &ast::Service,
) {
    let index = tables.services.len() as u32;
    let mut operations = Vec::new();
    for source in &service.operations {
        let name = &source.head.name;
        let earlier =
            operations.iter().find(|index| tables.operations[**index as usize].name == name.text.as_str());
        if let Some(earlier) = earlier {
            let first = tables.operations[*earlier as usize].source.head.name.span;
            declared_twice(session, name, first);
            continue;
        }
        operations.push(tables.operations.len() as u32);
        tables.operations.push(OperationInfo {
            number,
            module,
            service: index,
            name: Name::from(name.text.as_str()),
            source: Arc::clone(source),
            params: Vec::new(),
            result: Ty::Unknown,
            result_label: Label::Public,
            raises: Vec::new(),
            effect: EffectClass::Unknown,
        });
    }
    tables.services.push(ServiceInfo {
        number,
        name: Name::from(service.name.text.as_str()),
        span: service.name.span,
        operations,
    });
    add(session, tables, module, Space::Type, &service.name, Thing::Service(index));
}

fn declare_function(
    session: &mut Session<'_>,
    tables: &mut Tables,
    (module, number): (usize, u32),
    item: &ast::Item,
    source: &Arc<ast::Function>,
) {
    let name = &source.name;
    let standard = tables.modules[module].path.starts_with("std.");
    let body = match &source.body {
        Some(_) => {
            tables.expressions += 1;
            Body::Expression(tables.expressions - 1)
        }
        None if standard && POLICIES.contains(&name.text.as_str()) => Body::Policy,
        None if standard => Builtin::from_name(&name.text).map_or(Body::None, Body::Builtin),
        None => Body::None,
    };
    if body == Body::None && !name.is_missing() {
        let title = format!("`{}` has no value", name.text);
        let diagnostic = Diagnostic::new(Code::E0101, title, source.result.span.after(), "expected `=`");
        session.report(diagnostic.help(format!("write `fn {}(…) -> … = value`", name.text)));
    }
    let marked = |word: &str| item.attributes.iter().any(|attribute| attribute.name.text == word);
    let index = tables.declared_functions.len() as u32;
    tables.declared_functions.push(FunctionInfo {
        number,
        module,
        name: Name::from(name.text.as_str()),
        source: Arc::clone(source),
        bounds: Vec::new(),
        params: Vec::new(),
        result: Ty::Unknown,
        result_label: Label::Public,
        body,
        redacts: standard && marked("redacts"),
        method: standard && marked("method"),
        overload: None,
    });
    match tables.modules[module].own.get(Space::Function, &name.text) {
        // Only `std` has several functions of one name, for different types.
        Some(Thing::Function(first)) if standard => {
            let last = tables.overloads(first).last().unwrap_or(first);
            tables.declared_functions[last as usize].overload = Some(index);
        }
        _ => add(session, tables, module, Space::Function, name, Thing::Function(index)),
    }
}

// What a predeclared error means is known to every reader; it is not given a second meaning.
fn check_predeclared(session: &mut Session<'_>, tables: &Tables) {
    let Some(prelude) = tables.prelude else { return };
    for info in
        tables.types.iter().filter(|info| info.module != prelude && matches!(info.shape, Shape::Error(_)))
    {
        if tables.modules[prelude].own.has(Space::Error, &info.name) {
            let title = format!("the error `{}` is predeclared", info.name);
            let diagnostic = Diagnostic::new(Code::E0202, title, info.span, "declared a second time");
            session.report(diagnostic.help("use it without declaring it, or choose another name"));
        }
    }
}

fn declare_workflow(
    session: &mut Session<'_>,
    tables: &mut Tables,
    (module, number): (usize, u32),
    item: &Arc<ast::Item>,
    source: &Arc<ast::Workflow>,
) {
    let index = tables.workflows.len() as u32;
    let name = &source.head.name;
    tables.workflows.push(WorkflowInfo {
        number,
        module,
        name: Name::from(name.text.as_str()),
        item: Arc::clone(item),
        source: Arc::clone(source),
        params: Vec::new(),
        result: Ty::Unknown,
        result_label: Label::Public,
        raises: Vec::new(),
    });
    add(session, tables, module, Space::Type, name, Thing::Workflow(index));
}

fn add(
    session: &mut Session<'_>,
    tables: &mut Tables,
    module: usize,
    space: Space,
    name: &ast::Name,
    thing: Thing,
) {
    if name.is_missing() {
        return;
    }
    if let Some(earlier) = tables.modules[module].own.get(space, &name.text) {
        declared_twice(session, name, span_of(tables, earlier));
        return;
    }
    tables.modules[module].own.insert(space, name.text.clone(), thing);
}

fn span_of(tables: &Tables, thing: Thing) -> Span {
    match thing {
        Thing::Type(index) => tables.types[index as usize].span,
        Thing::Workflow(index) => tables.workflows[index as usize].source.head.name.span,
        Thing::Service(index) => tables.services[index as usize].span,
        Thing::Function(index) => tables.declared_functions[index as usize].source.name.span,
        Thing::Alias(index) => tables.aliases[index as usize].source.name.span,
    }
}

fn declared_twice(session: &mut Session<'_>, name: &ast::Name, first: Span) {
    let title = format!("`{}` is declared twice", name.text);
    session.report(
        Diagnostic::new(Code::E0202, title, name.span, "the second one").label(first, "the first one"),
    );
}

fn connect(session: &mut Session<'_>, tables: &mut Tables, module: usize, import: &ast::Import) {
    if import.path.is_missing() {
        return;
    }
    let path = import.path.dotted();
    let Some(target) = tables.modules.iter().position(|scope| scope.path == path) else {
        let alias = import.alias.as_ref().or(import.path.last()).filter(|_| import.names.is_empty());
        let names = import.names.iter().chain(alias).map(|name| name.text.clone());
        tables.modules[module].broken.extend(names);
        return not_found(session, tables, import, &path);
    };
    if import.names.is_empty() {
        let alias = import.alias.as_ref().or(import.path.last());
        let Some(alias) = alias.filter(|alias| !alias.is_missing()) else { return };
        let number = remember(tables, module, alias, import.span);
        tables.modules[module].aliases.insert(alias.text.clone(), (target, number));
        return;
    }
    for (at, name) in import.names.iter().enumerate().filter(|(_, name)| !name.is_missing()) {
        connect_name(session, tables, module, target, name, removal(import, at));
    }
}

/// What has to go when an imported name is not wanted.
fn removal(import: &ast::Import, at: usize) -> Span {
    let span = import.names[at].span;
    match (at.checked_sub(1).map(|before| &import.names[before]), import.names.get(at + 1)) {
        (_, Some(next)) => Span { end: next.span.start, ..span },
        (Some(before), None) => Span { start: before.span.end, ..span },
        (None, None) => import.span,
    }
}

fn remember(tables: &mut Tables, module: usize, name: &ast::Name, removal: Span) -> usize {
    let imports = &mut tables.modules[module].imports;
    imports.push(ImportedName { name: name.text.clone(), span: name.span, removal });
    imports.len() - 1
}

fn connect_name(
    session: &mut Session<'_>,
    tables: &mut Tables,
    module: usize,
    target: usize,
    name: &ast::Name,
    removal: Span,
) {
    let own = &tables.modules[target].own;
    let found = SPACES.map(|space| own.get(space, &name.text).map(|thing| (space, thing)));
    if found.iter().all(Option::is_none) {
        tables.modules[module].broken.insert(name.text.clone());
        return no_such_name(session, tables, target, name);
    }
    let number = remember(tables, module, name, removal);
    for (space, thing) in found.into_iter().flatten() {
        let scope = &mut tables.modules[module];
        if scope.own.has(space, &name.text) || scope.imported.has(space, &name.text) {
            let title = format!("`{}` is declared twice", name.text);
            session.error(Code::E0202, title, name.span, "another one of this name is already here");
            session.use_import(module, number);
            return;
        }
        scope.imported.insert(space, name.text.clone(), (thing, number));
    }
}

fn not_found(session: &mut Session<'_>, tables: &Tables, import: &ast::Import, path: &str) {
    let title = format!("there is no module `{path}`");
    let diagnostic = Diagnostic::new(Code::E0802, title, import.path.span, "not found");
    let meant = closest(path, tables.modules.iter().map(|scope| scope.path.as_str()));
    session.report(match meant {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")),
        None => diagnostic
            .help("`a.b` is the file `a/b.wfl` below the project's source folder, or a module of `std`"),
    });
}

fn no_such_name(session: &mut Session<'_>, tables: &Tables, target: usize, name: &ast::Name) {
    let scope = &tables.modules[target];
    let title = format!("`{}` has no `{}`", scope.path, name.text);
    let diagnostic = Diagnostic::new(Code::E0804, title, name.span, "not declared there");
    let meant = closest(&name.text, scope.own.all());
    session.report(match (meant, tables.home(&name.text)) {
        (Some(meant), _) => diagnostic.help(format!("did you mean `{meant}`?")),
        (None, Some(home)) => diagnostic.help(format!("it is in `{home}`")),
        (None, None) => diagnostic,
    });
}

/// Reports imports that are not among the used ones.
pub(crate) fn check_unused(
    session: &mut Session<'_>,
    tables: &Tables,
    modules: &[Module<'_>],
    used: &BTreeSet<(usize, usize)>,
) {
    for (number, scope) in tables.modules.iter().enumerate().filter(|(number, _)| modules[*number].own) {
        for (import, name) in scope.imports.iter().enumerate() {
            if !used.contains(&(number, import)) {
                let title = format!("`{}` is imported but not used", name.name);
                let diagnostic = Diagnostic::new(Code::W0201, title, name.span, "not used in this file");
                session.report(diagnostic.fix("remove the import", name.removal, "", Applicability::Safe));
            }
        }
    }
}
