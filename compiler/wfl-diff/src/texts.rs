//! Expressions as text, in two ways: as people read them, and as a key that is the same for two plans if and only if the
//! expressions mean the same. Plans hold no names of `let`s, so what a `let` gives is written out.

use std::collections::BTreeMap;

use wfl_ir::{
    Binary, Expr, Library, MatchArm, NodeKind, Part, Pattern, Plan, PlanHash, Type, Unary, Value,
    WorkflowField,
};

use crate::slots::{Filler, bound, fillers};
use crate::types;

/// So long may the text of a `let` be where it is read.
const LONGEST: usize = 72;

/// An expression in both ways.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Text {
    pub(crate) key: String,
    pub(crate) show: String,
}

/// The texts of one plan.
pub(crate) struct Texts<'p> {
    pub(crate) plan: &'p Plan,
    pub(crate) fillers: Vec<Vec<Filler>>,
    functions: Vec<String>,
    slots: BTreeMap<u32, Text>,
}

/// The last part of a path of names.
pub(crate) fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// A path of names without the workflow.
pub(crate) fn relative(id: &str) -> &str {
    id.split_once('/').map_or(id, |(_, rest)| rest)
}

/// The path around a node, without the workflow.
pub(crate) fn around(id: &str) -> &str {
    relative(id).rsplit_once('/').map_or("", |(path, _)| path)
}

/// A short key for a long one.
pub(crate) fn digest(text: &str) -> String {
    PlanHash::of(text.as_bytes()).short()
}

