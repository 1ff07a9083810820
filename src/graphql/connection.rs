//! Relay connections (being written).
