// Every enum value that a screen shows has words in every language. A new value does not break the build: it is shown
// by its own name until somebody writes the words that this test asks for.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { buildSchema, isEnumType } from 'graphql';
import de from '../src/i18n/de';
import en, { type Messages } from '../src/i18n/en';

const schema = buildSchema(readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8'));

function valuesOf(name: string): string[] {
  const type = schema.getType(name);
  if (!isEnumType(type)) return [];
  return type.getValues().map((value) => value.name);
}

const shown: [string, (m: Messages) => object, except?: string[]][] = [
  ['AccountRole', (m) => m.roles],
  ['PortfolioRole', (m) => m.roles],
  ['MfaMethod', (m) => m.security.methodNames],
  ['AuditAction', (m) => m.audit.actions],
  ['Credential', (m) => m.audit.credentials],
  ['LogInRejectionReason', (m) => m.logIn.rejected],
  ['AnswerMfaChallengeRejectionReason', (m) => m.logIn.codeRejected],
  ['AnswerDeviceChallengeRejectionReason', (m) => m.device.rejected],
  ['BeginTotpEnrollmentRejectionReason', (m) => m.enrol.rejected],
  ['ConfirmTotpEnrollmentRejectionReason', (m) => m.enrol.rejected],
  ['StepUpRejectionReason', (m) => m.stepUp.rejected],
  ['ApproveMfaResetRejectionReason', (m) => m.reset.approveRejected],
  ['MfaResetApproval', (m) => m.policy.approvals],
  ['ResetUserMfaRejectionReason', (m) => m.reset.notEligible],
  // Some pages have screens of their own for these two.
  ['AcceptMfaResetRejectionReason', (m) => m.accept.rejected, ['EXPIRED', 'INVALID']],
  ['AcceptInvitationRejectionReason', (m) => m.invitation.rejected, ['EXPIRED', 'INVALID']],
  ['InviteUserRejectionReason', (m) => m.members.inviteRejected],
  ['ResendInvitationRejectionReason', (m) => m.members.inviteRejected, ['NOT_PENDING']],
  ['InvitePortfolioUserRejectionReason', (m) => m.members.inviteRejected],
  ['ChangeUserRoleRejectionReason', (m) => m.members.rejected],
  ['RemoveUserRejectionReason', (m) => m.members.rejected],
  ['TransferAccountOwnershipRejectionReason', (m) => m.members.rejected],
  ['ChangePortfolioUserRoleRejectionReason', (m) => m.members.rejected],
  ['RemovePortfolioUserRejectionReason', (m) => m.members.rejected],
  ['TransferPortfolioOwnershipRejectionReason', (m) => m.members.rejected],
  ['CreateAccountRejectionReason', (m) => m.create.rejected],
  ['CreatePortfolioRejectionReason', (m) => m.create.rejected],
  ['CloseAccountRejectionReason', (m) => m.settings.closeRejected],
  ['ClosePortfolioRejectionReason', (m) => m.settings.closeRejected],
  ['AddAccountToPortfolioRejectionReason', (m) => m.settings.linkRejected],
  ['RemoveAccountFromPortfolioRejectionReason', (m) => m.settings.unlinkRejected],
  ['PortfolioAccessChangeKind', (m) => m.bulk.kinds],
  ['PortfolioAccessChangeRejectionReason', (m) => m.bulk.rejected],
  ['UpdatePortfolioUserAccessRejectionReason', (m) => m.bulk.callRejected],
  ['SignUpRejectionReason', (m) => m.signUp.rejected],
  ['VerifyEmailRejectionReason', (m) => m.verify.rejected],
  ['RequestPasswordResetRejectionReason', (m) => m.password.rejected],
  ['ResetPasswordRejectionReason', (m) => m.password.rejected, ['EXPIRED', 'INVALID']],
  ['ChangePasswordRejectionReason', (m) => m.password.rejected],
  ['UpdateProfileRejectionReason', (m) => m.profile.rejected],
  ['Permission', (m) => m.customRoles.permissions],
  ['CreateCustomRoleRejectionReason', (m) => m.customRoles.rejected],
  ['UpdateCustomRoleRejectionReason', (m) => m.customRoles.rejected],
  ['DeleteCustomRoleRejectionReason', (m) => m.customRoles.rejected],
  ['WebhookState', (m) => m.webhooks.states],
  ['WebhookDeliveryState', (m) => m.webhooks.deliveryStates],
  ['WebhookDeliveryFault', (m) => m.webhooks.faults],
  ['CreateWebhookRejectionReason', (m) => m.webhooks.rejected],
  ['UpdateWebhookRejectionReason', (m) => m.webhooks.rejected],
  ['DeleteWebhookRejectionReason', (m) => m.webhooks.rejected],
  ['RotateWebhookSecretRejectionReason', (m) => m.webhooks.rejected],
  ['SendTestWebhookRejectionReason', (m) => m.webhooks.rejected],
  ['ReplayWebhookDeliveriesRejectionReason', (m) => m.webhooks.rejected],
  ['SetAccountSecurityContactRejectionReason', (m) => m.contact.rejected],
  ['SetRecoveryContactsRejectionReason', (m) => m.recovery.contacts.rejected],
  ['CancelRecoveryContactsChangeRejectionReason', (m) => m.recovery.contacts.rejected],
  ['RequestRecoveryRejectionReason', (m) => m.recovery.ask.rejected],
  ['ConfirmRecoveryRejectionReason', (m) => m.recovery.confirm.rejected],
  ['StopRecoveryRejectionReason', (m) => m.recovery.stop.rejected],
  ['RegenerateBackupCodesRejectionReason', (m) => m.security.rejected],
  ['DisableMfaRejectionReason', (m) => m.security.rejected],
  ['SetAccountMfaPolicyRejectionReason', (m) => m.policy.rejected],
  ['SetPortfolioMfaPolicyRejectionReason', (m) => m.policy.rejected],
];

describe('words for enum values', () => {
  for (const [language, messages] of Object.entries({ en, de })) {
    for (const [name, labels, except] of shown) {
      it(`${language}: ${name}`, () => {
        const missing = valuesOf(name).filter((value) => !(value in labels(messages)) && !except?.includes(value));
        assert.deepEqual(missing, []);
      });
    }
  }
});