impl<'p> Texts<'p> {
    /// `names` are the nodes' names in keys: the same for nodes of two plans that are the same.
    pub(crate) fn of(plan: &'p Plan, names: &[String]) -> Texts<'p> {
        let mut texts = Texts { plan, fillers: fillers(plan), functions: Vec::new(), slots: BTreeMap::new() };
        for function in &plan.functions {
            let locals: Vec<String> = function.params.iter().map(|it| it.name.to_string()).collect();
            let body = texts.text(&function.body, &locals).key;
            let rules = function.params.iter().map(|it| it.rule.as_ref().map_or("", |rule| &rule.text));
            let rules = rules.collect::<Vec<_>>().join(";");
            texts.functions.push(digest(&format!("{}({rules}) = {body}", function.name)));
        }
        // A slot's text may need those of slots that were filled before, by nodes of smaller numbers.
        let mut order: Vec<(u32, u32, Filler)> = (0..)
            .zip(&texts.fillers)
            .filter_map(|(slot, fillers)| fillers.first().map(|it| (place(*it), slot, *it)))
            .collect();
        order.sort_unstable();
        let mut counts = BTreeMap::new();
        for (_, slot, filler) in order {
            let text = texts.of_slot(filler, names, &mut counts);
            texts.slots.insert(slot, text);
        }
        texts
    }

    fn of_slot(&self, filler: Filler, names: &[String], counts: &mut BTreeMap<String, u32>) -> Text {
        let name = |node: u32| names.get(node as usize).map_or("?", String::as_str);
        let node = |node: u32| &self.plan.nodes[node as usize];
        let text = |key: String, show: String| Text { key, show };
        match filler {
            Filler::Param(at) => {
                let name = self.plan.params[at as usize].name.to_string();
                text(format!("param {name}"), name)
            }
            Filler::Result(at) => {
                let shown = match &node(at).kind {
                    NodeKind::Join(join) => last(&node(join.fork).id),
                    _ => last(&node(at).id),
                };
                text(format!("result {}", name(at)), shown.to_owned())
            }
            Filler::Item(at) => text(format!("item {}", name(at)), format!("{}.item", last(&node(at).id))),
            Filler::Round(at) => text(format!("round {}", name(at)), format!("{}.round", last(&node(at).id))),
            Filler::Caught(at, handler) => {
                let caught = node(at).kind.handlers().get(handler as usize).map(|it| it.on);
                let caught = caught.map(|on| caught_name(self.plan, on)).unwrap_or_default();
                text(format!("caught {} {caught}", name(at)), caught)
            }
            Filler::Arm(at, arm, order) => {
                let NodeKind::Choice { subject, arms } = &node(at).kind else {
                    return text(format!("arm {}", name(at)), "?".to_owned());
                };
                let places = arms.get(arm as usize).map(|arm| bound(&arm.pattern)).unwrap_or_default();
                let place = places.get(order as usize).map(|(_, place)| place.clone()).unwrap_or_default();
                let subject = self.expr(subject);
                let show = if place.is_empty() { shortened(&subject.show) } else { place.clone() };
                text(format!("arm {} {place}", digest(&subject.key)), show)
            }
            Filler::Bind(at, order) => {
                let value = node(at).binds.get(order as usize).map(|bind| self.expr(&bind.value));
                let value = value.unwrap_or(text("?".to_owned(), "?".to_owned()));
                text(format!("let {}", digest(&value.key)), shortened(&value.show))
            }
            Filler::Set(at) => {
                let path = around(&node(at).id);
                let count = counts.entry(path.to_owned()).or_default();
                *count += 1;
                let shown = if path.is_empty() { "the chosen value" } else { last(path) };
                text(format!("value {path} {count}"), shown.to_owned())
            }
        }
    }

    /// How a slot is called.
    pub(crate) fn slot(&self, slot: u32) -> Text {
        let unknown = || Text { key: format!("slot {slot}"), show: format!("slot {slot}") };
        self.slots.get(&slot).cloned().unwrap_or_else(unknown)
    }

    /// An expression of the graph.
    pub(crate) fn expr(&self, expr: &Expr) -> Text {
        self.text(expr, &[])
    }

    /// An expression over locals with these names.
    pub(crate) fn text(&self, expr: &Expr, locals: &[String]) -> Text {
        let write = |key| Writer { texts: self, key }.write(expr, locals);
        Text { key: write(true), show: write(false) }
    }
}

/// The node that fills a slot, and before all others the parameters.
fn place(filler: Filler) -> u32 {
    match filler {
        Filler::Param(_) => 0,
        Filler::Result(at)
        | Filler::Item(at)
        | Filler::Round(at)
        | Filler::Caught(at, _)
        | Filler::Arm(at, ..)
        | Filler::Bind(at, _)
        | Filler::Set(at) => at + 1,
    }
}

/// What a handler catches, as one writes it.
pub(crate) fn caught_name(plan: &Plan, caught: wfl_ir::Caught) -> String {
    use wfl_ir::Caught;
    match caught {
        Caught::Error(error) => plan.types.get(error as usize).map_or("?", |def| def.short_name()).to_owned(),
        Caught::Timeout => "Timeout".to_owned(),
        Caught::Unavailable => "Unavailable".to_owned(),
        Caught::Any => "any".to_owned(),
        Caught::Cancelled => "Cancelled".to_owned(),
        Caught::Shortfall => "shortfall".to_owned(),
    }
}

/// A text that is not too long to be read inside of another one.
pub(crate) fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// The texts of expressions over types and functions alone, for rules.
pub(crate) fn rule_key(library: Library<'_>, rule: &Expr) -> String {
    // Rules see no slots, and functions come with their bodies.
    let mut keys = Vec::new();
    for function in library.functions {
        let plain = Bare { library, functions: &keys };
        keys.push(digest(&format!("{} {}", function.name, plain.key(&function.body))));
    }
    Bare { library, functions: &keys }.key(rule)
}

struct Bare<'a> {
    library: Library<'a>,
    functions: &'a [String],
}

impl Bare<'_> {
    /// The serialised form, with names for numbers.
    fn key(&self, expr: &Expr) -> String {
        let json = serde_json::to_value(expr).unwrap_or_default();
        self.named(&json).to_string()
    }

    fn named(&self, json: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value as Json;
        match json {
            Json::Object(members) => {
                let member = |(name, value): (&String, &Json)| {
                    let number = value.as_u64().map(|it| it as usize);
                    let text = match (name.as_str(), number) {
                        ("named", Some(at)) => self.library.types.get(at).map(|def| def.name.to_string()),
                        _ => None,
                    };
                    (name.clone(), text.map_or_else(|| self.apply(name, value), Json::from))
                };
                Json::Object(members.iter().map(member).collect())
            }
            Json::Array(items) => items.iter().map(|item| self.named(item)).collect(),
            plain => plain.clone(),
        }
    }

    fn apply(&self, name: &str, value: &serde_json::Value) -> serde_json::Value {
        match (name, value.as_array().map(Vec::as_slice)) {
            ("apply", Some([function, arguments])) => {
                let at = function.as_u64().unwrap_or_default() as usize;
                serde_json::json!([self.functions.get(at), self.named(arguments)])
            }
            _ => self.named(value),
        }
    }
}

