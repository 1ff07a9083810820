// The normalised cache. What has an id is shared by every screen, so an event of the subscription changes each row
// that shows the same person; what has none belongs to its parent.
import type { CacheExchangeOpts, UpdateResolver } from '@urql/exchange-graphcache';

const embedded = () => null;

/** Pages of these lists were read before a change: whoever shows them reads them anew. */
function outdated(...lists: string[]): UpdateResolver {
  return (_answer, args, cache) => {
    const { accountId, portfolioId } = args['input'] as { accountId?: string; portfolioId?: string };
    const scopes = [
      ...(accountId ? [{ __typename: 'Account', id: accountId }] : []),
      ...(portfolioId ? [{ __typename: 'Portfolio', id: portfolioId }] : []),
    ];
    for (const scope of scopes) {
      for (const { fieldName, arguments: page } of cache.inspectFields(scope)) {
        if (lists.includes(fieldName)) cache.invalidate(scope, fieldName, page);
      }
    }
  };
}

export const cacheOptions: Partial<CacheExchangeOpts> = {
  keys: {
    Viewer: embedded,
    UserMfa: embedded,
    MfaResetEligibility: embedded,
    MfaResetFreeze: embedded,
    MfaPolicy: embedded,
    MfaCoverage: embedded,
    MfaCoverageCount: embedded,
    MfaCoveragePoint: embedded,
    AccountMembership: embedded,
    PortfolioAccessOutcome: embedded,
    PortfolioAccessChangeRejected: embedded,
    AccountAuthority: embedded,
    PortfolioAuthority: embedded,
    MfaResetPreview: embedded,
    InvitationPreview: embedded,
    RecoveryContacts: embedded,
    RecoveryContactsChange: embedded,
    RecoveryContactsAuthority: embedded,
    RecoveryPreview: embedded,
    AccountOffer: embedded,
    PortfolioOffer: embedded,
    AuditDetail: embedded,
    StaticRole: embedded,
  },
  updates: {
    Mutation: {
      inviteUser: outdated('invitations'),
      changeUserRole: outdated('users'),
      removeUser: outdated('users'),
      transferAccountOwnership: outdated('users'),
      invitePortfolioUser: outdated('invitations'),
      changePortfolioUserRole: outdated('users'),
      removePortfolioUser: outdated('users'),
      transferPortfolioOwnership: outdated('users'),
      updatePortfolioUserAccess: outdated('accountUsers'),
      addAccountToPortfolio: outdated('accounts', 'accountUsers'),
      removeAccountFromPortfolio: outdated('accounts', 'accountUsers'),
    },
  },
};
