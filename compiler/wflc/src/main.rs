//! `wflc`, the command line of WFL.

fn main() {}
