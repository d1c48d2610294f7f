import Terminal

// Where the benchmarks' own program starts; `script/bench` runs it beside its peers.
Terminal.exit(BenchmarkTool.run(Array(CommandLine.arguments.dropFirst())))
