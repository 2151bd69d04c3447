-- Makes a topic. KEYS: the topic, its wake stream, then the state of each partition in this slot. ARGV: partitions, retention age (us), retention bytes.
-- Returns 1, or 0 when it is there already.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], 'partitions', ARGV[1], 'retention_age_us', ARGV[2], 'retention_bytes', ARGV[3], 'created', now[1])
-- Stamps of a topic that is made again go on behind those of the one before it.
redis.call('XADD', KEYS[2], string.format('0-%.0f', now[1] * 1000000 + now[2]), 'created', now[1])
for p = 3, #KEYS do
  redis.call('HSET', KEYS[p], 'ms', '0', 'seq', '0')
end
return 1
