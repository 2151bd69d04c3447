using AgentDemo;

return await DemoProgram.RunAsync(args);
