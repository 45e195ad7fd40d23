// Drives Emmett over PostgreSQL: an incident is a stream, every append says the version that it follows. It asks and prints what the
// drivers in ../rust do: STORE ADDRESS SECONDS REPLAY_EVENTS CALLERSxBATCH,…, and one JSON line a measurement.

import { randomBytes } from "node:crypto";

import { dumbo } from "@event-driven-io/dumbo";
import {
  getPostgreSQLEventStore,
  pongoMultiStreamProjection,
  readMessagesBatch,
  rebuildPostgreSQLProjections,
} from "@event-driven-io/emmett-postgresql";
import pg from "pg";

// The same as in ../rust/shared/document.rs and drive.rs.
const EVENTS_AN_INCIDENT = 5;
const SERVICES = 200;
const MAX_RETRIES_IN_A_ROW = 200;
const FILLING_BATCH = 50;
const FILLING_CALLERS = 4;
const WARMING_CALLS = 3;
const MOST_EVENTS = 200_000;
const CONNECTIONS = 40;
const PAGE = 1000;

const [store, address, secondsText, replayText, rowsText] = process.argv.slice(2);
const [seconds, replayEvents] = [Number(secondsText), Number(replayText)];
const rows = rowsText.split(",").filter(Boolean).map((row) => row.split("x").map(Number));

const print = (line) => console.log(JSON.stringify({ store, ...line }));
const now = () => performance.now() / 1000;

let events = 0;
let incidents = 0;
const beganMs = Date.now();

