//! Reading people, accounts and portfolios (being written).
