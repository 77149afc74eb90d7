"""The storage market: deals between clients and miners, and the funds that back them."""
