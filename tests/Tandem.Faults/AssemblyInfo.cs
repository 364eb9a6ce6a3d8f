// Each test has the machine to itself: some kill processes, some trace their own, some measure.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
