"""Where the stages of a clip run: in this process, or in processes that a file cannot take the platform down with."""
