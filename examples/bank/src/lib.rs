//! The bank that the example workflows call: a double-entry ledger, a payment rail and a screening desk over HTTP.
//!
//! It is the worker's side of WFL's HTTP binding, with faults on demand and an audit, so that a test can break the
//! calls between engine and bank and then prove that every cent is where it belongs. The crate's README has the routes,
//! the faults and the audit.
//!
//! Invariant: an effect, its journal lines and the answer under its key are one SQLite transaction.

// What is said and asked.
mod answer;
mod identifier;
mod money;

// What goes wrong on demand.
mod fault;
mod trigger;

// The books, and what moves them.
mod compliance;
mod journal;
mod ledger;
mod rail;
mod store;

// Calls.
mod audit;
mod idempotency;
mod operation;

mod bank;

mod server;

pub use answer::Reply;
pub use bank::{Bank, Delivery};
pub use server::serve;
pub use store::Error as StoreError;
