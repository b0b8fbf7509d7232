// Does what Home Assistant does with a satellite, by a client of other people: adopts it, hears a command, answers it, announces
// something, and changes settings. Each step is a line of JSON.
//   node home.mjs PORT KEY
Promise.withResolvers ??= () => { // node 22 has it
  const out = {};
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
  return out;
};
const { openEspHomeClient } = await import("../../npm/node_modules/esphome-client/dist/index.js");

const [port, psk] = process.argv.slice(2);
const tell = (step, more = {}) => console.log(JSON.stringify({ step, ...more }));
const quiet = { debug() {}, info() {}, warn() {}, error(text) { console.error(text); } };
const fail = (why) => { console.error(why); process.exit(1); };
setTimeout(() => fail("it takes too long"), 60_000).unref();

const client = await openEspHomeClient({ host: "127.0.0.1", port: Number(port), psk: psk || null, logger: quiet });
const info = client.deviceInfo();
tell("adopted", { name: info.name, version: info.esphomeVersion, project: info.projectName, mac: info.macAddress, flags: info.voiceAssistantFeatureFlags, encrypted: client.isEncrypted });
tell("entities", { list: client.entitiesByDevice().map((e) => `${e.type} ${e.objectId}`) });

const voice = client.voiceAssistant;
const finished = () => new Promise((done) => client.on("voiceAssistantAnnounceFinished", done));
const requests = voice.requests()[Symbol.asyncIterator](), sound = voice.audio()[Symbol.asyncIterator]();
const texts = [];
client.on("text_sensor", (e) => texts.push(e.state));
voice.subscribe(4);
const words = await voice.configuration();
tell("words", { available: words.availableWakeWords.map((w) => w.id), active: words.activeWakeWords });

const { value: request } = await requests.next();
tell("asked", { start: request.start, phrase: request.wakeWordPhrase });
voice.respondToRequest();
const event = (type, data = {}) => voice.sendEvent(type, Object.entries(data).map(([name, value]) => ({ name, value })));
event(1, { url: "http://127.0.0.1:1/tts.wav" });
event(3);
let bytes = 0, loud = 0;
while (bytes < 2 * 16000 * 1.2) { // 1.2 s
  const { value } = await sound.next();
  bytes += value.data.length;
  for (let i = 0; i + 1 < value.data.length; i += 2) loud = Math.max(loud, Math.abs(value.data.readInt16LE(i)));
}
event(12);
event(4, { text: "turn on the lights" });
event(5);
event(6, { conversation_id: "c", continue_conversation: "0" });
event(7, { text: "done" });
const over = finished();
event(8, { url: "http://127.0.0.1:1/answer.wav" });
event(2);
tell("answered", { bytes, loud, heard: await over });
tell("texts", { last: texts.at(-1) });

const announced = finished();
voice.announce({ mediaId: "http://127.0.0.1:1/bell.wav", text: "Dinner" }).catch(() => {});
tell("announced", { heard: await announced });

client.command("number-threshold_hey_jarvis", { state: 0.45 });
client.command("switch-mute", { state: true });
await new Promise((done) => client.on("switch", (e) => e.state && done()));
tell("muted");
await client.disconnectAsync();
process.exit(0);
