"""Keys: made, derived from words, kept encrypted, brought from Lotus and back, and signing.

`wallet` is the part everything else speaks to; `keystore` keeps keys in files and `memory` keeps
them for as long as a process lives. A secret appears in no text that Papyrus makes by itself: no
error, log or representation of an object.
"""
