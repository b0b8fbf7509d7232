// What clients of wake words see. The models of the test fire when a hop of 80 ms has one value: alpha at 1000, beta at 2000.
import { Connection, check, format, pcm, run, same, sound } from "./client.mjs";

const port = Number(process.argv[2]);
const open = () => new Connection(port);
const hop = 1280, hops = (n, value) => pcm(hop * n, value);
const begin = (names) => { const c = open(); c.send("detect", { names }); c.send("audio-start", { ...format(), timestamp: 0 }); return c; };

await run({
  async describe() {
    const c = open();
    c.send("describe");
    const { data } = await c.until("info");
    const [wake] = data.wake;
    for (const a of [wake, ...wake.models]) check(a.name && a.attribution && a.installed === true, JSON.stringify(a));
    same(wake.models.map((m) => [m.name, m.phrase]), [["alpha", "hey alpha"], ["beta", "beta"]], "models");
    same(data.asr, [], "asr");
    c.close();
  },
  async "as Home Assistant does"() {
    const c = begin(["alpha"]);
    sound(c, Buffer.concat([hops(20, 0), hops(1, 2000), hops(5, 0), hops(1, 1000), hops(5, 0)]), format(), { timed: true, size: hop * 2 });
    const e = await c.until("detection");
    same(e.seen.length, 1, "nothing else is sent");
    same([e.data.name, e.data.timestamp], ["alpha", 26 * 80], "detection");
    c.close();
  },
  async "several detections, cooldown and not-detected"() {
    const c = begin(null);
    sound(c, Buffer.concat([hops(20, 0), hops(3, 1000), hops(30, 0), hops(1, 2000), hops(1, 1000), hops(3, 0)]), format(), { timed: true, size: hop * 2 });
    const found = [];
    for (let i = 0; i < 3; i++) { const e = await c.until("detection"); found.push([e.data.name, e.data.timestamp / 80]); }
    same(found, [["alpha", 20], ["beta", 53], ["alpha", 54]], "detections");
    c.send("audio-stop");
    c.send("ping", { text: "x" });
    await c.until("pong");
    c.send("audio-start", format());
    sound(c, hops(20, 0));
    c.send("audio-stop");
    same((await c.next()).type, "not-detected", "the end of a sound with nothing in it");
    c.send("audio-stop");
    same((await c.next()).type, "not-detected", "a stop without sound");
    c.close();
  },
  async "audio-start resets the state"() {
    const c = begin([]);
    for (let i = 0; i < 3; i++) { // within the cooldown of one sound
      sound(c, Buffer.concat([hops(20, 0), hops(1, 1000)]));
      same((await c.until("detection")).data.name, "alpha", "detection");
      c.send("audio-start", format());
    }
    c.close();
  },
  async "names"() {
    for (const [names, want] of [[["beta"], "beta"], [["nobody", "beta"], "beta"], [["nobody"], "alpha"], [[], "alpha"]]) {
      const c = begin(names);
      sound(c, Buffer.concat([hops(20, 0), hops(1, 1000), hops(1, 2000)]));
      same((await c.until("detection")).data.name, want, JSON.stringify(names));
      c.close();
    }
    const c = begin(["alpha"]); // asked for another one meanwhile
    sound(c, hops(20, 0));
    c.send("detect", { names: ["beta"] });
    sound(c, Buffer.concat([hops(20, 0), hops(1, 1000), hops(1, 2000)]));
    same((await c.until("detection")).data.name, "beta", "another name");
    c.close();
  },
  async "other formats, and sound without a start"() {
    const c = open();
    sound(c, Buffer.concat([pcm(hop * 20, 0, { channels: 2 }), pcm(hop * 2, 1000, { channels: 2 })]), format(16000, 2, 2), { size: 1000 * 4 });
    same((await c.until("detection")).data.name, "alpha", "stereo");
    c.close();
    const bad = begin(null);
    bad.send("audio-chunk", format(7), Buffer.alloc(4));
    await bad.until("error");
    await bad.gone();
  },
  async "ping while much sound waits"() {
    const c = begin(null);
    sound(c, Buffer.concat([hops(200, 0), hops(1, 1000)]), format(), { size: 1 << 18 });
    for (let i = 0; i < 5; i++) { c.send("ping", { text: `${i}` }); await c.until("pong"); }
    c.close();
  },
  async "streams beyond the limit"() {
    const some = [];
    while (some.length < 3) { // the service may not have seen yet that the client of another case has gone
      const c = begin(null);
      sound(c, hops(1, 0));
      c.send("ping");
      if ((await c.next()).type === "pong") some.push(c); else await c.gone();
    }
    const c = begin(null);
    check((await c.until("error")).data.text.includes("3 clients"), "the limit");
    await c.gone();
    some.forEach((c) => c.close());
  },
}, { serial: true });
