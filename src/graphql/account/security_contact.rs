//! Choosing who gets the mail about an account's security.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject, Union};

use super::Account;
use crate::domain::Action;
use crate::graphql::context::request;
use crate::graphql::error::OrError;
use crate::graphql::guard::OnAccount;
use crate::graphql::ids::parse_id;
use crate::rejection;
use crate::service::set_security_contact::SetSecurityContact;

/// Whom to choose.
#[derive(InputObject)]
pub struct SetAccountSecurityContactInput {
    /// The account.
    account_id: ID,
    /// The Owner or an Admin of the account; the Owner when null or left out.
    user_id: Option<ID>,
}

/// The account has this security contact. Where it is another one than before, both were told.
#[derive(SimpleObject)]
pub struct AccountSecurityContactSet {
    /// The account.
    account: Account,
}

rejection! {
    /// The security contact is as it was.
    SetAccountSecurityContactRejected,
    /// Why somebody cannot be chosen.
    SetAccountSecurityContactRejectionReason {
        /// The user does not belong to the account.
        NotAMember => "This user does not belong to the account. Choose its Owner or one of its Admins.",
        /// Neither Owner nor Admin.
        NotOwnerOrAdmin => "Only the Owner or an Admin of the account can be its security contact.",
    } not_now
}

/// What `setAccountSecurityContact` gives.
#[derive(Union)]
pub enum SetAccountSecurityContactResult {
    /// Done.
    Set(AccountSecurityContactSet),
    /// Refused.
    Rejected(SetAccountSecurityContactRejected),
}

/// Mutations of security contacts.
#[derive(Default)]
pub struct SecurityContactMutation;

#[Object]
impl SecurityContactMutation {
    /// Chooses who gets the mail about the account's security, such as accepted MFA resets; the Owner by default. The
    /// former and the new contact are told by mail. A contact who leaves the account or gets a lesser role than Admin is
    /// replaced by the Owner. Who may call: Owner or Admin of the account, or a holder of ACCOUNT_SETTINGS there. Asks for a
    /// fresh proof (`stepUp`).
    #[graphql(guard = "OnAccount::new(Action::SetAccountSecurityContact, &input.account_id)")]
    async fn set_account_security_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to do, and with what.")] input: SetAccountSecurityContactInput,
    ) -> Result<SetAccountSecurityContactResult> {
        let request = request(ctx)?;
        let account_id = parse_id(&input.account_id, "accountId")?;
        let user_id = input.user_id.as_ref().map(|id| parse_id(id, "userId")).transpose()?;
        let outcome =
            request.services.set_account_security_contact(&request.caller(), account_id, user_id).await;
        use SetAccountSecurityContactRejectionReason as Reason;
        let reason = match outcome.or_error(request)? {
            SetSecurityContact::Set(account) => {
                return Ok(SetAccountSecurityContactResult::Set(AccountSecurityContactSet {
                    account: Account::new(*account),
                }));
            }
            SetSecurityContact::NotNow(unready) => {
                return Ok(SetAccountSecurityContactResult::Rejected(unready.into()));
            }
            SetSecurityContact::NotAMember => Reason::NotAMember,
            SetSecurityContact::NotOwnerOrAdmin => Reason::NotOwnerOrAdmin,
        };
        Ok(SetAccountSecurityContactResult::Rejected(reason.into()))
    }
}
