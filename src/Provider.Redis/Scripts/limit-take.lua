
-- Decides a list of checks in order. ARGV from 3: for each check its cost (below zero: that much is given back) and the longest wait in microseconds.
-- Returns the burst that holds and the permits left, then for each check how long its permits are away in microseconds (it has them, or they are promised), -1 for
-- too long, -2 for a cost above the burst.
local answers = { string.format('%.0f', burst), 0 }
local changed = wentBack
for i = 3, #ARGV, 2 do
    local cost, wait = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
    local lacking = cost - tokens
    local answer
    if cost < 0 then
        tokens = math.min(burst, tokens - cost)
        taken = taken + cost
        changed = true
        answer = 0
    elseif cost > burst then
        answer = -2
    elseif lacking <= rounding then
        answer = 0
    elseif rate == 0 or lacking / rate * 1e6 > wait then
        answer = -1
    else
        answer = math.ceil(lacking / rate * 1e6)
    end
    if cost > 0 and answer >= 0 then
        tokens = tokens - cost
        if tokens < 0 and tokens > -rounding then tokens = 0 end
        taken = taken + cost
        changed = true
    end
    answers[#answers + 1] = answer
end
if changed then keep() end
answers[2] = string.format('%.0f', math.max(0, math.floor(tokens + rounding)))
return answers
