-- Stores a producer's batch in the partitions of one slot, whole or not at all, and once.
-- KEYS: the producer's memory, the topic's wake stream, then stream, state and times of each partition.
-- ARGV: first and last sequence, layout, seconds to remember it, whether to wake (1; 2: with each record, none of which has a shape), the last sequence of the batch before (or an empty text) where that must be stored;
-- then for each partition: records, bytes, latest time, shape, and its records. The shape is 't' when every record has time, key and value and comes as these three, the name
-- of a header when each has that one besides, and empty when each comes as the number of its words and the words.
-- Returns {0, ms, seq, ms, seq ...} (the first id in each partition), or {1, memory, memory} when the batch is stored already: what the last two batches left.
local memory = redis.call('HMGET', KEYS[1], 'last', 'newer', 'older')
if memory[1] and tonumber(memory[1]) >= tonumber(ARGV[1]) then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
  return {1, memory[2], memory[3]}
end
if ARGV[6] ~= '' and memory[1] ~= ARGV[6] then
  return redis.error_reply('DSORDER the batch before this one is not stored')
end

local partitions = (#KEYS - 2) / 3
local states = {}
for p = 1, partitions do
  local state = redis.call('HMGET', KEYS[3 * p + 1], 'ms', 'seq', 'max', 'block', 'count', 'bytes')
  if not state[1] then
    return redis.error_reply('DSNOTFOUND no such partition')
  end
  local kind = redis.call('TYPE', KEYS[3 * p])['ok']
  if kind ~= 'stream' and kind ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. KEYS[3 * p] .. ' holds a ' .. kind)
  end
  state[7] = kind == 'stream'
  states[p] = state
end

-- Looked up once: this runs for every word of every record.
local call, args = redis.call, ARGV
local now = redis.call('TIME')
local clock = now[1] * 1000 + math.floor(now[2] / 1000)
local at = 7
local reply = {0}
local tells, told = ARGV[5] == '2', {}
local bases = {}
for p = 1, partitions do
  local stream, state = KEYS[3 * p], states[p]
  local records, bytes, latest, shape = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  at = at + 4
  local ms = state[2] == '0' and tonumber(state[1]) or math.max(clock, tonumber(state[1]))
  local seq = tonumber(state[2]) + 1
  if state[7] then
    -- Somebody may have added entries of their own, behind ours.
    local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    if last then
      -- Whoever reads on is to meet them.
      tells = tells and last[1] == state[1] .. '-' .. state[2]
      local lastMs, lastSeq = string.match(last[1], '(%d+)-(%d+)')
      lastMs, lastSeq = tonumber(lastMs), tonumber(lastSeq)
      if lastMs > ms or (lastMs == ms and lastSeq >= seq) then
        ms = lastMs + 1
      end
    end
  end

  local prefix = string.format('%.0f-', ms)
  local first = prefix .. string.format('%.0f', seq)
  -- From the second on the server counts by itself: numbers become texts slowly here.
  local id, following = first, prefix .. '*'
  if shape == 't' then
    for _ = 1, records do
      call('XADD', stream, id, 't', args[at], 'k', args[at + 1], 'v', args[at + 2])
      at = at + 3
      id = following
    end
  elseif shape ~= '' then
    for _ = 1, records do
      call('XADD', stream, id, 't', args[at], 'k', args[at + 1], 'v', args[at + 2], shape, args[at + 3])
      at = at + 4
      id = following
    end
  else
    local place = string.match(stream, '%d+$') .. ' ' .. prefix
    for r = 1, records do
      local words = args[at]
      call('XADD', stream, id, unpack(args, at + 1, at + words))
      if tells then
        told[#told + 1] = {place .. string.format('%.0f', seq + r - 1), at + 1, at + words}
      end
      at = at + 1 + words
      id = following
    end
  end

  local max, block, count = state[3] or '-1', state[4], tonumber(state[5] or '0')
  if count == 0 or count >= 256 then
    block, count = first, 0
  end
  if tonumber(latest) > tonumber(max) then
    redis.call('ZADD', KEYS[3 * p + 2], latest, block)
    max = latest
  end
  redis.call('HSET', KEYS[3 * p + 1], 'ms', string.format('%.0f', ms), 'seq', string.format('%.0f', seq + records - 1),
    'max', max, 'block', block, 'count', string.format('%.0f', count + records), 'bytes', string.format('%.0f', tonumber(state[6] or '0') + bytes))
  reply[#reply + 1] = string.format('%.0f', ms)
  reply[#reply + 1] = string.format('%.0f', seq)
  bases[p] = first
end

redis.call('HSET', KEYS[1], 'last', ARGV[2], 'newer', table.concat(bases, ',') .. '|' .. ARGV[3], 'older', memory[2] or '')
redis.call('EXPIRE', KEYS[1], ARGV[4])
if tells then
  for _, record in ipairs(told) do
    wake(KEYS[2], 'append', record[1], unpack(args, record[2], record[3]))
  end
elseif ARGV[5] ~= '0' then
  wake(KEYS[2], 'append', '1')
end
return reply
