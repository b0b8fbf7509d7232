// A Hey ORAC, written from the page of the wire and not from our client, so that a misreading is not on both sides. It uses nothing
// but Node. It prints what it was told, as one object of JSON.
//
//   node peer.mjs http://host:7272 [token]
import http from 'node:http'
import crypto from 'node:crypto'

const [base, token] = process.argv.slice(2)
const auth = token ? { authorization: `Bearer ${token}` } : {}

// sound is so many seconds of a tone, 16 kHz, 16 bits, mono.
function sound(seconds) {
  const pcm = Buffer.alloc(Math.round(seconds * 16000) * 2)
  for (let i = 0; i < pcm.length / 2; i++) pcm.writeInt16LE(Math.round(8000 * Math.sin(i / 8)), 2 * i)
  return pcm
}

function wav(pcm) {
  const h = Buffer.alloc(44)
  h.write('RIFF', 0); h.writeUInt32LE(36 + pcm.length, 4); h.write('WAVEfmt ', 8); h.writeUInt32LE(16, 16)
  h.writeUInt16LE(1, 20); h.writeUInt16LE(1, 22); h.writeUInt32LE(16000, 24); h.writeUInt32LE(32000, 28)
  h.writeUInt16LE(2, 32); h.writeUInt16LE(16, 34); h.write('data', 36); h.writeUInt32LE(pcm.length, 40)
  return Buffer.concat([h, pcm])
}

async function json(path, options = {}) {
  const res = await fetch(base + path, { ...options, headers: { ...auth, ...options.headers } })
  return { status: res.status, retry: res.headers.get('retry-after'), body: await res.json() }
}

function oneShot(topic, pcm, query = '') {
  const form = new FormData()
  form.set('file', new Blob([wav(pcm)], { type: 'audio/wav' }), 'audio.wav')
  form.set('forward_to_core', 'nonsense') // a field of the form is ignored; only the query counts
  return json(`/stt/v1/stream/${topic}${query}`, { method: 'POST', body: form, headers: { 'x-wake-word-time': '2026-01-17T09:00:00.123456' } })
}

// frame is a message of a client (RFC 6455, 5.2), masked.
function frame(opcode, payload) {
  const n = payload.length, mask = crypto.randomBytes(4)
  const head = n < 126 ? Buffer.from([0x80 | opcode, 0x80 | n]) : Buffer.from([0x80 | opcode, 0x80 | 126, n >> 8, n & 255])
  const body = Buffer.from(payload)
  for (let i = 0; i < n; i++) body[i] ^= mask[i % 4]
  return Buffer.concat([head, mask, body])
}

// stream sends an utterance over a WebSocket, and resolves with the messages that came and the code of the close.
function stream(topic, pcm) {
  return new Promise((resolve, reject) => {
    const key = crypto.randomBytes(16).toString('base64')
    const req = http.request(`${base}/stt/v1/ws/stream/${topic}`, {
      headers: { ...auth, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': key },
    })
    req.on('response', res => { res.resume(); resolve({ refused: res.statusCode }) })
    req.on('error', reject)
    req.on('upgrade', (res, socket, first) => {
      const proof = crypto.createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
      if (res.headers['sec-websocket-accept'] !== proof) return reject(new Error('no proof of the WebSocket'))
      const messages = []
      let got = first
      const read = chunk => {
        got = Buffer.concat([got, chunk])
        for (;;) {
          if (got.length < 2) return
          let n = got[1] & 127, at = 2
          if (n === 126) { if (got.length < 4) return; n = got.readUInt16BE(2); at = 4 }
          if (got.length < at + n) return
          const opcode = got[0] & 15, payload = got.subarray(at, at + n)
          got = got.subarray(at + n)
          if (opcode === 1) messages.push(JSON.parse(payload.toString()))
          if (opcode === 8) {
            socket.write(frame(8, payload))
            socket.end()
            return resolve({ messages, code: payload.readUInt16BE(0) })
          }
        }
      }
      socket.on('data', read)
      socket.on('error', reject)
      const text = o => socket.write(frame(1, Buffer.from(JSON.stringify(o))))
      text({ type: 'config', wake_word_time: '2026-01-17T09:00:00.123456' })
      text({ type: 'ping' })
      for (let i = 0; i < pcm.length; i += 2560) socket.write(frame(2, pcm.subarray(i, i + 2560)))
      text({ type: 'end' })
      read(Buffer.alloc(0))
    })
    req.end()
  })
}

const beat = {
  instance_id: 'hey-orac-node', source: 'hey_orac', timestamp: '2026-01-17T09:00:00Z',
  models: [{ name: 'hey_jarvis', topic: 'general', type: 'wake_word', status: 'active', wake_word: 'hey jarvis', trigger_count: 3,
    last_triggered: null, metadata: { wake_word: 'hey jarvis', trigger_phrase: 'hey jarvis', sensitivity: 0.5 } }],
  metrics: { activations_1h: 3, last_activation: '2026-01-17T08:58:00Z' },
}

console.log(JSON.stringify({
  health: await json('/stt/v1/health'),
  preload: await json('/stt/v1/preload', { method: 'POST' }),
  beat: await json('/stt/v1/heartbeat', { method: 'POST', body: JSON.stringify(beat), headers: { 'content-type': 'application/json' } }),
  beats: await json('/stt/v1/heartbeat/status'),
  once: await oneShot('general', sound(1), '?language=en'),
  long: await oneShot('general', sound(15.1)),
  missing: await json('/stt/v1/stream', { method: 'POST', body: new FormData() }),
  stream: await stream('kitchen', sound(2)),
}))
