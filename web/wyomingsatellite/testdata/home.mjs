// Does what Home Assistant does with a Wyoming satellite, by the description of the protocol and not by ORAC's code: it looks at it, serves it,
// hears a command, answers it, announces something, mutes it and comes back. Each step is a line of JSON.
//   node home.mjs PORT [speaks]
import { Connection, check, format, pcm, same } from "../../wyoming/testdata/client.mjs";

const port = Number(process.argv[2]), speaks = process.argv[3] === "speaks";
const tell = (step, more = {}) => console.log(JSON.stringify({ step, ...more }));
setTimeout(() => { console.error("it takes too long"); process.exit(1); }, 90_000).unref();

// describe asks on a connection of its own, as Home Assistant does besides its long one.
async function describe() {
  const c = new Connection(port);
  c.send("describe");
  const { data } = await c.until("info");
  c.close();
  return data;
}

// serve connects as Home Assistant does, and keeps asking for signs of life: 2 s after each, and gives up after 5 s.
async function serve() {
  const c = new Connection(port);
  c.send("run-satellite");
  c.send("describe");
  await c.until("info");
  c.pongs = 0;
  const next = c.next.bind(c);
  c.next = async () => { // pongs are no news
    for (;;) {
      const e = await next();
      if (e?.type !== "pong") return e;
      c.pongs++;
      clearTimeout(c.late);
      setTimeout(() => c.ask(), 2000).unref();
    }
  };
  c.ask = () => {
    if (c.closed) return;
    c.late = setTimeout(() => { console.error("no sign of life for 5 s"); process.exit(1); }, 5000).unref();
    c.send("ping", { text: null });
  };
  c.ask();
  return c;
}

// hear takes a command, which must begin with a detection and a run, and no sound before transcribe.
async function hear(c, phrases, seconds) {
  const detection = await c.next(), run = await c.next();
  same([detection?.type, run?.type], ["detection", "run-pipeline"], "the beginning");
  check(phrases[detection.data.name], `the wake word ${detection.data.name} is not in info`);
  same([run.data.start_stage, run.data.end_stage, run.data.restart_on_end], ["asr", speaks ? "tts" : "handle", false], "the run");
  c.send("transcribe", { language: "en", name: null });
  let bytes = 0, loud = 0;
  while (bytes < 2 * 16000 * seconds) {
    const e = await c.next();
    same([e?.type, e?.data.rate, e?.data.width, e?.data.channels], ["audio-chunk", 16000, 2, 1], "sound");
    check(e.payload.length % 2 === 0, "half a sample");
    bytes += e.payload.length;
    for (let i = 0; i + 1 < e.payload.length; i += 2) loud = Math.max(loud, Math.abs(e.payload.readInt16LE(i)));
  }
  c.send("voice-started", { timestamp: 100 });
  c.send("voice-stopped", { timestamp: 1200 });
  return { wake: detection.data.name, phrase: phrases[detection.data.name], bytes, loud };
}

// speak sends a sound faster than anybody speaks, as Home Assistant does.
function speak(c, samples, f = format(22050)) {
  c.send("audio-start", { ...f, timestamp: 0 });
  const sound = pcm(samples, 1000, f);
  for (let at = 0; at < sound.length; at += 2048) c.send("audio-chunk", { ...f, timestamp: null }, sound.subarray(at, at + 2048));
  c.send("audio-stop", { timestamp: 1 });
}

const info = await describe();
check(info.satellite?.installed === true && info.satellite.attribution && info.satellite.name, JSON.stringify(info.satellite));
for (const list of ["asr", "tts", "wake", "handle", "intent", "mic", "snd"]) check(Array.isArray(info[list]), `info has no list ${list}`);
const phrases = Object.fromEntries(info.wake[0].models.map((m) => [m.name, m.phrase]));
tell("found", { name: info.satellite.name, area: info.satellite.area, active: info.satellite.active_wake_words, phrases });

let home = await serve();
tell("heard", await hear(home, phrases, 1.2));
home.send("transcript", { text: "turn on the lights" });
if (speaks) {
  home.send("synthesize", { text: "The lights are on.", voice: { name: null } });
  speak(home, 22050);
  speak(home, 11025); // a second part
  let e = await home.next();
  while (e?.type === "audio-chunk") e = await home.next(); // that was on its way
  same(e?.type, "played", "the end of the answer");
  tell("answered");
  speak(home, 22050);
  same((await home.until("played")).type, "played", "the end of the announcement");
  tell("announced");
}

await describe(); // beside the long connection, without consequences
home.send("timer-started", { id: "t", total_seconds: 60, name: "pizza", start_minutes: 1 });
home.send("future-event", { x: 1 }, Buffer.from("y"));
const other = await serve(); // after a restart: the old connection is dead, and nobody has told the satellite
await home.gone();
clearTimeout(home.late);
home = other;
tell("heard again", await hear(home, phrases, 1.2));
home.send("error", { text: "no text recognized", code: "stt-no-text-recognized" });

home.send("pause-satellite");
home.close(); // it is muted: Home Assistant closes, and comes back when it is not
clearTimeout(home.late);
home = await serve();
tell("heard after a mute", await hear(home, phrases, 1.2));
home.send("error", { text: "another satellite was faster", code: "duplicate_wake_up_detected" });
tell("done", { pongs: other.pongs });
process.exit(0);
