//! The `Plan`: the compiled workflow, its bytes, its hash, and the check that makes it safe to execute.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::declared::{Field, TypeDef};
use crate::expr::Expr;
use crate::flow::{Region, RegionKind};
use crate::function::{Function, Library};
use crate::name::Name;
use crate::node::{Edge, EdgeKind, Node, Scope};
use crate::operation::Operation;
use crate::plan_hash::PlanHash;
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
    /// The regions; 0 is the body, which is left out when it is the only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<Region>,
    /// What instances can be searched by, over the parameter slots.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<(Name, Type, Expr)>,
    /// How many instances run at once, and over the parameter slots what those have in common that count together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<(u32, Option<Expr>)>,
    /// Which instances come first, over the parameter slots: the greater the earlier; none for 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Expr>,
    /// The nodes in topological order; 0 is the entry.
    pub nodes: Vec<Node>,
    /// Node i's edges are `succ[succ_off[i]..succ_off[i + 1]]`.
    pub succ_off: Vec<u32>,
    /// All edges.
    pub succ: Vec<Edge>,
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

    /// Whether a region lies in a `shield`, however deep.
    pub fn is_shielded(&self, region: u32) -> bool {
        let region_at = |region: &u32| self.regions.get(*region as usize);
        let parent = |region: &u32| region_at(region).and_then(|region| region.parent);
        std::iter::successors(Some(region), parent)
            .any(|region| region_at(&region).is_some_and(|region| region.kind == RegionKind::Shield))
    }

    /// The index of a node by its id.
    pub fn node_by_id(&self, id: &str) -> Option<u32> {
        self.nodes.iter().position(|node| node.id == id).map(|index| index as u32)
    }

    /// The scopes from this one outwards, itself first.
    pub fn scopes_outward(&self, scope: u32) -> impl Iterator<Item = u32> {
        std::iter::successors(Some(scope), |s| self.scopes.get(*s as usize).and_then(|scope| scope.parent))
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
