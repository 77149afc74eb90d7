"""The Filecoin virtual machine: messages applied to a state tree, metered to the milligas."""
