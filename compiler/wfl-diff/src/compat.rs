//! Whether each value that one side may write is one that the other side takes, told as differences between the old and the
//! new type. What is compared is the JSON of values: a type is what it is made of, whatever it is called.

use std::collections::BTreeSet;

use wfl_ir::{Field, Label, Library, Rule, Type, TypeKind, Variant};

use crate::model::{Finding, Impact};
use crate::rules::{Rules, not_implied};
use crate::types::{plain, show};

/// Who writes and who reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    /// Others write by the old type, and the new one must take it: inputs, messages, answers. Members that nobody declared
    /// are let pass.
    In,
    /// The new type is written, and those who know the old one must take it: results, events, errors. Their schema says
    /// that there are no other members.
    Out,
}

/// Two libraries, and what was found.
pub(crate) struct Compare<'a> {
    pub(crate) old: Library<'a>,
    pub(crate) new: Library<'a>,
    pub(crate) direction: Direction,
    pub(crate) findings: Vec<Finding>,
    /// Pairs of named types that are being compared, or have been: a ring is compatible if nothing on it is not.
    seen: BTreeSet<(u32, u32)>,
}

impl<'a> Compare<'a> {
    pub(crate) fn new(old: Library<'a>, new: Library<'a>, direction: Direction) -> Compare<'a> {
        Compare { old, new, direction, findings: Vec::new(), seen: BTreeSet::new() }
    }

    fn is_in(&self) -> bool {
        self.direction == Direction::In
    }

    fn fine(&mut self, path: &str, change: impl Into<String>, why: impl Into<String>) {
        self.findings.push(Finding::fine(path, change, why));
    }

    fn breaking(&mut self, path: &str, change: impl Into<String>, why: impl Into<String>) {
        self.findings.push(Finding::breaking(path, change, why));
    }

    /// Compares two types with the rules that stand beside them.
    pub(crate) fn types(
        &mut self,
        path: &str,
        old: (&'a Type, Option<&'a Rule>),
        new: (&'a Type, Option<&'a Rule>),
    ) {
        let (from, to) = (plain(self.old, old.0, old.1), plain(self.new, new.0, new.1));
        self.presence(path, (from.optional, from.ty), (to.optional, to.ty));
        // What a new type is made of is looked at once; what stands around it, at each place.
        let first = match (from.names.last(), to.names.last()) {
            (Some(one), Some(other)) => self.seen.insert((*one, *other)),
            _ => true,
        };
        if first && !self.shapes(path, from.ty, to.ty) {
            self.other(path, old.0, new.0);
            return;
        }
        let (given, wanted) = match self.direction {
            Direction::In => (
                Rules { library: self.old, rules: &from.rules },
                Rules { library: self.new, rules: &to.rules },
            ),
            Direction::Out => (
                Rules { library: self.new, rules: &to.rules },
                Rules { library: self.old, rules: &from.rules },
            ),
        };
        let whole = *from.ty == Type::Int && *to.ty == Type::Int;
        let broken = not_implied(given, wanted, whole).is_some();
        let turned = not_implied(wanted, given, whole).is_some();
        if broken || turned {
            self.rules(path, &texts(&from.rules), &texts(&to.rules), broken);
        }
    }

    fn rules(&mut self, path: &str, old: &str, new: &str, broken: bool) {
        let change = match (old, new) {
            ("", new) => format!("has the rule `{new}`"),
            (old, "") => format!("lost its rule `{old}`"),
            (old, new) if old == new => format!("the rule `{new}` means something else"),
            (old, new) => format!("the rule was `{old}`, is `{new}`"),
        };
        match (self.direction, broken) {
            (Direction::In, true) => {
                self.breaking(path, change, "values that were taken may be refused now");
            }
            (Direction::In, false) => self.fine(path, change, "all that was taken is still taken"),
            (Direction::Out, true) => {
                self.breaking(path, change, "readers may get values that the old rule excluded");
            }
            (Direction::Out, false) => self.fine(path, change, "readers get nothing that they do not know"),
        }
    }

    /// Whether a value may be absent.
    fn presence(&mut self, path: &str, old: (bool, &Type), new: (bool, &Type)) {
        if old.0 == new.0 {
            return;
        }
        let change = match (self.is_in(), new.0) {
            (true, true) => "was needed, is optional",
            (true, false) => "was optional, is needed",
            (false, true) => "was always there, may be absent",
            (false, false) => "might be absent, is always there",
        };
        // Of `Unit?` what is there is `{}`, of `Unit` it is `null`.
        if *old.1 == Type::Unit || *new.1 == Type::Unit {
            return self.breaking(path, change, "`unit` has another form where it is optional");
        }
        match (self.is_in(), new.0) {
            (true, true) => self.fine(path, change, "it may be left out now"),
            (true, false) => self.breaking(path, change, "whoever left it out is refused now"),
            (false, true) => self.breaking(path, change, "readers rely on it"),
            (false, false) => self.fine(path, change, "readers had to do without it before"),
        }
    }

    /// The type is of another kind: wider, narrower, or something else.
    fn other(&mut self, path: &str, old: &Type, new: &Type) {
        let change = format!("was {}, is {}", show(self.old, old), show(self.new, new));
        let why =
            if self.is_in() { "what was sent before is refused now" } else { "readers expect the old type" };
        self.breaking(path, change, why);
    }

    /// Compares what is behind names and `?`. False if the two are of different kinds, so that nothing else was said.
    fn shapes(&mut self, path: &str, old: &'a Type, new: &'a Type) -> bool {
        let (writer, reader) = if self.is_in() { (old, new) } else { (new, old) };
        if old == new && !matches!(old, Type::Named(_)) && !has_names(old) {
            return true;
        }
        if let (Some(from), Some(to)) = (self.variants(self.old, old), self.variants(self.new, new)) {
            self.choices(path, (old, from), (new, to));
            return true;
        }
        if let (Some(from), Some(to)) = (fields(self.old, old), fields(self.new, new)) {
            self.objects(path, (old, from), (new, to));
            return true;
        }
        let item = format!("{path}[]");
        match (old, new) {
            (Type::List(from), Type::List(to)) | (Type::Set(from), Type::Set(to)) => {
                self.types(&item, (from, None), (to, None));
            }
            (Type::Set(from), Type::List(to)) | (Type::List(from), Type::Set(to)) => {
                if matches!(reader, Type::Set(_)) {
                    return false;
                }
                self.widened(path, old, new);
                self.types(&item, (from, None), (to, None));
            }
            (Type::Map(from_key, from), Type::Map(to_key, to)) => {
                if self.old.is_textual(from_key) != self.new.is_textual(to_key) {
                    return false;
                }
                self.types(&format!("{path}[key]"), (from_key, None), (to_key, None));
                self.types(&item, (from, None), (to, None));
            }
            (Type::Result(from, from_error), Type::Result(to, to_error)) => {
                self.types(&format!("{path}.Ok"), (from, None), (to, None));
                self.types(&format!("{path}.Err"), (from_error, None), (to_error, None));
            }
            _ if takes(reader, writer) => self.widened(path, old, new),
            _ => return false,
        }
        true
    }

    fn widened(&mut self, path: &str, old: &Type, new: &Type) {
        let change = format!("was {}, is {}", show(self.old, old), show(self.new, new));
        let why = if self.is_in() {
            "all that was taken is still taken"
        } else {
            "what is written also is of the old type"
        };
        self.fine(path, change, why);
    }

    fn variants(&self, library: Library<'a>, ty: &Type) -> Option<&'a [Variant]> {
        match ty {
            Type::Named(index) => match library.def(*index).map(|def| &def.kind) {
                Some(TypeKind::Enum(variants)) => Some(variants),
                _ => None,
            },
            _ => None,
        }
    }

    fn choices(&mut self, path: &str, old: (&Type, &'a [Variant]), new: (&Type, &'a [Variant])) {
        if !self.first_time(old.0, new.0) {
            return;
        }
        for variant in new.1.iter().filter(|it| old.1.iter().all(|known| known.name != it.name)) {
            let change = format!("new variant `{}`", variant.name);
            match self.direction {
                Direction::In => self.fine(path, change, "one more choice is taken"),
                Direction::Out => {
                    self.breaking(path, change, "readers that list all variants do not know this one");
                }
            }
        }
        for variant in old.1 {
            let Some(now) = new.1.iter().find(|it| it.name == variant.name) else {
                let change = format!("the variant `{}` is gone", variant.name);
                match self.direction {
                    Direction::In => self.breaking(path, change, "whoever sends it is refused now"),
                    Direction::Out => {
                        self.fine(path, change, "readers wait for it in vain, and lose nothing")
                    }
                }
                continue;
            };
            let inner = format!("{path}.{}", variant.name);
            self.fields(&inner, &variant.fields, &now.fields);
        }
    }

    fn objects(&mut self, path: &str, old: (&Type, Fields<'a>), new: (&Type, Fields<'a>)) {
        if !self.first_time(old.0, new.0) {
            return;
        }
        self.members(path, &old.1, &new.1);
    }

    fn first_time(&mut self, old: &Type, new: &Type) -> bool {
        match (old, new) {
            (Type::Named(one), Type::Named(other)) => self.seen.insert((*one, *other)),
            _ => true,
        }
    }

    /// Compares the fields of two declarations, or two lists of parameters.
    pub(crate) fn fields(&mut self, path: &str, old: &'a [Field], new: &'a [Field]) {
        self.members(path, &declared(old), &declared(new));
    }

    fn members(&mut self, path: &str, old: &[Member<'a>], new: &[Member<'a>]) {
        let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for member in old {
            let path = inner(member.name);
            match new.iter().find(|it| it.name == member.name) {
                Some(now) => {
                    self.types(&path, (member.ty, member.rule), (now.ty, now.rule));
                    self.labels(&path, member.label, now.label);
                }
                None if self.is_in() => self.fine(&path, "is gone", "whoever still sends it is not heard"),
                None if self.old.may_be_absent(member.ty) => {
                    self.fine(&path, "is gone", "readers had to do without it before");
                }
                None => self.breaking(&path, "is gone", "readers that rely on it miss it now"),
            }
        }
        for member in new.iter().filter(|it| old.iter().all(|known| known.name != it.name)) {
            let path = inner(member.name);
            let ty = show(self.new, member.ty);
            match (self.direction, self.new.may_be_absent(member.ty)) {
                (Direction::In, true) => {
                    self.fine(&path, format!("new and optional: {ty}"), "nobody has to send it");
                }
                (Direction::In, false) => {
                    self.breaking(&path, format!("new and needed: {ty}"), "nobody sends it yet");
                }
                (Direction::Out, _) => {
                    self.breaking(
                        &path,
                        format!("new: {ty}"),
                        "the old schema says that there are no other members",
                    );
                }
            }
        }
    }

    fn labels(&mut self, path: &str, old: Label, new: Label) {
        if old != new {
            let change = format!("the label was {}, is {}", word(old), word(new));
            let why = if new < old { "more people may see it" } else { "fewer people may see it" };
            self.fine(path, change, why);
        }
    }

    /// Whether nothing was found that breaks.
    pub(crate) fn is_compatible(&self) -> bool {
        self.findings.iter().all(|finding| finding.impact == Impact::Compatible)
    }
}

