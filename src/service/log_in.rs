//! `logIn`: the password, and what it opens.
//!
//! An unknown address and a wrong password get the same answer after the same work: the password is checked against a
//! hash of the same cost, the same queries run, one event is written (OWASP Authentication Cheat Sheet, "Authentication
//! and Error Messages").

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::audit::{Happening, scopes_of};
use super::throttle::{DEVICE_CODE_BY_USER, LOG_IN_BY_EMAIL, LOG_IN_BY_IP, Verdict};
use super::{Caller, Error, Services};
use crate::crypto::{PasswordHash, Token, TokenKind};
use crate::domain::key::EmailKey;
use crate::domain::{
    AuditAction, Credential, Denial, MailLinkKind, Memberships, MfaMethod, MfaPolicy, Notification, Scope,
    Session, SessionId, User, UserId,
};
use crate::store::Tx;
use crate::store::mfa_resets::ResetKey;
use crate::store::tickets::{Ticket, TicketKind};
use crate::store::users::Credentials;
use crate::transact;

/// How long a challenge can be answered.
pub const CHALLENGE_TTL: Duration = Duration::minutes(5);
/// How long somebody who must set MFA up has for it.
pub const ENROLLMENT_TTL: Duration = Duration::minutes(30);

/// A session that has just begun. The token is shown this once.
#[derive(Debug)]
pub struct NewSession {
    /// What the client presents from now on.
    pub token: Token,
    /// The session.
    pub session: Session,
}

/// What a log-in with a password gives.
#[derive(Debug)]
pub enum LogIn {
    /// A session: nothing else is asked for.
    LoggedIn(Box<NewSession>),
    /// A second factor is asked for.
    Challenge {
        /// What the answer must present.
        token: Token,
        /// How it can be answered.
        methods: Vec<MfaMethod>,
        /// Until when.
        expires_at: OffsetDateTime,
    },
    /// The browser is unknown: a code that is mailed is asked for.
    DeviceChallenge {
        /// What the code must be entered with.
        token: Token,
        /// Where the mail goes.
        masked_email: String,
        /// Until when.
        expires_at: OffsetDateTime,
    },
    /// MFA must be set up first.
    EnrollmentRequired {
        /// What setting up must present.
        token: Token,
        /// Until when.
        expires_at: OffsetDateTime,
    },
    /// The password was right; the address was never verified.
    EmailNotVerified,
    /// Unknown address or wrong password.
    InvalidCredentials,
    /// Too many attempts for this address or from this network.
    TooManyAttempts {
        /// Not before then.
        retry_at: OffsetDateTime,
    },
}

impl Services {
    /// Checks a password. `device` is what names the browser, if it was ever given a name. Who may call: anybody.
    pub async fn log_in(
        &self,
        caller: &Caller,
        email: &str,
        password: &str,
        device: Option<&str>,
    ) -> Result<LogIn, Error> {
        // Text that is no address is nobody's address, and is counted as what it is.
        let key = EmailKey::parse(email).ok();
        let subject = key.as_ref().map_or_else(|| email.trim().to_lowercase(), |key| key.as_str().to_owned());
        let by_email = match self.attempt(LOG_IN_BY_EMAIL, subject.as_bytes()).await? {
            Verdict::Go(attempt) => attempt,
            Verdict::Wait(retry_at) => return self.refuse_throttled(caller, retry_at).await,
        };
        let by_ip = match caller.meta.ip {
            None => None,
            Some(ip) => match self.attempt(LOG_IN_BY_IP, ip.to_canonical().to_string().as_bytes()).await? {
                Verdict::Go(attempt) => Some(attempt),
                Verdict::Wait(retry_at) => return self.refuse_throttled(caller, retry_at).await,
            },
        };

        let found = match &key {
            Some(key) => self.store().users.find_credentials_by_email(key).await?,
            None => None,
        };
        let hash = found.as_ref().and_then(|credentials| credentials.password.as_ref());
        let right = self.tools.passwords.verify(password, hash).await;
        // Asked for in both cases: the answer's time must not tell whether the address is known.
        let known = found.is_some();
        let somebody = found.as_ref().map_or_else(|| UserId::generate(self.now()), |c| c.user.id);
        let memberships = self.memberships_of(somebody).await?;

        let Some(credentials) = found.filter(|_| right) else {
            let happening = Happening::new(caller, self.now(), AuditAction::LogInRefused)
                .with(Credential::Password)
                .detail("reason", "INVALID_CREDENTIALS");
            let (happening, scopes) = if known {
                (happening.about(somebody), scopes_of(somebody, &memberships))
            } else {
                (happening, vec![Scope::Deployment])
            };
            self.record_refusal(&happening, &scopes).await?;
            return Ok(LogIn::InvalidCredentials);
        };

        self.forgive(by_email).await?;
        if let Some(by_ip) = by_ip {
            self.forgive(by_ip).await?;
        }
        self.improve_hash(&credentials, password).await;
        let known = self.skips_device_code(somebody, device).await?;
        if !known
            && credentials.user.email_verified
            && let Verdict::Wait(retry_at) =
                self.attempt(DEVICE_CODE_BY_USER, somebody.uuid().as_bytes()).await?
        {
            return self.refuse_throttled(caller, retry_at).await;
        }
        let opened = transact!(self.store(), |tx| self.open(&mut tx, caller, somebody, known));
        if let Ok(LogIn::EmailNotVerified | LogIn::DeviceChallenge { .. }) = opened {
            self.wake_mail();
        }
        opened
    }

