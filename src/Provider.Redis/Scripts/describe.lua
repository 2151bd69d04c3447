-- What a partition holds. KEYS: stream, state. Returns {begin, ms, seq, records, bytes}, or nil when there is no such partition.
local state = redis.call('HMGET', KEYS[2], 'ms', 'seq', 'begin', 'gone', 'bytes')
if not state[1] then
  return nil
end
local begin = state[3]
local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local gone = tonumber(state[4] or '0')
if first then
  -- Records that are missing and that we did not remove: XTRIM by hand.
  local seq = tonumber(string.match(first[1], '%-(%d+)'))
  if seq > gone + 1 then
    begin = first[1]
  end
elseif tonumber(state[2]) > gone then
  begin = state[1] .. '-' .. string.format('%.0f', state[2] + 1)
end
return {begin, state[1], state[2], redis.call('XLEN', KEYS[1]), state[5] or '0'}
