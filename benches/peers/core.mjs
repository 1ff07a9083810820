// Schema, guards, resolvers and loaders shared by the three peers: the part of latchkey's schema that the workloads ask,
// over latchkey's own collections and indexes, with the same commands and a DataLoader for each kind of thing.
import { createHash } from 'node:crypto'
import DataLoader from 'dataloader'
import { GraphQLError } from 'graphql'
import { Binary, MongoClient, UUID } from 'mongodb'

const env = process.env
export const port = Number(env.PORT ?? 41200)
const client = new MongoClient(env.MONGO, {
  maxPoolSize: Number(env.POOL ?? 64),
  minPoolSize: 4,
  readConcern: { level: 'majority' }
})
await client.connect()
const db = client.db(env.DB ?? 'latchkey')
const c = Object.fromEntries(
  ['users', 'accounts', 'portfolios', 'account_members', 'portfolio_members', 'sessions'].map((n) => [n, db.collection(n)])
)
const place = { _id: 0, account_id: 1, user_id: 1, role: 1, portfolio_id: 1, joined_at: 1 }
const portfolioPlace = { _id: 0, portfolio_id: 1, user_id: 1, role: 1, joined_at: 1 }
const row = { ...place, name_key: 1, email_key: 1 }

export const typeDefs = /* GraphQL */ `
  enum AccountRole { OWNER ADMIN MANAGER ANALYST CAMPAIGN_COORDINATOR CONTENT_CREATOR SUPPORT }
  type Query { account(id: ID!): Account viewer: Viewer }
  type Viewer { user: User! accounts(first: Int, after: String): ViewerAccountConnection! }
  type ViewerAccountConnection { edges: [ViewerAccountEdge!]! }
  type ViewerAccountEdge { role: AccountRole! node: Account! }
  type Account { id: ID! name: String! portfolio: Portfolio users(first: Int, after: String): AccountUserConnection }
  type Portfolio { id: ID! name: String! }
  type AccountUserConnection { totalCount: Int! edges: [AccountUserEdge!]! pageInfo: PageInfo! }
  type AccountUserEdge { cursor: String! role: AccountRole! node: User! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type User { id: ID! email: String! name: String! mfa: UserMfa memberships: [AccountMembership!]! }
  type UserMfa { enabled: Boolean! }
  type AccountMembership { role: AccountRole! account: Account! }
`

// -- TypeIDs: a prefix and the UUID in Crockford's base 32 ------------------------------------------------
const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
const VALUES = new Map([...DIGITS].map((digit, value) => [digit, BigInt(value)]))

function textId(prefix, id) {
  let left = BigInt('0x' + id.toString('hex'))
  let text = ''
  for (let i = 0; i < 26; i++) {
    text = DIGITS[Number(left & 31n)] + text
    left >>= 5n
  }
  return `${prefix}_${text}`
}

function readId(text) {
  let id = 0n
  for (const digit of text.slice(text.lastIndexOf('_') + 1)) id = (id << 5n) | VALUES.get(digit)
  return new UUID(id.toString(16).padStart(32, '0'))
}

// -- loaders --------------------------------------------------------------------------------------------
const hex = (id) => id.toString('hex')
const options = { cacheKeyFn: hex }

const byId = (name, projection) =>
  new DataLoader(async (ids) => {
    const found = await c[name].find({ _id: { $in: ids } }, { projection, batchSize: ids.length + 1 }).toArray()
    const map = new Map(found.map((doc) => [hex(doc._id), doc]))
    return ids.map((id) => map.get(hex(id)) ?? null)
  }, options)

const fail = (code) => {
  throw new GraphQLError(code, { extensions: { code } })
}
const manages = (role) => role === 'OWNER' || role === 'ADMIN'

