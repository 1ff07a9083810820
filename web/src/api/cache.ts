// The normalised cache. What has an id is shared by every screen, so an event of the subscription changes each row
// that shows the same person; what has none belongs to its parent.
import type { CacheExchangeOpts } from '@urql/exchange-graphcache';

const embedded = () => null;

export const cacheOptions: Partial<CacheExchangeOpts> = {
  keys: {
    Viewer: embedded,
    UserMfa: embedded,
    MfaResetEligibility: embedded,
    MfaPolicy: embedded,
    AccountMembership: embedded,
    AccountAuthority: embedded,
    PortfolioAuthority: embedded,
    MfaResetPreview: embedded,
    AuditDetail: embedded,
  },
};
