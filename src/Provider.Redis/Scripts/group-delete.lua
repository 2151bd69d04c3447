-- Removes a group if nobody changed it. KEYS: the group, its topic's groups, the wake stream. ARGV: name, expected version. Returns 1 or 0.
if redis.call('HGET', KEYS[1], 'version') ~= ARGV[2] then
  return 0
end
redis.call('DEL', KEYS[1])
redis.call('SREM', KEYS[2], ARGV[1])
wake(KEYS[3], 'group', ARGV[1])
return 1
