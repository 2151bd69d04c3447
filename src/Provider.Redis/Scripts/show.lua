-- Shows in the native consumer group what a member holds and what is done. Promises rest on our own group key; this is for people and their tools.
-- KEYS: stream, what is shown. ARGV: group, fence, member or an empty text, last committed id or an empty text, then the ids delivered, in order.
-- Returns 1 when more is to be acknowledged, or 0.
local stream, group, fence, member, committed = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local shown = redis.call('HMGET', KEYS[2], 'fence:' .. group, 'member:' .. group, 'delivered:' .. group)
if (shown[1] and tonumber(shown[1]) > fence) or redis.call('EXISTS', stream) == 0 then
  return 0
end

local function parts(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return tonumber(ms), tonumber(seq)
end

local function before(a, b)
  local ams, aseq = parts(a)
  local bms, bseq = parts(b)
  return ams < bms or (ams == bms and aseq < bseq)
end

local function show(id)
  local _, seq = parts(id)
  redis.call('XGROUP', 'SETID', stream, group, id, 'ENTRIESREAD', string.format('%.0f', seq))
  redis.call('HSET', KEYS[2], 'delivered:' .. group, id)
end

-- Made here, or again when somebody destroyed it.
if redis.pcall('XPENDING', stream, group).err then
  redis.call('XGROUP', 'CREATE', stream, group, '0-0', 'ENTRIESREAD', '0')
end
if member ~= '' then
  for from = 5, #ARGV, 1000 do
    local claim = {'XCLAIM', stream, group, member, '0', unpack(ARGV, from, math.min(from + 999, #ARGV))}
    claim[#claim + 1] = 'FORCE'
    claim[#claim + 1] = 'JUSTID'
    redis.call(unpack(claim))
  end
  if #ARGV >= 5 then
    show(ARGV[#ARGV])
  end
  redis.call('HSET', KEYS[2], 'fence:' .. group, ARGV[2], 'member:' .. group, member)
end

local more = 0
if committed ~= '' then
  local pending = redis.call('XPENDING', stream, group, '-', committed, '5000')
  for from = 1, #pending, 1000 do
    local ids = {}
    for i = from, math.min(from + 999, #pending) do
      ids[#ids + 1] = pending[i][1]
    end
    redis.call('XACK', stream, group, unpack(ids))
  end
  more = #pending == 5000 and 1 or 0
  local delivered = #ARGV >= 5 and ARGV[#ARGV] or shown[3]
  if not delivered or before(delivered, committed) then
    show(committed)
  end
  local owner = member ~= '' and member or shown[2]
  local consumers = redis.call('XINFO', 'CONSUMERS', stream, group)
  for _, consumer in ipairs(consumers) do
    if consumer[2] ~= owner and consumer[4] == 0 then
      redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer[2])
    end
  end
end
return more
