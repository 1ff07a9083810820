//! The audit topic (being written).
