"""The node's chain: which blocks it holds, which tipset is the head, what changes when it moves."""
