-- Begins the scripts that wake whoever waits for a topic: adds an entry to its wake stream.
-- Somebody may have added one of their own, which ends the row of our ids: then the stream begins anew, behind all stamps that it gave.
local function wake(key, ...)
  local added = redis.pcall('XADD', key, 'MAXLEN', 64, '0-*', ...)
  if type(added) ~= 'table' or not added.err then
    return
  end
  if redis.call('TYPE', key)['ok'] ~= 'stream' then
    redis.call('XADD', key, 'MAXLEN', 64, '0-*', ...)
  end
  local now = redis.call('TIME')
  redis.call('DEL', key)
  redis.call('XADD', key, string.format('0-%.0f', now[1] * 1000000 + now[2]), ...)
end

