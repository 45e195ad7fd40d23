// Publishes one event with the CloudEvents SDK for JavaScript.
//
//     npm install cloudevents@10.0.0
//     node examples/publish.cjs http://127.0.0.1:7310
//
// The API key, where the server wants one, is read from the environment: DATELINE_KEY.
const { CloudEvent, HTTP } = require("cloudevents");

// Whoever publishes chooses the id. The same event again changes nothing, so it is safe to send it twice.
const event = new CloudEvent({
  id: "partly-back",
  source: "/desks/example",
  type: "dateline.service.restored.v1",
  subject: "whatsapp",
  // Without it the SDK fills in the present time, and a second run is refused: another event under the same id (409).
  time: "2022-10-25T09:10:00Z",
  datacontenttype: "application/json",
  data: {
    occurred: { between: ["2022-10-25T12:59+05:30[Asia/Kolkata]", "2022-10-25T14:40+05:30[Asia/Kolkata]"] },
    // When the source said so. Without it, when it is recorded counts.
    stated: { between: ["2022-10-25T12:59+05:30[Asia/Kolkata]", "2022-10-25T14:40+05:30[Asia/Kolkata]"] },
    extent: "partial",
    regions: ["IN"],
    sources: [{ slug: "deccan-herald", role: "read_in", name: "Deccan Herald", kind: "press" }],
  },
});

// 201: the event is stored. 200: it was stored before. These others say what is wrong with it, or with the key.
// After any other answer, and after none, the same event is sent again.
const STORED = [200, 201];
const REFUSED = [400, 401, 403, 409, 413, 415, 422];

async function publish(server, event, tries = 5) {
  const { headers, body } = HTTP.structured(event);
  if (process.env.DATELINE_KEY) headers.authorization = `Bearer ${process.env.DATELINE_KEY}`;
  let reason;
  for (let number = 0; number < tries; number++) {
    try {
      const answer = await fetch(`${server}/v1/events`, { method: "POST", headers, body });
      if ([...STORED, ...REFUSED].includes(answer.status)) return [answer.status, await answer.json()];
      reason = `status ${answer.status}`;
    } catch (error) {
      reason = error.message;
    }
    await new Promise((done) => setTimeout(done, 100 * 2 ** number));
  }
  throw new Error(`the event is not published yet: ${reason}`);
}

publish(process.argv[2], event)
  .then(([status, answer]) => {
    if (!STORED.includes(status)) throw new Error(answer.detail);
    console.log(`stored at position ${answer.position}, ${answer.fresh ? "new" : "known already"}`);
  })
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
