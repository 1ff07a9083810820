import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { context, port, resolvers, typeDefs } from './core.mjs'

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context: ({ request }) => context(request.headers.get('authorization')),
  logging: false,
  graphiql: false
})
createServer(yoga).listen(port, '127.0.0.1')
