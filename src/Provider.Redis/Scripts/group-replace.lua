-- Changes a group if nobody was first. KEYS: the group, the topic, its groups, its wake stream.
-- ARGV: name, expected version, 'document' or 'reset', the document, then field and value pairs (an empty value removes the field). Returns 1 or 0.
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
if version ~= tonumber(ARGV[2]) then
  return 0
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  return redis.error_reply('DSNOTFOUND no such topic')
end
redis.call('HSET', KEYS[1], 'version', string.format('%.0f', version + 1))
if ARGV[3] == 'document' then
  redis.call('HSET', KEYS[1], 'document', ARGV[4])
end
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('SADD', KEYS[3], ARGV[1])
wake(KEYS[4], 'group', ARGV[1])
return 1
