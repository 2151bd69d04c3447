-- Raises commits whose fence still holds. KEYS: the group. ARGV: partition, fence and id for each. Returns 1 or 0 for each.
local function before(a, b)
  local ams, aseq = string.match(a, '(%d+)-(%d+)')
  local bms, bseq = string.match(b, '(%d+)-(%d+)')
  if #ams ~= #bms then return #ams < #bms end
  if ams ~= bms then return ams < bms end
  if #aseq ~= #bseq then return #aseq < #bseq end
  return aseq < bseq
end

local reply = {}
for i = 1, #ARGV, 3 do
  local row = redis.call('HMGET', KEYS[1], 'fence:' .. ARGV[i], 'committed:' .. ARGV[i])
  local holds = row[1] == ARGV[i + 1]
  if holds and (not row[2] or before(row[2], ARGV[i + 2])) then
    redis.call('HSET', KEYS[1], 'committed:' .. ARGV[i], ARGV[i + 2])
  end
  reply[#reply + 1] = holds and 1 or 0
end
return reply
