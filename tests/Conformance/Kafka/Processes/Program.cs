using DashStream.Conformance.Kafka;

// The test runner does not come here: this is what tests start beside themselves, to kill it.
return args switch
{
    ["member", var servers, var topic, var group, var protocol] => await MemberProgram.RunAsync(servers, topic, group, protocol),
    ["misled", var refusals] => await MisledProgram.RunAsync(refusals),
    ["cluster"] => await ClusterProgram.RunAsync(),
    _ => 2,
};
