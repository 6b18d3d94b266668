//! The `Plan`: the compiled workflow, its bytes, its hash, and the check that makes it safe to execute.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::declared::{Field, TypeDef, TypeKind};
use crate::expr::Expr;
use crate::function::{Function, Library};
use crate::name::Name;
use crate::node::{Edge, EdgeKind, Node, NodeKind, Scope};
use crate::operation::{Effect, Operation};
use crate::reach::{Reach, levels_of_functions};
use crate::time::Duration;
use crate::types::Type;

/// The layout of plans that this build writes.
pub const FORMAT: u16 = 1;

/// The meaning of nodes and builtins that this build gives. A plan says which meaning it was compiled for.
pub const SEMANTICS: u16 = 1;

/// The largest plan that is loaded, in bytes.
const MAX_BYTES: usize = 16 << 20;

/// How deep a plan's JSON may nest. The compiler lets expressions nest 128 deep, and each level is two of JSON.
const MAX_NESTING: usize = 400;

/// A compiled workflow. Serialised as JSON; the hash is taken over those bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The layout: [`FORMAT`].
    pub format: u16,
    /// The meaning: [`SEMANTICS`].
    pub semantics: u16,
    /// The module path and the name: `payments.transfer.TransferFunds`.
    pub workflow: Name,
    /// The header's `version`.
    pub version: u32,
    /// The named types, in an order that depends on the program's meaning only.
    pub types: Vec<TypeDef>,
    /// The functions that expressions call, each after those that it calls itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Function>,
    /// The operations that the graph can call, as steps, undo or confirmation.
    pub operations: Vec<Operation>,
    /// What the workflow takes. Parameter i is slot i.
    pub params: Vec<Field>,
    /// What it gives.
    pub result: Type,
    /// The errors it may fail with: indices into `types`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raises: Vec<u32>,
    /// The business key, over the parameter slots. With the workflow's name it makes the instance id.
    pub key: Expr,
    /// How long the workflow may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Duration>,
    /// How long undoing may take before it raises an alarm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation_deadline: Option<Duration>,
    /// How many slots an instance has.
    pub slots: u32,
    /// The compensation scopes; 0 is the body.
    pub scopes: Vec<Scope>,
    /// The nodes in topological order; 0 is the entry.
    pub nodes: Vec<Node>,
    /// Node i's edges are `succ[succ_off[i]..succ_off[i + 1]]`.
    pub succ_off: Vec<u32>,
    /// All edges.
    pub succ: Vec<Edge>,
}

/// The BLAKE3-256 of a plan's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct PlanHash(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl PlanHash {
    /// The hash of a plan's bytes.
    pub fn of(bytes: &[u8]) -> PlanHash {
        PlanHash(*blake3::hash(bytes).as_bytes())
    }

    /// The first 12 digits, for people.
    pub fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PlanHash {
    type Err = String;

    fn from_str(text: &str) -> Result<PlanHash, String> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
        let hash = bytes.and_then(|b| <[u8; 32]>::try_from(b).ok());
        hash.map(PlanHash)
            .ok_or_else(|| format!("`{text}` is not a plan hash: 64 hexadecimal digits are needed"))
    }
}

impl Serialize for PlanHash {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PlanHash {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why bytes are not a plan that can be executed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Not JSON of a plan.
    #[error("the plan cannot be read: {0}")]
    Malformed(String),
    /// A later build's layout or meaning.
    #[error(
        "the plan has format {format} and semantics {semantics}; this build knows {FORMAT} and {SEMANTICS}"
    )]
    Unsupported {
        /// Its layout.
        format: u16,
        /// Its meaning.
        semantics: u16,
    },
    /// Something points nowhere, or backwards.
    #[error("the plan is inconsistent: {0}")]
    Inconsistent(String),
    /// The bytes are not those of the expected hash.
    #[error("the plan's bytes have the hash {found}, not {expected}")]
    Hash {
        /// The hash asked for.
        expected: PlanHash,
        /// The hash of the bytes.
        found: PlanHash,
    },
}