/** Who is asking, read anew for every request as latchkey does, and fresh loaders. */
export async function context(authorization) {
  const token = authorization?.startsWith('Bearer ') ? authorization.slice(7) : null
  const hash = token && new Binary(createHash('sha256').update(token).digest())
  const session = hash && (await c.sessions.findOne({ _id: hash }))
  const now = new Date()
  const viewer = session && now < session.idle_until && now < session.expires_at ? session.user_id : null
  const [mine, over] = viewer
    ? await Promise.all([
        c.account_members.find({ user_id: viewer }, { projection: place, batchSize: 100_000 }).toArray(),
        c.portfolio_members.find({ user_id: viewer }, { projection: portfolioPlace, batchSize: 100_000 }).toArray()
      ])
    : [[], []]
  return {
    viewer,
    mine: new Map(mine.map((p) => [hex(p.account_id), p.role])),
    over: new Map(over.map((p) => [hex(p.portfolio_id), p.role])),
    users: byId('users', { email: 1, name: 1, 'mfa.enabled_at': 1 }),
    accounts: byId('accounts'),
    portfolios: byId('portfolios'),
    places: new DataLoader(async (ids) => {
      const found = await c.account_members
        .find({ user_id: { $in: ids } }, { projection: place, batchSize: 100_000 })
        .toArray()
      const map = new Map(ids.map((id) => [hex(id), []]))
      for (const p of found) map.get(hex(p.user_id)).push(p)
      return ids.map((id) => map.get(hex(id)))
    }, options)
  }
}

const seesPlace = (ctx, p) =>
  ctx.mine.has(hex(p.account_id)) || (p.portfolio_id && manages(ctx.over.get(hex(p.portfolio_id)))) || p.user_id.equals(ctx.viewer)
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0)

export const resolvers = {
  Query: {
    account: async (_, { id }, ctx) => {
      if (!ctx.viewer) fail('UNAUTHENTICATED')
      const account = await ctx.accounts.load(readId(id))
      const seen = account && (ctx.mine.has(hex(account._id)) || (account.portfolio_id && ctx.over.has(hex(account.portfolio_id))))
      return seen ? account : null
    },
    viewer: (_, args, ctx) => (ctx.viewer ? {} : null)
  },
  Viewer: {
    user: (_, args, ctx) => ctx.users.load(ctx.viewer),
    accounts: async (_, { first }, ctx) => {
      const found = await ctx.accounts.loadMany([...ctx.mine.keys()].map((id) => new UUID(id)))
      found.sort((a, b) => compare(a.name_key, b.name_key) || compare(hex(a._id), hex(b._id)))
      return { edges: found.slice(0, first ?? 25).map((node) => ({ node, role: ctx.mine.get(hex(node._id)) })) }
    }
  },
  Account: {
    id: (a) => textId('account', a._id),
    portfolio: (a, _, ctx) => (a.portfolio_id ? ctx.portfolios.load(a.portfolio_id) : null),
    users: async (account, args, ctx) => {
      if (!ctx.mine.has(hex(account._id))) fail('FORBIDDEN')
      const n = Math.min(Math.max(args.first ?? 25, 0), 100)
      const page = await c.account_members
        .find({ account_id: account._id }, { projection: row, sort: { name_key: 1, user_id: 1 }, limit: n + 1, batchSize: n + 2 })
        .toArray()
      const more = page.length > n
      if (more) page.length = n
      return { account, page, more }
    }
  },
  Portfolio: { id: (p) => textId('portfolio', p._id) },
  AccountUserConnection: {
    totalCount: (o) => o.account.member_count,
    edges: (o) => o.page,
    pageInfo: (o) => ({ hasNextPage: o.more, endCursor: o.page.length ? cursor(o.page.at(-1)) : null })
  },
  AccountUserEdge: { cursor, node: (p, _, ctx) => ctx.users.load(p.user_id) },
  User: {
    id: (u) => textId('user', u._id),
    mfa: async (u, _, ctx) => {
      // Oneself, and whoever manages the person.
      if (!u._id.equals(ctx.viewer)) {
        const places = await ctx.places.load(u._id)
        const managed = places.some(
          (p) => manages(ctx.mine.get(hex(p.account_id))) || (p.portfolio_id && manages(ctx.over.get(hex(p.portfolio_id))))
        )
        if (!managed) fail('FORBIDDEN')
      }
      return { enabled: !!u.mfa }
    },
    memberships: async (u, _, ctx) => {
      const visible = (await ctx.places.load(u._id)).filter((p) => seesPlace(ctx, p))
      const accounts = await ctx.accounts.loadMany(visible.map((p) => p.account_id))
      return visible
        .map((p, i) => ({ role: p.role, account: accounts[i] }))
        .sort((a, b) => compare(a.account.name_key, b.account.name_key) || compare(hex(a.account._id), hex(b.account._id)))
        .slice(0, 100)
    }
  }
}

function cursor(p) {
  return Buffer.from(JSON.stringify([1, 'au', ['n', p.name_key, textId('user', p.user_id)]])).toString('base64url')
}
