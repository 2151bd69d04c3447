-- A group as it is, with the server's time. KEYS: the group.
return {redis.call('TIME'), redis.call('HGETALL', KEYS[1])}