impl Plan {
    /// The plan's bytes and their hash.
    pub fn encode(&self) -> (Vec<u8>, PlanHash) {
        // Plans hold no maps with keys other than text and nothing else that JSON lacks.
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        let hash = PlanHash::of(&bytes);
        (bytes, hash)
    }

    /// Reads and checks a plan. A plan that passes never makes the machine step out of bounds.
    pub fn decode(bytes: &[u8]) -> Result<Plan, PlanError> {
        #[derive(Deserialize)]
        struct Head {
            format: u16,
            semantics: u16,
        }
        if bytes.len() > MAX_BYTES {
            return Err(PlanError::Malformed(format!("{} bytes are more than {MAX_BYTES}", bytes.len())));
        }
        let Head { format, semantics } = parse(bytes)?;
        if format != FORMAT || semantics != SEMANTICS {
            return Err(PlanError::Unsupported { format, semantics });
        }
        let plan: Plan = parse(bytes)?;
        plan.check()?;
        Ok(plan)
    }

    /// As [`Plan::decode`], for bytes that must have this hash.
    pub fn decode_as(hash: PlanHash, bytes: &[u8]) -> Result<Plan, PlanError> {
        let found = PlanHash::of(bytes);
        if found != hash {
            return Err(PlanError::Hash { expected: hash, found });
        }
        Plan::decode(bytes)
    }

