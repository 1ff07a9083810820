//! The integration tests: one binary, since linking is the slow part.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout
)]

mod account_races;
mod accounts;
mod audit;
mod authorization;
mod backup;
mod bursts;
mod command;
mod cooling_off;
mod deadline;
mod dev;
mod directory;
mod directory_cost;
mod directory_paging;
mod directory_search;
mod directory_visibility;
mod doctor;
mod documents;
mod edge;
mod enforcement;
mod enrollment;
mod faults;
mod fleet;
mod freezes;
mod gateway_auth;
mod gateway_nginx;
mod harness;
mod import;
mod invitations;
mod keys;
mod log_in;
mod log_in_proofs;
mod mail;
mod main_job;
mod metrics;
mod mfa_coverage;
mod model;
mod mongod;
mod new_device;
mod nothing_silent;
mod people;
mod personal_data;
mod portfolio_access;
mod portfolio_races;
mod portfolios;
mod random_queries;
mod recovery;
mod reset_changed;
mod roles;
mod scale;
mod schema;
mod schema_changes;
mod second_approver;
mod security_contact;
mod serve;
mod step_up;
mod traces;
mod version;
mod webhooks;
