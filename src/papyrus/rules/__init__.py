"""What differs between network versions and between networks, as data.

Everything above this package asks for a flag or a number named after a behaviour; only here is a
network version compared with another, and only here does a network have a name.
"""
