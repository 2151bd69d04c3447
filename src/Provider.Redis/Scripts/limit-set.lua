
-- Gives the tenant another limit in all processes; what came back until now came back by the old one. ARGV from 3: rate and burst, or two empty texts for the
-- callers' own settings again.
if ARGV[3] == '' then
    redis.call('DEL', KEYS[2])
    rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
else
    redis.call('HSET', KEYS[2], 'rate', ARGV[3], 'burst', ARGV[4])
    rate, burst = tonumber(ARGV[3]), tonumber(ARGV[4])
end
if held[1] then
    tokens = math.min(burst, tokens)
    keep()
end
return 1
