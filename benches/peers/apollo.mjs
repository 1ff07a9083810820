import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'
import { context, port, resolvers, typeDefs } from './core.mjs'

const server = new ApolloServer({ typeDefs, resolvers })
await startStandaloneServer(server, {
  listen: { port, host: '127.0.0.1' },
  context: ({ req }) => context(req.headers.authorization)
})
