//! The modules of `std`, embedded into the compiler.