struct Writer<'a, 'p> {
    texts: &'a Texts<'p>,
    key: bool,
}

impl Writer<'_, '_> {
    fn write(&self, expr: &Expr, locals: &[String]) -> String {
        let again = |expr: &Expr| self.write(expr, locals);
        match expr {
            Expr::Const(value) => self.value(value),
            Expr::Slot(slot) => {
                let text = self.texts.slot(*slot);
                if self.key { format!("<{}>", text.key) } else { text.show }
            }
            Expr::Local(local) => match locals.get(*local as usize) {
                Some(name) if !self.key => name.clone(),
                _ => format!("x{local}"),
            },
            Expr::Subject => "value".to_owned(),
            Expr::Workflow(WorkflowField::Key) => "workflow.key".to_owned(),
            Expr::Workflow(WorkflowField::Id) => "workflow.id".to_owned(),
            Expr::Workflow(WorkflowField::StartedAt) => "workflow.started_at".to_owned(),
            Expr::Field(base, name) => format!("{}.{name}", self.operand(base, locals)),
            Expr::OptionalField(base, name) => format!("{}?.{name}", self.operand(base, locals)),
            Expr::Record(fields) => format!("({})", self.fields(fields, locals)),
            Expr::Variant(name, fields) if fields.is_empty() => name.to_string(),
            Expr::Variant(name, fields) => format!("{name}({})", self.fields(fields, locals)),
            Expr::List(items) => format!("[{}]", self.list(items, locals)),
            Expr::Money(currency, amount) => format!("{currency}({})", again(amount)),
            Expr::Checked(ty, value) => format!("{}({})", self.ty(ty), again(value)),
            Expr::Unary(Unary::Not, operand) => format!("!{}", self.operand(operand, locals)),
            Expr::Unary(Unary::Negate, operand) => format!("-{}", self.operand(operand, locals)),
            Expr::Binary(op, left, right) => self.binary(*op, left, right, locals),
            Expr::If(condition, then, otherwise) => {
                format!("if {} then {} else {}", again(condition), again(then), again(otherwise))
            }
            Expr::Match(subject, arms) => {
                let arms = arms.iter().map(|arm| self.arm(arm, locals));
                format!("match {} {{ {} }}", again(subject), arms.collect::<Vec<_>>().join("; "))
            }
            Expr::Is(value, pattern) => {
                format!("{} is {}", self.operand(value, locals), self.pattern(pattern))
            }
            Expr::Call(function, arguments) => {
                format!("{}({})", function.name(), self.list(arguments, locals))
            }
            Expr::Interpolate(parts) => {
                let part = |part: &Part| match part {
                    Part::Text(text) => text.to_string(),
                    Part::Show(expr) => format!("{{{}}}", again(expr)),
                };
                format!("\"{}\"", parts.iter().map(part).collect::<String>())
            }
            Expr::Lambda { params, body } => format!("({params}) => {}", again(body)),
            Expr::Apply(function, arguments) => {
                let known = self.texts.plan.functions.get(*function as usize);
                let name = known.map_or("?", |it| it.name.rsplit('.').next().unwrap_or("?"));
                let body = self.texts.functions.get(*function as usize).filter(|_| self.key);
                let body = body.map(|body| format!("#{body}")).unwrap_or_default();
                format!("{name}{body}({})", self.list(arguments, locals))
            }
        }
    }

    fn binary(&self, op: Binary, left: &Expr, right: &Expr, locals: &[String]) -> String {
        if let (Binary::Within, Expr::List(ends)) = (op, right)
            && let [low, high] = ends.as_slice()
        {
            let (low, high) = (self.write(low, locals), self.write(high, locals));
            return format!("{} in {low}..{high}", self.operand(left, locals));
        }
        // `a + b + c` needs no brackets for people.
        let open = matches!(left, Expr::Binary(inner, ..) if *inner == op) && !self.key;
        let left = if open { self.write(left, locals) } else { self.operand(left, locals) };
        format!("{left} {} {}", symbol(op), self.operand(right, locals))
    }

