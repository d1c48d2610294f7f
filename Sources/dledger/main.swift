import Terminal

// The composition root: the only place that reads the environment and the arguments.
Terminal.exit(
    CommandLineTool.run(
        arguments: Array(CommandLine.arguments.dropFirst()), environment: Environment.current()))