/// A field of a declaration or of an anonymous record.
#[derive(Clone, Copy)]
struct Member<'a> {
    name: &'a str,
    ty: &'a Type,
    rule: Option<&'a Rule>,
    label: Label,
}

type Fields<'a> = Vec<Member<'a>>;

fn declared(fields: &[Field]) -> Fields<'_> {
    let mut members = Vec::new();
    for field in fields {
        let (name, ty, rule, label) = (field.name.as_str(), &field.ty, field.rule.as_ref(), field.label);
        members.push(Member { name, ty, rule, label });
    }
    members
}

fn fields<'a>(library: Library<'a>, ty: &'a Type) -> Option<Fields<'a>> {
    match ty {
        Type::Record(fields) => {
            let member = |(name, ty): &'a (wfl_ir::Name, Type)| Member {
                name: name.as_str(),
                ty,
                rule: None,
                label: Label::Public,
            };
            Some(fields.iter().map(member).collect())
        }
        Type::Named(index) => match library.def(*index).map(|def| &def.kind) {
            Some(TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields)) => {
                Some(declared(fields))
            }
            _ => None,
        },
        _ => None,
    }
}

fn has_names(ty: &Type) -> bool {
    match ty {
        Type::Named(_) => true,
        Type::Optional(inner) | Type::List(inner) | Type::Set(inner) => has_names(inner),
        Type::Map(one, other) | Type::Result(one, other) => has_names(one) || has_names(other),
        Type::Record(fields) => fields.iter().any(|(_, ty)| has_names(ty)),
        _ => false,
    }
}

