using DashStream.Conformance.Redis;

// The test runner does not come here: this is what tests start beside themselves.
return args switch
{
    ["server"] => await ServerProgram.RunAsync(),
    _ => 2,
};
