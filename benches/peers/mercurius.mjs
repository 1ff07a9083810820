// The fastest of Node's: Fastify with Mercurius and its just-in-time compiler switched on.
import Fastify from 'fastify'
import { makeExecutableSchema } from '@graphql-tools/schema'
import mercurius from 'mercurius'
import { context, port, resolvers, typeDefs } from './core.mjs'

const app = Fastify()
app.register(mercurius, {
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  context: (request) => context(request.headers.authorization),
  jit: 1
})
await app.listen({ port, host: '127.0.0.1' })