// A UUID of version 7; JavaScript's numbers have 53 bits, so the last part is random.
function id(number) {
  const time = (beganMs + Math.floor(number / 4096)).toString(16).padStart(12, "0");
  const low = (number % 4096).toString(16).padStart(3, "0");
  const chance = randomBytes(8).toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${low}-8${chance.slice(0, 3)}-${chance.slice(3, 15)}`;
}

function moment(round) {
  const day = round * 2;
  const two = (number) => String(number).padStart(2, "0");
  const [year, month, date] = [2000 + Math.floor(day / 336), (Math.floor(day / 28) % 12) + 1, (day % 28) + 1];
  return `${year}-${two(month)}-${two(date)}T12:07+05:30[Asia/Kolkata]`;
}

class Writer {
  constructor() {
    this.nextIncident();
  }

  nextIncident() {
    this.incident = ++incidents;
    this.version = 0;
  }

  next(batch) {
    if (batch > 1 || this.version === EVENTS_AN_INCIDENT) this.nextIncident();
    const first = this.version;
    this.version += batch;
    return { stream: `incident-${this.incident}`, version: BigInt(first), said: Array.from({ length: batch }, () => this.say()) };
  }

  say() {
    const [service, outlet] = [String(this.incident % SERVICES).padStart(3, "0"), this.incident % 17];
    const data = {
      specversion: "1.0",
      id: id(events++),
      source: "/bench",
      type: "dateline.reports.observed.v1",
      subject: `service-${service}`,
      data: {
        occurred: { at: moment(Math.floor(this.incident / SERVICES)), precision: "minute" },
        regions: ["IN"],
        counts: [{ value: 11000, qualifier: "about", per: "total", region: "IN" }],
        sources: [{ slug: `outlet-${outlet}`, role: "read_in", name: "An outlet", kind: "press", url: "https://outlet.example/outage" }],
      },
    };
    return { type: "ReportsObserved", data };
  }
}

const pool = new pg.Pool({ connectionString: address, max: CONNECTIONS });
const eventStore = getPostgreSQLEventStore(address, { connectionOptions: { pooled: true, pool } });
await eventStore.schema.migrate();
const reading = dumbo({ connectionString: address });

// The version is given as a number for a new stream too: STREAM_DOES_NOT_EXIST is not checked by this version of the store.
async function untilAcknowledged(writer, batch) {
  const { stream, version, said } = writer.next(batch);
  for (let retries = 0; ; ) {
    try {
      await eventStore.appendToStream(stream, said, { expectedStreamVersion: version });
      return retries;
    } catch (error) {
      if (++retries === MAX_RETRIES_IN_A_ROW) throw new Error(`gave up on ${stream} after ${retries} tries: ${error.message}`);
    }
  }
}

async function append(callers, batch) {
  const writers = Array.from({ length: callers }, () => new Writer());
  const warming = batch > 1 ? 1 : WARMING_CALLS;
  await Promise.all(
    writers.map(async (writer) => {
      for (let call = 0; call < warming; call++) await untilAcknowledged(writer, batch);
    }),
  );
  const tally = { events: 0, retries: 0, callsMs: [] };
  const begun = now();
  await Promise.all(
    writers.map(async (writer) => {
      while (now() - begun < seconds && tally.events < MOST_EVENTS) {
        const called = performance.now();
        tally.retries += await untilAcknowledged(writer, batch);
        tally.callsMs.push(performance.now() - called);
        tally.events += batch;
      }
    }),
  );
  return { warmed: callers * batch * warming, tally, took: now() - begun };
}

// Its order is that of transactions, then of positions: pages are cut by position all the same, as its own consumers cut them.
async function readAll() {
  let [count, after] = [0, 0n];
  for (;;) {
    const page = await readMessagesBatch(reading.execute, { after, batchSize: PAGE });
    count += page.messages.length;
    after = page.currentGlobalPosition;
    if (!page.areMessagesLeft) return count;
  }
}

const projection = pongoMultiStreamProjection({
  collectionName: "counts",
  canHandle: ["ReportsObserved"],
  getDocumentId: (event) => event.metadata.streamName,
  initialState: () => ({ events: 0 }),
  evolve: (document) => ({ ...document, events: document.events + 1 }),
});

let [stored, retries] = [0, 0];
for (const [callers, batch] of rows) {
  try {
    const { warmed, tally, took } = await append(callers, batch);
    const sorted = tally.callsMs.sort((one, other) => one - other);
    const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
    stored += warmed + tally.events;
    retries += tally.retries;
    print({ row: "append", callers, batch, retries: tally.retries, p50_ms: at(0.5), p99_ms: at(0.99), events: tally.events, seconds: took });
  } catch (error) {
    retries += 1;
    print({ row: "append", callers, batch, failed: error.message });
  }
}
if (replayEvents > 0) {
  const calls = Math.ceil(replayEvents / FILLING_BATCH / FILLING_CALLERS);
  const fillers = Array.from({ length: FILLING_CALLERS }, () => new Writer());
  await Promise.all(
    fillers.map(async (writer) => {
      for (let call = 0; call < calls; call++) await untilAcknowledged(writer, FILLING_BATCH);
    }),
  );
  stored += calls * FILLING_CALLERS * FILLING_BATCH;
}
const kept = Number((await pool.query("SELECT count(*) FROM emt_messages")).rows[0].count);
const found = await readAll();
if (kept !== stored && !(retries > 0 && kept > stored)) {
  print({ row: "check", failed: `${kept} events are in the table, but ${stored} had been acknowledged` });
} else if (found !== kept) {
  print({ row: "check", failed: `its reader came upon ${found} of ${kept} events: pages cut by position, ordered by transaction` });
}
if (replayEvents > 0) {
  let [read, begun] = [0, now()];
  while (now() - begun < seconds) read += await readAll();
  print({ row: "replay", events: read, seconds: now() - begun });
  begun = now();
  try {
    const rebuilding = rebuildPostgreSQLProjections({ connectionString: address, projections: [projection], pulling: { batchSize: PAGE } });
    await rebuilding.start();
    const took = now() - begun;
    await rebuilding.close();
    const { rows } = await pool.query("SELECT sum((data->>'events')::bigint) AS events FROM counts");
    print({ row: "rebuild", events: Number(rows[0].events), seconds: took });
    if (Number(rows[0].events) !== stored) print({ row: "check", failed: `the rebuilt projection counts ${rows[0].events} of ${stored} events` });
  } catch (error) {
    print({ row: "rebuild", failed: error.message });
  }
}
await reading.close();
await eventStore.close();
await pool.end();
process.exit(0);
