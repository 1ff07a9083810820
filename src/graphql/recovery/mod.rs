//! The way back of an Owner whom nobody else can help: recovery contacts, named in advance.

mod contacts;
mod mutation;
mod preview;

pub use contacts::{
    CancelRecoveryContactsChangeRejected, RecoveryContacts, RecoveryContactsMutation,
    SetRecoveryContactsRejected,
};
pub use mutation::{
    ConfirmRecoveryRejected, RecoveryMutation, RequestRecoveryRejected, StopRecoveryRejected,
};
pub use preview::RecoveryQuery;
