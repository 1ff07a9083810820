//! The first log-in from an unknown browser asks for a code that is mailed, where the deployment wants it: after the
//! password and before the second factor. `answerDeviceChallenge` takes the code and goes on with the log-in.
//!
//! A browser is named by a random token and is known per person. The token is reused for the next person in the same
//! browser only where this gateway has seen it before; any other is replaced.

use time::OffsetDateTime;

use super::audit::{Happening, scopes_of};
use super::log_in::LogIn;
use super::{Caller, Error, Services};
use crate::crypto::{MailCode, Token, TokenHash, TokenKind};
use crate::domain::device::{CODE_ATTEMPTS, CODE_TTL, TRUST_TTL};
use crate::domain::key::mask_email;
use crate::domain::{
    AuditAction, Credential, Device, DeviceChallenge, DeviceChallengeId, DeviceId, Notification, Scope, User,
    UserId,
};
use crate::store::Tx;
use crate::transact;

/// A browser that is known from now on.
#[derive(Debug)]
pub struct KnownDevice {
    /// What the browser presents at the next log-in.
    pub token: Token,
    /// Until when it is known, unless it is used.
    pub until: OffsetDateTime,
}

/// What a code gives.
#[derive(Debug)]
pub enum DeviceAnswer {
    /// The browser is known; the log-in goes on.
    Known {
        /// The browser.
        device: Box<KnownDevice>,
        /// A session, or what is asked for next.
        then: Box<LogIn>,
    },
    /// The code is wrong.
    WrongCode,
    /// The challenge is unknown, used, or too old: log in again.
    ChallengeExpired,
    /// Too many wrong codes: log in again.
    TooManyAttempts,
}

fn presented(device: Option<&str>) -> Option<Token> {
    device.and_then(|text| Token::parse(TokenKind::Device, text))
}

impl Services {
    /// Whether a log-in goes on without a code: the deployment asks for none, or the browser is known for the person.
    pub(super) async fn skips_device_code(&self, user: UserId, device: Option<&str>) -> Result<bool, Error> {
        if !self.tools.settings.new_device_code {
            return Ok(true);
        }
        let Some(token) = presented(device) else { return Ok(false) };
        let now = self.now();
        Ok(self.store().devices.use_known(token.hash(), user, now, now + TRUST_TTL).await?)
    }

    /// Has a code mailed, and gives what it must be entered with.
    pub(super) async fn challenge_device(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        user: &User,
        scopes: &[Scope],
    ) -> Result<LogIn, Error> {
        let now = self.now();
        let token = Token::generate(TokenKind::Challenge);
        let challenge = DeviceChallenge {
            id: DeviceChallengeId::generate(now),
            user_id: user.id,
            created_at: now,
            expires_at: now + CODE_TTL,
            used_at: None,
            ip: caller.meta.ip,
            user_agent: caller.meta.user_agent.clone(),
        };
        let store = self.store();
        store.device_challenges.insert(tx, token.hash(), &challenge).await?;
        let what = Notification::NewDeviceCode { challenge_id: challenge.id };
        store.outbox.insert(tx, user.id, what, now).await?;
        let happening = Happening::new(caller, now, AuditAction::DeviceChallenged)
            .by(user.id, Credential::Password)
            .about(user.id);
        store.audit_events.insert(tx, &happening.events(scopes)).await?;
        let masked_email = mask_email(&user.email);
        Ok(LogIn::DeviceChallenge { token, masked_email, expires_at: challenge.expires_at })
    }

