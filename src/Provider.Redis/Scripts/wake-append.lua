-- Tells the readers of a topic whose partitions lie apart. KEYS: its wake stream.
if redis.call('EXISTS', KEYS[1]) == 1 then
  wake(KEYS[1], 'append', '1')
end
return 1
