//! The commands of the binary, one file each: they read the configuration, build the app and report.
//! A command decides nothing about people, accounts or resets; services do.

pub mod mongod;
