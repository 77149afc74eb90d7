"""The `papyrus` command: one module a group, data on stdout, all else on stderr."""
