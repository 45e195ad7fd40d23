-- Publishes events with ids of their own: wrk -s publish.lua -t 2 -c 64 -d 5 http://HOST:PORT/v1/events
-- A run passes a number (-- NUMBER) that no other run on the same ledger has.
local all = {}

function setup(thread)
  thread:set("thread_number", #all)
  table.insert(all, thread)
end

function init(arguments)
  run = arguments[1] or "0"
  count, accepted, shed, other = 0, 0, 0, 0
  head = { ["content-type"] = "application/cloudevents+json" }
end

function request()
  count = count + 1
  local id = string.format("%s-%d-%012d", run, thread_number, count)
  local body = '{"specversion":"1.0","id":"' .. id .. '","source":"/bench","type":"dateline.reports.observed.v1","subject":"service-' .. count % 100 .. '","data":{"occurred":{"at":"2022-10-25T12:07+05:30[Asia/Kolkata]","precision":"minute"},"regions":["IN"],"counts":[{"value":11000,"qualifier":"about","per":"total","region":"IN"}],"sources":[{"slug":"outlet","role":"read_in","name":"An outlet","kind":"press","url":"https://outlet.example/whatsapp"}]}}'
  return wrk.format("POST", nil, head, body)
end

function response(status)
  if status == 201 then
    accepted = accepted + 1
  elseif status == 503 or status == 429 then
    shed = shed + 1
  else
    other = other + 1
  end
end

function done(summary, latency)
  local accepted, shed, other = 0, 0, 0
  for _, thread in ipairs(all) do
    accepted, shed, other = accepted + thread:get("accepted"), shed + thread:get("shed"), other + thread:get("other")
  end
  local seconds = summary.duration / 1e6
  print(string.format('{"accepted": %d, "shed": %d, "other": %d, "seconds": %.3f, "p50_ms": %.2f, "p99_ms": %.2f}', accepted, shed, other, seconds, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
