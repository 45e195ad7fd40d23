// Publishes as the public JavaScript SDK writes events, unchanged. usage: node publish.mjs FOLDER-OF-THE-SDK http://HOST:PORT
import { createRequire } from "node:module";

const [folder, url] = process.argv.slice(2);
const { CloudEvent, HTTP, Mode, emitterFor, httpTransport } = createRequire(folder + "/")("cloudevents");

const data = { occurred: { at: "2024-03-05T12:07Z", precision: "minute" } };
let count = 0;
const event = (more) =>
  new CloudEvent({ id: `node-${++count}`, type: "dateline.anomaly.detected.v1", source: "/sdks/node", subject: "ferry", ...more });

async function send(what, headers, body, expected = 201) {
  const answer = await fetch(url + "/v1/events", { method: "POST", headers, body });
  if (answer.status !== expected) {
    console.error(what, answer.status, await answer.text(), headers, body);
    process.exit(1);
  }
}

const events = [];
for (const type of [undefined, "application/json", "text/json", "application/vnd.x+json"]) {
  for (const value of [data, Buffer.from(JSON.stringify(data))]) {
    const more = type ? { datacontenttype: type, data: value } : { data: value };
    const what = `${type} ${value.constructor.name}`;
    const binary = HTTP.binary(event(more));
    await send("binary " + what, binary.headers, binary.body);
    const last = event(more);
    const structured = HTTP.structured(last);
    await send("structured " + what, structured.headers, structured.body);
    events.push(last);
  }
}
await send("batch", { "content-type": "application/cloudevents-batch+json" }, JSON.stringify(events));
await send("empty batch", { "content-type": "application/cloudevents-batch+json" }, "[]", 200);
// The SDK's own way over the network.
for (const mode of [Mode.BINARY, Mode.STRUCTURED]) {
  await emitterFor(httpTransport(url + "/v1/events"), { mode })(event({ data }));
}
console.log(count);