    /// What types and calls in this plan's expressions point into.
    pub fn library(&self) -> Library<'_> {
        Library { types: &self.types, functions: &self.functions }
    }

    /// The edges of a node.
    pub fn successors(&self, node: u32) -> &[Edge] {
        let at = |i: u32| self.succ_off.get(i as usize).map_or(self.succ.len(), |o| *o as usize);
        self.succ.get(at(node)..at(node + 1)).unwrap_or(&[])
    }

    /// Where a node's edge of a kind leads.
    pub fn target(&self, node: u32, kind: EdgeKind) -> Option<u32> {
        self.successors(node).iter().find(|edge| edge.kind == kind).map(|edge| edge.to)
    }

    /// The index of a node by its id.
    pub fn node_by_id(&self, id: &str) -> Option<u32> {
        self.nodes.iter().position(|node| node.id == id).map(|index| index as u32)
    }

    /// The scopes from this one outwards, itself first.
    pub fn scopes_outward(&self, scope: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(scope), |s| self.scopes.get(*s as usize).and_then(|scope| scope.parent))
    }

    /// Tests every index, the order of the nodes and the edges that each kind of node needs.
    pub fn check(&self) -> Result<(), PlanError> {
        let wrong = |what: String| Err(PlanError::Inconsistent(what));
        if self.nodes.is_empty() || self.scopes.is_empty() || self.succ_off.len() != self.nodes.len() + 1 {
            return wrong("nodes, scopes or edge offsets are missing".into());
        }
        if self.succ_off.windows(2).any(|pair| pair[0] > pair[1])
            || self.succ_off.first() != Some(&0)
            || self.succ_off.last().map(|end| *end as usize) != Some(self.succ.len())
        {
            return wrong("the edge offsets do not grow to the number of edges".into());
        }
        for (index, scope) in self.scopes.iter().enumerate() {
            let sound = if index == 0 {
                scope.parent.is_none()
            } else {
                scope.parent.is_some_and(|p| (p as usize) < index)
            };
            if !sound {
                return wrong(format!("scope {} has no scope around it", scope.id));
            }
        }
        if self.params.len() > self.slots as usize {
            return wrong("parameters without a slot".into());
        }
        let levels = levels_of_functions(self.library()).map_err(PlanError::Inconsistent)?;
        let reach = Reach { library: self.library(), levels: &levels, slots: self.slots };
        let mut ids = std::collections::BTreeSet::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if !ids.insert(&node.id) {
                return wrong(format!("two nodes are named {}", node.id));
            }
            let sound = self.check_node(index as u32, node).and_then(|()| check_node_reach(reach, node));
            sound.or_else(|what| wrong(format!("node {}: {what}", node.id)))?;
        }
        reach.test(&self.key, 0).or_else(|what| wrong(format!("the key: {what}")))?;
        self.check_tables(reach).or_else(wrong)
    }

    fn check_node(&self, index: u32, node: &Node) -> Result<(), String> {
        if node.scope as usize >= self.scopes.len() {
            return Err("its scope is not there".into());
        }
        if let Some(edge) =
            self.successors(index).iter().find(|e| e.to <= index || e.to as usize >= self.nodes.len())
        {
            return Err(format!("an edge leads to node {}", edge.to));
        }
        let needs = |kind: EdgeKind| self.target(index, kind).map(|_| ()).ok_or(format!("no edge {kind:?}"));
        match &node.kind {
            NodeKind::Call(call) => {
                needs(EdgeKind::Order)?;
                let operation =
                    self.operations.get(call.operation as usize).ok_or("its operation is not there")?;
                let known = |name: &Name| operation.params.iter().any(|p| p.name == *name);
                if !call.args.iter().all(|(name, _)| known(name)) {
                    return Err("an argument has no parameter".into());
                }
                (0..call.handlers.len() as u32).try_for_each(|i| needs(EdgeKind::Error(i)))
            }
            NodeKind::Choice { arms, .. } => (0..arms.len() as u32).try_for_each(|i| needs(EdgeKind::Arm(i))),
            NodeKind::Enter { scope } | NodeKind::Exit { scope } if *scope as usize >= self.scopes.len() => {
                Err("its scope is not there".into())
            }
            NodeKind::Emit { event, .. } if !self.is_kind(*event, |k| matches!(k, TypeKind::Event(_))) => {
                Err("its event is not there".into())
            }
            NodeKind::Fail { error, .. } if !self.is_kind(*error, |k| matches!(k, TypeKind::Error(_))) => {
                Err("its error is not there".into())
            }
            NodeKind::Return { .. } | NodeKind::Fail { .. } => Ok(()),
            _ => needs(EdgeKind::Order),
        }
    }

    fn is_kind(&self, index: u32, test: impl Fn(&TypeKind) -> bool) -> bool {
        self.types.get(index as usize).is_some_and(|def| test(&def.kind))
    }

    /// The type that a refined type restricts, if that is a named one.
    fn other_name_of(&self, index: u32) -> Option<u32> {
        let TypeKind::Refined { base, .. } = &self.types.get(index as usize)?.kind else { return None };
        let mut base = base;
        while let Type::Optional(inner) = base {
            base = inner;
        }
        if let Type::Named(index) = base { Some(*index) } else { None }
    }

    fn check_tables(&self, reach: Reach<'_>) -> Result<(), String> {
        let is_error = |index: &u32| self.is_kind(*index, |k| matches!(k, TypeKind::Error(_)));
        for operation in &self.operations {
            let there = |index: u32| (index as usize) < self.operations.len();
            let undo = match &operation.effect {
                Effect::Compensable { undo, .. } => there(*undo),
                _ => true,
            };
            let confirm = operation.confirm.as_ref().is_none_or(|confirm| there(confirm.operation));
            if !undo || !confirm || !operation.raises.iter().all(is_error) {
                return Err(format!(
                    "operation {} points at something that is not there",
                    operation.qualified()
                ));
            }
            check_operation_reach(reach, operation)
                .map_err(|what| format!("{}: {what}", operation.qualified()))?;
        }
        if !self.raises.iter().all(is_error) {
            return Err("a raised error is not there".into());
        }
        for index in 0..self.types.len() as u32 {
            // A type that is only another name must end in one that is more.
            let steps = std::iter::successors(Some(index), |index| self.other_name_of(*index));
            if steps.take(self.types.len() + 1).count() > self.types.len() {
                return Err(format!("type {index} stands for itself"));
            }
        }
        let fields = |fields: &[Field]| fields.iter().try_for_each(|field| check_field_reach(reach, field));
        fields(&self.params)?;
        reach.ty(&self.result)?;
        self.types.iter().try_for_each(|def| match &def.kind {
            TypeKind::Record(all) | TypeKind::Error(all) | TypeKind::Event(all) => fields(all),
            TypeKind::Enum(variants) => variants.iter().try_for_each(|variant| fields(&variant.fields)),
            TypeKind::Refined { base, rule } => {
                rule.iter().try_for_each(|rule| Reach { slots: 0, ..reach }.test(&rule.holds, 0))?;
                reach.ty(base)
            }
        })
    }
}

