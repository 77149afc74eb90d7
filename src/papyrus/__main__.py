"""`python -m papyrus`: the same as the `papyrus` command."""

from papyrus.cli.main import main

main()
