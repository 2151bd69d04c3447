-- Makes a partition that has a slot of its own, unless it is there. KEYS: state.
if redis.call('EXISTS', KEYS[1]) == 0 then
  local now = redis.call('TIME')
  local ms = string.format('%.0f', now[1] * 1000 + math.floor(now[2] / 1000))
  redis.call('HSET', KEYS[1], 'ms', ms, 'seq', '0', 'begin', ms .. '-1')
end
return 1
