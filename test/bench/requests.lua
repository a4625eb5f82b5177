-- Callbacks for wrk; what is sent is prepared by wrk.ts. Each line of tasks is an id, and a signature of it; where there
-- are none, the same request is sent again and again.
local file = assert(io.open(os.getenv("LUMA_REQUESTS")))
local names, before, after = file:read("*l"), file:read("*l"), file:read("*l") or ""
local headers = { ["content-type"] = "application/json" }
for name, value in names:gmatch("(%S+): (%S+)") do headers[name] = value end
local tasks = {}
for line in file:lines() do
  local id, signature = line:match("(%S+) (%S+)")
  tasks[#tasks + 1] = { id, signature }
end
file:close()

local isFixed = #tasks == 0
local fixed
local sent = 0
function request()
  if isFixed then
    fixed = fixed or wrk.format("POST", nil, headers, before .. after)
    return fixed
  end
  sent = sent + 1
  local task = assert(tasks[sent], "more requests than were prepared")
  headers["x-webhook-signature"] = task[2]
  return wrk.format("POST", nil, headers, before .. task[1] .. after)
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
