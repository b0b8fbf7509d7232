// Many clients: more connections, and more streams, than the service allows (8, 6 of one address, 2 streams).
import { Connection, check, dictate, pcm, run, same, sound, format } from "./client.mjs";

const port = Number(process.argv[2]);
const pong = async (c) => { c.send("ping", { text: "x" }); return c.until("pong"); };
const text = async (c) => (await c.until("transcript")).data.text;

await run({
  async "streams beyond the limit"() {
    const busy = [new Connection(port), new Connection(port)];
    for (const c of busy) { c.send("audio-start", format()); sound(c, pcm(1600, 1000)); await pong(c); }
    const c = new Connection(port);
    dictate(c, pcm(16000, 1000));
    const e = await c.until("transcript");
    same([e.seen[0][0], e.data.text], ["error", ""], "answer");
    check(e.seen[0][1].text.includes("2 clients"), JSON.stringify(e.seen[0]));
    busy[0].close();
    busy[1].send("audio-stop");
    same(await text(busy[1]), "0.1 s", "one that is served");
    for (;;) { // the place is free as soon as the service has noticed
      dictate(c, pcm(16000, 1000));
      if (await text(c) === "1.0 s") break;
    }
    busy[1].close(); c.close();
  },
  async "connections of one address beyond the limit"() {
    const mine = [];
    for (let i = 0; i < 6; i++) { mine.push(new Connection(port, "127.0.0.1", "127.0.0.2")); await pong(mine[i]); }
    for (let i = 0; i < 20; i++) await new Connection(port, "127.0.0.1", "127.0.0.2").gone();
    const other = new Connection(port);
    await pong(other);
    for (const c of mine) await pong(c);
    other.close(); mine.forEach((c) => c.close());
  },
  async "a flood"() {
    const served = new Connection(port, "127.0.0.1", "127.0.0.9");
    served.send("audio-start", format());
    sound(served, pcm(16000, 1000));
    await pong(served);
    let refused = 0;
    for (let round = 0; round < 20; round++) {
      const flood = [];
      for (let i = 0; i < 100; i++) flood.push(new Connection(port, "127.0.0.1", `127.0.1.${1 + i % 50}`));
      await Promise.race([Promise.all(flood.map(async (c) => { await c.gone(); refused++; })), pong(served)]);
      flood.forEach((c) => c.close());
      await Promise.all(flood.map((c) => c.gone()));
    }
    check(refused > 0, "nobody was refused");
    served.send("audio-stop");
    same(await text(served), "1.0 s", "the one that was served");
    served.close();
  },
}, { serial: true });
