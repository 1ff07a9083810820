//! `beginTotpEnrollment` and `confirmTotpEnrollment`: setting MFA up, signed in or in the middle of a log-in.
//!
//! A secret that waits for its first code hangs on what asked for it (a session, or an enrolment token); the newest one
//! counts. MFA is on only once a code of it was right.

use time::{Duration, OffsetDateTime};

use super::audit::{Happening, scopes_of};
use super::log_in::{NewSession, carrier_digest};
use super::{Caller, Error, Services};
use crate::crypto::{BackupCode, BackupCodes, Token, TokenHash, TokenKind, TotpSecret, qr_svg};
use crate::domain::{Action, AuditAction, Credential, Denial, Notification, Scope, SessionId, UserId};
use crate::store::Tx;
use crate::store::tickets::{Ticket, TicketKind};
use crate::store::users::{MfaSecrets, TOTP_PLACE};
use crate::transact;

/// How long a secret waits for its first code.
pub const PENDING_TTL: Duration = Duration::minutes(15);
/// Codes tried against one waiting secret before it dies.
pub const CONFIRM_ATTEMPTS: i32 = 10;

/// A secret that waits for its first code.
#[derive(Debug)]
pub struct Started {
    /// The secret in base 32, to type.
    pub secret: String,
    /// The same as an `otpauth://` URI.
    pub otpauth_uri: String,
    /// The same as a QR code.
    pub qr_code_svg: String,
    /// Until when it waits.
    pub expires_at: OffsetDateTime,
}

/// What beginning gives.
#[derive(Debug)]
pub enum BeginEnrollment {
    /// A secret.
    Started(Box<Started>),
    /// The person has MFA already.
    AlreadyEnabled,
    /// The enrolment token is unknown, used, or too old.
    EnrollmentExpired,
}

/// What confirming gives.
#[derive(Debug)]
pub enum ConfirmEnrollment {
    /// MFA is on.
    Enrolled {
        /// Ten codes, shown this once.
        backup_codes: Vec<BackupCode>,
        /// Set where this completed a log-in.
        session: Option<Box<NewSession>>,
    },
    /// The code is wrong.
    WrongCode,
    /// The person has MFA already.
    AlreadyEnabled,
    /// Nothing waits: it was never begun, or is too old.
    EnrollmentExpired,
    /// Too many wrong codes: begin again.
    TooManyAttempts,
}

impl ConfirmEnrollment {
    fn refusal(&self) -> Option<&'static str> {
        match self {
            Self::Enrolled { .. } => None,
            Self::WrongCode => Some("WRONG_CODE"),
            Self::AlreadyEnabled => Some("MFA_ALREADY_ENABLED"),
            Self::EnrollmentExpired => Some("ENROLLMENT_EXPIRED"),
            Self::TooManyAttempts => Some("TOO_MANY_ATTEMPTS"),
        }
    }
}

/// What an enrolment hangs on.
#[derive(Debug, Clone, Copy)]
enum Carrier {
    Session(SessionId),
    Ticket(TokenHash),
}

impl Carrier {
    fn digest(&self) -> TokenHash {
        match self {
            Self::Session(id) => carrier_digest("session", id.uuid().as_bytes()),
            Self::Ticket(hash) => carrier_digest("ticket", hash.as_bytes()),
        }
    }
}

impl Services {
    /// Who enrols: whoever the enrolment token stands for, else the signed-in person.
    async fn carrier(
        &self,
        caller: &Caller,
        token: Option<&str>,
    ) -> Result<Option<(UserId, Carrier)>, Error> {
        let Some(token) = token else {
            let person = caller.admitted(Action::SetUpMfa)?;
            return Ok(Some((person.user_id, Carrier::Session(person.session.id))));
        };
        let Some(token) = Token::parse(TokenKind::Enrollment, token) else { return Ok(None) };
        let key = token.hash();
        let ticket = self.store().tickets.find_live(&key, TicketKind::Enrollment, self.now()).await?;
        Ok(ticket.map(|ticket| (ticket.user_id, Carrier::Ticket(key))))
    }

    /// Makes a secret. Who may call: the signed-in person, or whoever holds an enrolment token.
    pub async fn begin_totp_enrollment(
        &self,
        caller: &Caller,
        token: Option<&str>,
    ) -> Result<BeginEnrollment, Error> {
        let Some((user_id, carrier)) = self.carrier(caller, token).await? else {
            self.refuse_enrollment(caller, None, "ENROLLMENT_EXPIRED").await?;
            return Ok(BeginEnrollment::EnrollmentExpired);
        };
        let user = self.store().users.find(user_id).await?.ok_or(Error::Denied(Denial::SignedOut))?;
        if user.mfa.is_some() {
            self.refuse_enrollment(caller, Some(user_id), "MFA_ALREADY_ENABLED").await?;
            return Ok(BeginEnrollment::AlreadyEnabled);
        }
        let now = self.now();
        let secret = TotpSecret::generate();
        let sealed = self.tools.keyring.seal(TOTP_PLACE, user_id.uuid().as_bytes(), secret.as_bytes())?;
        let expires_at = now + PENDING_TTL;
        let ticket = Ticket {
            key: carrier.digest(),
            kind: TicketKind::PendingTotp,
            user_id,
            attempts: 0,
            created_at: now,
            expires_at,
            sealed: Some(sealed),
        };
        self.store().tickets.put(&ticket).await?;
        let otpauth_uri = secret.otpauth_uri(&self.tools.settings.service_name, &user.email);
        let qr_code_svg = qr_svg(&otpauth_uri).map_err(|_| Error::Defect("a QR code cannot hold the URI"))?;
        Ok(BeginEnrollment::Started(Box::new(Started {
            secret: secret.to_base32(),
            otpauth_uri,
            qr_code_svg,
            expires_at,
        })))
    }

