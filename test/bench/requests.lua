-- Signed callbacks, each of a task of its own, for wrk; what is sent is prepared by wrk.ts.
local file = assert(io.open(os.getenv("LUMA_REQUESTS")))
local timestamp, before, after = file:read("*l"), file:read("*l"), file:read("*l")
local tasks = {}
for line in file:lines() do
  local id, signature = line:match("(%S+) (%S+)")
  tasks[#tasks + 1] = { id, signature }
end
file:close()

local sent = 0
function request()
  sent = sent + 1
  local task = assert(tasks[sent], "more requests than were prepared")
  return wrk.format("POST", nil, {
    ["content-type"] = "application/json",
    ["x-webhook-timestamp"] = timestamp,
    ["x-webhook-signature"] = task[2],
  }, before .. task[1] .. after)
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    '\n{"rate":%f,"p50":%f,"p99":%f,"errors":%d}\n',
    summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout
  ))
end
