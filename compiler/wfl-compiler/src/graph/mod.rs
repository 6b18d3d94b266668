//! Drawings of plans: Mermaid and DOT for other tools, SVG to look at.

mod picture;
mod mermaid;
mod dot;
mod layout;
mod route;
mod svg;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
