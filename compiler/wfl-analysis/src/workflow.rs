//! Fifth pass: workflows.

use wfl_ir::{Duration, Expr, Label, Name, Type, Value};
use wfl_source::{Applicability, Code, Diagnostic, Span};
use wfl_syntax::ast;

use crate::attribute::text_of;
use crate::body::Body;
use crate::expr::{Binding, Checker, Facts};
use crate::hir::{Statement, Workflow};
use crate::rule::ir_fields;
use crate::session::Session;
use crate::tables::{Tables, WorkflowInfo};
use crate::ty::{Ty, Typed};

/// Checks a workflow.
pub(crate) fn check(session: &mut Session<'_>, tables: &Tables, info: &WorkflowInfo) -> Workflow {
    let source = &info.source;
    let owner = text_of(&info.item.attributes, "owner").map(str::to_owned);
    let mut checker = Checker::new(session, tables, info.module);
    for (at, param) in info.params.iter().enumerate() {
        let (name, ty, label, span) = (param.name.to_string(), param.ty.clone(), param.label, param.span);
        let place = Expr::Slot(at as u32);
        checker.names.push(Binding { name, place, ty, label, span, used: true, unused: None });
    }
    checker.slots = info.params.len() as u32;
    let head = head(&mut checker, info);
    let key = key(&mut checker, info);
    let extras = extras(&mut checker, info);
    checker.facts = Facts::Workflow(key.ty.clone(), key.label);
    let mut body = Body::new(checker, info);
    let deadline = head.deadline.zip(source.deadline.as_ref());
    body.deadline = deadline.map(|(deadline, expr)| (deadline, expr.span, "the deadline of the workflow"));
    let mut block = body.block(&source.body);
    if body.flow.live {
        finish(&mut body, info, &mut block);
    }
    let slots = body.cx.slots;
    let channels = body.channels.iter().map(|(name, ty, label)| (name.clone(), ty.to_ir(), *label)).collect();
    let tasks = body.tasks.iter().map(|(name, ty)| (name.clone(), ty.to_ir())).collect();
    for (error, span) in &info.raises {
        if !body.raised.contains(error) {
            let title = format!("nothing raises `{}`", tables.type_name(*error));
            let diagnostic = Diagnostic::new(Code::W0403, title, *span, "listed, but cannot happen");
            let removal = unlisted(&source.head.raises, *span);
            body.report(match removal {
                Some(removal) => diagnostic.fix("remove it from the list", removal, "", Applicability::Safe),
                None => diagnostic,
            });
        }
    }
    let module = &tables.modules[info.module].path;
    Workflow {
        name: Name::from(format!("{module}.{}", info.name)),
        short_name: info.name.clone(),
        docs: info.item.docs.iter().map(|doc| doc.text.as_str()).collect::<Vec<_>>().join("\n"),
        owner,
        version: head.version,
        params: ir_fields(&info.params),
        result: info.result.to_ir(),
        raises: info.raises.iter().map(|(error, _)| *error).collect(),
        key: key.expr,
        deadline: head.deadline,
        compensation_deadline: head.compensation_deadline,
        attributes: extras.attributes,
        limit: extras.limit,
        priority: extras.priority,
        channels,
        tasks,
        slots,
        body: block,
        span: source.head.name.span,
        whole: info.item.span,
    }
}

/// What has to go when an error is listed among others: its name and a comma.
fn unlisted(raises: &[ast::Path], span: Span) -> Option<Span> {
    let at = raises.iter().position(|path| path.span == span)?;
    match (at.checked_sub(1).map(|before| &raises[before]), raises.get(at + 1)) {
        (_, Some(next)) => Some(Span { end: next.span.start, ..span }),
        (Some(before), None) => Some(Span { start: before.span.end, ..span }),
        // The clause would be left without its errors.
        (None, None) => None,
    }
}

struct Head {
    version: u32,
    deadline: Option<Duration>,
    compensation_deadline: Option<Duration>,
}