    /// An operand in parentheses, if it is made of several.
    fn operand(&self, expr: &Expr, locals: &[String]) -> String {
        let text = self.write(expr, locals);
        let compound = match expr {
            Expr::Binary(..) | Expr::If(..) | Expr::Match(..) | Expr::Is(..) => true,
            Expr::Slot(_) => !self.key && is_compound(&text),
            _ => false,
        };
        if compound { format!("({text})") } else { text }
    }

    fn list(&self, items: &[Expr], locals: &[String]) -> String {
        items.iter().map(|item| self.write(item, locals)).collect::<Vec<_>>().join(", ")
    }

    fn fields(&self, fields: &[(wfl_ir::Name, Expr)], locals: &[String]) -> String {
        let field = |(name, value): &(wfl_ir::Name, Expr)| format!("{name}: {}", self.write(value, locals));
        fields.iter().map(field).collect::<Vec<_>>().join(", ")
    }

    fn arm(&self, arm: &MatchArm, locals: &[String]) -> String {
        let guard = arm.guard.as_ref().map(|guard| format!(" if {}", self.write(guard, locals)));
        let (pattern, value) = (self.pattern(&arm.pattern), self.write(&arm.value, locals));
        format!("{pattern}{} -> {value}", guard.unwrap_or_default())
    }

    fn value(&self, value: &Value) -> String {
        match value {
            _ if self.key => serde_json::to_string(value).unwrap_or_default(),
            Value::String(text) => format!("{text:?}"),
            Value::Money(money) => {
                format!("{}({})", money.currency, money.amount.to_places(money.currency.places()))
            }
            plain => plain.to_string(),
        }
    }

    fn ty(&self, ty: &Type) -> String {
        match ty {
            Type::Named(index) if self.key => {
                self.texts.plan.types.get(*index as usize).map_or("?", |def| &def.name).to_owned()
            }
            ty => types::show(self.texts.plan.library(), ty),
        }
    }

    fn pattern(&self, pattern: &Pattern) -> String {
        let inner = |it: &Pattern| self.pattern(it);
        match pattern {
            Pattern::Any => "_".to_owned(),
            Pattern::Bind(_) => "x".to_owned(),
            Pattern::Literal(value) => self.value(value),
            Pattern::Variant(name, fields) if fields.is_empty() => name.to_string(),
            Pattern::Variant(name, fields) => {
                let fields = fields.iter().map(|(name, it)| format!("{name}: {}", inner(it)));
                format!("{name}({})", fields.collect::<Vec<_>>().join(", "))
            }
            Pattern::Tuple(items) => {
                format!("({})", items.iter().map(inner).collect::<Vec<_>>().join(", "))
            }
            Pattern::Absent => "none".to_owned(),
            Pattern::Present(of) => format!("Some({})", inner(of)),
        }
    }
}

/// Whether a text has a gap outside of all brackets and quotes.
fn is_compound(text: &str) -> bool {
    let (mut depth, mut quoted) = (0_usize, false);
    text.chars().any(|it| {
        match it {
            '"' => quoted = !quoted,
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        it == ' ' && depth == 0 && !quoted
    })
}

/// A pattern as one writes it.
pub(crate) fn pattern(texts: &Texts<'_>, of: &Pattern) -> Text {
    let write = |key| Writer { texts, key }.pattern(of);
    Text { key: write(true), show: write(false) }
}

fn symbol(op: Binary) -> &'static str {
    match op {
        Binary::Add => "+",
        Binary::Subtract => "-",
        Binary::Multiply => "*",
        Binary::Divide => "/",
        Binary::Equal => "==",
        Binary::NotEqual => "!=",
        Binary::Less => "<",
        Binary::LessOrEqual => "<=",
        Binary::Greater => ">",
        Binary::GreaterOrEqual => ">=",
        Binary::And => "&&",
        Binary::Or => "||",
        Binary::Otherwise => "??",
        Binary::In => "in",
        Binary::Within => "within",
    }
}
