-- Removes records from the front. KEYS: stream, state, times, and the wake stream where it lies in this slot. ARGV: the id to stop before; bytes that may stay, or -1 when all before the id must go;
-- entries to look at; 1 to remove only what is cheap.
-- Returns {records removed, 1 if more is to do}.
local state = redis.call('HMGET', KEYS[2], 'ms', 'seq', 'begin', 'gone', 'bytes')
if not state[1] then
  return redis.error_reply('DSNOTFOUND no such partition')
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

local function after(id)
  local ms, seq = string.match(id, '^(%d+)-(%d+)$')
  return ms .. '-' .. string.format('%.0f', seq + 1)
end

local stop, limit, left = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local bytes, gone = tonumber(state[5] or '0'), tonumber(state[4] or '0')
local ending = after(state[1] .. '-' .. state[2])
if before(ending, stop) then
  stop = ending
end

local removed, more, begin = 0, 0, nil
if ARGV[4] == '1' then
  local length = redis.call('XLEN', KEYS[1])
  removed = redis.call('XTRIM', KEYS[1], 'MINID', '~', stop)
  if removed > 0 then
    bytes = math.floor(bytes * (length - removed) / length)
    local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
    begin = first and first[1] or stop
    gone = first and select(2, parts(first[1])) - 1 or tonumber(state[2])
  end
else
  local last, from, done = nil, '-', false
  while not done and left > 0 do
    local entries = redis.call('XRANGE', KEYS[1], from, '(' .. stop, 'COUNT', 100)
    done = #entries == 0
    for _, entry in ipairs(entries) do
      if limit >= 0 and bytes <= limit then
        done = true
        stop = last and after(last) or nil
        break
      end
      local fields = entry[2]
      for f = 1, #fields, 2 do
        if fields[f] == 'k' or fields[f] == 'v' then
          bytes = bytes - #fields[f + 1]
        elseif string.sub(fields[f], 1, 2) == 'h:' then
          bytes = bytes - #fields[f + 1] - #fields[f] + 2
        end
      end
      last = entry[1]
      removed = removed + 1
    end
    if last then
      from = '(' .. last
    end
    left = left - #entries
  end
  if not done then
    more, stop = 1, after(last)
  end
  if stop then
    redis.call('XTRIM', KEYS[1], 'MINID', stop)
    begin = stop
  end
  if last then
    gone = math.max(gone, select(2, parts(last)))
  end
end

if begin then
  if before(begin, state[3]) then
    begin = state[3]
  end
  redis.call('HSET', KEYS[2], 'begin', begin, 'gone', string.format('%.0f', gone), 'bytes', string.format('%.0f', math.max(bytes, 0)))
  -- A block of the time index goes when the one behind it begins no later than what is left.
  local blocks = redis.call('ZRANGE', KEYS[3], 0, 1)
  while blocks[2] and not before(begin, blocks[2]) do
    redis.call('ZREM', KEYS[3], blocks[1])
    blocks = redis.call('ZRANGE', KEYS[3], 0, 1)
  end
end
if removed > 0 and KEYS[4] and redis.call('TYPE', KEYS[4])['ok'] == 'stream' then
  -- What is gone is not to stay there.
  wake(KEYS[4], 'append', '1')
  redis.call('XTRIM', KEYS[4], 'MAXLEN', 1)
end
return {removed, more}
