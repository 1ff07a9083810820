// The normalised cache. What has an id is shared by every screen, so an event of the subscription changes each row
// that shows the same person; what has none belongs to its parent.
import type { CacheExchangeOpts, UpdateResolver } from '@urql/exchange-graphcache';

const embedded = () => null;

/** Pages of these lists were read before a change: whoever shows them reads them anew. */
function outdated(...lists: string[]): UpdateResolver {
  return (_answer, args, cache) => {
    const { accountId } = args['input'] as { accountId: string };
    const account = { __typename: 'Account', id: accountId };
    for (const { fieldName, arguments: page } of cache.inspectFields(account)) {
      if (lists.includes(fieldName)) cache.invalidate(account, fieldName, page);
    }
  };
}

export const cacheOptions: Partial<CacheExchangeOpts> = {
  keys: {
    Viewer: embedded,
    UserMfa: embedded,
    MfaResetEligibility: embedded,
    MfaPolicy: embedded,
    MfaCoverage: embedded,
    MfaCoverageCount: embedded,
    MfaCoveragePoint: embedded,
    AccountMembership: embedded,
    AccountAuthority: embedded,
    PortfolioAuthority: embedded,
    MfaResetPreview: embedded,
    InvitationPreview: embedded,
    AccountOffer: embedded,
    PortfolioOffer: embedded,
    AuditDetail: embedded,
  },
  updates: {
    Mutation: {
      inviteUser: outdated('invitations'),
      changeUserRole: outdated('users'),
      removeUser: outdated('users'),
      transferAccountOwnership: outdated('users'),
    },
  },
};
