"""Genesis: the first block of a network and the state it stands on (Lotus chain/gen/genesis).

Nothing in a genesis follows from a chain, so every network writes its own: who has what, which
miners begin with sealed sectors, and who may appoint verifiers. A `template` says that; `build`
turns it into a state and a block, by the rules that later messages are under, so that any
implementation comes to the same. `contents` and `recovery` go the other way.
"""