    async fn refuse_throttled(&self, caller: &Caller, retry_at: OffsetDateTime) -> Result<LogIn, Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::LogInRefused)
            .with(Credential::Password)
            .detail("reason", "TOO_MANY_ATTEMPTS");
        self.record_refusal(&happening, &[Scope::Deployment]).await?;
        Ok(LogIn::TooManyAttempts { retry_at })
    }

    /// What the right password opens, decided on one snapshot of the person and the policies.
    async fn open(&self, tx: &mut Tx, caller: &Caller, id: UserId, known: bool) -> Result<LogIn, Error> {
        let now = self.now();
        let memberships = self.memberships_in(tx, id).await?;
        let scopes = scopes_of(id, &memberships);
        let happening = |action| Happening::new(caller, now, action).by(id, Credential::Password).about(id);
        let user = self.store().users.find_in(tx, id).await?.ok_or(Error::Defect("user vanished"))?;

        if !user.email_verified {
            // Only whoever knows the password gets here: a link that ran out is sent anew.
            if !self.store().mail_links.any_waiting(tx, id, MailLinkKind::VerifyEmail, now).await? {
                let link = self.new_link(MailLinkKind::VerifyEmail, id, &user.email);
                self.send_link(tx, &link, Notification::EmailVerification { link_id: link.id }).await?;
            }
            let events =
                happening(AuditAction::LogInRefused).detail("reason", "EMAIL_NOT_VERIFIED").events(&scopes);
            self.store().audit_events.insert(tx, &events).await?;
            return Ok(LogIn::EmailNotVerified);
        }
        if !known {
            return self.challenge_device(tx, caller, &user, &scopes).await;
        }
        self.open_further(tx, caller, &user, &memberships).await
    }

    /// What comes after the password, and after the mailed code where there was one.
    pub(super) async fn open_further(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user: &User,
        memberships: &Memberships,
    ) -> Result<LogIn, Error> {
        let (now, id) = (self.now(), user.id);
        let scopes = scopes_of(id, memberships);
        let happening = |action| Happening::new(caller, now, action).by(id, Credential::Password).about(id);
        // A reset whose time of effect has come counts, whether or not the worker has got to it.
        if user.mfa.is_some() && !self.apply_due(tx, ResetKey::Of(id)).await? {
            let token = Token::generate(TokenKind::Challenge);
            let expires_at = now + CHALLENGE_TTL;
            self.put_ticket(tx, &token, TicketKind::Challenge, id, expires_at).await?;
            let events = happening(AuditAction::MfaChallenged).events(&scopes);
            self.store().audit_events.insert(tx, &events).await?;
            return Ok(LogIn::Challenge { token, methods: user.mfa_methods(), expires_at });
        }
        if self.enrollment_required(tx, memberships).await? {
            let token = Token::generate(TokenKind::Enrollment);
            let expires_at = now + ENROLLMENT_TTL;
            self.put_ticket(tx, &token, TicketKind::Enrollment, id, expires_at).await?;
            let events =
                happening(AuditAction::LogInRefused).detail("reason", "ENROLLMENT_REQUIRED").events(&scopes);
            self.store().audit_events.insert(tx, &events).await?;
            return Ok(LogIn::EnrollmentRequired { token, expires_at });
        }
        let new = self.begin_session(tx, caller, id, None).await?;
        let events = happening(AuditAction::LoggedIn).in_session(new.session.id).events(&scopes);
        self.store().audit_events.insert(tx, &events).await?;
        Ok(LogIn::LoggedIn(Box::new(new)))
    }

    async fn put_ticket(
        &self,
        tx: &mut Tx,
        token: &Token,
        kind: TicketKind,
        user_id: UserId,
        expires_at: OffsetDateTime,
    ) -> Result<(), Error> {
        let ticket = Ticket {
            key: token.hash(),
            kind,
            user_id,
            attempts: 0,
            created_at: self.now(),
            expires_at,
            sealed: None,
        };
        Ok(self.store().tickets.insert(tx, &ticket).await?)
    }

    /// Whether any account or portfolio of a person demands MFA now.
    pub(super) async fn enrollment_required(
        &self,
        tx: &mut Tx,
        memberships: &Memberships,
    ) -> Result<bool, Error> {
        let policies = self.policies_in(tx, memberships).await?;
        Ok(policies.iter().any(|policy| policy.demands_enrollment(self.now())))
    }

    /// The MFA policies of every account and portfolio of a person.
    pub(super) async fn policies_in(
        &self,
        tx: &mut Tx,
        memberships: &Memberships,
    ) -> Result<Vec<MfaPolicy>, Error> {
        let accounts: Vec<_> = memberships.accounts.iter().map(|m| m.account_id).collect();
        let portfolios: Vec<_> = memberships.portfolios.iter().map(|m| m.portfolio_id).collect();
        let accounts = self.store().accounts.find_many_in(tx, &accounts).await?;
        let portfolios = self.store().portfolios.find_many_in(tx, &portfolios).await?;
        let of_accounts = accounts.into_iter().map(|account| account.mfa_policy);
        Ok(of_accounts.chain(portfolios.into_iter().map(|portfolio| portfolio.mfa_policy)).collect())
    }

    /// Begins a session and writes the log-in down on the person.
    pub(super) async fn begin_session(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user_id: UserId,
        mfa_at: Option<OffsetDateTime>,
    ) -> Result<NewSession, Error> {
        let now = self.now();
        let token = Token::generate(TokenKind::Session);
        let session = Session {
            id: SessionId::generate(now),
            user_id,
            created_at: now,
            last_used_at: now,
            expires_at: now + self.tools.settings.session_max,
            mfa_at,
            password_at: now,
            ip: caller.meta.ip,
            user_agent: caller.meta.user_agent.clone(),
        };
        let idle_until = now + self.tools.settings.session_idle;
        self.store().sessions.insert(tx, token.hash(), &session, idle_until).await?;
        if !self.store().users.claim_log_in(tx, user_id, now).await? {
            // Erased since the proof was looked at: nobody is that person any more.
            return Err(Denial::SignedOut.into());
        }
        Ok(NewSession { token, session })
    }

    /// Brings a hash with outdated parameters up to date while the password is at hand. A failure is no reason to
    /// refuse a log-in: the next one tries again.
    async fn improve_hash(&self, credentials: &Credentials, password: &str) {
        let Some(old) = credentials.password.as_ref().filter(|hash| self.tools.passwords.is_outdated(hash))
        else {
            return;
        };
        let result: Result<(), Error> = async {
            let new: PasswordHash = self.tools.passwords.hash(password).await?;
            let id = credentials.user.id;
            transact!(self.store(), |tx| async {
                self.store().users.replace_password_hash(&mut tx, id, old, &new).await.map_err(Error::from)
            })?;
            Ok(())
        }
        .await;
        if let Err(error) = result {
            tracing::warn!(%error, "a password hash could not be brought up to date");
        }
    }
}

/// A digest that stands for what a waiting TOTP secret hangs on: a session, or an enrolment token.
pub(super) fn carrier_digest(kind: &str, id: &[u8]) -> crate::crypto::TokenHash {
    let digest =
        Sha256::new_with_prefix("pending-totp").chain_update(kind).chain_update([0]).chain_update(id);
    crate::crypto::TokenHash(digest.finalize().into())
}
