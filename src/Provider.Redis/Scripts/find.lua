-- Finds the first record of a time or later, in log order. KEYS: stream, times. ARGV: time, id to go on from or an empty text, entries to look at.
-- Returns {id}, {false, id to go on from}, or {} when there is none.
local from = ARGV[2]
if from == '' then
  local block = redis.call('ZRANGEBYSCORE', KEYS[2], ARGV[1], '+inf', 'LIMIT', 0, 1)[1]
  if not block then
    return {}
  end
  from = block
end
local wanted, left = tonumber(ARGV[1]), tonumber(ARGV[3])
while left > 0 do
  local entries = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 100)
  if #entries == 0 then
    return {}
  end
  for _, entry in ipairs(entries) do
    if entry[2][1] == 't' and tonumber(entry[2][2]) >= wanted then
      return {entry[1]}
    end
  end
  from = '(' .. entries[#entries][1]
  left = left - #entries
end
return {false, from}