    /// Checks a mailed code and goes on with the log-in. Who may call: whoever holds the challenge token.
    pub async fn answer_device_challenge(
        &self,
        caller: &Caller,
        token: &str,
        code: &str,
        device: Option<&str>,
    ) -> Result<DeviceAnswer, Error> {
        let Some(token) = Token::parse(TokenKind::Challenge, token) else {
            return self.refuse_unknown_device(caller).await;
        };
        let (challenges, now) = (&self.store().device_challenges, self.now());
        let Some((challenge, hashes)) = challenges.claim_attempt(token.hash(), CODE_ATTEMPTS, now).await?
        else {
            let dead = challenges.find_by_token(token.hash()).await?.filter(|dead| dead.waits(now));
            let Some(dead) = dead else { return self.refuse_unknown_device(caller).await };
            self.refuse_device_code(caller, dead.user_id, "TOO_MANY_ATTEMPTS").await?;
            return Ok(DeviceAnswer::TooManyAttempts);
        };
        let owner = challenge.id.uuid();
        let right = MailCode::parse(code).is_some_and(|code| {
            hashes.iter().any(|hash| code.matches(&self.tools.keyring, owner.as_bytes(), hash))
        });
        if !right {
            self.refuse_device_code(caller, challenge.user_id, "WRONG_CODE").await?;
            return Ok(DeviceAnswer::WrongCode);
        }
        let known = match presented(device) {
            Some(token) if self.store().devices.is_known(token.hash()).await? => token,
            _ => Token::generate(TokenKind::Device),
        };
        let hash = known.hash();
        let then = transact!(self.store(), |tx| self.learn_device(&mut tx, caller, &challenge, hash))?;
        let Some(then) = then else {
            self.refuse_device_code(caller, challenge.user_id, "CHALLENGE_EXPIRED").await?;
            return Ok(DeviceAnswer::ChallengeExpired);
        };
        let device = Box::new(KnownDevice { token: known, until: now + TRUST_TTL });
        Ok(DeviceAnswer::Known { device, then: Box::new(then) })
    }

    /// What the log-in goes on with; nothing when another answer to the same challenge won.
    async fn learn_device(
        &self,
        tx: &mut Tx,
        caller: &Caller,
        challenge: &DeviceChallenge,
        token: TokenHash,
    ) -> Result<Option<LogIn>, Error> {
        let (store, now, user_id) = (self.store(), self.now(), challenge.user_id);
        if !store.device_challenges.claim(tx, challenge.id, now).await? {
            return Ok(None);
        }
        let device = Device {
            id: DeviceId::generate(now),
            user_id,
            created_at: now,
            last_used_at: now,
            expires_at: now + TRUST_TTL,
            user_agent: caller.meta.user_agent.clone(),
        };
        store.devices.put(tx, token, &device).await?;
        let user = store.users.find_in(tx, user_id).await?.ok_or(Error::Defect("user vanished"))?;
        let memberships = self.memberships_in(tx, user_id).await?;
        let happening = Happening::new(caller, now, AuditAction::DeviceKnown)
            .by(user_id, Credential::MailCode)
            .about(user_id);
        store.audit_events.insert(tx, &happening.events(&scopes_of(user_id, &memberships))).await?;
        Ok(Some(self.open_further(tx, caller, &user, &memberships).await?))
    }

    /// Forgets every browser of a person, and every log-in that waits for a code: whoever used them may have been
    /// somebody else.
    pub(super) async fn forget_devices(&self, tx: &mut Tx, user: UserId) -> Result<(), Error> {
        self.store().devices.delete_of_user(tx, user).await?;
        self.store().device_challenges.delete_of_user(tx, user).await?;
        Ok(())
    }

    async fn refuse_unknown_device(&self, caller: &Caller) -> Result<DeviceAnswer, Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::LogInRefused)
            .detail("reason", "CHALLENGE_EXPIRED");
        self.record_refusal(&happening, &[Scope::Deployment]).await?;
        Ok(DeviceAnswer::ChallengeExpired)
    }

    async fn refuse_device_code(&self, caller: &Caller, user: UserId, reason: &str) -> Result<(), Error> {
        let happening = Happening::new(caller, self.now(), AuditAction::LogInRefused)
            .by(user, Credential::Password)
            .about(user)
            .detail("step", "device")
            .detail("reason", reason);
        let scopes = scopes_of(user, &self.memberships_of(user).await?);
        self.record_refusal(&happening, &scopes).await
    }
}
