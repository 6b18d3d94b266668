//! The names that a program gives: what a person would miss in an outline.

use wfl_syntax::ast::{
    Action, ArmBody, Await, Block, Else, File, Foreach, Handler, IfStatement, Item, ItemKind, JumpKind,
    Match, Name, Operand, Parallel, Repeat, Saga, Statement, StepName,
};

/// What a name was given to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// A declaration at the top of the file.
    Item,
    /// An operation of a service.
    Operation,
    /// A variant of an enum.
    Variant,
    /// A step.
    Step,
    /// A branch of a `parallel`.
    Branch,
    /// A saga.
    Saga,
    /// A named value.
    Let,
}

/// A name that something was given.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Named {
    /// To what.
    pub kind: Kind,
    /// The name.
    pub text: String,
    /// The byte behind it.
    pub end: u32,
}

/// All names of a file, sorted. Steps without a name, and what lacks one, do not count.
pub fn names(file: &File) -> Vec<Named> {
    let mut names = Names(Vec::new());
    for item in &file.items {
        names.item(item);
    }
    file.loose.statements.iter().for_each(|statement| names.statement(statement));
    file.loose.operations.iter().for_each(|it| names.add(Kind::Operation, &it.head.name));
    names.0.sort();
    names.0
}

/// How many of the names in `before` there are no longer in `after`.
pub fn lost<'a>(before: impl IntoIterator<Item = &'a Named>, after: &[Named]) -> usize {
    let mut after = after.iter().map(|it| (it.kind, &it.text)).peekable();
    let mut lost = 0;
    for name in before {
        let name = (name.kind, &name.text);
        while after.next_if(|next| *next < name).is_some() {}
        lost += usize::from(after.next_if_eq(&name).is_none());
    }
    lost
}

struct Names(Vec<Named>);

impl Names {
    fn add(&mut self, kind: Kind, name: &Name) {
        if !name.text.is_empty() {
            self.0.push(Named { kind, text: name.text.clone(), end: name.span.end });
        }
    }

    fn item(&mut self, item: &Item) {
        match &item.kind {
            ItemKind::Record(it) => self.add(Kind::Item, &it.name),
            ItemKind::Enum(it) => {
                self.add(Kind::Item, &it.name);
                it.variants.iter().for_each(|variant| self.add(Kind::Variant, &variant.name));
            }
            ItemKind::Type(it) => self.add(Kind::Item, &it.name),
            ItemKind::Error(it) => self.add(Kind::Item, &it.name),
            ItemKind::Event(it) => self.add(Kind::Item, &it.name),
            ItemKind::Alias(it) => self.add(Kind::Item, &it.name),
            ItemKind::Function(it) => self.add(Kind::Item, &it.name),
            ItemKind::Service(it) => {
                self.add(Kind::Item, &it.name);
                it.operations.iter().for_each(|it| self.add(Kind::Operation, &it.head.name));
            }
            ItemKind::Workflow(it) => {
                self.add(Kind::Item, &it.head.name);
                self.block(&it.body);
            }
            ItemKind::Test(it) => self.titled(&it.title, it.title_span.end),
            ItemKind::Policy(it) => self.titled(&it.title, it.title_span.end),
            ItemKind::Invariant(it) => self.titled(&it.title, it.title_span.end),
            ItemKind::Migrate(it) => self.add(Kind::Item, &it.workflow),
            ItemKind::Module(_) | ItemKind::Import(_) => {}
        }
    }

    fn titled(&mut self, title: &str, end: u32) {
        if !title.is_empty() {
            self.0.push(Named { kind: Kind::Item, text: title.to_owned(), end });
        }
    }

    fn block(&mut self, block: &Block) {
        block.statements.iter().for_each(|statement| self.statement(statement));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Let(it) => {
                self.add(Kind::Let, &it.name);
                self.operand(&it.value);
            }
            Statement::Step(it) => {
                if let StepName::Named(name) = &it.name {
                    self.add(Kind::Step, name);
                }
                self.handlers(&it.handlers);
            }
            Statement::If(it) => self.choice(it),
            Statement::Match(it) => self.arms(it),
            Statement::Saga(it) => self.saga(it),
            Statement::Parallel(it) => self.parallel(it),
            Statement::Foreach(it) => self.foreach(it),
            Statement::Repeat(it) => self.repeat(it),
            Statement::Await(it) => self.awaited(it),
            Statement::Shield(it) => self.block(&it.body),
            Statement::Ensure(it) => it.otherwise.iter().for_each(|action| self.action(action)),
            Statement::Wait(_) | Statement::Emit(_) => {}
            Statement::Jump(it) => self.jump(&it.kind),
        }
    }

    fn jump(&mut self, kind: &JumpKind) {
        if let JumpKind::Return(Some(operand)) | JumpKind::Yield(Some(operand)) = kind {
            self.operand(operand);
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Expr(_) => {}
            Operand::Saga(it) => self.saga(it),
            Operand::If(it) => self.choice(it),
            Operand::Match(it) => self.arms(it),
            Operand::Parallel(it) => self.parallel(it),
            Operand::Foreach(it) => self.foreach(it),
            Operand::Repeat(it) => self.repeat(it),
            Operand::Await(it) => self.awaited(it),
        }
    }

    fn choice(&mut self, choice: &IfStatement) {
        self.block(&choice.then);
        match &choice.otherwise {
            Some(Else::Block(block)) => self.block(block),
            Some(Else::If(chained)) => self.choice(chained),
            None => {}
        }
    }

    fn arms(&mut self, choice: &Match<ArmBody>) {
        for arm in &choice.arms {
            match &arm.body {
                ArmBody::Block(block) => self.block(block),
                ArmBody::Jump(jump) => self.jump(&jump.kind),
                ArmBody::Expr(_) => {}
            }
        }
    }

    fn saga(&mut self, saga: &Saga) {
        saga.name.iter().for_each(|name| self.add(Kind::Saga, name));
        self.block(&saga.body);
        self.handlers(&saga.handlers);
    }

    fn parallel(&mut self, parallel: &Parallel) {
        for branch in &parallel.branches {
            self.add(Kind::Branch, &branch.name);
            self.block(&branch.body);
        }
        self.handlers(&parallel.handlers);
    }

    fn foreach(&mut self, foreach: &Foreach) {
        self.block(&foreach.body);
        self.handlers(&foreach.handlers);
    }

    fn repeat(&mut self, repeat: &Repeat) {
        self.block(&repeat.body);
    }

    fn awaited(&mut self, awaited: &Await) {
        self.handlers(&awaited.handlers);
        let action = awaited.timeout.as_ref().and_then(|timeout| timeout.action.as_ref());
        action.into_iter().for_each(|action| self.action(action));
    }

    fn handlers(&mut self, handlers: &[Handler]) {
        handlers.iter().for_each(|handler| self.action(&handler.action));
    }

    fn action(&mut self, action: &Action) {
        match action {
            Action::Block(block) => self.block(block),
            Action::Jump(jump) => self.jump(&jump.kind),
            Action::Missing(_) => {}
        }
    }
}
