using DashStream.Conformance.Redis;

// The test runner does not come here: this is what tests start beside themselves.
return args switch
{
    ["server"] => await ServerProgram.RunAsync(),
    ["limiter", var endpoint, var prefix, var tenant, var rate, var burst, var skewSeconds] => await LimiterProgram.RunAsync(endpoint, prefix, tenant, rate, burst, skewSeconds),
    _ => 2,
};
