// Sends a WAV file (16 bit) to a service, as a client would send what it hears, and prints the first answer as JSON.
// usage: node file.mjs PORT wake|stt FILE
import { readFileSync } from "node:fs";
import { Connection, sound } from "./client.mjs";

const [port, serves, file] = process.argv.slice(2);
const wav = readFileSync(file);
const f = { rate: wav.readUInt32LE(24), width: wav.readUInt16LE(34) / 8, channels: wav.readUInt16LE(22) };
const data = wav.subarray(wav.indexOf("data") + 8);
const c = new Connection(Number(port));
c.send("describe");
const info = (await c.until("info")).data;
c.send(serves === "wake" ? "detect" : "transcribe", serves === "wake" ? { names: null } : { language: "en" });
c.send("audio-start", f);
if (serves === "wake") sound(c, Buffer.alloc(2 * f.rate * f.width * f.channels), f, { timed: true }); // a satellite listens all the time
sound(c, data, f, { timed: true });
c.send("audio-stop");
for (;;) {
  const e = await c.next();
  if (!e) throw new Error("closed without an answer");
  if (["detection", "not-detected", "transcript", "error"].includes(e.type)) {
    console.log(JSON.stringify({ type: e.type, ...e.data, models: [...info.wake, ...info.asr].flatMap((s) => s.models.map((m) => m.name)) }));
    break;
  }
}
c.close();
