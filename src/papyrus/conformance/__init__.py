"""Checks against the network: official vectors, and chains that another implementation made.

Both are run through the spec half as it is, and compared field by field with what is recorded in
them. The first difference is explained in words. The command line only shows what is returned.
"""
