"""What must hold of a whole state tree: of each actor, and between them.

Every package of an actor has its `invariants`, which look at that actor's state alone. Here they
are tied together: `state` walks the tree, `single` knows which check is for which actor, and
`between` holds what actors say of each other side by side, as `state/src/check.rs` of
builtin-actors does.
"""
