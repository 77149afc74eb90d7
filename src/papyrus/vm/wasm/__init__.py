"""WebAssembly for actors: the instrumentation that meters gas, and the engine that runs it."""
