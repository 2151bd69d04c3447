-- Begins the scripts of the limiter: reads a tenant's bucket and refills it by the server's clock.
-- KEYS: the bucket, the limit that was set while running. ARGV: rate and burst of the caller's own settings, then what the script takes.
-- The bucket is a hash: tokens (below zero: promised to callers who wait), at (the server's time then, in microseconds), taken (permits given since the bucket was
-- last full), ahead (how far the server's clock went back).
local rounding = 1e-6
local limit = redis.call('HMGET', KEYS[2], 'rate', 'burst')
local rate = tonumber(limit[1] or ARGV[1])
local burst = tonumber(limit[2] or ARGV[2])
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'taken', 'ahead')
local tokens = tonumber(held[1] or burst)
local elapsed = now - tonumber(held[2] or now)
local taken = tonumber(held[3] or 0)
local ahead = tonumber(held[4] or 0)

-- A clock that goes back mints nothing, and nothing again when it comes forward: what lies between two checks then counts for a second at most, until all that
-- the clock went back has passed.
local wentBack = elapsed < 0
if wentBack then
    ahead = ahead - elapsed
    elapsed = 0
elseif ahead > 0 and elapsed > 1000000 then
    local counted = math.max(1000000, elapsed - ahead)
    ahead = math.max(0, ahead - (elapsed - counted))
    elapsed = counted
end
tokens = math.min(burst, tokens + elapsed / 1e6 * rate)

-- A bucket that would be full again is forgotten; one that is never refilled is not.
local function keep()
    redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens), 'at', string.format('%.0f', now),
        'taken', string.format('%.0f', taken), 'ahead', string.format('%.0f', ahead))
    local life = rate > 0 and (burst - tokens) / rate * 1000 + ahead / 1000 + 1000 or 1e15
    if life < 1e12 then
        redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(life)))
    else
        redis.call('PERSIST', KEYS[1])
    end
end
