// A Wyoming speech-to-text service, written from the description of the protocol and not from our client, so that a misreading is
// not on both sides. It answers with what it received: the language, the seconds of sound, and how many chunks it came in.
import net from 'node:net'

function send(c, type, data) {
  const block = data ? Buffer.from(JSON.stringify(data)) : Buffer.alloc(0)
  const header = { type, version: '1.9.0' }
  if (block.length) header.data_length = block.length
  c.write(Buffer.concat([Buffer.from(JSON.stringify(header) + '\n'), block]))
}

const attribution = { name: 'test', url: 'https://example.org' }

net.createServer(c => {
  let buffer = Buffer.alloc(0), language = '-', bytes = 0, chunks = 0, format = null
  const handle = (e, data, payload) => {
    switch (e.type) {
      case 'describe':
        return send(c, 'info', { asr: [{ name: 'test', attribution, installed: true, models: [{ name: 'm', attribution, installed: true, languages: ['en'] }] }], tts: [], wake: [], handle: [], intent: [], mic: [], snd: [] })
      case 'transcribe':
        language = data.language ?? '-'
        return send(c, 'some-new-event', { later: true })
      case 'audio-start':
        format = data
        return send(c, 'ping', { text: 'p' })
      case 'pong':
        if (data.text !== 'p') c.destroy()
        return
      case 'audio-chunk':
        if (!format || data.rate !== format.rate || data.width !== 2 || data.channels !== 1 || payload.length % 2) return c.destroy()
        bytes += payload.length
        chunks++
        return
      case 'audio-stop': {
        const seconds = bytes / 2 / format.rate
        if (language === 'xx') return send(c, 'error', { text: 'no such language', code: 'bad' })
        const text = seconds < 0.2 ? '' : ` ${language} ${seconds} s\n`
        send(c, 'transcript-start', { language: 'en' })
        send(c, 'transcript-chunk', { text })
        send(c, 'transcript', { text, language: null })
        send(c, 'transcript-stop')
      }
    }
  }
  c.on('error', () => {})
  c.on('data', d => {
    buffer = Buffer.concat([buffer, d])
    for (;;) {
      const line = buffer.indexOf(10)
      if (line < 0) return
      const e = JSON.parse(buffer.subarray(0, line).toString())
      const [n, m] = [e.data_length ?? 0, e.payload_length ?? 0]
      if (buffer.length < line + 1 + n + m) return
      const data = { ...(e.data ?? {}), ...(n ? JSON.parse(buffer.subarray(line + 1, line + 1 + n).toString()) : {}) }
      handle(e, data, buffer.subarray(line + 1 + n, line + 1 + n + m))
      buffer = buffer.subarray(line + 1 + n + m)
    }
  })
}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })
process.stdin.on('end', () => process.exit(0)).resume()