fn head(checker: &mut Checker<'_, '_>, info: &WorkflowInfo) -> Head {
    let source = &info.source;
    let version = match &source.version {
        Some(expr) => match checker.constant(expr, &Ty::Int, "`version`") {
            Some(Value::Int(version)) if (1..=i64::from(u32::MAX)).contains(&version) => version as u32,
            Some(_) => {
                checker.session.error(
                    Code::E0214,
                    "`version` must be at least 1",
                    expr.span,
                    "not a version",
                );
                1
            }
            None => 1,
        },
        None => {
            lacks(
                checker,
                info,
                "version",
                "`version 1`: running instances stay on the version they began with",
            );
            1
        }
    };
    let mut time =
        |expr: &Option<ast::Expr>, what| expr.as_ref().and_then(|expr| checker.constant_duration(expr, what));
    let deadline = time(&source.deadline, "`deadline`");
    let compensation_deadline = time(&source.compensation_deadline, "`compensation deadline`");
    Head { version, deadline, compensation_deadline }
}

/// The clauses that say how instances are found and scheduled.
struct Extras {
    attributes: Vec<(Name, Type, Expr)>,
    limit: Option<(u32, Option<Expr>)>,
    priority: Option<Expr>,
}

fn extras(checker: &mut Checker<'_, '_>, info: &WorkflowInfo) -> Extras {
    let mut attributes: Vec<(Name, Type, Expr)> = Vec::new();
    let written = info.source.attributes.as_ref().map(|record| record.list.as_slice()).unwrap_or_default();
    for argument in written {
        let typed = checker.alone(|checker| checker.check(&argument.value, None));
        let Some(name) = &argument.name else {
            let title = "search attributes need names";
            checker.session.error(Code::E0210, title, argument.span, "write `name: value`");
            continue;
        };
        if attributes.iter().any(|(earlier, ..)| *earlier == name.text.as_str()) {
            checker.given_twice(&format!("`{}`", name.text), argument.span);
            continue;
        }
        // Whoever may list instances sees them.
        let label = typed.label.max(checker.tables.label_within(&typed.ty));
        checker.check_flow(label, Label::Internal, "the search attributes", argument.value.span);
        attributes.push((Name::from(name.text.as_str()), typed.ty.to_ir(), typed.expr));
    }
    let limit = info.source.limit.as_ref().and_then(|limit| {
        let count = match checker.constant(&limit.count, &Ty::Int, "`limit`")? {
            Value::Int(count) if (1..=1_000_000).contains(&count) => count as u32,
            _ => {
                let title = "`limit` must be between 1 and 1,000,000";
                checker.session.error(Code::E0214, title, limit.count.span, "not such a number");
                return None;
            }
        };
        let per = limit.per.as_ref().map(|per| checker.alone(|checker| checker.check(per, None)).expr);
        Some((count, per))
    });
    let priority = info.source.priority.as_ref().map(|priority| checker.check_as(priority, &Ty::Int).expr);
    Extras { attributes, limit, priority }
}

fn lacks(checker: &mut Checker<'_, '_>, info: &WorkflowInfo, clause: &str, help: &str) {
    let name = &info.source.head.name;
    let title = format!("`{}` lacks `{clause}`", name.text);
    let diagnostic = Diagnostic::new(Code::E0224, title, name.span, format!("no `{clause}`"));
    checker.session.report(diagnostic.help(format!("add {help}")));
}

// The key names the business case: equal keys are one instance.
fn key(checker: &mut Checker<'_, '_>, info: &WorkflowInfo) -> Typed {
    let Some(expr) = &info.source.key else {
        lacks(checker, info, "key", "`key request.id`: two starts with one key are the same instance");
        return Typed::unknown();
    };
    let key = checker.alone(|checker| checker.check(expr, None));
    match checker.tables.base(&key.ty) {
        Ty::Unknown | Ty::String | Ty::Uuid | Ty::Int => {}
        _ => {
            let title = "a key is a text, a number or a Uuid";
            let message = format!("this is {}", checker.tables.show(&key.ty));
            checker.session.error(Code::E0205, title, expr.span, message);
        }
    }
    key
}

fn finish(body: &mut Body<'_, '_>, info: &WorkflowInfo, block: &mut Vec<Statement>) {
    if info.result == Ty::Unit || info.result.is_unknown() {
        let span = info.source.head.name.span;
        block.push(Statement::Return { value: Expr::Const(Value::Unit), span });
        return;
    }
    let name = &info.source.head.name;
    let title = format!("`{}` may end without a result", name.text);
    let message = format!("some path ends without `return` of {}", body.cx.tables.show(&info.result));
    body.report(
        Diagnostic::new(Code::E0302, title, name.span, message)
            .help("end each path with `return …` or `fail …`"),
    );
}
