// One run of load against one server: node load.mjs '{"url", "requests", "connections", "seconds", "rate"?}'. Prints a line
// of JSON. With a rate, latencies count from when a request was due, not from when it could be sent.
import autocannon from 'autocannon'
import { readFileSync } from 'node:fs'

const asked = JSON.parse(process.argv[2])
const requests = JSON.parse(readFileSync(asked.requests, 'utf8'))
const cpu = process.cpuUsage()
const result = await autocannon({
  url: asked.url,
  connections: asked.connections,
  duration: asked.seconds,
  timeout: 30,
  requests: requests.map(({ token, body }) => ({
    method: 'POST',
    path: '/graphql',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${token}` },
    body
  })),
  ...(asked.rate && { overallRate: asked.rate })
})
const spent = process.cpuUsage(cpu)
const { latency } = result
console.log(
  JSON.stringify({
    done: result['2xx'],
    failed: result.non2xx + result.errors + result.timeouts,
    seconds: result.duration,
    p50: latency.p50,
    p99: latency.p99,
    p99_9: latency.p99_9,
    load_cpu: (spent.user + spent.system) / 1e6
  })
)
