"""The built-in actors, as the specification has them: state, methods, invariants (spec 2.3).

One package an actor. Each method is a plain function over a `Runtime`, under its own name; a table
says which number calls it. They do what the released Wasm actors do, state for state and exit code
for exit code; only the gas of executing instructions has no counterpart here.
"""
