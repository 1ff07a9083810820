// One run of load against one server: node load.mjs '{"url", "requests", "connections", "seconds", "rate"?, "once"?, "expect"?}'.
// Prints a line of JSON.
//
// Without a rate it is a closed loop: each connection asks again as soon as it has its answer. With one, requests are due at
// random moments (Poisson, the same ones for every server), whether or not the server keeps up, and a latency counts from the
// moment at which its request was due: time spent in a queue counts, whoever's queue it is. Requests are taken in turn; with
// "once" each is sent at most once, and the run ends when they are used up. An answer without "expect" is a failure.
//
// The client is a socket and forty lines, so that it takes as little as possible of the processor that it shares with what it
// measures.
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'

/** How long answers are waited for when the time is over; what is unanswered then is late, and counts as so slow. */
const GRACE_MS = 10_000

const asked = JSON.parse(process.argv[2])
const { hostname, port } = new URL(asked.url)
const expect = asked.expect ?? '"data":{'
const requests = JSON.parse(readFileSync(asked.requests, 'utf8')).map(({ token, body }) =>
  Buffer.from(
    `POST /graphql HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\naccept: application/json\r\n` +
      `${token ? `authorization: Bearer ${token}\r\n` : ''}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
)

const latencies = []
let [next, failed, late, why] = [0, 0, 0, null]
const take = () => (asked.once && next >= requests.length ? null : requests[next++ % requests.length])

function fail(reason) {
  failed++
  why ??= reason
}

/** One connection with one request at a time. */
class Connection {
  constructor() {
    this.answered = null
    this.#open()
  }

  #open() {
    this.chunks = []
    this.socket = createConnection({ host: hostname, port: Number(port), noDelay: true })
    this.socket.on('data', (chunk) => this.#read(chunk))
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.socket = null
      this.#end('the connection was closed')
    })
  }

  send(request, answered) {
    if (!this.socket) this.#open()
    this.chunks = []
    this.head = null
    this.answered = answered
    this.socket.write(request)
  }

  #end(problem) {
    const answered = this.answered
    this.answered = null
    answered?.(problem)
  }

  #read(chunk) {
    this.chunks.push(chunk)
    this.length = (this.length ?? 0) + chunk.length
    if (!this.head) {
      const seen = this.chunks.length > 1 ? Buffer.concat(this.chunks) : chunk
      const end = seen.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = seen.latin1Slice(0, end).toLowerCase()
      const size = /\r\ncontent-length: *(\d+)/.exec(text)
      this.chunks = [seen]
      this.head = { status: Number(text.slice(9, 12)), size: size ? end + 4 + Number(size[1]) : null }
      this.length = seen.length
    }
    const { status, size } = this.head
    const tail = size === null && Buffer.concat(this.chunks.slice(-2)).latin1Slice(-5)
    const whole = size === null ? tail === '0\r\n\r\n' : this.length >= size
    if (!whole) return
    const answer = this.chunks.length > 1 ? Buffer.concat(this.chunks) : this.chunks[0]
    const right = status === 200 && answer.includes(expect) && !answer.includes('"errors":')
    this.#end(right ? null : `${status}: ${answer.utf8Slice(answer.indexOf('\r\n\r\n') + 4).slice(0, 300)}`)
  }
}

const connections = Array.from({ length: asked.connections }, () => new Connection())
const started = performance.now()
const finish = started + asked.seconds * 1000

async function closedLoop() {
  const loop = (connection) =>
    new Promise((resolve) => {
      const go = () => {
        const request = performance.now() < finish ? take() : null
        if (!request) return resolve()
        const at = performance.now()
        connection.send(request, (problem) => {
          if (problem) fail(problem)
          else latencies.push(performance.now() - at)
          if (problem) setTimeout(go, 50)
          else go()
        })
      }
      go()
    })
  const all = Promise.all(connections.map(loop))
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, asked.seconds * 1000 + GRACE_MS))])
  const stuck = connections.filter((connection) => connection.answered).length
  late += stuck
  for (let at = 0; at < stuck; at++) latencies.push(GRACE_MS)
  return (performance.now() - started) / 1000
}

async function openLoop() {
  let seed = 20260101
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const due = []
  for (let at = started; ; ) {
    at += (-Math.log(1 - random()) / asked.rate) * 1000
    if (at >= finish) break
    due.push(at)
  }
  const idle = [...connections]
  const waiting = []
  let [sent, outstanding] = [0, 0]
  const start = (at) => {
    const connection = idle.pop()
    if (!connection) return waiting.push(at)
    connection.send(take(), (problem) => {
      outstanding--
      if (problem) fail(problem)
      else latencies.push(performance.now() - at)
      idle.push(connection)
      if (waiting.length) start(waiting.shift())
    })
  }
  await new Promise((resolve) => {
    const tick = setInterval(() => {
      const now = performance.now()
      while (sent < due.length && due[sent] <= now) {
        outstanding++
        start(due[sent++])
      }
      if ((sent === due.length && outstanding === 0) || now > finish + GRACE_MS) {
        clearInterval(tick)
        resolve()
      }
    }, 1)
  })
  late += outstanding
  for (let at = 0; at < outstanding; at++) latencies.push(GRACE_MS)
  return asked.seconds
}

const seconds = asked.rate ? await openLoop() : await closedLoop()
latencies.sort((a, b) => a - b)
const at = (share) => Number((latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))] ?? 0).toFixed(2))
const spent = process.cpuUsage()
console.log(
  JSON.stringify({
    done: latencies.length - late,
    failed,
    late,
    why,
    seconds,
    p50: at(0.5),
    p99: at(0.99),
    p99_9: at(0.999),
    load_cpu: (spent.user + spent.system) / 1e6
  })
)
process.exit(0)
