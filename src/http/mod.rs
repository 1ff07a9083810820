//! The edge.

pub mod gate;
pub mod refusal;
