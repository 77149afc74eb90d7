"""The methods, one module a group, named as Lotus names its groups.

Each module says in protocols of its own what it needs of the node, declares its methods as
functions, and gathers them in a class: what a server registers and a client inherits.
"""
