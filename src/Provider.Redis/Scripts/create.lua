-- Makes a topic. KEYS: the topic, its wake stream, then the state of each partition in this slot. ARGV: partitions, retention age (us), retention bytes.
-- Returns 1, or 0 when it is there already.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'partitions', ARGV[1], 'retention_age_us', ARGV[2], 'retention_bytes', ARGV[3], 'created', now[1])
-- Stamps of a topic that is made again go on behind those of the one before it.
redis.call('XADD', KEYS[2], string.format('0-%.0f', now[1] * 1000000 + now[2]), 'created', now[1])
-- The first record of a partition gets the topic's own time, so that where the partition begins is known before.
local ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
for p = 3, #KEYS do
  redis.call('HSET', KEYS[p], 'ms', ms, 'seq', '0', 'begin', ms .. '-1')
end
return 1
