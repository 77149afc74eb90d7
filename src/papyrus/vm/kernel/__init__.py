"""The kernel: the system calls an actor can make, by topic (FIP-0030).

Each module holds the calls of one topic as plain functions over a `Kernel`, which is what the
machine knows of one invocation. They charge gas, keep the block registry, and raise SyscallError
for what an actor may not do; they know nothing of Wasm memory, so that every engine offers its
actors the same calls at the same prices.
"""