/// Whether a reader of one type without parts takes all values of another one.
fn takes(reader: &Type, writer: &Type) -> bool {
    match (reader, writer) {
        (Type::Json, _) | (Type::Money(None), Type::Money(_)) => true,
        (
            Type::String,
            Type::Uuid | Type::Timestamp | Type::Date | Type::Duration | Type::Bytes | Type::Decimal,
        ) => true,
        (reader, writer) => reader == writer,
    }
}

fn texts(rules: &[&Rule]) -> String {
    rules.iter().map(|rule| rule.text.as_str()).collect::<Vec<_>>().join(" && ")
}

fn word(label: Label) -> &'static str {
    match label {
        Label::Public => "public",
        Label::Internal => "internal",
        Label::Pii => "pii",
        Label::Pci => "pci",
        Label::Secret => "secret",
    }
}

/// Whether each value of the old type is one of the new type.
pub(crate) fn carries(old: Library<'_>, from: &Type, new: Library<'_>, to: &Type) -> bool {
    let mut compare = Compare::new(old, new, Direction::In);
    compare.types("", (from, None), (to, None));
    compare.is_compatible()
}

/// Whether two types are the same in all that anybody can see.
pub(crate) fn same(old: Library<'_>, from: &Type, new: Library<'_>, to: &Type) -> bool {
    let mut compare = Compare::new(old, new, Direction::In);
    compare.types("", (from, None), (to, None));
    compare.findings.is_empty()
}
