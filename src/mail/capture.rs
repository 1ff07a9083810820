//! Mail that goes nowhere: `latchkey dev` and tests keep the last messages in memory to be read.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use time::OffsetDateTime;

use super::render::Rendered;
use super::transport::{SendError, Transport};
use crate::clock::Clock;

/// A captured message. No `Debug`: it may hold a token.
#[derive(Clone)]
pub struct CapturedMail {
    /// Counts from 1; later mail has a higher one.
    pub id: u64,
    /// To whom, as the mail server would have been told.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// When it was captured.
    pub received_at: OffsetDateTime,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The whole message (RFC 5322).
    pub raw: Vec<u8>,
}

/// The last messages, in memory. Clones share them.
#[derive(Clone)]
pub struct Capture {
    clock: Arc<dyn Clock>,
    capacity: usize,
    ring: Arc<Mutex<Ring>>,
}

#[derive(Default)]
struct Ring {
    last_id: u64,
    mails: VecDeque<Arc<CapturedMail>>,
}

impl Capture {
    /// Keeps the last `capacity` messages.
    pub fn new(clock: Arc<dyn Clock>, capacity: usize) -> Self {
        Self { clock, capacity: capacity.max(1), ring: Arc::default() }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, newest first.
    pub fn list(&self) -> Vec<CapturedMail> {
        let mails: Vec<_> = self.ring().mails.iter().rev().cloned().collect();
        mails.iter().map(|mail| CapturedMail::clone(mail)).collect()
    }

    /// One of them, if it is still there.
    pub fn get(&self, id: u64) -> Option<CapturedMail> {
        let found = self.ring().mails.iter().find(|mail| mail.id == id).cloned();
        found.map(|mail| CapturedMail::clone(&mail))
    }

    /// Forgets all of them.
    pub fn clear(&self) {
        self.ring().mails.clear();
    }
}

#[async_trait]
impl Transport for Capture {
    async fn send(&self, mail: &Rendered) -> Result<(), SendError> {
        let received_at = self.clock.now();
        let recipients: Vec<_> = mail.envelope.to().iter().map(ToString::to_string).collect();
        let mut ring = self.ring();
        ring.last_id += 1;
        let captured = CapturedMail {
            id: ring.last_id,
            recipient: recipients.join(", "),
            subject: mail.subject.clone(),
            received_at,
            text: mail.text.clone(),
            html: mail.html.clone(),
            raw: mail.message.clone(),
        };
        ring.mails.push_back(Arc::new(captured));
        while ring.mails.len() > self.capacity {
            ring.mails.pop_front();
        }
        Ok(())
    }
}
