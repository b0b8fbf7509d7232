// A client of Wyoming services, written from the description of the protocol and not from ORAC's code: the tests of the services
// use it. usage: node client.mjs PORT… SUITE; it prints a line for each case, and fails if one does.
import net from "node:net";

// Connection reads events and writes them.
export class Connection {
  constructor(port, host = "127.0.0.1", from) {
    this.events = []; this.waiting = []; this.buffer = Buffer.alloc(0); this.closed = false;
    this.socket = net.connect({ port, host, localAddress: from, noDelay: true });
    this.socket.on("data", (d) => { this.buffer = Buffer.concat([this.buffer, d]); this.parse(); });
    this.socket.on("error", () => {});
    this.socket.on("close", () => { this.closed = true; this.wake(); });
  }
  parse() {
    for (;;) {
      const end = this.buffer.indexOf(10);
      if (end < 0) return;
      const header = JSON.parse(this.buffer.subarray(0, end).toString("utf8"));
      const dataLength = header.data_length ?? 0, payloadLength = header.payload_length ?? 0;
      const total = end + 1 + dataLength + payloadLength;
      if (this.buffer.length < total) return;
      const block = dataLength ? JSON.parse(this.buffer.subarray(end + 1, end + 1 + dataLength).toString("utf8")) : {};
      if (header.data_length === 0 || header.payload_length === 0) throw new Error("an empty part must leave its length out");
      this.events.push({ type: header.type, data: { ...(header.data ?? {}), ...block }, payload: this.buffer.subarray(end + 1 + dataLength, total) });
      this.buffer = this.buffer.subarray(total);
      this.wake();
    }
  }
  wake() { for (const w of this.waiting.splice(0)) w(); }
  raw(bytes) { this.socket.write(bytes); return this; }
  // send writes an event with its data as a block, or inline in the header.
  send(type, data, payload, inline = false) {
    const header = { type, version: "1.9.0" };
    const block = data && !inline ? Buffer.from(JSON.stringify(data)) : Buffer.alloc(0);
    if (data && inline) header.data = data;
    if (block.length) header.data_length = block.length;
    if (payload?.length) header.payload_length = payload.length;
    return this.raw(Buffer.concat([Buffer.from(JSON.stringify(header) + "\n"), block, payload ?? Buffer.alloc(0)]));
  }
  // next returns the next event; null: the service has closed the connection.
  async next() {
    for (;;) {
      if (this.events.length) return this.events.shift();
      if (this.closed) return null;
      await new Promise((done) => this.waiting.push(done));
    }
  }
  async until(type) {
    for (const seen = []; ;) {
      const e = await this.next();
      if (!e) throw new Error(`closed while waiting for ${type}; seen: ${JSON.stringify(seen)}`);
      seen.push([e.type, e.data]);
      if (e.type === type) return { ...e, seen };
    }
  }
  async gone() { while (await this.next()); }
  close() { this.socket.destroy(); }
}

export const format = (rate = 16000, width = 2, channels = 1) => ({ rate, width, channels });

// pcm is sound of which each sample has one value.
export function pcm(samples, value, { width = 2, channels = 1 } = {}) {
  const b = Buffer.alloc(samples * width * channels);
  for (let i = 0; i < samples * channels; i++) b.writeIntLE(width === 1 ? value >> 8 : value * 256 ** (width - 2), i * width, width);
  return b;
}

export function sound(c, bytes, f = format(), { size = 2048, timed = false } = {}) {
  let ms = 0;
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    c.send("audio-chunk", timed ? { ...f, timestamp: Math.round(ms) } : f, chunk);
    ms += chunk.length / (f.width * f.channels) / f.rate * 1000;
  }
}

// dictate asks for the text of a sound as Home Assistant does.
export function dictate(c, bytes, f = format(), options = {}) {
  c.send("transcribe", { name: null, language: options.language ?? "en" });
  c.send("audio-start", f);
  sound(c, bytes, f, options);
  c.send("audio-stop", {});
}

export function check(ok, what) { if (!ok) throw new Error(what); }
export function same(got, want, what) { check(JSON.stringify(got) === JSON.stringify(want), `${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`); }

// run runs cases side by side, or one after the other, each with a limit that only a failure reaches.
export async function run(cases, { serial = false } = {}) {
  let failed = false;
  const one = async ([name, f]) => {
    const late = new Promise((_, no) => setTimeout(() => no(new Error("it took more than 20 s")), 20000).unref());
    try { await Promise.race([f(), late]); console.log(`ok ${name}`); } catch (e) { failed = true; console.log(`FAIL ${name}: ${e.message}`); }
  };
  if (serial) for (const c of Object.entries(cases)) await one(c); else await Promise.all(Object.entries(cases).map(one));
  process.exit(failed ? 1 : 0);
}
