// What clients of speech to text see. The engine of the test says how long the sound is, unless its first sample asks for something
// else: 2000 fails, 3000 hangs until another sound begins with 4000.
import { Connection, check, dictate, format, pcm, run, same, sound } from "./client.mjs";

const port = Number(process.argv[2]);
const open = () => new Connection(port);
const kinds = (e) => e.seen.map(([type]) => type);

async function text(c) { return (await c.until("transcript")).data.text; }

await run({
  async describe() {
    const c = open();
    for (let i = 0; i < 3; i++) c.send("describe");
    for (let i = 0; i < 3; i++) {
      const { data } = await c.until("info");
      const [asr] = data.asr;
      for (const a of [asr, ...asr.models]) check(a.name && a.attribution && typeof a.attribution.url === "string" && a.installed === true, `an artifact lacks what clients require: ${JSON.stringify(a)}`);
      same(asr.models[0].languages, ["en"], "languages");
      check(asr.supports_transcript_streaming === true, "it streams transcripts");
      for (const list of ["tts", "wake", "handle", "intent", "mic", "snd"]) same(data[list], [], list);
      check(data.satellite === undefined, "it is no satellite");
    }
    c.close();
  },
  async "as Home Assistant does"() {
    const c = open();
    dictate(c, pcm(16000 * 3, 1000));
    const e = await c.until("transcript");
    same(kinds(e), ["transcript-start", "transcript-chunk", "transcript"], "order");
    same(e.data.text, "3.0 s", "text");
    same((await c.next()).type, "transcript-stop", "the end");
    c.close();
  },
  async "several requests on one connection, in their order"() {
    const c = open();
    for (const s of [1, 2, 3]) dictate(c, pcm(16000 * s, 1000));
    same([await text(c), await text(c), await text(c)], ["1.0 s", "2.0 s", "3.0 s"], "texts");
    c.close();
  },
  async "data inline, nulls, unknown keys and events"() {
    const c = open();
    c.send("transcribe", { name: null, language: null, mood: [1] }, undefined, true);
    c.send("future-event", { a: 1 }, Buffer.from("payload"));
    c.send("synthesize", { text: "not for this service" });
    c.send("audio-start", { ...format(), timestamp: null }, undefined, true);
    c.send("audio-chunk", { ...format(), timestamp: 12.5 }, pcm(16000, 1000), true);
    c.send("audio-stop", { timestamp: null });
    same(await text(c), "1.0 s", "text");
    c.close();
  },
  async "other formats"() {
    for (const [rate, width, channels] of [[8000, 2, 1], [44100, 2, 2], [48000, 4, 1], [16000, 3, 2], [22050, 2, 1], [16000, 1, 1]]) {
      const c = open();
      dictate(c, pcm(rate * 2, 1024, { width, channels }), format(rate, width, channels), { size: 1200 });
      same(await text(c), "2.0 s", `${rate}/${width}/${channels}`);
      c.close();
    }
  },
  async "one chunk of 4 MiB"() {
    const c = open();
    c.send("audio-chunk", format(48000, 4, 1), pcm(1 << 20, 1000, { width: 4 }));
    c.send("audio-stop");
    const e = await c.until("transcript");
    same(e.data.text, "10.1 s 11.7 s", "text");
    c.close();
  },
  async "long sound in pieces"() {
    const c = open();
    const parts = [pcm(16000 * 12, 1000), pcm(3200, 0), pcm(16000 * 8, 1000)];
    dictate(c, Buffer.concat(parts));
    const e = await c.until("transcript");
    same(kinds(e), ["transcript-start", "transcript-chunk", "transcript-chunk", "transcript"], "order");
    same(e.data.text, "12.1 s 8.1 s", "text");
    same(e.seen.filter(([type]) => type === "transcript-chunk").map(([, d]) => d.text).join(""), e.data.text, "the chunks together");
    c.close();
  },
  async "sound beyond the limit is ignored"() {
    const c = open();
    dictate(c, pcm(16000 * 45, 1000), format(), { size: 64000 });
    const seconds = (await text(c)).split(" s").reduce((sum, s) => sum + Number(s), 0);
    check(Math.abs(seconds - 30) < 0.2, `it understood ${seconds} s, want 30`);
    c.close();
  },
  async "more bytes than allowed"() {
    const c = open();
    c.send("audio-start", format());
    for (let i = 0; i < 120 && !c.closed; i++) c.send("audio-chunk", format(), pcm(30000, 1000));
    await c.until("error");
    await c.gone();
  },
  async "nothing was said"() {
    for (const samples of [0, 1]) {
      const c = open();
      dictate(c, pcm(samples, 1000));
      same(await text(c), samples ? "0.0 s" : "", "text");
      c.close();
    }
  },
  async "a failing engine"() {
    const c = open();
    dictate(c, pcm(16000, 2000));
    const e = await c.until("transcript");
    same(kinds(e), ["error", "transcript"], "order");
    same(e.data.text, "", "text");
    check(e.seen[0][1].text.includes("broken") && e.seen[0][1].code === "stt-stream-failed", JSON.stringify(e.seen[0]));
    dictate(c, pcm(16000, 1000));
    same(await text(c), "1.0 s", "the next request");
    c.close();
  },
  async "another language"() {
    const c = open();
    dictate(c, pcm(16000, 1000), format(), { language: "de-DE" });
    const e = await c.until("transcript");
    same([kinds(e), e.data.text], [["error", "transcript"], ""], "answer");
    dictate(c, pcm(16000, 1000), format(), { language: "en_GB" });
    same(await text(c), "1.0 s", "a region of its language");
    c.close();
  },
  async "ping and describe while the engine works"() {
    const c = open();
    dictate(c, pcm(16000, 3000));
    for (const name of ["a", "b", "c"]) {
      c.send("ping", { text: name });
      same((await c.next()), { type: "pong", data: { text: name }, payload: { type: "Buffer", data: [] } }, "pong");
    }
    c.send("ping");
    same((await c.next()).data, {}, "a pong without text");
    c.send("describe");
    same((await c.next()).type, "info", "info");
    const other = open();
    dictate(other, pcm(16000, 4000));
    same(await text(other), "1.0 s", "another client meanwhile");
    same(await text(c), "1.0 s", "text");
    c.close(); other.close();
  },
  async "a wrong order of events"() {
    const c = open();
    c.send("audio-stop");
    same(await text(c), "", "a stop without sound");
    c.send("audio-start", format());
    sound(c, pcm(16000 * 5, 1000));
    c.send("audio-start", format());
    sound(c, pcm(16000, 1000));
    c.send("audio-stop");
    same(await text(c), "1.0 s", "a sound that begins anew");
    sound(c, pcm(16000 * 2, 1000));
    c.send("transcribe", {});
    c.send("audio-stop");
    same(await text(c), "2.0 s", "sound without a start");
    c.close();
  },
  async "formats that cannot be read"() {
    for (const f of [format(0), format(47999), format(16000, 9), format(16000, 2, 0), {}]) {
      const c = open();
      c.send("audio-start", f);
      c.send("audio-chunk", f, Buffer.alloc(16));
      c.send("audio-stop");
      const e = await c.until("transcript");
      same([kinds(e), e.data.text], [["error", "transcript"], ""], JSON.stringify(f));
      c.close();
    }
  },
  async "what breaks the protocol"() {
    const header = (h) => JSON.stringify(h) + "\n";
    for (const [name, bytes] of Object.entries({
      "a length of 2^40": header({ type: "audio-chunk", payload_length: 2 ** 40 }),
      "data of 2^40": header({ type: "ping", data_length: 2 ** 40 }),
      "a negative length": header({ type: "ping", data_length: -1 }),
      "data that is not JSON": header({ type: "ping", data_length: 3 }) + "{a}",
      "data that is a list": header({ type: "ping", data_length: 2 }) + "[]",
      "no JSON": "GET / HTTP/1.1\r\n\r\n",
      "no type": header({}),
      "a line of 64 KiB and more": Buffer.alloc(70 * 1024, "x"),
      "an odd payload": header({ type: "audio-chunk", data: format(), payload_length: 3 }) + "abc",
    })) {
      const c = open();
      c.raw(bytes);
      const e = await c.until("error");
      check(e.data.text && e.data.code === "protocol-error", `${name}: ${JSON.stringify(e.data)}`);
      await c.gone();
    }
    const half = open();
    half.raw('{"type":"describe"');
    half.socket.end();
    await half.gone();
    const wrong = open(); // JSON, but not what the event has
    wrong.send("transcribe", { language: 7 });
    await wrong.gone();
  },
  async "a client that vanishes"() {
    for (let i = 0; i < 20; i++) {
      const c = open();
      dictate(c, pcm(16000, 3000));
      c.send("ping", { text: "x" });
      await c.until("pong");
      c.close();
    }
    const c = open();
    dictate(c, pcm(16000, 1000));
    same(await text(c), "1.0 s", "the next client");
    c.close();
  },
  async "more requests than may wait on one connection"() {
    const c = open();
    for (let i = 0; i < 10; i++) dictate(c, pcm(160, 3000));
    await c.gone();
  },
}, { serial: true });