fn check_field_reach(reach: Reach<'_>, field: &Field) -> Result<(), String> {
    field.rule.iter().try_for_each(|rule| Reach { slots: 0, ..reach }.test(&rule.holds, 0))?;
    reach.ty(&field.ty)
}

/// An operation's expressions see its parameters, and those of its undoing also the result.
fn check_operation_reach(reach: Reach<'_>, operation: &Operation) -> Result<(), String> {
    operation.params.iter().try_for_each(|param| check_field_reach(reach, param))?;
    reach.ty(&operation.result)?;
    let reach = Reach { slots: 0, ..reach };
    let params = operation.params.len() as u32;
    if let Some(idempotency) = &operation.idempotent {
        reach.test(&idempotency.key, params)?;
    }
    if let Some(confirm) = &operation.confirm {
        confirm.args.iter().try_for_each(|(_, value)| reach.test(value, params))?;
    }
    match &operation.effect {
        Effect::Compensable { args, .. } => {
            args.iter().try_for_each(|(_, value)| reach.test(value, params + 1))
        }
        _ => Ok(()),
    }
}

fn check_node_reach(reach: Reach<'_>, node: &Node) -> Result<(), String> {
    let named = |values: &[(Name, Expr)]| values.iter().try_for_each(|(_, value)| reach.test(value, 0));
    node.binds.iter().try_for_each(|bind| {
        reach.slot(bind.slot)?;
        reach.test(&bind.value, 0)
    })?;
    match &node.kind {
        NodeKind::Call(call) => {
            named(&call.args)?;
            let handlers = call.handlers.iter().filter_map(|handler| handler.bind.as_ref());
            call.result.iter().chain(handlers).try_for_each(|slot| reach.slot(*slot))
        }
        NodeKind::Choice { subject, arms } => {
            reach.test(subject, 0)?;
            arms.iter().try_for_each(|arm| {
                reach.pattern(&arm.pattern)?;
                arm.guard.iter().try_for_each(|guard| reach.test(guard, 0))
            })
        }
        NodeKind::Set { slot, value } => reach.slot(*slot).and_then(|()| reach.test(value, 0)),
        NodeKind::Emit { fields, .. } | NodeKind::Fail { fields, .. } => named(fields),
        NodeKind::Ensure { condition, .. } => reach.test(condition, 0),
        NodeKind::Return { value } => reach.test(value, 0),
        NodeKind::Merge
        | NodeKind::Enter { .. }
        | NodeKind::Exit { .. }
        | NodeKind::Rollback
        | NodeKind::Commit => Ok(()),
    }
}

/// Parses JSON that nests deeper than the parser lets it by default, but not deeper than the stack is good for.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, PlanError> {
    if nesting(bytes) > MAX_NESTING {
        return Err(PlanError::Malformed(format!("it nests deeper than {MAX_NESTING} levels")));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    json.disable_recursion_limit();
    let parsed = T::deserialize(&mut json).and_then(|parsed| json.end().map(|()| parsed));
    parsed.map_err(|error| PlanError::Malformed(error.to_string()))
}

/// The deepest nesting of brackets outside of text.
fn nesting(bytes: &[u8]) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match (in_text, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (true, b'"') => in_text = false,
            (false, b'"') => in_text = true,
            (false, b'[' | b'{') => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
