//! The example projects, compiled once per process.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use serde_json::{Value as Json, json};
use wfl_compiler::{Disk, compile};
use wfl_ir::{Plan, PlanHash};

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The transfer workflow with its bytes and hash.
pub struct Transfer {
    /// What executes.
    pub plan: Arc<Plan>,
    /// The bytes that the hash is of.
    pub bytes: Vec<u8>,
    /// The hash.
    pub hash: PlanHash,
}

/// Compiles `examples/transfer`.
pub fn transfer() -> &'static Transfer {
    static TRANSFER: LazyLock<Transfer> = LazyLock::new(|| {
        let compilation = compile(&Disk::new(root().join("examples/transfer")));
        assert!(!compilation.has_errors(), "the example compiles: {:?}", compilation.diagnostics);
        let workflow = compilation.workflow("TransferFunds").unwrap_or_else(|| unreachable!("it is there"));
        Transfer { plan: Arc::new(workflow.plan.clone()), bytes: workflow.bytes.clone(), hash: workflow.hash }
    });
    &TRANSFER
}

/// The input of a transfer of 250.00 between good accounts under this number.
pub fn input(number: u32) -> Json {
    json!({ "req": {
        "request_id": format!("018f6b1e-7a00-7000-8000-{number:012}"),
        "debtor": format!("acc_{number:020}"),
        "creditor": "DE89370400440532013000",
        "amount": { "amount": "250.00", "currency": "EUR" },
    }})
}
