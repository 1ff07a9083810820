// Many live subscriptions with resets flowing: node watch.mjs '{"url", "watchers": [{token, account}], "count", "resets", "rate",
// "seconds"}'. Opens `count` sockets, one subscription each, spread over the watchers; says "ready" and waits for a line; then asks
// for `rate` resets a second, each of a person of a watched account, and prints a line of JSON: how long after each request each
// subscriber of that account was told.
import { readFileSync } from 'node:fs'
import WebSocket from 'ws'

const asked = JSON.parse(process.argv[2])
const resets = JSON.parse(readFileSync(asked.resets, 'utf8'))
const QUERY = 'subscription Watch($id: ID!) { mfaResetChanged(accountId: $id) { id state } }'
/** How long the last news are waited for. */
const SETTLE_MS = 15_000

/** By reset: when each subscriber of it was first told. */
const told = new Map()
const subscribers = new Map(asked.watchers.map(({ account }) => [account, 0]))
let [closed, messages, why] = [0, 0, null]

function open(number) {
  const { token, account } = asked.watchers[number % asked.watchers.length]
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(asked.url.replace('http', 'ws') + '/graphql/ws', 'graphql-transport-ws', { perMessageDeflate: false })
    const give = setTimeout(() => reject(new Error('a socket did not open within 30 s')), 30_000)
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }))
    )
    socket.on('error', reject)
    socket.on('close', (code, reason) => {
      closed++
      why ??= `${code} ${reason}`
    })
    socket.on('message', (data) => {
      const message = JSON.parse(data)
      if (message.type === 'connection_ack') {
        const payload = { query: QUERY, variables: { id: account } }
        socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload }))
        // Answered in order: whoever has the pong is subscribed or was refused.
        socket.send(JSON.stringify({ type: 'ping' }))
      } else if (message.type === 'pong') {
        clearTimeout(give)
        subscribers.set(account, subscribers.get(account) + 1)
        resolve(socket)
      } else if (message.type === 'ping') {
        socket.send(JSON.stringify({ type: 'pong' }))
      } else if (message.type === 'next' && message.payload.data?.mfaResetChanged) {
        messages++
        const { id } = message.payload.data.mfaResetChanged
        if (!told.has(id)) told.set(id, new Map())
        const seen = told.get(id)
        if (!seen.has(number)) seen.set(number, performance.now())
      } else {
        closed++
        why ??= data.toString().slice(0, 300)
      }
    })
  })
}

const sockets = []
for (let at = 0; at < asked.count; at += 50)
  sockets.push(...(await Promise.all(Array.from({ length: Math.min(50, asked.count - at) }, (_, more) => open(at + more)))))
// Subscribing itself takes some commands after the pong.
await new Promise((resolve) => setTimeout(resolve, 2000))
console.log('ready')
await new Promise((resolve) => process.stdin.once('data', resolve))

const sent = []
let refused = 0
const started = performance.now()
for (let number = 0; number < asked.rate * asked.seconds; number++) {
  const due = started + (number * 1000) / asked.rate
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
  const { token, body, account } = resets[number % resets.length]
  const at = performance.now()
  sent.push(
    fetch(asked.url + '/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body,
      signal: AbortSignal.timeout(SETTLE_MS)
    })
      .then((answer) => answer.json())
      .then((answer) => {
        const id = answer.data?.resetUserMfa?.mfaReset?.id
        if (id) return { id, at, account }
        throw new Error(JSON.stringify(answer).slice(0, 300))
      })
      .catch((error) => {
        refused++
        why ??= error.message
        return null
      })
  )
}
const asks = (await Promise.all(sent)).filter((ask) => ask)
const expected = asks.reduce((sum, { account }) => sum + subscribers.get(account), 0)
/** Who was told of a reset of the account that they watch. People are in several accounts: others are told as well. */
const tellings = () =>
  asks.flatMap(({ id, at, account }) =>
    [...(told.get(id) ?? [])]
      .filter(([number]) => asked.watchers[number % asked.watchers.length].account === account)
      .map(([, when]) => when - at)
  )
while (tellings().length < expected && performance.now() < started + asked.seconds * 1000 + SETTLE_MS)
  await new Promise((resolve) => setTimeout(resolve, 100))
const latencies = tellings().sort((a, b) => a - b)
const at = (share) => Number((latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0).toFixed(1))
console.log(
  JSON.stringify({
    subscriptions: sockets.length,
    resets: asks.length,
    failed: refused + closed,
    why,
    expected,
    told: latencies.length,
    messages,
    p50: at(0.5),
    p99: at(0.99),
    worst: at(1),
    seconds: Number(((performance.now() - started) / 1000).toFixed(2))
  })
)
process.exit(0)
