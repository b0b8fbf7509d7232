// Does what Home Assistant does with a satellite that has a speaker, by a client of other people: announces something, answers a command at
// length until a wake word ends the answer, and answers the next one. Each step is a line of JSON.
//   node voice.mjs PORT KEY SOUNDS
Promise.withResolvers ??= () => { // node 22 has it
  const out = {};
  out.promise = new Promise((resolve, reject) => Object.assign(out, { resolve, reject }));
  return out;
};
const { openEspHomeClient } = await import("../../npm/node_modules/esphome-client/dist/index.js");

const [port, psk, sounds] = process.argv.slice(2);
const tell = (step, more = {}) => console.log(JSON.stringify({ step, ms: Date.now(), ...more }));
const quiet = { debug() {}, info() {}, warn() {}, error(text) { console.error(text); } };
setTimeout(() => { console.error("it takes too long"); process.exit(1); }, 120_000).unref();

const client = await openEspHomeClient({ host: "127.0.0.1", port: Number(port), psk, logger: quiet });
const voice = client.voiceAssistant;
const finished = () => new Promise((done) => client.on("voiceAssistantAnnounceFinished", done));
const requests = voice.requests()[Symbol.asyncIterator]();
const event = (type, data = {}) => voice.sendEvent(type, Object.entries(data).map(([name, value]) => ({ name, value })));
const began = async () => { // the next run
  for (;;) {
    const { value } = await requests.next();
    if (value.start) return value;
  }
};
const understood = (text) => {
  voice.respondToRequest();
  event(1);
  event(12);
  event(4, { text });
  event(6, { conversation_id: "c", continue_conversation: "0" });
};
voice.subscribe(4);
await voice.configuration();
tell("adopted", { entities: client.entitiesByDevice().map((e) => `${e.type} ${e.objectId}`) });

let over = finished();
tell("announces");
voice.announce({ mediaId: `${sounds}/dinner.wav`, preannounceMediaId: `${sounds}/bell.wav`, text: "Dinner" }).catch(() => {});
tell("announced", { heard: await over });

await began();
tell("asked");
understood("tell me a story");
over = finished();
event(8, { url: `${sounds}/long.wav` });
event(2);
tell("answers");
const barged = over;
const next = await began();
tell("interrupted", { heard: await barged, phrase: next.wakeWordPhrase });

understood("turn on the lights");
over = finished();
event(8, { url: `${sounds}/answer.wav` });
event(2);
tell("answered", { heard: await over });
await client.disconnectAsync();
process.exit(0);
