//! The `Plan`: the compiled workflow, its bytes, its hash, and the check that makes it safe to execute.

use std::fmt;
use std::str::FromStr;

use minicbor::{Decode, Encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::declared::{Field, TypeDef, TypeKind};
use crate::expr::Expr;
use crate::name::Name;
use crate::node::{Edge, EdgeKind, Node, NodeKind, Scope};
use crate::operation::{Effect, Operation};
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
        let mut ids = std::collections::BTreeSet::new();
        for (index, node) in self.nodes.iter().enumerate() {
            if !ids.insert(&node.id) {
                return wrong(format!("two nodes are named {}", node.id));
            }
            self.check_node(index as u32, node).or_else(|what| wrong(format!("node {}: {what}", node.id)))?;
        }
        self.check_tables().or_else(wrong)
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
        let slot = |s: u32| if s < self.slots { Ok(()) } else { Err(format!("slot {s} is not there")) };
        node.binds.iter().try_for_each(|bind| slot(bind.slot))?;
        match &node.kind {
            NodeKind::Call(call) => {
                needs(EdgeKind::Order)?;
                call.result.iter().try_for_each(|s| slot(*s))?;
                let operation =
                    self.operations.get(call.operation as usize).ok_or("its operation is not there")?;
                let known = |name: &Name| operation.params.iter().any(|p| p.name == *name);
                if !call.args.iter().all(|(name, _)| known(name)) {
                    return Err("an argument has no parameter".into());
                }
                for (i, handler) in call.handlers.iter().enumerate() {
                    needs(EdgeKind::Error(i as u32))?;
                    handler.bind.iter().try_for_each(|s| slot(*s))?;
                }
                Ok(())
            }
            NodeKind::Choice { arms, .. } => (0..arms.len() as u32).try_for_each(|i| needs(EdgeKind::Arm(i))),
            NodeKind::Set { slot: s, .. } => slot(*s).and_then(|()| needs(EdgeKind::Order)),
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

    fn check_tables(&self) -> Result<(), String> {
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
        }
        if !self.raises.iter().all(is_error) {
            return Err("a raised error is not there".into());
        }
        let mut named = Vec::new();
        self.params.iter().for_each(|p| collect_named(&p.ty, &mut named));
        collect_named(&self.result, &mut named);
        for operation in &self.operations {
            operation.params.iter().for_each(|p| collect_named(&p.ty, &mut named));
            collect_named(&operation.result, &mut named);
        }
        for def in &self.types {
            match &def.kind {
                TypeKind::Record(fields) | TypeKind::Error(fields) | TypeKind::Event(fields) => {
                    fields.iter().for_each(|f| collect_named(&f.ty, &mut named));
                }
                TypeKind::Enum(variants) => {
                    variants.iter().flat_map(|v| &v.fields).for_each(|f| collect_named(&f.ty, &mut named));
                }
                TypeKind::Refined { base, .. } => collect_named(base, &mut named),
            }
        }
        match named.iter().find(|index| **index as usize >= self.types.len()) {
            Some(index) => Err(format!("type {index} is not there")),
            None => Ok(()),
        }
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

fn collect_named(ty: &Type, into: &mut Vec<u32>) {
    match ty {
        Type::Named(index) => into.push(*index),
        Type::Optional(inner) | Type::List(inner) => collect_named(inner, into),
        Type::Record(fields) => fields.iter().for_each(|(_, ty)| collect_named(ty, into)),
        _ => {}
    }
}
