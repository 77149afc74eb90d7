"""What the node keeps on disk: chain files, the code of the built-in actors, compiled code."""
