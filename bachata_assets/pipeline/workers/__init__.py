"""Where the stages of a clip run: in this process, or in worker processes, so that a file cannot crash the platform."""
