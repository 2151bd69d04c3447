// Cases mostly wait, and each has topics and folders of its own.
[assembly: Parallelize(Workers = 4, Scope = ExecutionScope.MethodLevel)]