    /// Turns MFA on. Who may call: the signed-in person, or whoever holds an enrolment token.
    pub async fn confirm_totp_enrollment(
        &self,
        caller: &Caller,
        token: Option<&str>,
        code: &str,
    ) -> Result<ConfirmEnrollment, Error> {
        let Some((user_id, carrier)) = self.carrier(caller, token).await? else {
            self.refuse_enrollment(caller, None, "ENROLLMENT_EXPIRED").await?;
            return Ok(ConfirmEnrollment::EnrollmentExpired);
        };
        let outcome = self.confirm_on(caller, user_id, carrier, code).await?;
        if let Some(reason) = outcome.refusal() {
            self.refuse_enrollment(caller, Some(user_id), reason).await?;
        }
        Ok(outcome)
    }

    async fn confirm_on(
        &self,
        caller: &Caller,
        user_id: UserId,
        carrier: Carrier,
        code: &str,
    ) -> Result<ConfirmEnrollment, Error> {
        let (key, kind) = (carrier.digest(), TicketKind::PendingTotp);
        let tickets = &self.store().tickets;
        let Some(ticket) = tickets.claim_attempt(&key, kind, CONFIRM_ATTEMPTS, self.now()).await? else {
            return Ok(match tickets.find_live(&key, kind, self.now()).await? {
                Some(_) => ConfirmEnrollment::TooManyAttempts,
                None => ConfirmEnrollment::EnrollmentExpired,
            });
        };
        let sealed = ticket.sealed.ok_or(Error::Defect("a waiting secret without a secret"))?;
        let opened = self.tools.keyring.open(TOTP_PLACE, user_id.uuid().as_bytes(), &sealed)?;
        let secret = TotpSecret::from_bytes(&opened).map_err(|_| Error::Defect("a stored TOTP secret"))?;
        let Some(step) = secret.matching_step(code, self.now()) else {
            return Ok(ConfirmEnrollment::WrongCode);
        };
        let codes = BackupCodes::generate();
        let secrets = MfaSecrets {
            enabled_at: self.now(),
            totp: sealed,
            // The code that confirms is used up by it.
            last_step: step,
            backup_codes: codes.iter().map(BackupCode::hash).collect(),
        };
        let outcome =
            transact!(self.store(), |tx| self.enroll(&mut tx, caller, user_id, carrier, secrets.clone()))?;
        Ok(match outcome {
            Enrolled::Yes(session) => {
                self.wake_mail();
                ConfirmEnrollment::Enrolled { backup_codes: codes, session }
            }
            Enrolled::HadMfa => ConfirmEnrollment::AlreadyEnabled,
            Enrolled::NothingWaits => ConfirmEnrollment::EnrollmentExpired,
        })
    }

    async fn refuse_enrollment(
        &self,
        caller: &Caller,
        user_id: Option<UserId>,
        reason: &str,
    ) -> Result<(), Error> {
        let happening =
            Happening::new(caller, self.now(), AuditAction::MfaEnrollmentRefused).detail("reason", reason);
        match user_id {
            Some(id) => {
                let scopes = scopes_of(id, &self.memberships_of(id).await?);
                self.record_refusal(&happening.about(id), &scopes).await
            }
            None => self.record_refusal(&happening, &[Scope::Deployment]).await,
        }
    }

    async fn enroll(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        carrier: Carrier,
        secrets: MfaSecrets,
    ) -> Result<Enrolled, Error> {
        let now = self.now();
        let store = self.store();
        if !store.tickets.claim(tx, &carrier.digest(), TicketKind::PendingTotp).await? {
            return Ok(Enrolled::NothingWaits);
        }
        let credential = match carrier {
            Carrier::Session(_) => Credential::Session,
            Carrier::Ticket(key) => {
                if !store.tickets.claim(tx, &key, TicketKind::Enrollment).await? {
                    return Ok(Enrolled::NothingWaits);
                }
                Credential::EnrollmentToken
            }
        };
        if !store.users.claim_enrollment(tx, user_id, secrets).await? {
            return Ok(Enrolled::HadMfa);
        }
        store.account_members.set_mfa_enabled(tx, user_id, true).await?;
        store.portfolio_members.set_mfa_enabled(tx, user_id, true).await?;
        let scopes = scopes_of(user_id, &self.memberships_in(tx, user_id).await?);
        let enrolled =
            Happening::new(caller, now, AuditAction::MfaEnrolled).by(user_id, credential).about(user_id);
        let mut events = enrolled.events(&scopes);
        let session = match carrier {
            Carrier::Session(id) => {
                store.sessions.set_mfa_at(tx, id, now).await?;
                None
            }
            Carrier::Ticket(_) => {
                let new = self.begin_session(tx, caller, user_id, Some(now)).await?;
                let logged_in = Happening::new(caller, now, AuditAction::LoggedIn)
                    .by(user_id, Credential::Totp)
                    .about(user_id)
                    .in_session(new.session.id);
                events.extend(logged_in.events(&scopes));
                Some(Box::new(new))
            }
        };
        store.audit_events.insert(tx, &events).await?;
        store.outbox.insert(tx, user_id, Notification::MfaEnrolled { user_id }, now).await?;
        Ok(Enrolled::Yes(session))
    }
}

enum Enrolled {
    Yes(Option<Box<NewSession>>),
    HadMfa,
    NothingWaits,
}
