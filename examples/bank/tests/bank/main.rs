//! The bank under test: real servers, real connections, and the real program where a process must die.

#[cfg(test)]
mod client;

#[cfg(test)]
mod harness;

#[cfg(test)]
mod routes;

#[cfg(test)]
mod idempotency;

#[cfg(test)]
mod faults;

#[cfg(test)]
mod books;

#[cfg(test)]
mod inputs;

#[cfg(test)]
mod process;
