// Two servers on one port, written from the pages of their makers and not from our client, so that a misreading is not on both
// sides: OpenAI's interface (platform.openai.com/docs/api-reference/audio/createTranscription) and the server of whisper.cpp
// (examples/server/README.md). Forms are read by Node's own parser. What was received comes back as the text.
import http from 'node:http'

const key = 'sk-test'

// wav reads the header as RIFF has it, and returns the sound's length in seconds.
function wav(b) {
  if (b.toString('latin1', 0, 4) !== 'RIFF' || b.toString('latin1', 8, 16) !== 'WAVEfmt ') throw new Error('Invalid file format.')
  const data = b.indexOf('data')
  const [format, channels, rate, bits] = [b.readUInt16LE(20), b.readUInt16LE(22), b.readUInt32LE(24), b.readUInt16LE(34)]
  if (format !== 1 || channels !== 1 || rate !== 16000 || bits !== 16 || b.readUInt32LE(4) !== b.length - 8) throw new Error('Invalid file format.')
  if (b.readUInt32LE(data + 4) !== b.length - data - 8) throw new Error('The file is cut off.')
  return b.readUInt32LE(data + 4) / 2 / rate
}

async function form(req) {
  const parts = []
  for await (const p of req) parts.push(p)
  return await new Response(Buffer.concat(parts), { headers: { 'content-type': req.headers['content-type'] ?? '' } }).formData()
}

async function heard(f, names) {
  for (const k of f.keys()) if (k !== 'file' && !names.includes(k)) throw new Error(`Unknown parameter: '${k}'.`)
  const file = f.get('file')
  if (typeof file !== 'object' || !file?.name) throw new Error('file is required')
  const seconds = wav(Buffer.from(await file.arrayBuffer()))
  return { seconds, text: [file.name, file.type, seconds, ...names.map(n => f.get(n) ?? '-')].join(' ') }
}

const server = http.createServer(async (req, res) => {
  const answer = (status, body, headers = {}) => {
    res.writeHead(status, { 'content-type': 'application/json', ...headers })
    res.end(typeof body === 'string' ? body : JSON.stringify(body))
  }
  const bad = (status, message, headers) => answer(status, { error: { message, type: 'invalid_request_error', param: null, code: null } }, headers)
  const url = new URL(req.url, 'http://x')
  if (req.method === 'GET' && url.pathname === '/') return answer(200, '<html>Whisper.cpp Server</html>', { 'content-type': 'text/html' })
  if (req.method === 'POST' && url.pathname === '/inference') {
    try {
      const h = await heard(await form(req), ['response_format', 'language', 'prompt'])
      return answer(200, { text: ' ' + h.text + '\n' })
    } catch (e) {
      return answer(200, { error: e.message }) // as that server does
    }
  }
  if (!url.pathname.startsWith('/v1/')) return bad(404, 'Not found')
  if (req.headers.authorization !== `Bearer ${key}`) return bad(401, `Incorrect API key provided: ${req.headers.authorization ?? ''}.`)
  if (req.method === 'GET' && url.pathname === '/v1/models') return answer(200, { object: 'list', data: [{ id: 'whisper-1', object: 'model' }] })
  if (req.method !== 'POST' || url.pathname !== '/v1/audio/transcriptions') return bad(404, `Invalid URL (${req.method} ${url.pathname})`)
  try {
    const f = await form(req)
    const [model, format] = [f.get('model'), f.get('response_format') ?? 'json']
    if (model === 'limited') return bad(429, 'Rate limit reached', { 'retry-after': '7' })
    if (model !== 'whisper-1' && model !== 'gpt-4o-transcribe') return bad(404, `The model \`${model}\` does not exist`)
    if (model !== 'whisper-1' && format !== 'json') return bad(400, `response_format '${format}' is not compatible with model '${model}'.`)
    const h = await heard(f, ['model', 'language', 'prompt', 'response_format'])
    if (format === 'json') return answer(200, { text: h.text, usage: { type: 'duration', seconds: Math.ceil(h.seconds) } })
    answer(200, {
      task: 'transcribe', language: 'english', duration: h.seconds, text: h.text,
      segments: [
        { id: 0, seek: 0, start: 0, end: h.seconds / 2, text: h.text, tokens: [50364], temperature: 0, avg_logprob: Math.log(0.9), compression_ratio: 1.2, no_speech_prob: 0 },
        { id: 1, seek: 0, start: h.seconds / 2, end: h.seconds, text: '', tokens: [], temperature: 0, avg_logprob: Math.log(0.5), compression_ratio: 1.2, no_speech_prob: 0.2 },
      ],
    })
  } catch (e) {
    bad(400, e.message)
  }
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.on('end', () => process.exit(0)).resume()
