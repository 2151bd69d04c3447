// Most of the time a case waits for servers. Every class that makes trouble for servers has its own; the others share one and use names of their own.
[assembly: Parallelize(Workers = 4, Scope = ExecutionScope.ClassLevel)]
